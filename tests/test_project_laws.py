"""Laws: what holds for every project, name, text, type and expression, on the real engine.

Projects are drawn by :mod:`tilla.testing.projects`; examples are the same from run to run, so that a failure can be
run again. Types alone, strings alone and aggregates alone have their laws in ``test_types``, ``test_text`` and
``test_combinators``.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tilla as tl
from tests.support.oracle import describe
from tilla import engines, errors, graph, notebook, text
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.expressions.expr import Expr
from tilla.objects.access import Access
from tilla.objects.base import Relation
from tilla.objects.source import Source
from tilla.objects.table import Table
from tilla.testing.projects import ODD, projects

# A prefix for one process: laws that drop what they made must not meet each other.
_examples = itertools.count(1)
_HEAVY = settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_LIGHT = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(ODD)


def without_access(project: tl.Project) -> tl.Project:
    """The embedded engine has no users: access is read by its parser only."""
    return tl.project(project.name, *(item for item in project.objects if not isinstance(item, Access)))


def drop(engine: tl.Server, prefix: str) -> None:
    """Drop what an example has made."""
    for row in engine.rows(f"SELECT name FROM system.databases WHERE startsWith(name, '{prefix}_')"):
        engine.execute(f"DROP DATABASE {text.quote_identifier(row['name'])} SYNC")


# --- whole projects ---


@_HEAVY
@given(project=projects("law"))
def test_any_project_runs_comes_back_and_leaves_nothing_to_do(engine, project):
    """Every statement is accepted, twice; names and comments come back; a plan after apply is empty."""
    try:
        for statement in Script(project, phases=frozenset(("access",))).statements():
            assert engine.check_syntax(statement.sql) is None, statement.sql
        runs = without_access(project)
        tl.apply(tl.plan(runs, engine, with_sources=True), engine)
        _check_what_is_stored(engine, runs)
        second = tl.plan(runs, engine, with_sources=True)
        assert [(s.statement.object, [str(d) for d in s.differences]) for s in second.differing] == []
        assert not second
        for _ in range(2):
            for statement in Script(runs, with_sources=True, quiesced=True).statements():
                engine.execute(statement.sql)
        assert not tl.plan(runs, engine, with_sources=True)
    finally:
        drop(engine, "law")
        engine.execute("DROP DATABASE IF EXISTS tilla SYNC")


def _check_what_is_stored(engine: tl.Server, project: tl.Project) -> None:
    """Names, comments and default texts of columns and tables are the declared ones, character for character."""
    tables = {
        (r["database"], r["name"]): r["comment"]
        for r in engine.rows("SELECT database, name, comment FROM system.tables")
    }
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for row in engine.rows(
        "SELECT database, table, name, comment FROM system.columns WHERE startsWith(database, 'law_')"
    ):
        columns.setdefault((row["database"], row["table"]), {})[row["name"]] = row["comment"]
    for part in project.parts:
        assert part.path in tables
        assert tables[part.path] == getattr(part, "comment", "")
        if isinstance(part, Table | Source | tl.RefreshableView):
            flat = [c for c in part.columns if not isinstance(c.type, t.NestedType)]
            found = columns[part.path]
            assert {c.name: c.comment for c in flat}.items() <= found.items()
            assert [name for name in found if name in {c.name for c in flat}] == [c.name for c in flat]


@_LIGHT
@given(project=projects("law"), seed=st.integers(0, 2**16))
def test_the_order_of_declaration_never_matters(project, seed):
    """Any order of the same objects is the same project, the same script, the same picture."""
    objects = list(project.objects)
    random.Random(seed).shuffle(objects)
    other = tl.project("law", *objects)
    assert other == project
    assert {hash(item) for item in other.objects} == {hash(item) for item in project.objects}
    for options in ({"with_sources": True, "quiesced": True}, {"phases": ("schema", "access")}):
        assert tl.render(other, **options) == tl.render(project, **options)
    assert other.mermaid() == project.mermaid()


@_LIGHT
@given(project=projects("law"))
def test_every_source_precedes_its_reader(project):
    """In the script, whatever an object needs is created before it, and filled before what reads it is."""
    statements = Script(project, with_sources=True, quiesced=True).statements()
    created = {s.creates: at for at, s in enumerate(statements) if s.creates}
    known = {part.path for part in project.parts}
    for part in project.parts:
        for edge in graph.resolved(part, known):
            assert created[(edge.database, edge.name)] < created[part.path], (edge, part)
    last = max([at for at, s in enumerate(statements) if s.phase == "schema"], default=0)
    copies = [
        at for at, s in enumerate(statements) if s.sql.startswith("INSERT INTO") and "tilla.history" not in s.sql[:30]
    ]
    assert all(at > last for at in copies)
    filled = {
        s.object: at for at, s in enumerate(statements) if s.section == "refresh" and s.sql.startswith("SYSTEM WAIT")
    }
    for part in project.parts:
        if isinstance(part, tl.RefreshableView) and ".".join(part.path) in filled:
            for parent in part.parents:
                if ".".join(parent.path) in filled:
                    assert filled[".".join(parent.path)] < filled[".".join(part.path)]


@_LIGHT
@given(project=projects("law"))
def test_any_project_is_spelt_for_cloud_and_for_a_cluster(engine, project):
    """What a deployment does not refuse, the server's parser reads: engines that need Keeper or shards run nowhere here."""
    for target in ("cloud", "cluster:c-1"):
        try:
            statements = Script(project, tl_deployment(target), with_sources=True, quiesced=True).statements()
        except errors.TillaError:
            statements = _one_by_one(project, target)
        for statement in statements:
            assert engine.check_syntax(statement.sql) is None, statement.sql


