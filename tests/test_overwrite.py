"""Streams that are read whole and swapped in: rebuilt tables over them, and what is stale where views were meant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla.analytics import klaviyo as mail
from tilla.datasets import ga4, klaviyo, shopify
from tilla.ddl.script import Script
from tilla.demo import Shop, land
from tilla.sources import Landing, airbyte, stream
from tilla.sources.staleness import rebuild, stale

LATER = dt.datetime(2026, 4, 6, tzinfo=dt.UTC)


def device(day: str, property_id: str, category: str, sessions: int) -> dict[str, Any]:
    """A row of GA4's report of devices."""
    return m.report(day, property_id, deviceCategory=category, operatingSystem="-", browser="-", sessions=sessions)


def swap(server: Any, layout: Any, connector: str, name: str, records: list[dict[str, Any]], generation: int) -> None:
    """Land records as a full refresh does: into a table of their own, exchanged with the raw one."""
    database, table = layout.table(stream(connector, name))
    server.execute(f"CREATE TABLE {database}.side AS {database}.{table}")
    rows = [
        layout.land(
            stream(connector, name), r, raw_id=f"g{generation}-{n}", extracted_at=LATER, generation_id=generation
        )
        for n, r in enumerate(records)
    ]
    server.insert(database, "side", rows)
    server.execute(f"EXCHANGE TABLES {database}.side AND {database}.{table}")
    server.execute(f"DROP TABLE {database}.side SYNC")


@pytest.mark.parametrize("layout", [pytest.param(v, id=v.name) for v in (airbyte.V1, airbyte.V2_1)])
def test_a_swapped_stream_is_rebuilt(engine: Any, layout: Any) -> None:
    """Orders read whole: after a swap and a refresh, curated tables hold the new rows alone, exploded and united ones too."""
    how = {"layout": attrs.evolve(layout, database="raw_swap"), "database": "data_swap"}
    own = how["layout"]
    shop = shopify.curated(streams=("orders", "order_refunds"), modes={"orders": "overwrite"}, **how)
    project = tl.project("swap", *shop)
    warehouse = s.Warehouse(engine, own, project)
    try:
        warehouse.provision()
        old = s.order(1, "2026-03-01T10:00:00Z", [s.order_line(1, "10.00"), s.order_line(2, "5.00", tax="1.00")])
        warehouse.land("orders", [old])
        refunded = s.refund(9, 2, "2026-03-03T10:00:00Z", [s.refund_line(1, 3, "4.00")])
        new = s.order(2, "2026-03-02T10:00:00Z", [s.order_line(3, "7.00")], refunds=[refunded])
        swap(engine, own, "shopify", "orders", [new], 2)
        warehouse.land("order_refunds", [s.refund(8, 2, "2026-03-03T10:00:00Z", [s.refund_line(2, 3, "3.00")])])
        views = [item.qualified_name for item in shop if item.kind == "RefreshableView"]
        warehouse.refresh(*views)
        rows = lambda sql: [tuple(row.values()) for row in engine.rows(sql)]  # noqa: E731
        assert rows("SELECT order_id, gross_sales FROM data_swap.orders_latest") == [(2, s.Decimal("7.0000"))]
        assert rows("SELECT order_id, line_id FROM data_swap.order_line_items_latest") == [(2, 3)]
        assert rows("SELECT refund_id FROM data_swap.order_refunds_latest ORDER BY 1") == [(8,), (9,)]
        assert rows("SELECT count() FROM data_swap.order_tax_lines_latest") == [(0,)]
        assert stale(project, engine) == ()
    finally:
        s.remove(engine, project)


def test_klaviyo_read_whole_gives_the_same_counts(engine: Any) -> None:
    """All Klaviyo streams read whole: states that no insert can update are rebuilt after the events."""
    events = [
        m.event("e1", "Received Email", "2026-03-02T10:05:00+00:00", "p1"),
        m.event("e2", "Opened Email", "2026-03-02T10:20:00+00:00", "p1", S_flow="F1"),
        m.event("e2", "Opened Email", "2026-03-02T10:20:00+00:00", "p1", S_flow="F1"),
    ]
    found = []
    for mode in ("append", "overwrite"):
        layout = attrs.evolve(airbyte.V2_1, modes=dict.fromkeys(klaviyo.STREAMS, mode))

        def tables(have: Any, how: Any) -> list[Any]:
            account = have["klaviyo"]
            flows = mail.daily_event_summary(account, by="flow", **how)
            return [*mail.daily_event_summary(account, **how), *mail.hourly_engagement(account, **how), *flows]

        with m.site(engine, layout, tables) as site:
            site.land("klaviyo", "metrics", m.metrics("Received Email", "Opened Email"))
            site.land("klaviyo", "events", events)
            site.refresh()
            names = ("daily_event_summary", "hourly_engagement", "daily_event_summary_by_flow")
            found.append([site.rows("analytics", name) for name in names])
    assert found[0] == found[1]
    assert [len(rows) for rows in found[0]] == [2, 1, 1]
    assert sum(row["events"] for row in found[0][0]) == 2


