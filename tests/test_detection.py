"""`detect`: what each raw table is, and the code for it, from what a loader really created."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import attrs
import pytest

import tests.support.shop as s
import tilla as tl
from tilla import cli, errors, text
from tilla.datasets import klaviyo, shopify
from tilla.sources import CONNECTORS, Layout, Stream, airbyte, detect, dlt, stream, streams
from tilla.sources.layouts import Delivery

LAYOUTS = list(airbyte.LAYOUTS.values())


def create(engine: Any, layout: Layout, landing: Stream, *, without: str = "", also: str = "") -> str:
    """Create a raw table as the loader does; return ``database.table``."""
    database, table = layout.table(landing)
    engine.execute(f"CREATE DATABASE IF NOT EXISTS {text.quote_identifier(database)}")
    columns = ", ".join(
        f"{text.quote_identifier(name)} {kind}" for name, kind in layout.columns(landing) if name != without
    )
    engine.execute(
        f"CREATE TABLE {text.quote_qualified(database, table)} ({columns}{also}) {s.storage_clauses(layout, landing)}"
    )
    return f"{database}.{table}"


def executed(code: str) -> tl.Project:
    """The project that printed code declares, rendered whole."""
    scope: dict[str, Any] = {}
    exec(compile(code, "printed", "exec"), scope)
    project = scope["project"]
    assert tl.render(project)
    return project


@pytest.fixture
def own(database: str) -> Any:
    """A layout in databases of this test's own."""

    def named(layout: Layout, namespace: str = "raw", **changes: Any) -> Layout:
        if isinstance(layout, airbyte.PayloadLayout) and layout.internal_database:
            changes["internal_database"] = f"{database}_internal"
        return attrs.evolve(layout, database=f"{database}_{namespace}", **changes)

    return named


def mine(engine: Any, database: str) -> Any:
    """What is found in the databases of this test."""
    rows = engine.rows(
        "SELECT name FROM system.databases WHERE startsWith(name, {p:String})", parameters={"p": database}
    )
    return detect(engine, databases=[row["name"] for row in rows])


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
@pytest.mark.parametrize("layout", [pytest.param(layout, id=layout.name) for layout in LAYOUTS])
def test_every_stream_in_every_layout(engine: Any, database: str, own: Any, layout: Layout, mode: Any) -> None:
    """Each stream of each connector is recognised with its layout, as the destination creates it."""
    expected = {}
    for connector in CONNECTORS:
        there = own(layout, f"raw_{connector}", mode=mode)
        for landing in streams(connector):
            expected[create(engine, there, landing)] = landing.id
    found = mine(engine, database)
    assert {f.name: f.stream.id for f in found.tables} == expected
    assert {f.layout.name for f in found.tables} == {layout.name}
    assert [line for f in found.tables for line in f.differences] == []
    assert found.unknown == ()
    assert not found.differs
    project = executed(found.code())
    declared = {item.qualified_name for item in project.objects if item.kind == "Source"}
    assert declared <= set(expected)
    left = {f"{name} ({layout.name}) is not declared" for name in expected if name not in declared}
    assert set(found.against(project)) == left


def test_prefix_namespace_and_property(engine: Any, database: str, own: Any) -> None:
    """A shared namespace with prefixes, a second GA4 property; the printed code reads exactly these tables."""
    names = []
    for connector in ("shopify", "ga4"):
        there = own(airbyte.V2_1, "landing", prefix=f"{connector}_")
        for name in {"shopify": ("orders", "draft_orders", "locations"), "ga4": ("devices", "locations")}[connector]:
            names.append(create(engine, there, stream(connector, name)))
    names.append(
        create(engine, own(airbyte.V2_1, "landing", prefix="ga4_"), stream("ga4", "devices").of_property("4002"))
    )
    found = mine(engine, database)
    assert {f.name for f in found.tables} == set(names)
    assert {f.layout.prefix for f in found.tables} == {"shopify_", "ga4_"}
    code = found.code()
    assert 'properties={"4002": ("devices",)}' in code
    project = executed(code)
    assert {item.qualified_name for item in project.objects if item.kind == "Source"} == set(names) - {
        f"{database}_landing.shopify_draft_orders"
    }


