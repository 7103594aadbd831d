"""``tilla apply``, ``plan``, ``backfill`` against a server over HTTP and a chDB path: what is created, told, left alone, and how it fails.

Exit codes: 0 fine, 1 an error, 2 something differs or waits for somebody else.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.command import ROOT
from tilla import text

pytestmark = pytest.mark.http

SECRET = "s3cret pa/ss"  # of the http_server fixture

PROJECT = """
raw = tl.Source("raw.events", Raw)
items = curated("data.items", raw)
class ByKind(tl.Columns):
    kind = tl.derive(Item.kind)
    items = tl.measure(f.uniq_exact(Item.id))
by_kind = tl.Aggregation("analytics.by_kind", ByKind, source=items, stable=(Item.kind,))
class Day(tl.Columns):
    day = tl.column(t.Date)
    total = tl.column(t.Int64)
days = tl.RefreshableView("analytics.days", Day, refresh=tl.every(hours=1), engine=MergeTree(order_by=Day.day),
    query=tl.sql("SELECT toDate(at) AS day, sum(amount) AS total FROM {items} FINAL GROUP BY day", items=items))
reader = tl.Role("readers", select=("data.*", "analytics.*"), readonly=2)
project = tl.project("small", raw, items, by_kind, days, reader)
"""

# Sums over plain rows: not overlap-safe, alone, in a chain and with two views into one table.
SUMS = """
raw, more = tl.Source("raw.events", Raw), tl.Source("raw.more", Raw)
class Totals(tl.Columns):
    kind = tl.derive(Raw.kind)
    total = tl.measure(f.sum(Raw.amount))
    rows = tl.measure(f.count())
totals = tl.Aggregation("analytics.totals", Totals, source=raw, append_only_unique=True)
kept = curated("data.kept", raw{where})
class Kept(tl.Columns):
    kind = tl.derive(Item.kind)
    total = tl.measure(f.sum(Item.amount))
below = tl.Aggregation("analytics.below", Kept, source=kept, append_only_unique=True, stable=(Item.kind,))
both = tl.Table("data.both", Item, engine=MergeTree(order_by=Item.id))
one = tl.MaterializedView("data.one", Item, source=raw, to=both, append_only_unique=True)
two = tl.MaterializedView("data.two", Item, source=more, to=both, append_only_unique=True)
project = tl.project("sums", raw, more, totals, kept, below, both, one, two)
"""


class Shop:
    """A project on databases of its own behind the HTTP server."""

    def __init__(self, desk, server, engine, database, text=PROJECT):
        self.desk, self.server, self.engine, self.prefix = desk, server, engine, database
        self.file = desk.write(text)

    def run(self, command, *arguments, dsn=None, expect=0):
        """Run a command on this project; the secret is never shown."""
        ran = self.desk.tilla(command, self.file, "--dsn", dsn or self.server.dsn, *self.renames(), *arguments)
        assert ran.code == expect, ran.err
        assert SECRET not in ran.out + ran.err
        assert "s3cret" not in ran.out + ran.err
        return ran

    def renames(self):
        """Options that put the databases of the project under names of its own."""
        text = (self.desk.folder / self.file.partition(":")[0]).read_text()
        used = [database for database in ("raw", "data", "analytics") if f'"{database}.' in text]
        return [word for database in used for word in ("--rename", f"{database}={self.prefix}_{database}")]

    def there(self):
        rows = self.engine.rows(
            "SELECT database, name FROM system.tables WHERE startsWith(database, {p:String}) AND name NOT LIKE '.%'",
            parameters={"p": self.prefix + "_"},
        )
        return {f"{row['database'].removeprefix(self.prefix + '_')}.{row['name']}" for row in rows}

    def land(self, first, stop, table="events", repeat=1):
        """Rows numbered from ``first`` up to ``stop``; ``amount`` is the number, ``kind`` its parity."""
        self.engine.execute(f"CREATE DATABASE IF NOT EXISTS {self.prefix}_raw")
        self.engine.execute(
            f"CREATE TABLE IF NOT EXISTS {self.prefix}_raw.{table} (id UInt64, kind String, note Nullable(String), amount Int64,"
            " at DateTime64(3)) ENGINE = MergeTree ORDER BY id"
        )
        for _ in range(repeat):
            self.engine.execute(
                f"INSERT INTO {self.prefix}_raw.{table} SELECT number, if(number % 2, 'odd', 'even'), NULL, number, toDateTime64(number, 3, 'UTC')"
                f" FROM numbers({first}, {stop - first})"
            )

    def read(self, query):
        """Rows of a query in which ``{analytics}`` and the like stand for the databases."""
        names = {d: f"{self.prefix}_{d}" for d in ("raw", "data", "analytics")}
        return [tuple(row.values()) for row in self.engine.rows(query.format(**names))]


@pytest.fixture
def shop(desk, http_server, engine, database):
    return Shop(desk, http_server, engine, database)


EVERYTHING = {
    "raw.events", "data.items", "data.items_mv", "analytics.by_kind", "analytics.by_kind_mv", "analytics.by_kind_state", "analytics.days",
}  # fmt: skip


# --- what apply does ---


def test_apply_creates_what_is_missing_and_then_has_nothing_to_do(shop):
    """An empty server: what needs the loader's table waits (2); with the raw tables all is made (0); then nothing (0)."""
    ran = shop.run("apply", expect=2)
    assert ran.out == ""
    assert shop.there() == EVERYTHING - {"raw.events", "data.items_mv"}
    assert "raw.events: its loader has not landed it yet" in ran.err
    assert "items_mv: waits for" in ran.err
    assert shop.run("plan", "--with-sources", expect=2).out.count("+ create") >= 2
    assert "raw.events" not in shop.there()
    shop.run("apply", "--with-sources")
    assert shop.there() == EVERYTHING
    assert shop.run("apply").err.splitlines()[-1] == "nothing to do"
    assert shop.run("plan").code == 0


