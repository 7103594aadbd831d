"""``analytics_klaviyo``: measures of an account over its curated tables.

Each function declares one table, some with the helpers below it; :func:`measured` declares all that the synced streams allow.
"""

from __future__ import annotations

from typing import Any

from tilla.analytics.klaviyo.activity import daily_event_summary, hourly_engagement
from tilla.analytics.klaviyo.campaigns import campaign_performance
from tilla.analytics.klaviyo.parts import attributed, happened
from tilla.datasets.common import Curated

# Each table with the curated objects that it cannot do without.
NEEDS: dict[Any, tuple[str, ...]] = {
    campaign_performance: ("campaigns", "events", "metrics"),
    daily_event_summary: ("events",),
    hourly_engagement: ("events", "metrics"),
}
_ZONED = (daily_event_summary, hourly_engagement)


def measured(account: Curated, *, database: str = "analytics_klaviyo", timezone: str = "") -> tuple[Any, ...]:
    """Every table that the account's synced streams allow, with the default parameters."""
    found: list[Any] = []
    for make, needs in NEEDS.items():
        if all(account.get(name) is not None for name in needs):
            zone = {"timezone": timezone} if make in _ZONED else {}
            made = make(account, database=database, **zone)
            found += made if isinstance(made, tuple) else (made,)
    return tuple(found)


__all__ = [
    "attributed",
    "campaign_performance",
    "daily_event_summary",
    "happened",
    "hourly_engagement",
    "measured",
]
