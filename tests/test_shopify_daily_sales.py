"""analytics_shopify.daily_sales: the worked case, and what must not change its numbers."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import attrs
import pytest

import tests.support.shop as s
import tilla as tl
from tilla.analytics import shopify as analytics
from tilla.datasets import shopify
from tilla.sources import airbyte


@pytest.fixture(params=[pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()])
def every(request: pytest.FixtureRequest, engine: Any) -> s.Warehouse:
    """The warehouse over each Airbyte layout."""
    return s.warehouse(engine, request.param)


@pytest.fixture
def warehouse(engine: Any) -> s.Warehouse:
    """The warehouse over the default layout."""
    return s.warehouse(engine, airbyte.DEFAULT)


def daily(warehouse: s.Warehouse, shop: str) -> list[dict[str, Any]]:
    """Refresh and read the table."""
    return warehouse.measured("daily_sales", shop=shop, order_by="currency, date")


def worked_case() -> tuple[list[dict[str, Any]], list[tuple[dict[str, Any], dt.datetime]]]:
    """The case's flat rows at the real stream paths: orders, and refunds each with its time of extraction."""
    given = s.case("shopify_daily_sales")["inputs"]
    currency = {row["order_id"]: row["presentment_currency"] for row in given["orders"]}
    lines: dict[int, list[dict[str, Any]]] = {}
    for row in given["order_lines"]:
        lines.setdefault(row["order_id"], []).append(
            s.order_line(
                row["line_id"],
                row["shop_price"],
                quantity=row["quantity"],
                discount=row["discount_allocated"],
                tax=row["line_tax"],
                gift_card=row["gift_card"],
                presentment=row["presentment_price"],
                presented=currency[row["order_id"]],
            )
        )
    orders = [
        s.order(
            row["order_id"],
            row["processed_at"],
            lines[row["order_id"]],
            updated_at=row["updated_at"],
            shipping=row["shipping"],
            tax=row["tax"],
            cancelled_at=row["cancelled_at"],
            test=row["test"],
            taxes_included=row["taxes_included"],
            presentment_currency=row["presentment_currency"],
            financial_status=row["financial_status"],
        )
        for row in given["orders"]
    ]
    refunds = []
    for row in given["refund_lines"]:
        adjustments = [
            s.adjustment(part["adjustment_id"], part["kind"], part["amount"], part["tax_amount"])
            for part in given["order_adjustments"]
            if part["refund_id"] == row["refund_id"]
        ]
        line = s.refund_line(
            row["refund_id"] * 100, row["line_id"], row["subtotal"], row["total_tax"], gift_card=row["gift_card"]
        )
        record = s.refund(row["refund_id"], row["order_id"], row["created_at"], [line], adjustments)
        refunds.append((record, dt.datetime.fromisoformat(row["extracted_at"])))
    return orders, refunds


EXPECTED = s.case("shopify_daily_sales")["expected"]


def test_the_worked_case_in_every_layout(every: s.Warehouse) -> None:
    """Resync, DST, two currencies, test order, gift card, tax-inclusive prices, cancels, a refund delivered twice."""
    orders, refunds = worked_case()
    every.land("orders", orders, shop="case")
    every.land("order_refunds", [r for r, _ in refunds], shop="case", extracted_at=[at for _, at in refunds])
    rows = daily(every, "case")
    assert list(rows[0])[:2] == ["shop_url", "currency"]
    assert list(rows[0])[2:12] == list(EXPECTED[0])
    s.check(rows, EXPECTED)
    assert sum(row["net_sales"] for row in rows) == Decimal(269)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_number_of_deliveries_gives_the_same(warehouse: s.Warehouse, seed: int) -> None:
    """A loader may send any record again, in any order, in any batching."""
    orders, refunds = worked_case()
    shop = f"shuffled-{seed}"
    deliveries: list[tuple[str, dict[str, Any], dt.datetime]] = [("orders", record, s.EXTRACTED) for record in orders]
    deliveries += [("order_refunds", record, at) for record, at in refunds]
    dice = random.Random(seed)
    deliveries += dice.choices(deliveries, k=8)
    dice.shuffle(deliveries)
    for stream, record, at in deliveries:
        warehouse.land(stream, [record], shop=shop, extracted_at=at)
    s.check(daily(warehouse, shop), EXPECTED)


def test_refunds_inside_orders_count_as_well_and_once(warehouse: s.Warehouse) -> None:
    """orders.refunds[] alone gives the same; with order_refunds beside it nothing doubles."""
    orders, refunds = worked_case()
    newest = {record["id"]: record for record in orders}
    for record, _ in refunds:
        newest[record["order_id"]]["refunds"] = [record]
    warehouse.land("orders", newest.values(), shop="nested")
    s.check(daily(warehouse, "nested"), EXPECTED)
    warehouse.land("order_refunds", [r for r, _ in refunds], shop="nested")
    s.check(daily(warehouse, "nested"), EXPECTED)


def _one(rows: list[dict[str, Any]], **expected: Any) -> None:
    assert len(rows) == 1, rows
    assert {key: rows[0][key] for key in expected} == expected


