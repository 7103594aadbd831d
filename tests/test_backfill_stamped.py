"""Sums and plain rows over a source that may not be altered: what the server stamps at insert draws the line."""

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
from tilla.backfills import stamped
from tilla.backfills.explain import explain
from tilla.backfills.plan import Backfill
from tilla.ddl.moment import MOMENT
from tilla.engines import MergeTree, ReplacingMergeTree


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    v = tl.column(t.Int64)
    landed = tl.column(t.DateTime)


class Row(tl.Columns):
    id = tl.derive(Raw.id)
    v = tl.derive(Raw.v)
    came = tl.derive(Raw.landed)


class Sums(tl.Columns):
    k = tl.derive(Raw.id % 5)
    n = tl.measure(f.count())
    v = tl.measure(f.sum(Raw.v))


class Below(tl.Columns):
    k = tl.derive(Row.id % 5)
    n = tl.measure(f.count())
    v = tl.measure(f.sum(Row.v))


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """A moment that is near: a test waits for it."""
    monkeypatch.setattr(stamped, "MARGIN", 0.1)
    monkeypatch.setattr(stamped, "SKEW", 0.05)


@attrs.frozen
class Yard:
    """``sums`` and ``plain`` over raw; ``deep`` below plain; ``below`` below a curated table that takes repeats."""

    server: object
    database: str
    project: tl.Project
    sums: tuple[str, ...] = ("sums", "deep", "below")

    def insert(self, first: int, last: int) -> None:
        self.server.execute(
            f"INSERT INTO {self.database}.raw (id, v) SELECT number, number % 11 FROM numbers({first}, {last - first + 1})"
        )

    def check(self, ids):
        """Every row counted once in every target."""
        ids = list(ids)
        want = {}
        for i in ids:
            n, v = want.get(i % 5, (0, 0))
            want[i % 5] = (n + 1, v + i % 11)
        for name in self.sums:
            rows = self.server.rows(f"SELECT k, n, v FROM {self.database}.{name}")
            assert {row["k"]: (row["n"], row["v"]) for row in rows} == want, name
        row = self.server.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {self.database}.plain")[0]
        assert row == {"n": len(ids), "u": len(ids)}


def yard(engine, database, *, stamp="DateTime MATERIALIZED now()", only=()) -> Yard:
    """The objects over a loader's table that has its stamp; nothing is applied yet."""
    engine.execute(
        f"CREATE TABLE {database}.raw (id UInt64, v Int64, landed {stamp}) ENGINE = MergeTree ORDER BY id"
        " PARTITION BY intDiv(id, 1000)"
    )
    raw = tl.Source(f"{database}.raw", Raw, stamped=Raw.landed)
    promise = {"append_only_unique": True}
    curated = tl.MaterializedView(
        f"{database}.curated", Row, source=raw, engine=ReplacingMergeTree(version=Row.came, order_by=Row.id)
    )
    plain = tl.MaterializedView(f"{database}.plain", Row, source=raw, engine=MergeTree(order_by=Row.id), **promise)
    sums = tl.Aggregation(f"{database}.sums", Sums, source=raw, **promise)
    deep = tl.Aggregation(f"{database}.deep", Below, source=plain, **promise)
    below = tl.Aggregation(f"{database}.below", Below, source=curated, stable=(Row.id,), **promise)
    project = tl.project(database, raw, curated, plain, sums, deep, below)
    if not only:
        return Yard(engine, database, project)
    chosen = project.select(*(f"{database}.{name}" for name in only))
    return Yard(engine, database, chosen, tuple(name for name in ("sums", "deep", "below") if name in only))


def applied(made: Yard, server=None, **options):
    tl.apply(tl.plan(made.project, made.server), made.server)
    return tl.apply(tl.backfill(made.project, made.server, slice_rows=1500, **options), server or made.server)


def bounds(made: Yard) -> dict[str, bool]:
    rows = made.server.rows(
        f"SELECT name, position(create_table_query, '{MOMENT}') > 0 AS b FROM system.tables"
        f" WHERE database = '{made.database}' AND engine = 'MaterializedView'"
    )
    return {row["name"]: bool(row["b"]) for row in rows}


