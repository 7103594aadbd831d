"""Abandoned checkouts, and how many came back."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.datasets.common import Curated


def checkout_recovery(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    recovery_window_days: int = 7,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and day on which checkouts were begun.

    A checkout is recovered when it was completed, or an order that counts has its token, within the window after it was
    begun. A checkout has no amount in shop currency: its value is summed where it was in the shop's currency, the rest is
    counted in ``abandoned_other_currency``. Without stream ``orders`` only ``completed_at`` tells.
    """

    class Recovery(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        date = tl.column(t.Date, comment=f"day on which the checkouts were begun, {p.zone(shop, timezone)}")
        abandoned = tl.column(p.COUNT, comment="checkouts of the stream begun that day; sum over days")
        contactable = tl.column(p.COUNT, comment="of them, those with an e-mail; sum over days")
        abandoned_value = tl.column(p.AMOUNT, comment="their totals, where in shop currency; sum over days")
        recovered = tl.column(
            p.COUNT, comment=f"of them, those that became an order within {recovery_window_days} days; sum over days"
        )
        recovered_value = tl.column(
            p.AMOUNT, comment="totals of the recovered ones, where in shop currency; sum over days"
        )
        recovery_rate = tl.column(p.RATE, comment="recovered / abandoned")
        abandoned_other_currency = tl.column(
            p.COUNT, comment="checkouts in another currency, whose value is not summed"
        )

    query = tl.sql(
        """WITH
placed AS (
{placed}
),
checkouts AS (
    SELECT
        shop_url,
        checkout_id,
        toString(ifNull(shop_currency, '')) AS shop_currency,
        ifNull(currency = shop_currency, true) AS comparable,
        assumeNotNull({created_day}) AS date,
        assumeNotNull(created_at) AS created,
        completed_at,
        ifNull(token, '') AS token,
        email_norm IS NOT NULL AS contactable,
        toDecimal128(ifNull(total_price, 0), 4) AS total
    FROM {checkouts}
    WHERE {created_day} IS NOT NULL
)
SELECT
    shop_url,
    shop_currency AS currency,
    date,
    count() AS abandoned,
    countIf(contactable) AS contactable,
    sumIf(total, comparable) AS abandoned_value,
    countIf(is_recovered) AS recovered,
    sumIf(total, comparable AND is_recovered) AS recovered_value,
    recovered / nullIf(abandoned, 0) AS recovery_rate,
    countIf(NOT comparable) AS abandoned_other_currency
FROM (
    SELECT
        c.shop_url AS shop_url, c.shop_currency AS shop_currency, c.date AS date, c.contactable AS contactable,
        c.total AS total, c.comparable AS comparable,
        ifNull(c.completed_at <= c.created + toIntervalDay({window}), false)
            OR arrayExists(moment -> moment <= c.created + toIntervalDay({window}), o.moments) AS is_recovered
    FROM checkouts AS c
    LEFT JOIN placed AS o ON c.shop_url = o.shop_url AND c.token = o.checkout_token
)
GROUP BY shop_url, shop_currency, date""",
        placed=_placed(shop),
        checkouts=shop.abandoned_checkouts_latest,
        created_day=p.day(shop, p.columns(shop.abandoned_checkouts_latest)["created_at"], timezone),
        window=p.number(recovery_window_days),
    )
    return p.measures(
        database,
        "checkout_recovery",
        Recovery,
        query,
        order_by=(Recovery.shop_url, Recovery.currency, Recovery.date),
        refresh=refresh,
        comment="One row per shop, currency and day: checkouts begun and recovered.",
    )


def _placed(shop: Curated) -> tl.Sql:
    """Moments of the counted orders of each checkout token."""
    orders = shop.get("orders_latest")
    if orders is None:
        return tl.sql(
            "    SELECT '' AS shop_url, '' AS checkout_token, emptyArrayDateTime() AS moments FROM numbers(0)"
        )
    return tl.sql(
        """    SELECT
        shop_url,
        assumeNotNull(checkout_token) AS checkout_token,
        groupArray(assumeNotNull(coalesce(processed_at, created_at))) AS moments
    FROM {orders}
    WHERE NOT ifNull(test, false) AND checkout_token != '' AND coalesce(processed_at, created_at) IS NOT NULL
    GROUP BY shop_url, checkout_token""",
        orders=orders,
    )
