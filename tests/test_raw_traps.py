"""What a naive reading of the loader's tables gets wrong: one test for each of the 22 traps, by their numbers.

Rows are told apart by shop_url, ids and property ids: the databases are shared and provisioned once.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla.datasets import ga4, shopify
from tilla.ddl.script import Script
from tilla.objects.refreshable import RefreshableView
from tilla.sources import airbyte, stream

LATER = s.EXTRACTED + dt.timedelta(days=1)


@pytest.fixture
def shop(engine: Any) -> s.Warehouse:
    """A shop over the default layout."""
    return s.warehouse(engine, airbyte.DEFAULT)


@pytest.fixture
def site(engine: Any) -> m.Site:
    """Klaviyo and GA4 over the default layout."""
    return m.shared(engine, airbyte.DEFAULT)


def day(shop: s.Warehouse, name: str) -> dict[str, Any]:
    """The only row of daily_sales of a shop."""
    (row,) = shop.measured("daily_sales", shop=name)
    return row


def test_trap_01_there_is_not_one_raw_layout(engine: Any) -> None:
    """Database, table, payload, time and id differ in five layouts; the same order is the same curated row from each."""
    order = s.order(1, "2026-03-01T12:00:00-05:00", [s.order_line(1, "19.9", quantity=2)], tax="1.5")
    places, found = set(), []
    for layout in airbyte.LAYOUTS.values():
        warehouse = s.warehouse(engine, layout)
        warehouse.land("orders", [order], shop="trap-01")
        places.add((warehouse.layout.table(stream("shopify", "orders")), layout.extracted_at, layout.raw_id))
        (row,) = warehouse.curated("orders_latest", shop="trap-01")
        found.append({name: value for name, value in row.items() if name != "generation_id"})
    assert len(places) == 5
    assert all(row == found[0] for row in found)
    assert (found[0]["gross_sales"], found[0]["taxes"]) == (Decimal("39.8"), Decimal("1.5"))


def test_trap_02_a_resync_is_no_second_order(shop: s.Warehouse) -> None:
    """A view fires for every inserted row, and a typed table may hold an order many times: 100, then 80, is one order of 80."""
    shop.land("orders", [s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 100)])], shop="trap-02")
    edited = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 80)], updated_at="2026-03-02T12:00:00Z")
    shop.land("orders", [edited], shop="trap-02")
    shop.land("orders", [edited, edited], shop="trap-02", extracted_at=LATER)
    row = day(shop, "trap-02")
    assert (row["orders"], row["gross_sales"]) == (1, Decimal(80))


def test_trap_03_a_table_swapped_in_fires_no_view(engine: Any) -> None:
    """Rows of a full refresh come by EXCHANGE: streams that are always overwritten are read whole again, never by a trigger."""
    layout = attrs.evolve(airbyte.DEFAULT, database="raw_trap_03")
    places = shopify.curated(layout=layout, database="data_trap_03", streams=("locations",))
    assert isinstance(places.locations, RefreshableView)
    project = tl.project("trap_03", *places)
    try:
        for statement in Script(project, with_sources=True).statements():
            engine.execute(statement.sql)
        landing, view = stream("shopify", "locations"), places.locations.qualified_name
        database, table = layout.table(landing)
        for turn, names in enumerate((("old", "gone"), ("new",))):
            engine.execute(f"CREATE TABLE {database}.side AS {database}.{table}")
            rows = [
                layout.land(landing, {"id": n, "name": name, "shop_url": "s"}, raw_id=f"{turn}{n}", extracted_at=LATER)
                for n, name in enumerate(names, start=1)
            ]
            engine.insert(database, "side", rows)
            engine.execute(f"EXCHANGE TABLES {database}.side AND {database}.{table}")
            engine.execute(f"DROP TABLE {database}.side SYNC")
            engine.execute(f"SYSTEM REFRESH VIEW {view}")
            engine.execute(f"SYSTEM WAIT VIEW {view}")
            found = engine.rows("SELECT name FROM data_trap_03.locations_latest ORDER BY location_id")
            assert tuple(row["name"] for row in found) == names
    finally:
        s.remove(engine, project)


@pytest.mark.parametrize("layout", [airbyte.V1, airbyte.V2_1_JSON], ids=lambda layout: layout.name)
def test_trap_04_money_is_a_float_here_and_text_there(engine: Any, layout: Any) -> None:
    """19.9, "19.90", "19.9", 1.99e1 are one amount, exactly; text that is none is NULL and never 0."""
    shop = s.warehouse(engine, layout)
    amounts = [19.9, "19.90", "19.9", "1.99e1", "19,90", "", None]
    lines = [
        s.order_line(n, 0) | {"price_set": {"shop_money": {"amount": amount, "currency_code": "USD"}}, "price": None}
        for n, amount in enumerate(amounts, start=1)
    ]
    shop.land("orders", [s.order(1, "2026-03-01T12:00:00Z", lines)], shop="trap-04")
    found = [row["price"] for row in shop.curated("order_line_items_latest", shop="trap-04", order_by="line_id")]
    assert found == [Decimal("19.9")] * 4 + [None] * 3


def test_trap_05_python_repr_is_not_json(shop: s.Warehouse) -> None:
    """Single quotes, None and True, in fields that are declared as text; an empty list is the text "[]"."""
    duties = str(s.money("1.50", "USD", "1.38", "EUR") | {"rate": None, "refundable": True})
    assert "'" in duties
    assert "None" in duties
    shop.land(
        "orders",
        [
            s.order(1, "2026-03-01T12:00:00Z", original_total_duties_set=duties),
            s.order(2, "2026-03-01T12:00:00Z", original_total_duties_set="[]"),
        ],
        shop="trap-05",
    )
    rows = shop.curated("orders_latest", shop="trap-05", order_by="order_id")
    assert [row["duties"] for row in rows] == [Decimal("1.5"), None]
    people = [{"id": 1, "tax_exemptions": "['EXEMPT_ALL', 'CA_BC']"}, {"id": 2, "tax_exemptions": "[]"}]
    shop.land("customers", people, shop="trap-05")
    exempt = [row["tax_exemptions"] for row in shop.curated("customers_latest", shop="trap-05", order_by="customer_id")]
    assert exempt == [["EXEMPT_ALL", "CA_BC"], []]


def test_trap_06_presentment_money_is_never_summed(shop: s.Warehouse) -> None:
    """54 USD that the customer saw as 50 EUR are 54; the yen of another order stand in a row of their own."""
    line = s.order_line(1, 54, presentment=50, presented="EUR")
    seen = s.order(1, "2026-03-01T12:00:00Z", [line], presentment_currency="EUR")
    yen = s.order(2, "2026-03-01T12:00:00Z", [s.order_line(2, 3200, currency="JPY")], currency="JPY")
    shop.land("orders", [seen, yen], shop="trap-06")
    rows = shop.measured("daily_sales", shop="trap-06", order_by="currency")
    assert [(row["currency"], row["gross_sales"]) for row in rows] == [("JPY", Decimal(3200)), ("USD", Decimal(54))]
    paid = {"id": 9, "kind": "refund", "status": "success", "amount": "50.00", "currency": "EUR"}
    back = s.refund(1, 1, "2026-03-02T12:00:00Z", [s.refund_line(1, 1, 54)], transactions=[paid])
    shop.land("order_refunds", [back], shop="trap-06")
    rows = shop.measured("daily_sales", shop="trap-06", order_by="currency, date")
    assert [(row["currency"], row["returns"]) for row in rows if row["returns"]] == [("USD", Decimal(54))]


@pytest.mark.parametrize("layout", [airbyte.V0, airbyte.V2_1], ids=lambda layout: layout.name)
def test_trap_07_times_come_in_five_spellings(engine: Any, layout: Any) -> None:
    """One moment each way; its UTC day is March 2, the shop's (New York) is March 1."""
    shop = s.warehouse(engine, layout)
    spellings = [
        "2026-03-01T22:30:00-05:00",
        "2026-03-02T03:30:00+00:00",
        "2026-03-02T03:30:00Z",
        "2026-03-02T12:30:00.000000+09:00",
        "2026-03-02 03:30:00+00:00",
    ]
    orders = [s.order(n, text) for n, text in enumerate(spellings, start=1)]
    shop.land("orders", orders, shop="trap-07")
    rows = shop.curated("orders_latest", shop="trap-07")
    assert {row["processed_at"].isoformat() for row in rows} == {"2026-03-02T03:30:00+00:00"}
    assert {row["order_date"].isoformat() for row in rows} == {"2026-03-01"}
    newest = s.order(1, spellings[0], updated_at="2026-03-03T02:00:00+09:00", note="older, though its text is greater")
    later = s.order(1, spellings[0], updated_at="2026-03-02T20:00:00-05:00", note="newer")
    shop.land("orders", [later, newest], shop="trap-07", extracted_at=LATER)
    (row,) = [row for row in shop.curated("orders_latest", shop="trap-07") if row["order_id"] == 1]
    assert row["note"] == "newer"


