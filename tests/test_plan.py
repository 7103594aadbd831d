"""What a plan sees: nothing where all is as declared, and every real difference, on the real engine.

Every test here applies a project and then asks again, or makes one change on the server and asks what differs.
"""

from __future__ import annotations

import pytest

import tilla as tl
from tilla import engines, errors, text
from tilla import functions as f
from tilla import types as t
from tilla.dictionaries import Null as NoSource
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.planning.difference import Difference
from tilla.planning.plan import EXISTS, PLAN_VERSION, Plan
from tilla.planning.shape import read_shape
from tilla.planning.snapshot import printed


class Recording:
    """A server that also keeps what was asked of it."""

    def __init__(self, server):
        self._server, self.asked = server, []

    def __getattr__(self, name):
        return getattr(self._server, name)

    def rows(self, sql, **options):
        self.asked.append(sql)
        return self._server.rows(sql, **options)

    def scalar(self, sql, **options):
        self.asked.append(sql)
        return self._server.scalar(sql, **options)

    def execute(self, sql, **options):
        self.asked.append(sql)
        return self._server.execute(sql, **options)


class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    kind = tl.column(t.String)
    note = tl.column(t.Nullable(t.String))
    at = tl.column(t.DateTime64(3))


class Item(tl.Columns):
    id = tl.derive(Raw.id)
    kind = tl.derive(Raw.kind)
    note = tl.derive(Raw.note)
    at = tl.derive(Raw.at)


class ByKind(tl.Columns):
    kind = tl.derive(Item.kind)
    items = tl.measure(f.uniq_exact(Item.id))
    latest = tl.measure(f.max(Item.at), simple=True)


class Everything(tl.Columns):
    """Column options of every sort, in spellings that the server changes."""

    id = tl.column(t.UInt64, comment="it's \\ `a` \n Ключ")
    codes = tl.column(t.Int64, codec="Delta, ZSTD")
    packed = tl.column(t.String, codec="ZSTD")
    high = tl.column(t.String, codec="LZ4HC")
    at = tl.column(t.DateTime, default=tl.sql("NOW()"))
    day = tl.column(t.Date, materialized=tl.sql("toDate(at)"))
    twice = tl.column(t.UInt64, alias=tl.sql("id*2+1"))
    input = tl.column(t.String, ephemeral=True)
    length = tl.column(t.UInt64, default=tl.sql("LENGTH(input)"))
    short = tl.column(t.String, ttl=tl.sql("at + INTERVAL 3 DAY"))
    counted = tl.column(t.Int32, statistics=("tdigest", "uniq"))
    set_ = tl.column(t.String, name="select", settings={"min_compress_block_size": 4096})
    state = tl.column(t.Enum8({"b": 2, "a'b": 1}))
    lines = tl.column(t.Nested({"sku": t.String, "qty": t.Int64}))
    doc = tl.column(t.JSON({"a.b": t.UInt32}, max_dynamic_paths=10))
    any = tl.column(t.Variant(t.UInt8, t.String))
    money = tl.column(t.Nullable(t.Decimal(10, 2)))
    tags = tl.column(t.Array(t.LowCardinality(t.Nullable(t.String))))
    pair = tl.column(t.Tuple({"a": t.UInt8, "b-c": t.String}))
    odd = tl.column(t.String, name="a.b`c ы")


def everything(database, name="everything", **changes):
    """A table with every clause."""
    how = {
        "engine": ReplacingMergeTree(
            version=Everything.length,
            order_by=(Everything.id, Everything.codes),
            primary_key=Everything.id,
            partition_by=f.raw("toYYYYMM", Everything.day),
            sample_by=Everything.id,
            ttl=[
                tl.Ttl(f.raw("addMonths", Everything.at, 1)),
                tl.Ttl(f.raw("addDays", Everything.at, 3), recompress="ZSTD(17)"),
                tl.Ttl(f.raw("addDays", Everything.at, 9), where=Everything.packed == "x"),
            ],
            settings={
                "min_rows_for_wide_part": 0,
                "merge_with_ttl_timeout": 3600,
                "enable_block_number_column": True,
                "deduplicate_merge_projection_mode": "rebuild",
            },
        ),
        "indexes": (
            tl.Index("i1", Everything.packed, "bloom_filter(0.01)", granularity=4),
            tl.Index("i2", f.raw("LOWER", Everything.high), "ngrambf_v1(3, 256, 2, 0)"),
            tl.Index("i 3", Everything.codes * 2 + 1, "minmax"),
        ),
        "projections": (tl.Projection("p1", "SELECT packed, COUNT() GROUP BY packed"),),
        "constraints": (tl.Constraint("c1", Everything.id > 0),),
        "comment": "it's a comment\nПривет",
    } | changes
    return tl.Table(f"{database}.{name}", Everything, **how)


