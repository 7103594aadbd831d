"""``rejects``: what was there and could not be used is listed, field by field, in every layout; what is fine is not."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla.datasets import ga4, klaviyo, shopify
from tilla.sources import airbyte, stream

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]


def rejected(warehouse: s.Warehouse, shop: str) -> list[tuple[Any, ...]]:
    """What the view lists of a shop: stream, key, field, text."""
    rows = warehouse.curated("rejects", shop=shop, order_by="stream, record_key, field")
    return [(row["stream"], row["record_key"], row["field"], row["raw_text"]) for row in rows]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_malformed_fields_are_listed_with_their_text(engine: Any, layout: Any) -> None:
    """Amounts with commas, garbage dates, ids that are no numbers: record, field, text and reason, nested ones too."""
    warehouse = s.warehouse(engine, layout)
    line = s.order_line(1, "10.00") | {"price_set": s.money("1,5"), "quantity": "two"}
    line["tax_lines"] = [{"title": "tax", "rate": "8%", "price_set": s.money("0.80")}]
    fine = s.order(2, "2026-03-01T10:00:00-05:00", [s.order_line(2, "10.00", tax="0.80")])
    record = s.order(1, "2026-03-01T10:00:00-05:00", [s.order_line(3, "1.00"), line])
    record |= {"total_price_set": s.money("1,234.50"), "customer": {"id": "seven"}, "note_attributes": "none"}
    warehouse.land("orders", [fine, record], shop="rejected")
    found = rejected(warehouse, "rejected")
    expected = [
        ("orders", "1", "customer.id", "seven"),
        ("orders", "1", "line_items[2].price_set.shop_money.amount", "1,5"),
        ("orders", "1", "line_items[2].quantity", "two"),
        ("orders", "1", "line_items[2].tax_lines[1].rate", "8%"),
        ("orders", "1", "total_price_set.presentment_money.amount", "1,234.50"),
        ("orders", "1", "total_price_set.shop_money.amount", "1,234.50"),
    ]
    # A typed layout has dropped what is no array; its own note of that is what is left.
    whole = isinstance(layout, airbyte.PayloadLayout)
    expected.insert(4, ("orders", "1", "note_attributes", "none" if whole else None))
    assert found == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_loader_nulled_is_listed(engine: Any, layout: Any) -> None:
    """The typed destination drops a value that does not fit its column and says so in _airbyte_meta; old layouts keep it."""
    warehouse = s.warehouse(engine, layout)
    record = s.order(1, "2026-03-01T10:00:00-05:00") | {"created_at": "soon", "test": "perhaps"}
    warehouse.land("orders", [record], shop="nulled")
    rows = warehouse.curated("rejects", shop="nulled", order_by="field")
    found = [(row["field"], row["raw_text"], row["reason"]) for row in rows]
    if isinstance(layout, airbyte.PayloadLayout):
        assert found == [
            ("created_at", "soon", "no moment from 1900 to 2299"),
            ("test", "perhaps", "neither true nor false"),
        ]
    else:
        reason = "nulled by the loader: DESTINATION_SERIALIZATION_ERROR"
        assert found == [("created_at", None, reason), ("test", None, reason)]
    assert rows[0]["extracted_at"].replace(tzinfo=None) == s.EXTRACTED.replace(tzinfo=None)


def test_a_record_without_its_key_is_listed_and_stays_in_raw(engine: Any) -> None:
    """No id, an id that is no number, text that is no JSON: no key, so that nobody looks for it among the curated rows."""
    warehouse = s.warehouse(engine, airbyte.V0)
    keyless = {**s.order(1, "2026-03-01T10:00:00Z"), "id": None}
    odd = {**s.order(1, "2026-03-01T10:00:00Z"), "id": "A-1"}
    line = {**s.order_line(5, "1.00"), "id": None}
    warehouse.land("orders", [keyless, odd, s.order(3, "2026-03-01T10:00:00Z", [line])], shop="keyless")
    assert rejected(warehouse, "keyless") == [
        ("orders", "3", "line_items[1].id", None),
        ("orders", None, "id", "A-1"),
        ("orders", None, "id", None),
    ]
    assert [row["order_id"] for row in warehouse.curated("orders", shop="keyless")] == [3]
    database, table = warehouse.layout.table(stream("shopify", "products"))
    texts = ['{"id": 1, "cur', "7", "[]"]
    rows = [{"_airbyte_ab_id": f"cut-{n}", "_airbyte_data": text} for n, text in enumerate(texts)]
    warehouse.server.insert(database, table, rows, ["_airbyte_ab_id", "_airbyte_data"])
    listed = warehouse.server.rows(
        f"SELECT record_key, field, raw_text, raw_id FROM data_{warehouse.project.name}.rejects "
        "WHERE startsWith(raw_id, 'cut-') ORDER BY raw_id"
    )
    assert [tuple(row.values()) for row in listed] == [(None, "", text, f"cut-{n}") for n, text in enumerate(texts)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_amount_in_another_currency_is_listed(engine: Any, layout: Any) -> None:
    """A plain amount of an order presented in another currency is not the shop's: NULL, and a reject with its reason."""
    warehouse = s.warehouse(engine, layout)
    line = s.order_line(1, "10.00")
    del line["price_set"]
    record = s.order(1, "2026-03-01T10:00:00Z", [line], presentment_currency="EUR")
    warehouse.land("orders", [record], shop="presented")
    (row,) = warehouse.curated("rejects", shop="presented")
    assert (row["field"], row["raw_text"]) == ("line_items[1].price", "10.00")
    assert "customer's currency" in row["reason"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_klaviyo_and_ga4_have_rejects(engine: Any, layout: Any) -> None:
    """Values of free-form properties, events without a moment, report rows without a day."""
    with m.site(engine, layout, lambda have, how: (), connectors=("klaviyo",)) as site:
        good = m.event("e1", "Placed Order", "2026-03-01T10:00:00+00:00", "p1", S_value="12.50", S_event_id=7)
        bad = m.event("e2", "Placed Order", "2026-03-01T10:00:00+00:00", "p1", S_value="1,5")
        site.land("klaviyo", "events", [good, bad])
        if isinstance(layout, airbyte.PayloadLayout):
            site.land("klaviyo", "events", [m.event("e3", "Placed Order", "soon", "p1")])
        found = site.rows("data", "rejects", columns="record_key, field, raw_text")
    expected = [("e2", "attributes.event_properties.$value", "1,5")]
    if isinstance(layout, airbyte.PayloadLayout):
        expected += [(None, "attributes.datetime", "soon"), (None, "datetime", "soon")]
    assert [tuple(row.values()) for row in found if row["field"] != "datetime" or row["record_key"] is None] == expected
    with m.site(engine, layout, lambda have, how: (), connectors=("ga4",)) as site:
        site.land("ga4", "devices", [m.report("20260301", deviceCategory="desktop", operatingSystem="-", browser="-")])
        site.land("ga4", "devices", [m.report("(other)", deviceCategory="x", operatingSystem="-", browser="-")])
        (row,) = site.rows("data", "rejects")
        assert (row["property_id"], row["record_key"], row["field"], row["raw_text"]) == ("1", None, "date", "(other)")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sample_records_have_few_rejects(engine: Any, layout: Any) -> None:
    """What real connectors emit is read: no sample record but the known odd ones is listed."""
    warehouse = s.warehouse(engine, layout)
    shop = "samples-of-rejects"
    for path in sorted((s.DATA / "raw_samples" / "shopify").glob("*.jsonl")):
        if path.stem != "order_risks":  # no table reads it
            warehouse.land(path.stem, s.samples("shopify", path.stem), shop=shop)
    assert rejected(warehouse, shop) == []


def test_the_loader_s_notes_may_be_of_type_json(engine: Any, database: str) -> None:
    """Where the destination makes JSON columns, its own notes may be one: declared so, they are read all the same."""
    layout = attrs.evolve(
        airbyte.V2_1_JSON, database=f"{database}_raw", differing={"orders": {"_airbyte_meta": "JSON"}}
    )
    shop = shopify.curated(layout=layout, database=f"{database}_data", streams=("orders",))
    warehouse = s.Warehouse(engine, layout, tl.project("notes", *shop))
    warehouse.provision()
    warehouse.land("orders", [s.order(1, "2026-03-01T10:00:00Z") | {"test": "perhaps"}], shop="notes")
    rows = engine.rows(f"SELECT record_key, field, reason FROM {database}_data.rejects")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "test", "nulled by the loader: DESTINATION_SERIALIZATION_ERROR")
    ]