def test_trap_08_ids_above_two_to_the_53rd_stay_apart(shop: s.Warehouse, site: m.Site) -> None:
    """As floats the three are one; Klaviyo writes the order's id as text here and as a number there."""
    ids = (9007199254740992, 9007199254740993, 9007199254740994)
    shop.land("orders", [s.order(n, "2026-03-01T12:00:00Z") for n in ids], shop="trap-08")
    assert [r["order_id"] for r in shop.curated("orders_latest", shop="trap-08", order_by="order_id")] == list(ids)
    site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify")))
    events = [
        m.event(f"t08-{n}", "Placed Order", "2026-03-01T12:00:00Z", "t08", integration="Shopify", S_event_id=ref)
        for n, ref in enumerate((9007199254740993, "9007199254740993"))
    ]
    site.land("klaviyo", "events", events)
    refs = site.server.rows(f"SELECT order_ref FROM data_{site.tag}.events_latest WHERE startsWith(event_id, 't08-')")
    assert [row["order_ref"] for row in refs] == ["9007199254740993"] * 2


def test_trap_09_not_every_order_is_a_sale(shop: s.Warehouse) -> None:
    """A test order is none, a gift card is none, a guest's is one, one without its product is one, a voided one nets to zero."""
    at = "2026-03-01T12:00:00Z"
    orders = [
        s.order(1, at, [s.order_line(1, 999)], test=True),
        s.order(2, at, [s.order_line(2, 25, gift_card=True), s.order_line(3, 10)], customer=None, source_name="pos"),
        s.order(3, at, [s.order_line(4, 7, product_id=None, variant_id=None, sku="")]),
        s.order(4, at, [s.order_line(5, 40)], cancelled_at="2026-03-01T15:00:00Z", financial_status="voided"),
        s.order(5, at, [s.order_line(6, 500)]),
    ]
    shop.land("orders", orders, shop="trap-09")
    gone = {"id": 5, "deleted_at": "2026-03-02T12:00:00Z", "deleted_message": "x", "deleted_description": None}
    shop.land("orders", [gone], shop="trap-09", extracted_at=LATER)
    row = day(shop, "trap-09")
    assert (row["orders"], row["gross_sales"], row["returns"], row["net_sales"]) == (
        3, Decimal(57), Decimal(40), Decimal(17),
    )  # fmt: skip
    assert row["customers"] == 0


