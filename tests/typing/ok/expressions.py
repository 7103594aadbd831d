"""Expressions and combinators, with the types that a checker finds."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, TypeVar, assert_type

import tilla as tl
from tilla import functions as f
from tilla import types as t

T = TypeVar("T")


class Row(tl.Columns):
    word = tl.column(t.String)
    note = tl.column(t.Nullable(t.String))
    count = tl.column(t.UInt32)
    maybe = tl.column(t.Nullable(t.Int64))
    price = tl.column(t.Decimal(18, 2))
    refund = tl.column(t.Nullable(t.Decimal(18, 2)))
    ratio = tl.column(t.Float64)
    flag = tl.column(t.Bool)
    day = tl.column(t.Date)
    at = tl.column(t.DateTime64(3, "UTC"))
    ended = tl.column(t.Nullable(t.DateTime))
    key = tl.column(t.UUID)
    kind = tl.column(t.Enum8("a", "b"))
    tags = tl.column(t.Array(t.String))
    sizes = tl.column(t.Map(t.String, t.UInt8))
    pair = tl.column(t.Tuple(t.String, t.UInt8))
    line = tl.column(t.Array(t.Tuple(sku=t.String, quantity=t.UInt32)))
    document = tl.column(t.JSON)
    sku = tl.column(t.SimpleAggregateFunction("any", t.String))


# --- columns carry the Python type of their values ---

assert_type(Row.word, tl.Column[str])
assert_type(Row.note, tl.Column[str | None])
assert_type(Row.price, tl.Column[Decimal])
assert_type(Row.ended, tl.Column[dt.datetime | None])
assert_type(Row.day, tl.Column[dt.date])
assert_type(Row.key, tl.Column[uuid.UUID])
assert_type(Row.kind, tl.Column[str])
assert_type(Row.tags, tl.Column[list[str]])
assert_type(Row.sizes, tl.Column[dict[str, int]])
assert_type(Row.pair, tl.Column[tuple[str, int]])
assert_type(Row.sku, tl.Column[str])

# --- numbers ---

assert_type(Row.count + 1, tl.Expr[int])
assert_type(1 - Row.count, tl.Expr[int])
assert_type(Row.flag + Row.flag, tl.Expr[int])
assert_type(Row.count + Row.maybe, tl.Expr[int | None])
assert_type(Row.count * Row.price, tl.Expr[Decimal])
assert_type(2 * Row.price, tl.Expr[Decimal])
assert_type(Decimal("0.5") * Row.count, tl.Expr[Decimal])
assert_type(Row.price - Row.refund, tl.Expr[Decimal | None])
assert_type(Row.price * 1.5, tl.Expr[float])
assert_type(Row.price / Row.count, tl.Expr[Decimal])
assert_type(Row.count / 2, tl.Expr[float])
assert_type(Row.ratio / Row.price, tl.Expr[float])
assert_type(Row.refund / 2, tl.Expr[Decimal | None])
assert_type(-Row.price, tl.Expr[Decimal])
assert_type(Row.count % 7, tl.Expr[int])

# --- moments ---

assert_type(Row.day + 1, tl.Expr[dt.date])
assert_type(Row.at + dt.timedelta(hours=1), tl.Expr[dt.datetime])
assert_type(Row.ended - 60, tl.Expr[dt.datetime | None])
assert_type(Row.at - Row.at, tl.Expr[int])
assert_type(f.to_date(Row.at, "Europe/Madrid"), tl.Expr[dt.date])

# --- conditions ---

assert_type(Row.word == "x", tl.Expr[bool])
assert_type(Row.word != Row.note, tl.Expr[bool])
assert_type(Row.kind == "a", tl.Expr[bool])
assert_type(Row.price >= 10, tl.Expr[bool])
assert_type(Row.maybe < Row.ratio, tl.Expr[bool])
assert_type(Row.at > dt.datetime(2026, 1, 1, tzinfo=dt.UTC), tl.Expr[bool])
assert_type(Row.at >= Row.day, tl.Expr[bool])
assert_type(Row.day == "2026-01-01", tl.Expr[bool])
assert_type(Row.key == uuid.UUID(int=1), tl.Expr[bool])
assert_type(Row.tags == ["a"], tl.Expr[bool])
assert_type((Row.price > 1) & Row.flag | ~(Row.word == ""), tl.Expr[bool])
assert_type(Row.word.is_in(["a", "b"]), tl.Expr[bool])
assert_type(Row.count.not_in({1, 2}), tl.Expr[bool])
assert_type(Row.day.between("2026-01-01", dt.date(2026, 12, 31)), tl.Expr[bool])
assert_type(Row.note.is_null(), tl.Expr[bool])
assert_type(Row.word.like("a%"), tl.Expr[bool])

# --- absence and branches ---

assert_type(Row.maybe.if_null(0), tl.Expr[int])
assert_type(Row.refund.if_null(0), tl.Expr[Decimal])
assert_type(Row.note.if_null(""), tl.Expr[str])
assert_type(f.if_null(Row.refund, Decimal(0)), tl.Expr[Decimal])
assert_type(f.if_null(Row.note, Row.word), tl.Expr[str])
assert_type(f.if_(Row.flag, Row.price, 0), tl.Expr[Decimal])
assert_type(f.if_(Row.count, Row.word, ""), tl.Expr[str])
assert_type(f.if_(Row.flag, Row.price, None), tl.Expr[Decimal | None])
assert_type(f.if_(Row.flag, 1, 0), tl.Expr[int])
assert_type(f.greatest(Row.price, 0), tl.Expr[Decimal])
assert_type(f.assume_not_null(Row.maybe), tl.Expr[int])
assert_type(f.case((Row.price > 100, "large"), (Row.price > 10, "middle"), default="small"), tl.Expr[str])
assert_type(f.case((Row.price > 100, "large")), tl.Expr[str | None])
assert_type(f.case((Row.price > 100, Row.price), default=Row.price), tl.Expr[Decimal])
assert_type(f.case((Row.price > 100, Row.refund)), tl.Expr[Decimal | None])
assert_type(f.case((Row.price > 100, 1), default="mixed"), tl.Expr[Any])
assert_type(f.coalesce(Row.note, Row.word), tl.Expr[str])
assert_type(f.coalesce(Row.note, ""), tl.Expr[str])
assert_type(f.coalesce(Row.note, Row.note), tl.Expr[str | None])
assert_type(f.coalesce(Row.note, Row.note, Row.word), tl.Expr[str])
assert_type(f.coalesce(Row.refund, Row.price), tl.Expr[Decimal])
assert_type(f.multi_if(Row.price > 100, Row.word, Row.word), tl.Expr[str])
assert_type(f.multi_if(Row.price > 100, "large", "small"), tl.Expr[str])
assert_type(f.multi_if(Row.price > 100, "large", Row.price > 10, "middle", Row.word), tl.Expr[str])

# --- arrays, maps, tuples, rows of an array ---

assert_type(Row.tags[1], tl.Expr[str])
assert_type(Row.sizes["a"], tl.Expr[int])
assert_type(f.array_filter(lambda tag: tag != "", Row.tags), tl.Expr[list[str]])
f.sum_array(f.array_map(lambda tag: f.length(tag), Row.tags))
assert_type(f.length(Row.tags), tl.Expr[int])
assert_type(tl.each(Row.tags, "tag"), tl.Expr[str])
assert_type(tl.let(Row.price * 2, "_double"), tl.Expr[Decimal])

# --- conversions, JSON text, and what Tilla does not know ---

assert_type(Row.word.cast(t.UInt64), tl.Expr[int])
assert_type(f.to_decimal64(Row.word, 2), tl.Expr[Decimal])
assert_type(f.json_text(Row.note, "a", "b"), tl.Expr[str])
assert_type(f.json_nullable(Row.note, "a"), tl.Expr[str | None])
assert_type(f.raw("anyFunction", Row.word, type=t.UInt8), tl.Expr[int])
unknown = f.raw("anyFunction", Row.word)
assert_type(unknown, tl.Expr[Any])
assert_type(unknown + 1, tl.Expr[Any])
assert_type(unknown / Row.price, tl.Expr[Any])
assert_type(f.if_(Row.flag, unknown, 0), tl.Expr[Any])

# --- aggregates and their combinators ---

assert_type(tl.measure(f.count()), tl.Measure[int])
assert_type(tl.measure(f.sum(Row.price)), tl.Measure[Decimal])
assert_type(tl.measure(f.sum(Row.refund)), tl.Measure[Decimal | None])
assert_type(tl.measure(f.sum(Row.flag)), tl.Measure[int])
assert_type(tl.measure(f.avg(Row.maybe)), tl.Measure[float | None])
assert_type(tl.measure(f.avg(Row.at)), tl.Measure[dt.datetime])
assert_type(tl.measure(f.median(Row.count)), tl.Measure[float])
assert_type(tl.measure(f.quantile(Row.price, 0.9)), tl.Measure[Decimal])
assert_type(tl.measure(f.sum(f.if_(Row.flag, Row.price * Row.count, 0))), tl.Measure[Decimal])
assert_type(tl.measure(f.avg(Row.price)), tl.Measure[float])
assert_type(tl.measure(f.max(Row.at)), tl.Measure[dt.datetime])
assert_type(tl.measure(f.arg_max(Row.word, Row.at)), tl.Measure[str])
assert_type(tl.measure(f.uniq_exact(Row.word).if_(Row.flag)), tl.Measure[int])
assert_type(tl.measure(f.min(Row.price).if_(Row.price > 0).or_null()), tl.Measure[Decimal | None])
assert_type(tl.measure(f.sum(Row.price).distinct()), tl.Measure[Decimal])
assert_type(tl.measure(f.group_uniq_array(Row.word)), tl.Measure[list[str]])
assert_type(tl.measure(f.sum_map(Row.sizes)), tl.Measure[dict[Any, int]])
assert_type(tl.measure(f.quantiles_exact(Row.price, 0.5, 0.9)), tl.Measure[list[Decimal]])


class Totals(tl.Columns):
    word = tl.derive(Row.word)
    total = tl.measure(f.sum(Row.price))


assert_type(Totals.total.merge().sql(), str)
assert_type(Totals.total.merge() / 2, tl.Expr[Decimal])
assert_type(f.sum(Row.price).over(partition_by=Row.word, order_by=Row.at.desc()), tl.Expr[Decimal])
assert_type(f.row_number().over(order_by=(Row.day, Row.at.desc())), tl.Expr[int])


# --- functions of the user's own, over any type ---


def latest(value: tl.Expr[T]) -> tl.Expr[T]:
    return f.arg_max(value, Row.at)


assert_type(latest(Row.note), tl.Expr[str | None])
