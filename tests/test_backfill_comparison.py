"""The comparison at the end of a backfill: cut so that it reads once and keeps little in memory, and finds what it found whole."""

from __future__ import annotations

import itertools
from typing import Any

import attrs
import pytest

import tilla as tl
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.backfills.pieces import BUCKETS, Piece
from tilla.backfills.reconcile import reconcile
from tilla.engines import AggregatingMergeTree, MergeTree, ReplacingMergeTree


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    at = tl.column(t.DateTime("UTC"))
    v = tl.column(t.Nullable(t.Int64))


class Kept(tl.Columns):
    id = tl.derive(Raw.id)
    at = tl.derive(Raw.at)


class Day(tl.Columns):
    day = tl.derive(f.to_date(Raw.at))
    k = tl.derive(Raw.id % 100)
    ids = tl.measure(f.uniq_exact(Raw.id))
    most = tl.measure(f.max(Raw.v))


class Group(tl.Columns):
    k = tl.derive(Raw.id)
    last = tl.measure(f.max(Raw.at))
    most = tl.measure(f.max(Raw.v))


class Watched:
    """A server that notes the statements of the comparison, and limits their memory."""

    def __init__(self, server: Any, limit: int = 0) -> None:
        self._server, self.limit = server, limit
        self.seen: list[str] = []
        self.refused = 0

    def _limited(self, sql: str, settings: Any) -> dict[str, object]:
        if not any(word in sql for word in ("tilla_k", "INSERT INTO")):
            return dict(settings or {})
        self.seen.append(sql)
        return {**(settings or {}), **({"max_memory_usage": self.limit} if self.limit else {})}

    def rows(self, sql: str, settings: Any = None) -> Any:
        try:
            return self._server.rows(sql, settings=self._limited(sql, settings))
        except errors.ServerError as error:
            self.refused += error.server_code == 241
            raise

    def execute(self, sql: str, settings: Any = None) -> None:
        try:
            self._server.execute(sql, settings=self._limited(sql, settings))
        except errors.ServerError as error:
            self.refused += error.server_code == 241
            raise


_numbers = itertools.count()


def compared(server, plan, target, *, slice_rows):
    """The comparison of one target, cut for slices of so many rows."""
    options = attrs.evolve(plan.options, slice_rows=slice_rows)
    return reconcile(
        server, target, lambda: f"t_{next(_numbers)}", lambda: None, options, lambda work, pieces: (work(server, p) for p in pieces),
    )  # fmt: skip


def landed(engine, database, rows, order="at", days=4):
    """A table of one's own, a partition a month, with so many rows over so many times thirty days."""
    partition = f.to_yyyymm(Raw.at)
    raw = tl.Table(
        f"{database}.raw",
        Raw,
        engine=MergeTree(order_by=getattr(Raw, order), partition_by=partition, settings={"index_granularity": 512}),
    )
    tl.apply(tl.plan(tl.project("raw", raw), engine), engine)
    engine.execute(
        f"INSERT INTO {database}.raw SELECT number * 7919 % {rows}, toDateTime('2026-01-01', 'UTC') + intDiv(number * {days * 2_592_000}, {rows}),"
        f" if(number % 3 = 0, NULL, number) FROM numbers({rows})"
    )
    return raw


MONTH = "toYYYYMM"


def made(raw, database):
    """A target of each kind: versions cut by their key or not at all, groups and rows by their partition."""
    by_id = ReplacingMergeTree(version=Kept.at, order_by=Kept.id, partition_by=f.to_yyyymm(Kept.at))
    month = ReplacingMergeTree(version=Kept.at, order_by=(Kept.at, Kept.id), partition_by=f.to_yyyymm(Kept.at))
    groups = AggregatingMergeTree(order_by=(Day.day, Day.k), partition_by=f.to_yyyymm(Day.day))
    rows = MergeTree(order_by=Kept.id, partition_by=f.to_yyyymm(Kept.at))
    promise = {"append_only_unique": True}
    return {
        "by_id": tl.MaterializedView(f"{database}.by_id", Kept, source=raw, engine=by_id),
        "by_month": tl.MaterializedView(f"{database}.by_month", Kept, source=raw, engine=month),
        "days": tl.Aggregation(f"{database}.days", Day, source=raw, engine=groups, stable=(Raw.id, Raw.at, Raw.v)),
        "plain": tl.MaterializedView(f"{database}.plain", Kept, source=raw, engine=rows, **promise),
    }


