"""A backfill counts every row once, wherever it is stopped, while rows keep coming; the journal is what it goes on from."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest

import tilla as tl
from tests.support.backfills import Mortal, warehouse
from tilla import errors
from tilla.backfills import lease
from tilla.backfills.plan import Backfill


def fill(made, server=None, **options):
    """Plan and run."""
    plan = tl.backfill(made.project, server or made.server, **{"slice_rows": 1500, **options})
    return tl.apply(plan, server or made.server)


def test_all_levels_are_filled_and_a_second_run_has_nothing_to_do(engine, database):
    """Three levels, two views into one table: history of every target, then nothing to do, and no table left behind."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.insert(500, 2500, table="raw2")
    made.insert(0, 99)  # sent again
    made.arm()
    report = fill(made)
    made.check(set(range(2000)), set(range(500, 2501)))
    assert report.agrees
    assert {item.target for item in report.reconciliation} == {
        f"{database}.{name}" for name in ("items", "by_kind_state", "both", "both_kinds_state")
    }
    assert not tl.backfill(made.project, engine)
    assert fill(made).done == ()
    assert not made.tables()


def test_the_journal_tells_the_states_of_each_slice(engine, database):
    """One row per change of state, in the order in which a slice goes through them, with JSON a person can read."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    fill(made, workers=1, slice_rows=500)
    rows = engine.rows(f"SELECT slice, state, detail FROM tilla.journal WHERE target = '{database}.items' ORDER BY seq")
    assert [r["state"] for r in rows if r["slice"] == 0] == ["begun", "drained", "sliced", "filled", "reconciled"]
    numbers = sorted({r["slice"] for r in rows} - {0})
    assert len(numbers) >= 4
    for number in numbers:
        own = [r for r in rows if r["slice"] == number]
        assert [r["state"] for r in own] == ["planned", "staging", "staged", "moving", "moved", "done"]
        assert "where" in json.loads(own[0]["detail"])
    assert sum(json.loads(r["detail"])["rows"] for r in rows if r["state"] == "done") == 2000


def test_a_dry_run_writes_nothing_and_tells_the_cost(engine, database):
    """The plan is a value: rows, bytes, slices and memory per target; making it only asks."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    server = Mortal(engine)
    plan = tl.backfill(made.project, server, slice_rows=500)
    assert all(sql.lstrip().startswith(("SELECT", "DESCRIBE", "EXPLAIN", "EXISTS")) for sql in server.asked)
    assert Backfill.from_json(json.loads(json.dumps(plan.as_json()))) == plan
    told = [line for line in str(plan).splitlines() if line.startswith("> fill")]
    assert len(told) == len(plan.targets) == 5
    assert all("2,000 rows" in line and "slices" in line and "memory" in line for line in told if "raw2" not in line)
    assert engine.scalar(f"SELECT count() FROM {database}.items") == 0


def killed(made, lives=10**9, between=None, last="", plan=None, **options):
    """Run until killed after so many statements; True when it got to the end."""
    server = Mortal(made.server, lives, between, last)
    with contextlib.suppress(errors.ServerError):
        plan = plan or tl.backfill(made.project, made.server, **{"slice_rows": 1500, **options})
        tl.apply(plan, server)
        return not server.dead
    return False


def test_killed_after_any_statement_it_goes_on_and_counts_once(engine, database):
    """Stopped after statement k, for every k up to the end of the first slice and some after it, and run again: each row once."""
    made = warehouse(engine, database)
    made.insert(0, 999)
    made.arm()
    items = made.project.select(f"{database}.items")
    create = engine.scalar(f"SHOW CREATE TABLE {database}.items")
    plan = tl.backfill(items, engine, slice_rows=600, workers=1, reconcile=False)
    lives, step = 0, 1
    while True:
        lives += step
        engine.execute(f"DROP TABLE {database}.items SYNC")  # another table: what the journal says is void
        engine.execute(create)
        server = Mortal(engine, lives)
        with contextlib.suppress(errors.ServerError):
            tl.apply(plan, server)
        tl.apply(plan, engine)
        found = engine.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {database}.items")[0]
        assert found == {"n": 1000, "u": 1000}, f"killed after statement {lives}"
        assert not made.tables(), f"killed after statement {lives}"
        if not server.dead:
            break
        step = 5 if any("'done'" in sql for sql in server.asked) else 1
    assert lives > 30


