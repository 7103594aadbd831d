"""``python -m tilla.emit`` as its users meet it: what is on which stream, which statements, which exit code.

Offline: what the statements do on an engine is in test_provisioning.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.support.command import HEAD, ROOT
from tilla.expressions.scan import split_statements

SMALL = """
raw = tl.Source("raw.events", Raw)
items = curated("data.items", raw)
class ByKind(tl.Columns):
    kind = tl.derive(Item.kind)
    items = tl.measure(f.uniq_exact(Item.id))
by_kind = tl.Aggregation("analytics.by_kind", ByKind, source=items, stable=(Item.kind,))
days = tl.View("analytics.days", query=tl.sql("SELECT toDate(at) AS day, count() AS items FROM {items} FINAL GROUP BY day", items=items))
other = tl.Table("data.other", Raw, engine=MergeTree(order_by=Raw.id))
reader = tl.Role("readers", select=("data.*", "analytics.*"), readonly=2)
project = tl.project("small", raw, items, by_kind, days, other, reader)
"""

# A project whose every name, comment and member asks for trouble.
ODD_NAMES = [
    "select",
    "a-b",
    "1st",
    "a.b",
    "a`b",
    "Таблица",
    "it's",
    "..",
    "a/b",
    ".hidden",
    "a%2Fb",
    "x;--",
    "{x}",
    "a\\b",
]
ODD = f"""
from tilla import text
names = {ODD_NAMES!r}
columns = [tl.column(t.String, name=n, comment=f"it's {{n}}; -- not a comment {{{{x}}}}\\nЦена") for n in names]
columns += [tl.column(t.Enum8({{"it's": 1, "b;--": 2, "Ы`": 3}}), name="state")]
project = tl.project("odd; -- имя", *[
    tl.Table(text.quote_qualified(database, n), columns, engine=MergeTree(order_by=()), comment=f"of {{n}}; it's\\n-- Ц")
    for n in names for database in ("data.x", "ключ")])
"""

UNSAFE = """
raw = tl.Source("raw.events", Raw)
class Totals(tl.Columns):
    kind = tl.derive(Raw.kind)
    total = tl.measure(f.sum(Raw.amount))
totals = tl.Aggregation("analytics.totals", Totals, source=raw, append_only_unique=True)
items = curated("data.items", raw)
project = tl.project("unsafe", raw, totals, items)
"""


def statements_of(ran):
    """The statements of a script without the comment lines above them, as a server's own client would cut it."""
    found = []
    for statement in split_statements(ran.out):
        lines = statement.split("\n")
        while lines and (lines[0].startswith("--") or not lines[0]):
            lines.pop(0)
        found.append("\n".join(lines))
    return found


def created(ran):
    """What a script creates besides databases and the marker."""
    names = re.findall(
        r"^CREATE (?:TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) IF NOT EXISTS (\S+)", ran.out, re.MULTILINE
    )
    return {name for name in names if not name.startswith("tilla.")}


# --- which project ---


def test_without_an_argument_the_directory_decides_and_the_choice_is_told(desk):
    """pyproject.toml of the working directory, else the shipped project; stderr says which."""
    desk.write(SMALL, "pkg/shop.py")
    (desk.folder / "pyproject.toml").write_text('[tool.tilla]\nproject = "pkg/shop.py:project"\n')
    ran = desk.emit()
    assert (ran.code, ran.err) == (0, "tilla: pkg/shop.py:project (from pyproject.toml)\n")
    assert ran.out.startswith("-- project small, for single\n")
    (desk.folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    ran = desk.emit("--select", "data_shopify.orders", "--phase", "schema")
    assert (ran.code, ran.err) == (0, "tilla: the shipped project (tilla.shipped:project)\n")


def test_the_choice_is_told_before_it_fails(desk):
    """A project that pyproject.toml names and nobody has: the message says where the name came from."""
    (desk.folder / "pyproject.toml").write_text('[tool.tilla]\nproject = "nowhere:project"\n')
    ran = desk.emit()
    assert (ran.code, ran.out) == (1, "")
    assert "nowhere:project (from pyproject.toml)" in ran.err
    assert "T405" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [("[tool.tilla]\nproject = 3\n", "T401"), ("[tool.tilla\n", "T401"), ('[tool.tilla]\nproject = "nope"\n', "T402")],
)
def test_a_pyproject_that_means_nothing_is_told(desk, text, told):
    (desk.folder / "pyproject.toml").write_text(text)
    ran = desk.emit()
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err


