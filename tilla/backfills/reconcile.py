"""What the sources of a target say beside what it holds, by partition: exact for what is overlap-safe, writers running or not.

Both sides are summed up by partition and by bucket of the key: how many keys, and a checksum over keys and finished values. Where
the sums are equal the two sides are. Where they are not, rows may only be on their way: the disputed keys are copied from the
sources (S), the inserts that run are waited for, and they are copied from the target (T), then from the sources again (S').
All that S says must be in T, and all that T says must be in S': adding S to T may change nothing, nor adding T to S'.
What does change is missing, or too much, whatever a writer does meanwhile.

Sums and counts do not bear to be added up twice. There T must be S, or S', or, in a group that moves while it is looked at,
between the two. What rests is compared exactly; a group that never rests only within what was added meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from tilla import text
from tilla.backfills.pieces import Piece, bucket, cut, within_limits
from tilla.backfills.plan import GROUPS, STAGED, VERSIONS, Comparison, Options, Target
from tilla.backfills.reconciliation import Partition, Reconciliation
from tilla.backfills.replicas import same_parts
from tilla.backfills.staging import COPY, create_like, drop
from tilla.ddl.branches import bounded
from tilla.servers import Server

# Groups beyond this many bytes go to disk, for each worker.
_GROUPS_BYTES = 768 << 20

_TRIES = 5
_SETTLED_AT_ONCE = 2_000_000  # disputed keys of which both sides are kept at once

Sums = Mapping[tuple[str, int], tuple[int, int]]
Each = Callable[[Callable[[Server, Piece], list[Any]], Sequence[Piece]], Iterator[list[Any]]]


@attrs.frozen
class _Found:
    """What was found in one piece: the sums of both sides, and wrong keys by partition."""

    theirs: Sums
    ours: Sums
    missing: Mapping[str, int] = attrs.field(factory=dict)
    extra: Mapping[str, int] = attrs.field(factory=dict)
    unsure: Mapping[str, int] = attrs.field(factory=dict)
    differing: frozenset[str] = frozenset()


def reconcile(
    server: Server, target: Target, unique: Callable[[], str], waits: Callable[[], None], options: Options, each: Each
) -> Reconciliation:
    """Compare a target with its sources.

    ``unique`` makes names new, ``waits`` waits for running inserts, ``each`` does something to all pieces, side by side.
    """
    way = target.comparison
    sources = _union(bounded(select, "") for select in way.sources)
    pieces = cut(server, target, sources, options)
    workers = max(1, options.workers)
    threads = workers if len(pieces) == 1 else 1
    settings = {
        "max_threads": threads,
        "max_bytes_before_external_group_by": _GROUPS_BYTES * threads,
    }
    sides = _Sides(target, sources, unique, waits, settings)
    found: list[_Found] = [one for several in each(sides.compare, pieces) for one in several]
    names = {p for one in found for p, _ in (*one.theirs, *one.ours)}
    names |= {p for one in found for p in (*one.missing, *one.extra, *one.unsure)}
    theirs, ours = (_keys(sums) for sums in ([one.theirs for one in found], [one.ours for one in found]))
    missing, extra, unsure = (
        _added(several) for several in ([o.missing for o in found], [o.extra for o in found], [o.unsure for o in found])
    )
    return Reconciliation(
        target.shown,
        way.kind,
        tuple(
            Partition(p, theirs.get(p, 0), ours.get(p, 0), missing.get(p, 0), extra.get(p, 0), unsure.get(p, 0))
            for p in sorted(names)
        ),
        tuple(sorted({name for one in found for name in one.differing})),
    )


def _keys(several: Iterable[Sums]) -> dict[str, int]:
    """Keys by partition."""
    return _added({p: n} for sums in several for (p, _), (n, _) in sums.items())


def _added(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in several:
        for name, number in one.items():
            found[name] = found.get(name, 0) + number
    return found


def _counted(theirs: Sums, ours: Sums) -> tuple[dict[str, int], dict[str, int]]:
    """Missing and extra keys as far as the sums tell them: at least so many."""
    missing: dict[str, int] = {}
    extra: dict[str, int] = {}
    for key in theirs.keys() | ours.keys():
        their, own = theirs.get(key, (0, 0)), ours.get(key, (0, 0))
        if their != own:
            less = own[0] <= their[0]
            side = missing if less else extra
            side[key[0]] = side.get(key[0], 0) + max(1, abs(their[0] - own[0]))
    return missing, extra


def _union(selects: Iterable[str]) -> str:
    return "\nUNION ALL\n".join(selects)


# --- both sides in one form ---


def by_key(way: Comparison, relation: str, *, single: bool = False, in_order: bool = False) -> str:
    """One row per key: ``tilla_k``, its partition ``tilla_p``, and finished values as text, ``tilla_m0``, ``tilla_m1``, ...

    ``single``: the relation has one row per group already; ``in_order``: its rows come in the order of the target's keys.
    """
    partition = way.partition or "'all'"
    if single:
        finished = "".join(f", {_shown(sql)} AS tilla_m{i}" for i, (_, sql) in enumerate(s for s in way.single if s[1]))
        return f"SELECT {way.hashed} AS tilla_k, {partition} AS tilla_p{finished} FROM (\n{relation}\n)"
    having = ""
    if way.kind == VERSIONS:
        items = [f"argMax({partition}, {way.version}) AS tilla_p", f"{_shown(f'max({way.version})')} AS tilla_m0"]
        having = f" HAVING argMax({way.deleted}, {way.version}) = 0" if way.deleted else ""
    elif way.kind == GROUPS:
        measures = [f"{_shown(sql)} AS tilla_m{i}" for i, (_, sql) in enumerate(_measured(way))]
        items = [f"any({partition}) AS tilla_p", *measures]
    else:
        items = [f"any({partition}) AS tilla_p", "toString(count()) AS tilla_m0"]
    group = ", ".join(way.keys) if in_order and way.plain and way.keys else "tilla_k"
    return f"SELECT {way.hashed} AS tilla_k, {', '.join(items)} FROM (\n{relation}\n) GROUP BY {group}{having}"


def _shown(sql: str) -> str:
    """A value as text; NULL is a value of its own, which hashes and comparisons do not pass over."""
    return f"ifNull(toString({sql}), '\\\\N')"


def _measured(way: Comparison) -> list[tuple[str, str]]:
    return [(name, sql) for name, sql in way.measures if sql]


def _values(way: Comparison) -> list[str]:
    return [f"tilla_m{i}" for i in range(len(_measured(way)) if way.kind == GROUPS else 1)]


@attrs.frozen
class _Sides:
    """The two sides of one target."""

    target: Target
    sources: str
    unique: Callable[[], str]
    waits: Callable[[], None]
    settings: Mapping[str, object]

    @property
    def holds(self) -> str:
        return f"SELECT {self.target.comparison.columns} FROM {self.target.table}"

    def compare(self, server: Server, piece: Piece) -> list[_Found]:
        """Compare a piece, in parts where that is too much at once."""
        found = []
        for part, theirs, ours in within_limits(self.target, piece, lambda part: (part, *self._both(server, part))):
            disputed = sorted(key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key))
            if not disputed:
                found.append(_Found(theirs, ours))
            elif self.target.how != STAGED:  # a copy of a Distributed table would be another door to the same rows
                found.append(_Found(theirs, ours, *_counted(theirs, ours)))
            else:
                found.append(_Found(theirs, ours))
                found += self._settle(server, part, disputed, theirs, ours)
        return found

    def _both(self, server: Server, piece: Piece) -> tuple[Sums, Sums]:
        way = self.target.comparison
        theirs, ours = self._sums(server, piece, single=bool(way.single)), self._sums(server, piece, own=True)
        for _ in range(_TRIES if self.target.how != STAGED else 0):
            if theirs == ours:
                break
            self.waits()
            theirs, ours = self._sums(server, piece), self._sums(server, piece, own=True)
        return theirs, ours

    def _sums(self, server: Server, piece: Piece, *, single: bool = False, own: bool = False) -> Sums:
        """(partition, bucket) -> number of keys, and a checksum over keys and values."""
        way = self.target.comparison
        rows_of = f"SELECT * FROM (\n{self.holds if own else self.sources}\n){piece.where(way)}"
        values = ", ".join(["tilla_k", *_values(way)])
        # A target's rows are sorted: a whole one needs no table of its groups. For a piece that would be slower, and for sources.
        in_order = {"optimize_aggregation_in_order": int(own and not piece.condition)}
        rows = server.rows(
            f"SELECT ifNull(toString(tilla_p), 'NULL') AS p, {bucket('tilla_k')} AS b, count() AS n, sum(cityHash64({values})) AS h\n"
            f"FROM (\n{by_key(way, rows_of, single=single, in_order=own)}\n) GROUP BY tilla_p, b",
            settings={**self.settings, **in_order, **piece.settings},
        )
        return {(row["p"], row["b"]): (row["n"], row["h"]) for row in rows}

    # --- what is disputed ---

    def _settle(
        self, server: Server, piece: Piece, disputed: Sequence[tuple[str, int]], theirs: Sums, ours: Sums
    ) -> Iterator[_Found]:
        """What is wrong in the disputed buckets of a piece, so many keys at once."""
        keys: dict[int, int] = {}
        for key in disputed:
            own = max(sums[key][0] if key in sums else 0 for sums in (theirs, ours))
            keys[key[1]] = keys.get(key[1], 0) + own
        for buckets in _batches(keys, _SETTLED_AT_ONCE):
            part = attrs.evolve(piece, buckets=buckets)
            yield from within_limits(self.target, part, lambda part: self._settled(server, part))

    def _settled(self, server: Server, piece: Piece) -> _Found:
        """Missing, extra and unsure keys by partition, and the measures in which groups differ."""
        target, way = self.target, self.target.comparison
        own_settings = {**self.settings, **piece.settings}
        copies: list[str] = []
        try:
            for what in (self.sources, self.holds, self.sources):
                name = text.quote_qualified(target.stages, f"{COPY}{target.path[1][:100]}_{self.unique()}")
                copies.append(name)
                create_like(server, target, name)
                settings = {**own_settings, "max_partitions_per_insert_block": 0, "insert_deduplicate": 0}
                select = f"SELECT * FROM (\n{what}\n){piece.where(way)}"
                server.execute(f"INSERT INTO {name} ({way.columns})\n{select}", settings=settings)
                same_parts(server, target.replicas, text.read_qualified(name))
                if len(copies) == 1:
                    self.waits()
            before, own, after = (f"SELECT {way.columns} FROM {name}" for name in copies)
            if not target.safe:
                return _Found({}, {}, *_between(server, way, before, own, after, own_settings))
            missing, lacking = _changed(server, way, own, before, own_settings)
            extra, other = _changed(server, way, after, own, own_settings)
            return _Found({}, {}, missing, extra, differing=frozenset(lacking | other))
        finally:
            for name in copies:
                drop(server, name, target.replicas)


def _batches(keys: Mapping[int, int], most: int) -> Iterator[tuple[int, ...]]:
    """Buckets in groups of so many keys."""
    batch: list[int] = []
    held = 0
    for number, own in sorted(keys.items()):
        if batch and held + own > most:
            yield tuple(batch)
            batch, held = [], 0
        batch.append(number)
        held += own
    yield tuple(batch)


def _changed(
    server: Server, way: Comparison, base: str, added: str, settings: Mapping[str, object]
) -> tuple[dict[str, int], set[str]]:
    """Which keys of ``base`` change when ``added`` is added to it, by partition; and which measures."""
    values = _values(way)
    differs = [f"united.{m} != own.{m}" for m in values]
    names = [name for name, _ in _measured(way)] if way.kind == GROUPS else []
    counts = "".join(f", countIf(own.there = 1 AND {d}) AS d{i}" for i, d in enumerate(differs))
    rows = server.rows(
        f"SELECT ifNull(toString(united.tilla_p), 'NULL') AS p, count() AS n{counts}\nFROM (\n{by_key(way, _union([base, added]))}\n) AS united\n"
        f"LEFT JOIN (SELECT *, 1 AS there FROM (\n{by_key(way, base)}\n)) AS own ON united.tilla_k = own.tilla_k\n"
        f"WHERE own.there = 0{''.join(f' OR {d}' for d in differs)}\nGROUP BY p",
        settings={**settings, "join_use_nulls": 0},
    )
    changed = {name for i, name in enumerate(names) if any(row[f"d{i}"] for row in rows)}
    return {row["p"]: row["n"] for row in rows}, changed


def _between(
    server: Server, way: Comparison, before: str, own: str, after: str, settings: Mapping[str, object]
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Keys whose values are neither those of the sources before, nor after, nor in between: too little, or too much.

    A group of which the sources said two things is unsure otherwise: a loss as small as what came meanwhile would hide in it. Only
    what rises alone, or falls alone, lies between the two: of anything else a group that moves tells nothing.
    """
    values = _values(way)
    swinging = (
        {f"tilla_m{i}" for i, (name, _) in enumerate(_measured(way)) if name not in way.one_way}
        if way.kind == GROUPS
        else set()
    )
    sides = "\nUNION ALL\n".join(
        f"SELECT {n} AS side, * FROM (\n{by_key(way, relation)}\n)" for n, relation in enumerate((before, own, after))
    )
    columns, equal_before, equal_after, within, less, rests = [], ["1"], ["1"], ["1"], [], ["1"]
    moves = "NOT (" + " AND ".join(f"{m}_0 = {m}_2" for m in [*values, "tilla_n"]) + ")"
    for m in [*values, "tilla_n"]:
        columns += [f"anyIf({m}, side = {n}) AS {m}_{n}" for n in range(3)]
        equal_before.append(f"{m}_1 = {m}_0")
        equal_after.append(f"{m}_1 = {m}_2")
        rests.append(f"{m}_0 = {m}_2")
        a, b, c = (f"toFloat64OrZero({m}_{n})" for n in range(3))
        number = " AND ".join(f"({m}_{n} IN ('', '\\\\N') OR isNotNull(toFloat64OrNull({m}_{n})))" for n in range(3))
        between = f"{number} AND {b} BETWEEN least({a}, {c}) AND greatest({a}, {c})"
        within.append(
            f"({moves} OR ({between}))" if m in swinging else f"(({between}) OR ({moves} AND NOT ({number})))"
        )
        less.append(f"{b} < least({a}, {c})")
    right = f"({' AND '.join(equal_before)}) OR ({' AND '.join(equal_after)}) OR ({' AND '.join(within)})"
    rows = server.rows(
        f"SELECT ifNull(toString(tilla_q), 'NULL') AS p, countIf(NOT is_right AND ({' OR '.join(less)})) AS missing, countIf(NOT is_right) AS wrong,"
        f" countIf(is_right AND NOT ({' AND '.join(rests)})) AS unsure FROM (SELECT *, {right} AS is_right FROM (\n"
        f"SELECT tilla_k, any(tilla_p) AS tilla_q, {', '.join(columns)} FROM (SELECT *, '1' AS tilla_n FROM (\n{sides}\n))"
        " GROUP BY tilla_k\n)) GROUP BY tilla_q",
        settings=settings,
    )
    missing = {row["p"]: row["missing"] for row in rows if row["missing"]}
    extra = {row["p"]: row["wrong"] - row["missing"] for row in rows if row["wrong"] > row["missing"]}
    return missing, extra, {row["p"]: row["unsure"] for row in rows if row["unsure"]}
