"""What a project reads, wherever it is written: order on the real engine, names nobody declares, renames.

Every place where ClickHouse lets an object name another one has a case here: queries, typed and by hand, defaults,
TTL, constraints, projections, dictionaries, row policies; and every spelling: an object, a query in IN, a name in text.
"""

from __future__ import annotations

import itertools

import pytest

import tilla as tl
from tilla import dictionaries, engines, errors, graph
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.engines import MergeTree
from tilla.testing.given import behind

# Names are chosen so that the alphabet is the wrong order: what is read sorts behind its reader.


class Key(tl.Columns):
    k = tl.column(t.UInt64)
    v = tl.column(t.String)


class Row(tl.Columns):
    x = tl.column(t.UInt64)
    d = tl.column(t.Date)


def world(db):
    """A table ``z_keys``, a dictionary and a Join table over the same columns, and rows that views read."""
    keys = tl.Table(f"{db}.z_keys", Key, engine=MergeTree(order_by=Key.k))
    looked = tl.Dictionary(f"{db}.y_dict", Key, source=keys, primary_key=Key.k, layout="flat", lifetime=0)
    joined = tl.Table(f"{db}.y_join", Key, engine=engines.Join("ANY", "LEFT", Key.k))
    rows = tl.Table(f"{db}.x_rows", Row, engine=MergeTree(order_by=Row.x))
    return keys, looked, joined, rows


def ids(db):
    """One column, for ``x IN table``: the engine Set can be read no other way."""
    return tl.Table(f"{db}.z_set", [tl.column(t.UInt64, name="k")], engine=engines.Set())


def _view(db, rows, *items, where=None, **how):
    query = rows.select(*items) if where is None else rows.select(*items).where(where)
    return tl.View(f"{db}.a", query=query, **how)


def _table(db, *extra, engine=None, **how):
    columns = [tl.column(t.UInt64, name="x"), tl.column(t.Date, name="d"), *extra]
    return tl.Table(f"{db}.a", columns, engine=engine or MergeTree(order_by=Row.x), **how)


def _text(db, name, attribute="v"):
    return f.raw(name, f"{db}.y_dict" if name.startswith("dict") else f"{db}.y_join", attribute, Row.x, type=t.String)


