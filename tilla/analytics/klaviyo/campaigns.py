"""Campaigns and flows: what was sent, opened, clicked and bought."""

from __future__ import annotations

from typing import Any, Literal

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.klaviyo.attribution import credited
from tilla.datasets.common import Curated

MOMENT = t.Nullable(t.DateTime64(3, "UTC"))
TEXT = t.Nullable(t.String)
Denominator = Literal["delivered", "recipients"]
By = Literal["campaign", "variation", "channel"]


def message_engagement(
    account: Curated, *, database: str = "analytics_klaviyo", approximate: bool = False
) -> tl.Aggregation[Any]:
    """States per flow, message, its variation, metric, and whether a program did it, that every insert updates.

    Campaigns and flows take engagement from them.

    Distinct ids, so that an event that is sent again counts once; message and metric of an event never change. Names of
    metrics, campaigns and flows are looked up when it is read, because their rows may land later. A state takes some 16 bytes
    per event and per profile of a message. ``approximate`` counts by ``uniqCombined64`` instead, for accounts with more than
    ten million profiles: at most 96 KB a state, and an error of some tenths of a percent, of opens and clicks too; few are still
    counted exactly. Profiles that were merged later stay apart.
    """
    events = p.columns(account.events)
    apart = k.own(account)

    class Engagement(tl.Columns):
        flow_id = tl.derive(f.if_null(events["flow_id"], ""), comment="flows.flow_id; '' for a message of a campaign")
        message_id = tl.derive(
            f.if_null(events["message_id"], ""), comment="the message; of a campaign, its id or one of its messages"
        )
        variation_id = tl.derive(
            f.if_null(events["variation_id"], ""), comment="the variation in an A/B test; '' without one"
        )
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        apple_privacy_open = tl.derive(
            events["apple_privacy_open"], comment="true for opens that a mail program made by itself"
        )
        bot_click = tl.derive(events["bot_click"], comment="true for clicks by a program")
        profiles = tl.measure(p.distinct(events["profile_id"], approximate=approximate), comment="different profiles")
        events_ = tl.measure(
            p.distinct(events["event_id"], approximate=approximate), name="events", comment="events, each once"
        )
        first_event_at = tl.measure(f.min(events["datetime"]), comment="its first event (UTC)")
        last_event_at = tl.measure(f.max(events["datetime"]), comment="its last event (UTC)")

    return tl.Aggregation(
        f"{database}.message_engagement",
        apart.body(Engagement, apart.derived(events)),
        source=account.events,
        where=f.or_(events["message_id"].is_not_null(), events["flow_id"].is_not_null()),
        stable=(
            *apart.kept(events),
            events["flow_id"],
            events["message_id"],
            events["variation_id"],
            events["metric_id"],
            events["apple_privacy_open"],
            events["bot_click"],
        ),
        comment="One row per flow, message, variation, metric, and what a program did: events and profiles.",
    )


