"""What hurts users of the public packages and connectors for the same sources: one test for each, named after its report.

Numbers are those of issues and pull requests on GitHub; ``read`` marks a fault that was read in code. Rows are told apart by
shop_url, ids and property ids: the databases are shared and provisioned once.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.datasets import klaviyo, shopify
from tilla.datasets.channels import channel_group
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.sources import airbyte, stream

AT = "2026-03-10T12:00:00Z"
DAY = dt.date(2026, 3, 10)
LATER = s.EXTRACTED + dt.timedelta(days=1)


@pytest.fixture
def shop(engine: Any) -> s.Warehouse:
    """A shop over the default layout."""
    return s.warehouse(engine, airbyte.DEFAULT)


@pytest.fixture
def site(engine: Any) -> m.Site:
    """Klaviyo and GA4 over the default layout."""
    return m.shared(engine, airbyte.DEFAULT)


def daily(shop: s.Warehouse, name: str) -> list[dict[str, Any]]:
    """The days of a shop."""
    return shop.measured("daily_sales", shop=name, order_by="date")


# --- dbt_shopify ---


def test_dbt_shopify_176_sale_and_capture_do_not_double(shop: s.Warehouse) -> None:
    """Two transactions of one order leave refunds, taxes, discounts and shipping as they are."""
    order = s.order(1, AT, [s.order_line(1, 100, discount=10)], shipping=5, tax=7)
    paid = [
        {"id": n, "order_id": 1, "kind": kind, "status": "success", "amount": 102.0}
        for n, kind in enumerate(("sale", "capture"), 1)
    ]
    lines = [s.refund_line(1, 1, 40, 3)]
    back = s.refund(1, 1, AT, lines, transactions=[{"id": n, "kind": "refund", "amount": "43.00"} for n in (8, 9)])
    shop.land("orders", [order], shop="p176")
    shop.land("transactions", paid, shop="p176")
    shop.land("order_refunds", [back], shop="p176")
    (row,) = daily(shop, "p176")
    assert (row["returns"], row["taxes"], row["discounts"], row["shipping"]) == (40, 4, 10, 5)


def test_dbt_shopify_85_152_cohorts_have_no_null_lifetimes_after_a_second_run(shop: s.Warehouse) -> None:
    """What lands between two refreshes is in the running value, and nothing of it is NULL."""
    first = s.order(1, "2026-01-10T12:00:00Z", [s.order_line(1, 100)], customer={"id": 1})
    second = s.order(2, "2026-02-10T12:00:00Z", [s.order_line(2, 50)], customer={"id": 1})
    shop.land("orders", [first], shop="p85")
    shop.measured("customer_cohorts", shop="p85")
    shop.land("orders", [second], shop="p85")
    rows = shop.measured("customer_cohorts", shop="p85", order_by="month_offset")
    assert [row["cumulative_ltv"] for row in rows] == [100.0, 150.0, 150.0]


def test_dbt_shopify_97_a_first_order_long_ago_makes_a_repeat_order(shop: s.Warehouse) -> None:
    """New or repeat looks at all history, not at a window; an older order that lands later turns the newer one into a repeat."""
    shop.land("orders", [s.order(2, AT, [s.order_line(2, 10)], customer={"id": 1})], shop="p97")
    assert [(row["first_orders"], row["repeat_orders"]) for row in daily(shop, "p97")] == [(1, 0)]
    shop.land("orders", [s.order(1, "2019-01-01T12:00:00Z", [s.order_line(1, 10)], customer={"id": 1})], shop="p97")
    assert [(row["first_orders"], row["repeat_orders"]) for row in daily(shop, "p97")] == [(1, 0), (0, 1)]


def test_dbt_shopify_103_new_and_repeat_leave_out_tests_and_guests(shop: s.Warehouse) -> None:
    """A test order is nobody's first order; a guest is neither new nor repeat."""
    orders = [
        s.order(1, "2026-03-09T12:00:00Z", [s.order_line(1, 10)], customer={"id": 1}, test=True),
        s.order(2, AT, [s.order_line(2, 10)], customer={"id": 1}),
        s.order(3, AT, [s.order_line(3, 10)]),
    ]
    shop.land("orders", orders, shop="p103")
    (row,) = daily(shop, "p103")
    assert (row["orders"], row["first_orders"], row["repeat_orders"]) == (2, 1, 0)


