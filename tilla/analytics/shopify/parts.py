"""What the measures of a shop share: which orders count, and what was given back.

Definitions follow Shopify's sales reports. Each part is a SELECT that others build on: put it into a query of your own
as ``tl.sql("WITH counted AS ({counted}) SELECT ...", counted=counted_orders(shop))``.
"""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla.analytics.common import columns, day
from tilla.datasets.common import Curated


def counted_orders(shop: Curated, *, timezone: str = "", exclude_voided: bool = False) -> tl.Sql:
    """One row per order that counts, newest state; every amount is in shop currency, Decimal(38, 4), 0 where unknown.

    Left out: test orders, deleted orders, orders without a date. Open, pending, unpaid and cancelled orders count.
    ``exclude_voided`` leaves out orders whose payment was voided, and with them their reversals.
    Columns: shop_url, order_id, currency, date (the shop's day), placed_at, cancel_date, customer_id, source_name,
    taxes_included, gross_sales, discounts, shipping, shipping_discounts, taxes, duties, fees, units, has_discount.
    """
    orders = columns(shop.orders_latest)
    return tl.sql(
        """SELECT
    shop_url,
    order_id,
    toString(ifNull(currency, '')) AS currency,
    assumeNotNull({placed_day}) AS date,
    coalesce(processed_at, created_at) AS placed_at,
    {cancel_day} AS cancel_date,
    customer_id,
    toString(ifNull(source_name, '')) AS source_name,
    ifNull(taxes_included, false) AS taxes_included,
    toDecimal128(ifNull(gross_sales, 0), 4) AS gross_sales,
    toDecimal128(ifNull(discounts, 0), 4) AS discounts,
    toDecimal128(ifNull(shipping, 0), 4) AS shipping,
    toDecimal128(ifNull(shipping_discounts, 0), 4) AS shipping_discounts,
    toDecimal128(ifNull(taxes, 0), 4) AS taxes,
    toDecimal128(ifNull(duties, 0), 4) AS duties,
    toDecimal128(ifNull(fees, 0), 4) AS fees,
    ifNull(units, 0) AS units,
    has_discount
FROM {orders}
WHERE NOT ifNull(test, false) AND {placed_day} IS NOT NULL"""
        + (" AND ifNull(financial_status, '') != 'voided'" if exclude_voided else ""),
        orders=shop.orders_latest,
        placed_day=day(shop, f.coalesce(orders["processed_at"], orders["created_at"]), timezone),
        cancel_day=day(shop, orders["cancelled_at"], timezone),
    )


def given_back(shop: Curated, *, timezone: str = "") -> tl.Sql:
    """One row per order and day of refunds: what was given back that day, Decimal(38, 4) in shop currency.

    Columns: shop_url, order_id, date (the shop's day of the refund), goods (subtotals of lines that are no gift cards),
    goods_tax (their tax), tax (of all lines), units, discrepancy, shipping and adjustment_tax (adjustments as Shopify signs
    them: negative where money goes back), duties.
    """
    refunds, lines, adjustments = (
        shop.order_refunds,
        shop.order_refund_line_items,
        shop.order_refund_adjustments,
    )
    return tl.sql(
        """SELECT
    shop_url,
    order_id,
    date,
    sum(goods) AS goods,
    sum(goods_tax) AS goods_tax,
    sum(tax) AS tax,
    sum(units) AS units,
    sum(discrepancy) AS discrepancy,
    sum(shipping) AS shipping,
    sum(adjustment_tax) AS adjustment_tax,
    sum(duties) AS duties
FROM (
    SELECT
        shop_url,
        assumeNotNull(order_id) AS order_id,
        assumeNotNull({line_day}) AS date,
        ifNull(gift_card, (shop_url, line_id) IN (
            SELECT shop_url, line_id FROM {order_lines} WHERE gift_card
        )) AS gift,
        toDecimal128(if(gift, 0, ifNull(subtotal, 0)), 4) AS goods,
        toDecimal128(if(gift, 0, ifNull(total_tax, 0)), 4) AS goods_tax,
        toDecimal128(ifNull(total_tax, 0), 4) AS tax,
        if(gift, 0, ifNull(quantity, 0)) AS units,
        toDecimal128(0, 4) AS discrepancy,
        toDecimal128(0, 4) AS shipping,
        toDecimal128(0, 4) AS adjustment_tax,
        toDecimal128(0, 4) AS duties
    FROM {lines} FINAL
    WHERE order_id IS NOT NULL AND {line_day} IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull({adjustment_day}), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(if(kind = 'refund_discrepancy', ifNull(amount, 0), 0), 4),
        toDecimal128(if(kind = 'shipping_refund', ifNull(amount, 0), 0), 4),
        toDecimal128(ifNull(tax_amount, 0), 4),
        toDecimal128(0, 4)
    FROM {adjustments} FINAL
    WHERE order_id IS NOT NULL AND {adjustment_day} IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull({refund_day}), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4),
        toDecimal128(ifNull(duties, 0), 4)
    FROM {refunds} FINAL
    WHERE order_id IS NOT NULL AND {refund_day} IS NOT NULL AND ifNull(duties, 0) != 0
)
GROUP BY shop_url, order_id, date""",
        lines=lines,
        adjustments=adjustments,
        refunds=refunds,
        order_lines=shop.order_line_items,
        line_day=day(shop, columns(lines)["created_at"], timezone),
        adjustment_day=day(shop, columns(adjustments)["created_at"], timezone),
        refund_day=day(shop, columns(refunds)["created_at"], timezone),
    )


