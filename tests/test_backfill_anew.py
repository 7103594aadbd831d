"""``--repair`` of sums and plain rows: built anew beside their views, stopped anywhere, while rows keep coming."""

from __future__ import annotations

import contextlib
import threading
import time

import attrs
import pytest

import tilla as tl
from tests.support.backfills import Mortal
from tests.test_backfill_boundary import Yard, applied, yard
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.backfills.plan import Backfill
from tilla.engines import MergeTree


def lose(made: Yard, view: str, first: int, last: int, table: str = "raw") -> None:
    """Rows that are in the source and went through no view."""
    made.server.execute(f"DETACH TABLE {made.database}.{view}")
    made.insert(first, last, table)
    made.server.execute(f"ATTACH TABLE {made.database}.{view}")


def sums(made: Yard) -> tuple[int, int]:
    row = made.server.rows(f"SELECT sum(n) AS n, sum(v) AS v FROM {made.database}.sums")[0]
    return row["n"], row["v"]


def right(numbers) -> tuple[int, int]:
    numbers = list(numbers)
    return len(numbers), sum(i % 11 - 3 for i in numbers)


def left_behind(made: Yard) -> list[str]:
    rows = made.server.rows(
        f"SELECT name FROM system.tables WHERE database = '{made.database}' AND name LIKE 'tilla\\_%'"
    )
    return [row["name"] for row in rows]


def repaired(made: Yard, server=None, *, allow="rights", said=None, **options):
    plan = tl.backfill(made.project, made.server, repair=True, slice_rows=1500, **options)
    return tl.apply(plan, server or made.server, allow=allow, progress=(said if said is not None else []).append)


def test_what_is_lacking_is_made_up_for_and_rows_keep_coming(engine, database):
    """A lost batch in sums, plain rows and a table of two views: each is built anew, the others are left alone."""
    made = yard(engine, database, only=("sums", "plain", "both", "one", "two"))
    made.insert(0, 2999)
    made.insert(5000, 5999, "raw2")
    applied(made)
    lose(made, "sums_mv", 10_000, 10_009)  # plain and both have them
    for view in ("plain_mv", "two"):
        lose(made, view, 20_000, 20_004, "raw" if view == "plain_mv" else "raw2")
    made.insert(30_000, 30_009)
    plan = tl.backfill(made.project, engine, repair=True)
    assert Backfill.from_json(plan.as_json()) == plan
    said: list[str] = []
    report = repaired(made, said=said)
    assert report.agrees, report.reconciliation
    built = [line for line in said if "building it anew" in line]
    assert len(built) == 3
    made.insert(40_000, 40_009)
    ids = [*range(3000), *range(10_000, 10_010), *range(20_000, 20_005), *range(30_000, 30_010), *range(40_000, 40_010)]
    others = [*range(5000, 6000), *range(20_000, 20_005)]
    assert sums(made) == right(ids)
    for name, numbers in (("plain", ids), ("`both`", ids + others)):
        rows = engine.rows(f"SELECT count() AS n, sum(v) AS v FROM {database}.{name}")[0]
        assert (rows["n"], rows["v"]) == right(numbers), name
    assert not left_behind(made)
    assert not tl.backfill(made.project, engine)
    again = repaired(made, said=(said := []))
    assert again.agrees
    assert not [line for line in said if "anew" in line]
    assert not tl.plan(made.project, engine)


# Where a rebuild is stopped, in the order in which it gets there.
STOPS = (
    ", anew', '", "ADD COLUMN", "MATERIALIZE COLUMN", "'carried'", "'line 1'", "MODIFY COLUMN", "'frozen 1'", "CREATE TABLE IF NOT EXISTS",
    "'made'", "'staging'", "'moving'", "MOVE PARTITION", "'filled'", "'line 2'", "MODIFY COLUMN", "'frozen 2'", "'moving'", "'filled'",
    "DROP TABLE IF EXISTS", "'closed'", "EXCHANGE TABLES", "'exchanged'", "'line 3'", "CREATE MATERIALIZED VIEW", "'armed'",
    "MODIFY COLUMN", "'frozen 3'", "'staged'", "MOVE PARTITION", "'filled'", "tilla.history", "built anew", "SYNC",
)  # fmt: skip