def test_dbt_shopify_77_a_shipping_discount_is_no_product_discount(shop: s.Warehouse) -> None:
    """A fixed amount off the goods and free shipping on one order: each stays what it is."""
    part = {"amount_set": s.money(8), "discount_application_index": 1}
    order = s.order(
        1, AT, [s.order_line(1, 100, discount=10)],
        discount_applications=[
            {"type": "discount_code", "code": "FIX", "value_type": "fixed_amount", "target_type": "line_item"},
            {"type": "discount_code", "code": "SHIP", "target_type": "shipping_line"},
        ],
        shipping_lines=[{"id": 9, "price_set": s.money(8), "discount_allocations": [part]}],
    )  # fmt: skip
    shop.land("orders", [order], shop="p77")
    rows = shop.measured("discount_effect", shop="p77", order_by="code")
    found = [(row["code"], row["product_discount"], row["shipping_discount"]) for row in rows]
    assert found == [("FIX", Decimal(10), Decimal(0)), ("SHIP", Decimal(0), Decimal(8))]
    (row,) = daily(shop, "p77")
    assert (row["discounts"], row["shipping"]) == (10, 0)


def test_dbt_shopify_147_discounts_are_allocations(shop: s.Warehouse) -> None:
    """total_discount of a line leaves out what was given on the order as a whole; the allocations have it."""
    line = s.order_line(1, 100, discount=15) | {"total_discount": "0.00"}
    shop.land("orders", [s.order(1, AT, [line], total_discounts=0.0)], shop="p147")
    (row,) = daily(shop, "p147")
    assert (row["discounts"], row["net_sales"]) == (15, 85)


def test_dbt_shopify_51_8_lines_and_customers_are_there_once(shop: s.Warehouse) -> None:
    """Whatever hangs on an order, its line is one row; two states of a customer are one row, the newer."""
    shop.land("orders", [s.order(1, AT, [s.order_line(1, 10)])], shop="p51")
    kinds = ("authorization", "capture", "sale", "refund")
    shop.land("transactions", [{"id": n, "order_id": 1, "kind": k} for n, k in enumerate(kinds, 1)], shop="p51")
    assert len(shop.curated("order_line_items_latest", shop="p51")) == 1
    states = [{"id": 7, "orders_count": n, "updated_at": f"2026-03-0{n}T12:00:00Z"} for n in (2, 1)]
    shop.land("customers", states, shop="p51")
    assert [row["orders_count"] for row in shop.curated("customers_latest", shop="p51")] == [2]


def test_dbt_shopify_48_checkout_money_is_in_the_customers_currency(shop: s.Warehouse) -> None:
    """40 EUR are counted, not summed as 40 USD."""
    base = {"created_at": AT, "updated_at": AT, "email": "a@x.com", "currency": "USD", "total_price": 40.0}
    checkouts = [
        base | {"id": n, "token": f"p48{n}", "presentment_currency": c} for n, c in enumerate(("EUR", "USD"), 1)
    ]
    shop.land("abandoned_checkouts", checkouts, shop="p48")
    (row,) = shop.measured("checkout_recovery", shop="p48")
    assert (row["abandoned"], row["abandoned_value"], row["abandoned_other_currency"]) == (2, 40, 1)


def test_dbt_shopify_102_moments_stay_utc_and_say_so(shop: s.Warehouse) -> None:
    """The zone moves the day, never the clock: 03:30 UTC prints as 03:30 UTC, on the day before in New York."""
    shop.land("orders", [s.order(1, "2026-03-10T03:30:00Z", [s.order_line(1, 1)])], shop="p102")
    (row,) = shop.curated("orders_latest", shop="p102")
    assert row["processed_at"].isoformat() == "2026-03-10T03:30:00+00:00"
    kinds = {c.name: str(c.type) for c in shop.project[f"data_{shop.project.name}.orders"].columns}
    assert kinds["processed_at"] == "Nullable(DateTime64(3, 'UTC'))"
    assert [r["date"].isoformat() for r in daily(shop, "p102")] == ["2026-03-09"]


