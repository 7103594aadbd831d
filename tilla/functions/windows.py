"""Window functions. They need ``.over(partition_by=..., order_by=...)``; every aggregate works over a window too."""

from __future__ import annotations

from typing import Any

from tilla.expressions.expr import Expr
from tilla.functions.base import T, scalar


def row_number() -> Expr[int]:
    """``row_number()``: 1, 2, 3, ... within the partition."""
    return scalar("row_number")


def rank() -> Expr[int]:
    """``rank()``: equal rows share a number, the next one is skipped: 1, 1, 3."""
    return scalar("rank")


def dense_rank() -> Expr[int]:
    """``dense_rank()``: equal rows share a number, none is skipped: 1, 1, 2."""
    return scalar("dense_rank")


def percent_rank() -> Expr[float]:
    """``percent_rank()``: the rank as a share from 0 to 1."""
    return scalar("percent_rank")


def cume_dist() -> Expr[float]:
    """``cume_dist()``: the share of rows that are not behind this one."""
    return scalar("cume_dist")


def ntile(n: int) -> Expr[int]:
    """``ntile(n)``: the number of the equal group, from 1. Needs ORDER BY."""
    return scalar("ntile", n)


def lag_in_frame(x: Expr[T], offset: int = 1, default: Expr[T] | T | None = None) -> Expr[T]:
    """``lagInFrame(x, offset, default)``: the value of an earlier row of the frame, else the default (0, '')."""
    return _neighbour("lagInFrame", x, offset, default)


def lead_in_frame(x: Expr[T], offset: int = 1, default: Expr[T] | T | None = None) -> Expr[T]:
    """``leadInFrame(x, offset, default)``: the value of a later row of the frame: the frame must reach there."""
    return _neighbour("leadInFrame", x, offset, default)


def lag(x: Expr[T], offset: int = 1, default: Expr[T] | T | None = None) -> Expr[T]:
    """``lag(x, offset, default)``: the value of an earlier row of the partition. Needs ORDER BY and no frame."""
    return _neighbour("lag", x, offset, default)


def lead(x: Expr[T], offset: int = 1, default: Expr[T] | T | None = None) -> Expr[T]:
    """``lead(x, offset, default)``: the value of a later row of the partition. Needs ORDER BY and no frame."""
    return _neighbour("lead", x, offset, default)


def nth_value(x: Expr[T], n: int) -> Expr[T]:
    """``nth_value(x, n)``: the value of the n-th row of the frame, from 1."""
    return scalar("nth_value", x, n)


def _neighbour(name: str, x: Expr[Any], offset: int, default: object) -> Expr[Any]:
    extra = (offset, default) if default is not None else (offset,) if offset != 1 else ()
    return scalar(name, x, *extra)


__all__ = [
    "cume_dist",
    "dense_rank",
    "lag",
    "lag_in_frame",
    "lead",
    "lead_in_frame",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
]
