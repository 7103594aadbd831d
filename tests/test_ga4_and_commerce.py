"""analytics_ga4 and analytics_commerce: the worked cases at the real stream paths, and cases by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import commerce
from tilla.analytics import ga4 as traffic
from tilla.analytics import shopify as selling
from tilla.datasets.channels import channel_group
from tilla.engines import MergeTree
from tilla.sources import airbyte

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]
NOT_SET = {"operatingSystem": "(not set)", "browser": "(not set)"}


def device(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the worked case at its real paths."""
    return m.report(
        row["date"],
        row["property_id"],
        deviceCategory=row["device_category"],
        sessions=row["sessions"],
        totalUsers=row["total_users"],
        bounceRate=float(row["bounce_rate"]),
        averageSessionDuration=row["avg_session_duration"],
        screenPageViews=row["page_views"],
        **NOT_SET,
    )


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_devices_rollup_worked_case(engine: Any, layout: Any, order: int) -> None:
    """The look-back sends a day again: the newest extraction of each row counts, whichever lands first."""
    case = s.case("ga4_devices_rollup")
    given = case["inputs"]["devices"][::order]
    with m.site(
        engine, layout, lambda have, how: [traffic.daily_devices(have["ga4"], **how)], connectors=["ga4"]
    ) as site:
        at = [m.moment(row["extracted_at"]) for row in given]
        site.land("ga4", "devices", [device(row) for row in given], extracted_at=at)
        rows = site.measured("daily_devices")
        assert next(iter(rows[0])) == "property_id"
        assert list(rows[0])[1:9] == list(case["expected"][0])
        s.check(rows, case["expected"])


def test_rollups_of_other_reports_and_by_a_dimension(engine: Any) -> None:
    """A day without sessions has no rates; a ratio that is no whole number of sessions is kept as it is."""
    with m.site(
        engine,
        airbyte.DEFAULT,
        lambda have, how: [
            traffic.daily_locations(have["ga4"], **how),
            traffic.daily_traffic_sources(have["ga4"], **how),
            traffic.daily_traffic_sources(have["ga4"], by=("session_medium",), **how),
        ],
        connectors=["ga4"],
    ) as site:
        here = {"country": "Spain", "region": "Madrid", "city": ""}
        site.land("ga4", "locations", [m.report("20260301", sessions=0, screenPageViews=1, bounceRate=0, **here)])
        sources = [
            m.report("20260301", sessionSource="google", sessionMedium=medium, sessions=10, bounceRate=rate)
            for medium, rate in (("cpc", 0.33), ("organic", 0.5))
        ]
        site.land("ga4", "traffic_sources", sources)
        (quiet,) = site.measured("daily_locations")
        assert (quiet["sessions"], quiet["engagement_rate"], quiet["pages_per_session"]) == (0, None, None)
        assert quiet["page_views"] == 1
        (whole,) = site.rows("analytics", "daily_traffic_sources")
        assert (whole["engaged_sessions"], round(whole["bounce_rate"], 6)) == (Decimal("11.7"), 0.415)
        parts = site.rows("analytics", "daily_traffic_sources_by_session_medium")
        assert [(r["session_medium"], r["sessions"]) for r in parts] == [("cpc", 10), ("organic", 10)]
        channels = site.rows("data", "traffic_sources_latest", "channel", columns="channel")
        assert [r["channel"] for r in channels] == ["Organic Search", "Paid Search"]