def test_dbt_shopify_decisionlog_the_day_is_that_of_processed_at(shop: s.Warehouse) -> None:
    """An imported order was created today and placed in January; without processed_at the creation decides."""
    orders = [
        s.order(1, AT, [s.order_line(1, 1)]) | {"processed_at": "2026-01-05T12:00:00Z"},
        s.order(2, AT, [s.order_line(2, 1)]) | {"processed_at": None},
    ]
    shop.land("orders", orders, shop="pdl")
    assert [r["date"].isoformat() for r in daily(shop, "pdl")] == ["2026-01-05", "2026-03-10"]


def test_read_in_dbt_shopify_a_codes_sales_are_not_its_largest_order(shop: s.Warehouse) -> None:
    """30, 20 and 10 with one code are 60."""
    how = {"discount_applications": [{"type": "discount_code", "code": "X", "target_type": "line_item"}]}
    orders = [s.order(n, AT, [s.order_line(n, 10 * n, discount=1)], **how) for n in (1, 2, 3)]
    shop.land("orders", orders, shop="pmax")
    (row,) = shop.measured("discount_effect", shop="pmax")
    assert (row["orders"], row["gross_sales"], row["product_discount"]) == (3, 60, 3)


def test_read_in_dbt_shopify_split_shipments_multiply_no_quantity(shop: s.Warehouse) -> None:
    """Four pieces shipped in three parcels are four pieces."""
    at = "2026-03-20T12:00:00Z"
    shop.land("inventory_items", [{"id": 1, "sku": "P", "tracked": True, "updated_at": at}], shop="psplit")
    level = {"id": "5|1", "inventory_item_id": 1, "location_id": 5, "updated_at": at,
             "quantities": [{"name": "available", "quantity": 7}]}  # fmt: skip
    shop.land("inventory_levels", [level], shop="psplit")
    line = s.order_line(1, 10, quantity=4, sku="P")
    shop.land("orders", [s.order(1, at, [line])], shop="psplit")
    parcels = [
        {"id": n, "order_id": 1, "location_id": 5, "created_at": at, "updated_at": at, "line_items": [line]}
        for n in (1, 2, 3)
    ]
    shop.land("fulfillments", parcels, shop="psplit")
    (row,) = shop.measured("inventory_cover", shop="psplit")
    assert (row["available"], row["units_net"]) == (7, 4)


def test_read_in_dbt_shopify_completed_checkouts_are_not_lost_sales(shop: s.Warehouse) -> None:
    """The stream keeps a checkout that became an order: it is recovered, whoever sent which state first."""
    base = {"id": 1, "token": "pdone", "created_at": AT, "currency": "USD", "presentment_currency": "USD",
            "total_price": 30.0}  # fmt: skip
    done = base | {"updated_at": "2026-03-11T12:00:00Z", "completed_at": "2026-03-11T12:00:00Z"}
    shop.land("abandoned_checkouts", [done], shop="pdone")
    shop.land(
        "abandoned_checkouts", [base | {"updated_at": AT, "completed_at": None}], shop="pdone", extracted_at=LATER
    )
    (row,) = shop.measured("checkout_recovery", shop="pdone")
    assert (row["abandoned"], row["recovered"], row["recovered_value"]) == (1, 1, 30)


# --- dbt_klaviyo ---


def test_dbt_klaviyo_17_a_value_is_a_number_whatever_its_type(site: m.Site) -> None:
    """Number, text, text that is none, absent."""
    given = (68.06, "76.5", "n/a", None)
    events = [m.event(f"k17-{n}", "Ordered Product", AT, "k17", S_value=value) for n, value in enumerate(given)]
    site.land("klaviyo", "events", events)
    rows = site.server.rows(
        f"SELECT value FROM data_{site.tag}.events_latest WHERE startsWith(event_id, 'k17-') ORDER BY event_id"
    )
    assert [row["value"] for row in rows] == [Decimal("68.06"), Decimal("76.5"), None, None]