def test_every_row_counts_once_and_the_source_is_not_altered(engine, database):
    """A chain, one view alive before, one below a new one: each bounded where it must be; then nothing is to do, and no drift."""
    made = yard(engine, database)
    first = made.project.select(f"{database}.curated")
    tl.apply(tl.plan(first, engine), engine)
    made.insert(0, 2999)
    tl.apply(tl.backfill(first, engine), engine)
    before = engine.scalar(f"SHOW CREATE TABLE {database}.raw")
    plan = tl.plan(made.project, engine)
    tl.apply(plan, engine)
    made.insert(3000, 3099)
    plan = tl.backfill(made.project, engine, slice_rows=1500)
    assert Backfill.from_json(plan.as_json()) == plan
    assert f"history ends at a moment of {database}.raw.landed (MATERIALIZED now())" in str(plan)
    report = tl.apply(plan, engine)
    assert report.agrees, report.reconciliation
    made.insert(3100, 3999)
    made.check(range(4000))
    assert engine.scalar(f"SHOW CREATE TABLE {database}.raw") == before
    assert bounds(made) == {
        "curated_mv": False, "plain_mv": True, "sums_mv": True, "below_mv": True, "deep_mv": False,
    }  # fmt: skip
    again = tl.plan(made.project, engine)
    assert not again, str(again)
    assert not tl.backfill(made.project, engine)
    # and the bounds are taken out again
    tl.apply(tl.backfill(made.project, engine, disarm=True), engine)
    assert not any(bounds(made).values())
    made.insert(4000, 4099)
    made.check(range(4100))
    assert not tl.backfill(made.project, engine)
    assert not tl.plan(made.project, engine)


def test_numbered_rows_that_never_stop_are_counted_once(engine, database):
    """Writers insert without pause, some of them slowly, row by row, from before the first statement until after the last."""
    made = yard(engine, database, stamp="DateTime DEFAULT now()")
    made.insert(0, 1999)
    tl.apply(tl.plan(made.project, engine), engine)
    stop, sent = threading.Event(), [set(range(2000))]

    def write(first, slow):
        own = set()
        with engine.clone() as client:
            writer = Yard(client, database, made.project)
            while not stop.is_set():
                if slow:
                    client.execute(
                        f"INSERT INTO {database}.raw (id, v) SELECT number, number % 11 + sleepEachRow(0.02)"
                        f" FROM numbers({first}, 10) SETTINGS max_block_size = 1, min_insert_block_size_rows = 1,"
                        " min_insert_block_size_bytes = 1, max_threads = 1"
                    )
                else:
                    writer.insert(first, first + 9)
                own.update(range(first, first + 10))
                first += 10
                time.sleep(0.02)
        sent.append(own)

    writers = [threading.Thread(target=write, args=a) for a in ((100_000, False), (500_000, True))]
    for writer in writers:
        writer.start()
    time.sleep(0.1)
    report = tl.apply(tl.backfill(made.project, engine, slice_rows=2500), engine)
    stop.set()
    for writer in writers:
        writer.join()
    made.check(set().union(*sent))
    assert report.agrees, report.reconciliation


def test_a_stamped_sum_that_lost_rows_is_named_and_rebuilt_while_nothing_is_inserted(engine, database):
    """Three moments in a row were not tried: --repair says so and what does it; afterwards the view takes what it took."""
    made = yard(engine, database, only=("sums", "plain"))
    made.insert(0, 999)
    applied(made)
    engine.execute(f"DETACH TABLE {database}.plain_mv")
    made.insert(1000, 1009)
    engine.execute(f"ATTACH TABLE {database}.plain_mv")
    said: list[str] = []
    plan = tl.backfill(made.project, engine, repair=True)
    assert not tl.apply(plan, engine, progress=said.append).agrees
    assert any("is a moment" in line and "--repair --quiesced" in line for line in said), said
    tl.apply(tl.backfill(made.project, engine, repair=True, quiesced=True), engine, allow="destructive")
    made.insert(2000, 2009)
    assert engine.scalar(f"SELECT count() FROM {database}.plain") == 1020
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == 1020
    assert not tl.backfill(made.project, engine)


def test_an_insert_that_outlasts_the_moment_makes_it_a_later_one(engine, database):
    """It missed the view, and may stamp what it still sends after the moment: the view is withdrawn and armed anew."""
    made = yard(engine, database, stamp="DateTime DEFAULT now64(3)", only=("plain", "sums"))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    slow = (
        f"INSERT INTO {database}.raw (id, v) SELECT number, sleepEachRow(0.1) FROM numbers(5000, 50) SETTINGS"
        " max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_threads = 1"
    )
    said: list[str] = []
    plan = tl.backfill(made.project, engine)
    with engine.clone() as other:
        writer = threading.Thread(target=other.execute, args=(slow,))
        writer.start()
        while not engine.scalar(f"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {database}.raw%'"):
            time.sleep(0.01)
        tl.apply(plan, engine, progress=said.append)
        writer.join()
    assert sum("a later moment is chosen" in line for line in said) >= 1
    made.insert(6000, 6009)
    ids = engine.scalar(f"SELECT arraySort(groupArray(id)) FROM {database}.plain")
    assert ids == [*range(1000), *range(5000, 5050), *range(6000, 6010)]
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == 1060


