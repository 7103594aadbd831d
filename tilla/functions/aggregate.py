"""Aggregate functions. Their combinators (``-If``, ``-OrNull``, ``-State``, ...) are methods of the call.

Parameters, which ClickHouse writes in brackets of their own, come after the arguments here:
``f.quantile(x, 0.9)`` is ``quantile(0.9)(x)``. Arrays of values, quantiles, statistics and sequences of events have modules
of their own.
"""

# mypy: disable-error-code="overload-overlap"
# The first overload that fits counts, and that is meant: `Expr[Never]` fits only an expression of unknown type.

from __future__ import annotations

from decimal import Decimal
from typing import Any, Never, overload

from tilla import errors
from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import M, Mo, N, T, given, some

# --- counting ---


def count(x: Expr[Any] | None = None) -> Aggregate[int]:
    """``count()``: rows; ``count(x)``: rows where ``x`` is not NULL."""
    return Aggregate("count", () if x is None else (x,))


def count_if(condition: Expr[bool | None]) -> Aggregate[int]:
    """``countIf(condition)``: rows where the condition holds."""
    return count().if_(condition)


def uniq(*x: Expr[Any]) -> Aggregate[int]:
    """``uniq(x, ...)``: distinct values, with an error of about 1 %; NULL is not counted."""
    return Aggregate("uniq", some("uniq", x))


def uniq_exact(*x: Expr[Any]) -> Aggregate[int]:
    """``uniqExact(x, ...)``: distinct values, exactly; the state keeps every value. NULL is not counted."""
    return Aggregate("uniqExact", some("uniq_exact", x))


def uniq_exact_if(x: Expr[Any], condition: Expr[bool | None]) -> Aggregate[int]:
    """``uniqExactIf(x, condition)``: distinct values among the rows where the condition holds."""
    return uniq_exact(x).if_(condition)


def uniq_combined(*x: Expr[Any], precision: int | None = None) -> Aggregate[int]:
    """``uniqCombined(precision)(x, ...)``: distinct values approximately, in less memory than ``uniq``."""
    return Aggregate("uniqCombined", some("uniq_combined", x), given(precision))


def uniq_combined64(*x: Expr[Any], precision: int | None = None) -> Aggregate[int]:
    """``uniqCombined64(precision)(x, ...)``: as ``uniqCombined``, right for more than hundreds of millions too."""
    return Aggregate("uniqCombined64", some("uniq_combined64", x), given(precision))


def uniq_hll12(*x: Expr[Any]) -> Aggregate[int]:
    """``uniqHLL12(x, ...)``: distinct values by HyperLogLog in 2.5 KB; the error grows for few and for many."""
    return Aggregate("uniqHLL12", some("uniq_hll12", x))


def uniq_up_to(x: Expr[Any], n: int) -> Aggregate[int]:
    """``uniqUpTo(n)(x)``: distinct values exactly while there are ``n`` at most, else ``n + 1``."""
    return Aggregate("uniqUpTo", (x,), (n,))


def group_bitmap(x: Expr[int | None]) -> Aggregate[int]:
    """``groupBitmap(x)``: distinct integers, kept as a Roaring bitmap. The count has the argument's type and may
    overflow it: widen a UInt8 first.
    """
    return Aggregate("groupBitmap", (x,))


# --- sums and averages ---


@overload
def sum(x: Expr[Never]) -> Aggregate[Any]: ...
@overload
def sum(x: Expr[bool]) -> Aggregate[int]: ...
@overload
def sum(x: Expr[bool | None]) -> Aggregate[int | None]: ...
@overload
def sum(x: Expr[M]) -> Aggregate[M]: ...
def sum(x: Expr[Any]) -> Aggregate[Any]:
    """``sum(x)``: integers widen to 64 bits, Decimals to 38 digits, floats to Float64; NULL is left out."""
    return Aggregate("sum", (x,))


@overload
def sum_if(x: Expr[Never], condition: Expr[bool | None]) -> Aggregate[Any]: ...
@overload
def sum_if(x: Expr[bool], condition: Expr[bool | None]) -> Aggregate[int]: ...
@overload
def sum_if(x: Expr[bool | None], condition: Expr[bool | None]) -> Aggregate[int | None]: ...
@overload
def sum_if(x: Expr[M], condition: Expr[bool | None]) -> Aggregate[M]: ...
def sum_if(x: Expr[Any], condition: Expr[bool | None]) -> Aggregate[Any]:
    """``sumIf(x, condition)``: the sum over the rows where the condition holds."""
    return sum(x).if_(condition)


