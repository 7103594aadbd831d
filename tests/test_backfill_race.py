"""A backfill over HTTP while several clients write and the network fails: every number is counted exactly once."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Self

import pytest

import tilla as tl
from tests.support.backfills import Warehouse, warehouse
from tilla import errors

# What a backfill sends, so that faults hit it in every stage: reading, journal, stage, move, drop.
SENT = (
    "INSERT INTO tilla.tilla_stage_",
    "MOVE PARTITION",
    "tilla.journal",
    "system.parts",
    "DROP TABLE",
    "CREATE TABLE",
)


class Weather:
    """Plans a fault of a random kind for a random statement, again and again, until it clears up."""

    def __init__(self, faults: Any, seed: int) -> None:
        self._faults, self._random, self._stop = faults, random.Random(seed), threading.Event()
        self.planned: list[str] = []
        self._thread = threading.Thread(target=self._blow)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._faults.clear()

    def _blow(self) -> None:
        kinds = {
            "cut": lambda where: self._faults.cut_connection(match=where),
            "cut after": lambda where: self._faults.cut_connection(match=where, after_execution=True),
            "silence": lambda where: self._faults.commit_then_timeout(match=where),
            "503": lambda where: self._faults.status(503, match=where),
            "slow": lambda where: self._faults.slow(0.2, match=where),
        }
        order = [kind for kind in kinds for _ in range(2)]
        self._random.shuffle(order)
        for kind in order:
            where = self._random.choice(SENT)
            self.planned.append(f"{kind} {where}")
            kinds[kind](where)
            if self._stop.wait(0.4):
                return


def write(
    made: Warehouse, client: Any, first: int, sent: set[int], stop: threading.Event, seed: int, table: str
) -> None:
    """Land numbered rows without pause, some of them days late, some of them again."""
    mine = Warehouse(
        client, *[getattr(made, name) for name in ("database", "project", "items", "by_kind", "both", "both_kinds")]
    )
    chance = random.Random(seed)
    while not stop.is_set():
        mine.insert(first, first + 9, table=table, late=chance.choice((0, 0, 0, 40)))
        sent.update(range(first, first + 10))
        if chance.random() < 0.2:
            mine.insert(first, first + 4, table=table)
        first += 10
        time.sleep(0.03)


@pytest.mark.http
def test_writers_faults_and_a_backfill_over_http_count_every_number_once(
    http_server: Any, engine: Any, database: str
) -> None:
    """Two writers over HTTP, ten faults of five kinds; the backfill is run again after each that stops it."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.insert(500, 1499, table="raw2")
    made.arm()
    sent: tuple[set[int], set[int]] = (set(range(2000)), set(range(500, 1500)))
    stop = threading.Event()
    clients = [tl.connect(http_server.dsn) for _ in sent]
    jobs = zip(clients, (100_000, 200_000), sent, (1, 2), ("raw", "raw2"), strict=True)
    writers = [
        threading.Thread(target=write, args=(made, c, first, s, stop, seed, table)) for c, first, s, seed, table in jobs
    ]
    for writer in writers:
        writer.start()
    stopped = 0
    try:
        with (
            tl.connect(http_server.dsn + "/?send_receive_timeout=2") as server,
            Weather(http_server.faults, 7) as weather,
        ):
            for _ in range(40):
                try:
                    report = tl.apply(tl.backfill(made.project, server, slice_rows=400), server)
                    break
                except (errors.ServerError, errors.RefusedError):  # the network, or the lease of the run that it cut
                    stopped += 1
                    time.sleep(0.2)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
        for client in clients:
            client.close()
    assert stopped >= 1, weather.planned
    assert report.agrees, report.reconciliation
    assert min(len(sent[0]) - 2000, len(sent[1]) - 1000) > 20
    made.check(*sent)
    assert not made.tables()
