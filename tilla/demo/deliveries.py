"""The loader's side: what each sync reads, in the order in which it arrives, and what it reads twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

import attrs

from tilla.demo import catalogue as cat
from tilla.demo import detailed, ga4, goods, klaviyo
from tilla.demo.bulk import Bulk
from tilla.demo.connector import coerce, emitted
from tilla.demo.facts import Campaign, Checkout, Customer, Event, Fact, Minor, Order, Profile, Seconds, Traffic
from tilla.demo.goods import Goods
from tilla.demo.klaviyo import Klaviyo
from tilla.demo.money import Money
from tilla.demo.people import People, local
from tilla.demo.rest import COUNTER, LOCATION, Orders, moments
from tilla.demo.simulate import DAY, Plan, simulate
from tilla.sources import Stream, stream

Record = dict[str, Any]


@attrs.frozen(eq=False)
class Delivery:
    """One record as one sync brings it."""

    stream: Stream
    record: Record
    raw_id: str
    """The loader's id of this delivery: unique, even where the record is the same."""
    extracted_at: datetime
    sync_id: int
    generation_id: int = 1


@attrs.define
class Outbox:
    """Keeps what later syncs will bring until its turn comes.

    Memory: what is planned ahead of the day that is being told, refunds a month later being the farthest.
    """

    begin: Seconds
    every: Seconds
    seed: int
    wanted: Collection[str] | None
    prefix: str
    _waiting: dict[int, list[tuple[Stream, Callable[..., Record], tuple[Any, ...]]]] = attrs.field(factory=dict)
    _chance: dict[str, Random] = attrs.field(factory=dict)
    _next: int = 0
    _count: int = 0

    def wants(self, connector: str, name: str) -> bool:
        """Return False for a stream nobody asked for: its records need not be written.

        A ``_detailed`` one, which repeats another, must be asked for by name.
        """
        if self.wanted is None:
            return not name.endswith("_detailed")
        return f"{connector}.{name}" in self.wanted

    def sync_of(self, at: Seconds) -> int:
        """Return the first sync that sees something which happened at a moment."""
        return max(0, -((self.begin - at) // self.every))

    def time_of(self, sync: int) -> Seconds:
        """Return when a sync runs."""
        return self.begin + sync * self.every

    def put_whole(self, name: str, records: Iterable[Record]) -> None:
        """Plan the one delivery of a Shopify stream that is read whole and swapped in: it holds no record twice."""
        if self.wants("shopify", name):
            of = stream("shopify", name)
            self._waiting.setdefault(0, []).extend((of, dict, (record,)) for record in records)

    def put(self, connector: str, name: str, sync: int, build: Callable[..., Record], *args: Any) -> None:
        """Plan a delivery; three in a hundred come again in the next sync, one is repeated in the same."""
        if not self.wants(connector, name):
            return
        sync = max(sync, self._next)
        entry = (stream(connector, name), build, args)
        self._waiting.setdefault(sync, []).append(entry)
        # Chance of its own per stream: what is repeated does not depend on which other streams are asked for.
        rng = self._chance.get(entry[0].id)
        if rng is None:
            rng = self._chance[entry[0].id] = Random(f"{self.seed}:{connector}.{name}")
        fate = rng.random()
        if fate < 0.01:
            self._waiting[sync].append(entry)
        elif fate < 0.04:
            self._waiting.setdefault(sync + 1, []).append(entry)

    def flush(self, until: int | None = None) -> Iterator[Delivery]:
        """Yield the deliveries of all syncs before ``until``; of all there are when it is None."""
        while self._waiting and (until is None or self._next < until):
            if until is None and self._next not in self._waiting:
                self._next = min(self._waiting)
            for place, (of, build, args) in enumerate(self._waiting.pop(self._next, ())):
                self._count += 1
                yield Delivery(
                    of,
                    build(*args),
                    f"{self.prefix}-0000-4000-8000-{self._count:012x}",
                    datetime.fromtimestamp(self.time_of(self._next) + place // 1000 % self.every, UTC).replace(
                        microsecond=place % 1000 * 1000
                    ),
                    self._next + 1,
                )
            self._next += 1


@attrs.define
class Clerk:
    """Writes each fact into the streams that would carry it."""

    plan: Plan
    money: Money
    shop_url: str
    property_id: str
    refunds_include_tax: bool
    outbox: Outbox
    people: People = attrs.field(init=False)
    orders: Orders = attrs.field(init=False)
    bulk: Bulk = attrs.field(init=False)
    goods: Goods = attrs.field(init=False)
    klaviyo: Klaviyo = attrs.field(init=False)
    _uses: list[int] = attrs.field(factory=lambda: [0] * len(cat.CODES))

    def __attrs_post_init__(self) -> None:
        self.people = People(self.money, self.plan.zone, self.shop_url)
        self.orders = Orders(self.people, self.refunds_include_tax)
        self.bulk = Bulk(self.money, self.shop_url)
        self.goods = Goods(self.money, self.shop_url)
        self.klaviyo = Klaviyo(self.money, self.plan.zone)

    def open(self) -> None:
        """Deliver what is there before the story begins."""
        box, at = self.outbox, self.plan.midnight(0) - DAY
        for name, records in (
            ("locations", goods.locations(self.shop_url)),
            ("countries", goods.countries(self.shop_url)),
            ("shop", [goods.shop(self.shop_url, self.money, self.plan.zone.key, self.plan.start)]),
        ):
            box.put_whole(name, records)
        for name, records in (("metrics", klaviyo.metrics()), ("flows", klaviyo.flows()), ("lists", klaviyo.lists())):
            for record in records:
                box.put("klaviyo", name, 0, dict, record)
                if name == "lists":
                    box.put("klaviyo", "lists_detailed", 0, detailed.of_list, record)
        for product in cat.PRODUCTS:
            if product is cat.SAMPLE:
                continue
            box.put("shopify", "products", 0, _of(self.goods.product, renamed=False), product, at)
            if product.gone:
                gone = local(at + 2 * DAY, self.plan.zone)
                box.put("shopify", "products", box.sync_of(at + 2 * DAY), self.goods.deleted_product, product, gone)
                continue
            box.put("shopify", "product_variants", 0, self.goods.variant, product, at, 90)
            box.put("shopify", "inventory_items", 0, self.goods.item, product, at, 0)
            for location in (LOCATION, COUNTER):
                box.put(
                    "shopify", "inventory_levels", 0, self.goods.level, product, location, at, 90 - location % 2 * 60
                )
        for number in range(len(cat.CODES)):
            rule = goods.price_rule(number, self.money, local(at, self.plan.zone))
            box.put("shopify", "price_rules", 0, emitted, "price_rules", rule, self.shop_url)
            box.put("shopify", "discount_codes", 0, self.goods.code, number, at, 0)

    def day(self, day: int) -> None:
        """Deliver what changes by itself: stock every week, a name, a cost."""
        box, at = self.outbox, self.plan.midnight(day)
        sync = box.sync_of(at)
        if day % 7 == 6:
            for product in cat.ON_SALE:
                left = 60 - day // 7 * product.number % 67  # may fall below zero: sold beyond stock
                box.put("shopify", "inventory_levels", sync, self.goods.level, product, LOCATION, at, left)
                box.put("shopify", "product_variants", sync, self.goods.variant, product, at, left + 30)
        if day == self.plan.days // 2:
            box.put("shopify", "products", sync, _of(self.goods.product, renamed=True), cat.PRODUCTS[2], at)
            box.put("shopify", "inventory_items", sync, self.goods.item, cat.PRODUCTS[0], at, 25)

    def take(self, day: int, fact: Fact) -> None:
        """Plan the deliveries of one fact."""
        box = self.outbox
        if isinstance(fact, Event):
            sync = box.sync_of(fact.at + fact.late_days * DAY)
            box.put("klaviyo", "events", sync, self.klaviyo.event, fact)
            box.put("klaviyo", "events_detailed", sync, _with(detailed.event, self.klaviyo.event), fact)
        elif isinstance(fact, Order):
            self._order(fact)
        elif isinstance(fact, Customer):
            self._customer(fact, fact.created_at, 0, 0, None)
            if fact.first_name is not None:
                box.put("shopify", "customer_address", box.sync_of(fact.created_at), self.bulk.address, fact)
        elif isinstance(fact, Profile):
            box.put("klaviyo", "profiles", box.sync_of(fact.created_at), self.klaviyo.profile, fact, fact.created_at)
            later = fact.created_at + 20 * DAY
            if fact.customer is not None and later < self.plan.end:
                box.put("klaviyo", "profiles", box.sync_of(later), self.klaviyo.profile, fact, later)
        elif isinstance(fact, Campaign):
            self._campaign(fact)
        elif isinstance(fact, Checkout):
            self._checkout(fact)
        else:
            self._traffic(fact, day)

    def _order(self, order: Order) -> None:
        box = self.outbox
        changes = sorted({box.sync_of(at) for at in moments(order)})
        paid: set[int] = set()
        for sync in changes:
            seen = box.time_of(sync)
            box.put("shopify", "orders", sync, self._order_record, order, seen)
            box.put("shopify", "order_agreements", sync, self.bulk.agreements, order, seen)
            if order.customer is not None and order.source == "web":
                box.put("shopify", "customer_journey_summary", sync, self.bulk.journey, order, seen)
            if box.wants("shopify", "transactions"):
                for record in self.bulk.transactions(order, seen):
                    if record["id"] not in paid:
                        paid.add(record["id"])
                        box.put("shopify", "transactions", sync, dict, record)
        for parcel in order.fulfillments:
            for at in (parcel.at, parcel.delivered_at):
                if at is not None:
                    sync = box.sync_of(at)
                    box.put(
                        "shopify", "fulfillments", sync, self._parcel_record, order, parcel.number, box.time_of(sync)
                    )
        for refund in order.refunds:
            sync = box.sync_of(refund.at)
            box.put("shopify", "order_refunds", sync, self._refund_record, order, refund.id, box.time_of(sync))
        if order.number % 4 == 0:
            box.put("shopify", "order_risks", box.sync_of(order.at + 5), self.bulk.risk, order)
        if order.deleted_at is not None:
            box.put("shopify", "orders", box.sync_of(order.deleted_at), self._deleted, order)
        if order.customer is not None and not order.test:
            self._customer(order.customer, order.at, order.nth_of_customer, order.customer_spent, order)
        for discount in order.discounts:
            code = discount.title.strip().upper()
            if code in cat.CODES:
                number = cat.CODES.index(code)
                self._uses[number] += 1
                sync = box.sync_of(order.at)
                box.put("shopify", "discount_codes", sync, self.goods.code, number, order.at, self._uses[number])

    def _order_record(self, order: Order, at: Seconds) -> Record:
        return emitted("orders", self.orders.order(order, at), self.shop_url)

    def _parcel_record(self, order: Order, number: int, at: Seconds) -> Record:
        parcel = next(one for one in order.fulfillments if one.number == number)
        once = coerce(stream("shopify", "orders"), {"fulfillments": [self.orders.fulfillment(order, parcel, at)]})
        return emitted("fulfillments", once["fulfillments"][0], self.shop_url)

    def _refund_record(self, order: Order, id: int, at: Seconds) -> Record:
        refund = next(one for one in order.refunds if one.id == id)
        once = coerce(stream("shopify", "orders"), {"refunds": [self.orders.refund(order, refund, at)]})
        return _behind(emitted("order_refunds", once["refunds"][0], self.shop_url), "return")

    def _deleted(self, order: Order) -> Record:
        return {
            "id": order.id,
            "deleted_at": local(order.deleted_at or 0, self.plan.zone),
            "deleted_message": f"Test Staff deleted order #{order.number + 1001}.",
            "deleted_description": None,
            "shop_url": self.shop_url,
        }

    def _customer(self, customer: Customer, at: Seconds, orders: int, spent: Minor, last: Order | None) -> None:
        self.outbox.put(
            "shopify", "customers", self.outbox.sync_of(at), self._customer_record, customer, at, orders, spent, last
        )

    def _customer_record(
        self, customer: Customer, at: Seconds, orders: int, spent: Minor, last: Order | None
    ) -> Record:
        record = emitted("customers", self.people.customer(customer, at, orders, spent, last), self.shop_url)
        return _behind(record, "accepts_marketing", "accepts_marketing_updated_at")

    def _campaign(self, campaign: Campaign) -> None:
        box = self.outbox
        planned, sent = _of(self.klaviyo.campaign, sent=False), _of(self.klaviyo.campaign, sent=True)
        for name, plain in (("campaigns", True), ("campaigns_detailed", False)):
            first, second = ((w if plain else _with(detailed.campaign, w)) for w in (planned, sent))
            box.put("klaviyo", name, box.sync_of(campaign.created_at + 1800), first, campaign)
            if campaign.send_at is not None:
                box.put("klaviyo", name, box.sync_of(campaign.send_at + 2400), second, campaign)

    def _checkout(self, checkout: Checkout) -> None:
        box = self.outbox
        for at in (checkout.at + 60, checkout.completed_at):
            if at is not None:
                sync = box.sync_of(at)
                box.put("shopify", "abandoned_checkouts", sync, self._checkout_record, checkout, box.time_of(sync))

    def _checkout_record(self, checkout: Checkout, at: Seconds) -> Record:
        return emitted("abandoned_checkouts", self.people.checkout(checkout, at), self.shop_url)

    def _traffic(self, traffic: Traffic, day: int) -> None:
        box = self.outbox
        for sending in range(len(ga4.SHARES)):
            sync = box.sync_of(self.plan.midnight(day) + (sending + 1) * DAY - 3600)
            rows = ga4.report_rows(traffic, self.plan.start + timedelta(days=day), sending, self.property_id)
            for name, record in rows:
                box.put("ga4", name, sync, dict, record)


def _of(write: Callable[..., Record], **options: bool) -> Callable[..., Record]:
    return lambda *args: write(*args, **options)


def _with(more: Callable[[Record], Record], write: Callable[..., Record]) -> Callable[..., Record]:
    return lambda *args: more(write(*args))


def _behind(record: Record, *keys: str) -> Record:
    """Put keys behind the shop's name, where real records have them."""
    return record | {key: record.pop(key) for key in keys if key in record}


def deliver(
    plan: Plan,
    money: Money,
    shop_url: str,
    property_id: str,
    *,
    every: Seconds,
    refunds_include_tax: bool,
    wanted: Collection[str] | None,
) -> Iterator[Delivery]:
    """Tell the story and yield what the loader brings of it, sync by sync."""
    prefix = f"{crc32(f'{shop_url}:{plan.seed}'.encode()):08x}"
    box = Outbox(plan.midnight(0), every, plan.seed, wanted, prefix)
    clerk = Clerk(plan, money, shop_url, property_id, refunds_include_tax, box)
    clerk.open()
    current = 0
    for day, fact in simulate(plan):
        if day != current:
            clerk.day(current)
            current = day
            yield from box.flush(box.sync_of(plan.midnight(day)))
        clerk.take(day, fact)
    clerk.day(current)
    yield from box.flush()
