"""Cases from public reports of lost, doubled and half-filled history, each with its kind; and rows that never stop coming."""

from __future__ import annotations

import threading
import time

import pytest

import tilla as tl
from tests.support.backfills import warehouse
from tilla import engines, errors
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.engines import ReplacingMergeTree


class Row(tl.Columns):
    id = tl.column(t.UInt64)
    v = tl.column(t.UInt64)


class Kept(tl.Columns):
    id = tl.derive(Row.id)
    v = tl.derive(Row.v)


def landed(engine, database, rows, name="raw", ddl="MergeTree ORDER BY id"):
    """A loader's table with rows."""
    engine.execute(f"CREATE TABLE {database}.{name} (id UInt64, v UInt64) ENGINE = {ddl}")
    if rows:
        engine.execute(f"INSERT INTO {database}.{name} VALUES {', '.join(map(str, rows))}")
    return tl.Source(f"{database}.{name}", Row)


def filled(engine, project, **options):
    """Applied and filled."""
    tl.apply(tl.plan(project, engine), engine)
    return tl.apply(tl.backfill(project, engine, **options), engine)


def test_b14_a_sum_over_rows_that_are_sent_again_is_refused(engine, database):
    """Sum over a ReplacingMergeTree counts an order twice: the declaration is refused, with the ways out; distinct counts are not."""
    source = landed(engine, database, [(1, 10), (1, 10)], ddl="ReplacingMergeTree ORDER BY id")

    class Sums(tl.Columns):
        k = tl.derive(Row.id % 2)
        v = tl.measure(f.sum(Row.v))

    with pytest.raises(errors.DeclarationError, match="v = sum"):
        tl.Aggregation(f"{database}.sums", Sums, source=source)

    class Counts(tl.Columns):
        k = tl.derive(Row.id % 2)
        n = tl.measure(f.uniq_exact(Row.id))

    counts = tl.Aggregation(f"{database}.counts", Counts, source=source)
    report = filled(engine, tl.project("p", source, counts))
    engine.execute(f"INSERT INTO {database}.raw VALUES (1, 10)")
    assert report.agrees
    assert engine.rows(f"SELECT k, n FROM {database}.counts") == [{"k": 1, "n": 1}]


def test_c02_populate_and_backfill_never_meet(engine, database):
    """POPULATE beside a copy doubles every row: nothing that is emitted or sent populates."""
    source = landed(engine, database, [(1, 1), (2, 2)])
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=source, engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id)
    )
    project = tl.project("p", source, kept)
    assert "POPULATE" not in tl.render(project)
    filled(engine, project)
    assert engine.rows(f"SELECT count() AS n, sum(v) AS s FROM {database}.kept") == [{"n": 2, "s": 3}]


def test_c08_two_views_into_one_target_are_two_histories(engine, database):
    """Replaying the first body only loses half: orders in, refunds in, each with a fill of its own and one comparison."""
    orders, refunds = landed(engine, database, [(1, 1)], "orders"), landed(engine, database, [(1, 5)], "refunds")

    class Refund(tl.Columns):
        id = tl.derive(Row.id + 100)
        v = tl.derive(Row.v)

    both = tl.Table(f"{database}.`both`", Row, engine=ReplacingMergeTree(version=Row.v, order_by=Row.id))
    one = tl.MaterializedView(f"{database}.one", Kept, source=orders, to=both)
    two = tl.MaterializedView(f"{database}.two", Refund, source=refunds, to=both)
    report = filled(engine, tl.project("p", orders, refunds, both, one, two))
    assert engine.scalar(f"SELECT arraySort(groupArray(id)) FROM {database}.`both`") == [1, 101]
    assert [(item.target, item.partitions[0].sources) for item in report.reconciliation] == [(f"{database}.both", 2)]
    assert report.agrees