def test_killed_again_and_again_while_rows_come(engine, database):
    """The whole warehouse, killed every few statements, a writer between all of them: every number counted once."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.insert(1000, 2999, table="raw2")
    made.arm()
    ids, others = set(range(2000)), set(range(1000, 3000))
    after = 10_000

    def write(number, sql):
        nonlocal after
        if number % 9 == 0:
            made.insert(after, after + 9, late=number % 3)
            ids.update(range(after, after + 10))
            after += 10
        if number % 23 == 0:  # sent again
            made.insert(after - 10, after - 5, late=0)
        if number % 13 == 0:
            made.insert(after, after + 4, table="raw2")
            others.update(range(after, after + 5))

    deaths = 0
    while not killed(made, 20 + 15 * deaths, write):
        deaths += 1
    assert deaths > 3
    engine.execute(f"OPTIMIZE TABLE {database}.items FINAL")
    made.check(ids, others)
    assert not made.tables()


def test_two_backfills_of_one_target_are_refused(engine, database):
    """The second one is told who is at it; when the first has ended the second may run."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    inside, go_on = threading.Event(), threading.Event()

    def hold(number, sql):
        if "INSERT INTO tilla.tilla_stage_" in sql and not inside.is_set():
            inside.set()
            go_on.wait(20)

    first = threading.Thread(target=fill, args=(made, Mortal(engine, between=hold)))
    first.start()
    assert inside.wait(20)
    with pytest.raises(errors.RefusedError, match=r"T611 .*another backfill is at it"):
        fill(made)
    go_on.set()
    first.join(30)
    made.check(set(range(2000)))
    assert not tl.backfill(made.project, engine)


def test_a_dead_holder_is_taken_over(engine, database, monkeypatch):
    """A run on another machine that stopped beating holds its targets for a few seconds only."""
    monkeypatch.setattr(lease, "DEAD_AFTER", 1.0)
    monkeypatch.setattr(lease, "BEAT", 0.2)
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    assert not killed(made, last="MOVE PARTITION")
    engine.execute(
        f"INSERT INTO tilla.lease (run, targets, holder, state) VALUES ('elsewhere', ['{database}.items'], 'other 1 2', 'held')"
    )
    began = time.monotonic()
    fill(made)
    assert time.monotonic() - began > 0.5
    made.check(set(range(100)))