def sum_with_overflow(x: Expr[M]) -> Aggregate[M]:
    """``sumWithOverflow(x)``: the sum in the argument's own type, which wraps around."""
    return Aggregate("sumWithOverflow", (x,))


def sum_kahan(x: Expr[float | None]) -> Aggregate[float]:
    """``sumKahan(x)``: a float sum that keeps the error of rounding small."""
    return Aggregate("sumKahan", (x,))


def sum_count(x: Expr[N | None]) -> Aggregate[tuple[N, int]]:
    """``sumCount(x)``: the sum and the number of values, as a tuple."""
    return Aggregate("sumCount", (x,))


def sum_array(x: Expr[list[N]]) -> Aggregate[N]:
    """``sumArray(x)``: the sum of all elements of all arrays."""
    return Aggregate("sum", (x,), (), ("Array",))


def sum_for_each(x: Expr[list[N]]) -> Aggregate[list[N]]:
    """``sumForEach(x)``: the sum position by position; the result is as long as the longest array."""
    return Aggregate("sum", (x,), (), ("ForEach",))


def sum_map(x: Expr[dict[Any, M]]) -> Aggregate[dict[Any, M]]:
    """``sumMap(x)``: the sum key by key of a Map."""
    return Aggregate("sum", (x,), (), ("Map",))


def sum_mapped_arrays(keys: Expr[list[Any]], *values: Expr[list[Any]]) -> Aggregate[tuple[Any, ...]]:
    """``sumMappedArrays(keys, values, ...)``: the sums key by key, as a tuple of sorted keys and their sums."""
    return Aggregate("sumMappedArrays", (keys, *values))


@overload
def avg(x: Expr[Never]) -> Aggregate[Any]: ...
@overload
def avg(x: Expr[int] | Expr[float] | Expr[Decimal]) -> Aggregate[float]: ...
@overload
def avg(x: Expr[int | None] | Expr[float | None] | Expr[Decimal | None]) -> Aggregate[float | None]: ...
@overload
def avg(x: Expr[Mo]) -> Aggregate[Mo]: ...
def avg(x: Expr[Any]) -> Aggregate[Any]:
    """``avg(x)``: the mean as Float64, of Decimals too; nan where there is no row (``.or_null()`` for NULL)."""
    return Aggregate("avg", (x,))


@overload
def avg_if(x: Expr[Never], condition: Expr[bool | None]) -> Aggregate[Any]: ...
@overload
def avg_if(x: Expr[int] | Expr[float] | Expr[Decimal], condition: Expr[bool | None]) -> Aggregate[float]: ...
@overload
def avg_if(
    x: Expr[int | None] | Expr[float | None] | Expr[Decimal | None], condition: Expr[bool | None]
) -> Aggregate[float | None]: ...
@overload
def avg_if(x: Expr[Mo], condition: Expr[bool | None]) -> Aggregate[Mo]: ...
def avg_if(x: Expr[Any], condition: Expr[bool | None]) -> Aggregate[Any]:
    """``avgIf(x, condition)``: the mean over the rows where the condition holds."""
    return avg(x).if_(condition)


def avg_weighted(
    x: Expr[int | None] | Expr[float | None], weight: Expr[int | None] | Expr[float | None]
) -> Aggregate[float]:
    """``avgWeighted(x, weight)``: the weighted mean."""
    return Aggregate("avgWeighted", (x, weight))


# --- extremes and single values ---


def min(x: Expr[T]) -> Aggregate[T]:
    """``min(x)``: the smallest value."""
    return Aggregate("min", (x,))


def max(x: Expr[T]) -> Aggregate[T]:
    """``max(x)``: the largest value."""
    return Aggregate("max", (x,))


def min_if(x: Expr[T], condition: Expr[bool | None]) -> Aggregate[T]:
    """``minIf(x, condition)``: the smallest value among the rows where the condition holds."""
    return min(x).if_(condition)


def max_if(x: Expr[T], condition: Expr[bool | None]) -> Aggregate[T]:
    """``maxIf(x, condition)``: the largest value among the rows where the condition holds."""
    return max(x).if_(condition)


def min_map(x: Expr[dict[Any, T]]) -> Aggregate[dict[Any, T]]:
    """``minMap(x)``: the smallest value key by key of a Map."""
    return Aggregate("min", (x,), (), ("Map",))


def max_map(x: Expr[dict[Any, T]]) -> Aggregate[dict[Any, T]]:
    """``maxMap(x)``: the largest value key by key of a Map."""
    return Aggregate("max", (x,), (), ("Map",))


