"""``data_shopify``: the curated tables of a shop.

::

    from tilla.datasets import shopify
    from tilla.sources import airbyte

    shop = shopify.curated(layout=airbyte.V2_1, timezone="America/New_York", streams=("orders", "order_refunds", "customers"))
    project = tl.project("shop", *shop)
    shop.orders_latest            # each object by its name

A stream that is not synced drops the tables that need it. Every table is a ReplacingMergeTree that keeps the newest state
of an entity, whatever order or how often its records arrive; read its ``_latest`` view, or the table with FINAL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

import tilla as tl
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.customers import customers
from tilla.datasets.shopify.deletions import deleted_objects
from tilla.datasets.shopify.orders import order_line_items, orders
from tilla.datasets.shopify.refunds import (
    order_refund_adjustments,
    order_refund_line_items,
    order_refund_transactions,
    order_refunds,
)
from tilla.sources import Layout, airbyte, streams as declared_streams

STREAMS = tuple(stream.name for stream in declared_streams("shopify"))


@attrs.frozen(repr=False, eq=False)
class Curated:
    """The curated objects of a shop: iterate over them, or take one as an attribute by its name.

    An object whose streams are not synced is missing: ``shop.get("customers")`` gives None for it.
    """

    objects: tuple[Any, ...]
    context: Context

    def __iter__(self) -> Iterator[Any]:
        return iter(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    def get(self, name: str) -> Any:
        """The object of that name, or None."""
        return next((item for item in self.objects if getattr(item, "table", "") == name), None)

    def __getattr__(self, name: str) -> Any:
        found = None if name.startswith("_") else self.get(name)
        if found is None:
            raise AttributeError(f"no curated object {name!r}: its stream is not among streams=, or there is none")
        return found

    def __repr__(self) -> str:
        return f"<Curated {self.context.database}: {len(self.objects)} objects>"


def curated(
    *,
    layout: Layout = airbyte.DEFAULT,
    database: str = "data_shopify",
    raw_database: str = "",
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
) -> Curated:
    """Declare the curated tables of a shop over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own. ``timezone`` is the shop's reporting zone
    (an IANA name); it decides days, and changing it means a rebuild. ``streams`` are those that are synced.
    """
    own = attrs.evolve(layout, database=raw_database) if raw_database else layout
    chosen = frozenset(streams)
    for name in sorted(chosen):
        declared_stream(name)
    context = Context(layout=own, database=database, timezone=timezone, streams=chosen)
    return Curated(tuple(_objects(context)), context)


def declared_stream(name: str) -> Any:
    """Check a stream's name; an unknown one is an error with the nearest name."""
    from tilla.sources import stream

    return stream("shopify", name)


def _objects(context: Context) -> Iterator[Any]:
    """Every object whose streams are synced, its sources among them."""
    deletions = deleted_objects(context)
    deleted = deletions[0] if deletions else None
    made: list[Any] = [*deletions]
    if deleted is not None:
        made.append(c.latest(context, deleted))
    if context.has("orders"):
        made += _orders(context, deleted)
    for make in (order_refunds, order_refund_line_items, order_refund_adjustments, order_refund_transactions):
        views = make(context)
        made += [*views, *(c.latest(context, view) for view in views[:1])]
    if context.has("customers"):
        table = customers(context)
        made += [table, c.latest(context, table)]
    sources = {item.source.name: item.source for item in made if isinstance(item, tl.MaterializedView)}
    yield from sources.values()
    yield from made


def _orders(context: Context, deleted: Any) -> list[Any]:
    """Orders and what is exploded from them."""
    table = orders(context)
    living = (
        "deleted_at IS NULL\n"
        "  AND (shop_url, order_id) NOT IN (SELECT shop_url, id FROM {deleted} WHERE entity = 'order')"
    )
    newest = c.latest(
        context, table, living, deleted=deleted, comment="One row per order: the newest state, deleted orders left out."
    )
    made: list[Any] = [table, newest]
    for make in (order_line_items,):
        exploded = make(context)
        comment = (
            f"{exploded.comment} Of the newest state of each order: removed lines and deleted orders are left out."
        )
        made += [exploded, c.latest(context, exploded, c.OWNED, orders=newest, comment=comment)]
    return made


__all__ = ["STREAMS", "Context", "Curated", "curated"]
