"""Several replicas: no step of a backfill is taken before every replica has the one before; who lacks it, or is down, is named.

One replica runs for real (Cloud and a cluster of one node, in processes of their own). A second one is played by answers that come
later: it says what the engine said some questions before.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

import tilla as tl
from tests.test_backfill_boundary import yard
from tilla import errors
from tilla.backfills import replicas as waiting
from tilla.backfills.plan import Backfill
from tilla.ddl.replicas import Replicas
from tilla.testing.golden import Golden

ROOT = Path(__file__).parents[1]
GOLDEN = Golden(Path(__file__).parent / "golden" / "deployment")
SECOND = "b:9000"
ALL = re.compile(r"clusterAllReplicas\('([\w.]+)', (system\.\w+)\)")
STEPS = (
    "ADD COLUMN",
    "MATERIALIZE COLUMN",
    "MODIFY QUERY",
    "CREATE MATERIALIZED VIEW",
    "MODIFY COLUMN",
    "MOVE PARTITION",
)


class Lagging:
    """A server with a second replica, which has what is asked for only when it is asked ``lag`` times.

    ``steps`` are the statements that change something; ``early`` those that came while the second replica lacked something.
    """

    def __init__(self, server: Any, lag: int, parent: Lagging | None = None) -> None:
        self._server, self.lag, self._root = server, lag, parent or self
        self.asked: dict[str, int] = {}
        self.behind: set[str] = set()
        self.steps: list[str] = []
        self.early: list[str] = []
        self.clusters: set[str] = set()
        self.drained: list[str] = []
        self.features = server.features

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def execute(self, sql: str, **options: Any) -> None:
        root = self._root
        step = next((step for step in STEPS if step in sql and not sql.startswith("INSERT")), "")
        if step:
            root.steps.append(step)
            root.early += [sql] * bool(root.behind)
        if sql.startswith("KILL QUERY ON CLUSTER"):
            return
        self._server.execute(sql, **options)

    def rows(self, sql: str, **options: Any) -> list[dict[str, Any]]:
        assert not ALL.search(sql) or sql.endswith("skip_unavailable_shards = 0"), sql
        found = self._server.rows(ALL.sub(r"\2", sql), **options)
        root = self._root
        root.drained.append(sql)
        root.clusters |= {match.group(1) for match in ALL.finditer(sql)}
        if " AS host" not in sql:
            return list(found)
        root.asked[sql] = 1 + root.asked.get(sql, 0)
        if not found:
            return []
        if root.asked[sql] <= root.lag and "system.one" not in sql:
            root.behind.add(sql)
            return list(found)
        root.behind.discard(sql)
        return [*found, {**found[0], "host": SECOND}]

    def scalar(self, sql: str, **options: Any) -> Any:
        return self._server.scalar(ALL.sub(r"\2", sql), **options)

    def clone(self) -> Lagging:
        return Lagging(self._server.clone(), self.lag, self._root)


def test_no_step_before_every_replica_has_the_one_before(engine, database):
    """Mark, settle, carry, arm, switch and every move wait for a replica that lags behind; each is done once."""
    made = yard(engine, database, only=("sums", "below"))
    tl.apply(tl.plan(made.project.select(f"{database}.curated"), engine), engine)
    made.insert(0, 1999)
    tl.apply(tl.plan(made.project, engine), engine)
    server = Lagging(engine, 2)
    plan = tl.backfill(made.project, server, target="cloud")
    report = tl.apply(plan, server)
    assert report.agrees
    assert not server.early
    once = [step for step in server.steps if step != "MOVE PARTITION"]
    assert once == [
        "ADD COLUMN",
        "MATERIALIZE COLUMN",
        "ADD COLUMN",
        "MODIFY QUERY",
        *["CREATE MATERIALIZED VIEW"] * 2,
        "MODIFY COLUMN",
    ]
    assert server.steps.count("MOVE PARTITION") >= 3
    asked = "".join(sql for sql, times in server.asked.items() if times > 2 or "NOT is_done" in sql)
    for what in (
        "table = 'raw' AND name = '_tilla_generation' AND toUInt16OrZero(default_expression) = 1",
        "NOT is_done",
        "table = 'curated' AND name = '_tilla_generation'",
        "name = 'curated_mv' AND position(create_table_query, '`_tilla_generation` UInt16') > 0",
        "name = 'sums_mv' AND position(create_table_query, '_tilla_generation >= 1') > 0",
        "name = 'tilla_stage_sums_state_",
        "groupArray(name)",
    ):
        assert what in asked, what
    made.insert(2000, 2999)
    read = engine.rows
    for name in ("sums", "below"):
        assert read(f"SELECT sum(n) AS n FROM {database}.{name}") == [{"n": 3000}], name


def test_views_are_everywhere_before_inserts_are_waited_for(engine, database):
    """Overlap-safe targets, and views over nothing yet: an insert through a replica without the view is in no drain's list."""
    made = yard(engine, database, only=("curated", "sums"))
    server = Lagging(engine, 2)
    tl.apply(tl.plan(made.project, server, target="cloud"), server)
    lacking, running = (sql for sql in server.drained if "query_id" in sql)
    assert "system.tables" in lacking
    assert f"IN (('{database}', 'sums_mv'))" in lacking
    assert "system.processes" in running
    assert not server.behind
    made.insert(0, 99)
    engine.execute(f"DROP TABLE {database}.curated_mv SYNC")
    server = Lagging(engine, 2)
    report = tl.apply(tl.backfill(made.project.select(f"{database}.curated"), server, target="cloud"), server)
    assert report.agrees
    first = next(i for i, sql in enumerate(server.drained) if "query_id" in sql and "Insert" in sql)
    assert sum("name = 'curated_mv'" in sql for sql in server.drained[:first]) >= 3


