"""Incremental materialized views: a trigger on a source that writes into a target.

ClickHouse runs the view's SELECT over each inserted block of its left-most table, and never over the table, a
merge or a FINAL. So the SELECT may only say what is true of a block: row by row, or aggregate states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import attrs

from tilla import engines, errors
from tilla.columns import Column, Columns, Measure
from tilla.expressions.expr import Expr, Named, as_expression
from tilla.expressions.kinds import Condition
from tilla.expressions.query import Query
from tilla.expressions.reading import Reading, read
from tilla.expressions.sql import Sql
from tilla.objects.base import B, Edge, Part, Relation, check_references
from tilla.objects.merging import check_merged_away
from tilla.objects.source import Source
from tilla.objects.table import (
    Constraint,
    Index,
    Projection,
    Table,
    as_constraints,
    as_indexes,
    as_projections,
    check_table,
)
from tilla.objects.uses import query_edges, query_relations
from tilla.types import NestedType


# Not `_query_key`: attrs looks a field's key function up under that very name, and would find this one.
def _select_key(value: Any) -> Any:
    return value.sql() if isinstance(value, Query) else value.render()


@attrs.frozen(slots=False, repr=False)
class Trigger(Part):
    """The view itself: ``CREATE MATERIALIZED VIEW name TO target AS query``."""

    source: Any = attrs.field(kw_only=True, eq=lambda r: r.qualified_name)
    target: Any = attrs.field(kw_only=True, eq=lambda r: r.qualified_name)
    query: Query | Sql = attrs.field(kw_only=True, eq=_select_key)
    definer: str = attrs.field(default="", kw_only=True)
    sql_security: str = attrs.field(default="", kw_only=True)
    comment: str = attrs.field(default="", kw_only=True)

    @property
    def kind(self) -> str:
        return "MaterializedView"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The output names of the SELECT, in its order: what an INSERT of the same SELECT lists."""
        if isinstance(self.query, Query):
            return self.query.names
        return self.query.reading.output_names or tuple(c.name for c in self.target.columns)

    @property
    def source_passes(self) -> bool:
        """True when the source keeps no rows, so that there is no history to copy."""
        return bool(getattr(getattr(self.source, "engine", None), "stream", False))

    def edges(self) -> Iterable[Edge]:
        yield Edge("triggers", self.source.database, self.source.table)
        yield Edge("feeds", self.target.database, self.target.table)
        yield from query_edges(self.query, skip=(self.source.database, self.source.table))

    def needs(self) -> tuple[Any, ...]:
        return (*query_relations(self.query), self.target)