def test_killed_at_every_step_and_gone_on_with(engine, database):
    """Stopped behind each statement of the rebuild, rows coming in between: nothing is lost or counted twice."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    tl.apply(tl.backfill(made.project, engine, disarm=True), engine)  # so that the column has to come again
    lose(made, "sums_mv", 5000, 5004)
    ids, after, deaths = {*range(1000), *range(5000, 5005)}, 10_000, 0
    for stop in STOPS:
        server = Mortal(engine, last=stop)
        begun: list[int] = []

        def watch(number, sql, begun=begun):
            if ", anew" in sql and "INSERT INTO tilla.journal" in sql:
                begun.append(number)

        server.between = watch
        plan = tl.backfill(made.project, engine, repair=True)
        with contextlib.suppress(errors.ServerError):
            tl.apply(plan, server)
        deaths += server.dead
        made.insert(after, after + 4)
        ids.update(range(after, after + 5))
        after += 5
        if begun:
            assert not tl.plan(
                made.project, engine
            ).changes  # a view that is gone for a moment is not created by `apply`
    rest = tl.backfill(made.project, engine)  # goes on with it, whatever is asked for
    report = tl.apply(rest, engine)
    made.insert(after, after + 4)
    ids.update(range(after, after + 5))
    assert deaths > 25, deaths
    assert report.agrees, report.reconciliation
    assert sums(made) == right(ids)
    assert not left_behind(made)
    assert not tl.backfill(made.project, engine)


def test_numbered_rows_that_never_stop_are_summed_once(engine, database):
    """Writers insert without pause, some of them slowly, while sums and plain rows are built anew, twice stopped in between."""
    made = yard(engine, database, only=("sums", "plain"))
    made.insert(0, 1999)
    applied(made)
    lose(made, "sums_mv", 3000, 3001)
    lose(made, "plain_mv", 3002, 3003)
    stop, sent = threading.Event(), [{*range(2000)}, {*range(3000, 3004)}]

    def write(first, slow):
        own: set[int] = set()
        with engine.clone() as client:
            writer = Yard(client, database, made.project)
            while not stop.is_set():
                if slow:
                    client.execute(
                        f"INSERT INTO {database}.raw (id, v) SELECT number, number % 11 - 3 + sleepEachRow(0.01)"
                        f" FROM numbers({first}, 10) SETTINGS max_block_size = 1, min_insert_block_size_rows = 1,"
                        " min_insert_block_size_bytes = 1, max_threads = 1"
                    )
                else:
                    writer.insert(first, first + 9)
                own.update(range(first, first + 10))
                first += 10
                time.sleep(0.01)
        sent.append(own)

    writers = [threading.Thread(target=write, args=a) for a in ((100_000, False), (500_000, True))]
    for writer in writers:
        writer.start()
    time.sleep(0.1)
    for last in ("'closed'", "EXCHANGE TABLES", ""):
        server = Mortal(engine, last=last)
        with contextlib.suppress(errors.ServerError):
            plan = tl.backfill(made.project, engine, repair=True, slice_rows=2500)
            forced = attrs.evolve(plan, anew=tuple(attrs.evolve(one, why="a test") for one in plan.anew))
            tl.apply(forced, server)
    stop.set()
    for writer in writers:
        writer.join()
    ids = set().union(*sent)
    tl.apply(tl.backfill(made.project, engine), engine)
    assert sums(made) == right(ids)
    rows = engine.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {database}.plain")[0]
    assert rows == {"n": len(ids), "u": len(ids)}
    assert not left_behind(made)


def test_what_a_target_holds_beyond_its_sources_is_given_up_only_when_that_is_allowed(engine, database):
    """A row by hand, or one that was sent again, is no row of the sources: named, kept, and dropped with --allow destructive."""
    made = yard(engine, database, only=("plain",))
    made.insert(0, 999)
    applied(made)
    engine.execute(f"INSERT INTO {database}.plain VALUES (7777, 1)")
    said: list[str] = []
    report = repaired(made, said=said)
    assert [(p.missing, p.extra) for p in report.reconciliation[0].partitions] == [(0, 1)]
    assert any("holds more than its sources say; --allow destructive" in line for line in said)
    assert engine.scalar(f"SELECT count() FROM {database}.plain") == 1001
    assert repaired(made, allow="destructive").agrees
    assert engine.scalar(f"SELECT count() FROM {database}.plain WHERE id = 7777") == 0


@pytest.mark.parametrize("how", ["view dropped", "never bounded", "unmarked", "emptied"])
def test_what_could_not_be_told_any_more_is_built_anew(engine, database, how):
    """A view that was gone, one that was alive without a boundary, a marker that was taken away, TRUNCATE: --repair mends each."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    if how == "never bounded":
        from tilla.ddl.write import create_trigger

        tl.apply(tl.plan(made.project, engine), engine)
        engine.execute(create_trigger(next(p for p in made.project.parts if p.path == (database, "sums_mv"))))
    else:
        applied(made)
    if how == "view dropped":
        engine.execute(f"DROP TABLE {database}.sums_mv SYNC")
    elif how == "unmarked":
        engine.execute(
            f"ALTER TABLE tilla.history DELETE WHERE target = '{database}.sums_state' SETTINGS mutations_sync = 2"
        )
    elif how == "emptied":
        engine.execute(f"TRUNCATE TABLE {database}.sums_state")
    made.insert(2000, 2009)
    if how == "emptied":
        assert not tl.apply(tl.backfill(made.project, engine), engine).agrees
    else:
        with pytest.raises(errors.RefusedError, match=r"T61[79] .*\n.*--repair"):
            tl.backfill(made.project, engine)
        assert "> rebuild " in str(tl.backfill(made.project, engine, repair=True))
    report = repaired(made)
    assert report.agrees
    made.insert(3000, 3009)
    assert sums(made) == right([*range(1000), *range(2000, 2010), *range(3000, 3010)])
    assert not tl.backfill(made.project, engine)


