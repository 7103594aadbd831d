"""What came of one campaign: the counts and rates of its row in campaign_performance."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.facts import Campaign, Event, Minor
from tilla.demo.money import Money, ratio

_COUNTED = {
    cat.RECEIVED: "delivered",
    cat.BOUNCED: "bounced",
    cat.OPENED: "opens",
    cat.CLICKED: "clicks",
    cat.UNSUBSCRIBED: "left",
    cat.LEFT_LIST: "left",
    cat.SPAM: "spam",
}


@attrs.define
class Mailing:
    """What came of one campaign."""

    campaign: Campaign
    events: dict[str, int] = attrs.field(factory=lambda: defaultdict(int))
    profiles: dict[str, set[int]] = attrs.field(factory=lambda: defaultdict(set))
    revenue: Minor = 0

    def take(self, event: Event, profile: int) -> None:
        """Count an event of the campaign; a click by a bot is none."""
        name = _COUNTED.get(event.metric)
        if name is None or event.bot:
            return
        self._count(name, profile)
        if name == "opens" and not event.privacy:
            self._count("human_opens", profile)

    def convert(self, profile: int, value: Minor) -> None:
        """Count an order that the campaign gets the credit for."""
        self._count("conversions", profile)
        self.revenue += value

    def _count(self, name: str, profile: int) -> None:
        self.events[name] += 1
        self.profiles[name].add(profile)

    def row(self, money: Money) -> dict[str, Any]:
        """Return the campaign's row."""

        def unique(name: str) -> int:
            return len(self.profiles.get(name, ()))

        delivered, conversions = unique("delivered"), self.events.get("conversions", 0)
        recipients = len(self.profiles.get("delivered", set()) | self.profiles.get("bounced", set()))
        revenue = money.decimal(self.revenue)
        return {
            "campaign_id": self.campaign.id,
            "recipients": recipients,
            "delivered": delivered,
            "bounced": recipients - delivered,
            "delivery_rate": ratio(delivered, recipients),
            "bounce_rate": ratio(recipients - delivered, recipients),
            "opens": self.events.get("opens", 0),
            "opens_unique": unique("opens"),
            "open_rate": ratio(unique("opens"), delivered),
            "opens_unique_excl_mpp": unique("human_opens"),
            "open_rate_excl_mpp": ratio(unique("human_opens"), delivered),
            "clicks": self.events.get("clicks", 0),
            "clicks_unique": unique("clicks"),
            "click_rate": ratio(unique("clicks"), delivered),
            "click_to_open_rate": ratio(unique("clicks"), unique("opens")),
            "unsubscribe_rate": ratio(unique("left"), delivered),
            "spam_complaint_rate": ratio(unique("spam"), delivered),
            "conversions": conversions,
            "conversion_uniques": unique("conversions"),
            "conversion_rate": ratio(unique("conversions"), delivered),
            "placed_order_rate": ratio(conversions, delivered),
            "revenue": revenue,
            "revenue_per_recipient": ratio(revenue, delivered),
            "aov": ratio(revenue, conversions),
        }
