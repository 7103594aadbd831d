"""Reported faults of DDL (cases A) and of plans (cases D), each with its kind, on the real engine.

Covered elsewhere: A05, A18 and D01 in ``test_types``; A13 and A14 in ``test_engines``; A20 in ``test_rendering`` and
``test_sql_by_hand``; A23 and D15 in ``test_deployment``; D03, D04, D08 and D13 in ``test_plan``; E02, E04, E07 and E12 in ``test_graph``; F01, F04 and F08 in ``test_emit``;
F06 in ``test_project_laws`` and ``test_shipped``.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest

import tilla as tl
from tilla import engines, errors, text
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.planning import distributed


class Row(tl.Columns):
    id = tl.column(t.UInt64)
    d = tl.column(t.Date)
    at = tl.column(t.DateTime)
    s = tl.column(t.String)


def applied(engine, *objects):
    """Apply a project with its sources; return it."""
    project = tl.project("p", *objects)
    tl.apply(tl.plan(project, engine, with_sources=True), engine)
    return project


def differing(project, engine):
    """object -> the aspects that differ."""
    return {s.statement.object: [d.aspect for d in s.differences] for s in tl.plan(project, engine).differing}


# --- A03, A20: names of functions ---

# What sqlglot prints under another name, or as another construct, when it is given the tree of it.
_RENAMED = [
    "rand()", "rand64()", "if(id > 1, 1, 0)", "toMonday(d)", "toStartOfHour(at)", "dateTrunc('week', d)", "median(id)",
    "splitByChar(',', s)", "concat(s, s)", "currentDatabase()", "CASE id WHEN 1 THEN 'a' ELSE 'b' END", "id DIV 2", "toYear(d)", "substring(s, 1)",
    "lower(s)", "now()", "today()", "formatDateTime(at, '%Y')", "quantile(0.5)(id)", "arrayJoin([1, 2])", "multiIf(id = 1, 2, 3)", "addDays(d, 1)",
    "dateDiff('day', d, d)", "uniq(id)", "groupArray(3)(id)", "toDate(at) + INTERVAL 1 DAY", "id::String", "CAST(id AS String)", "s LIKE 'a%'",
    "s ILIKE 'a'", "parseDateTimeBestEffort(s)", "JSONExtractString(s, 'a')", "countIf(id > 1)", "argMax(id, d)", "position(s, 'x')", "NOT id = 1",
]  # fmt: skip


@pytest.mark.parametrize("item", _RENAMED)
def test_a20_an_item_by_hand_keeps_the_name_that_the_engine_gives_it(engine, database, item):
    """A view's columns are named by the text of its items: what is stored is what was written, and a plan sees no change."""
    rows = tl.Source(f"{database}.rows", Row)
    query = tl.sql(f"SELECT {item} FROM {{rows}}", rows=rows)
    project = applied(engine, rows, tl.View(f"{database}.v", query=query))
    wanted = engine.rows(f"DESCRIBE (SELECT {item} FROM {database}.rows)")[0]["name"]
    assert [r["name"] for r in engine.rows(f"DESCRIBE {database}.v")] == [wanted]
    assert differing(project, engine) == {}


@pytest.mark.parametrize(
    "name", ["rand", "rand64", "generateUUIDv4", "now", "today", "randConstant", "rowNumberInBlock"]
)
def test_a03_a_call_is_stored_under_the_name_that_was_written(engine, database, name):
    """DEFAULT rand() stays rand(): as a sharding key, randCanonical() would send every row to one shard."""
    kind = {"generateUUIDv4": t.UUID, "now": t.DateTime, "today": t.Date}.get(name, t.UInt64)
    made = tl.Table(f"{database}.t", [tl.column(kind, name="a", default=f.raw(name))], engine=MergeTree(order_by=()))
    applied(engine, made)
    where = f"database = '{database}' AND table = 't'"
    assert engine.scalar(f"SELECT default_expression FROM system.columns WHERE {where}") == f"{name}()"


def test_a03_a_sharding_key_by_rand_reaches_every_shard(engine, database):
    """The text of a Distributed table holds rand(), and rand() takes all remainders."""
    rows = tl.Source("d.rows", Row)
    spread = tl.Table("d.all", Row, engine=engines.Distributed("c", rows, sharding_key=f.raw("rand")))
    assert "Distributed('c', 'd', 'rows', rand())" in tl.render(tl.project("p", rows, spread))
    assert engine.scalar("SELECT uniqExact(rand() % 4) FROM numbers(1000)") == 4