def test_c11_an_insert_that_runs_while_the_view_is_armed_is_counted(engine, database):
    """It keeps the views it began with, and commits after the copy would have read: armed, drained, then copied."""
    source = landed(engine, database, [(1, 1)])
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=source, engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id)
    )
    project = tl.project("p", source, kept).select(f"{database}.kept")
    tl.apply(tl.plan(project, engine), engine)
    engine.execute(f"DROP TABLE {database}.kept_mv SYNC")
    with engine.clone() as other:
        slow = threading.Thread(
            target=other.execute,
            args=(
                f"INSERT INTO {database}.raw SELECT number, number + sleepEachRow(0.05) FROM numbers(10, 30) SETTINGS max_block_size = 1,"
                " min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_threads = 1, max_insert_threads = 1",
            ),
        )
        slow.start()
        while not engine.scalar(f"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {database}.raw%'"):
            time.sleep(0.01)
        said: list[str] = []
        tl.apply(tl.backfill(project, engine), engine, progress=said.append)
        slow.join()
    assert any("waiting for 1 running insert" in line for line in said)
    assert engine.rows(f"SELECT count() AS n, uniqExact(id) AS u FROM {database}.kept FINAL") == [{"n": 31, "u": 31}]


def test_c13_a_second_level_is_composed_from_the_root(engine, database):
    """The level below sees rows as they came, not what the level above has merged away: counts of versions stay."""
    source = landed(engine, database, [(1, 1), (1, 2), (2, 1)])
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=source, engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id)
    )

    class Seen(tl.Columns):
        k = tl.derive(Kept.id % 100)
        values = tl.measure(f.uniq_exact(Kept.v))

    seen = tl.Aggregation(f"{database}.seen", Seen, source=kept, stable=(Kept.id,))
    filled(engine, tl.project("p", source, kept, seen))
    assert engine.scalar(f"SELECT count() FROM {database}.kept FINAL") == 2
    want = [{"k": 1, "values": 2}, {"k": 2, "values": 1}]
    assert engine.rows(f"SELECT k, values FROM {database}.seen ORDER BY k") == want
    engine.execute(f"OPTIMIZE TABLE {database}.kept FINAL")
    engine.execute(f"INSERT INTO {database}.raw VALUES (2, 9)")
    assert engine.rows(f"SELECT k, values FROM {database}.seen ORDER BY k") == [want[0], {"k": 2, "values": 2}]


def test_c13_a_level_in_between_casts_and_fills_in(engine, database):
    """What a table in between makes of a value (a Decimal of a quotient, a default) is what the level below is given."""
    source = landed(engine, database, [(1, 10), (2, 20)])

    class Third(tl.Columns):
        id = tl.column(t.UInt64)
        third = tl.column(t.Decimal(10, 2))
        twice = tl.column(t.UInt64, default=tl.sql("id * 2"))
        note = tl.column(t.String, materialized=tl.sql("concat('n', toString(id))"))

    middle = tl.Table(f"{database}.middle", Third, engine=ReplacingMergeTree(version=Third.twice, order_by=Third.id))
    fed = tl.MaterializedView(
        f"{database}.fed",
        (Third.id, Third.third),
        to=middle,
        query=tl.sql("SELECT id, v / 3 AS third FROM {raw}", raw=source),
    )

    class Below(tl.Columns):
        third = tl.derive(Third.third)
        twice = tl.derive(Third.twice)
        note = tl.derive(Third.note)
        ids = tl.measure(f.uniq_exact(Third.id))

    below = tl.Aggregation(f"{database}.below", Below, source=middle, stable=(Third.third, Third.twice, Third.note))
    project = tl.project("p", source, middle, fed, below)
    report = filled(engine, project)
    engine.execute(f"INSERT INTO {database}.raw VALUES (1, 10), (2, 20)")  # and the same through the views
    found = engine.rows(f"SELECT toString(third) AS t, twice, note, ids FROM {database}.below ORDER BY t")
    assert found == [
        {"t": "3.33", "twice": 2, "note": "n1", "ids": 1},
        {"t": "6.66", "twice": 4, "note": "n2", "ids": 1},
    ]
    assert report.agrees


