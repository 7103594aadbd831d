"""analytics_shopify besides daily_sales: the two worked cases, and cases computed by hand in their docstrings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import tests.support.marketing as m
import tests.support.shop as s
from tilla.analytics import shopify as analytics
from tilla.sources import airbyte


@pytest.fixture(params=[pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()])
def every(request: pytest.FixtureRequest, engine: Any) -> s.Warehouse:
    """The warehouse over each Airbyte layout."""
    return s.warehouse(engine, request.param)


@pytest.fixture
def warehouse(engine: Any) -> s.Warehouse:
    """The warehouse over the default layout."""
    return s.warehouse(engine, airbyte.DEFAULT)


# --- discount_effect ---


def discounted(row: dict[str, Any], uses: list[dict[str, Any]]) -> dict[str, Any]:
    """An order of the case: discounts on its line and its shipping, each part of an application."""
    number = int(row["order_id"][1:])
    applications, on_line, on_shipping = [], [], []
    for index, use in enumerate(uses):
        applications.append({"type": "discount_code", "code": use["code"], "target_type": use["target"]})
        part = {"amount_set": s.money(use["amount"]), "discount_application_index": index}
        (on_line if use["target"] == "line_item" else on_shipping).append(part)
    line = s.order_line(number, row["gross_sales"]) | {"discount_allocations": on_line}
    day = {"o4": "2026-03-03T10:00Z"}.get(row["order_id"], min(row["updated_at"], "2026-03-04T10:00Z"))
    return s.order(
        number,
        day,
        [line],
        updated_at=row["updated_at"],
        customer={"id": int(row["customer_id"][1:])},
        discount_applications=applications,
        discount_codes=[{"code": use["code"], "amount": str(use["amount"])} for use in uses],
        shipping_lines=[{"id": 100 + number, "price_set": s.money(8), "discount_allocations": on_shipping}],
    )


def test_discount_effect_worked_case_in_every_layout(every: s.Warehouse) -> None:
    """Two codes on one order, a code in another spelling, an order sent twice, a return; c2 had ordered before the period."""
    case = s.case("shopify_discount_effect")
    uses: dict[str, list[dict[str, Any]]] = {}
    for use in case["inputs"]["discount_uses"]:
        uses.setdefault(use["order_id"], []).append(use)
    orders = [discounted(row, uses.get(row["order_id"], [])) for row in case["inputs"]["orders"]]
    earlier = s.order(99, "2026-02-01T10:00Z", [s.order_line(99, 10)], customer={"id": 2})
    every.land("orders", [earlier, *orders], shop="codes")
    back = s.refund(1, 4, "2026-04-05T10:00Z", [s.refund_line(1, 4, 25)])
    every.land("order_refunds", [back], shop="codes")
    s.check(every.measured("discount_effect", shop="codes", order_by="code"), case["expected"])


def test_discounts_without_a_code_have_a_row_of_their_own(warehouse: s.Warehouse) -> None:
    """An automatic discount of 5 on 20 with prices that include 3 tax: N = 15, f = 12 / 15, so it costs 4."""
    line = s.order_line(1, 20, discount=5, tax=3)
    order = s.order(
        1, "2026-03-02T10:00Z", [line], taxes_included=True, discount_applications=[{"type": "automatic", "title": "x"}]
    )
    warehouse.land("orders", [order], shop="automatic")
    (row,) = warehouse.measured("discount_effect", shop="automatic")
    assert (row["code"], row["product_discount"], row["gross_sales"], row["net_sales"]) == (
        "(automatic)", Decimal(4), Decimal(16), Decimal(12),
    )  # fmt: skip


# --- checkout_recovery ---


def test_checkout_recovery_worked_case_in_every_layout(every: s.Warehouse) -> None:
    """A checkout sent again when completed, one converted too late, one without an e-mail, one delivered twice."""
    case = s.case("shopify_checkout_recovery")
    checkouts = [
        {
            "id": int(row["checkout_token"][1:]),
            "token": row["checkout_token"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "completed_at": row["completed_at"],
            "email": row["email"],
            "total_price": float(row["total_price"]),
            "currency": "USD",
            "presentment_currency": "USD",
            "line_items": [],
        }
        for row in case["inputs"]["abandoned_checkouts"]
    ]
    orders = [
        s.order(row["order_id"], row["processed_at"], checkout_token=row["checkout_token"], test=row["test"])
        for row in case["inputs"]["orders"]
    ]
    every.land("abandoned_checkouts", checkouts, shop="carts")
    every.land("orders", orders, shop="carts")
    s.check(every.measured("checkout_recovery", shop="carts", order_by="date"), case["expected"])


def test_checkouts_in_another_currency_are_counted_not_summed(warehouse: s.Warehouse) -> None:
    """A checkout has no money sets: 40 EUR in a shop that sells in USD is no 40 USD."""
    base = {"created_at": "2026-03-01T10:00Z", "updated_at": "2026-03-01T10:00Z", "email": "", "currency": "USD"}
    checkouts = [
        base | {"id": 1, "token": "a", "total_price": 40.0, "presentment_currency": "EUR"},
        base | {"id": 2, "token": "b", "total_price": 30.0, "presentment_currency": "USD"},
    ]
    warehouse.land("abandoned_checkouts", checkouts, shop="euro-carts")
    (row,) = warehouse.measured("checkout_recovery", shop="euro-carts")
    assert (row["abandoned"], row["abandoned_value"], row["abandoned_other_currency"]) == (2, Decimal(30), 1)
    assert row["contactable"] == 0


# --- customer_cohorts ---


def sale(number: int, at: str, price: int, customer: int | None, **more: Any) -> dict[str, Any]:
    """An order of one line."""
    person = None if customer is None else {"id": customer}
    return s.order(number, at, [s.order_line(number, price)], customer=person, **more)


def test_cohorts_by_hand_in_every_layout(every: s.Warehouse) -> None:
    """Madrid, as of 2026-03-31.

    1 orders 100 at 2026-01-31 23:30 UTC, which is February 1 in Madrid, and 50 in March less a refund of 20; 2 orders 200 in
    February, given back in April, after as_of. So the February cohort is 2 people: 300 in month 0 (150 each), 30 in month 1
    (330 / 2 = 165). 3 orders 80 in March and cancels without a refund: active, but worth nothing. 4 orders 40 in December
    and never again: four rows. The guest's 999 and the test order are in no cohort.
    """
    orders = [
        sale(1, "2026-01-31T23:30:00Z", 100, 1),
        sale(2, "2026-03-05T10:00:00Z", 50, 1),
        sale(3, "2026-02-10T10:00:00Z", 200, 2),
        sale(4, "2026-03-10T10:00:00Z", 80, 3, cancelled_at="2026-03-11T10:00:00Z", financial_status="voided"),
        sale(5, "2025-12-15T10:00:00Z", 40, 4),
        sale(6, "2026-02-11T10:00:00Z", 999, None),
        sale(7, "2026-01-02T10:00:00Z", 100, 1, test=True),
    ]
    refunds = [
        s.refund(1, 2, "2026-03-20T10:00:00Z", [s.refund_line(1, 2, 20)]),
        s.refund(2, 3, "2026-04-02T10:00:00Z", [s.refund_line(2, 3, 200)]),
    ]
    every.land("orders", orders, shop="cohorts")
    every.land("order_refunds", refunds, shop="cohorts")
    rows = every.measured("customer_cohorts", shop="cohorts", order_by="cohort_month, month_offset")
    found = [
        (
            r["cohort_month"].isoformat()[:7], r["month_offset"], r["cohort_size"], r["active_customers"],
            r["retention_rate"], r["orders"], r["net_sales"], r["cumulative_ltv"],
        )
        for r in rows
    ]  # fmt: skip
    assert found == [
        ("2025-12", 0, 1, 1, 1.0, 1, Decimal(40), 40.0),
        ("2025-12", 1, 1, 0, 0.0, 0, Decimal(0), 40.0),
        ("2025-12", 2, 1, 0, 0.0, 0, Decimal(0), 40.0),
        ("2025-12", 3, 1, 0, 0.0, 0, Decimal(0), 40.0),
        ("2026-02", 0, 2, 2, 1.0, 2, Decimal(300), 150.0),
        ("2026-02", 1, 2, 1, 0.5, 1, Decimal(30), 165.0),
        ("2026-03", 0, 1, 1, 1.0, 1, Decimal(0), 0.0),
    ]


# --- customer_rfm ---


def test_rfm_by_hand_in_every_layout(every: s.Warehouse) -> None:
    """Five customers, as of 2026-04-01; every order is worth 100.

    Last orders 1, 10, 30, 60, 90 days ago: inclusive cuts 8.2, 22, 42, 66, so r = 5, 4, 3, 2, 1. Orders 1, 3, 5, 4, 2: cuts
    1.8, 2.6, 3.4, 4.2, so f is the number of orders. Customer 2 got 150 of 300 back: monetary 100, 150, 500, 400, 200 has the
    cuts 140, 180, 280, 420, so m = 1, 2, 5, 4, 3.
    """
    today = dt.date(2026, 4, 1)
    orders, number = [], 0
    for customer, (days, count) in enumerate([(1, 1), (10, 3), (30, 5), (60, 4), (90, 2)], start=1):
        for n in range(count):
            number += 1
            at = today - dt.timedelta(days=days + n)
            orders.append(sale(number, f"{at}T10:00:00Z", 100, customer))
    orders.append(sale(99, "2026-04-02T10:00:00Z", 100, 5))  # after as_of
    every.land("orders", orders, shop="rfm")
    lines = [s.refund_line(1, 2, 150)]
    every.land("order_refunds", [s.refund(1, 2, "2026-03-25T10:00:00Z", lines)], shop="rfm")
    rows = every.measured("customer_rfm", shop="rfm", order_by="customer_id")
    found = [(r["recency_days"], r["frequency"], r["monetary"], r["r"], r["f"], r["m"], r["segment"]) for r in rows]
    assert found == [
        (1, 1, Decimal(100), 5, 1, 1, "new"),
        (10, 3, Decimal(150), 4, 3, 2, "potential"),
        (30, 5, Decimal(500), 3, 5, 5, "loyal"),
        (60, 4, Decimal(400), 2, 4, 4, "at_risk"),
        (90, 2, Decimal(200), 1, 2, 3, "hibernating"),
    ]


# --- inventory_cover ---


def level(item: int, location: int, available: Any, updated_at: str = "2026-03-30T10:00:00Z") -> dict[str, Any]:
    """An inventory level in the newer shape: quantities, no plain field."""
    return {
        "id": f"{location}|{item}",
        "inventory_item_id": item,
        "location_id": location,
        "updated_at": updated_at,
        "quantities": [{"name": "available", "quantity": available}],
    }


def item(number: int, sku: str, cost: float | None, *, tracked: bool = True) -> dict[str, Any]:
    """An inventory item."""
    currency = None if cost is None else "USD"
    return {
        "id": number, "sku": sku, "cost": cost, "currency_code": currency, "tracked": tracked,
        "updated_at": "2026-03-01T10:00:00Z",
    }  # fmt: skip


def test_inventory_cover_by_hand_in_every_layout(every: s.Warehouse) -> None:
    """28 days up to 2026-03-31 begin on March 4; lead time 14 days.

    A: 40 + 2 at open locations (the level of 50 was sent before, 100 lie at a closed one). 10 sold through its variant, 3 put
    back, 2 given back without restock, 7 sold on March 3, the day before the window: net 7, 0.25 a day, 168 days, worth 210.
    B: oversold by 3, 14 sold by sku alone: 0.5 a day, 0 days, reorder; its cost is unknown. C is not tracked. D does not sell.
    E: no level can be read, so nothing is known of what is there, how long the 28 sold (1 a day) last, and whether to reorder.
    F: lies nowhere, which is 0. G: one of two levels can be read.
    """
    every.land("inventory_items", [item(1, "A", 5), item(2, "B", None), item(3, "C", 1, tracked=False), item(4, "D", 2),
               item(5, "E", 3), item(6, "F", 3), item(7, "G", 3)], shop="stock")  # fmt: skip
    levels = [level(1, 11, 40), level(1, 12, 2), level(1, 13, 100), level(2, 11, -3), level(3, 11, 9), level(4, 11, 5),
              level(5, 11, "many"), level(5, 12, None), level(7, 11, None), level(7, 12, 4)]  # fmt: skip
    every.land("inventory_levels", [level(1, 11, 50, "2026-03-29T10:00:00Z"), *levels], shop="stock")
    places = [{"id": n, "name": str(n), "active": n != 13} for n in (11, 12, 13)]
    every.land("locations", places, shop="stock")
    every.refresh(f"data_{every.project.name}.locations")
    every.land("product_variants", [{"id": 21, "inventory_item_id": 1, "sku": "other"}], shop="stock")
    orders = [
        s.order(1, "2026-03-10T10:00:00Z", [s.order_line(1, 10, quantity=10, variant_id=21, sku="other")]),
        s.order(2, "2026-03-03T23:00:00Z", [s.order_line(2, 10, quantity=7, variant_id=21)]),
        s.order(
            3,
            "2026-03-31T23:00:00Z",
            [s.order_line(3, 10, quantity=14, sku="B"), s.order_line(4, 1, quantity=28, sku="E")],
        ),
    ]
    every.land("orders", orders, shop="stock")
    lines = [
        s.refund_line(1, 1, 30, quantity=3),
        s.refund_line(2, 1, 20, quantity=2, restock_type="no_restock"),
    ]
    every.land("order_refunds", [s.refund(1, 1, "2026-03-20T10:00:00Z", lines)], shop="stock")
    rows = every.measured("inventory_cover", shop="stock", order_by="inventory_item_id")
    names = (
        "sku", "available", "units_net", "daily_velocity", "days_of_cover", "inventory_value", "stockout", "reorder",
    )  # fmt: skip
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("A", 42, 7, 0.25, 168.0, Decimal(210), False, False),
        ("B", -3, 14, 0.5, 0.0, None, True, True),
        ("D", 5, 0, 0.0, None, Decimal(10), False, False),
        ("E", None, 28, 1.0, None, None, None, None),
        ("F", 0, 0, 0.0, None, Decimal(0), True, False),
        ("G", 4, 0, 0.0, None, Decimal(12), False, False),
    ]


def test_discount_effect_by_day(engine: Any) -> None:
    """Codes of each day of orders: TEN took 1 of 10 on March 1 (beside an order of 30 without), and 2 of 20 on March 2, alone.

    Customer 7 placed both orders with TEN, the first one first; all of it came back on March 5, which lowers the net sales of
    March 1. An order of March 2 had 3 off 40 by itself, without a code, and 4 off its shipping by TEN: it stands under both.
    What adds up over days is what the table without days has.
    """

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        return [analytics.discount_effect(have["shopify"], by_day=day, **how) for day in (True, False)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify"]) as site:
        ten = {"type": "discount_code", "code": "ten", "target_type": "line_item"}
        coded = {"discount_codes": [{"code": "ten", "amount": "1", "type": "percentage"}], "discount_applications": [ten],
                 "customer": {"id": 7}}  # fmt: skip
        shipped = {
            "id": 1, "price": "9", "price_set": s.money(9),
            "discount_allocations": [{"amount": "4", "amount_set": s.money(4), "discount_application_index": 1}],
        }  # fmt: skip
        mixed = {
            "discount_codes": coded["discount_codes"], "shipping_lines": [shipped],
            "discount_applications": [{"type": "automatic", "title": "x", "target_type": "line_item"},
                                      ten | {"target_type": "shipping_line"}],
        }  # fmt: skip
        orders = [
            s.order(1, "2026-03-01T09:00:00Z", [s.order_line(10, 10, discount=1)], **coded),
            s.order(2, "2026-03-01T09:00:00Z", [s.order_line(20, 30)]),
            s.order(3, "2026-03-02T09:00:00Z", [s.order_line(30, 20, discount=2)], **coded),
            s.order(4, "2026-03-02T09:00:00Z", [s.order_line(40, 40, discount=3)], **mixed),
        ]
        refunds = [s.refund(1, 1, "2026-03-05T09:00:00Z", [s.refund_line(1, 10, 9)])]
        site.land("shopify", "orders", orders, shop="days")
        site.land("shopify", "order_refunds", refunds, shop="days")
        rows = site.measured("discount_effect_by_day", "date, code")
        names = (
            "code",
            "orders",
            "first_orders",
            "product_discount",
            "shipping_discount",
            "net_sales",
            "aov",
            "aov_lift",
        )
        assert [(row["date"].day, *(row[name] for name in names)) for row in rows] == [
            (1, "(none)", 1, 0, Decimal(0), Decimal(0), Decimal(30), 30.0, 0.0),
            (1, "TEN", 1, 1, Decimal(1), Decimal(0), Decimal(0), 9.0, -0.7),
            (2, "(automatic)", 1, 0, Decimal(3), Decimal(0), Decimal(37), 37.0, None),
            (2, "TEN", 2, 0, Decimal(2), Decimal(4), Decimal(55), 27.5, None),
        ]
        for whole in site.rows("analytics", "discount_effect"):
            days = [row for row in rows if row["code"] == whole["code"]]
            for name in ("orders", "first_orders", "product_discount", "shipping_discount", "gross_sales", "net_sales"):
                assert sum(row[name] for row in days) == whole[name], (whole["code"], name)


def test_velocity_by_days_in_stock(engine: Any) -> None:
    """4 pieces sold in 4 weeks, of which snapshots tell 3 days: on 2 of them there was stock. 4 / 2 a day, not 4 / 28.

    Of an item without a snapshot, or without one that can be read, the window counts: 7 / 28.
    """
    day = dt.date(2026, 3, 31)

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        shop = have["shopify"]
        return [analytics.inventory_cover(shop, as_of=day, snapshots=shop.inventory_levels_daily, **how)]

    streams = {"shopify": {"streams": ("orders", "inventory_items", "inventory_levels")}}
    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify"], streams=streams) as site:
        at = "2026-03-30T09:00:00Z"
        items = [
            {"id": n, "sku": sku, "tracked": True, "created_at": at, "updated_at": at}
            for n, sku in ((1, "a"), (2, "b"))
        ]
        site.land("shopify", "inventory_items", items, shop="cover")
        lines = [s.order_line(10, 1, quantity=4, sku="a"), s.order_line(11, 1, quantity=7, sku="b")]
        site.land("shopify", "orders", [s.order(1, at, lines)], shop="cover")
        for number, there in ((31, 5), (30, 0), (29, 1)):
            engine.execute(
                f"INSERT INTO data_{site.tag}.inventory_levels_daily (shop_url, inventory_item_id, location_id, date, available, "
                f"taken_at) SELECT 'cover', 1, 7, toDate('2026-03-{number}'), {there}, now() FROM numbers(2)"
            )
        engine.execute(
            f"INSERT INTO data_{site.tag}.inventory_levels_daily (shop_url, inventory_item_id, location_id, date, available, "
            f"taken_at) SELECT 'cover', number, 7, toDate('2026-03-28'), NULL, now() FROM numbers(1, 2)"
        )
        site.warehouse.refresh(f"analytics_{site.tag}.inventory_cover")
        rows = site.rows("analytics", "inventory_cover", "sku")
        assert [(r["sku"], r["units_net"], r["days_in_stock"], r["daily_velocity"]) for r in rows] == [
            ("a", 4, 2, 2.0),
            ("b", 7, None, 0.25),
        ]
