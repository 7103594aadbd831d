"""The journal of backfills: one row of ``tilla.journal`` per change of state, written before and after what it is about.

Rows are only ever added. ``seq`` counts up for each target, and of a slice the row with the highest ``seq`` holds. ``detail`` is
JSON that a person can read. A *fill* is everything from its ``begun`` row to the next one.

States of a target (slice 0): begun, (marked, settled, carried, armed, switched: a boundary; dated, armed, sealed, or withdrawn: one
at a moment,) drained, sliced, filled, reconciled; disarmed. States of a slice: planned, staging, staged, moving,
moved, done; or split, when it was too much for the server's limits and others took its place.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from tilla import text
from tilla.backfills.replicas import sync
from tilla.ddl.replicas import Replicas
from tilla.servers import Server

JOURNAL = "tilla.journal"

# A row is there when the insert has ended, on a cluster too.
WHOLE = {"async_insert": 0, "distributed_foreground_insert": 1}

BEGUN, DRAINED, SLICED, FILLED, RECONCILED = "begun", "drained", "sliced", "filled", "reconciled"
PLANNED, STAGING, STAGED, MOVING, MOVED, DONE, SPLIT = (
    "planned", "staging", "staged", "moving", "moved", "done", "split",
)  # fmt: skip

COLUMNS = """(
    at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    run String COMMENT 'one call of tilla backfill',
    target String,
    declaration String COMMENT 'hash of what decides the rows of the target',
    slice UInt32 COMMENT '0: the target as a whole',
    seq UInt64 COMMENT 'counts up for each target',
    state LowCardinality(String),
    detail String COMMENT 'JSON'
)"""
ORDER = "ORDER BY (target, seq)"


@attrs.frozen
class Entry:
    """One row."""

    target: str
    declaration: str
    slice: int
    seq: int
    state: str
    detail: Mapping[str, Any]
    run: str = ""
    age: float = 0.0
    """Seconds since it was written, by the server's clock."""


@attrs.frozen
class Progress:
    """What the journal says of the last fill of one target. ``slices`` holds the last row of each slice."""

    begun: Entry
    whole: Mapping[str, Entry]
    slices: Mapping[int, Entry]
    planned: Mapping[int, Mapping[str, Any]]

    @property
    def filled(self) -> bool:
        """Whether all of it is in."""
        return FILLED in self.whole

    @property
    def compared(self) -> bool:
        """Whether it was compared with its sources after it was filled, or nobody wanted that."""
        return RECONCILED in self.whole

    @property
    def sliced(self) -> bool:
        """Whether its slices are known."""
        return SLICED in self.whole

    @property
    def drained(self) -> bool:
        """Whether it is known which table and views it was about."""
        return DRAINED in self.whole

    @property
    def open(self) -> list[int]:
        """The slices that are not in yet."""
        return [number for number, last in sorted(self.slices.items()) if last.state not in (DONE, SPLIT)]

    @property
    def done(self) -> int:
        """How many slices are in."""
        return sum(last.state == DONE for last in self.slices.values())

    @property
    def moved(self) -> bool:
        """Whether something of it may be in the target."""
        return any(last.state in (MOVING, MOVED, DONE) for last in self.slices.values())


def sync_helper(server: Server, name: str, replicas: Replicas) -> None:
    """Let every replica have all rows of a table of Tilla's own before it is read: what is missing would be done again."""
    sync(server, replicas, text.read_qualified(f"{name}_local"))


def read(server: Server, targets: Iterable[str], replicas: Replicas) -> dict[str, Progress]:
    """The last fill of each target that has one; one query."""
    listed = ", ".join(text.quote_string(name) for name in sorted(targets))
    if not listed:
        return {}
    sync_helper(server, JOURNAL, replicas)
    rows = server.rows(
        "SELECT target, declaration, slice, seq, state, detail, run,"
        f" toFloat64(now64(3)) - toFloat64(at) AS age FROM {JOURNAL} WHERE target IN ({listed}) ORDER BY target, seq"
    )
    found: dict[str, list[Entry]] = {}
    for row in rows:
        entry = Entry(**{**row, "detail": json.loads(row["detail"] or "{}")})
        if entry.state == BEGUN:
            found[entry.target] = []
        if entry.target in found:
            found[entry.target].append(entry)
    return {name: _progress(entries) for name, entries in found.items()}


def _progress(entries: list[Entry]) -> Progress:
    slices = [e for e in entries if e.slice]
    return Progress(
        begun=entries[0],
        whole={e.state: e for e in entries if not e.slice},
        slices={e.slice: e for e in slices},
        planned={e.slice: e.detail for e in slices if e.state == PLANNED},
    )


class Journal:
    """The writing side. Any thread may write, with a client of its own."""

    def __init__(self, run: str, start: int) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._seq = start

    @classmethod
    def open(cls, server: Server, run: str, replicas: Replicas) -> Journal:
        """Go on counting behind the last row."""
        sync_helper(server, JOURNAL, replicas)
        return cls(run, int(server.scalar(f"SELECT max(seq) FROM {JOURNAL}") or 0))

    def _number(self) -> int:
        with self._lock:
            self._seq += 1
            return self._seq

    def unique(self) -> str:
        """What makes a name new, whoever else makes names."""
        return f"{self.run}_{self._number()}"

    def write(
        self, server: Server, target: str, declaration: str, state: str, slice: int = 0, detail: Any = None
    ) -> None:
        """Add one row."""
        self.write_all(server, target, declaration, [(slice, state, detail)])

    def write_all(
        self, server: Server, target: str, declaration: str, rows: Iterable[tuple[int, str, Mapping[str, Any] | None]]
    ) -> None:
        """Add several rows of one target in one insert, which is seen whole or not at all."""
        head = f"{text.quote_string(self.run)}, {text.quote_string(target)}, {text.quote_string(declaration)}"
        values = [
            f"({head}, {slice}, {self._number()}, {text.quote_string(state)},"
            f" {text.quote_string(json.dumps(detail or {}, ensure_ascii=False))})"
            for slice, state, detail in rows
        ]
        server.execute(
            f"INSERT INTO {JOURNAL} (run, target, declaration, slice, seq, state, detail) VALUES {', '.join(values)}",
            settings=WHOLE,
        )
