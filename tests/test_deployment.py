"""Single server, Cloud, cluster: the same project, spelt for each.

No cluster runs here: what is emitted for one is golden text that the engine's parser reads, and reasons are tested as text.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tilla as tl
from tests import shop_project as shop
from tilla import engines, errors
from tilla import functions as f
from tilla import types as t
from tilla.ddl.cluster import Cluster, sharding_of, writes_locally
from tilla.ddl.deployment import Cloud, deployment
from tilla.ddl.script import Script
from tilla.dictionaries import File, Null
from tilla.engines import (
    AggregatingMergeTree,
    CollapsingMergeTree,
    Distributed,
    EmbeddedRocksDB,
    GraphiteMergeTree,
    Join,
    Kafka,
    Log,
    Memory,
    Merge,
    MergeTree,
    ReplacingMergeTree,
    SummingMergeTree,
)
from tilla.planning.engine_names import EngineText, normalise_engine, read_engine
from tilla.testing.golden import Golden

GOLDEN = Golden(Path(__file__).parent / "golden" / "deployment")
CLUSTER = deployment("cluster:main")


def wide_project():
    """The shop with one of everything that a deployment treats in its own way."""

    class Name(tl.Columns):
        metric_id = tl.column(t.String)
        name = tl.column(t.String, codec="ZSTD(3)", comment="it's shown")
        seen = tl.column(t.DateTime, materialized=f.now())
        note = tl.column(t.String, ttl=f.to_start_of_day(seen))

    names = tl.Table(
        "data_klaviyo.names",
        Name,
        engine=ReplacingMergeTree(order_by=Name.metric_id, partition_by=f.to_yyyymm(Name.seen)),
    )
    known = tl.Dictionary(
        "data_klaviyo.known", tl.columns_of(Name.metric_id, Name.name), source=names, primary_key="metric_id"
    )
    queue = tl.Table(
        "raw_klaviyo.queue", shop.RawEvent, engine=Kafka(brokers="k:9092", topics="e", group="g", format="JSONEachRow")
    )
    from_queue = tl.MaterializedView("data_klaviyo.from_queue", shop.Event, source=queue, to=shop.events)
    joined = tl.View(
        "analytics_klaviyo.named", None,
        query=shop.events.select(shop.Event.event_id, names[Name.name].as_("name")).join(names, shop.events[shop.Event.metric_id] == names[Name.metric_id], kind="LEFT"),
    )  # fmt: skip
    role = tl.Role("reader", select=("data_klaviyo.events", "analytics_klaviyo.*", "data_klaviyo.names"), readonly=2)
    user = tl.User("anna", auth=tl.Auth.certificate("anna.example"), roles=role)
    policy = tl.RowPolicy("own", on=shop.events, using=shop.Event.metric_id == "m", to=role)
    quota = tl.Quota("fair", limits={"1 hour": {"queries": 100}}, to=role)
    objects = (
        shop.raw_events,
        shop.events,
        shop.daily,
        shop.revenue,
        names,
        known,
        queue,
        from_queue,
        joined,
        role,
        user,
        policy,
        quota,
    )
    return tl.project("shop", *objects)


TARGETS = {
    "cloud.sql": "cloud",
    "cluster.sql": "cluster:main",
    "cluster_with_paths.sql": "cluster:main-1:/clickhouse/tables/{uuid}/{shard}",
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_script_of_each_target_is_its_golden_file(name):
    """Any change of what a deployment emits shows as a diff of SQL."""
    GOLDEN.check(name, tl.render(wide_project(), target=TARGETS[name], with_sources=True))


@pytest.mark.parametrize("target", TARGETS.values())
def test_every_statement_is_read_by_the_engine(engine, target):
    """The parser takes every statement of every target."""
    for statement in Script(wide_project(), deployment(target), with_sources=True).statements():
        assert engine.check_syntax(statement.sql) is None, statement.sql


def test_setting_names_of_clusters_are_known_to_the_server(engine):
    """The parser takes any setting; the ones that are written for a cluster must exist."""
    known = {row["name"] for row in engine.rows("SELECT name FROM system.settings")}
    assert {item.split(" = ")[0] for item in CLUSTER.fill_settings.split(", ")} <= known


@pytest.mark.parametrize("name", ["single", "cloud", *(f for f in TARGETS.values() if f != "cloud")])
def test_targets_can_be_named_and_given(name):
    """The command line names a target, a program may hand one over."""
    assert deployment(deployment(name)) == deployment(name)


@pytest.mark.parametrize("name", ["", "clowd", "cluster", "cluster:", "cluster:main:/", "Single"])
def test_targets_that_mean_nothing(name):
    """Told with what is meant."""
    with pytest.raises(errors.UsageError) as caught:
        deployment(name)
    assert caught.value.code == "T409"


# --- Cloud ---


def test_cloud_prints_engines_as_declared():
    """A23: the service maps MergeTree to its Shared form; path arguments are an error elsewhere and not needed there."""
    text = tl.render(wide_project(), target="cloud", with_sources=True)
    assert "Shared" not in text
    assert "Replicated" not in text
    assert "ON CLUSTER" not in text
    assert text.replace("for cloud", "for single") == tl.render(wide_project(), with_sources=True)


def test_cloud_refuses_what_it_has_not():
    """All at once, each with the reason and the way out."""
    row = tl.columns_of(tl.column(t.UInt64, name="k"), tl.column(t.UInt64, name="ver"))
    made = [
        Log(),
        EmbeddedRocksDB(primary_key=row.k),
        engines.File("CSV"),
        GraphiteMergeTree(order_by=row.k, config_section="g"),
    ]
    tables = [tl.Table(f"d.t{i}", row, engine=e) for i, e in enumerate(made)]
    spread = tl.Table("d.spread", row, engine=Distributed("main", tables[0]))
    known = tl.Dictionary("d.known", row, source=File("x.csv", "CSV"), primary_key="k")
    project = tl.project("p", *tables, spread, known)
    with pytest.raises(errors.RefusedError) as caught:
        tl.render(project, target="cloud")
    assert [m.code for m in caught.value.mistakes] == ["T420"] * 6
    tl.render(project)


def test_a_copy_aside_stays_in_its_database_on_cloud():
    """Tables do not move between databases of a Replicated or Shared kind."""
    assert Cloud().aside(shop.events) == "data_klaviyo.`events aside`"


# --- cluster ---


def row_table(engine, name="d.x"):
    return tl.Table(name, Row, engine=engine)


class Row(tl.Columns):
    id = tl.column(t.UInt64)
    part = tl.column(t.Nullable(t.String))
    version = tl.column(t.UInt64)
    sign = tl.column(t.Int8)


@pytest.mark.parametrize(
    ("made", "sharding"),
    [
        (MergeTree(order_by=Row.id), "rand()"), (MergeTree(order_by=()), "rand()"), (MergeTree(order_by=Row.id, sharding_key=Row.id), "id"),
        (ReplacingMergeTree(order_by=Row.id, version=Row.version), "cityHash64(id)"),
        (ReplacingMergeTree(order_by=(Row.id.desc(), Row.version % 7), version=Row.version), "cityHash64(id, version % 7)"),
        (ReplacingMergeTree(order_by=Row.part, settings={"allow_nullable_key": 1}), "ifNull(cityHash64(part), 0)"),
        (ReplacingMergeTree(order_by=()), "toUInt64(0)"), (SummingMergeTree(order_by=Row.id), "cityHash64(id)"),
        (CollapsingMergeTree(order_by=Row.id, sign=Row.sign), "cityHash64(id)"), (AggregatingMergeTree(order_by=Row.id), "cityHash64(id)"),
    ],
)  # fmt: skip
def test_rows_that_are_merged_meet_on_one_shard(made, sharding):
    """FINAL and merges work within a shard: the shard follows from the sorting key, and any shard does where nothing is merged."""
    assert sharding_of(row_table(made)).sql() == sharding


@pytest.mark.parametrize(
    "made",
    [
        MergeTree(order_by=Row.id),
        ReplacingMergeTree(order_by=(Row.id, Row.version % 7)),
        ReplacingMergeTree(order_by=()),
    ],
)
def test_sharding_keys_are_whole_numbers(engine, database, made):
    """Distributed refuses any other type (code 53)."""
    item = row_table(made, f"{database}.x")
    engine.execute(f"CREATE TABLE {database}.x (id UInt64, part Nullable(String), version UInt64) ENGINE = Memory")
    engine.execute(f"INSERT INTO {database}.x VALUES (1, NULL, 2)")
    kind = engine.scalar(f"SELECT toTypeName({sharding_of(item).sql()}) FROM {database}.x")
    assert kind.startswith("UInt")


@pytest.mark.parametrize(
    "sharding", [Row.version, f.raw("rand"), f.city_hash64(Row.id, Row.version), Row.id + f.raw("rand")]
)
def test_a_sharding_key_that_splits_a_key_is_refused(sharding):
    """Two versions of a row on two shards would both be read for ever."""
    table = row_table(ReplacingMergeTree(order_by=Row.id, version=Row.version, sharding_key=sharding))
    with pytest.raises(errors.RefusedError) as caught:
        tl.render(tl.project("p", table), target="cluster:main")
    assert caught.value.code == "T421"
    tl.render(tl.project("p", table))  # it means nothing on one server


@pytest.mark.parametrize("sharding", [Row.id, Row.id % 16, f.city_hash64(Row.id)])
def test_a_sharding_key_over_the_key_is_taken(sharding):
    """Any function of the sorting key keeps its rows together."""
    table = row_table(ReplacingMergeTree(order_by=(Row.id, Row.sign), version=Row.version, sharding_key=sharding))
    assert f"'x_local', {sharding.sql()})" in tl.render(tl.project("p", table), target="cluster:main")


def view_over(source_engine, target_engine, **how):
    source = tl.Source("raw.rows", Row, engine=source_engine)
    body = tl.columns_of(tl.derive(Row.id + 1, name="key"), tl.derive(Row.version, name="version"))
    view = tl.MaterializedView("data.rows", body, source=source, engine=target_engine(body), **how)
    return tl.project("p", source, view), view


def test_a_view_writes_where_its_rows_belong():
    """Merged rows go through the Distributed table, unless the source is sharded so that they are there already."""

    def replacing(body):
        return ReplacingMergeTree(order_by=body.key, version=body.version)

    def plain(body):
        return MergeTree(order_by=body.key)

    project, view = view_over(MergeTree(order_by=()), replacing)
    text = tl.render(project, target="cluster:main")
    assert not writes_locally(view.trigger)
    assert "ON CLUSTER main TO data.rows\n" in text
    assert "FROM raw.rows_local AS rows" in text
    project, view = view_over(MergeTree(order_by=(), sharding_key=f.city_hash64(Row.id + 1)), replacing)
    assert writes_locally(view.trigger)
    assert "ON CLUSTER main TO data.rows_local\n" in tl.render(project, target="cluster:main", phases=["schema"])
    project, view = view_over(MergeTree(order_by=(), sharding_key=f.city_hash64(Row.id)), replacing)
    assert not writes_locally(view.trigger)
    project, view = view_over(MergeTree(order_by=()), plain)
    assert writes_locally(view.trigger)


def test_a_view_by_hand_is_not_guessed_at():
    """Where Tilla cannot see what fills the key, the row goes by the Distributed table."""
    source = tl.Source("raw.rows", Row, engine=MergeTree(order_by=(), sharding_key=f.city_hash64(Row.id)))
    body = tl.columns_of(tl.column(t.UInt64, name="id"), tl.column(t.UInt64, name="version"))
    view = tl.MaterializedView(
        "data.rows", body, engine=ReplacingMergeTree(order_by=body.id, version=body.version),
        query=tl.sql("SELECT rows.id AS id, version FROM {rows}", rows=source),
    )  # fmt: skip
    assert not writes_locally(view.trigger)
    assert "FROM raw.rows_local AS rows" in tl.render(tl.project("p", source, view), target="cluster:main")


def test_a_distributed_source_of_ones_own_is_read_where_its_rows_land():
    """A loader's pair of tables under other names: declared as it is."""
    landed = tl.Source("raw.landed", Row)
    spread = tl.Source("raw.all", Row, engine=Distributed("main", landed))
    body = tl.columns_of(tl.derive(Row.id, name="id"), tl.derive(Row.version, name="version"))
    view = tl.MaterializedView(
        "data.rows", body, source=spread, engine=ReplacingMergeTree(order_by=body.id, version=body.version)
    )
    text = tl.render(tl.project("p", landed, spread, view), target="cluster:main")
    assert "AS\nSELECT\n    id,\n    version\nFROM raw.landed AS `all`" in text


