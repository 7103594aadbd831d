"""Reported faults of materialized views (cases B), each with its kind: what a declaration makes impossible or refuses.

Every test shows both sides: what ClickHouse does with it (on the real engine) and what the declaration says. B14 and the
cases of history are in ``test_backfill_cases``; B01, B04, B06, B10, B11, B13, B17 and B22 by hand in ``test_rendering`` and
``test_plan``.
"""

from __future__ import annotations

import pytest

import tilla as tl
from tilla import engines, errors, graph
from tilla import functions as f
from tilla import types as t
from tilla.ddl.script import Script
from tilla.engines import AggregatingMergeTree, MergeTree, ReplacingMergeTree, SummingMergeTree
from tilla.testing import given


class Order(tl.Columns):
    id = tl.column(t.UInt64)
    customer = tl.column(t.UInt64)
    day = tl.column(t.Date)
    shop = tl.column(t.String)
    amount = tl.column(t.Int64)
    note = tl.column(t.Nullable(t.String))
    at = tl.column(t.DateTime64(3))
    price = tl.column(t.Decimal(18, 4))


class Customer(tl.Columns):
    customer = tl.column(t.UInt64)
    name = tl.column(t.String)


orders = tl.Source("raw.orders", Order)
customers = tl.Source("raw.customers", Customer)
renamed = tl.Table("raw.renamed", Customer, engine=ReplacingMergeTree(order_by=Customer.customer))
PLAIN = MergeTree(order_by=())


def codes(action):
    """The codes of all mistakes that a declaration tells."""
    with pytest.raises(errors.TillaError) as caught:
        action()
    return [m.code for m in caught.value.mistakes]


def run(engine, *statements):
    for statement in statements:
        engine.execute(statement)


# --- B07: who fires a view ---


def test_b07_only_the_left_most_table_fires_a_view(engine, database):
    """A late customer never reaches the order that was there before: one trigger edge, and a lookup edge beside it."""
    joined = orders.select(Order.id, customers[Customer.name].as_("name")).join(
        customers, on=orders[Order.customer] == customers[Customer.customer], kind="LEFT"
    )
    body = [tl.column(t.UInt64, name="id"), tl.column(t.String, name="name")]
    by_hand = tl.sql(
        "SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN {c} AS c ON o.customer = c.customer",
        o=orders,
        c=customers,
    )
    for query in (joined, by_hand):
        made = tl.MaterializedView("data.named", body, query=query, engine=PLAIN)
        kinds = {(e.kind, e.database, e.name) for e in made.trigger.edges()}
        assert kinds == {("triggers", "raw", "orders"), ("feeds", "data", "named"), ("reads", "raw", "customers")}
        rows = {"id": 1, "customer": 7}
        project = tl.project("p", orders, customers, made)
        assert graph.mermaid(project.parts).count("-->") == 1
        read = given({orders: [rows], customers: []}, server=engine).read(made)
        assert read == [{"id": 1, "name": ""}]


# --- B10, B13, B22: what is true of a block only, in typed queries ---


def _self_join():
    return orders.select(Order.id.as_("x")).join(orders, on=orders[Order.customer] == orders[Order.id])


def _windowed():
    return f.raw("row_number", type=t.UInt64).over(order_by=Order.id)


