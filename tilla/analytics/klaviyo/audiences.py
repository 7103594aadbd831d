"""Audiences: segments and lists, and the UTM parameters that conversions came by."""

from __future__ import annotations

import datetime as dt
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.klaviyo.profiles import acted, day_of
from tilla.datasets.common import Curated
from tilla.engines import ReplacingMergeTree


def segment_performance(
    account: Curated,
    *,
    activity: Any = None,
    touches: Any = None,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    start: dt.date | None = None,
    end: dt.date | None = None,
    memberships: Any = None,
    lifecycle: Any = None,
    conversion_metric: str = k.PLACED,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per segment, with ``(no segment)`` and ``(all)``, over a period of local days, both ends included.

    Klaviyo's connector does not tell who is in a segment: ``memberships`` is a relation of your own with (segment,
    profile_id). Without it segments are the lists that profiles carry. ``lifecycle`` (:func:`customer_lifecycle`) adds its
    stages as segments. Members are as of now. A profile may be in several segments: only ``(all)`` is a total.

    With ``activity`` (:func:`profile_activity`) a refresh reads its states, a few per profile, the conversions of the period, and
    the members; with both ends of a period also what those did in it who did the same before and after it, from ``touches``
    (:func:`message_touches`) or the events. Without it, and
    with ``merged``, it reads profile, time and metric of every event. In memory is one row per profile, which spills to disk.
    """

    class Segment(tl.Columns):
        segment = tl.column(t.String, comment="segment or list; (no segment) is profiles in none, (all) every profile")
        members = tl.column(p.COUNT, comment="different profiles in it, as of now; do not sum")
        engaged = tl.column(p.COUNT, comment="of them, those who clicked, or opened not by their mail program alone")
        engagement_rate = tl.column(p.RATE, comment="engaged / members")
        buyers = tl.column(p.COUNT, comment=f"of them, those with {conversion_metric}")
        orders = tl.column(p.COUNT, comment="their orders; do not sum over segments")
        revenue = tl.column(p.AMOUNT, comment="value of these orders, account currency; do not sum over segments")
        conversion_rate = tl.column(p.RATE, comment="buyers / members")
        revenue_per_member = tl.column(p.RATE, comment="revenue / members")

    apart = k.own(account)
    zone = p.zone(account, timezone)
    days = p.within(f"toDate(datetime, {f.cast(zone, t.String).sql()})", start, end)
    opened = f"{k.one_of(k.OPENED)} AND NOT apple_privacy_open"
    clicked = f"{k.one_of(k.CLICKED)} AND NOT bot_click"
    placed = k.one_of((conversion_metric,))
    stored = activity if merged is None else None
    profiles = account.get("profiles_latest")
    relations: dict[str, Any] = {}
    told = ""
    if stored is not None:
        ends = {"start": day_of(start), "end": day_of(end)}
        relations["acted"] = acted(
            account, stored, touches=touches, without=(conversion_metric,), whole=False, timezone=timezone, **ends
        )
        told = f"""
        UNION ALL
        SELECT {apart.key}profile_id, metric, toDecimal128(0, 4) AS value, apple_privacy_open, bot_click FROM ({{acted}})"""
    known = ""
    if profiles is not None:
        owner, join = _owner(account, merged, relations)
        relations["profiles"] = profiles
        known = f"""
    UNION ALL
    SELECT {apart.of("e")}assumeNotNull({owner}), NULL, false, 0, toDecimal128(0, 4) FROM {{profiles}} AS e{chr(10) if join else ""}{join}"""
    query = tl.sql(
        f"""SELECT
    {apart.key}segment,
    count() AS members,
    countIf(is_engaged) AS engaged,
    engaged / nullIf(members, 0) AS engagement_rate,
    countIf(bought > 0) AS buyers,
    sum(bought) AS orders,
    sum(paid) AS revenue,
    buyers / nullIf(members, 0) AS conversion_rate,
    toFloat64(revenue) / nullIf(members, 0) AS revenue_per_member
