"""Campaigns: what was sent, opened, clicked and bought."""

from __future__ import annotations

from typing import Any, Literal

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.datasets.common import Curated


def campaign_engagement(account: Curated, *, database: str = "analytics_klaviyo") -> tl.Aggregation[Any]:
    """States per message and metric that every insert updates, from which :func:`campaign_performance` takes engagement.

    Distinct ids, so that an event that is sent again counts once; message and metric of an event never change. Names of
    metrics and campaigns are looked up when it is read, because their rows may land later. Events of flows are left out.
    A state takes some 16 bytes per event and per profile of a message. Profiles that were merged later stay apart.
    """
    events = p.columns(account.events)
    human = f.and_(f.not_(events["apple_privacy_open"]), f.not_(events["bot_click"]))

    class Engagement(tl.Columns):
        message_id = tl.derive(
            f.if_null(events["message_id"], ""), comment="the message: a campaign's id or one of its messages"
        )
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        profiles = tl.measure(f.uniq_exact(events["profile_id"]), comment="different profiles")
        human_profiles = tl.measure(
            f.uniq_exact_if(events["profile_id"], human), comment="different profiles that did it themselves"
        )
        events_ = tl.measure(f.uniq_exact(events["event_id"]), name="events", comment="events, each once")
        human_events = tl.measure(
            f.uniq_exact_if(events["event_id"], human), comment="of them, those not made by a mail program or bot"
        )
        first_event_at = tl.measure(f.min(events["datetime"]), comment="its first event (UTC)")
        last_event_at = tl.measure(f.max(events["datetime"]), comment="its last event (UTC)")

    return tl.Aggregation(
        f"{database}.campaign_engagement",
        Engagement,
        source=account.events,
        where=f.and_(events["message_id"].is_not_null(), events["flow_id"].is_null()),
        stable=(events["message_id"], events["metric_id"]),
        comment="One row per message and metric: events and profiles.",
    )


