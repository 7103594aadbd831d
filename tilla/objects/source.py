"""Sources: tables that somebody else fills, and usually creates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tilla import engines
from tilla.columns import Column
from tilla.objects.base import B, Edge, Relation
from tilla.objects.table import check_stamp, check_table, stamp_key
from tilla.objects.uses import table_edges, table_relations


@attrs.frozen(slots=False, repr=False)
class Source(Relation[B]):
    """A table that a loader owns: declared, read and checked, never altered.

    Only the columns that are used need to be listed. It is created by ``emit --with-sources`` alone, for an empty
    server; ``engine`` says how (default: MergeTree without an order). With a ReplacingMergeTree, or with ``versioned=True``,
    its rows are versions of entities, and incremental aggregations over it need ``stable=``.

    ``stamped=Event.landed_at`` says that the server itself stamps that column when rows are inserted (``DEFAULT now64(3)`` or
    ``MATERIALIZED now64(3)``), and no client sends it. Then the history of sums, counts and plain rows can be told from
    new rows without a further column on the table. ``tilla backfill`` checks it on the server.
    """

    engine: engines.TableEngine = attrs.field(kw_only=True, factory=lambda: engines.MergeTree(order_by=()))
    comment: str = attrs.field(default="", kw_only=True)
    versioned: bool = attrs.field(default=False, kw_only=True)
    stamped: Column[Any] | None = attrs.field(default=None, kw_only=True, eq=stamp_key)

    def __attrs_post_init__(self) -> None:
        check_table(self)
        check_stamp(self)

    def edges(self) -> Iterable[Edge]:
        return table_edges(self)

    def needs(self) -> tuple[Any, ...]:
        return table_relations(self)
