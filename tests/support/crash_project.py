"""A chain of three levels to be filled while everything around it dies.

``items`` holds one row per id of ``events`` (1:1), ``by_kind`` aggregates ``items`` with measures that may be repeated, ``both`` is
fed by two views from ``events`` and ``others``, and ``both_kinds`` aggregates that. ``sums`` counts every row of ``events`` that is
sent, so that its history needs a boundary.
"""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree

RAW, OUT = "crash_raw", "crash"


class Event(tl.Columns):
    id = tl.column(t.UInt64)
    kind = tl.column(t.UInt8)
    at = tl.column(t.DateTime("UTC"))
    value = tl.column(t.Int64)


events, others = (
    tl.Table(f"{RAW}.{name}", Event, engine=MergeTree(order_by=Event.at, partition_by=f.raw("toYYYYMM", Event.at)))
    for name in ("events", "others")
)


class Item(tl.Columns):
    id = tl.derive(Event.id)
    kind = tl.derive(Event.kind)
    at = tl.derive(Event.at)
    value = tl.derive(Event.value)


items = tl.MaterializedView(
    f"{OUT}.items",
    Item,
    source=events,
    engine=ReplacingMergeTree(version=Item.at, order_by=Item.id, partition_by=f.raw("toYYYYMM", Item.at)),
)


# Ids from here on are the writer's: what was there before can be told from what came later, in sums too.
FIRST_LIVE = 1_000_000_000


class Kind(tl.Columns):
    kind = tl.derive(Item.kind)
    ids = tl.measure(f.uniq_exact(Item.id))
    most = tl.measure(f.max(Item.value))


by_kind = tl.Aggregation(f"{OUT}.by_kind", Kind, source=items, stable=(Item.kind,))

both = tl.Table(f"{OUT}.both", items.columns, engine=ReplacingMergeTree(version=Item.at, order_by=(Item.kind, Item.id)))
feeding = [tl.MaterializedView(f"{OUT}.from_{raw.table}", Item, source=raw, to=both) for raw in (events, others)]
both_kinds = tl.Aggregation(f"{OUT}.both_kinds", Kind, source=both, stable=(Item.kind,))


class Sum(tl.Columns):
    live = tl.derive(f.cast(Event.id >= FIRST_LIVE, t.Bool))
    kind = tl.derive(Event.kind)
    rows = tl.measure(f.count())
    total = tl.measure(f.sum(Event.value))


sums = tl.Aggregation(f"{OUT}.sums", Sum, source=events, append_only_unique=True)

project = tl.project("crash", events, others, items, by_kind, both, *feeding, both_kinds, sums)