def test_another_version_of_the_declaration_is_refused(engine, database):
    """Half filled by one version, a run of the next is told so before anything; so is one that is filled."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    plan = tl.backfill(made.project.select(f"{database}.items"), engine, slice_rows=500)
    assert not killed(made, last="'moved'", plan=plan)
    assert engine.scalar(f"SELECT count() FROM {database}.items") > 0
    engine.execute(
        f"ALTER TABLE tilla.journal UPDATE declaration = 'older' WHERE startsWith(target, '{database}.')"
        " SETTINGS mutations_sync = 1"
    )
    with pytest.raises(errors.RefusedError, match=r"T612 .*items: run .* moved .* from another version"):
        tl.backfill(made.project, engine)


def test_script_and_backfill_know_of_each_other(engine, database):
    """A target that the script filled is not filled by backfill, and the other way round."""
    from tilla.ddl.script import Script

    made = warehouse(engine, database)
    made.insert(0, 99)
    script = Script(made.project)
    for statement in script.statements():
        engine.execute(statement.sql)
    made.check(set(range(100)))
    assert not tl.backfill(made.project, engine)
    other = warehouse(engine, _fresh(engine, database))
    other.insert(0, 99)
    other.arm()
    fill(other)
    before = engine.scalar(f"SELECT count() FROM {other.database}.items")
    for statement in Script(other.project).statements():
        engine.execute(statement.sql)
    assert engine.scalar(f"SELECT count() FROM {other.database}.items") == before


def _fresh(engine, database):
    engine.execute(f"CREATE DATABASE {database}_other")
    return f"{database}_other"


def test_a_view_that_was_gone_for_a_while_is_made_up_for(engine, database):
    """Dropped and created again, a view missed rows: the journal knows another one by its identity and fills again."""
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    fill(made)
    engine.execute(f"DROP TABLE {database}.items_mv SYNC")
    made.insert(100, 149)
    made.arm()
    plan = tl.backfill(made.project, engine)
    assert {target.shown for target in plan.targets} == {f"{database}.items", f"{database}.by_kind_state"}
    tl.apply(plan, engine)
    made.check(set(range(150)))


def test_a_target_that_was_dropped_is_filled_again(engine, database):
    """The marker is about a table that is gone: a new one of the same name is not taken for filled."""
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    fill(made)
    engine.execute(f"DROP TABLE {database}.items SYNC")
    made.arm()
    fill(made)
    made.check(set(range(100)))


def test_a_target_that_was_emptied_and_unmarked_is_filled_anew(engine, database):
    """Whoever takes the marker away (``tilla stale --rebuild``) wants the history again, whatever the journal says."""
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    fill(made)
    engine.execute(f"ALTER TABLE tilla.history DELETE WHERE target = '{database}.items' SETTINGS mutations_sync = 2")
    engine.execute(f"TRUNCATE TABLE {database}.items")
    assert [target.shown for target in tl.backfill(made.project, engine).targets] == [f"{database}.items"]
    fill(made)
    made.check(set(range(100)))


def test_what_was_filled_and_not_compared_is_compared_by_the_next_run(engine, database):
    """A run that dies when all is in, but before it could tell whether all is there: the next one tells, once."""
    made = warehouse(engine, database)
    made.insert(0, 999)
    made.arm()
    server = Mortal(engine, last="tilla_k")
    with contextlib.suppress(errors.ServerError):
        fill(made, server)
    assert server.dead
    plan = tl.backfill(made.project, engine)
    assert (bool(plan), plan.targets) == (True, ())
    assert "compare  " in str(plan)
    assert Backfill.from_json(json.loads(json.dumps(plan.as_json()))) == plan
    engine.execute(f"ALTER TABLE {database}.items DELETE WHERE id = 7 SETTINGS mutations_sync = 2")
    report = tl.apply(plan, engine)
    wrong = {item.target: sum(p.missing for p in item.partitions) for item in report.reconciliation}
    assert wrong == {
        f"{database}.{n}": int(n == "items") for n in ("items", "by_kind_state", "both", "both_kinds_state")
    }
    assert not tl.backfill(made.project, engine)
    fill(made, repair=True)
    assert not tl.backfill(made.project, engine)
    made.check(set(range(1000)))


def test_copies_of_a_comparison_that_was_killed_are_dropped_by_the_next_run(engine, database):
    """They are no stages that a journal knows: who finds them looks whether the run in their name is alive."""
    made = warehouse(engine, database)
    made.insert(0, 999)
    made.arm()
    assert not killed(made, last="tilla_k")
    engine.execute(f"ALTER TABLE {database}.items DELETE WHERE id = 7 SETTINGS mutations_sync = 2")
    assert not killed(made, last="CREATE TABLE tilla.tilla_check_")
    copies = "SELECT count() FROM system.tables WHERE startsWith(name, 'tilla_check_items_')"
    assert engine.scalar(copies) == 1
    assert tl.apply(tl.backfill(made.project, engine), engine).reconciliation
    assert engine.scalar(copies) == 0


# --- emptied by hand ---


@pytest.mark.parametrize("how", ["TRUNCATE TABLE {t}", "TRUNCATE TABLE {t} and rows since", "DROP PARTITION"])
def test_a_target_that_was_emptied_by_hand_is_told_of(engine, database, how):
    """The journal knows what it held: compared again, named, exit code 2 until it is repaired, and nothing is filled unasked."""
    made = warehouse(engine, database)
    made.insert(0, 999)
    made.insert(5000, 5099, late=40)
    made.insert(500, 2500, table="raw2")
    made.arm()
    fill(made)
    assert not tl.backfill(made.project, engine)
    since = range(10_000, 10_010)
    if how == "DROP PARTITION":
        since, lost = range(10_000, 12_000), 100
        engine.execute(f"ALTER TABLE {database}.items DROP PARTITION ID '202511'")
    else:
        engine.execute(f"TRUNCATE TABLE {database}.items")
        lost = 1100
    if how[-9:] != "TABLE {t}":
        made.insert(since[0], since[-1])
    else:
        since = range(0)
    for _ in range(2):  # told again and again
        plan = tl.backfill(made.project, engine)
        assert [target.shown for target in plan.unchecked] == [f"{database}.items"]
        told = (
            "what was filled into partition 202511 is not in it any more"
            if "DROP" in how
            else "when it was compared: it was emptied"
        )
        assert told in str(plan)
        report = tl.apply(plan, engine)
        assert sum(p.missing for item in report.reconciliation for p in item.partitions) == lost
        assert not report.agrees
    quick = tl.backfill(made.project, engine, reconcile=False)
    assert quick.waits_for_others
    assert engine.scalar(f"SELECT uniqExact(id) FROM {database}.items") == 1100 + len(since) - lost
    fill(made, repair=True)
    made.check({*range(1000), *range(5000, 5100), *since}, set(range(500, 2501)))
    assert not tl.backfill(made.project, engine)


def test_what_sources_and_target_lost_together_is_no_loss(engine, database):
    """A partition dropped on both sides is compared once, agrees, and is forgotten; merges are no loss either."""
    made = warehouse(engine, database)
    made.insert(0, 3999)
    made.insert(0, 3999)
    made.arm()
    fill(made)
    engine.execute(f"OPTIMIZE TABLE {database}.items FINAL")
    assert not tl.backfill(made.project, engine)
    for name in ("items", "raw"):
        engine.execute(f"ALTER TABLE {database}.{name} DROP PARTITION ID '202601'")
    items = made.project.select(f"{database}.items")
    plan = tl.backfill(items, engine)
    assert [target.shown for target in plan.unchecked] == [f"{database}.items"]
    assert tl.apply(plan, engine).agrees
    assert not tl.backfill(items, engine)


def test_a_target_filled_by_its_view_alone_that_was_emptied_is_told_of(engine, database):
    """Armed before the first row, it has no journal: that it is empty and its sources are not is enough to compare."""
    made = warehouse(engine, database)
    made.arm()
    fill(made)
    made.insert(0, 99)
    assert not tl.backfill(made.project, engine)
    engine.execute(
        f"ALTER TABLE tilla.journal DELETE WHERE startsWith(target, '{database}.') SETTINGS mutations_sync = 1"
    )
    assert not tl.backfill(made.project, engine)
    engine.execute(f"TRUNCATE TABLE {database}.items")
    plan = tl.backfill(made.project, engine)
    assert "it holds nothing, and its sources hold rows" in str(plan)
    assert not tl.apply(plan, engine).agrees
    fill(made, repair=True)
    made.check(set(range(100)))