def test_readers_use_the_same_names():
    """Queries, views, dictionaries and grants of one server work on a cluster: only stored tables get another name behind them."""
    single = {s.object for s in Script(wide_project(), with_sources=True).statements()}
    cluster = {s.object for s in Script(wide_project(), CLUSTER, with_sources=True).statements()}
    assert single <= cluster
    assert all(name.endswith("_local") for name in cluster - single)


def test_every_statement_of_schema_and_access_is_on_the_cluster():
    """One node alone would be the silent kind of wrong."""
    for statement in Script(wide_project(), CLUSTER, with_sources=True).statements():
        if statement.phase in ("schema", "access"):
            assert "ON CLUSTER main" in statement.sql, statement.sql


def test_the_marker_is_seen_from_every_node():
    """A second run may start on another shard: the marker is read through a Distributed table, and is there when its insert returns."""
    statements = Script(wide_project(), CLUSTER).statements()
    markers = [s for s in statements if s.object.startswith("tilla.history")]
    assert [s.object for s in markers] == ["tilla.history_local", "tilla.history"]
    assert "Distributed('main', 'tilla', 'history_local', cityHash64(target))" in markers[1].sql
    inserts = [s.sql for s in statements if s.sql.startswith("INSERT")]
    assert len(inserts) == 4
    assert all("distributed_foreground_insert = 1" in sql for sql in inserts)


