"""The engines without an order: what they print, what the engine takes, what is refused before it."""

from __future__ import annotations

import pytest

import tilla as tl
from tilla import engines, engines_other, errors
from tilla import functions as f
from tilla import types as t
from tilla.ddl import history
from tilla.ddl.script import Script
from tilla.ddl.write import create_table
from tilla.engines import (
    S3,
    URL,
    Buffer,
    Distributed,
    EmbeddedRocksDB,
    File,
    GenerateRandom,
    Join,
    Kafka,
    KeeperMap,
    Log,
    Memory,
    Merge,
    MergeTree,
    Null,
    S3Queue,
    Set,
    StripeLog,
    TinyLog,
)


class Row(tl.Columns):
    k = tl.column(t.UInt64)
    v = tl.column(t.String)


def rows(database="d"):
    return tl.Table(f"{database}.rows", Row, engine=MergeTree(order_by=Row.k))


BASE = rows()
COLLECTION = tl.secret("a-b")

# Engines that this engine can create, and the text that it keeps of them.
LIVE = [
    (Null(), "`Null`"),
    (Memory(), "Memory"),
    (Memory(settings={"max_rows_to_keep": 10, "min_rows_to_keep": 1, "compress": True}), None),
    (Memory(settings={"max_bytes_to_keep": 10, "min_bytes_to_keep": 1}), None),
    (Log(), "Log"), (TinyLog(), "TinyLog"), (StripeLog(), "StripeLog"),
    (Set(settings={"persistent": False}), "Set SETTINGS persistent = 0"),
    (Join("any", "left", Row.k), "Join(ANY, LEFT, k)"),
    (Join("ALL", "INNER", (Row.k, Row.v), settings={"join_use_nulls": 1, "persistent": 0}), None),
    (Join("SEMI", "LEFT", Row.k), None), (Join("ANTI", "RIGHT", Row.k), None), (Join("ALL", "FULL", Row.k), None),
    (Buffer(table=BASE), "Buffer('d', 'rows', 16, 10, 100, 10000, 1000000, 10000000, 100000000)"),
    (Buffer(table=BASE, layers=1, flush_rows=5), "Buffer('d', 'rows', 1, 10, 100, 10000, 1000000, 10000000, 100000000, 0, 5)"),
    (Buffer(table=BASE, flush_time=1, flush_rows=2, flush_bytes=3), None),
    (Merge("d", "^ro.*"), "Merge('d', '^ro.*')"), (Merge("^d$", "^it's$", many_databases=True), "Merge(REGEXP('^d$'), '^it\\'s$')"),
    (GenerateRandom(), "GenerateRandom"), (GenerateRandom(seed=1, max_string_length=5, max_array_length=3), "GenerateRandom(1, 5, 3)"),
    (URL("http://127.0.0.1:1/x.csv", "CSV", compression="gzip"), "URL('http://127.0.0.1:1/x.csv', 'CSV', 'gzip')"),
    (File("CSV"), "File('CSV')"),
    (EmbeddedRocksDB(primary_key=Row.k), "EmbeddedRocksDB PRIMARY KEY k"), (EmbeddedRocksDB(primary_key=Row.k, ttl=60), None),
]  # fmt: skip

# Engines that need a cluster, a broker, a bucket or Keeper: their statements are read by the engine's parser.
PARSED = [
    Distributed("main", BASE), Distributed("main", BASE, sharding_key=f.raw("rand")),
    Distributed("main-1", BASE, sharding_key=Row.k, policy="hot", settings={"fsync_after_insert": 1}),
    Kafka(brokers=("a:9092", "b:9092"), topics="orders", group="g", format="JSONEachRow", settings={"kafka_num_consumers": 2}),
    Kafka(secret=COLLECTION), S3("https://bucket-a.s3.amazonaws.com/x.csv", "CSV", public=True, compression="gzip"),
    S3("https://bucket-a.s3.amazonaws.com/{_partition_id}.csv", "CSV", partition_by=Row.k), S3("", "CSV", secret=COLLECTION),
    S3Queue("https://bucket-a.s3.amazonaws.com/*", "CSV", public=True, settings={"after_processing": "delete"}), S3Queue("", "CSV", secret=COLLECTION, mode="ordered"),
    KeeperMap("/a", primary_key=Row.k), KeeperMap("/a", primary_key=Row.k, keys_limit=10), File("CSV", path="a.csv", compression="gz"),
    EmbeddedRocksDB(primary_key=Row.k, directory="/x", read_only=True),
]  # fmt: skip