def test_apply_tells_what_differs_and_leaves_it_alone(shop):
    """A changed column and a foreign one: told, exit 2, untouched; what is missing is created all the same."""
    shop.run("apply", "--with-sources")
    items = f"{shop.prefix}_data.items"
    shop.engine.execute(
        f"ALTER TABLE {items} ADD COLUMN extra UInt8, MODIFY COLUMN note Nullable(String) COMMENT 'by hand'"
    )
    shop.engine.execute(f"DROP TABLE {shop.prefix}_analytics.by_kind")
    before = shop.engine.scalar(f"SHOW CREATE TABLE {items}")
    ran = shop.run("apply", expect=2)
    assert "column extra: UInt8 is there, not declared" in ran.err
    assert "by hand" in ran.err
    assert "left alone" in ran.err
    assert shop.engine.scalar(f"SHOW CREATE TABLE {items}") == before
    assert shop.there() == EVERYTHING


def test_select_takes_what_is_needed_along(shop):
    shop.run("apply", "--with-sources", "--select", f"{shop.prefix}_data.*")
    assert shop.there() == {"raw.events", "data.items", "data.items_mv"}
    ran = shop.run("apply", "--only", "*.items", expect=1)
    assert "T410" in ran.err


def test_json_goes_to_stdout_and_progress_to_stderr(shop):
    """A plan before, a plan with what was done after; --quiet says only how it ended."""
    planned = json.loads(shop.run("plan", "--with-sources", "--json", expect=2).out)
    assert {"version", "project", "steps"} == set(planned)
    ran = shop.run("apply", "--with-sources", "--json", "--quiet")
    document = json.loads(ran.out)
    assert [s for s in document["steps"] if s["action"] in ("create", "run")]
    assert len(document["done"]) == len([s for s in document["steps"] if s["action"] in ("create", "run", "repeat")])
    assert len(ran.err.splitlines()) <= 3


# --- how it fails, and goes on ---


