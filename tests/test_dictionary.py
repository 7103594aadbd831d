"""Dictionaries: every layout and source as the engine takes it, and the order in which they come and are filled."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import tilla as tl
from tilla import dictionaries, errors
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.ddl.write import create_dictionary
from tilla.dictionaries import LAYOUTS, ClickHouse, External, File, Http, Layout, Null, YamlRegexpTree
from tilla.engines import MergeTree, ReplacingMergeTree


class Product(tl.Columns):
    id = tl.column(t.UInt64)
    code = tl.column(t.String)
    title = tl.column(t.String, default="it's unknown")
    parent = tl.column(t.UInt64)
    since = tl.column(t.Date)
    until = tl.column(t.Nullable(t.Date))


class Title(tl.Columns):
    id = tl.column(t.UInt64)
    title = tl.column(t.String, default="it's unknown")


class Discount(tl.Columns):
    id = tl.column(t.UInt64)
    since = tl.column(t.Date)
    until = tl.column(t.Nullable(t.Date))
    title = tl.column(t.String)


class ByCode(tl.Columns):
    code = tl.column(t.String)
    title = tl.column(t.String)


class Network(tl.Columns):
    prefix = tl.column(t.String)
    country = tl.column(t.String, default="??")


class Area(tl.Columns):
    key = tl.column(t.Array(t.Array(t.Array(t.Array(t.Float64)))))
    name = tl.column(t.String)


class Pattern(tl.Columns):
    regexp = tl.column(t.String)
    name = tl.column(t.String)


class Words(tl.Columns):
    ngram = tl.column(t.String)
    class_id = tl.column(t.UInt32)
    count = tl.column(t.UInt64)


def table(database, name="products", body=Product):
    return tl.Table(f"{database}.{name}", body, engine=MergeTree(order_by=()))


def run(engine, *objects):
    """Run the whole script of a project, twice: nothing in it may depend on being first."""
    script = Script(tl.project("p", *objects))
    for _ in range(2):
        for statement in script.statements():
            engine.execute(statement.sql)
    return script


REQUIRED = {
    "cache": {"size_in_cells": 1000}, "complex_key_cache": {"size_in_cells": 1000},
    "ssd_cache": {"path": "/x", "block_size": 4096}, "complex_key_ssd_cache": {"path": "/x"},
    "naive_bayes": {"class_attribute": "class_id", "n": 1, "mode": "token"},
}  # fmt: skip


def of_layout(name, source):
    """A dictionary that suits a layout."""
    layout = Layout(name, **REQUIRED.get(name, {}))
    how = {"source": source, "layout": layout}
    if layout.ranged:
        return tl.Dictionary(
            f"d.{name}", Discount, primary_key=Discount.id, range=(Discount.since, Discount.until), **how
        )
    if name.startswith("complex_key"):
        return tl.Dictionary(f"d.{name}", ByCode, primary_key=ByCode.code, **how)
    body, key = {
        "ip_trie": (Network, "prefix"), "regexp_tree": (Pattern, "regexp"), "naive_bayes": (Words, "ngram"),
    }.get(name, (Area, "key") if name.startswith("polygon") else (Title, "id"))  # fmt: skip
    return tl.Dictionary(f"d.{name}", body, primary_key=key, **how)


def test_layouts_are_those_of_the_server(engine):
    """Every layout of the server can be declared, and no other one."""
    assert {row["name"] for row in engine.rows("SELECT name FROM system.dictionary_layouts")} == set(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_created_by_the_engine(engine, database, name):
    """CREATE DICTIONARY of every layout is accepted, and comes back as it was written."""
    made = of_layout(name, Null())
    sql = create_dictionary(made).replace("EXISTS d.", f"EXISTS {database}.")
    engine.execute(sql)
    live = engine.scalar(
        "SELECT create_table_query FROM system.tables WHERE database = {d:String}", parameters={"d": database}
    )
    assert f"LAYOUT({made.kept_layout.text()})" in live


def test_every_parameter_of_a_layout_is_printed(engine):
    """Parameters come out in capitals with their values; the engine reads each of them."""
    values = {"path": "/x", "range_lookup_strategy": "max", "class_attribute": "class_id", "mode": "token"}
    for name, parameters in LAYOUTS.items():
        chosen = {key: values.get(key, 1) for key in parameters}
        text = Layout(name, **chosen).text()
        assert all(key.upper() in text for key in parameters)
        sql = f"CREATE DICTIONARY d.x (id UInt64, v String) PRIMARY KEY id SOURCE(NULL()) LAYOUT({text}) LIFETIME(1)"
        assert engine.check_syntax(sql) is None, sql


def test_dictionaries_answer(engine, database):
    """Flat, hashed, by text, by range, direct, cached and from a query: each gives the row that it should."""
    products = table(database)
    flat = tl.Dictionary(
        f"{database}.flat", Title, source=products, primary_key=Title.id, layout=Layout("flat", max_array_size=1000),
        injective=Title.title, comment="it's one", settings={"max_threads": 2},
    )  # fmt: skip
    code = tl.Dictionary(f"{database}.code", ByCode, source=products, primary_key=ByCode.code, lifetime=(5, 10))
    ranged = tl.Dictionary(
        f"{database}.ranged", Discount, source=products, primary_key=Discount.id, range=(Discount.since, Discount.until),
        layout=Layout("range_hashed", range_lookup_strategy="max"),
    )  # fmt: skip
    direct = tl.Dictionary(f"{database}.direct", Title, source=products, primary_key="id", layout="direct")
    cached = tl.Dictionary(
        f"{database}.cached", Title, source=products, primary_key="id", layout=Layout("cache", size_in_cells=100)
    )
    query = tl.sql("SELECT id, 'it''s \\\\' || title AS title\nFROM {products} -- all", products=products)
    asked = tl.Dictionary(f"{database}.asked", Title, source=query, primary_key="id", lifetime=0)
    codes = products.select(Product.id, Product.code.as_("title"))
    typed = tl.Dictionary(f"{database}.typed", Title, source=codes, primary_key="id")
    some = tl.Dictionary(
        f"{database}.some", tl.columns_of(Title.id, tl.column(t.String, name="loud")), primary_key="id",
        source=ClickHouse(products, where=Product.title != "two", invalidate=tl.sql("SELECT max(id) FROM {p}", p=products), update_lag=3, update_field=Product.since),
        expressions={"loud": f.upper(Product.title)},
    )  # fmt: skip
    tree = tl.Dictionary(
        f"{database}.tree", tl.columns_of(Product.id, Product.parent), source=products, primary_key="id",
        hierarchical="parent", bidirectional=True,
    )  # fmt: skip
    everything = (flat, code, ranged, direct, cached, asked, typed, some, tree)
    project = tl.project("p", products, *everything)
    for statement in Script(project).statements():
        engine.execute(statement.sql)
    rows = [
        {"id": 1, "code": "a", "title": "one", "parent": 0, "since": dt.date(2026, 1, 1), "until": None},
        {"id": 2, "code": "b", "title": "two", "parent": 1, "since": dt.date(2026, 1, 1), "until": dt.date(2026, 6, 1)},
    ]
    engine.insert(database, "products", rows)

    def get(dictionary, attribute, *key):
        return engine.scalar(f"SELECT dictGet('{database}.{dictionary.table}', '{attribute}', {', '.join(key)})")

    two = "toUInt64(2)"
    assert (get(flat, "title", two), get(flat, "title", "toUInt64(9)")) == ("two", "it's unknown")
    assert get(code, "title", "'a'") == "one"
    assert (get(ranged, "title", two, "toDate('2026-03-01')"), get(ranged, "title", two, "toDate('2026-07-01')")) == (
        "two",
        "",
    )
    assert (get(direct, "title", two), get(cached, "title", two)) == ("two", "two")
    assert (get(asked, "title", two), get(typed, "title", two)) == ("it's \\two", "b")
    assert (get(some, "loud", "toUInt64(1)"), get(some, "loud", two)) == ("ONE", "")
    assert engine.scalar(f"SELECT dictGetChildren('{database}.tree', toUInt64(1))") == [2]
    assert (
        engine.scalar(f"SELECT comment FROM system.dictionaries WHERE database = '{database}' AND name = 'flat'")
        == "it's one"
    )
    assert engine.rows(f"SELECT id, title FROM {database}.flat ORDER BY id")[0] == {"id": 1, "title": "one"}


def test_special_layouts_answer(engine, database):
    """Networks, areas and words: keys of other kinds than equality."""
    networks, areas, words = (
        table(database, "networks", Network),
        table(database, "areas", Area),
        table(database, "words", Words),
    )
    nets = tl.Dictionary(f"{database}.nets", Network, source=networks, primary_key="prefix", layout="ip_trie")
    places = tl.Dictionary(
        f"{database}.places",
        Area,
        source=areas,
        primary_key="key",
        layout=Layout("polygon", store_polygon_key_column=True),
    )
    mood = tl.Dictionary(
        f"{database}.mood", Words, source=words, primary_key="ngram", layout=Layout("naive_bayes", class_attribute="class_id", n=1, mode="token"),
    )  # fmt: skip
    run(engine, networks, areas, words, nets, places, mood)
    engine.insert(database, "networks", [{"prefix": "10.0.0.0/8", "country": "NL"}])
    engine.insert(database, "areas", [{"key": [[[[0, 0], [0, 10], [10, 10], [10, 0]]]], "name": "square"}])
    engine.insert(
        database, "words", [{"ngram": "good", "class_id": 1, "count": 9}, {"ngram": "bad", "class_id": 0, "count": 9}]
    )
    assert engine.scalar(f"SELECT dictGet('{database}.nets', 'country', toIPv4('10.1.2.3'))") == "NL"
    assert engine.scalar(f"SELECT dictGet('{database}.places', 'name', tuple(5., 5.))") == "square"
    assert engine.scalar(f"SELECT naiveBayesClassifier('{database}.mood', 'so good')") == 1


SOURCES = [
    Http("https://a.example/x.csv", "CSV", headers={"Accept": "it's"}), Http("https://a.example/x.csv", "CSV", secret=tl.secret("a-b")),
    File("x.csv", "CSV"), YamlRegexpTree("x.yaml"), Null(),
    External("postgresql", secret=tl.secret("shop"), table="products", where="id > 0"), External("mysql", host="h", port=3306, db="d", table="t"),
    External("redis", host="h", port=6379, db_index=0), External("mongodb", secret=tl.secret("m"), collection="c"),
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: type(s).__name__)
def test_every_source_is_read_by_the_engine(engine, source):
    """The parser takes every source, with and without a named collection."""
    sql = create_dictionary(tl.Dictionary("d.x", Title, source=source, primary_key="id"))
    assert engine.check_syntax(sql) is None, sql


def test_a_named_collection_carries_the_password(engine, database):
    """The statement names the collection; what is in it never comes near the project."""
    products = table(database)
    collection = f"{database}_reader"
    engine.execute(f"CREATE NAMED COLLECTION {collection} AS user = 'default', password = ''")
    try:
        made = tl.Dictionary(
            f"{database}.x", Title, source=ClickHouse(products, secret=tl.secret(collection)), primary_key="id"
        )
        run(engine, products, made)
        engine.insert(database, "products", [{"id": 1, "title": "one"}])
        assert engine.scalar(f"SELECT dictGet('{database}.x', 'title', toUInt64(1))") == "one"
    finally:
        engine.execute(f"DROP DICTIONARY IF EXISTS {database}.x")
        engine.execute(f"DROP NAMED COLLECTION {collection}")


@pytest.mark.parametrize(
    "call",
    [
        lambda: External("mysql", host="h", password="hunter2"),
        lambda: External("postgresql", sslkey_pem="hunter2"),
        lambda: Http("https://user:hunter2@a.example/x", "CSV"),
        lambda: Http("https://a.example/x", "CSV", headers={"Authorization": "hunter2"}),
        lambda: Http("https://a.example/x", "CSV", headers={"X-API-Key": "hunter2"}),
        lambda: External("mongodb", uri="mongodb://u:hunter2@h/d"),
    ],
)
def test_a_password_in_text_is_refused_and_never_repeated(call):
    """A script is read by many; a named collection is not."""
    with pytest.raises(errors.DeclarationError) as caught:
        call()
    assert caught.value.code == "T069"
    assert "hunter2" not in str(caught.value)
    assert "tl.secret" in str(caught.value)


def test_executables_cannot_be_declared():
    """ClickHouse refuses to run commands that came through DDL."""
    with pytest.raises(errors.DeclarationError):
        External("executable", command="cat")


# --- defaults ---


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (t.String, "it's \\ a\nb"), (t.Int32, -5), (t.UInt64, 2**64 - 1), (t.Decimal(18, 4), Decimal("1.25")), (t.Date, dt.date(2026, 1, 2)),
        (t.Float64, 1.5), (t.Nullable(t.String), "x"), (t.DateTime64(3, "UTC"), dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.UTC)), (t.Bool, True),
        (t.Array(t.String), []), (t.Array(t.String), ["it's", "b"]),
    ],
)  # fmt: skip
def test_defaults_of_any_type_come_back(engine, database, type, value):
    """ClickHouse takes literals only; a typed default is written as its text and read back as the value."""
    body = tl.columns_of(tl.column(t.UInt64, name="id"), tl.column(type, name="v", default=value))
    run(engine, tl.Dictionary(f"{database}.x", body, source=Null(), primary_key="id"))
    found = engine.scalar(f"SELECT dictGet('{database}.x', 'v', toUInt64(1))")
    assert found == value


def test_what_a_dictionary_cannot_have_is_told_together():
    """All mistakes of one declaration at once, each where it is."""
    body = tl.columns_of(
        tl.column(t.UInt64, name="id"), tl.column(t.LowCardinality(t.String), name="a"), tl.column(t.Int8, name="b", materialized=1),
        tl.column(t.Date, name="c", default=f.today()),
    )  # fmt: skip
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Dictionary("d.x", body, source=Null(), primary_key="id", lifetime=(5, 1))
    assert sorted(m.code for m in caught.value.mistakes) == ["T067", "T067", "T067", "T070"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"layout": "hahsed"}, "T065"), ({"layout": "flat", "primary_key": "title"}, "T066"), ({"layout": "range_hashed"}, "T066"),
        ({"range": ("id", "id")}, "T066"), ({"layout": "ip_trie"}, "T066"), ({"layout": "polygon"}, "T066"), ({"primary_key": "idd"}, "T001"),
        ({"primary_key": ()}, "T066"), ({"source": "SELECT 1"}, "T068"), ({"source": 5}, "T068"), ({"lifetime": -1}, "T070"), ({"lifetime": 1.5}, "T070"),
        ({"hierarchical": "par"}, "T001"), ({"expressions": {"title": "upper(title)"}}, "T067"), ({"primary_key": ("id", "title")}, "T067"),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_are(how, code):
    """One clear error per mistake, before any server sees it."""
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Dictionary("d.x", Title, **({"source": Null(), "primary_key": "id"} | how))
    assert {m.code for m in caught.value.mistakes} == {code}
    assert "d.x" in str(caught.value) or code == "T065"


def test_layout_mistakes_name_the_nearest():
    """A misspelt layout or parameter, and a parameter that is missing."""
    for call, code, word in (
        (lambda: Layout("hahsed"), "T065", "hashed"), (lambda: Layout("hashed", shard=2), "T063", "shards"), (lambda: Layout("cache"), "T066", "size_in_cells"),
    ):  # fmt: skip
        with pytest.raises(errors.DeclarationError) as caught:
            call()
        assert caught.value.code == code
        assert word in str(caught.value)


def test_columns_that_the_source_has_not():
    """A dictionary reads its source by name: the engine would say so at the first look-up only."""
    products = table("d")
    body = tl.columns_of(Title.id, tl.column(t.String, name="titel"))
    with pytest.raises(errors.DeclarationError) as caught:
        tl.Dictionary("d.x", body, source=products, primary_key="id")
    assert (caught.value.code, caught.value.mistakes[0].nearest) == ("T001", "title")
    with pytest.raises(errors.DeclarationError):
        tl.Dictionary("d.x", Title, source=tl.sql("SELECT id FROM {p}", p=products), primary_key="id")


# --- graph ---


def test_a_default_with_dict_get_comes_after_its_dictionary(engine, database):
    """E02: the dictionary must exist before the table whose DEFAULT asks it (else code 36), its source before it (630 on DROP)."""
    products = table(f"{database}", "z_products")
    names = tl.Dictionary(f"{database}.y_names", Title, source=products, primary_key="id", layout="flat")

    class Line(tl.Columns):
        product = tl.column(t.UInt64)
        title = tl.column(t.String, default=f.dict_get(names, "title", product))

    lines = tl.Table(f"{database}.a_lines", Line, engine=MergeTree(order_by=()))
    script = run(engine, lines, names, products)
    order = [s.creates[1] for s in script.statements() if s.creates]
    assert order == ["z_products", "y_names", "a_lines"]
    engine.insert(database, "z_products", [{"id": 7, "title": "seven"}])
    engine.execute(f"INSERT INTO {database}.a_lines (product) VALUES (7), (8)")
    assert [r["title"] for r in engine.rows(f"SELECT title FROM {database}.a_lines ORDER BY product")] == [
        "seven",
        "it's unknown",
    ]
    for statement in (f"DROP DICTIONARY {database}.y_names", f"DROP TABLE {database}.z_products"):
        with pytest.raises(errors.StatementRefused) as caught:
            engine.execute(statement)
        assert caught.value.server_code == 630
    engine.execute(f"DROP TABLE {database}.a_lines")
    engine.execute(f"DROP DICTIONARY {database}.y_names")


def test_a_circle_through_a_dictionary_is_refused():
    """E12: a dictionary over a table whose column asks the dictionary."""
    stub = tl.Dictionary("d.names", Title, source=Null(), primary_key="id")
    looped = tl.Table(
        "d.products", tl.columns_of(Title.id, tl.column(t.String, name="title", default=f.dict_get(stub, "title", Title.id))), engine=MergeTree(order_by=()),
    )  # fmt: skip
    names = tl.Dictionary("d.names", Title, source=tl.sql("SELECT id, title FROM d.products"), primary_key="id")
    with pytest.raises(errors.TillaError) as caught:
        tl.project("p", looped, names)
    cycles = [m for m in caught.value.mistakes if m.code == "T301"]
    assert len(cycles) == 1
    assert "d.names" in str(cycles[0])
    assert "d.products" in str(cycles[0])


def test_a_dictionary_over_a_view_comes_with_the_views(engine, database):
    """Sections stay in order: the view first, then what is loaded from it, then the table that asks that."""
    products = table(database)
    view = tl.View(f"{database}.v", None, query=products.select(Product.id, Product.title))
    names = tl.Dictionary(f"{database}.a", Title, source=view, primary_key="id")
    body = tl.columns_of(Title.id, tl.column(t.String, name="x", default=f.dict_get(names, "title", Title.id)))
    asking = tl.Table(f"{database}.b", body, engine=MergeTree(order_by=()))
    statements = run(engine, products, view, names, asking).statements()
    assert [(s.section, s.object.split(".")[-1]) for s in statements if s.creates][:4] == [
        ("tables", "products"), ("views", "v"), ("views", "a"), ("views", "b"),
    ]  # fmt: skip


def test_history_asks_a_dictionary_that_was_filled_just_before(engine, database):
    """A dictionary that was loaded empty would give history defaults, silently: it is loaded again before it is asked."""

    class RawProduct(tl.Columns):
        id = tl.column(t.UInt64)
        title = tl.column(t.String)
        landed = tl.column(t.DateTime64(3))

    class RawOrder(tl.Columns):
        id = tl.column(t.UInt64)
        product = tl.column(t.UInt64)
        landed = tl.column(t.DateTime64(3))

    raw_products = tl.Source(f"{database}_raw.products", RawProduct)
    raw_orders = tl.Source(f"{database}_raw.orders", RawOrder)

    class Kept(tl.Columns):
        id = tl.derive(RawProduct.id)
        title = tl.derive(RawProduct.title)
        landed = tl.derive(RawProduct.landed)

    products = tl.MaterializedView(
        f"{database}.products",
        Kept,
        source=raw_products,
        engine=ReplacingMergeTree(order_by=Kept.id, version=Kept.landed),
    )
    names = tl.Dictionary(f"{database}.names", Title, source=products, primary_key="id")

    class Order(tl.Columns):
        id = tl.derive(RawOrder.id)
        title = tl.derive(f.dict_get(names, "title", RawOrder.product))
        landed = tl.derive(RawOrder.landed)

    orders = tl.MaterializedView(
        f"{database}.a_orders",
        Order,
        source=raw_orders,
        engine=ReplacingMergeTree(order_by=Order.id, version=Order.landed),
    )
    project = tl.project("p", raw_products, raw_orders, products, names, orders)
    script = Script(project, with_sources=True)
    engine.execute(f"CREATE DATABASE {database}_raw")
    for statement in Script(tl.project("raw", raw_products, raw_orders), with_sources=True).statements():
        engine.execute(statement.sql)
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    engine.insert(f"{database}_raw", "products", [{"id": 1, "title": "one", "landed": moment}])
    engine.insert(f"{database}_raw", "orders", [{"id": 10, "product": 1, "landed": moment}])
    for statement in script.statements():
        engine.execute(statement.sql)
        if statement.section == "views":  # somebody asks while it is still empty
            engine.execute(f"SELECT dictGet('{database}.names', 'title', toUInt64(1))")
    assert engine.rows(f"SELECT id, title FROM {database}.a_orders FINAL") == [{"id": 10, "title": "one"}]


def test_renaming_follows_into_sources_and_look_ups():
    """The same project in another database: sources, queries and dictGet in expressions."""
    products = table("d")
    one = tl.Dictionary("d.one", Title, source=ClickHouse(products, where=Product.title != ""), primary_key="id")
    two = tl.Dictionary("d.two", Title, source=tl.sql("SELECT id, title FROM {p}", p=products), primary_key="id")
    body = tl.columns_of(Title.id, tl.column(t.String, name="x", default=f.dict_get(one, "title", Title.id)))
    asking = tl.Table("d.asking", body, engine=MergeTree(order_by=()))
    text = tl.render(tl.project("p", products, one, two, asking).rename({"d": "other-d"}))
    assert "DB 'other-d' TABLE 'products'" in text
    assert "dictGet('other-d.one'" in text
    assert "FROM `other-d`.products" in text
    assert " d." not in text


def test_dictionaries_are_values():
    """Equal declarations are equal; a changed option shows."""
    products = table("d")
    how = {"source": products, "primary_key": "id"}
    one = tl.Dictionary("d.x", Title, **how)
    assert one == tl.Dictionary("d.x", Title, **how)
    assert one != tl.Dictionary("d.x", Title, layout="flat", **how)
    assert one != tl.Dictionary("d.x", Title, **{**how, "source": ClickHouse(products, where=Product.id > 1)})
    assert repr(one) == "<tilla Dictionary d.x>"


def test_secrets_are_names():
    """A secret shows its name and nothing else."""
    assert dictionaries.secret("a-b").sql() == "`a-b`"
    with pytest.raises(errors.DeclarationError):
        tl.secret("")
