"""Events by day and by hour of the week, from states that every insert updates: no refresh reads the big table for them."""

from __future__ import annotations

from typing import Any, Literal

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.datasets.common import Curated

Grain = Literal["metric", "campaign", "flow"]


def daily_event_summary(
    account: Curated,
    *,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    by: Grain = "metric",
    approximate: bool = False,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tuple[Any, ...]:
    """One row per local day and metric: events, profiles, anonymous events, value.

    Three objects. ``daily_event_counts`` holds distinct ids as states that every insert updates, so that an event that is
    sent again counts once; merge them over days for a week's profiles. ``daily_event_value`` is rebuilt, because a sum would
    count a repeat twice; a refresh reads the events of those metrics that ever had a value (orders, not opens).
    ``daily_event_summary`` reads both, with the metric's name as of now; ``value`` is NULL for a day with values that no
    refresh has seen yet. The zone is part of the states: another one means a rebuild. Profiles that Klaviyo merged later stay apart.

    ``by="campaign"`` and ``by="flow"`` give tables of their own (``daily_event_summary_by_campaign``, and so on), with a row per
    campaign or flow too: of events that name a message of one. A profile of two campaigns is in two rows; a message of no
    campaign that has landed is in the row without ``campaign_id``. ``approximate`` counts by ``uniqCombined64``, for accounts
    with more than ten million profiles: at most 96 KB a state, and an error of some tenths of a percent, of events too.

    With ``merged``, a relation with (profile_id, merged_into), they count as one: then there is ``daily_event_summary`` alone,
    and a refresh reads every event, because a state cannot take a profile back.
    """
    if merged is not None:
        return (_merged_days(account, database, timezone, by, merged, refresh),)
    events = p.columns(account.events)
    zone = p.zone(account, timezone)
    day = f.to_date(events["datetime"], zone)
    ids, people = (p.distinct(events[name], approximate=approximate) for name in ("event_id", "profile_id"))
    apart = k.own(account)
    name = "" if by == "metric" else f"_by_{by}"
    said, where = _SAID[by], _named(by, events)
    kept = () if said is None else tuple(events[one] for one in ("flow_id", "message_id"))

    class Counts(tl.Columns):
        date = tl.derive(day, comment=f"local day, in {zone}")
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        events_ = tl.measure(ids, name="events", comment="events, each once; sum over days")
        unique_profiles = tl.measure(people, comment="different profiles; merge over days, do not sum")
        anonymous_events = tl.measure(
            p.distinct(events["event_id"], approximate=approximate).if_(events["profile_id"].is_null()),
            comment="events without a profile; sum over days",
        )
        with_value = tl.measure(f.max(events["value"].is_not_null()), comment="true where any of them has a value")

    counted: Any = Counts
    if said is not None:
        message = tl.derive(f.if_null(events[said.name], ""), comment=said.comment).renamed(said.name)
        counted = _after_metric(Counts, message)
    counts = p.counted(
        f"{database}.daily_event_counts{name}",
        apart.body(counted, apart.derived(events)),
        source=account.events,
        stable=(*apart.kept(events), events["datetime"], events["metric_id"], *kept),
        where=where,
        refresh=refresh,
        comment=f"One row per local day{_ROWS[by]}: events and profiles.",
    )

    class Value(tl.Columns):
        date = tl.column(t.Date, comment=f"local day, in {zone}")
        metric_id = tl.column(t.String, comment="metrics.metric_id")
        value = tl.column(p.AMOUNT, comment="sum of $value, account currency; sum over days")

    own = "" if said is None else f", {said.name}"
    value = p.measures(
        database,
        f"daily_event_value{name}",
        apart.body(Value if said is None else _after_metric(Value, said)),
        tl.sql(
            f"""SELECT {apart.key}{{day}} AS date, metric_id{"" if said is None else f", ifNull({said.name}, '') AS {said.name}"}, \
sum(toDecimal128(ifNull(value, 0), 4)) AS value
FROM {"{events} FINAL" if where is None else "(SELECT * FROM {events} FINAL WHERE {where})"}
WHERE {apart.pair("metric_id")} IN (SELECT {apart.key}metric_id FROM {{counts}} GROUP BY {apart.key}metric_id HAVING maxMerge(with_value))
GROUP BY {apart.key}date, metric_id{own}""",
            day=day,
            events=account.events,
            counts=counts.state,
            **({} if where is None else {"where": where}),
        ),
        order_by=(*apart.columns, Value.date, Value.metric_id, *(() if said is None else (said,))),
        refresh=refresh,
        comment=f"One row per local day{_ROWS[by]}: the sum of values.",
    )
    summary = tl.View(
        f"{database}.daily_event_summary{name}",
        apart.body(_summary(zone, by)),
        query=_finished(account, counts, value) if said is None else _by_message(account, counts, value, by),
        comment=f"One row per local day{_GRAIN[by]}: events, profiles, anonymous events, value.",
    )
    return (*counts.objects, value, summary)


# What an event says itself of its campaign or flow.
_SAID: dict[Grain, tl.Column[Any] | None] = {
    "metric": None,
    "campaign": tl.column(t.String, name="message_id", comment="the message; the campaign's id or one of its messages"),
    "flow": tl.column(t.String, name="flow_id", comment="flows.flow_id"),
}
_ROWS: dict[Grain, str] = {
    "metric": " and metric",
    "campaign": ", metric and message of a campaign",
    "flow": ", metric and flow",
}
_GRAIN: dict[Grain, str] = {
    "metric": " and metric",
    "campaign": ", metric and campaign",
    "flow": ", metric and flow",
}


def _named(by: Grain, events: dict[str, tl.Column[Any]]) -> tl.Expr[Any] | None:
    """The condition that an event names a campaign's message, or a flow."""
    if by == "metric":
        return None
    flow = events["flow_id"]
    return flow.is_not_null() if by == "flow" else f.and_(flow.is_null(), events["message_id"].is_not_null())


def _after_metric(body: Any, column: tl.Column[Any]) -> Any:
    """A body with one column more, behind day and metric."""
    day, metric, *rest = (item for item in vars(body).values() if isinstance(item, tl.Column | tl.Measure))
    return tl.columns_of(day, metric, column, *rest, name=body.__name__)


def _metric(account: Curated) -> tuple[str, str, str, dict[str, Any]]:
    """SQL for the name and the integration of the metric of rows ``c``, the join behind them, and its relation."""
    metrics = account.get("metrics_latest")
    if metrics is None:
        return "CAST(NULL, 'Nullable(String)')", "CAST(NULL, 'LowCardinality(Nullable(String))')", "", {}
    join = f"LEFT JOIN {{metrics}} AS m ON c.metric_id = m.metric_id{k.own(account).same('c', 'm')}\n"
    return "m.name", "m.integration_name", join, {"metrics": metrics}


def _finished(account: Curated, counts: p.Counted, value: Any) -> tl.Sql:
    """Counts and values of a day and metric."""
    apart = k.own(account)
    name, integration, named, relations = _metric(account)
    return tl.sql(
        f"""SELECT
    {apart.of("c")}c.date AS date,
    {name} AS metric,
    c.events AS events,
    c.unique_profiles AS unique_profiles,
    c.anonymous_events AS anonymous_events,
    if(c.with_value, v.value, toDecimal128(0, 4)) AS value,
    {integration} AS integration_name,
    c.metric_id AS metric_id
FROM {{counts}} AS c
{named}LEFT JOIN (
    SELECT {apart.key}date, metric_id, toNullable(value) AS value FROM {{value}}
) AS v ON c.date = v.date AND c.metric_id = v.metric_id{apart.same("c", "v")}""",
        counts=counts.read,
        value=value,
        **relations,
    )


def _by_message(account: Curated, counts: p.Counted, value: Any, by: Grain) -> tl.Sql:
    """Counts and values of a day, metric and flow, or campaign: the states of its messages merged."""
    apart = k.own(account)
    name, integration, named, relations = _metric(account)
    merged = {
        name: f"{p.counted_by(counts.state, name)}Merge(c.{name})"
        for name in ("events", "unique_profiles", "anonymous_events")
    }
    owner, own, join = "c.flow_id", "w.flow_id", ""
    if by == "campaign":
        owner = own = "n.campaign"
        join = (
            f"LEFT JOIN (\n        {k.campaigns_of_messages(account)}\n    ) AS n ON {{alias}}.message_id = n.message"
        )
        relations["campaigns"] = account.campaigns_latest

    def joined(alias: str) -> str:
        return "" if by == "flow" else join.replace("{alias}", alias) + apart.same(alias, "n") + "\n"

    return tl.sql(
        f"""SELECT
    {apart.of("c")}c.date AS date,
    any({name}) AS metric,
    {owner} AS {by}_id,
    {merged["events"]} AS events,
    {merged["unique_profiles"]} AS unique_profiles,
    {merged["anonymous_events"]} AS anonymous_events,
    if(maxMerge(c.with_value), any(v.value), toDecimal128(0, 4)) AS value,
    any({integration}) AS integration_name,
    c.metric_id AS metric_id
FROM {{counts}} AS c
{named}{joined("c")}LEFT JOIN (
    SELECT {apart.of("w")}w.date AS date, w.metric_id AS metric_id, ifNull({own}, '') AS owner, toNullable(sum(w.value)) AS value
    FROM {{value}} AS w
    {joined("w")}GROUP BY {apart.key}date, metric_id, owner
) AS v ON c.date = v.date AND c.metric_id = v.metric_id AND ifNull({owner}, '') = v.owner{apart.same("c", "v")}
GROUP BY {apart.key}date, metric_id, {by}_id""",
        counts=counts.state,
        value=value,
        **relations,
    )


def hourly_engagement(
    account: Curated,
    *,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    in_zone_of_profile: bool = False,
    approximate: bool = False,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tuple[Any, ...]:
    """One row per ISO weekday and local hour: when e-mails arrive, are opened, are clicked.

    Three objects. ``hour_of_week_engagement`` holds states per weekday and hour in the zone, metric, and what a program did;
    every insert updates them, and ``hourly_engagement`` merges them: 168 hours of few metrics, however many years. The zone is
    part of them: another one means a rebuild. ``quarter_hour_engagement`` holds the same per 15 minutes UTC, because zones are
    off by halves and quarters of an hour: what happened when, for any zone. Over a change of clocks an hour occurs
    twice or not at all, so ``occurrences`` says how often an hour had anything. Opens of an hour divided by its sends is no
    rate: they belong to other sends.

    With ``in_zone_of_profile`` there is ``hourly_engagement_of_profiles`` alone: an event counts in its profile's own hour, by
    the zone that the profile has now; in ``timezone`` where it has none, or one that ClickHouse does not know. It is rebuilt,
    because a profile may land after its events and may move; a refresh reads every e-mail event.

    With ``merged``, a relation with (profile_id, merged_into), merged profiles count as one: then there is
    ``hourly_engagement`` alone, and a refresh reads every e-mail event. ``approximate`` counts by ``uniqCombined64`` in the
    states, as for :func:`daily_event_summary`.
    """
    if merged is not None or in_zone_of_profile:
        return (_hours_of_events(account, database, timezone, merged, in_zone_of_profile, refresh),)
    events = p.columns(account.events)
    zone = p.zone(account, timezone)
    ids, people = (p.distinct(events[name], approximate=approximate) for name in ("event_id", "profile_id"))
    apart = k.own(account)
    did = (events["metric_id"], events["apple_privacy_open"], events["bot_click"])

    class Quarter(tl.Columns):
        bucket = tl.derive(
            f.to_start_of_fifteen_minutes(events["datetime"], "UTC"), comment="15 minutes, their start (UTC)"
        )
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        apple_privacy_open = tl.derive(
            events["apple_privacy_open"], comment="true for opens that a mail program made by itself"
        )
        bot_click = tl.derive(events["bot_click"], comment="true for clicks by a program")
        events_ = tl.measure(ids, name="events", comment="events, each once")
        profiles = tl.measure(people, comment="different profiles")

    quarters = p.counted(
        f"{database}.quarter_hour_engagement",
        apart.body(Quarter, apart.derived(events)),
        source=account.events,
        stable=(*apart.kept(events), events["datetime"], *did),
        refresh=p.HOURLY,
        comment="One row per 15 minutes, metric, and what a program did: events and profiles.",
    )

    class HourOfWeek(tl.Columns):
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        iso_weekday = tl.derive(
            f.to_day_of_week(events["datetime"], zone), comment=f"1 for Monday to 7 for Sunday, in {zone}"
        )
        local_hour = tl.derive(f.to_hour(events["datetime"], zone), comment=f"0 to 23, in {zone}")
        apple_privacy_open = tl.derive(
            events["apple_privacy_open"], comment="true for opens that a mail program made by itself"
        )
        bot_click = tl.derive(events["bot_click"], comment="true for clicks by a program")
        events_ = tl.measure(ids, name="events", comment="events, each once")
        profiles = tl.measure(people, comment="different profiles; merge over hours, do not sum")
        # Hours of the calendar, an hour that the clock shows twice as two: within a row of this weekday and hour the day
        # and the offset tell them apart.
        occurrences = tl.measure(
            f.uniq_exact(
                f.to_date(events["datetime"], zone),
                f.raw("timezoneOffset", f.to_time_zone(events["datetime"], zone), type=t.Int32),
            ),
            comment="different hours of the calendar that had any; merge over metrics, do not sum",
        )

    hours = p.counted(
        f"{database}.hour_of_week_engagement",
        apart.body(HourOfWeek, apart.derived(events)),
        source=account.events,
        stable=(*apart.kept(events), events["datetime"], *did),
        refresh=p.HOURLY,
        comment="One row per metric, ISO weekday, local hour, and what a program did: events and profiles.",
    )

    body = _hour(f"in {zone}")
    opened, clicked = k.one_of(k.OPENED, "kind"), f"{k.one_of(k.CLICKED, 'kind')} AND NOT q.bot_click"
    merge, merge_people = (p.counted_by(hours.state, name) + "MergeIf" for name in ("events", "profiles"))
    view = tl.View(
        f"{database}.hourly_engagement",
        apart.body(body),
        query=tl.sql(
            f"""SELECT
    {apart.of("q")}q.iso_weekday AS iso_weekday,
    q.local_hour AS local_hour,
    {merge}(q.events, {k.one_of(k.RECEIVED, "kind")}) AS received,
    {merge}(q.events, {opened}) AS opened,
    {merge}(q.events, {clicked}) AS clicked,
    {merge_people}(q.profiles, {opened}) AS unique_openers,
    {merge_people}(q.profiles, {clicked}) AS unique_clickers,
    {merge}(q.events, {opened} AND NOT q.apple_privacy_open) AS opened_excl_mpp,
    uniqExactMerge(q.occurrences) AS occurrences
FROM {{state}} AS q
INNER JOIN (
    SELECT {apart.key}metric_id, lower(ifNull(name, '')) AS kind FROM {{metrics}}
) AS m ON q.metric_id = m.metric_id{apart.same("q", "m")}
WHERE {k.named(account, (*k.RECEIVED, *k.OPENED, *k.CLICKED), "q.metric_id")}
GROUP BY {apart.key}iso_weekday, local_hour""",
            state=hours.state,
            metrics=account.metrics_latest,
        ),
        comment="One row per ISO weekday and local hour: e-mails received, opened, clicked.",
    )
    return (*quarters.objects, *hours.objects, view)


_OWNER = {
    "campaign": tl.column(
        t.Nullable(t.String),
        name="campaign_id",
        comment="campaigns.campaign_id; NULL for messages of none that is known",
    ),
    "flow": tl.column(t.String, name="flow_id", comment="flows.flow_id"),
}


def _summary(zone: str, by: Grain) -> Any:
    class Summary(tl.Columns):
        date = tl.column(t.Date, comment=f"local day, in {zone}")
        metric = tl.column(t.Nullable(t.String), comment="name of the metric as of now; NULL until its row has landed")
        events = tl.column(p.COUNT, comment="events, each once; sum over days")
        unique_profiles = tl.column(p.COUNT, comment="different profiles; do not sum over days")
        anonymous_events = tl.column(p.COUNT, comment="events without a profile; sum over days")
        value = tl.column(
            t.Nullable(p.AMOUNT), comment="sum of $value, account currency; NULL for a day not refreshed yet"
        )
        integration_name = tl.column(
            t.LowCardinality(t.Nullable(t.String)), comment="integration: two may have metrics of one name"
        )
        metric_id = tl.column(t.String, comment="metrics.metric_id")

    return Summary if by == "metric" else _after_metric(Summary, _OWNER[by])


def _hour(where: str) -> Any:
    class Hour(tl.Columns):
        iso_weekday = tl.column(t.UInt8, comment=f"1 for Monday to 7 for Sunday, {where}")
        local_hour = tl.column(t.UInt8, comment=f"0 to 23, {where}")
        received = tl.column(p.COUNT, comment="e-mails received")
        opened = tl.column(p.COUNT, comment="opens, those by mail programs included")
        clicked = tl.column(p.COUNT, comment="clicks, those by bots left out")
        unique_openers = tl.column(p.COUNT, comment="different profiles that opened; do not sum over hours")
        unique_clickers = tl.column(p.COUNT, comment="different profiles that clicked; do not sum over hours")
        opened_excl_mpp = tl.column(p.COUNT, comment="opens, those by mail programs left out")
        occurrences = tl.column(p.COUNT, comment="different hours of the calendar that had any of it: divide by it")

    return Hour


def _merged_days(account: Curated, database: str, timezone: str, by: Grain, merged: Any, refresh: tl.Schedule) -> Any:
    """``daily_event_summary`` from the events themselves, with surviving profiles."""
    apart = k.own(account)
    zone = p.zone(account, timezone)
    body = _summary(zone, by)
    owner, where = "", ""
    if by != "metric":
        owner = f"\n    {'assumeNotNull(e.flow_id)' if by == 'flow' else 'e.campaign_id'} AS {by}_id,"
        where = (
            f"WHERE {'e.flow_id IS NOT NULL' if by == 'flow' else 'e.flow_id IS NULL AND e.message_id IS NOT NULL'}\n"
        )
    query = tl.sql(
        f"""SELECT
    {apart.of("e")}toDate(e.datetime, {{zone}}) AS date,
    any(e.metric_name) AS metric,{owner}
    count() AS events,
    uniqExact(coalesce(g.survivor, e.profile_id)) AS unique_profiles,
    countIf(e.profile_id IS NULL) AS anonymous_events,
    toNullable(sum(toDecimal128(ifNull(e.value, 0), 4))) AS value,
    any(e.integration_name) AS integration_name,
    e.metric_id AS metric_id
FROM {{events}} AS e
{k.survivors(account, merged)}
{where}GROUP BY {apart.key}date, metric_id{"" if by == "metric" else f", {by}_id"}""",
        events=account.events_latest,
        merged=merged,
        zone=f.cast(zone, t.String),
    )
    own = () if by == "metric" else (f.if_null(_OWNER[by], ""),) if by == "campaign" else (_OWNER[by],)
    return p.measures(
        database,
        "daily_event_summary" + ("" if by == "metric" else f"_by_{by}"),
        apart.body(body),
        query,
        order_by=(*apart.columns, body.date, body.metric_id, *own),
        refresh=refresh,
        comment=f"One row per local day{_GRAIN[by]}: events, profiles, anonymous events, value.",
    )


def _hours_of_events(
    account: Curated, database: str, timezone: str, merged: Any, of_profiles: bool, refresh: tl.Schedule
) -> Any:
    """``hourly_engagement`` from the events themselves: with surviving profiles, or in the zone of each."""
    apart = k.own(account)
    zone = p.zone(account, timezone)
    body = _hour("in the zone of the profile" if of_profiles else f"in {zone}")
    opened, clicked = k.one_of(k.OPENED), f"{k.one_of(k.CLICKED)} AND NOT bot_click"
    relations: dict[str, Any] = {"zone": f.cast(zone, t.String)}
    weekday, hour = "toDayOfWeek(h.datetime, 0, {zone})", "toHour(h.datetime, {zone})"
    # An hour that the clock shows twice is two. toStartOfHour goes wrong for a day after a change of clocks by half an hour
    # (Lord Howe, 26.9).
    moment = "toDate(h.datetime, {zone}), toHour(h.datetime, {zone}), timezoneOffset(toTimeZone(h.datetime, {zone}))"
    join = ""
    if of_profiles:
        # formatDateTime alone takes a zone by row; a zone that it does not know stops it (26.9).
        weekday, hour, moment = (f"formatDateTime(h.datetime, '{part}', h.zone)" for part in ("%u", "%H", "%F %H%z"))
        weekday, hour = f"toUInt8({weekday})", f"toUInt8({hour})"
        profiles = account.get("profiles_latest")
        own = "{zone}"
        if profiles is not None:
            own = "if(q.zone IN (SELECT time_zone FROM system.time_zones), q.zone, {zone})"
            join = f"""
    LEFT JOIN (
        SELECT {apart.key}profile_id, toString(ifNull(timezone, '')) AS zone FROM {{profiles}}
    ) AS q ON e.profile_id = q.profile_id{apart.same("e", "q")}"""
            relations["profiles"] = profiles
        join = f"(\n    SELECT e.*, {own} AS zone\n    FROM ({{happened}}) AS e{join}\n)"
    query = tl.sql(
        f"""SELECT
    {apart.of("h")}{weekday} AS iso_weekday,
    {hour} AS local_hour,
    countIf({k.one_of(k.RECEIVED)}) AS received,
    countIf({opened}) AS opened,
    countIf({clicked}) AS clicked,
    uniqExactIf(h.profile_id, {opened}) AS unique_openers,
    uniqExactIf(h.profile_id, {clicked}) AS unique_clickers,
    countIf({opened} AND NOT apple_privacy_open) AS opened_excl_mpp,
    uniqExact({moment}) AS occurrences
FROM {join or "({happened})"} AS h
GROUP BY {apart.key}iso_weekday, local_hour""",
        happened=k.happened(account, (*k.RECEIVED, *k.OPENED, *k.CLICKED), merged=merged),
        **relations,
    )
    return p.measures(
        database,
        "hourly_engagement_of_profiles" if of_profiles else "hourly_engagement",
        apart.body(body),
        query,
        order_by=(*apart.columns, body.iso_weekday, body.local_hour),
        refresh=refresh,
        comment="One row per ISO weekday and local hour: e-mails received, opened, clicked.",
    )
