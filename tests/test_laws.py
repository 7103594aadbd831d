"""Laws that every analytics table keeps, over an invented shop: what a loader does to the same facts changes no number.

Two warehouses of the shipped project get the same deliveries: one in order of arrival, one shuffled, in batches of any size,
some twice. The first is the reference; each further law does something to the second and reads all of it again.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs
import pytest

import tests.support.shop as s
from tilla.ddl.script import Script
from tilla.ddl.statements import SCHEMA
from tilla.demo import Shop
from tilla.demo.deliveries import Delivery
from tilla.objects.refreshable import RefreshableView
from tilla.objects.source import Source
from tilla.shipped import LANDED, ZONE, project
from tilla.sources import airbyte

SHOP = Shop(seed=11, orders=60, customers=20, subscribers=20, campaigns=4, days=75)
AT = {"start": dt.date(2026, 2, 1)}  # both changes to summer time are within the days
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)

# Streams whose records carry the time of their own state: an old one replayed loses, however late it was extracted.
DATED = {
    "shopify.orders": "updated_at", "shopify.customers": "updated_at", "shopify.abandoned_checkouts": "updated_at",
    "klaviyo.campaigns": "updated_at", "klaviyo.profiles": "updated", "klaviyo.flows": "updated",
}  # fmt: skip

Numbers = dict[str, list[dict[str, Any]]]


@attrs.define(slots=False)
class Copy:
    """The shipped project in databases of its own."""

    server: Any
    tag: str

    @cached_property
    def project(self) -> Any:
        """The project under its names here."""
        return project.rename({part.database: f"{part.database}_{self.tag}" for part in project.parts})

    def provision(self) -> None:
        """Everything, raw tables too."""
        for statement in Script(self.project, with_sources=True, phases=frozenset((SCHEMA,))).statements():
            self.server.execute(statement.sql)

    def land(self, deliveries: Iterable[Delivery]) -> None:
        """One batch: one insert per stream."""
        rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for one in deliveries:
            how = {"raw_id": one.raw_id, "extracted_at": one.extracted_at, "generation_id": one.generation_id}
            rows[one.stream].append(airbyte.DEFAULT.land(one.stream, one.record, **how))
        for of, batch in rows.items():
            database, table = airbyte.DEFAULT.table(of)
            self.server.insert(f"{database}_{self.tag}", table, batch)

    def numbers(self) -> Numbers:
        """All rows of all analytics tables, refreshed; fractions to six places."""
        found: Numbers = {}
        own = self.project
        for part in own.ordered(lambda _: 0):
            if isinstance(part, RefreshableView):
                self.server.execute(f"SYSTEM REFRESH VIEW {part.qualified_name}")
                self.server.execute(f"SYSTEM WAIT VIEW {part.qualified_name}")
        for item in own.objects:
            if not isinstance(item, Source) and getattr(item, "database", "").startswith("analytics_"):
                name = f"{item.database.removesuffix('_' + self.tag)}.{item.table}"
                rows = self.server.rows(f"SELECT * FROM {item.qualified_name} ORDER BY ALL")
                found[name] = [{k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
        return found


@pytest.fixture(scope="module")
def deliveries() -> list[Delivery]:
    """What the loader brings, in order of arrival."""
    return list(attrs.evolve(SHOP, **AT).deliveries(LANDED))


@pytest.fixture(scope="module")
def reference(engine: Any, deliveries: list[Delivery]) -> Iterator[Numbers]:
    """The numbers after all deliveries, in order."""
    copy = Copy(engine, "law_a")
    copy.provision()
    try:
        copy.land(deliveries)
        yield copy.numbers()
    finally:
        s.remove(engine, copy.project)


@pytest.fixture(scope="module")
def shuffled(engine: Any, deliveries: list[Delivery]) -> Iterator[Copy]:
    """The same, in any order, in batches of any size, one in ten twice."""
    copy = Copy(engine, "law_b")
    copy.provision()
    dice = random.Random(4)
    mixed = deliveries + dice.sample(deliveries, len(deliveries) // 10)
    dice.shuffle(mixed)
    try:
        while mixed:
            size = dice.choice([1, 7, 300, 3000])
            copy.land(mixed[:size])
            mixed = mixed[size:]
        yield copy
    finally:
        s.remove(engine, copy.project)


def same(have: Numbers, want: Numbers) -> None:
    """Every table, every row, every column."""
    assert set(have) == set(want)
    for name, rows in want.items():
        assert have[name] == rows, name


def test_any_order_any_batching_and_repeats_change_no_number(shuffled: Copy, reference: Numbers) -> None:
    """The law of deliveries; and no table of the reference is empty, or it would hold of nothing."""
    assert [name for name, rows in reference.items() if not rows] == []
    same(shuffled.numbers(), reference)


def test_a_stale_replay_changes_no_number(shuffled: Copy, deliveries: list[Delivery], reference: Numbers) -> None:
    """The oldest state of everything that has dated states is extracted again, later than all else."""
    first: dict[Any, Delivery] = {}
    last: dict[Any, Any] = {}
    for one in deliveries:
        cursor = DATED.get(one.stream.id)
        moment = one.record.get(cursor) if cursor else None
        if moment is not None:
            key = (one.stream.id, one.record["id"])
            first.setdefault(key, one)
            last[key] = moment
    stale = [one for key, one in first.items() if one.record[DATED[one.stream.id]] != last[key]]
    assert {one.stream.id for one in stale} >= {"shopify.orders", "shopify.customers", "klaviyo.campaigns"}
    shuffled.land(attrs.evolve(one, raw_id=f"stale-{n}", extracted_at=LATER) for n, one in enumerate(stale))
    same(shuffled.numbers(), reference)


def test_a_test_order_changes_no_number(shuffled: Copy, deliveries: list[Delivery], reference: Numbers) -> None:
    """A copy of a real order, refunded, under another id and marked as a test, by the same customer."""
    sold = next(one for one in deliveries if one.stream.id == "shopify.orders" and one.record.get("line_items"))
    back = next(one for one in deliveries if one.stream.id == "shopify.order_refunds")
    number = 9_000_000_000_001
    order = attrs.evolve(
        sold, raw_id="test-order", record=sold.record | {"id": number, "test": True, "checkout_token": "test-only"}
    )
    refund = attrs.evolve(back, raw_id="test-refund", record=back.record | {"id": number, "order_id": number})
    shuffled.land([order, refund])
    same(shuffled.numbers(), reference)


def test_a_later_edit_changes_what_it_should(shuffled: Copy, deliveries: list[Delivery], reference: Numbers) -> None:
    """A line's price rises by 10: gross, net and total sales of that day by 10 times its quantity, and nothing of other days."""
    newest: dict[int, Delivery] = {}
    for one in deliveries:
        if one.stream.id == "shopify.orders":
            newest[one.record["id"]] = one
    one = next(
        one
        for one in newest.values()
        if one.record.get("line_items")
        and not one.record.get("test")
        and not one.record["taxes_included"]
        and not one.record["line_items"][0]["gift_card"]
        and one.record["cancelled_at"] is None
    )
    line, *rest = one.record["line_items"]
    price = line["price_set"]["shop_money"]
    dearer = line | {
        "price_set": line["price_set"] | {"shop_money": price | {"amount": str(Decimal(price["amount"]) + 10)}}
    }
    edited = one.record | {"line_items": [dearer, *rest], "updated_at": "2026-12-31T23:59:59-05:00"}
    shuffled.land([attrs.evolve(one, record=edited, raw_id="edit", extracted_at=LATER)])
    have, want = (numbers["analytics_shopify.daily_sales"] for numbers in (shuffled.numbers(), reference))
    moved = {row["date"]: (row, other) for row, other in zip(have, want, strict=True) if row != other}
    assert len(moved) == 1
    ((new, old),) = moved.values()
    changed = {
        name: new[name] - old[name] for name in new if new[name] != old[name] and name not in ("aov", "refund_rate")
    }
    rise = Decimal(10 * line["quantity"])
    assert changed == dict.fromkeys(("gross_sales", "net_sales", "total_sales", "demand_sales"), rise)
    shuffled.land(
        [
            attrs.evolve(
                one, record=one.record | {"updated_at": "2027-01-02T00:00:00Z"}, raw_id="undo", extracted_at=LATER
            )
        ]
    )
    same(shuffled.numbers(), reference)