# name -> (reader of database, keys, dictionary, join table, rows; the names that it reads besides its rows)
READERS = {
    "IN a relation": (lambda db, k, dd, j, r: _view(db, r, Row.x, where=Row.x.is_in(ids(db))), {"z_set"}),
    "IN a typed query": (lambda db, k, dd, j, r: _view(db, r, Row.x, where=Row.x.is_in(k.select(Key.k))), {"z_keys"}),
    "NOT IN a typed query": (
        lambda db, k, dd, j, r: _view(db, r, Row.x, where=Row.x.not_in(k.select(Key.k))),
        {"z_keys"},
    ),
    "IN a query in an item": (
        lambda db, k, dd, j, r: _view(db, r, Row.x.is_in(k.select(Key.k)).as_("known")),
        {"z_keys"},
    ),
    "IN a query that looks up": (
        lambda db, k, dd, j, r: _view(
            db, r, Row.x, where=Row.x.is_in(k.select(Key.k).where(f.dict_has(dd, Key.k) == 1))
        ),
        {"z_keys", "y_dict"},
    ),
    "IN SQL with a reference": (
        lambda db, k, dd, j, r: _view(db, r, Row.x, where=Row.x.is_in(tl.sql("SELECT k FROM {k}", k=k))),
        {"z_keys"},
    ),
    "IN SQL with a name": (
        lambda db, k, dd, j, r: _view(db, r, Row.x, where=Row.x.is_in(tl.sql(f"SELECT k FROM {db}.z_keys"))),
        {"z_keys"},
    ),
    "dictGet of an object": (
        lambda db, k, dd, j, r: _view(db, r, f.dict_get(dd, "v", Row.x).as_("v")),
        {"y_dict"},
    ),
    "dictGet of a name": (
        lambda db, k, dd, j, r: _view(db, r, f.dict_get(f"{db}.y_dict", "v", Row.x).as_("v")),
        {"y_dict"},
    ),
    "dictGet by f.raw": (lambda db, k, dd, j, r: _view(db, r, _text(db, "dictGet").as_("v")), {"y_dict"}),
    "joinGet of an object": (lambda db, k, dd, j, r: _view(db, r, f.join_get(j, "v", Row.x).as_("v")), {"y_join"}),
    "joinGet by f.raw": (lambda db, k, dd, j, r: _view(db, r, _text(db, "joinGet").as_("v")), {"y_join"}),
    "inside an array that becomes rows": (
        lambda db, k, dd, j, r: _view(db, r, tl.each(f.raw("array", _text(db, "dictGet")), "e").as_("e")),
        {"y_dict"},
    ),
    "inside HAVING and ORDER BY": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a",
            query=r.select(Row.x, f.count().as_("n"))
            .having(_text(db, "joinGet") != "")
            .order_by(_text(db, "dictGet").desc()),
        ),
        {"y_dict", "y_join"},
    ),
    "a join": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a", query=r.select(Row.x, k[Key.v].as_("v")).join(k, on=k[Key.k] == Row.x)
        ),
        {"z_keys"},
    ),
    "by hand: scalar subquery": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a", query=tl.sql(f"SELECT x, (SELECT max(k) FROM {db}.z_keys) AS m FROM {{r}}", r=r)
        ),
        {"z_keys"},
    ),
    "by hand: EXISTS": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a", query=tl.sql(f"SELECT x FROM {{r}} WHERE exists(SELECT 1 FROM {db}.z_keys)", r=r)
        ),
        {"z_keys"},
    ),
    "by hand: UNION": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a", query=tl.sql(f"SELECT x FROM {{r}} UNION ALL SELECT k AS x FROM {db}.z_keys", r=r)
        ),
        {"z_keys"},
    ),
    "by hand: CTE": (
        lambda db, k, dd, j, r: tl.View(
            f"{db}.a", query=tl.sql(f"WITH c AS (SELECT k FROM {db}.z_keys) SELECT x FROM {{r}} WHERE x IN c", r=r)
        ),
        {"z_keys"},
    ),
    "by hand: view(..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT k FROM view(SELECT k FROM {db}.z_keys)")),
        {"z_keys"},
    ),
    "by hand: merge(..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT x FROM merge('{db}', '^x_r')")),
        {"x_rows"},
    ),
    "by hand: merge(name, ..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT x FROM merge({db}, 'rows$')")),
        {"x_rows"},
    ),
    "by hand: merge(REGEXP(..), ..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT x FROM merge(REGEXP('^{db}$'), '^x_')")),
        {"x_rows"},
    ),
    "by hand: dictionary(..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT v FROM dictionary('{db}.y_dict')")),
        {"y_dict"},
    ),
    "by hand: loop(..)": (
        lambda db, k, dd, j, r: tl.View(f"{db}.a", query=tl.sql(f"SELECT k FROM loop({db}.z_keys) LIMIT 1")),
        {"z_keys"},
    ),
    "DEFAULT dictGet": (
        lambda db, k, dd, j, r: _table(db, tl.column(t.String, name="v", default=f.dict_get(dd, "v", Row.x))),
        {"y_dict"},
    ),
    "DEFAULT by hand": (
        lambda db, k, dd, j, r: _table(
            db, tl.column(t.String, name="v", default=tl.sql(f"dictGet('{db}.y_dict', 'v', x)"))
        ),
        {"y_dict"},
    ),
    "DEFAULT by f.raw": (
        lambda db, k, dd, j, r: _table(db, tl.column(t.String, name="v", materialized=_text(db, "joinGet"))),
        {"y_join"},
    ),
    "ALIAS joinGet": (
        lambda db, k, dd, j, r: _table(db, tl.column(t.String, name="v", alias=f.join_get(j, "v", Row.x))),
        {"y_join"},
    ),
    "TTL WHERE IN a query": (
        lambda db, k, dd, j, r: _table(
            db,
            engine=MergeTree(
                order_by=Row.x, ttl=tl.Ttl(f.raw("addDays", Row.d, 1), where=Row.x.is_in(k.select(Key.k)))
            ),
        ),
        {"z_keys"},
    ),
    "TTL WHERE dictGet": (
        lambda db, k, dd, j, r: _table(
            db,
            engine=MergeTree(order_by=Row.x, ttl=tl.Ttl(f.raw("addDays", Row.d, 1), where=_text(db, "dictGet") == "a")),
        ),
        {"y_dict"},
    ),
    "CHECK IN a query": (
        lambda db, k, dd, j, r: _table(db, constraints=(tl.Constraint("c", Row.x.is_in(k.select(Key.k))),)),
        {"z_keys"},
    ),
    "CHECK dictHas": (
        lambda db, k, dd, j, r: _table(db, constraints=(tl.Constraint("c", f.dict_has(dd, Row.x) == 1),)),
        {"y_dict"},
    ),
    "PROJECTION dictGet": (
        lambda db, k, dd, j, r: _table(
            db, projections=(tl.Projection("p", f"SELECT dictGet('{db}.y_dict', 'v', x) AS v, count() GROUP BY v"),)
        ),
        {"y_dict"},
    ),
    "a view's own table": (
        lambda db, k, dd, j, r: tl.MaterializedView(
            f"{db}.a",
            tl.columns_of(tl.derive(Row.x, name="x"), tl.column(t.String, name="v", default=_text(db, "dictGet"))),
            source=r,
            engine=MergeTree(order_by=()),
        ),
        {"y_dict"},
    ),
    "a view's WHERE": (
        lambda db, k, dd, j, r: tl.MaterializedView(
            f"{db}.a",
            tl.columns_of(tl.derive(Row.x, name="x")),
            source=r,
            where=Row.x.is_in(k.select(Key.k)),
            engine=MergeTree(order_by=()),
        ),
        {"z_keys"},
    ),
    "a refreshable view and its table": (
        lambda db, k, dd, j, r: tl.RefreshableView(
            f"{db}.a",
            [tl.column(t.UInt64, name="x"), tl.column(t.String, name="v", default=_text(db, "joinGet"))],
            query=tl.sql("SELECT x FROM {r} WHERE x IN (SELECT k FROM {k})", r=r, k=k),
            refresh=tl.every(days=1),
            engine=MergeTree(order_by=()),
        ),
        {"z_keys", "y_join"},
    ),
    "a dictionary's query": (
        lambda db, k, dd, j, r: tl.Dictionary(
            f"{db}.a",
            Key,
            source=k.select(Key.k, Key.v).where(Key.k.is_in(r.select(Row.x))),
            primary_key=Key.k,
            layout="flat",
        ),
        {"z_keys", "x_rows"},
    ),
    "a dictionary's filter": (
        lambda db, k, dd, j, r: tl.Dictionary(
            f"{db}.a",
            Key,
            source=dictionaries.ClickHouse(k, where=tl.sql(f"k IN (SELECT x FROM {db}.x_rows)")),
            primary_key=Key.k,
            layout="flat",
        ),
        {"z_keys", "x_rows"},
    ),
    "the engine Merge": (
        lambda db, k, dd, j, r: tl.Table(f"{db}.a", Row, engine=engines.Merge(db, "^x_")),
        {"x_rows"},
    ),
    "the engine Buffer": (lambda db, k, dd, j, r: tl.Table(f"{db}.a", Row, engine=engines.Buffer(table=r)), {"x_rows"}),
}


