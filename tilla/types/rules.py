"""Questions about types: what is inside, what kind it is, what its sum is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import ArrayType, LowCardinalityType, NullableType
from tilla.types.scalars import (
    BoolType,
    DecimalType,
    EnumType,
    FixedStringType,
    FloatType,
    IntegerType,
    StringType,
)
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType

Type = DataType[Any]


def unwrap(dt: Type) -> Type:
    """Return the type of the value itself: without LowCardinality, Nullable and SimpleAggregateFunction.

    >>> from tilla import types as t
    >>> unwrap(t.LowCardinality(t.Nullable(t.String)))
    t.String
    """
    while True:
        inner = getattr(dt, "inner", None)
        if not isinstance(inner, DataType) or isinstance(dt, ArrayType):
            return dt
        dt = inner


def bare(type: Type) -> Type:
    """Return the type without LowCardinality, and the plain value of a SimpleAggregateFunction."""
    if isinstance(type, LowCardinalityType):
        return type.inner
    inner = getattr(type, "inner", None)
    return inner if isinstance(inner, DataType) and str(type).startswith("SimpleAggregateFunction(") else type


def nullable(type: Type) -> Type | None:
    """Return the Nullable of a type, or None where ClickHouse has none."""
    if type.nullable:
        return type
    return type.as_nullable() if bare(type).can_be_nullable else None


def is_integer(dt: Type) -> bool:
    """Whether the values are whole numbers of 8 to 256 bits; Bool is not."""
    return isinstance(unwrap(dt), IntegerType)


def is_float(dt: Type) -> bool:
    """Whether the values are Float32, Float64 or BFloat16."""
    return isinstance(unwrap(dt), FloatType)


def is_decimal(dt: Type) -> bool:
    """Whether the values are exact decimals."""
    return isinstance(unwrap(dt), DecimalType)


def is_numeric(dt: Type) -> bool:
    """Whether the values are integers, floats or decimals."""
    return isinstance(unwrap(dt), IntegerType | FloatType | DecimalType)


def is_string(dt: Type) -> bool:
    """Whether the values are text: String or FixedString, also in LowCardinality."""
    return isinstance(unwrap(dt), StringType | FixedStringType)


def is_date_like(dt: Type) -> bool:
    """Whether the values are dates or moments: Date, Date32, DateTime, DateTime64."""
    return isinstance(unwrap(dt), DateType | DateTimeType | DateTime64Type)


def sum_type(dt: Type) -> Type | None:
    """Return the type of ``sum`` over a column of this type, or None where ClickHouse has no sum.

    Integers of up to 64 bits sum in 64 bits, decimals in 38 digits (or 76, from 39 digits on), floats in Float64.

    >>> from tilla import types as t
    >>> sum_type(t.UInt8), sum_type(t.Nullable(t.Decimal(9, 2))), sum_type(t.String)
    (t.UInt64, t.Nullable(t.Decimal(38, 2)), None)
    """
    value = unwrap(dt)
    found: Type
    if isinstance(value, IntegerType):
        found = IntegerType(max(64, value.bits), value.signed)
    elif isinstance(value, BoolType):
        found = IntegerType(64, False)
    elif isinstance(value, EnumType):
        found = IntegerType(64, True)
    elif isinstance(value, FloatType):
        found = FloatType("Float64", 64)
    elif isinstance(value, DecimalType):
        found = DecimalType(38 if value.precision <= 38 else 76, value.scale)
    else:
        return None
    return NullableType(found) if dt.nullable else found


__all__ = [
    "bare",
    "is_date_like",
    "is_decimal",
    "is_float",
    "is_integer",
    "is_numeric",
    "is_string",
    "nullable",
    "sum_type",
    "unwrap",
]


def holds(type: DataType[Any], value: object) -> bool:
    """Whether a Python number as the default of a column stays the number it is.

    ClickHouse casts a default and says nothing: -1 in a UInt8 is 255, 1.5 in it is 1, 1.005 in a Decimal(9, 2) is 1.00
    (26.9). Only whole numbers and decimals are judged; anything else is true.
    """
    kind = unwrap(type)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return True
    if not isinstance(kind, IntegerType | DecimalType):
        return True
    if not isfinite(value):
        return False
    number = Fraction(repr(value) if isinstance(value, float) else value)
    if isinstance(kind, DecimalType):
        scaled = number * 10**kind.scale
        return bool(scaled.denominator == 1 and abs(scaled) < 10**kind.precision)
    low = -(2 ** (kind.bits - 1)) if kind.signed else 0
    return bool(number.denominator == 1 and low <= number < low + 2**kind.bits)
