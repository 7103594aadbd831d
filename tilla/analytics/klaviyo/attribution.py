"""The credit for conversions: Klaviyo's own, else the last click or open. It is worked out once, for all tables that read it.

Clicks and opens are found by profile in a slim copy that every insert updates, because the big table is sorted by metric and day.
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.datasets.common import Curated
from tilla.engines import ReplacingMergeTree


def message_touches(account: Curated, *, database: str = "analytics_klaviyo") -> tl.MaterializedView[Any]:
    """One row per profile, moment, metric and message: events without what makes them big, sorted by who did it.

    For :func:`attributed_conversions` and :func:`profile_lifecycle`, which read the clicks and opens of it that no program
    made: the first columns of its key. A copy that every insert updates, of every metric, because a metric's name may land later
    than its events. Nothing in it is an id of an event, so that it has a few bytes a row; events of one profile, moment and
    message are one. An event that is delivered again under another profile stays with the first, too.
    """
    events = p.columns(account.events)
    apart = k.own(account)
    word = t.LowCardinality(t.String)
    keys = {
        **({"account": tl.derive(events["account"], comment=k.ACCOUNT.comment)} if apart.several else {}),
        "metric_id": tl.derive(events["metric_id"], comment="metrics.metric_id"),
        "apple_privacy_open": tl.derive(
            events["apple_privacy_open"], comment="true for an open that a mail program made by itself"
        ),
        "bot_click": tl.derive(events["bot_click"], comment="true for a click by a program"),
        "profile_id": tl.derive(f.if_null(events["profile_id"], ""), comment="profiles.profile_id"),
        "datetime": tl.derive(events["datetime"], comment="when it happened (UTC)"),
        "flow_id": tl.derive(
            f.cast(f.if_null(events["flow_id"], ""), word), comment="flows.flow_id; '' for a message of a campaign"
        ),
        "message_id": tl.derive(
            f.cast(f.if_null(events["message_id"], ""), word),
            comment="the message; of a campaign, its id or one of its messages",
        ),
        "variation_id": tl.derive(
            f.cast(f.if_null(events["variation_id"], ""), word), comment="the variation in an A/B test; '' without one"
        ),
    }
    own = {name: column.renamed(name) for name, column in keys.items()}
    version = tl.derive(events["version"], comment=events["version"].comment).renamed("version")
    return tl.MaterializedView(
        f"{database}.message_touches",
        tl.columns_of(*own.values(), version, name="Touch"),
        source=account.events,
        engine=ReplacingMergeTree(version=version, order_by=tuple(own.values())),
        where=events["profile_id"].is_not_null(),
        comment="One row per profile, moment, metric and message.",
    )


def touching(account: Curated, touches: Any = None, *, merged: Any = None, once: bool = False) -> tl.Sql:
    """One row per click in an e-mail and open of one, those by programs left out, of a profile.

    From ``touches`` (:func:`message_touches`), else or with ``merged`` from the events. A row may be there twice, unless ``once``:
    then one for each moment, metric and message. Columns: profile_id, datetime, campaign_id, flow_id, message_id, variation_id; account in front where there are several.
    """
    apart = k.own(account)
    if touches is None or merged is not None:
        return tl.sql(
            f"""SELECT {"DISTINCT h.metric, " if once else ""}{apart.of("h")}assumeNotNull(h.profile_id) AS profile_id, h.datetime AS datetime, h.campaign_id AS campaign_id,
        h.flow_id AS flow_id, h.message_id AS message_id, h.variation_id AS variation_id
    FROM ({{happened}}) AS h
    WHERE h.profile_id IS NOT NULL AND NOT if({k.one_of(k.OPENED, "h.metric")}, h.apple_privacy_open, h.bot_click)""",
            happened=k.happened(account, (*k.OPENED, *k.CLICKED), merged=merged),
        )
    campaigns = account.get("campaigns_latest")
    campaign, join = "CAST(NULL, 'Nullable(String)')", ""
    if campaigns is not None:
        campaign = "if(e.flow_id = '', c.campaign, NULL)"
        join = f"\n    LEFT JOIN (\n        {k.campaigns_of_messages(account)}\n    ) AS c ON e.message_id = c.message{apart.same('e', 'c')}"
    return tl.sql(
        f"""SELECT {apart.of("e")}e.profile_id AS profile_id, e.datetime AS datetime, {campaign} AS campaign_id,
        nullIf(toString(e.flow_id), '') AS flow_id, nullIf(toString(e.message_id), '') AS message_id,
        nullIf(toString(e.variation_id), '') AS variation_id
    FROM {{touches}} AS e{" FINAL" if once else ""}{join}
    WHERE ({k.named(account, k.OPENED, "e.metric_id")} AND NOT e.apple_privacy_open)
        OR ({k.named(account, k.CLICKED, "e.metric_id")} AND NOT e.bot_click)""",
        touches=touches,
        metrics=account.metrics_latest,
        **({"campaigns": campaigns} if campaigns is not None else {}),
    )


def attributed(
    account: Curated,
    *,
    conversion_metric: str = k.PLACED,
    window_hours: int = k.WINDOW_HOURS,
    touches: Any = None,
    merged: Any = None,
) -> tl.Sql:
    """One row per conversion, with the campaign or flow that gets the credit.

    Klaviyo's own attribution where the event carries one (``native``): its message or flow, else those of the event that it
    names, which may be of an SMS or a push; else the profile's last click or open of an e-mail, those by programs left out,
    at most ``window_hours`` before it, both ends included (``last_touch``); else ``none``.
    It reads the conversions, and of clicks and opens profile, time and message: from ``touches`` (:func:`message_touches`), or
    from the events. What is kept of these in memory are those of profiles that converted without Klaviyo's word. Where a
    conversion names an event and no message, the ids of clicks, opens and received SMS are read too.
    Columns: event_id, datetime, profile_id, value, currency, order_ref, attribution_method, campaign_id, flow_id,
    message_id, variation_id; account in front where there are several: credit never goes to another account's message.
    """
    apart = k.own(account)
    return tl.sql(
        f"""SELECT
    {apart.of("c")}c.event_id AS event_id,
    c.datetime AS datetime,
    c.profile_id AS profile_id,
    c.value AS value,
    c.currency AS currency,
    c.order_ref AS order_ref,
    coalesce(c.attributed_event_id, c.attributed_message_id, c.attributed_flow_id) IS NOT NULL AS is_native,
    NOT is_native AND t.at >= c.datetime - toIntervalHour({window_hours:d}) AS is_touched,
    multiIf(is_native, 'native', is_touched, 'last_touch', 'none') AS attribution_method,
    (c.attributed_message_id IS NULL AND c.attributed_flow_id IS NULL) AS by_event,
    multiIf(is_native AND by_event, n.campaign_id, is_native, c.attributed_campaign_id, is_touched, t.touch.1, NULL)
        AS campaign_id,
    multiIf(is_native AND by_event, n.flow_id, is_native, c.attributed_flow_id, is_touched, t.touch.2, NULL) AS flow_id,
    multiIf(is_native AND by_event, n.message_id, is_native, c.attributed_message_id, is_touched, t.touch.3, NULL)
        AS message_id,
    multiIf(is_native AND by_event, n.variation_id, is_native, c.attributed_variation_id, is_touched, t.touch.4, NULL)
        AS variation_id
