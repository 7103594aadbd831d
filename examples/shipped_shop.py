"""A shop of your own from the shipped datasets: its zone, its streams, its databases, and a table of its own on top.

python examples/shipped_shop.py                      # on an invented shop, in the embedded engine
python -m tilla.emit examples/shipped_shop.py:project
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tilla as tl
from tilla import types as t
from tilla.analytics import shopify as analytics
from tilla.datasets import shopify
from tilla.demo import Shop, land
from tilla.engines import MergeTree
from tilla.sources import airbyte

if TYPE_CHECKING:
    from tilla.servers import Server

ZONE = "Europe/Madrid"
STREAMS = ("orders", "order_refunds")  # a table whose streams are not synced is left out

shop = shopify.curated(layout=airbyte.DEFAULT, database="data_acme", timezone=ZONE, streams=STREAMS)
sales = analytics.daily_sales(shop, database="analytics_acme", timezone=ZONE)  # analytics.measured(shop) gives all


class ByCountry(tl.Columns):
    currency = tl.column(t.String)
    country = tl.column(t.String, comment="of the shipping address; '' where there is none")
    orders = tl.column(t.UInt64)
    units = tl.column(t.Int64)


orders_by_country = tl.RefreshableView(
    "analytics_acme.orders_by_country",
    ByCountry,
    refresh=tl.every(hours=1),
    engine=MergeTree(order_by=(ByCountry.currency, ByCountry.country)),
    query=tl.sql(
        """
        SELECT
            ifNull(currency, '') AS currency,
            ifNull(shipping_country, '') AS country,
            count() AS orders,
            toInt64(sum(ifNull(units, 0))) AS units
        FROM {orders}
        WHERE NOT is_cancelled AND NOT ifNull(test, false) AND deleted_at IS NULL
        GROUP BY currency, country
        """,
        orders=shop.orders_latest,  # one row per order, as it is now
    ),
)

analyst = tl.Role("acme_analyst", select=("analytics_acme.*",), readonly=2)

# Everything would be tl.project("acme", *shop, sales, ...); this is what two tables need, and nothing else.
project = tl.project("acme", *shop, sales, orders_by_country, analyst).select("analytics_acme.*", analyst.name)


def main() -> None:
    """Land an invented shop that sells in euros, fill, and read two tables."""
    with tl.connect("chdb://memory") as server:
        provision(server)
        totals = server.rows(
            "SELECT currency, sum(orders) AS orders, sum(net_sales) AS net_sales"
            f" FROM {sales.name} GROUP BY currency ORDER BY currency"
        )
        for row in totals:
            print(row["currency"], row["orders"], row["net_sales"])
        for row in server.rows(f"SELECT * FROM {orders_by_country.name} ORDER BY orders DESC, country LIMIT 3"):
            print(row["currency"], row["country"], row["orders"], row["units"])


def provision(server: Server) -> None:
    """Raw tables and rows, as a loader leaves them; then schema and history."""
    sources = project.select("raw_shopify.*")
    tl.apply(tl.plan(sources, server, with_sources=True), server)
    invented = Shop(orders=60, currency="EUR", timezone=ZONE, shop_url="acme")
    land(server, invented, airbyte.DEFAULT, streams=[f"shopify.{name}" for name in STREAMS])
    tl.apply(tl.plan(project, server), server)
    tl.apply(tl.backfill(project, server), server)


if __name__ == "__main__":
    main()
