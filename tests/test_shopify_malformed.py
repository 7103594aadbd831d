"""A malformed record never stops a view: its field is NULL, and a record without its key stays in raw only."""

from __future__ import annotations

from typing import Any

import pytest

import tests.support.shop as s
from tilla.sources import airbyte, stream

# v0 reads like v1, and v2.0 like v2.1.
LAYOUTS = [pytest.param(layout, id=layout.name) for layout in (airbyte.V1, airbyte.V2_1, airbyte.V2_1_JSON)]

GARBAGE: list[Any] = [
    "", "x", "1,234.50", "5 EUR", "1.2.3", "-", "NaN", "inf", "1e400", "2024-13-45T99:00:00Z", "12", "0001-01-01T00:00:00Z",
    "None", "{'a': 1}", "[1", True, False, -1, 0, 1.5, 1e300, 10**25, 2**63, [], {}, [None], [[1]], {"a": {"b": []}}, None,
]  # fmt: skip


def spoiled(value: Any, garbage: Any, *, keep: bool = True) -> Any:
    """The record with every leaf replaced, but for its own id."""
    if isinstance(value, dict):
        return {k: v if keep and k in ("id", "order_id") else spoiled(v, garbage, keep=False) for k, v in value.items()}
    if isinstance(value, list) and value:
        return [spoiled(item, garbage, keep=False) for item in value]
    return garbage


@pytest.mark.parametrize("layout", LAYOUTS)
def test_garbage_in_every_field_stops_nothing(engine: Any, layout: Any) -> None:
    """Every sample record with every leaf replaced by each kind of garbage, and with its nested parts replaced whole."""
    warehouse = s.warehouse(engine, layout)
    for folder in ("shopify", "shopify_more"):
        for path in sorted((s.DATA / "raw_samples" / folder).glob("*.jsonl")):
            if path.stem == "order_risks":
                continue
            records = []
            for record in s.samples(folder, path.stem):
                records += [spoiled(record, garbage) for garbage in GARBAGE]
                flat = {k: v for k, v in record.items() if k in ("id", "order_id")}
                records += [dict.fromkeys(record, garbage) | flat for garbage in GARBAGE]
            # deliveries of one record in one insert: the last state is not the point, that all of them land is
            warehouse.land(path.stem, records, shop="garbage")
            landing = stream("shopify", path.stem)
            database, table = layout_table(warehouse, landing)
            landed = warehouse.server.scalar(f"SELECT count() FROM `{database}`.`{table}`")
            assert landed >= len(records)
    for name in ("locations", "countries", "shop"):
        warehouse.refresh(f"data_{warehouse.project.name}.{name}")
    for view in ("orders", "customers", "transactions", "inventory_items", "products", "locations", "shop"):
        assert warehouse.curated(f"{view}", shop="garbage"), view
    for table in ("daily_sales", "customer_cohorts", "customer_rfm", "inventory_cover", "discount_effect"):
        warehouse.measured(table, shop="garbage")
    warehouse.measured("checkout_recovery", shop="garbage")


def layout_table(warehouse: s.Warehouse, landing: Any) -> tuple[str, str]:
    """Database and table of a stream."""
    return warehouse.layout.table(landing)


def test_text_that_is_no_json_stays_in_raw_only(engine: Any) -> None:
    """A payload cut in half, an empty one, a bare number: no key, no curated row, no error."""
    warehouse = s.warehouse(engine, airbyte.V1)
    landing = stream("shopify", "orders")
    database, table = warehouse.layout.table(landing)
    before = warehouse.server.scalar(f"SELECT count() FROM data_{warehouse.project.name}.orders")
    rows = [
        {"_airbyte_raw_id": f"bad-{n}", "_airbyte_data": text}
        for n, text in enumerate(['{"id": 1, "cur', "", "7", "[]"])
    ]
    warehouse.server.insert(database, table, rows, ["_airbyte_raw_id", "_airbyte_data"])
    after = warehouse.server.scalar(f"SELECT count() FROM data_{warehouse.project.name}.orders")
    assert after == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_garbage_is_null_and_never_0_or_1970(engine: Any, layout: Any) -> None:
    """An order with unreadable amounts and dates has NULL there; a sum over its lines is not known either."""
    warehouse = s.warehouse(engine, layout)
    line = s.order_line(1, "1,5") | {
        "price_set": s.money("1,5"),
        "price": "1,5",
        "quantity": "two",
        "gift_card": "maybe",
    }
    record = s.order(1, "soon", [line], total_tax_set=s.money("x"), total_price_set=s.money("19.9"), test="perhaps")
    record |= {"updated_at": "12", "customer": {"id": "seven"}, "total_tip_received": None}
    warehouse.land("orders", [record], shop="nulls")
    (order,) = warehouse.curated("orders_latest", shop="nulls")
    names = (
        "created_at",
        "processed_at",
        "order_date",
        "updated_at",
        "test",
        "customer_id",
        "tip",
        "duties",
        "gross_sales",
    )
    assert {name: order[name] for name in names} == dict.fromkeys(names)
    assert str(order["total_price"]) == "19.9000"
    (found,) = warehouse.curated("order_line_items_latest", shop="nulls")
    names = ("price", "quantity", "gift_card", "line_gross", "line_discount")
    assert {name: found[name] for name in names} == dict.fromkeys(names)


def test_days_that_no_date_can_hold_and_addresses_that_are_empty(engine: Any) -> None:
    """The day of a moment in 2299 is NULL, not one of 2120, into which Date would wrap; an empty e-mail hides no other."""
    warehouse = s.warehouse(engine, airbyte.DEFAULT)
    records = [
        s.order(1, "2299-12-31T00:00:00Z", [s.order_line(1, 10)], email="", contact_email=" ANNÉ@Example.com "),
        s.order(2, "2149-06-04T23:00:00Z", [s.order_line(2, 10)], email="  ", contact_email=None),
    ]
    warehouse.land("orders", records, shop="far")
    first, second = warehouse.curated("orders_latest", shop="far", order_by="order_id")
    assert (first["order_date"], str(second["order_date"])) == (None, "2149-06-04")
    assert (first["email"], first["email_norm"]) == (" ANNÉ@Example.com ", "anné@example.com")
    assert second["email_norm"] is None
    assert [str(row["date"]) for row in warehouse.measured("daily_sales", shop="far")] == ["2149-06-04"]


def test_an_unreadable_line_hides_only_the_sums_that_it_is_in(engine: Any) -> None:
    """A gift card without a price says nothing of the goods: 2 x 10; a quantity that is no number leaves pieces unknown."""
    warehouse = s.warehouse(engine, airbyte.DEFAULT)
    spoiled = {"price": "x", "price_set": None}
    gift, lost = s.order_line(2, 25, gift_card=True) | spoiled, s.order_line(4, 25) | {"quantity": "two"}
    records = [
        s.order(1, "2026-03-01T10:00:00Z", [s.order_line(1, 10, quantity=2), gift]),
        s.order(2, "2026-03-01T10:00:00Z", [s.order_line(3, 10), lost, s.order_line(5, 5, gift_card=True)]),
    ]
    warehouse.land("orders", records, shop="partly")
    names = ("gross_sales", "discounts", "gift_cards", "units")
    rows = warehouse.curated("orders_latest", shop="partly", order_by="order_id")
    assert [tuple(row[name] for name in names) for row in rows] == [(20, 0, None, 2), (None, None, 5, None)]
