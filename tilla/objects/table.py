"""Tables: columns, an engine, indexes, projections and constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from tilla import engines, errors
from tilla.columns import Column
from tilla.expressions.expr import Expr, Ordered, as_expression, as_sequence
from tilla.expressions.kinds import Condition
from tilla.expressions.query import Query
from tilla.expressions.reading import read
from tilla.expressions.scan import check_clause, placeholders
from tilla.objects.base import B, Edge, Relation, check_references
from tilla.objects.uses import table_edges, table_relations


def _sql(value: Any) -> str | None:
    return None if value is None else value.sql()


@attrs.frozen
class Index:
    """A data skipping index: ``INDEX name expression TYPE type GRANULARITY n``.

    ``type`` is ClickHouse text: ``minmax``, ``set(100)``, ``bloom_filter(0.01)``, ``ngrambf_v1(3, 256, 2, 0)``, ``text(tokenizer = ...)``.
    """

    name: str
    expression: Expr[Any] = attrs.field(eq=_sql)
    type: str
    granularity: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        as_expression(f"INDEX {self.name}", self.expression)


@attrs.frozen
class Projection:
    """A projection: the table's rows kept a second time, sorted or aggregated otherwise.

    ``query`` is text without FROM (``SELECT day, sum(total) GROUP BY day``); ``settings`` need ClickHouse 25.11 or later.
    """

    name: str
    query: str
    settings: Mapping[str, object] = attrs.field(
        factory=dict, kw_only=True, eq=lambda s: tuple(sorted(map(str, s.items())))
    )

    def __attrs_post_init__(self) -> None:
        if "/" in self.name:  # the name is a directory of the part
            raise errors.projection_name(self.name)


@attrs.frozen
class Constraint:
    """``CHECK``: an insert with a row that breaks it fails. ``assume=True``: the optimizer may rely on it, nobody checks."""

    name: str
    condition: Condition = attrs.field(eq=_sql)
    assume: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        as_expression(f"CONSTRAINT {self.name}", self.condition)


K = TypeVar("K")


def _all(value: K | Sequence[K], kind: type[K], place: str, example: str) -> tuple[K, ...]:
    """One thing or several of a kind, as a tuple."""
    found = tuple(as_sequence(value))
    for item in found:
        if not isinstance(item, kind):
            raise errors.wrong_kind(place, item, f"tl.{kind.__name__}", example)
    return found


def as_indexes(value: Index | Sequence[Index]) -> tuple[Index, ...]:
    """One index or several, as a tuple."""
    return _all(value, Index, "indexes", "tl.Index('by_shop', Order.shop, 'minmax')")


def as_projections(value: Projection | Sequence[Projection]) -> tuple[Projection, ...]:
    """One projection or several, as a tuple."""
    return _all(value, Projection, "projections", "tl.Projection('by_day', 'SELECT day, count() GROUP BY day')")


def as_constraints(value: Constraint | Sequence[Constraint]) -> tuple[Constraint, ...]:
    """One constraint or several, as a tuple."""
    return _all(value, Constraint, "constraints", "tl.Constraint('positive', Order.total > 0)")


def stamp_key(value: Any) -> object:
    """What makes two stamps the same declaration."""
    return value.key() if isinstance(value, Column) else value


@attrs.frozen(slots=False, repr=False)
class Table(Relation[B]):
    """A table that Tilla creates and owns.

    ``stamped=Event.landed_at``: the server stamps that column at every insert (``default=`` or ``materialized=`` of
    ``now64(3)``), and no client sends it. Boundaries of histories then go by it, and the table gets no further column.

    ``made_by`` is for Tilla itself: the Aggregation or MaterializedView whose table this is, so that whoever reads the
    table alone can tell what fills it.

    Raises:
        DeclarationError: no ORDER BY for a MergeTree, a key over an unknown or Nullable column, a column without a type.
    """

    engine: engines.TableEngine = attrs.field(kw_only=True)
    indexes: tuple[Index, ...] = attrs.field(default=(), kw_only=True, converter=as_indexes)
    projections: tuple[Projection, ...] = attrs.field(default=(), kw_only=True, converter=as_projections)
    constraints: tuple[Constraint, ...] = attrs.field(default=(), kw_only=True, converter=as_constraints)
    comment: str = attrs.field(default="", kw_only=True)
    made_by: Relation[Any] | None = attrs.field(default=None, kw_only=True, eq=False)
    stamped: Column[Any] | None = attrs.field(default=None, kw_only=True, eq=stamp_key)

    def __attrs_post_init__(self) -> None:
        check_table(self)
        check_stamp(self)

    def edges(self) -> Iterable[Edge]:
        return table_edges(self)

    def needs(self) -> tuple[Any, ...]:
        return table_relations(self)


def check_table(table: Any) -> None:
    """Check what ClickHouse would refuse, and what it would take silently and wrongly."""
    mistakes = errors.Collector()
    engine: engines.TableEngine = table.engine
    if not isinstance(engine, engines.TableEngine):
        raise errors.not_an_engine(table.name, repr(engine))
    with mistakes.catch():
        columns = table.columns
    for column in columns if not mistakes.found else ():
        if column.type is None:
            mistakes.add(errors.untyped_column(f"{table.name}.{column.name}"))
        if engine.plain_columns and column.default_kind:
            where = f"{table.name}.{column.name}"
            mistakes.add(errors.engine_refuses_column(where, engine.name, column.default_kind))
    if not mistakes.found:
        if not columns:
            mistakes.add(errors.no_columns(table.name))
        _check_keys(table, engine, mistakes)
        places = [(f"INDEX {i.name}", i.expression) for i in getattr(table, "indexes", ())]
        places += [(f"CONSTRAINT {i.name}", i.condition) for i in getattr(table, "constraints", ())]
        places += [(f"DEFAULT of {c.name}", c.default_value) for c in columns if c.default_value is not None]
        places += [(f"TTL of {c.name}", c.options["ttl"]) for c in columns if "ttl" in c.options]
        for place, expression in places:
            with mistakes.catch():
                check_references(f"{table.name} {place}", expression.references, (table,))
        _check_clauses(table, columns, mistakes)
    mistakes.raise_all()


_STAMP = re.compile(r"DateTime(64)?(\(|\Z)")


def check_stamp(table: Any) -> None:
    """Check that the column which the server is said to stamp is one of the table's, and a moment."""
    column, where = table.stamped, f"{table.name} stamped"
    if column is None:
        return
    if not isinstance(column, Column):
        raise errors.not_a_column(where, type(column).__name__)
    own = next((c for c in table.columns if c.name == column.name), None)
    if own is None:
        raise errors.unknown_column(where, column.name, table.column_names, table.name)
    if not _STAMP.match(str(own.type)):
        raise errors.stamp_type(where, own.name, str(own.type))


