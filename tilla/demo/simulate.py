"""The story of the shop, day by day: who arrives, what is mailed, left at the till, bought, edited, returned.

Everything is drawn from the seed, one stream of chance per subject, and handed out in order of days. The first
orders follow a script, so that even a tiny shop has a cancel, a refund a month later, a test order, and so on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.facts import Campaign, Checkout, Customer, Event, Fact, Order, Profile, Seconds, Touch
from tilla.demo.ordering import SCRIPT, OrderPlan, Script, place
from tilla.demo.sessions import traffic_of

HOUR, DAY = 3600, 86400
WINDOW = 5 * DAY
"""An e-mail gets the credit for an order up to this long after it was opened or clicked."""


@attrs.frozen(kw_only=True)
class Plan:
    """The size and place of a shop: what the simulation needs to know."""

    seed: int
    orders: int
    customers: int
    subscribers: int
    campaigns: int
    days: int
    start: date
    zone: ZoneInfo

    def midnight(self, day: int) -> Seconds:
        """Return when a day of the story begins in the shop."""
        local = datetime.combine(self.start + timedelta(days=day), time(), self.zone)
        return int(local.timestamp())

    @property
    def end(self) -> Seconds:
        """When the story ends: nothing happens later."""
        return self.midnight(self.days)


def simulate(plan: Plan) -> Iterator[tuple[int, Fact]]:
    """Yield facts with the day they become known on, day by day."""
    story = _Story(plan)
    for day in range(plan.days):
        for fact in story.day(day):
            yield day, fact


class _Story:
    """The state that one day leaves to the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chance = {name: Random(f"{plan.seed}:{name}") for name in ("people", "mail", "orders", "views", "ga4")}
        self.begin, self.end = plan.midnight(0), plan.end
        self.customers = self._people()
        self.arrivals = [customer.created_at for customer in self.customers]
        self.pools = {included: self._pool(included=included) for included in (False, True)}
        self.profiles = self._profiles()
        self.profile_arrivals = sorted(profile.created_at for profile in self.profiles)
        self.by_customer = {p.customer.number: p for p in self.profiles if p.customer is not None}
        self.order_times = _order_times(plan, self.chance["orders"])
        self.script = Script(self.chance["orders"])
        self.orders = 0
        self.checkouts = 0
        self.views = 0
        self.campaigns = self._campaigns()
        self.unsubscribed: dict[int, Seconds] = {}
        self.history: dict[int, tuple[int, int]] = {}  # by customer: number of orders, money spent
        self.recoveries: list[tuple[Seconds, int, Checkout]] = []  # a heap by when somebody comes back
        self.touches: deque[dict[int, list[Touch]]] = deque(maxlen=12)  # one per day, by profile
        self.active: list[int] = []

    # --- who there is ---

    def _people(self) -> list[Customer]:
        rng, plan = self.chance["people"], self.plan
        before = self.begin - 200 * DAY
        times = sorted(
            rng.randrange(before, self.begin) if rng.random() < 0.4 else rng.randrange(self.begin, self.end)
            for _ in range(plan.customers)
        )
        if times:
            times[0] = min(times[0], self.begin - DAY)
        return [self._customer(number, at) for number, at in enumerate(times)]

    def _pool(self, *, included: bool) -> tuple[list[Customer], list[Seconds]]:
        """Return who lives where prices include tax, or where they do not, and when they came."""
        found = [c for c in self.customers if cat.MARKETS[c.market].taxes_included == included]
        return found, [customer.created_at for customer in found]

    def _customer(self, number: int, at: Seconds) -> Customer:
        rng = self.chance["people"]
        first, last = cat.NAMES[number % len(cat.NAMES)]
        market = rng.choices(range(len(cat.MARKETS)), cat.MARKET_WEIGHTS)[0]
        subscribed = rng.random() < 0.75
        if number % 19 == 18:  # checked out with a phone number only
            return Customer(number, at, None, None, None, market, subscribed=False)
        return Customer(number, at, first, f"{last} {number}".strip(), f"buyer{number}@example.com", market, subscribed)

    def _profiles(self) -> list[Profile]:
        rng, plan = self.chance["people"], self.plan
        found = [
            Profile(c.number, c.created_at + 2, c.email, c, c.subscribed, rng.random() < 0.35)
            for c in self.customers
            if c.email is not None
        ]
        for number in range(plan.customers, plan.customers + plan.subscribers):
            early = rng.random() < 0.7
            at = rng.randrange(self.begin - 100 * DAY, self.begin) if early else rng.randrange(self.begin, self.end)
            email = None if number % 23 == 22 else f"reader{number}@example.com"
            found.append(Profile(number, at, email, None, email is not None, rng.random() < 0.35))
        return sorted(found, key=lambda profile: (profile.created_at, profile.number))

    def _campaigns(self) -> list[Campaign]:
        """Spread the campaigns over the days; the last two are a draft and a cancelled one."""
        plan, found = self.plan, list[Campaign]()
        for number in range(plan.campaigns):
            day = (2 * number + 1) * plan.days // (2 * plan.campaigns)
            at = plan.midnight(day) + 9 * HOUR + (number % 3) * 1800
            left = plan.campaigns - number
            status: Literal["Sent", "Draft", "Cancelled"] = (
                "Draft" if left == 1 else "Cancelled" if left == 2 else "Sent"
            )
            name = ("Spring Sale – 10% 🌱", "New in: mugs", "Last chance", "Kund:innen-Post")[number % 4]
            campaign = Campaign(
                number,
                f"{name} {number // 4 + 1}" if number >= 4 else name,
                "sms" if status == "Draft" else "email",
                status,
                at - 2 * DAY,
                at if status == "Sent" else None,
                by_message=number % 2 == 0,
            )
            found.append(campaign)
        return found

    # --- one day ---

    def day(self, day: int) -> Iterator[Fact]:
        begin, end = self.plan.midnight(day), self.plan.midnight(day + 1)
        earliest = begin if day else 0
        yield from self.customers[bisect_right(self.arrivals, earliest - 1) : bisect_right(self.arrivals, end - 1)]
        low, high = bisect_right(self.profile_arrivals, earliest - 1), bisect_right(self.profile_arrivals, end - 1)
        yield from self.profiles[low:high]
        self.touches.append({})
        for campaign in self.campaigns:
            if begin <= max(campaign.created_at, self.begin) < end:
                yield campaign
            if campaign.send_at is not None and begin <= campaign.send_at < end:
                yield from self._send(campaign, campaign.send_at)
        yield from self._tills(begin, end)
        while self.orders < len(self.order_times) and self.order_times[self.orders] < end:
            yield from self._order(self.order_times[self.orders])
        yield from self._visits(begin, end)
        yield traffic_of(day, self.plan.orders, self.plan.days, self.active, self.chance["ga4"])

    # --- mail ---

    def _send(self, campaign: Campaign, at: Seconds) -> Iterator[Event]:
        """Mail a campaign to everybody who may get it, and see what they do with it."""
        rng = self.chance["mail"]
        for profile in self.profiles[: bisect_right(self.profile_arrivals, at - 1)]:
            if not profile.subscribed or self.unsubscribed.get(profile.number, at + 1) <= at or rng.random() < 0.04:
                continue
            yield from self._mailed(f"3e{campaign.number}c{profile.number}", at + rng.randrange(900), profile, campaign)

    def _mailed(
        self, id: str, at: Seconds, profile: Profile, campaign: Campaign | None, *, eager: bool = False
    ) -> Iterator[Event]:
        """Yield what one e-mail to one profile leads to. ``campaign`` None is the abandoned-cart flow."""
        rng = self.chance["mail"]
        flow = campaign is None
        fate = rng.random()
        if fate < 0.03 and not eager:
            yield from self._within(Event(f"{id}b", at + 5, cat.BOUNCED, profile, campaign=campaign, flow=flow))
            return
        if fate < 0.04 and not eager:
            yield from self._within(Event(f"{id}d", at, cat.DROPPED, profile, campaign=campaign, flow=flow))
            return
        yield from self._within(Event(f"{id}r", at, cat.RECEIVED, profile, campaign=campaign, flow=flow))
        if profile.apple_mail:
            yield from self._opened(f"{id}m", at + rng.randrange(30, 900), profile, campaign, privacy=True)
        human = rng.random() < (0.8 if eager else 0.32)
        first_open = at + rng.randrange(120, 2 * DAY if not eager else 2 * HOUR)
        if human:
            for turn in range(rng.choice((1, 1, 1, 2, 3))):
                yield from self._opened(f"{id}o{turn}", first_open + turn * 3 * HOUR, profile, campaign, privacy=False)
        if rng.random() < 0.03:
            yield from self._clicked(f"{id}x", at + 4, profile, campaign, bot=True)
        if rng.random() < (0.45 if human else 0.02):
            yield from self._clicked(f"{id}k", first_open + rng.randrange(10, 300), profile, campaign, bot=False)
        leaving = rng.random()
        if leaving < 0.02 and not flow:
            metric = cat.LEFT_LIST if leaving < 0.005 else cat.UNSUBSCRIBED
            leave = Event(f"{id}u", first_open + 600, metric, profile, campaign=campaign)
            if leave.at < self.end:
                self.unsubscribed.setdefault(profile.number, leave.at)
                yield leave
        elif leaving < 0.025 and not flow:
            yield from self._within(Event(f"{id}s", first_open + 700, cat.SPAM, profile, campaign=campaign))

    def _opened(
        self, id: str, at: Seconds, profile: Profile, campaign: Campaign | None, *, privacy: bool
    ) -> Iterator[Event]:
        yield from self._touched(
            Event(id, at, cat.OPENED, profile, campaign=campaign, flow=campaign is None, privacy=privacy),
            human=not privacy,
        )

    def _clicked(
        self, id: str, at: Seconds, profile: Profile, campaign: Campaign | None, *, bot: bool
    ) -> Iterator[Event]:
        yield from self._touched(
            Event(id, at, cat.CLICKED, profile, campaign=campaign, flow=campaign is None, bot=bot), human=not bot
        )

    def _touched(self, event: Event, *, human: bool) -> Iterator[Event]:
        """Remember an open or click, as orders may be owed to it."""
        if event.at < self.end and event.profile is not None:
            touch = Touch(event.id, event.at, event.campaign, event.flow, human, event.metric == cat.CLICKED)
            self.touches[-1].setdefault(event.profile.number, []).append(touch)
            yield event

    def _within(self, event: Event) -> Iterator[Event]:
        """Let an event pass that happens before the story ends; a few come to light days later."""
        if event.at < self.end:
            late = self.chance["mail"].random() < 0.01
            yield attrs.evolve(event, late_days=3) if late else event

    def _recent(self, profile: int, at: Seconds, span: int) -> list[Touch]:
        """Return a profile's touches of the last ``span`` seconds, the newest last."""
        found = [t for kept in self.touches for t in kept.get(profile, ()) if at - span <= t.at <= at]
        return sorted(found, key=lambda touch: (touch.at, touch.event))

    # --- the till ---

    def _tills(self, begin: Seconds, end: Seconds) -> Iterator[Fact]:
        """Leave some carts at the till: three for every ten orders."""
        rng, plan = self.chance["orders"], self.plan
        wanted = plan.orders * 3 * (begin - self.begin) // (10 * (self.end - self.begin)) + 1
        for _ in range(wanted - self.checkouts):
            at = rng.randrange(begin, end - HOUR)
            known = bisect_right(self.arrivals, at)
            customer = self.customers[rng.randrange(known)] if known and rng.random() < 0.85 else None
            if customer is not None and customer.email is None:
                customer = None
            number, fate = self.checkouts, rng.random()
            completed = at + rng.randrange(HOUR, 6 * DAY) if fate < 0.15 else None
            checkout = Checkout(
                number,
                at,
                customer,
                rng.choice(cat.ON_SALE),
                rng.choice((1, 1, 2)),
                foreign=number % 7 == 3,
                completed_at=completed if completed is not None and completed < self.end else None,
            )
            self.checkouts += 1
            yield checkout
            if customer is None:
                continue
            profile = self.by_customer[customer.number]
            yield from self._started(checkout, profile)
            if checkout.completed_at is None and fate < 0.55:
                # Most come back within a week; every fifth much later, which is no recovery.
                delay = rng.randrange(3 * HOUR, 6 * DAY) if fate < 0.47 else 18 * DAY
                heappush(self.recoveries, (at + delay, number, checkout))

    def _started(self, checkout: Checkout, profile: Profile) -> Iterator[Event]:
        """Klaviyo sees the checkout, and its flow mails the person an hour later."""
        id = f"3eh{checkout.number}"
        yield from self._within(Event(id, checkout.at, cat.STARTED, profile, checkout.total, product=checkout.product))
        if profile.subscribed and self.unsubscribed.get(profile.number, self.end) > checkout.at:
            yield from self._mailed(f"{id}f", checkout.at + HOUR, profile, None, eager=True)

    # --- orders ---

    def _order(self, at: Seconds) -> Iterator[Fact]:
        rng, number = self.chance["orders"], self.orders
        self.orders += 1
        kind = self.script.kind(number)
        checkout = self._recovery(at) if number >= len(SCRIPT) else None
        customer = checkout.customer if checkout is not None else self._buyer(at, kind)
        if checkout is not None:
            kind = "plain"
        touch, native = self._credit(customer, at)
        past = self.history.get(customer.number, (0, 0)) if customer is not None else (0, 0)
        order = place(
            OrderPlan(number, at, self.end, kind, customer, checkout, touch, native, past), self.plan.zone, rng
        )
        if customer is not None and not order.test:
            self.history[customer.number] = order.nth_of_customer, order.customer_spent
        yield order
        profile = self.by_customer.get(customer.number) if customer is not None else None
        if profile is not None:
            yield from self._order_events(order, profile)

    def _recovery(self, at: Seconds) -> Checkout | None:
        """Return a cart that somebody comes back to by now."""
        if not self.recoveries or self.recoveries[0][0] > at:
            return None
        _, _, checkout = heappop(self.recoveries)
        # Too near the end of the window to call: nobody comes.
        return None if 7 * DAY - HOUR < at - checkout.at < 8 * DAY else checkout

    def _buyer(self, at: Seconds, kind: str) -> Customer | None:
        """Choose who buys: nobody known at the counter, else often somebody who clicked a mail."""
        rng = self.chance["orders"]
        if kind == "pos":
            return None
        if rng.random() < 0.45 and (clicked := self._clickers(at)):
            return clicked[rng.randrange(len(clicked))]
        pool, arrivals = self.pools[kind.startswith("eu")]
        known = bisect_right(arrivals, at)
        if not known:
            pool, known = self.customers, bisect_right(self.arrivals, at)
        return pool[int(known * rng.random() ** 1.6)]

    def _clickers(self, at: Seconds) -> list[Customer]:
        """Customers who clicked within the last days, in a settled order."""
        found: dict[int, Customer] = {}
        for kept in list(self.touches)[-4:]:
            for number, touches in kept.items():
                if number < len(self.customers) and any(t.human and t.click and t.at <= at for t in touches):
                    found[number] = self.customers[number]
                    if len(found) >= 60:
                        return list(found.values())
        return list(found.values())

    def _credit(self, customer: Customer | None, at: Seconds) -> tuple[Touch | None, bool]:
        """Return the e-mail an order is owed to, and whether Klaviyo says so itself.

        Where any touch lies in the window, Klaviyo names one; only a single human click on a campaign, with
        nothing else near, is sometimes left for the reader to find.
        """
        if customer is None or customer.number not in self.by_customer:
            return None, True
        recent = self._recent(customer.number, at, WINDOW)
        if not recent:
            return None, True
        human = [touch for touch in recent if touch.human]
        touch = max(human or recent, key=lambda t: (t.click, t.at))
        near = self._recent(customer.number, at, WINDOW + DAY)
        alone = len(near) == 1 and touch.human and touch.click and not touch.flow and at - touch.at < 4 * DAY
        return touch, not (alone and self.chance["orders"].random() < 0.5)

    def _order_events(self, order: Order, profile: Profile) -> Iterator[Event]:
        id = f"3ep{order.number}"
        yield from self._within(Event(id, order.at, cat.PLACED, profile, order.total, order=order))
        for place_in_order, line in enumerate(order.first_lines or order.lines):
            item = Event(
                f"{id}i{place_in_order}", order.at, cat.ORDERED, profile, line.list_amount, order=order,
                product=line.product,
            )  # fmt: skip
            yield from self._within(item)
        if order.cancelled_at is not None:
            yield from self._within(
                Event(f"{id}x", order.cancelled_at, cat.CANCELLED, profile, order.total, order=order)
            )
        if order.fully_refunded and order.cancelled_at is None:  # Klaviyo hears of full refunds only
            back = sum(refund.money(taxes_included=order.taxes_included) for refund in order.refunds)
            yield from self._within(Event(f"{id}r", order.refunds[-1].at, cat.REFUNDED, profile, back, order=order))

    # --- visits ---

    def _visits(self, begin: Seconds, end: Seconds) -> Iterator[Event]:
        """Some look around: known profiles, anonymous ones, and nobody Klaviyo can name."""
        rng = self.chance["views"]
        known = bisect_right(self.profile_arrivals, begin)
        for _ in range(1 + self.plan.orders // max(1, self.plan.days)):
            self.views += 1
            at, fate = rng.randrange(begin, end), rng.random()
            profile = self.profiles[rng.randrange(known)] if known and fate < 0.6 else None
            metric = cat.VIEWED_CUSTOM if fate > 0.5 else cat.VIEWED
            event = Event(f"3ev{self.views}", at, metric, profile, product=rng.choice(cat.ON_SALE))
            yield attrs.evolve(event, late_days=2) if fate > 0.97 else event


def _order_times(plan: Plan, rng: Random) -> list[Seconds]:
    """Draw when orders come: mostly by day, and always around the change of clocks and at a month's edge."""
    fixed: list[Seconds] = []
    for day in range(plan.days):
        begin, end = plan.midnight(day), plan.midnight(day + 1)
        if end - begin != DAY:
            # Half an hour before the change, half an hour after, and late on the day that has 23 or 25 hours.
            fixed += [begin + HOUR + 1800, begin + 2 * HOUR + 1800, end - 1800, end + 900]
        elif (plan.start + timedelta(days=day + 1)).day == 1:
            fixed.append(end - 1801)
    fixed = fixed[: plan.orders // 4]
    span = plan.days
    times = fixed + [
        plan.midnight(rng.randrange(span)) + int(86399 * (0.2 + 0.79 * rng.random() ** 0.8))
        for _ in range(plan.orders - len(fixed))
    ]
    return sorted(min(at, plan.end - 60) for at in times)
