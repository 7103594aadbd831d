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

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from tilla import text
from tilla.backfills.plan import GROUPS, STAGED, VERSIONS, Comparison, Target, counted
from tilla.backfills.staging import STAGE_SETTINGS, drop
from tilla.ddl.branches import bounded
from tilla.servers import Server

# Groups beyond this many bytes go to disk: a comparison needs no more memory than a slice.
SETTINGS = {"max_bytes_before_external_group_by": 400_000_000, "max_threads": 2}

_BUCKETS = 256
_TRIES = 5


@attrs.frozen
class Partition:
    """One partition: keys (entities, groups or rows) that the sources say, that the target holds, and what is wrong.

    ``missing`` keys are in the sources and not, or not fully, in the target; ``extra`` keys the other way round. ``unsure`` groups
    changed while they were looked at and cannot be added twice: what the target holds lies between two readings of the sources.
    """

    partition: str
    sources: int
    holds: int
    missing: int = 0
    extra: int = 0
    unsure: int = 0

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return not self.missing and not self.extra


@attrs.frozen
class Reconciliation:
    """The comparison of one target. ``differing`` are the measures in which groups differ."""

    target: str
    kind: str
    partitions: tuple[Partition, ...]
    differing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every partition agrees."""
        return all(item.agrees for item in self.partitions)

    @property
    def sure(self) -> bool:
        """Whether nothing moved too fast to be told."""
        return not any(item.unsure for item in self.partitions)

    def as_json(self) -> dict[str, Any]:
        """The comparison for the journal: sums, and the partitions that disagree."""
        return {
            "agrees": self.agrees,
            "sources": sum(item.sources for item in self.partitions),
            "holds": sum(item.holds for item in self.partitions),
            "disagree": [attrs.asdict(item) for item in self.partitions if not item.agrees][:100],
        }


_WHAT = {VERSIONS: "keys", GROUPS: "groups"}


def table(found: Sequence[Reconciliation], most: int = 40) -> str:
    """The comparison for people: a line per target and partition; partitions that agree are shortened when there are many."""
    rows = [("target", "partition", "the sources say", "it holds", "")]
    for item in found:
        what = _WHAT.get(item.kind, "rows")
        shown = list(item.partitions)
        if len(shown) > most:
            agreed = [p for p in shown if p.agrees]
            shown = [p for p in shown if not p.agrees]
            total = (sum(p.sources for p in agreed), sum(p.holds for p in agreed))
            rows.append((item.target, f"{len(agreed)} partitions", f"{total[0]:,} {what}", f"{total[1]:,}", "agrees"))
        for p in shown:
            rows.append((item.target, p.partition, f"{p.sources:,} {what}", f"{p.holds:,}", verdict(p, item)))
        if not item.partitions:
            rows.append((item.target, "-", f"0 {what}", "0", "agrees"))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3]), row[4]]
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def verdict(item: Partition, whole: Reconciliation) -> str:
    """What is to say of one partition."""
    what = _WHAT.get(whole.kind, "rows")[:-1]
    if item.agrees and item.unsure:
        return f"agrees so far: {counted(item.unsure, what)} kept changing; run it again while the loader rests"
    if item.agrees:
        return "agrees"
    parts = []
    if item.missing:
        parts.append(f"{counted(item.missing, what)} in the sources and not in the target")
    if item.extra:
        parts.append(f"{counted(item.extra, what)} in the target and not in the sources")
    named = f" ({', '.join(whole.differing)})" if whole.differing else ""
    return "; ".join(parts) + named


def reconcile(server: Server, target: Target, unique: Callable[[], str], waits: Callable[[], None]) -> Reconciliation:
    """Compare a target with its sources. ``unique`` makes names new, ``waits`` waits for running inserts."""
    way = target.comparison
    sources = _union(bounded(select, "") for select in way.sources)
    holds = f"SELECT {way.columns} FROM {target.table}"
    theirs, ours = _sums(server, way, sources, single=bool(way.single)), _sums(server, way, holds)
    for _ in range(_TRIES if target.how != STAGED else 0):
        if theirs == ours:
            break
        waits()
        theirs, ours = _sums(server, way, sources), _sums(server, way, holds)
    disputed = sorted(key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key))
    missing: Mapping[str, int] = {}
    extra: Mapping[str, int] = {}
    unsure: Mapping[str, int] = {}
    differing: set[str] = set()
    if disputed and target.how != STAGED:  # a copy of a Distributed table would be another door to the same rows
        missing, extra = _counted(theirs, ours)
    elif disputed:
        missing, extra, unsure, differing = _settle(server, target, sources, holds, disputed, unique, waits)
    names = sorted({p for p, _ in (*theirs, *ours)} | missing.keys() | extra.keys() | unsure.keys())
    return Reconciliation(
        target.shown,
        way.kind,
        tuple(
            Partition(p, _keys(theirs, p), _keys(ours, p), missing.get(p, 0), extra.get(p, 0), unsure.get(p, 0))
            for p in names
        ),
        tuple(sorted(differing)),
    )


def _counted(
    theirs: Mapping[tuple[str, int], tuple[Any, ...]], ours: Mapping[tuple[str, int], tuple[Any, ...]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Missing and extra keys as far as the sums tell them: at least so many."""
    missing: dict[str, int] = {}
    extra: dict[str, int] = {}
    for key in theirs.keys() | ours.keys():
        their, own = theirs.get(key, (0,)), ours.get(key, (0,))
        if their != own:
            less = own[0] <= their[0]
            side = missing if less else extra
            side[key[0]] = side.get(key[0], 0) + max(1, abs(their[0] - own[0]))
    return missing, extra


