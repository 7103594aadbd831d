"""Dictionaries: a table kept in memory for look-ups by key, ``f.dict_get(dictionary, "attribute", key)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs

from tilla import dictionaries, errors, text
from tilla.columns import Column, ColumnName
from tilla.dictionaries import ClickHouse, Layout
from tilla.expressions.expr import Expr
from tilla.expressions.query import Query, relations_within
from tilla.expressions.sql import Sql
from tilla.objects.base import B, Edge, Relation, check_references, settings_field
from tilla.objects.materialized import check_query
from tilla.objects.uses import expression_edges, expression_relations, query_edges, reading_of, text_edges


def _layout(value: Layout | str) -> Layout:
    return value if isinstance(value, Layout) else Layout(value)


def _source(value: dictionaries.Source | Query | Sql | Relation[Any]) -> Any:
    if isinstance(value, dictionaries.Source):
        return value
    if isinstance(value, Query | Sql) or isinstance(getattr(value, "path", None), tuple):
        return ClickHouse(value)
    return value


def _columns(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _names(value: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(getattr(item, "name", item)) for item in value)


def column_names(value: ColumnName | Sequence[ColumnName]) -> tuple[str, ...]:
    """Names of columns, given as columns or as text."""
    return _names(_columns(value))


@attrs.frozen(slots=False, repr=False)
class Dictionary(Relation[B]):
    """``CREATE DICTIONARY name``: rows of ``source``, kept by ``primary_key``, loaded again after
    ``lifetime``.

    ``source`` is a relation, a query, or a source of :mod:`tilla.dictionaries`; ``layout`` a name or a
    :class:`~tilla.dictionaries.Layout`. A key that is not one integer column gets the ``complex_key_`` form
    of the layout. ``lifetime`` is in seconds: a number, or the shortest and the longest time (ClickHouse
    picks a moment between, so that servers do not load at once); 0 never loads again. A ``range_hashed``
    layout needs ``range=(Body.from, Body.to)``. An attribute's ``default`` is what a look-up of an unknown
    key gives. ``expressions`` maps an attribute to the expression over the source that fills it;
    ``hierarchical`` names the attribute that holds the parent's key (``bidirectional`` allows
    ``dictGetChildren``), ``injective`` attributes tell keys apart, ``object_id`` is for MongoDB.
    """

    source: Any = attrs.field(kw_only=True, converter=_source)
    primary_key: tuple[str, ...] = attrs.field(kw_only=True, converter=column_names)
    layout: Layout = attrs.field(default=Layout("hashed"), kw_only=True, converter=_layout)
    lifetime: int | tuple[int, int] = attrs.field(default=3600, kw_only=True)
    range: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=column_names)
    expressions: Mapping[str, Any] = attrs.field(
        factory=dict, kw_only=True, converter=dict, eq=lambda e: tuple(sorted((k, v.sql()) for k, v in e.items()))
    )
    hierarchical: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=column_names)
    bidirectional: bool = attrs.field(default=False, kw_only=True)
    injective: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=column_names)
    object_id: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=column_names)
    settings: Mapping[str, object] = settings_field()
    comment: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        if not isinstance(self.source, dictionaries.Source):
            raise errors.bad_dictionary_source(self.name, repr(self.source))
        if not self.columns:
            raise errors.no_columns(self.name)
        if "." in self.database or "." in self.table:
            mistakes.add(errors.bad_attribute(self.name, "dictGet finds no dictionary with a dot in its name"))
        with mistakes.catch():
            self._check_names()
        if not mistakes.found:
            with mistakes.catch():
                self._check_layout()
            self._check_attributes(mistakes)
            with mistakes.catch():
                self._check_source()
        mistakes.raise_all()

    # --- facts ---

    @cached_property
    def attributes(self) -> tuple[Column[Any], ...]:
        """The columns that are neither key nor range."""
        return tuple(c for c in self.columns if c.name not in (*self.primary_key, *self.range))

    @cached_property
    def simple_key(self) -> bool:
        """True for a key of one integer column."""
        keys = [c for c in self.columns if c.name in self.primary_key]
        return len(keys) == 1 and re.fullmatch(r"U?Int(8|16|32|64)", str(keys[0].type)) is not None

    @property
    def kept_layout(self) -> Layout:
        """The layout that fits the key."""
        return self.layout.for_key(self.simple_key)

    @property
    def seconds(self) -> tuple[int, int] | None:
        """The shortest and the longest lifetime; None for a layout that keeps nothing."""
        if self.layout.direct:
            return None
        return self.lifetime if isinstance(self.lifetime, tuple) else (0, self.lifetime)

    def edges(self) -> Iterable[Edge]:
        for held in self.source.reads():
            if isinstance(held, Query | Sql):
                found = query_edges(held) if isinstance(held, Query) else text_edges(reading_of(held))
                yield from (e if e.kind == "dictGet" else attrs.evolve(e, kind="dictionary source") for e in found)
            elif isinstance(held, Expr):
                yield from expression_edges([held])
            else:
                yield Edge("dictionary source", held.database, held.table)
        yield from expression_edges(self.expressions.values())

    def needs(self) -> tuple[Any, ...]:
        held = [value for item in self.source.reads() if not isinstance(item, Expr) for value in relations_within(item)]
        inside = [*(item for item in self.source.reads() if isinstance(item, Expr)), *self.expressions.values()]
        return (*(value for value in held if hasattr(value, "path")), *expression_relations(inside))

    # --- checks ---

    def _check_names(self) -> None:
        mistakes = errors.Collector()
        known = self.column_names
        places = {
            "primary_key": self.primary_key, "range": self.range, "expressions": tuple(self.expressions),
            "hierarchical": self.hierarchical, "injective": self.injective, "object_id": self.object_id,
        }  # fmt: skip
        for place, names in places.items():
            for name in names:
                if name not in known:
                    mistakes.add(errors.unknown_column(f"{self.name} {place}", name, known, self.name))
        if not self.primary_key:
            mistakes.add(errors.layout_needs(self.name, self.layout.name, "needs a primary_key", "primary_key=Body.id"))
        mistakes.raise_all()

    def _check_layout(self) -> None:
        layout, mistakes = self.kept_layout, errors.Collector()
        keys = [c for c in self.columns if c.name in self.primary_key]
        types = [str(c.type) for c in keys]
        if layout.name == "flat" and not self.simple_key:
            shown = ", ".join(types)
            mistakes.add(
                errors.layout_needs(self.name, "flat", f"needs a key of one integer, not {shown}", 'layout="hashed"')
            )
        if layout.name in ("ip_trie", "regexp_tree", "naive_bayes") and types != ["String"]:
            mistakes.add(errors.layout_needs(self.name, layout.name, "needs a key of one String"))
        if layout.name.startswith("polygon") and (
            len(types) != 1 or not types[0].startswith(("Array", "Polygon", "Multi", "Ring"))
        ):
            mistakes.add(errors.layout_needs(self.name, layout.name, "needs a key of one polygon"))
        if layout.ranged != (len(self.range) == 2) or len(self.range) not in (0, 2):
            what = "needs range=(from, to)" if layout.ranged else "has no range"
            hint = "" if layout.ranged else 'layout="range_hashed"'
            mistakes.add(errors.layout_needs(self.name, layout.name, what, hint))
        ends = self.lifetime if isinstance(self.lifetime, tuple) else (0, self.lifetime)
        whole = len(ends) == 2 and all(isinstance(end, int) and not isinstance(end, bool) for end in ends)
        if not whole or not 0 <= ends[0] <= ends[1]:
            mistakes.add(errors.bad_lifetime(self.name, repr(self.lifetime)))
        mistakes.raise_all()

    def _check_attributes(self, mistakes: errors.Collector) -> None:
        if not self.attributes and not self.layout.ranged:
            mistakes.add(errors.bad_attribute(self.name, "there is no attribute besides the key"))
        for column in self.columns:
            where = f"{self.name}.{column.name}"
            if column.type is None:
                mistakes.add(errors.untyped_column(where))
            elif str(column.type).startswith("LowCardinality"):
                inner = str(column.type).removeprefix("LowCardinality(").removesuffix(")")
                mistakes.add(errors.bad_attribute(where, "an attribute cannot be LowCardinality (code 50)", inner))
            if column.default_kind not in ("", "DEFAULT"):
                mistakes.add(
                    errors.bad_attribute(where, f"an attribute cannot be {column.default_kind}", "expressions={...}")
                )
            elif column.default_value is not None:
                with mistakes.catch():
                    default_text(where, column.default_value)
            if column.name in self.expressions and column.default_kind:
                mistakes.add(errors.bad_attribute(where, "an attribute has a DEFAULT or an EXPRESSION, not both"))
        for name, value in self.expressions.items():
            if not isinstance(value, Expr | Sql):
                mistakes.add(
                    errors.bad_attribute(
                        f"{self.name}.{name}", f"{value!r} is no expression", "f...., or tl.sql('...')"
                    )
                )

    def _check_source(self) -> None:
        """Check that the source has the columns, by name as ClickHouse reads them."""
        mistakes = errors.Collector()
        for held in self.source.reads():
            if isinstance(held, Sql) and held is getattr(self.source, "read", None):
                check_query(self.name, held)
        names = self.source.names()
        if names is not None:
            shown = self.source.read if hasattr(self.source, "read") else self.source
            owner = getattr(shown, "name", "the query")
            for column in self.columns:
                if column.name not in names and column.name not in self.expressions:
                    mistakes.add(errors.unknown_column(f"{self.name}.{column.name}", column.name, names, owner))
        where = getattr(self.source, "where", None)
        if isinstance(where, Expr):
            with mistakes.catch():
                references: Any = where.references
                check_references(f"{self.name} where", references, (self.source.read,))
        mistakes.raise_all()


_LITERAL = re.compile(r"-?[0-9.eE+-]+\Z|NULL\Z|true\Z|false\Z|'(?:[^'\\]|\\.)*'\Z|\[[^()]*\]\Z")
_ARRAY = re.compile(r"\Aarray\(((?:[^()'\\]|'(?:[^'\\]|\\.)*')*)\)\Z")
_TYPED = re.compile(r"to[A-Za-z0-9]+\(('(?:[^'\\]|\\.)*')(?:, *\d+)?(?:, *'[^']*')?\)\Z")


def default_text(where: str, value: Expr[Any]) -> str:
    """The default of an attribute: ClickHouse takes a literal only, so a typed one is written as its text."""
    sql = value.sql()
    typed = _TYPED.match(sql)
    if typed:
        return typed.group(1)
    array = _ARRAY.match(sql)
    if array:
        return text.quote_string(f"[{array.group(1)}]")
    if not _LITERAL.match(sql):
        raise errors.bad_attribute(where, f"the default {sql} is no literal", "a number, text, date or NULL")
    return sql
