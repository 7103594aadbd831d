"""The hands of a run: one slice on one client, split when it was too much; clients for workers; what kills a statement."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tilla import errors, text
from tilla.backfills import journal, slices
from tilla.backfills.plan import STAGED, Target
from tilla.backfills.slices import Slice
from tilla.backfills.staging import (
    TooMuchError,
    insert,
    kill,
    too_much,
)
from tilla.ddl.replicas import Replicas
from tilla.servers import Server

if TYPE_CHECKING:
    from tilla.backfills.run import Run

T = TypeVar("T")


class Work:
    """The slices of one target."""

    def __init__(self, run: Run, target: Target, roots: dict[tuple[str, str], slices.Root], last: int) -> None:
        self.run, self.target, self.roots = run, target, roots
        self._lock, self._last = threading.Lock(), last

    def slice(self, server: Server, number: int, piece: Slice, past: journal.Entry | None) -> list[tuple[int, Slice]]:
        """Do one slice; return those that take its place, when it was too much."""
        if self.run.stop.is_set():
            return []
        target, stager = self.target, self.run.stager
        if target.how != STAGED:
            self._straight(server, number, piece)
            return []
        rows = stager.resume(server, target, number, past) if past is not None else None
        if rows is None:
            try:
                stager.fill(server, target, number, piece)
            except TooMuchError as error:
                return self._split(server, number, piece, error)
        self.run.progress.slice(piece.rows)
        return []

    def _straight(self, server: Server, number: int, piece: Slice) -> None:
        """Insert a slice where nothing can be moved: only where a row that comes twice counts once."""
        target, log = self.target, self.run.log
        log.write(server, target.name, target.declaration, journal.STAGING, number, {"into": target.table})
        sql = insert(target, piece, target.table, self.run.stager.tag(target))
        try:
            server.execute(sql, settings=self.run.stager.settings)
        except errors.ServerError as error:
            why = too_much(error)
            raise errors.slice_too_large(target.name, piece.condition, str(why)) if why else error from None
        log.write(server, target.name, target.declaration, journal.DONE, number, {"rows": piece.rows})
        self.run.progress.slice(piece.rows)

    def _split(self, server: Server, number: int, piece: Slice, error: TooMuchError) -> list[tuple[int, Slice]]:
        target = self.target
        root = self.roots[target.branches[piece.branch].root]
        by_result = error.by_result and bool(target.comparison.partition)
        pieces = slices.split(server, root, piece, by_result=by_result)
        if len(pieces) < 2:
            raise errors.slice_too_large(target.name, piece.condition, str(error))
        with self._lock:
            numbers = list(range(self._last + 1, self._last + 1 + len(pieces)))
            self._last = numbers[-1]
        rows = [(n, journal.PLANNED, p.as_json()) for n, p in zip(numbers, pieces, strict=True)]
        whole = (number, journal.SPLIT, {"into": numbers, "why": str(error)[:500]})
        self.run.log.write_all(server, target.name, target.declaration, [*rows, whole])
        self.run.progress.slice(0, more=len(pieces) - 1)
        return list(zip(numbers, pieces, strict=True))


class Clients:
    """Clients for workers: each statement runs on one that nobody else uses at that time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._free: list[Server] = []
        self._made: list[Server] = []

    def using(self, work: Callable[..., T], *arguments: object) -> T:
        """Call ``work`` with a client in front of its arguments."""
        with self._lock:
            client = self._free.pop() if self._free else None
            if client is None:
                client = self._server.clone()
                self._made.append(client)
        try:
            return work(client, *arguments)
        finally:
            with self._lock:
                self._free.append(client)

    def close(self) -> None:
        """Close them all."""
        for client in self._made:
            client.close()


def kill_inserts(server: Server, comment: str, but: str, replicas: Replicas) -> None:
    """Kill the inserts that carry a tag."""
    inner = f" AND position(query, {text.quote_string(but)}) = 0" if but else ""
    tagged = f"startsWith(query, {text.quote_string(comment)}) AND position(query, 'INSERT INTO') > 0{inner} ASYNC"
    kill(server, tagged, replicas)