def test_active_users_of_the_reports(engine: Any) -> None:
    """One row for each day that any report has; a window whose report lacks the day is NULL, never 0 and never a sum."""
    with m.site(
        engine, airbyte.DEFAULT, lambda have, how: [traffic.active_users(have["ga4"], **how)], connectors=["ga4"]
    ) as site:
        site.land("ga4", "daily_active_users", [m.report("20260301", active1DayUsers=41)])
        late = s.EXTRACTED + dt.timedelta(days=1)
        site.land("ga4", "daily_active_users", [m.report("20260301", active1DayUsers=655)], extracted_at=late)
        site.land("ga4", "weekly_active_users", [m.report("20260301", active7DayUsers=4191)])
        site.land("ga4", "four_weekly_active_users", [m.report("20260302", active28DayUsers=15193)])
        site.land("ga4", "website_overview", [m.report("20260302", totalUsers=710)])
        site.land("ga4", "daily_active_users", [m.report("not a day", active1DayUsers=9)])
        rows = site.measured("active_users", "date")
        assert [tuple(r.values())[1:6] for r in rows] == [
            (dt.date(2026, 3, 1), 655, 4191, None, None),
            (dt.date(2026, 3, 2), None, None, 15193, 710),
        ]
        assert list(rows[0])[1:6] == [
            "date", "active_users_1d", "active_users_7d", "active_users_28d", "total_users_1d",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "stored", ["", "exact", "approximate"], ids=["from rows", "from states", "from approximate states"]
)
def test_active_users_of_single_users(engine: Any, stored: str) -> None:
    """From rows per user and day any window is exact. a is active on days 1 and 8, d on day 1, b on day 8, where c
    comes too, inactive. Day 1 has a and d; day 8 has a and b, and so have its 7 days, which begin on day 2; its 28 days have d too."""

    class Visit(tl.Columns):
        date = tl.column(t.Date)
        user_pseudo_id = tl.column(t.String)
        is_active = tl.column(t.Bool)

    visits = tl.Source("raw_user_rows.visits", Visit, engine=MergeTree(order_by=(Visit.date,)))

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        named: dict[str, Any] = {"date": Visit.date, "user": Visit.user_pseudo_id, "is_active": Visit.is_active}
        users = traffic.daily_users(visits, approximate=stored == "approximate", **named, **how) if stored else visits
        own = traffic.active_users(have["ga4"], users=users, **how)
        return [users, own] if stored else [own]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["ga4"], sources=[visits]) as site:
        rows = [("2026-03-01", "a", True), ("2026-03-01", "d", True), ("2026-03-08", "a", True),
                ("2026-03-08", "b", True), ("2026-03-08", "b", True), ("2026-03-08", "c", False)]  # fmt: skip
        given = [{"date": dt.date.fromisoformat(day), "user_pseudo_id": who, "is_active": on} for day, who, on in rows]
        engine.insert("raw_user_rows", "visits", given)
        found = [tuple(r.values())[1:6] for r in site.measured("active_users", "date")]
        assert found == [(dt.date(2026, 3, 1), 2, 2, 2, 2), (dt.date(2026, 3, 8), 2, 2, 3, 3)]


def test_a_second_property_lands_in_the_same_tables(engine: Any) -> None:
    """The connector gives further properties tables of their own; rows are told apart by property_id."""
    import attrs

    from tilla.datasets import ga4
    from tilla.ddl.script import Script
    from tilla.sources import stream

    layout = attrs.evolve(airbyte.DEFAULT, database="raw_two_properties")
    site = ga4.curated(
        layout=layout, database="data_two_properties", streams=["daily_active_users"], properties=["400000002"]
    )
    project = tl.project("two", *site)
    try:
        for statement in Script(project, with_sources=True).statements():
            engine.execute(statement.sql)
        first = stream("ga4", "daily_active_users")
        for landing, users in ((first, 7), (first.of_property("400000002"), 8)):
            number = "400000002" if users == 8 else "1"
            record = m.report("20260301", number, active1DayUsers=users)
            row = layout.land(landing, record, raw_id=f"two-{users}", extracted_at=s.EXTRACTED)
            engine.insert(*layout.table(landing), [row])
        rows = engine.rows(
            "SELECT property_id, active_users FROM data_two_properties.daily_active_users_latest ORDER BY 1"
        )
        assert [tuple(r.values()) for r in rows] == [("1", 7), ("400000002", 8)]
    finally:
        s.remove(engine, project)


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("google", "cpc", "Paid Search"),
        ("Instagram", "paid_social", "Paid Search"),
        ("Klaviyo", "Email", "Email"),
        ("klaviyo", "(not set)", "Email"),
        ("newsletter", "e-mail", "Email"),
        ("www.google.es", "referral", "Organic Search"),
        ("bing", "organic", "Organic Search"),
        ("(direct)", "(none)", "Direct"),
        (None, None, "Direct"),
        ("blog.example", "referral", "Referral"),
        ("(other)", "(other)", "Other"),
        ("googleplex.example", "", "Other"),
    ],
)
def test_channels(engine: Any, source: str | None, medium: str | None, channel: str) -> None:
    """The first rule that fits; case never matters."""
    text = t.Nullable(t.String)
    rule = channel_group(f.cast(source, text), f.cast(medium, text))
    assert engine.scalar(f"SELECT {rule.sql()}") == channel