def test_a_stale_replay_changes_nothing(warehouse: s.Warehouse) -> None:
    """An old state, read again later, has a newer extraction and still loses to the newer state."""
    old = s.order(1, "2026-03-01T12:00:00-05:00", [s.order_line(1, 100)])
    new = s.order(1, "2026-03-01T12:00:00-05:00", [s.order_line(1, 80)], updated_at="2026-03-02T12:00:00-05:00")
    warehouse.land("orders", [old], shop="stale", extracted_at=s.EXTRACTED)
    warehouse.land("orders", [new], shop="stale", extracted_at=s.EXTRACTED + dt.timedelta(hours=1))
    warehouse.land("orders", [old], shop="stale", extracted_at=s.EXTRACTED + dt.timedelta(days=9))
    _one(daily(warehouse, "stale"), orders=1, gross_sales=Decimal(80))


def test_a_line_removed_by_an_edit_is_gone(warehouse: s.Warehouse) -> None:
    """The exploded row stays in the table for ever; the owner's version leaves it out (true 50, naive 80)."""
    first = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 50), s.order_line(2, 30)])
    edited = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 50)], updated_at="2026-03-01T13:00:00Z")
    warehouse.land("orders", [first], shop="edited")
    warehouse.land("orders", [edited], shop="edited")
    _one(daily(warehouse, "edited"), gross_sales=Decimal(50), units_sold=1)
    lines = warehouse.curated("order_line_items_latest", shop="edited")
    assert [line["line_id"] for line in lines] == [1]
    empty = s.order(1, "2026-03-01T12:00:00Z", [], updated_at="2026-03-01T14:00:00Z")
    warehouse.land("orders", [empty], shop="edited")
    assert warehouse.curated("order_line_items_latest", shop="edited") == []
    _one(daily(warehouse, "edited"), orders=1, gross_sales=Decimal(0), aov=0.0)


def test_a_deleted_order_leaves_every_measure_and_its_row_keeps_its_values(every: s.Warehouse) -> None:
    """The five keys of a deletion carry no updated_at; written over the order they would blank it."""
    whole = s.order(7, "2026-03-01T12:00:00Z", [s.order_line(1, 50)])
    gone = {"id": 7, "deleted_at": "2026-03-05T08:00:00-04:00", "deleted_message": "gone", "deleted_description": None}
    every.land("orders", [whole], shop="deleted")
    _one(daily(every, "deleted"), orders=1)
    every.land("orders", [gone], shop="deleted")
    every.land("orders", [whole], shop="deleted", extracted_at=s.EXTRACTED + dt.timedelta(days=1))
    assert daily(every, "deleted") == []
    assert every.curated("orders_latest", shop="deleted") == []
    assert every.curated("order_line_items_latest", shop="deleted") == []
    kept = every.curated("orders FINAL", shop="deleted")
    assert [row["gross_sales"] for row in kept] == [Decimal(50)]
    facts = every.curated("deleted_objects_latest", shop="deleted")
    assert [(row["entity"], row["id"], row["deleted_at"].isoformat()) for row in facts] == [
        ("order", 7, "2026-03-05T12:00:00+00:00")
    ]


def test_a_day_of_23_or_25_hours_loses_no_order(warehouse: s.Warehouse) -> None:
    """New York, 2026: clocks go forward on March 8 and back on November 1."""
    hours = [dt.datetime(2026, 3, 8, 5, tzinfo=dt.UTC) + dt.timedelta(hours=h) for h in range(-1, 25)]
    hours += [dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC) + dt.timedelta(hours=h) for h in range(-1, 27)]
    orders = [s.order(n, at.isoformat(), [s.order_line(n, 1)]) for n, at in enumerate(hours, start=1)]
    warehouse.land("orders", orders, shop="clocks")
    counts = {row["date"].isoformat(): row["orders"] for row in daily(warehouse, "clocks")}
    assert counts == {
        "2026-03-07": 1, "2026-03-08": 23, "2026-03-09": 2,
        "2026-10-31": 1, "2026-11-01": 25, "2026-11-02": 2,
    }  # fmt: skip


def test_a_currency_without_decimals_and_a_second_currency_stay_apart(warehouse: s.Warehouse) -> None:
    """Yen have no decimals; nothing is ever summed over currencies."""
    yen = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 3200, currency="JPY")], currency="JPY", tax=291)
    usd = s.order(2, "2026-03-01T12:00:00Z", [s.order_line(2, "19.90")])
    warehouse.land("orders", [yen, usd], shop="yen")
    rows = daily(warehouse, "yen")
    found = [(row["currency"], row["gross_sales"], row["taxes"]) for row in rows]
    assert found == [("JPY", Decimal(3200), Decimal(291)), ("USD", Decimal("19.90"), Decimal(0))]


