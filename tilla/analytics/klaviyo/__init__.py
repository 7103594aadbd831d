"""``analytics_klaviyo``: measures of an account over its curated tables.

Each function declares one table, some with the helpers below it; :func:`measured` declares all that the synced streams allow.
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla.analytics.klaviyo.activity import daily_event_summary, hourly_engagement
from tilla.analytics.klaviyo.attribution import attributed, attributed_conversions, message_touches
from tilla.analytics.klaviyo.audiences import attribution_summary, segment_performance, utm_touches
from tilla.analytics.klaviyo.campaigns import campaign_performance, flow_performance, message_engagement
from tilla.analytics.klaviyo.customers import (
    Thresholds,
    churn_summary,
    customer_lifecycle,
    customer_lifecycle_summary,
    everyone,
    profile_lifecycle,
)
from tilla.analytics.klaviyo.parts import email_clicks, happened
from tilla.analytics.klaviyo.profiles import profile_activity
from tilla.datasets.common import Curated

# Each table with the curated objects that it cannot do without; one that others read stands before them.
NEEDS: dict[Any, tuple[str, ...]] = {
    attributed_conversions: ("events", "metrics"),
    campaign_performance: ("campaigns", "events", "metrics"),
    flow_performance: ("events", "metrics"),
    daily_event_summary: ("events",),
    hourly_engagement: ("events", "metrics"),
    attribution_summary: ("events", "metrics"),
    customer_lifecycle: ("events", "metrics"),
    churn_summary: ("events", "metrics"),
    profile_lifecycle: ("events", "metrics"),
    segment_performance: ("events", "metrics"),
}

# What every insert updates, so that a refresh of the table above it reads no big table: its parameters, and the functions.
STATES: dict[Any, dict[str, Any]] = {
    attributed_conversions: {"touches": message_touches},
    campaign_performance: {"engagement": message_engagement},
    flow_performance: {"engagement": message_engagement},
    attribution_summary: {"touches": utm_touches},
    customer_lifecycle: {"activity": profile_activity},
    profile_lifecycle: {"activity": profile_activity, "touches": message_touches},
    segment_performance: {"activity": profile_activity, "touches": message_touches},
}


def measured(
    account: Curated,
    *,
    database: str = "analytics_klaviyo",
    timezone: str = "",
    merged: Any = None,
    memberships: Any = None,
) -> tuple[Any, ...]:
    """Every table that the account's synced streams allow, with the default parameters.

    Metrics carry the names by which events are told apart, so almost nothing can do without them. What no stream carries may
    come from tables of your own: ``merged`` with (profile_id, merged_into), ``memberships`` with (segment, profile_id).
    With ``merged`` there are no states, because a state cannot take a profile back.
    """
    found: list[Any] = []
    states: dict[Any, Any] = {}
    credit: Any = None
    for make, needs in NEEDS.items():
        if any(account.get(name) is None for name in needs):
            continue
        dayless = (attributed_conversions, campaign_performance, flow_performance)
        how: dict[str, Any] = {} if make in dayless else {"timezone": timezone}
        how |= {"merged": merged} if merged is not None else {}
        how |= {"memberships": memberships} if make is segment_performance else {}
        how |= {"conversions": credit} if make in (campaign_performance, flow_performance) else {}
        if merged is None and not isinstance(account.events, tl.RefreshableView):  # a rebuilt table fires nothing
            for name, below in STATES.get(make, {}).items():
                if below not in states:
                    states[below] = below(account, database=database)
                    found.append(states[below])
                how[name] = states[below]
        made = make(account, database=database, **how)
        credit = made if make is attributed_conversions else credit
        found += made if isinstance(made, tuple) else (made,)
        if make is customer_lifecycle:
            found.append(customer_lifecycle_summary(account, made, database=database, timezone=timezone))
    return tuple(found)


__all__ = [
    "Thresholds",
    "attributed",
    "attributed_conversions",
    "attribution_summary",
    "campaign_performance",
    "churn_summary",
    "customer_lifecycle",
    "customer_lifecycle_summary",
    "daily_event_summary",
    "email_clicks",
    "everyone",
    "flow_performance",
    "happened",
    "hourly_engagement",
    "measured",
    "message_engagement",
    "message_touches",
    "profile_activity",
    "profile_lifecycle",
    "segment_performance",
    "utm_touches",
]
