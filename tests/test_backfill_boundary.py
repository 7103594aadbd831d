"""Sums and plain rows: a generation column draws the line, through crashes and chains, and is taken out again."""

from __future__ import annotations

import contextlib
import threading
import time

import attrs
import pytest

import tilla as tl
from tests.support.backfills import Mortal
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.backfills.plan import Backfill
from tilla.backfills.reconciliation import table
from tilla.ddl.generation import GENERATION
from tilla.engines import MergeTree, ReplacingMergeTree


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    v = tl.column(t.Int64)


class Row(tl.Columns):
    id = tl.derive(Raw.id)
    v = tl.derive(Raw.v)


class Sums(tl.Columns):
    k = tl.derive(Raw.id % 5)
    n = tl.measure(f.count())
    v = tl.measure(f.sum(Raw.v))


class Below(tl.Columns):
    k = tl.derive(Row.id % 5)
    n = tl.measure(f.count())
    v = tl.measure(f.sum(Row.v))


TARGETS = ("plain", "sums_state", "below_state", "both", "deep_state")


@attrs.frozen
class Yard:
    """``sums`` and ``plain`` over raw; ``below`` sums over a curated table; ``both`` has rows of two sources, ``deep`` sums it."""

    server: object
    database: str
    project: tl.Project

    def insert(self, first: int, last: int, table: str = "raw") -> None:
        self.server.execute(
            f"INSERT INTO {self.database}.{table} (id, v) SELECT number, number % 11 - 3 FROM numbers({first}, {last - first + 1})"
        )

    def check(self, ids, others=()):
        """Every row counted once in every target."""

        def want(numbers):
            groups = {}
            for i in numbers:
                n, v = groups.get(i % 5, (0, 0))
                groups[i % 5] = (n + 1, v + i % 11 - 3)
            return groups

        read = self.server.rows
        ids, others = list(ids), list(others)
        for name, numbers in (("sums", ids), ("below", ids), ("deep", ids + others)):
            found = {row["k"]: (row["n"], row["v"]) for row in read(f"SELECT k, n, v FROM {self.database}.{name}")}
            assert found == want(numbers), name
        for name, numbers in (("plain", ids), ("`both`", ids + others)):
            row = read(f"SELECT count() AS n, uniqExact(id) AS u, sum(v) AS v FROM {self.database}.{name}")[0]
            assert row == {
                "n": len(numbers), "u": len(set(numbers)), "v": sum(i % 11 - 3 for i in numbers),
            }, name  # fmt: skip

    def has_column(self) -> set[str]:
        rows = self.server.rows(
            f"SELECT DISTINCT table FROM system.columns WHERE database = '{self.database}' AND name = '{GENERATION}'"
            f" AND table IN (SELECT name FROM system.tables WHERE database = '{self.database}' AND engine LIKE '%MergeTree')"
        )
        return {row["table"] for row in rows}


def yard(engine, database, *, owned=True, only=(), landed=True) -> Yard:
    """The objects, applied over empty tables of raw rows, if they are ``landed``; nothing below them is armed yet."""
    kind = tl.Table if owned else tl.Source
    raw, raw2 = (
        kind(f"{database}.{name}", Raw, engine=MergeTree(order_by=Raw.id, partition_by=f.raw("intDiv", Raw.id, 1000)))
        for name in ("raw", "raw2")
    )
    promise = {"append_only_unique": True}
    curated = tl.MaterializedView(
        f"{database}.curated", Row, source=raw, engine=ReplacingMergeTree(version=Row.v, order_by=Row.id)
    )
    plain = tl.MaterializedView(f"{database}.plain", Row, source=raw, engine=MergeTree(order_by=Row.id), **promise)
    sums = tl.Aggregation(f"{database}.sums", Sums, source=raw, **promise)
    below = tl.Aggregation(f"{database}.below", Below, source=curated, stable=(Row.id,), **promise)
    both = tl.Table(f"{database}.both", plain.columns, engine=MergeTree(order_by=Row.id))
    one = tl.MaterializedView(f"{database}.one", Row, source=raw, to=both, **promise)
    two = tl.MaterializedView(f"{database}.two", Row, source=raw2, to=both, **promise)
    deep = tl.Aggregation(f"{database}.deep", Below, source=both, **promise)
    project = tl.project(database, raw, raw2, curated, plain, sums, below, both, one, two, deep)
    if only:
        project = project.select(*(f"{database}.{name}" for name in only))
    for name in ("raw", "raw2") if landed else ():
        engine.execute(
            f"CREATE TABLE {database}.{name} (id UInt64, v Int64) ENGINE = MergeTree ORDER BY id PARTITION BY intDiv(id, 1000)"
        )
    return Yard(engine, database, project)