# --- A04: intervals ---

_UNITS = ["Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"]


@pytest.mark.parametrize("unit", _UNITS)
def test_a04_an_interval_is_stored_with_a_number(engine, database, unit):
    """INTERVAL '1' MONTH would be stored as toIntervalMonth('1') and differ for ever: table TTL, column TTL, item, key."""
    step = f.raw(f"toInterval{unit}", 1)
    column = tl.column(t.String, name="x", ttl=Row.at + step)
    by_hand = tl.column(t.String, name="y", ttl=tl.sql(f"at + INTERVAL 1 {unit.upper()}"))
    engine_ = MergeTree(order_by=Row.id, ttl=Row.at + step)
    made = tl.Table(f"{database}.t", [Row.id, Row.at, column, by_hand], engine=engine_)
    view = tl.View(f"{database}.v", query=made.select((Row.at + step).as_("later")))
    project = applied(engine, made, view)
    shown = engine.scalar(f"SELECT create_table_query FROM system.tables WHERE database = '{database}' AND name = 't'")
    assert shown.count(f"toInterval{unit}(1)") == 3
    assert "('1')" not in shown
    assert differing(project, engine) == {}


def test_a04_a_timedelta_is_an_interval_of_whole_seconds(engine, database):
    """A Python duration in a TTL is a number of seconds, not text."""
    made = tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=Row.id, ttl=Row.at + dt.timedelta(days=3)))
    project = applied(engine, made)
    full = engine.scalar(f"SELECT engine_full FROM system.tables WHERE database = '{database}' AND name = 't'")
    assert "TTL at + toIntervalSecond(259200)" in full
    assert differing(project, engine) == {}


# --- A07: identifiers ---


def test_a07_odd_names_from_the_source_to_the_reader(engine, database):
    """A hyphen, a backtick, keywords, a dollar, a digit first, a dot, Cyrillic: in every place of a whole pipeline."""
    odd = f"{database}_shop-1"
    names = ["select", "from", "$set", "a-b", "1st", "p.q", "ключ", "or`der", 'say "x"', "back\\slash"]
    raw = tl.Source(
        text.quote_qualified(odd, "or`der"), [tl.column(t.UInt64, name=name, comment=f"it's {name}") for name in names]
    )
    body = [tl.derive(column, name=column.name + "!") for column in raw.columns]
    made = tl.MaterializedView(
        text.quote_qualified(odd, "from"),
        body,
        source=raw,
        engine=ReplacingMergeTree(version=body[3], order_by=tuple(body[:3])),
    )
    counted = tl.Aggregation(
        text.quote_qualified(odd, "group by"),
        [tl.derive(body[0], name="select"), tl.measure(f.uniq_exact(body[5]), name="1st")],
        source=made,
        stable=(body[0],),
    )
    seen = tl.View(
        text.quote_qualified(odd, "v`"),
        query=made.select(*(c.as_(f"{i}.{c.name}") for i, c in enumerate(body))).where(body[4] > 0),
    )
    project = applied(engine, raw, made, counted, seen)
    assert differing(project, engine) == {}
    engine.insert(*raw.path, [{name: number + 1 for number, name in enumerate(names)}])
    assert engine.rows(made.select(*body).sql()) == [{name + "!": number + 1 for number, name in enumerate(names)}]
    assert engine.rows(f"SELECT * FROM {counted.qualified_name}") == [{"select": 1, "1st": 1}]
    assert len(engine.rows(f"SELECT * FROM {seen.qualified_name}")) == 1
    found = engine.rows(f"SELECT name, comment FROM system.columns WHERE database = '{odd}' AND table = 'or`der'")
    assert [(r["name"], r["comment"]) for r in found] == [(name, f"it's {name}") for name in names]


# --- A09, A22: views with every clause ---