def test_a_table_that_rows_only_pass_through_has_its_history_composed(engine, database):
    """A Null table between source and target keeps nothing: what is below it is filled from the source, and the script does it too."""
    source = landed(engine, database, [(1, 1), (2, 2)])
    hub = tl.Table(f"{database}.hub", Row, engine=engines.Null())
    into = tl.MaterializedView(f"{database}.into", Kept, source=source, to=hub)
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=hub, engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id)
    )
    project = tl.project("p", source, hub, into, kept)
    report = filled(engine, project)
    assert [item.target for item in report.reconciliation] == [f"{database}.kept"]
    engine.execute(f"INSERT INTO {database}.raw VALUES (3, 3)")
    assert engine.scalar(f"SELECT arraySort(groupArray(id)) FROM {database}.kept FINAL") == [1, 2, 3]
    engine.execute(f"DROP TABLE {database}.kept SYNC")
    engine.execute(f"ALTER TABLE tilla.history DELETE WHERE target = '{database}.kept' SETTINGS mutations_sync = 1")
    for statement in Script(project).statements():
        engine.execute(statement.sql)
    assert engine.scalar(f"SELECT arraySort(groupArray(id)) FROM {database}.kept FINAL") == [1, 2, 3]


def test_c15_a_stage_is_made_like_its_target(engine, database):
    """Another key, column or an empty partition is refused by a move: stages are copies, TTL, index, projection and all."""
    source = landed(engine, database, [(i, i) for i in range(50)])

    class Full(tl.Columns):
        id = tl.derive(Row.id)
        v = tl.derive(Row.v)
        at = tl.derive(f.to_date(f.raw("toDateTime", Row.id, type=t.DateTime)))

    kept = tl.MaterializedView(
        f"{database}.kept", Full, source=source,
        engine=ReplacingMergeTree(
            version=Full.v, order_by=Full.id, partition_by=Full.id % 3, ttl=tl.Ttl(f.raw("addDays", Full.at, 1)),
            settings={"deduplicate_merge_projection_mode": "rebuild"},
        ),
        indexes=(tl.Index("i", Full.v, "minmax"),), projections=(tl.Projection("p", "SELECT at, count() GROUP BY at"),),
    )  # fmt: skip
    filled(engine, tl.project("p", source, kept), slice_rows=20, reconcile=False)
    # The rows are of 1970: the table's TTL takes them when it merges, the stage has left them alone.
    moved = engine.rows(f"SELECT detail FROM tilla.journal WHERE target = '{database}.kept' AND state = 'done'")
    assert sum(int(row["detail"].partition('"rows": ')[2].rstrip("}")) for row in moved) == 50


def test_c18_workers_have_a_client_each(http_server, engine, database):
    """Over HTTP, in parallel, with a session asked for: no SESSION_IS_LOCKED (373)."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    with tl.connect(http_server.dsn + "/?session_id=one") as server:
        tl.apply(tl.plan(made.project, server), server)
        report = tl.apply(tl.backfill(made.project, server, slice_rows=500, workers=3), server)
    assert report.agrees
    made.check(set(range(2000)))


def test_c17_an_answer_that_never_comes_is_no_second_copy(http_server, engine, database):
    """Connections cut before and after a statement was committed, and errors of a proxy: run again, it goes on, counted once."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    with tl.connect(http_server.dsn) as server:
        for fault in (
            lambda faults: faults.cut_connection(match="INSERT INTO tilla.tilla_stage_", after_execution=True),
            lambda faults: faults.cut_connection(match="MOVE PARTITION", after_execution=True),
            lambda faults: faults.cut_connection(match="MOVE PARTITION"),
            lambda faults: faults.status(503, match="'moved'"),
            lambda faults: faults.cut_connection(match="'staged'", after_execution=True),
            lambda faults: faults.status(502, match="DROP TABLE"),
        ):
            http_server.faults.clear()
            fault(http_server.faults)
            with pytest.raises(errors.ServerError):
                tl.apply(tl.backfill(made.project, server, slice_rows=500), server)
        http_server.faults.clear()
        tl.apply(tl.backfill(made.project, server, slice_rows=500), server)
    made.check(set(range(2000)))
    assert engine.scalar(f"SELECT count() FROM {database}.items") == 2000  # not even collapsed duplicates
    assert not made.tables()