def applied(made: Yard, server=None, **options):
    server = server or made.server
    tl.apply(tl.plan(made.project, server), server)
    return tl.apply(tl.backfill(made.project, server, slice_rows=1500, **options), server)


def test_sums_over_rows_that_were_there_and_rows_that_come(engine, database):
    """Chains, two views into one table, a curated table in between that was alive before: every row once (B14's way out)."""
    made = yard(engine, database)
    first = made.project.select(f"{database}.curated")
    tl.apply(tl.plan(first, engine), engine)
    made.insert(0, 2999)  # the upper view is alive already
    made.insert(5000, 5999, "raw2")
    tl.apply(tl.backfill(first, engine), engine)
    plan = tl.plan(made.project, engine)
    tl.apply(plan, engine)
    assert sum("history" in step.detail for step in plan.pending) == 6
    made.insert(3000, 3099)
    plan = tl.backfill(made.project, engine, slice_rows=1500)
    assert Backfill.from_json(plan.as_json()) == plan
    report = tl.apply(plan, engine)
    assert report.agrees, report.reconciliation
    made.insert(3100, 3999)
    made.insert(6000, 6999, "raw2")
    made.check(range(4000), [*range(5000, 6000), *range(6000, 7000)])
    assert made.has_column() == {"raw", "raw2", "curated", "both"}
    # The bound is no drift, and there is nothing more to do.
    again = tl.plan(made.project, engine)
    assert not again, str(again)
    assert not tl.backfill(made.project, engine)


def test_a_later_target_counts_the_generation_up(engine, database):
    """A second target over a source that was bounded before gets the next generation; the first goes on as it was."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    made.insert(1000, 1999)
    more = _more(engine, database)
    applied(more)
    made.insert(2000, 2999)
    for name in ("sums", "other"):
        rows = engine.rows(f"SELECT sum(n) AS n, sum(v) AS v FROM {database}.{name}")
        assert rows == [{"n": 3000, "v": sum(i % 11 - 3 for i in range(3000))}], name
    texts = engine.rows(
        f"SELECT create_table_query AS q FROM system.tables WHERE database = '{database}' AND name LIKE '%_mv'"
    )
    assert sorted(row["q"].partition(f"{GENERATION} >= ")[2][0] for row in texts) == ["1", "2"]


def _more(engine, database) -> Yard:
    """``other`` beside ``sums``."""
    raw = tl.Table(
        f"{database}.raw", Raw, engine=MergeTree(order_by=Raw.id, partition_by=f.raw("intDiv", Raw.id, 1000))
    )
    made = [
        tl.Aggregation(f"{database}.{name}", Sums, source=raw, append_only_unique=True) for name in ("sums", "other")
    ]
    return Yard(engine, database, tl.project(database, raw, *made))


def test_killed_while_the_boundary_is_drawn_and_after(engine, database):
    """Stopped every few statements, a writer in between, run again: every row once; the line is drawn once."""
    made = yard(engine, database)
    made.insert(0, 1999)
    made.insert(5000, 5999, "raw2")
    ids, others = set(range(2000)), set(range(5000, 6000))
    tl.apply(tl.plan(made.project, engine), engine)
    after, deaths = 10_000, 0

    def write(number, sql):
        nonlocal after
        if number % 11 == 0:
            made.insert(after, after + 9)
            ids.update(range(after, after + 10))
            made.insert(after + 10, after + 13, "raw2")
            others.update(range(after + 10, after + 14))
            after += 14

    def run(lives):
        server = Mortal(engine, lives, write)
        with contextlib.suppress(errors.ServerError):
            plan = tl.backfill(made.project, engine, slice_rows=1500)
            tl.apply(plan, server)
        return not server.dead

    schedule = [16, 19, 22, 25, 28, 31, 34, 38, 45, 60, 90, 150]  # most of them while the boundary is drawn
    while not run(schedule[deaths] if deaths < len(schedule) else 10**9):
        deaths += 1
    assert deaths > 5
    made.insert(after, after + 9)
    made.check([*ids, *range(after, after + 10)], others)


def test_numbered_rows_that_never_stop_are_summed_once(engine, database):
    """Writers insert without pause from before the first statement until after the last."""
    made = yard(engine, database)
    made.insert(0, 1999)
    tl.apply(tl.plan(made.project, engine), engine)
    stop = threading.Event()
    sent = {"raw": set(range(2000)), "raw2": set()}

    def write(table, first):
        with engine.clone() as client:
            writer = Yard(client, database, made.project)
            while not stop.is_set():
                writer.insert(first, first + 9, table)
                sent[table].update(range(first, first + 10))
                first += 10
                time.sleep(0.02)

    writers = [threading.Thread(target=write, args=a) for a in (("raw", 100_000), ("raw2", 500_000))]
    for writer in writers:
        writer.start()
    time.sleep(0.1)
    report = tl.apply(tl.backfill(made.project, engine, slice_rows=2500), engine)
    stop.set()
    for writer in writers:
        writer.join()
    made.check(sent["raw"], sent["raw2"])
    assert report.agrees, report.reconciliation


def test_a_loaders_table_needs_its_syncs_paused(engine, database):
    """A column is added to a loader's table only when its syncs are said to rest; every target is told at once."""
    made = yard(engine, database, owned=False)
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    with pytest.raises(errors.RefusedError, match=r"(?s)T616 .*--syncs-paused") as refused:
        tl.backfill(made.project, engine)
    assert len(refused.value.mistakes) >= 4
    assert not made.has_column()
    applied(made, syncs_paused=True)
    made.insert(1000, 1099)
    made.check(range(1100))


