"""Plain views: a SELECT with a name, run when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs

from tilla import errors
from tilla.columns import Column, read_columns
from tilla.expressions.query import Query
from tilla.expressions.sql import Sql
from tilla.objects.base import Edge, R, Relation
from tilla.objects.uses import query_edges, query_relations


@attrs.frozen(slots=False, repr=False)
class View(Relation[R]):
    """``CREATE VIEW name AS query``.

    The body is optional: a typed query knows its columns. With ``tl.parameter("lo", t.UInt64)`` or ``{lo:UInt64}`` inside, it is
    a parameterized view, read as ``name(lo = 5)``.
    """

    body: R = attrs.field(default=None, eq=lambda b: None if b is None else tuple(i.key() for i in read_columns(b)))
    query: Query | Sql = attrs.field(kw_only=True, eq=lambda q: q.sql() if isinstance(q, Query) else q.render())
    definer: str = attrs.field(default="", kw_only=True)
    sql_security: str = attrs.field(default="", kw_only=True)
    comment: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        from tilla.objects.materialized import check_output, check_query

        check_query(self.name, self.query)
        if self.body is not None:
            check_output(self.name, self.query, self.column_names, self.all_columns)
        if any(relation.path == self.path for relation in self.needs()):
            raise errors.reads_itself(self.name)

    @cached_property
    def all_columns(self) -> tuple[Any, ...]:
        if self.body is not None:
            return read_columns(self.body)
        if isinstance(self.query, Query):
            return tuple(Column(item.name, item.type) for item in self.query.items)
        names = self.query.reading.output_names or ()
        return tuple(Column(name, None) for name in names)

    def edges(self) -> Iterable[Edge]:
        return query_edges(self.query)

    def needs(self) -> tuple[Any, ...]:
        return query_relations(self.query)


__all__ = ["Mapping", "View"]