def read_names(project, db):
    """The names that ``a`` and its helpers need, without each other."""
    known = {part.path for part in project.parts}
    mine = {part.path for part in project.parts if part.table in ("a", "a_mv")}
    found = {(e.database, e.name) for p in project.parts if p.path in mine for e in graph.resolved(p, known)}
    return {name for database, name in found - mine if database == db}


@pytest.mark.parametrize("place", READERS)
def test_what_is_read_is_known_and_comes_first(engine, database, place):
    """E02, E04, E07, E08: the script runs as it is, and order follows from names in any place and spelling."""
    make, reads = READERS[place]
    keys, looked, joined, rows = world(database)
    reader = make(database, keys, looked, joined, rows)
    project = tl.project("p", reader, keys, looked, joined, rows, ids(database))
    assert reads <= read_names(project, database)
    assert read_names(project, database) <= reads | {"x_rows"}
    statements = Script(project, quiesced=True).statements()
    created = [s.creates for s in statements if s.phase == "schema" and s.creates]
    for name in reads:
        assert created.index((database, name)) < max(
            created.index(path) for path in created if path[1] in ("a", "a_mv")
        )
    for statement in statements:
        if statement.section in ("databases", "tables", "views"):
            engine.execute(statement.sql)


@pytest.mark.parametrize("place", READERS)
def test_a_name_that_nobody_declares_is_told(place):
    """The same places without the objects: each name is told once, and nothing else is wrong."""
    make, reads = READERS[place]
    reader = make("d", *world("d"))
    if place == "the engine Merge":  # it may fit nothing: the server creates it all the same
        tl.project("p", reader)
        return
    with pytest.raises(errors.TillaError) as caught:
        tl.project("p", reader)
    told = [m for m in caught.value.mistakes if m.code in ("T302", "T308")]
    assert len(told) == len(caught.value.mistakes)
    for name in reads:
        shown = f"d.{name}"
        assert sum(shown in m.what for m in told) == 1 or (name == "x_rows" and "merge(" in told[0].what), told
    assert len({m.what for m in told}) == len(told)


