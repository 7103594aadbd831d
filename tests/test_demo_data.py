"""The invented shop: records in the connectors' exact shapes, the same every time, and a truth that they bear out."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest

import tests.support.shop as s
from tests.support.careful_reader import Reader, moment
from tilla import text
from tilla.demo import Delivery, Shop, land
from tilla.demo.connector import coerce, emitted
from tilla.sources import CONNECTORS, Field, Stream, airbyte, stream

SAMPLES = Path(__file__).parent / "data" / "raw_samples"


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="module")
def deliveries(shop) -> list[Delivery]:
    return list(shop.deliveries())


@pytest.fixture(scope="module")
def truth(shop) -> dict[str, list[dict[str, Any]]]:
    return shop.truth()


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


def records(deliveries, name: str) -> list[dict[str, Any]]:
    return [one.record for one in deliveries if one.stream.id == name]


# --- shapes ---


@pytest.mark.parametrize("name", ["orders", "abandoned_checkouts"])
def test_the_connector_makes_of_a_rest_body_what_it_really_makes(name):
    """Text where the API sends text becomes numbers only where the schema says so: byte for byte as the samples."""
    by_version = {(r["id"], r.get("updated_at")): r for r in read(f"shopify/{name}.jsonl")}
    bodies = read(f"shopify_rest/{name}.jsonl")
    assert bodies
    for body in bodies:
        expected = by_version[body["id"], body["updated_at"]]
        assert json.dumps(emitted(name, body, "tilla-test-shop")) == json.dumps(expected)


@pytest.mark.parametrize(("inside", "name"), [("refunds", "order_refunds"), ("fulfillments", "fulfillments")])
def test_streams_copied_out_of_orders_are_coerced_twice(inside, name):
    """The second schema turns a number back into text ("19.9"), or text into a number."""
    expected = {record["id"]: record for record in read(f"shopify/{name}.jsonl")}
    found = 0
    for body in read("shopify_rest/orders.jsonl"):
        for part in coerce(stream("shopify", "orders"), body)[inside]:
            assert json.dumps(emitted(name, part, "tilla-test-shop")) == json.dumps(expected[part["id"]])
            found += 1
    assert found


PYTHON = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,), "array": (list,),
}  # fmt: skip


def misfits(one: Stream, record: Mapping[str, Any]) -> set[str]:
    """Return where a record is not what its stream declares: a key nobody declared, a value of another type."""
    return set(_keys(one, record, one.fields, ""))


def _keys(one: Stream, values: Mapping[str, Any], fields: Mapping[str, Field], prefix: str) -> Iterator[str]:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if key in fields:
            yield from _value(one, value, fields[key], path)
        elif not any(path == known or path.startswith((f"{known}.", f"{known}[")) for known in one.undeclared):
            yield f"{one.id} {path}: undeclared"


def _value(one: Stream, value: Any, field: Field, path: str) -> Iterator[str]:
    if value is None or field.type == "union":
        return
    if not isinstance(value, PYTHON[field.type]) or (isinstance(value, bool) and field.type != "boolean"):
        yield f"{one.id} {path}: {type(value).__name__} for {field.type}"
    elif field.format in {"date", "date-time"}:
        datetime.fromisoformat(value)
    elif isinstance(value, list) and field.items is not None:
        for item in value:
            yield from _value(one, item, field.items, f"{path}[]")
    elif isinstance(value, dict) and field.children:  # an object without declared keys holds anything
        yield from _keys(one, value, field.children, f"{path}.")


@pytest.fixture(scope="module")
def known_misfits() -> set[str]:
    """Where real records are not what the connectors' own schemas say, as the samples show it."""
    found: set[str] = set()
    for connector in ("shopify", "klaviyo", "ga4"):
        for file in (SAMPLES / connector).glob("*.jsonl"):
            for record in read(f"{connector}/{file.name}"):
                found |= misfits(stream(connector, file.stem), record)
    assert "shopify.discount_codes total_sales.amount: str for number" in found
    # A return without lines is seen in order_refunds, which is a copy of this.
    return found | {"shopify.orders refunds[].return: undeclared"}


