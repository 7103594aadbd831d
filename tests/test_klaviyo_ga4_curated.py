"""data_klaviyo and data_ga4: what a person reads in the sample records is what the columns hold, over every layout."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest

import tests.support.golden_rows as golden_rows
import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tests.test_shopify_malformed import GARBAGE, spoiled
from tilla.datasets import ga4, klaviyo
from tilla.sources import airbyte, stream

STREAMS = {"klaviyo": klaviyo.STREAMS, "ga4": ga4.STREAMS}


@pytest.fixture(scope="module", params=airbyte.LAYOUTS.values(), ids=lambda layout: layout.name)
def samples(request: pytest.FixtureRequest, engine: Any) -> Iterator[m.Site]:
    """Every sample record, in its order of arrival, landed in one layout."""
    with m.site(engine, request.param, lambda have, how: [], connectors=STREAMS) as site:
        for connector, names in STREAMS.items():
            land_all(site, connector, names)
        yield site


def land_all(site: m.Site, connector: str, names: Iterable[str]) -> None:
    """Land every sample of some streams, a minute between two."""
    for name in names:
        records = s.samples(connector, name)
        at = [s.EXTRACTED + dt.timedelta(minutes=n) for n in range(len(records))]
        site.land(connector, name, records, extracted_at=at)


DETAILED = ("campaigns_detailed", "events_detailed", "lists_detailed", "metrics")


@pytest.mark.parametrize("connector", STREAMS)
def test_golden_rows_in_every_layout(samples: m.Site, connector: str) -> None:
    """Every column of every table: the rows that were read against the records one by one, the same from each layout."""
    names = STREAMS[connector]
    tables = {name: samples.rows("data", f"{name}_latest") for name in names}
    assert all(tables.values()), "a table without rows is a table that nobody has read"
    seen_as = (
        rounded if connector == "ga4" else as_json_column if samples.layout.name == airbyte.V2_1_JSON.name else same
    )
    golden_rows.check(connector, tables, write=samples.layout.name == airbyte.DEFAULT.name, seen_as=seen_as)


def same(column: str, value: Any) -> Any:
    """Compared as it is."""
    return value


def rounded(column: str, value: Any) -> Any:
    """Ratios to six places: the typed layouts cut them at the ninth, Decimal(38, 9), which shows in products too."""
    if isinstance(value, float):
        return round(value, 6)
    return str(round(Decimal(value), 6)) if column in ("session_seconds", "engaged_sessions") and value else value


def as_json_column(column: str, value: Any) -> Any:
    """What is left of an object once it was a column of type JSON.

    Keys are sorted, nulls and empty objects are gone, a key with a dot is a path, and what looks like a date is one: the 29th
    of February 1990, which never was, has become the 1st of March.
    """
    if column != "properties" or value is None:
        return value
    left: dict[str, Any] = {}
    for key, inner in json.loads(value).items():
        *outer, last = key.split(".")
        if inner not in (None, {}):
            place = left
            for name in outer:
                place = place.setdefault(name, {})
            place[last] = {"1990-02-29": "1990-03-01"}.get(str(inner), inner)
    text = json.dumps(left, sort_keys=True, ensure_ascii=False)
    return text.replace('"sku": null, ', "") if left else None


# Records that a later one of the same thing replaced, by their place in the stream.
REPLACED = {
    "klaviyo": {"campaigns": 0, "profiles": 0, "metrics": 0, "flows": 0, "lists": 0},
    "ga4": {
        "daily_active_users": 2, "weekly_active_users": 1, "four_weekly_active_users": 1, "devices": 0,
        "website_overview": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("layout", airbyte.LAYOUTS.values(), ids=lambda layout: layout.name)
def test_golden_rows_of_what_was_replaced(engine: Any, layout: Any) -> None:
    """Every record is read right, also one of which the tables show nothing any more; each of these lands alone."""
    streams = {connector: {"streams": tuple(names)} for connector, names in REPLACED.items()}
    with m.site(engine, layout, lambda have, how: [], connectors=REPLACED, streams=streams) as site:
        tables = {}
        for connector, names in REPLACED.items():
            for name, place in names.items():
                site.land(connector, name, [s.samples(connector, name)[place]])
                tables[name] = site.rows("data", f"{name}_latest")
        seen_as = as_json_column if layout is airbyte.V2_1_JSON else same
        golden_rows.check(
            "replaced", tables, write=layout is airbyte.DEFAULT, seen_as=lambda c, v: seen_as(c, rounded(c, v))
        )


@pytest.mark.parametrize("layout", [airbyte.V0, airbyte.V2_1], ids=lambda layout: layout.name)
def test_golden_rows_of_the_detailed_streams(engine: Any, layout: Any) -> None:
    """The streams that carry more: messages of campaigns, counts of lists; events with their metric beside them."""
    streams = {"klaviyo": {"streams": DETAILED}}
    with m.site(engine, layout, lambda have, how: [], streams=streams) as site:
        land_all(site, "klaviyo", DETAILED)
        tables = {name: site.rows("data", f"{name}_latest") for name in ("campaigns", "events", "lists")}
        golden_rows.check("klaviyo_detailed", tables, write=layout is airbyte.DEFAULT)


def latest(site: m.Site, table: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in site.rows("data", f"{table}_latest")}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def subset(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


def test_campaigns(samples: m.Site) -> None:
    """The state after sending won over the scheduled one; a draft SMS without a time; two messages of an old A/B test."""
    rows = latest(samples, "campaigns", "campaign_id")
    assert len(rows) == 3
    subset(
        rows["01HTESTCAMPAIGN000000000C1"],
        name="Spring Sale – 10% 🌱",
        status="Sent",
        channel="email",
        archived=False,
        send_time=utc("2024-03-10T06:00:00"),
        scheduled_at=utc("2024-03-08T12:30:00.600"),
        created_at=utc("2024-03-08T12:00:00.123"),
        updated_at=utc("2024-03-10T06:40:00"),
        message_ids=["01HTESTCMSG00000000000000M1"],
        audiences_included=["LsTst1"],
        audiences_excluded=[],
        send_method="static",
        smart_sending=True,
        adds_utm=True,
        subject=None,
    )
    subset(rows["01HTESTCAMPAIGN000000000C2"], channel="sms", status="Draft", send_time=None, scheduled_at=None)
    subset(
        rows["01HTESTCAMPAIGN000000000C3"],
        archived=True,
        send_method="throttled",
        message_ids=["01HTESTCMSG00000000000000M3", "01HTESTCMSG00000000000000M4"],
        updated_at=utc("2021-05-16T23:17:45"),
    )


def test_events(samples: m.Site) -> None:
    """Campaign by message, flow, order ids as text beyond 2^53, values as text, UTM from properties and addresses, offsets."""
    rows = latest(samples, "events", "event_id")
    assert len(rows) == 8  # one was delivered twice
    names = ("datetime", "profile_id", "message_id", "campaign_id", "flow_id", "value")
    subset(
        rows["3evTst1"],
        **dict(zip(names, (utc("2024-03-10T06:30:00"), "01HTESTPROFILE0000000000B1", "01HTESTCMSG00000000000000M1",
                           "01HTESTCAMPAIGN000000000C1", None, None), strict=True)),
        campaign_name="Spring Sale – 10% 🌱",
        apple_privacy_open=False,
    )  # fmt: skip
    subset(
        rows["3evTst2"],
        apple_privacy_open=True,
        metric_name="Opened Email",
        integration_name="Klaviyo",
        bot_click=False,
    )
    subset(
        rows["3evTst3"],
        flow_id="FlTst1",
        message_id="FmTst1",
        variation_id="VaTst1",
        campaign_id=None,
        utm_source="klaviyo",
        utm_medium="email",
        utm_campaign="Abandoned Cart",
        flow_name=latest(samples, "flows", "flow_id")["FlTst1"]["name"],
    )
    subset(
        rows["3evTst4"],
        value=Decimal("68.06"),
        currency="USD",
        metric_name="Placed Order",
        integration_name="Shopify",
        order_ref="5678000000001",
        attributed_event_id="3evTst2",
        attributed_message_id="01HTESTCMSG00000000000000M1",
        attributed_campaign_id="01HTESTCAMPAIGN000000000C1",
        attributed_flow_id=None,
        utm_source="klaviyo",
        utm_campaign="spring sale",
    )
    subset(
        rows["3evTst5"],
        value=Decimal("76.5"),
        order_ref="9007199254740993",
        attributed_flow_id="FlTst1",
        attributed_campaign_id=None,
        utm_source="klaviyo",
        utm_medium=None,
    )
    subset(
        rows["3evTst6"],
        datetime=utc("2024-03-10T07:29:59.999"),
        profile_id="01HTESTPROFILE0000000000AN",
        event_ref="1710055799",
        order_ref=None,
        utm_source="Instagram",
        utm_medium="paid",
        utm_campaign="launch",
        integration_name=None,
    )
    subset(rows["3evTst8"], datetime=utc("2024-02-01T04:59:59"), value=Decimal(0))


def test_profiles(samples: m.Site) -> None:
    """The later state won; predictions present and all null; degrees as text; one without an e-mail."""
    rows = latest(samples, "profiles", "profile_id")
    subset(
        rows["01HTESTPROFILE0000000000B2"],
        email="kaeufer2@example.com",
        phone="+4915550000002",
        first_name="Zoë",
        city="Köln",
        country="Germany",
        latitude=Decimal("50.938"),
        timezone="Europe/Berlin",
        historic_clv=None,
        email_consent=None,
        suppressions=[],
        suppressed_at=None,
    )
    subset(rows["01HTESTPROFILE0000000000AN"], email=None, email_norm=None, first_name=None)
    subset(  # its later state, which has no external id any more
        rows["01HTESTPROFILE0000000000B1"],
        external_id=None,
        updated_at=utc("2024-03-13T20:41:00"),
        historic_clv=Decimal("107.86"),
        historic_orders=3,
        predicted_orders=Decimal("0.54"),
        churn_probability=Decimal("0.2"),
        expected_next_order_at=None,
    )


def test_metrics_flows_and_lists(samples: m.Site) -> None:
    """The newest state of each; a metric without an integration; a list with a profile count only in the detailed stream."""
    metrics = latest(samples, "metrics", "metric_id")
    subset(metrics["TeStM1"], name="Placed Order", integration_name="Shopify", updated_at=utc("2024-03-01T00:00:00"))
    subset(metrics["TeStM4"], name="Viewed Product", integration_name=None, integration_id=None)
    lists = latest(samples, "lists", "list_id")
    subset(lists["LsTst1"], name="Newsletter (EU)", opt_in_process="single_opt_in", profile_count=None)
    subset(lists["LsTst2"], name="Kund:innen ü30")
    assert latest(samples, "flows", "flow_id")["FlTst1"]["status"] == "live"


def test_ga4_tables(samples: m.Site) -> None:
    """The newest extraction of a day; '(not set)' and empty dimensions are rows; second properties; the path without query."""
    active = {
        (r["property_id"], r["date"].isoformat()): r["active_users"]
        for r in samples.rows("data", "daily_active_users_latest")
    }
    assert active == {
        ("400000001", "2024-03-08"): 812,
        ("400000001", "2024-03-09"): 640,
        ("400000001", "2024-03-10"): 655,
        ("400000001", "2023-12-31"): 12,
        ("400000002", "2024-03-09"): 90,
    }
    weeks = {r["date"].isoformat(): r["active_users"] for r in samples.rows("data", "four_weekly_active_users_latest")}
    assert weeks == {"2024-03-08": 15210, "2024-03-09": 15193}
    tv = next(r for r in samples.rows("data", "devices_latest") if r["device_category"] == "smart tv")
    subset(tv, operating_system="(not set)", sessions=0, bounce_rate=0.0, engaged_sessions=Decimal(0), total_users=1)
    phones = [r for r in samples.rows("data", "devices_latest") if r["device_category"] == "mobile"]
    assert len(phones) == 1  # sent again
    pages = {r["page_path_query"]: r for r in samples.rows("data", "pages_latest")}
    tagged = pages["/products/tea-towel?utm_source=klaviyo&utm_campaign=spring%20sale"]
    subset(tagged, page_path="/products/tea-towel", views=22, bounce_rate=0.0, avg_engagement_seconds=None)
    assert len(samples.rows("data", "locations_latest")) == 5
    channels = {
        (r["session_source"], r["session_medium"]): r["channel"] for r in samples.rows("data", "traffic_sources_latest")
    }
    assert channels["klaviyo", "email"] == channels["Klaviyo", "Email"] == "Email"
    day = next(r for r in samples.rows("data", "website_overview_latest") if r["date"] == dt.date(2024, 3, 10))
    subset(day, total_users=710, sessions=812, engaged_sessions=Decimal(470), screen_page_views=2140)


@pytest.mark.parametrize("layout", [airbyte.V1, airbyte.V2_1, airbyte.V2_1_JSON], ids=lambda layout: layout.name)
def test_garbage_in_every_field_stops_nothing(engine: Any, layout: Any) -> None:
    """Every sample record with every leaf replaced by each kind of garbage lands, and leaves good rows as they are."""
    with m.site(engine, layout, lambda have, how: [], connectors=STREAMS) as site:
        kept = {"id", "property_id", "date", "datetime", "type"}
        for connector, names in STREAMS.items():
            for name in names:
                for record in s.samples(connector, name)[:2]:
                    own = {key: value for key, value in record.items() if key in kept or key in _keys(connector, name)}
                    bad = [spoiled(record, garbage) | own for garbage in GARBAGE]
                    bad += [dict.fromkeys(record, garbage) | own for garbage in GARBAGE]
                    site.land(connector, name, bad)
                    count = engine.scalar(f"SELECT count() FROM data_{site.tag}.{name} FINAL")
                    assert count >= 1, name


def _keys(connector: str, name: str) -> tuple[str, ...]:
    return stream(connector, name).primary_key


@pytest.mark.parametrize("layout", [airbyte.V0, airbyte.V2_1], ids=lambda layout: layout.name)
def test_an_old_extract_replayed_changes_no_campaign(engine: Any, layout: Any) -> None:
    """A later extraction of an earlier state loses: updated_at decides before the time of extraction."""
    with m.site(engine, layout, lambda have, how: []) as site:
        site.land("klaviyo", "campaigns", [m.campaign("C", "new", updated_at="2026-03-01T00:00:00+00:00")])
        late = s.EXTRACTED + dt.timedelta(days=9)
        site.land("klaviyo", "campaigns", [m.campaign("C", "old")], extracted_at=late)
        assert [r["name"] for r in site.rows("data", "campaigns_latest")] == ["new"]


def test_streams_that_are_not_synced_leave_their_tables_out(engine: Any) -> None:
    """Events alone: names are NULL, nothing reads an absent table."""
    account = klaviyo.curated(streams=["events"])
    assert account.get("campaigns") is None
    project = tl.project("alone", *account)
    assert {part.table for part in project.parts} == {"events", "events_mv", "events_latest", "rejects"}


def test_metrics_of_events_detailed_serve_where_no_metrics_are_synced(engine: Any) -> None:
    """Names stand whole in each of its records, so what needs names can be had from it alone."""
    streams = {"klaviyo": {"streams": ("events_detailed",)}}
    with m.site(engine, airbyte.DEFAULT, lambda have, how: [], streams=streams) as site:
        site.land("klaviyo", "events_detailed", s.samples("klaviyo", "events_detailed"))
        rows = site.rows("data", "events_latest", "event_id", "event_id, metric_name, integration_name, order_ref")
        assert [tuple(row.values()) for row in rows] == [
            ("3evTst4", "Placed Order", "Shopify", "5678000000001"),
            ("3evTst5", "Placed Order", "Shopify", "9007199254740993"),
            ("3evTst6", "Viewed Product", "API", None),
            ("3evTst7", "Refunded Order", "Shopify", "9007199254740993"),
        ]


@pytest.mark.parametrize("layout", [airbyte.V1, airbyte.V2_1], ids=lambda layout: layout.name)
def test_ga4_numbers_as_text_and_dates_with_dashes(engine: Any, layout: Any) -> None:
    """As other loaders and the raw API give them; a row without a date is in no table by date."""
    names = ("daily_active_users", "website_overview")
    streams = {"ga4": {"streams": names}}
    with m.site(engine, layout, lambda have, how: [], connectors=("ga4",), streams=streams) as site:
        for name in names:
            site.land("ga4", name, s.samples("ga4_offschema", name))
        rows = site.rows("data", "daily_active_users_latest", "date", "date, active_users")
        assert [tuple(row.values()) for row in rows] == [(dt.date(2024, 3, 8), 812), (dt.date(2024, 3, 9), 640)]
        (day,) = site.rows("data", "website_overview_latest")
        subset(
            day,
            date=dt.date(2024, 3, 8),
            total_users=900,
            sessions=1100,
            engaged_sessions=Decimal(649),
            bounce_rate=0.41,
        )
