"""What a declaration reads: edges and objects behind queries, SQL by hand and single expressions.

Two things know it. An expression carries the objects that were put into it (``x.is_in(orders)``, a query, SQL by
hand); and its text names others (``f.raw("dictGet", "d.rates", ...)``, ``tl.sql("joinGet('d.names', ...)")``). Both are
asked, so that a name written as text is ordered and checked like an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tilla import errors
from tilla.engines import MergeTree
from tilla.expressions.expr import Expr, Ordered
from tilla.expressions.query import Query, relations_within
from tilla.expressions.reading import Reading, read, read_expression
from tilla.expressions.sql import Sql
from tilla.objects.base import Edge, Part

# Text without any of these words names no table and no dictionary; reading it would cost without telling anything.
_NAMES_SOMETHING = re.compile(r"\b(?:SELECT|IN|dict[A-Z]\w*|joinGet\w*)\b", re.IGNORECASE)

LOOK_UP = re.compile(r"\b(?:dict[A-Z]\w*|joinGet\w*)\b", re.IGNORECASE)

_KINDS = {
    "in": "IN",
    "dictionary": "dictGet",
    "join_table": "joinGet",
    "merge": "merges",
    "cluster": "reads on a cluster",
}
_BEFORE = {"Dictionary": "dictGet"}


def query_edges(query: Query | Sql, skip: tuple[str, str] | None = None) -> Iterator[Edge]:
    """An edge to every table, dictionary and join table that a query reads.

    ``remote(...)`` gives none: its table is another server's. ``cluster(...)`` gives one that counts only where the
    project has the table; ``merge(...)`` one with a pattern.
    """
    found = _typed_edges(query) if isinstance(query, Query) else text_edges(query.reading)
    return (edge for edge in dict.fromkeys(found) if (edge.database, edge.name) != skip)


def _typed_edges(query: Query) -> Iterator[Edge]:
    for relation in (query.source, *(join.relation for join in query.joins)):
        yield Edge(_BEFORE.get(relation.kind, "reads"), relation.database, relation.table)
    yield from expression_edges((*query.expressions(), *(element.array for element in query.elements())))


def text_edges(reading: Reading) -> Iterator[Edge]:
    """The edges of a text that has been read."""
    for use in reading.tables:
        if use.role == "merge":
            yield Edge("merges", use.database or "", use.name, matching="name" if use.certain else "both")
        elif use.role != "remote":
            yield Edge(_KINDS.get(use.role, "reads"), use.database or "", use.name)


def expression_edges(expressions: Iterable[Expr[Any] | Ordered | Sql]) -> Iterator[Edge]:
    """Edges to what is read inside expressions: ``x IN relation``, ``dictGet(dictionary, ...)``, a subquery.

    Raises:
        SqlError: the text of one cannot be read, or a dictionary's name is computed.
    """
    for item in expressions:
        expression = item.expr if isinstance(item, Ordered) else item
        for held in expression.reads if isinstance(expression, Expr) else ():
            if isinstance(held, Query):
                yield from query_edges(held)
            elif not isinstance(held, Sql):
                yield Edge(_BEFORE.get(held.kind, "IN"), held.database, held.table)
        written = expression.sql()
        if _NAMES_SOMETHING.search(written):
            yield from text_edges(read_expression(written))


def default_edges(expressions: Iterable[Expr[Any] | Ordered]) -> Iterator[Edge]:
    """The same for the expressions of columns, indexes and the like: one kind for all but look-ups."""
    for edge in dict.fromkeys(expression_edges(expressions)):
        yield edge if edge.kind in ("dictGet", "joinGet", "merges") else Edge("default", edge.database, edge.name)


def query_relations(query: Query | Sql | Part) -> tuple[Any, ...]:
    """The objects that a query reads, as far as it holds them; a relation is read by itself."""
    return tuple(value for value in relations_within(query) if isinstance(value, Part))


def expression_relations(expressions: Iterable[Expr[Any] | Ordered | Sql]) -> tuple[Any, ...]:
    """The objects that expressions read, as far as they hold them."""
    held: list[Any] = []
    for item in expressions:
        expression = item.expr if isinstance(item, Ordered) else item
        held += expression.reads if isinstance(expression, Expr) else (expression,)
    return tuple(value for item in held for value in relations_within(item) if isinstance(value, Part))


def reading_of(sql: Sql) -> Reading:
    """What a text reads, be it a SELECT or one expression.

    Raises:
        SqlError: it is neither; what is said is what keeps it from being a SELECT where it starts as one.
    """
    text = sql.render()
    try:
        return read(text)
    except errors.SqlError:
        if re.match(r"[\s(]*(?:SELECT|WITH|FROM)\b", text, re.IGNORECASE):
            raise
        return read_expression(text)


def table_expressions(table: Any) -> Iterator[Expr[Any] | Ordered]:
    """Every expression that stands in the CREATE of a table: columns, keys, TTL, indexes, constraints."""
    for column in table.columns:
        if column.default_value is not None:
            yield column.default_value
        if column.options.get("ttl") is not None:
            yield column.options["ttl"]
    yield from (index.expression for index in getattr(table, "indexes", ()))
    yield from (constraint.condition for constraint in getattr(table, "constraints", ()))
    engine = getattr(table, "engine", None)
    yield from (expression for _, expression in engine.columns()) if engine is not None else ()
    for rule in engine.ttl if isinstance(engine, MergeTree) else ():
        yield from (rule.where,) if rule.where is not None else ()
        yield from (*rule.group_by, *rule.set.values())


def table_edges(table: Any) -> Iterator[Edge]:
    """Edges from a table's own clauses, projections included, and from its engine."""
    yield from default_edges(table_expressions(table))
    for projection in getattr(table, "projections", ()):
        if _NAMES_SOMETHING.search(projection.query[6:]):
            yield from text_edges(read(projection.query))
    engine = table.engine
    for relation in engine.relations():
        yield Edge("stores", relation.database, relation.table)
    pattern = engine.merges()
    if pattern is not None:
        yield Edge("stores", pattern[0], pattern[1], matching="both" if pattern[2] else "name")


def table_relations(table: Any) -> tuple[Any, ...]:
    """The objects behind :func:`table_edges`, as far as they are held as objects."""
    return (*expression_relations(table_expressions(table)), *table.engine.relations())


__all__ = [
    "LOOK_UP",
    "default_edges",
    "expression_edges",
    "expression_relations",
    "query_edges",
    "query_relations",
    "reading_of",
    "table_edges",
    "table_expressions",
    "table_relations",
    "text_edges",
]