def kitchen(database, *, days_how=None, weeks_how=None):
    """A project with an object of every kind that the embedded engine can create."""
    raw = tl.Source(f"{database}.raw", Raw)
    items = tl.MaterializedView(
        f"{database}.items",
        Item,
        source=raw,
        engine=ReplacingMergeTree(version=Item.at, order_by=Item.id),
        comment="curated",
        where=Raw.kind != "test",
    )
    by_kind = tl.Aggregation(f"{database}.by_kind", ByKind, source=items, stable=(Item.kind,))
    joined = tl.Table(f"{database}.joined", Raw, engine=engines.Join("ANY", "LEFT", Raw.id))
    words = tl.Dictionary(
        f"{database}.words", Raw, primary_key=Raw.id, source=items, layout="hashed", lifetime=(0, 300)
    )
    hand = tl.sql(
        "WITH latest AS (SELECT id, MAX(at) AS at FROM {items} FINAL GROUP BY id)\n"
        "SELECT date_trunc('day', latest.at) AS day, COUNT(*) AS items, SUM(IF(id > 1, 1, 0)) AS many -- by hand\n"
        "FROM latest WHERE id NOT IN (SELECT id FROM {raw} WHERE note IS NULL) GROUP BY day",
        items=items,
        raw=raw,
    )

    class Days(tl.Columns):
        day = tl.column(t.DateTime)
        items = tl.column(t.UInt64, comment="how many")
        many = tl.column(t.UInt64)

    how = {
        "refresh": tl.every(days=1).offset(hours=5).randomize(minutes=10),
        "engine": MergeTree(order_by=Days.day),
        "settings": {"max_threads": 1},
        "refresh_settings": {"refresh_retries": 3},
        "comment": "by day",
    }
    days = tl.RefreshableView(f"{database}.days", Days, query=hand, **how | (days_how or {}))
    how = {
        "refresh": tl.every(days=7),
        "engine": MergeTree(order_by=(), settings={"index_granularity": 1024}),
        "append": True,
    }
    weekly = tl.sql("SELECT toDateTime(toMonday(day)) AS day, items, many FROM {days}", days=days)
    weeks = tl.RefreshableView(f"{database}.weeks", Days, query=weekly, **how | (weeks_how or {}))
    fed = tl.Table(f"{database}.fed", tuple(c for c in items.columns), engine=MergeTree(order_by=Item.id))
    copies = [
        tl.MaterializedView(
            f"{database}.feeds_{i}", Item, source=raw, to=fed, append_only_unique=True, where=Raw.kind == str(i)
        )
        for i in range(2)
    ]
    return tl.project(
        "kitchen",
        raw,
        items,
        by_kind,
        joined,
        words,
        days,
        weeks,
        fed,
        *copies,
        everything(database),
        tl.Table(f"{database}.gone", Raw, engine=engines.Null()),
        tl.Table(f"{database}.near", Raw, engine=engines.Memory()),
        tl.Table(f"{database}.`or'der`", Raw, engine=MergeTree(order_by=())),
        tl.Table(f"{database}.descending", Raw, engine=MergeTree(
            order_by=(Raw.id.desc(), Raw.kind), settings={"allow_experimental_reverse_key": 1})),
        tl.Table(f"{database}.one", Raw, engine=MergeTree(order_by=[Raw.id])),
        tl.Table(f"{database}.logged", Raw, engine=engines.Log()),
        tl.View(f"{database}.above", query=tl.sql("SELECT * FROM {items} WHERE id > {lo:UInt64}", items=items), comment="asked"),
        tl.View(f"{database}.union", query=tl.sql(
            "SELECT id FROM {raw} INTERSECT SELECT id FROM {items}", raw=raw, items=items)),
        tl.Dictionary(f"{database}.empty", Raw, primary_key=Raw.id, source=NoSource(), layout="flat", lifetime=0),
    )  # fmt: skip


def differing(project, server, **options):
    """object -> the aspects that differ."""
    made = tl.plan(project, server, **options)
    return {s.statement.object: [str(d) for d in s.differences] for s in made.differing}


def applied(server, *objects):
    """Apply a project with its sources; return it."""
    project = objects[0] if isinstance(objects[0], tl.Project) else tl.project("p", *objects)
    tl.apply(tl.plan(project, server, with_sources=True), server)
    return project


# --- nothing to do ---


def test_a_second_plan_is_empty_for_every_kind_of_object(engine, database):
    """After apply nothing differs and nothing is to be done, whatever the server made of the text (D01, D03, D04, A18, A22)."""
    project = applied(engine, kitchen(database))
    second = tl.plan(project, engine, with_sources=True)
    assert not second.changes
    assert {s.statement.object: [str(d) for d in s.differences] for s in second.differing} == {}
    assert not second
    assert {s.action for s in second.steps} == {EXISTS}


def test_a_second_plan_is_empty_over_http(engine, http_server, database):
    """The same through the real client over a socket: its settings change no text."""
    with tl.connect(http_server.dsn) as server:
        project = applied(server, kitchen(database))
        assert not tl.plan(project, server)


def test_reading_differences_takes_few_queries(engine, database):
    """The number of queries does not grow with the number of objects, and is five at most when nothing is to be done."""
    tables = [tl.Table(f"{database}.t{i}", Raw, engine=MergeTree(order_by=Raw.id)) for i in range(40)]
    source = tl.Source(f"{database}.raw", Raw)
    project = applied(engine, source, *tables)
    server = Recording(engine)
    assert not tl.plan(project, server)
    assert len(server.asked) <= 5, server.asked