@attrs.frozen(slots=False, repr=False)
class MaterializedView(Relation[B]):
    """A derived table: the target (``name``) and the view (``name`` + ``_mv``) that fills it.

    The body's derived columns are the SELECT list over ``source``, one row out for each row in (for each element,
    where the body uses ``tl.each``). ``where`` limits the rows. With ``query=tl.sql(...)`` the SELECT is yours and the body only
    declares the columns. With ``to=table`` the view writes into a table declared elsewhere, and ``name`` is the view's own;
    several views may feed one table.

    ``append_only_unique=True`` is a promise that no row of the source is ever sent twice; without it a target that
    would count a repeated row twice needs a boundary before its history can be filled.
    """

    source: Relation[Any] | None = attrs.field(
        default=None, kw_only=True, eq=lambda r: getattr(r, "qualified_name", None)
    )
    query: Sql | Query | None = attrs.field(
        default=None, kw_only=True, eq=lambda q: None if q is None else _select_key(q)
    )
    where: Condition | None = attrs.field(default=None, kw_only=True, eq=lambda e: None if e is None else e.key())
    engine: engines.TableEngine | None = attrs.field(default=None, kw_only=True)
    to: Relation[Any] | None = attrs.field(default=None, kw_only=True, eq=lambda r: getattr(r, "qualified_name", None))
    indexes: tuple[Index, ...] = attrs.field(default=(), kw_only=True, converter=as_indexes)
    projections: tuple[Projection, ...] = attrs.field(default=(), kw_only=True, converter=as_projections)
    constraints: tuple[Constraint, ...] = attrs.field(default=(), kw_only=True, converter=as_constraints)
    comment: str = attrs.field(default="", kw_only=True)
    definer: str = attrs.field(default="", kw_only=True)
    sql_security: str = attrs.field(default="", kw_only=True)
    append_only_unique: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        if (self.engine is None) == (self.to is None):
            raise errors.engine_or_to(self.name)
        if self.to is not None and not isinstance(self.to, Relation):
            raise errors.not_a_relation(f"{self.name} to", repr(self.to))
        if self.to is not None:
            for option in ("indexes", "projections", "constraints", "comment"):
                if getattr(self, option):
                    mistakes.add(errors.option_ignored(self.name, option, "to=", "it in the declaration of that table"))
        with mistakes.catch():
            check_options(self)
        if self.to is None:
            with mistakes.catch():
                check_table(self)
        with mistakes.catch():
            _ = self.trigger_query
        if not mistakes.found:
            with mistakes.catch():
                check_trigger_source(self.name, self.trigger_source)
            with mistakes.catch():
                check_select(self)
        mistakes.raise_all()

    @cached_property
    def trigger_query(self) -> Query | Sql:
        """The SELECT that both the view and the backfill run."""
        if self.query is not None:
            check_output(self.name, self.query, self.column_names, self.all_columns)
            return self.query
        return derived_query(self.name, self.source, self.all_columns, self.where)

    @property
    def trigger_source(self) -> Any:
        """The relation whose inserts fire the view: the left-most of the SELECT."""
        if self.source is not None or self.query is None:
            return self.source
        return leftmost(self.name, self.query)

    @property
    def target(self) -> Any:
        """The table that the view writes into."""
        if self.to is not None:
            return getattr(self.to, "target", self.to)
        return self._own_target

    @cached_property
    def _own_target(self) -> Table[Any]:
        assert self.engine is not None  # `engine` or `to`, checked above
        # The stored table has the same name and columns; what fills them is the trigger's business.
        stored = tuple(attrs_column(c) for c in self.columns)
        return Table(
            self.name,
            stored,
            engine=self.engine,
            indexes=self.indexes,
            projections=self.projections,
            constraints=self.constraints,
            comment=self.comment,
            made_by=self,
        )

    @cached_property
    def trigger(self) -> Trigger:
        """The view as its own part."""
        return Trigger(
            self.name if self.to is not None else suffixed(self, "_mv"),
            source=self.trigger_source,
            target=self.target,
            query=self.trigger_query,
            definer=self.definer,
            sql_security=self.sql_security,
        )

    def parts(self) -> tuple[Part, ...]:
        return (self.trigger,) if self.to is not None else (self._own_target, self.trigger)

    def needs(self) -> tuple[Any, ...]:
        return (*self.trigger.needs(), *((self.to,) if self.to is not None else ()))


def attrs_column(column: Column[Any]) -> Column[Any]:
    """The stored column: without the expression that a view fills it by."""
    return column if column.derived is None else column._evolved(derived=None)


def suffixed(relation: Part, suffix: str) -> str:
    """The name of a helper object of a relation: same database, name with a suffix."""
    from tilla import text

    return text.quote_qualified(relation.database, relation.table + suffix)


def derived_query(
    name: str,
    source: Any,
    items: Iterable[Column[Any] | Measure[Any]],
    where: Condition | None,
    *,
    finish: bool = False,
) -> Query:
    """The SELECT of a derived body over its source.

    ``finish`` selects finished aggregates instead of states, for views that are rebuilt whole.
    """
    if source is None:
        raise errors.no_source(name)
    if not isinstance(source, Relation):
        raise errors.not_a_relation(name, repr(source))
    if where is not None:
        as_expression(f"{name} where", where)
    mistakes = errors.Collector()
    selected: list[Named[Any]] = []
    grouped = False
    for item in items:
        if isinstance(item, Measure):
            selected.append(Named(item.aggregate if finish else item.state, item.name))
            grouped = True
        elif item.derived is not None:
            if isinstance(item.type, NestedType):
                mistakes.add(errors.nested_derived(f"{name}.{item.name}", list(item.type.members)))
            if item.derived.aggregate:
                mistakes.add(errors.aggregate_in_derive(f"{name}.{item.name}", item.derived.sql()))
            selected.append(Named(item.derived, item.name))
        elif not item.default_kind:
            mistakes.add(errors.unfilled_column(f"{name}.{item.name}"))
    query = Query(source, tuple(selected), conditions=() if where is None else (where,), grouped=grouped)
    for named in selected:
        with mistakes.catch():
            check_references(f"{name}.{named.name}", _outer(named), (source,))
    if where is not None:
        with mistakes.catch():
            check_references(f"{name} where", _outer(where), (source,))
    mistakes.raise_all()
    return query


def _outer(expression: Expr[Any]) -> tuple[Any, ...]:
    return expression.references


def leftmost(name: str, query: Query | Sql) -> Any:
    """The relation object that stands left-most in a query: only it fires a view."""
    if isinstance(query, Query):
        return query.source
    use = query.reading.trigger
    if use is not None:
        for value in query.relations():
            if isinstance(value, Part) and value.path == (use.database or "", use.name):
                return value
    raise errors.no_trigger(name)