def test_trap_10_current_totals_are_after_refunds(shop: s.Warehouse) -> None:
    """total_* is what was ordered, current_* what is left; a refund may lack lines, or money; adjustments are negative."""
    order = s.order(
        1, "2026-03-01T12:00:00Z", [s.order_line(1, 50, quantity=2)], shipping=5,
        total_price=105.0, total_price_set=s.money(105), current_total_price=50.0, current_total_price_set=s.money(50),
    )  # fmt: skip
    refunds = [
        s.refund(1, 1, "2026-03-02T12:00:00Z", [], [s.adjustment(1, "shipping_refund", "-5.00")]),
        s.refund(2, 1, "2026-03-03T12:00:00Z", [s.refund_line(2, 1, 50, restock_type="cancel")]),
        s.refund(3, 1, "2026-03-04T12:00:00Z", [], [s.adjustment(3, "refund_discrepancy", "-2.50")]),
    ]
    shop.land("orders", [order], shop="trap-10")
    shop.land("order_refunds", refunds, shop="trap-10")
    (row,) = shop.curated("orders_latest", shop="trap-10")
    assert (row["total_price"], row["current_total_price"]) == (Decimal(105), Decimal(50))
    rows = shop.measured("daily_sales", shop="trap-10", order_by="date")
    assert [row["gross_sales"] for row in rows] == [Decimal(100), 0, 0, 0]
    assert [row["shipping"] for row in rows] == [Decimal(5), Decimal(-5), 0, 0]
    assert [row["returns"] for row in rows] == [0, 0, Decimal(50), Decimal("2.5")]