def test_a_chain_is_built_anew_over_the_generation_that_is_handed_down(engine, database):
    """Below a curated table that was alive: the rows of the root are what counts, not what the table in between still has."""
    made = yard(engine, database, only=("curated", "below"))
    made.insert(0, 1999)
    applied(made)
    made.insert(0, 99)  # sent again: the curated table collapses it, the sum counts it
    lose(made, "below_mv", 5000, 5009)
    assert repaired(made).agrees
    made.insert(6000, 6009)
    rows = engine.rows(f"SELECT sum(n) AS n, sum(v) AS v FROM {database}.below")[0]
    assert (rows["n"], rows["v"]) == right([*range(2000), *range(100), *range(5000, 5010), *range(6000, 6010)])


def test_a_number_of_the_declaration_is_not_taken_for_a_generation(engine, database):
    """The generation that the views wait for stands in for a number that a SELECT may have, too."""

    class Row(tl.Columns):
        v = tl.column(t.UInt64)

    class High(tl.Columns):
        high = tl.measure(f.count_if(Row.v >= 65535))

    rows = tl.Table(f"{database}.raw", Row, engine=MergeTree(order_by=Row.v))
    high = tl.Aggregation(f"{database}.high", High, source=rows, append_only_unique=True)
    project = tl.project("high", rows, high)
    tl.apply(tl.plan(project, engine), engine)
    land = f"INSERT INTO {database}.raw SELECT number FROM numbers(65000, 1000)"
    engine.execute(land)
    tl.apply(tl.backfill(project, engine), engine)
    engine.execute(f"TRUNCATE TABLE {database}.high_state")
    tl.apply(tl.backfill(project, engine, repair=True), engine, allow="rights")
    engine.execute(land)
    assert engine.scalar(f"SELECT sum(high) FROM {database}.high") == 2 * (66000 - 65535)
    assert "v >= 65535" in engine.scalar(f"SHOW CREATE TABLE {database}.high_mv")