def campaign_performance(
    account: Curated,
    *,
    engagement: Any = None,
    conversions: Any = None,
    database: str = "analytics_klaviyo",
    by: By = "campaign",
    conversion_metric: str = k.PLACED,
    rate_denominator: Denominator = "delivered",
    window_hours: int = k.WINDOW_HOURS,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per campaign, sent or not, over all its time.

    ``delivered`` are the profiles that received it, ``recipients`` those that received or bounced. Profiles count once per
    campaign, however often they open; anonymous events count in totals alone. Clicks by programs never count, opens by
    programs count in ``opens`` and are left out of ``_excl_mpp``. Conversions follow :func:`attributed`. ``rate_denominator``
    is what rates other than delivery and bounce are divided by.

    ``by="variation"`` gives ``campaign_performance_by_variation``: one row per campaign, message (the id by which its events
    name it) and variation of an A/B test that has any event or conversion. ``by="channel"`` gives
    ``campaign_performance_by_channel``, one row per channel: a profile that got three campaigns of it counts once.

    ``engagement`` (:func:`message_engagement`) and ``conversions`` (:func:`attributed_conversions`, whose metric, window and
    merged profiles then hold) make it scale: a refresh merges the states of messages and reads a row per conversion. Without
    ``engagement``, and with ``merged``, which needs the rows, it reads every e-mail event; without ``conversions`` these, clicks
    and opens, whose credit it works out itself. Memory is bounded: groups spill to disk.
    """
    apart = k.own(account)
    over = {"campaign": "campaigns", "variation": "variations", "channel": "channels"}[by]
    measures = _measures(rate_denominator, conversion_metric, over)
    keys, told = _GRAINS[by]
    columns = (
        *apart.columns,
        *keys,
        *measures[: -len(_MORE)],
        *told,
        *measures[-len(_MORE) :],
    )
    names = tuple(column.name for column in keys)
    shown = tuple(column.name for column in told)
    stored = engagement if merged is None else None
    engaged = (
        _campaigns_of_rows(account, merged, names) if stored is None else _campaigns_of_states(account, stored, names)
    )
    converted = _converted(
        account,
        names,
        conversions=conversions,
        conversion_metric=conversion_metric,
        window_hours=window_hours,
        merged=merged,
    )
    relations: dict[str, Any] = {"campaigns": account.campaigns_latest}
    rows = "{campaigns} AS c"
    if by == "channel":
        rows = f"(\n    SELECT DISTINCT {apart.key}{_CHANNEL} AS channel FROM {{campaigns}}\n) AS c"
    if by == "variation":
        joined = "LEFT JOIN {campaigns} AS q ON w.campaign_id = q.campaign_id" + apart.same("w", "q")
        rows = _either(apart, names, ", ".join(f"q.{name} AS {name}" for name in shown), joined)
    query = tl.sql(
        _select((*apart.keys, *names), rate_denominator, rows, shown),
        **relations,
        engaged=engaged,
        converted=converted,
    )
    return p.measures(
        database,
        "campaign_performance" + ("" if by == "campaign" else f"_by_{by}"),
        tl.columns_of(*columns, name="Campaign"),
        query,
        order_by=(*apart.columns, *keys),
        refresh=refresh,
        comment=f"One row per {_ROWS[by]}: sent, opened, clicked, bought.",
    )


def flow_performance(
    account: Curated,
    *,
    engagement: Any = None,
    conversions: Any = None,
    database: str = "analytics_klaviyo",
    conversion_metric: str = k.PLACED,
    rate_denominator: Denominator = "delivered",
    window_hours: int = k.WINDOW_HOURS,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per flow and message that has any event or conversion, over all its time.

    The measures are those of :func:`campaign_performance`, and so is what a refresh reads. Profiles count once per message: a
    profile that gets three messages of a flow is in three rows, so they do not add up to a flow. Without stream ``flows``
    name, status and trigger are NULL.
    """
    apart = k.own(account)
    measures = _measures(rate_denominator, conversion_metric, "messages")
    columns = (
        *apart.columns,
        tl.column(t.String, name="flow_id", comment="flows.flow_id"),
        tl.column(t.String, name="message_id", comment="the message; '' where the event names none"),
        *measures[: -len(_MORE)],
        tl.column(TEXT, name="name", comment="name of the flow as of now"),
        tl.column(t.LowCardinality(TEXT), name="status", comment="draft, manual or live"),
        tl.column(t.LowCardinality(TEXT), name="trigger_type", comment="Metric, Added to List, Date Based, ..."),
        *measures[-len(_MORE) :],
    )
    stored = engagement if merged is None else None
    how: dict[str, Any] = {"conversion_metric": conversion_metric, "window_hours": window_hours, "merged": merged}
    how |= {"conversions": conversions}
    flows = account.get("flows_latest")
    named = ("name", "status", "trigger_type")
    told = ", ".join(f"q.{name} AS {name}" if flows is not None else f"NULL AS {name}" for name in named)
    joined = "\n    LEFT JOIN {flows} AS q ON w.flow_id = q.flow_id" + apart.same("w", "q") if flows is not None else ""
    keys = _either(apart, ("flow_id", "message_id"), told, joined.strip())
    query = tl.sql(
        _select((*apart.keys, "flow_id", "message_id"), rate_denominator, keys, named),
        engaged=_flows_of_rows(account, merged) if stored is None else _flows_of_states(account, stored),
        converted=_converted(account, ("flow_id", "message_id"), **how),
        **({"flows": flows} if flows is not None else {}),
    )
    return p.measures(
        database,
        "flow_performance",
        tl.columns_of(*columns, name="Flow"),
        query,
        order_by=columns[: 2 + len(apart.keys)],
        refresh=refresh,
        comment="One row per flow and message: sent, opened, clicked, bought.",
    )


# --- rows and columns ---


def _either(apart: k.Own, keys: tuple[str, ...], told: str, joined: str) -> str:
    """Rows ``c`` of whatever was engaged or bought, with what another relation, joined with ``w``, tells of them."""
    own, listed = ", ".join(f"w.{key} AS {key}" for key in keys), ", ".join(keys)
    return f"""(
    SELECT {apart.of("w")}{own}, {told}
    FROM (
        SELECT {apart.key}{listed} FROM ({{engaged}})
        UNION DISTINCT
        SELECT {apart.key}{listed} FROM ({{converted}})
    ) AS w{chr(10) + "    " if joined else ""}{joined}
) AS c"""


_CHANNEL = "toString(ifNull(channel, ''))"
_CAMPAIGN = tl.column(t.String, name="campaign_id", comment="Klaviyo's id of the campaign")
_NAME = tl.column(TEXT, name="name", comment="name as of now")
_OF_CAMPAIGN = (
    _NAME,
    tl.column(t.LowCardinality(TEXT), name="channel", comment="email, sms or mobile_push"),
    tl.column(MOMENT, name="send_time", comment="when it was sent (UTC); NULL for a draft"),
)
_OF_VARIATION = (
    tl.column(
        t.String, name="message_id", comment="the campaign's id or that of one of its messages, as events name it"
    ),
    tl.column(t.String, name="variation_id", comment="the variation in an A/B test; '' without one"),
)
# The grain of campaigns: its key, and what a row tells besides measures.
_GRAINS: dict[By, tuple[tuple[tl.Column[Any], ...], tuple[tl.Column[Any], ...]]] = {
    "campaign": ((_CAMPAIGN,), _OF_CAMPAIGN),
    "variation": ((_CAMPAIGN, *_OF_VARIATION), _OF_CAMPAIGN),
    "channel": ((tl.column(t.String, name="channel", comment="email, sms or mobile_push; '' not known"),), ()),
}
_ROWS: dict[By, str] = {
    "campaign": "campaign",
    "variation": "campaign, message and variation",
    "channel": "channel",
}

# What stands behind the contract's columns.
_MORE = ("unsubscribes", "spam_complaints", "native_conversions", "first_event_at", "last_event_at")


def _measures(below: str, metric: str, over: str) -> tuple[tl.Column[Any], ...]:
    """The measures of a campaign or a message, in the contract's order; ``over`` is what they are not to be summed over."""

    def column(name: str, type: t.DataType[Any], comment: str) -> tl.Column[Any]:
        return tl.column(type, name=name, comment=comment)

    return (
        column("recipients", p.COUNT, f"profiles that received it or bounced; do not sum over {over}"),
        column("delivered", p.COUNT, f"profiles that received it; do not sum over {over}"),
        column("bounced", p.COUNT, "recipients - delivered"),
        column("delivery_rate", p.RATE, "delivered / recipients"),
        column("bounce_rate", p.RATE, "bounced / recipients"),
        column("opens", p.COUNT, f"opens, those by mail programs included; sum over {over}"),
        column("opens_unique", p.COUNT, f"profiles that opened; do not sum over {over}"),
        column("open_rate", p.RATE, f"opens_unique / {below}"),
        column("opens_unique_excl_mpp", p.COUNT, "profiles that opened themselves, not their mail program alone"),
        column("open_rate_excl_mpp", p.RATE, f"opens_unique_excl_mpp / {below}"),
        column("clicks", p.COUNT, f"clicks, those by bots left out; sum over {over}"),
        column("clicks_unique", p.COUNT, f"profiles that clicked; do not sum over {over}"),
        column("click_rate", p.RATE, f"clicks_unique / {below}"),
        column("click_to_open_rate", p.RATE, "clicks_unique / opens_unique"),
        column("unsubscribe_rate", p.RATE, f"profiles that unsubscribed / {below}"),
        column("spam_complaint_rate", p.RATE, f"profiles that marked it as spam / {below}"),
        column("conversions", p.COUNT, f"{metric} with the credit for it; sum over {over}"),
        column("conversion_uniques", p.COUNT, f"profiles behind them; do not sum over {over}"),
        column("conversion_rate", p.RATE, f"conversion_uniques / {below}"),
        column("placed_order_rate", p.RATE, f"conversions / {below}"),
        column("revenue", p.AMOUNT, f"value of the conversions, account currency; sum over {over}"),
        column("revenue_per_recipient", p.RATE, f"revenue / {below}"),
        column("aov", p.RATE, "revenue / conversions"),
        column("unsubscribes", p.COUNT, "profiles that unsubscribed by it"),
        column("spam_complaints", p.COUNT, "profiles that marked it as spam"),
        column("native_conversions", p.COUNT, "conversions whose credit is Klaviyo's own; the rest is computed"),
        column("first_event_at", MOMENT, "its first event (UTC)"),
        column("last_event_at", MOMENT, "its last event (UTC)"),
    )


def _select(keys: tuple[str, ...], below: str, rows: str, told: tuple[str, ...]) -> str:
    """The SELECT over ``rows AS c``, what was engaged (``e``) and what was bought (``v``)."""

    def joined(alias: str) -> str:
        return " AND ".join(f"c.{key} = {alias}.{key}" for key in keys)

    own = "".join(f"    c.{key} AS {key},\n" for key in keys)
    names = "".join(f"    c.{name} AS {name},\n" for name in told)
    return f"""SELECT
{own}    e.recipients AS recipients,
    e.delivered AS delivered,
    recipients - delivered AS bounced,
    delivered / nullIf(recipients, 0) AS delivery_rate,
    bounced / nullIf(recipients, 0) AS bounce_rate,
    e.opens AS opens,
    e.opens_unique AS opens_unique,
    opens_unique / nullIf({below}, 0) AS open_rate,
    e.opens_unique_excl_mpp AS opens_unique_excl_mpp,
    opens_unique_excl_mpp / nullIf({below}, 0) AS open_rate_excl_mpp,
    e.clicks AS clicks,
    e.clicks_unique AS clicks_unique,
    clicks_unique / nullIf({below}, 0) AS click_rate,
    clicks_unique / nullIf(opens_unique, 0) AS click_to_open_rate,
    unsubscribes / nullIf({below}, 0) AS unsubscribe_rate,
    spam_complaints / nullIf({below}, 0) AS spam_complaint_rate,
    v.conversions AS conversions,
    v.conversion_uniques AS conversion_uniques,
    conversion_uniques / nullIf({below}, 0) AS conversion_rate,
    conversions / nullIf({below}, 0) AS placed_order_rate,
    v.revenue AS revenue,
    toFloat64(revenue) / nullIf({below}, 0) AS revenue_per_recipient,
    toFloat64(revenue) / nullIf(conversions, 0) AS aov,
{names}    e.unsubscribes AS unsubscribes,
    e.spam_complaints AS spam_complaints,
    v.native_conversions AS native_conversions,
    e.first_event_at AS first_event_at,
    e.last_event_at AS last_event_at
FROM {rows}
LEFT JOIN (
{{engaged}}
) AS e ON {joined("e")}
LEFT JOIN (
{{converted}}
) AS v ON {joined("v")}"""


# --- engagement and conversions ---

_EMAIL = (*k.RECEIVED, *k.BOUNCED, *k.OPENED, *k.CLICKED, *k.UNSUBSCRIBED, *k.SPAM)


def _rows(account: Curated, merged: Any, keys: str, rest: str, group: str, **relations: Any) -> tl.Sql:
    """Engagement from every e-mail event."""
    apart = k.own(account)
    received, reached = k.one_of(k.RECEIVED), k.one_of((*k.RECEIVED, *k.BOUNCED))
    opened, clicked = k.one_of(k.OPENED), f"{k.one_of(k.CLICKED)} AND NOT bot_click"
    return tl.sql(
        f"""    SELECT
        {apart.of("h")}{keys},
        uniqExactIf(h.profile_id, {reached}) AS recipients,
        uniqExactIf(h.profile_id, {received}) AS delivered,
        uniqExactIf(h.event_id, {opened}) AS opens,
        uniqExactIf(h.profile_id, {opened}) AS opens_unique,
        uniqExactIf(h.profile_id, {opened} AND NOT apple_privacy_open) AS opens_unique_excl_mpp,
        uniqExactIf(h.event_id, {clicked}) AS clicks,
        uniqExactIf(h.profile_id, {clicked}) AS clicks_unique,
        uniqExactIf(h.profile_id, {k.one_of(k.UNSUBSCRIBED)}) AS unsubscribes,
        uniqExactIf(h.profile_id, {k.one_of(k.SPAM)}) AS spam_complaints,
        toNullable(min(h.datetime)) AS first_event_at,
        toNullable(max(h.datetime)) AS last_event_at
    FROM ({{happened}}) AS h
    {rest}
    GROUP BY {apart.key}{group}""",
        happened=k.happened(account, _EMAIL, merged=merged),
        **relations,
    )


def _states(account: Curated, engagement: Any, keys: str, rest: str, group: str, **relations: Any) -> tl.Sql:
    """Engagement from the states of messages."""
    apart = k.own(account)
    received, reached = k.one_of(k.RECEIVED, "kind"), k.one_of((*k.RECEIVED, *k.BOUNCED), "kind")
    opened, clicked = k.one_of(k.OPENED, "kind"), f"{k.one_of(k.CLICKED, 'kind')} AND NOT s.bot_click"
    people, once = (p.counted_by(engagement.state, name) + "MergeIf" for name in ("profiles", "events"))
    return tl.sql(
        f"""    SELECT
        {apart.of("s")}{keys},
        {people}(s.profiles, {reached}) AS recipients,
        {people}(s.profiles, {received}) AS delivered,
        {once}(s.events, {opened}) AS opens,
        {people}(s.profiles, {opened}) AS opens_unique,
        {people}(s.profiles, {opened} AND NOT s.apple_privacy_open) AS opens_unique_excl_mpp,
        {once}(s.events, {clicked}) AS clicks,
        {people}(s.profiles, {clicked}) AS clicks_unique,
        {people}(s.profiles, {k.one_of(k.UNSUBSCRIBED, "kind")}) AS unsubscribes,
        {people}(s.profiles, {k.one_of(k.SPAM, "kind")}) AS spam_complaints,
        toNullable(minMerge(s.first_event_at)) AS first_event_at,
        toNullable(maxMerge(s.last_event_at)) AS last_event_at
    FROM {{state}} AS s
    INNER JOIN (
        SELECT {apart.key}metric_id, lower(ifNull(name, '')) AS kind
        FROM {{metrics}}
        WHERE {k.one_of(_EMAIL, "lower(ifNull(name, ''))")}
    ) AS q ON s.metric_id = q.metric_id{apart.same("s", "q")}
    {rest}
    GROUP BY {apart.key}{group}""",
        state=engagement.state,
        metrics=account.metrics_latest,
        **relations,
    )


def _channels(apart: k.Own, campaign: str, alias: str) -> str:
    """The join of rows with the channel ``w.channel`` of their campaign."""
    return f"""INNER JOIN (
        SELECT {apart.key}campaign_id, {_CHANNEL} AS channel FROM {{campaigns}}
    ) AS w ON {campaign} = w.campaign_id{apart.same(alias, "w")}"""


def _campaigns_of_rows(account: Curated, merged: Any, keys: tuple[str, ...]) -> tl.Sql:
    apart, group = k.own(account), ", ".join(keys)
    if keys == ("channel",):
        join = _channels(apart, "h.campaign_id", "h")
        return _rows(account, merged, "w.channel AS channel", join, group, campaigns=account.campaigns_latest)
    own = ",\n        ".join(f"ifNull(h.{key}, '') AS {key}" for key in keys)
    return _rows(account, merged, own, "WHERE h.campaign_id IS NOT NULL", group)


def _campaigns_of_states(account: Curated, engagement: Any, keys: tuple[str, ...]) -> tl.Sql:
    apart = k.own(account)
    messages = f"""INNER JOIN (
        {k.campaigns_of_messages(account)}
    ) AS m ON s.message_id = m.message{apart.same("s", "m")}"""
    sources = {
        "campaign_id": "assumeNotNull(m.campaign)",
        "message_id": "s.message_id",
        "variation_id": "s.variation_id",
        "channel": "w.channel",
    }
    if keys == ("channel",):
        messages += "\n    " + _channels(apart, "m.campaign", "s")
    own = ",\n        ".join(f"{sources[key]} AS {key}" for key in keys)
    return _states(
        account,
        engagement,
        own,
        f"{messages}\n    WHERE s.flow_id = ''",
        ", ".join(keys),
        campaigns=account.campaigns_latest,
    )


def _flows_of_rows(account: Curated, merged: Any) -> tl.Sql:
    keys = "assumeNotNull(h.flow_id) AS flow_id,\n        ifNull(h.message_id, '') AS message_id"
    return _rows(account, merged, keys, "WHERE h.flow_id IS NOT NULL", "flow_id, message_id")


def _flows_of_states(account: Curated, engagement: Any) -> tl.Sql:
    keys = "s.flow_id AS flow_id,\n        s.message_id AS message_id"
    return _states(account, engagement, keys, "WHERE s.flow_id != ''", "flow_id, message_id")


def _converted(account: Curated, keys: tuple[str, ...], *, conversions: Any, **how: Any) -> tl.Sql:
    """Conversions of each campaign, of each of its variations, of each channel, or of each message of a flow."""
    apart = k.own(account)
    rows, relations = credited(account, conversions, **how)
    own = ",\n        ".join(f"ifNull(a.{key}, '') AS {key}" for key in keys)
    rest = f"WHERE a.{keys[0]} IS NOT NULL"
    if keys == ("channel",):
        own, rest = "w.channel AS channel", _channels(apart, "a.campaign_id", "a")
        relations["campaigns"] = account.campaigns_latest
    return tl.sql(
        f"""    SELECT
        {apart.of("a")}{own},
        uniqExact(a.event_id) AS conversions,
        uniqExact(a.profile_id) AS conversion_uniques,
        uniqExactIf(a.event_id, a.attribution_method = 'native') AS native_conversions,
        sum(a.value) AS revenue
    FROM {rows} AS a
    {rest}
    GROUP BY {apart.key}{", ".join(keys)}""",
        **relations,
    )