def test_trap_11_the_customer_stands_in_the_nested_object(shop: s.Warehouse) -> None:
    """Flattened customer_* columns are NULL unless an option of the connector is on."""
    orders = [
        s.order(1, "2026-03-01T12:00:00Z", customer={"id": 7100000000001}, customer_id=None),
        s.order(2, "2026-03-01T12:00:00Z", customer={"id": 7100000000002}, customer_id=7100000000002),
        s.order(3, "2026-03-01T12:00:00Z", customer=None, customer_id=None),
    ]
    shop.land("orders", orders, shop="trap-11")
    rows = shop.curated("orders_latest", shop="trap-11", order_by="order_id")
    assert [row["customer_id"] for row in rows] == [7100000000001, 7100000000002, None]


def test_trap_12_a_changed_refund_comes_with_its_order(shop: s.Warehouse) -> None:
    """order_refunds never sends it again (its cursor is created_at); orders.refunds[] has its later state, and it counts once."""
    base = s.order(1, "2026-03-01T12:00:00Z", [s.order_line(1, 100)])
    shop.land("orders", [base], shop="trap-12")
    shop.land("order_refunds", [s.refund(1, 1, "2026-03-05T12:00:00Z", [s.refund_line(1, 1, 60)])], shop="trap-12")
    changed = s.refund(1, 1, "2026-03-05T12:00:00Z", [s.refund_line(1, 1, 40)])
    edited = base | {"refunds": [changed], "updated_at": "2026-03-06T12:00:00Z"}
    shop.land("orders", [edited], shop="trap-12", extracted_at=LATER)
    rows = shop.measured("daily_sales", shop="trap-12", order_by="date")
    assert [row["returns"] for row in rows] == [0, Decimal(40)]


def test_trap_13_available_is_a_quantity_among_others(shop: s.Warehouse) -> None:
    """The plain field is empty in newer versions; the id is text of location and item; stock may be negative; cost unknown."""
    item = 9007199254740999
    new = {
        "id": f"65000000001|{item}", "updated_at": "2026-03-01T12:00:00Z", "available": None,
        "quantities": [{"name": "on_hand", "quantity": 5}, {"name": "available", "quantity": -3}],
    }  # fmt: skip
    old = {"id": "65000000002|7", "inventory_item_id": 7, "location_id": 65000000002, "available": 4,
           "updated_at": "2026-03-01T12:00:00Z"}  # fmt: skip
    shop.land("inventory_levels", [new, old], shop="trap-13")
    rows = shop.curated("inventory_levels_latest", shop="trap-13", order_by="inventory_item_id")
    found = [(row["inventory_item_id"], row["location_id"], row["available"]) for row in rows]
    assert found == [(7, 65000000002, 4), (item, 65000000001, -3)]
    shop.land("inventory_items", [{"id": item, "cost": None, "tracked": True}], shop="trap-13")
    (row,) = shop.curated("inventory_items_latest", shop="trap-13")
    assert row["unit_cost"] is None