STEPS = ("'begun'", "'dated'", "CREATE MATERIALIZED VIEW", "'armed'", "'sealed'", "'drained'", "'sliced'", "'moving'")


@pytest.mark.parametrize(
    ("step", "late"), [*((step, False) for step in STEPS), *((step, True) for step in STEPS[1:5])],
    ids=lambda v: v if isinstance(v, str) else "late" * v or "at once",
)  # fmt: skip
def test_stopped_at_each_step_it_goes_on(engine, database, step, late):
    """Killed behind each step, rows coming before and after, run again at once or when the moment has passed: each row once."""
    made = yard(engine, database, only=("plain", "deep"))
    made.insert(0, 1999)
    tl.apply(tl.plan(made.project, engine), engine)
    with contextlib.suppress(errors.ServerError):
        tl.apply(tl.backfill(made.project, engine, slice_rows=1500), Mortal(engine, last=step))
    made.insert(5000, 5009)
    if late:
        time.sleep(1.2)
        made.insert(5010, 5019)
    report = tl.apply(tl.backfill(made.project, engine, slice_rows=1500), engine)
    made.insert(6000, 6009)
    assert report.agrees
    made.check([*range(2000), *range(5000, 5020 if late else 5010), *range(6000, 6010)])


def test_killed_before_it_was_sure_and_back_too_late_it_begins_anew(engine, database):
    """An insert ran when the views were armed, and nobody knows whether it ended in time: emptied, and filled from history."""
    made = yard(engine, database, only=("plain", "sums"))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    slow = (
        f"INSERT INTO {database}.raw (id, v) SELECT number, sleepEachRow(0.1) FROM numbers(5000, 50) SETTINGS"
        " max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_threads = 1"
    )
    plan = tl.backfill(made.project, engine)
    with engine.clone() as other:
        writer = threading.Thread(target=other.execute, args=(slow,))
        writer.start()
        while not engine.scalar(f"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {database}.raw%'"):
            time.sleep(0.01)
        with contextlib.suppress(errors.ServerError):
            tl.apply(plan, Mortal(engine, last="'armed'"))
        writer.join()
    time.sleep(1.5)
    made.insert(6000, 6009)  # through the views
    assert engine.scalar(f"SELECT count() FROM {database}.plain") == 10
    said: list[str] = []
    tl.apply(tl.backfill(made.project, engine), engine, progress=said.append)
    assert sum("emptied again" in line for line in said) == 2
    made.insert(7000, 7009)
    ids = engine.scalar(f"SELECT arraySort(groupArray(id)) FROM {database}.plain")
    assert ids == [*range(1000), *range(5000, 5050), *range(6000, 6010), *range(7000, 7010)]
    assert engine.scalar(f"SELECT sum(n) FROM {database}.sums") == 1070


@pytest.mark.parametrize(
    ("stamp", "why"),
    [
        ("DateTime", "it has no default, so whoever inserts stamps it"),
        ("DateTime DEFAULT toDateTime('2026-01-01 00:00:00')", "which is not the time of the insert"),
        ("DateTime DEFAULT nowInBlock()", "which is not the time of the insert"),
        ("DateTime ALIAS now()", "it is ALIAS now()"),
    ],
)
def test_what_the_server_does_not_stamp_is_no_boundary(engine, database, stamp, why):
    """Late rows of a loader's own stamps have old times, and would be in neither part: refused, with the reason and the ways out."""
    made = yard(engine, database, stamp=stamp, only=("plain", "sums"))
    made.insert(0, 9)
    project = made.project
    tl.apply(tl.plan(project, engine), engine)
    with pytest.raises(errors.RefusedError) as refused:
        tl.backfill(project, engine)
    told = str(refused.value)
    assert told.count("T630") == 2
    assert why in told
    assert "MATERIALIZED now64(3)" in told
    assert "--quiesced" in told


