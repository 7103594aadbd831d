"""Aggregate functions. Their combinators (``-If``, ``-OrNull``, ``-State``, ...) are methods of the call.

Parameters, which ClickHouse writes in brackets of their own, come after the arguments here:
``f.quantile(x, 0.9)`` is ``quantile(0.9)(x)``.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from tilla import errors
from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import Moment, N, Number, T, Truth, Whole

# --- counting ---


def count(x: Expr[Any] | None = None) -> Aggregate[int]:
    """``count()``: rows; ``count(x)``: rows where ``x`` is not NULL."""
    return Aggregate("count", () if x is None else (x,))


def count_if(condition: Expr[bool | None]) -> Aggregate[int]:
    """``countIf(condition)``: rows where the condition holds."""
    return count().if_(condition)


def uniq(*x: Expr[Any]) -> Aggregate[int]:
    """``uniq(x, ...)``: distinct values, with an error of about 1 %; NULL is not counted."""
    return Aggregate("uniq", _some("uniq", x))


def uniq_exact(*x: Expr[Any]) -> Aggregate[int]:
    """``uniqExact(x, ...)``: distinct values, exactly; the state keeps every value. NULL is not counted."""
    return Aggregate("uniqExact", _some("uniq_exact", x))


def uniq_exact_if(x: Expr[Any], condition: Expr[bool | None]) -> Aggregate[int]:
    """``uniqExactIf(x, condition)``: distinct values among the rows where the condition holds."""
    return uniq_exact(x).if_(condition)


def uniq_combined(*x: Expr[Any], precision: int | None = None) -> Aggregate[int]:
    """``uniqCombined(precision)(x, ...)``: distinct values approximately, in less memory than ``uniq``."""
    return Aggregate("uniqCombined", _some("uniq_combined", x), _given(precision))


def uniq_combined64(*x: Expr[Any], precision: int | None = None) -> Aggregate[int]:
    """``uniqCombined64(precision)(x, ...)``: as ``uniqCombined``, right for more than hundreds of millions too."""
    return Aggregate("uniqCombined64", _some("uniq_combined64", x), _given(precision))


def uniq_hll12(*x: Expr[Any]) -> Aggregate[int]:
    """``uniqHLL12(x, ...)``: distinct values by HyperLogLog in 2.5 KB; the error grows for few and for many."""
    return Aggregate("uniqHLL12", _some("uniq_hll12", x))


def uniq_up_to(x: Expr[Any], n: int) -> Aggregate[int]:
    """``uniqUpTo(n)(x)``: distinct values exactly while there are ``n`` at most, else ``n + 1``."""
    return Aggregate("uniqUpTo", (x,), (n,))


def group_bitmap(x: Expr[int | None]) -> Aggregate[int]:
    """``groupBitmap(x)``: distinct integers, kept as a Roaring bitmap. The count has the argument's type and may
    overflow it: widen a UInt8 first.
    """
    return Aggregate("groupBitmap", (x,))


# --- sums and averages ---


def sum(x: Expr[N | None]) -> Aggregate[N]:
    """``sum(x)``: integers widen to 64 bits, Decimals to 38 digits, floats to Float64; NULL is left out."""
    return Aggregate("sum", (x,))


def sum_if(x: Expr[N | None], condition: Expr[bool | None]) -> Aggregate[N]:
    """``sumIf(x, condition)``: the sum over the rows where the condition holds."""
    return sum(x).if_(condition)


def sum_with_overflow(x: Expr[N | None]) -> Aggregate[N]:
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


def sum_map(x: Expr[dict[Any, N]]) -> Aggregate[dict[Any, N]]:
    """``sumMap(x)``: the sum key by key of a Map."""
    return Aggregate("sum", (x,), (), ("Map",))


def sum_mapped_arrays(keys: Expr[list[Any]], *values: Expr[list[Any]]) -> Aggregate[tuple[Any, ...]]:
    """``sumMappedArrays(keys, values, ...)``: the sums key by key, as a tuple of sorted keys and their sums."""
    return Aggregate("sumMappedArrays", (keys, *values))


def avg(x: Expr[int | None] | Expr[float | None] | Expr[Decimal | None]) -> Aggregate[float]:
    """``avg(x)``: the mean as Float64, of Decimals too; nan where there is no row (``.or_null()`` for NULL)."""
    return Aggregate("avg", (x,))


def avg_if(
    x: Expr[int | None] | Expr[float | None] | Expr[Decimal | None], condition: Expr[bool | None]
) -> Aggregate[float]:
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


# --- arrays and text ---


def group_array(x: Expr[T | None], limit: int | None = None) -> Aggregate[list[T]]:
    """``groupArray(limit)(x)``: the values as an array, in no fixed order; NULL is left out."""
    return Aggregate("groupArray", (x,), _given(limit))


def group_uniq_array(x: Expr[T | None], limit: int | None = None) -> Aggregate[list[T]]:
    """``groupUniqArray(limit)(x)``: the distinct values as an array, in no fixed order; NULL is left out."""
    return Aggregate("groupUniqArray", (x,), _given(limit))


def group_array_last(x: Expr[T | None], limit: int) -> Aggregate[list[T]]:
    """``groupArrayLast(limit)(x)``: the last values that come, as an array."""
    return Aggregate("groupArrayLast", (x,), (limit,))


def group_array_sorted(x: Expr[T | None], limit: int) -> Aggregate[list[T]]:
    """``groupArraySorted(limit)(x)``: the smallest values, in order."""
    return Aggregate("groupArraySorted", (x,), (limit,))


def group_array_sample(x: Expr[T | None], limit: int, seed: int = 123456) -> Aggregate[list[T]]:
    """``groupArraySample(limit, seed)(x)``: a random sample of the values."""
    return Aggregate("groupArraySample", (x,), (limit, seed))


def group_array_insert_at(x: Expr[T], position: Expr[int]) -> Aggregate[list[T]]:
    """``groupArrayInsertAt(x, position)``: an array with each value at its position, counted from 0."""
    return Aggregate("groupArrayInsertAt", (x, position))


def group_array_moving_sum(x: Expr[N], window: int | None = None) -> Aggregate[list[N]]:
    """``groupArrayMovingSum(window)(x)``: running sums in the order in which rows come."""
    return Aggregate("groupArrayMovingSum", (x,), _given(window))


def group_array_moving_avg(x: Expr[N], window: int | None = None) -> Aggregate[list[float]]:
    """``groupArrayMovingAvg(window)(x)``: running means in the order in which rows come."""
    return Aggregate("groupArrayMovingAvg", (x,), _given(window))


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
    return Aggregate("groupConcat", (x,), (separator, *_given(limit)) if separator or limit else ())


def top_k(x: Expr[T], n: int) -> Aggregate[list[T]]:
    """``topK(n)(x)``: the most frequent values, most frequent first, approximately."""
    return Aggregate("topK", (x,), (n,))


def top_k_weighted(x: Expr[T], weight: Expr[int], n: int) -> Aggregate[list[T]]:
    """``topKWeighted(n)(x, weight)``: the values with the largest total weight, approximately."""
    return Aggregate("topKWeighted", (x, weight), (n,))


def approx_top_k(x: Expr[Any], n: int) -> Aggregate[list[dict[str, Any]]]:
    """``approx_top_k(n)(x)``: the most frequent values, each with its count and error."""
    return Aggregate("approx_top_k", (x,), (n,))


def approx_top_sum(x: Expr[Any], weight: Expr[int], n: int) -> Aggregate[list[dict[str, Any]]]:
    """``approx_top_sum(n)(x, weight)``: the values with the largest total weight, each with that and its error."""
    return Aggregate("approx_top_sum", (x, weight), (n,))


# --- quantiles: interpolated by default; a level is between 0 and 1 ---


def quantile(x: Expr[T], level: float = 0.5) -> Aggregate[T]:
    """``quantile(level)(x)``: approximately, from a sample of up to 8,192 values; of integers a Float64."""
    return Aggregate("quantile", (x,), (level,))


def quantiles(x: Expr[T], *levels: float) -> Aggregate[list[T]]:
    """``quantiles(level, ...)(x)``: several levels from one state."""
    return Aggregate("quantiles", (x,), levels)


def quantile_exact(x: Expr[T], level: float = 0.5) -> Aggregate[T]:
    """``quantileExact(level)(x)``: a value that is there, from all values; the state keeps them all."""
    return Aggregate("quantileExact", (x,), (level,))


def quantiles_exact(x: Expr[T], *levels: float) -> Aggregate[list[T]]:
    """``quantilesExact(level, ...)(x)``: several exact levels from one state."""
    return Aggregate("quantilesExact", (x,), levels)


def quantile_exact_low(x: Expr[T], level: float = 0.5) -> Aggregate[T]:
    """``quantileExactLow(level)(x)``: exact; of two middle values the smaller."""
    return Aggregate("quantileExactLow", (x,), (level,))


def quantile_exact_high(x: Expr[T], level: float = 0.5) -> Aggregate[T]:
    """``quantileExactHigh(level)(x)``: exact; of two middle values the larger."""
    return Aggregate("quantileExactHigh", (x,), (level,))


def quantile_exact_inclusive(x: Expr[N | None], level: float = 0.5) -> Aggregate[float]:
    """``quantileExactInclusive(level)(x)``: exact and interpolated, as Excel's PERCENTILE.INC."""
    return Aggregate("quantileExactInclusive", (x,), (level,))


