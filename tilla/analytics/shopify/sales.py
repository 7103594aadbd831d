"""Sales by day."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated


def daily_sales(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    by_source: bool = False,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and local day; days with nothing but refunds are there.

    An order counts on the day it was placed and never changes that day again; a refund counts on its own day, a cancel on
    the day of the cancel. So the sum over days is the all-time figure. Test and deleted orders count nowhere, gift cards are
    no sales, and amounts are in the shop's currency. ``by_source`` gives a row per ``source_name`` (web, pos, ...) too. A
    refresh reads each order three times, each refund twice.
    """

    class DailySales(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(
            p.WORD, comment="the shop's currency, of every amount in the row; never summed over currencies"
        )
        date = tl.column(t.Date, comment=f"the shop's day, in {timezone or shop.context.timezone}")
        orders = tl.column(p.COUNT, comment="orders placed that day, cancelled ones included; sum over days")
        gross_sales = tl.column(
            p.AMOUNT, comment="price x quantity of lines that are no gift cards, tax taken out; sum over days"
        )
        discounts = tl.column(p.AMOUNT, comment="discounts allocated to those lines, tax taken out; sum over days")
        returns = tl.column(
            p.AMOUNT,
            comment="value of goods given back that day: refund lines that are no gift cards, minus refund discrepancies, "
            "plus what cancels reverse; sum over days",
        )
        net_sales = tl.column(p.AMOUNT, comment="gross_sales - discounts - returns; sum over days")
        shipping = tl.column(p.AMOUNT, comment="shipping after its discounts, minus shipping refunds; sum over days")
        taxes = tl.column(p.AMOUNT, comment="tax on orders, minus tax given back; sum over days")
        total_sales = tl.column(p.AMOUNT, comment="net_sales + shipping + taxes + duties + fees; sum over days")
        aov = tl.column(p.RATE, comment="demand_sales / orders, NULL without orders; do not sum or average")
        demand_sales = tl.column(p.AMOUNT, comment="gross_sales - discounts: what was ordered that day; sum over days")
        duties = tl.column(p.AMOUNT, comment="duties on orders, minus duties given back; sum over days")
        fees = tl.column(p.AMOUNT, comment="additional fees on orders; sum over days")
        customers = tl.column(p.COUNT, comment="different customers who ordered, guests left out; do not sum over days")
        units_sold = tl.column(t.Int64, comment="pieces ordered that are no gift cards; sum over days")
        units_returned = tl.column(t.Int64, comment="pieces given back that are no gift cards; sum over days")
        orders_with_discount = tl.column(
            p.COUNT, comment="orders with any discount, with or without a code; sum over days"
        )
        first_orders = tl.column(p.COUNT, comment="orders that are the first of their customer; sum over days")
        repeat_orders = tl.column(p.COUNT, comment="orders of customers who had ordered before; sum over days")
        refund_rate = tl.column(p.RATE, comment="returns / demand_sales of the day, NULL without sales; do not average")

    class BySource(DailySales):
        source_name = tl.column(p.WORD, comment="where the orders were placed: web, pos, an app's id; '' unknown")

    body: type[tl.Columns] = BySource if by_source else DailySales
    grain = "shop_url, currency, date" + (", source_name" if by_source else "")
    query = tl.sql(
        """WITH moves AS (
{moves}
)
SELECT
    shop_url,
    currency,
    date,
    countIf(is_sale) AS orders,
    sum(m.gross_sales) AS gross_sales,
    sum(m.discounts) AS discounts,
    sum(m.returns) AS returns,
    gross_sales - discounts - returns AS net_sales,
    sum(m.shipping) AS shipping,
    sum(m.taxes) AS taxes,
    net_sales + shipping + taxes + duties + fees AS total_sales,
    toFloat64(demand_sales) / nullIf(orders, 0) AS aov,
    gross_sales - discounts AS demand_sales,
    sum(m.duties) AS duties,
    sum(m.fees) AS fees,
    uniqExactIf(customer_id, is_sale) AS customers,
    sum(m.units) AS units_sold,
    sum(m.units_returned) AS units_returned,
    countIf(is_sale AND has_discount) AS orders_with_discount,
    countIf(is_sale AND customer_id IS NOT NULL AND nth = 1) AS first_orders,
    countIf(is_sale AND customer_id IS NOT NULL AND nth > 1) AS repeat_orders,
    toFloat64(returns) / nullIf(toFloat64(demand_sales), 0) AS refund_rate"""
        + (",\n    source_name" if by_source else "")
        + """
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY shop_url, customer_id, is_sale ORDER BY placed_at, order_id) AS nth
    FROM moves
) AS m
GROUP BY """
        + grain,
        moves=s.sales_moves(
            shop,
            timezone=timezone,
            exclude_voided=exclude_voided,
            refund_subtotal_includes_tax=refund_subtotal_includes_tax,
        ),
    )
    return p.measures(
        database,
        "daily_sales",
        body,
        query,
        order_by=(
            DailySales.shop_url,
            DailySales.currency,
            DailySales.date,
            *((BySource.source_name,) if by_source else ()),
        ),
        refresh=refresh,
        comment="One row per shop, currency and local day: orders, sales, returns, shipping and taxes.",
    )
