"""Killing a backfill, and the server under it, at random moments, with a writer running; and what is true afterwards.

The server is chDB behind HTTP in a process of its own, the backfill is the command ``tilla backfill`` in another. The judge
reads the raw tables: every id in them must be in every target once.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import attrs

from tests.support import crash_project
from tests.support.crash_project import FIRST_LIVE, OUT, RAW

ROOT = Path(__file__).parents[2]
PROJECT = "tests.support.crash_project:project"
BATCH = 200
COLUMNS = ["id", "kind", "at", "value"]


class EngineProcess:
    """chDB behind HTTP in a process that can be killed; one directory, one port, several lives."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        """Serve the directory, on the port of the life before."""
        command = [
            sys.executable,
            "-m",
            "tests.support.http_chdb",
            "--path",
            str(self.folder),
            "--port",
            str(self.port),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for attempt in range(20):
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            assert self.process.stdout is not None
            line = self.process.stdout.readline().strip()
            if line:
                self.port = int(line)
                return
            self.process.communicate()
            time.sleep(0.1 * (attempt + 1))  # the killed process still holds the directory or the port
        raise RuntimeError(f"the engine does not start on {self.folder}")

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def client(self) -> Any:
        """The real client, over HTTP."""
        import clickhouse_connect

        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username="default", autogenerate_session_id=False
        )

    @property
    def dsn(self) -> str:
        """What ``--dsn`` takes."""
        return f"clickhouse://default@127.0.0.1:{self.port}/"


class Writer:
    """Lands batches of numbered rows without pause: one row in ten late, one in ten sent before.

    A batch in doubt is sent again, as a loader does; ``forgets`` is the share of those that never are.
    """

    def __init__(self, engine: EngineProcess, seed: int, pause: float, forgets: float) -> None:
        self._engine, self._next, self._random, self._pause = engine, FIRST_LIVE, random.Random(seed), pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._forgets = forgets
        self.batches = self.doubtful = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let the batch that is under way be sent to its end."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _batch(self) -> tuple[str, list[list[int]]]:
        chance = self._random
        rows = []
        for _ in range(BATCH):
            number = self._next
            if chance.random() < 0.1 and number > FIRST_LIVE:
                number = chance.randrange(max(FIRST_LIVE, number - 5000), number)  # sent before: the same row
            else:
                self._next += 1
            rows.append(row(number))
        return (chance.choice(("events", "events", "others")), rows)

    def _run(self) -> None:
        client = None
        while not self._stop.is_set():
            table, rows = self._batch()
            while True:
                try:
                    client = client or self._engine.client()
                    client.insert(f"{RAW}.{table}", rows, column_names=COLUMNS)
                    break
                except Exception:  # whatever it is, the batch is sent again: it may have been committed
                    client = None
                    self.doubtful += 1
                    time.sleep(0.05)
                    if self._random.random() < self._forgets:
                        break
            self.batches += 1
            self._stop.wait(self._pause)


def row(number: int) -> list[int]:
    """The row of a number: every tenth is late by up to ten minutes."""
    late = number * 7919 % 600 if number % 10 == 0 else 0
    return [number, number % 7, 1767225600 + number * 40 % 15_000_000 - late, number * 31 % 1009]


@attrs.define
class Life:
    """One history filled to its end: how often it was killed, and what was true."""

    kills: int = 0
    writer_batches: int = 0
    seconds: float = 0.0
    code: int = 0
    reconciliation: list[dict[str, Any]] = attrs.Factory(list)
    later: list[dict[str, Any]] = attrs.Factory(list)
    """The comparison of a run after the writer had stopped: of what the run before could not be sure of."""
    missing: dict[str, int] = attrs.Factory(dict)
    """Target -> ids that the raw tables hold and the target does not."""
    missing_history: dict[str, int] = attrs.Factory(dict)
    wrong: dict[str, tuple[Any, Any]] = attrs.Factory(dict)
    """Target -> what follows from the raw tables, what it holds; only where they differ beyond missing live rows."""
    live_sums: dict[str, tuple[Any, Any]] = attrs.Factory(dict)
    """The same for sums of live rows, which a killed server loses, and a re-sent batch doubles."""
    left_behind: list[str] = attrs.Factory(list)
    """Stages and copies that nobody dropped."""
    rebuilt: int = 0
    """How often a target was begun to be built anew."""

    def agrees(self, target: str) -> bool:
        """Whether the reconciliation says that a target holds what its sources say."""
        found = [item for item in (*self.reconciliation, *self.later) if item["target"] == f"{OUT}.{target}"]
        return all(p["missing"] == p["extra"] == 0 for item in found for p in item["partitions"])

    def named(self, target: str) -> int:
        """Keys that the reconciliation says are in the sources and not in the target."""
        found = [item for item in self.reconciliation if item["target"] == f"{OUT}.{target}"]
        return sum(partition["missing"] for item in found for partition in item["partitions"])


def live(
    rows: int,
    *,
    seed: int,
    kills: int,
    engine_too: bool,
    slice_rows: int,
    pause: float = 0.01,
    span: float = 3.0,
    forgets: float = 0.0,
) -> Life:
    """Fill ``rows`` rows of history, killed up to ``kills`` times after at most ``span`` seconds each.

    ``engine_too`` kills the server together with the backfill, else the server lives on.
    """
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="tilla-crash-"))
    engine = EngineProcess(folder)
    try:
        found = Life()
        land(engine.client(), rows)
        with Writer(engine, seed, pause, forgets) as writer:
            armed = command(engine, "apply")
            _, told = armed.communicate()
            assert armed.returncode == 0, told
            begun = time.monotonic()
            while found.kills < kills:
                running = command(engine, "backfill", slice_rows)
                try:
                    running.communicate(timeout=0.3 + chance.random() * span)
                    break
                except subprocess.TimeoutExpired:
                    pass
                running.send_signal(signal.SIGKILL)
                if engine_too:
                    engine.kill()
                running.communicate()
                found.kills += 1
                if engine_too:
                    engine.start()
            last = command(engine, "backfill", slice_rows, "--json")
            output, told = last.communicate()
            found.code, found.seconds = last.returncode, time.monotonic() - begun
            assert found.code in (0, 2), told
        found.writer_batches = writer.batches
        if found.code == 0:  # the writer rests: what kept changing is compared by a run of its own
            calm = command(engine, "backfill", slice_rows, "--json")
            output_of_calm, told = calm.communicate()
            found.code = calm.returncode
            assert found.code in (0, 2), told
            found.later = json.loads(output_of_calm).get("reconciliation", [])
        found.reconciliation = json.loads(output).get("reconciliation", [])
        judge(engine.client(), found)
        return found
    finally:
        engine.kill()
        shutil.rmtree(folder, ignore_errors=True)


def repair(rows: int, *, seed: int, kills: int, slice_rows: int, pause: float = 0.01, span: float = 2.0) -> Life:
    """Fill ``rows`` rows, lose a batch of ``sums``, then repair it while rows come, killed up to ``kills`` times."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="tilla-crash-"))
    engine = EngineProcess(folder)
    try:
        found = Life()
        client = engine.client()
        land(client, rows)
        for verb in ("apply", "backfill"):
            _, told = (running := command(engine, verb)).communicate()
            assert running.returncode == 0, told
        client.command(f"DETACH TABLE {OUT}.sums_mv")
        client.insert(f"{RAW}.events", [row(FIRST_LIVE - 1 - n) for n in range(BATCH)], column_names=COLUMNS)
        client.command(f"ATTACH TABLE {OUT}.sums_mv")
        with Writer(engine, seed, pause, 0.0) as writer:
            begun = time.monotonic()
            while found.kills < kills:
                running = command(engine, "backfill", slice_rows, "--repair")
                try:
                    running.communicate(timeout=0.5 + chance.random() * span)
                    break
                except subprocess.TimeoutExpired:
                    pass
                running.send_signal(signal.SIGKILL)
                running.communicate()
                found.kills += 1
            last = command(engine, "backfill", slice_rows, "--repair", "--json")
            output, told = last.communicate()
            found.code, found.seconds = last.returncode, time.monotonic() - begun
            assert found.code in (0, 2), told
        found.writer_batches = writer.batches
        found.reconciliation = json.loads(output).get("reconciliation", [])
        judge(engine.client(), found)
        names = "SELECT state FROM tilla.journal WHERE target = 'crash.sums_state, anew' AND state = 'begun'"
        found.rebuilt = len(engine.client().query(names).result_rows)
        return found
    finally:
        engine.kill()
        shutil.rmtree(folder, ignore_errors=True)


