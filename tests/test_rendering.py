"""What a declaration prints: order, bytes, names, and the traps of aliases. Needs no engine."""

from __future__ import annotations

import itertools
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import tilla as tl
from tests import shop_project as shop
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.engines import AggregatingMergeTree, MergeTree, ReplacingMergeTree
from tilla.testing.golden import Golden

GOLDEN = Golden(Path(__file__).parent / "golden")


def test_the_whole_script_is_the_golden_file():
    """Any change of emitted SQL shows as a diff of SQL."""
    GOLDEN.check("provisioning_flow.sql", tl.render(shop.project, with_sources=True))


def test_declaration_order_never_matters():
    """Every order of the same objects gives the same bytes."""
    objects = [shop.raw_events, shop.events, shop.daily, shop.revenue]
    texts = {tl.render(tl.project("shop", *order)) for order in itertools.permutations(objects)}
    assert len(texts) == 1


def test_every_source_precedes_its_reader():
    """The creation order of statements follows the graph."""
    order = [s.creates for s in tl_statements(shop.project)]
    for part in shop.project.parts:
        for edge in part.edges():
            assert order.index((edge.database, edge.name)) < order.index(part.path), (edge, part)


def tl_statements(project):
    from tilla.ddl.script import Script

    return [s for s in Script(project, with_sources=True).statements() if s.creates]


def test_the_same_bytes_under_any_hash_seed():
    """Nothing in the output depends on the order of a set or a dict of hashes."""
    code = "import tilla as tl; from tests import shop_project as s; import sys; sys.stdout.write(tl.render(s.project))"
    root = Path(__file__).parents[1]
    outs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(outs) == 1


# --- aliases ---


class Row(tl.Columns):
    ts = tl.column(t.DateTime)
    amount = tl.column(t.Int64)


rows = tl.Source("raw.rows", Row)


def view(body, **how):
    return tl.MaterializedView("data.rows", body, source=rows, engine=MergeTree(order_by=()), **how)


def test_an_alias_never_captures_a_source_column():
    """`toDate(ts) AS ts` beside another use of ts: ClickHouse would give that use the date."""

    class Body(tl.Columns):
        ts = tl.derive(f.to_date(Row.ts))
        hour = tl.derive(f.to_hour(Row.ts))

    sql = view(Body, where=Row.ts > 5).trigger_query.sql()
    assert "toDate(rows.ts) AS ts" in sql
    assert "toHour(rows.ts) AS hour" in sql
    assert "WHERE rows.ts > 5" in sql


def test_own_earlier_columns_are_written_out():
    """`b = derive(a + 1)` means the derived a, also when the source has a column a."""

    class Body(tl.Columns):
        amount = tl.derive(Row.amount * 2)
        more = tl.derive(amount + 1)

    assert "(rows.amount * 2) + 1 AS more" in view(Body).trigger_query.sql()


def test_groups_by_the_expression_where_the_name_is_taken():
    """GROUP BY ts would group by the source's column or the alias, by a setting."""

    class Body(tl.Columns):
        ts = tl.derive(f.to_date(Row.ts))
        amount = tl.measure(f.max(Row.amount))

    aggregation = tl.Aggregation("data.daily", Body, source=rows)
    assert aggregation.state_query.sql().endswith("GROUP BY toDate(rows.ts)")
    assert "maxState(rows.amount) AS amount" in aggregation.state_query.sql()


def test_brackets_where_clickhouse_would_group_otherwise():
    """Python's grouping survives printing."""
    a, b = Row.amount, Row.amount
    assert ((a + b) * 2).sql() == "(amount + amount) * 2"
    assert (a - (b - 1)).sql() == "amount - (amount - 1)"
    assert ((a > 1) & ((b > 2) | (a < 3))).sql() == "amount > 1 AND (amount > 2 OR amount < 3)"
    assert (~((a > 1) & (b > 2))).sql() == "not(amount > 1 AND amount > 2)"
    assert ((a > 1) == (b > 2)).sql() == "(amount > 1) = (amount > 2)"


def test_function_names_come_out_as_written():
    """A03, A20: sqlglot's own nodes would print randCanonical, CASE, dateTrunc."""
    assert f.raw("rand").sql() == "rand()"
    assert f.to_monday(Row.ts).sql() == "toMonday(ts)"
    assert f.if_(Row.amount > 1, 1, 0).sql() == "if(amount > 1, 1, 0)"


def test_a_decimal_literal_is_a_decimal():
    """A bare 1.50 would be a Float64 for ClickHouse, and the sum with it too."""
    assert (Row.amount * Decimal("1.50")).sql() == "amount * toDecimal32('1.50', 2)"