def campaign_performance(
    account: Curated,
    *,
    engagement: Any = None,
    database: str = "analytics_klaviyo",
    conversion_metric: str = k.PLACED,
    rate_denominator: Literal["delivered", "recipients"] = "delivered",
    window_hours: int = k.WINDOW_HOURS,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per campaign, sent or not, over all its time.

    ``delivered`` are the profiles that received it, ``recipients`` those that received or bounced. Profiles count once per
    campaign, however often they open; anonymous events count in totals alone. Clicks by programs never count, opens by
    programs count in ``opens`` and are left out of ``_excl_mpp``. Conversions follow :func:`attributed`. ``rate_denominator``
    is what rates other than delivery and bounce are divided by.

    ``engagement`` (:func:`campaign_engagement`) makes it scale: a refresh then merges states and reads only the conversions,
    and of clicks and opens profile and time. Without it, and with ``merged``, which needs the rows, a refresh reads every
    e-mail event. Memory is bounded: groups spill to disk.
    """
    below = {"delivered": "delivered", "recipients": "recipients"}[rate_denominator]

    class Campaign(tl.Columns):
        campaign_id = tl.column(t.String, comment="Klaviyo's id of the campaign")
        recipients = tl.column(p.COUNT, comment="profiles that received it or bounced; do not sum over campaigns")
        delivered = tl.column(p.COUNT, comment="profiles that received it; do not sum over campaigns")
        bounced = tl.column(p.COUNT, comment="recipients - delivered")
        delivery_rate = tl.column(p.RATE, comment="delivered / recipients")
        bounce_rate = tl.column(p.RATE, comment="bounced / recipients")
        opens = tl.column(p.COUNT, comment="opens, those by mail programs included; sum over campaigns")
        opens_unique = tl.column(p.COUNT, comment="profiles that opened; do not sum over campaigns")
        open_rate = tl.column(p.RATE, comment=f"opens_unique / {below}")
        opens_unique_excl_mpp = tl.column(
            p.COUNT, comment="profiles that opened themselves, not their mail program alone"
        )
        open_rate_excl_mpp = tl.column(p.RATE, comment=f"opens_unique_excl_mpp / {below}")
        clicks = tl.column(p.COUNT, comment="clicks, those by bots left out; sum over campaigns")
        clicks_unique = tl.column(p.COUNT, comment="profiles that clicked; do not sum over campaigns")
        click_rate = tl.column(p.RATE, comment=f"clicks_unique / {below}")
        click_to_open_rate = tl.column(p.RATE, comment="clicks_unique / opens_unique")
        unsubscribe_rate = tl.column(p.RATE, comment=f"profiles that unsubscribed / {below}")
        spam_complaint_rate = tl.column(p.RATE, comment=f"profiles that marked it as spam / {below}")
        conversions = tl.column(p.COUNT, comment=f"{conversion_metric} with the credit for it; sum over campaigns")
        conversion_uniques = tl.column(p.COUNT, comment="profiles behind them; do not sum over campaigns")
        conversion_rate = tl.column(p.RATE, comment=f"conversion_uniques / {below}")
        placed_order_rate = tl.column(p.RATE, comment=f"conversions / {below}")
        revenue = tl.column(p.AMOUNT, comment="value of the conversions, account currency; sum over campaigns")
        revenue_per_recipient = tl.column(p.RATE, comment=f"revenue / {below}")
        aov = tl.column(p.RATE, comment="revenue / conversions")
        name = tl.column(t.Nullable(t.String), comment="name as of now")
        channel = tl.column(t.LowCardinality(t.Nullable(t.String)), comment="email, sms or mobile_push")
        send_time = tl.column(t.Nullable(t.DateTime64(3, "UTC")), comment="when it was sent (UTC); NULL for a draft")
        unsubscribes = tl.column(p.COUNT, comment="profiles that unsubscribed by it")
        spam_complaints = tl.column(p.COUNT, comment="profiles that marked it as spam")
        native_conversions = tl.column(
            p.COUNT, comment="conversions whose credit is Klaviyo's own; the rest is computed"
        )
        first_event_at = tl.column(t.Nullable(t.DateTime64(3, "UTC")), comment="its first event (UTC)")
        last_event_at = tl.column(t.Nullable(t.DateTime64(3, "UTC")), comment="its last event (UTC)")

    query = tl.sql(
        f"""SELECT
    c.campaign_id AS campaign_id,
    e.recipients AS recipients,
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
    c.name AS name,
    c.channel AS channel,
    c.send_time AS send_time,
    e.unsubscribes AS unsubscribes,
    e.spam_complaints AS spam_complaints,
    v.native_conversions AS native_conversions,
    e.first_event_at AS first_event_at,
    e.last_event_at AS last_event_at
FROM {{campaigns}} AS c
LEFT JOIN (
{{engaged}}
) AS e ON c.campaign_id = e.campaign
LEFT JOIN (
    SELECT
        assumeNotNull(campaign_id) AS campaign,
        uniqExact(event_id) AS conversions,
        uniqExact(profile_id) AS conversion_uniques,
        uniqExactIf(event_id, attribution_method = 'native') AS native_conversions,
        sum(value) AS revenue
    FROM ({{attributed}})
    WHERE campaign_id IS NOT NULL
    GROUP BY campaign
) AS v ON c.campaign_id = v.campaign""",
        campaigns=account.campaigns_latest,
        engaged=_from_rows(account, merged)
        if engagement is None or merged is not None
        else _from_states(account, engagement),
        attributed=k.attributed(account, conversion_metric=conversion_metric, window_hours=window_hours, merged=merged),
    )
    return p.measures(
        database,
        "campaign_performance",
        Campaign,
        query,
        order_by=(Campaign.campaign_id,),
        refresh=refresh,
        comment="One row per campaign: sent, opened, clicked, bought.",
    )


_EMAIL = (*k.RECEIVED, *k.BOUNCED, *k.OPENED, *k.CLICKED, *k.UNSUBSCRIBED, *k.SPAM)


def _from_rows(account: Curated, merged: Any) -> tl.Sql:
    """Engagement of each campaign, from every e-mail event."""
    received, reached = k.one_of(k.RECEIVED), k.one_of((*k.RECEIVED, *k.BOUNCED))
    opened, clicked = k.one_of(k.OPENED), f"{k.one_of(k.CLICKED)} AND NOT bot_click"
    return tl.sql(
        f"""    SELECT
        assumeNotNull(campaign_id) AS campaign,
        uniqExactIf(profile_id, {reached}) AS recipients,
        uniqExactIf(profile_id, {received}) AS delivered,
        uniqExactIf(event_id, {opened}) AS opens,
        uniqExactIf(profile_id, {opened}) AS opens_unique,
        uniqExactIf(profile_id, {opened} AND NOT apple_privacy_open) AS opens_unique_excl_mpp,
        uniqExactIf(event_id, {clicked}) AS clicks,
        uniqExactIf(profile_id, {clicked}) AS clicks_unique,
        uniqExactIf(profile_id, {k.one_of(k.UNSUBSCRIBED)}) AS unsubscribes,
        uniqExactIf(profile_id, {k.one_of(k.SPAM)}) AS spam_complaints,
        toNullable(min(datetime)) AS first_event_at,
        toNullable(max(datetime)) AS last_event_at
    FROM ({{happened}})
    WHERE campaign_id IS NOT NULL
    GROUP BY campaign""",
        happened=k.happened(account, _EMAIL, merged=merged),
    )


def _from_states(account: Curated, engagement: Any) -> tl.Sql:
    """Engagement of each campaign, from the states of its messages."""
    received, reached = k.one_of(k.RECEIVED, "kind"), k.one_of((*k.RECEIVED, *k.BOUNCED), "kind")
    opened, clicked = k.one_of(k.OPENED, "kind"), k.one_of(k.CLICKED, "kind")
    return tl.sql(
        f"""    SELECT
        m.campaign AS campaign,
        uniqExactMergeIf(s.profiles, {reached}) AS recipients,
        uniqExactMergeIf(s.profiles, {received}) AS delivered,
        uniqExactMergeIf(s.events, {opened}) AS opens,
        uniqExactMergeIf(s.profiles, {opened}) AS opens_unique,
        uniqExactIfMergeIf(s.human_profiles, {opened}) AS opens_unique_excl_mpp,
        uniqExactIfMergeIf(s.human_events, {clicked}) AS clicks,
        uniqExactIfMergeIf(s.human_profiles, {clicked}) AS clicks_unique,
        uniqExactMergeIf(s.profiles, {k.one_of(k.UNSUBSCRIBED, "kind")}) AS unsubscribes,
        uniqExactMergeIf(s.profiles, {k.one_of(k.SPAM, "kind")}) AS spam_complaints,
        toNullable(minMerge(s.first_event_at)) AS first_event_at,
        toNullable(maxMerge(s.last_event_at)) AS last_event_at
    FROM {{state}} AS s
    INNER JOIN (
        SELECT metric_id, lower(ifNull(name, '')) AS kind
        FROM {{metrics}}
        WHERE {k.one_of(_EMAIL, "lower(ifNull(name, ''))")}
    ) AS q ON s.metric_id = q.metric_id
    INNER JOIN (
        SELECT message, argMax(campaign_id, version) AS campaign
        FROM {{campaigns}}
        ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
        GROUP BY message
    ) AS m ON s.message_id = m.message
    GROUP BY campaign""",
        state=engagement.state,
        metrics=account.metrics_latest,
        campaigns=account.campaigns_latest,
    )