def funnel_tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
    """Sales and the funnel over them."""
    sales = selling.daily_sales(have["shopify"], **how)
    return [
        sales,
        commerce.daily_funnel(have["shopify"], sales=sales, site=have["ga4"], account=have["klaviyo"], **how),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_daily_funnel_worked_case(engine: Any, layout: Any) -> None:
    """A day sent again by GA4, an order sent again, a refund on the next day, an event sent again, a day without orders."""
    case = s.case("cross_daily_funnel")
    given = case["inputs"]
    with m.site(engine, layout, funnel_tables, connectors=["shopify", "ga4", "klaviyo"]) as site:
        orders = [
            s.order(
                row["order_id"],
                f"{row['date']}T09:00:00Z",
                [s.order_line(row["order_id"] * 10, row["demand_sales"])],
                updated_at=row["updated_at"],
            )
            for row in given["orders"]
        ]
        site.land("shopify", "orders", orders, shop="case")
        back = [
            s.refund(row["order_id"] * 100, row["order_id"], f"{row['date']}T10:00:00Z",
                     [s.refund_line(row["order_id"] * 1000, row["order_id"] * 10, row["returns"])])
            for row in given["returns"]
        ]  # fmt: skip
        site.land("shopify", "order_refunds", back, shop="case")
        overview = [
            m.report(row["date"].replace("-", ""), sessions=row["sessions"], bounceRate=0.5, totalUsers=77)
            for row in given["ga4_website_overview"]
        ]
        at = [m.moment(row["extracted_at"]) for row in given["ga4_website_overview"]]
        site.land("ga4", "website_overview", overview, extracted_at=at)
        events = [
            m.event(
                row["event_id"], "Placed Order", "2026-03-01T09:00:00Z", "p1", integration="Shopify", S_value=100,
                S_event_id=row["order_id"], S_attribution={"$message": "C1", "$attributed_event_id": "x"},
            )
            for row in given["klaviyo_attributed_orders"]
        ]  # fmt: skip
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify")))
        site.land("klaviyo", "campaigns", [m.campaign("C1", "mail")])
        rows = site.measured("daily_funnel", "date")
        assert list(rows[0])[:2] == ["shop_url", "currency"]
        assert list(rows[0])[2:12] == list(case["expected"][0])
        assert {(r["shop_url"], r["currency"]) for r in rows} == {("case", "USD")}
        s.check(rows, case["expected"])
        assert [r["ga4_partial"] for r in rows] == [True, True, True]
        assert [r["users"] for r in rows] == [None if r["sessions"] is None else 77 for r in rows]


def test_funnel_leaves_sms_out_and_keeps_days_without_visits(engine: Any) -> None:
    """Credit to a text message is no e-mail; a day that GA4 does not know has NULL sessions, not 0."""
    with m.site(engine, airbyte.DEFAULT, funnel_tables, connectors=["shopify", "ga4", "klaviyo"]) as site:
        orders = [s.order(n, "2026-03-01T09:00:00Z", [s.order_line(n, 10)]) for n in (1, 2, 3)]
        site.land("shopify", "orders", orders, shop="texts")
        events = [
            m.event(f"e{n}", "Placed Order", "2026-03-01T09:00:00Z", "p", integration="Shopify", S_event_id=str(n),
                    S_attribution={"$message": message})
            for n, message in ((1, "SMS"), (2, "MAIL"))
        ]  # fmt: skip
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify")))
        site.land("klaviyo", "campaigns", [m.campaign("SMS", "text", channel="sms"), m.campaign("MAIL", "mail")])
        (row,) = site.measured("daily_funnel")
        assert (row["email_orders"], row["email_demand_sales"], row["orders"]) == (1, Decimal(10), 3)
        assert (row["sessions"], row["conversion_rate"]) == (None, None)


def test_funnel_without_the_other_sources(engine: Any) -> None:
    """A shop without GA4 and Klaviyo has sales, and NULL for what it cannot know."""

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        sales = selling.daily_sales(have["shopify"], **how)
        return [sales, commerce.daily_funnel(have["shopify"], sales=sales, **how)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify"]) as site:
        site.land("shopify", "orders", [s.order(1, "2026-03-01T09:00:00Z", [s.order_line(1, 10)])], shop="alone")
        (row,) = site.measured("daily_funnel")
        assert (row["orders"], row["sessions"], row["email_orders"], row["email_share"]) == (1, None, None, None)