def tl_deployment(target: str) -> Any:
    from tilla.ddl.deployment import deployment

    return deployment(target)


def _one_by_one(project: tl.Project, target: str) -> list[Any]:
    """The statements of the objects that the deployment does take."""
    found: list[Any] = []
    where = tl_deployment(target)
    for part in project.parts:
        refused = getattr(getattr(part, "engine", None), "cloud" if target == "cloud" else "cluster", "")
        if not refused:
            found += where.create(part)
    return found


@_LIGHT
@given(project=projects("law"))
def test_renaming_a_project_there_and_back_changes_nothing(project):
    """--rename is a bijection on names: the way back prints the same bytes."""
    databases = sorted({part.database for part in project.parts})
    there = {name: f"moved {i}" for i, name in enumerate(databases)}
    moved = project.rename(there)
    sql = tl.render(moved, with_sources=True, quiesced=True)
    assert {part.database for part in moved.parts} == set(there.values())
    back = moved.rename({new: old for old, new in there.items()})
    assert tl.render(back, with_sources=True, quiesced=True) == tl.render(project, with_sources=True, quiesced=True)
    assert sql != tl.render(project, with_sources=True, quiesced=True)


# --- names and texts ---


@_LIGHT
@given(
    names=st.lists(ANY_TEXT, min_size=3, max_size=3, unique=True),
    texts=st.lists(ANY_TEXT, min_size=5, max_size=5, unique=True),
)
def test_any_name_and_text_comes_back_from_the_server(engine, names, texts):
    """Table, column, key, version, comment, Enum member, default: read back from system tables as they were declared."""
    table, key, other = names
    column = tl.column(t.String, name=key, default=texts[0], comment=texts[1])
    version = tl.column(t.UInt64, name=other + "v", default=7)
    kind = tl.column(t.Enum16({texts[2]: -3, texts[3]: 4}), name=other + "e", default=texts[3])
    where = engines.ReplacingMergeTree(version=version, order_by=(column, kind))
    prefix = f"lawtext{next(_examples)}"
    made = tl.Table(text.quote_qualified(f"{prefix}_x", table), [column, version, kind], engine=where, comment=texts[4])
    try:
        tl.apply(tl.plan(tl.project("p", made), engine), engine)
        rows = engine.rows(
            "SELECT name, type, default_expression, comment, is_in_sorting_key FROM system.columns WHERE database = {d:String}",
            parameters={"d": f"{prefix}_x"},
        )
        assert [r["name"] for r in rows] == [key, other + "v", other + "e"]
        assert [r["comment"] for r in rows] == [texts[1], "", ""]
        assert [r["is_in_sorting_key"] for r in rows] == [1, 0, 1]
        assert t.parse(rows[2]["type"]) == kind.type
        for row, value in ((rows[0], texts[0]), (rows[2], texts[3])):
            assert engine.scalar(f"SELECT {row['default_expression']} AS x") == value
        (shown,) = engine.rows(
            "SELECT name, comment FROM system.tables WHERE database = {d:String}", parameters={"d": f"{prefix}_x"}
        )
        assert shown == {"name": table, "comment": texts[4]}
        engine.execute(f"INSERT INTO {made.qualified_name} ({version.sql()}) VALUES (1)")
        query = made.select(column, kind.as_("seen"), (column == texts[0]).as_("same")).where(kind == texts[3])
        assert engine.rows(query.sql()) == [{key: texts[0], "seen": texts[3], "same": 1}]
        assert not tl.plan(tl.project("p", made), engine)
    finally:
        drop(engine, prefix)