def test_rows_from_the_future_were_sent(engine, database):
    """DEFAULT can be overridden by a client; rows that are stamped later than now show that one did."""
    made = yard(engine, database, stamp="DateTime DEFAULT now64(3)", only=("plain",))
    made.insert(0, 9)
    engine.execute(f"INSERT INTO {database}.raw VALUES (77, 1, now() + 86400)")
    tl.apply(tl.plan(made.project, engine), engine)
    plan = tl.backfill(made.project, engine)
    assert "right as long as no client sends a value of its own" in str(plan)
    with pytest.raises(errors.RefusedError, match=r"T630 .*1 rows are stamped later than now"):
        tl.apply(plan, engine)


def test_a_view_that_was_alive_must_hand_the_stamp_on(engine, database):
    """Below an alive view rows are told apart by the stamp that it hands on; where it does not, the refusal says what to add."""
    made = yard(engine, database)

    class Bare(tl.Columns):
        id = tl.derive(Raw.id)
        v = tl.derive(Raw.v)

    class Deep(tl.Columns):
        k = tl.derive(Bare.id % 5)
        n = tl.measure(f.count())

    raw = tl.Source(f"{database}.raw", Raw, stamped=Raw.landed)
    bare = tl.MaterializedView(
        f"{database}.bare", Bare, source=raw, engine=ReplacingMergeTree(version=Bare.v, order_by=Bare.id)
    )
    deep = tl.Aggregation(f"{database}.low", Deep, source=bare, stable=(Bare.id,), append_only_unique=True)
    project = tl.project("p", raw, bare, deep)
    made.insert(0, 9)
    tl.apply(tl.plan(project, engine), engine)
    with pytest.raises(
        errors.RefusedError, match=rf"T618 .*{database}.bare_mv is alive and does not hand landed .* on"
    ):
        tl.backfill(project, engine)


def test_the_explanation_says_who_stamps_and_what_could_break_it(engine, database):
    """Without a server: one sentence, with the limit of DEFAULT in it."""
    made = yard(engine, database)
    told = {item.target: item for item in explain(made.project)}
    item = told[f"{database}.plain"]
    assert item.kind == "needs a boundary"
    assert (
        f"{database}.raw.landed, which the server stamps at every insert, gives it, and nothing is altered"
        in item.sentence
    )
    assert "no client sends a value of its own" in item.sentence


def test_a_stamp_that_vanished_is_told_and_the_view_let_go(engine, database):
    """The loader's new table has no such column: inserts fail until backfill gives the view its declared SELECT, and says so."""
    made = yard(engine, database, only=("plain",))
    engine.execute(f"ALTER TABLE {database}.raw ADD COLUMN other DateTime MATERIALIZED now()")
    made.insert(0, 99)
    applied(made)
    engine.execute(f"ALTER TABLE {database}.plain_mv MODIFY QUERY {_over_other(engine, database)}")
    engine.execute(
        f"CREATE TABLE {database}.fresh (id UInt64, v Int64, landed DateTime MATERIALIZED now()) ENGINE = MergeTree ORDER BY id"
    )
    engine.execute(f"EXCHANGE TABLES {database}.fresh AND {database}.raw")
    with pytest.raises(errors.StatementRefused):
        made.insert(100, 109)
    said: list[str] = []
    tl.apply(tl.backfill(made.project, engine), engine, progress=said.append)
    assert any("has lost the column other" in line for line in said), said
    made.insert(200, 209)
    assert engine.scalar(f"SELECT count() FROM {database}.plain WHERE id >= 200") == 10


def _over_other(engine, database) -> str:
    create = engine.scalar(
        f"SELECT create_table_query FROM system.tables WHERE database = '{database}' AND name = 'plain_mv'"
    )
    return create.partition(" AS ")[2].replace("WHERE landed >=", "WHERE other >=")


def test_only_a_moment_of_the_table_can_be_stamped():
    """Another table's column, a number, a moment that may be NULL: refused where it is declared."""

    class Other(tl.Columns):
        at = tl.column(t.DateTime)
        maybe = tl.column(t.Nullable(t.DateTime))
        number = tl.column(t.UInt64)

    for column, code in ((Raw.landed, "T00"), (Other.maybe, "T138"), (Other.number, "T138")):
        with pytest.raises(errors.DeclarationError, match=code):
            tl.Source("raw.x", Other, stamped=column)
    assert tl.Source("raw.x", Other, stamped=Other.at) != tl.Source("raw.x", Other)
    with pytest.raises(errors.DeclarationError, match="T138"):
        tl.Table("raw.x", Other, engine=MergeTree(order_by=Other.number), stamped=Other.maybe)
