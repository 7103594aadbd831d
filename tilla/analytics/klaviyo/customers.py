"""Customers: value, lifecycle and churn as of a day. Every table is rebuilt whole, because all of it depends on the day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.klaviyo.attribution import touching
from tilla.analytics.klaviyo.profiles import acted
from tilla.datasets.common import Curated

WORD = t.LowCardinality(t.String)


@attrs.frozen(kw_only=True)
class Thresholds:
    """Where stages of a lifecycle and segments of value begin: days since the last order, and the account's currency."""

    new_days: int = 30
    active_days: int = 90
    churn_days: int = 180
    clv_high: int = 500
    clv_mid: int = 100
    clv_quantiles: tuple[float, float] | None = None
    """Where mid and high begin among the buyers, as exact inclusive quantiles (0.5, 0.8), instead of the two amounts."""

    def lifecycle(self, orders: str, gap: str) -> str:
        """The stage, by the first rule that holds: SQL over a number of orders and the days since the last one."""
        return (
            f"multiIf({orders} = 0, 'never_purchased', {gap} > {self.churn_days:d}, 'churned', "
            f"{gap} > {self.active_days:d}, 'at_risk', {orders} = 1 AND {gap} <= {self.new_days:d}, 'new', 'active')"
        )

    def segment(self, orders: str, clv: str, *, by: tuple[str, ...] = ()) -> str:
        """The segment of value: SQL. With quantiles it is over all rows of the SELECT, or those of a group, ``by`` columns."""
        group = f"PARTITION BY {', '.join(by)}" if by else ""
        mid, high = f"{self.clv_mid:d}", f"{self.clv_high:d}"
        if self.clv_quantiles is not None:
            clv = f"toFloat64({clv})"
            mid, high = (
                f"quantileExactInclusiveIf({float(level)!r})({clv}, {orders} > 0) OVER ({group})"
                for level in self.clv_quantiles
            )
        return f"multiIf({orders} = 0, 'none', {clv} >= {high}, 'high', {clv} >= {mid}, 'mid', 'low')"


DEFAULT = Thresholds()


def everyone(
    account: Curated,
    *,
    as_of: tl.Expr[Any],
    timezone: str = "",
    merged: Any = None,
    activity: Any = None,
    touches: Any = None,
    counted: tuple[str, ...] = (),
    whole: bool = True,
) -> tl.Sql:
    """One row per event with a profile up to a day, and one that is no event per known profile.

    With ``activity`` (:func:`profile_activity`) every event of the metrics ``counted``, and of all others the first and the last
    of every profile; without ``whole`` the last one may be missing. Columns: account where there are several, profile_id (surviving), day (local), datetime, metric ('' where it is not known,
    or no event), value, apple_privacy_open, bot_click, is_event.
    """
    zone = f.cast(p.zone(account, timezone), t.String)
    apart = k.own(account)
    events = tl.sql(
        f"""SELECT
    {apart.of("h")}assumeNotNull(h.profile_id) AS profile_id, toDate(h.datetime, {{zone}}) AS day, h.datetime AS datetime,
    h.metric AS metric, h.value AS value, h.apple_privacy_open AS apple_privacy_open, h.bot_click AS bot_click, true AS is_event
FROM ({{happened}}) AS h
WHERE h.profile_id IS NOT NULL AND toDate(h.datetime, {{zone}}) <= {{as_of}}""",
        happened=k.happened(account, () if activity is None else counted, merged=merged),
        zone=zone,
        as_of=as_of,
    )
    if activity is not None:
        events = tl.sql(
            f"""{{events}}
UNION ALL
SELECT
    {apart.key}profile_id, day, datetime, metric, toDecimal128(0, 4) AS value, apple_privacy_open, bot_click, true AS is_event
FROM ({{acted}})""",
            events=events,
            acted=acted(account, activity, touches=touches, without=counted, end=as_of, whole=whole, timezone=timezone),
        )
    profiles = account.get("profiles_latest")
    if profiles is None:
        return events
    joined = k.survivors(account, merged) if merged is not None else ""
    owner = "coalesce(g.survivor, e.profile_id)" if merged is not None else "e.profile_id"
    return tl.sql(
        f"""{{events}}
UNION ALL
SELECT
    {apart.of("e")}assumeNotNull({owner}), {{as_of}}, toDateTime64(0, 3, 'UTC'), '', toDecimal128(0, 4), false, false, false
FROM {{profiles}} AS e
{joined}""",
        events=events,
        profiles=profiles,
        as_of=as_of,
        **({"merged": merged} if merged is not None else {}),
    )