_ALIASES = ("INT", "BIGINT UNSIGNED", "VARCHAR(20)", "DECIMAL(10,2)", "Decimal64(3)", "DOUBLE", "TEXT", "TIMESTAMP", "BOOLEAN", "DEC(7)",
            "DateTime64", "BINARY(3)", "Enum('b', 'a')", "INET4", "TINYINT", "CHAR", "UInt8", "String")  # fmt: skip


def _spelt(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)  # named: in `Tuple(INT, BIGINT UNSIGNED)` the server takes BIGINT for a name
    return st.one_of(
        inner.map(lambda a: f"Array( {a} )"),
        pairs.map(lambda p: f"Tuple(a {p[0]}, `b-c` {p[1]})"),
        inner.map(lambda a: f"Map(String,{a})"),
    )


@_LIGHT
@given(spelt=st.lists(st.recursive(st.sampled_from(_ALIASES), _spelt, max_leaves=4), min_size=1, max_size=5))
def test_any_nest_of_aliases_reads_as_the_engine_stores_it(engine, spelt):
    """D01: an alias anywhere inside a type is the type that the server keeps."""
    sql = ", ".join(f"c{i} {kind}" for i, kind in enumerate(spelt))
    engine.execute("CREATE DATABASE IF NOT EXISTS lawtypes_x")
    try:
        engine.execute(f"CREATE OR REPLACE TABLE lawtypes_x.t ({sql}) ENGINE = Memory")
        rows = engine.rows("SELECT type FROM system.columns WHERE database = 'lawtypes_x'")
        assert [row["type"] for row in rows] == [str(t.parse(kind)) for kind in spelt]
        assert [t.parse(row["type"]) for row in rows] == [t.parse(kind) for kind in spelt]
    finally:
        drop(engine, "lawtypes")


# --- expressions ---

_COLUMNS = [
    tl.column(kind, name=f"c {i}" if i % 3 else f"c{i}")
    for i, kind in enumerate(
        (
            t.UInt8, t.Int64, t.UInt64, t.Float64, t.Decimal(18, 4), t.Decimal(38, 2), t.Bool, t.String, t.Date, t.DateTime("UTC"),
            t.DateTime64(3, "UTC"), t.LowCardinality(t.String), t.Nullable(t.String), t.Nullable(t.Int32), t.Nullable(t.Decimal(18, 2)),
            t.Array(t.UInt8), t.Array(t.String), t.Map(t.String, t.Int64), t.Tuple({"a": t.UInt8, "b": t.String}), t.UUID,
        )
    )
]  # fmt: skip


def _grown(inner: st.SearchStrategy[Expr[Any]]) -> st.SearchStrategy[Expr[Any]]:
    one = [
        f.to_string, f.length, f.lower, f.to_date, f.upper, lambda x: -x, lambda x: ~x,
        lambda x: x.is_null(), lambda x: x[1], lambda x: x["a"], lambda x: x + 1, lambda x: x * 2, lambda x: x / 3, lambda x: x // 2, lambda x: x % 5,
        lambda x: x == 1, lambda x: x.is_in([1, 2]), lambda x: f.raw("toNullable", x), lambda x: f.coalesce(x, 0), lambda x: x.if_null(""),
        f.to_month, f.to_hour, f.abs, lambda x: f.round(x, 1), f.upper,
        ]  # fmt: skip
    two = [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a // b, lambda a, b: a % b,
        lambda a, b: a == b, lambda a, b: a < b, lambda a, b: a & b, lambda a, b: a | b, lambda a, b: f.coalesce(a, b), lambda a, b: a.if_null(b),
        lambda a, b: f.concat(a, b), lambda a, b: f.greatest(a, b), lambda a, b: f.tuple_(a, b), lambda a, b: f.array(a, b), lambda a, b: a[b],
    ]  # fmt: skip
    return st.one_of(
        st.builds(_applied, st.sampled_from(one), st.tuples(inner)),
        st.builds(_applied, st.sampled_from(two), st.tuples(inner, inner)),
        st.builds(_applied, st.just(lambda a, b, c: f.if_(a == b, b, c)), st.tuples(inner, inner, inner)),
    )