def quantile_exact_exclusive(x: Expr[N | None], level: float = 0.5) -> Aggregate[float]:
    """``quantileExactExclusive(level)(x)``: exact and interpolated, as Excel's PERCENTILE.EXC."""
    return Aggregate("quantileExactExclusive", (x,), (level,))


def quantile_exact_weighted(x: Expr[T], weight: Expr[int], level: float = 0.5) -> Aggregate[T]:
    """``quantileExactWeighted(level)(x, weight)``: exact, each value as often as its weight says."""
    return Aggregate("quantileExactWeighted", (x, weight), (level,))


def quantile_interpolated_weighted(x: Expr[T], weight: Expr[int], level: float = 0.5) -> Aggregate[T]:
    """``quantileInterpolatedWeighted(level)(x, weight)``: weighted, linear between values."""
    return Aggregate("quantileInterpolatedWeighted", (x, weight), (level,))


def quantile_tdigest(x: Expr[N | None], level: float = 0.5) -> Aggregate[float]:
    """``quantileTDigest(level)(x)``: a Float32 by t-digest, exact at the extremes."""
    return Aggregate("quantileTDigest", (x,), (level,))


def quantiles_tdigest(x: Expr[N | None], *levels: float) -> Aggregate[list[float]]:
    """``quantilesTDigest(level, ...)(x)``: several levels from one t-digest."""
    return Aggregate("quantilesTDigest", (x,), levels)