def test_a_plan_writes_nothing(engine, database):
    """Only apply writes: planning for an empty server sends questions alone."""
    server = Recording(engine)
    made = tl.plan(kitchen(database), server, with_sources=True)
    assert made.changes
    assert all(sql.lstrip().startswith(("SELECT", "DESCRIBE", "EXPLAIN")) for sql in server.asked), server.asked
    assert engine.scalar(f"SELECT count() FROM system.tables WHERE database = '{database}'") == 0


TYPE_ALIASES = ["INT", "VARCHAR(20)", "BIGINT UNSIGNED", "DECIMAL(10,2)", "DOUBLE", "TIMESTAMP", "BOOLEAN", "TEXT", "DateTime64",
                "Decimal64(3)", "INT NULL", "Decimal(10)", "BINARY(3)", "Enum('b', 'a')", "Enum8('b' = 2, 'a' = 1)"]  # fmt: skip


def test_type_aliases_are_the_types_they_stand_for(engine, database):
    """D01: a table made with aliases by someone else is as declared."""
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(TYPE_ALIASES))
    engine.execute(f"CREATE TABLE {database}.x ({columns}) ENGINE = MergeTree ORDER BY c2")
    declared = [tl.column(t.parse(kind), name=f"c{i}") for i, kind in enumerate(TYPE_ALIASES)]
    project = tl.project("p", tl.Table(f"{database}.x", declared, engine=MergeTree(order_by=declared[2])))
    assert differing(project, engine) == {}


KEYS = ["ORDER BY id", "ORDER BY (id)", "ORDER BY tuple(id)", "ORDER BY (id) PRIMARY KEY id", "PRIMARY KEY (id)"]


@pytest.mark.parametrize("written", KEYS)
def test_equal_spellings_of_a_key_are_equal(engine, database, written):
    """D03: brackets, tuple() and a primary key that repeats the sorting key are one key."""
    engine.execute(
        f"CREATE TABLE {database}.k (id UInt64, kind String, note Nullable(String), at DateTime64(3)) ENGINE = MergeTree() {written}"
    )
    project = tl.project("p", tl.Table(f"{database}.k", Raw, engine=MergeTree(order_by=Raw.id)))
    assert differing(project, engine) == {}


def test_what_the_server_adds_by_itself_is_no_difference(engine, database):
    """D04: brackets of the engine, DELETE, an empty comment, index_granularity, INTERVAL, a setting at its default."""
    engine.execute(
        f"CREATE TABLE {database}.a (id UInt64, kind String, note Nullable(String), at DateTime64(3)) ENGINE = MergeTree()"
        " ORDER BY id TTL toDateTime(at) + INTERVAL 3 DAY DELETE SETTINGS min_bytes_for_wide_part = 10485760 COMMENT ''"
    )
    rule = tl.Ttl(f.raw("toDateTime", Raw.at, type=t.DateTime) + f.raw("toIntervalDay", 3))
    project = tl.project("p", tl.Table(f"{database}.a", Raw, engine=MergeTree(order_by=Raw.id, ttl=rule)))
    assert differing(project, engine) == {}


def test_the_columns_in_the_text_of_a_view_are_not_its_declaration(engine, database):
    """D13: SHOW CREATE lists the SELECT's types (String, Float64), not the target's (LowCardinality, Decimal)."""

    class Narrow(tl.Columns):
        kind = tl.column(t.LowCardinality(t.String))
        third = tl.column(t.Decimal(18, 2))

    raw = tl.Source(f"{database}.raw", Raw)
    target = tl.Table(f"{database}.t", Narrow, engine=MergeTree(order_by=()))
    view = tl.MaterializedView(
        f"{database}.m",
        Narrow,
        to=target,
        query=tl.sql("SELECT kind, id/3 AS third FROM {raw}", raw=raw),
        append_only_unique=True,
    )
    project = applied(engine, raw, target, view)
    shown = engine.scalar(f"SELECT create_table_query FROM system.tables WHERE database = '{database}' AND name = 'm'")
    assert "`third` Float64" in shown
    assert not tl.plan(project, engine)


SPELLINGS = [
    ("SELECT id AS id FROM {raw}", "SELECT r.id AS id FROM {raw} AS r"),
    ("SELECT count() AS n FROM {raw}", "SELECT COUNT() AS n FROM {raw}"),
    ("WITH x AS (SELECT id FROM {raw}) SELECT * FROM x", "SELECT * FROM (SELECT id FROM {raw}) AS x"),
    ("SELECT id,kind FROM {raw} WHERE id>1", "SELECT id, /* why */ kind\nFROM {raw}\nWHERE (id > 1)"),
    ("SELECT now() AS at, id FROM {raw}", "SELECT NOW() AS at, r.id AS id FROM {raw} AS r"),
]


