"""Slices of a root are disjoint and hold every row, whatever its key; what is too much for a limit is cut further."""

from __future__ import annotations

import contextlib
import threading

import pytest

import tilla as tl
from tests.support.backfills import warehouse
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.backfills import slices
from tilla.backfills.slices import Slice
from tilla.engines import ReplacingMergeTree

# column, its value of a number, key, partition key: what raw tables of loaders look like, and worse.
ROOTS = {
    "in brackets": ("UInt64", "number", "(k)", ""),
    "number": ("UInt64", "number", "k", ""),
    "text": ("String", "concat('it''s ', char(number % 200), toString(number))", "k", ""),
    "moment": ("DateTime64(3, 'Europe/Madrid')", "toDateTime64('2026-10-25 00:00:00', 3, 'UTC') + number / 7", "k", ""),
    "absent": ("Nullable(Int32)", "if(number % 5 = 0, NULL, number - 20000)", "k", ""),
    "no number": ("Float64", "if(number % 5 = 0, nan, number / 3)", "k", ""),
    "absent or none": ("Nullable(Float64)", "multiIf(number % 5 = 0, NULL, number % 7 = 0, nan, number / 3)", "k", ""),
    "low": ("LowCardinality(Nullable(String))", "if(number % 5 = 0, NULL, toString(number))", "k", ""),
    "uuid": ("UUID", "reinterpretAsUUID(sipHash128(number))", "k", ""),
    "moment of the server": ("DateTime", "toDateTime('2026-01-01') + number", "k", ""),
    "expression": ("DateTime", "toDateTime('2026-01-01') + number * 60", "(toDate(k), k)", ""),
    "moment or none": (
        "Nullable(DateTime('Europe/Madrid'))",
        "if(number % 9 = 0, NULL, toDateTime('2026-10-25 00:00:00', 'UTC') + intDiv(number, 5))",
        "k",
        "",
    ),
    "quoted": ("String", "toString(number)", "k", "k = ''"),
    "array": ("Array(UInt32)", "[number % 100, number]", "k", ""),
    "no order": ("UInt64", "number", "", ""),
    "partitions": ("UInt64", "number", "k", "intDiv(k, 3000)"),
    "absent partition": ("Nullable(UInt64)", "if(number % 3 = 0, NULL, number)", "k", "intDiv(k, 10000)"),
    "constant": ("UInt8", "1", "k", ""),
}
# No range: values that do not compare as they are written, or too few of them; partitions that are small enough.
UNRANGED = {"no number", "absent or none", "array", "no order", "constant", "partitions"}


@pytest.mark.parametrize("name", ROOTS)
def test_every_row_is_in_exactly_one_slice(engine, database, name):
    """Half-open ranges, partitions and hashes: cut, and cut again, the counts add up and no row is in two (C05, C21).

    A moment in the hour that comes twice is one moment; NaN is no bound; a key in brackets is a key.
    """
    kind, value, key, partition = ROOTS[name]
    engine.execute(
        f"CREATE TABLE {database}.r (k {kind}, n UInt64) ENGINE = MergeTree ORDER BY {key or 'tuple()'}"
        f"{f' PARTITION BY {partition}' if partition else ''} SETTINGS allow_nullable_key = 1, index_granularity = 512"
    )
    engine.execute(
        f"INSERT INTO {database}.r SELECT {value}, number FROM numbers(40000) SETTINGS max_partitions_per_insert_block = 0"
    )
    root = slices.look(engine, [(database, "r")])[database, "r"]
    assert root.rows == 40000
    cut = slices.cut(engine, root, 0, 6000, 1 << 30)
    check(engine, database, cut)
    assert len(cut) >= 6
    assert any(piece.low for piece in cut) == (name not in UNRANGED)
    first, *rest = cut
    pieces = slices.split(engine, root, first)
    assert len(pieces) > 1
    again = slices.split(engine, root, pieces[0])
    assert len(again) > 1
    check(engine, database, [*again, *pieces[1:], *rest])
    assert [Slice.from_json(piece.as_json()) for piece in again] == again


