"""Aggregate functions over rows as events in time: funnels, retention, sequences, intervals."""

from __future__ import annotations

import datetime as dt

from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import Moment, N, Number, Truth, Whole, some


def window_funnel(
    time: Expr[dt.date | None] | Expr[int | None], *steps: Truth, window: int, mode: str = ""
) -> Aggregate[int]:
    """``windowFunnel(window, mode)(time, step, ...)``: how many steps were taken in order within ``window``
    (seconds of a DateTime, else units of ``time``).
    """
    return Aggregate("windowFunnel", (time, *some("window_funnel", steps)), (window, *((mode,) if mode else ())))


def retention(*conditions: Truth) -> Aggregate[list[int]]:
    """``retention(first, ...)``: for each condition 1 when it and the first one held in some row."""
    return Aggregate("retention", some("retention", conditions))


def sequence_match(pattern: str, time: Moment, *conditions: Truth) -> Aggregate[int]:
    """``sequenceMatch(pattern)(time, condition, ...)``: 1 when the events match, such as ``(?1).*(?2)``."""
    return Aggregate("sequenceMatch", (time, *some("sequence_match", conditions)), (pattern,))


def sequence_count(pattern: str, time: Moment, *conditions: Truth) -> Aggregate[int]:
    """``sequenceCount(pattern)(time, condition, ...)``: how often the events match, without overlap."""
    return Aggregate("sequenceCount", (time, *some("sequence_count", conditions)), (pattern,))


def delta_sum(x: Expr[N | None]) -> Aggregate[N]:
    """``deltaSum(x)``: the sum of rises between rows, in the order in which they come."""
    return Aggregate("deltaSum", (x,))


def delta_sum_timestamp(x: Expr[N | None], time: Moment | Whole) -> Aggregate[N]:
    """``deltaSumTimestamp(x, time)``: the sum of rises between rows, ordered by time; for views over counters."""
    return Aggregate("deltaSumTimestamp", (x, time))


def interval_length_sum(start: Moment | Number, end: Moment | Number) -> Aggregate[float]:
    """``intervalLengthSum(start, end)``: the length of the union of intervals."""
    return Aggregate("intervalLengthSum", (start, end))


def max_intersections(start: Moment | Number, end: Moment | Number) -> Aggregate[int]:
    """``maxIntersections(start, end)``: the largest number of intervals that overlap at a time."""
    return Aggregate("maxIntersections", (start, end))


def exponential_time_decayed_avg(x: Expr[N | None], time: Moment | Number, half: float) -> Aggregate[float]:
    """``exponentialTimeDecayedAvg(half)(x, time)``: a mean in which old values count less."""
    return Aggregate("exponentialTimeDecayedAvg", (x, time), (half,))


def sparkbar(x: Moment | Whole, y: Number, width: int) -> Aggregate[str]:
    """``sparkbar(width)(x, y)``: ``y`` over ``x`` as a text of bars."""
    return Aggregate("sparkbar", (x, y), (width,))


__all__ = [
    "delta_sum",
    "delta_sum_timestamp",
    "exponential_time_decayed_avg",
    "interval_length_sum",
    "max_intersections",
    "retention",
    "sequence_count",
    "sequence_match",
    "sparkbar",
    "window_funnel",
]