BLOCKS = {
    "FINAL": lambda: orders.select(Order.id.as_("x")).final(),
    "self join": _self_join,
    "IN its own source": lambda: orders.select(Order.id.as_("x")).where(Order.id.is_in(orders.select(Order.customer))),
    "LIMIT": lambda: orders.select(Order.id.as_("x")).limit(10),
    "window": lambda: orders.select(_windowed().as_("x")),
    "running sum": lambda: orders.select(f.sum(Order.id).over(order_by=Order.id).as_("x")),
    "grouped below": lambda: tl.sql(
        "SELECT max(n) AS x FROM (SELECT shop, count() AS n FROM {o} GROUP BY shop)", o=orders
    ),
    "distinct below": lambda: tl.sql("SELECT count() AS x FROM (SELECT DISTINCT id FROM {o})", o=orders),
    "grouped in a CTE": lambda: tl.sql(
        "WITH g AS (SELECT shop, sum(id) AS n FROM {o} GROUP BY shop) SELECT n AS x FROM g", o=orders
    ),
    "two levels down": lambda: tl.sql("SELECT x FROM (SELECT x FROM (SELECT count() AS x FROM {o}))", o=orders),
    "PREWHERE": lambda: tl.sql("SELECT id AS x FROM {o} PREWHERE id > 1", o=orders),
    "PREWHERE below": lambda: tl.sql("SELECT x FROM (SELECT id AS x FROM {o} PREWHERE id > 1)", o=orders),
    "SAMPLE": lambda: tl.sql("SELECT id AS x FROM {o} SAMPLE 1 / 2", o=orders),
    "FINAL in a CTE": lambda: tl.sql("WITH g AS (SELECT id FROM {o} FINAL) SELECT id AS x FROM g", o=orders),
    "grouped in a CTE of a CTE": lambda: tl.sql(
        "WITH a AS (SELECT id, shop FROM {o}), b AS (SELECT shop, sum(id) AS n FROM a GROUP BY shop) SELECT n AS x FROM b",
        o=orders,
    ),
    "a limit in a CTE of a CTE": lambda: tl.sql(
        "WITH a AS (SELECT id FROM {o}), b AS (SELECT id FROM a LIMIT 3) SELECT id AS x FROM b", o=orders
    ),
    "UNION": lambda: tl.sql("SELECT id AS x FROM {o} UNION ALL SELECT customer AS x FROM {o}", o=orders),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_b10_b13_b22_what_only_holds_within_an_insert_is_refused(what):
    """Live rows and history would be two different numbers; typed queries and SQL by hand are told alike."""
    body = [tl.column(t.UInt64, name="x")]
    found = codes(lambda: tl.MaterializedView("data.m", body, query=BLOCKS[what](), engine=PLAIN))
    assert set(found) == {"T039"}


def test_b22_a_window_in_a_derived_column_is_refused():
    """The same through `tl.derive`, where no query is written."""
    body = [tl.derive(_windowed(), name="x")]
    assert codes(lambda: tl.MaterializedView("data.m", body, source=orders, engine=PLAIN)) == ["T039"]


def test_b22_a_grouped_lookup_beside_the_source_is_fine(engine):
    """Only what stands between the view and its source is cut by an insert: a lookup may group as it likes."""
    query = tl.sql(
        "SELECT o.id AS id, c.n AS n FROM {o} AS o LEFT JOIN (SELECT customer, count() AS n FROM {c} GROUP BY customer) AS c"
        " ON o.customer = c.customer",
        o=orders,
        c=customers,
    )
    body = [tl.column(t.UInt64, name="id"), tl.column(t.UInt64, name="n")]
    made = tl.MaterializedView("data.m", body, query=query, engine=PLAIN)
    landed = {customers: [{"customer": 7, "name": "Ann"}], orders: [{"id": 1, "customer": 7}]}
    assert given(landed, server=engine).read(made) == [{"id": 1, "n": 1}]


BESIDE = {
    "FINAL of a joined table": "SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN {c} AS c FINAL ON c.customer = o.customer",
    "FINAL below": "SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN (SELECT * FROM {c} FINAL) AS c ON c.customer = o.customer",
    "FINAL in a CTE": "WITH c AS (SELECT * FROM {c} FINAL) SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN c ON c.customer = o.customer",
    "LIMIT BY": "SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN (SELECT * FROM {c} ORDER BY name LIMIT 1 BY customer) AS c ON c.customer = o.customer",
    "a window": "SELECT o.id AS id, c.name AS name FROM {o} AS o LEFT JOIN (SELECT customer, name FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY name) AS n FROM {c}) WHERE n = 1) AS c ON c.customer = o.customer",
    "DISTINCT, UNION and PREWHERE in IN": "SELECT id, 'Ann' AS name FROM {o} WHERE customer IN (SELECT DISTINCT customer FROM {c} PREWHERE name != '' UNION ALL SELECT 8)",
    "LIMIT of a scalar": "SELECT id, (SELECT name FROM {c} ORDER BY name LIMIT 1) AS name FROM {o}",
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE)
def test_b10_what_stands_beside_the_source_is_run_over_whole_tables(engine, what):
    """The engine takes FINAL, LIMIT, windows and UNION there (26.9), and live rows and history agree."""
    body = [tl.column(t.UInt64, name="id"), tl.column(t.String, name="name")]
    made = tl.MaterializedView("data.m", body, query=tl.sql(BESIDE[what], o=orders, c=renamed), engine=PLAIN)
    landed = {renamed: [{"customer": 7, "name": "Ann"}], orders: [{"id": 1, "customer": 7}]}
    test = given(landed, server=engine)
    assert test.read(made) == test.read(made, history=True) == [{"id": 1, "name": "Ann"}]


def test_b22_the_engine_computes_a_window_within_each_insert(engine, database):
    """Why: two inserts of one row are two times number one."""
    run(
        engine,
        f"CREATE TABLE {database}.a (x UInt64) ENGINE = MergeTree ORDER BY x",
        f"CREATE TABLE {database}.t (x UInt64, r UInt64) ENGINE = MergeTree ORDER BY x",
        f"CREATE MATERIALIZED VIEW {database}.m TO {database}.t AS SELECT x, row_number() OVER (ORDER BY x) AS r FROM {database}.a",
        f"INSERT INTO {database}.a VALUES (1)",
        f"INSERT INTO {database}.a VALUES (2)",
    )
    assert engine.scalar(f"SELECT groupArray(r) FROM {database}.t") == [1, 1]


# --- B15: what a merge drops ---


class Totals(tl.Columns):
    day = tl.derive(Order.day)
    shop = tl.derive(Order.shop)
    orders = tl.measure(f.uniq_exact(Order.id))


class Sums(tl.Columns):
    day = tl.derive(Order.day)
    shop = tl.derive(Order.shop)
    amount = tl.measure(f.sum(Order.amount), simple=True)


def _plain(engine):
    body = [
        tl.derive(Order.day, name="day"),
        tl.derive(Order.amount, name="amount"),
        tl.derive(Order.shop, name="shop"),
    ]
    return tl.MaterializedView("data.m", body, source=orders, engine=engine(body))


DROPPED = {
    "a plain value in an AggregatingMergeTree": lambda: _plain(lambda b: AggregatingMergeTree(order_by=(b[0], b[2]))),
    "a text beside a SummingMergeTree's key": lambda: _plain(lambda b: SummingMergeTree(order_by=b[0])),
    "a number that is not among those to sum": lambda: _plain(
        lambda b: SummingMergeTree(order_by=(b[0], b[2]), columns_to_sum=(tl.column(t.Int64, name="other"),))
    ),
    "a group of an aggregation": lambda: tl.Aggregation(
        "data.a", Totals, source=orders, engine=AggregatingMergeTree(order_by=Totals.day)
    ),
    "a group of sums": lambda: tl.Aggregation(
        "data.a", Sums, source=orders, engine=SummingMergeTree(order_by=Sums.day), append_only_unique=True
    ),
    "a target that is declared elsewhere": lambda: tl.MaterializedView(
        "data.m",
        [tl.derive(Order.day, name="day"), tl.derive(Order.shop, name="shop")],
        source=orders,
        to=tl.Table(
            "data.t",
            [tl.column(t.Date, name="day"), tl.column(t.String, name="shop")],
            engine=SummingMergeTree(order_by=tl.column(t.Date, name="day")),
        ),
    ),
}


@pytest.mark.parametrize("what", DROPPED)
def test_b15_a_value_that_a_merge_would_drop_is_refused(what):
    """Neither in the key nor a state nor a sum: after a merge the first value stands for all."""
    assert set(codes(DROPPED[what])) <= {"T096", "T001"}
    assert "T096" in codes(DROPPED[what]) or what.startswith("a number")


def test_b15_the_engine_keeps_the_first_of_two_values(engine, database):
    """Why: 5 and 7 are 5 in an AggregatingMergeTree, and the second shop is gone from a SummingMergeTree."""
    run(
        engine,
        f"CREATE TABLE {database}.t (k UInt8, v UInt64) ENGINE = AggregatingMergeTree ORDER BY k",
        f"INSERT INTO {database}.t VALUES (1, 5)",
        f"INSERT INTO {database}.t VALUES (1, 7)",
        f"OPTIMIZE TABLE {database}.t FINAL",
        f"CREATE TABLE {database}.u (day Date, shop String, v Int64) ENGINE = SummingMergeTree ORDER BY day",
        f"INSERT INTO {database}.u VALUES ('2024-01-01', 'a', 5)",
        f"INSERT INTO {database}.u VALUES ('2024-01-01', 'b', 7)",
        f"OPTIMIZE TABLE {database}.u FINAL",
    )
    assert engine.scalar(f"SELECT v FROM {database}.t") == 5
    assert engine.rows(f"SELECT shop, v FROM {database}.u") == [{"shop": "a", "v": 12}]


@pytest.mark.parametrize("engine_", [AggregatingMergeTree(order_by=Order.id), SummingMergeTree(order_by=Order.id)])
def test_b15_of_a_table_that_others_fill_the_script_says_what_merges_keep(engine_):
    """It may be meant, so it is not refused; whoever reads the plan or the script sees it."""
    table = tl.Table("data.t", [Order.id, Order.shop, Order.day], engine=engine_)
    (made,) = (s for s in Script(tl.project("p", table)).statements() if s.creates == ("data", "t"))
    assert made.reason.endswith("of rows with one key its merges keep the first shop, day")
    plain = tl.Table("data.t", [Order.id, Order.shop], engine=MergeTree(order_by=Order.id))
    (made,) = (s for s in Script(tl.project("p", plain)).statements() if s.creates == ("data", "t"))
    assert "merges" not in made.reason


@pytest.mark.parametrize("kept", [AggregatingMergeTree(), SummingMergeTree(), MergeTree()])
def test_b15_states_survive_a_merge_in_every_engine_that_is_taken(engine, database, kept):
    """Groups, states and simple values are the same before and after OPTIMIZE FINAL."""

    class Both(tl.Columns):
        day = tl.derive(Order.day)
        shop = tl.derive(Order.shop)
        orders = tl.measure(f.uniq_exact(Order.id))
        most = tl.measure(f.max(Order.amount), simple=True)

    source = tl.Source(f"{database}.orders", Order)
    made = tl.Aggregation(f"{database}.daily", Both, source=source, engine=kept)
    tl.apply(tl.plan(tl.project("p", source, made), engine, with_sources=True), engine)
    for row in ("(1, '2024-01-01', 'a', 5)", "(2, '2024-01-01', 'a', 3)", "(3, '2024-01-01', 'b', 7)"):
        engine.execute(f"INSERT INTO {database}.orders (id, day, shop, amount) VALUES {row}")
    read = f"SELECT shop, orders, most FROM {database}.daily ORDER BY shop"
    expected = [{"shop": "a", "orders": 2, "most": 5}, {"shop": "b", "orders": 1, "most": 7}]
    assert engine.rows(read) == expected
    engine.execute(f"OPTIMIZE TABLE {database}.daily_state FINAL")
    assert engine.rows(read) == expected


@pytest.mark.parametrize(
    "lossy",
    [
        ReplacingMergeTree(),
        engines.CoalescingMergeTree(),
        engines.CollapsingMergeTree(sign=tl.column(t.Int8, name="s")),
    ],
)
def test_b15_an_aggregation_on_an_engine_that_keeps_one_row_is_refused(lossy):
    """A merge would throw away all states but one."""
    found = codes(lambda: tl.Aggregation("data.a", Totals, source=orders, engine=lossy))
    assert "T098" in found or found == ["T001"]


# --- B20, B21: types on the way into a table ---


@pytest.mark.parametrize(
    ("stored", "given_"),
    [
        (t.String, Order.note),  # NULL would fail live (349) and become the default in a copy
        (t.UInt8, Order.id),  # 300 would become 44
        (t.Decimal(9, 2), Order.price),  # 1.999 would become 1.99
        (t.DateTime, Order.at),  # milliseconds would vanish
        (t.Int32, Order.amount),
        (t.Float64, Order.price),
        (t.FixedString(2), Order.shop),
        (t.LowCardinality(t.String), Order.note),
        (t.AggregateFunction("sum", t.Int64), Order.amount),
        (t.AggregateFunction("sum", t.Int32), f.sum(Order.amount).state()),
    ],
)
def test_b20_b21_no_cast_happens_unseen(stored, given_):
    """A view into a table gives exactly the stored types; a conversion is written by hand or refused, in both directions."""
    target = tl.Table("data.t", [tl.column(stored, name="x")], engine=PLAIN)
    body = [tl.derive(given_, name="x")] if not given_.aggregate else [tl.measure(f.sum(Order.amount), name="x")]
    assert codes(lambda: tl.MaterializedView("data.m", body, source=orders, to=target)) == ["T040"]
    if not str(stored).startswith("AggregateFunction"):
        tl.MaterializedView("data.m", [tl.derive(given_.cast(stored), name="x")], source=orders, to=target)


@pytest.mark.parametrize(
    ("select", "stated", "wrong"),
    [
        ("SELECT note AS x FROM {o}", t.String, True),
        ("SELECT o.note AS x FROM {o} AS o WHERE id > 1", t.String, True),
        ("SELECT id AS x FROM {o}", t.UInt8, True),
        ("SELECT note AS x FROM {o}", t.Nullable(t.String), False),
        ("SELECT note AS x FROM {o}", t.LowCardinality(t.Nullable(t.String)), False),
        ("SELECT shop AS x FROM {o}", t.Nullable(t.String), False),
        ("SELECT ifNull(note, '') AS x FROM {o}", t.String, False),
        ("SELECT '' AS note, note AS x FROM {o}", t.String, False),  # an alias comes before the column
        ("SELECT x FROM (SELECT ifNull(note, '') AS x FROM {o})", t.String, False),
        ("SELECT note AS x FROM {o} ARRAY JOIN [1] AS note", t.UInt8, False),
    ],
)
def test_b20_a_column_that_a_select_by_hand_takes_as_it_is_has_its_own_type(select, stated, wrong):
    """What is known offline is compared; what is computed only the engine knows."""
    body = [tl.column(stated, name="x")]
    body += [tl.column(t.String, name="note")] if "AS note, note" in select else []

    def make():
        return tl.RefreshableView(
            "data.r", body, query=tl.sql(select, o=orders), refresh=tl.every(days=1), engine=PLAIN
        )

    assert (codes(make) if wrong else make().column_names) == (["T211"] if wrong else tuple(c.name for c in body))


def test_b20_a_target_of_its_own_takes_the_type_of_the_expression(engine):
    """No second place where a type is written, so NULL arrives as NULL, live and from history alike."""
    made = tl.MaterializedView("data.m", [tl.derive(Order.note, name="x")], source=orders, engine=PLAIN)
    assert str(made.columns[0].type) == "Nullable(String)"
    for history in (False, True):
        if not history:
            assert given({orders: [{"id": 1, "note": None}]}, server=engine).read(made) == [{"x": None}]


def test_b20_the_engine_fails_live_and_fills_in_from_history(engine, database):
    """Why: the same SELECT gives an error through a view and the column's default through an INSERT SELECT."""
    run(
        engine,
        f"CREATE TABLE {database}.a (x Nullable(UInt64)) ENGINE = MergeTree ORDER BY tuple()",
        f"CREATE TABLE {database}.t (x UInt64 DEFAULT 77) ENGINE = MergeTree ORDER BY x",
        f"CREATE MATERIALIZED VIEW {database}.m TO {database}.t AS SELECT x FROM {database}.a",
    )
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(f"INSERT INTO {database}.a VALUES (NULL)")
    assert caught.value.server_code == 349
    engine.execute(f"DROP VIEW {database}.m")
    engine.execute(f"INSERT INTO {database}.t SELECT NULL AS x")
    assert engine.scalar(f"SELECT x FROM {database}.t") == 77


# --- B23: what the table computes itself ---


class Filled(tl.Columns):
    id = tl.column(t.UInt64)
    word = tl.column(t.String, ephemeral=True)
    loud = tl.column(t.String, default=f.upper(word))


def test_b23_an_ephemeral_column_is_filled_through_a_view(engine):
    """The view may give it, and what is computed from it is stored."""
    target = tl.Table("data.t", Filled, engine=MergeTree(order_by=Filled.id))
    body = [tl.derive(Order.id, name="id"), tl.derive(Order.shop, name="word")]
    made = tl.MaterializedView("data.m", body, source=orders, to=target)
    read = given({orders: [{"id": 2, "shop": "y"}]}, server=engine).read(target.select(Filled.id, Filled.loud), made)
    assert read == [{"id": 2, "loud": "Y"}]


@pytest.mark.parametrize("kind", ["materialized", "alias"])
def test_b23_a_column_that_the_table_computes_cannot_be_given(engine, database, kind):
    """Code 8 on the server, which calls the column unknown."""
    computed = tl.column(t.UInt64, name="y", **{kind: tl.sql("id + 1")})
    target = tl.Table(f"{database}.t", [tl.column(t.UInt64, name="id"), computed], engine=PLAIN)
    source = tl.Source(f"{database}.orders", Order)
    body = [tl.derive(Order.id, name="id"), tl.derive(Order.customer, name="y")]
    assert codes(lambda: tl.MaterializedView(f"{database}.m", body, source=source, to=target)) == ["T097"]
    tl.apply(tl.plan(tl.project("p", source, target), engine, with_sources=True), engine)
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(
            f"CREATE MATERIALIZED VIEW {database}.m TO {database}.t AS SELECT id, customer AS y FROM {database}.orders"
        )
    assert caught.value.server_code == 8


# --- B25: a refresh replaces what is there ---


def test_b25_a_refreshable_view_owns_its_rows(engine, database):
    """No declaration points a refresh at a table that something else fills: it has no `to=`, and its name is its own."""
    body = [tl.derive(Order.id, name="id")]
    with pytest.raises(TypeError, match="to"):
        tl.RefreshableView("data.r", body, source=orders, refresh=tl.every(days=1), engine=PLAIN, to=orders)
    view = tl.RefreshableView("data.r", body, source=orders, refresh=tl.every(days=1), engine=PLAIN)
    assert codes(lambda: tl.MaterializedView("data.m", body, source=orders, to=view)) == ["T094"]
    table = tl.Table("data.r", body, engine=PLAIN)
    assert codes(lambda: tl.project("p", orders, view, table)) == ["T304"]


def test_b25_the_first_refresh_waits_for_what_it_reads(engine, database):
    """Created EMPTY: no refresh runs before the backfill has filled its source, and none replaces rows meanwhile."""
    source = tl.Source(f"{database}.orders", Order)
    view = tl.RefreshableView(
        f"{database}.r", [tl.derive(Order.id, name="id")], source=source, refresh=tl.every(years=1), engine=PLAIN
    )
    project = tl.project("p", source, view)
    tl.apply(tl.plan(project, engine, with_sources=True), engine)
    engine.execute(f"INSERT INTO {database}.orders (id) VALUES (1)")
    assert engine.scalar(f"SELECT count() FROM {database}.r") == 0
    tl.apply(tl.backfill(project, engine), engine)
    assert engine.scalar(f"SELECT count() FROM {database}.r") == 1


# --- B26: SELECT * ---


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM {o}", "SELECT o.* FROM {o} AS o", "SELECT COLUMNS('.*') FROM {o}", "SELECT * EXCEPT id FROM {o}"],
)
def test_b26_a_star_in_a_stored_select_is_refused(text):
    """A column added to the source would flow into the target, or stop the view, without any change of a declaration."""
    body = [tl.column(t.UInt64, name="id")]
    query = tl.sql(text, o=orders)
    assert codes(lambda: tl.MaterializedView("data.m", body, query=query, engine=PLAIN)) == ["T049"]
    refresh = tl.every(days=1)
    assert codes(lambda: tl.RefreshableView("data.r", body, query=query, refresh=refresh, engine=PLAIN)) == ["T049"]


def test_b26_a_new_column_of_the_source_changes_nothing(engine, database):
    """Selects are written column by column, so the view goes on as it was declared."""
    source = tl.Source(f"{database}.orders", [tl.column(t.UInt64, name="id")])
    made = tl.MaterializedView(f"{database}.m", [tl.derive(source.columns[0], name="id")], source=source, engine=PLAIN)
    project = tl.project("p", source, made)
    tl.apply(tl.plan(project, engine, with_sources=True), engine)
    engine.execute(f"ALTER TABLE {database}.orders ADD COLUMN y UInt8 DEFAULT 3")
    engine.execute(f"INSERT INTO {database}.orders (id) VALUES (1)")
    assert engine.rows(f"SELECT * FROM {database}.m") == [{"id": 1}]
    assert not tl.plan(project, engine)