def test_a_swap_under_views_is_found_and_rebuilt(engine: Any) -> None:
    """Declared to append, and swapped all the same: what is stale is said, a rebuild and a backfill give raw's rows again."""

    def tables(have: Any, how: Any) -> list[Any]:
        return list(mail.daily_event_summary(have["klaviyo"], **how))

    with m.site(engine, airbyte.V2_1, tables, connectors=("klaviyo", "ga4")) as site:
        project, data = site.warehouse.project, f"data_{site.tag}"
        day = "2026-03-02T10:05:00+00:00"
        site.land("klaviyo", "events", [m.event("e1", "Received Email", day, "p1")])
        site.land("klaviyo", "metrics", m.metrics("Received Email"))
        site.land("ga4", "devices", [device("20260302", "1", "desktop", 3)])
        assert stale(project, engine) == ()
        swap(engine, site.layout, "klaviyo", "events", [m.event("e2", "Received Email", day, "p2")], 2)
        swap(engine, site.layout, "ga4", "devices", [device("20260303", "1", "mobile", 5)], 2)
        # rows that arrive after the swap fire the views again: the old rows still tell
        site.land("ga4", "devices", [device("20260304", "1", "mobile", 6)], generation_id=2)
        found = stale(project, engine)
        names = [item.target for item in found]
        assert names == [f"{data}.devices", f"{data}.events", f"analytics_{site.tag}.daily_event_counts_state"]
        assert "generation 2" in found[1].reason
        assert "never passed" in found[1].reason
        with pytest.raises(tl.RefusedError):
            tl.apply(rebuild(project, found), engine)
        tl.apply(rebuild(project, found), engine, allow="destructive")
        tl.apply(tl.backfill(project, engine), engine)
        assert stale(project, engine) == ()
        rows = engine.rows(f"SELECT event_id FROM {data}.events_latest")
        assert [row["event_id"] for row in rows] == ["e2"]
        days = engine.rows(f"SELECT toString(date) AS date FROM {data}.devices_latest ORDER BY date")
        assert [row["date"] for row in days] == ["2026-03-03", "2026-03-04"]
        counts = engine.rows(f"SELECT unique_profiles FROM analytics_{site.tag}.daily_event_counts")
        assert [row["unique_profiles"] for row in counts] == [1]


def test_two_accounts_share_tables(engine: Any) -> None:
    """Ids that two accounts have in common stay apart, names are looked up among the account's own; `rejects` tells them."""
    account = klaviyo.curated(
        database="data_two",
        accounts={"eu": "raw_two_eu", "us": Landing(attrs.evolve(airbyte.V1, database="raw_two_us"))},
    )
    project = tl.project("two", *account)
    layouts = {
        "eu": attrs.evolve(airbyte.DEFAULT, database="raw_two_eu"),
        "us": attrs.evolve(airbyte.V1, database="raw_two_us"),
    }
    try:
        for statement in Script(project, with_sources=True).statements():
            engine.execute(statement.sql)
        for name, layout in layouts.items():
            warehouse = s.Warehouse(engine, layout, project, "klaviyo")
            metric = m.metrics("Received Email")[0]
            metric["attributes"] = metric["attributes"] | {"name": f"Received Email {name}"}
            warehouse.land("metrics", [metric])
            warehouse.land("events", [m.event("e1", "Received Email", "2026-03-02T10:05:00+00:00", "p1", S_value="x")])
            warehouse.land("campaigns", [m.campaign("c1", f"Campaign {name}")])
        rows = engine.rows("SELECT account, event_id, metric_name FROM data_two.events_latest ORDER BY account")
        assert [tuple(row.values()) for row in rows] == [
            ("eu", "e1", "Received Email eu"),
            ("us", "e1", "Received Email us"),
        ]
        rows = engine.rows("SELECT account, name FROM data_two.campaigns_latest ORDER BY account")
        assert [tuple(row.values()) for row in rows] == [("eu", "Campaign eu"), ("us", "Campaign us")]
        rows = engine.rows("SELECT account, field FROM data_two.rejects ORDER BY account")
        assert [row["account"] for row in rows] == ["eu", "us"]
    finally:
        s.remove(engine, project)


def test_one_account_has_no_account_column() -> None:
    """A column that is always the same would only be in the way; naming the one account changes nothing but the database."""
    one = klaviyo.curated(accounts={"eu": "raw_eu"})
    assert "account" not in one.events.column_names
    assert one.events.source.database == "raw_eu"


