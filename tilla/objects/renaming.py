"""The same declaration in another database: every name and every reference inside is rewritten.

A declaration holds its dependencies as objects, so a renamed project needs renamed copies of all of them. One
walk does it, with a memory, so that an object that many refer to is copied once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from sqlglot import exp

from tilla import text
from tilla.columns import Column, Columns, Measure, columns_of, read_columns
from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr, Named, leaf
from tilla.expressions.scan import splice
from tilla.expressions.sql import Sql, sql
from tilla.objects.base import Declared, Part
from tilla.objects.patterns import read_pattern


class Renamer:
    """Rewrites the database of everything reachable from an object."""

    def __init__(self, databases: Mapping[str, str]) -> None:
        self._databases = dict(databases)
        self._memory: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        """The value with new names; the value itself when nothing in it changes."""
        if isinstance(value, Declared | Columns) or attrs.has(type(value)):
            known = self._memory.get(id(value))
            if known is None:
                known = (value, self._rewritten(value))
                self._memory[id(value)] = known
            return known[1]
        if isinstance(value, Expr):
            return self._expression(value)
        if isinstance(value, Measure):
            return Measure(value.name, self(value.aggregate), simple=value.simple, options=value.options)
        if isinstance(value, type) and issubclass(value, Columns):
            return self._body(value)
        if isinstance(value, tuple):
            items = tuple(self(item) for item in value)
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        return value

    def name(self, qualified: str) -> str:
        """``database.name`` with the new database; patterns such as ``data_ga4.*`` too."""
        pattern = read_pattern(qualified)
        new = self._databases.get(pattern.database)
        return qualified if new is None else attrs.evolve(pattern, database=new).sql()

    def _rewritten(self, value: Any) -> Any:
        if isinstance(value, Sql):
            return self._by_hand(value)
        changes: dict[str, Any] = {}
        for field in attrs.fields(type(value)):
            if not field.init:
                continue
            old = getattr(value, field.name)
            is_name = field.name == "name" and isinstance(value, Part)
            new = self.name(old) if is_name or field.metadata.get("names") == "one" else self(old)
            if field.metadata.get("names") == "many":
                new = tuple(self.name(item) for item in old)
            if field.metadata.get("names") == "database":
                new = self._databases.get(old, old)
            if new is not old and not (isinstance(old, str | tuple) and not isinstance(new, Expr) and _same(new, old)):
                changes[field.alias] = new
        return attrs.evolve(value, **changes) if changes else value

    def _by_hand(self, value: Sql) -> Sql:
        """SQL by hand with other objects behind its references, and names in its own text rewritten in place."""
        renamed = value.with_references({name: self(item) for name, item in value.references})
        rendered = value.render()
        if not any(database in rendered for database in self._databases):
            return renamed
        edits: list[tuple[int, int, str]] = []
        spots = _rendered_spots(value)
        for use in value.reading.tables:
            if use.database not in self._databases or any(a < use.end and use.start < b for a, b, _ in spots):
                continue
            shift = sum(length for _, end, length in spots if end <= use.start)
            new = text.quote_qualified(self._databases[use.database], use.name)
            written = rendered[use.start : use.end]
            literal = written[:1] == "'"
            edits.append((use.start - shift, use.end - shift, text.quote_string(new) if literal else new))
        return sql(splice(renamed.text, edits), **dict(renamed.references)) if edits else renamed

    def _expression(self, value: Expr[Any]) -> Expr[Any]:
        if isinstance(value, Column):
            derived = self(value.derived) if value.derived is not None else None
            default = self(value.default_value) if value.default_value is not None else None
            if derived is value.derived and default is value.default_value:
                return value
            return value._evolved(derived=derived, default_value=default)
        if not value.reads:
            return value
        if isinstance(value, Aggregate):
            return value.mapped(self)
        if isinstance(value, Named):
            return Named(self(value.expr), value.name)
        swap: dict[str, str] = {}
        for relation in value.reads:
            old, new = relation.qualified_name, self(relation).qualified_name
            swap[old] = new
            swap[text.quote_string(old)] = text.quote_string(new)
            # Last, since for plain names both spellings are one: dictGet takes names without backticks (26.9).
            swap[text.quote_string(".".join(relation.path))] = text.quote_string(".".join(self(relation).path))

        def renamed(node: exp.Expr) -> exp.Expr:
            return leaf(swap[node.name]) if isinstance(node, exp.Var) and node.name in swap else node

        return value.rebuilt(value.node.transform(renamed), tuple(self(r) for r in value.reads))

    def _body(self, body: type[Columns]) -> type[Columns]:
        columns = read_columns(body)
        new = self(columns)
        return body if new is columns else columns_of(*new, name=body.__name__)


def _rendered_spots(value: Sql) -> list[tuple[int, int, int]]:
    """(start, end, growth) of every reference in the rendered text; growth is how much longer it is than in the template."""
    filled = {name: sql("{x}", x=item).render() for name, item in value.references}
    found, shift = [], 0
    for start, end, name in sorted(value.spots):
        growth = len(filled[name]) - (end - start)
        found.append((start + shift, end + shift + growth, growth))
        shift += growth
    return found


def _same(new: Any, old: Any) -> bool:
    """True when a rewritten tuple or text holds the very same things."""
    if isinstance(old, tuple):
        return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
    return bool(new == old)
