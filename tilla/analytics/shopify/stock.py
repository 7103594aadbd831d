"""Inventory: how long it lasts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated


def inventory_cover(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    as_of: dt.date | None = None,
    window_days: int = 28,
    lead_time_days: int = 14,
    snapshots: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per shop and tracked inventory item: what is there, how fast it sells, how many days it lasts.

    The window is the ``window_days`` days up to ``as_of`` (default: today), that day included. An order line belongs to the
    item of its variant, else to the item of its sku; without stream ``product_variants`` to that of its sku. A refund line
    that puts goods back (return, cancel, legacy_restock) lowers the units on the refund's day. Stock at locations that are
    closed does not count, as far as stream ``locations`` says. Without stream ``orders`` nothing is known of sales: what
    depends on them is NULL. ``snapshots`` (the shop's ``inventory_levels_daily``) makes velocity units per day in stock: an item
    that was sold out for half of the window sells twice as fast as its units say. Days without a readable snapshot are not known and
    do not count; an item without any keeps the window. A refresh reads orders once, the order lines of the window's orders, refund lines, and the stock.
    """

    class Cover(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="currency of the item's cost, else the shop's: of inventory_value")
        sku = tl.column(t.Nullable(t.String), comment="stock keeping unit of the item")
        available = tl.column(
            t.Nullable(t.Int64),
            comment="pieces that can be sold, over all active locations whose level is readable; negative when oversold, "
            "NULL where levels are there and none is readable",
        )
        units_net = tl.column(
            t.Nullable(t.Int64),
            comment=f"pieces sold less pieces put back in the last {window_days} days; NULL without stream orders",
        )
        daily_velocity = tl.column(p.RATE, comment=f"units_net / {window_days}")
        days_of_cover = tl.column(
            p.RATE, comment="max(available, 0) / daily_velocity; NULL where nothing sells, or available is NULL"
        )
        inventory_value = tl.column(
            t.Nullable(t.Decimal(38, 4)),
            comment="max(available, 0) x unit cost, in currency; NULL where either is unknown",
        )
        stockout = tl.column(
            t.Nullable(t.Bool), comment="true where nothing can be sold: available <= 0; NULL where unknown"
        )
        reorder = tl.column(
            t.Nullable(t.Bool),
            comment=f"true where it sells and lasts less than the lead time of {lead_time_days} days; NULL where it sells and "
            "days_of_cover is unknown, and without stream orders",
        )
        inventory_item_id = tl.column(t.Int64, comment="inventory_items.inventory_item_id")
        unit_cost = tl.column(
            t.Nullable(t.Decimal(18, 4)), comment="cost of one piece, in currency; NULL where unknown"
        )
        incoming = tl.column(
            t.Nullable(t.Int64),
            comment="pieces on their way, over all active locations; NULL where unknown, as available",
        )
        days_in_stock = tl.column(
            t.Nullable(p.COUNT),
            comment="days of the window whose snapshot had pieces to sell: what velocity divides by; NULL without snapshots",
        )
        as_of = tl.column(t.Date, comment=f"last day of the window, in {p.zone(shop, timezone)}")

    sells = shop.get("orders") is not None
    query = tl.sql(
        f"""WITH
{_SOLD if sells else _NOTHING_SOLD},
variant_items AS (
{{variant_items}}
),
sku_items AS (
    SELECT shop_url, sku, min(inventory_item_id) AS sku_item
    FROM {{items}}
    WHERE sku != ''
    GROUP BY shop_url, sku
),
moved AS (
    SELECT shop_url, item, sum(units) AS units_net
    FROM (
        SELECT
            s.shop_url AS shop_url, s.units AS units,
            if(ifNull(v.variant_item, 0) != 0, v.variant_item, ifNull(k.sku_item, 0)) AS item
        FROM sold AS s
        LEFT JOIN variant_items AS v ON s.shop_url = v.shop_url AND s.variant_id = v.variant_id
        LEFT JOIN sku_items AS k ON s.shop_url = k.shop_url AND s.sku = k.sku
    )
    WHERE item != 0
    GROUP BY shop_url, item
),
in_stock AS (
{_IN_STOCK if snapshots is not None else _NO_SNAPSHOTS}
),
stock AS (
    SELECT shop_url, inventory_item_id, count() AS levels, sum(available) AS readable, sum(incoming) AS coming
    FROM {{levels}}
    WHERE {{at_active_locations}}
    GROUP BY shop_url, inventory_item_id
),
shops AS (
    SELECT shop_url, argMax(currency, placed_at) AS shop_currency FROM counted GROUP BY shop_url
)
SELECT
    i.shop_url AS shop_url,
    toString(coalesce(i.cost_currency, nullIf(c.shop_currency, ''), '')) AS currency,
    i.sku AS sku,
    if(s.levels = 0, 0, s.readable) AS available,
    {"toNullable(toInt64(ifNull(m.units_net, 0)))" if sells else "CAST(NULL, 'Nullable(Int64)')"} AS units_net,
    units_net / if(d.item != 0, nullIf(d.days, 0), {{window_days}}) AS daily_velocity,
    if(units_net > 0, if(available < 0, 0, available) / daily_velocity, NULL) AS days_of_cover,
    toDecimal128(i.unit_cost, 4) * if(available < 0, 0, available) AS inventory_value,
    available <= 0 AS stockout,
    {"if(units_net > 0, days_of_cover < {lead_time_days}, false)" if sells else "CAST(NULL, 'Nullable(Bool)')"} AS reorder,
    i.inventory_item_id AS inventory_item_id,
    i.unit_cost AS unit_cost,
    if(s.levels = 0, 0, s.coming) AS incoming,
    if(d.item != 0, toNullable(d.days), NULL) AS days_in_stock,
    {{as_of}} AS as_of
FROM {{items}} AS i
LEFT JOIN stock AS s ON i.shop_url = s.shop_url AND i.inventory_item_id = s.inventory_item_id
LEFT JOIN moved AS m ON i.shop_url = m.shop_url AND i.inventory_item_id = m.item
LEFT JOIN in_stock AS d ON i.shop_url = d.shop_url AND i.inventory_item_id = d.item
LEFT JOIN shops AS c ON i.shop_url = c.shop_url
WHERE ifNull(i.tracked, true)""",
        variant_items=_variant_items(shop),
        items=shop.inventory_items_latest,
        levels=shop.inventory_levels_latest,
        at_active_locations=_active(shop),
        as_of=p.day_or_today(shop, as_of, timezone),
        window_days=p.number(window_days),
        **({"snapshots": snapshots} if snapshots is not None else {}),
        **(_sales(shop, timezone) | {"lead_time_days": p.number(lead_time_days)} if sells else {}),
    )
    return p.measures(
        database,
        "inventory_cover",
        Cover,
        query,
        order_by=(Cover.shop_url, Cover.currency, Cover.inventory_item_id),
        refresh=refresh,
        comment="One row per shop and tracked inventory item: what is there and how many days it lasts.",
    )