def test_old_and_new_tables_side_by_side(engine: Any, database: str, own: Any) -> None:
    """v1's tables stay after the upgrade to v2: both are found, and both feed the curated tables of the printed code."""
    old, new = own(airbyte.V1), own(airbyte.V2_1)
    both = [
        create(engine, layout, stream("shopify", name)) for layout in (old, new) for name in ("orders", "customers")
    ]
    both.append(create(engine, old, stream("shopify", "products")))
    found = mine(engine, database)
    assert sorted(f.layout.name for f in found.tables) == ["v1", "v1", "v1", "v2.1", "v2.1"]
    project = executed(found.code())
    assert {item.qualified_name for item in project.objects if item.kind == "Source"} == set(both)
    assert any(item.table == "orders_from_v1_mv" for item in project.objects)
    declared = tl.project("shop", *shopify.curated(streams=("orders",), raw_database=f"{database}_elsewhere"))
    (first, *rest) = found.against(declared)
    assert first.startswith(f"{database}_elsewhere.orders, declared as v2.1, is not there; its stream is in ")
    assert "(v1)" in first
    assert "(v2.1)" in first
    assert len(rest) == 5


def test_two_klaviyo_accounts(engine: Any, database: str, own: Any) -> None:
    """Two namespaces with the same connector are two accounts."""
    for name in ("raw_eu", "raw_us"):
        for landing in ("events", "metrics"):
            create(engine, own(airbyte.V2_1, name), stream("klaviyo", landing))
    project = executed(mine(engine, database).code())
    assert any(item.table == f"events_from_{database}_raw_us_mv" for item in project.objects)


def test_columns_of_an_older_connector(engine: Any, database: str, own: Any) -> None:
    """A column less, one more, one of another type: said, and the printed code stands on the table as it is."""
    there = own(airbyte.V2_1)
    name = create(engine, there, stream("shopify", "customers"), without="phone", also=", loyalty Nullable(String)")
    engine.execute(f"ALTER TABLE {name} MODIFY COLUMN orders_count Nullable(String)")
    found = mine(engine, database)
    (table,) = found.tables
    assert table.differences == (
        "column orders_count is Nullable(String), not Nullable(Int64)",
        "column phone (Nullable(String)) is missing",
        "column loyalty (Nullable(String)) is not in the schema",
    )
    assert found.differs
    code = found.code().replace('streams=("customers",)', f'streams=("customers",), database="{database}_data"')
    project = executed(code)
    assert found.against(project) == ()
    s.Warehouse(engine, there, project).provision()
    row = there.land(
        stream("shopify", "customers"), {"id": 7, "email": "a@example.com"}, raw_id="1", extracted_at=s.EXTRACTED
    )
    del row["phone"]
    engine.insert(*name.split("."), [row | {"orders_count": "3"}])
    rows = engine.rows(f"SELECT customer_id, orders_count, phone FROM {database}_data.customers")
    assert [tuple(row.values()) for row in rows] == [(7, 3, None)]