def quantile_timing(x: Expr[N | None], level: float = 0.5) -> Aggregate[float]:
    """``quantileTiming(level)(x)``: for durations in milliseconds up to 30,000."""
    return Aggregate("quantileTiming", (x,), (level,))


def quantile_dd(x: Expr[T], accuracy: float, level: float = 0.5) -> Aggregate[T]:
    """``quantileDD(accuracy, level)(x)``: within a relative error, by DDSketch."""
    return Aggregate("quantileDD", (x,), (accuracy, level))


def quantile_gk(x: Expr[T], accuracy: int, level: float = 0.5) -> Aggregate[T]:
    """``quantileGK(accuracy, level)(x)``: within an error of rank of ``1 / accuracy``."""
    return Aggregate("quantileGK", (x,), (accuracy, level))


def median(x: Expr[T]) -> Aggregate[T]:
    """``median(x)``: ``quantile(0.5)(x)``."""
    return Aggregate("median", (x,))


def median_exact(x: Expr[T]) -> Aggregate[T]:
    """``medianExact(x)``: ``quantileExact(0.5)(x)``."""
    return Aggregate("medianExact", (x,))


# --- statistics ---


def var_pop(x: Expr[N | None]) -> Aggregate[float]:
    """``varPop(x)``: the variance of a whole population."""
    return Aggregate("varPop", (x,))


def var_samp(x: Expr[N | None]) -> Aggregate[float]:
    """``varSamp(x)``: the variance as a sample estimates it."""
    return Aggregate("varSamp", (x,))


def stddev_pop(x: Expr[N | None]) -> Aggregate[float]:
    """``stddevPop(x)``: the standard deviation of a whole population."""
    return Aggregate("stddevPop", (x,))