def _sales(shop: Curated, timezone: str) -> dict[str, Any]:
    """What :data:`_SOLD` reads."""
    lines = shop.order_refund_line_items
    return {
        "counted": s.counted_orders(shop, timezone=timezone),
        "order_lines": shop.order_line_items_latest,
        "order_lines_table": shop.order_line_items,
        "refund_lines": lines,
        "refund_day": p.day(shop, p.columns(lines)["created_at"], timezone),
    }


# Pieces sold in the window, and pieces put back in it.
_SOLD = """counted AS (
{counted}
),
sold AS (
    SELECT shop_url, variant_id, sku, toInt64(ifNull(quantity, 0)) AS units
    FROM {order_lines}
    WHERE (shop_url, order_id) IN (
        SELECT shop_url, order_id FROM counted WHERE date > {as_of} - {window_days} AND date <= {as_of}
    )
    UNION ALL
    SELECT r.shop_url, ifNull(l.variant_id, r.variant_id), ifNull(l.sku, r.sku), -toInt64(ifNull(r.quantity, 0))
    FROM (
        SELECT * FROM {refund_lines} FINAL
        WHERE restock_type IN ('return', 'cancel', 'legacy_restock')
            AND {refund_day} > {as_of} - {window_days} AND {refund_day} <= {as_of}
            AND (shop_url, order_id) IN (SELECT shop_url, order_id FROM counted)
    ) AS r
    LEFT JOIN (
        SELECT shop_url, line_id, any(variant_id) AS variant_id, any(sku) AS sku
        FROM {order_lines_table}
        GROUP BY shop_url, line_id
    ) AS l ON r.shop_url = l.shop_url AND r.line_id = l.line_id
)"""

_NOTHING_SOLD = """counted AS (
    SELECT '' AS shop_url, '' AS currency, toDateTime64(0, 3, 'UTC') AS placed_at WHERE false
),
sold AS (
    SELECT
        '' AS shop_url, CAST(NULL, 'Nullable(Int64)') AS variant_id, CAST(NULL, 'Nullable(String)') AS sku, toInt64(0) AS units
    WHERE false
)"""


_IN_STOCK = """    SELECT shop_url, inventory_item_id AS item, countIf(there > 0) AS days
    FROM (
        SELECT shop_url, inventory_item_id, date, sum(available) AS there
        FROM {snapshots} FINAL
        WHERE available IS NOT NULL AND date > {as_of} - {window_days} AND date <= {as_of}
        GROUP BY shop_url, inventory_item_id, date
    )
    GROUP BY shop_url, item"""
_NO_SNAPSHOTS = "    SELECT '' AS shop_url, toInt64(0) AS item, toUInt64(0) AS days WHERE false"


def _variant_items(shop: Curated) -> tl.Sql:
    """From variant to inventory item; nothing where variants are not synced."""
    variants = shop.get("product_variants_latest")
    if variants is None:
        return tl.sql("    SELECT '' AS shop_url, toInt64(0) AS variant_id, toInt64(0) AS variant_item WHERE 0")
    return tl.sql(
        """    SELECT shop_url, variant_id, ifNull(inventory_item_id, 0) AS variant_item
    FROM {variants}""",
        variants=variants,
    )


def _active(shop: Curated) -> tl.Sql:
    """The condition that a level is at a location that is not closed; true for all where locations are not synced."""
    locations = shop.get("locations_latest")
    if locations is None:
        return tl.sql("true")
    return tl.sql(
        "(shop_url, location_id) NOT IN (SELECT shop_url, location_id FROM {locations} WHERE active = false)",
        locations=locations,
    )
