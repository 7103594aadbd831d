"""Telling how far a backfill is: a line per target, now and then, with rows, speed, the time that is left, and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tilla import errors, text
from tilla.backfills.plan import size
from tilla.backfills.staging import tag
from tilla.servers import Server

Say = Callable[[str], None]

PAUSE = 5.0  # seconds between two lines about one target


class Transient(str):
    """A line that the next one may replace on a terminal."""

    transient = True


class Progress:
    """What is known of the target at work. The lease's thread looks at the server for what its statements have read."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._path: tuple[str, str] | None = None
        self._name = ""
        self._last = 0.0

    def begin(self, path: tuple[str, str], name: str, slices: int, done: int, rows: int, total: int) -> None:
        """Start on a target; ``rows`` of ``total`` are in already."""
        with self._lock:
            self._path, self._name = path, name
            self._slices, self._done, self._rows, self._total = slices, done, rows, total
            self._came, self._began, self._last = rows, time.monotonic(), time.monotonic()
            self._memory = self._reading = 0

    def slice(self, rows: int, more: int = 0) -> None:
        """A slice of so many source rows is in; ``more`` were added by a split."""
        with self._lock:
            self._done, self._rows, self._slices = self._done + 1 - bool(more), self._rows + rows, self._slices + more
            self._reading = 0
            if time.monotonic() - self._last > PAUSE:
                self._tell()

    def end(self, held: int) -> None:
        """The target is done and holds so many rows."""
        with self._lock:
            seconds = time.monotonic() - self._began
            speed = f", {(self._rows - self._came) / seconds:,.0f} rows/s" if seconds > 1 else ""
            memory = f", memory {size(self._memory)}" if self._memory else ""
            self._say(f"    {self._name}: {self._done} of {self._slices} slices{speed}{memory}; it holds {held:,} rows")
            self._path = None

    def look(self, server: Server) -> None:
        """Ask the server what the statements of this target have read, and how much memory they hold."""
        with self._lock:
            path = self._path
        if path is None:
            return
        try:
            row = server.rows(
                "SELECT sum(read_rows) AS n, sum(greatest(memory_usage, 0)) AS m FROM system.processes"
                f" WHERE startsWith(query, {text.quote_string(tag(path))})"
            )[0]
        except (errors.StatementRefused, IndexError):
            return
        with self._lock:
            if self._path == path:
                self._reading, self._memory = int(row["n"]), max(self._memory, int(row["m"]))
                if time.monotonic() - self._last > PAUSE:
                    self._tell()

    def _tell(self) -> None:
        self._last = now = time.monotonic()
        rows = min(self._rows + self._reading, self._total)
        speed = (rows - self._came) / max(now - self._began, 0.001)
        left = f", {_duration((self._total - rows) / speed)} left" if speed > 0 else ""
        memory = f", memory {size(self._memory)}" if self._memory else ""
        self._say(
            Transient(
                f"    {self._name}: {self._done} of {self._slices} slices, {rows:,} of {self._total:,} rows,"
                f" {speed:,.0f} rows/s{left}{memory}"
            )
        )


def _duration(seconds: float) -> str:
    """``2 min 05 s``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
