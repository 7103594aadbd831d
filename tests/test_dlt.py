"""dlt: records as its two ways of nesting land them, and the same numbers from them as over Airbyte's layouts."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import attrs
import pytest

import tests.support.golden_rows as golden_rows
import tests.support.marketing as m
import tests.support.shop as s
from tests import test_klaviyo_analytics as mail_cases
from tests import test_klaviyo_ga4_curated as mail_golden
from tests import test_shopify_curated as shop_golden
from tests import test_shopify_daily_sales as sales_cases
from tilla.analytics import klaviyo as mail
from tilla.sources import detect, dlt, stream
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


# --- golden rows: what a person read in the sample records, over both nestings ---


def left(column: str, value: Any) -> Any:
    """What dlt's nesting leaves of a golden value. Each line is one loss, which is dlt's own: it is not in its tables."""
    if column == "tracking_params":
        return None if value == "[]" else value  # an empty list makes no row in its table, as one that is not there
    if column != "properties" or value is None:
        return value
    flat = flattened(json.loads(value))
    if isinstance(flat.get("_value"), str):  # the first record had a number, so that it is one
        flat["_value"] = float(flat["_value"])
    if "_event_id" in flat:  # the first record had a text
        flat["_event_id"] = str(flat["_event_id"])
    return json.dumps(flat) if flat else None  # an empty object makes no column


def flattened(value: Any) -> Any:
    """An object as columns: names in snake case, objects in objects by ``__``, nothing for null, ``{}`` and ``[]``."""
    if isinstance(value, list):
        return [flattened(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, item in value.items():
        inner = flattened(item)
        if isinstance(inner, dict):
            found |= {f"{dlt.identifier(name)}__{key}": one for key, one in inner.items()}
        elif inner not in (None, []):
            found[dlt.identifier(name)] = inner
    return found


def seen(column: str, value: Any) -> Any:
    """JSON text by what it says: the order of its keys is that of the columns."""
    value = mail_golden.rounded(column, value)
    return json.dumps(json.loads(value), sort_keys=True) if column in ("properties", "provinces") and value else value


def check(layout: Any, name: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    golden_rows.check(name, tables, write=False, seen_as=seen, **({"left_of": left} if layout.nested else {}))


@pytest.fixture(scope="module", params=dlt.LAYOUTS.values(), ids=lambda layout: layout.name)
def found(request: pytest.FixtureRequest, engine: Any) -> Any:
    """A layout; of nested records with the child tables that ``tilla detect`` sees once every sample has landed."""
    if not request.param.nested:
        return request.param
    layout = attrs.evolve(request.param, database="raw_found")
    engine.execute("CREATE DATABASE raw_found")
    for connector, names in (*mail_golden.STREAMS.items(), ("klaviyo", mail_golden.DETAILED)):
        for name in names:
            deliveries = [Delivery(record, f"{n}", s.EXTRACTED) for n, record in enumerate(s.samples(connector, name))]
            layout.deliver(engine, stream(connector, name), deliveries)
    children: dict[str, tuple[str, ...]] = {}
    for table in detect(engine, databases=["raw_found"]).tables:
        assert isinstance(table.layout, dlt.DltLayout)
        children |= table.layout.children or {}
    engine.execute("DROP DATABASE raw_found SYNC")
    return attrs.evolve(request.param, children=children)


def test_golden_rows_of_klaviyo_and_ga4(engine: Any, found: Any) -> None:
    """Every column of every table: what Airbyte's layouts give, but for what dlt's nesting does not hold (``left``)."""
    with m.site(engine, found, lambda have, how: [], connectors=mail_golden.STREAMS) as site:
        for connector, names in mail_golden.STREAMS.items():
            mail_golden.land_all(site, connector, names)
        site.refresh()
        for connector, names in mail_golden.STREAMS.items():
            check(found, connector, {name: site.rows("data", f"{name}_latest") for name in names})


def test_golden_rows_of_what_was_replaced(engine: Any, found: Any) -> None:
    """Records of which the tables show nothing once a later one has come; each lands alone."""
    replaced = mail_golden.REPLACED
    streams = {connector: {"streams": tuple(names)} for connector, names in replaced.items()}
    with m.site(engine, found, lambda have, how: [], connectors=replaced, streams=streams) as site:
        for connector, places in replaced.items():
            for name, place in places.items():
                site.land(connector, name, [s.samples(connector, name)[place]])
        site.refresh()
        names = [name for places in replaced.values() for name in places]
        check(found, "replaced", {name: site.rows("data", f"{name}_latest") for name in names})


def test_golden_rows_of_the_detailed_streams(engine: Any, found: Any) -> None:
    """Messages inside campaigns, counts of lists, metrics inside events."""
    with m.site(engine, found, lambda have, how: [], streams={"klaviyo": {"streams": mail_golden.DETAILED}}) as site:
        mail_golden.land_all(site, "klaviyo", mail_golden.DETAILED)
        site.refresh()
        tables = {name: site.rows("data", f"{name}_latest") for name in ("campaigns", "events", "lists")}
        check(found, "klaviyo_detailed", tables)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "what",
    ["golden_rows_in_every_layout", "golden_rows_of_what_was_replaced", "records_as_the_rest_api_has_them_read_alike"],
)
def test_golden_rows_of_shopify(engine: Any, layout: Any, what: str) -> None:
    """All 33 tables, the very rows of Airbyte's layouts: dlt holds whatever Shopify's records have."""
    getattr(shop_golden, f"test_{what}")(engine, layout)


def test_free_form_objects_and_lists_of_nested_records(engine: Any) -> None:
    """An object is put together from its columns, a list from its table; text that looks like dlt's own marks stays as it is."""
    tricky = 'a,"_dlt_id":"x" {"value":1},"k":null __v_text":'
    with m.site(engine, attrs.evolve(dlt.NESTED, children={"profiles": ("profiles__attributes__properties__tags",)}),
                lambda have, how: (), streams={"klaviyo": {"streams": ("profiles",)}}) as site:  # fmt: skip
        several = [
            m.profile("a", properties={"note": tricky, "tags": ["x", tricky], "deep": {"er": 1}}),
            m.profile("b", properties={"note": 5, "tags": [7, True], "deep": {"er": "one"}}),
            m.profile("c", properties={"note": None, "tags": []}),
        ]
        site.land("klaviyo", "profiles", several)
        site.refresh()
        rows = site.rows("data", "profiles_latest", order_by="profile_id")
        assert [row["properties"] and json.loads(row["properties"]) for row in rows] == [
            {"note": tricky, "tags": ["x", tricky], "deep__er": 1},
            {"note": "5", "tags": ["7", "true"], "deep__er": "one"},
            None,
        ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_journey_of_one_visit(engine: Any, layout: Any) -> None:
    """Without moments the first and the last visit are all there is: objects, which nested records hold as columns."""
    visit = {"occurred_at": "2026-03-01T10:00:00Z", "source": "google", "utm_parameters": {"medium": "cpc"}}
    about = {"ready": True, "moments": [], "first_visit": {**visit, "id": 1}, "last_visit": {**visit, "id": 2}}
    warehouse = s.warehouse(engine, layout)
    record = {"order_id": 1, "customer_journey_summary": about, "updated_at": "2026-03-01T11:00:00Z"}
    warehouse.land("customer_journey_summary", [record], shop="one-visit")
    warehouse.refresh(*(name for name in warehouse.rebuilt if "journey" in name))
    rows = shop_golden.latest(warehouse, "customer_journey_detail", "one-visit")
    assert [(row["visit_id"], row["source"], row["utm_medium"]) for row in rows] == [
        (1, "google", "cpc"),
        (2, "google", "cpc"),
    ]


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
