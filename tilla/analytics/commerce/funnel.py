"""The funnel: sessions, orders, sales, and the share of e-mail, by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.commerce import parts as x
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.klaviyo.attribution import credited
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated


def daily_funnel(
    shop: Curated,
    *,
    sales: Any,
    site: Curated | None = None,
    account: Curated | None = None,
    conversions: Any = None,
    database: str = "analytics_commerce",
    timezone: str = "",
    property_shops: Mapping[str, str] | None = None,
    account_shop: x.AccountShop = "",
    look_back_days: int = 2,
    exclude_voided: bool = False,
    window_hours: int = k.WINDOW_HOURS,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and day with sales or visits: sessions, orders, sales, and the share of e-mail.

    ``sales`` is the shop's ``daily_sales`` in the same zone, which refreshes first. ``property_shops`` says which GA4 property
    belongs to which shop_url, ``account_shop`` which shop the Klaviyo account belongs to, or by account each of several; one
    of each needs neither. Without it an order of any shop may be an e-mail order. A day
    without a GA4 row has NULL sessions: unknown is not zero. Without ``site`` or ``account`` what they would tell is NULL.
    An order is an e-mail order where Klaviyo, or else the last touch, gives the credit to a message that is no SMS and no
    push; its demand counts on the order's own day, so that a later refund cannot make the share negative. A refresh reads
    ``sales``, a row per day of GA4, and for e-mail orders the orders and a row per conversion, from ``conversions`` (Klaviyo's
    ``attributed_conversions``, whose window and merged profiles then hold). Without it also the clicks and opens, whose credit it
    works out itself.
    """

    class Funnel(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        date = tl.column(t.Date, comment=f"the shop's day, {p.zone(shop, timezone)}; GA4's days are its property's own")
        sessions = tl.column(
            t.Nullable(t.Int64), comment="GA4's sessions; NULL without a row for the day; sum over days"
        )
        orders = tl.column(p.COUNT, comment="orders placed; sum over days")
        demand_sales = tl.column(p.AMOUNT, comment="gross sales - discounts of these orders; sum over days")
        net_sales = tl.column(p.AMOUNT, comment="sales less what came back that day; sum over days")
        conversion_rate = tl.column(p.RATE, comment="orders / sessions: not GA4's rate of purchasers")
        net_sales_per_session = tl.column(p.RATE, comment="net_sales / sessions")
        email_orders = tl.column(t.Nullable(p.COUNT), comment="orders credited to an e-mail; sum over days")
        email_demand_sales = tl.column(t.Nullable(p.AMOUNT), comment="their demand on the order's day; sum over days")
        email_share = tl.column(p.RATE, comment="email_demand_sales / demand_sales; NULL without sales")
        ga4_partial = tl.column(
            t.Bool, comment=f"true where GA4 may still correct the day: read within {look_back_days} days"
        )
        tz_mismatch = tl.column(t.Bool, comment="true where property and shop have different zones")
        users = tl.column(
            t.Nullable(t.Int64),
            comment="GA4's users of the day; distinct, so never sum it; NULL where a shop has several properties",
        )

    overview = None if site is None else site.get("website_overview_latest")
    mailed = account is not None and account.get("events") is not None and account.get("metrics") is not None
    parts = [_SALES]
    relations: dict[str, Any] = {"sales": sales}
    if overview is not None:
        parts.append(_visits(property_shops or {}, look_back_days))
        relations["overview"] = overview
    if mailed:
        assert account is not None
        claimed, own = credited(account, conversions, window_hours=window_hours, merged=merged)
        parts.append(_emails(account, account_shop, claimed))
        relations |= own | {"counted": s.counted_orders(shop, timezone=timezone, exclude_voided=exclude_voided)}
        if account.get("campaigns") is not None:
            relations["campaigns"] = account.campaigns_latest
    differs = site is not None and site.context.timezone != p.zone(shop, timezone)
    email = ("sum(r.email_orders)", "sum(r.email_demand)") if mailed else ("NULL", "NULL")
    query = tl.sql(
        f"""WITH
selling AS (
    SELECT shop_url, currency, date, orders, demand_sales, net_sales FROM {{sales}}
),
{x.MAIN.replace("{placed}", _PLACED)},
moves AS (
{(chr(10) + "    UNION ALL" + chr(10)).join(parts)}
)
SELECT
    r.shop_url AS shop_url,
    r.currency AS currency,
    r.date AS date,
    sum(r.sessions) AS sessions,
    sum(r.orders) AS orders,
    sum(r.demand) AS demand_sales,
    sum(r.net) AS net_sales,
    orders / nullIf(sessions, 0) AS conversion_rate,
    toFloat64(net_sales) / nullIf(sessions, 0) AS net_sales_per_session,
    CAST({email[0]}, 'Nullable(UInt64)') AS email_orders,
    CAST({email[1]}, 'Nullable(Decimal(38, 4))') AS email_demand_sales,
    toFloat64(email_demand_sales) / nullIf(toFloat64(demand_sales), 0) AS email_share,
    toBool(max(r.partial)) AS ga4_partial,
    {"true" if differs else "false"} AS tz_mismatch,
    if(count(r.users) = 1, max(r.users), NULL) AS users
FROM moves AS r
GROUP BY shop_url, currency, date""",
        **relations,
    )
    return p.measures(
        database,
        "daily_funnel",
        Funnel,
        query,
        order_by=(Funnel.shop_url, Funnel.currency, Funnel.date),
        refresh=refresh,
        comment="One row per shop, currency and day: sessions, orders, sales, the share of e-mail.",
    )


_PLACED = "(SELECT shop_url, currency, sum(orders) AS placed FROM selling GROUP BY shop_url, currency)"
_SALES = """    SELECT
        toString(shop_url) AS shop_url, toString(currency) AS currency, date, CAST(NULL, 'Nullable(Int64)') AS sessions,
        orders, demand_sales AS demand, net_sales AS net, toUInt64(0) AS email_orders, toDecimal128(0, 4) AS email_demand,
        false AS partial, CAST(NULL, 'Nullable(Int64)') AS users
    FROM selling"""


def _visits(property_shops: Mapping[str, str], look_back_days: int) -> str:
    """The visits of a property, on the shop that it belongs to, in the shop's main currency."""
    return f"""    SELECT
        v.shop_url, ifNull(toString(m.currency), ''), v.date, v.sessions,
        toUInt64(0), toDecimal128(0, 4), toDecimal128(0, 4), toUInt64(0), toDecimal128(0, 4), v.partial, v.users
    FROM (
        SELECT
            toString(ifNull({x.shop_of_property(property_shops)}, '')) AS shop_url, date, sessions,
            toDate(extracted_at) <= date + {look_back_days:d} AS partial, total_users AS users
        FROM {{overview}}
    ) AS v
    LEFT JOIN main AS m ON v.shop_url = toString(m.shop_url)"""


def _emails(account: Curated, account_shop: x.AccountShop, claimed: str) -> str:
    """Orders credited to an e-mail, each once, on their own day."""
    channel = ""
    if account.get("campaigns") is not None:
        channel = "\n" + x.by_mail(account, " " * 12)
    mapped, shop = x.by_account(account, account_shop), x.one_shop(account, account_shop)
    own = f"\n        AND {shop}" if shop else ""
    order = "(toString(shop_url), toString(order_id))" if mapped else "toString(order_id)"
    home = f"{x.shop_of_account(account, account_shop)}, " if mapped else ""
    return f"""    SELECT
        toString(shop_url), toString(currency), date, CAST(NULL, 'Nullable(Int64)'),
        toUInt64(0), toDecimal128(0, 4), toDecimal128(0, 4), toUInt64(1), toDecimal128(gross_sales - discounts, 4), false,
        CAST(NULL, 'Nullable(Int64)')
    FROM ({{counted}})
    WHERE {order} IN (
            SELECT {home}assumeNotNull(order_ref) FROM {claimed}
            WHERE order_ref IS NOT NULL AND attribution_method != 'none'{channel}
        ){own}"""


__all__ = ["daily_funnel"]