def check_output(name: str, query: Query | Sql, names: tuple[str, ...], columns: Iterable[Any]) -> None:
    """Check the output names of a query against a body: a view maps by name, and an unknown name is lost or refused."""
    check_query(name, query)
    found = query.names if isinstance(query, Query) else query.reading.output_names
    if found is None:
        assert isinstance(query, Sql)
        raise errors.unknown_output(name, [shown for _, shown in query.reading.unnamed])
    filled = {c.name for c in columns if not getattr(c, "default_kind", "")}
    mistakes = errors.Collector()
    items = {item.name: item.expr.key() for item in query.items} if isinstance(query, Query) else {}
    for column in columns:
        derived = column.derived if isinstance(column, Column) else None
        if derived is None or items.get(column.name) == derived.key():
            continue
        if not items and isinstance(derived, Column) and derived.name == column.name:
            continue  # a body that is shared with a derived view: it says no more than a type
        hint = f"tl.column(type, name={column.name!r}): the SELECT says how it is computed"
        mistakes.add(errors.option_ignored(f"{name}.{column.name}", "tl.derive(...)", "query=", hint))
    if isinstance(query, Sql):
        given = _plain_outputs(query)
        for column in columns:
            have, want = given.get(column.name), column.type if isinstance(column, Column) else None
            if have is not None and want is not None and not _takes(want, have[1]):
                where = f"{name}.{column.name}"
                mistakes.add(errors.stated_type_differs(where, have[0], str(have[1]), str(want)))
    for extra in found:
        if extra not in names:
            mistakes.add(errors.output_not_in_body(name, extra, names))
    for missing in names:
        if missing in filled and missing not in found:
            mistakes.add(errors.output_missing(name, missing, found))
    mistakes.raise_all()


_PLAIN_ITEM = re.compile(r"(?:[A-Za-z_]\w*\.)?([A-Za-z_]\w*)(?:\s+AS\s+[A-Za-z_]\w*)?\Z", re.IGNORECASE)


def _plain_outputs(query: Sql) -> dict[str, tuple[str, Any]]:
    """Output -> (column, type), for what a SELECT by hand takes from its one table as it is; the rest only the engine knows."""
    reading = query.reading
    tables = [item for _, item in query.references if isinstance(item, Relation)]
    one = len(reading.selects) == 1 and len(reading.tables) == 1 and len(tables) == 1
    if not one or (reading.tables[0].database, reading.tables[0].name) != tables[0].path:
        return {}
    if re.search(r"\bARRAY\s+JOIN\b", reading.text, re.IGNORECASE):
        return {}
    types = {column.name: column.type for column in tables[0].columns if column.type is not None}
    named = {output.name: reading.text[output.start : output.end].strip() for output in reading.outputs}
    found = {}
    for name, shown in named.items():
        item = _PLAIN_ITEM.match(shown)
        # An alias of the same SELECT comes before a column of that name.
        if name is not None and item and item[1] in types and (item[1] == name or item[1] not in named):
            found[name] = (f"{tables[0].name}.{item[1]}", types[item[1]])
    return found


def _takes(stated: Any, given: Any) -> bool:
    """Whether a column of a type takes another one as it is: how words are stored, and room for NULL, change no value."""
    plain = [re.sub(r"\ALowCardinality\((.*)\)\Z", r"\1", str(kind)) for kind in (stated, given)]
    return plain[0] in (plain[1], f"Nullable({plain[1]})")


def check_options(view: Any) -> None:
    """Refuse what a SELECT of one's own would leave out without a word: a condition, FINAL, another source.

    Raises:
        DeclarationError: ``where``, ``final`` or a ``source`` that is not the left-most table, beside ``query``.
    """
    if view.query is None:
        return
    mistakes = errors.Collector()
    for option, given in (("where", view.where is not None), ("final", getattr(view, "final", False))):
        if given:
            mistakes.add(errors.option_ignored(view.name, option, "query=", f"{option.upper()} inside of the query"))
    if isinstance(view.source, Relation) and isinstance(view.query, Query | Sql):
        use = None if isinstance(view.query, Query) else view.query.reading.trigger
        path = view.query.source.path if isinstance(view.query, Query) else (use.database, use.name) if use else None
        if path is not None and path != view.source.path:
            mistakes.add(
                errors.option_ignored(
                    view.name, f"source={view.source.name}", "query=", "the query alone: it says what it reads"
                )
            )
    mistakes.raise_all()