@pytest.mark.parametrize("layout", [pytest.param(layout, id=layout.name) for layout in dlt.LAYOUTS.values()])
def test_tables_of_dlt(engine: Any, database: str, layout: Any) -> None:
    """Lists as child tables, or as JSON text; only the columns and child tables that records needed are there."""
    names = set()
    for connector, name in (("shopify", "orders"), ("ga4", "devices")):
        there = attrs.evolve(layout, database=f"{database}_raw", dataset="shop" if connector == "shopify" else "")
        landing = stream(connector, name)
        names.add(create(engine, there, landing))
        records = s.samples(connector, name)
        there.deliver(engine, landing, [Delivery(record, f"r{n}", s.EXTRACTED) for n, record in enumerate(records)])
    engine.execute(
        f"CREATE TABLE {database}_raw.shop____dlt_pipeline_state (_dlt_load_id String, _dlt_id String) ENGINE = MergeTree ORDER BY ()"
    )
    found = mine(engine, database)
    assert {f.name for f in found.tables} == names
    # A stream without lists and objects lands the same way in both: as one table that every insert updates.
    assert {f.layout.name for f in found.tables if f.stream.connector != "ga4"} == {layout.name}
    assert {f.layout.name for f in found.tables if f.stream.connector == "ga4"} == {"dlt-json"}
    assert not found.differs
    assert found.unknown == ()
    code = found.code()
    assert 'dataset="shop"' in code
    for connector in ("shopify", "ga4"):
        code = code.replace(
            f'raw_database="{database}_raw",', f'raw_database="{database}_raw" ,database="{database}_{connector}",', 1
        )
    project = executed(code)
    assert found.against(project) == ()
    s.Warehouse(engine, layout, project).provision()
    if layout.nested:
        s.Warehouse(engine, layout, project).refresh(
            *(f"{database}_shopify.{n}" for n in ("orders", "order_line_items"))
        )
    else:
        tl.apply(tl.backfill(project, engine), engine)
    have = engine.rows(f"SELECT count() AS n FROM {database}_shopify.order_line_items_latest")
    assert have[0]["n"] > 0


def test_what_is_no_stream_is_said(engine: Any, database: str, own: Any) -> None:
    """A stream of another connector, a table of the old normalization: named, not guessed."""
    there = own(airbyte.V2_1)
    create(engine, there, attrs.evolve(stream("shopify", "orders"), name="invoices"))
    engine.execute(
        f"CREATE TABLE {database}_raw.orders (id Int64, _airbyte_ab_id String) ENGINE = MergeTree ORDER BY id"
    )
    found = mine(engine, database)
    assert found.tables == ()
    assert len(found.unknown) == 2
    with pytest.raises(errors.UsageError, match="T705"):
        found.code()


def test_the_command_prints_code_and_says_what_differs(tmp_path: Any) -> None:
    """`tilla detect`: code alone on stdout; 0 when all is as declared, 2 when something differs, 1 when nothing is there."""
    store = tmp_path / "store"
    store.mkdir()
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from tilla.servers import connect\n"
        "from tilla.sources import airbyte, stream\n"
        "import tests.test_detection as d\n"
        "with connect('chdb://' + sys.argv[1]) as server:\n"
        "    d.create(server, airbyte.V2_1, stream('klaviyo', 'profiles'), without=sys.argv[3])\n"
    )

    def tilla(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "tilla", *arguments], capture_output=True, text=True, check=False)

    dsn = ("--dsn", f"chdb://{store}")
    done = tilla("detect", *dsn)
    assert (done.returncode, done.stdout) == (1, "")
    assert "T705" in done.stderr
    root = str(s.DATA.parents[1])
    subprocess.run([sys.executable, "-c", script, str(store), root, ""], check=True)
    done = tilla("detect", *dsn)
    assert done.returncode == 0, done.stderr
    assert "raw_klaviyo.profiles: klaviyo.profiles, Airbyte v2.1" in done.stderr
    file = tmp_path / "found.py"
    file.write_text(done.stdout, encoding="utf-8")
    assert tilla("emit", f"{file}:project").returncode == 0
    assert tilla("detect", f"{file}:project", *dsn).returncode == 0
    other = tmp_path / "other.py"
    other.write_text(done.stdout.replace("layout=airbyte.V2_1", "layout=airbyte.V1"), encoding="utf-8")
    done = tilla("detect", f"{other}:project", *dsn)
    assert done.returncode == 2
    assert "is not there; its stream is in raw_klaviyo.profiles (v2.1)" in done.stderr


def test_stale_is_a_command(tmp_path: Any) -> None:
    """Nothing there, nothing stale: 0, in a process of its own, so that the wiring is tried."""
    (tmp_path / "store").mkdir()
    command = [sys.executable, "-m", "tilla", "stale", "--dsn", f"chdb://{tmp_path / 'store'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is stale" in done.stderr


def test_both_commands_are_listed() -> None:
    """What is not in the usage is not found."""
    assert "detect" in cli.usage()
    assert "stale" in cli.usage()
    assert klaviyo.STREAMS