def test_an_interval_is_a_call():
    """A04: INTERVAL '1' MONTH is stored as toIntervalMonth('1') and differs from the declaration for ever."""
    engine = MergeTree(order_by=(Row.ts,), ttl=Row.ts + f.raw("toIntervalMonth", 1, type=t.IntervalMonth))
    text = tl.render(tl.project("p", tl.Table("d.t", Row, engine=engine)))
    assert "TTL ts + toIntervalMonth(1)" in text


def test_settings_stand_once_and_sorted():
    """A13: a second SETTINGS clause would be read as settings of the query."""
    engine = MergeTree(order_by=(Row.ts,), settings={"ttl_only_drop_parts": True, "index_granularity": 1024})
    text = tl.render(tl.project("p", tl.Table("d.t", Row, engine=engine)))
    assert text.count("SETTINGS") == 1
    assert "SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1" in text


def test_sql_by_hand_stays_byte_for_byte():
    """A20: comments, case and spacing of a hand-written SELECT are the user's."""
    written = "select  toMonday(ts) as w , median(amount) AS m -- note\nfrom {rows}\tgroup  by w"
    body = [tl.column(t.Date, name="w"), tl.column(t.Float64, name="m")]
    made = tl.RefreshableView(
        "a.weekly", body, refresh=tl.every(days=1), engine=MergeTree(order_by=()), query=tl.sql(written, rows=rows)
    )
    assert written.replace("{rows}", "raw.rows") in tl.render(tl.project("p", rows, made))


# --- renaming ---


def test_rename_reaches_references_text_and_nested_uses():
    """--rename moves every name: objects, references, names written in SQL by hand, IN sets."""
    ids = tl.Table("data.ids", [tl.column(t.Int64, name="id")], engine=MergeTree(order_by=()))

    class Body(tl.Columns):
        ts = tl.derive(Row.ts)
        known = tl.derive(Row.amount.is_in(ids))

    made = tl.MaterializedView(
        "data.rows", Body, source=rows, engine=ReplacingMergeTree(version=Body.ts, order_by=(Body.known,))
    )
    query = tl.sql(
        "SELECT ts FROM {made} FINAL WHERE ts IN (SELECT ts FROM data.rows) AND 'data.rows' != ''", made=made
    )
    by_hand = tl.View("a.v", [tl.column(t.DateTime, name="ts")], query=query)
    text = tl.render(tl.project("p", rows, ids, made, by_hand).rename({"data": "acme-1", "raw": "landing"}))
    assert "FROM `acme-1`.rows FINAL WHERE ts IN (SELECT ts FROM `acme-1`.rows) AND 'data.rows' != ''" in text
    assert "FROM landing.rows" in text
    assert "amount IN (`acme-1`.ids)" in text or "amount IN `acme-1`.ids" in text
    assert "data.ids" not in text


# --- what is refused ---


def codes(action) -> list[str]:
    with pytest.raises(errors.TillaError) as caught:
        action()
    return [m.code for m in caught.value.mistakes]


def test_all_mistakes_of_one_object_come_together():
    """An unknown column and a Nullable key are told in one go."""

    class Bad(tl.Columns):
        key = tl.column(t.Nullable(t.String))
        other = tl.column(t.String)

    def declare():
        tl.Table("d.t", Bad, engine=MergeTree(order_by=(Bad.key, Row.amount)))

    assert sorted(codes(declare)) == ["T001", "T026"]


def test_a_missing_order_by_is_refused():
    """A MergeTree without ORDER BY fails on the server; here it says what to write."""
    assert codes(lambda: tl.Table("d.t", Row, engine=MergeTree())) == ["T025"]


def test_a_measure_is_no_value():
    """A stored state in an expression is refused with .merge() as the way."""
    assert codes(lambda: shop.daily.select(shop.DailyEvents.events)) == ["T006"]
    assert codes(lambda: Row.amount + shop.DailyEvents.events) == ["T006"]


def test_a_body_names_its_misfits():
    """Every attribute that is no column is told, with its place."""

    def declare():
        class Bad(tl.Columns):
            x = 5
            y = "text"

    assert codes(declare) == ["T013", "T013"]


def test_dangling_names_and_double_names_come_together():
    """A source that is not in the project."""
    assert "T302" in codes(lambda: tl.project("p", shop.events, shop.daily))
    assert codes(lambda: tl.project("p", rows, tl.Source("raw.rows", Row))) == ["T304"]