@pytest.mark.parametrize(("live", "declared"), SPELLINGS)
def test_one_query_in_two_spellings_is_one_query(engine, database, live, declared):
    """SQL by hand is compared by what the server resolves it to, so another spelling is no drift."""
    raw = tl.Source(f"{database}.raw", Raw)
    applied(engine, raw, tl.View(f"{database}.v", query=tl.sql(live, raw=raw)))
    project = tl.project("p", raw, tl.View(f"{database}.v", query=tl.sql(declared, raw=raw)))
    assert differing(project, engine) == {}


def test_rights_that_are_not_declared_are_the_servers_own(engine, database):
    """A view made with a definer by server default is as declared; a declared one is compared, CURRENT_USER by name."""
    raw = applied(engine, tl.Source(f"{database}.raw", Raw)).objects[0]
    engine.execute(f"CREATE VIEW {database}.v DEFINER = default SQL SECURITY DEFINER AS SELECT id FROM {database}.raw")
    query = tl.sql("SELECT id FROM {raw}", raw=raw)
    as_is = tl.project("p", raw, tl.View(f"{database}.v", query=query))
    own = tl.project("p", raw, tl.View(f"{database}.v", query=query, definer="CURRENT_USER", sql_security="definer"))
    other = tl.project("p", raw, tl.View(f"{database}.v", query=query, definer="nobody", sql_security="invoker"))
    assert differing(as_is, engine) == differing(own, engine) == {}
    assert differing(other, engine) == {
        f"{database}.v": ["definer: is default, declared nobody", "SQL security: is DEFINER, declared INVOKER"]
    }


# --- every real difference ---

# What is done to the table, and what the plan then says: (statement, aspect, live, declared).
CHANGES = [
    ("MODIFY COLUMN money Nullable(Decimal(12, 2))", "type of column money", "Nullable(Decimal(12, 2))", "Nullable(Decimal(10, 2))"),
    ("ADD COLUMN extra UInt8", "column extra", "UInt8", ""),
    ("DROP COLUMN tags", "column tags", "", "Array(LowCardinality(Nullable(String)))"),
    ("DROP COLUMN `lines.qty`", "column lines.qty", "", "Array(Int64)"),
    ("MODIFY COLUMN state Enum8('a\\'b' = 1, 'b' = 2, 'c' = 3)", "type of column state", None, None),
    ("MODIFY COLUMN at DEFAULT now() + 1", "default of column at", "DEFAULT now() + 1", "DEFAULT NOW()"),
    ("COMMENT COLUMN money 'now'", "comment of column money", "'now'", ""),
    ("COMMENT COLUMN id ''", "comment of column id", "", None),
    ("MODIFY COLUMN packed CODEC(ZSTD(3))", "codec of column packed", "(ZSTD(3))", "(ZSTD)"),
    ("MODIFY COLUMN codes CODEC(Delta(8), ZSTD(1))", None, None, None),
    ("MODIFY COLUMN high REMOVE CODEC", "codec of column high", "", "(LZ4HC)"),
    ("MODIFY COLUMN short REMOVE TTL", "TTL of column short", "", "at + toIntervalDay(3)"),
    ("MODIFY COLUMN short String TTL at + INTERVAL 4 DAY", "TTL of column short", "at + toIntervalDay(4)", "at + toIntervalDay(3)"),
    ("DROP STATISTICS counted", "statistics of column counted", "", None),
    ("MODIFY TTL addMonths(at, 2)", "TTL", "addMonths(at, 2)", None),
    ("REMOVE TTL", "TTL", "", None),
    ("MODIFY SETTING merge_with_ttl_timeout = 7200", "setting merge_with_ttl_timeout", "7200", "3600"),
    ("RESET SETTING min_rows_for_wide_part", None, None, None),
    ("MODIFY SETTING parts_to_throw_insert = 1", "setting parts_to_throw_insert", "1", ""),
    ("DROP INDEX i1", "index i1", "", "packed TYPE bloom_filter(0.01) GRANULARITY 4"),
    ("ADD INDEX i9 high TYPE minmax", "index i9", "high TYPE minmax GRANULARITY 1", ""),
    ("DROP PROJECTION p1", "projection p1", "", "(SELECT packed, COUNT() GROUP BY packed)"),
    ("DROP CONSTRAINT c1", "constraint c1", "", "CHECK id > 0"),
    ("MODIFY COMMENT 'other'", "comment", "'other'", None),
    ("MODIFY COMMENT ''", "comment", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "aspect", "live", "declared"), CHANGES)
def test_a_change_of_a_table_is_told(engine, database, change, aspect, live, declared):
    """One ALTER behind Tilla's back is one difference with both sides; one that changes nothing is none."""
    table = everything(database)
    applied(engine, table)
    try:
        engine.execute(f"ALTER TABLE {database}.everything {change}", settings={"mutations_sync": 2})
    except errors.StatementRefused:
        if aspect is not None:
            raise
    found = [d for s in tl.plan(tl.project("p", table), engine).differing for d in s.differences]
    if aspect is None:
        assert found == []
        return
    assert [d.aspect for d in found] == [aspect]
    assert live is None or found[0].live == live
    assert declared is None or found[0].declared == declared
    assert aspect in str(found[0])