def sales_moves(
    shop: Curated, *, timezone: str = "", exclude_voided: bool = False, refund_subtotal_includes_tax: bool = False
) -> tl.Sql:
    """One row per thing that moves a day's sales: an order on its day, refunds on theirs, a cancel on its own.

    The sales of a cancelled order net to zero, and its pieces: what its refund lines do not cover (voided, never captured,
    given away for nothing) is reversed on the day of the cancel. Its shipping and tax are reversed as far as refunds say so.
    ``refund_subtotal_includes_tax`` takes the tax out of refund lines of orders whose prices include tax.
    Columns: shop_url, currency, order_id, date, customer_id, source_name, placed_at, is_sale, gross_sales, discounts,
    returns, shipping, taxes, duties, fees, units, units_returned, has_discount.
    """
    goods = "(g.goods - if(c.taxes_included, g.goods_tax, 0))" if refund_subtotal_includes_tax else "g.goods"
    zero = "toDecimal128(0, 4)"
    return tl.sql(
        f"""SELECT
    shop_url, currency, order_id, date, customer_id, source_name, placed_at,
    true AS is_sale,
    gross_sales,
    discounts,
    {zero} AS returns,
    shipping,
    taxes,
    duties,
    fees,
    units,
    toInt64(0) AS units_returned,
    has_discount
FROM ({{counted}})
UNION ALL
SELECT
    c.shop_url, c.currency, c.order_id, g.date, c.customer_id, c.source_name, c.placed_at,
    false, {zero}, {zero},
    toDecimal128({goods} - g.discrepancy, 4),
    g.shipping,
    toDecimal128(g.adjustment_tax - g.tax, 4),
    toDecimal128(-g.duties, 4),
    {zero}, toInt64(0), g.units, false
FROM ({{counted}}) AS c
INNER JOIN ({{given_back}}) AS g ON c.shop_url = g.shop_url AND c.order_id = g.order_id
UNION ALL
SELECT
    shop_url, currency, order_id, cancel_date, customer_id, source_name, placed_at,
    false, {zero}, {zero}, if(uncovered > 0, uncovered, {zero}), {zero}, {zero}, {zero}, {zero},
    toInt64(0), greatest(left_units, 0), false
FROM (
    SELECT
        c.shop_url AS shop_url, c.currency AS currency, c.order_id AS order_id, c.customer_id AS customer_id,
        c.source_name AS source_name, c.placed_at AS placed_at, assumeNotNull(c.cancel_date) AS cancel_date,
        toDecimal128(c.gross_sales - c.discounts - ifNull({goods}, 0), 4) AS uncovered,
        c.units - ifNull(g.units, 0) AS left_units
    FROM ({{counted}}) AS c
    LEFT JOIN (
        SELECT shop_url, order_id, sum(goods) AS goods, sum(goods_tax) AS goods_tax, sum(units) AS units
        FROM ({{given_back}})
        GROUP BY shop_url, order_id
    ) AS g ON c.shop_url = g.shop_url AND c.order_id = g.order_id
    WHERE c.cancel_date IS NOT NULL
)
WHERE uncovered > 0 OR left_units > 0""",
        counted=counted_orders(shop, timezone=timezone, exclude_voided=exclude_voided),
        given_back=given_back(shop, timezone=timezone),
    )
