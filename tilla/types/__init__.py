# ruff: noqa: N802  (the names are ClickHouse's own)
"""Every ClickHouse type as a Python value: ``from tilla import types as t``.

Names and arguments are ClickHouse's own. A type without arguments is a value (``t.String``), one with
arguments is called (``t.Decimal(18, 2)``), and where ClickHouse allows both, so does Tilla
(``t.DateTime``, ``t.DateTime("Europe/Madrid")``)::

    t.Map(t.LowCardinality(t.String), t.Array(t.Nullable(t.UInt64)))
    t.Tuple(sku=t.String, quantity=t.UInt32)
    t.AggregateFunction("quantiles", t.Float64, params=(0.5, 0.9))
    t.parse("ENUM('paid' = 2, 'new' = 1)")           # t.Enum8({"new": 1, "paid": 2})

What ClickHouse 26.9 refuses raises :class:`tilla.errors.TypeTextError` where it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

from tilla import errors
from tilla.types.aggregates import AggregateFunctionType, SimpleAggregateFunctionType
from tilla.types.arguments import Parameter
from tilla.types.base import DataType
from tilla.types.catalogue import (
    INTERVALS,
    JSON,
    UUID,
    BFloat16,
    Bool,
    Date,
    Date32,
    DateTime,
    Dynamic,
    Float32,
    Float64,
    Geometry,
    Int8,
    Int16,
    Int32,
    Int64,
    Int128,
    Int256,
    IPv4,
    IPv6,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Nothing,
    Point,
    Polygon,
    Ring,
    String,
    Time,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    UInt128,
    UInt256,
)
from tilla.types.common import supertype
from tilla.types.containers import (
    ArrayType,
    LowCardinalityType,
    MapType,
    NestedType,
    NullableType,
    TupleType,
    VariantType,
)
from tilla.types.reading import parse
from tilla.types.rules import (
    is_date_like,
    is_decimal,
    is_float,
    is_integer,
    is_numeric,
    is_string,
    sum_type,
    unwrap,
)
from tilla.types.scalars import (
    BoolType,
    DecimalType,
    EnumType,
    FixedStringType,
    FloatType,
    IntegerType,
    IPv4Type,
    IPv6Type,
    NothingType,
    StringType,
    UUIDType,
    decimal_of_bits,
    enum_members,
    enum_of_any_size,
)
from tilla.types.semistructured import DynamicType, GeoType, JSONType, QBitType
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType, IntervalType, Time64Type, TimeType

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

DateTime64: DateTime64Type = DateTime64Type()
Time64: Time64Type = Time64Type()

IntervalNanosecond: IntervalType = INTERVALS["Nanosecond"]
IntervalMicrosecond: IntervalType = INTERVALS["Microsecond"]
IntervalMillisecond: IntervalType = INTERVALS["Millisecond"]
IntervalSecond: IntervalType = INTERVALS["Second"]
IntervalMinute: IntervalType = INTERVALS["Minute"]
IntervalHour: IntervalType = INTERVALS["Hour"]
IntervalDay: IntervalType = INTERVALS["Day"]
IntervalWeek: IntervalType = INTERVALS["Week"]
IntervalMonth: IntervalType = INTERVALS["Month"]
IntervalQuarter: IntervalType = INTERVALS["Quarter"]
IntervalYear: IntervalType = INTERVALS["Year"]


def Interval(unit: str) -> IntervalType:
    """Return the interval of a unit: ``t.Interval("Day")`` is ``t.IntervalDay``."""
    return INTERVALS.get(unit) or IntervalType(unit)


def Decimal(precision: int, scale: int = 0) -> DecimalType:
    """Return an exact number of ``precision`` digits (1 to 76), ``scale`` of them after the point."""
    return DecimalType(precision, scale)


def Decimal32(scale: int) -> DecimalType:
    """Return ``Decimal(9, scale)``."""
    return decimal_of_bits(32, scale)


def Decimal64(scale: int) -> DecimalType:
    """Return ``Decimal(18, scale)``."""
    return decimal_of_bits(64, scale)


def Decimal128(scale: int) -> DecimalType:
    """Return ``Decimal(38, scale)``."""
    return decimal_of_bits(128, scale)


def Decimal256(scale: int) -> DecimalType:
    """Return ``Decimal(76, scale)``."""
    return decimal_of_bits(256, scale)


def FixedString(length: int) -> FixedStringType:
    """Return text of exactly ``length`` bytes."""
    return FixedStringType(length)


def Enum8(*members: str | Mapping[str, int]) -> EnumType:
    """Return an Enum of 1 byte: ``t.Enum8({"a": 1, "b": 2})``, or ``t.Enum8("a", "b")`` numbered from 1."""
    return EnumType(8, enum_members("Enum8", members))


def Enum16(*members: str | Mapping[str, int]) -> EnumType:
    """Return an Enum of 2 bytes."""
    return EnumType(16, enum_members("Enum16", members))


def Enum(*members: str | Mapping[str, int]) -> EnumType:
    """Return the smallest Enum that holds the codes, as the bare word ``Enum`` does."""
    return enum_of_any_size(enum_members("Enum", members))


def Nullable(inner: DataType[T]) -> DataType[T | None]:
    """Return ``inner`` or NULL."""
    return NullableType(inner)


def LowCardinality(inner: DataType[T]) -> DataType[T]:
    """Return ``inner`` stored through a dictionary of its distinct values."""
    return LowCardinalityType(inner)


def Array(element: DataType[T]) -> DataType[list[T]]:
    """Return arrays of ``element``."""
    return ArrayType(element)


def Map(key: DataType[K], value: DataType[V]) -> DataType[dict[K, V]]:
    """Return maps from ``key``, which cannot be Nullable, to ``value``."""
    return MapType(key, value)


@overload
def Tuple(first: DataType[A], /) -> DataType[tuple[A]]: ...
@overload
def Tuple(first: DataType[A], second: DataType[B], /) -> DataType[tuple[A, B]]: ...
@overload
def Tuple(first: DataType[A], second: DataType[B], third: DataType[C], /) -> DataType[tuple[A, B, C]]: ...
@overload
def Tuple(
    first: DataType[A], second: DataType[B], third: DataType[C], fourth: DataType[D], /
) -> DataType[tuple[A, B, C, D]]: ...
@overload
def Tuple(members: Mapping[str, DataType[Any]], /) -> DataType[dict[str, Any]]: ...
@overload
def Tuple(*elements: DataType[Any]) -> DataType[tuple[Any, ...]]: ...
@overload
def Tuple(**members: DataType[Any]) -> DataType[dict[str, Any]]: ...
def Tuple(*elements: Any, **members: Any) -> DataType[Any]:
    """Return a tuple: ``t.Tuple(t.String, t.UInt8)``, ``t.Tuple(sku=t.String)`` or ``t.Tuple({"odd name": t.String})``.

    With names it reads as a dict, without them as a tuple.
    """
    named = _named("Tuple", elements, members)
    if named is None:
        return TupleType[Any](elements)
    return TupleType[Any](tuple(named.values()), tuple(named))


def Nested(members: Mapping[str, DataType[Any]] | None = None, /, **named: DataType[Any]) -> NestedType:
    """Return arrays side by side: ``t.Nested(sku=t.String, quantity=t.UInt32)``."""
    return NestedType(_named("Nested", () if members is None else (members,), named) or {})


def _named(where: str, elements: tuple[Any, ...], members: Mapping[str, Any]) -> dict[str, DataType[Any]] | None:
    """Return named members, given as keywords or as one mapping; None where elements have no names."""
    if len(elements) == 1 and isinstance(elements[0], Mapping):
        return {**elements[0], **members}
    if elements and members:
        raise errors.tuple_names(where, "a member without a name")
    return dict(members) if members else None


def Variant(*variants: DataType[Any]) -> VariantType:
    """Return a value of any one of several types."""
    return VariantType(variants)


def QBit(element: DataType[Any], dimension: int, stride: int | None = None) -> QBitType:
    """Return a vector for approximate search: ``t.QBit(t.Float32, 768)``."""
    return QBitType(element, dimension, stride)


def AggregateFunction(
    function: str,
    *arguments: DataType[Any],
    params: Sequence[Parameter] = (),
    version: int | None = None,
) -> AggregateFunctionType:
    """Return the state of an aggregate: ``t.AggregateFunction("quantiles", t.Float64, params=(0.5, 0.9))``.

    ``version`` is the version of the state's format, for the few functions that have one; left out, it is the
    one that the server fills in when a column is declared so.
    """
    return AggregateFunctionType(function, *arguments, params=params, version=version)


def SimpleAggregateFunction(function: str, inner: DataType[T], *, params: Sequence[Parameter] = ()) -> DataType[T]:
    """Return a finished aggregate that merges by its function: ``t.SimpleAggregateFunction("sum", t.UInt64)``."""
    return SimpleAggregateFunctionType(function, inner, params=params)


__all__ = [
    "JSON",
    "UUID",
    "AggregateFunction",
    "AggregateFunctionType",
    "Array",
    "ArrayType",
    "BFloat16",
    "Bool",
    "BoolType",
    "DataType",
    "Date",
    "Date32",
    "DateTime",
    "DateTime64",
    "DateTime64Type",
    "DateTimeType",
    "DateType",
    "Decimal",
    "Decimal32",
    "Decimal64",
    "Decimal128",
    "Decimal256",
    "DecimalType",
    "Dynamic",
    "DynamicType",
    "Enum",
    "Enum8",
    "Enum16",
    "EnumType",
    "FixedString",
    "FixedStringType",
    "Float32",
    "Float64",
    "FloatType",
    "GeoType",
    "Geometry",
    "IPv4",
    "IPv4Type",
    "IPv6",
    "IPv6Type",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Int128",
    "Int256",
    "IntegerType",
    "Interval",
    "IntervalDay",
    "IntervalHour",
    "IntervalMicrosecond",
    "IntervalMillisecond",
    "IntervalMinute",
    "IntervalMonth",
    "IntervalNanosecond",
    "IntervalQuarter",
    "IntervalSecond",
    "IntervalType",
    "IntervalWeek",
    "IntervalYear",
    "JSONType",
    "LineString",
    "LowCardinality",
    "LowCardinalityType",
    "Map",
    "MapType",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "Nested",
    "NestedType",
    "Nothing",
    "NothingType",
    "Nullable",
    "NullableType",
    "Point",
    "Polygon",
    "QBit",
    "QBitType",
    "Ring",
    "SimpleAggregateFunction",
    "SimpleAggregateFunctionType",
    "String",
    "StringType",
    "Time",
    "Time64",
    "Time64Type",
    "TimeType",
    "Tuple",
    "TupleType",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "UInt128",
    "UInt256",
    "UUIDType",
    "Variant",
    "VariantType",
    "is_date_like",
    "is_decimal",
    "is_float",
    "is_integer",
    "is_numeric",
    "is_string",
    "parse",
    "sum_type",
    "supertype",
    "unwrap",
]