def customer_lifecycle(
    account: Curated,
    *,
    activity: Any = None,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    as_of: dt.date | None = None,
    thresholds: Thresholds = DEFAULT,
    conversion_metric: str = k.PLACED,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per surviving profile, as of a day (default: the day of the refresh).

    Values are Klaviyo's: full refunds and cancels only, so the shop's own net sales are the authority. Days are differences
    of local days. :func:`tilla.analytics.snapshots` gives it a history.

    A profile without an order is a row too. With ``activity`` (:func:`profile_activity`) a refresh reads its states, a few per
    profile, the events of orders and refunds, and the profiles. Without it, and with ``merged``, it reads profile, time,
    metric and value of every event. In memory is one row per profile and metric, which spills to disk.
    """

    class Customer(tl.Columns):
        profile_id = tl.column(t.String, comment="profiles.profile_id")
        orders = tl.column(p.COUNT, comment=f"{conversion_metric} events")
        revenue = tl.column(p.AMOUNT, comment="their value, account currency")
        refunds = tl.column(p.AMOUNT, comment="value of refunded and cancelled orders, account currency")
        clv = tl.column(p.AMOUNT, comment="revenue - refunds")
        aov = tl.column(p.RATE, comment="revenue / orders; NULL without orders")
        days_since_last_order = tl.column(t.Nullable(t.Int64), comment="days from the last order to as_of")
        avg_days_between_orders = tl.column(p.RATE, comment="(last - first) / (orders - 1); NULL under two orders")
        lifecycle = tl.column(WORD, comment="never_purchased, churned, at_risk, new, active")
        clv_segment = tl.column(WORD, comment="none (never purchased), low, mid, high")
        first_order_date = tl.column(t.Nullable(t.Date), comment="local day of the first order")
        last_order_date = tl.column(t.Nullable(t.Date), comment="local day of the last order")
        as_of = tl.column(t.Date, comment="the day that all of it holds for")

    day = p.day_or_today(account, as_of, timezone)
    apart = k.own(account)
    how: dict[str, Any] = {"as_of": day, "timezone": timezone, "merged": merged}
    if merged is None and activity is not None:  # who is known is told by the first event alone
        how |= {"activity": activity, "counted": (conversion_metric, *k.TAKEN_BACK), "whole": False}
    query = tl.sql(
        f"""SELECT
    {apart.key}profile_id,
    orders,
    revenue,
    refunds,
    revenue - refunds AS clv,
    toFloat64(revenue) / nullIf(orders, 0) AS aov,
    dateDiff('day', last_order_date, {{as_of}}) AS days_since_last_order,
    if(orders > 1, dateDiff('day', first_order_date, last_order_date) / (orders - 1), NULL) AS avg_days_between_orders,
    {thresholds.lifecycle("orders", "days_since_last_order")} AS lifecycle,
    {thresholds.segment("orders", "clv", by=apart.keys)} AS clv_segment,
    first_order_date,
    last_order_date,
    {{as_of}} AS as_of
FROM (
    SELECT
        {apart.key}profile_id,
        countIf(placed) AS orders,
        sumIf(value, placed) AS revenue,
        sumIf(value, {k.one_of(k.TAKEN_BACK)}) AS refunds,
        minIf(toNullable(day), placed) AS first_order_date,
        maxIf(toNullable(day), placed) AS last_order_date
    FROM (SELECT *, {k.one_of((conversion_metric,))} AS placed FROM ({{everyone}}))
    GROUP BY {apart.key}profile_id
)""",
        everyone=everyone(account, **how),
        as_of=day,
    )
    return p.measures(
        database,
        "customer_lifecycle",
        apart.body(Customer),
        query,
        order_by=(
            *apart.columns,
            Customer.profile_id,
        ),
        refresh=refresh,
        comment="One row per profile: orders, value, lifecycle, as of a day.",
    )


def customer_lifecycle_summary(
    account: Curated,
    customers: Any,
    *,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    active_days: int = 30,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per segment of value and country, over ``customers`` (:func:`customer_lifecycle`), after it has refreshed.

    Averages are of Klaviyo's own forecasts. Without stream ``profiles`` there is one row per segment, and what profiles tell
    is NULL. A refresh reads the customers and the profiles.
    """

    class Summary(tl.Columns):
        clv_segment = tl.column(WORD, comment="none, low, mid, high")
        country = tl.column(t.String, comment="country of the profile, as a word; '' when not known")
        customers = tl.column(p.COUNT, comment="profiles; sum over rows")
        avg_historic_clv = tl.column(p.RATE, comment="Klaviyo's value so far, average of the profiles that have one")
        avg_predicted_clv = tl.column(p.RATE, comment="Klaviyo's value of the next year, average")
        avg_churn_probability = tl.column(p.RATE, comment="Klaviyo's probability of churn, average, 0 to 1")
        marketing_opt_ins = tl.column(t.Nullable(p.COUNT), comment="profiles that subscribed to e-mail; sum over rows")
        active_recently = tl.column(
            t.Nullable(p.COUNT), comment=f"profiles with an event in the last {active_days} days; sum over rows"
        )

    profiles = account.get("profiles_latest")
    zone = f.cast(p.zone(account, timezone), t.String).sql()
    told = [
        ("avg(toFloat64(q.historic_clv))", "avg_historic_clv", "Nullable(Float64)"),
        ("avg(toFloat64(q.predicted_clv))", "avg_predicted_clv", "Nullable(Float64)"),
        ("avg(toFloat64(q.churn_probability))", "avg_churn_probability", "Nullable(Float64)"),
        ("countIf(q.email_consent = 'SUBSCRIBED')", "marketing_opt_ins", "Nullable(UInt64)"),
        (
            f"countIf(toDate(q.last_event_at, {zone}) >= c.as_of - {active_days:d})",
            "active_recently",
            "Nullable(UInt64)",
        ),
    ]
    items = ",\n    ".join(
        f"CAST({aggregate if profiles is not None else 'NULL'}, '{type}') AS {name}" for aggregate, name, type in told
    )
    apart = k.own(account)
    country = "toString(ifNull(q.country, ''))" if profiles is not None else "''"
    joined = (
        "\nLEFT JOIN {profiles} AS q ON c.profile_id = q.profile_id" + apart.same("c", "q")
        if profiles is not None
        else ""
    )
    query = tl.sql(
        f"""SELECT
    {apart.of("c")}c.clv_segment AS clv_segment,
    {country} AS country,
    count() AS customers,
    {items}
FROM {{customers}} AS c{joined}
GROUP BY {apart.key}clv_segment, country""",
        customers=customers,
        **({"profiles": profiles} if profiles is not None else {}),
    )
    return p.measures(
        database,
        "customer_lifecycle_summary",
        apart.body(Summary),
        query,
        order_by=(*apart.columns, Summary.clv_segment, Summary.country),
        refresh=refresh,
        comment="One row per segment of value and country.",
    )


def churn_summary(
    account: Curated,
    *,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    as_of: dt.date | None = None,
    churn_days: int = DEFAULT.churn_days,
    churn_lookback_days: int = 30,
    conversion_metric: str = k.PLACED,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row, as of a day: of the customers who had not churned some days earlier, how many have churned since.

    Of several accounts each that has a customer has its row.
    A refresh reads the conversions alone: their metric is the first column of the sorting key of events.
    """

    class Churn(tl.Columns):
        as_of = tl.column(t.Date, comment="the day that it holds for")
        base_customers = tl.column(
            p.COUNT,
            comment=f"buyers whose last order was at most {churn_days} days old {churn_lookback_days} days earlier",
        )
        churned_customers = tl.column(
            p.COUNT, comment=f"of them, those whose last order is now over {churn_days} days old"
        )
        churn_rate = tl.column(p.RATE, comment="churned_customers / base_customers")

    day = p.day_or_today(account, as_of, timezone)
    apart = k.own(account)
    by_account = "\nGROUP BY account" if apart.several else ""
    query = tl.sql(
        f"""SELECT
    {apart.key}{{as_of}} AS as_of,
    countIf(in_base) AS base_customers,
    countIf(in_base AND dateDiff('day', last_day, {{as_of}}) > {churn_days:d}) AS churned_customers,
    churned_customers / nullIf(base_customers, 0) AS churn_rate
FROM (
    SELECT
        {apart.key}profile_id,
        max(day) AS last_day,
        maxIf(toNullable(day), day <= {{as_of}} - {churn_lookback_days:d}) AS last_before,
        ifNull(dateDiff('day', last_before, {{as_of}} - {churn_lookback_days:d}) <= {churn_days:d}, false) AS in_base
    FROM (
        SELECT {apart.of("o")}assumeNotNull(o.profile_id) AS profile_id, toDate(o.datetime, {{zone}}) AS day
        FROM ({{orders}}) AS o
        WHERE o.profile_id IS NOT NULL AND day <= {{as_of}}
    )
    GROUP BY {apart.key}profile_id
){by_account}""",
        orders=k.happened(account, (conversion_metric,), merged=merged),
        zone=f.cast(p.zone(account, timezone), t.String),
        as_of=day,
    )
    return p.measures(
        database,
        "churn_summary",
        apart.body(Churn),
        query,
        order_by=(
            *apart.columns,
            Churn.as_of,
        ),
        refresh=refresh,
        comment="One row: customers who churned, as of a day.",
    )


def profile_lifecycle(
    account: Curated,
    *,
    activity: Any = None,
    touches: Any = None,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    as_of: dt.date | None = None,
    thresholds: Thresholds = DEFAULT,
    conversion_metric: str = k.PLACED,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per surviving profile, as of a day: when it did what, consent, engagement and lifecycle.

    Engagement is the last click by the profile or open that no mail program made by itself. It is rebuilt, because it depends
    on the day, and a profile that was merged takes its events along.

    With ``activity`` (:func:`profile_activity`) a refresh reads its states, a few per profile, the events of orders, and the
    profiles; with ``touches`` (:func:`message_touches`) moment and profile of clicks and opens, for ``preferred_hour``. Where a
    metric and profile go on after ``as_of``, their moments are read too, from ``touches`` or the events: for today where events
    are dated in the future, for a day long ago most. Without them, and with ``merged``, it reads profile, time and metric of every event. In memory is one row per
    profile and metric, which spills to disk.
    """
    moment = t.Nullable(t.DateTime64(3, "UTC"))

    class Profile(tl.Columns):
        profile_id = tl.column(t.String, comment="profiles.profile_id")
        first_event_at = tl.column(moment, comment="its first event (UTC)")
        last_event_at = tl.column(moment, comment="its last event (UTC)")
        first_open_at = tl.column(moment, comment="first open of an e-mail (UTC)")
        last_open_at = tl.column(moment, comment="last open of an e-mail (UTC)")
        first_click_at = tl.column(moment, comment="first click in an e-mail (UTC)")
        last_click_at = tl.column(moment, comment="last click in an e-mail (UTC)")
        subscribed_at = tl.column(moment, comment="when consent was given (UTC); NULL where it is not given now")
        unsubscribed_at = tl.column(moment, comment="last unsubscribe event (UTC)")
        first_order_at = tl.column(moment, comment="first order (UTC)")
        last_order_at = tl.column(moment, comment="last order (UTC)")
        orders = tl.column(p.COUNT, comment=f"{conversion_metric} events")
        is_subscribed = tl.column(t.Nullable(t.Bool), comment="true with consent to e-mail; NULL where it is not known")
        is_suppressed = tl.column(
            t.Nullable(t.Bool), comment="true where Klaviyo sends no e-mail at all; NULL where it is not known"
        )
        engagement = tl.column(WORD, comment="30_days, 90_days, 180_days since the last engagement, or inactive")
        lifecycle = tl.column(WORD, comment="never_purchased, churned, at_risk, new, active")
        as_of = tl.column(t.Date, comment="the day that all of it holds for")
        preferred_hour = tl.column(
            t.Nullable(t.UInt8),
            comment="local hour with most engagements, the earliest of equals; NULL without any. Those of one moment by one message "
            "count once",
        )

    day = p.day_or_today(account, as_of, timezone)
    opened, clicked = k.one_of(k.OPENED), f"{k.one_of(k.CLICKED)} AND NOT bot_click"
    engaged = f"({clicked} OR ({opened} AND NOT apple_privacy_open))"
    profiles = account.get("profiles_latest")
    apart = k.own(account)
    how: dict[str, Any] = {"as_of": day, "timezone": timezone, "merged": merged}
    if merged is None and activity is not None:
        how |= {"activity": activity, "touches": touches, "counted": (conversion_metric,)}
    consent = (
        f"""LEFT JOIN (
    SELECT {apart.key}profile_id, email_consent, email_consent_at, toNullable(notEmpty(suppressions)) AS suppressed FROM {{profiles}}
) AS q ON s.profile_id = q.profile_id{apart.same("s", "q")}"""
        if profiles is not None
        else ""
    )
    subscribed = "q.email_consent = 'SUBSCRIBED'" if consent else "CAST(NULL, 'Nullable(Bool)')"
    given = (
        "if(ifNull(is_subscribed, false), q.email_consent_at, NULL)"
        if consent
        else "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')"
    )
    query = tl.sql(
        f"""SELECT
    {apart.of("s")}s.profile_id AS profile_id,
    s.first_event_at AS first_event_at,
    s.last_event_at AS last_event_at,
    s.first_open_at AS first_open_at,
    s.last_open_at AS last_open_at,
    s.first_click_at AS first_click_at,
    s.last_click_at AS last_click_at,
    {given} AS subscribed_at,
    s.unsubscribed_at AS unsubscribed_at,
    s.first_order_at AS first_order_at,
    s.last_order_at AS last_order_at,
    s.orders AS orders,
    {subscribed} AS is_subscribed,
    CAST({"q.suppressed" if consent else "NULL"}, 'Nullable(Bool)') AS is_suppressed,
    multiIf(
        dateDiff('day', s.engaged_day, {{as_of}}) <= 30, '30_days', dateDiff('day', s.engaged_day, {{as_of}}) <= 90, '90_days',
        dateDiff('day', s.engaged_day, {{as_of}}) <= 180, '180_days', 'inactive'
    ) AS engagement,
    {thresholds.lifecycle("s.orders", "dateDiff('day', s.order_day, {as_of})")} AS lifecycle,
    {{as_of}} AS as_of,
    h.hour AS preferred_hour
FROM (
    SELECT
        {apart.key}profile_id,
        minIf(toNullable(datetime), is_event) AS first_event_at,
        maxIf(toNullable(datetime), is_event) AS last_event_at,
        minIf(toNullable(datetime), {opened}) AS first_open_at,
        maxIf(toNullable(datetime), {opened}) AS last_open_at,
        minIf(toNullable(datetime), {clicked}) AS first_click_at,
        maxIf(toNullable(datetime), {clicked}) AS last_click_at,
        maxIf(toNullable(datetime), {k.one_of(k.UNSUBSCRIBED)}) AS unsubscribed_at,
        minIf(toNullable(datetime), placed) AS first_order_at,
        maxIf(toNullable(datetime), placed) AS last_order_at,
        maxIf(toNullable(day), placed) AS order_day,
        maxIf(toNullable(day), {engaged}) AS engaged_day,
        countIf(placed) AS orders
    FROM (SELECT *, {k.one_of((conversion_metric,))} AS placed FROM ({{everyone}}))
    GROUP BY {apart.key}profile_id
) AS s
LEFT JOIN (
    SELECT {apart.key}profile_id, toNullable(argMax(hour, (times, -toInt16(hour)))) AS hour
    FROM (
        SELECT {apart.key}profile_id, toHour(datetime, {{zone}}) AS hour, count() AS times
        FROM ({{engagements}})
        WHERE toDate(datetime, {{zone}}) <= {{as_of}}
        GROUP BY {apart.key}profile_id, hour
    )
    GROUP BY {apart.key}profile_id
) AS h ON s.profile_id = h.profile_id{apart.same("s", "h")}
{consent}""",
        everyone=everyone(account, **how),
        engagements=touching(account, touches, merged=merged, once=True),
        as_of=day,
        zone=f.cast(p.zone(account, timezone), t.String),
        **({"profiles": profiles} if consent else {}),
    )
    return p.measures(
        database,
        "profile_lifecycle",
        apart.body(Profile),
        query,
        order_by=(
            *apart.columns,
            Profile.profile_id,
        ),
        refresh=refresh,
        comment="One row per profile: what it did when, consent, engagement and lifecycle, as of a day.",
    )