def test_replicas_are_waited_for_before_they_are_read():
    """A replica that lags would lose rows that came before the view and were sent to another one."""
    statements = [s.sql for s in Script(wide_project(), CLUSTER).statements()]
    for local, reader in (
        ("raw_klaviyo.events_local", "INSERT INTO data_klaviyo.events "),
        ("data_klaviyo.events_local", "INSERT INTO analytics_klaviyo.daily_events_state "),
        ("data_klaviyo.events_local", "SYSTEM REFRESH VIEW analytics_klaviyo.revenue"),
    ):
        at = next(i for i, sql in enumerate(statements) if sql.startswith(reader))
        assert statements[at - 1] == f"SYSTEM SYNC REPLICA ON CLUSTER main {local}"


def test_what_is_not_overlap_safe_is_refused_on_a_cluster():
    """Even quiesced: the copy would go live shard by shard."""
    source = tl.Source("raw.rows", Row)
    total = tl.columns_of(tl.derive(Row.id, name="id"), tl.measure(f.sum(Row.version), name="total"))
    sums = tl.Aggregation("d.sums", total, source=source, append_only_unique=True)
    project = tl.project("p", source, sums)
    tl.render(project, quiesced=True)
    with pytest.raises(errors.RefusedError) as caught:
        tl.render(project, target="cluster:main", quiesced=True)
    assert caught.value.code == "T423"
    tl.render(project, target="cluster:main", phases=["schema"])