@pytest.mark.parametrize(
    ("order", "cut"), [("at", {"by_month", "days", "plain"}), ("id", {"by_id", "by_month", "days", "plain"})]
)
def test_a_comparison_in_pieces_finds_what_the_whole_finds(engine, database, order, cut):
    """Cut by partitions or by the key where the sources need not be read again for it; what is missing and too much is counted alike."""
    raw = landed(engine, database, 40_000, order)
    objects = made(raw, database)
    project = tl.project("p", raw, *objects.values())
    tl.apply(tl.plan(project, engine), engine)
    plan = tl.backfill(project, engine)
    assert tl.apply(plan, engine).agrees
    months = engine.scalar(f"SELECT uniqExact(toYYYYMM(at)) FROM {database}.raw")
    for name, lost in (
        ("by_id", "id % 9 = 0"),
        ("by_month", "id % 9 = 0"),
        ("days_state", "k = 7"),
        ("plain", "id % 9 = 0"),
    ):
        engine.execute(f"ALTER TABLE {database}.{name} DELETE WHERE {lost} SETTINGS mutations_sync = 1")
    engine.execute(
        f"INSERT INTO {database}.by_id VALUES (900000, '2026-02-03 00:00:00'), (900001, '2031-02-03 00:00:00')"
    )
    engine.execute(f"INSERT INTO {database}.days_state SELECT * FROM {database}.days_state WHERE k = 8")  # no change
    for target in plan.targets:
        watched, whole = Watched(engine), Watched(engine)
        found = compared(watched, plan, target, slice_rows=9_000)
        assert found == compared(whole, plan, target, slice_rows=10**9)
        pieces = {
            sql.partition(") WHERE ")[2].partition(" AND toUInt16")[0] for sql in watched.seen if "AS tilla_p" in sql
        }
        name = target.path[1].removesuffix("_state")
        assert (len(pieces) > 2) == (name in cut), pieces
        wrong = sum(p.missing for p in found.partitions)
        extra = sum(p.extra for p in found.partitions)
        keys = "uniqExact(toDate(at), id % 100)" if name == "days" else "count()"
        lost = "id % 100 = 7" if name == "days" else "id % 9 = 0"
        said = [engine.scalar(f"SELECT {keys} FROM {database}.raw WHERE {where}") for where in ("1", lost)]
        assert [sum(p.sources for p in found.partitions), wrong] == said, name
        assert extra == (2 if name == "by_id" else 0)
        assert len(found.partitions) == months + (name == "by_id")


def test_a_comparison_that_is_too_much_for_a_limit_is_cut_further(engine, database):
    """A memory limit stops no comparison: it is cut by hashes of the keys until each piece fits, disputed keys too."""
    raw = landed(engine, database, 150_000, days=1)
    groups = tl.Aggregation(f"{database}.groups", Group, source=raw, stable=(Raw.id, Raw.at, Raw.v))
    project = tl.project("p", raw, groups)
    tl.apply(tl.plan(project, engine), engine)
    plan = tl.backfill(project, engine)
    tl.apply(plan, engine)
    engine.execute(f"ALTER TABLE {database}.groups_state DELETE WHERE k % 50 = 0 SETTINGS mutations_sync = 1")
    watched = Watched(engine, 14 << 20)
    found = compared(watched, plan, plan.targets[0], slice_rows=10**9)
    assert watched.refused
    assert [(p.sources, p.holds, p.missing, p.extra) for p in found.partitions] == [(150_000, 147_000, 3_000, 0)]
    left = engine.rows(
        "SELECT name FROM system.tables WHERE database = 'tilla' AND name LIKE 'tilla_check_groups_state_t_%'"
    )
    assert not left
    with pytest.raises(errors.RefusedError, match="T613") as refused:
        compared(Watched(engine, 1 << 16), plan, plan.targets[0], slice_rows=10**9)
    assert f"{database}.groups_state" in str(refused.value)


def test_a_measure_that_is_null_on_one_side_is_a_difference(engine, database):
    """NULL is a value of its own: comparing it with another says NULL in SQL, which must not read as equal."""
    raw = landed(engine, database, 3_000, days=1)
    project = tl.project(
        "p", raw, tl.Aggregation(f"{database}.groups", Group, source=raw, stable=(Raw.id, Raw.at, Raw.v))
    )
    tl.apply(tl.plan(project, engine), engine)
    tl.apply(tl.backfill(project, engine), engine)
    nothing, some = "maxState(CAST(NULL, 'Nullable(Int64)'))", "maxState(CAST(5, 'Nullable(Int64)'))"
    state = f"{database}.groups_state"
    for k, most in ((3, some), (4, nothing)):  # 3 is NULL in the sources, 4 is not
        engine.execute(f"ALTER TABLE {state} UPDATE most = (SELECT {most}) WHERE k = {k} SETTINGS mutations_sync = 1")
    report = tl.apply(tl.backfill(project, engine, repair=True), engine)
    (found,) = report.reconciliation
    assert [(p.missing, p.extra) for p in found.partitions] == [(0, 1)]  # 4 is repaired; nobody takes the 5 of 3 away
    assert found.differing == ("most",)


def test_pieces_halve_until_one_bucket_is_left():
    """Every bucket is in one of the halves, and one bucket is the end."""
    piece = Piece("x")
    for expected in (128, 64, 32, 16, 8, 4, 2, 1):
        low, high = piece.halves()
        assert sorted((*low.buckets, *high.buckets)) == sorted(piece.buckets or range(BUCKETS))
        assert len(high.buckets) == expected
        piece = high
    assert piece.halves() is None