def check(engine, database, cut):
    """All rows, each once."""
    each = "\nUNION ALL\n".join(f"SELECT n FROM {database}.r WHERE {piece.condition}" for piece in cut)
    assert engine.rows(f"SELECT count() AS c, uniqExact(n) AS u FROM ({each})") == [{"c": 40000, "u": 40000}]


def test_small_partitions_share_a_slice_and_an_empty_table_has_none(engine, database):
    """Slices are planned from the parts of the source; the target is empty and tells nothing (C09)."""
    engine.execute(f"CREATE TABLE {database}.r (d Date) ENGINE = MergeTree ORDER BY d PARTITION BY d")
    root = slices.look(engine, [(database, "r")])[database, "r"]
    assert slices.cut(engine, root, 0, 100, 1 << 30) == []
    engine.execute(
        f"INSERT INTO {database}.r SELECT toDate('2026-01-01') + number FROM numbers(90) SETTINGS max_partitions_per_insert_block = 0"
    )
    root = slices.look(engine, [(database, "r")])[database, "r"]
    assert [piece.rows for piece in slices.cut(engine, root, 0, 30, 1 << 30)] == [30, 30, 30]
    assert [piece.condition for piece in slices.cut(engine, root, 0, 1000, 1 << 30)] == ["1"]


def test_a_source_that_is_no_mergetree_is_one_slice_and_can_be_cut(engine, database):
    """A Memory or Log table has no parts: one slice, cut by a hash where that is too much."""
    engine.execute(f"CREATE TABLE {database}.r (n UInt64, k String) ENGINE = Memory")
    engine.execute(f"INSERT INTO {database}.r SELECT number, 'x' FROM numbers(40000)")
    root = slices.look(engine, [(database, "r")])[database, "r"]
    (whole,) = slices.cut(engine, root, 0, 100, 1 << 30)
    check(engine, database, slices.split(engine, root, whole))


# --- limits ---


def by_day(server, database, rows):
    """A source whose rows go to a partition each day."""

    class Raw(tl.Columns):
        id = tl.column(t.UInt64)
        at = tl.column(t.DateTime)

    class Item(tl.Columns):
        id = tl.derive(Raw.id)
        at = tl.derive(Raw.at)

    server.execute(f"CREATE TABLE {database}.raw (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id")
    server.execute(
        f"INSERT INTO {database}.raw SELECT number, toDateTime('2026-01-01') + number * 3600 FROM numbers({rows})"
    )
    raw = tl.Source(f"{database}.raw", Raw)
    day = f.to_date(Item.at)
    items = tl.MaterializedView(
        f"{database}.items", Item, source=raw,
        engine=ReplacingMergeTree(version=Item.at, order_by=Item.id, partition_by=day),
    )  # fmt: skip
    return tl.project(database, raw, items)


def test_more_than_a_hundred_partitions_are_no_mistake(engine, database):
    """C07: two years in one slice, a partition a day. The server's default of 100 is a guard against slips, not a limit here."""
    project = by_day(engine, database, 24 * 120)
    tl.apply(tl.plan(project, engine), engine)
    report = tl.apply(tl.backfill(project, engine), engine)
    assert report.agrees
    assert len(report.reconciliation[0].partitions) == 120
    assert engine.scalar(f"SELECT count() FROM {database}.items FINAL") == 24 * 120


def test_a_limit_of_partitions_that_somebody_set_is_respected(engine, database):
    """Code 252 cuts the slice by the partition of what comes out, until each piece fits."""
    project = by_day(engine, database, 24 * 40)
    with tl.connect("chdb://memory?ch_max_partitions_per_insert_block=15") as server:
        tl.apply(tl.plan(project, server), server)
        report = tl.apply(tl.backfill(project, server), server)
    assert report.agrees
    assert engine.scalar(f"SELECT count() FROM {database}.items") == 24 * 40
    states = engine.rows(f"SELECT state, count() AS n FROM tilla.journal WHERE target = '{database}.items' GROUP BY 1")
    assert {row["state"]: row["n"] for row in states}["split"] >= 1