def test_dbt_klaviyo_53_54_56_native_attribution_in_any_shape(site: m.Site) -> None:
    """Klaviyo's own credit goes before a computed one; the relationship may be absent, empty or a list; two names, one meaning."""
    site.land("klaviyo", "metrics", m.metrics("Clicked Email", "Opened Email", ("Placed Order", "Shopify")))
    site.land("klaviyo", "campaigns", [m.campaign("k53-own", "own"), m.campaign("k53-touch", "touch")])
    given = {"$message": "k53-own", "$attributed_event_id": "k53-x"}
    native = m.event("k53-a", "Placed Order", AT, "k53", integration="Shopify", S_value=10, S_attribution=given)
    shapes: list[Any] = [
        {"data": []},
        {"data": [{"type": "attribution", "id": "1"}, {"type": "attribution", "id": "2"}]},
    ]
    more = [
        native | {"id": f"k53-a{n}", "relationships": native["relationships"] | {"attributions": shape}}
        for n, shape in enumerate(shapes)
    ]
    touch = m.event("k53-t", "Clicked Email", "2026-03-10T11:00:00Z", "k53", S_message="k53-touch")
    computed = m.event("k53-b", "Placed Order", AT, "k53", integration="Shopify", S_value=7)
    opens = [
        m.event("k53-o1", "Opened Email", AT, "k53", S_message="k53-touch", **{"Apple Privacy Open": "True"}),
        m.event("k53-o2", "Opened Email", AT, "k53", S_message="k53-touch", machine_open=1),
    ]
    site.land("klaviyo", "events", [native, *more, touch, computed, *opens])
    rows = {row["campaign_id"]: row for row in site.measured("campaign_performance")}
    assert (rows["k53-own"]["conversions"], rows["k53-own"]["revenue"]) == (3, 30)
    assert (rows["k53-touch"]["conversions"], rows["k53-touch"]["revenue"]) == (1, 7)
    assert (rows["k53-touch"]["opens"], rows["k53-touch"]["opens_unique_excl_mpp"]) == (2, 0)


def test_read_in_dbt_klaviyo_bounces_rates_and_days_are_there(site: m.Site) -> None:
    """Recipients and bounce rate need Bounced Email, which its default metrics lack; events stand by day, too."""
    site.land("klaviyo", "metrics", m.metrics("Received Email", "Bounced Email"))
    site.land("klaviyo", "campaigns", [m.campaign("kb", "b")])
    kinds = [("Received Email", "a"), ("Received Email", "b"), ("Received Email", "c"), ("Bounced Email", "d")]
    events = [m.event(f"kb-{who}", kind, "2019-05-05T12:00:00Z", f"kb-{who}", S_message="kb") for kind, who in kinds]
    site.land("klaviyo", "events", events)
    row = next(row for row in site.measured("campaign_performance") if row["campaign_id"] == "kb")
    assert (row["recipients"], row["bounced"], row["bounce_rate"], row["delivery_rate"]) == (4, 1, 0.25, 0.75)
    days = [row for row in site.rows("analytics", "daily_event_summary") if row["date"] == dt.date(2019, 5, 5)]
    assert {row["metric"]: row["events"] for row in days} == {"Received Email": 3, "Bounced Email": 1}


# --- GA4 packages ---


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("google", "CPC", "Paid Search"),
        ("Klaviyo", "E-Mail", "Email"),
        ("duckduckgo.com", "referral", "Organic Search"),
    ],
)
def test_velir_267_channels_follow_one_rule(engine: Any, source: str, medium: str, channel: str) -> None:
    """Case and spelling of source and medium never make another channel; the same function serves sessions and orders."""
    rule = channel_group(f.cast(source, t.String), f.cast(medium, t.String))
    assert engine.scalar(f"SELECT {rule.sql()}") == channel


def test_velir_61_69_90_sessions_are_those_of_the_report(site: m.Site) -> None:
    """No session is put together from keys and session_start events: the report's own number is taken."""
    rows = [
        m.report("20260310", "v61", sessionSource=source, sessionMedium="x", sessions=n, bounceRate=0)
        for source, n in (("a", 3), ("b", 4))
    ]
    site.land("ga4", "traffic_sources", rows)
    found = [row for row in site.measured("daily_traffic_sources") if row["property_id"] == "v61"]
    assert [row["sessions"] for row in found] == [7]


