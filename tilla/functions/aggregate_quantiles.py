"""Quantiles and medians: interpolated by default; a level is between 0 and 1."""

# mypy: disable-error-code="overload-overlap"
# The first overload that fits counts, and that is meant: `Expr[Never]` fits only an expression of unknown type.

from __future__ import annotations

from typing import Any, Never, overload

from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import Mo, N, Q, T


@overload
def quantile(x: Expr[Never], level: float = 0.5) -> Aggregate[Any]: ...
@overload
def quantile(x: Expr[int], level: float = 0.5) -> Aggregate[float]: ...
@overload
def quantile(x: Expr[int | None], level: float = 0.5) -> Aggregate[float | None]: ...
@overload
def quantile(x: Expr[Q], level: float = 0.5) -> Aggregate[Q]: ...
def quantile(x: Expr[Any], level: float = 0.5) -> Aggregate[Any]:
    """``quantile(level)(x)``: approximately, from a sample of up to 8,192 values; of integers a Float64."""
    return Aggregate("quantile", (x,), (level,))


@overload
def quantiles(x: Expr[Never], *levels: float) -> Aggregate[list[Any]]: ...
@overload
def quantiles(x: Expr[int], *levels: float) -> Aggregate[list[float]]: ...
@overload
def quantiles(x: Expr[int | None], *levels: float) -> Aggregate[list[float | None]]: ...
@overload
def quantiles(x: Expr[Q], *levels: float) -> Aggregate[list[Q]]: ...
def quantiles(x: Expr[Any], *levels: float) -> Aggregate[list[Any]]:
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


def quantile_exact_weighted(x: Expr[T], weight: Expr[int | None], level: float = 0.5) -> Aggregate[T]:
    """``quantileExactWeighted(level)(x, weight)``: exact, each value as often as its weight says."""
    return Aggregate("quantileExactWeighted", (x, weight), (level,))


def quantile_interpolated_weighted(x: Expr[T], weight: Expr[int | None], level: float = 0.5) -> Aggregate[T]:
    """``quantileInterpolatedWeighted(level)(x, weight)``: weighted, linear between values."""
    return Aggregate("quantileInterpolatedWeighted", (x, weight), (level,))


@overload
def quantile_tdigest(x: Expr[N | None], level: float = 0.5) -> Aggregate[float]: ...
@overload
def quantile_tdigest(x: Expr[Mo], level: float = 0.5) -> Aggregate[Mo]: ...
def quantile_tdigest(x: Expr[Any], level: float = 0.5) -> Aggregate[Any]:
    """``quantileTDigest(level)(x)``: a Float32 by t-digest, exact at the extremes."""
    return Aggregate("quantileTDigest", (x,), (level,))


@overload
def quantiles_tdigest(x: Expr[N | None], *levels: float) -> Aggregate[list[float]]: ...
@overload
def quantiles_tdigest(x: Expr[Mo], *levels: float) -> Aggregate[list[Mo]]: ...
def quantiles_tdigest(x: Expr[Any], *levels: float) -> Aggregate[list[Any]]:
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


@overload
def median(x: Expr[Never]) -> Aggregate[Any]: ...
@overload
def median(x: Expr[int]) -> Aggregate[float]: ...
@overload
def median(x: Expr[int | None]) -> Aggregate[float | None]: ...
@overload
def median(x: Expr[Q]) -> Aggregate[Q]: ...
def median(x: Expr[Any]) -> Aggregate[Any]:
    """``median(x)``: ``quantile(0.5)(x)``."""
    return Aggregate("median", (x,))


def median_exact(x: Expr[T]) -> Aggregate[T]:
    """``medianExact(x)``: ``quantileExact(0.5)(x)``."""
    return Aggregate("medianExact", (x,))


__all__ = [
    "median",
    "median_exact",
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
]