def test_a_module_is_found_in_the_working_directory_and_its_prints_stay_off_stdout(desk):
    """`module:attribute`, dotted attributes, and a module that prints while it is imported."""
    desk.write(SMALL + "print('hello')\nclass holder: inside = project\n", "emit_test_shop.py")
    ran = desk.emit("emit_test_shop:holder.inside")
    assert ran.code == 0
    assert "hello" not in ran.out
    assert "hello" in ran.err


# --- streams and bytes ---


def test_stdout_holds_statements_and_whole_comment_lines(desk):
    """What is between statements is a comment line or nothing; every statement is the one of --json."""
    for text in (SMALL, ODD):
        name = desk.write(text)
        ran = desk.emit(name, "--with-sources")
        assert ran.code == 0
        assert ran.out.endswith(";\n")
        listed = [s["sql"] for s in json.loads(desk.emit(name, "--with-sources", "--json").out)["statements"]]
        assert statements_of(ran) == listed
        rest = ran.out
        for sql in listed:
            before, found, rest = rest.partition(sql + ";\n")
            assert found, sql
            assert all(line.startswith("--") or not line for line in before.split("\n")), before
        assert not rest


def test_a_final_comment_in_sql_by_hand_does_not_swallow_the_semicolon(desk):
    """`SELECT ... -- done` ends its line before `;`, in views, in history, inside other SQL and in DEFAULTs."""
    name = desk.write("""
raw = tl.Source("raw.events", Raw)
inner = tl.sql("SELECT id FROM {raw} -- inner", raw=raw)
outer = tl.sql("SELECT count() AS n FROM ({inner}) # outer", inner=inner)
by_hand = tl.sql("SELECT id, kind, note, amount, at FROM {raw} WHERE id > 1 -- by hand; 'x", raw=raw)
class Own(tl.Columns):
    a = tl.column(t.UInt8, default=tl.sql("1 -- one"), comment="x")
    b = tl.column(t.UInt8)
view = tl.MaterializedView("data.items", Item, source=raw, query=by_hand, engine=ReplacingMergeTree(version=Item.at, order_by=Item.id))
below = tl.MaterializedView("data.below", Item, source=view, engine=MergeTree(order_by=Item.id), append_only_unique=True)
project = tl.project("p", raw, view, below, tl.View("data.v", query=outer), tl.Table("data.own", Own, engine=MergeTree(order_by=())))
""")
    ran = desk.emit(name, "--with-sources", "--quiesced")
    assert ran.code == 0, ran.err
    listed = [s["sql"] for s in json.loads(desk.emit(name, "--with-sources", "--quiesced", "--json").out)["statements"]]
    assert statements_of(ran) == [sql.rstrip() for sql in listed]
    (desk.folder / "all.sql").write_text("".join(f"{sql};" for sql in listed))  # a semicolon right behind each is read
    # The engine's own lexer cuts the script, as clickhouse-client does.
    code = "import chdb; print(chdb.query(open('all.sql').read() + \"SELECT count() FROM system.tables WHERE database = 'data'\"))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=desk.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == str(len(created(ran)) - 1), done.stderr[-2000:]  # all but the raw table


def test_the_same_bytes_from_any_locale_seed_and_directory(desk):
    """Byte for byte, Cyrillic names included, and the same tree of files, though Python takes the file system for ASCII."""
    name = desk.write(ODD)
    plain = desk.process(name, "--split", "one", PYTHONHASHSEED="1")
    assert plain.code == 0
    ascii_only = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    other = desk.process(name, "--split", "two", PYTHONHASHSEED="2", **ascii_only)
    assert (other.code, other.out) == (0, "")

    def tree(folder):
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    assert tree(desk.folder / "one") == tree(desk.folder / "two")
    printed = desk.process(name, PYTHONHASHSEED="3", **ascii_only)
    assert printed.out.encode() == (desk.folder / "one" / "provisioning_flow.sql").read_bytes()
    assert desk.emit(name, "--check", "two/provisioning_flow.sql").code == 0