def test_apply_stops_at_the_first_refusal_and_goes_on_when_it_is_mended(shop, desk):
    """The statement whole, the server's message, what was done before; what comes after was not sent; the next run goes on."""
    good = shop.file
    file = desk.folder / good.partition(":")[0]
    bad = (
        file.read_text()
        .replace("sum(amount) AS total FROM", "nosuchfunction(amount) AS total FROM")
        .replace('"analytics.days"', '"analytics.aaa"')
    )
    shop.file = desk.write("", "mistaken.py")
    (desk.folder / "mistaken.py").write_text(bad)
    ran = shop.run("apply", "--with-sources", expect=1)
    assert "nosuchfunction" in ran.err
    assert "(UNKNOWN_FUNCTION)" in ran.err or "code 46" in ran.err
    assert f"CREATE MATERIALIZED VIEW IF NOT EXISTS {shop.prefix}_analytics.aaa" in ran.err
    assert f"done: CREATE TABLE IF NOT EXISTS {shop.prefix}_data.items" in ran.err
    assert "run it again and it goes on" in ran.err
    assert "data.items" in shop.there()
    assert "analytics.aaa" not in shop.there()
    first = set(shop.there())
    shop.file = good
    ran = shop.run("apply", "--with-sources")
    assert shop.there() == EVERYTHING
    assert not any(f"create   {shop.prefix}_{name}:" in ran.err for name in first)


