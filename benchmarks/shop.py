"""A shop of millions of events in the embedded engine: landing, views, refreshes, rows read, memory.

    python benchmarks/shop.py --events 10000000        # ten million Klaviyo events, a million orders

The demo's generator makes a base shop, which is landed as a loader lands it, repeats and later states included; the rest are
copies of its newest states made by the engine, with ids, e-mails and tokens of their own, inserted into the raw tables while
every view is attached, as a first sync brings them. So the whole
shop has ``copies`` times the base shop's sales, which is checked at the end: a benchmark of wrong numbers is worth nothing.

Peak memory is the resident size of this process, in which the engine lives.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import networkx as nx

import tilla as tl
from tilla.ddl.script import Script
from tilla.ddl.statements import SCHEMA
from tilla.demo import Shop, land
from tilla.objects.refreshable import RefreshableView
from tilla.objects.source import Source
from tilla.servers import connect
from tilla.shipped import LANDED, ZONE, project
from tilla.sources import airbyte, stream

BEGIN = dt.date(2025, 1, 6)
"""The first of the shop's 365 days, all of them past: what is dated in the future is read once more by tables as of today."""

GROWING = {
    "shopify.orders": "updated_at",
    "shopify.order_refunds": "created_at",
    "shopify.customers": "updated_at",
    "shopify.abandoned_checkouts": "updated_at",
    "klaviyo.events": "datetime",
    "klaviyo.profiles": "updated",
}
"""What a larger shop has more of, each with its cursor; GA4's reports, campaigns and metrics do not grow with it."""


class Memory(threading.Thread):
    """Watches the resident size of this process; ``peak`` is the highest since it was last set to 0, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0

    def run(self) -> None:
        while True:
            self.peak = max(self.peak, self.now())
            time.sleep(0.1)

    @staticmethod
    def now() -> int:
        """The resident size."""
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@attrs.define
class Notes:
    """What was measured, told on stderr as it comes."""

    memory: Memory
    found: list[dict[str, Any]] = attrs.field(factory=list)

    @contextmanager
    def timed(self, what: str, **facts: Any) -> Iterator[dict[str, Any]]:
        """Time a step and watch its memory; what is put into the facts is kept."""
        self.memory.peak = 0
        begin, worked = time.monotonic(), time.process_time()
        yield facts
        note = {
            "step": what,
            "seconds": round(time.monotonic() - begin, 3),
            "processor_seconds": round(time.process_time() - worked, 3),
            "peak_memory": max(self.memory.peak, self.memory.now()),
        } | facts
        self.found.append(note)
        print(json.dumps(note, default=str), file=sys.stderr, flush=True)


def provision(server: tl.Server) -> None:
    """Create everything, raw tables too."""
    for statement in Script(project, with_sources=True, phases=frozenset((SCHEMA,))).statements():
        server.execute(statement.sql)


def copied(name: str, column: str, kind: str, number: int) -> str:
    """The SQL of a raw column for the copy of that number (two digits): ids, e-mails and tokens of its own."""
    tag = f"{number:02d}"
    connector, _, of = name.partition(".")
    longer = f"replaceRegexpAll({{}}, '([0-9]{{{{11,13}}}})', '\\\\1{tag}')".format
    if column == "_airbyte_raw_id":
        return f"concat({column}, '-{tag}')"
    if column.startswith("_airbyte"):
        return column
    if "Int64" in kind:
        return f"CAST({longer(f'toString({column})')}, '{kind}')".replace("{{", "{").replace("}}", "}")
    if "String" not in kind:
        return column
    if connector == "klaviyo":
        if column == "id":
            return f"concat(id, '-{tag}')"
        if column == "relationships" and of == "events":
            return f'replaceRegexpOne({column}, \'("type": ?"profile", ?"id": ?")([^"]+)\', \'\\\\1\\\\2-{tag}\')'
        if column != "attributes":
            return column
        text = f"replaceRegexpAll({longer(column)}, '(attributed_event_id\": ?\")([^\"]+)', '\\\\1\\\\2-{tag}')"
        return f"replaceAll({text}, '@', '.{tag}@')".replace("{{", "{").replace("}}", "}")
    if column.endswith("token"):
        return f"concat({column}, '-{tag}')"
    if column == "shop_url":
        return column
    return f"replaceAll({longer(column)}, '@', '.{tag}@')".replace("{{", "{").replace("}}", "}")


def grow(server: tl.Server, copies: int, notes: Notes) -> None:
    """Insert the copies, with every view attached; and one of them into tables that nothing reads, to tell the views' cost."""
    server.execute("CREATE DATABASE IF NOT EXISTS bench")
    for name, cursor in GROWING.items():
        connector, _, of = name.partition(".")
        landing = stream(connector, of)
        raw = f"`{'`.`'.join(airbyte.DEFAULT.table(landing))}`"
        columns = airbyte.DEFAULT.columns(landing)
        for table in ("base", "alone"):
            server.execute(f"CREATE TABLE bench.{of}_{table} AS {raw}")
        one = "id, deleted_at" if of == "orders" else "id"  # a deletion is a record of its own
        server.execute(
            f"INSERT INTO bench.{of}_base SELECT * FROM {raw} ORDER BY {cursor} DESC, _airbyte_extracted_at DESC LIMIT 1 BY {one}"
        )
        rows = server.scalar(f"SELECT count() FROM bench.{of}_base")
        names = ", ".join(column for column, _ in columns)

        def insert(into: str, number: int) -> str:
            items = ", ".join(f"{copied(name, column, kind, number)} AS {column}" for column, kind in columns)  # noqa: B023
            return f"INSERT INTO {into} ({names}) SELECT {items} FROM bench.{of}_base"  # noqa: B023

        with notes.timed(f"insert one copy of {name}, no views", rows=rows):
            server.execute(insert(f"bench.{of}_alone", 1))
        with notes.timed(f"insert {copies - 1} copies of {name}, views attached", rows=rows * (copies - 1)):
            for number in range(1, copies):
                server.execute(insert(raw, number))
    server.execute("DROP DATABASE bench SYNC")