def _check_clauses(table: Any, columns: Iterable[Column[Any]], mistakes: errors.Collector) -> None:
    """Check what is written into CREATE TABLE as text, and that no two things have one name.

    Text with an open bracket, a comment or a `;` would swallow the clauses behind it.
    """
    indexes, projections = getattr(table, "indexes", ()), getattr(table, "projections", ())
    written = [(f"{table.name}.{c.name} codec", c.options["codec"]) for c in columns if "codec" in c.options]
    written += [(f"{table.name} INDEX {i.name}", i.type) for i in indexes]
    rules = table.engine.ttl if isinstance(table.engine, engines.MergeTree) else ()
    written += [(f"{table.name} TTL", rule.recompress) for rule in rules if rule.recompress]
    for where, clause in written:
        with mistakes.catch():
            check_clause(where, clause)
    for projection in projections:
        with mistakes.catch():
            _check_projection(f"{table.name} PROJECTION {projection.name}", projection.query)
    for what, named in (
        ("indexes", indexes),
        ("projections", projections),
        ("constraints", getattr(table, "constraints", ())),
    ):
        names = [item.name for item in named]
        for name in dict.fromkeys(n for n in names if names.count(n) > 1):
            mistakes.add(errors.named_twice(table.name, what, name))


def _check_projection(where: str, query: str) -> None:
    """Check that the text of a projection is one SELECT without FROM."""
    check_clause(where, query)
    if placeholders(query):
        return  # told with its own hint, when all statements are there (T408)
    try:
        found = read(query)
    except errors.SqlError as error:
        raise errors.unreadable_clause(where, query, error.mistakes[0].what) from None
    if any(use.role == "from" for use in found.tables):
        raise errors.unreadable_clause(where, query, "a projection reads its own table and has no FROM")