def test_velir_80_83_188_193_214_277_an_event_or_purchase_twice_is_one(site: m.Site) -> None:
    """The same event in two deliveries, also in two batches and at another extraction: one event, one value."""
    site.land("klaviyo", "metrics", m.metrics(("Placed Order", "v193")))
    event = m.event("v193", "Placed Order", "2019-06-06T12:00:00Z", "v193", integration="v193", S_value=20)
    site.land("klaviyo", "events", [event, event])
    site.land("klaviyo", "events", [event], extracted_at=LATER)
    rows = [row for row in site.measured("daily_event_summary") if row["integration_name"] == "v193"]
    assert [(row["events"], row["unique_profiles"], row["value"]) for row in rows] == [(1, 1, 20)]


def test_velir_189_users_are_counted_in_no_sum(site: m.Site) -> None:
    """A user whose id came later would be two in rows summed over a dimension: rollups have no users at all."""
    for name in ("daily_devices", "daily_traffic_sources"):
        columns = [c.name for c in site.warehouse.project[f"analytics_{site.tag}.{name}"].columns]
        assert not [c for c in columns if "user" in c and c != "new_users"], name


def test_read_in_velir_users_are_not_summed_over_referrers(site: m.Site) -> None:
    """80 users by phone and 35 by desktop may be 90 people: only the report without dimensions says how many."""
    rows = [
        m.report(
            "20260310",
            "vfct",
            deviceCategory=kind,
            operatingSystem="x",
            browser="y",
            totalUsers=n,
            sessions=n,
            bounceRate=0,
        )
        for kind, n in (("mobile", 80), ("desktop", 35))
    ]
    site.land("ga4", "devices", rows)
    site.land("ga4", "website_overview", [m.report("20260310", "vfct", totalUsers=90, sessions=115, bounceRate=0)])
    found = [row for row in site.measured("active_users") if row["property_id"] == "vfct"]
    assert [row["total_users_1d"] for row in found] == [90]


# --- Airbyte's connectors ---


def test_airbyte_39336_all_orders_sent_again_every_sync(shop: s.Warehouse) -> None:
    """Ten syncs of the same two orders are two orders."""
    orders = [s.order(n, AT, [s.order_line(n, 10)]) for n in (1, 2)]
    for n in range(10):
        shop.land("orders", orders, shop="a39336", extracted_at=s.EXTRACTED + dt.timedelta(hours=n))
    assert [(row["orders"], row["gross_sales"]) for row in daily(shop, "a39336")] == [(2, 20)]


def test_airbyte_7577_12898_10595_refunds_of_either_stream_count_once(shop: s.Warehouse) -> None:
    """One refund only within its order, one only in order_refunds, one in both."""
    refunds = [s.refund(n, 1, AT, [s.refund_line(n, 1, 10)]) for n in (1, 2, 3)]
    shop.land("orders", [s.order(1, AT, [s.order_line(1, 100)], refunds=[refunds[0], refunds[2]])], shop="a7577")
    shop.land("order_refunds", [refunds[1], refunds[2]], shop="a7577")
    assert [row["returns"] for row in daily(shop, "a7577")] == [30]


def test_airbyte_28926_an_update_is_told_by_its_own_time(shop: s.Warehouse) -> None:
    """The newest state is the one with the latest updated_at, not the largest id and not the last to arrive."""
    states = [
        s.order(1, AT, [s.order_line(1, price)], updated_at=at)
        for price, at in ((1, "2026-03-11T12:00:00Z"), (3, "2026-03-13T12:00:00Z"), (2, "2026-03-12T12:00:00Z"))
    ]
    for n, state in enumerate(states):
        shop.land("orders", [state], shop="a28926", extracted_at=s.EXTRACTED + dt.timedelta(hours=n))
    assert [row["gross_sales"] for row in daily(shop, "a28926")] == [3]


