"""The lease: one backfill at a time for each target, on whichever machine.

A run writes a row of ``tilla.lease`` with the targets it is about, then reads: who finds another run that is alive gives
way. Written first and read afterwards, of two runs at least one sees the other. A run is alive while its last row is younger than
:data:`DEAD_AFTER` by the server's clock, and at once not any more when it said so or when its process on this very machine is
gone. So a killed client blocks the next one for some seconds at most.

A run that was held up and has lost its lease cannot do harm: who takes over gives new names to its stages, and waits for its
statements to end (:mod:`tilla.backfills.staging`).
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tilla import errors, text
from tilla.backfills.journal import WHOLE, sync_helper
from tilla.ddl.replicas import ONE, Replicas
from tilla.servers import Server

LEASE = "tilla.lease"
BEAT = 1.0  # seconds between two rows
DEAD_AFTER = 8.0  # seconds without a row

COLUMNS = """(
    at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    run String,
    targets Array(String),
    holder String COMMENT 'boot, process namespace, process id and its start',
    state LowCardinality(String) COMMENT 'held or released'
)"""
ORDER = "ORDER BY at\nTTL toDateTime(at, 'UTC') + toIntervalDay(1)"

_alive_here: set[str] = set()


@cache
def _machine() -> str:
    """This kernel's life and process namespace: where a process id means something."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return str(uuid.uuid4())


def _started(pid: int) -> str:
    """When a process began, in ticks; '' when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _gone(holder: str, run: str) -> bool:
    """Whether the holder is known to have ended: it was a process of this machine, or a run of this process."""
    machine, _, process = holder.partition(" ")
    pid, _, started = process.partition(" ")
    if machine != _machine() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return run not in _alive_here
    return _started(int(pid)) != started


def _living(server: Server, where: str, target: str) -> list[dict[str, Any]]:
    """Runs whose last sign of life is young, and that are not known to be gone."""
    rows = server.rows(
        "SELECT run, argMax(holder, at) AS holder, argMax(state, (at, state)) AS state, count() AS beats,"
        f" {target} AS target, toFloat64(now64(3)) - toFloat64(max(at)) AS age FROM {LEASE} WHERE {where}"
        f" GROUP BY run HAVING state = 'held' AND age < {DEAD_AFTER} ORDER BY age"
    )
    return [row for row in rows if not _gone(str(row["holder"]), str(row["run"]))]


class Lease:
    """Held from :meth:`acquire` to :meth:`release`; a thread with a client of its own keeps it alive.

    ``watch`` is called by that thread at every beat with its client, for whoever wants to look at the server now and then.
    """

    def __init__(
        self,
        server: Server,
        run: str,
        targets: Sequence[str],
        watch: Callable[[Server], None] | None = None,
        replicas: Replicas = ONE,
    ) -> None:
        self._replicas = replicas
        self._server, self.run, self.targets = server, run, sorted(set(targets))
        self._holder = f"{_machine()} {os.getpid()} {_started(os.getpid())}"
        self._stop = threading.Event()
        self._watch = watch
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Take the lease, waiting until a run that may be dead has shown whether it is.

        Raises:
            RefusedError: another backfill is at one of the targets.
        """
        _alive_here.add(self.run)
        try:
            until = time.monotonic() + DEAD_AFTER + 2 * BEAT
            seen: dict[str, int] = {}
            self._write(self._server, "held")
            while others := self._others():
                beating = [o for o in others if seen.setdefault(o["run"], o["beats"]) != o["beats"]]
                if beating or time.monotonic() > until:
                    other = (beating or others)[0]
                    raise errors.backfill_running(other["target"], other["run"], other["age"])
                time.sleep(BEAT / 4)
                self._write(self._server, "held")
        except BaseException:
            self._let_go()
            raise
        self._thread = threading.Thread(target=self._beat, name="tilla lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Say that the run has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        self._let_go()

    def _let_go(self) -> None:
        _alive_here.discard(self.run)
        with suppress(errors.ServerError):  # a server that is gone: the lease ends by itself
            self._write(self._server, "released")

    def check(self, server: Server) -> None:
        """Raise when another run has taken over meanwhile, because this one was silent for too long."""
        others = self._others(server)
        if others:
            raise errors.backfill_running(others[0]["target"], others[0]["run"], others[0]["age"])

    # --- rows ---

    def _write(self, server: Server, state: str) -> None:
        targets = ", ".join(map(text.quote_string, self.targets))
        server.execute(
            f"INSERT INTO {LEASE} (run, targets, holder, state) VALUES"
            f" ({text.quote_string(self.run)}, [{targets}], {text.quote_string(self._holder)}, '{state}')",
            settings=WHOLE,
        )

    def _others(self, server: Server | None = None) -> list[dict[str, Any]]:
        """Other runs about one of the targets whose last sign of life is young; not those that are known to be gone."""
        targets = ", ".join(map(text.quote_string, self.targets))
        sync_helper(server or self._server, LEASE, self._replicas)
        return _living(
            server or self._server,
            f"run != {text.quote_string(self.run)} AND hasAny(targets, [{targets}])",
            f"arrayIntersect([{targets}], any(targets))[1]",
        )

    def living(self) -> set[str]:
        """The runs that are alive, whatever they are about; this one among them."""
        sync_helper(self._server, LEASE, self._replicas)
        return {self.run, *(str(row["run"]) for row in _living(self._server, "1", "''"))}

    def _beat(self) -> None:
        """Keep the lease alive. A beat that fails is tried again; after too many the lease is lost, and a check says so."""
        client: Server | None = None
        while not self._stop.wait(BEAT):
            try:
                client = client or self._server.clone()
                self._write(client, "held")
                if self._watch is not None:
                    self._watch(client)
            except errors.ServerError:
                if client is not None:
                    client.close()
                client = None
        if client is not None:
            client.close()