def test_where_it_cannot_be_built_anew_that_is_said(engine, database):
    """A loader's table without --syncs-paused, a view below: compared, named, left alone, with the reason."""
    made = yard(engine, database, owned=False, only=("sums", "plain"))
    made.insert(0, 999)
    applied(made, syncs_paused=True)
    lose(made, "sums_mv", 2000, 2004)
    said: list[str] = []
    assert not repaired(made, said=said).agrees
    assert any("cannot be built anew" in line and "--syncs-paused" in line for line in said), said
    engine.execute(
        f"CREATE MATERIALIZED VIEW {database}.mine ENGINE = MergeTree ORDER BY k AS SELECT k FROM {database}.sums_state"
    )
    said = []
    assert not repaired(made, said=said, syncs_paused=True).agrees
    assert any(f"{database}.mine reads what is inserted into it" in line for line in said), said
    engine.execute(f"DROP TABLE {database}.mine SYNC")
    assert repaired(made, syncs_paused=True).agrees
    assert sums(made) == right([*range(1000), *range(2000, 2005)])


def test_a_rebuild_that_is_half_done_stays_what_it_is(engine, database):
    """--disarm would lose its line, another declaration would mix with it: both are refused until it has come to its end."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    lose(made, "sums_mv", 2000, 2004)
    with contextlib.suppress(errors.ServerError):
        tl.apply(tl.backfill(made.project, engine, repair=True), Mortal(engine, last="'frozen 3'"))
    with pytest.raises(errors.RefusedError, match=r"T620 .*not filled yet"):
        tl.backfill(made.project, engine, disarm=True)
    engine.execute(
        f"ALTER TABLE tilla.journal UPDATE declaration = 'older' WHERE target = '{database}.sums_state, anew' SETTINGS mutations_sync = 1"
    )
    with pytest.raises(errors.RefusedError, match=r"T612 .*being built anew from another version"):
        tl.apply(tl.backfill(made.project, engine), engine)


def test_while_nothing_is_inserted_a_filled_target_is_rebuilt_whatever_its_source_is(engine, database):
    """--repair --quiesced: a loader's table stays as it is, and what was filled and lost rows is built from its sources."""
    made = yard(engine, database, owned=False, only=("sums", "plain"))
    made.insert(0, 999)
    applied(made, syncs_paused=True)
    lose(made, "sums_mv", 2000, 2004)
    lose(made, "plain_mv", 3000, 3004)
    said: list[str] = []
    assert not repaired(made, said=said).agrees
    assert any("--repair --quiesced builds it while nothing is inserted" in line for line in said), said
    plan = tl.backfill(made.project, engine, repair=True, quiesced=True)
    with pytest.raises(errors.RefusedError, match="T610"):
        tl.apply(plan, engine)
    tl.apply(plan, engine, allow="destructive")
    made.insert(4000, 4009)
    ids = [*range(1000), *range(2000, 2005), *range(3000, 3005), *range(4000, 4010)]
    assert sums(made) == right(ids)
    assert engine.scalar(f"SELECT count() FROM {database}.plain") == len(ids)
    assert not tl.backfill(made.project, engine)
    assert repaired(made, syncs_paused=True).agrees


def test_what_a_ttl_takes_is_no_reason_to_build_anew(engine, database):
    """A target that loses rows by itself lacks what its sources say, for ever: named, not built anew at every --repair."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    applied(made)
    engine.execute(
        f"ALTER TABLE {database}.sums_state MODIFY TTL toDateTime('2020-01-01') + toIntervalSecond(k) SETTINGS mutations_sync = 2"
    )
    engine.execute(f"OPTIMIZE TABLE {database}.sums_state FINAL")
    said: list[str] = []
    plan = tl.backfill(made.project, engine, repair=True)
    assert not tl.apply(plan, engine, progress=said.append).agrees
    assert any("loses old rows to its TTL, so what it lacks may be meant" in line for line in said), said
    assert not [line for line in said if "building it anew" in line]