def _keys(sums: Mapping[tuple[str, int], tuple[Any, ...]], partition: str) -> int:
    return sum(row[0] for (p, _), row in sums.items() if p == partition)


def _union(selects: Iterable[str]) -> str:
    return "\nUNION ALL\n".join(selects)


# --- both sides in one form ---


def by_key(way: Comparison, relation: str, *, single: bool = False) -> str:
    """One row per key: ``tilla_k``, its partition ``tilla_p``, and finished values ``tilla_m0``, ``tilla_m1``, ...

    ``single``: the relation has one row per group already.
    """
    partition = f"toString({way.partition})" if way.partition else "'all'"
    if single:
        finished = "".join(
            f", toString({sql}) AS tilla_m{i}" for i, (_, sql) in enumerate(s for s in way.single if s[1])
        )
        return f"SELECT {way.hashed} AS tilla_k, {partition} AS tilla_p{finished} FROM (\n{relation}\n)"
    if way.kind == VERSIONS:
        where = f"argMax({way.deleted}, {way.version}) = 0" if way.deleted else "1"
        return (
            f"SELECT {way.hashed} AS tilla_k, argMax({partition}, {way.version}) AS tilla_p,"
            f" toString(max({way.version})) AS tilla_m0 FROM (\n{relation}\n) GROUP BY tilla_k HAVING {where}"
        )
    if way.kind == GROUPS:
        measures = [f"toString({sql}) AS tilla_m{i}" for i, (_, sql) in enumerate(_measured(way))]
        listed = ", ".join(["", *measures])
        return (
            f"SELECT {way.hashed} AS tilla_k, any({partition}) AS tilla_p{listed}"
            f" FROM (\n{relation}\n) GROUP BY tilla_k"
        )
    return (
        f"SELECT {way.hashed} AS tilla_k, any({partition}) AS tilla_p, toString(count()) AS tilla_m0"
        f" FROM (\n{relation}\n) GROUP BY tilla_k"
    )


def _measured(way: Comparison) -> list[tuple[str, str]]:
    return [(name, sql) for name, sql in way.measures if sql]


def _values(way: Comparison) -> list[str]:
    return [f"tilla_m{i}" for i in range(len(_measured(way)) if way.kind == GROUPS else 1)]


def _sums(
    server: Server, way: Comparison, relation: str, *, single: bool = False
) -> dict[tuple[str, int], tuple[Any, ...]]:
    """(partition, bucket) -> number of keys and checksums."""
    sums = "".join(f", sum(cityHash64(tilla_k, {m})) AS h{i}" for i, m in enumerate(_values(way)))
    rows = server.rows(
        f"SELECT tilla_p, toUInt16(cityHash64(tilla_k) % {_BUCKETS}) AS b, count() AS n{sums}\nFROM (\n{by_key(way, relation, single=single)}\n)"
        " GROUP BY tilla_p, b",
        settings=SETTINGS,
    )
    return {(row["tilla_p"], row["b"]): tuple(v for k, v in row.items() if k not in ("tilla_p", "b")) for row in rows}


# --- what is disputed ---


