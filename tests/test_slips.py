"""Slips of the pen that Python takes and ClickHouse would not, or would take for something else.

Each is refused where it is written, with a code and what to write, and never as a traceback from inside the library. What a
text in an expression's place would mean to ClickHouse is a constant: `where="id > 1"` would filter nothing.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.testing import given


class Row(tl.Columns):
    id = tl.column(t.UInt64)
    at = tl.column(t.DateTime("UTC"))
    shop = tl.column(t.String)
    total = tl.column(t.Decimal(18, 2))


class Other(tl.Columns):
    elsewhere = tl.column(t.String)


class Daily(tl.Columns):
    shop = tl.derive(Row.shop)
    ids = tl.measure(f.uniq_exact(Row.id))


rows = tl.Source("r.rows", Row, engine=MergeTree(order_by=Row.id))
daily = tl.Aggregation("m.daily", Daily, source=rows)
later = Row.at + f.to_interval_day(30)
HOURLY = {"refresh": tl.every(hours=1), "engine": MergeTree(order_by=())}


def table(**how):
    return tl.Table("m.t", Row, **({"engine": MergeTree(order_by=(Row.shop, Row.id))} | how))


def expiring(*rules, **how):
    return table(
        engine=MergeTree(order_by=(Row.shop, Row.id), ttl=tuple(tl.Ttl(later, **rule) for rule in rules), **how)
    )


TEXT_FOR_EXPRESSION = [
    lambda: rows.select(Row.id).where("id > 1"),
    lambda: rows.select(Row.id).where(True),
    lambda: rows.select(Row.id).having("id > 1"),
    lambda: rows.select(Row.id).order_by("id"),
    lambda: rows.select(Row.id).group_by("id"),
    lambda: rows.select(Row.id).join(rows, "a.id = b.id"),
    lambda: tl.MaterializedView("m.v", [tl.derive(Row.id, name="id")], source=rows, where="id > 1", engine=MergeTree(order_by=())),
    lambda: tl.Aggregation("m.a", Daily, source=rows, where="id > 1"),
    lambda: tl.RefreshableView("m.v", [tl.derive(Row.id, name="id")], source=rows, where="id > 1", **HOURLY),
    lambda: table(indexes=tl.Index("i", "shop", "minmax")),
    lambda: table(constraints=tl.Constraint("c", "id > 0")),
    lambda: table(engine=MergeTree(order_by=Row.id, ttl="at + INTERVAL 1 DAY")),
    lambda: tl.Ttl(later, where="id > 1"),
    lambda: tl.Ttl(later, group_by=(Row.shop,), set={"total": "sum(total)"}),
    lambda: tl.column(t.String, ttl="at + INTERVAL 1 DAY"),
    lambda: tl.derive(Row.id, ttl="at + INTERVAL 1 DAY"),
]  # fmt: skip

ANOTHER_KIND = [
    lambda: table(indexes="i"),
    lambda: table(projections="SELECT shop, count() GROUP BY shop"),
    lambda: table(constraints=(Row.id > 0,)),
    lambda: rows.select(Row.id).limit("5"),
    lambda: rows.select(Row.id).limit(-5),
    lambda: tl.every(hours=1.5),
    lambda: tl.after(minutes="5"),
    lambda: tl.every(days=1).offset(hours=True),
    lambda: tl.project(rows),
    lambda: tl.render(rows),
    lambda: tl.plan(rows, None),
    lambda: tl.plan(tl.project("p", rows), "chdb://memory"),
    lambda: tl.backfill(tl.project("p", rows), "chdb://memory"),
    lambda: tl.apply(tl.project("p", rows), None),
    lambda: tl.apply(tl.Plan("p", ()), "chdb://memory"),
    lambda: given([{"id": 1}]),
    lambda: given({rows: {"id": 1}}),
    lambda: given({rows: [[1, 2]]}),
    lambda: given({rows: [{Row.id: 1}]}),
    lambda: given({rows: []}).read("r.rows"),
]


@pytest.mark.parametrize("slip", [*TEXT_FOR_EXPRESSION, *ANOTHER_KIND])
def test_a_value_of_another_kind_is_refused_with_what_is_expected(slip):
    with pytest.raises(tl.DeclarationError) as told:
        slip()
    assert [m.code for m in told.value.mistakes] == ["T076"]
    assert told.value.mistakes[0].expected


@pytest.mark.parametrize(
    ("slip", "code"),
    [
        (lambda: tl.column(str), "T101"),
        (lambda: tl.column("String"), "T101"),
        (lambda: tl.column(t.Nullable), "T101"),
        (lambda: tl.column(t.Decimal), "T101"),
        (lambda: tl.column(None), "T101"),
        (lambda: tl.View("m.v", query="SELECT 1"), "T044"),
        (lambda: tl.MaterializedView("m.v", [tl.column(t.UInt8, name="a")], query="SELECT 1 AS a", engine=MergeTree(order_by=())), "T044"),
        (lambda: tl.RefreshableView("m.v", [tl.column(t.UInt8, name="a")], query="SELECT 1 AS a", **HOURLY), "T044"),
        (lambda: tl.MaterializedView("m.v", [tl.derive(Row.id, name="id")], source=rows, to="m.t"), "T030"),
        (lambda: rows.select(Row.id).join("r.rows", Row.id == 1), "T030"),
        (lambda: rows.select(Row.id).join(rows, Row.id == 1, kind="LEFFT"), "T063"),
        (lambda: rows.select(Row.id).join(rows, Row.id == 1, kind=""), "T063"),
        (lambda: rows.select(), "T100"),
        (lambda: tl.render(tl.project("p", rows), phases=("schem",)), "T409"),
        (lambda: rows.select(Row.id).where(Daily.ids), "T006"),
    ],
)  # fmt: skip
def test_a_slip_has_its_own_code(slip, code):
    with pytest.raises(tl.TillaError) as told:
        slip()
    assert [m.code for m in told.value.mistakes] == [code]


def test_one_phase_may_be_a_word():
    """A text is an iterable of letters: `phases="schema"` printed a script of nothing."""
    project = tl.project("p", rows, table())
    assert tl.render(project, phases="schema") == tl.render(project, phases=("schema",))
    assert "CREATE TABLE IF NOT EXISTS m.t" in tl.render(project, phases="schema")


@pytest.mark.parametrize(
    "slip",
    [
        lambda: expiring({"where": Other.elsewhere == "x"}),
        lambda: expiring({"group_by": (Other.elsewhere,)}),
        lambda: expiring({"group_by": (Row.shop,), "set": {"total": f.max(Other.elsewhere)}}),
        lambda: expiring({"group_by": (Row.shop,), "set": {"elsewhere": f.max(Row.total)}}),
        lambda: tl.Table("m.t", [tl.column(t.String, name="a", ttl=Row.at + f.to_interval_day(1))], engine=MergeTree(order_by=())),
    ],
)  # fmt: skip
def test_every_column_in_a_ttl_is_the_tables(slip):
    with pytest.raises(tl.DeclarationError, match=r"T001 m\.t TTL"):
        slip()


def test_a_rule_of_the_ttl_does_one_thing():
    with pytest.raises(tl.DeclarationError, match="T072 TTL"):
        tl.Ttl(later, recompress="ZSTD(9)", to_disk="cold")


@pytest.mark.parametrize(
    "slip",
    [
        lambda: tl.Table("m.t", [tl.column(t.String, name="a", codec="ZSTD(3")], engine=MergeTree(order_by=())),
        lambda: tl.Table("m.t", [tl.column(t.String, name="a", codec="ZSTD(3) -- small")], engine=MergeTree(order_by=())),
        lambda: expiring({"recompress": "ZSTD(9"}),
        lambda: table(indexes=tl.Index("i", Row.shop, "set(10")),
        lambda: table(indexes=tl.Index("i", Row.shop, "minmax; DROP TABLE x")),
        lambda: table(indexes=tl.Index("i", Row.shop, "")),
        lambda: table(projections=tl.Projection("p", "SELEC shop")),
        lambda: table(projections=tl.Projection("p", "SELECT shop, count() GROUP BY (shop")),
        lambda: table(projections=tl.Projection("p", "SELECT shop FROM m.t ORDER BY shop")),
    ],
)  # fmt: skip
def test_text_of_a_clause_never_runs_into_the_next_one(slip):
    with pytest.raises(tl.DeclarationError, match=r"T077 m\.t"):
        slip()


@pytest.mark.parametrize(
    "how",
    [
        {"indexes": (tl.Index("x", Row.shop, "minmax"), tl.Index("x", Row.at, "minmax"))},
        {"projections": (tl.Projection("x", "SELECT shop ORDER BY shop"), tl.Projection("x", "SELECT at ORDER BY at"))},
        {"constraints": (tl.Constraint("x", Row.id > 0), tl.Constraint("x", Row.id > 1))},
    ],
)
def test_two_of_one_name_are_told(how):
    with pytest.raises(tl.DeclarationError, match=r"T078 m\.t: two [a-z]+ are named 'x'"):
        table(**how)


@pytest.mark.parametrize("end", ["FORMAT JSON", "INTO OUTFILE 'x.csv'", "SETTINGS max_threads = 1 FORMAT Null"])
def test_a_select_that_says_where_its_result_goes_is_no_part_of_an_object(end):
    """The server drops the clause (26.9), so every later plan would tell a difference that nobody made."""
    query = tl.sql(f"SELECT id FROM {{rows}} {end}", rows=rows)
    body = [tl.column(t.UInt64, name="id")]
    for declare in (
        lambda: tl.View("m.v", query=query),
        lambda: tl.MaterializedView("m.v", body, query=query, engine=MergeTree(order_by=())),
        lambda: tl.RefreshableView("m.v", body, query=query, **HOURLY),
        lambda: tl.Dictionary("m.d", [*body, tl.column(t.String, name="s")], source=query, primary_key="id"),
    ):
        with pytest.raises(tl.TillaError) as told:
            declare()
        assert "T209" in [m.code for m in told.value.mistakes]


# --- defaults: the number that is declared is the number that is stored ---

NUMBERS = [
    (t.UInt8, 255, True), (t.UInt8, 256, False), (t.UInt8, -1, False), (t.Int8, -128, True), (t.Int8, 128, False), (t.UInt8, 1.5, False), (t.UInt8, 2.0, True),
    (t.Nullable(t.UInt16), 70_000, False), (t.LowCardinality(t.UInt8), 300, False), (t.UInt256, 2**255, True), (t.Int256, 2**255, False),
    (t.Decimal(9, 2), Decimal("1.25"), True), (t.Decimal(9, 2), Decimal("1.005"), False), (t.Decimal(9, 2), 1.005, False), (t.Decimal(9, 2), 1.5, True),
    (t.Decimal(4, 2), 12345, False), (t.Decimal(76, 10), Decimal("1234567890123456789012345678901234.0123456789"), True), (t.Decimal(9, 2), Decimal("NaN"), False),
    (t.UInt8, float("inf"), False), (t.Float64, 1.5, True), (t.String, 5, True), (t.UInt8, True, True),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "fits"), NUMBERS)
def test_a_default_is_stored_as_the_number_that_was_declared(engine, database, kind, value, fits):
    """ClickHouse casts a default without a word: -1 in a UInt8 is 255."""
    if not fits:
        with pytest.raises(tl.DeclarationError, match="T130"):
            tl.column(kind, name="x", default=value)
        return
    body = [tl.column(t.UInt8, name="k"), tl.column(kind, name="x", default=value)]
    stored = tl.Table(f"{database}.t", body, engine=MergeTree(order_by=()))
    tl.apply(tl.plan(tl.project("p", stored), engine), engine)
    engine.insert(database, "t", [{"k": 1}])
    found = engine.scalar(f"SELECT x FROM {stored.name}")
    assert found == (str(value) if kind is t.String else value)


# --- finished measures ---


class Latest(tl.Columns):
    id = tl.derive(Row.id)
    shop = tl.derive(Row.shop)
    total = tl.derive(Row.total)
    at = tl.derive(Row.at)


latest = tl.MaterializedView(
    "m.latest", Latest, source=rows, engine=ReplacingMergeTree(order_by=Latest.id, version=Latest.at)
)


class Revenue(tl.Columns):
    shop = tl.derive(Latest.shop)
    revenue = tl.measure(f.sum(Latest.total))


class All(tl.Columns):
    shops = tl.measure(f.count())
    revenue = tl.measure(f.sum(Revenue.revenue.value))


revenue = tl.RefreshableView(
    "m.revenue", Revenue, source=latest, final=True, refresh=tl.every(hours=1), engine=MergeTree(order_by=Revenue.shop)
)
everything = tl.RefreshableView(
    "m.everything", All, source=revenue, refresh=tl.every(hours=1), engine=MergeTree(order_by=())
)

sale = {"id": 1, "at": "2026-03-01 10:00:00", "shop": "a", "total": "10.00"}
LANDED = {
    rows: [
        sale,
        sale,
        sale | {"at": "2026-03-02 10:00:00", "total": "12.50"},
        sale | {"id": 2, "shop": "b", "total": "5.00"},
    ]
}


def test_a_refreshable_view_reads_the_finished_measures_of_another():
    """By hand: order 1 was edited to 12.50 and counts once, order 2 is 5.00: two shops, 17.50."""
    assert given(LANDED).read(everything) == [{"shops": 2, "revenue": Decimal("17.50")}]
    with pytest.raises(tl.DeclarationError, match=r"revenue\.value over finished values"):
        f.sum(Revenue.revenue)


# --- given: a query brings all that is behind it ---


def test_a_query_over_states_is_filled_by_its_aggregation():
    """It read the table of states alone, which nothing fills, and gave no rows."""
    assert given(LANDED).read(daily.select(Daily.shop, Daily.ids.merge().as_("n"))) == [
        {"shop": "a", "n": 1},
        {"shop": "b", "n": 1},
    ]
    view = tl.View("m.shops", query=daily.select(Daily.ids.merge().as_("n")))
    assert given(LANDED).read(view) == [{"n": 2}]
    assert given(LANDED).read(daily.state.select(Daily.ids.merge().as_("n"))) == [{"n": 2}]
    assert given(LANDED).read(view, history=True) == [{"n": 2}]


def test_the_table_of_a_view_is_filled_by_the_view():
    assert [row["total"] for row in given(LANDED).read(latest.target)] == [Decimal("12.50"), Decimal("5.00")]


def test_sql_by_hand_and_joins_bring_their_relations():
    by_hand = tl.sql(
        "SELECT sum(ids) AS n FROM {daily} WHERE shop IN (SELECT shop FROM {revenue})", daily=daily, revenue=revenue
    )
    assert given(LANDED).read(by_hand) == [{"n": 2}]
    joined = revenue.select(
        revenue[Revenue.shop].as_("shop"), Revenue.revenue.value.as_("revenue"), latest[Latest.id].as_("id")
    )
    joined = joined.join(latest, revenue[Revenue.shop] == latest[Latest.shop]).where(latest[Latest.id] == 2)
    assert given(LANDED).read(joined) == [{"shop": "b", "revenue": Decimal("5.00"), "id": 2}]


BY_HAND = tl.sql("SELECT id FROM {rows}", rows=rows)
ID = [tl.column(t.UInt64, name="id")]
other = tl.Source("r.other", Row)


@pytest.mark.parametrize(
    "slip",
    [
        lambda: tl.MaterializedView("m.v", ID, query=BY_HAND, where=Row.id > 1, engine=MergeTree(order_by=())),
        lambda: tl.MaterializedView("m.v", ID, query=BY_HAND, source=other, engine=MergeTree(order_by=())),
        lambda: tl.MaterializedView("m.v", ID, query=rows.select(Row.id), source=other, engine=MergeTree(order_by=())),
        lambda: tl.RefreshableView("m.v", ID, query=BY_HAND, where=Row.id > 1, **HOURLY),
        lambda: tl.RefreshableView("m.v", ID, query=BY_HAND, final=True, **HOURLY),
        lambda: tl.RefreshableView("m.v", ID, query=BY_HAND, source=other, **HOURLY),
        lambda: tl.MaterializedView("m.v", [tl.derive(Row.id, name="id")], source=rows, to=table(), indexes=tl.Index("i", Row.id, "minmax")),
    ],
)  # fmt: skip
def test_an_option_that_would_be_left_out_is_refused(slip):
    """The rows that `where` was to keep out were all there; the view was said to be fired by a table that it does not read."""
    with pytest.raises(tl.DeclarationError) as told:
        slip()
    assert [m.code for m in told.value.mistakes] == ["T210"]


def test_a_source_that_says_what_the_query_says_is_fine():
    view = tl.MaterializedView("m.v", ID, query=BY_HAND, source=rows, engine=MergeTree(order_by=()))
    assert view.trigger.source is rows


def test_explain_of_a_project_without_history_says_so(desk):
    """It printed nothing at all, as if it had not run."""
    name = desk.write("""
project = tl.project("p", tl.Source("d.raw", Raw))
""")
    ran = desk.tilla("backfill", name, "--explain")
    assert (ran.code, ran.out) == (0, "nothing has a history to fill\n")