_SCHEDULES = [
    tl.every(hours=1).offset(minutes=5).randomize(seconds=30), tl.every(days=1).offset(hours=5), tl.every(weeks=2), tl.every(months=1),
    tl.every(years=1).randomize(hours=3), tl.after(hours=1), tl.after(minutes=9).randomize(seconds=5), tl.every(hours=1, minutes=30),
]  # fmt: skip


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("schedule", _SCHEDULES, ids=lambda s: s.text)
def test_a09_a_refreshable_view_with_every_clause_comes_back(engine, database, schedule, append):
    """OFFSET, RANDOMIZE FOR, two parents, APPEND, settings of the refresh and of the query, comment: no clause is lost."""
    rows = tl.Source(f"{database}.rows", Row)

    def view(name, *reads, **how):
        query = tl.sql("SELECT id FROM {a} UNION ALL SELECT id FROM {b}", a=reads[0], b=reads[1])
        body = [tl.column(t.UInt64, name="id", comment="it's")]
        made = {"refresh": tl.every(hours=1), "engine": MergeTree(order_by=())} | how
        return tl.RefreshableView(f"{database}.{name}", body, query=query, **made)

    one, two = view("z1", rows, rows), view("z2", rows, rows)
    last = view(
        "a",
        one,
        two,
        refresh=schedule,
        append=append,
        refresh_settings={"refresh_retries": 3},
        settings={"max_threads": 1},
        comment="c'",
    )
    project = applied(engine, rows, one, two, last)
    shown = engine.scalar(f"SELECT create_table_query FROM system.tables WHERE database = '{database}' AND name = 'a'")
    assert f"REFRESH {schedule.text} DEPENDS ON {database}.z1, {database}.z2" in shown
    assert (" APPEND" in shown) == append
    assert differing(project, engine) == {}


@pytest.mark.parametrize("place", ["before", "after"])
def test_a22_a_comment_on_either_side_of_the_select_is_the_same(engine, database, place):
    """The server prints it before AS wherever it was written."""
    rows, kept = tl.Source(f"{database}.rows", Row), tl.Table(f"{database}.t", [Row.id], engine=MergeTree(order_by=()))
    view = tl.MaterializedView(f"{database}.m", [tl.derive(Row.id, name="id")], source=rows, to=kept)
    project = applied(engine, rows, kept)
    head, body = f"CREATE MATERIALIZED VIEW {database}.m TO {database}.t", f"AS SELECT id FROM {database}.rows"
    engine.execute(f"{head} COMMENT 'c2' {body}" if place == "before" else f"{head} {body} COMMENT 'c2'")
    project = tl.project("p", rows, kept, view)
    assert differing(project, engine) == {f"{database}.m": ["comment"]}


def test_a21_a_view_that_was_replaced_on_the_server_is_told(engine, database):
    """CREATE OR REPLACE MATERIALIZED VIEW .. TO is accepted by the server; Tilla never sends it and sees what it did."""
    rows, kept = tl.Source(f"{database}.rows", Row), tl.Table(f"{database}.t", [Row.id], engine=MergeTree(order_by=()))
    view = tl.MaterializedView(f"{database}.m", [tl.derive(Row.id, name="id")], source=rows, to=kept)
    project = applied(engine, rows, kept, view)
    assert "OR REPLACE MATERIALIZED" not in tl.render(project, quiesced=True)
    engine.execute(
        f"CREATE OR REPLACE MATERIALIZED VIEW {database}.m TO {database}.t AS SELECT id + 1 AS id FROM {database}.rows"
    )
    assert differing(project, engine) == {f"{database}.m": ["query"]}


# --- A11, A13, A14: clauses of columns and tables ---

_STATISTICS = [("tdigest",), ("tdigest", "uniq"), ("minmax",), ("uniq", "minmax", "tdigest")]


@pytest.mark.parametrize("names", _STATISTICS, ids=lambda n: "+".join(n))
def test_a11_statistics_stand_beside_every_other_option(engine, database, names):
    """COMMENT, CODEC, STATISTICS, TTL, SETTINGS on one column, in the only order that the server takes."""
    full = tl.column(
        t.UInt64, name="a", default=7, comment="it's", codec="Delta, ZSTD(3)", statistics=names, ttl=Row.at + f.raw("toIntervalDay", 1),
        settings={"max_compress_block_size": 65536},
    )  # fmt: skip
    made = tl.Table(
        f"{database}.t", [Row.at, full, tl.column(t.Int32, name="b", statistics=names)], engine=MergeTree(order_by=())
    )
    project = applied(engine, made)
    assert differing(project, engine) == {}
    stored = engine.scalar(
        f"SELECT statistics FROM system.columns WHERE database = '{database}' AND table = 't' AND name = 'a'"
    )
    assert all(name.lower() in stored.lower() for name in names)


