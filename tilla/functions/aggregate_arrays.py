"""Aggregate functions that gather values: into an array, or into one text."""

# mypy: disable-error-code="overload-overlap"
# The first overload that fits counts, and that is meant.

from __future__ import annotations

from decimal import Decimal
from typing import Any, overload

from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import N, T, given


def group_array(x: Expr[T | None], limit: int | None = None) -> Aggregate[list[T]]:
    """``groupArray(limit)(x)``: the values as an array, in no fixed order; NULL is left out."""
    return Aggregate("groupArray", (x,), given(limit))


def group_uniq_array(x: Expr[T | None], limit: int | None = None) -> Aggregate[list[T]]:
    """``groupUniqArray(limit)(x)``: the distinct values as an array, in no fixed order; NULL is left out."""
    return Aggregate("groupUniqArray", (x,), given(limit))


def group_array_last(x: Expr[T | None], limit: int) -> Aggregate[list[T]]:
    """``groupArrayLast(limit)(x)``: the last values that come, as an array."""
    return Aggregate("groupArrayLast", (x,), (limit,))


def group_array_sorted(x: Expr[T | None], limit: int) -> Aggregate[list[T]]:
    """``groupArraySorted(limit)(x)``: the smallest values, in order."""
    return Aggregate("groupArraySorted", (x,), (limit,))


def group_array_sample(x: Expr[T | None], limit: int, seed: int = 123456) -> Aggregate[list[T]]:
    """``groupArraySample(limit, seed)(x)``: a random sample of the values."""
    return Aggregate("groupArraySample", (x,), (limit, seed))


def group_array_insert_at(x: Expr[T], position: Expr[int | None]) -> Aggregate[list[T]]:
    """``groupArrayInsertAt(x, position)``: an array with each value at its position, counted from 0."""
    return Aggregate("groupArrayInsertAt", (x, position))


def group_array_moving_sum(x: Expr[N | None], window: int | None = None) -> Aggregate[list[N]]:
    """``groupArrayMovingSum(window)(x)``: running sums in the order in which rows come."""
    return Aggregate("groupArrayMovingSum", (x,), given(window))


@overload
def group_array_moving_avg(x: Expr[float | None], window: int | None = None) -> Aggregate[list[float]]: ...
@overload
def group_array_moving_avg(x: Expr[Decimal | None], window: int | None = None) -> Aggregate[list[Decimal]]: ...
def group_array_moving_avg(x: Expr[Any], window: int | None = None) -> Aggregate[Any]:
    """``groupArrayMovingAvg(window)(x)``: running means in the order in which rows come."""
    return Aggregate("groupArrayMovingAvg", (x,), given(window))


def group_array_intersect(x: Expr[list[T]]) -> Aggregate[list[T]]:
    """``groupArrayIntersect(x)``: the elements that all arrays have."""
    return Aggregate("groupArrayIntersect", (x,))


def group_array_array(x: Expr[list[T]]) -> Aggregate[list[T]]:
    """``groupArrayArray(x)``: all elements of all arrays as one array."""
    return Aggregate("groupArray", (x,), (), ("Array",))


def group_uniq_array_array(x: Expr[list[T]]) -> Aggregate[list[T]]:
    """``groupUniqArrayArray(x)``: the distinct elements of all arrays as one array."""
    return Aggregate("groupUniqArray", (x,), (), ("Array",))


def group_concat(x: Expr[Any], separator: str = "", limit: int | None = None) -> Aggregate[str]:
    """``groupConcat(separator, limit)(x)``: the values as one text."""
    return Aggregate("groupConcat", (x,), (separator, *given(limit)) if separator or limit else ())


def top_k(x: Expr[T], n: int) -> Aggregate[list[T]]:
    """``topK(n)(x)``: the most frequent values, most frequent first, approximately."""
    return Aggregate("topK", (x,), (n,))


def top_k_weighted(x: Expr[T], weight: Expr[int | None], n: int) -> Aggregate[list[T]]:
    """``topKWeighted(n)(x, weight)``: the values with the largest total weight, approximately."""
    return Aggregate("topKWeighted", (x, weight), (n,))


def approx_top_k(x: Expr[Any], n: int) -> Aggregate[list[dict[str, Any]]]:
    """``approx_top_k(n)(x)``: the most frequent values, each with its count and error."""
    return Aggregate("approx_top_k", (x,), (n,))


def approx_top_sum(x: Expr[Any], weight: Expr[int | None], n: int) -> Aggregate[list[dict[str, Any]]]:
    """``approx_top_sum(n)(x, weight)``: the values with the largest total weight, each with that and its error."""
    return Aggregate("approx_top_sum", (x, weight), (n,))


__all__ = [
    "approx_top_k",
    "approx_top_sum",
    "group_array",
    "group_array_array",
    "group_array_insert_at",
    "group_array_intersect",
    "group_array_last",
    "group_array_moving_avg",
    "group_array_moving_sum",
    "group_array_sample",
    "group_array_sorted",
    "group_concat",
    "group_uniq_array",
    "group_uniq_array_array",
    "top_k",
    "top_k_weighted",
]
