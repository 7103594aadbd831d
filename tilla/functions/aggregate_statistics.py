"""Aggregate functions of statistics: variance, correlation, tests, histograms."""

from __future__ import annotations

from typing import Any

from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr
from tilla.functions.base import N


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


def student_t_test(x: Expr[N | None], sample: Expr[int | None]) -> Aggregate[dict[str, float]]:
    """``studentTTest(x, sample)``: statistic and p-value for two samples (0 and 1) of equal variance."""
    return Aggregate("studentTTest", (x, sample))


def welch_t_test(x: Expr[N | None], sample: Expr[int | None]) -> Aggregate[dict[str, float]]:
    """``welchTTest(x, sample)``: statistic and p-value for two samples (0 and 1) of any variance."""
    return Aggregate("welchTTest", (x, sample))


def mann_whitney_u_test(
    x: Expr[N | None], sample: Expr[int | None], alternative: str = "two-sided"
) -> Aggregate[dict[str, float]]:
    """``mannWhitneyUTest(alternative)(x, sample)``: whether two samples (0 and 1) have the same distribution."""
    return Aggregate("mannWhitneyUTest", (x, sample), (alternative,))


def histogram(x: Expr[N | None], bins: int) -> Aggregate[list[tuple[float, float, float]]]:
    """``histogram(bins)(x)``: lower end, upper end and height of adaptive bins."""
    return Aggregate("histogram", (x,), (bins,))


__all__ = [
    "corr",
    "covar_pop",
    "covar_samp",
    "entropy",
    "histogram",
    "kurt_pop",
    "mann_whitney_u_test",
    "rank_corr",
    "simple_linear_regression",
    "skew_pop",
    "stddev_pop",
    "stddev_samp",
    "student_t_test",
    "var_pop",
    "var_samp",
    "welch_t_test",
]