def table(engine_, database="d", name="x"):
    return tl.Table(f"{database}.{name}", Row, engine=engine_)


def test_every_engine_is_tried():
    """A new engine needs a line in one of the two lists."""
    declared = {c for c in vars(engines_other).values() if isinstance(c, type) and issubclass(c, engines.TableEngine)}
    tried = {type(e) for e, _ in LIVE} | {type(e) for e in PARSED}
    assert declared - {engines.TableEngine} == tried
    assert all(getattr(engines, c.__name__) is c for c in tried)


@pytest.mark.parametrize(("made", "text"), LIVE, ids=lambda x: getattr(x, "name", ""))
def test_engines_are_created_as_declared(engine, database, made, text):
    """The statement runs, and the server keeps the engine as it was written."""
    for item in (rows(database), table(made, database)):
        engine.execute(create_table(item).replace("'d', 'rows'", f"'{database}', 'rows'"))
    live = engine.scalar(
        "SELECT engine_full FROM system.tables WHERE database = {d:String} AND name = 'x'", parameters={"d": database}
    )
    if text is not None:
        assert live.replace(f"'{database}'", "'d'") == text


@pytest.mark.parametrize("made", PARSED, ids=lambda x: x.name)
def test_engines_that_need_more_are_read_by_the_parser(engine, made):
    """What cannot be created here is at least syntax."""
    sql = create_table(table(made))
    assert engine.check_syntax(sql) is None, sql


@pytest.mark.parametrize(
    "made", [e for e in PARSED if isinstance(e, Kafka | S3Queue) and e.secret is None], ids=lambda x: x.name
)
def test_settings_of_queues_are_known_to_the_server(engine, database, made):
    """The engine names the first setting that it does not know: it must be the one put behind ours."""
    sql = create_table(table(made, database)) + ", tilla_unknown = 1"
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(sql)
    assert caught.value.server_code == 115
    assert "tilla_unknown" in str(caught.value)


def test_rand_stays_rand():
    """A03: randCanonical() would send every row to one shard."""
    text = create_table(table(Distributed("main", BASE, sharding_key=f.raw("rand"))))
    assert "ENGINE = Distributed('main', 'd', 'rows', rand())" in text


def test_one_settings_clause_behind_the_keys(engine, database):
    """A13, A14: two SETTINGS clauses are refused (115), and so is SETTINGS before a key (62)."""
    made = S3(
        "https://bucket-a.s3.amazonaws.com/{_partition_id}.csv", "CSV", partition_by=Row.k, settings={"b": 1, "a": "x"}
    )
    assert create_table(table(made)).split("\n")[-2:] == ["PARTITION BY k", "SETTINGS a = 'x', b = 1"]
    full = MergeTree(
        order_by=(Row.k, Row.v), primary_key=Row.k, partition_by=Row.k % 4, sample_by=Row.k, ttl=tl.Ttl(f.to_date(Row.k) + 5),
        settings={"ttl_only_drop_parts": 1, "index_granularity": 1024},
    )  # fmt: skip
    sql = create_table(tl.Table(f"{database}.x", Row, engine=full, comment="it's"))
    words = [line.split()[0] for line in sql.split("\n")[6:]]
    assert words == ["PARTITION", "PRIMARY", "ORDER", "SAMPLE", "TTL", "SETTINGS", "COMMENT"]
    assert sql.count("SETTINGS") == 1
    assert engine.check_syntax(sql) is None


