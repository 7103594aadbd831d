"""Cutting a comparison into pieces that are small: one condition over the target's columns for both sides.

A piece has all that either side says of its keys, because what it is cut by follows from the key. It is cut by ranges of the
partition key or of the first key column where that lets ClickHouse leave out what it need not read, of the sources too
(``EXPLAIN ESTIMATE`` says so without reading): then all pieces together read everything once, with one thread each, side by side.
What is still too much for a limit of the server is cut by hashes of the keys, and its sources are read again for each half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import attrs

from tilla import errors
from tilla.backfills import slices
from tilla.backfills.plan import Comparison, Options, Target
from tilla.backfills.slices import Slice
from tilla.backfills.staging import too_much
from tilla.servers import Server

T = TypeVar("T")

BUCKETS = 256
_AGAIN = 1.3  # how much more the pieces may read than the whole


@attrs.frozen
class Piece:
    """A part of both sides: ``condition`` over the target's columns ('' for all), and buckets of the keys' hashes.

    ``buckets`` are numbers; none stand for all of them.
    """

    condition: str = ""
    buckets: tuple[int, ...] = ()

    def where(self, way: Comparison) -> str:
        """The WHERE of a side, or ''."""
        found = [f"({self.condition})"] * bool(self.condition)
        if self.buckets:
            found.append(f"{bucket(way.hashed)} IN ({', '.join(map(str, self.buckets))})")
        return f" WHERE {' AND '.join(found)}" if found else ""

    @property
    def settings(self) -> dict[str, object]:
        """What is set for a piece that was cut several times, where every block counts.

        A state that passes a filter keeps the memory of all states of its block, and an aggregation in order gathers blocks (26.9).
        """
        if not 0 < len(self.buckets) <= BUCKETS // 4:
            return {}
        return {"max_threads": 1, "max_block_size": 4096, "optimize_aggregation_in_order": 0}

    def halves(self) -> tuple[Piece, Piece] | None:
        """Two pieces in place of this one; None when it cannot be cut further."""
        own = self.buckets or tuple(range(BUCKETS))
        half = len(own) // 2
        if not half:
            return None
        return attrs.evolve(self, buckets=own[:half]), attrs.evolve(self, buckets=own[half:])


def bucket(key: str) -> str:
    """The number of the bucket of a key that is hashed."""
    return f"toUInt16(cityHash64({key}) % {BUCKETS})"


def within_limits(target: Target, piece: Piece, work: Callable[[Piece], T]) -> Iterator[T]:
    """The results of ``work`` on a piece, or on its parts where the whole is too much for a limit of the server.

    Raises:
        RefusedError: it cannot be cut any further.
    """
    try:
        found = work(piece)
    except errors.ServerError as error:
        limit = too_much(error)
        if limit is None:
            raise
        halves = piece.halves()
        if halves is None:
            raise errors.slice_too_large(target.shown, piece.condition or "1", str(limit)) from None
    else:
        yield found
        return
    for half in halves:
        yield from within_limits(target, half, work)


def cut(server: Server, target: Target, sources: str, options: Options) -> list[Piece]:
    """The pieces of a comparison; one for a target that is small, or that cannot be cut without reading its sources again."""
    share = slices.even(target.rows, options.slice_rows, options.workers)
    pieces = -(-target.rows // share) if target.rows else 1
    way = target.comparison
    if pieces < 2 or not way.cuts:
        return [Piece()]
    whole = _read(server, sources)
    for expression in way.cuts if whole else ():
        found = _pieces(server, target, expression, pieces)
        if len(found) > 1 and sum(_read(server, sources, piece.where(way)) for piece in found) <= whole * _AGAIN:
            return found
    return [Piece()]


def _read(server: Server, sources: str, where: str = "") -> int:
    """How many rows ClickHouse would read, by the indexes; 0 where it cannot tell."""
    try:
        rows = server.rows(f"EXPLAIN ESTIMATE SELECT * FROM (\n{sources}\n){where}")
    except errors.StatementRefused:
        return 0
    return sum(row["rows"] for row in rows)


def _pieces(server: Server, target: Target, expression: str, pieces: int) -> list[Piece]:
    """Ranges of an expression over the target's columns, half open, in which about as many of its rows lie."""
    kind = str(server.rows(f"DESCRIBE TABLE (SELECT {expression} AS k FROM {target.table})")[0]["type"])
    if not slices.comparable(kind):
        return []
    if expression == target.comparison.partition:
        places = _partitions(server, target, kind, pieces)
    else:
        root = slices.look(server, [target.stored]).get(target.stored)
        same = root is not None and root.key.strip("`") == expression.strip("`")
        places = slices.places(server, root, Slice(0), pieces) if root is not None and same else []
    bounds = list(zip(["", *places], [*places, ""], strict=True))
    return [Piece(_range(expression, kind, low, high)) for low, high in bounds]


def _range(expression: str, kind: str, low: str, high: str) -> str:
    found = [f"{expression} >= {low}"] * bool(low) + [f"{expression} < {high}"] * bool(high)
    inside = " AND ".join(found)
    return inside + slices.nulls(expression, kind) if not low and high else inside


def _partitions(server: Server, target: Target, kind: str, pieces: int) -> list[str]:
    """Literals of the partition key that part the partitions of a target into groups of about as many rows."""
    rows = server.rows(
        f"SELECT {slices.literal('k', kind)} AS literal, n FROM (SELECT _partition_value.1 AS k, count() AS n"
        f" FROM {target.table} GROUP BY k) WHERE isNotNull(k) ORDER BY k"
    )
    return list(_places([(row["literal"], row["n"]) for row in rows], pieces))


def _places(partitions: Sequence[tuple[str, int]], pieces: int) -> Iterator[str]:
    """Where a new piece begins: as soon as the one before has its share."""
    share = sum(n for _, n in partitions) / pieces
    held = 0.0
    for number, (literal, rows) in enumerate(partitions):
        if number and held + rows / 2 >= share:
            yield literal
            held = 0.0
        held += rows