def test_a_refreshable_view_is_whole_on_every_node():
    """Its inner table is not Replicated: ClickHouse refuses that outside Replicated databases, and each node rebuilds all."""
    text = tl.render(wide_project(), target="cluster:main")
    view = text.split("CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.revenue")[1].split(";")[0]
    assert "ENGINE = MergeTree\n" in view
    assert "SYSTEM REFRESH VIEW analytics_klaviyo.revenue;" in text
    assert "on this node" in text


def test_joins_of_views_are_global():
    """A join of two Distributed tables is refused by the server (288) unless the right side is sent along."""
    text = tl.render(wide_project(), target="cluster:main")
    assert "GLOBAL LEFT JOIN data_klaviyo.names" in text
    assert "GLOBAL" not in tl.render(wide_project())


@pytest.mark.parametrize(
    "made", [Memory(), Log(), Join("ANY", "LEFT", Row.id), Merge("d", ".*"), EmbeddedRocksDB(primary_key=Row.id)]
)
def test_engines_that_differ_from_node_to_node_are_refused(made):
    """A reader would see the rows of whichever node answers."""
    with pytest.raises(errors.RefusedError) as caught:
        tl.render(tl.project("p", row_table(made)), target="cluster:main")
    assert caught.value.code == "T420"


def test_a_name_that_the_local_table_takes_is_refused():
    """Before two statements create one name."""
    with pytest.raises(errors.RefusedError) as caught:
        tl.render(
            tl.project("p", row_table(MergeTree(order_by=())), row_table(MergeTree(order_by=()), "d.x_local")),
            target="cluster:main",
        )
    assert caught.value.code == "T422"