def test_airbyte_26054_38884_a_partial_day_is_replaced_by_its_later_reading(site: m.Site) -> None:
    """Users of today are read again tomorrow: 41, then 655."""
    site.land("ga4", "daily_active_users", [m.report("20260310", "a26054", active1DayUsers=41)])
    site.land("ga4", "daily_active_users", [m.report("20260310", "a26054", active1DayUsers=655)], extracted_at=LATER)
    found = [row for row in site.measured("active_users") if row["property_id"] == "a26054"]
    assert [row["active_users_1d"] for row in found] == [655]


def test_airbyte_26283_the_key_is_the_dimensions_not_a_uuid(site: m.Site) -> None:
    """Older connectors gave every row a new uuid: the same dimensions are the same row."""
    for n, sessions in enumerate((10, 12)):
        row = m.report("20260310", "a26283", uuid=f"{n}", deviceCategory="tv", operatingSystem="x", browser="y",
                       sessions=sessions, bounceRate=0)  # fmt: skip
        site.land("ga4", "devices", [row], extracted_at=s.EXTRACTED + dt.timedelta(hours=n))
    found = [row for row in site.measured("daily_devices") if row["property_id"] == "a26283"]
    assert [row["sessions"] for row in found] == [12]


def test_airbyte_67562_rows_without_data_are_kept_until_they_have_some(site: m.Site) -> None:
    """'(data not available)' is a dimension like another, in channel Other; its sessions are part of the day."""
    rows = [
        m.report("20260310", "a67562", sessionSource=source, sessionMedium=source, sessions=n, bounceRate=0)
        for source, n in (("(data not available)", 5), ("google", 2))
    ]
    site.land("ga4", "traffic_sources", rows)
    found = [row for row in site.measured("daily_traffic_sources") if row["property_id"] == "a67562"]
    assert [row["sessions"] for row in found] == [7]
    channels = site.server.rows(
        f"SELECT channel FROM data_{site.tag}.traffic_sources_latest WHERE property_id = 'a67562' AND sessions = 5"
    )
    assert [row["channel"] for row in channels] == ["Other"]


def test_airbyte_29458_weeks_are_rolling_windows_of_days(site: m.Site) -> None:
    """yearWeek has no incremental sync: the 7 days that end with a day stand for it, one row per day."""
    rows = [m.report(f"202603{day}", "a29458", active7DayUsers=day) for day in (10, 11)]
    site.land("ga4", "weekly_active_users", rows)
    found = [row for row in site.measured("active_users", "date") if row["property_id"] == "a29458"]
    assert [row["active_users_7d"] for row in found] == [10, 11]


def test_airbyte_29029_empty_events_stop_nothing(site: m.Site) -> None:
    """An event whose attributes came back empty is an event without value; one without an id or moment stays in raw."""
    bare = {"type": "event", "datetime": AT, "attributes": {}, "relationships": {}}
    site.land("klaviyo", "events", [bare | {"id": "a29029"}, bare | {"id": ""}, {"type": "event", "id": "a29029-x"}])
    rows = site.server.rows(
        f"SELECT event_id, value, profile_id, properties FROM data_{site.tag}.events_latest WHERE startsWith(event_id, 'a29029')"
    )
    assert [tuple(row.values()) for row in rows] == [("a29029", None, None, None)]


def test_airbyte_31815_a_flow_renamed_keeps_its_newest_name(site: m.Site) -> None:
    """Flows change by ``updated``, whatever the order of arrival."""
    for name, updated in (("new", "2026-03-02T00:00:00Z"), ("old", "2026-03-01T00:00:00Z")):
        attributes = {"name": name, "updated": updated}
        site.land("klaviyo", "flows", [{"type": "flow", "id": "a31815", "updated": updated, "attributes": attributes}])
    rows = site.server.rows(f"SELECT name FROM data_{site.tag}.flows_latest WHERE flow_id = 'a31815'")
    assert [row["name"] for row in rows] == ["new"]


def test_airbyte_global_exclusions_feed_no_measure() -> None:
    """Their last hour is sent again every time: nothing is made from that stream, consent stands in the profiles."""
    everything = klaviyo.curated(streams=(*klaviyo.STREAMS, "global_exclusions"))
    sources = {item.source.table for item in everything if getattr(item, "source", None) is not None}
    assert "global_exclusions" not in sources


