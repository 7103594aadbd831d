"""Any function by name, and what belongs to no other group."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from tilla import errors
from tilla.expressions.expr import Expr, call, to_expr
from tilla.functions.base import Number, Truth, scalar
from tilla.types.containers import ArrayType

if TYPE_CHECKING:
    from tilla.functions.base import T
    from tilla.types import DataType

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@overload
def raw(name: str, *arguments: object, type: DataType[T], parameters: Sequence[object] = ...) -> Expr[T]: ...
@overload
def raw(name: str, *arguments: object, type: None = ..., parameters: Sequence[object] = ...) -> Expr[Any]: ...
def raw(name: str, *arguments: object, type: Any = None, parameters: Sequence[object] = ()) -> Expr[Any]:
    """Any function by ClickHouse's name; ``type`` states what it returns, ``parameters`` go in brackets of their own.

    For an aggregate function that is to be stored as a state use ``f.raw_aggregate``.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(raw("soundex", Reference("name", t.String), type=t.String))
    <Expr soundex(name): String>
    """
    if not isinstance(name, str) or not _NAME.match(name):
        raise errors.not_a_name("f.raw", repr(name))
    return call(name, *arguments, type=type, parameters=parameters)


def finalize_aggregation(state: Expr[Any], type: Any = None) -> Expr[Any]:
    """``finalizeAggregation(state)``: the value of one stored state, without merging; ``type`` states what it is."""
    return call("finalizeAggregation", state, type=type)


def materialize(x: Expr[T]) -> Expr[T]:
    """``materialize(x)``: a constant as a full column."""
    return scalar("materialize", x)


def throw_if(condition: Truth, message: str = "") -> Expr[int]:
    """``throwIf(condition, message)``: an error where it holds, else 0."""
    return scalar("throwIf", condition, *((message,) if message else ()))


def row_number_in_all_blocks() -> Expr[int]:
    """``rowNumberInAllBlocks()``: a number of its own for each row, in no promised order."""
    return scalar("rowNumberInAllBlocks")


def generate_snowflake_id() -> Expr[int]:
    """``generateSnowflakeID()``: ordered by time, one per row, a UInt64."""
    return scalar("generateSnowflakeID")


def current_database() -> Expr[str]:
    """``currentDatabase()``."""
    return scalar("currentDatabase")


def current_user() -> Expr[str]:
    """``currentUser()``."""
    return scalar("currentUser")


def host_name() -> Expr[str]:
    """``hostName()``: the server that computes it."""
    return scalar("hostName")


def version() -> Expr[str]:
    """``version()``: the server's version."""
    return scalar("version")


def byte_size(*x: object) -> Expr[int]:
    """``byteSize(x, ...)``: how many bytes the values take in memory."""
    return scalar("byteSize", *x)


def format_readable_size(x: Number) -> Expr[str]:
    """``formatReadableSize(x)``: bytes as 1.00 MiB."""
    return scalar("formatReadableSize", x)


def format_readable_quantity(x: Number) -> Expr[str]:
    """``formatReadableQuantity(x)``: 1.23 million."""
    return scalar("formatReadableQuantity", x)


def format_readable_time_delta(x: Number) -> Expr[str]:
    """``formatReadableTimeDelta(x)``: seconds as 1 hour and 5 minutes."""
    return scalar("formatReadableTimeDelta", x)


def bar(x: Number, low: Number, high: Number, width: int = 80) -> Expr[str]:
    """``bar(x, low, high, width)``: a text bar."""
    return scalar("bar", x, low, high, width)


# --- geography ---


def geo_distance(longitude1: Number, latitude1: Number, longitude2: Number, latitude2: Number) -> Expr[float]:
    """``geoDistance(lon1, lat1, lon2, lat2)``: metres on the WGS-84 ellipsoid."""
    return scalar("geoDistance", longitude1, latitude1, longitude2, latitude2)


def great_circle_distance(longitude1: Number, latitude1: Number, longitude2: Number, latitude2: Number) -> Expr[float]:
    """``greatCircleDistance(lon1, lat1, lon2, lat2)``: metres on a sphere."""
    return scalar("greatCircleDistance", longitude1, latitude1, longitude2, latitude2)


# --- bitmaps: sets of integers as aggregate states ---


def bitmap_build(x: Expr[list[int]]) -> Expr[Any]:
    """``bitmapBuild(array)``: the state of ``groupBitmap`` over the elements."""
    from tilla.types import AggregateFunction

    value = to_expr(x)
    type = AggregateFunction("groupBitmap", value.type.element) if isinstance(value.type, ArrayType) else None
    return call("bitmapBuild", value, type=type)


def bitmap_cardinality(x: Expr[Any]) -> Expr[int]:
    """``bitmapCardinality(bitmap)``: how many members."""
    return scalar("bitmapCardinality", x)


def bitmap_and_cardinality(x: Expr[Any], y: Expr[Any]) -> Expr[int]:
    """``bitmapAndCardinality(x, y)``: how many members both have."""
    return scalar("bitmapAndCardinality", x, y)


def bitmap_or_cardinality(x: Expr[Any], y: Expr[Any]) -> Expr[int]:
    """``bitmapOrCardinality(x, y)``: how many members either has."""
    return scalar("bitmapOrCardinality", x, y)


def bitmap_contains(x: Expr[Any], value: Expr[int]) -> Expr[bool]:
    """``bitmapContains(bitmap, value)``: 1 where the value is a member."""
    return scalar("bitmapContains", x, value)


__all__ = [
    "bar",
    "bitmap_and_cardinality",
    "bitmap_build",
    "bitmap_cardinality",
    "bitmap_contains",
    "bitmap_or_cardinality",
    "byte_size",
    "current_database",
    "current_user",
    "finalize_aggregation",
    "format_readable_quantity",
    "format_readable_size",
    "format_readable_time_delta",
    "generate_snowflake_id",
    "geo_distance",
    "great_circle_distance",
    "host_name",
    "materialize",
    "raw",
    "row_number_in_all_blocks",
    "throw_if",
    "version",
]