def test_records_hold_what_the_schemas_declare(deliveries, known_misfits):
    """No key and no type that the schema lacks, but for those in which real records differ from it too."""
    found = set().union(*(misfits(one.stream, one.record) for one in deliveries))
    assert found <= known_misfits


def skeleton(value: Any, path: str, found: dict[str, set[str]]) -> None:
    found[path].add(type(value).__name__)
    if isinstance(value, dict):
        for key, item in value.items():
            skeleton(item, f"{path}.{key}", found)
    elif isinstance(value, list):
        for item in value:
            skeleton(item, f"{path}[]", found)


def test_values_have_the_types_that_samples_have(deliveries):
    """Money as text here and as a number there, ids as integers, Python's print of an object: place by place."""
    ours: dict[str, set[str]] = defaultdict(set)
    theirs: dict[str, set[str]] = defaultdict(set)
    for one in deliveries:
        skeleton(one.record, one.stream.id, ours)
    for connector in ("shopify", "klaviyo", "ga4"):
        for file in (SAMPLES / connector).glob("*.jsonl"):
            for record in read(f"{connector}/{file.name}"):
                skeleton(record, f"{connector}.{file.stem}", theirs)
    only_null = {path for path, types in theirs.items() if types == {"NoneType"}}
    whole_numbers = {path for path in theirs if path.startswith("ga4.")}
    wrong = {
        path: types
        for path, types in ours.items()
        if path in theirs
        and path not in only_null
        and types - theirs[path] - {"NoneType"} - ({"int"} if path in whole_numbers else set())
    }
    assert not wrong
    assert len(set(ours) & set(theirs)) > 900


def test_keys_come_in_the_order_of_the_samples(deliveries):
    """A record is written as the connector writes it; a reader of text may notice."""
    for name in ("orders", "order_refunds", "customers", "transactions", "abandoned_checkouts", "inventory_levels"):
        expected = {tuple(record) for record in read(f"shopify/{name}.jsonl")}
        assert {tuple(record) for record in records(deliveries, f"shopify.{name}")} <= expected, name


# --- what must be in it ---


def test_every_trap_is_in_the_smallest_useful_shop(deliveries):
    """A demo without a hard case proves nothing about it."""
    orders = records(deliveries, "shopify.orders")
    live = [order for order in orders if "updated_at" in order]
    events = records(deliveries, "klaviyo.events")
    properties = [event["attributes"]["event_properties"] for event in events]
    lines = [line for order in live for line in order["line_items"]]
    refunds = records(deliveries, "shopify.order_refunds")
    found = {
        "soft delete": any(
            set(o) == {"id", "deleted_at", "deleted_message", "deleted_description", "shop_url"} for o in orders
        ),
        "test order": any(o["test"] for o in live),
        "cancelled": any(o["cancelled_at"] and o["financial_status"] == "refunded" for o in live),
        "voided": any(o["financial_status"] == "voided" and not o["refunds"] for o in live),
        "guest at the counter": any(o["customer"] is None and o["source_name"] == "pos" for o in live),
        "id above 2^53": any(o["id"] > 2**53 for o in live),
        "presentment currency": any(o["presentment_currency"] != o["currency"] for o in live),
        "tax included": any(o["taxes_included"] and o["total_tax"] for o in live),
        "duties as Python text": any((o["original_total_duties_set"] or "").startswith("{'") for o in live),
        "several offsets": len({o["created_at"][19:] for o in live}) >= 4,
        "UTM landing site": any("utm_source=klaviyo" in (o["landing_site"] or "") for o in live),
        "code in odd spelling": any(c["code"] != c["code"].strip().upper() for o in live for c in o["discount_codes"]),
        "automatic discount": any(a["type"] == "automatic" for o in live for a in o["discount_applications"]),
        "shipping discount": any(line["discount_allocations"] for o in live for line in o["shipping_lines"]),
        "gift card": any(line["gift_card"] for line in lines),
        "product gone": any(line["product_id"] is None for line in lines),
        "empty sku": any(line["sku"] == "" for line in lines),
        "refund a month later": any(_days(o, r) > 28 for o in live for r in o["refunds"]),
        "shipping refund": any(not r["refund_line_items"] and "return" in r for r in refunds),
        "discrepancy": any(a["kind"] == "refund_discrepancy" for r in refunds for a in r["order_adjustments"]),
        "restock without money": any(not r["transactions"] and r["refund_line_items"] for r in refunds),
        "two parcels": any(len(o["fulfillments"]) > 1 for o in live),
        "anonymous event": any(not e["relationships"].get("profile", {}).get("data") for e in events),
        "privacy open, several spellings": len({repr(p.get("Apple Privacy Open")) for p in properties}) >= 5,
        "machine open": any(p.get("machine_open") for p in properties),
        "bot click": any(p.get("Bot Click") for p in properties),
        "flow": any("$flow" in p for p in properties),
        "value as text and number": {str, float} <= {type(p.get("$value")) for p in properties},
        "order id as text and number": {str, int} <= {type(p["$event_id"]) for p in properties if "$extra" in p},
        "native attribution to a campaign": any("$flow" not in p.get("$attribution", {"$flow": 1}) for p in properties),
        "milliseconds": any("." in e["datetime"] for e in events),
        "local offset": any(not e["datetime"].endswith("+00:00") for e in events),
    }
    assert [trap for trap, there in found.items() if not there] == []