def test_a13_a14_every_clause_stands_once_and_in_order(engine, database):
    """ENGINE, PARTITION BY, PRIMARY KEY, ORDER BY, SAMPLE BY, TTL, SETTINGS, COMMENT; the other order is code 62, twice 115."""
    how = {
        "order_by": (Row.id, Row.d), "primary_key": Row.id, "partition_by": f.raw("toYYYYMM", Row.d), "sample_by": Row.id,
        "ttl": Row.d + f.raw("toIntervalDay", 9), "settings": {"ttl_only_drop_parts": 1, "index_granularity": 1024},
    }  # fmt: skip
    made = tl.Table(f"{database}.t", Row, engine=ReplacingMergeTree(version=Row.at, **how), comment="c")
    sql = next(s.sql for s in Script(tl.project("p", made)).statements() if s.creates)
    clauses = re.findall(r"^(ENGINE|PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS|COMMENT)", sql, re.M)
    assert clauses == ["ENGINE", "PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS", "COMMENT"]
    assert differing(applied(engine, made), engine) == {}
    for wrong, code in (
        ("SETTINGS a = 1 ORDER BY id", 62),
        ("ORDER BY id ORDER BY id", 62),
        ("ORDER BY id SETTINGS ttl_only_drop_parts = 1 SETTINGS index_granularity = 1024", 115),
    ):
        with pytest.raises(errors.StatementRefused) as caught:
            engine.execute(f"CREATE TABLE {database}.w (id UInt64) ENGINE = MergeTree {wrong}")
        assert caught.value.server_code == code


# --- A18: arrays with one prefix ---


def test_a18_arrays_of_one_prefix_are_one_nested(engine, database):
    """`items.sku` and `items.qty` must have one length (190); declared so or as Nested, a plan sees the same columns."""
    flat = [tl.column(t.Array(t.String), name="items.sku"), tl.column(t.Array(t.UInt8), name="items.qty")]
    nested = [tl.column(t.Nested({"sku": t.String, "qty": t.UInt8}), name="items")]
    tables = [
        tl.Table(f"{database}.{name}", body, engine=MergeTree(order_by=()))
        for name, body in (("flat", flat), ("nested", nested))
    ]
    assert differing(applied(engine, *tables), engine) == {}
    swapped = [
        tl.Table(f"{database}.{name}", body, engine=MergeTree(order_by=()))
        for name, body in (("flat", nested), ("nested", flat))
    ]
    assert differing(tl.project("p", *swapped), engine) == {}
    for name in ("flat", "nested"):
        with pytest.raises(errors.StatementRefused) as caught:
            engine.execute(f"INSERT INTO {database}.{name} VALUES (['a', 'b'], [1])")
        assert caught.value.server_code == 190


# --- A23: engines pasted from Cloud ---


@pytest.mark.parametrize("prefix", ["Shared", "Replicated"])
def test_a23_an_engine_of_another_deployment_is_written_without_its_prefix(prefix):
    """SharedReplacingMergeTree('/path', '{replica}', v) is ReplacingMergeTree(version=v): the prefix is a target's business."""
    assert not hasattr(engines, f"{prefix}ReplacingMergeTree")
    made = tl.Table("d.t", Row, engine=ReplacingMergeTree(version=Row.at, order_by=Row.id))
    project = tl.project("p", made)
    assert "ENGINE = ReplacingMergeTree(at)" in tl.render(project, target="cloud")
    assert "ENGINE = ReplicatedReplacingMergeTree(at)" in tl.render(project, target="cluster:c")


# --- D: what a plan says where an ALTER cannot do it ---


def test_d07_a_dimension_added_to_a_live_key_is_told(engine, database):
    """An existing column cannot be appended to a key (36): told as a difference of ORDER BY, and left alone."""
    applied(engine, tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=Row.id)))
    longer = tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=(Row.id, Row.s), primary_key=Row.id))
    assert differing(tl.project("p", longer), engine) == {f"{database}.t": ["ORDER BY"]}
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(f"ALTER TABLE {database}.t MODIFY ORDER BY (id, s)")
    assert caught.value.server_code == 36