def test_the_boundary_is_taken_out_again(engine, database):
    """--disarm: the declared SELECTs are back, the columns are gone, rows go on being counted, nothing else is to do."""
    made = yard(engine, database)
    made.insert(0, 1999)
    applied(made)
    made.insert(2000, 2099)
    plan = tl.backfill(made.project, engine, disarm=True)
    assert plan
    tl.apply(plan, engine)
    assert made.has_column() == set()
    live = engine.scalar(
        f"SELECT countIf(create_table_query LIKE '%{GENERATION}%') FROM system.tables WHERE database = '{database}'"
    )
    assert live == 0
    made.insert(2100, 2199)
    made.check(range(2200))
    assert not tl.plan(made.project, engine)
    assert not tl.backfill(made.project, engine)
    assert not tl.backfill(made.project, engine, disarm=True)


def test_a_boundary_stays_until_the_history_is_in(engine, database):
    """--disarm before the last slice is refused: the rest could not be told from new rows."""
    made = yard(engine, database)
    made.insert(0, 1999)
    tl.apply(tl.plan(made.project, engine), engine)
    with contextlib.suppress(errors.ServerError):
        tl.apply(tl.backfill(made.project, engine), Mortal(engine, last="'staged'"))
    with pytest.raises(errors.RefusedError, match=r"T620 .*not filled yet"):
        tl.backfill(made.project, engine, disarm=True)
    tl.apply(tl.backfill(made.project, engine), engine)
    made.check(range(2000))


def test_a_source_that_was_swapped_is_told_and_its_view_let_go(engine, database):
    """A loader exchanged its table: inserts fail on the bounded view until backfill gives it its declared SELECT, and says so."""
    made = yard(engine, database, owned=False, only=("sums",))
    made.insert(0, 999)
    applied(made, syncs_paused=True)
    engine.execute(f"CREATE TABLE {database}.fresh (id UInt64, v Int64) ENGINE = MergeTree ORDER BY id")
    engine.execute(f"EXCHANGE TABLES {database}.fresh AND {database}.raw")
    with pytest.raises(errors.StatementRefused):
        made.insert(1000, 1009)
    said = []
    tl.apply(tl.backfill(made.project, engine), engine, progress=said.append)
    assert any("has lost its generation column" in line for line in said)
    before = engine.scalar(f"SELECT sum(n) FROM {database}.sums")
    made.insert(1010, 1019)
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == before + 10