def test_paths_in_keeper_stand_before_the_engines_own_arguments():
    """Explicit paths for servers without default_replica_path."""
    cluster = Cluster("c", on_cluster="main", replica_path="/x/{shard}", replica="{replica}-a")
    text = tl.render(
        tl.project("p", row_table(ReplacingMergeTree(order_by=Row.id, version=Row.version))), target=cluster
    )
    assert "ENGINE = ReplicatedReplacingMergeTree('/x/{shard}', '{replica}-a', version)" in text
    assert cluster.local_names(tl.project("p", row_table(MergeTree(order_by=())))) == {("d", "x"): "d.x_local"}


def test_odd_cluster_names_are_quoted(engine):
    """As identifiers behind ON CLUSTER, as text in Distributed."""
    statements = Script(wide_project(), deployment("cluster:it's 1"), with_sources=True).statements()
    assert all(engine.check_syntax(s.sql) is None for s in statements)
    assert any("Distributed('it\\'s 1'," in s.sql for s in statements)


def test_the_grants_in_the_documentation_are_read_by_the_engine(engine):
    """Somebody pastes them."""
    page = (Path(__file__).parents[1] / "docs" / "deployment.md").read_text(encoding="utf-8")
    grants = [line.strip().rstrip(";") for line in page.splitlines() if line.startswith("    GRANT")]
    assert len(grants) == 6
    for grant in grants:
        assert engine.check_syntax(grant) is None, grant


def test_a_cluster_of_one_node_holds_the_right_rows():
    """The script for clusters, run twice on rows that were there, then with rows that come later: each counts once.

    Live rows go through the local source, history through the Distributed tables, and both meet.
    """
    project = tl.project("shop", shop.raw_events, shop.events, shop.daily, shop.revenue)
    insert = "INSERT INTO raw_klaviyo.events SETTINGS distributed_foreground_insert = 1 VALUES "

    def event(number, value, landed):
        attributes = f'{{"event_properties": {{"$value": {value}}}}}'
        relationships = '{"metric": {"data": {"id": "m"}}, "profile": {"data": {"id": "p"}}}'
        return f"('e{number}', '2026-03-0{number} 10:00:00', '{attributes}', '{relationships}', '{landed}')"

    sources = [s.sql for s in Script(tl.project("raw", shop.raw_events), CLUSTER, with_sources=True).statements()]
    script = [s.sql for s in Script(project, CLUSTER).statements()]
    asked = [
        "SELECT event_id, value FROM data_klaviyo.events FINAL ORDER BY event_id",
        "SELECT day, events, profiles FROM analytics_klaviyo.daily_events ORDER BY day",
        "SELECT revenue FROM analytics_klaviyo.revenue",
        "SELECT count() FROM data_klaviyo.events_local",
    ]
    flush = "SYSTEM FLUSH DISTRIBUTED data_klaviyo.events"
    refresh = [f"SYSTEM {verb} VIEW analytics_klaviyo.revenue" for verb in ("REFRESH", "WAIT")]
    first = [insert + event(1, 10, "2026-03-05 00:00:00") + ", " + event(2, 5, "2026-03-05 00:00:00")]
    later = [insert + event(2, 7, "2026-03-06 00:00:00") + ", " + event(3, 1, "2026-03-06 00:00:00"), flush, *refresh]
    steps = [{"run": sql} for sql in (*sources, *first, *script)] + [{"ask": sql} for sql in asked]
    steps += [{"run": sql} for sql in script] + [{"ask": sql} for sql in asked]
    steps += [{"run": sql} for sql in later] + [{"ask": sql} for sql in asked[:3]]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.one_shard"], input=json.dumps(steps), capture_output=True, text=True, cwd=root,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    before = [[["e1", 10], ["e2", 5]], [["2026-03-01", 1, 1], ["2026-03-02", 1, 1]], [[15]], [[2]]]
    after = [
        [["e1", 10], ["e2", 7], ["e3", 1]],
        [["2026-03-01", 1, 1], ["2026-03-02", 1, 1], ["2026-03-03", 1, 1]],
        [[18]],
    ]
    assert answers == [*before, *before, *after]