# What is declared instead of what is there.
DECLARED = [
    ("engine", {"engine": MergeTree(order_by=Raw.id)}, {"engine": ReplacingMergeTree(order_by=Raw.id, version=Raw.at)}),
    ("engine", {"engine": ReplacingMergeTree(order_by=Raw.id, version=Raw.at)}, {"engine": ReplacingMergeTree(order_by=Raw.id)}),
    ("ORDER BY", {"engine": MergeTree(order_by=Raw.id)}, {"engine": MergeTree(order_by=(Raw.id, Raw.kind), primary_key=Raw.id)}),
    ("PRIMARY KEY", {"engine": MergeTree(order_by=(Raw.id, Raw.kind))},
     {"engine": MergeTree(order_by=(Raw.id, Raw.kind), primary_key=Raw.id)}),
    ("PARTITION BY", {"engine": MergeTree(order_by=Raw.id)},
     {"engine": MergeTree(order_by=Raw.id, partition_by=f.raw("toYYYYMM", Raw.at))}),
    ("SAMPLE BY", {"engine": MergeTree(order_by=Raw.id)}, {"engine": MergeTree(order_by=Raw.id, sample_by=Raw.id)}),
    ("setting index_granularity", {"engine": MergeTree(order_by=Raw.id)},
     {"engine": MergeTree(order_by=Raw.id, settings={"index_granularity": 1024})}),
    ("engine", {"engine": engines.Join("ANY", "LEFT", Raw.id)}, {"engine": engines.Join("ALL", "LEFT", Raw.id)}),
]  # fmt: skip


@pytest.mark.parametrize(("aspect", "live", "declared"), DECLARED)
def test_what_no_alter_can_change_is_told(engine, database, aspect, live, declared):
    """D08: engine, keys, partition and granularity differ: told, and nothing is sent."""
    applied(engine, tl.Table(f"{database}.t", Raw, **live))
    made = tl.plan(tl.project("p", tl.Table(f"{database}.t", Raw, **declared)), engine)
    assert [d.aspect for s in made.differing for d in s.differences] == [aspect]
    assert not made.changes


@pytest.mark.parametrize(
    ("live", "declared"),
    [
        ("SELECT id FROM {raw} WHERE id > 1", "SELECT id FROM {raw} WHERE id > 2"),
        ("SELECT id FROM {raw}", "SELECT id, kind FROM {raw}"),
        ("SELECT id FROM {raw}", "SELECT id AS other FROM {raw}"),
        ("SELECT id FROM {raw} LIMIT 1", "SELECT id FROM {raw} LIMIT 2"),
        ("SELECT id FROM {raw} ORDER BY id", "SELECT id FROM {raw} ORDER BY id DESC"),
        ("SELECT today() - 1 AS d", "SELECT today() - 2 AS d"),
        ("SELECT sum(id) AS n FROM {raw}", "SELECT sumDistinct(id) AS n FROM {raw}"),
        ("SELECT id FROM {raw} SETTINGS max_threads = 1", "SELECT id FROM {raw} SETTINGS max_threads = 2"),
        ("SELECT 'a' AS x", "SELECT 'A' AS x"),
        (
            "SELECT id FROM {raw} UNION ALL SELECT id FROM {raw}",
            "SELECT id FROM {raw} UNION DISTINCT SELECT id FROM {raw}",
        ),
        ("SELECT id FROM {raw} WHERE kind = '  x'", "SELECT id FROM {raw} WHERE kind = ' x'"),
    ],
)
def test_another_query_is_told(engine, database, live, declared):
    """No change of a SELECT is taken for a matter of spelling."""
    raw = tl.Source(f"{database}.raw", Raw)

    def view(query):
        uses = {"raw": raw} if "{raw}" in query else {}
        return tl.View(f"{database}.v", query=tl.sql(query, **uses))

    applied(engine, raw, view(live))
    found = tl.plan(tl.project("p", raw, view(declared)), engine).differing
    assert [d.aspect for s in found for d in s.differences] == ["query"]


def test_changes_of_a_view_are_told(engine, database):
    """Target, schedule, comment, stored columns and refresh settings of views are compared, too."""
    applied(engine, kitchen(database))
    changed = kitchen(
        database,
        days_how={"refresh": tl.every(days=2), "comment": "other", "refresh_settings": {"refresh_retries": 4}},
        weeks_how={"append": False, "engine": MergeTree(order_by=())},
    )
    found = differing(changed, engine)
    assert found == {
        f"{database}.days": [
            "refresh: is EVERY 1 DAY OFFSET 5 HOUR RANDOMIZE FOR 10 MINUTE, declared EVERY 2 DAY",
            "refresh settings: is refresh_retries = 3, declared refresh_retries = 4",
            "comment: is 'by day', declared 'other'",
        ],
        f"{database}.weeks": [
            "setting index_granularity: 1024 is there, not declared",
            "refresh: is APPEND, declared not APPEND",
        ],
    }