@pytest.mark.parametrize("place", READERS)
def test_a_rename_reaches_every_place(engine, database, place):
    """--rename moves a name wherever it stands; the renamed project is whole and runs."""
    make, reads = READERS[place]
    if "REGEXP" in place:
        return  # a pattern over databases is left as it is written
    keys, looked, joined, rows = world("before_")
    reader = make("before_", keys, looked, joined, rows)
    project = tl.project("p", reader, keys, looked, joined, rows, ids("before_"))
    renamed = project.rename({"before_": database})
    assert reads <= read_names(renamed, database)
    assert "before_" not in tl.render(renamed, quiesced=True)
    for statement in Script(renamed, quiesced=True).statements():
        if statement.section in ("databases", "tables", "views"):
            engine.execute(statement.sql)


# --- other servers ---


def test_a_table_of_another_server_is_no_dependency(engine, database):
    """remote() reads elsewhere: no edge, nothing dangling, and no circle with the table of the same name here."""
    query = tl.sql(f"SELECT x FROM remote('127.0.0.1', {database}.a)")
    copy = tl.View(f"{database}.a", [tl.column(t.UInt64, name="x")], query=query)
    assert list(copy.edges()) == []
    renamed = tl.project("p", copy).rename({database: "elsewhere"})
    assert f"remote('127.0.0.1', {database}.a)" in tl.render(renamed)


def test_a_table_of_a_cluster_counts_where_the_project_has_it():
    """cluster() may name this project's tables or another's: order for the first, no complaint about the second."""
    rows = tl.Table("d.z_rows", Row, engine=MergeTree(order_by=Row.x))
    both = tl.View(
        "d.a", query=tl.sql("SELECT x FROM cluster('c', d.z_rows) UNION ALL SELECT x FROM clusterAllReplicas('c', q.u)")
    )
    alone = tl.View("d.b", query=tl.sql("SELECT x FROM cluster('c', d.b)"))
    project = tl.project("p", both, alone, rows)
    assert list(project.creation.edges) == [(("d", "z_rows"), ("d", "a"))]


# --- patterns ---


