"""The ``_latest`` views over the sample records: which rows are there, worked out from the records alone.

The golden rows (one file per source, the same over every layout) are what the views gave; a person read their values. Here
their keys are found a second time, in plain Python: one row per thing, in its newest state (``updated_at``, then the order of
arrival), nothing that was deleted, and of an order, fulfillment or checkout only the parts that its newest state has.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

import tests.support.shop as s
from tilla.datasets.shopify.assembly import ENTRIES

Record = dict[str, Any]
Keys = set[tuple[Any, ...]]


def golden(name: str) -> dict[str, list[Record]]:
    """The rows of each ``_latest`` view of a source."""
    found: dict[str, list[Record]] = json.loads((s.DATA / "curated" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def delivered(stream: str, *folders: str) -> list[Record]:
    """Every record of a stream, in its order of arrival."""
    found = []
    for folder in folders or ("shopify", "shopify_more"):
        if (s.DATA / "raw_samples" / folder / f"{stream}.jsonl").exists():
            found += s.samples(folder, stream)
    return found


def at(record: Record, *fields: str) -> dt.datetime:
    """The moment of the first field that the record has; 1970 without one."""
    text = next((record[field] for field in fields if record.get(field)), "1970-01-01T00:00:00Z")
    return dt.datetime.fromisoformat(text)


def newest(records: list[Record], *key: str) -> list[Record]:
    """The newest state of each thing that was not deleted; of equally new ones the one that came last."""
    found: dict[Any, Record] = {}
    for record in (one for one in records if not one.get("deleted_at")):
        name = tuple(record[field] for field in key)
        if name not in found or at(record, "updated_at", "updated") >= at(found[name], "updated_at", "updated"):
            found[name] = record
    gone = {one["id"] for one in records if one.get("deleted_at")}
    return [one for one in found.values() if one.get("id") not in gone]


def of(stream: str, *lists: str, key: str = "id") -> Iterator[tuple[Record, ...]]:
    """A thing in its newest state, with each element of a list in it, of a list in that, and so on."""

    def inside(above: tuple[Record, ...], names: tuple[str, ...]) -> Iterator[tuple[Record, ...]]:
        if not names:
            yield above
            return
        for item in above[-1].get(names[0]) or []:
            yield from inside((*above, item), names[1:])

    for record in newest(delivered(stream), key):
        yield from inside((record,), lists)


def ids(stream: str, *lists: str) -> Keys:
    return {tuple(part["id"] for part in parts) for parts in of(stream, *lists)}


def refunds(*lists: str) -> Keys:
    """Refunds come in a stream of their own and inside orders; a refund loses nothing later."""
    found = {refund["id"]: refund for order in delivered("orders") for refund in order.get("refunds") or []}
    found |= {refund["id"]: refund for refund in delivered("order_refunds")}
    rows = [(refund["id"], refund) for refund in found.values()]
    for name in lists:
        rows = [(key, part) for key, refund in rows for part in refund.get(name) or []]
    return {(key, part["id"]) if lists else (key,) for key, part in rows}


def placed(*lists: str) -> Keys:
    """Order, kind of line, line, and the position of what hangs on it, from 1."""
    found = set()
    for list_name, target in (("line_items", "line_item"), ("shipping_lines", "shipping_line")):
        for order, line in of("orders", list_name):
            found |= {(order["id"], target, line["id"], n) for n, _ in enumerate(line.get(lists[0]) or [], 1)}
    return found


def levels() -> list[Record]:
    """Inventory levels: their id is text of two numbers, location and item."""
    return newest(delivered("inventory_levels"), "id")


JOURNEY = "customer_journey_summary"
SHOPIFY: dict[str, tuple[tuple[str, ...], Any]] = {
    "deleted_objects": (
        ("id",),
        lambda: {(one["id"],) for name in ("orders", "products", "price_rules")
                 for one in delivered(name) if one.get("deleted_at")},
    ),
    "orders": (("order_id",), lambda: ids("orders")),
    "order_line_items": (("order_id", "line_id"), lambda: ids("orders", "line_items")),
    "order_discount": (("order_id", "target", "line_id", "position"), lambda: placed("discount_allocations")),
    "order_tax_lines": (("order_id", "target", "line_id", "position"), lambda: placed("tax_lines")),
    "order_note_attributes": (
        ("order_id", "position"),
        lambda: {(o["id"], n) for (o,) in of("orders") for n, _ in enumerate(o.get("note_attributes") or [], 1)},
    ),
    "order_payment_gateway": (
        ("order_id", "gateway"),
        lambda: {(o["id"], name) for (o,) in of("orders") for name in o.get("payment_gateway_names") or []},
    ),
    "order_agreements": (
        ("order_id", "agreement_id", "sale_id"), lambda: ids("order_agreements", "agreements", "sales"),
    ),
    "order_refunds": (("refund_id",), refunds),
    "order_refund_line_items": (("refund_id", "refund_line_id"), lambda: refunds("refund_line_items")),
    "order_refund_adjustments": (("refund_id", "adjustment_id"), lambda: refunds("order_adjustments")),
    "order_refund_transactions": (("refund_id", "transaction_id"), lambda: refunds("transactions")),
    "transactions": (("transaction_id",), lambda: ids("transactions")),
    "transaction_fees": (
        ("transaction_id", "fee_id"), lambda: {(a["id"], str(b["id"])) for a, b in of("transactions", "fees")},
    ),
    "transaction_payment_details": (
        ("transaction_id",), lambda: {(one["id"],) for (one,) in of("transactions") if one.get("payment_details")},
    ),
    "fulfillments": (("fulfillment_id",), lambda: ids("fulfillments")),
    "fulfillment_line_items": (("fulfillment_id", "line_id"), lambda: ids("fulfillments", "line_items")),
    "customers": (("customer_id",), lambda: ids("customers")),
    "customer_address": (("address_id",), lambda: ids("customer_address")),
    JOURNEY: (("order_id",), lambda: {(one["order_id"],) for (one,) in of(JOURNEY, key="order_id")}),
    "customer_journey_detail": (
        ("order_id", "visit_id"),
        lambda: {(one["order_id"], visit["id"]) for (one,) in of(JOURNEY, key="order_id")
                 for visit in (one[JOURNEY] or {}).get("moments") or []},
    ),
    "abandoned_checkouts": (("checkout_id",), lambda: ids("abandoned_checkouts")),
    "abandoned_checkouts_line_items": (
        ("checkout_id", "position"),
        lambda: {(o["id"], n) for (o,) in of("abandoned_checkouts") for n, _ in enumerate(o.get("line_items") or [], 1)},
    ),
    "products": (("product_id",), lambda: ids("products")),
    "product_variants": (("variant_id",), lambda: ids("product_variants")),
    "price_rules": (("price_rule_id",), lambda: ids("price_rules")),
    "discount_codes": (("discount_code_id",), lambda: ids("discount_codes")),
    "inventory_items": (("inventory_item_id",), lambda: ids("inventory_items")),
    "inventory_levels": (
        ("location_id", "inventory_item_id"), lambda: {tuple(map(int, one["id"].split("|"))) for one in levels()},
    ),
    "inventory_quantities": (
        ("location_id", "inventory_item_id", "name"),
        lambda: {(*map(int, one["id"].split("|")), part["name"]) for one in levels() for part in one.get("quantities") or []},
    ),
    "locations": (("location_id",), lambda: ids("locations")),
    "countries": (("country_id",), lambda: ids("countries")),
    "shop": (("shop_id",), lambda: ids("shop")),
}  # fmt: skip


@pytest.mark.parametrize("table", SHOPIFY)
def test_shopify_has_one_row_per_thing_that_is_there(table: str) -> None:
    """Sent twice, edited, deleted: the key stands once, or not at all."""
    key, expected = SHOPIFY[table]
    rows = golden("shopify")[table]
    assert sorted(tuple(row[name] for name in key) for row in rows) == sorted(expected())


def test_every_table_of_shopify_is_looked_at() -> None:
    """A new table wants its keys here."""
    assert set(SHOPIFY) == {entry.make.__name__ for entry in ENTRIES}


@pytest.mark.parametrize("stream", ["orders", "customers", "fulfillments", "inventory_levels", "abandoned_checkouts",
                                    "products", "product_variants", "discount_codes", "inventory_items"])  # fmt: skip
def test_shopify_shows_the_newest_state(stream: str) -> None:
    """The moment of change is that of the newest state, whatever came last."""
    shown = sorted(row["updated_at"] for row in golden("shopify")[stream])
    moments = sorted(at(one, "updated_at").astimezone(dt.UTC) for one in newest(delivered(stream), "id"))
    assert [dt.datetime.fromisoformat(text) for text in shown] == moments


@pytest.mark.parametrize(
    ("table", "key"),
    [("campaigns", "campaign_id"), ("profiles", "profile_id"), ("metrics", "metric_id"), ("flows", "flow_id"),
     ("lists", "list_id"), ("events", "event_id")],
)  # fmt: skip
def test_klaviyo_has_one_row_per_thing(table: str, key: str) -> None:
    """Events once, however often delivered; the rest in its newest state."""
    records = newest(delivered(table, "klaviyo"), "id")
    rows = golden("klaviyo")[table]
    assert sorted(row[key] for row in rows) == sorted(one["id"] for one in records)


def test_names_of_events_are_those_of_now() -> None:
    """Metric, campaign and flow by id: the name in their newest state, NULL where they have not landed."""
    metrics, campaigns, flows = (
        {one["id"]: one for one in newest(delivered(name, "klaviyo"), "id")}
        for name in ("metrics", "campaigns", "flows")
    )
    of_message = {
        message["id"]: id
        for id, one in campaigns.items()
        for message in ((one["relationships"].get("campaign-messages") or {}).get("data") or [])
    } | {id: id for id in campaigns}
    events = {one["id"]: one for one in newest(delivered("events", "klaviyo"), "id")}
    for row in golden("klaviyo")["events"]:
        event = events[row["event_id"]]
        properties = event["attributes"]["event_properties"]
        metric = metrics.get(event["relationships"]["metric"]["data"]["id"], {"attributes": {}})
        flow = properties.get("$flow")
        campaign = None if flow else of_message.get(properties.get("$message"))
        assert row["metric_name"] == metric["attributes"].get("name")
        assert (row["flow_id"], row["flow_name"]) == (flow, flows[flow]["attributes"]["name"] if flow else None)
        assert row["campaign_id"] == campaign
        assert row["campaign_name"] == (campaigns[campaign]["attributes"]["name"] if campaign else None)


GA4 = {
    "daily_active_users": (), "weekly_active_users": (), "four_weekly_active_users": (), "website_overview": (),
    "devices": ("deviceCategory", "operatingSystem", "browser"), "locations": ("country", "region", "city"),
    "traffic_sources": ("sessionSource", "sessionMedium"), "pages": ("hostName", "pagePathPlusQueryString"),
}  # fmt: skip
GA4_COLUMNS = {
    "deviceCategory": "device_category", "operatingSystem": "operating_system", "sessionSource": "session_source",
    "sessionMedium": "session_medium", "hostName": "host_name", "pagePathPlusQueryString": "page_path_query",
}  # fmt: skip


@pytest.mark.parametrize("table", GA4)
def test_ga4_has_one_row_per_property_day_and_dimensions(table: str) -> None:
    """A day that was read again stands once; '(other)' and '(not set)' are rows like any other."""
    names = GA4[table]
    expected = {(one["property_id"], one["date"], *(one[name] for name in names)) for one in delivered(table, "ga4")}
    rows = [
        (row["property_id"], row["date"].replace("-", ""), *(row[GA4_COLUMNS.get(name, name)] for name in names))
        for row in golden("ga4")[table]
    ]
    assert sorted(rows) == sorted(expected)