def test_another_target_and_another_kind_are_told(engine, database):
    """A view that writes elsewhere, and a table where a view is declared."""
    project = kitchen(database)
    applied(engine, project)
    engine.execute(f"DROP VIEW {database}.items_mv")
    engine.execute(
        f"CREATE MATERIALIZED VIEW {database}.items_mv TO {database}.fed AS SELECT * FROM {database}.raw WHERE kind != 'test'"
    )
    engine.execute(f"DROP VIEW {database}.above")
    engine.execute(f"CREATE TABLE {database}.above (id UInt64) ENGINE = Memory")
    found = differing(project, engine)
    assert found == {
        f"{database}.items_mv": [f"target: is {database}.fed, declared {database}.items"],
        f"{database}.above": ["kind: is table, declared view"],
    }


def test_changes_of_a_dictionary_are_told(engine, database):
    """Layout, lifetime, source and attributes."""
    project = kitchen(database)
    applied(engine, project)
    words = project[f"{database}.words"]
    others = [o for o in project.objects if o is not words]
    changed = tl.Dictionary(
        words.name, Raw, primary_key=Raw.id, source=project[f"{database}.raw"], layout="flat", lifetime=300
    )
    found = differing(tl.project("p", *others, changed), engine)[f"{database}.words"]
    assert [line.partition(":")[0] for line in found] == ["source", "layout"]
    changed = tl.Dictionary(
        words.name, Raw, primary_key=Raw.id, source=project[f"{database}.items"], layout="hashed", lifetime=5
    )
    found = differing(tl.project("p", *others, changed), engine)[f"{database}.words"]
    assert [line.partition(":")[0] for line in found] == ["lifetime"]


# --- engines of other deployments, and secrets: text alone ---


def compared(engine, declared, live):
    """The aspects that differ between two statements, as text."""
    from tilla.planning.compare import compare
    from tilla.planning.oracle import Oracle

    ours = printed(engine, [declared])[declared]
    return [c.difference.aspect for c in Oracle(engine).settle(list(compare(read_shape(ours), read_shape(live))))]


PATH = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"


@pytest.mark.parametrize(
    ("declared", "live", "aspects"),
    [
        ("ReplacingMergeTree(v)", f"SharedReplacingMergeTree({PATH}, v)", []),
        ("MergeTree", f"SharedMergeTree({PATH})", []),
        ("ReplicatedMergeTree", f"ReplicatedMergeTree({PATH})", []),
        ("ReplicatedReplacingMergeTree('/a/{shard}', '{replica}', v)", f"SharedReplacingMergeTree({PATH}, v)", []),
        ("ReplacingMergeTree(v)", f"SharedMergeTree({PATH})", ["engine"]),
        ("ReplacingMergeTree", f"SharedReplacingMergeTree({PATH}, v)", ["engine"]),
        ("ReplicatedMergeTree", "MergeTree", ["engine"]),
        ("SummingMergeTree((v, w))", f"SharedSummingMergeTree({PATH}, (v, w))", []),
        ("SummingMergeTree((v, w))", f"SharedSummingMergeTree({PATH}, (v, x))", ["engine"]),
    ],
)
def test_how_a_table_is_kept_is_no_difference_and_another_engine_is(engine, declared, live, aspects):
    """D15, A23: Shared and Replicated with their path say how rows are kept; a real change still shows."""
    head = "CREATE TABLE d.a (`x` UInt64, `v` UInt64)"
    found = compared(
        engine,
        f"{head} ENGINE = {declared} ORDER BY x",
        f"{head} ENGINE = {live} ORDER BY x SETTINGS index_granularity = 8192",
    )
    assert found == aspects


def test_a_secret_that_the_server_hides_is_not_a_difference(engine):
    """[HIDDEN] stands for whatever was written there; all around it is compared."""
    head = "CREATE TABLE d.a (`x` UInt64)"
    hidden = f"{head} ENGINE = S3('https://b/x.csv', 'key', '[HIDDEN]', 'CSV')"
    assert compared(engine, f"{head} ENGINE = S3('https://b/x.csv', 'key', 'secret', 'CSV')", hidden) == []
    assert compared(engine, f"{head} ENGINE = S3('https://c/x.csv', 'key', 'secret', 'CSV')", hidden) == ["engine"]


@pytest.mark.parametrize(
    "written",
    [
        "CREATE TABLE d.`TO x` (`AS` UInt8, `COMMENT` String COMMENT 'AS SELECT', `a, b` Array(UInt8)) ENGINE = MergeTree ORDER BY `AS` COMMENT 'ENGINE = x'",
        "CREATE VIEW d.v AS SELECT 1 AS COMMENT, (2) AS TTL",
        "CREATE MATERIALIZED VIEW d.v REFRESH AFTER 1 HOUR APPEND TO d.t AS WITH (1) AS x SELECT x",
    ],
)
def test_names_that_look_like_clauses_are_names(engine, written):
    """Keywords as names, and in texts, do not cut a statement: read and printed again it compares equal to itself."""
    ours = printed(engine, [written])[written]
    assert compared(engine, written, ours) == []
    assert read_shape(ours).clauses


# --- sources ---