def stddev_samp(x: Expr[N | None]) -> Aggregate[float]:
    """``stddevSamp(x)``: the standard deviation as a sample estimates it."""
    return Aggregate("stddevSamp", (x,))


def covar_pop(x: Expr[N | None], y: Expr[N | None]) -> Aggregate[float]:
    """``covarPop(x, y)``: the covariance of a whole population."""
    return Aggregate("covarPop", (x, y))


def covar_samp(x: Expr[N | None], y: Expr[N | None]) -> Aggregate[float]:
    """``covarSamp(x, y)``: the covariance as a sample estimates it."""
    return Aggregate("covarSamp", (x, y))


def corr(x: Expr[N | None], y: Expr[N | None]) -> Aggregate[float]:
    """``corr(x, y)``: Pearson's correlation."""
    return Aggregate("corr", (x, y))


def rank_corr(x: Expr[N | None], y: Expr[N | None]) -> Aggregate[float]:
    """``rankCorr(x, y)``: Spearman's correlation of ranks."""
    return Aggregate("rankCorr", (x, y))


def skew_pop(x: Expr[N | None]) -> Aggregate[float]:
    """``skewPop(x)``: the skewness of a whole population."""
    return Aggregate("skewPop", (x,))


def kurt_pop(x: Expr[N | None]) -> Aggregate[float]:
    """``kurtPop(x)``: the kurtosis of a whole population."""
    return Aggregate("kurtPop", (x,))


def entropy(x: Expr[Any]) -> Aggregate[float]:
    """``entropy(x)``: Shannon's entropy of the values, in bits."""
    return Aggregate("entropy", (x,))


def simple_linear_regression(x: Expr[N | None], y: Expr[N | None]) -> Aggregate[dict[str, float]]:
    """``simpleLinearRegression(x, y)``: slope ``k`` and offset ``b`` of the best line."""
    return Aggregate("simpleLinearRegression", (x, y))


def student_t_test(x: Expr[N], sample: Expr[int]) -> Aggregate[dict[str, float]]:
    """``studentTTest(x, sample)``: statistic and p-value for two samples (0 and 1) of equal variance."""
    return Aggregate("studentTTest", (x, sample))


def welch_t_test(x: Expr[N], sample: Expr[int]) -> Aggregate[dict[str, float]]:
    """``welchTTest(x, sample)``: statistic and p-value for two samples (0 and 1) of any variance."""
    return Aggregate("welchTTest", (x, sample))


def mann_whitney_u_test(x: Expr[N], sample: Expr[int], alternative: str = "two-sided") -> Aggregate[dict[str, float]]:
    """``mannWhitneyUTest(alternative)(x, sample)``: whether two samples (0 and 1) have the same distribution."""
    return Aggregate("mannWhitneyUTest", (x, sample), (alternative,))


def histogram(x: Expr[N | None], bins: int) -> Aggregate[list[tuple[float, float, float]]]:
    """``histogram(bins)(x)``: lower end, upper end and height of adaptive bins."""
    return Aggregate("histogram", (x,), (bins,))


# --- sequences of events ---


def window_funnel(
    time: Expr[dt.datetime] | Expr[dt.date] | Expr[int], *steps: Truth, window: int, mode: str = ""
) -> Aggregate[int]:
    """``windowFunnel(window, mode)(time, step, ...)``: how many steps were taken in order within ``window``
    (seconds of a DateTime, else units of ``time``).
    """
    return Aggregate("windowFunnel", (time, *_some("window_funnel", steps)), (window, *((mode,) if mode else ())))


def retention(*conditions: Truth) -> Aggregate[list[int]]:
    """``retention(first, ...)``: for each condition 1 when it and the first one held in some row."""
    return Aggregate("retention", _some("retention", conditions))


def sequence_match(pattern: str, time: Moment, *conditions: Truth) -> Aggregate[int]:
    """``sequenceMatch(pattern)(time, condition, ...)``: 1 when the events match, such as ``(?1).*(?2)``."""
    return Aggregate("sequenceMatch", (time, *_some("sequence_match", conditions)), (pattern,))


def sequence_count(pattern: str, time: Moment, *conditions: Truth) -> Aggregate[int]:
    """``sequenceCount(pattern)(time, condition, ...)``: how often the events match, without overlap."""
    return Aggregate("sequenceCount", (time, *_some("sequence_count", conditions)), (pattern,))


