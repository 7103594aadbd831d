"""The parts of analytics on tables of one's own: each case computed by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import tilla as tl
from tilla import analytics
from tilla import functions as f
from tilla import types as t
from tilla.analytics import cohorts, last_touch, rfm, sessions, snapshots
from tilla.engines import MergeTree


class Visit(tl.Columns):
    user = tl.column(t.Nullable(t.String))
    at = tl.column(t.DateTime("UTC"))
    page = tl.column(t.String)


class Sale(tl.Columns):
    buyer = tl.column(t.Nullable(t.Int64))
    day = tl.column(t.Date)
    amount = tl.column(t.Decimal(18, 4))
    is_order = tl.column(t.Bool)


def table(engine: Any, database: str, name: str, body: Any, rows: list[tuple[Any, ...]]) -> Any:
    """A table of one's own with rows."""
    made = tl.Source(f"{database}.{name}", body, engine=MergeTree(order_by=()))
    columns = ", ".join(f"{c.name} {c.type}" for c in made.columns)
    engine.execute(f"CREATE TABLE {database}.{name} ({columns}) ENGINE = MergeTree ORDER BY tuple()")
    engine.insert(database, name, [dict(zip(made.column_names, row, strict=True)) for row in rows])
    return made


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=dt.UTC)


def rows(engine: Any, select: tl.Sql, order_by: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in engine.rows(f"SELECT * FROM ({select.sql()}) ORDER BY {order_by}")]


def test_sessions(engine: Any, database: str) -> None:
    """A pause of exactly 30 minutes goes on, one of 31 ends it; midnight ends nothing; nobody has no session."""
    visits = [("a", at(1, 23, 40), "/one"), ("a", at(2, 0, 10), "/two"), ("a", at(2, 0, 41), "/three"),
              ("b", at(1, 9), "/b"), (None, at(1, 9), "/nobody")]  # fmt: skip
    own = table(engine, database, "visits", Visit, visits)
    found = sessions(own, user=Visit.user, at=Visit.at, first={"landing_page": Visit.page})
    assert rows(engine, found, "user, session") == [
        ("a", 1, at(1, 23, 40), at(2, 0, 10), 1800, 2, "/one"),
        ("a", 2, at(2, 0, 41), at(2, 0, 41), 0, 1, "/three"),
        ("b", 1, at(1, 9), at(1, 9), 0, 1, "/b"),
    ]
    shorter = sessions(
        tl.sql("SELECT * FROM {own} WHERE user = 'a'", own=own), user=Visit.user, at=Visit.at, gap_minutes=29
    )
    assert [row[1] for row in rows(engine, shorter, "session")] == [1, 2, 3]


def test_last_touch(engine: Any, database: str) -> None:
    """The newest touch not later than the conversion and not older than the window, both ends included.

    A conversion of nobody has none, though there be a user whose name is empty.
    """
    visits = table(engine, database, "visits", Visit, [
        ("a", at(5, 12), "/old"), ("a", at(9, 12), "/new"), ("a", at(11, 12), "/late"), ("b", at(5, 12), "/just"),
        ("c", at(5, 11, 59), "/too old"), (None, at(9, 12), "/nobody"), ("e", at(10, 12), "/same"), ("e", at(10, 12), "/moment"),
        ("", at(9, 12), "/empty"),
    ])  # fmt: skip
    orders = table(engine, database, "orders", Visit, [(who, at(10, 12), f"order {who}") for who in (*"abce", None)])
    found = last_touch(
        orders, visits, user=Visit.user, at=Visit.at, keep={"who": Visit.user, "what": Visit.page},
        touched_by=Visit.user, touched_at=Visit.at, touch={"page": Visit.page, "source": f.lower(Visit.page)},
    )  # fmt: skip
    assert rows(engine, found, "what") == [
        (None, "order None", None, None, None),
        ("a", "order a", at(9, 12), "/new", "/new"),
        ("b", "order b", at(5, 12), "/just", "/just"),
        ("c", "order c", None, None, None),
        ("e", "order e", at(10, 12), "/same", "/same"),
    ]


SALES: list[tuple[Any, ...]] = [
    (1, dt.date(2026, 1, 31), Decimal(100), True), (1, dt.date(2026, 3, 1), Decimal(50), True),
    (1, dt.date(2026, 3, 2), Decimal(-20), False), (2, dt.date(2026, 1, 1), Decimal(30), True),
    (3, dt.date(2026, 2, 1), Decimal(10), True), (None, dt.date(2026, 1, 1), Decimal(999), True),
    (4, dt.date(2026, 1, 1), Decimal(-5), False), (2, dt.date(2026, 4, 1), Decimal(1), True),
]  # fmt: skip