def test_a_view_that_was_alive_without_a_boundary_is_refused(engine, database):
    """Which rows went through it cannot be told: refused, with the rebuild as the way out, and that is exact."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    from tilla.ddl.write import create_trigger

    trigger = next(p for p in made.project.parts if p.path == (database, "sums_mv"))
    engine.execute(create_trigger(trigger))
    made.insert(1000, 1099)
    with pytest.raises(errors.RefusedError, match=r"T617 .*alive without a boundary.*\n.*quiesced"):
        tl.backfill(made.project, engine)
    tl.apply(tl.backfill(made.project, engine, quiesced=True), engine, allow="destructive")
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == 1100
    assert not tl.backfill(made.project, engine)


def test_a_filled_view_that_is_gone_is_told(engine, database):
    """Dropped after it was filled, a view of sums missed rows: refused, not "filled"; the rebuild makes it right."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    engine.execute(f"DROP TABLE {database}.sums_mv SYNC")
    made.insert(1000, 1099)
    with pytest.raises(errors.RefusedError, match=r"T619 .*gone"):
        tl.backfill(made.project, engine)
    tl.apply(tl.backfill(made.project, engine, quiesced=True), engine, allow="destructive")
    made.insert(1100, 1199)
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == 1200
    assert not tl.backfill(made.project, engine)


def test_a_wrong_sum_is_named(engine, database):
    """A row that is in the source and not in the sum, and one too many: each counted by the comparison."""
    made = yard(engine, database, only=("sums", "plain"))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    plan = tl.backfill(made.project, engine)
    server = Mortal(engine, between=lambda n, sql: None)

    def spoil(number, sql):
        if "INSERT INTO tilla.history" in sql and f"{database}.plain" in sql:
            engine.execute(f"INSERT INTO {database}.plain VALUES (7777, 1)")
        if "INSERT INTO tilla.history" in sql and f"{database}.sums" in sql:
            engine.execute(f"DETACH TABLE {database}.sums_mv")
            made.insert(2000, 2000)
            engine.execute(f"ATTACH TABLE {database}.sums_mv")

    server.between = spoil
    report = tl.apply(plan, server)
    wrong = {
        item.target: [(p.missing, p.extra) for p in item.partitions if not p.agrees] for item in report.reconciliation
    }
    assert wrong == {f"{database}.sums_state": [(1, 0)], f"{database}.plain": [(0, 1)]}


def test_a_sum_that_never_rests_is_not_called_right(engine, database):
    """A loss hides in groups that grow while they are looked at: said to be unsure, compared again, and then named."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    numbers = iter(range(5000, 10**6, 1000))

    def rush(number, sql):
        if "INSERT INTO tilla.history" in sql:  # one row is lost: it comes while the view is away
            engine.execute(f"DETACH TABLE {database}.sums_mv")
            made.insert(2000, 2000)
            engine.execute(f"ATTACH TABLE {database}.sums_mv")
        if "tilla_k" in sql or "INSERT INTO tilla.tilla_check" in sql:
            first = next(numbers)
            made.insert(first, first + 99)

    report = tl.apply(tl.backfill(made.project, engine), Mortal(engine, between=rush))
    assert report.agrees
    assert sum(p.unsure for item in report.reconciliation for p in item.partitions) > 0
    assert "kept changing; run it again while the loader rests" in table(report.reconciliation)
    again = tl.backfill(made.project, engine)
    assert (bool(again), again.targets) == (True, ())
    calm = tl.apply(again, engine)
    assert [(p.missing, p.extra, p.unsure) for p in calm.reconciliation[0].partitions] == [(1, 0, 0)]
    assert not tl.backfill(made.project, engine)


def test_a_signed_sum_that_swings_while_it_is_looked_at_is_not_called_wrong(engine, database):
    """Down between the first two readings, up before the third: outside of both, and right. A count outside of both is wrong."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    swings = iter((-5000, 9000) * 100)

    def swing(number, sql):
        if "INSERT INTO tilla.tilla_check" in sql:
            engine.execute(f"INSERT INTO {database}.raw (id, v) SELECT number, {next(swings)} FROM numbers(5)")

    def looked_at():
        made.insert(0, 4)  # so that there is something to look at
        server = Mortal(engine, between=swing)
        plan = tl.backfill(made.project, engine, repair=True)
        rushed = iter(range(2000, 10**6, 1000))

        def both(number, sql):
            if "tilla_k" in sql and "tilla_check" not in sql:
                first = next(rushed)
                made.insert(first, first + 9)
            swing(number, sql)

        server.between = both
        return tl.apply(attrs.evolve(plan, anew=()), server).reconciliation[0]

    found = looked_at()
    assert [(p.missing, p.extra) for p in found.partitions] == [(0, 0)], found
    assert sum(p.unsure for p in found.partitions) == 5
    engine.execute(
        f"ALTER TABLE {database}.sums_state UPDATE n = arrayReduce('countState', range(1)) WHERE k = 3 SETTINGS mutations_sync = 2"
    )
    found = looked_at()
    assert [p.missing for p in found.partitions] == [1], found