def test_a_reader_that_goes_away_ends_it_quietly(desk):
    """`| head -1`: one line, no message, no failure of the pipe."""
    tables = (
        "[tl.Table(f'd.t{n}', Raw, engine=MergeTree(order_by=Raw.id)) for n in range(600)]"  # more than a pipe holds
    )
    name = desk.write(f"project = tl.project('wide', *{tables})\n")
    ran = desk.shell(f"$EMIT {name} | head -1")
    assert ran.out == "-- project wide, for single\n"
    assert (ran.code, ran.err) == (0, f"tilla: {name}\n")


@pytest.mark.parametrize(
    ("redirect", "told"), [(">&-", "Bad file descriptor"), ("> /dev/full", "No space left on device")]
)
def test_a_stdout_that_takes_nothing_is_an_error(desk, redirect, told):
    """A closed stdout and a full disk: exit 1 and one line, never a cut script that looks whole."""
    name = desk.write(SMALL)
    ran = desk.shell(f"$EMIT {name} {redirect}")
    assert ran.code == 1
    assert ran.err == f"tilla: {name}\ntilla: T411 stdout: {told}\n"


def test_a_closed_stderr_sends_no_message_to_stdout(desk):
    name = desk.write(SMALL)
    ran = desk.shell(f"$EMIT {name} 2>&-")
    assert ran.code == 0
    assert ran.out.startswith("-- project small")
    assert desk.shell("$EMIT nope 2>&-").out == ""


# --- sections, phases, parts ---


def test_sections_come_in_order_and_names_are_qualified(desk):
    ran = desk.emit(desk.write(SMALL), "--with-sources")
    sections = re.findall(r"^-- (\w+) -+$", ran.out, re.MULTILINE)
    assert sections == ["databases", "tables", "views", "history", "access"]
    for sql in statements_of(ran):
        assert not re.search(r"\b(FROM|INTO|TO|EXISTS|TABLE) (items|events|by_kind\w*|other|history)\b", sql), sql


@pytest.mark.parametrize(
    ("phases", "sections"),
    [
        (["schema"], ["databases", "tables", "views"]),
        (["backfill"], ["databases", "tables", "history"]),
        (["access"], ["access"]),
        (["access", "schema"], ["databases", "tables", "views", "access"]),
    ],
)
def test_phases_are_repeatable(desk, phases, sections):
    """--phase prints its sections, in the order of the script whatever the order of the options."""
    ran = desk.emit(desk.write(SMALL), *[word for phase in phases for word in ("--phase", phase)])
    assert re.findall(r"^-- (\w+) -+$", ran.out, re.MULTILINE) == sections


def test_every_statement_of_a_phase_is_in_the_whole_and_nothing_else(desk):
    """The phases together are the whole: run one after another they are the script."""
    name = desk.write(SMALL)
    whole = statements_of(desk.emit(name, "--with-sources"))
    parts = [statements_of(desk.emit(name, "--with-sources", "--phase", p)) for p in ("schema", "backfill", "access")]
    assert sorted(sql for part in parts for sql in part) == sorted(whole)


def test_select_brings_what_is_needed_and_only_leaves_it_out(desk):
    """fnmatch on database.name, repeatable; a view brings the table it fills, the source stays the loader's."""
    name = desk.write(SMALL)
    chain = {"data.items", "data.items_mv"}
    aggregate = {"analytics.by_kind", "analytics.by_kind_mv", "analytics.by_kind_state"}
    assert created(desk.emit(name, "--select", "analytics.by_kind")) == chain | aggregate
    assert created(desk.emit(name, "--only", "analytics.by_kind")) == aggregate
    assert created(desk.emit(name, "--select", "analytics.by_kind", "--only")) == aggregate
    assert created(desk.emit("--only", name, "--select", "analytics.by_kind")) == aggregate
    assert created(desk.emit(name, "--select", "*.other", "--select", "*.days")) == chain | {
        "data.other",
        "analytics.days",
    }
    assert created(desk.emit(name, "--only", "*.other", "--only", "*.days")) == {"data.other", "analytics.days"}
    assert created(desk.emit(name, "--select", "analytics.*", "--with-sources")) == chain | aggregate | {
        "analytics.days",
        "raw.events",
    }
    assert created(desk.emit(name, "--only", "analytics.*", "--with-sources")) == aggregate | {"analytics.days"}