def test_a_merge_that_fits_its_own_view_is_a_circle(engine, database):
    """The server creates it, and ends every read with code 306: a merge() reads the view itself too."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    own = tl.View("d.x_all", query=tl.sql("SELECT x FROM merge('d', '^x_')"))
    with pytest.raises(errors.GraphError, match=r"d\.x_all -> d\.x_all"):
        tl.project("p", rows, own)
    engine_merge = tl.Table("d.x_all", Row, engine=engines.Merge("d", "^x_"))  # this one leaves itself out
    assert list(tl.project("p", rows, engine_merge).creation.edges) == [(("d", "x_rows"), ("d", "x_all"))]


def test_a_merge_reads_views_and_their_tables_alike():
    """merge() takes everything that fits, so every object whose name fits is read."""
    rows = tl.Source("d.x_rows", Row)
    body = tl.columns_of(tl.derive(Row.x, name="x"))
    fed = tl.MaterializedView("d.x_fed", body, source=rows, engine=MergeTree(order_by=()))
    merged = tl.View("d.a", query=tl.sql("SELECT x FROM merge('d', '^x_fed')"))
    project = tl.project("p", rows, fed, merged)
    assert set(project.creation.predecessors(("d", "a"))) == {("d", "x_fed"), ("d", "x_fed_mv")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT x FROM merge('d', '^nothing')", "T308"),
        ("SELECT x FROM merge('nowhere', 'x')", "T308"),
        ("SELECT x FROM merge('d', '(')", "T309"),
        ("SELECT x FROM merge('x_')", "T308"),
    ],
)
def test_a_merge_that_fits_nothing_is_told(text, code):
    """Code 636 on the server: it cannot tell the columns."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    view = tl.View("d.a", query=tl.sql(text))
    with pytest.raises(errors.GraphError) as caught:
        tl.project("p", rows, view)
    assert [m.code for m in caught.value.mistakes] == [code]


# --- row policies ---


def _policy(using):
    role = tl.Role("reader", select=("d.x_rows",))
    return role, tl.RowPolicy("p", on="d.x_rows", using=using, to=role)


@pytest.mark.parametrize(
    "using", [tl.sql("x IN (SELECT k FROM d.z_keys)"), tl.sql("dictGet('d.z_keys', 'v', x) = 'a'")]
)
def test_a_row_policy_that_reads_nothing_declared_is_told(using):
    """A filter over a table that is not there fails every read of its readers."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    with pytest.raises(errors.TillaError) as caught:
        tl.project("p", rows, *_policy(using))
    assert [m.code for m in caught.value.mistakes] == ["T302"]


def test_a_row_policys_table_is_selected_and_renamed_with_it():
    """--select of its role brings what the filter reads; a rename reaches it."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    keys = tl.Table("e.z_keys", Key, engine=MergeTree(order_by=Key.k))
    for using in (tl.sql("x IN (SELECT k FROM e.z_keys)"), Row.x.is_in(keys.select(Key.k))):
        project = tl.project("p", rows, keys, *_policy(using))
        assert "e.z_keys" in project.select("p")
        renamed = tl.render(project.rename({"e": "e-2"}), phases=("access",))
        assert "`e-2`.z_keys" in renamed
        assert " e.z_keys" not in renamed.replace("\n", " ")


# --- the whole ---