def test_days_add_up_to_all_time(reference: Numbers) -> None:
    """Summed over days, daily_sales is what the generator sold, whatever the zone in which it cuts its days."""
    rows = reference["analytics_shopify.daily_sales"]
    truth = attrs.evolve(SHOP, **AT).truth(timezone="Asia/Tokyo")["daily_sales"]
    for name in ("orders", "gross_sales", "discounts", "returns", "net_sales", "shipping", "taxes", "total_sales"):
        assert sum(row[name] for row in rows) == sum(row[name] for row in truth), name


def test_no_order_is_lost_where_clocks_change(deliveries: list[Delivery], reference: Numbers) -> None:
    """March 8 has 23 hours in New York: each order that counts is in one local day, and all of them are in some day."""
    from zoneinfo import ZoneInfo

    placed = {}
    for one in deliveries:
        if one.stream.id == "shopify.orders":
            gone = "line_items" not in one.record
            placed[one.record["id"]] = None if gone or one.record["test"] else one.record["processed_at"]
    moments = [dt.datetime.fromisoformat(at) for at in placed.values() if at]
    days = sorted(at.astimezone(ZoneInfo(ZONE)).date() for at in moments)
    counts = {day: len(list(group)) for day, group in itertools.groupby(days)}
    rows = reference["analytics_shopify.daily_sales"]
    assert {row["date"]: row["orders"] for row in rows if row["orders"]} == counts


