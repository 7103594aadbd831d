"""The shipped project, as the script prints it, on the real engine."""

from __future__ import annotations

import json
import subprocess
import sys

import attrs
import pytest

from tests.support.shop import remove
from tilla.ddl.history import fills
from tilla.ddl.script import Script
from tilla.ddl.statements import ACCESS
from tilla.demo import Shop, land
from tilla.expressions.scan import split_statements
from tilla.servers import connect
from tilla.shipped import LANDED, ZONE, project
from tilla.sources import airbyte


@pytest.mark.http
def test_the_script_runs_twice_without_error_or_change(engine, http_server, desk):
    """`emit --with-sources`, statement by statement through the client over HTTP, on an empty server, and once more.

    The first time as --json gives the statements, the second time as the files of --split do: they are the same ones.
    """
    listed = json.loads(desk.emit("--with-sources", "--json").out)["statements"]
    assert desk.emit("--with-sources", "--split", "flow").code == 0
    files = {file: split_statements(file.read_text()) for file in sorted(desk.folder.glob("flow/**/*.sql"))}
    flow = files.pop(desk.folder / "flow" / "provisioning_flow.sql")
    again = [bare(statement) for statement in flow]
    assert again == [s["sql"] for s in listed]
    assert sorted(bare(statement) for each in files.values() for statement in each) == sorted(again)
    access = {s["sql"] for s in listed if s["phase"] == ACCESS}
    names = sorted({part.database for part in project.parts} | {"tilla"})
    look = "SELECT database, name, create_table_query FROM system.tables WHERE database IN {names:Array(String)} ORDER BY ALL"
    try:
        seen = []
        with connect(http_server.dsn) as server:
            for statements in ([s["sql"] for s in listed], again):
                for sql in statements:
                    if sql in access:  # chDB has no access control: its parser reads them
                        assert server.check_syntax(sql) is None, sql
                    else:
                        server.execute(sql)
                marked = server.rows("SELECT target, declaration FROM tilla.history ORDER BY ALL")
                seen.append((server.rows(look, parameters={"names": names}), marked))
        assert seen[0] == seen[1]
        assert {row["target"] for row in seen[0][1]} >= {fill.name for fill in fills(project)}
        made = {(row["database"], row["name"]) for row in seen[0][0]}
        assert {part.path for part in project.parts} <= made
        assert access
    finally:
        remove(engine, project)


def bare(statement):
    """A statement without the comment lines above it."""
    lines = statement.split("\n")
    while lines[0].startswith("--") or not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


def test_the_demo_prints_the_truth():
    """`tilla demo --json` in a process of its own: rows that were there before the views give what really happened."""
    command = [sys.executable, "-m", "tilla", "demo", "--json", "--orders", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    have = document["tables"]["analytics_shopify.daily_sales"]
    want = {row["date"]: row for row in document["truth"]["daily_sales"]}
    assert {row["date"] for row in have} == set(want)
    for row in have:
        for name in ("orders", "gross_sales", "discounts", "returns", "net_sales", "shipping", "taxes", "total_sales"):
            assert float(row[name]) == float(want[row["date"]][name]), (row["date"], name)


@pytest.mark.http
def test_rows_from_before_and_after_give_the_truth_once(engine, http_server):
    """Half of the raw rows are there before the script runs, half land later; it is run again; nothing doubles, none is missed.

    The script goes over HTTP; the second run copies nothing, and the views were armed for the rows that came later.
    """
    names = {database: f"{database}_later" for database in sorted({part.database for part in project.parts})}
    own = project.rename(names)
    layouts = {c: attrs.evolve(airbyte.DEFAULT, database=f"raw_{c}_later") for c in ("shopify", "klaviyo", "ga4")}
    shop = Shop(seed=5, orders=80)
    statements = [s for s in Script(own, with_sources=True).statements() if s.phase != ACCESS]
    sources = {source.path for source in own.sources}
    early = [s for s in statements if s.section == "databases" or s.creates in sources]
    late = [s for s in statements if s not in early]
    deliveries = list(shop.deliveries(LANDED))
    half = len(deliveries) // 2
    look = "SELECT target, declaration, filled_at FROM tilla.history WHERE splitByChar('.', target)[1] IN {names:Array(String)} ORDER BY ALL"
    try:
        with connect(http_server.dsn) as server:
            for statement in early:
                server.execute(statement.sql)
            land(engine, _Part(deliveries[:half]), layouts)
            for statement in late:
                server.execute(statement.sql)
            marked = server.rows(look, parameters={"names": list(names.values())})
            assert {row["target"] for row in marked} == {fill.name for fill in fills(own)}
            land(engine, _Part(deliveries[half:]), layouts)
            inserted = _rows(server, own)
            for statement in statements:  # creates and copies nothing, refreshes what is refreshed
                server.execute(statement.sql)
            assert server.rows(look, parameters={"names": list(names.values())}) == marked
            assert all(
                rows <= inserted[path] for path, rows in _rows(server, own).items()
            )  # a merge may take some away
        truth = shop.truth(timezone=ZONE, as_of=shop.end)
        for table, keys in COMPARED.items():
            rows = engine.rows(f"SELECT * FROM {table.replace('.', '_later.')}")
            want = truth[table.partition(".")[2]]

            def key(row, keys=keys):
                return tuple(str(row[name]) for name in keys)

            differing = [
                (key(have), name, have[name], value)
                for have, right in zip(sorted(rows, key=key), sorted(want, key=key), strict=True)
                for name, value in right.items()
                if not _same(have[name], value)
            ]
            assert not differing, (table, differing[:5])
    finally:
        remove(engine, own)


def _rows(server, own):
    """How many rows the tables that views fill hold, those that a merge will take away included."""
    return {fill.target.path: server.scalar(f"SELECT count() FROM {fill.target.qualified_name}") for fill in fills(own)}


# Each analytics table that the generator has the truth for, with its key.
COMPARED = {
    "analytics_shopify.daily_sales": ("date",),
    "analytics_shopify.discount_effect": ("code",),
    "analytics_shopify.checkout_recovery": ("date",),
    "analytics_klaviyo.campaign_performance": ("campaign_id",),
    "analytics_klaviyo.daily_event_summary": ("date", "metric", "integration_name"),
    "analytics_ga4.daily_devices": ("date",),
    "analytics_ga4.daily_locations": ("date",),
    "analytics_ga4.daily_traffic_sources": ("date",),
    "analytics_ga4.active_users": ("date",),
    "analytics_commerce.daily_funnel": ("date",),
}


def _same(have, want):
    """Exactly, or for fractions to six places; the generator rounds halves up, floats have none."""
    if isinstance(have, float) and want is not None:
        return abs(have - float(want)) <= 5.01e-7
    return have == want


class _Part:
    """Some deliveries of a shop, in order."""

    def __init__(self, deliveries):
        self._deliveries = deliveries

    def deliveries(self, streams=None):
        return self._deliveries


def test_emit_prints_sql_alone_and_loads_no_server_library():
    """stdout holds statements and whole comment lines; clickhouse-connect, chDB, pandas and pyarrow stay out."""
    code = (
        "import sys; from tilla.emit import main; main([]); "
        "heavy = {'clickhouse_connect', 'chdb', 'pandas', 'pyarrow'} & set(sys.modules); sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().startswith("-- project shop")