def test_what_fits_nothing_is_told_with_the_nearest(desk):
    ran = desk.emit(desk.write(SMALL), "--select", "analytics.bykind", "--select", "nothing.*")
    assert (ran.code, ran.out) == (1, "")
    assert "2 mistakes" in ran.err
    assert "nearest: analytics.by_kind" in ran.err


def test_targets(desk):
    name = desk.write(SMALL)
    assert "-- project small, for cloud\n" in desk.emit(name, "--target", "cloud").out
    assert "ON CLUSTER main" in desk.emit(name, "--target", "cluster:main").out
    ran = desk.emit(name, "--target", "clod")
    assert (ran.code, ran.out) == (1, "")
    assert "nearest: cloud" in ran.err


# --- renames ---


def test_a_rename_reaches_every_statement(desk):
    """Names, references, grants, patterns, markers: nothing of the old name is left."""
    name = desk.write(SMALL)
    ran = desk.emit(name, "--with-sources", "--rename", "data=acme_data", "--rename", "analytics=acme_a")
    assert ran.code == 0
    assert not re.search(r"(?<![\w_])(data|analytics)\.", ran.out)
    assert "acme_data.items" in ran.out
    swapped = desk.emit(name, "--rename", "data=analytics", "--rename", "analytics=data")
    assert {"analytics.items", "data.by_kind"} <= created(swapped)


def test_a_rename_reaches_into_sql_by_hand(desk):
    """Tables, columns written with their database, `{ref}.column`, dictGet: rewritten in place; an alias and a string are not."""
    name = desk.write("""
from tilla.dictionaries import Null
raw = tl.Source("raw.events", Raw)
words = tl.Dictionary("raw.words", Raw, primary_key=Raw.id, source=Null(), layout="flat", lifetime=0)
view = tl.View("data.v", query=tl.sql('''SELECT raw.events.id AS a, `raw`.events.kind, {raw}.note, 'raw.events' AS text, raw.events.*,
    dictGet('raw.words', 'kind', raw.events.id) AS word, (SELECT max(i.id) FROM raw.events AS i WHERE i.id = raw.events.id) AS inside
FROM raw.events WHERE id IN (SELECT raw.id FROM {raw} AS raw) AND id IN raw.events ORDER BY raw.events.id -- of raw.events''', raw=raw))
project = tl.project("p", raw, words, view)
""")
    ran = desk.emit(name, "--rename", "raw=o-x", "--phase", "schema")
    assert ran.code == 0, ran.err
    assert (
        ran.out.partition("AS\nSELECT ")[2]
        == """`o-x`.events.id AS a, `o-x`.events.kind, `o-x`.events.note, 'raw.events' AS text, `o-x`.events.*,
    dictGet('o-x.words', 'kind', `o-x`.events.id) AS word, (SELECT max(i.id) FROM `o-x`.events AS i WHERE i.id = `o-x`.events.id) AS inside
FROM `o-x`.events WHERE id IN (SELECT raw.id FROM `o-x`.events AS raw) AND id IN `o-x`.events ORDER BY `o-x`.events.id -- of raw.events
;
"""
    )


def test_renames_that_do_not_fit_are_told_together(desk):
    """Two names for one database, no equals sign, two objects on one name, a database that nobody has."""
    name = desk.write(SMALL)
    ran = desk.emit(name, "--rename", "data=a", "--rename", "data=b", "--rename", "c")
    assert (ran.code, ran.out, ran.err.count("T409 --rename")) == (1, "", 2)
    ran = desk.emit(name, "--rename", "dta=x")
    assert (ran.code, ran.out) == (1, "")
    assert "nearest: data" in ran.err
    twice = desk.write(
        "project = tl.project('p', *[tl.Table(f'{d}.x', Raw, engine=MergeTree(order_by=Raw.id)) for d in ('a', 'b')])"
    )
    ran = desk.emit(twice, "--rename", "a=b")
    assert (ran.code, ran.out) == (1, "")
    assert "b.x is declared twice" in ran.err


