"""Discounts: what each code brought and cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated


def discount_effect(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    start: dt.date | None = None,
    end: dt.date | None = None,
    by_day: bool = False,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and code; ``(automatic)`` is discounts without a code, ``(none)`` orders without discounts.

    Codes are compared as ``upper(trim(code))``. An order with two codes counts under both, so orders and sales do not add up
    over codes; the discounts do. ``start`` and ``end`` (both included) limit the orders by their day; first orders look at
    all history, and returns of those orders count whenever they happened. ``by_day`` gives a row per day of the orders too,
    before the code; ``aov_lift`` then compares within the day. A refresh reads every order that counts four times,
    refunds twice, discounts once; in memory is one row per order, which spills to disk.
    """

    class Effect(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        code = tl.column(t.String, comment="the code, upper case and trimmed; (automatic), (none)")
        orders = tl.column(p.COUNT, comment="orders with the code; not to be summed over codes")
        customers = tl.column(p.COUNT, comment="different customers of those orders; not to be summed")
        first_orders = tl.column(
            p.COUNT, comment="of those orders, the first of their customer; not to be summed over codes"
        )
        product_discount = tl.column(
            p.AMOUNT, comment="what the code took off goods, without tax where prices include it; sum over codes"
        )
        shipping_discount = tl.column(p.AMOUNT, comment="what the code took off shipping; sum over codes")
        gross_sales = tl.column(p.AMOUNT, comment="gross sales of those orders; not to be summed over codes")
        net_sales = tl.column(
            p.AMOUNT, comment="their gross sales less all discounts and returns; not to be summed over codes"
        )
        aov = tl.column(p.RATE, comment="(gross_sales - all discounts) / orders")
        discount_rate = tl.column(p.RATE, comment="product_discount / gross_sales; NULL without sales")
        aov_lift = tl.column(p.RATE, comment="aov / aov of (none) - 1; NULL where there is no order without discounts")
        first_order_aov = tl.column(p.RATE, comment="aov of the first orders alone")
        repeat_order_aov = tl.column(p.RATE, comment="aov of the orders of customers who had ordered before")

    date = tl.column(t.Date, name="date", comment=f"the shop's day of the orders, {p.zone(shop, timezone)}")
    columns = tl.columns_of(Effect.shop_url, Effect.currency, date, *_after_currency(Effect), name="ByDay")
    body: Any = columns if by_day else Effect
    own, day = ("order_date AS date,\n    ", ", date") if by_day else ("", "")

    query = tl.sql(
        """WITH
moves AS (
{moves}
),
uses AS (
    SELECT shop_url, order_id, code, sum(on_goods) AS on_goods, sum(on_shipping) AS on_shipping
    FROM (
        SELECT
            shop_url, order_id, ifNull(code, '(automatic)') AS code,
            toDecimal128(if(target = 'line_item' AND NOT ifNull(gift_card, false), ifNull(sale_discount, 0), 0), 4) AS on_goods,
            toDecimal128(if(target = 'shipping_line', ifNull(sale_discount, 0), 0), 4) AS on_shipping
        FROM {discounts}
        UNION ALL
        SELECT shop_url, order_id, arrayJoin(discount_codes), toDecimal128(0, 4), toDecimal128(0, 4)
        FROM {orders}
    )
    GROUP BY shop_url, order_id, code
),
sales AS (
    SELECT
        shop_url, currency, order_id, any(customer_id) AS customer_id, minIf(nth, is_sale) = 1 AS is_first,
        any(order_date) AS order_day,
        sum(gross_sales) AS gross, sum(gross_sales - discounts) AS demand, sum(gross_sales - discounts - returns) AS net
    FROM (
        SELECT
            *,
            row_number() OVER (PARTITION BY shop_url, customer_id, is_sale ORDER BY placed_at, order_id) AS nth,
            minIf(date, is_sale) OVER (PARTITION BY shop_url, order_id) AS order_date
        FROM moves
    )
    WHERE {within}
    GROUP BY shop_url, currency, order_id
)
SELECT
    shop_url,
    currency,
    @own@used AS code,
    count() AS orders,
    uniqExact(customer_id) AS customers,
    countIf(is_first AND customer_id IS NOT NULL) AS first_orders,
    sum(on_goods) AS product_discount,
    sum(on_shipping) AS shipping_discount,
    sum(gross) AS gross_sales,
    sum(net) AS net_sales,
    toFloat64(sum(demand)) / nullIf(orders, 0) AS aov,
    toFloat64(product_discount) / nullIf(toFloat64(gross_sales), 0) AS discount_rate,
    aov / nullIf(anyIf(aov, used = '(none)') OVER (PARTITION BY shop_url, currency@day@), 0) - 1 AS aov_lift,
    toFloat64(sumIf(demand, is_first AND customer_id IS NOT NULL)) / nullIf(first_orders, 0) AS first_order_aov,
    toFloat64(sumIf(demand, NOT is_first AND customer_id IS NOT NULL))
        / nullIf(countIf(NOT is_first AND customer_id IS NOT NULL), 0) AS repeat_order_aov
FROM (
    SELECT
        s.shop_url AS shop_url, s.currency AS currency, s.customer_id AS customer_id, s.is_first AS is_first,
        s.gross AS gross, s.demand AS demand, s.net AS net, s.order_day AS order_date,
        if(ifNull(u.code, '') = '', '(none)', u.code) AS used,
        ifNull(u.on_goods, 0) AS on_goods, ifNull(u.on_shipping, 0) AS on_shipping
    FROM sales AS s
    LEFT JOIN uses AS u ON s.shop_url = u.shop_url AND s.order_id = u.order_id
)
GROUP BY shop_url, currency@day@, used""".replace("@own@", own).replace("@day@", day),
        moves=s.sales_moves(
            shop,
            timezone=timezone,
            exclude_voided=exclude_voided,
            refund_subtotal_includes_tax=refund_subtotal_includes_tax,
        ),
        discounts=shop.order_discount_latest,
        orders=shop.orders_latest,
        within=p.within("order_date", start, end),
    )
    return p.measures(
        database,
        "discount_effect_by_day" if by_day else "discount_effect",
        body,
        query,
        order_by=(Effect.shop_url, Effect.currency, *((date,) if by_day else ()), Effect.code),
        refresh=refresh,
        comment=f"One row per shop, currency{', day' if by_day else ''} and discount code: orders, sales and what the code cost.",
    )


def _after_currency(body: Any) -> tuple[tl.Column[Any], ...]:
    """The columns of a body behind shop and currency, in order."""
    return tuple(item for name, item in vars(body).items() if isinstance(item, tl.Column))[2:]