def _days(order: Mapping[str, Any], refund: Mapping[str, Any]) -> int:
    return (moment(refund["created_at"]) - moment(order["processed_at"])).days


def test_orders_around_the_change_of_clocks(deliveries):
    """Half an hour before the gap, half an hour after it, and late on the day that has 23 hours."""
    at = {order["processed_at"] for order in records(deliveries, "shopify.orders") if "processed_at" in order}
    assert {"2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00", "2026-03-08T23:30:00-04:00"} <= at


def test_mutable_entities_come_in_versions(deliveries):
    """A campaign is scheduled, then sent; an edit removes a line; a customer buys again."""
    campaigns = defaultdict(list)
    for record in records(deliveries, "klaviyo.campaigns"):
        campaigns[record["id"]].append(record["attributes"]["status"])
    assert ["Scheduled", "Sent"] in [sorted(set(statuses)) for statuses in campaigns.values()]
    line_counts = defaultdict(list)
    for order in records(deliveries, "shopify.orders"):
        if "line_items" in order:
            line_counts[order["id"]].append(len(order["line_items"]))
    assert any(counts[0] > counts[-1] for counts in line_counts.values()), "no line was removed"
    assert any(counts[0] < counts[-1] for counts in line_counts.values()), "no line was added"
    customers = defaultdict(set)
    for record in records(deliveries, "shopify.customers"):
        customers[record["id"]].add(record["updated_at"])
    assert max(map(len, customers.values())) > 2


def test_ga4_days_are_sent_again_with_other_numbers(deliveries):
    """The last sending of a day holds; what came before is too low."""
    days = defaultdict(list)
    for record in records(deliveries, "ga4.website_overview"):
        days[record["date"]].append(record["sessions"])
    assert all(len(set(sessions)) == 3 and sessions[-1] == max(sessions) for sessions in days.values())


# --- deliveries ---


def test_deliveries_arrive_in_order_under_ids_of_their_own(deliveries):
    """The loader's id is unique even where the record is not, and time never runs back."""
    assert len({one.raw_id for one in deliveries}) == len(deliveries)
    assert all(a.extracted_at <= b.extracted_at for a, b in pairwise(deliveries))
    assert all(one.extracted_at.microsecond % 1000 == 0 for one in deliveries), "DateTime64(3) would cut it"


def test_some_records_come_twice_and_some_events_late(deliveries):
    """Nothing downstream may count deliveries, or trust the order in which events happen."""
    seen = Counter(json.dumps(one.record) for one in deliveries if one.stream.id == "klaviyo.events")
    assert 1 < max(seen.values()) <= 3
    events = [one for one in deliveries if one.stream.id == "klaviyo.events"]
    assert any(one.extracted_at - moment(one.record["datetime"]) > timedelta(days=2) for one in events)


def test_nothing_is_read_before_it_happened(deliveries):
    """A version that the source did not have yet would be a version nobody can have."""
    for one in deliveries:
        updated = one.record.get("updated_at") or one.record.get("updated") or one.record.get("datetime")
        if updated is not None:
            assert moment(updated) <= one.extracted_at + timedelta(seconds=2), one