def _applied(function: Any, arguments: tuple[Expr[Any], ...]) -> Expr[Any]:
    try:
        made = function(*arguments)
    except errors.TillaError:  # refused where it is written: it never reaches the engine
        return arguments[0]
    assert isinstance(made, Expr)
    return made


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(built=st.lists(st.recursive(st.sampled_from(_COLUMNS), _grown, max_leaves=6), min_size=30, max_size=40))
def test_the_type_of_any_expression_is_the_engines(engine, built):
    """Whatever is put together: where Tilla names a type and the engine takes the expression, both say the same."""
    engine.execute("CREATE DATABASE IF NOT EXISTS lawexpr_x")
    columns = ", ".join(f"{c.sql()} {c.type}" for c in _COLUMNS)
    engine.execute(f"CREATE TABLE IF NOT EXISTS lawexpr_x.t ({columns}) ENGINE = Memory")
    typed = [item for item in built if item.type is not None]
    told = describe(engine, [item.sql() for item in typed], "lawexpr_x.t")
    wrong = [
        (item.sql(), str(item.type), kind)
        for item, kind in zip(typed, told, strict=True)
        if str(item.type) != kind and not kind.startswith("refused")
    ]
    assert wrong == []


# --- settings ---


def settings_of(project: tl.Project) -> dict[str, set[str]]:
    """The names of settings in a project: those of MergeTree tables, those of queries, those of other engines apart."""
    found: dict[str, set[str]] = {"merge_tree_settings": set(), "settings": set()}
    for part in project.parts:
        engine = getattr(part, "engine", None)
        if isinstance(engine, engines.MergeTree):
            found["merge_tree_settings"] |= set(engine.all_settings())
        for column in getattr(part, "columns", ()) if isinstance(part, Relation) else ():
            found["merge_tree_settings"] |= set(column.options.get("settings", {}))
        found["settings"] |= set(getattr(part, "settings", {}) if isinstance(part, tl.RefreshableView) else {})
    for item in project.access:
        for name in ("settings", "constant"):
            found["settings"] |= set(getattr(item, name, {}) if isinstance(item, tl.SettingsProfile) else {})
    return found


def unknown_settings(engine: tl.Server, project: tl.Project) -> set[str]:
    """Names that the server does not know: its parser takes any name, so only these tables tell."""
    missing: set[str] = set()
    for place, names in settings_of(project).items():
        known = {row["name"] for row in engine.rows(f"SELECT name FROM system.{place}")}
        missing |= names - known
    return missing


def test_every_setting_of_the_shipped_project_is_known(engine):
    """The formatter accepts settings that do not exist; the server's own tables do not."""
    from tilla.shipped import everything

    assert unknown_settings(engine, everything) == set()
    assert settings_of(everything)["merge_tree_settings"] or settings_of(everything)["settings"]


@_LIGHT
@given(project=projects("law"))
def test_every_setting_of_any_project_is_known(engine, project):
    """The strategy of projects uses no setting that the engine would refuse only when a table is made."""
    assert unknown_settings(engine, project) == set()


@pytest.mark.parametrize("place", ["table", "column", "query"])
def test_a_setting_that_does_not_exist_is_found(engine, place):
    """The check finds a slip of the pen in each place; so the laws above can fail."""
    wrong = {"indx_granularity" if place != "query" else "max_thread": 8}
    column = tl.column(t.UInt64, name="x", settings=wrong if place == "column" else None)
    table = tl.Table("d.t", [column], engine=engines.MergeTree(order_by=(), settings=wrong if place == "table" else {}))
    body = [tl.derive(column, name="x")]
    made = tl.RefreshableView(
        "d.r",
        body,
        source=table,
        refresh=tl.every(days=1),
        engine=engines.MergeTree(order_by=()),
        settings=wrong if place == "query" else {},
    )
    assert unknown_settings(engine, tl.project("p", table, made)) == set(wrong)


# --- notebooks ---


_BREAKING = (
    "<script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "`${1}`",
    "]] --> x",
    "#quot;",
    "end",
    "%%{init}%%",
    "a\nb",
    "a;b",
)


def faces(value: Any) -> list[str]:
    """Everything that a notebook may ask of a value."""
    found = [repr(value), str(value)]
    if hasattr(value, "_repr_html_"):
        found.append(value._repr_html_())
    return found


