"""The same declaration in another database: every name and every reference inside is rewritten.

A declaration holds its dependencies as objects, so a renamed project needs renamed copies of all of them. One
walk does it, with a memory, so that an object that many refer to is copied once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from sqlglot import exp

from tilla import text
from tilla.columns import Column, Columns, Measure, columns_of, read_columns
from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Element, Expr, Let, Named, Ordered
from tilla.expressions.nodes import leaf
from tilla.expressions.query import Query
from tilla.expressions.reading import TableUse, column_databases, read_expression
from tilla.expressions.scan import splice
from tilla.expressions.sql import Sql, sql
from tilla.objects.base import Declared, Part
from tilla.objects.patterns import read_pattern
from tilla.objects.table import Projection
from tilla.objects.uses import LOOK_UP, reading_of


class Renamer:
    """Rewrites the database of everything reachable from an object."""

    def __init__(self, databases: Mapping[str, str]) -> None:
        self._databases = dict(databases)
        self._memory: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        """The value with new names; the value itself when nothing in it changes."""
        self._remember_inner(value)
        return self._new(value)

    def _remember_inner(self, value: Any) -> None:
        """Rewrite what is inside first, innermost first: of a chain of views that is as long as it likes, one step each."""
        entered: dict[int, Any] = {}
        waiting: list[tuple[Any, Iterator[Any]]] = [(value, iter(_held(value)))]
        while waiting:
            one, others = waiting[-1]
            for other in others:
                if id(other) not in entered and id(other) not in self._memory:
                    entered[id(other)] = other
                    waiting.append((other, iter(_held(other))))
                    break
            else:
                waiting.pop()
                if isinstance(one, Declared | Column):
                    self._new(one)

    def _new(self, value: Any) -> Any:
        if isinstance(value, Declared | Columns) or attrs.has(type(value)):
            known = self._memory.get(id(value))
            if known is None:
                known = (value, self._rewritten(value))
                self._memory[id(value)] = known
            return known[1]
        if isinstance(value, Expr):
            return self._expression(value)
        if isinstance(value, Measure):
            return Measure(value.name, self._new(value.aggregate), simple=value.simple, options=value.options)
        if isinstance(value, type) and issubclass(value, Columns):
            return self._body(value)
        if isinstance(value, Ordered):
            inner = self._new(value.expr)
            return value if inner is value.expr else Ordered(inner, value.descending)
        if isinstance(value, tuple | list):
            items = [self._new(item) for item in value]
            return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if isinstance(value, dict):
            return {key: self._new(item) for key, item in value.items()}
        return value

    def name(self, qualified: str) -> str:
        """``database.name`` with the new database; patterns such as ``data_ga4.*`` too."""
        pattern = read_pattern(qualified)
        new = self._databases.get(pattern.database)
        return qualified if new is None else attrs.evolve(pattern, database=new).sql()

    def _rewritten(self, value: Any) -> Any:
        if isinstance(value, Sql):
            return self._by_hand(value)
        if isinstance(value, Projection):
            query = self._by_hand(Sql(value.query)).text
            return value if query == value.query else attrs.evolve(value, query=query)
        changes: dict[str, Any] = {}
        for field in attrs.fields(type(value)):
            if not field.init:
                continue
            old = getattr(value, field.name)
            is_name = field.name == "name" and isinstance(value, Part)
            new = self.name(old) if is_name or field.metadata.get("names") == "one" else self._new(old)
            if field.metadata.get("names") == "many":
                new = tuple(self.name(item) for item in old)
            if field.metadata.get("names") == "database":
                new = self._databases.get(old, old)
            if new is not old and not (isinstance(old, str | tuple) and not isinstance(new, Expr) and _same(new, old)):
                changes[field.alias] = new
        return attrs.evolve(value, **changes) if changes else value

    def _by_hand(self, value: Sql) -> Sql:
        """SQL by hand with other objects behind its references, and names in its own text rewritten in place."""
        renamed = value.with_references({name: self._new(item) for name, item in value.references})
        rendered = value.render()
        if not any(database in value.text for database in self._databases):
            return renamed  # all its names are references: it may be a piece of a SELECT that cannot be read alone
        edits: list[tuple[int, int, str]] = []
        spots = _rendered_spots(value)

        def rewrite(start: int, end: int, new: str) -> None:
            if not any(a < end and start < b for a, b, _ in spots):  # a reference is rewritten where it is filled in
                shift = sum(length for _, stop, length in spots if stop <= start)
                edits.append((start - shift, end - shift, new))

        for use in reading_of(value).tables:
            # Not those of another server, and no pattern over databases, which no new name can stand for.
            if use.database in self._databases and use.role != "remote" and use.certain:
                rewrite(
                    use.start, use.end, self._named(self._databases[use.database], use, rendered[use.start : use.end])
                )
        for start, end, database in column_databases(rendered):
            if database in self._databases:
                rewrite(start, end, text.quote_identifier(self._databases[database]))
        return sql(splice(renamed.text, edits), **dict(renamed.references)) if edits else renamed

    @staticmethod
    def _named(database: str, use: TableUse, written: str) -> str:
        """Another database's table, spelt as the old one was: as a name, as one string, or as two arguments."""
        if use.role == "merge":
            return f"{text.quote_string(database)}, {text.quote_string(use.name)}"
        if written[:1] != "'":
            return text.quote_qualified(database, use.name)
        if use.role in ("dictionary", "join_table"):
            return text.quote_string(f"{database}.{use.name}")  # these take names without backticks (26.9)
        return text.quote_string(text.quote_qualified(database, use.name))

    def _expression(self, value: Expr[Any]) -> Expr[Any]:
        known = self._memory.get(id(value))  # an element of an array is one row: every use must stay the same object
        if known is None:
            known = (value, self._column(value) if isinstance(value, Column) else self._renamed(value))
            self._memory[id(value)] = known
        return known[1]

    def _column(self, value: Column[Any]) -> Column[Any]:
        derived = self._new(value.derived) if value.derived is not None else None
        default = self._new(value.default_value) if value.default_value is not None else None
        options = {key: self._new(item) for key, item in value.options.items()}
        same = derived is value.derived and default is value.default_value
        if same and all(item is value.options[key] for key, item in options.items()):
            return value
        return value._evolved(derived=derived, default_value=default, options=options)

    def _renamed(self, value: Expr[Any]) -> Expr[Any]:
        """An expression that is no column, with new names inside; itself when there are none."""
        if isinstance(value, Element):
            array = self._new(value.array)
            return value if array is value.array else Element(array, value.name, value.type, value.left)
        if isinstance(value, Named | Let):
            inner = self._new(value.expr)
            return value if inner is value.expr else type(value)(inner, value.name)
        elements, lets = self._new(value.elements), self._new(value.lets)
        written = self._written_look_ups(value)
        if not value.reads and not written and elements is value.elements and lets is value.lets:
            return value
        if isinstance(value, Aggregate):
            return value.mapped(self._new)
        swap: dict[str, str] = {}
        for relation in value.reads:
            if isinstance(relation, Query | Sql):
                old, new = relation.sql(), self._new(relation).sql()
                swap |= {old: new, f"({old})": f"({new})"}
                continue
            old, new = relation.qualified_name, self._new(relation).qualified_name
            swap[old] = new
            swap[text.quote_string(old)] = text.quote_string(new)
            # Last, since for plain names both spellings are one: dictGet takes names without backticks (26.9).
            swap[text.quote_string(".".join(relation.path))] = text.quote_string(".".join(self._new(relation).path))

        def renamed(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Anonymous) and node.expressions and LOOK_UP.match(node.name):
                first, *others = node.expressions
                if first.name in written:
                    node.set("expressions", [leaf(written[first.name]), *others])
            return leaf(swap[node.name]) if isinstance(node, exp.Var) and node.name in swap else node

        return value.rebuilt(value.node.transform(renamed), self._new(value.reads), elements, lets)

    def _written_look_ups(self, value: Expr[Any]) -> dict[str, str]:
        """``'database.name'`` in look-ups of an expression -> the same with the new database."""
        sql = value.sql() if not value.open else ""
        if not any(database in sql for database in self._databases) or not LOOK_UP.search(sql):
            return {}
        uses = [u for u in read_expression(sql).tables if u.role in ("dictionary", "join_table")]
        return {
            sql[u.start : u.end]: text.quote_string(f"{self._databases[u.database]}.{u.name}")
            for u in uses
            if u.database in self._databases
        }

    def _body(self, body: type[Columns]) -> type[Columns]:
        columns = read_columns(body)
        new = self._new(columns)
        return body if new is columns else columns_of(*new, name=body.__name__)


def _held(value: Any) -> Iterable[Any]:
    """What stands directly in a value and may hold names."""
    if isinstance(value, Column):
        return (value.derived, value.default_value, *value.options.values())
    if isinstance(value, Element):
        return (value.array,)
    if isinstance(value, Named | Let | Ordered):
        return (value.expr,)
    if isinstance(value, Expr):
        return (*value.elements, *value.lets, *value.reads)
    if isinstance(value, Measure):
        return (value.aggregate,)
    if isinstance(value, Sql):
        return [item for _, item in value.references]
    if isinstance(value, type):
        return read_columns(value) if issubclass(value, Columns) else ()
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, Declared | Columns) or attrs.has(type(value)):
        return [getattr(value, field.name) for field in attrs.fields(type(value)) if field.init]
    return ()


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