def test_choosing_streams_changes_nothing_in_them(shop, deliveries):
    """A benchmark of events alone must see the events of the whole shop."""
    chosen = [one.record for one in shop.deliveries(["klaviyo.events", "shopify.orders"])]
    assert chosen == [one.record for one in deliveries if one.stream.id in {"klaviyo.events", "shopify.orders"}]


def digest(shop: Shop) -> str:
    found = hashlib.sha256()
    for one in shop.deliveries():
        found.update(json.dumps([one.stream.id, one.raw_id, str(one.extracted_at), one.record]).encode())
    found.update(repr(shop.truth()).encode())
    return found.hexdigest()


def test_same_seed_same_bytes_in_any_process():
    """Golden numbers and benchmarks stand on it; Python's own hash order must not leak in."""
    shop = Shop(seed=3, orders=40, days=50)
    code = "from tests.test_demo_data import digest; from tilla.demo import Shop; print(digest(Shop(seed=3, orders=40, days=50)))"
    root = Path(__file__).parent.parent
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo", "PYTHONPATH": str(root)}
        out = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=root
        )
        assert out.stdout.strip() == digest(shop)
    assert digest(attrs.evolve(shop, seed=4)) != digest(shop)


# --- the truth ---


def test_truth_is_what_a_careful_reader_finds_in_the_records(shop, deliveries, truth):
    """The generator's answers come from what it made happen; the records must tell the same story."""
    reader = Reader(deliveries, shop.timezone)
    hidden = {"shop_url", "currency", "property_id"}

    def shown(table: str) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if name not in hidden} for row in truth[table]]

    assert reader.daily_sales() == shown("daily_sales")
    assert reader.campaign_performance() == shown("campaign_performance")
    assert reader.daily_event_summary() == shown("daily_event_summary")
    assert reader.daily_devices() == shown("daily_devices")


@pytest.mark.parametrize(
    "other",
    [
        Shop(seed=11, orders=300, customers=60, days=90),
        Shop(seed=5, orders=150, currency="JPY", timezone="Asia/Tokyo", shop_url="tilla-jp"),
        Shop(seed=6, orders=150, currency="EUR", timezone="Europe/Madrid", start=date(2026, 8, 1), sync_hours=24),
    ],
    ids=["dollars", "yen", "euros"],
)
def test_other_shops_tell_the_same_story_twice(other):
    """Another seed, a currency without cents, another zone, a sync a day."""
    reader, truth = Reader(other.deliveries(), other.timezone), other.truth()
    for table in ("daily_sales", "campaign_performance", "daily_event_summary"):
        hidden = {"shop_url", "currency"}
        assert getattr(reader, table)() == [{n: v for n, v in row.items() if n not in hidden} for row in truth[table]]


def test_daily_sales_keep_their_identities(truth):
    """net = gross - discounts - returns; total = net + shipping + taxes + duties."""
    assert truth["daily_sales"]
    for row in truth["daily_sales"]:
        assert row["net_sales"] == row["gross_sales"] - row["discounts"] - row["returns"]
        assert row["total_sales"] == row["net_sales"] + row["shipping"] + row["taxes"] + row["duties"]
        assert (row["aov"] is None) == (row["orders"] == 0)


def test_days_add_up_to_all_time_in_any_zone(shop, truth):
    """Cutting the days elsewhere moves sales between days and loses none."""
    elsewhere = shop.truth(timezone="Pacific/Auckland")
    assert elsewhere["daily_sales"] != truth["daily_sales"]
    for name in ("orders", "gross_sales", "discounts", "returns", "net_sales", "shipping", "taxes", "total_sales"):
        assert sum(r[name] for r in elsewhere["daily_sales"]) == sum(r[name] for r in truth["daily_sales"])
    for name in ("events", "anonymous_events", "value"):
        assert sum(r[name] for r in elsewhere["daily_event_summary"]) == sum(
            r[name] for r in truth["daily_event_summary"]
        )