def test_old_and_new_tables_side_by_side(engine: Any) -> None:
    """The upgrade to v2 leaves v1's tables where they were: both feed one curated table, the newest state wins."""
    old = attrs.evolve(airbyte.V1, database="raw_side")
    shop = shopify.curated(
        raw_database="raw_side", prefix="shop_", database="data_side", streams=("orders", "locations"),
        also=[Landing(old, ("orders", "locations"))],
    )  # fmt: skip
    project = tl.project("side", *shop)
    new = attrs.evolve(airbyte.DEFAULT, database="raw_side", prefix="shop_")
    assert shop.orders.source.path == ("raw_side", "shop_orders")
    try:
        s.Warehouse(engine, new, project).provision()
        first = s.order(1, "2026-03-01T10:00:00Z", [s.order_line(1, "10.00")])
        later = s.order(1, "2026-03-01T10:00:00Z", [s.order_line(1, "8.00")], updated_at="2026-03-02T10:00:00Z")
        s.Warehouse(engine, new, project).land("orders", [later])
        s.Warehouse(engine, old, project).land("orders", [first, s.order(2, "2026-02-01T10:00:00Z")])
        s.Warehouse(engine, old, project).land("locations", [{"id": 1, "name": "old"}, {"id": 2, "name": "closed"}])
        s.Warehouse(engine, new, project).land("locations", [{"id": 1, "name": "new"}], extracted_at=LATER)
        rows = engine.rows("SELECT order_id, gross_sales FROM data_side.orders_latest ORDER BY order_id")
        assert [tuple(row.values()) for row in rows] == [(1, s.Decimal("8.0000")), (2, s.Decimal("0.0000"))]
        s.Warehouse(engine, new, project).refresh("data_side.locations")
        rows = engine.rows("SELECT location_id, name FROM data_side.locations_latest ORDER BY location_id")
        assert [tuple(row.values()) for row in rows] == [(1, "new"), (2, "closed")]
    finally:
        s.remove(engine, project)


def test_ga4_takes_prefix_property_and_mode(engine: Any) -> None:
    """A second property under a prefix, read whole: one rebuilt table over both."""
    site = ga4.curated(
        raw_database="raw_props", database="data_props", prefix="ga_", properties=("4002",), streams=("devices",),
        modes={"devices": "overwrite"},
    )  # fmt: skip
    names = {item.qualified_name for item in site if item.kind == "Source"}
    assert names == {"raw_props.ga_devices", "raw_props.ga_devicesProperty4002"}
    assert site.devices.kind == "RefreshableView"
    assert [item.table for item in site if item.kind == "MaterializedView"] == []
    project = tl.project("props", *site)
    layout = attrs.evolve(airbyte.DEFAULT, database="raw_props", prefix="ga_")
    try:
        s.Warehouse(engine, layout, project).provision()
        for number, landing in (
            ("1", stream("ga4", "devices")),
            ("4002", stream("ga4", "devices").of_property("4002")),
        ):
            row = layout.land(landing, device("20260301", number, "x", 1), raw_id=number, extracted_at=LATER)
            engine.insert(*layout.table(landing), [row])
        s.Warehouse(engine, layout, project).refresh("data_props.devices")
        rows = engine.rows("SELECT property_id FROM data_props.devices_latest ORDER BY 1")
        assert [row["property_id"] for row in rows] == ["1", "4002"]
    finally:
        s.remove(engine, project)


def test_the_demo_lands_detailed_streams(engine: Any) -> None:
    """Asked for by name, they give what the plain streams give, and what those lack; unasked, they are left out."""
    demo = Shop(orders=40, days=40)
    names = ("events_detailed", "campaigns_detailed", "lists_detailed")
    assert not any(d.stream.name.endswith("_detailed") for d in demo.deliveries())
    streams = {"klaviyo": {"streams": names}}
    with m.site(engine, airbyte.V2_1, lambda have, how: (), streams=streams) as site:
        wanted = frozenset(f"klaviyo.{name}" for name in names)
        land(engine, demo, site.layout, streams=wanted)
        plain = [d.record for d in demo.deliveries({"klaviyo.events"})]
        rows = site.rows("data", "events_latest", columns="event_id, metric_name")
        assert len(rows) == len({record["id"] for record in plain})
        assert all(row["metric_name"] for row in rows)
        (row,) = site.rows("data", "lists_latest", "list_id LIMIT 1", "profile_count")
        assert row["profile_count"] == 15234
        campaigns = site.rows("data", "campaigns_latest", columns="subject, channel, name")
        assert {row["channel"] for row in campaigns} >= {"email"}
        assert all(row["subject"] == row["name"] for row in campaigns if row["channel"] == "email")