def check_query(name: str, query: Any) -> None:
    """Refuse what is no SELECT, and a SELECT that says where its result goes: the server drops that from a view.

    Raises:
        DeclarationError: ``query`` is neither a typed query nor SQL by hand, or ends in FORMAT or INTO OUTFILE.
    """
    if not isinstance(query, Query | Sql):
        raise errors.not_a_query(name, repr(query))
    if isinstance(query, Sql) and any("format" in shape.flags for shape in query.reading.selects):
        raise errors.output_clause(name)


def check_trigger_source(name: str, source: Any) -> None:
    """Refuse a source whose inserts never fire a view."""
    if isinstance(source, Source | Table):
        return
    if isinstance(source, MaterializedView) and source.to is None:
        return
    raise errors.source_never_fires(name, getattr(source, "name", repr(source)), getattr(source, "kind", ""))


def check_select(view: Any) -> None:
    """Refuse in a view's SELECT what ClickHouse computes per block, so that live rows and history would differ."""
    source, target = view.trigger_source, view.target
    if source.path == target.path:
        raise errors.reads_its_target(view.name)
    mistakes = errors.Collector()
    if view.to is not None:
        if not isinstance(target, Source | Table):
            raise errors.no_target(view.name, target.name, target.kind)
        names = tuple(c.name for c in target.columns)
        _check_target_types(view, target, names, mistakes)
    with mistakes.catch():
        check_merged_away(view.name, target)
    reading = _block_reading(view.trigger_query)
    if reading is not None:
        _check_block(view.name, reading, mistakes)
        again = [u for u in reading.tables if (u.database or "", u.name) == source.path]
        if len(again) > 1:
            mistakes.add(errors.not_incremental(view.name, "its own source twice", "both see only the inserted block"))
        if any((u.database or "", u.name) == target.path for u in reading.tables):
            mistakes.add(errors.reads_its_target(view.name))
    mistakes.raise_all()


def _block_reading(query: Query | Sql) -> Reading | None:
    """What a SELECT says about the block it sees; None for a typed one with nothing but items and conditions."""
    if isinstance(query, Sql):
        return query.reading
    plain = not (query.final_ or query.joins or query.limit_ is not None) and not any(
        e.reads for e in query.expressions()
    )
    sql = query.sql()
    return None if plain and " OVER " not in sql else read(sql)


def _check_block(name: str, reading: Reading, mistakes: errors.Collector) -> None:
    """Refuse what holds within one inserted block only, on the way from the left-most table to the outermost SELECT.

    A joined subquery, or one in IN or in an expression, is run over whole tables at every insert and may say anything.
    """
    way = [reading.selects[step] for step in reading.way] or list(reading.selects)
    flags = {flag for shape in way for flag in shape.flags}
    trigger = reading.trigger
    for clause, there in (
        ("FINAL", trigger.final if trigger is not None else "final" in flags),
        ("PREWHERE", "prewhere" in flags),
        ("SAMPLE", trigger is not None and bool(trigger.sample)),
    ):
        if there:
            mistakes.add(errors.not_incremental(name, clause, "ClickHouse refuses it there (code 397)"))
    if "window" in flags:
        mistakes.add(errors.not_incremental(name, "a window function", "it restarts with every insert"))
    if reading.trigger_in_union:
        mistakes.add(errors.not_incremental(name, "UNION", "only the left-most table's branch sees inserts"))
    if flags & {"limit", "limit by", "distinct"}:
        mistakes.add(errors.not_incremental(name, "LIMIT or DISTINCT", "it holds within one insert only"))
    if any(shape.flags & {"group by", "aggregate"} for shape in way[1:]):
        why = "its groups end with every insert"
        mistakes.add(errors.not_incremental(name, "an aggregation inside a subquery over its source", why))


def _check_target_types(view: Any, target: Any, names: tuple[str, ...], mistakes: errors.Collector) -> None:
    """Check the columns of a view against the table it writes into."""
    stored = {c.name: c for c in target.columns}
    for column in view.columns:
        if column.name not in stored:
            mistakes.add(errors.unknown_column(view.name, column.name, names, target.name))
            continue
        if stored[column.name].default_kind in ("MATERIALIZED", "ALIAS"):
            computed = stored[column.name].default_kind
            mistakes.add(errors.target_computes(f"{view.name}.{column.name}", computed, target.name))
            continue
        want, have = stored[column.name].type, column.type
        if want is not None and have is not None and str(want) != str(have):
            mistakes.add(errors.target_type_differs(f"{view.name}.{column.name}", str(have), str(want), target.name))


__all__ = ["Columns", "MaterializedView", "Trigger"]