# --- engine text of servers ---


@pytest.mark.parametrize(
    ("live", "declared"),
    [
        ("SharedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', v) ORDER BY x", "ReplacingMergeTree(v) ORDER BY x"),
        ("ReplicatedMergeTree('/a', 'r') PARTITION BY toYYYYMM(d) ORDER BY (a, b)", "MergeTree PARTITION BY toYYYYMM(d) ORDER BY (a, b)"),
        ("ReplicatedReplacingMergeTree(v, deleted) ORDER BY x", "ReplacingMergeTree(v, deleted) ORDER BY x"), ("ReplicatedMergeTree ORDER BY x", "MergeTree ORDER BY x"),
        ("ReplicatedGraphiteMergeTree('/a', 'r', 'section') ORDER BY x", "GraphiteMergeTree('section') ORDER BY x"),
        ("GraphiteMergeTree('section') ORDER BY x", "GraphiteMergeTree('section') ORDER BY x"), ("ReplicatedGraphiteMergeTree('section') ORDER BY x", "GraphiteMergeTree('section') ORDER BY x"),
        ("SharedSummingMergeTree('/a,(b', 'r\\')', (a, `b)`)) ORDER BY x", "SummingMergeTree((a, `b)`)) ORDER BY x"), ("MergeTree() ORDER BY x", "MergeTree ORDER BY x"),
        ("`Null`", "Null"), ("Distributed('c', 'd', 't', rand())", "Distributed('c', 'd', 't', rand())"), ("S3('a', 'b', 'CSV')", "S3('a', 'b', 'CSV')"), ("SharedSet", "Set"), ("", ""),
    ],
)  # fmt: skip
def test_engine_text_of_any_deployment_is_one(live, declared):
    """A23, D15: Shared and Replicated with their path say the same as the declaration; a real difference still shows."""
    assert normalise_engine(live) == declared
    assert normalise_engine(declared) == declared


def test_a_real_change_of_engine_still_shows():
    """Only what says how a table is kept is dropped."""
    assert read_engine("SharedReplacingMergeTree('/a', 'r', v) ORDER BY x") != read_engine(
        "ReplacingMergeTree(w) ORDER BY x"
    )
    assert read_engine("SharedMergeTree('/a', 'r') ORDER BY x") == EngineText("MergeTree", (), "ORDER BY x")


def test_what_the_server_keeps_of_our_engines_is_what_we_wrote(engine, database):
    """engine_full of live tables, normalised, starts with the declared engine."""
    for number, made in enumerate(
        [
            MergeTree(order_by=Row.id),
            ReplacingMergeTree(order_by=(Row.id, Row.sign), version=Row.version),
            CollapsingMergeTree(order_by=Row.id, sign=Row.sign),
        ]
    ):
        script = Script(tl.project("p", row_table(made, f"{database}.t{number}")))
        for statement in script.statements():
            engine.execute(statement.sql)
        live = engine.scalar(
            f"SELECT engine_full FROM system.tables WHERE database = '{database}' AND name = 't{number}'"
        )
        assert read_engine(live).name == made.name
        assert read_engine(live).arguments == made.arguments()


def test_null_sources_are_fine_everywhere(engine):
    """A dictionary of nothing has no files to miss."""
    made = tl.Dictionary("d.k", Row, source=Null(), primary_key="id")
    for target in ("single", "cloud", "cluster:main"):
        for statement in Script(tl.project("p", made), deployment(target)).statements():
            assert engine.check_syntax(statement.sql) is None