# --- forms ---


def test_json_says_what_each_statement_is(desk):
    """{"version", "statements": [{"object", "phase", "sql", "reason"}]}; objects unquoted, no final semicolon."""
    document = json.loads(desk.emit(desk.write(SMALL), "--json", "--with-sources").out)
    assert list(document) == ["version", "statements"]
    assert document["version"] == 1
    for statement in document["statements"]:
        assert list(statement) == ["object", "phase", "sql", "reason"]
        assert all(isinstance(value, str) and value for value in statement.values())
        assert statement["phase"] in ("schema", "backfill", "access")
        assert not statement["sql"].rstrip().endswith(";")
    assert {"raw", "raw.events", "data.items_mv", "analytics.by_kind", "readers"} <= {
        s["object"] for s in document["statements"]
    }
    odd = json.loads(desk.emit(desk.write(ODD), "--json").out)
    assert {f"ключ.{name}" for name in ODD_NAMES} <= {s["object"] for s in odd["statements"]}


def test_split_is_the_whole_as_files(desk):
    """Every statement is in one file and in provisioning_flow.sql; the tree is the one a reviewer knows."""
    name = desk.write(SMALL)
    ran = desk.emit(name, "--split", "out", "--with-sources")
    assert (ran.code, ran.out) == (0, "")
    files = {
        str(p.relative_to("out")): p.read_text()
        for p in sorted((desk.folder / "out").rglob("*.sql"))
        for p in [p.relative_to(desk.folder)]
    }
    assert set(files) == {
        "provisioning_flow.sql",
        *(f"databases/{d}.sql" for d in ("analytics", "data", "raw", "tilla")),
        "tilla/tilla/history.sql",
        "raw_datasets/raw/events.sql",
        "curated_datasets/data/items.sql",
        "curated_datasets/data/other.sql",
        "curated_datasets/data/backdate_mv/items.sql",
        "analytics_datasets/analytics/by_kind.sql",
        "analytics_datasets/analytics/days.sql",
        "analytics_datasets/analytics/backdate_mv/by_kind.sql",
        "access/readers.sql",
    }
    whole = files.pop("provisioning_flow.sql")
    assert whole == desk.emit(name, "--with-sources").out
    assert sorted(s.splitlines()[-1] for text in files.values() for s in split_statements(text)) == sorted(
        s.splitlines()[-1] for s in split_statements(whole)
    )


def test_split_stays_in_its_folder_whatever_the_names(desk):
    """`/`, `..`, a leading dot, a percent sign: one file a name, none outside, none over another."""
    assert desk.emit(desk.write(ODD), "--split", "deep/out").code == 0
    tables = [p for p in (desk.folder / "deep" / "out").rglob("*.sql") if "CREATE TABLE" in p.read_text()]
    tables.remove(desk.folder / "deep" / "out" / "provisioning_flow.sql")
    assert len(tables) == 2 * len(ODD_NAMES)
    outside = [p for p in desk.folder.rglob("*.sql") if desk.folder / "deep" / "out" not in p.parents]
    assert outside == []
    assert not [p for p in tables if p.name.startswith(".")]


def test_split_lists_and_leaves_files_of_objects_that_are_gone(desk):
    name = desk.write(SMALL)
    assert desk.emit(name, "--split", "out", "--with-sources").code == 0
    file = desk.folder / "out" / "curated_datasets" / "data" / "other.sql"
    before = (desk.folder / "out" / "curated_datasets" / "data" / "items.sql").stat().st_mtime_ns
    without = desk.write(SMALL.replace("days, other, reader", "days, reader"))
    ran = desk.emit(without, "--split", "out")
    assert ran.code == 0
    assert "out/curated_datasets/data/other.sql belongs to no object any more; it was left alone" in ran.err
    # The raw tables are still there, and so is what a part of the project leaves out.
    assert ran.err.count("belongs to no object") == 1
    assert "belongs to no object" not in desk.emit(name, "--split", "out", "--select", "data.items").err
    assert file.is_file()
    after = (desk.folder / "out" / "curated_datasets" / "data" / "items.sql").stat().st_mtime_ns
    assert after == before  # the same text is not written again


