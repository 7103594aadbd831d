"""``data_shopify``: the curated tables of a shop.

::

    from tilla.datasets import shopify
    from tilla.sources import airbyte

    shop = shopify.curated(
        layout=airbyte.V2_1, timezone="America/New_York", streams=("orders", "order_refunds", "customers")
    )
    project = tl.project("shop", *shop)
    shop.orders_latest            # each object by its name

A stream that is not synced drops the tables that need it. Every table is a ReplacingMergeTree that keeps the newest
state of an entity, whatever order or how often its records arrive; read its ``_latest`` view, or the table with FINAL.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from tilla.datasets.common import Context, Curated
from tilla.datasets.shopify.assembly import assembled
from tilla.sources import Layout, airbyte, stream
from tilla.sources import streams as declared_streams

STREAMS = tuple(each.name for each in declared_streams("shopify"))


def curated(
    *,
    layout: Layout = airbyte.DEFAULT,
    database: str = "data_shopify",
    raw_database: str = "",
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
) -> Curated:
    """Declare the curated tables of a shop over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own. ``timezone`` is the shop's reporting
    zone (an IANA name); it decides days, and changing it means a rebuild. ``streams`` are those that are synced.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    own = attrs.evolve(layout, database=raw_database) if raw_database else layout
    chosen = frozenset(stream("shopify", name).name for name in streams)
    context = Context(layout=own, database=database, timezone=timezone, streams=chosen, connector="shopify")
    return Curated(tuple(assembled(context)), context)


__all__ = ["STREAMS", "Context", "Curated", "curated"]