SMALL = 31_457_280  # bytes a statement may use


def at_once(server, project, target):
    """The history of a target in one statement, beside it: too much for the limit."""
    from tilla.ddl.history import fills

    tl.apply(tl.plan(project, server), server)
    fill = next(fill for fill in fills(project) if fill.name == target)
    server.execute(f"CREATE TABLE {target}_beside AS {target}")
    with pytest.raises(errors.StatementRefused) as refused:
        server.execute(f"INSERT INTO {target}_beside ({fill.columns()}) SETTINGS max_threads = 1\n{fill.select('1')}")
    assert refused.value.server_code == 241
    server.execute(f"DROP TABLE {target}_beside SYNC")


def test_c19_many_values_are_gathered_in_slices_within_the_memory_there_is(engine, database):
    """One INSERT SELECT over all history is too much for the limit: cut until it fits, states unite to the same result."""
    source = landed(engine, database, [])
    engine.execute(f"INSERT INTO {database}.raw SELECT number, number % 7 FROM numbers(600000)")

    class Groups(tl.Columns):
        k = tl.derive(Row.id % 10)
        ids = tl.measure(f.uniq_exact(Row.id))
        few = tl.measure(f.group_uniq_array(Row.v))
        last = tl.measure(f.arg_max(Row.v, Row.id))
        most = tl.measure(f.max(Row.id), simple=True)

    groups = tl.Aggregation(f"{database}.groups", Groups, source=source, stable=Row.id)
    project = tl.project("p", source, groups)
    whole = (
        "SELECT toUInt64(id % 10) AS k, uniqExact(id) AS ids, arraySort(groupUniqArray(v)) AS few, argMax(v, id) AS last, max(id) AS most"
        f" FROM {database}.raw GROUP BY k ORDER BY k"
    )
    with tl.connect(f"chdb://memory?ch_max_memory_usage={SMALL}") as server:
        at_once(server, project, f"{database}.groups_state")
        filled(server, project, reconcile=False)
    got = engine.rows(f"SELECT k, ids, arraySort(few) AS few, last, most FROM {database}.groups ORDER BY k")
    assert got == engine.rows(whole)
    states = engine.rows(f"SELECT state FROM tilla.journal WHERE target = '{database}.groups_state' AND state = 'done'")
    assert len(states) > 1


def test_c19_many_groups_are_gathered_in_slices_within_the_memory_there_is(engine, database):
    """A group for every row, sums among the measures: the boundary's history is cut in the same way, each row counted once."""
    raw = tl.Table(f"{database}.raw", Row, engine=engines.MergeTree(order_by=Row.id))
    landed(engine, database, [])
    engine.execute(f"INSERT INTO {database}.raw SELECT number, number % 7 FROM numbers(400000)")
    engine.execute(f"INSERT INTO {database}.raw SELECT number, 3 FROM numbers(100000)")

    class Groups(tl.Columns):
        id = tl.derive(Row.id)
        n = tl.measure(f.count())
        v = tl.measure(f.sum(Row.v))
        values = tl.measure(f.uniq_exact(Row.v))

    groups = tl.Aggregation(f"{database}.groups", Groups, source=raw, append_only_unique=True)
    with tl.connect(f"chdb://memory?ch_max_memory_usage={SMALL}") as server:
        project = tl.project("p", raw, groups)
        at_once(server, project, f"{database}.groups_state")
        filled(server, project, reconcile=False)
    differs = engine.scalar(
        f"SELECT count() FROM (SELECT id, count() AS n, sum(v) AS s, uniqExact(v) AS u FROM {database}.raw GROUP BY id) AS a"
        f" FULL JOIN {database}.groups AS b ON a.id = b.id WHERE (a.n, a.s, a.u) != (b.n, b.v, b.values)"
    )
    assert differs == 0
    assert engine.scalar(f"SELECT sum(n) FROM {database}.groups") == 500_000