@_LIGHT
@given(project=projects("law"))
def test_every_face_of_any_project_is_shown(project):
    """Reprs are one line; HTML has no tag that Tilla did not write; nothing raises."""
    for value in (
        project,
        *project.objects,
        *project.parts,
        *(c for p in project.parts if isinstance(p, Relation) for c in p.columns),
    ):
        for face in faces(value)[:2]:
            assert "\n" not in face
            assert face
        if hasattr(value, "_repr_html_"):
            check_html(value._repr_html_())
    check_mermaid(project.mermaid())


def check_html(shown: str) -> None:
    """Only the tags of the faces, each closed, and no attribute but style and class."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.opened: list[str] = []

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            assert tag in {
                "table",
                "thead",
                "tbody",
                "tr",
                "th",
                "td",
                "b",
                "code",
                "pre",
                "details",
                "summary",
                "br",
            }, tag
            assert {name for name, _ in attributes} <= {"style", "class"}, attributes
            if tag != "br":
                self.opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.opened.pop() == tag

        def handle_comment(self, data: str) -> None:
            raise AssertionError(data)

    reader = Reader()

    reader.feed(shown)
    reader.close()
    assert reader.opened == []


def check_mermaid(drawn: str) -> None:
    """One statement a line, all of two forms: a node with a quoted label, an arrow between nodes."""
    import re

    head, *lines = drawn.removesuffix("\n").split("\n")
    assert head == "graph LR"
    for line in lines:
        assert re.fullmatch(
            r'    n\d+(\[\(|\[\[|\(\[|\[|\{\{)"[^"<>`\n\r]*"(\)\]|\]\]|\]\)|\]|\}\})|    n\d+ (-->|-\.->) n\d+', line
        ), line


@pytest.mark.parametrize("name", _BREAKING)
def test_names_that_break_out_are_shown_as_text(name):
    """A name or comment that looks like HTML, mermaid or a format is text in every face."""
    column = tl.column(t.String, name=name, comment=name, default=name)
    table = tl.Table(
        text.quote_qualified("d", name), [column], engine=engines.MergeTree(order_by=(column,)), comment=name
    )
    view = tl.View(
        text.quote_qualified("e", name),
        query=table.select(column, f.concat(column, name).as_(name + "2")),
        comment=name,
    )
    by_hand = tl.sql(
        "SELECT {t}.x AS x, '" + name.replace("\\", "\\\\").replace("'", "''") + "' AS y FROM {t}", t=table
    )
    project = tl.project(name, table, view, tl.Role(name, select=(f"d.{text.quote_identifier(name)}",)))
    for value in (
        project,
        table,
        view,
        column,
        view.query,
        by_hand,
        column == name,
        column.as_(name),
        *project.objects,
    ):
        for face in faces(value)[:2]:
            assert "\n" not in face, face
        if hasattr(value, "_repr_html_"):
            check_html(value._repr_html_())
    check_mermaid(project.mermaid())


class _Broken:
    """Raises at every touch."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")


@pytest.mark.parametrize("face", [notebook.relation_html, notebook.project_html, notebook.access_html])
def test_a_broken_value_is_shown_as_its_class(face):
    """A value that raises at every touch is still shown: a face never hides it behind a traceback."""
    assert face(_Broken()) == "<code>&lt;tilla _Broken&gt;</code>"


@_LIGHT
@given(project=projects("law"), at=st.integers(0, 99), data=st.data())
def test_a_damaged_object_is_shown(project, at, data):
    """Objects with any one field replaced by rubbish (past the checks) still have faces."""
    import copy

    import attrs

    item = copy.copy(project.objects[at % len(project.objects)])
    field = data.draw(st.sampled_from([a.name for a in attrs.fields(type(item))]))
    for rubbish in (None, 7, _Broken()):
        object.__setattr__(item, field, rubbish)
        for name in [n for n in vars(item) if n not in {a.name for a in attrs.fields(type(item))}]:
            item.__dict__.pop(name)  # cached properties
        for shown in faces(item):
            assert isinstance(shown, str)


def test_faces_load_nothing_that_could_reach_a_network():
    """HTML of a whole project needs neither a client nor an engine."""
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'urllib.Request', 'subprocess.Popen'):\n"
        "        print(event)\n"
        "sys.addaudithook(hook)\n"
        "from tests import shop_project as s\n"
        "for value in (s.project, *s.project.objects, *s.project.parts, s.daily.state_query, s.revenue.query):\n"
        "    assert repr(value) and getattr(value, '_repr_html_', value.__repr__)()\n"
        "print([m for m in ('clickhouse_connect', 'chdb', 'urllib3', 'pandas') if m in sys.modules])"
    )
    root = Path(__file__).parents[1]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert out.stdout.strip() == "[]"
