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
    clicks: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and day on which checkouts were begun.

    A checkout is recovered when it was completed, or an order that counts has its token, within the window after it was
    begun. A checkout has no amount in shop currency: its value is summed where it was in the shop's currency, the rest is
    counted in ``abandoned_other_currency``. Without stream ``orders`` only ``completed_at`` tells.

    ``clicks`` is a relation with (email, clicked_at), such as :func:`tilla.analytics.klaviyo.email_clicks` of the shop's
    account: a recovered checkout is ``email_assisted`` where its e-mail clicked after it was begun and before it was recovered.
    With a column ``shop_url`` it counts for that shop alone. Without clicks that is NULL. A refresh reads every checkout (the source keeps about three months), of orders token and time,
    and the clicks.
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
        email_assisted = tl.column(
            t.Nullable(p.COUNT),
            comment="of the recovered, those whose e-mail clicked in between; NULL where clicks are not known; sum over days",
        )

    told = clicks.reading.output_names or () if isinstance(clicks, tl.Sql) else getattr(clicks, "column_names", ())
    by_shop = "shop_url" in told
    query = tl.sql(
        f"""WITH
placed AS (
{{placed}}
),
checkouts AS (
    SELECT
        shop_url,
        checkout_id,
        toString(ifNull(shop_currency, '')) AS shop_currency,
        ifNull(currency = shop_currency, true) AS comparable,
        assumeNotNull({{created_day}}) AS date,
        assumeNotNull(created_at) AS created,
        completed_at,
        ifNull(token, '') AS token,
        email_norm IS NOT NULL AS contactable,
        ifNull(email_norm, '') AS email,
        toDecimal128(ifNull(total_price, 0), 4) AS total
    FROM {{checkouts}}
    WHERE {{created_day}} IS NOT NULL
),
clicked AS (
{_NO_CLICKS if clicks is None else _clicked(clicks, by_shop)}
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
    countIf(NOT comparable) AS abandoned_other_currency,
    CAST({"countIf(is_recovered AND is_assisted)" if clicks is not None else "NULL"}, 'Nullable(UInt64)') AS email_assisted
FROM (
    SELECT
        c.shop_url AS shop_url, c.shop_currency AS shop_currency, c.date AS date, c.contactable AS contactable,
        c.total AS total, c.comparable AS comparable,
        arraySort(arrayFilter(
            moment -> moment <= c.created + toIntervalDay({{window}}),
            arrayPushBack(o.moments, ifNull(c.completed_at, {_NEVER}))
        )) AS recoveries,
        notEmpty(recoveries) AS is_recovered,
        is_recovered AND arrayExists(click -> click > c.created AND click <= recoveries[1], k.clicks) AS is_assisted
    FROM checkouts AS c
    LEFT JOIN placed AS o ON c.shop_url = o.shop_url AND c.token = o.checkout_token
    LEFT JOIN clicked AS k ON c.email = k.email{" AND c.shop_url = k.shop_url" if by_shop else ""}
)
GROUP BY shop_url, shop_currency, date""",
        placed=_placed(shop),
        checkouts=shop.abandoned_checkouts_latest,
        created_day=p.day(shop, p.columns(shop.abandoned_checkouts_latest)["created_at"], timezone),
        window=p.number(recovery_window_days),
        **({"clicks": clicks} if clicks is not None else {}),
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


_NEVER = "toDateTime64('2200-01-01 00:00:00', 3, 'UTC')"
_NO_CLICKS = "    SELECT '' AS email, CAST([], 'Array(DateTime64(3, \\'UTC\\'))') AS clicks WHERE false"


def _clicked(clicks: Any, by_shop: bool) -> str:
    """Moments of the clicks of each e-mail; of each shop, where they tell it."""
    shop = "shop_url, " if by_shop else ""
    rows = "({clicks})" if isinstance(clicks, tl.Sql) else "{clicks}"
    return f"""    SELECT {shop}email, groupArray(clicked_at) AS clicks
    FROM {rows}
    WHERE email IN (SELECT email FROM checkouts)
    GROUP BY {shop}email"""


def _placed(shop: Curated) -> tl.Sql:
    """Moments of the counted orders of each checkout token."""
    orders = shop.get("orders_latest")
    if orders is None:
        return tl.sql(
            "    SELECT '' AS shop_url, '' AS checkout_token, CAST([], 'Array(DateTime64(3, \\'UTC\\'))') AS moments WHERE false"
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