def test_c19_through_a_table_that_keeps_nothing_the_result_is_the_same(engine, database):
    """The report's way round, chunks through a Null table with the view attached, is one more history that is composed and cut."""
    source = landed(engine, database, [])
    engine.execute(f"INSERT INTO {database}.raw SELECT number, number % 10 FROM numbers(1000)")
    hub = tl.Table(f"{database}.hub", Row, engine=engines.Null())
    into = tl.MaterializedView(f"{database}.into", Kept, source=source, to=hub)

    class Groups(tl.Columns):
        v = tl.derive(Row.v)
        ids = tl.measure(f.uniq_exact(Row.id))

    groups = tl.Aggregation(f"{database}.groups", Groups, source=hub, stable=Row.v)
    filled(engine, tl.project("p", source, hub, into, groups), slice_rows=100)
    assert engine.scalar(f"SELECT sum(ids) FROM {database}.groups") == 1000
    assert (
        engine.scalar(f"SELECT count() FROM tilla.journal WHERE target = '{database}.groups_state' AND state = 'done'")
        > 5
    )


def test_c21_rows_without_a_date_are_filled_and_told(engine, database):
    """A NULL in the partition expression has a bucket of its own: filled, and a line of the comparison."""

    class Dated(tl.Columns):
        id = tl.column(t.UInt64)
        u = tl.column(t.Nullable(t.DateTime))

    class Item(tl.Columns):
        id = tl.derive(Dated.id)
        u = tl.derive(f.raw("ifNull", Dated.u, f.raw("toDateTime", 0), type=t.DateTime))

    engine.execute(
        f"CREATE TABLE {database}.raw (id UInt64, u Nullable(DateTime)) ENGINE = MergeTree ORDER BY id"
        " PARTITION BY toYYYYMM(assumeNotNull(u))"
    )
    engine.execute(f"INSERT INTO {database}.raw VALUES (1, NULL), (2, '2026-03-01 00:00:00')")
    source = tl.Source(f"{database}.raw", Dated)
    items = tl.MaterializedView(
        f"{database}.items", Item, source=source,
        engine=ReplacingMergeTree(version=Item.u, order_by=Item.id, partition_by=f.raw("toYYYYMM", Item.u)),
    )  # fmt: skip
    report = filled(engine, tl.project("p", source, items), slice_rows=1)
    told = [(p.partition, p.sources, p.holds) for p in report.reconciliation[0].partitions]
    assert told == [("197001", 1, 1), ("202603", 1, 1)]


def test_c22_versions_in_other_partitions_are_compared_as_one(engine, database):
    """A key whose partition changes with its version never merges: the comparison counts the newest, as FINAL reads it."""
    source = landed(engine, database, [(1, 100), (1, 250), (2, 100)])
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=source,
        engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id, partition_by=f.raw("intDiv", Kept.v, 100)),
    )  # fmt: skip
    report = filled(engine, tl.project("p", source, kept))
    told = [(p.partition, p.sources, p.holds) for p in report.reconciliation[0].partitions]
    assert told == [("1", 1, 1), ("2", 1, 1)]
    assert report.agrees


def test_c24_history_has_one_source_of_truth(engine, database):
    """Filled once is filled, whichever way: a second run, over another path, changes no row."""
    source = landed(engine, database, [(1, 1)], ddl="MergeTree ORDER BY id PARTITION BY id")
    kept = tl.MaterializedView(
        f"{database}.kept", Kept, source=source, engine=ReplacingMergeTree(version=Kept.v, order_by=Kept.id)
    )
    project = tl.project("p", source, kept)
    filled(engine, project)
    filled(engine, project)
    for statement in Script(project).statements():
        engine.execute(statement.sql)
    assert engine.scalar(f"SELECT count() FROM {database}.kept") == 1