def test_trap_14_two_codes_of_one_discount_repeat_its_sales(shop: s.Warehouse) -> None:
    """usage_count is per code, async_usage_count and total_sales per discount, on each of its codes."""
    base = {"price_rule_id": 77, "async_usage_count": 5, "total_sales": {"amount": "100.0", "currency_code": "USD"}}
    codes = [
        base | {"id": 1, "code": " spring ", "usage_count": 3},
        base | {"id": 2, "code": "SUMMER", "usage_count": 2},
    ]
    shop.land("discount_codes", codes, shop="trap-14")
    rows = shop.curated("discount_codes_latest", shop="trap-14", order_by="discount_code_id")
    assert [(r["code"], r["price_rule_id"], r["usage_count"], r["discount_usage_count"]) for r in rows] == [
        ("SPRING", 77, 3, 5),
        ("SUMMER", 77, 2, 5),
    ]
    comments = {c.name: c.comment for c in shop.project[f"data_{shop.project.name}.discount_codes"].columns}
    assert "never sum" in comments["total_sales"]
    assert "never sum" in comments["discount_usage_count"]


def test_trap_15_an_event_names_its_metric_by_id_alone(site: m.Site) -> None:
    """The name may land later; $message alone is a campaign's, with $flow a flow's; a program's open counts apart; values are text too."""
    events = [
        m.event("t15-a", "Opened Email", "2026-05-01T12:00:00Z", "p1", S_message="t15-M", machine_open=True),
        m.event("t15-b", "Opened Email", "2026-05-01T13:00:00Z", "p2", S_message="t15-M"),
        m.event("t15-c", "Received Email", "2026-05-01T11:00:00Z", "p1", S_message="t15-M"),
        m.event("t15-d", "Opened Email", "2026-05-01T13:00:00Z", "p3", S_message="t15-M", S_flow="t15-F"),
        m.event("t15-e", "Ordered Product", "2026-05-01T13:00:00Z", "p3", S_value="76.5"),
    ]
    site.land("klaviyo", "events", events)
    site.land("klaviyo", "campaigns", [m.campaign("t15-C", "later", messages=["t15-M"])])
    site.land("klaviyo", "metrics", m.metrics("Opened Email", "Received Email", "Ordered Product"))
    rows = site.server.rows(
        "SELECT event_id, metric_name, campaign_id, flow_id, apple_privacy_open AS mpp, value "
        f"FROM data_{site.tag}.events_latest WHERE startsWith(event_id, 't15-') ORDER BY event_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("t15-a", "Opened Email", "t15-C", None, True, None),
        ("t15-b", "Opened Email", "t15-C", None, False, None),
        ("t15-c", "Received Email", "t15-C", None, False, None),
        ("t15-d", "Opened Email", None, "t15-F", False, None),
        ("t15-e", "Ordered Product", None, None, False, Decimal("76.5")),
    ]
    (row,) = [row for row in site.measured("campaign_performance") if row["campaign_id"] == "t15-C"]
    assert (row["opens"], row["opens_unique"], row["opens_unique_excl_mpp"]) == (2, 2, 1)


def test_trap_16_records_of_the_old_klaviyo_api_stay_in_v0_tables(engine: Any) -> None:
    """They have no attributes: profile, metric, flow, message and properties stand at the top, dates with a space."""
    with m.site(engine, airbyte.V0, lambda have, how: []) as site:
        site.land("klaviyo", "events", s.samples("klaviyo_pre2", "events"))
        site.land("klaviyo", "campaigns", s.samples("klaviyo_pre2", "campaigns"))
        (event,) = site.rows("data", "events_latest")
        expected = {
            "event_id": "3legTst1", "metric_id": "TeStM2", "profile_id": "01F5TESTPERSON000000000001",
            "flow_id": "FlTst1", "message_id": "FmTst1", "campaign_id": None, "event_ref": "1621295124",
            "datetime": dt.datetime(2021, 5, 17, 23, 45, 24, tzinfo=dt.UTC),
        }  # fmt: skip
        assert {name: event[name] for name in expected} == expected
        (campaign,) = site.rows("data", "campaigns_latest")
        expected = {
            "campaign_id": "VFtst1", "name": "Email Campaign 2021", "status": "sent", "channel": "email",
            "subject": "Hello", "from_email": "shop@example.com", "from_label": "Tilla", "audiences_included": ["LsTst1"],
            "audiences_excluded": [], "send_time": dt.datetime(2021, 5, 26, 23, 30, tzinfo=dt.UTC),
            "created_at": dt.datetime(2021, 5, 16, 23, 17, 45, tzinfo=dt.UTC),
            "updated_at": dt.datetime(2021, 5, 26, 23, 30, 13, tzinfo=dt.UTC),
        }  # fmt: skip
        assert {name: campaign[name] for name in expected} == expected
        new = s.samples("klaviyo", "campaigns")[0]
        site.land(
            "klaviyo", "campaigns", [new | {"id": "VFtst1"}]
        )  # the same campaign by the new API: its state is newer
        (campaign,) = site.rows("data", "campaigns_latest")
        assert campaign["name"] == new["attributes"]["name"]