class Limited:
    """A server that refuses inserts of more than so many rows of the source, as one with little memory or time does."""

    def __init__(self, server, most, code):
        self._server, self._most, self._code = server, most, code

    def __getattr__(self, name):
        return getattr(self._server, name)

    def clone(self):
        return Limited(self._server.clone(), self._most, self._code)

    def execute(self, sql, **options):
        if "INSERT INTO tilla.tilla_stage" in sql:
            rows = self._server.scalar(f"SELECT count() FROM ({sql.partition(')')[2]})")
            if rows > self._most:
                raise errors.statement_refused("limited", sql, self._code, "(for a limit)")
        return self._server.execute(sql, **options)


@pytest.mark.parametrize("code", [241, 159, 307])
def test_what_is_too_much_for_a_limit_is_cut_further(engine, database, code):
    """Memory, time, rows: the slice is cut until it fits, and every row arrives once."""
    made = warehouse(engine, database)
    made.insert(0, 1999)
    made.arm()
    server = Limited(engine, 300, code)
    project = made.project.select(f"{database}.items")
    tl.apply(tl.backfill(project, server, reconcile=False), server)
    assert engine.rows(f"SELECT count() AS c, uniqExact(id) AS u FROM {database}.items") == [{"c": 2000, "u": 2000}]
    assert not made.tables()


class Impatient(Limited):
    """A client that gives up on large slices, while the server goes on working on them."""

    def clone(self):
        return Impatient(self._server.clone(), self._most, self._code)

    def execute(self, sql, **options):
        try:
            return super().execute(sql, **options)
        except errors.StatementRefused:
            comment = sql.partition("*/")[0]
            still = f"{comment}*/ SELECT sleepEachRow(0.1) FROM numbers(600) SETTINGS max_block_size = 1"

            def work():
                with self._server.clone() as client, contextlib.suppress(errors.ServerError):
                    client.execute(still)  # until it is killed

            threading.Thread(target=work, daemon=True).start()
            tag = comment.replace("'", "\\'")
            while not self._server.scalar(f"SELECT count() FROM system.processes WHERE startsWith(query, '{tag}')"):
                pass
            raise errors.connection_lost("impatient", sql, "timed out") from None


def test_a_time_out_of_the_client_cuts_the_slice(engine, database):
    """C17: the server still works on what the client has given up: it is killed, and halves are tried."""
    made = warehouse(engine, database)
    made.insert(0, 999)
    made.arm()
    server = Impatient(engine, 600, 159)
    project = made.project.select(f"{database}.items")
    tl.apply(tl.backfill(project, server, reconcile=False), server)
    assert engine.rows(f"SELECT count() AS c, uniqExact(id) AS u FROM {database}.items") == [{"c": 1000, "u": 1000}]
    assert engine.scalar("SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.1)%'") <= 1


def test_what_cannot_be_cut_further_is_told(engine, database):
    """One value in every row: no cut helps, and the message names the limit."""
    project = _constant(engine, database)
    server = Limited(engine, 10, 241)
    with pytest.raises(errors.RefusedError, match=r"T613 .*cannot be cut further.*for a limit"):
        tl.apply(tl.backfill(project, server), server)


def _constant(engine, database):
    class Raw(tl.Columns):
        id = tl.column(t.UInt64)
        at = tl.column(t.DateTime)

    class Item(tl.Columns):
        id = tl.derive(Raw.id)
        at = tl.derive(Raw.at)

    engine.execute(f"CREATE TABLE {database}.same (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id")
    engine.execute(f"INSERT INTO {database}.same SELECT 1, toDateTime('2026-01-01') FROM numbers(100)")
    raw = tl.Source(f"{database}.same", Raw)
    items = tl.MaterializedView(
        f"{database}.one", Item, source=raw, engine=ReplacingMergeTree(version=Item.at, order_by=(Item.id,))
    )
    project = tl.project(database, raw, items)
    tl.apply(tl.plan(project, engine), engine)
    return project