# --- rows that never stop ---


def test_numbered_rows_that_never_stop_are_counted_once(engine, database):
    """Writers insert numbered rows, late and repeated ones too, from before the first statement until after the last."""
    made = warehouse(engine, database)
    made.insert(0, 2999)
    stop = threading.Event()
    sent: list[set[int]] = [set(range(3000))]

    def write(table, first):
        own: set[int] = set()
        with engine.clone() as client:
            writer = type(made)(client, database, made.project, made.items, made.by_kind, made.both, made.both_kinds)
            while not stop.is_set():
                writer.insert(first, first + 49, table=table, late=len(own) % 3 * 20)
                own.update(range(first, first + 50))
                if len(own) % 250 == 0:
                    writer.insert(first - 20, first + 20, table=table)
                    own.update(range(first - 20, first))
                first += 50
                time.sleep(0.01)
        sent.append(own if table == "raw" else {-n - 1 for n in own})

    writers = [
        threading.Thread(target=write, args=("raw", 100_000)),
        threading.Thread(target=write, args=("raw2", 500_000)),
    ]
    for writer in writers:
        writer.start()
    time.sleep(0.2)
    made.arm()
    report = tl.apply(tl.backfill(made.project, engine, slice_rows=2500), engine)
    stop.set()
    for writer in writers:
        writer.join()
    everything = set().union(*sent)
    made.check({n for n in everything if n >= 0}, {-n - 1 for n in everything if n < 0})
    assert report.agrees, report.reconciliation


def test_what_is_missing_is_named_and_repaired_while_rows_come(engine, database):
    """Rows that never went through a view: the comparison counts them by partition, --repair fills those partitions alone."""
    made = warehouse(engine, database)
    made.insert(0, 9999)
    made.arm()
    tl.apply(tl.backfill(made.project, engine), engine)
    for view in ("items_mv", "from_raw"):
        engine.execute(f"DETACH TABLE {database}.{view}")
    made.insert(20000, 20009)  # in the source, and never in a view
    made.insert(100, 119)  # there already
    for view in ("items_mv", "from_raw"):
        engine.execute(f"ATTACH TABLE {database}.{view}")
    made.insert(30000, 30009)
    said: list[str] = []
    report = tl.apply(tl.backfill(made.project, engine, repair=True), engine, progress=said.append)
    assert report.agrees
    assert f"    {database}.items: filling 1 partition again" in said
    told = engine.rows(
        f"SELECT detail FROM tilla.journal WHERE target = '{database}.items' AND state = 'reconciled' ORDER BY seq"
    )
    assert '"missing": 10' in told[1]["detail"]
    assert '"agrees": true' in told[2]["detail"]
    made.check({*range(10000), *range(20000, 20010), *range(30000, 30010)})
    again = tl.apply(tl.backfill(made.project, engine, repair=True), engine)
    assert again.agrees
    assert not any("again" in line for line in again.done)


def test_rows_that_the_sources_have_lost_are_named_and_left_alone(engine, database):
    """What a target holds and its sources do not say any more is counted apart; nobody drops it unasked."""
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    engine.execute(f"INSERT INTO {database}.items VALUES (777, 'x', '2026-01-01 00:00:00')")
    report = tl.apply(tl.backfill(made.project, engine), engine)
    wrong = [
        (item.target, p.partition, p.missing, p.extra)
        for item in report.reconciliation
        for p in item.partitions
        if not p.agrees
    ]
    assert sorted(wrong) == [(f"{database}.by_kind_state", "all", 0, 1), (f"{database}.items", "202601", 0, 1)]
    repaired = tl.apply(tl.backfill(made.project, engine, repair=True), engine)
    assert not repaired.agrees
    assert engine.scalar(f"SELECT count() FROM {database}.items WHERE id = 777") == 1