def refresh(server: tl.Server, notes: Notes) -> None:
    """Refresh every analytics table once, parents first."""
    for part in project.ordered(lambda _: 0):
        if not isinstance(part, RefreshableView):
            continue
        with notes.timed(f"refresh {part.name}") as facts:
            server.execute(f"SYSTEM REFRESH VIEW {part.qualified_name}")
            server.execute(f"SYSTEM WAIT VIEW {part.qualified_name}")
            (state,) = server.rows(
                "SELECT read_rows, read_bytes, written_rows FROM system.view_refreshes WHERE database = {d:String} AND view = {v:String}",
                parameters={"d": part.database, "v": part.table},
            )
            facts |= state


def read(path: str, server: tl.Server, notes: Notes) -> None:
    """Rows read by the whole of each analytics table against those that its question reads in raw: each row at least once."""
    import clickhouse_connect

    client = clickhouse_connect.get_client(interface="chdb", path=path)
    raw = {source.path: server.scalar(f"SELECT count() FROM {source.qualified_name}") for source in project.sources}
    flow = project.flow
    for item in project.objects:
        if isinstance(item, Source) or not getattr(item, "database", "").startswith("analytics"):
            continue
        behind = sum(raw[path] for path in nx.ancestors(flow, item.path) if path in raw)
        with notes.timed(f"read {item.name}") as facts:
            answer = json.loads(client.raw_query(f"SELECT * FROM {item.name}", fmt="JSON"))
            facts["rows"] = len(answer["data"])
            facts["rows_read"] = answer["statistics"]["rows_read"]
            facts["raw_rows_behind"] = behind
            facts["fewer"] = round(behind / max(1, facts["rows_read"]))
    for title, sql in RAW_QUESTIONS.items():
        with notes.timed(f"asked of raw: {title}") as facts:
            answer = json.loads(client.raw_query(sql, fmt="JSON"))
            facts |= {"rows": len(answer["data"]), "rows_read": answer["statistics"]["rows_read"]}
    client.close()


RAW_QUESTIONS = {
    "orders and sales by day": f"""SELECT toDate(processed_at, '{ZONE}') AS date, count(), sum(total_price)
FROM (SELECT * FROM raw_shopify.orders ORDER BY updated_at DESC LIMIT 1 BY shop_url, id)
WHERE NOT ifNull(test, false) AND created_at IS NOT NULL GROUP BY date ORDER BY date""",
    "events and profiles by day and metric": f"""SELECT toDate(datetime, '{ZONE}') AS date,
JSONExtractString(relationships, 'metric', 'data', 'id') AS metric, uniqExact(id),
uniqExact(JSONExtractString(relationships, 'profile', 'data', 'id'))
FROM raw_klaviyo.events GROUP BY date, metric ORDER BY date, metric""",
}


def check(server: tl.Server, shop: Shop, copies: int) -> dict[str, Any]:
    """Whether the whole shop has sold what the base shop sold, so many times."""
    truth = shop.truth(timezone=ZONE)
    sold = server.rows("SELECT sum(orders) AS orders, sum(net_sales) AS net_sales FROM analytics_shopify.daily_sales")[
        0
    ]
    events = server.scalar("SELECT sum(events) FROM analytics_klaviyo.daily_event_summary")
    have = {"orders": sold["orders"], "net_sales": sold["net_sales"], "events": events}
    want = {
        "orders": copies * sum(row["orders"] for row in truth["daily_sales"]),
        "net_sales": copies * sum((row["net_sales"] for row in truth["daily_sales"]), Decimal(0)),
        "events": copies * sum(row["events"] for row in truth["daily_event_summary"]),
    }
    if have != want:
        raise SystemExit(f"wrong numbers: {have}, expected {want}")
    return have


def main() -> None:
    """Run, and print what was measured as JSON on stdout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="Klaviyo events (default 1,000,000)")
    parser.add_argument("--orders", type=int, default=0, help="Shopify orders (default: a tenth of the events)")
    parser.add_argument("--base", type=int, default=100_000, help="events of the base shop (default 100,000)")
    parser.add_argument("--path", default="", help="where the engine keeps its data (default: a temporary directory)")
    options = parser.parse_args()
    copies = max(1, options.events // options.base)
    if copies > 100:
        raise SystemExit("at most 100 copies: take a larger --base")
    orders = options.orders or options.events // 10
    shop = attrs.evolve(Shop.of_events(options.base, orders=orders // copies), start=BEGIN)
    folder = options.path or tempfile.mkdtemp(prefix="tilla-bench-")
    memory = Memory()
    memory.start()
    notes = Notes(memory)
    try:
        with connect(f"chdb://{folder}") as server:
            with notes.timed("provision"):
                provision(server)
            with notes.timed("land the base shop, views attached") as facts:
                facts["rows"] = sum(land(server, shop, airbyte.DEFAULT, streams=LANDED).values())
            grow(server, copies, notes)
            refresh(server, notes)
            read(folder, server, notes)
            numbers = check(server, shop, copies)
            sizes = server.rows(
                "SELECT database, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active "
                "AND match(database, '^(raw|data|analytics)_') GROUP BY database ORDER BY database"
            )
    finally:
        if not options.path:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"numbers": numbers, "sizes": sizes, "steps": notes.found}, default=str, indent=1))


if __name__ == "__main__":
    main()