def test_nullable_keys_need_to_be_allowed(engine, database):
    """A15: the engine refuses a Nullable sorting key with 44; so does the declaration, unless the setting is there."""
    body = tl.columns_of(tl.column(t.Nullable(t.UInt64), name="id"))
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Table("d.x", body, engine=MergeTree(order_by=body.id))
    assert caught.value.code == "T026"
    allowed = tl.Table(f"{database}.x", body, engine=MergeTree(order_by=body.id, settings={"allow_nullable_key": 1}))
    engine.execute(create_table(allowed))
    with pytest.raises(errors.StatementRefused) as refused:
        engine.execute(create_table(allowed).replace(".x", ".y").split("SETTINGS")[0])
    assert refused.value.server_code == 44


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: Null(settings={"a": 1}), "T071"), (lambda: Buffer(table=BASE, settings={"a": 1}), "T071"),
        (lambda: Join("ASOF", "LEFT", Row.k), "T063"), (lambda: Join("ANY", "OUTER", Row.k), "T063"), (lambda: Join("ANY", "FULL", Row.k), "T072"),
        (lambda: Buffer(table="d.rows"), "T072"), (lambda: Distributed("main", "d.rows"), "T072"), (lambda: Buffer(table=BASE, min_rows=5, max_rows=1), "T074"),
        (lambda: Distributed("main", BASE, policy="hot"), "T072"), (lambda: Kafka(brokers="a", topics="b", group="c"), "T072"),
        (lambda: S3Queue("s3://x", "CSV", mode="random"), "T063"), (lambda: S3("s3://x", "CSV", partition_by=Row.k), "T072"),
        (lambda: GenerateRandom(max_string_length=5), "T072"), (lambda: URL("http://u:hunter2@h/x", "CSV"), "T069"),
        (lambda: S3("https://u:hunter2@h/x", "CSV"), "T069"), (lambda: Kafka(secret=COLLECTION, settings={"kafka_sasl_password": "hunter2"}), "T069"),
        (lambda: S3Queue("s3://x", "CSV", settings={"after_processing_move_secret_access_key": "hunter2"}), "T069"),
        (lambda: EmbeddedRocksDB(primary_key="k"), "T018"),
        (lambda: table(Kafka(secret=COLLECTION)) and tl.Table("d.x", tl.columns_of(tl.column(t.Int8, name="a", default=1)), engine=Kafka(secret=COLLECTION)), "T073"),
        (lambda: table(Join("ANY", "LEFT", tl.columns_of(tl.column(t.Int8, name="zz")).zz)), "T001"),
        (lambda: table(Distributed("main", BASE, sharding_key=tl.columns_of(tl.column(t.Int8, name="zz")).zz)), "T001"),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_the_server_sees_them(call, code):
    """Each with its own code; a secret is never repeated."""
    with pytest.raises(errors.DeclarationError) as caught:
        call()
    assert caught.value.code == code
    assert "hunter2" not in str(caught.value)


def test_a_buffer_comes_after_its_table_and_a_rename_follows():
    """`stores` is an edge like any other."""
    project = tl.project("p", table(Buffer(table=BASE), name="a_buffer"), BASE)
    assert [s.object for s in Script(project).statements() if s.creates] == ["d.rows", "d.a_buffer"]
    text = tl.render(project.rename({"d": "o"}))
    assert "Buffer('o', 'rows'," in text
    with pytest.raises(errors.GraphError) as caught:
        tl.project("p", table(Buffer(table=BASE)))
    assert caught.value.code == "T302"


def test_engines_are_values():
    """Equal by what they print."""
    assert Buffer(table=BASE) == Buffer(table=rows())
    assert Join("ANY", "LEFT", Row.k) == Join("any", "left", (Row.k,)) != Join("ANY", "LEFT", Row.v)
    assert Distributed("a", BASE, sharding_key=Row.k) != Distributed("a", BASE, sharding_key=f.raw("rand"))
    assert Kafka(secret=COLLECTION) == Kafka(secret=tl.secret("a-b"))


def test_a_stream_has_no_history_to_copy(engine, database):
    """Reading a queue would take its messages away, and Null keeps nothing; the views below a stream's target do have one."""
    stream = tl.Table(f"{database}.stream", Row, engine=Null())
    body = tl.columns_of(tl.derive(Row.k, name="k"), tl.derive(Row.v, name="v"))
    kept = tl.MaterializedView(
        f"{database}.kept", body, source=stream, engine=engines.ReplacingMergeTree(order_by=body.k, version=body.k)
    )
    below = tl.columns_of(tl.derive(body.k, name="k"))
    copied = tl.MaterializedView(
        f"{database}.below", below, source=kept, engine=engines.ReplacingMergeTree(order_by=below.k, version=below.k)
    )
    project = tl.project("p", stream, kept, copied)
    assert [fill.name for fill in history.fills(project)] == [f"{database}.below"]
    for statement in Script(project).statements():
        engine.execute(statement.sql)
    engine.insert(database, "stream", [{"k": 1, "v": "a"}])
    assert engine.rows(f"SELECT k FROM {database}.below") == [{"k": 1}]