def test_everything_wrong_is_told_at_once_and_what_cannot_be_read_too():
    """One unreadable text hides no other mistake."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    computed = tl.View("d.a", query=rows.select(f.raw("dictGet", f.raw("concat", "d.", "x"), "v", Row.x).as_("v")))
    gone = tl.View("d.b", query=rows.select(Row.x).where(Row.x.is_in(tl.sql("SELECT k FROM d.gone"))))
    with pytest.raises(errors.TillaError) as caught:
        tl.project("p", rows, computed, gone)
    assert sorted(m.code for m in caught.value.mistakes) == ["T201", "T302"]


def test_a_circle_through_a_default_by_hand_is_told_with_its_path():
    """E12: a dictionary over a table whose default asks the dictionary, written as text."""
    table = tl.Table(
        "d.t",
        [tl.column(t.UInt64, name="k"), tl.column(t.String, name="v", default=tl.sql("dictGet('d.dd', 'v', k)"))],
        engine=MergeTree(order_by=()),
    )
    looked = tl.Dictionary("d.dd", Key, source=table, primary_key=Key.k, layout="flat")
    with pytest.raises(errors.GraphError, match=r"d\.dd -> d\.t -> d\.dd"):
        tl.project("p", table, looked)


def test_the_graph_of_text_depends_on_no_order():
    """Names in text are sorted like objects."""
    keys, looked, joined, rows = world("d")
    readers = [
        tl.View("d.a", query=rows.select(_text("d", "dictGet").as_("v"))),
        tl.View("d.b", query=tl.sql("SELECT x FROM merge('d', '^x_')")),
        tl.View("d.c", query=tl.sql("SELECT v FROM d.a")),
    ]
    objects = [keys, looked, joined, rows, *readers]
    orders = itertools.islice(itertools.permutations(objects), 0, None, 331)
    assert len({tl.render(tl.project("p", *order)) for order in orders}) == 1


# --- what IN compares ---


def test_in_compares_as_many_columns_as_there_are_values(engine, database):
    """Code 20 on the server, for a table and for a query; a tuple may have several."""
    keys, _, _, rows = world(database)
    for values in (keys, keys.select(Key.k, Key.v)):
        with pytest.raises(errors.DeclarationError) as caught:
            Row.x.is_in(values)
        assert caught.value.code == "T095"
    both = tl.View(f"{database}.a", query=rows.select(Row.x).where(f.tuple_(Row.x, "v").is_in(keys)))
    for statement in Script(tl.project("p", keys, rows, both)).statements():
        engine.execute(statement.sql)


def test_a_value_in_an_array_column_reads_its_columns():
    """`x IN (array)`: the array's own columns are references too, so that an unknown one is told."""
    rows = tl.Table("d.x_rows", Row, engine=MergeTree(order_by=Row.x))
    other = tl.columns_of(tl.column(t.Array(t.UInt64), name="tags"))
    with pytest.raises(errors.DeclarationError) as caught:
        rows.select(Row.x, Row.x.is_in(other.tags).as_("tagged"))
    assert caught.value.code == "T001"


CHAIN = 1_500


def chained(kind):
    """Views over views, as many as a generated project may have: more than Python's stack is deep."""
    objects = [tl.Source("raw.t", Key, engine=MergeTree(order_by=Key.k))]
    column = Key.k
    for number in range(CHAIN):
        name, above = f"chain.v{number}", objects[-1]
        if kind == "by hand":
            body = tl.columns_of(tl.column(t.UInt64, name="k"), name="Row")
            view = tl.View(name, body, query=tl.sql("SELECT k FROM {above}", above=above))
        else:
            body = tl.columns_of(tl.derive(column, name="k"), name="Row")
            view = tl.MaterializedView(name, body, source=above, engine=MergeTree(order_by=body.k))
            column = view.columns[0]
        objects.append(view)
    return tl.project("chain", *objects)


@pytest.mark.parametrize("kind", ["by hand", "typed"])
def test_a_chain_of_views_may_be_longer_than_the_stack(kind, engine):
    """Renamed, compared, selected, rendered and planned: no step goes down the chain by calling itself."""
    project = chained(kind)
    last = project.rename({"chain": "other"})[f"other.v{CHAIN - 1}"]
    assert f"other.v{CHAIN - 2}" in (last.query.sql() if kind == "by hand" else last.source.name)
    assert project == tl.project("chain", *project.objects)
    assert len({*project.objects}) == CHAIN + 1
    assert len(project.select(f"chain.v{CHAIN - 1}").objects) == CHAIN + 1
    schema = Script(project, with_sources=True, phases=frozenset(("schema",))).statements()
    assert len(schema) > CHAIN
    assert len(tl.plan(project, engine).steps) >= CHAIN
    assert len(behind([project[f"chain.v{CHAIN - 1}"]])) == CHAIN + 1