def test_tap_shopify_134_checkouts_outlive_the_api(engine: Any) -> None:
    """The API forgets a checkout after three months: the stream appends, and what was curated stays when raw is emptied."""
    landing = stream("shopify", "abandoned_checkouts")
    assert airbyte.DEFAULT.sync_mode(landing) == "append"
    layout = attrs.evolve(airbyte.DEFAULT, database="raw_pain_134")
    carts = shopify.curated(layout=layout, database="data_pain_134", streams=("abandoned_checkouts",))
    warehouse = s.Warehouse(engine, layout, tl.project("pain_134", *carts))
    try:
        warehouse.provision()
        warehouse.land("abandoned_checkouts", [{"id": 1, "token": "t", "created_at": AT, "updated_at": AT}], shop="x")
        engine.execute("TRUNCATE TABLE raw_pain_134.abandoned_checkouts")
        assert len(warehouse.curated("abandoned_checkouts_latest", shop="x")) == 1
    finally:
        s.remove(engine, warehouse.project)


# --- ClickHouse ---


class Sold(tl.Columns):
    id = tl.column(t.UInt64)
    day = tl.column(t.Date)
    amount = tl.column(t.Decimal(18, 2))
    version = tl.column(t.UInt64)


sold = tl.Source(
    "raw_pains.sold", Sold, engine=ReplacingMergeTree(order_by=(Sold.id,), version=Sold.version), versioned=True
)


def test_clickhouse_1124_27232_36124_48229_a_view_sees_every_delivery() -> None:
    """A sum or a count over rows that may be sent again is refused, with the way out; distinct ids are not."""

    class Doubled(tl.Columns):
        day = tl.derive(Sold.day)
        amount = tl.measure(f.sum(Sold.amount))

    with pytest.raises(errors.DeclarationError):
        tl.Aggregation("analytics_pains.doubled", Doubled, source=sold, stable=(Sold.day,))

    class Distinct(tl.Columns):
        day = tl.derive(Sold.day)
        orders = tl.measure(f.uniq_exact(Sold.id))

    assert tl.Aggregation("analytics_pains.distinct", Distinct, source=sold, stable=(Sold.day,)).keys


def test_clickhouse_42178_two_levels_in_one_view_are_refused() -> None:
    """The highest amount per order, then its sum: within a block only. As a view that is rebuilt whole it is right."""

    class Levels(tl.Columns):
        day = tl.column(t.Date)
        amount = tl.column(t.Decimal(38, 2))

    text = "SELECT day, sum(highest) AS amount FROM (SELECT day, id, max(amount) AS highest FROM {sold} GROUP BY day, id) GROUP BY day"
    query = tl.sql(text, sold=sold)
    whole = tl.RefreshableView(
        "analytics_pains.levels",
        Levels,
        query=query,
        refresh=tl.every(hours=1),
        engine=MergeTree(order_by=(Levels.day,)),
    )
    assert whole.refresh_query is query
    with pytest.raises(errors.DeclarationError, match="subquery"):
        tl.MaterializedView("analytics_pains.levels", Levels, query=query, engine=MergeTree(order_by=(Levels.day,)))


def test_clickhouse_76110_78381_a_repeated_insert_is_the_same_on_both_sides(site: m.Site) -> None:
    """Whether the server drops a block sent twice, in the table or behind the view, the numbers are those of one."""
    site.land("klaviyo", "metrics", m.metrics(("Placed Order", "c76110")))
    event = m.event("c76110", "Placed Order", "2019-07-07T12:00:00Z", "c", integration="c76110", S_value=5)
    landing = stream("klaviyo", "events")
    row = site.layout.land(landing, event, raw_id="c76110", extracted_at=s.EXTRACTED)
    for settings in ({}, {"insert_deduplicate": 0}, {"deduplicate_blocks_in_dependent_materialized_views": 1}):
        site.server.insert(*site.layout.table(landing), [row], settings=settings)
    rows = [one for one in site.measured("daily_event_summary") if one["integration_name"] == "c76110"]
    assert [(one["events"], one["value"]) for one in rows] == [(1, 5)]