def test_the_sales_of_a_cancelled_order_net_to_zero(warehouse: s.Warehouse) -> None:
    """60 sold; a refund line covers 20 a day later; the cancel, that day too, reverses the 40 that nothing was captured for."""
    voided = s.order(
        1, "2026-03-01T12:00:00Z", [s.order_line(1, 30, quantity=2)], shipping=5, tax=4,
        cancelled_at="2026-03-03T12:00:00Z", financial_status="voided",
    )  # fmt: skip
    warehouse.land("orders", [voided], shop="voided")
    warehouse.land("order_refunds", [s.refund(1, 1, "2026-03-02T12:00:00Z", [s.refund_line(1, 1, 20)])], shop="voided")
    rows = daily(warehouse, "voided")
    assert [row["net_sales"] for row in rows] == [Decimal(60), Decimal(-20), Decimal(-40)]
    assert [row["orders"] for row in rows] == [1, 0, 0]
    assert sum(row["units_sold"] - row["units_returned"] for row in rows) == 0


def test_the_pieces_of_a_cancelled_order_come_back_whatever_they_are_worth(warehouse: s.Warehouse) -> None:
    """Two orders of 2 pieces are cancelled: one was free by a discount of 100 %, of the other the refund covers all but a piece."""
    at = {"cancelled_at": "2026-03-03T12:00:00Z"}
    free = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 10, quantity=2, discount=20)], **at)
    paid = s.order(2, "2026-03-01T12:00:00Z", [s.order_line(2, 10, quantity=2)], **at)
    warehouse.land("orders", [free, paid], shop="free")
    refund = s.refund(1, 2, "2026-03-03T12:00:00Z", [s.refund_line(1, 2, 20)])  # one piece, and all of the money
    warehouse.land("order_refunds", [refund], shop="free")
    rows = daily(warehouse, "free")
    found = [(row["date"].day, row["net_sales"], row["units_sold"], row["units_returned"]) for row in rows]
    assert found == [(1, Decimal(20), 4, 0), (3, Decimal(-20), 0, 4)]


def test_first_and_repeat_orders_look_at_all_history(warehouse: s.Warehouse) -> None:
    """Guests are neither; a second order of the same day is a repeat."""
    anna, bert = {"id": 1}, {"id": 2}
    orders = [
        s.order(1, "2026-03-01T10:00:00Z", [s.order_line(1, 10)], customer=anna),
        s.order(2, "2026-03-02T10:00:00Z", [s.order_line(2, 10)], customer=anna),
        s.order(3, "2026-03-02T11:00:00Z", [s.order_line(3, 10)], customer=bert),
        s.order(4, "2026-03-02T12:00:00Z", [s.order_line(4, 10)], customer=bert),
        s.order(5, "2026-03-02T12:30:00Z", [s.order_line(5, 10)]),
        s.order(6, "2026-02-01T12:00:00Z", [s.order_line(6, 10)], customer=bert, test=True),
    ]
    warehouse.land("orders", orders, shop="loyal")
    found = [(r["orders"], r["customers"], r["first_orders"], r["repeat_orders"]) for r in daily(warehouse, "loyal")]
    assert found == [(1, 1, 1, 0), (4, 2, 1, 2)]


def test_by_source_splits_the_day_and_adds_up(engine: Any) -> None:
    """An option: one row per source besides; a refund stays with the source of its order."""
    curated = shopify.curated(
        layout=airbyte.DEFAULT, raw_database="raw_sources", database="data_sources", streams=("orders",)
    )
    table = analytics.daily_sales(curated, database="analytics_sources", by_source=True)
    warehouse = s.Warehouse(engine, curated.context.layout, tl.project("sources", *curated, table))
    warehouse.provision()
    web = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 30)], source_name="web")
    web["refunds"] = [s.refund(1, 1, "2026-03-01T13:00:00Z", [s.refund_line(1, 1, 10)])]
    warehouse.land(
        "orders", [web, s.order(2, "2026-03-01T12:00:00Z", [s.order_line(2, 5)], source_name="pos")], shop="x"
    )
    rows = warehouse.measured("daily_sales", shop="x", order_by="source_name")
    assert [(row["source_name"], row["net_sales"]) for row in rows] == [("pos", Decimal(5)), ("web", Decimal(20))]


def test_a_deduplicating_sync_gives_the_same(engine: Any) -> None:
    """Raw as ReplacingMergeTree, whose cursor is NOT NULL: an absent updated_at lands as 1970, which counts as absent."""
    layout = attrs.evolve(airbyte.V2_1, mode="append_dedup", version_rule="sound_cursor", database="raw_dedup")
    curated = shopify.curated(layout=layout, database="data_dedup", timezone="America/New_York")
    table = analytics.daily_sales(curated, database="analytics_dedup")
    warehouse = s.Warehouse(engine, layout, tl.project("dedup", *curated, table))
    warehouse.provision()
    orders, refunds = worked_case()
    warehouse.land("orders", orders, shop="x")
    warehouse.land("order_refunds", [record for record, _ in refunds], shop="x")
    gone = {"id": 1003, "deleted_at": "2026-04-05T08:00:00-04:00", "deleted_message": "gone", "updated_at": None}
    s.check(warehouse.measured("daily_sales", shop="x", order_by="date"), EXPECTED)
    warehouse.land("orders", [gone], shop="x")
    rows = warehouse.measured("daily_sales", shop="x", order_by="date")
    assert sum(row["net_sales"] for row in rows) == Decimal(269 - 54)