def test_tables_that_tell_the_same_thing_agree(reference: Numbers) -> None:
    """Each fact stands in several tables, by different queries: they must not differ.

    Orders and demand of a day over its channels; sessions of a day over its channels; what Klaviyo claims, over the e-mail
    campaigns and flows; orders of all people and of all cohorts; a flow's messages and its claims.
    """
    days = {row["date"]: row for row in reference["analytics_shopify.daily_sales"]}
    channels = reference["analytics_commerce.channel_performance"]
    for name in ("orders", "demand_sales"):
        assert total(channels, name) == total(days.values(), name)
        for day, row in days.items():
            assert total((r for r in channels if r["date"] == day), name) == row[name], (day, name)
    visits = reference["analytics_ga4.daily_traffic_sources"]
    for row in visits:
        assert total((r for r in channels if r["date"] == row["date"]), "sessions") == row["sessions"], row["date"]
    assert total(channels, "sessions") == total(visits, "sessions")

    claims = reference["analytics_commerce.email_revenue_reconciliation"]
    mailed = [r for r in reference["analytics_klaviyo.campaign_performance"] if r["channel"] in ("email", None)]
    flows = reference["analytics_klaviyo.flow_performance"]
    for claimed, told in (
        ("klaviyo_orders", "conversions"),
        ("klaviyo_revenue", "revenue"),
        ("native_orders", "native_conversions"),
    ):
        assert total((r for r in claims if r["campaign_id"]), claimed) == total(mailed, told)
        assert total((r for r in claims if r["flow_id"]), claimed) == total(flows, told)
    assert total(flows, "conversions") > 0
    assert total(claims, "matched_orders") > 0
    for row in claims:
        assert row["matched_orders"] + row["unmatched_orders"] + row["repeated_orders"] == row["klaviyo_orders"]
        assert row["shopify_net_sales"] == row["shopify_demand_sales"] - row["shopify_returns"]

    people = reference["analytics_commerce.customer_360"]
    cohorts = reference["analytics_shopify.customer_cohorts"]
    scores = reference["analytics_shopify.customer_rfm"]
    assert total(people, "orders") == total(cohorts, "orders") == total(scores, "frequency") > 0
    assert total(people, "net_sales") == total(cohorts, "net_sales") == total(scores, "monetary")
    assert total(people, "shopify_accounts") >= len(scores)
    lives = reference["analytics_klaviyo.profile_lifecycle"]
    assert sum(len(row["profile_ids"]) for row in people) == len(lives)
    funnel = {row["date"]: row for row in reference["analytics_commerce.daily_funnel"]}
    assert {day: row["orders"] for day, row in funnel.items() if day in days} == {
        d: r["orders"] for d, r in days.items()
    }


def total(rows: Iterable[dict[str, Any]], name: str) -> Any:
    """The sum of a column."""
    return sum((row[name] or 0 for row in rows), Decimal(0))