def test_d10_a_dropped_column_is_told_with_all_that_hangs_on_it(engine, database):
    """A column in a default, an index and a TTL: every aspect is told, none is sent alone."""
    g = tl.column(t.UInt64, name="g", default=Row.id + 1)
    w = tl.column(t.UInt64, name="w")
    ttl = Row.d + f.raw("toIntervalDay", 1)
    before = tl.Table(
        f"{database}.t",
        [Row.id, Row.d, w, g],
        engine=MergeTree(order_by=(), ttl=ttl),
        indexes=tl.Index("i", w, "minmax"),
    )
    applied(engine, before)
    after = tl.Table(f"{database}.t", [Row.id], engine=MergeTree(order_by=()))
    told = differing(tl.project("p", after), engine)[f"{database}.t"]
    assert {"column d", "column w", "column g", "index i", "TTL"} <= set(told)


def test_d17_the_plan_reads_the_server_and_no_journal(engine, database):
    """What was dropped behind Tilla's back is missing in the next plan, and nothing else is done again."""
    rows = tl.Source(f"{database}.rows", Row)
    kept = [tl.Table(f"{database}.t{i}", Row, engine=MergeTree(order_by=())) for i in range(3)]
    project = applied(engine, rows, *kept)
    engine.execute(f"DROP TABLE {database}.t1 SYNC")
    made = tl.plan(project, engine)
    assert [s.statement.object for s in made.changes] == [f"{database}.t1"]
    tl.apply(made, engine)
    assert not tl.plan(project, engine)


def test_f09_apply_looks_for_everything_that_it_has_made(engine, database):
    """A server that says yes and does nothing is an error: every planned object is looked up."""

    class Idle:
        def __init__(self, server):
            self._server = server

        def __getattr__(self, name):
            return getattr(self._server, name)

        def execute(self, sql, **options):
            if not sql.startswith("CREATE TABLE"):
                self._server.execute(sql, **options)

    made = tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=()))
    project = tl.project("p", made)
    with pytest.raises(errors.ServerError):
        tl.apply(tl.plan(project, engine), Idle(engine))


def test_d20_a_changed_view_is_never_dropped_and_made_again(engine, database):
    """Rows that come between DROP and CREATE would be lost: apply sends neither."""
    rows = tl.Source(f"{database}.rows", Row)
    view = tl.MaterializedView(
        f"{database}.m", [tl.derive(Row.id, name="id")], source=rows, engine=MergeTree(order_by=())
    )
    applied(engine, rows, view)
    changed = tl.MaterializedView(
        f"{database}.m", [tl.derive(Row.id + 1, name="id")], source=rows, engine=MergeTree(order_by=())
    )
    made = tl.plan(tl.project("p", rows, changed), engine)
    assert not [s for s in made.steps if re.match(r"\s*DROP", s.statement.sql)]
    assert "query" in {d.aspect for s in made.differing for d in s.differences}


def test_e10_the_server_knows_less_of_the_graph_than_the_declarations(engine, database):
    """system.tables lists the views of a source but not their targets, and lets the source be dropped under them."""
    rows = tl.Source(f"{database}.rows", Row)
    view = tl.MaterializedView(
        f"{database}.m", [tl.derive(Row.id, name="id")], source=rows, engine=MergeTree(order_by=())
    )
    project = applied(engine, rows, view)
    listed = f"SELECT dependencies_table FROM system.tables WHERE database = '{database}' AND name = "
    assert engine.scalar(f"{listed}'rows'") == ["m_mv"]
    assert engine.scalar(f"{listed}'m_mv'") == []
    edges = set(project.creation.edges)
    assert {((database, "rows"), (database, "m_mv")), ((database, "m"), (database, "m_mv"))} == edges


def test_e08_a_view_over_views_comes_after_them_though_the_server_would_take_it_sooner(engine, database):
    """With an explicit column list the server accepts a view of nothing; the true order is used in both cases."""
    rows = tl.Source(f"{database}.z_rows", Row)
    low = tl.View(f"{database}.y", query=rows.select(Row.id))
    middle = tl.View(f"{database}.x", [tl.column(t.UInt64, name="id")], query=tl.sql("SELECT id FROM {low}", low=low))
    top = tl.View(f"{database}.a", query=tl.sql(f"SELECT id FROM {database}.x"))
    created = [
        s.creates[1]
        for s in Script(tl.project("p", top, middle, low, rows), with_sources=True).statements()
        if s.creates
    ]
    assert created == ["z_rows", "y", "x", "a"]
    applied(engine, rows, low, middle, top)