def _check_keys(table: Any, engine: engines.TableEngine, mistakes: errors.Collector) -> None:
    """Check that keys are there, over known columns, and not Nullable."""
    by_name = {c.name: c for c in table.columns}
    for place, expression in engine.columns():
        with mistakes.catch():
            check_references(f"{table.name} {place}", expression.references, (table,))
    if not isinstance(engine, engines.MergeTree):
        return
    for rule in engine.ttl:
        with mistakes.catch():
            _check_rule(table, rule)
    if engine.order_by is None:
        mistakes.add(errors.missing_order_by(table.name, engine.name, list(by_name)[:2]))
        return
    loose = _allows_null(engine)
    for item in (*engine.order_by, *([engine.partition_by] if engine.partition_by is not None else [])):
        expression = item.expr if isinstance(item, Ordered) else item
        type_ = expression.type
        if type_ is None and isinstance(expression, Column) and expression.name in by_name:
            type_ = by_name[expression.name].type
        if type_ is not None and type_.nullable and not loose:
            mistakes.add(errors.nullable_key(table.name, expression.sql(), str(type_)))
    _check_types(table.name, engine, by_name, mistakes)
    if engine.primary_key:
        order = engines.key_sql(engine.order_by)
        primary = engines.key_sql(engine.primary_key)
        if order[: len(primary)] != primary:
            mistakes.add(errors.primary_key_no_prefix(table.name, primary, order))


def _check_rule(table: Any, rule: engines.Ttl) -> None:
    """Check the columns that a rule of the TTL names besides its time, which is checked with the keys."""
    mistakes = errors.Collector()
    conditions = () if rule.where is None else (rule.where,)
    keys = (item.expr if isinstance(item, Ordered) else item for item in rule.group_by)
    for expression in (*conditions, *keys, *rule.set.values()):
        with mistakes.catch():
            check_references(f"{table.name} TTL", expression.references, (table,))
    for name in rule.set:
        if name not in table.column_names:
            mistakes.add(errors.unknown_column(f"{table.name} TTL SET", name, table.column_names, table.name))
    mistakes.raise_all()


def _allows_null(engine: engines.MergeTree) -> bool:
    return str(engine.settings.get("allow_nullable_key", 0)).lower() in ("1", "true")


_WHOLE = re.compile(r"U?Int\d+\Z")
_MOMENT = re.compile(r"(?:Date|Date32|DateTime|DateTime64)(?:\(|\Z)")


def _check_types(
    where: str, engine: engines.MergeTree, columns: Mapping[str, Column[Any]], mistakes: errors.Collector
) -> None:
    """Check the types of what the engine takes as version, sign, sample or TTL, as far as they are known."""

    def check(place: str, item: Any, fits: Callable[[Any], bool], expected: str) -> None:
        if item is None:
            return
        known = item.type if item.type is not None or not isinstance(item, Column) else columns[item.name].type
        if known is not None and not fits(known):
            mistakes.add(errors.engine_type(where, place, item.sql(), str(known), expected))

    def number(kind: Any) -> bool:
        return bool(_WHOLE.match(str(kind)) or _MOMENT.match(str(kind)) or str(kind) in ("Float32", "Float64", "Bool"))

    loose = _allows_null(engine)

    def key(kind: Any) -> bool:
        return bool(kind.nullable or kind.can_be_key or (loose and any(part.nullable for part in kind.walk())))

    check(
        "version", getattr(engine, "version", None), number, "a whole number, a date or a time, not Nullable (code 169)"
    )
    check("is_deleted", getattr(engine, "is_deleted", None), lambda k: str(k) in ("UInt8", "Bool"), "UInt8 (code 169)")
    check("sign", getattr(engine, "sign", None), lambda k: str(k) == "Int8", "Int8 (code 169)")
    for rule in engine.ttl:
        check("TTL", rule.when, lambda k: _MOMENT.match(str(k)) is not None, "a date or a time (code 450)")
    unsigned = re.compile(r"(UInt(8|16|32|64)|Bool)\Z")
    check("SAMPLE BY", engine.sample_by, lambda k: unsigned.match(str(k)) is not None, "an unsigned number (code 59)")
    for item in engine.order_by or ():
        expression = item.expr if isinstance(item, Ordered) else item
        check("ORDER BY", expression, key, "a type that a key takes (code 549), not Nullable within")


__all__ = ["Constraint", "Index", "Projection", "Query", "Table", "check_stamp", "check_table", "stamp_key"]
