"""The shop as one value: a seed, a size, a place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import attrs

from tilla.demo.deliveries import Delivery, deliver
from tilla.demo.money import Money
from tilla.demo.simulate import Plan, simulate
from tilla.demo.truth import Tally, tallied


@attrs.frozen(kw_only=True)
class Shop:
    """An invented shop with its Klaviyo account and GA4 property.

    >>> shop = Shop(seed=7, orders=30, days=40)
    >>> sum(row["orders"] for row in shop.truth()["daily_sales"])  # two of the thirty are tests, one is deleted
    27
    """

    seed: int = 7
    orders: int = 120
    customers: int = 40
    subscribers: int = 80
    """Klaviyo profiles that never bought."""
    campaigns: int = 10
    """Every one is mailed to all who may get it, but for the last two, which are never sent."""
    days: int = 120
    start: date = date(2026, 1, 5)
    """The default span has both changes of clocks, that of America and that of Europe."""
    shop_url: str = "tilla-demo"
    """The shop's name, as the connector puts it into every record."""
    currency: str = "USD"
    timezone: str = "America/New_York"
    """IANA name: of the shop, of its offsets, and of the GA4 property."""
    property_id: str = "400000001"
    sync_hours: int = attrs.field(default=6, validator=[attrs.validators.ge(1), attrs.validators.le(24)])
    """How often the loader reads: at least once a day, so that GA4's corrections of a day come apart."""
    refund_subtotal_includes_tax: bool = False
    """What ``subtotal`` of a refund line is in tax-included orders; the truth is the same either way."""

    @classmethod
    def of_events(cls, events: int, **how: Any) -> Self:
        """Return a shop with about so many Klaviyo events, and an order for every twenty."""
        people = max(100, events // 40)
        sized: dict[str, Any] = {
            "customers": people // 3,
            "subscribers": people - people // 3,
            "orders": events // 20,
            "campaigns": 28,
            "days": 365,
        }
        return cls(**(sized | how))

    @property
    def end(self) -> date:
        """The first day on which nothing happens any more; what ``as_of`` should be is the day before."""
        return self.start + timedelta(days=self.days)

    def deliveries(self, streams: Collection[str] | None = None) -> Iterator[Delivery]:
        """Yield what the loader brings, in order of arrival; some of it twice, some late.

        ``streams`` leaves out all but these (``"klaviyo.events"``) and saves the time to write them; what is
        left stays the same, but for the loader's ids and milliseconds. Klaviyo's ``_detailed`` streams come only when
        they are asked for.
        """
        return deliver(
            self._plan,
            Money.of(self.currency),
            self.shop_url,
            self.property_id,
            every=self.sync_hours * 3600,
            refunds_include_tax=self.refund_subtotal_includes_tax,
            wanted=None if streams is None else frozenset(streams),
        )

    def truth(self, *, timezone: str | None = None, as_of: date | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return the right rows of the analytics tables, by table name.

        ``timezone`` cuts the days (the shop's when None; GA4's days are its property's own). Read after the last
        delivery: nothing is missing, nothing is provisional.
        """
        zone = ZoneInfo(timezone or self.timezone)
        tally = Tally(Money.of(self.currency), self.shop_url, self.property_id, zone, self.start)
        return tallied(tally, simulate(self._plan)).all(as_of or self.end - timedelta(days=1))

    @property
    def _plan(self) -> Plan:
        return Plan(
            seed=self.seed,
            orders=self.orders,
            customers=self.customers,
            subscribers=self.subscribers,
            campaigns=self.campaigns,
            days=self.days,
            start=self.start,
            zone=ZoneInfo(self.timezone),
        )