def test_trap_17_profiles_without_email_forecast_or_numbers(site: m.Site) -> None:
    """Degrees are numbers or text; forecasts are filled, all null, or absent; none of it becomes 0 or ''."""
    empty = dict.fromkeys(("historic_clv", "churn_probability", "expected_date_of_next_order"))
    profiles = [
        m.profile("t17-a", email=None, location={"latitude": "50.938", "longitude": 6.957}),
        m.profile("t17-b", predictive_analytics=empty, location={"latitude": None, "longitude": ""}),
        m.profile("t17-c", predictive_analytics={"historic_clv": 107.86, "churn_probability": 0.2}),
    ]
    site.land("klaviyo", "profiles", profiles)
    rows = site.server.rows(
        "SELECT email_norm, latitude, longitude, historic_clv, churn_probability "
        f"FROM data_{site.tag}.profiles_latest WHERE startsWith(profile_id, 't17-') ORDER BY profile_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (None, Decimal("50.938"), Decimal("6.957"), None, None),
        ("t17-b@example.com", None, None, None, None),
        ("t17-c@example.com", None, None, Decimal("107.86"), Decimal("0.2")),
    ]


def test_trap_18_ga4_sends_a_day_again_with_other_numbers(site: m.Site) -> None:
    """The key is the property and all dimensions, not the sync slice; '(other)' is a row; users are summed nowhere."""

    def rows(sessions: int, slice_: str) -> list[dict[str, Any]]:
        both = {"startDate": slice_, "endDate": slice_, "operatingSystem": "x", "browser": "y", "bounceRate": 0.5}
        return [
            m.report("20260301", "t18", deviceCategory=kind, sessions=n, totalUsers=n, **both)
            for kind, n in (("mobile", sessions), ("(other)", 10))
        ]

    site.land("ga4", "devices", rows(100, "2026-03-01"))
    site.land("ga4", "devices", rows(120, "2026-02-27"), extracted_at=LATER)
    found = [row for row in site.measured("daily_devices") if row["property_id"] == "t18"]
    assert [(row["date"], row["sessions"]) for row in found] == [(dt.date(2026, 3, 1), 130)]
    assert not [name for name in found[0] if "users" in name and name != "new_users"]


def test_trap_18_a_second_property_has_tables_of_its_own() -> None:
    """Its table's name carries the id; both end in one curated table, told apart by property_id."""
    traffic = ga4.curated(streams=["devices"], properties=["400000002"])
    named = [item.source.table for item in traffic if getattr(item, "source", None) is not None]
    assert named == ["devices", "devicesProperty400000002"]
    targets = {item.target.table for item in traffic if getattr(item, "source", None) is not None}
    assert targets == {"devices"}


def test_trap_19_ratios_lose_digits_and_zeros_are_integers(site: m.Site) -> None:
    """A typed table cuts a ratio at the ninth digit: engaged sessions are whole all the same; 0 in a number field is 0."""
    rows = [
        m.report("20260301", "t19", sessions=526, bounceRate=0.41254752851711024, averageSessionDuration=0),
        m.report("20260302", "t19", sessions=0, bounceRate=0, averageSessionDuration=0),
    ]
    site.land("ga4", "website_overview", rows)
    found = site.server.rows(
        "SELECT sessions, engaged_sessions, session_seconds, bounce_rate "
        f"FROM data_{site.tag}.website_overview_latest WHERE property_id = 't19' ORDER BY date"
    )
    assert [tuple(row.values())[:3] for row in found] == [(526, Decimal(309), Decimal(0)), (0, Decimal(0), Decimal(0))]
    assert [round(row["bounce_rate"], 6) for row in found] == [0.412548, 0]