def test_the_view_runs_as_its_definer() -> None:
    """The read-only role has the curated database and not raw: an invoker's view would refuse it."""
    for dataset in (ga4, klaviyo, shopify):
        assert dataset.curated().rejects.sql_security == "DEFINER"


def test_fields_follow_from_the_declarations() -> None:
    """A stream that no table reads, and a field that none parses, are not in the view; a new table's are."""
    few = shopify.curated(layout=airbyte.V1, streams=("customers",)).rejects.query.render()
    assert "stream_customers" in few
    assert "stream_orders" not in few
    assert "orders_count" in few
    assert "'price_set', 'shop_money', 'amount'" not in few
    more = shopify.curated(layout=airbyte.V1, streams=("orders",)).rejects.query.render()
    assert "'price_set', 'shop_money', 'amount'" in more


def test_a_stream_and_a_period_are_taken_down_to_the_raw_tables(engine: Any) -> None:
    """Through the view, its union and ARRAY JOIN: a document is read only where its row was extracted in the period."""
    with m.site(engine, airbyte.DEFAULT, lambda have, how: []) as site:
        asked = f"FROM data_{site.tag}.rejects WHERE stream = 'events' AND extracted_at >= '2026-03-01 00:00:00'"
        wrong = [m.event("e", "Placed Order", "2026-03-01T00:00:00Z", "p", S_value="1,5")]
        for day in ("2026-02-28T12:00:00+00:00", "2026-03-02T12:00:00+00:00"):
            site.land("klaviyo", "events", wrong, extracted_at=m.moment(day))
        assert engine.scalar(f"SELECT count() {asked}") == 1
        plan = "\n".join(
            line for row in engine.rows(f"EXPLAIN actions = 1 SELECT count() {asked}") for line in row.values()
        )
        read = plan.split(f"ReadFromMergeTree (raw_{site.tag}.events)")[1].split("ReadFromMergeTree")[0]
        assert "Prewhere filter" in read
        assert "_airbyte_extracted_at" in read.split("Prewhere filter column:")[1].splitlines()[0]
