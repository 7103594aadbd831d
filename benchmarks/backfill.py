"""Fill the history of one aggregate: ``tilla backfill`` beside one hand-written ``INSERT SELECT`` of the same work.

    pip install -e '.[bench]'
    python benchmarks/backfill.py                              # 50 million rows, few groups and many: about half an hour
    python benchmarks/backfill.py --rows 5000000 --rounds 3    # a shorter one
    python benchmarks/backfill.py --scale 5 50 100             # how time grows with the rows, in millions

The raw table has twelve months, ordered by time; the target keeps, for each hour and group, states of uniq(id), max and min of a
value, which may be filled beside a live view. Few groups: 50 a month, so 36,500 rows of states a year; many: two million a
month. Each measurement is a process of its own on an embedded engine (chDB), in turn, so that a machine that becomes busy does
so for both. Planning, arming, draining, the journal, stages and moves are within Tilla's time. The comparison of sources and
target at the end reads everything again, which nobody's INSERT does: it is left out of the ratio, runs in a process of its own on
what was filled, and its time and peak are printed beside it.

Printed: medians of rows/s and of the peak of resident memory, and their ratios within the run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
FEW, MANY = 50, 2_000_000
BARE = "bare engine"
WAYS = ("by hand", "tilla")
COMPARISON = "comparison"  # of what Tilla has just filled


def project(groups: int) -> Any:
    """Raw events and the aggregate over them. ``groups`` is the number of different groups in a month."""
    import tilla as tl
    from tilla import functions as f
    from tilla import types as t
    from tilla.engines import AggregatingMergeTree

    class Event(tl.Columns):
        id = tl.column(t.UInt64)
        at = tl.column(t.DateTime("UTC"))
        grp = tl.column(t.UInt32)
        value = tl.column(t.Int64)

    events = tl.Source("bench_raw.events", Event)
    hour = f.to_start_of_hour(Event.at) if groups == FEW else f.to_start_of_month(Event.at)

    class Hourly(tl.Columns):
        at = tl.derive(hour, name="bucket")
        grp = tl.derive(Event.grp)
        ids = tl.measure(f.uniq(Event.id))
        most = tl.measure(f.max(Event.value))
        least = tl.measure(f.min(Event.value))

    month = f.raw("toYYYYMM", Hourly.at)
    engine = AggregatingMergeTree(order_by=(Hourly.at, Hourly.grp), partition_by=month)
    hourly = tl.Aggregation("bench.hourly", Hourly, source=events, engine=engine)
    return tl.project("bench", events, hourly)


def land(path: str, rows: int, groups: int) -> None:
    """Make the raw table, a month at a time, so that memory stays small."""
    import tilla as tl

    with tl.connect(f"chdb://{path}") as server:
        server.execute("CREATE DATABASE bench_raw")
        server.execute(
            "CREATE TABLE bench_raw.events (id UInt64, at DateTime('UTC'), grp UInt32, value Int64) ENGINE = MergeTree"
            " PARTITION BY toYYYYMM(at) ORDER BY at"
        )
        for month in range(12):
            first, last = rows * month // 12, rows * (month + 1) // 12
            server.execute(
                f"INSERT INTO bench_raw.events SELECT number, toDateTime('2025-{month + 1:02}-01 00:00:00', 'UTC')"
                f" + toUInt32((number - {first}) * 2400000 / {last - first}), cityHash64(number) % {groups}, number % 1009"
                f" FROM numbers({first}, {last - first})"
            )
            server.execute(f"OPTIMIZE TABLE bench_raw.events PARTITION 2025{month + 1:02} FINAL")


def one(way: str, path: str, groups: int) -> None:
    """Do the work once, in this process, and print its seconds and its peak memory."""
    import tilla as tl
    from tilla.ddl.history import fills

    made = project(groups)
    with tl.connect(f"chdb://{path}") as server:
        server.scalar("SELECT count() FROM bench_raw.events WHERE NOT ignore(*)")  # both sides find a warm cache
        for database in ("bench", "tilla") if way != COMPARISON else ():
            server.execute(f"DROP DATABASE IF EXISTS {database} SYNC")
        if way == "by hand":
            tl.apply(tl.plan(made, server), server)
            (fill,) = fills(made)
            settings = {"max_partitions_per_insert_block": 0}
            begun = time.perf_counter()
            server.execute(f"INSERT INTO bench.hourly_state ({fill.columns()})\n{fill.select('1')}", settings=settings)
            seconds = time.perf_counter() - begun
        elif way == "tilla":
            tl.apply(tl.plan(made, server), server)
            begun = time.perf_counter()
            tl.apply(tl.backfill(made, server, reconcile=False), server)
            seconds = time.perf_counter() - begun
        elif way == COMPARISON:
            begun = time.perf_counter()
            found = tl.apply(tl.backfill(made, server, repair=True), server)
            seconds = time.perf_counter() - begun
            if not found.agrees:
                raise SystemExit(f"the comparison does not agree: {found.reconciliation}")
        else:
            seconds = 0.0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        check = (
            ""
            if way == BARE
            else f"{server.rows('SELECT count() AS n, sum(ids) AS i, sum(most) AS m FROM bench.hourly')[0]}"
        )
    print(json.dumps({"seconds": seconds, "peak": peak, "check": check}))


def measure(way: str, path: str, groups: int) -> dict[str, Any]:
    """Run ``one`` in a process of its own."""
    command = [sys.executable, str(HERE), "--one", way, "--path", path, "--groups", str(groups)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(rows: int, groups: int, rounds: int) -> None:
    """Both ways, in turn, on one raw table; print the ratios."""
    folder = tempfile.mkdtemp(prefix="tilla-bench-")
    try:
        path = f"{folder}/db"
        subprocess.run(
            [sys.executable, str(HERE), "--land", str(rows), "--path", path, "--groups", str(groups)],
            check=True, env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )  # fmt: skip
        seen: dict[str, list[dict[str, Any]]] = {way: [] for way in (*WAYS, COMPARISON)}
        for _ in range(rounds):
            for way in seen:
                seen[way].append(measure(way, path, groups))
        if len({item["check"] for way in WAYS for item in seen[way]}) != 1:
            raise SystemExit(f"the two ways do not agree: {seen}")
        bare = measure(BARE, path, groups)["peak"] / 1e9
        speed = {way: [rows / item["seconds"] / 1e6 for item in seen[way]] for way in WAYS}
        peak = {way: [item["peak"] / 1e9 for item in seen[way]] for way in WAYS}
        print(
            f"\n{rows / 1e6:g} million rows, {groups:,} groups a month, {rounds} rounds; the bare engine takes {bare:.2f} GB"
        )
        for way in WAYS:
            shown = ", ".join(f"{value:.2f}" for value in speed[way])
            print(f"  {way:8} {shown} million rows/s; peak {', '.join(f'{value:.2f}' for value in peak[way])} GB")
        faster = statistics.median(speed["tilla"]) / statistics.median(speed["by hand"])
        memory = statistics.median(peak["tilla"]) / statistics.median(peak["by hand"])
        compared = {name: statistics.median(item[name] for item in seen[COMPARISON]) for name in ("seconds", "peak")}
        print(f"  ratio    {faster:.2f} x the speed at {memory:.2f} of the peak memory")
        print(
            f"  comparing sources and target afterwards: {compared['seconds']:.1f} s; peak {compared['peak'] / 1e9:.2f} GB",
            flush=True,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, nargs="*", help="sizes in million rows, few groups")
    parser.add_argument("--only", choices=("few", "many"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--land", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    parser.add_argument("--groups", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.land:
        land(given.path, given.land, given.groups)
    elif given.one:
        one(given.one, given.path, given.groups)
    elif given.scale:
        for size in given.scale:
            compare(int(size * 1e6), FEW, given.rounds)
    else:
        for name, groups in (("few", FEW), ("many", MANY)):
            if given.only in (None, name):
                compare(given.rows, groups, given.rounds)


if __name__ == "__main__":
    main()