def test_trap_20_a_json_column_changes_what_it_holds(engine: Any) -> None:
    """Dates, nulls, mixed types and dotted keys change inside it; what is curated from it does not. Unions are JSON text."""
    shop = s.warehouse(engine, airbyte.V2_1_JSON)
    record = s.order(
        1, "2026-03-01T12:00:00Z", customer={"id": 7, "created_at": "2026-03-01T23:30:00-05:00", "note": None}
    )
    record["total_price_set"] = {"shop_money": {"amount": 5, "currency_code": "USD"}}
    other = s.order(2, "2026-03-01T12:00:00Z", customer={"id": "8", "a.b": 1, "a": {"c": 2}})
    other["total_price_set"] = {"shop_money": {"amount": "5.50", "currency_code": "USD"}}
    third = s.order(3, "2026-03-01T12:00:00Z", total_price_set={"shop_money": {"amount": 5.25, "currency_code": "USD"}})
    shop.land("orders", [record, other, third], shop="trap-20")
    rows = shop.curated("orders_latest", shop="trap-20", order_by="order_id")
    assert [row["total_price"] for row in rows] == [Decimal(5), Decimal("5.5"), Decimal("5.25")]
    assert [row["customer_id"] for row in rows] == [7, 8, None]
    person = {
        "id": 1,
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2023-11-05T01:30:00-05:00"},
    }
    shop.land("customers", [person], shop="trap-20")
    (row,) = shop.curated("customers_latest", shop="trap-20")
    consented = [value for name, value in row.items() if name.startswith("email") and name.endswith("_at")]
    assert consented == [dt.datetime(2023, 11, 5, 6, 30, tzinfo=dt.UTC)]
    receipt = json.dumps({"paid_amount": "19.90"})
    shop.land("transactions", [{"id": 1, "order_id": 1, "kind": "sale", "receipt": receipt}], shop="trap-20")
    (row,) = shop.curated("transactions_latest", shop="trap-20")
    assert row["receipt"] is None or json.loads(row["receipt"]) == {"paid_amount": "19.90"}


def test_trap_21_declared_in_camel_case_sent_in_snake_case(engine: Any) -> None:
    """A typed column waits for accountNumber and stays NULL; a payload has account_number; user_id lands as a decimal."""
    sent = {"id": 1, "order_id": 1, "kind": "sale", "formatted_gateway": "Shopify Payments", "account_number": None}
    for layout, gateway in ((airbyte.V1, "Shopify Payments"), (airbyte.V2_1, None)):
        shop = s.warehouse(engine, layout)
        shop.land("transactions", [sent], shop="trap-21")
        (row,) = shop.curated("transactions_latest", shop="trap-21")
        assert row["formatted_gateway"] == gateway
        shop.land("orders", [s.order(1, "2026-03-01T12:00:00Z", user_id=90000000002)], shop="trap-21")
        (row,) = shop.curated("orders_latest", shop="trap-21")
        assert row["user_id"] == 90000000002


def test_trap_22_shop_url_is_the_name_alone(shop: s.Warehouse) -> None:
    """Without its domain, kept as it is; a record without one is kept under '', not dropped."""
    nobody = {k: v for k, v in s.order(221, "2026-03-01T12:00:00Z").items() if k != "shop_url"}
    shop.land("orders", [nobody])
    assert [row["order_id"] for row in shop.curated("orders_latest", shop="") if row["order_id"] == 221] == [221]
    shop.land("orders", [s.order(1, "2026-03-01T12:00:00Z")], shop="trap-22")
    (row,) = shop.curated("orders_latest", shop="trap-22")
    assert row["shop_url"] == "trap-22"


def test_every_trap_has_a_test() -> None:
    """22 of them, each named."""
    named = {name[10:12] for name in globals() if name.startswith("test_trap_")}
    assert named == {f"{n:02d}" for n in range(1, 23)}
