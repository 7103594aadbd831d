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

from collections.abc import Iterable, Mapping

from tilla.datasets.common import Context, Curated
from tilla.datasets.feeds import contexts
from tilla.datasets.shopify.assembly import assembled
from tilla.sources import Landing, Layout, SyncMode, airbyte
from tilla.sources import streams as declared_streams

STREAMS = tuple(each.name for each in declared_streams("shopify"))


def curated(
    *,
    layout: Layout = airbyte.DEFAULT,
    database: str = "data_shopify",
    raw_database: str = "",
    prefix: str = "",
    modes: Mapping[str, SyncMode] | None = None,
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
    also: Iterable[Landing] = (),
) -> Curated:
    """Declare the curated tables of a shop over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own, ``prefix`` what it puts before the names of
    its tables. ``modes`` is the sync mode of single streams: a table over one that is ``overwrite`` is rebuilt every hour,
    for a swapped raw table fires no view. ``also`` are further connections into the same tables, such as what an older
    Airbyte left behind. ``timezone`` is the shop's reporting zone (an IANA name); it decides days, and changing it means a
    rebuild. ``streams`` are those that are synced.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    connections = contexts(
        "shopify", layout=layout, database=database, raw_database=raw_database, prefix=prefix, modes=modes,
        timezone=timezone, streams=streams, also=also,
    )  # fmt: skip
    return Curated(assembled(connections), connections[0])


__all__ = ["STREAMS", "Context", "Curated", "curated"]