def test_a_replica_that_never_gets_there_is_named_and_the_run_goes_on_later(engine, database, monkeypatch):
    """Nothing goes through the view before the switch, so a run that gave up is just run again."""
    monkeypatch.setattr(waiting, "PATIENCE", 0.3)
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    server = Lagging(engine, 10**9)
    with pytest.raises(
        errors.ServerError, match=rf"T640 {SECOND}: _tilla_generation of {database}\.raw is not there"
    ) as refused:
        tl.apply(tl.backfill(made.project, server, target="cloud"), server)
    assert "system.distributed_ddl_queue" in str(refused.value)
    assert server.steps == ["ADD COLUMN"]
    made.insert(1000, 1099)
    report = tl.apply(tl.backfill(made.project, Lagging(engine, 0), target="cloud"), Lagging(engine, 0))
    assert report.agrees
    made.insert(1100, 1999)
    assert engine.rows(f"SELECT sum(n) AS n FROM {database}.sums") == [{"n": 2000}]


def test_a_question_about_all_replicas_leaves_none_out():
    """ON CLUSTER on a cluster, by itself on Cloud; one server is asked as ever."""
    one, cloud, cluster = Replicas(), Replicas("default", sequential=True), Replicas("it's", "it's")
    assert (one.system("parts"), one.strict, one.clause) == ("system.parts", "", "")
    assert cloud.system("parts") == "clusterAllReplicas('default', system.parts)"
    assert (cloud.clause, cloud.everywhere(("d", "t"))) == ("", "d.t")
    assert cluster.everywhere(("d", "t")) == "d.t ON CLUSTER `it's`"
    assert cloud.strict == cluster.strict == " SETTINGS skip_unavailable_shards = 0"


def test_services_that_share_their_data_are_all_asked(engine, database):
    """On Cloud `default` is one service of a warehouse: an insert through another one must be waited for, too."""
    made = yard(engine, database, only=("sums",))
    made.insert(0, 999)
    tl.apply(tl.plan(made.project, engine), engine)
    server = Lagging(engine, 0)
    server.features = attrs.evolve(engine.features, clusters=("all_groups.default", "default"))
    plan = tl.backfill(made.project, server, target="cloud")
    assert "clusterAllReplicas('all_groups.default', system.processes)" in plan.options.drain
    assert tl.apply(Backfill.from_json(plan.as_json()), server).agrees
    assert server.clusters == {"all_groups.default"}


def alone(*arguments: str) -> dict[str, Any]:
    """What a backfill did on a cluster of one replica."""
    command = [sys.executable, "-m", "tests.support.one_replica", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def check(found: dict[str, Any]) -> None:
    assert found["compared"] == {
        "d.curated": [True, 3000], "d.below_state": [True, 5], "d.both": [True, 4000], "d.plain": [True, 3000],
        "d.sums_state": [True, 5], "d.deep_state": [True, 5],
    }  # fmt: skip
    assert re.fullmatch(r"\d+ as declared", found["drift"]), found["drift"]
    assert re.fullmatch(r"\d+ as declared", found["again"]), found["again"]
    assert found["left"] == []


def test_cloud_of_one_replica_counts_every_row_once():
    """Sums, chains and fan-in with the statements for Cloud, on a server that knows itself as the cluster `default`."""
    found = alone("cloud")
    check(found)
    assert found["sent"] == []


def test_a_cluster_of_one_replica_counts_every_row_once(engine):
    """The pair of tables, a view that writes through the Distributed one, stages of their own in Keeper; and its statements as text."""
    found = alone("cluster:main:/clickhouse/tables/{uuid}/{shard}")
    check(found)
    assert found["own"].count("T618") == 7
    assert "d.raw_local is a MergeTree, so each replica has rows of its own there" in found["own"]
    sent = [re.sub(r"_[0-9a-f]{12}_\d+", "_RUN_NUMBER", sql) for sql in found["sent"]]
    made = next(i for i, sql in enumerate(sent) if "_tilla_generation" in sql)
    once = list(dict.fromkeys(sent[made:]))
    for sql in once:
        assert engine.check_syntax(sql) is None, sql
    GOLDEN.check("backfill_on_a_cluster.sql", "".join(f"{sql};\n\n" for sql in once))


def test_runs_that_were_killed_on_a_cluster_are_taken_up():
    """Wherever they died: the boundary is drawn once, stages are renamed on every replica, nothing counts twice."""
    found = alone("cluster:main", "killed")
    assert found["deaths"] > 4
    check(found)
    assert any(sql.startswith("RENAME TABLE") and sql.endswith(" ON CLUSTER main") for sql in found["sent"])
    for root in ("raw", "raw2"):
        altered = [sql for sql in found["sent"] if sql.startswith(f"ALTER TABLE d.{root}_local ")]
        words = [word for sql in altered for word in ("MATERIALIZE COLUMN", "MODIFY COLUMN") if word in sql]
        assert words.count("MODIFY COLUMN") == 1
        assert words[-1] == "MODIFY COLUMN"  # settling after the switch would make history of new rows


def test_several_shards_are_refused():
    """A stage is moved within a shard; over several nobody could tell which of them a cut run has reached."""
    found = alone("cluster:main", "shards")
    assert found["error"].count("T618") == 6
    assert "the cluster main has 2 shards" in found["error"]
    assert "--quiesced" not in found["error"]  # refused there, too


def test_a_replica_that_is_down_stops_the_backfill():
    """It is not left out: what it would not have cannot be told."""
    found = alone("cloud", "down")
    assert "127.0.0.1:9001" in found["error"]