def test_a_loader_may_have_more_and_never_less(engine, database):
    """Extra columns, another order, another engine are the loader's business; a missing column and another type are told."""
    engine.execute(
        f"CREATE TABLE {database}.raw (_meta String, at DateTime64(3), kind LowCardinality(String), id Nullable(UInt64))"
        " ENGINE = ReplacingMergeTree ORDER BY at"
    )
    source = tl.Source(f"{database}.raw", Raw)
    assert differing(tl.project("p", source), engine) == {
        f"{database}.raw": [
            "type of column id in the loader's table: is Nullable(UInt64), declared UInt64",
            "type of column kind in the loader's table: is LowCardinality(String), declared String",
            "the loader's table lacks column note, declared Nullable(String)",
        ]
    }


def test_a_loaders_table_that_fits_is_fine(engine, database):
    """All declared columns with their types, more of them, Nested flattened: nothing to say."""

    class Lined(tl.Columns):
        id = tl.column(t.UInt64)
        lines = tl.column(t.Nested({"sku": t.String, "qty": t.Int64}))
        doc = tl.column(t.JSON({"a.b": t.UInt32}, max_dynamic_paths=10))

    engine.execute(
        f"CREATE TABLE {database}.raw (id UInt64, lines Nested(sku String, qty Int64), more UInt8,"
        " doc JSON(max_dynamic_paths = 10, a.b UInt32)) ENGINE = Memory"
    )
    assert not tl.plan(tl.project("p", tl.Source(f"{database}.raw", Lined)), engine)


def test_a_missing_source_is_told_and_never_created(engine, database):
    """What reads it waits; tables do not; --with-sources creates it."""
    project = kitchen(database)
    made = tl.plan(project, engine)
    assert f"{database}.raw" in {s.statement.object for s in made.pending}
    assert f"{database}.items_mv" in {s.statement.object for s in made.pending}
    assert f"{database}.items" in {s.statement.object for s in made.changes}
    assert made.waits_for_others
    tl.apply(made, engine)
    assert engine.scalar(f"SELECT count() FROM system.tables WHERE database = '{database}' AND name = 'raw'") == 0
    applied(engine, project)
    assert not tl.plan(project, engine)


def test_a_view_over_a_source_that_lacks_a_column_waits(engine, database):
    """It would be refused, or compute something else; the reason names the column."""
    engine.execute(f"CREATE TABLE {database}.raw (id UInt64, kind String, at DateTime64(3)) ENGINE = Memory")
    project = kitchen(database).select(f"{database}.items")
    made = tl.plan(project, engine)
    waiting = {s.statement.object: s.reason for s in made.pending}
    assert waiting == {
        f"{database}.items_mv": f"{database}.raw is not as declared: the loader's table lacks column note, declared Nullable(String)"
    }
    assert [s.statement.object for s in made.changes] == [f"{database}.items"]


def test_a_view_whose_target_lacks_a_column_waits(engine, database):
    """B17's sibling: a view into a table of another shape is not armed over it."""
    applied(engine, tl.Source(f"{database}.raw", Raw))
    engine.execute(
        f"CREATE TABLE {database}.items (id UInt64, kind String, at DateTime64(3)) ENGINE = ReplacingMergeTree(at) ORDER BY id"
    )
    made = tl.plan(kitchen(database).select(f"{database}.items"), engine)
    assert [s.statement.object for s in made.differing] == [f"{database}.items"]
    assert [s.reason for s in made.pending] == [
        f"{database}.items is not as declared: column note: not there, declared Nullable(String)"
    ]


def test_a_target_that_is_gone_is_created_again(engine, database):
    """B17: the target of a live view was dropped, and every insert fails; apply brings it back and leaves the view."""
    project = applied(engine, kitchen(database).select(f"{database}.items"))
    engine.execute(f"DROP TABLE {database}.items")
    made = tl.plan(project, engine)
    assert [s.statement.object for s in made.changes] == [f"{database}.items"]
    tl.apply(made, engine)
    engine.execute(f"INSERT INTO {database}.raw VALUES (1, 'a', NULL, 1)")
    assert engine.scalar(f"SELECT count() FROM {database}.items") == 1


# --- a plan is a value ---


def test_a_plan_can_be_stored_and_compared(engine, database):
    """JSON and back gives an equal plan, with differences, risks and reasons in it."""
    project = kitchen(database)
    made = tl.plan(project, engine, with_sources=True)
    assert made == tl.plan(project, engine, with_sources=True)
    document = made.as_json()
    assert document["version"] == PLAN_VERSION
    assert {"object", "phase", "sql", "reason", "action", "risk", "differences"} <= set(document["steps"][0])
    assert Plan.from_json(document) == made
    applied(engine, project)
    engine.execute(f"ALTER TABLE {database}.items ADD COLUMN extra UInt8")
    later = tl.plan(project, engine)
    assert Plan.from_json(later.as_json()) == later != made
    assert later.as_json()["steps"][-1].keys() == document["steps"][0].keys()
    assert "column extra: UInt8 is there, not declared; left alone" in str(later)
    assert "as declared" in str(later)


