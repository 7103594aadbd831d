"""Questions about types, and the types that ClickHouse derives from others: sums, common types, decimals."""

from __future__ import annotations

from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import ArrayType, MapType, NullableType, TupleType
from tilla.types.scalars import (
    DECIMAL_DIGITS,
    BoolType,
    DecimalType,
    EnumType,
    FixedStringType,
    FloatType,
    IntegerType,
    NothingType,
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


def decimal_result(operator: str, a: Type, b: Type) -> Type | None:
    """Return the type of ``a <operator> b`` where one side is a Decimal; None when ClickHouse refuses it.

    ``+`` and ``-`` keep the larger scale, ``*`` adds the scales, ``/`` keeps the scale of the dividend. The
    precision is the greatest of the wider side's width. With a float it is Float64.

    >>> from tilla import types as t
    >>> decimal_result("*", t.Decimal(18, 2), t.Decimal(9, 4)), decimal_result("/", t.Decimal(18, 2), t.UInt8)
    (t.Decimal(18, 6), t.Decimal(18, 2))
    """
    left, right = unwrap(a), unwrap(b)
    if not (isinstance(left, DecimalType) or isinstance(right, DecimalType)):
        return None
    found: Type
    if isinstance(left, FloatType) or isinstance(right, FloatType):
        found = FloatType("Float64", 64)
    else:
        sides = [_as_decimal(left), _as_decimal(right)]
        if None in sides:
            return None
        (left_bits, left_scale), (right_bits, right_scale) = (side for side in sides if side is not None)
        bits = max(left_bits, right_bits)
        scale = {
            "+": max(left_scale, right_scale),
            "-": max(left_scale, right_scale),
            "*": left_scale + right_scale,
            "/": left_scale,
        }[operator]
        if scale > DECIMAL_DIGITS[bits]:
            return None
        found = DecimalType(DECIMAL_DIGITS[bits], scale)
    return NullableType(found) if a.nullable or b.nullable else found


def _as_decimal(dt: Type) -> tuple[int, int] | None:
    """Return width and scale of one side of an operator; an integer counts as 32 bits at least."""
    if isinstance(dt, DecimalType):
        return dt.bits, dt.scale
    if isinstance(dt, BoolType):
        return 32, 0
    return (max(32, dt.bits), 0) if isinstance(dt, IntegerType) else None


# --- the common type of two ---


def supertype(a: Type, b: Type) -> Type | None:
    """Return the type that holds the values of both, as ``if`` and UNION make it; None when there is none.

    None also stands where ClickHouse would make a Variant of the two. LowCardinality is dropped unless
    both types are the same.

    >>> from tilla import types as t
    >>> supertype(t.UInt8, t.Int16), supertype(t.Nullable(t.Date), t.DateTime), supertype(t.String, t.UInt8)
    (t.Int16, t.Nullable(t.DateTime), None)
    """
    if a == b:
        return a
    left, right = unwrap(a), unwrap(b)
    if isinstance(left, NothingType):
        found: Type | None = right
    elif isinstance(right, NothingType) or left == right:
        found = left
    else:
        found = _plain_supertype(left, right)
    if found is None or not (a.nullable or b.nullable):
        return found
    return NullableType(found) if found.can_be_nullable else None


def _plain_supertype(left: Type, right: Type) -> Type | None:
    if isinstance(left, IntegerType | BoolType | FloatType) and isinstance(right, IntegerType | BoolType | FloatType):
        return _number(left, right)
    if isinstance(left, DecimalType | IntegerType | BoolType) and isinstance(
        right, DecimalType | IntegerType | BoolType
    ):
        return _decimal(left, right)
    if isinstance(left, StringType | FixedStringType | EnumType) and isinstance(
        right, StringType | FixedStringType | EnumType
    ):
        both_enums = isinstance(left, EnumType) and isinstance(right, EnumType)
        return None if both_enums else StringType("String")
    if is_date_like(left) and is_date_like(right):
        return _moment(left, right)
    return _inside(left, right)


def _number(left: Type, right: Type) -> Type | None:
    sides = [IntegerType(8, False) if isinstance(side, BoolType) else side for side in (left, right)]
    floats = [side.bits for side in sides if isinstance(side, FloatType)]
    whole = [side for side in sides if isinstance(side, IntegerType)]
    if floats:
        # A float holds integers of up to 8 (BFloat16), 16 (Float32) or 32 (Float64) bits exactly.
        need = max([*(side.bits * 2 for side in whole), *floats])
        name = {16: "BFloat16", 32: "Float32", 64: "Float64"}.get(need)
        return FloatType(name, need) if name else None
    signed = max((side.bits for side in whole if side.signed), default=0)
    unsigned = max((side.bits for side in whole if not side.signed), default=0)
    if not signed:
        return IntegerType(unsigned, False)
    bits = max(signed, unsigned * 2) if unsigned else signed
    if bits > 256 or (bits == 128 and signed < 128):  # 26.9 widens past 64 bits only where such a type takes part
        return None
    return IntegerType(bits, True)


# The digits that an integer takes as a Decimal; an integer of 128 or 256 bits has no common type with one.
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}


def _decimal(left: Type, right: Type) -> Type | None:
    sides = [IntegerType(8, False) if isinstance(side, BoolType) else side for side in (left, right)]
    decimals = [side for side in sides if isinstance(side, DecimalType)]
    scale = max(side.scale for side in decimals)
    bits = max(side.bits for side in decimals)
    for side in sides:
        if isinstance(side, IntegerType):
            if side.bits not in _DIGITS:
                return None
            digits = scale + _DIGITS[side.bits] + (side.bits == 64 and not side.signed)
            if not scale and side.signed and side.bits in (32, 64):
                digits -= 1  # a whole Int32 or Int64 fits the width of 9 or 18 digits
            if digits > DecimalType.LARGEST:
                return None
            bits = max(bits, next(width for width, most in DECIMAL_DIGITS.items() if digits <= most))
    return DecimalType(DECIMAL_DIGITS[bits], scale)


def _moment(left: Type, right: Type) -> Type | None:
    exact = [side for side in (left, right) if isinstance(side, DateTime64Type)]
    if exact:
        scale = max(side.scale for side in exact)
        return next(side for side in exact if side.scale == scale)
    moments = [side for side in (left, right) if isinstance(side, DateTimeType)]
    if not moments:
        return DateType("Date32")
    return None if DateType("Date32") in (left, right) else moments[0]


def _inside(left: Type, right: Type) -> Type | None:
    """Join arrays, maps and tuples element by element."""
    if isinstance(left, ArrayType) and isinstance(right, ArrayType):
        found = supertype(left.element, right.element)
        return None if found is None else ArrayType(found)
    if isinstance(left, MapType) and isinstance(right, MapType):
        key, value = supertype(left.key, right.key), supertype(left.value, right.value)
        return None if key is None or value is None or key.nullable else MapType(key, value)
    if isinstance(left, TupleType) and isinstance(right, TupleType) and len(left.elements) == len(right.elements):
        parts = [supertype(x, y) for x, y in zip(left.elements, right.elements, strict=True)]
        kept = tuple(part for part in parts if part is not None)
        names = left.names if left.names == right.names else ()
        return TupleType(kept, names) if len(kept) == len(parts) else None
    return None


__all__ = [
    "decimal_result",
    "is_date_like",
    "is_decimal",
    "is_float",
    "is_integer",
    "is_numeric",
    "is_string",
    "sum_type",
    "supertype",
    "unwrap",
]