FROM (
    SELECT *, ifNull(profile_id, '') AS profile FROM ({{conversions}})
) AS c
ASOF LEFT JOIN (
    SELECT
        {apart.key}profile_id AS profile,
        datetime AS at,
        argMax(
            (campaign_id, flow_id, message_id, variation_id),
            (ifNull(flow_id, ''), ifNull(message_id, ''), ifNull(variation_id, ''))
        ) AS touch
    FROM (
    {{touching}}
    )
    WHERE {apart.pair("profile_id")} IN (
            SELECT {apart.key}profile_id FROM ({{conversions}})
            WHERE coalesce(attributed_event_id, attributed_message_id, attributed_flow_id) IS NULL
        )
    GROUP BY {apart.key}profile, at
) AS t ON c.profile = t.profile{apart.same("c", "t")} AND c.datetime >= t.at
LEFT JOIN (
    SELECT {apart.key}event_id, campaign_id, flow_id, message_id, variation_id FROM ({{credited}})
    WHERE {apart.pair("event_id")} IN (
            SELECT {apart.key}attributed_event_id FROM ({{conversions}})
            WHERE attributed_event_id IS NOT NULL AND attributed_message_id IS NULL AND attributed_flow_id IS NULL
        )
) AS n ON c.attributed_event_id = n.event_id{apart.same("c", "n")}""",
        conversions=k.happened(account, (conversion_metric,), merged=merged),
        touching=touching(account, touches, merged=merged),
        credited=k.happened(account, k.CREDITED, merged=merged),
    )


def attributed_conversions(
    account: Curated,
    *,
    touches: Any = None,
    database: str = "analytics_klaviyo",
    conversion_metric: str = k.PLACED,
    window_hours: int = k.WINDOW_HOURS,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per conversion, with the campaign or flow that gets the credit: what campaigns, flows and the shop's tables read.

    The rules are those of :func:`attributed`. It is rebuilt, because a click may land after its order, and Klaviyo recomputes
    its credit. A refresh reads every conversion, and with ``touches`` (:func:`message_touches`) the clicks and opens that no
    program made, of each a few bytes. Without, and with ``merged``, it reads them from the events. Memory is bounded: groups
    spill to disk.
    """

    class Conversion(tl.Columns):
        event_id = tl.column(t.String, comment="events.event_id of the conversion")
        datetime = tl.column(t.DateTime64(3, "UTC"), comment="when it happened (UTC)")
        profile_id = tl.column(t.Nullable(t.String), comment="profiles.profile_id; NULL for an anonymous one")
        value = tl.column(p.AMOUNT, comment="its value, 0 where there is none; sum over rows of one currency")
        currency = tl.column(p.WORD, comment="currency of the value; '' where the event names none")
        order_ref = tl.column(
            t.Nullable(t.String), comment="the shop's order id as text; NULL where the event names none"
        )
        attribution_method = tl.column(
            p.WORD, comment="native (Klaviyo's own), last_touch (computed) or none: nobody has the credit"
        )
        campaign_id = tl.column(
            t.Nullable(t.String), comment="campaigns.campaign_id with the credit; NULL for a flow, or not known"
        )
        flow_id = tl.column(t.Nullable(t.String), comment="flows.flow_id with the credit")
        message_id = tl.column(t.Nullable(t.String), comment="the message with the credit")
        variation_id = tl.column(t.Nullable(t.String), comment="its variation in an A/B test; NULL without one")

    apart = k.own(account)
    body = apart.body(Conversion)
    names = ",\n    ".join(name for name, item in vars(body).items() if isinstance(item, tl.Column))
    return p.measures(
        database,
        "attributed_conversions",
        body,
        tl.sql(
            f"SELECT\n    {names}\nFROM (\n{{attributed}}\n)",
            attributed=attributed(
                account, conversion_metric=conversion_metric, window_hours=window_hours, touches=touches, merged=merged
            ),
        ),
        order_by=(*apart.columns, Conversion.datetime, Conversion.event_id),
        refresh=refresh,
        comment=f"One row per {conversion_metric}: the campaign or flow that gets the credit.",
    )


def credited(account: Curated, conversions: Any, **how: Any) -> tuple[str, dict[str, Any]]:
    """What stands behind FROM for conversions with their credit: the table of them, or the query, and its reference."""
    if conversions is not None:
        return "{conversions}", {"conversions": conversions}
    return "({conversions})", {"conversions": attributed(account, **how)}
