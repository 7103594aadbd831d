"""A typed SELECT: what derived tables and read views are made of.

The clauses are put together here, one a line, so that a reviewer reads a diff of SQL; every item in them is
printed by sqlglot. An alias in ClickHouse reaches into WHERE, GROUP BY and the other items (``SELECT toDate(ts)
AS ts, ts + 1`` adds to the date), so a reference to a source column whose name is also an output name is
written with the relation in front, and a group key with such a name is written as its expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
from sqlglot import exp

from tilla import errors, text
from tilla.expressions.expr import Element, Expr, Let, Named, Ordered, Reference, as_expression, as_sequence
from tilla.expressions.face import merged
from tilla.expressions.folding import folded
from tilla.expressions.forms import Name
from tilla.expressions.kinds import Condition, Relational
from tilla.expressions.nodes import leaf, print_node
from tilla.expressions.sql import Sql

# What a kind of join is made of; ClickHouse takes strictness and side in either order.
_JOIN_WORDS = frozenset("INNER LEFT RIGHT FULL OUTER CROSS ANY ALL ASOF SEMI ANTI GLOBAL LOCAL".split())
_JOIN_KINDS = ("INNER", "LEFT", "RIGHT", "FULL", "ANY LEFT", "ANY INNER", "SEMI LEFT", "ANTI LEFT", "ASOF LEFT")


@attrs.frozen
class Join:
    """One joined relation: ``LEFT JOIN relation ON condition``."""

    kind: str
    relation: Any
    on: Expr[Any] = attrs.field(eq=lambda e: e.key())


def _texts(values: Sequence[Expr[Any] | Ordered]) -> tuple[object, ...]:
    return tuple(value.key() if isinstance(value, Expr) else (value.sql(), value.expr.key()) for value in values)


@attrs.frozen(slots=False, repr=False)
class Query:
    """One SELECT over a relation. Frozen: every method returns a new query.

    With an aggregate among the items, all other items are group keys.
    """

    source: Any = attrs.field(eq=lambda r: r.qualified_name)
    items: tuple[Named[Any], ...] = attrs.field(eq=lambda v: tuple((i.name, i.key()) for i in v))
    conditions: tuple[Expr[Any], ...] = attrs.field(default=(), eq=_texts)
    joins: tuple[Join, ...] = ()
    grouped: bool = False
    keys: tuple[Expr[Any], ...] | None = attrs.field(default=None, eq=lambda v: None if v is None else _texts(v))
    having_: tuple[Expr[Any], ...] = attrs.field(default=(), eq=_texts)
    orders: tuple[Expr[Any] | Ordered, ...] = attrs.field(default=(), eq=_texts)
    limit_: int | None = None
    final_: bool = False

    def __attrs_post_init__(self) -> None:
        if lets := self.lets():
            self._check_lets(lets)

    # --- composing ---

    def where(self, *conditions: Condition) -> Query:
        """Keep the rows for which every condition is true."""
        return attrs.evolve(self, conditions=(*self.conditions, *self._given("where", conditions)))

    def join(self, relation: Relational, on: Condition, *, kind: str = "INNER") -> Query:
        """Join another relation; name columns as ``relation[Body.column]``.

        ``kind`` is ClickHouse's own: ``INNER``, ``LEFT``, ``ANY LEFT``, ``ASOF LEFT``, ``FULL``, ``SEMI LEFT``, ...
        """
        (condition,) = self._given("join", (on,))
        if not hasattr(relation, "qualified_name"):
            raise errors.not_a_relation(f"{self._place} join", repr(relation))
        for word in kind.upper().split() or [""]:
            if word not in _JOIN_WORDS:
                raise errors.unknown_word(f"{self._place} join", "kind of a join", kind, _JOIN_KINDS)
        return attrs.evolve(self, joins=(*self.joins, Join(kind.upper(), relation, condition)))

    def group_by(self, *keys: Expr[Any]) -> Query:
        """Group by these expressions instead of by all items that do not aggregate."""
        return attrs.evolve(self, keys=self._given("group_by", keys), grouped=True)

    def having(self, *conditions: Condition) -> Query:
        """Keep the groups for which every condition is true."""
        return attrs.evolve(self, having_=(*self.having_, *self._given("having", conditions)))

    def order_by(self, *items: Expr[Any] | Ordered) -> Query:
        """Sort the result."""
        plain = self._given("order_by", [item.expr if isinstance(item, Ordered) else item for item in items])
        kept = (item if isinstance(item, Ordered) else expr for item, expr in zip(items, plain, strict=True))
        return attrs.evolve(self, orders=tuple(kept))

    def limit(self, rows: int) -> Query:
        """Return at most this many rows."""
        if type(rows) is not int or rows < 0:
            raise errors.wrong_kind(f"{self._place} limit", rows, "a whole number of rows, 0 or more")
        return attrs.evolve(self, limit_=rows)

    def final(self) -> Query:
        """Read deduplicated rows: ``FROM relation FINAL``."""
        return attrs.evolve(self, final_=True)

    @property
    def _place(self) -> str:
        return f"select from {self.source.qualified_name}"

    def _given(self, clause: str, values: Iterable[Any]) -> tuple[Expr[Any], ...]:
        """The expressions of a clause; a text there would be a constant, and is refused."""
        return tuple(as_expression(f"{self._place} {clause}", value) for value in values)

    # --- facts ---

    @property
    def names(self) -> tuple[str, ...]:
        """The output names in order."""
        return tuple(item.name for item in self.items)

    @property
    def relations(self) -> tuple[Any, ...]:
        """The relations read: the source first, then joined ones, then those inside expressions."""
        inner: tuple[Any, ...] = ()
        for part in (*self.expressions(), *(element.array for element in self.elements())):
            for held in part.reads:
                inner = merged(inner, relations_within(held))
        return (self.source, *(join.relation for join in self.joins), *inner)

    @property
    def has_aggregate(self) -> bool:
        """True when the query has groups."""
        return self.grouped or any(item.aggregate for item in self.items)

    def elements(self) -> tuple[Element[Any], ...]:
        """The arrays turned into rows, outer ones first."""
        found: tuple[Any, ...] = ()
        for part in self.expressions():
            found = merged(found, part.elements)
        return tuple(found)

    def lets(self) -> tuple[Let[Any], ...]:
        """The values named for this SELECT, each after those that it uses."""
        found: tuple[Let[Any], ...] = ()
        for part in self.expressions():
            if part.lets:
                found = merged(found, part.lets)
        return found

    def _check_lets(self, lets: Sequence[Let[Any]]) -> None:
        """Refuse a name that ClickHouse would take for something else."""
        mistakes = errors.Collector()
        where = f"select from {self.source.qualified_name}"
        columns = {c.name for relation in self.relations for c in getattr(relation, "columns", ())}
        defined: dict[str, str] = {}
        for item in lets:
            if item.name in columns or item.name in self.names:
                mistakes.add(errors.let_name_taken(where, item.name, item.name in columns))
            elif defined.setdefault(item.name, item.expr.sql()) != item.expr.sql():
                mistakes.add(errors.let_twice(where, item.name, defined[item.name], item.expr.sql()))
        mistakes.raise_all()

    def references(self) -> tuple[Reference[Any], ...]:
        """The source columns that the query names."""
        found: tuple[Any, ...] = ()
        for part in self.expressions():
            found = merged(found, part.references)
        return tuple(found)

    def expressions(self) -> tuple[Expr[Any], ...]:
        """Everything that is written in the clauses."""
        orders = tuple(o.expr if isinstance(o, Ordered) else o for o in self.orders)
        joined = tuple(join.on for join in self.joins)
        return (*self.items, *self.conditions, *joined, *(self.keys or ()), *self.having_, *orders)

    # --- printing ---

    def sql(self) -> str:
        """The SELECT as text."""
        return self._sql

    @cached_property
    def _sql(self) -> str:
        return self._written({})

    def text(self, sources: Mapping[str, str] | None = None) -> str:
        """The SELECT as text, with other text in place of some relations.

        ``sources`` maps a qualified name to what stands behind FROM instead: a bounded subquery. It gets the
        relation's own name as alias, so that qualified references still resolve.
        """
        return self._written(sources) if sources else self._sql

    def _written(self, swap: Mapping[str, str]) -> str:
        taken = self._taken()
        qualifier = self.source.table
        named = {c.name for c in getattr(self.source, "columns", ())} | set(self.names)
        alias = ""
        if taken and qualifier in named:
            qualifier = alias = "_source" if "_source" not in named else "_source_"
        write = _Writer(taken, qualifier)
        lines = self._with(write)
        lines.append("SELECT")
        lines.append(",\n".join(f"    {self._item(item, write)}" for item in self.items))
        lines.append("FROM " + self._relation(self.source, swap, alias, self.final_))
        for join in self.joins:
            on = write(join.on)
            lines.append(f"{join.kind} JOIN {self._relation(join.relation, swap)} ON {on}")
        for element in self.elements():
            kind = "LEFT ARRAY JOIN" if element.left else "ARRAY JOIN"
            lines.append(f"{kind} {write(element.array)} AS {text.quote_identifier(element.name)}")
        if self.conditions:
            lines.append("WHERE " + _conjunction(self.conditions, write))
        if self.has_aggregate:
            lines += self._groups(write)
        if self.having_:
            lines.append("HAVING " + _conjunction(self.having_, write))
        if self.orders:
            lines.append("ORDER BY " + ", ".join(_direction(o, write) for o in self.orders))
        if self.limit_ is not None:
            lines.append(f"LIMIT {self.limit_}")
        return "\n".join(lines)

    def _taken(self) -> frozenset[str]:
        """Source columns whose name an output item takes with another meaning."""
        known = {c.name for c in getattr(self.source, "columns", ())}
        return frozenset(
            item.name for item in self.items if item.name in known and item.sql() != text.quote_identifier(item.name)
        )

    def _with(self, write: _Writer) -> list[str]:
        """The WITH clause, one named value a line."""
        named = {item.name: item for item in self.lets()}
        if not named:
            return []
        items = (
            f"    {folded(write(item.expr), indent=4)} AS {text.quote_identifier(name)}" for name, item in named.items()
        )
        return ["WITH", ",\n".join(items)]

    @staticmethod
    def _relation(relation: Any, swap: Mapping[str, str], alias: str = "", final: bool = False) -> str:
        own = relation.qualified_name
        if own in swap:
            return f"{swap[own]} AS {text.quote_identifier(alias or relation.table)}"
        named = f"{own} AS {text.quote_identifier(alias)}" if alias else own
        return f"{named} FINAL" if final else named

    def _item(self, item: Named[Any], write: _Writer) -> str:
        sql = write(item)
        name = text.quote_identifier(item.name)
        return sql if sql == name else f"{folded(sql, indent=4)} AS {name}"

    def _groups(self, write: _Writer) -> list[str]:
        if self.keys is not None:
            shown = [write(key) for key in self.keys]
        else:
            shown = [
                write(item) if item.name in write.taken else text.quote_identifier(item.name)
                for item in self.items
                if not item.aggregate
            ]
        return ["GROUP BY " + ", ".join(shown)] if shown else []

    def __repr__(self) -> str:
        try:
            return f"<Query {text.one_line(', '.join(self.names))} from {text.one_line(self.source.qualified_name)}>"
        except Exception:  # what a notebook shows of a broken value
            return "<Query ?>"

    def __format__(self, spec: str) -> str:
        raise errors.formatted_into_text(repr(self))

    def _repr_html_(self) -> str:
        from html import escape

        try:
            return f"<pre>{escape(self.sql())}</pre>"
        except Exception:  # a notebook shows what it can of a broken value
            return f"<code>{escape(repr(self))}</code>"


class _Writer:
    """Prints expressions of one query, with a qualifier in front of taken names."""

    def __init__(self, taken: frozenset[str], qualifier: str) -> None:
        self.taken = taken
        self._quoted = {text.quote_identifier(name) for name in taken}
        self._qualifier = qualifier

    def __call__(self, expression: Expr[Any]) -> str:
        if not self.taken or not any(r.name in self.taken and not r.relation for r in expression.references):
            return expression.sql()
        shape = expression.shape
        if shape is None:
            return print_node(expression.node.transform(self._qualified))
        if isinstance(shape, Name) and not shape.relation and shape.name in self.taken:
            return text.quote_qualified(self._qualifier, shape.name)
        return shape.text(self)

    def _qualified(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in self._quoted:
            qualifier = leaf(text.quote_identifier(self._qualifier))
            return exp.Column(this=leaf(node.name), table=qualifier)
        return node


def _conjunction(conditions: Sequence[Expr[Any]], write: _Writer) -> str:
    """Join conditions with AND, each in brackets where an OR would otherwise leak out."""
    if len(conditions) == 1:
        return write(conditions[0])
    return " AND ".join(f"({write(c)})" if isinstance(c.node, exp.Or) else write(c) for c in conditions)


def _direction(item: Expr[Any] | Ordered, write: _Writer) -> str:
    if isinstance(item, Ordered):
        return write(item.expr) + (" DESC" if item.descending else "")
    return write(item)


def relations_within(value: Any) -> tuple[Any, ...]:
    """The relations that a value read inside an expression stands for: itself, or those of a query or of SQL by hand."""
    if isinstance(value, Query):
        return value.relations
    return tuple(value.relations()) if isinstance(value, Sql) else (value,)


def select(source: Any, items: Sequence[Any]) -> Query:
    """Build a query from columns, named expressions and finished measures."""
    mistakes = errors.Collector()
    named: list[Named[Any]] = []
    for position, item in enumerate(items):
        with mistakes.catch():
            named.append(_named(source, position, item))
    seen: set[str] = set()
    for entry in named:
        if entry.name in seen:
            mistakes.add(errors.duplicate_column(f"select from {source.qualified_name}", entry.name))
        seen.add(entry.name)
    if not items:
        mistakes.add(errors.empty_select(f"select from {source.qualified_name}"))
    mistakes.raise_all()
    return Query(source, tuple(named))


def _named(source: Any, position: int, item: Any) -> Named[Any]:
    if isinstance(item, Named):
        return item
    if isinstance(item, Expr):
        if getattr(item, "name", ""):
            return Named(item, item.name)  # type: ignore[attr-defined]  # a column, reference or element
        raise errors.unnamed_item(f"select from {source.qualified_name}", position + 1, item.sql())
    if hasattr(item, "merge"):
        raise errors.measure_as_value(str(item))
    raise errors.unnamed_item(f"select from {source.qualified_name}", position + 1, repr(item))


__all__ = ["Join", "Query", "as_sequence", "relations_within", "select"]