@pytest.mark.parametrize("state", ["nothing", "all", "all and merged", "one of two equal parts"])
def test_a_move_that_was_cut_is_taken_up_part_by_part(engine, database, state):
    """MOVE PARTITION renames parts into the target first and takes them off the stage later: in both is in, not twice."""
    made = yard(engine, database, only=("plain",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    with contextlib.suppress(errors.ServerError):
        tl.apply(tl.backfill(made.project, engine), Mortal(engine, last="'moving'"))
    stage = engine.scalar(
        f"SELECT JSONExtractString(detail, 'stage') FROM tilla.journal WHERE target = '{database}.plain' AND state = 'moving'"
    )
    rows = 1000
    if state == "one of two equal parts":  # two parts with the same content: one of them is in
        engine.execute(f"ALTER TABLE {database}.plain ATTACH PARTITION ID 'all' FROM {stage}")
        engine.execute(f"INSERT INTO {stage} SELECT * FROM {stage}")
        engine.execute(f"ALTER TABLE {database}.plain MODIFY SETTING non_replicated_deduplication_window = 0")
        rows = 2000
    elif state != "nothing":
        engine.execute(f"ALTER TABLE {database}.plain ATTACH PARTITION ID 'all' FROM {stage}")
    made.insert(1000, 1009)
    if state == "all and merged":
        engine.execute(f"OPTIMIZE TABLE {database}.plain FINAL")
    tl.apply(tl.backfill(made.project, engine, reconcile=False), engine)
    found = engine.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {database}.plain")
    assert found == [{"n": rows + 10, "u": 1010}]
    assert "old_parts_lifetime" not in engine.scalar(f"SHOW CREATE TABLE {database}.plain")  # raised for the run alone


def test_a_move_in_doubt_is_asked_about(engine, database):
    """So long ago that the server has forgotten merged parts: nobody guesses whether rows of sums are in."""
    made = yard(engine, database, only=("plain",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    with contextlib.suppress(errors.ServerError):
        tl.apply(tl.backfill(made.project, engine), Mortal(engine, last="'moving'"))
    engine.execute(f"ALTER TABLE {database}.plain MODIFY SETTING old_parts_lifetime = 1")
    made.insert(1000, 1009)
    time.sleep(1.2)
    with pytest.raises(errors.RefusedError, match=r"T614 .*cannot be seen any more"):
        tl.apply(tl.backfill(made.project, engine), engine)
    stage = engine.scalar(
        "SELECT argMax(JSONExtractString(detail, 'stage'), seq) FROM tilla.journal"
        f" WHERE target = '{database}.plain' AND state = 'moving'"
    )
    engine.execute(f"ALTER TABLE {stage} MOVE PARTITION ID 'all' TO TABLE {database}.plain")
    tl.apply(tl.backfill(made.project, engine), engine)
    assert engine.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {database}.plain") == [{"n": 1010, "u": 1010}]


def test_modify_query_checks_names_first(engine, database):
    """ClickHouse takes a SELECT whose names are not the target's and loses the values (B16's kind): Tilla looks first."""
    from tilla.backfills.boundary import modify
    from tilla.ddl.replicas import ONE

    engine.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = MergeTree ORDER BY a")
    engine.execute(f"CREATE TABLE {database}.s (a UInt8) ENGINE = MergeTree ORDER BY a")
    engine.execute(f"CREATE MATERIALIZED VIEW {database}.m TO {database}.t AS SELECT a FROM {database}.s")
    with pytest.raises(errors.RefusedError, match=r"T621 .*gives b"):
        modify(engine, (database, "m"), f"SELECT a AS b FROM {database}.s", (database, "t"), ONE)


def test_a_quiet_comparison_is_two_reads(engine, database):
    """Where nobody writes, both sides sum up to the same, kind by kind: keys, groups, plain rows; nothing is copied."""
    made = yard(engine, database)
    made.insert(0, 2999)
    made.insert(5000, 5999, "raw2")
    tl.apply(tl.plan(made.project, engine), engine)
    server = Mortal(engine)
    report = tl.apply(tl.backfill(made.project, server), server)
    assert report.agrees
    assert {item.kind for item in report.reconciliation} == {"versions", "groups", "rows"}
    assert not [sql for sql in server.asked if sql.startswith("CREATE TABLE") and "tilla_check" in sql]