def test_a_long_difference_shows_where_the_texts_part():
    """Two long queries are cut around the first place in which they differ."""
    shown = str(Difference("query", "SELECT " + "a, " * 100 + "1 FROM x", "SELECT " + "a, " * 100 + "2 FROM x"))
    assert "1 FROM x" in shown
    assert "2 FROM x" in shown
    assert len(shown) < 200


def test_names_of_every_kind_are_found_again(engine, database):
    """Odd names (A03's kin): a dot, a dash, a backtick, a keyword, Cyrillic; second plan empty."""
    names = ["a-b", "1st", "select", "a.b", "ta`ble", "таблица", "it's", "a b", "TO", "AS x"]
    tables = [tl.Table(text.quote_qualified(database, name), Raw, engine=MergeTree(order_by=())) for name in names]
    project = applied(engine, *tables)
    assert not tl.plan(project, engine)
    views = [
        tl.View(text.quote_qualified(database, f"v {name}"), query=table.select(Raw.id), comment=name)
        for name, table in zip(names, tables, strict=True)
    ]
    assert not tl.plan(applied(engine, *tables, *views), engine)


def test_what_a_notebook_shows_of_a_plan_is_what_a_shell_shows(engine, database):
    """The repr of a plan held every statement of it: one line of a megabyte under the cell that made it."""
    rows = tl.Source(f"{database}.rows", Raw, engine=MergeTree(order_by=Raw.id))
    items = tl.MaterializedView(
        f"{database}.items", Item, source=rows, engine=ReplacingMergeTree(order_by=Item.id, version=Item.at)
    )
    project = tl.project("<p>", rows, items)
    plan = tl.plan(project, engine, with_sources=True)
    assert repr(plan) == "<tilla Plan <p>: 3 create, 1 exists>"
    assert plan._repr_html_() == f"<pre>{plan}</pre>".replace("<p>", "&lt;p&gt;")
    report = tl.apply(plan, engine)
    assert repr(report) == "<tilla Report: 3 statements run, of <tilla Plan <p>: 3 create, 1 exists>>"
    filling = tl.backfill(project, engine)
    assert repr(filling).startswith("<tilla Backfill <p>: 1 targets to fill")
    assert "\n" not in repr(tl.apply(filling, engine))
    assert f"{database}.items" in filling._repr_html_()


def test_projects_are_merged_by_what_they_declare():
    """An object that is the same in two counts once, and another one of the same name is told."""
    one, two = tl.Source("r.one", Raw), tl.Source("r.two", Raw)
    again = tl.Source("r.one", Raw)
    merged = tl.project("a", one).merge(tl.project("b", again, two), tl.project("c", two))
    assert [item.name for item in merged.objects] == ["r.one", "r.two"]
    with pytest.raises(tl.DeclarationError, match="T304"):
        tl.project("a", one).merge(tl.project("b", tl.Table("r.one", Raw, engine=MergeTree(order_by=Raw.id))))


@pytest.mark.parametrize("place", ["table", "column", "query", "role", "profile"])
def test_a_setting_that_the_server_does_not_have_is_named_before_anything_is_sent(engine, database, place):
    """The parser takes any name and the table is refused in the middle of a run; plan asks first, and names the nearest."""
    wrong = {"index_granularty": 8192} if place in ("table", "column") else {"max_thread": 8}
    raw = tl.Table(f"{database}.raw", Raw, engine=MergeTree(order_by=Raw.id))
    column = tl.column(t.UInt64, name="x", settings=wrong if place == "column" else None)
    made = {
        "table": lambda: tl.Table(f"{database}.t", [column], engine=MergeTree(order_by=(), settings=wrong)),
        "column": lambda: tl.Table(f"{database}.t", [column], engine=MergeTree(order_by=())),
        "query": lambda: tl.RefreshableView(
            f"{database}.r", [tl.derive(Raw.id, name="x")], source=raw, refresh=tl.every(days=1),
            engine=MergeTree(order_by=()), settings=wrong,
        ),
        "role": lambda: tl.Role("reader", select=raw, caps=wrong),
        "profile": lambda: tl.SettingsProfile("caps", limits={"max_thread": (1, 8)}),
    }[place]()  # fmt: skip
    with pytest.raises(errors.DeclarationError) as caught:
        tl.plan(tl.project("p", raw, made), engine)
    (mistake,) = caught.value.mistakes
    near = "index_granularity" if place in ("table", "column") else "max_threads"
    assert (mistake.code, mistake.nearest) == ("T532", near)


def test_settings_of_the_users_own_are_left_to_the_server(engine, database):
    """SQL_ is the prefix of ClickHouse's manual for settings that a server is told about."""
    tl.plan(tl.project("p", tl.SettingsProfile("own", settings={"SQL_shop": "a"})), engine)


def test_objects_whose_names_read_alike_are_refused():
    """One text would stand for both: in --select, in files, in the JSON, and in what is noted of filled history."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.project("p", tl.Source("`a.b`.c", Raw), tl.Source("a.`b.c`", Raw), tl.Source("a.b", Raw))
    (mistake,) = caught.value.mistakes
    assert mistake.code == "T312"
    assert "`a.b`.c and a.`b.c`" in mistake.what