FROM (
    SELECT
        {apart.key}profile,
        max(engages) AS is_engaged,
        sum(buys) AS bought,
        sum(pays) AS paid,
        groupUniqArray(member_of) AS own
    FROM (
        SELECT
            {apart.key}assumeNotNull(profile_id) AS profile, CAST(NULL, 'Nullable(String)') AS member_of,
            ({opened}) OR ({clicked}) AS engages, toUInt64({placed}) AS buys, if({placed}, value, toDecimal128(0, 4)) AS pays
        FROM (
            SELECT {apart.key}profile_id, metric, value, apple_privacy_open, bot_click FROM ({{happened}})
            WHERE profile_id IS NOT NULL AND {{days}}{told.replace(chr(10), chr(10) + "    ")}
        )
        UNION ALL
        SELECT {apart.key}profile, segment, false, 0, toDecimal128(0, 4) FROM (
{{members}}
        ){known.replace(chr(10), chr(10) + "    ")}
    )
    GROUP BY {apart.key}profile
)
ARRAY JOIN arrayDistinct(arrayPushFront(if(empty(own), ['(no segment)'], own), '(all)')) AS segment
GROUP BY {apart.key}segment""",
        happened=k.happened(account, () if stored is None else (conversion_metric,), merged=merged),
        days=days,
        members=_members(account, memberships, lifecycle, merged),
        **relations,
    )
    return p.measures(
        database,
        "segment_performance",
        apart.body(Segment),
        query,
        order_by=(
            *apart.columns,
            Segment.segment,
        ),
        refresh=refresh,
        comment="One row per segment: members, engaged, buyers, revenue.",
    )


def _members(account: Curated, memberships: Any, lifecycle: Any, merged: Any) -> tl.Sql:
    """Segment and surviving profile, without repeats."""
    apart = k.own(account)
    selects: list[str] = []
    relations: dict[str, Any] = {}
    profiles = account.get("profiles_latest")
    if memberships is not None:
        k.told_by_account(account, "memberships", memberships)
        selects.append(
            f"SELECT {apart.key}toString(segment) AS segment, toString(profile_id) AS profile_id FROM {{memberships}}"
        )
        relations["memberships"] = memberships
    elif profiles is not None:
        lists = account.get("lists_latest")
        named = "ifNull(l.name, p.list_id)" if lists is not None else "p.list_id"
        join = (
            "\n        LEFT JOIN {lists} AS l ON p.list_id = l.list_id" + apart.same("p", "l")
            if lists is not None
            else ""
        )
        selects.append(
            f"SELECT {apart.of('p')}{named} AS segment, p.profile_id AS profile_id\n        FROM (\n"
            f"            SELECT {apart.key}profile_id, arrayJoin(list_ids) AS list_id FROM {{profiles}}\n"
            f"        ) AS p{join}"
        )
        relations |= {"profiles": profiles} | ({"lists": lists} if lists is not None else {})
    if lifecycle is not None:
        selects.append(f"SELECT {apart.key}toString(lifecycle), profile_id FROM {{lifecycle}}")
        relations["lifecycle"] = lifecycle
    if not selects:
        nobody = "'' AS account, " if apart.several else ""
        selects.append(f"SELECT {nobody}'' AS segment, '' AS profile_id FROM numbers(0)")
    union = "\n        UNION ALL\n        ".join(selects)
    owner, join = _owner(account, merged, relations)
    return tl.sql(
        f"    SELECT DISTINCT {apart.of('e')}e.segment AS segment, assumeNotNull({owner}) AS profile\n    FROM (\n        {union}\n"
        f"    ) AS e\n{join}",
        **relations,
    )


def _owner(account: Curated, merged: Any, relations: dict[str, Any]) -> tuple[str, str]:
    if merged is None:
        return "e.profile_id", ""
    relations["merged"] = merged
    return "coalesce(g.survivor, e.profile_id)", k.survivors(account, merged)


def utm_touches(account: Curated, *, database: str = "analytics_klaviyo") -> tl.MaterializedView[Any]:
    """One row per event with a utm_source: the touches that :func:`attribution_summary` looks for, without all other events.

    A copy that every insert updates: the newest extraction wins, as in ``events``, by the same key.
    """
    events = p.columns(account.events)
    apart = k.own(account)
    names = (
        *apart.keys, "event_id", "datetime", "metric_id", "profile_id", "bot_click", "utm_source", "utm_medium", "utm_campaign",
        "version",
    )  # fmt: skip
    own = {name: tl.derive(events[name], comment=events[name].comment).renamed(name) for name in names}
    return tl.MaterializedView(
        f"{database}.utm_touches",
        tl.columns_of(*own.values(), name="Touch"),
        source=account.events,
        engine=ReplacingMergeTree(
            version=own["version"],
            order_by=(
                *(own[name] for name in apart.keys),
                own["metric_id"],
                f.to_date(own["datetime"], "UTC"),
                own["event_id"],
            ),
        ),
        where=f.trim(f.if_null(events["utm_source"], "")) != "",
        comment="One row per event with a utm_source.",
    )


# What counts as a touch.
_IS_TOUCH = "trim(ifNull(utm_source, '')) != '' AND NOT ({conversion}) AND NOT startsWith(metric, 'opened ')"


def _touched(account: Curated, touches: Any, merged: Any) -> tl.Sql:
    """The touches, with the names of their metrics and surviving profiles."""
    relations: dict[str, Any] = {"touches": touches, "metrics": account.metrics_latest}
    owner, join = _owner(account, merged, relations)
    apart = k.own(account)
    return tl.sql(
        f"""SELECT
        {apart.of("e")}e.event_id AS event_id, e.datetime AS datetime, lower(ifNull(m.name, '')) AS metric, {owner} AS profile_id,
        e.bot_click AS bot_click,
        e.utm_source AS utm_source, e.utm_medium AS utm_medium, e.utm_campaign AS utm_campaign
    FROM {{touches}} AS e FINAL
    LEFT JOIN {{metrics}} AS m ON e.metric_id = m.metric_id{apart.same("e", "m")}
    {join}""",
        **relations,
    )


def attribution_summary(
    account: Curated,
    *,
    touches: Any = None,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    window_hours: int = k.WINDOW_HOURS,
    conversion_metric: str = k.PLACED,
    with_visits: bool = False,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per local day of the conversion and UTM source, medium and campaign.

    The conversion's own UTM parameters; else those of the profile's last touch, at most ``window_hours`` before it, both
    ends included; else ``(direct)``, ``(none)``, ``(not set)``. A touch is any event but a conversion or an open that carries
    a utm_source. Parameters are lower case and trimmed. It is rebuilt, because a touch may land after its order.

    ``with_visits`` adds two columns, ``clicks`` and ``sessions`` of the day by the parameters that they carry themselves, and a row
    where there was no conversion: clicks in e-mails, those by programs left out, and touches of a profile with no pause over 30
    minutes between those of the same parameters (those of nobody are in no session; those by programs in none either).

    ``touches`` (:func:`utm_touches`) makes it scale: a refresh then reads conversions and events with a utm_source. Without it
    a refresh reads every event. What is kept in memory are the touches of profiles that converted without UTM parameters of
    their own.
    """

    class Attribution(tl.Columns):
        date = tl.column(t.Date, comment=f"local day of the conversion, in {p.zone(account, timezone)}")
        utm_source = tl.column(t.String, comment="source, lower case; (direct) without one")
        utm_medium = tl.column(t.String, comment="medium, lower case; (none) without one")
        utm_campaign = tl.column(t.String, comment="campaign, lower case; (not set) without one")
        conversions = tl.column(p.COUNT, comment=f"{conversion_metric} events; sum over rows")
        converting_profiles = tl.column(p.COUNT, comment="different profiles behind them; do not sum")
        revenue = tl.column(p.AMOUNT, comment="their value, account currency; sum over rows")

    class Visits(tl.Columns):
        clicks = tl.column(
            p.COUNT, comment="clicks in e-mails with these parameters, those by bots left out; sum over rows"
        )
        sessions = tl.column(
            p.COUNT,
            comment="sessions begun that day: touches of a profile no more than 30 minutes apart; sum over rows",
        )

    own = tuple(c for one in (Attribution, Visits) for c in vars(one).values() if isinstance(c, tl.Column))
    body: Any = tl.columns_of(*own, name="Attribution") if with_visits else Attribution

    def cleaned(source: str) -> str:
        parts = (f"lowerUTF8(trim(ifNull({source}utm_{name}, '')))" for name in ("source", "medium", "campaign"))
        return f"({', '.join(parts)})"

    apart = k.own(account)
    touched = k.happened(account, merged=merged) if touches is None else _touched(account, touches, merged)
    query = tl.sql(
        f"""SELECT
    {apart.of("c")}toDate(c.datetime, {{zone}}) AS date,
    multiIf(c.own.1 != '', c.own, t.at >= c.datetime - toIntervalHour({window_hours:d}), t.touch, ('', '', '')) AS utm,
    if(utm.1 = '', '(direct)', utm.1) AS utm_source,
    if(utm.2 = '', '(none)', utm.2) AS utm_medium,
    if(utm.3 = '', '(not set)', utm.3) AS utm_campaign,
    count() AS conversions,
    uniqExact(c.profile_id) AS converting_profiles,
    sum(c.value) AS revenue
FROM (
    SELECT {apart.key}event_id, datetime, profile_id, ifNull(profile_id, '') AS profile, value, {cleaned("")} AS own
    FROM ({{conversions}})
) AS c
ASOF LEFT JOIN (
    SELECT {apart.key}assumeNotNull(profile_id) AS profile, datetime AS at, argMax({cleaned("")}, event_id) AS touch
    FROM ({{touched}})
    WHERE {_IS_TOUCH.format(conversion=k.one_of((conversion_metric,)))}
        AND {apart.pair("profile_id")} IN (SELECT {apart.key}profile_id FROM ({{conversions}}) WHERE trim(ifNull(utm_source, '')) = '')
    GROUP BY {apart.key}profile, at
) AS t ON c.profile = t.profile{apart.same("c", "t")} AND c.datetime >= t.at
GROUP BY {apart.key}date, utm""",
        conversions=k.happened(account, (conversion_metric,), merged=merged),
        touched=touched,
        zone=f.cast(p.zone(account, timezone), t.String),
    )
    names = f"{apart.key}date, utm_source, utm_medium, utm_campaign"
    measured = "conversions, converting_profiles, revenue"
    wrapped = tl.sql(f"SELECT {names}, {measured} FROM (\n{{rows}}\n)", rows=query)
    if with_visits:
        wrapped = tl.sql(
            f"""SELECT
    {names},
    sum(r.conversions) AS conversions,
    sum(r.converting_profiles) AS converting_profiles,
    sum(r.revenue) AS revenue,
    sum(r.clicks) AS clicks,
    sum(r.sessions) AS sessions
FROM (
    SELECT {names}, {measured}, 0 AS clicks, 0 AS sessions FROM (
{{rows}}
    )
    UNION ALL
    SELECT
        {apart.key}toDate(datetime, {{zone}}) AS date,
        utm.1 AS utm_source, if(utm.2 = '', '(none)', utm.2) AS utm_medium, if(utm.3 = '', '(not set)', utm.3) AS utm_campaign,
        0, 0, toDecimal128(0, 4), countIf({k.one_of(k.CLICKED)}), countIf(begins)
    FROM (
        SELECT
            *,
            profile_id IS NOT NULL AND (
                row_number() OVER earlier = 1 OR datetime > lagInFrame(datetime) OVER earlier + toIntervalMinute(30)
            ) AS begins
        FROM (
            SELECT *, {cleaned("")} AS utm FROM ({{touched}})
            WHERE NOT bot_click AND {_IS_TOUCH.format(conversion=k.one_of((conversion_metric,)))}
        )
        WINDOW earlier AS (
            PARTITION BY {apart.key}profile_id, utm ORDER BY datetime, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
    )
    GROUP BY {names}
) AS r
GROUP BY {names}""",
            rows=query,
            touched=touched,
            zone=f.cast(p.zone(account, timezone), t.String),
        )
    return p.measures(
        database,
        "attribution_summary",
        apart.body(body),
        wrapped,
        order_by=(
            *apart.columns,
            Attribution.date,
            Attribution.utm_source,
            Attribution.utm_medium,
            Attribution.utm_campaign,
        ),
        refresh=refresh,
        comment="One row per day and UTM parameters: conversions and revenue.",
    )