def test_e06_no_name_depends_on_the_session(engine, database):
    """The same script in another session's database makes the same objects: every name has its database."""
    other = f"{database}_other"
    engine.execute(f"CREATE DATABASE {other}")
    rows = tl.Source(f"{database}.rows", Row)
    view = tl.MaterializedView(
        f"{database}.m", [tl.derive(Row.id, name="id")], source=rows, engine=MergeTree(order_by=())
    )
    with engine.clone() as session:
        session.execute(f"USE {other}")
        for statement in Script(tl.project("p", rows, view), with_sources=True, quiesced=True).statements():
            session.execute(statement.sql)
    assert engine.scalar(f"SELECT count() FROM system.tables WHERE database = '{other}'") == 0


# --- A15: keys and engine arguments, offline as on the server ---

_KEYED = [
    (t.UInt64, {}), (t.Nullable(t.UInt64), {}), (t.LowCardinality(t.String), {}), (t.LowCardinality(t.Nullable(t.String)), {}),
    (t.Nullable(t.UInt64), {"allow_nullable_key": 1}), (t.Tuple(t.UInt8, t.Nullable(t.String)), {}), (t.Array(t.UInt8), {}),
    (t.Tuple(t.UInt8, t.Nullable(t.String)), {"allow_nullable_key": 1}), (t.Array(t.Nullable(t.UInt8)), {}), (t.JSON, {}), (t.Dynamic, {}),
    (t.Variant(t.UInt8, t.String), {}), (t.Map(t.String, t.UInt8), {}), (t.Enum8({"a": 1}), {}), (t.UUID, {}), (t.Decimal(9, 2), {}), (t.Float64, {}),
    (t.AggregateFunction("sum", t.UInt8), {}), (t.SimpleAggregateFunction("max", t.UInt8), {}), (t.IPv4, {}), (t.Bool, {}), (t.Date32, {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings"), _KEYED, ids=lambda v: str(v))
def test_a15_a_key_is_refused_offline_where_the_server_refuses_it(engine, database, kind, settings):
    """Nullable in any wrapping, states, JSON: told before apply; and nothing is refused that the server takes."""
    column = tl.column(kind, name="k")
    try:
        tl.Table(f"{database}.t", [column], engine=MergeTree(order_by=column, settings=settings))
        offline = True
    except errors.DeclarationError:
        offline = False
    more = "".join(f" SETTINGS {name} = {value}" for name, value in settings.items())
    try:
        engine.execute(f"CREATE TABLE {database}.t (k {kind}) ENGINE = MergeTree ORDER BY k{more}")
        online = True
    except errors.StatementRefused:
        online = False
    assert offline == online


_ARGUMENTS = [t.UInt64, t.UInt8, t.Int8, t.Int64, t.UInt128, t.Date, t.Date32, t.DateTime, t.DateTime64(6), t.String, t.Nullable(t.UInt64), t.Float64,
              t.Enum8({"a": 1}), t.Bool, t.UUID, t.Decimal(9, 2), t.LowCardinality(t.String)]  # fmt: skip


@pytest.mark.parametrize("place", ["version", "is_deleted", "sign", "ttl", "sample_by"])
def test_a15_the_type_of_an_engines_column_is_checked_as_the_server_does(engine, database, place):
    """Codes 169, 450 and 59: version, deletion mark, sign, TTL and sample, over every kind of type."""
    wrong = []
    for number, kind in enumerate(_ARGUMENTS):
        c, k = tl.column(kind, name="c"), tl.column(t.UInt64, name="k")
        made = {
            "version": lambda c=c, k=k: ReplacingMergeTree(order_by=k, version=c),
            "is_deleted": lambda c=c, k=k: ReplacingMergeTree(order_by=k, version=k, is_deleted=c),
            "sign": lambda c=c, k=k: engines.CollapsingMergeTree(order_by=k, sign=c),
            "ttl": lambda c=c, k=k: MergeTree(order_by=k, ttl=c),
            "sample_by": lambda c=c, k=k: MergeTree(order_by=c, sample_by=c),
        }[place]
        text = {
            "version": "ReplacingMergeTree(c) ORDER BY k",
            "is_deleted": "ReplacingMergeTree(k, c) ORDER BY k",
            "sign": "CollapsingMergeTree(c) ORDER BY k",
            "ttl": "MergeTree ORDER BY k TTL c",
            "sample_by": "MergeTree ORDER BY c SAMPLE BY c",
        }[place]
        try:
            tl.Table("d.t", [c, k], engine=made())
            offline = True
        except errors.DeclarationError:
            offline = False
        try:
            engine.execute(f"CREATE TABLE {database}.t{number} (c {kind}, k UInt64) ENGINE = {text}")
            online = True
        except errors.StatementRefused:
            online = False
        wrong += [(str(kind), offline, online)] if offline != online else []
    assert wrong == []


@pytest.mark.parametrize("name", ["a/b", "a\\b", "..", ".", "a.b", "a\nb", "*", "~", "ключ", "select"])
def test_a07_the_name_of_a_projection_is_refused_where_the_server_refuses_it(engine, database, name):
    """Code 36 for a slash alone; an index and a constraint may have any name."""
    column = tl.column(t.UInt64, name="x")
    others = {"indexes": tl.Index(name, column, "minmax"), "constraints": tl.Constraint(name, column >= 0)}
    if "/" in name:
        with pytest.raises(errors.DeclarationError, match="T093"):
            tl.Projection(name, "SELECT x, count() GROUP BY x")
    else:
        others["projections"] = tl.Projection(name, "SELECT x, count() GROUP BY x")
    made = tl.Table(f"{database}.t", [column], engine=MergeTree(order_by=()), **others)
    assert differing(applied(engine, made), engine) == {}
    if "/" in name:
        with pytest.raises(errors.StatementRefused) as caught:
            engine.execute(f"ALTER TABLE {database}.t ADD PROJECTION `{name}` (SELECT x, count() GROUP BY x)")
        assert caught.value.server_code == 36


def test_a18_a_nested_goes_through_a_view_array_by_array(engine, database):
    """As one column the server refuses it (8), so it is refused offline; member by member it arrives whole."""
    flat = [tl.column(t.Array(t.String), name="items.sku"), tl.column(t.Array(t.UInt8), name="items.qty")]
    whole = tl.column(t.Nested({"sku": t.String, "qty": t.UInt8}), name="items")
    plain = MergeTree(order_by=())
    with pytest.raises(errors.DeclarationError) as caught:
        tl.MaterializedView(
            f"{database}.m", [tl.derive(whole, name="items")], source=tl.Source(f"{database}.r", [whole]), engine=plain
        )
    assert caught.value.code == "T079"
    source = tl.Source(f"{database}.r", flat)
    made = tl.MaterializedView(f"{database}.m", [tl.derive(c, name=c.name) for c in flat], source=source, engine=plain)
    project = applied(engine, source, made)
    engine.execute(f"INSERT INTO {database}.r VALUES (['a', 'b'], [1, 2])")
    assert engine.rows(f"SELECT * FROM {database}.m") == [{"items.sku": ["a", "b"], "items.qty": [1, 2]}]
    assert differing(project, engine) == {}
    engine.execute(
        f"CREATE TABLE {database}.t (items Nested(sku String, qty UInt8)) ENGINE = MergeTree ORDER BY tuple()"
    )
    with pytest.raises(errors.StatementRefused) as refused:
        engine.execute(f"CREATE MATERIALIZED VIEW {database}.w TO {database}.t AS SELECT items FROM {database}.r")
    assert refused.value.server_code == 8


# --- D16: ON CLUSTER that times out ---


class Slow:
    """A server that does not wait for its hosts: code 159, and then what its queue says, answer by answer."""

    def __init__(self, answers):
        self.sent, self._answers = [], iter(answers)

    def execute(self, sql, **options):
        self.sent.append(sql)
        why = (
            "Distributed DDL task /clickhouse/task_queue/ddl/query-0000000008 is not finished on 1 of 2 hosts (1 of them are "
            "currently executing the task, 0 are inactive). They are going to execute the query in background."
        )
        raise errors.statement_refused("db-1", sql, 159, why)

    def rows(self, sql, **options):
        assert "entry = 'query-0000000008'" in sql
        return next(self._answers)


def _host(host, status, code=0, why=""):
    return {"host": host, "status": status, "exception_code": code, "exception_text": why}


ON_CLUSTER = "CREATE TABLE d.t ON CLUSTER main (x UInt8) ENGINE = MergeTree ORDER BY x"


def test_d16_hosts_that_are_still_at_work_are_waited_for():
    """No failure, and no second time in the queue; who is waited for is told."""
    done, active = _host("db-1", "Finished"), _host("db-2", "Active")
    server, told = Slow([[], [done, active], [done, active], [done, _host("db-2", "Finished")]]), []
    distributed.execute(server, ON_CLUSTER, told.append)
    assert server.sent == [ON_CLUSTER]
    assert told == ["    still worked on by the queue", "    still worked on by db-2"]


def test_d16_a_host_that_failed_and_one_that_never_ends_are_told():
    """What a host says is the answer; a host that takes too long is named."""
    server = Slow([[_host("db-1", "Finished"), _host("db-2", "Finished", 57, "table exists")]])
    with pytest.raises(errors.StatementRefused) as caught:
        distributed.execute(server, ON_CLUSTER, print)
    assert (caught.value.server_code, caught.value.mistakes[0].where) == (57, "db-1, host db-2")
    with pytest.raises(errors.ServerError) as late:
        distributed.execute(Slow([[_host("db-2", "Active")]] * 9), ON_CLUSTER, lambda _: None, patience=0.1)
    assert [m.code for m in late.value.mistakes] == ["T533"]
    assert "db-2" in str(late.value)


def test_d16_a_timeout_of_one_servers_own_is_one():
    """Code 159 of a statement that no other host works on stays what it is."""
    with pytest.raises(errors.StatementRefused):
        distributed.execute(Slow([]), "SELECT sleep(3)", print)


# --- D18: two applies at the same time ---


def test_d18_the_second_of_two_applies_stops_where_the_first_made_something_else(engine, database):
    """Both planned on an empty server. IF NOT EXISTS would leave the other's table, and say that all went well."""
    tables = [tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=key)) for key in (Row.id, Row.d)]
    beside = tl.Table(f"{database}.u", Row, engine=MergeTree(order_by=Row.id))
    one, other = (tl.plan(tl.project("p", table, beside), engine) for table in tables)
    tl.apply(one, engine)
    engine.execute(f"DROP TABLE {database}.u")
    with pytest.raises(errors.RefusedError) as caught:
        tl.apply(other, engine)
    assert [(m.code, m.where) for m in caught.value.mistakes] == [("T534", f"{database}.t")]
    assert engine.scalar(f"EXISTS TABLE {database}.u") == 0  # nothing was sent


def test_d18_two_applies_of_the_same_may_both_run(engine, database):
    """The same object twice is no harm: the second finds all as it planned."""
    project = tl.project("p", tl.Table(f"{database}.t", Row, engine=MergeTree(order_by=Row.id)))
    one, other = tl.plan(project, engine), tl.plan(project, engine)
    tl.apply(one, engine)
    tl.apply(other, engine)
    assert not tl.plan(project, engine).differing


# --- D21: what a live view looks things up in ---


def test_d21_a_dictionary_that_a_live_view_uses_is_never_taken_away(engine, database):
    """A changed declaration is told and left alone, so that no insert fails in a gap between DROP and CREATE."""
    keys = tl.Table(f"{database}.keys", Row, engine=MergeTree(order_by=Row.id))
    raw = tl.Table(f"{database}.raw", Row, engine=MergeTree(order_by=Row.id))

    def declared(lifetime):
        names = tl.Dictionary(
            f"{database}.names", [tl.column(t.UInt64, name="id"), tl.column(t.String, name="s", default="?")], source=keys,
            primary_key=tl.column(t.UInt64, name="id"), layout="hashed", lifetime=lifetime,
        )  # fmt: skip
        body = [tl.derive(Row.id, name="id"), tl.derive(f.dict_get(names, "s", Row.id), name="name")]
        view = tl.MaterializedView(f"{database}.named", body, source=raw, engine=MergeTree(order_by=body[0]))
        return tl.project("p", keys, raw, names, view)

    tl.apply(tl.plan(declared(0), engine), engine)
    changed = tl.plan(declared((10, 20)), engine)
    assert differing(declared((10, 20)), engine) == {f"{database}.names": ["lifetime"]}
    assert not any("DROP" in step.statement.sql or "REPLACE" in step.statement.sql for step in changed.steps)
    tl.apply(changed, engine)
    engine.execute(f"INSERT INTO {database}.raw (id) VALUES (1)")
    assert engine.rows(f"SELECT id, name FROM {database}.named") == [{"id": 1, "name": "?"}]