def command(engine: EngineProcess, verb: str, slice_rows: int = 0, *more: str) -> subprocess.Popen[str]:
    """Start ``tilla apply`` or ``tilla backfill`` in a process of its own."""
    arguments = [sys.executable, "-m", "tilla", verb, PROJECT, "--dsn", engine.dsn, "--quiet", *more]
    if slice_rows:
        arguments += ["--slice-rows", str(slice_rows)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLICKHOUSE_PASSWORD": ""}
    return subprocess.Popen(
        arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def land(client: Any, rows: int) -> None:
    """The raw tables as a loader left them: ``rows`` rows, one in ten of them sent twice; a third as many in ``others``."""
    from tilla.ddl.write import create_table

    client.command(f"CREATE DATABASE {RAW}")
    for table in (crash_project.events, crash_project.others):
        client.command(create_table(table))
    shape = (
        "number AS id, number % 7 AS kind, toDateTime(1767225600 + number * 40 % 15000000"
        " - if(number % 10 = 0, number * 7919 % 600, 0), 'UTC') AS at, number * 31 % 1009 AS value"
    )
    settings = {"max_partitions_per_insert_block": 0}
    client.command(f"INSERT INTO {RAW}.events SELECT {shape} FROM numbers({rows})", settings=settings)
    client.command(
        f"INSERT INTO {RAW}.events SELECT {shape} FROM numbers({rows}) WHERE number % 10 = 3", settings=settings
    )
    client.command(
        f"INSERT INTO {RAW}.others SELECT {shape} FROM numbers({rows}) WHERE number % 3 = 0", settings=settings
    )


def judge(client: Any, life: Life) -> None:
    """Compare every target with what follows from the raw tables."""

    def one(sql: str) -> Any:
        return client.query(sql).result_rows

    union = f"(SELECT * FROM {RAW}.events UNION ALL SELECT * FROM {RAW}.others)"
    for target, source in (("items", f"{RAW}.events"), ("`both`", union)):
        lost = f"FROM (SELECT DISTINCT id FROM {source}) WHERE id NOT IN (SELECT id FROM {OUT}.{target})"
        name = target.strip("`")
        life.missing[name] = one(f"SELECT count() {lost}")[0][0]
        life.missing_history[name] = one(f"SELECT countIf(id < {FIRST_LIVE}) {lost}")[0][0]
        there = f"id IN (SELECT id FROM {OUT}.{target})"
        says = one(f"SELECT count(), sum(id), sum(value) FROM (SELECT DISTINCT id, value FROM {source} WHERE {there})")
        holds = one(f"SELECT count(), sum(id), sum(value) FROM {OUT}.{target} FINAL")
        if says != holds:
            life.wrong[name] = (says, holds)
    for target, source in (("by_kind", f"{RAW}.events"), ("both_kinds", union)):
        says = dict(one(f"SELECT kind, uniqExact(id) FROM {source} GROUP BY kind"))
        holds = dict(one(f"SELECT kind, ids FROM {OUT}.{target}"))
        history = dict(one(f"SELECT kind, uniqExactIf(id, id < {FIRST_LIVE}) FROM {source} GROUP BY kind"))
        life.missing[target] = sum(says.values()) - sum(holds.values())
        if any(holds.get(kind, 0) > says[kind] or holds.get(kind, 0) < history[kind] for kind in says):
            life.wrong[target] = (says, holds)
    for live_rows in (0, 1):
        says, holds = (
            one(f"SELECT {what} FROM {table} WHERE {key} = {live_rows}")[0]
            for what, table, key in (
                ("count(), sum(value)", f"{RAW}.events", f"(id >= {FIRST_LIVE})"),
                ("sum(rows), sum(total)", f"{OUT}.sums", "live"),
            )
        )
        if says != holds:
            (life.live_sums if live_rows else life.wrong).update({"sums": (says, holds)})
    life.left_behind = [name for (name,) in one("SELECT name FROM system.tables WHERE name LIKE 'tilla\\\\_%'")]