def test_cohorts(engine: Any, database: str) -> None:
    """January: 1 and 2, 130, none in February, in March 1 came back with 50 and got 20: (130 + 30) / 2 = 80. February: 3 alone.

    Nobody, customer 4 who never ordered, and April are left out; months without anything are there.
    """
    own = table(engine, database, "sales", Sale, SALES)
    how: dict[str, Any] = {"customer": Sale.buyer, "day": Sale.day, "amount": Sale.amount, "is_order": Sale.is_order}
    found = cohorts(own, as_of=f.cast(dt.date(2026, 3, 31), t.Date), **how)
    january, february = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    assert rows(engine, found, "cohort_month, month_offset") == [
        (january, 0, 2, 2, 1.0, 2, Decimal(130), 65.0),
        (january, 1, 2, 0, 0.0, 0, Decimal(0), 65.0),
        (january, 2, 2, 1, 0.5, 1, Decimal(30), 80.0),
        (february, 0, 1, 1, 1.0, 1, Decimal(10), 10.0),
        (february, 1, 1, 0, 0.0, 0, Decimal(0), 10.0),
    ]


class Undated(tl.Columns):
    buyer = tl.column(t.Nullable(t.Int64))
    day = tl.column(t.Nullable(t.Date))
    amount = tl.column(t.Decimal(18, 4))


def test_rows_without_a_day_are_in_no_cohort(engine: Any, database: str) -> None:
    """Customer 1 has an order of January alone: one without a day is none of 1970, and adds nothing to what it is worth."""
    sales = [(1, dt.date(2026, 1, 5), Decimal(10)), (1, None, Decimal(7)), (2, None, Decimal(7))]
    own = table(engine, database, "undated", Undated, sales)
    how: dict[str, Any] = {"customer": Undated.buyer, "day": Undated.day, "amount": Undated.amount}
    as_of = f.cast(dt.date(2026, 1, 31), t.Date)
    assert rows(engine, cohorts(own, as_of=as_of, **how), "month_offset") == [
        (dt.date(2026, 1, 1), 0, 1, 1, 1.0, 1, Decimal(10), 10.0)
    ]
    assert [row[:4] for row in rows(engine, rfm(own, as_of=as_of, **how), "customer")] == [(1, 26, 1, Decimal(10))]


def test_rfm(engine: Any, database: str) -> None:
    """As of March 31. Recency 30, 89, 58: of the cuts 41.2, 52.4, 64.2, 76.6 none, all and two are below: 5, 1, 3.

    Frequency 2, 1, 1: cuts 1, 1, 1.2, 1.6: 5, 1, 1. Money 130, 30, 10: cuts 18, 26, 50, 90: 5, 3, 1.
    """
    own = table(engine, database, "sales", Sale, SALES)
    how: dict[str, Any] = {"customer": Sale.buyer, "day": Sale.day, "amount": Sale.amount, "is_order": Sale.is_order}
    found = rfm(own, as_of=f.cast(dt.date(2026, 3, 31), t.Date), by={"shop": f.lower("ONE")}, **how)
    assert rows(engine, found, "customer") == [
        ("one", 1, 30, 2, Decimal(130), 5, 5, 5, "champions"),
        ("one", 2, 89, 1, Decimal(30), 1, 1, 3, "hibernating"),
        ("one", 3, 58, 1, Decimal(10), 3, 1, 1, "potential"),
    ]


def test_snapshots_give_a_history_to_what_is_rebuilt(engine: Any, database: str) -> None:
    """Each day's rows stay; a second snapshot of a day replaces the first."""
    own = table(engine, database, "visits", Visit, [("a", at(1, 9), "/one")])
    history = snapshots(own, f"{database}.history", key=(Visit.at,), refresh=tl.every(days=1))
    for statement in tl.render(tl.project("past", own, history)).split(";\n"):
        if statement.strip().startswith(("CREATE TABLE", "CREATE MATERIALIZED")) or "CREATE MATERIALIZED" in statement:
            engine.execute(statement)
    for page in ("/two", "/three"):
        engine.execute(f"ALTER TABLE {database}.visits UPDATE page = '{page}' WHERE 1 SETTINGS mutations_sync = 1")
        engine.execute(f"SYSTEM REFRESH VIEW {database}.history")
        engine.execute(f"SYSTEM WAIT VIEW {database}.history")
    assert engine.scalar(f"SELECT count() FROM {database}.history FINAL") == 1
    assert engine.scalar(f"SELECT page FROM {database}.history FINAL") in ("/two", "/three")


def test_the_sources_are_found_by_their_names() -> None:
    """``from tilla import analytics`` is enough; a misspelt name is an AttributeError, not a traceback of an import."""
    assert analytics.klaviyo.campaign_performance
    assert analytics.commerce.customer_360
    with pytest.raises(AttributeError, match="klavio"):
        _ = analytics.klavio