def arg_min(x: Expr[T], key: Expr[Any]) -> Aggregate[T]:
    """``argMin(x, key)``: ``x`` of the row with the smallest ``key``; rows where ``x`` or ``key`` is NULL are
    passed over (take a tuple of ``x`` to keep its NULL).
    """
    return Aggregate("argMin", (x, key))


def arg_max(x: Expr[T], key: Expr[Any]) -> Aggregate[T]:
    """``argMax(x, key)``: ``x`` of the row with the largest ``key``; rows where ``x`` or ``key`` is NULL are
    passed over (take a tuple of ``x`` to keep its NULL).
    """
    return Aggregate("argMax", (x, key))


def arg_max_if(x: Expr[T], key: Expr[Any], condition: Expr[bool | None]) -> Aggregate[T]:
    """``argMaxIf(x, key, condition)``: ``argMax`` among the rows where the condition holds."""
    return arg_max(x, key).if_(condition)


def any(x: Expr[T]) -> Aggregate[T]:
    """``any(x)``: the first value that comes, not NULL; which one that is may differ from run to run."""
    return Aggregate("any", (x,))


def any_last(x: Expr[T]) -> Aggregate[T]:
    """``anyLast(x)``: the last value that comes, not NULL."""
    return Aggregate("anyLast", (x,))


def any_respect_nulls(x: Expr[T]) -> Aggregate[T]:
    """``any_respect_nulls(x)``: the first value that comes, NULL or not."""
    return Aggregate("any_respect_nulls", (x,))


def any_last_respect_nulls(x: Expr[T]) -> Aggregate[T]:
    """``anyLast_respect_nulls(x)``: the last value that comes, NULL or not."""
    return Aggregate("anyLast_respect_nulls", (x,))


def first_value(x: Expr[T]) -> Aggregate[T]:
    """``first_value(x)``: ``any`` under the name that is used over windows."""
    return Aggregate("first_value", (x,))


def last_value(x: Expr[T]) -> Aggregate[T]:
    """``last_value(x)``: ``anyLast`` under the name that is used over windows."""
    return Aggregate("last_value", (x,))


def any_heavy(x: Expr[T]) -> Aggregate[T]:
    """``anyHeavy(x)``: a value that most rows have, where there is one."""
    return Aggregate("anyHeavy", (x,))


def single_value_or_null(x: Expr[T]) -> Aggregate[T | None]:
    """``singleValueOrNull(x)``: the value when all rows have the same, else NULL."""
    return Aggregate("singleValueOrNull", (x,))


# --- bits ---


def group_bit_and(x: Expr[int | None]) -> Aggregate[int]:
    """``groupBitAnd(x)``: the bits that all values have."""
    return Aggregate("groupBitAnd", (x,))


def group_bit_or(x: Expr[int | None]) -> Aggregate[int]:
    """``groupBitOr(x)``: the bits that any value has."""
    return Aggregate("groupBitOr", (x,))


def group_bit_xor(x: Expr[int | None]) -> Aggregate[int]:
    """``groupBitXor(x)``: the bits that an odd number of values have."""
    return Aggregate("groupBitXor", (x,))


# --- any other ---


def raw_aggregate(
    name: str, *arguments: object, type: Any = None, parameters: tuple[object, ...] = ()
) -> Aggregate[Any]:
    """Any aggregate function by ClickHouse's name. ``type`` is the type of its result.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(raw_aggregate("flameGraph", Reference("trace", t.Array(t.UInt64)), type=t.Array(t.String)).sql())
    flameGraph(trace)
    """
    if not name.isidentifier():
        raise errors.not_a_name("raw_aggregate", repr(name))
    return Aggregate(name, arguments, parameters, type=type)


__all__ = [
    "any",
    "any_heavy",
    "any_last",
    "any_last_respect_nulls",
    "any_respect_nulls",
    "arg_max",
    "arg_max_if",
    "arg_min",
    "avg",
    "avg_if",
    "avg_weighted",
    "count",
    "count_if",
    "first_value",
    "group_bit_and",
    "group_bit_or",
    "group_bit_xor",
    "group_bitmap",
    "last_value",
    "max",
    "max_if",
    "max_map",
    "min",
    "min_if",
    "min_map",
    "raw_aggregate",
    "single_value_or_null",
    "sum",
    "sum_array",
    "sum_count",
    "sum_for_each",
    "sum_if",
    "sum_kahan",
    "sum_map",
    "sum_mapped_arrays",
    "sum_with_overflow",
    "uniq",
    "uniq_combined",
    "uniq_combined64",
    "uniq_exact",
    "uniq_exact_if",
    "uniq_hll12",
    "uniq_up_to",
]
