"""dlt: records as its two ways of nesting land them, and the same numbers from them as over Airbyte's layouts."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
from tests import test_klaviyo_analytics as mail_cases
from tests import test_shopify_daily_sales as sales_cases
from tilla.analytics import klaviyo as mail
from tilla.sources import airbyte, dlt, stream
from tilla.sources.layouts import Delivery

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in dlt.LAYOUTS.values()]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("active1DayUsers", "active1_day_users"),
        ("screenPageViewsPerSession", "screen_page_views_per_session"),
        ("sessionSource", "session_source"),
        ("property_id", "property_id"),
        ("$event_id", "_event_id"),
        ("Apple Privacy Open", "apple_privacy_open"),
        ("campaign-messages", "campaign_messages"),
        ("dotted.key", "dotted_key"),
        ("$", "x"),
        ("1st", "_1st"),
        ("a__b", "a_b"),
        ("total+", "totalx"),
    ],
)
def test_names_are_those_of_dlt(name: str, column: str) -> None:
    """Taken from a run of dlt 1.31.0 over the sample records; a name that differs finds no column."""
    assert dlt.identifier(name) == column


def test_a_record_is_taken_apart_as_dlt_does(engine: Any, database: str) -> None:
    """Objects become columns, lists tables, a second type a column of its own; the tables grow by what records need."""
    layout = attrs.evolve(dlt.NESTED, database=database)
    orders = stream("shopify", "orders")
    records = [
        {"id": 1, "customer": {"id": 7}, "line_items": [{"id": 2, "tax_lines": [{"rate": 0.1}]}], "total_price": 10},
        {"id": 2, "payment_gateway_names": ["a", "b"], "total_price": 10.5, "created_at": "2026-03-01T10:00:00-05:00"},
        {"id": 9007199254740993, "total_price": "1,5", "created_at": "soon", "note": None},
    ]
    at = dt.datetime(2026, 4, 5, 12, tzinfo=dt.UTC)
    layout.deliver(engine, orders, [Delivery(record, f"r{n}", at) for n, record in enumerate(records)])
    tables = engine.rows(f"SELECT name FROM system.tables WHERE database = '{database}' ORDER BY name")
    base = "shopify___orders"
    assert [row["name"] for row in tables] == [
        base, f"{base}__line_items", f"{base}__line_items__tax_lines", f"{base}__payment_gateway_names",
    ]  # fmt: skip
    rows = engine.rows(f"SELECT * FROM {database}.{base} ORDER BY id")
    assert [row["total_price"] for row in rows] == [10, None, None]
    assert [row["total_price__v_double"] for row in rows] == [None, 10.5, None]
    assert [row["total_price__v_text"] for row in rows] == [None, None, "1,5"]
    assert [row["created_at__v_text"] for row in rows] == [None, None, "soon"]
    assert rows[0]["customer__id"] == 7
    assert rows[0]["_dlt_load_id"] == "1775390400.000000"
    assert "note" not in rows[0]
    values = engine.rows(f"SELECT value, _dlt_list_idx FROM {database}.{base}__payment_gateway_names ORDER BY 2")
    assert [tuple(row.values()) for row in values] == [("a", 0), ("b", 1)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_shopify_sales_worked_case(engine: Any, layout: Any) -> None:
    """The worked case of daily sales, over orders and refunds in one table or in twenty."""
    sales_cases.test_the_worked_case_in_every_layout(s.warehouse(engine, layout))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_klaviyo_worked_case(engine: Any, layout: Any) -> None:
    """Campaigns from events whose free-form properties became columns, or stayed JSON text."""
    case = s.case("klaviyo_campaign_performance")
    with m.site(engine, layout, lambda have, how: mail.measured(have["klaviyo"], **how)) as site:
        site.land("klaviyo", "events", [mail_cases.case_event(row) for row in case["inputs"]["events"]])
        site.land("klaviyo", "metrics", mail_cases.case_metrics())
        rows = case["inputs"]["campaigns"]
        site.land(
            "klaviyo", "campaigns", [m.campaign(r["campaign_id"], r["name"], send_time=r["send_time"]) for r in rows]
        )
        s.check(site.measured("campaign_performance", "campaign_id"), case["expected"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_truth_values_in_every_column_that_dlt_makes_of_them(engine: Any, layout: Any) -> None:
    """true, then "true" and 1: of nested records each stands in a column of its own, and every one of them is true."""
    with m.site(engine, layout, lambda have, how: ()) as site:
        values = {"a": True, "b": "true", "c": 1, "d": False, "e": 0}
        events = [
            m.event(id, "Opened Email", "2026-03-01T10:00:00+00:00", "p", **{"Apple Privacy Open": value})
            for id, value in values.items()
        ]
        site.land("klaviyo", "events", events)
        site.refresh()
        found = {row["event_id"]: row["apple_privacy_open"] for row in site.rows("data", "events_latest")}
        assert found == {"a": True, "b": True, "c": True, "d": False, "e": False}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_curated_tables_are_those_of_airbyte(engine: Any, layout: Any) -> None:
    """Every sample record of Shopify: the same curated rows as over Airbyte's tables, but for JSON text.

    A record put together again has every key, as a payload; typed columns have those that the schema declares.
    """
    shop = "same"
    found = []
    for each in (airbyte.V1 if layout.nested else airbyte.V2_1, layout):
        warehouse = s.warehouse(engine, each)
        for path in sorted((s.DATA / "raw_samples" / "shopify").glob("*.jsonl")):
            if path.stem != "order_risks":
                warehouse.land(path.stem, s.samples("shopify", path.stem), shop=shop)
        warehouse.refresh(*warehouse.rebuilt, f"data_{warehouse.project.name}.locations")
        tables = {}
        for name in ("orders", "order_line_items", "order_tax_lines", "order_refunds", "order_refund_line_items",
                     "order_discount", "customers", "fulfillments", "transactions", "transaction_fees", "products",
                     "product_variants", "inventory_levels", "inventory_items", "locations", "abandoned_checkouts"):  # fmt: skip
            rows = warehouse.server.rows(
                f"SELECT * FROM data_{warehouse.project.name}.{name}_latest WHERE shop_url = '{shop}'"
            )
            tables[name] = sorted((plain(row) for row in rows), key=json.dumps)
        found.append(tables)
    for name, rows in found[0].items():
        differing = [
            {k: (row[k], other[k]) for k in row if row[k] != other.get(k)}
            for row, other in zip(rows, found[1][name], strict=True)
        ]
        assert [one for one in differing if one] == [], name


LEFT_OUT = ("extracted_at", "version", "generation_id", "receipt", "properties", "duties")


def plain(row: dict[str, Any]) -> dict[str, str]:
    """A row for comparison: without the loader's own, and without JSON text, whose form differs."""
    return {k: str(v) for k, v in row.items() if k not in LEFT_OUT and not k.endswith("_version")}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ga4_and_rejects(engine: Any, layout: Any) -> None:
    """Snake case names; what fits no column is in a variant, which a record put together again has."""
    with m.site(engine, layout, lambda have, how: (), connectors=("ga4",)) as site:
        rows = [
            m.report("20260301", deviceCategory="desktop", operatingSystem="x", browser="y", sessions=3, bounceRate=0.5)
        ]
        site.land("ga4", "devices", [*rows, m.report("(other)", deviceCategory="mobile", sessions=1)])
        site.refresh()
        (row,) = site.rows("data", "devices_latest")
        assert (row["device_category"], row["sessions"], row["bounce_rate"]) == ("desktop", 3, 0.5)
        (row,) = site.rows("data", "rejects")
        assert (row["record_key"], row["field"], row["raw_text"]) == (None, "date", "(other)")