def delta_sum(x: Expr[N]) -> Aggregate[N]:
    """``deltaSum(x)``: the sum of rises between rows, in the order in which they come."""
    return Aggregate("deltaSum", (x,))


def delta_sum_timestamp(x: Expr[N], time: Moment | Whole) -> Aggregate[N]:
    """``deltaSumTimestamp(x, time)``: the sum of rises between rows, ordered by time; for views over counters."""
    return Aggregate("deltaSumTimestamp", (x, time))


def interval_length_sum(start: Moment | Number, end: Moment | Number) -> Aggregate[float]:
    """``intervalLengthSum(start, end)``: the length of the union of intervals."""
    return Aggregate("intervalLengthSum", (start, end))


def max_intersections(start: Moment | Number, end: Moment | Number) -> Aggregate[int]:
    """``maxIntersections(start, end)``: the largest number of intervals that overlap at a time."""
    return Aggregate("maxIntersections", (start, end))


def exponential_time_decayed_avg(x: Expr[N], time: Moment | Number, half: float) -> Aggregate[float]:
    """``exponentialTimeDecayedAvg(half)(x, time)``: a mean in which old values count less."""
    return Aggregate("exponentialTimeDecayedAvg", (x, time), (half,))


def sparkbar(x: Moment | Whole, y: Number, width: int) -> Aggregate[str]:
    """``sparkbar(width)(x, y)``: ``y`` over ``x`` as a text of bars."""
    return Aggregate("sparkbar", (x, y), (width,))


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


def _given(value: int | None) -> tuple[int, ...]:
    return () if value is None else (value,)


def _some(name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if not arguments:
        raise errors.no_branches(name)
    return arguments


__all__ = [
    "any",
    "any_heavy",
    "any_last",
    "any_last_respect_nulls",
    "any_respect_nulls",
    "approx_top_k",
    "approx_top_sum",
    "arg_max",
    "arg_max_if",
    "arg_min",
    "avg",
    "avg_if",
    "avg_weighted",
    "corr",
    "count",
    "count_if",
    "covar_pop",
    "covar_samp",
    "delta_sum",
    "delta_sum_timestamp",
    "entropy",
    "exponential_time_decayed_avg",
    "first_value",
    "group_array",
    "group_array_array",
    "group_array_insert_at",
    "group_array_intersect",
    "group_array_last",
    "group_array_moving_avg",
    "group_array_moving_sum",
    "group_array_sample",
    "group_array_sorted",
    "group_bit_and",
    "group_bit_or",
    "group_bit_xor",
    "group_bitmap",
    "group_concat",
    "group_uniq_array",
    "group_uniq_array_array",
    "histogram",
    "interval_length_sum",
    "kurt_pop",
    "last_value",
    "mann_whitney_u_test",
    "max",
    "max_if",
    "max_intersections",
    "max_map",
    "median",
    "median_exact",
    "min",
    "min_if",
    "min_map",
    "quantile",
    "quantile_dd",
    "quantile_exact",
    "quantile_exact_exclusive",
    "quantile_exact_high",
    "quantile_exact_inclusive",
    "quantile_exact_low",
    "quantile_exact_weighted",
    "quantile_gk",
    "quantile_interpolated_weighted",
    "quantile_tdigest",
    "quantile_timing",
    "quantiles",
    "quantiles_exact",
    "quantiles_tdigest",
    "rank_corr",
    "raw_aggregate",
    "retention",
    "sequence_count",
    "sequence_match",
    "simple_linear_regression",
    "single_value_or_null",
    "skew_pop",
    "sparkbar",
    "stddev_pop",
    "stddev_samp",
    "student_t_test",
    "sum",
    "sum_array",
    "sum_count",
    "sum_for_each",
    "sum_if",
    "sum_kahan",
    "sum_map",
    "sum_mapped_arrays",
    "sum_with_overflow",
    "top_k",
    "top_k_weighted",
    "uniq",
    "uniq_combined",
    "uniq_combined64",
    "uniq_exact",
    "uniq_exact_if",
    "uniq_hll12",
    "uniq_up_to",
    "var_pop",
    "var_samp",
    "welch_t_test",
    "window_funnel",
]
