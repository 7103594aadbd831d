"""What profiles did, and when for the first and the last time: states that stand for every event of a big table.

Most events only say that a profile did something once more. Who is known, who was engaged and when is in the first and the
last of them; what must be counted or summed, orders and refunds, are few events, and those are read themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.klaviyo import parts as k
from tilla.datasets.common import Curated


def profile_activity(account: Curated, *, database: str = "analytics_klaviyo") -> tl.Aggregation[Any]:
    """States per metric, profile, and what a program did: the first and the last time, that every insert updates.

    For :func:`customer_lifecycle`, :func:`profile_lifecycle` and :func:`segment_performance`, which then read these and a few
    events. An event that is delivered again changes nothing. Events that name a profile keep it: where the same event is
    delivered later under another profile, it counts for both until the states are filled anew.
    """
    events = p.columns(account.events)
    apart = k.own(account)

    class Activity(tl.Columns):
        metric_id = tl.derive(events["metric_id"], comment="metrics.metric_id")
        profile_id = tl.derive(f.if_null(events["profile_id"], ""), comment="profiles.profile_id")
        apple_privacy_open = tl.derive(
            events["apple_privacy_open"], comment="true for opens that a mail program made by itself"
        )
        bot_click = tl.derive(events["bot_click"], comment="true for clicks by a program")
        first_at = tl.measure(f.min(events["datetime"]), comment="the first time (UTC)")
        last_at = tl.measure(f.max(events["datetime"]), comment="the last time (UTC)")

    return tl.Aggregation(
        f"{database}.profile_activity",
        apart.body(Activity, apart.derived(events)),
        source=account.events,
        where=events["profile_id"].is_not_null(),
        stable=(
            *apart.kept(events),
            events["metric_id"],
            events["profile_id"],
            events["apple_privacy_open"],
            events["bot_click"],
        ),
        comment="One row per metric, profile, and what a program did: the first and the last time.",
    )


def acted(
    account: Curated,
    activity: Any,
    *,
    touches: Any = None,
    without: Iterable[str] = (),
    start: tl.Expr[Any] | None = None,
    end: tl.Expr[Any] | None = None,
    whole: bool = True,
    timezone: str = "",
) -> tl.Sql:
    """The first and the last event in a period of local days of every metric, profile, and what a program did.

    Read from ``activity``, for all metrics but those ``without``. A state knows the first and the last of all time. It does not
    know enough where it begins before ``start`` and ends after ``end``, and with ``whole`` where it goes on after ``end`` (for a
    period up to today: events dated in the future). For these it is read from ``touches`` (:func:`message_touches`), which is
    sorted by profile, or from the events of those metrics. Without ``whole`` the last may be missing, but never both. Columns: account where there are several, profile_id, day (local), datetime, metric (lower
    case, '' where it is not known), apple_privacy_open, bot_click.
    """
    apart, zone = k.own(account), f.cast(p.zone(account, timezone), t.String)
    left_out = tuple(without)
    other = f" AND NOT ({k.one_of(left_out, 'metric')})" if left_out else ""
    inside = ["day >= {start}"] * (start is not None) + ["day <= {end}"] * (end is not None)
    ends = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    text = f"""SELECT {apart.key}profile_id, toDate(moment, {{zone}}) AS day, moment AS datetime, metric, apple_privacy_open, bot_click
FROM (
    SELECT
        {apart.of("s")}s.profile_id AS profile_id, lower(ifNull(any(m.name), '')) AS metric,
        s.apple_privacy_open AS apple_privacy_open, s.bot_click AS bot_click,
        arrayJoin([minMerge(s.first_at), maxMerge(s.last_at)]) AS moment
    FROM {{states}} AS s
    LEFT JOIN {{metrics}} AS m ON s.metric_id = m.metric_id{apart.same("s", "m")}
    GROUP BY {apart.key}s.metric_id, profile_id, apple_privacy_open, bot_click
)
WHERE {" AND ".join(inside) or "true"}{other}"""
    straddles = ""
    if whole and end is not None and start is None:
        straddles = f"SELECT {apart.key}metric_id, profile_id FROM {{states}} WHERE toDate(finalizeAggregation(last_at), {{zone}}) > {{end}}"
    elif end is not None and start is not None:
        straddles = f"""SELECT {apart.key}metric_id, profile_id FROM {{states}}
        GROUP BY {apart.key}metric_id, profile_id
        HAVING toDate(minMerge(first_at), {{zone}}) < {{start}} AND toDate(maxMerge(last_at), {{zone}}) > {{end}}"""
    if straddles:
        near = " AND e.datetime >= toDateTime({start}) - toIntervalDay(1) AND e.datetime < toDateTime({end}) + toIntervalDay(3)"
        text += f"""
UNION ALL
SELECT {apart.of("e")}assumeNotNull(e.profile_id) AS profile_id, toDate(e.datetime, {{zone}}) AS day, e.datetime AS datetime,
    lower(ifNull({"e.metric_name" if touches is None else "n.name"}, '')) AS metric,
    e.apple_privacy_open AS apple_privacy_open, e.bot_click AS bot_click
FROM {{events}} AS e{"" if touches is None else chr(10) + "LEFT JOIN {metrics} AS n ON e.metric_id = n.metric_id" + apart.same("e", "n")}
WHERE ({apart.of("e").replace(" AS account", "")}e.metric_id, e.profile_id) IN (
        {straddles}
    ) AND {" AND ".join(inside)}{other}{near if start is not None else ""}"""
        ends["events"] = account.events_latest if touches is None else touches
    return tl.sql(text, states=activity.state, metrics=account.metrics_latest, zone=zone, **ends)


def day_of(value: dt.date | None) -> tl.Expr[Any] | None:
    """A fixed day for a query, or none."""
    return None if value is None else f.cast(value, t.Date)