def test_tables_agree_with_each_other(shop, truth):
    """The same sales seen by day, by cohort and through the funnel are the same sales."""
    net = sum(row["net_sales"] for row in truth["daily_sales"])
    assert sum(row["net_sales"] for row in truth["daily_funnel"]) == net
    assert sum(row["orders"] for row in truth["daily_funnel"]) == sum(row["orders"] for row in truth["daily_sales"])
    cohorts = truth["customer_cohorts"]
    assert 0 < sum(row["orders"] for row in cohorts) < sum(row["orders"] for row in truth["daily_sales"]), "guests"
    assert all(row["active_customers"] == row["cohort_size"] for row in cohorts if row["month_offset"] == 0)
    off = sum(row["product_discount"] for row in truth["discount_effect"])
    assert off == sum(row["discounts"] for row in truth["daily_sales"])
    for report in ("daily_devices", "daily_locations", "daily_traffic_sources"):
        assert [r["sessions"] for r in truth[report]] == [r["sessions"] for r in truth["website_overview"]]


def test_truth_does_not_depend_on_how_refunds_are_written(shop, truth):
    """Whether a refund's subtotal carries its tax changes the records of tax-included orders only."""
    other = attrs.evolve(shop, refund_subtotal_includes_tax=True)
    assert other.truth() == truth
    ours, theirs = (list(one.deliveries(["shopify.order_refunds"])) for one in (shop, other))
    differ = [a.record for a, b in zip(ours, theirs, strict=True) if a.record != b.record]
    assert differ


def test_money_without_cents():
    """A yen amount has no decimals in the API's text; as a number it gets its .0 from the connector."""
    order = next(iter(Shop(currency="JPY", orders=5).deliveries(["shopify.orders"]))).record
    assert order["currency"] == "JPY"
    assert "." not in order["total_cash_rounding_payment_adjustment_set"]["shop_money"]["amount"]
    assert isinstance(order["total_price"], float)


# --- landing ---


@pytest.mark.parametrize("name", airbyte.LAYOUTS)
def test_a_shop_lands_in_every_layout(engine, database, name):
    """All deliveries arrive, in tables made from the layout's own columns, and money can be read back."""
    layouts = {}
    for connector in CONNECTORS:
        layout = attrs.evolve(airbyte.LAYOUTS[name], database=f"{database}_{connector}")
        if isinstance(layout, airbyte.PayloadLayout) and layout.internal_database:
            layout = attrs.evolve(layout, internal_database=f"{database}_internal")
        layouts[connector] = layout
    small = Shop(orders=30, customers=12, subscribers=10, campaigns=3, days=20)
    for one in {one.stream for one in small.deliveries()}:
        layout = layouts[one.connector]
        where, table = layout.table(one)
        columns = ", ".join(f"{text.quote_identifier(n)} {kind}" for n, kind in layout.columns(one))
        engine.execute(f"CREATE DATABASE IF NOT EXISTS {where}")
        engine.execute(
            f"CREATE TABLE {text.quote_qualified(where, table)} ({columns}) {s.storage_clauses(layout, one)}"
        )
    counts = land(engine, small, layouts, chunk=500)
    assert counts == Counter(one.stream.id for one in small.deliveries())
    layout = layouts["shopify"]
    orders = stream("shopify", "orders")
    where, payload = text.quote_qualified(*layout.table(orders)), layout.payload(orders)
    assert engine.scalar(f"SELECT count() FROM {where}") == counts["shopify.orders"]
    total = f"JSONExtract({payload}, 'total_price', 'Nullable(Decimal(38, 9))')" if payload else "total_price"
    expected = sum(Decimal(str(one.record.get("total_price", 0))) for one in small.deliveries(["shopify.orders"]))
    assert engine.scalar(f"SELECT sum({total}) FROM {where}") == expected


def test_a_shop_of_many_events_is_written_as_a_stream():
    """A benchmark's shop must start at once and never be held in memory whole."""
    shop = Shop.of_events(2_000_000)
    first = next(iter(shop.deliveries(["klaviyo.events"])))
    assert first.record["type"] == "event"
    small = Shop.of_events(20_000)
    assert 14_000 < sum(1 for _ in small.deliveries(["klaviyo.events"])) < 30_000


def test_longer_windows_hold_at_least_as_many_active_users():
    """Active in one day is active in the 7 days that end with it, and those in the 28 days."""
    for row in Shop(seed=7).truth()["active_users"]:
        assert row["active_users_1d"] <= row["active_users_7d"] <= row["active_users_28d"], row