def test_a_cycle_is_told_with_its_path():
    """Two views that read each other."""
    body = [tl.column(t.Int64, name="x")]
    one = tl.View("d.one", body, query=tl.sql("SELECT x FROM d.two"))
    two = tl.View("d.two", body, query=tl.sql("SELECT x FROM d.one"))
    with pytest.raises(errors.GraphError, match=r"d\.one -> d\.two -> d\.one"):
        tl.project("p", one, two)


def test_an_f_string_of_a_relation_is_refused():
    """It would lose the reference that order and backfill need."""
    assert codes(lambda: tl.sql(f"SELECT * FROM {rows}")) == ["T004"]
    assert codes(lambda: f"{Row.amount}") == ["T004"]


def test_sums_over_versions_and_moving_keys_are_refused():
    """B14 and the measured double count: an edited entity in two groups."""

    class Sums(tl.Columns):
        day = tl.derive(f.to_date(shop.Event.occurred_at))
        total = tl.measure(f.sum(shop.Event.value))

    assert codes(lambda: tl.Aggregation("a.s", Sums, source=shop.events, stable=(shop.Event.occurred_at,))) == ["T043"]

    class Moving(tl.Columns):
        profile = tl.derive(f.if_null(shop.Event.profile_id, ""))
        events = tl.measure(f.uniq_exact(shop.Event.event_id))

    assert codes(lambda: tl.Aggregation("a.m", Moving, source=shop.events)) == ["T042"]


def test_not_incremental_selects_are_refused():
    """B13, B22, B10: what ClickHouse computes per block."""
    body = [tl.column(t.Int64, name="amount")]

    def declare(text):
        return lambda: tl.MaterializedView("d.m", body, engine=MergeTree(order_by=()), query=tl.sql(text, rows=rows))

    assert codes(declare("SELECT amount FROM {rows} FINAL")) == ["T039"]
    assert codes(declare("SELECT row_number() OVER (ORDER BY amount) AS amount FROM {rows}")) == ["T039"]
    assert codes(declare("SELECT l.amount AS amount FROM {rows} AS l, {rows} AS r")) == ["T039"]
    assert codes(declare("SELECT amount + 1 FROM {rows}")) == ["T049"]
    assert codes(declare("SELECT * FROM {rows}")) == ["T049"]


def test_a_view_on_a_view_never_fires():
    """B11: ClickHouse accepts it and it stays empty."""
    seen = tl.View("d.seen", query=rows.select(Row.amount))

    class Body(tl.Columns):
        amount = tl.derive(Row.amount)

    assert codes(lambda: tl.MaterializedView("d.m", Body, source=seen, engine=MergeTree(order_by=()))) == ["T036"]


def test_names_and_types_of_a_target_are_checked_offline():
    """B01, B04, B06: names that the target lacks, a value where a state is stored, another argument type."""
    target = tl.Table(
        "d.target",
        [tl.column(t.Int64, name="amount"), tl.column(t.AggregateFunction("uniq", t.UInt64), name="users")],
        engine=AggregatingMergeTree(order_by=tl.column(t.Int64, name="amount")),
    )

    def declare(**columns):
        body = tl.columns_of(*(tl.derive(e, name=n) for n, e in columns.items()))
        return lambda: tl.MaterializedView("d.m", body, source=rows, to=target)

    assert codes(declare(amuont=Row.amount)) == ["T001"]
    assert codes(declare(users=Row.amount)) == ["T040"]
    assert codes(declare(amount=Row.amount.cast(t.Int32))) == ["T040"]


def test_two_defaults_are_refused():
    """A column has one of DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL."""
    assert codes(lambda: tl.column(t.Int64, default=1, materialized=2)) == ["T010"]


@pytest.mark.parametrize("name", ["orders", "a.b.c", "", 5])
def test_a_name_needs_its_database(name):
    """A name without a database would depend on the session (E06)."""
    assert codes(lambda: tl.Source(name, Row))[0] in ("T020", "T021")


def test_version_of_replacing_makes_history_safe_and_its_lack_does_not():
    """Overlap safety follows from the declaration and is said in one sentence."""
    from tilla.ddl import history

    class Body(tl.Columns):
        amount = tl.derive(Row.amount)
        ts = tl.derive(Row.ts)

    def verdict(engine):
        return history.verdict(tl.MaterializedView("d.m", Body, source=rows, engine=engine))

    assert verdict(ReplacingMergeTree(version=Body.ts, order_by=(Body.amount,))).safe
    assert not verdict(ReplacingMergeTree(order_by=(Body.amount,))).safe
    assert not verdict(MergeTree(order_by=(Body.amount,))).safe
    assert history.verdict(shop.daily).safe