def test_check_says_whether_a_file_is_what_would_be_emitted(desk):
    """0 when it is; 2 and a diff on stdout when it is not; line ends count; 1 when there is no such file."""
    name = desk.write(SMALL)
    text = desk.emit(name).out
    file = desk.folder / "flow.sql"
    file.write_bytes(text.encode())
    assert desk.emit(name, "--check", "flow.sql") == type(desk.emit(name))(0, "", f"tilla: {name}\n")
    file.write_bytes(text.replace("uniqExactState", "uniqState", 1).encode().rstrip())
    ran = desk.emit(name, "--check", "flow.sql")
    assert ran.code == 2
    assert ran.out.startswith("--- flow.sql\n+++ what would be emitted\n@@")
    assert "\n-    uniqState(id) AS items\n+    uniqExactState(id) AS items\n" in ran.out
    assert "is not what would be emitted" in ran.err
    file.write_bytes(text.replace("\n", "\r\n").encode())
    assert desk.emit(name, "--check", "flow.sql").code == 2
    for bad in ("no.sql", ".", ""):
        ran = desk.emit(name, "--check", bad)
        assert (ran.code, ran.out) == (1, ""), bad
    file.write_bytes(b"\xff")
    assert desk.emit(name, "--check", "flow.sql").code == 1


# --- what a static script must not do ---


def test_what_is_not_overlap_safe_is_refused_with_the_ways_out(desk):
    """Sums over a plain source: exit 1, why, the ways out; the schema alone is fine; --quiesced fills it."""
    name = desk.write(UNSAFE)
    ran = desk.emit(name)
    assert (ran.code, ran.out) == (1, "")
    assert "T601 analytics.totals_state" in ran.err
    for way in ("idempotent", "ReplacingMergeTree", "RefreshableView", "--quiesced"):
        assert way in ran.err
    assert desk.emit(name, "--phase", "backfill").code == 1
    for fine in (["--phase", "schema"], ["--phase", "access"], ["--quiesced"], ["--select", "data.items"]):
        assert desk.emit(name, *fine).code == 0, fine


def test_the_marker_stands_for_rows_and_not_for_words(desk):
    """A new comment, codec or setting leaves a filled history filled; another filter above it does not."""

    def markers(text):
        return dict(re.findall(r"SELECT '(\S+)', '(\w+)'", desk.emit(desk.write(text)).out))

    before = markers(SMALL)
    assert set(before) == {"data.items", "analytics.by_kind_state"}
    kept = 'curated("data.items", raw, comment="new words")'
    assert markers(SMALL.replace('curated("data.items", raw)', kept)) == before
    assert (
        markers(SMALL.replace("f.uniq_exact(Item.id))", 'f.uniq_exact(Item.id), comment="x", codec="ZSTD")')) == before
    )
    after = markers(SMALL.replace('curated("data.items", raw)', 'curated("data.items", raw, where=Raw.id > 5)'))
    assert not set(after.values()) & set(before.values())


# --- mistakes ---

