"""Channels: visits and orders by where they came from, under one rule for both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.commerce import parts as x
from tilla.analytics.shopify import parts as s
from tilla.datasets.channels import channel_group
from tilla.datasets.common import Curated

# What Google adds to the address of a page that an advertisement leads to.
CLICK_IDS = ("gclid", "gbraid", "wbraid")


def order_channel(orders: Any, *, own_domains: Iterable[str] = ()) -> tl.Expr[str]:
    """The channel of an order, by :func:`~tilla.datasets.channels.channel_group`: the rule of GA4's sessions. String.

    ``orders`` is the curated orders, or any relation with ``landing_site``, ``referring_site``, ``utm_source``,
    ``utm_medium``, ``source_name`` and ``shop_url``. Source and medium are the landing page's UTM parameters; without any,
    a page with a ``fbclid`` comes from facebook.com and else the host of the referring page gives the source, both as
    referrals. The shop's own pages refer to nothing: its ``myshopify.com`` host and ``own_domains``. A ``gclid`` is an
    advertisement, ``source_name`` pos is Offline.
    """
    known = p.columns(orders)
    landing = f.if_null(known["landing_site"], "")
    referrer = f.lower(f.domain_without_www(f.if_null(known["referring_site"], "")))
    own = f.concat(f.lower(known["shop_url"]), ".myshopify.com")
    mine = f.or_(referrer == own, referrer == f.lower(f.domain_without_www(landing)))
    listed = tuple(domain.lower().removeprefix("www.") for domain in own_domains)
    mine = f.or_(mine, referrer.is_in(listed)) if listed else mine
    social = f.extract_url_parameter(landing, "fbclid") != ""
    tagged = f.or_(known["utm_source"].is_not_null(), known["utm_medium"].is_not_null())
    referred = f.and_(referrer != "", f.not_(mine))
    clicks = [f.extract_url_parameter(landing, name) != "" for name in CLICK_IDS]
    return channel_group(
        f.multi_if(tagged, f.if_null(known["utm_source"], ""), social, "facebook.com", referred, referrer, ""),
        f.multi_if(tagged, f.if_null(known["utm_medium"], ""), f.or_(social, referred), "referral", ""),
        paid=f.or_(*clicks),
        offline=f.if_null(f.lower(known["source_name"]) == "pos", False),
    )


def channel_performance(
    shop: Curated,
    *,
    site: Curated | None = None,
    database: str = "analytics_commerce",
    timezone: str = "",
    property_shops: Mapping[str, str] | None = None,
    own_domains: Iterable[str] = (),
    exclude_voided: bool = False,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency, day and channel that had sessions or orders.

    Sessions are GA4's ``traffic_sources``, orders the shop's, both under :func:`order_channel`'s rule; else their ratio would
    mean nothing. Days of sessions are the property's, days of orders the shop's. A channel with orders alone has 0 sessions.
    Without ``site`` or its stream ``traffic_sources`` sessions are NULL, without the shop's stream ``orders`` its orders.
    ``property_shops`` says which GA4 property belongs to which shop_url; one of each needs none. A refresh reads every order
    once for its sales and once for its source, and every row of ``traffic_sources``; both are rebuilt because both are sent
    again with other numbers.
    """

    class Channel(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        date = tl.column(t.Date, comment=f"the shop's day, {p.zone(shop, timezone)}; GA4's days are its property's own")
        channel = tl.column(
            p.WORD,
            comment="Paid Search, Email, Organic Search, Offline, Direct, Referral, Other; one rule for both sides",
        )
        sessions = tl.column(t.Nullable(t.Int64), comment="GA4's sessions, 0 without any; sum over days and channels")
        orders = tl.column(t.Nullable(p.COUNT), comment="orders placed; sum over days and channels")
        demand_sales = tl.column(t.Nullable(p.AMOUNT), comment="gross sales - discounts of these orders; sum")
        conversion_rate = tl.column(p.RATE, comment="orders / sessions; NULL without sessions")
        resolved_orders = tl.column(
            t.Nullable(p.COUNT),
            comment="of the orders, those that say where they came from: landing page, referrer, pos; sum",
        )
        coverage = tl.column(
            p.RATE, comment="resolved_orders / orders; the other orders count as Direct, which they may not be"
        )

    orders = shop.get("orders_latest")
    sources = None if site is None else site.get("traffic_sources_latest")
    parts: list[str] = []
    ctes: list[str] = []
    relations: dict[str, Any] = {}
    nothing = "CAST(NULL, 'Nullable(Int64)')" if sources is None else "toNullable(toInt64(0))"
    if orders is None:
        ctes.append("main AS (SELECT '' AS shop_url, '' AS currency, 0 AS placed WHERE 0)")
    else:
        ctes.append("counted AS (\n{counted}\n)")
        ctes.append(
            x.MAIN.replace(
                "{placed}", "(SELECT shop_url, currency, count() AS placed FROM counted GROUP BY shop_url, currency)"
            )
        )
        parts.append(
            f"""    SELECT
        toString(c.shop_url) AS shop_url, toString(c.currency) AS currency, c.date AS date, o.channel AS channel,
        {nothing} AS sessions, toUInt64(1) AS orders, toDecimal128(c.gross_sales - c.discounts, 4) AS demand,
        toUInt64(o.resolved) AS resolved
    FROM counted AS c
    INNER JOIN (
        SELECT shop_url, order_id, {{order_channel}} AS channel, {{resolved}} AS resolved FROM {{orders}}
    ) AS o ON c.shop_url = o.shop_url AND c.order_id = o.order_id"""
        )
        known = p.columns(orders)
        relations |= {
            "counted": s.counted_orders(shop, timezone=timezone, exclude_voided=exclude_voided),
            "orders": orders,
            "order_channel": order_channel(orders, own_domains=own_domains),
            "resolved": f.or_(
                f.if_null(known["landing_site"], "") != "",
                f.if_null(known["referring_site"], "") != "",
                f.if_null(f.lower(known["source_name"]) == "pos", False),
            ),
        }
    if sources is not None:
        parts.append(
            f"""    SELECT
        v.shop_url AS shop_url, ifNull(toString(m.currency), '') AS currency, v.date AS date, v.channel AS channel,
        v.sessions AS sessions, toUInt64(0) AS orders, toDecimal128(0, 4) AS demand, toUInt64(0) AS resolved
    FROM (
        SELECT
            toString(ifNull({x.shop_of_property(property_shops)}, '')) AS shop_url, date,
            {{session_channel}} AS channel, toNullable(toInt64(ifNull(sessions, 0))) AS sessions
        FROM {{sources}}
    ) AS v
    LEFT JOIN main AS m ON v.shop_url = toString(m.shop_url)"""
        )
        cells = p.columns(sources)
        relations |= {
            "sources": sources,
            "session_channel": channel_group(cells["session_source"], cells["session_medium"]),
        }
    if not parts:
        parts.append(
            "    SELECT '' AS shop_url, '' AS currency, toDate(0) AS date, '' AS channel, CAST(NULL, 'Nullable(Int64)') AS sessions,"
            " toUInt64(0) AS orders, toDecimal128(0, 4) AS demand, toUInt64(0) AS resolved WHERE 0"
        )
    total = ("sum(r.orders)", "sum(r.demand)", "sum(r.resolved)") if orders is not None else ("NULL",) * 3
    query = tl.sql(
        f"""WITH
{("," + chr(10)).join(ctes)},
moves AS (
{(chr(10) + "    UNION ALL" + chr(10)).join(parts)}
)
SELECT
    r.shop_url AS shop_url,
    r.currency AS currency,
    r.date AS date,
    r.channel AS channel,
    sum(r.sessions) AS sessions,
    CAST({total[0]}, 'Nullable(UInt64)') AS orders,
    CAST({total[1]}, 'Nullable(Decimal(38, 4))') AS demand_sales,
    orders / nullIf(sessions, 0) AS conversion_rate,
    CAST({total[2]}, 'Nullable(UInt64)') AS resolved_orders,
    resolved_orders / nullIf(orders, 0) AS coverage
FROM moves AS r
GROUP BY shop_url, currency, date, channel""",
        **relations,
    )
    return p.measures(
        database,
        "channel_performance",
        Channel,
        query,
        order_by=(Channel.shop_url, Channel.currency, Channel.date, Channel.channel),
        refresh=refresh,
        comment="One row per shop, currency, day and channel: sessions, orders, sales.",
    )


__all__ = ["channel_performance", "order_channel"]