FAULTS = {
    "a proxy's 503": (lambda faults, match: faults.status(503, match=match), "503"),
    "a cut connection": (lambda faults, match: faults.cut_connection(match=match), "T5"),
    "a connection cut after it ran": (
        lambda faults, match: faults.cut_connection(match=match, after_execution=True),
        "T5",
    ),
    "no answer in time": (lambda faults, match: faults.commit_then_timeout(match=match), "T5"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_middle_is_told_plainly_and_the_next_run_completes(shop, http_server, fault):
    """One plain error and exit 1, what ran before it listed; run again, everything is there exactly once."""
    plan_fault, told = FAULTS[fault]
    # The line end tells the statement from the question how the server would print it.
    plan_fault(http_server.faults, f"CREATE VIEW IF NOT EXISTS {shop.prefix}_analytics.by_kind\nAS")
    ran = shop.run("apply", "--with-sources", expect=1, dsn=http_server.dsn + "?send_receive_timeout=1")
    assert told in ran.err
    assert "done: CREATE TABLE" in ran.err
    http_server.faults.clear()
    shop.run("apply", "--with-sources")
    assert shop.there() == EVERYTHING


def test_a_slow_server_is_only_slow(shop, http_server):
    http_server.faults.slow(0.5, match="CREATE VIEW IF NOT EXISTS")
    shop.run("apply", "--with-sources")
    assert shop.there() == EVERYTHING


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("clickhouse://u:{secret}@127.0.0.1:1", "Connection refused"),
        ("clickhose://u:{secret}@h", "nearest: clickhouse://"),
        ("chbd:///x", "nearest: chdb://"),
        ("{wrong}", "password"),
        ("clickhouse://h?pasword={secret}", "password"),
        ("", "clickhouse://user@host"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_plain_error(desk, http_server, dsn, told):
    """Connection refused, an unknown scheme, a wrong password: exit 1, no secret in it, no traceback."""
    wrong = f"clickhouse://{http_server.user}:wr0ng-Pa55@{http_server.host}:{http_server.port}"
    given = dsn.format(secret="wr0ng-Pa55", wrong=wrong)
    for command in ("apply", "plan", "backfill"):
        ran = desk.tilla(command, desk.write(PROJECT), "--dsn", given)
        assert (ran.code, ran.out) == (1, "")
        assert told in ran.err
        assert "wr0ng" not in ran.err


def test_the_password_of_the_environment_is_used_and_never_shown(shop, http_server, monkeypatch):
    """CLICKHOUSE_* name the server; a wrong one fails without being quoted."""
    for name, value in (
        ("HOST", http_server.host),
        ("PORT", str(http_server.port)),
        ("USER", http_server.user),
        ("PASSWORD", SECRET),
    ):
        monkeypatch.setenv(f"CLICKHOUSE_{name}", value)
    ran = shop.desk.tilla("apply", shop.file, "--with-sources", *shop.renames())
    assert ran.code == 0, ran.err
    assert SECRET not in ran.err
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "wr0ng-Pa55")
    ran = shop.desk.tilla("apply", shop.file, *shop.renames())
    assert ran.code == 1
    assert "wr0ng" not in ran.err


def test_a_secret_in_a_refused_statement_is_hidden(desk, http_server, database):
    """What somebody wrote into SQL by hand: the statement is quoted, the password in it is not."""
    name = desk.write(
        f"project = tl.project('p', tl.View('{database}.v', query=tl.sql(\"SELECT x FROM url('https://me:wr0ng-Pa55@h.invalid/x.csv', 'CSV', 'x NoSuchType')\")))\n"
    )
    ran = desk.tilla("apply", name, "--dsn", http_server.dsn)
    assert ran.code == 1
    assert "[HIDDEN]" in ran.err
    assert "wr0ng" not in ran.err


# --- history ---


def test_backfill_copies_and_refreshes_once(shop):
    """Rows from before the views, sent twice, and rows from after: each counted once; a second backfill changes nothing."""
    shop.land(0, 10, repeat=2)
    shop.run("apply")
    shop.run("backfill")
    shop.land(8, 12)
    want = [("even", 6), ("odd", 6)]
    assert shop.read("SELECT kind, items FROM {analytics}.by_kind ORDER BY kind") == want
    assert shop.read("SELECT sum(total) FROM {analytics}.days") == [(45,)]
    shop.run("backfill")
    assert shop.read("SELECT kind, items FROM {analytics}.by_kind ORDER BY kind") == want
    assert shop.read("SELECT count() FROM {data}.items FINAL") == [(12,)]
    assert shop.read("SELECT sum(total) FROM {analytics}.days") == [(66,)]


def test_apply_does_not_arm_what_would_count_history_apart(desk, http_server, engine, database):
    """Sums over a source with rows: the target is there, the view waits for its history; backfill refuses unless it is quiet."""
    shop = Shop(desk, http_server, engine, database, SUMS.replace("{where}", ""))
    shop.land(0, 10)
    shop.land(100, 105, "more")
    ran = shop.run("apply")
    assert "pending" in ran.err
    assert "history" in ran.err
    assert {"analytics.totals_state", "data.both", "data.kept", "data.kept_mv"} <= shop.there()
    assert not {"analytics.totals_mv", "analytics.below_mv", "data.one", "data.two"} & shop.there()
    before = shop.there()
    ran = shop.run("backfill", expect=1)
    assert ran.err.count("T616") >= 3  # a boundary on a loader's table needs its syncs paused
    assert "--quiesced" in ran.err
    assert shop.there() == before  # refused before anything was sent
    for _ in range(2):
        shop.run("backfill", "--quiesced")
        check_sums(shop, 10)
    shop.land(10, 13)
    check_sums(shop, 13)
    shop.run("apply")
    shop.run("backfill")
    check_sums(shop, 13)


def check_sums(shop, stop):
    """The three sums over rows 0 to ``stop`` of events, and 100 to 105 of more."""
    even, odd = sum(range(0, stop, 2)), sum(range(1, stop, 2))
    assert shop.read("SELECT kind, total, rows FROM {analytics}.totals ORDER BY kind") == [
        ("even", even, (stop + 1) // 2),
        ("odd", odd, stop // 2),
    ]
    assert shop.read("SELECT kind, total FROM {analytics}.below ORDER BY kind") == [("even", even), ("odd", odd)]
    assert shop.read("SELECT count(), sum(amount) FROM {data}.both") == [(stop + 5, even + odd + 510)]
    assert shop.engine.scalar("SELECT count() FROM system.tables WHERE name LIKE 'aside %'") == 0


def script(shop, *arguments):
    """Run what emit prints, statement by statement, over HTTP."""
    from tilla.servers import connect

    ran = shop.desk.emit(shop.file, "--json", *shop.renames(), *arguments)
    assert ran.code == 0, ran.err
    with connect(shop.server.dsn) as server:
        for statement in json.loads(ran.out)["statements"]:
            server.execute(statement["sql"])


def test_the_quiesced_script_is_exact_whenever_it_runs(desk, http_server, engine, database):
    """Over rows from before, twice, with views alive and rows that came through them, and after a view above changed."""
    shop = Shop(desk, http_server, engine, database, SUMS.replace("{where}", ""))
    shop.land(0, 10)
    shop.land(100, 105, "more")
    script(shop, "--phase", "schema")  # the views are alive before the history is filled
    shop.land(10, 13)
    for _ in range(2):
        script(shop, "--quiesced")
        check_sums(shop, 13)
    shop.land(13, 15)
    check_sums(shop, 15)
    script(shop, "--quiesced")
    check_sums(shop, 15)
    # Another filter on the view above: what lies below is built anew from the roots, though its own text is the same.
    shop.file = desk.write(SUMS.replace("{where}", ', where=Raw.kind != "odd"'))
    script(shop, "--quiesced")
    assert shop.read("SELECT kind, total FROM {analytics}.below ORDER BY kind") == [("even", sum(range(0, 15, 2)))]
    assert shop.read("SELECT kind, total FROM {analytics}.totals ORDER BY kind") == [("even", 56), ("odd", 49)]


# --- a chDB path, as a newcomer has it ---


def test_a_chdb_path_from_apply_to_numbers_and_a_second_process(tmp_path, desk):
    """Each command is a process of its own; while one holds the path, another is told which and ends with 1."""
    name = desk.write(PROJECT)
    dsn = f"chdb://{tmp_path}/db"
    assert desk.process("apply", name, "--dsn", dsn, "--with-sources", module="tilla").code == 0
    hold = (
        "import sys; from tilla.servers import connect\n"
        f"with connect({dsn!r}) as server:\n"
        "    server.execute(\"INSERT INTO raw.events VALUES (1, 'a', NULL, 7, 0), (1, 'a', NULL, 7, 0)\")\n"
        "    print('held', flush=True); sys.stdin.read()\n"
        "    print(server.rows('SELECT kind, items FROM analytics.by_kind'))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = desk.process("apply", name, "--dsn", dsn, module="tilla")
        assert (ran.code, ran.out) == (1, "")
        assert str(holder.pid) in ran.err
        assert "in use" in ran.err
        out, _ = holder.communicate("", timeout=60)
    assert out == "[{'kind': 'a', 'items': 1}]\n"


# --- names ---

NAMES = ["select", "a-b", "1st", "a.b", "a`b", 'a"b', "a\\b", "Таблица", "it's", "x;--", "{x}", "..", "a/b", "a\nb"]


def test_odd_names_go_the_whole_way(desk, http_server, engine, database):
    """Database, table, view, column, comment and Enum member: created, filled from history, rebuilt aside, read, and as declared."""
    shop = Shop(
        desk,
        http_server,
        engine,
        database,
        f"""
from tilla import text
NAMES = {NAMES!r}
KEY = NAMES[4]
raw_columns = tl.columns_of(*(tl.column(t.UInt64, name=n) for n in NAMES), tl.column(t.Enum8({{n: i for i, n in enumerate(NAMES)}}), name="state"))
raw = tl.Source(text.quote_qualified({database + "_o'dd `б"!r}, "raw"), raw_columns)
columns = {{c.name: c for c in raw_columns.__tilla_columns__}}
everything = [tl.derive(c, name=c.name, comment=c.name) for c in columns.values()]
sums = [tl.derive(columns["state"], name="state"), *(tl.measure(f.sum(columns[n]), name=n) for n in NAMES)]
def called(n): return text.quote_qualified({database + "_o'dd `б"!r}, n)
copies = [tl.MaterializedView(called("mv " + n), everything, source=raw, comment=n, where=columns[n] >= 0,
    engine=ReplacingMergeTree(version=everything[0], order_by=(everything[1], columns[n]))) for n in NAMES[4:7]]
totals = [tl.Aggregation(called(n), sums, source=raw, append_only_unique=True) for n in NAMES[4:7]]
project = tl.project("odd", raw, *copies, *totals)
""",
    )
    shop.run("apply", "--with-sources", "--select", "*raw")
    odd = text.quote_identifier(f"{database}_o'dd `б")
    engine.execute(f"INSERT INTO {odd}.raw SELECT {', '.join(['number'] * len(NAMES))}, 3 FROM numbers(10)")
    shop.run("apply")
    for _ in range(2):
        shop.run("backfill", "--quiesced")
    engine.execute(f"INSERT INTO {odd}.raw SELECT {', '.join(['number'] * len(NAMES))}, 3 FROM numbers(10, 2)")
    for name in NAMES[4:7]:
        shown = ", ".join(text.quote_identifier(n) for n in NAMES)
        assert engine.rows(f"SELECT {shown} FROM {odd}.{text.quote_identifier(name)}") == [dict.fromkeys(NAMES, 66)]
        copy = f"{odd}.{text.quote_identifier('mv ' + name)}"
        assert engine.scalar(f"SELECT count() FROM {copy} FINAL") == 12
        assert engine.scalar(f"SELECT any(state) FROM {copy}") == "a.b"
    shop.run("plan")
    told = "SELECT name, comment FROM system.columns WHERE database = {d:String} AND table = {t:String} AND name != 'state'"
    rows = engine.rows(told, parameters={"d": f"{database}_o'dd `б", "t": "mv a`b"})
    assert [(row["name"], row["comment"]) for row in rows] == [(n, n) for n in NAMES]


# --- what lies between raw rows and a target ---

THROUGH = """
from tilla.engines import Null
raw, queue = tl.Source("raw.events", Raw), tl.Table("raw.queue", Raw, engine=Null())
names = tl.Source("raw.names", [kind := tl.column(t.String, name="kind"), name := tl.column(t.String, name="name")])
class Name(tl.Columns):
    kind = tl.column(t.String)
    name = tl.column(t.String)
known = tl.RefreshableView("data.names", Name, refresh=tl.every(hours=1), engine=MergeTree(order_by=Name.kind),
    query=tl.sql("SELECT kind, max(name) AS name FROM {names} GROUP BY kind", names=names))
class Named(tl.Columns):
    id = tl.column(t.UInt64)
    name = tl.column(t.String)
    amount = tl.column(t.Int64)
    at = tl.column(t.DateTime64(3))
class Kept(tl.Columns):
    id, name, amount, at = (tl.derive(c, name=c.name) for c in (Named.id, Named.name, Named.amount, Named.at))
class Sums(tl.Columns):
    name = tl.derive(Named.name)
    total = tl.measure(f.sum(Named.amount))
between = tl.Table("data.between", Named, engine=Null())  # rows only pass through it
joined = tl.MaterializedView("data.joined", Named, source=raw, to=between, query=tl.sql(
    "SELECT e.id AS id, n.name AS name, e.amount AS amount, e.at AS at FROM {raw} AS e LEFT JOIN {known} AS n ON n.kind = e.kind", raw=raw, known=known))
items = tl.MaterializedView("data.items", Kept, source=between, engine=ReplacingMergeTree(version=Kept.at, order_by=Kept.id))
sums = tl.Aggregation("analytics.sums", Sums, source=between, append_only_unique=True)
project = tl.project("through", raw, names, known, between, joined, items, sums)
"""


def land_names(shop):
    shop.land(0, 10)
    shop.engine.execute(
        f"CREATE TABLE {shop.prefix}_raw.names (kind String, name String) ENGINE = MergeTree ORDER BY kind"
    )
    shop.engine.execute(f"INSERT INTO {shop.prefix}_raw.names VALUES ('odd', 'Odd'), ('even', 'Even')")


@pytest.mark.parametrize("how", ["script", "backfill"])
def test_history_goes_through_a_null_table_and_joins_what_is_refreshed(desk, http_server, engine, database, how):
    """Rows from before reach what lies below a table that keeps none; the refreshable view that they join is filled first."""
    shop = Shop(desk, http_server, engine, database, THROUGH)
    land_names(shop)
    for _ in range(2):
        if how == "script":
            script(shop, "--quiesced")
        else:
            shop.run("apply")
            shop.run("backfill", "--quiesced")
        assert shop.read("SELECT name, count(), sum(amount) FROM {data}.items FINAL GROUP BY name ORDER BY name") == [
            ("Even", 5, 20),
            ("Odd", 5, 25),
        ]
        assert shop.read("SELECT name, total FROM {analytics}.sums ORDER BY name") == [("Even", 20), ("Odd", 25)]
    shop.land(10, 12)
    assert shop.read("SELECT name, total FROM {analytics}.sums ORDER BY name") == [("Even", 30), ("Odd", 36)]
    assert shop.read("SELECT count() FROM {data}.items FINAL") == [(12,)]


LEAKING = """
from tilla.engines import Null
raw, queue = tl.Source("raw.events", Raw), tl.Table("raw.queue", Raw, engine=Null())
both = tl.Table("data.both", Item, engine=MergeTree(order_by=Item.id))
one = tl.MaterializedView("data.one", Item, source=raw, to=both, append_only_unique=True)
two = tl.MaterializedView("data.two", Item, source=queue, to=both, append_only_unique=True)
class ByKind(tl.Columns):
    kind = tl.derive(Item.kind)
    items = tl.measure(f.uniq_exact(Item.id))
below = tl.Aggregation("analytics.below", ByKind, source=both, append_only_unique=True)
project = tl.project("leaking", raw, queue, both, one, two, below)
"""


def test_what_came_from_a_queue_is_not_built_anew_from_the_rest(desk, http_server, engine, database):
    """A target with rows that nothing else keeps is never exchanged for one without them, whatever was stated."""
    shop = Shop(desk, http_server, engine, database, LEAKING)
    shop.land(0, 10)
    ran = desk.emit(shop.file, "--quiesced")
    assert (ran.code, ran.out) == (1, "")
    assert "T603 data.both through data.one" in ran.err
    assert "raw.queue" in ran.err
    shop.run("apply")
    engine.execute(f"INSERT INTO {database}_raw.queue VALUES (99, 'queued', NULL, 1, 0)")
    ran = shop.run("backfill", "--quiesced", expect=1)
    assert "T603" in ran.err
    assert shop.read("SELECT id FROM {data}.both") == [(99,)]
    # What lies below may be: all its rows are in the table above it.
    below = desk.emit(shop.file, "--quiesced", "--only", "analytics.below", "--phase", "backfill")
    assert below.code == 0, below.err
    assert "FROM (SELECT * FROM data.both WHERE" in below.out


@pytest.mark.parametrize("how", ["Memory()", "Join('ANY', 'LEFT', Item.id)", "Set()"])
def test_targets_of_every_engine_are_built_aside_or_refused(desk, http_server, engine, database, how):
    """Only a MergeTree can be cloned; others are copied; what gives no rows back is refused before anything is sent."""
    shop = Shop(
        desk,
        http_server,
        engine,
        database,
        f"""
from tilla.engines import Join, Memory, Set
raw = tl.Source("raw.events", Raw)
target = tl.Table("data.target", Item, engine={how})
project = tl.project("engines", raw, target, tl.MaterializedView("data.view", Item, source=raw, to=target, append_only_unique=True))
""",
    )
    shop.land(0, 10)
    ran = desk.emit(shop.file, "--quiesced")
    if how == "Set()":
        assert (ran.code, ran.out) == (1, "")
        assert "T604" in ran.err
        shop.run("apply")
        assert "T604" in shop.run("backfill", "--quiesced", expect=1).err
        return
    for _ in range(2):
        script(shop, "--quiesced")
    shop.land(10, 12)
    script(shop, "--quiesced")
    assert shop.read("SELECT count(), sum(amount) FROM {data}.target") == [(12, 66)]
    assert engine.scalar("SELECT count() FROM system.tables WHERE name LIKE 'aside %'") == 0


@pytest.mark.parametrize("command", ["plan", "apply --dry-run", "backfill", "backfill --dry-run", "detect", "stale"])
def test_a_command_that_reads_makes_no_chdb_folder(desk, tmp_path, command):
    """A slip in the path would show an empty database, and leave one behind."""
    (tmp_path / "shop").mkdir()
    name, *flags = command.split()
    ran = desk.tilla(name, desk.write(PROJECT), "--dsn", f"chdb://{tmp_path}/shpo", *flags)
    assert (ran.code, ran.out) == (1, "")
    assert f"T526 chdb://{tmp_path}/shpo: there is no database" in ran.err
    assert f"nearest: {tmp_path}/shop" in ran.err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("sh") and path.is_dir()] == ["shop"]