MISTAKES = {
    "unknown column": ("class B(tl.Columns):\n    x = tl.derive(Raw.idd)\n", "T406", "nearest: id"),
    "unknown column of a relation": (
        "raw = tl.Source('r.e', Raw)\nclass Other(tl.Columns):\n    x = tl.column(t.String)\nraw[Other.x]\n", "T0", "x"),
    "misspelt word of Tilla": ("tl.Tabel('a.b', Raw)\n", "T406", "tl.Table"),
    "misspelt variable": ("engine = MergeTre(order_by=Raw.id)\n", "T406", "nearest: MergeTree"),
    "duplicate name": (
        "a = tl.Table('d.a', Raw, engine=MergeTree(order_by=Raw.id))\nproject = tl.project('p', a, tl.View('d.a', query=tl.sql('SELECT 1 AS x')))\n",
        "T304", "d.a is declared twice"),
    "missing ORDER BY": ("tl.Table('d.a', Raw, engine=MergeTree())\n", "T025", "order_by="),
    "measure where a value is wanted": ("class B(tl.Columns):\n    n = tl.measure(f.sum(Raw.id))\n    m = tl.derive(n + 1)\n", "T006", "merge()"),
    "measure compared": ("class B(tl.Columns):\n    n = tl.measure(f.sum(Raw.id))\nB.n == 3\n", "T006", "write: n.merge()"),
    "measure in a function": ("class B(tl.Columns):\n    n = tl.measure(f.sum(Raw.id))\nf.length(B.n)\n", "T006", "n.merge()"),
    "value where a measure is wanted": ("class B(tl.Columns):\n    n = tl.measure(Raw.id)\n", "T012", "tl.derive"),
    "Nullable key": ("tl.Table('d.a', Raw, engine=MergeTree(order_by=(Raw.note, Raw.id)))\n", "T026", "not Nullable"),
    "source not in the project": ("project = tl.project('p', curated('d.a', tl.Source('raw.e', Raw)))\n", "T302", "raw.e"),
    "cycle of needs": (
        "project = tl.project('p', tl.View('d.a', query=tl.sql('SELECT x FROM d.b')), tl.View('d.b', query=tl.sql('SELECT x FROM d.a')))\n",
        "T301", "d.a -> d.b -> d.a"),
    "cycle of rows": (
        "a, b = (tl.Table(n, Raw, engine=MergeTree(order_by=Raw.id)) for n in ('d.a', 'd.b'))\n"
        "project = tl.project('p', a, b, *(tl.MaterializedView(n, Item, source=x, to=y, append_only_unique=True) for n, x, y in (('d.v', a, b), ('d.w', b, a))))\n",
        "T310", "d.a -> d.v -> d.b -> d.w -> d.a"),
    "a view that reads its own target": (
        "a = tl.Table('d.a', Raw, engine=MergeTree(order_by=Raw.id))\ntl.MaterializedView('d.v', Item, source=a, to=a, append_only_unique=True)\n",
        "T037", "writes into"),
    "unparsable SQL": ("raw = tl.Source('r.e', Raw)\nproject = tl.project('p', raw, tl.View('d.a', query=tl.sql('SELEC * FORM {raw}', raw=raw)))\n", "T201", "SELEC"),
    "two statements": ("project = tl.project('p', tl.View('d.a', query=tl.sql('SELECT 1 AS x; DROP TABLE y')))\n", "T201", "without the final `;`"),
    "unfilled reference": ("tl.View('d.a', query=tl.sql('SELECT {a}, {b}'))\n", "T202", "2 mistakes"),
    "f-string": ("raw = tl.Source('r.e', Raw)\ntl.sql(f'SELECT 1 FROM {raw}')\n", "T004", "without the f"),
    "no database": ("tl.Table('a', Raw, engine=MergeTree(order_by=Raw.id))\n", "T021", "my_database.a"),
    "illegal type": ("t.Nullable(t.Array(t.String))\n", "T109", "Array(Nullable(String))"),
    "Tilla's own database": ("project = tl.project('p', tl.Table('tilla.history', Raw, engine=MergeTree(order_by=Raw.id)))\n", "T311", "tilla.history"),
    "no project": ("projct = tl.project('p')\n", "T403", "nearest: projct"),
    "not a project": ("project = tl.Source('r.e', Raw)\n", "T404", "Source"),
    "syntax error": ("def x(:\n", "T406", "SyntaxError"),
    "missing package": ("import nosuchpackage\n", "T406", "nosuchpackage"),
    "failing module": ("1 / 0\n", "T406", "ZeroDivisionError"),
    "exiting module": ("import sys; sys.exit('bye')\n", "T406", "bye"),
    "endless module": ("def again(): again()\nagain()\n", "T406", "RecursionError"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=MISTAKES.keys())
def test_a_mistake_is_one_clear_error_with_its_line(desk, mistake):
    """No traceback, nothing on stdout, exit 1; the code, what to write, and the line of the user's own file."""
    text, code, told = MISTAKES[mistake]
    name = desk.write(text)
    ran = desk.emit(name)
    assert (ran.code, ran.out) == (1, "")
    assert code in ran.err
    assert told in ran.err
    if code not in ("T403", "T404"):
        line = re.search(re.escape(name.partition(":")[0]) + r":(\d+)", ran.err)
        assert line, ran.err
        assert HEAD.count("\n") < int(line.group(1)) <= (HEAD + text).count("\n") + 1


def test_several_mistakes_are_told_at_once(desk):
    """Everything that is wrong with a project in one go."""
    ran = desk.emit(
        desk.write("""
raw, gone = tl.Source("raw.events", Raw), tl.Source("raw.gone", Raw)
a = tl.Table("d.a", Raw, engine=MergeTree(order_by=Raw.id))
project = tl.project("p", raw, curated("d.one", gone), tl.View("d.two", query=tl.sql("SELECT id FROM raw.evnts")),
    tl.View("d.three", query=tl.sql("SELECT x FROM d.four")), tl.View("d.four", query=tl.sql("SELECT x FROM d.three")),
    tl.Role("r", select=("nowhere.*",)))
""")
    )
    assert (ran.code, ran.out) == (1, "")
    assert "4 mistakes" in ran.err
    for told in ("raw.gone", "nearest: raw.events", "d.four -> d.three -> d.four", "nowhere"):
        assert told in ran.err, ran.err


def test_half_a_character_is_told_with_its_object(desk):
    """A lone surrogate in a comment or in SQL by hand has no bytes: an error, and nothing is printed or sent."""
    for text in (
        r"tl.Table('d.a', Raw, engine=MergeTree(order_by=Raw.id), comment='half \ud83d')",
        r"tl.View('d.a', query=tl.sql('SELECT 1 AS x -- half \ud83d'))",
    ):
        name = desk.write(f"project = tl.project('p', {text})\n")
        for ran in (desk.emit(name), desk.tilla("plan", name, "--dsn", "chdb://memory")):
            assert (ran.code, ran.out) == (1, "")
            assert r"T075 d.a: '\ud83d' after" in ran.err


def test_an_unfilled_placeholder_is_told_before_anything_is_printed(desk):
    """Text that no `tl.sql` has looked at: a projection's query, a named collection's place."""
    name = desk.write("""
project = tl.project("p", tl.Table("d.a", Raw, engine=MergeTree(order_by=Raw.id), projections=(
    tl.Projection("one", "SELECT {client} GROUP BY kind"), tl.Projection("two", "SELECT '{fine}' GROUP BY kind"))))
""")
    for form in ([], ["--json"], ["--split", "out"], ["--check", "x.sql"]):
        ran = desk.emit(name, *form)
        assert (ran.code, ran.out) == (1, ""), form
        assert "T408 d.a: the statement still holds the placeholder {client}" in ran.err
    assert not (desk.folder / "out").exists()


USAGE = [
    ["--phase", "schem"],
    ["--targt", "cloud"],
    ["--target", ""],
    ["--only"],
    ["a:b", "c:d"],
    ["--json", "--split", "x"],
    ["--split", ""],
    ["--check", ""],
    ["--with-sources=yes"],
    ["--phas", "schema"],
    [""],
    ["nope"],
    [":project"],
    ["nope.py:project"],
    ["no.such:project"],
    ["a/b:project"],
    ["clickhouse://u:s3cr3t-Pa55@h:1"],
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_exits_with_one(desk, arguments):
    """1 and not argparse's 2, nothing on stdout, one short message, and never a password."""
    ran = desk.emit(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert re.search(r"tilla: T4\d\d ", ran.err)
    assert "s3cr3t" not in ran.err


def test_help_is_on_stdout_with_zero():
    done = subprocess.run(
        [sys.executable, "-m", "tilla.emit", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    for option in (
        "--target",
        "--with-sources",
        "--phase",
        "--select",
        "--only",
        "--rename",
        "--split",
        "--check",
        "--json",
        "--quiesced",
    ):
        assert option in done.stdout