def _settle(
    server: Server,
    target: Target,
    sources: str,
    holds: str,
    disputed: Sequence[tuple[str, int]],
    unique: Callable[[], str],
    waits: Callable[[], None],
) -> tuple[dict[str, int], dict[str, int], dict[str, int], set[str]]:
    """Missing, extra and unsure keys by partition, and the measures in which groups differ."""
    way = target.comparison
    buckets = ", ".join(str(b) for b in sorted({b for _, b in disputed}))
    some = f"toUInt16(cityHash64({way.hashed}) % {_BUCKETS}) IN ({buckets})"
    copies: list[str] = []
    try:
        for what in (sources, holds, sources):
            name = text.quote_qualified(target.stages, f"tilla_check_{target.path[1][:100]}_{unique()}")
            copies.append(name)
            server.execute(f"CREATE TABLE {name} AS {target.table}")
            server.execute(f"ALTER TABLE {name} MODIFY SETTING {STAGE_SETTINGS}")
            settings = {**SETTINGS, "max_partitions_per_insert_block": 0, "insert_deduplicate": 0}
            server.execute(
                f"INSERT INTO {name} ({way.columns})\nSELECT * FROM (\n{what}\n) WHERE {some}", settings=settings
            )
            if len(copies) == 1:
                waits()
        before, own, after = (f"SELECT {way.columns} FROM {name}" for name in copies)
        if not target.safe:
            return (*_between(server, way, before, own, after), set())
        missing, lacking = _changed(server, way, own, before)
        extra, other = _changed(server, way, after, own)
        return missing, extra, {}, lacking | other
    finally:
        for name in copies:
            drop(server, name)


def _changed(server: Server, way: Comparison, base: str, added: str) -> tuple[dict[str, int], set[str]]:
    """Which keys of ``base`` change when ``added`` is added to it, by partition; and which measures."""
    values = _values(way)
    differs = [f"united.{m} != own.{m}" for m in values]
    names = [name for name, _ in _measured(way)] if way.kind == GROUPS else []
    counts = "".join(f", countIf(own.there = 1 AND {d}) AS d{i}" for i, d in enumerate(differs))
    rows = server.rows(
        f"SELECT united.tilla_p AS p, count() AS n{counts}\nFROM (\n{by_key(way, _union([base, added]))}\n) AS united\n"
        f"LEFT JOIN (SELECT *, 1 AS there FROM (\n{by_key(way, base)}\n)) AS own ON united.tilla_k = own.tilla_k\n"
        f"WHERE own.there = 0{''.join(f' OR {d}' for d in differs)}\nGROUP BY p",
        settings={**SETTINGS, "join_use_nulls": 0},
    )
    changed = {name for i, name in enumerate(names) if any(row[f"d{i}"] for row in rows)}
    return {row["p"]: row["n"] for row in rows}, changed


def _between(
    server: Server, way: Comparison, before: str, own: str, after: str
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Keys whose values are neither those of the sources before, nor after, nor in between: too little, or too much.

    A group of which the sources said two things is unsure otherwise: a loss as small as what came meanwhile would hide in it.
    """
    values = _values(way)
    sides = "\nUNION ALL\n".join(
        f"SELECT {n} AS side, * FROM (\n{by_key(way, relation)}\n)" for n, relation in enumerate((before, own, after))
    )
    columns, equal_before, equal_after, within, less, rests = [], ["1"], ["1"], ["1"], [], ["1"]
    for m in [*values, "tilla_n"]:
        columns += [f"anyIf({m}, side = {n}) AS {m}_{n}" for n in range(3)]
        equal_before.append(f"{m}_1 = {m}_0")
        equal_after.append(f"{m}_1 = {m}_2")
        rests.append(f"{m}_0 = {m}_2")
        a, b, c = (f"toFloat64OrZero({m}_{n})" for n in range(3))
        number = " AND ".join(f"({m}_{n} = '' OR isNotNull(toFloat64OrNull({m}_{n})))" for n in range(3))
        within.append(f"({number} AND {b} BETWEEN least({a}, {c}) AND greatest({a}, {c}))")
        less.append(f"{b} < least({a}, {c})")
    right = f"({' AND '.join(equal_before)}) OR ({' AND '.join(equal_after)}) OR ({' AND '.join(within)})"
    rows = server.rows(
        f"SELECT p, countIf(NOT is_right AND ({' OR '.join(less)})) AS missing, countIf(NOT is_right) AS wrong,"
        f" countIf(is_right AND NOT ({' AND '.join(rests)})) AS unsure FROM (SELECT *, {right} AS is_right FROM (\n"
        f"SELECT tilla_k, any(tilla_p) AS p, {', '.join(columns)} FROM (SELECT *, '1' AS tilla_n FROM (\n{sides}\n))"
        " GROUP BY tilla_k\n)) GROUP BY p",
        settings=SETTINGS,
    )
    missing = {row["p"]: row["missing"] for row in rows if row["missing"]}
    extra = {row["p"]: row["wrong"] - row["missing"] for row in rows if row["wrong"] > row["missing"]}
    return missing, extra, {row["p"]: row["unsure"] for row in rows if row["unsure"]}
