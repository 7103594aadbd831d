"""Questions about types, and the types that ClickHouse derives from others: sums, common types, decimals."""

from __future__ import annotations

from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NullableType, TupleType
from tilla.types.scalars import (
    DECIMAL_DIGITS,
    BoolType,
    DecimalType,
    EnumType,
    FixedStringType,
    FloatType,
    IntegerType,
    IPv4Type,
    NothingType,
    StringType,
)
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType, IntervalType, Time64Type, TimeType

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

    Of two decimals ``+`` and ``-`` keep the larger scale, ``*`` adds the scales, ``/`` keeps that of the
    dividend; the digits are all that the wider one's storage holds. A dividend of a smaller scale than the
    divisor's is refused, as are two scales that together exceed the digits. (DESCRIBE of 26.9 gives a type
    where one side is Nullable, but the query then fails.) With an integer the decimal stays as it is, with a
    float it becomes Float64.

    >>> from tilla import types as t
    >>> decimal_result("*", t.Decimal(18, 2), t.Decimal(9, 4)), decimal_result("/", t.Decimal(18, 2), t.UInt8)
    (t.Decimal(18, 6), t.Decimal(18, 2))
    """
    left, right = unwrap(a), unwrap(b)
    found: Type | None = None
    if isinstance(left, DecimalType) and isinstance(right, DecimalType):
        digits = DECIMAL_DIGITS[max(left.bits, right.bits)]
        scales: dict[str, int | None] = {
            "+": max(left.scale, right.scale),
            "-": max(left.scale, right.scale),
            "*": left.scale + right.scale,
            "/": left.scale if left.scale >= right.scale and left.scale + right.scale <= digits else None,
        }
        scale = scales[operator]
        found = DecimalType(digits, scale) if scale is not None and scale <= digits else None
    elif isinstance(left, DecimalType) or isinstance(right, DecimalType):
        one, other = (left, right) if isinstance(left, DecimalType) else (right, left)
        if isinstance(other, FloatType):
            too_wide = isinstance(one, DecimalType) and one.bits > 64 and other.bits == 16
            found = None if too_wide else FloatType("Float64", 64)
        elif isinstance(other, IntegerType | BoolType):
            found = one
    if found is None:
        return None
    return NullableType(found) if a.nullable or b.nullable else found


# --- the common type of two ---


def supertype(a: Type, b: Type) -> Type | None:
    """Return the type that holds the values of both, as ``[a, b]`` has it in 26.9; None when there is none.

    None also stands where ClickHouse would make a Variant of the two. Where two names are one type (Bool and
    UInt8, moments in two zones), the first one stays. LowCardinality stays only when both sides have it.

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
    if found is None:
        return None
    if a.nullable or b.nullable:
        if not found.can_be_nullable:
            return None
        found = NullableType(found)
    both = isinstance(a, LowCardinalityType) and isinstance(b, LowCardinalityType)
    return LowCardinalityType(found) if both and found.can_be_low_cardinality else found


_TEXTS = StringType | FixedStringType | EnumType


def _plain_supertype(left: Type, right: Type) -> Type | None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, IntervalType) and _as_number(other) is not None:
            return one
        if isinstance(one, IPv4Type) and isinstance(_as_number(other), IntegerType) and not _signed(other):
            return _number(IntegerType(32, False), other)
    if isinstance(left, DecimalType) or isinstance(right, DecimalType):
        return _decimal(left, right)
    enums = isinstance(left, EnumType) and isinstance(right, EnumType)
    if isinstance(left, _TEXTS) and isinstance(right, _TEXTS) and not enums:
        return StringType("String")
    if _as_number(left) is not None and _as_number(right) is not None:
        return _number(left, right)
    return _moment(left, right) or _inside(left, right)


def _as_number(dt: Type) -> IntegerType | FloatType | None:
    """Return the number that a type counts as: Bool is UInt8, an Enum is the integer that it is stored as."""
    if isinstance(dt, BoolType):
        return IntegerType(8, False)
    if isinstance(dt, EnumType):
        return IntegerType(dt.bits, True)
    return dt if isinstance(dt, IntegerType | FloatType) else None


def _signed(dt: Type) -> bool:
    number = _as_number(dt)
    return isinstance(number, IntegerType) and number.signed


def _number(left: Type, right: Type) -> Type | None:
    sides = [side for side in (_as_number(left), _as_number(right)) if side is not None]
    if sides[0] == sides[1]:
        return sides[0] if isinstance(left, EnumType) else left
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
    if not all(isinstance(side, DecimalType | IntegerType) for side in sides):
        return None
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


_MOMENTS = DateType | DateTimeType | DateTime64Type | TimeType | Time64Type


def _moment(left: Type, right: Type) -> Type | None:
    """Join dates, moments and times of day: the finest scale, and the zone of the first that has the scale."""
    if not (isinstance(left, _MOMENTS) and isinstance(right, _MOMENTS)):
        return None
    sides = (left, right)
    times = [side for side in sides if isinstance(side, TimeType | Time64Type)]
    moments = [side for side in sides if isinstance(side, DateTimeType | DateTime64Type)]
    scale = max(side.scale for side in (*times, *moments)) if times or moments else 0
    if len(times) == 2:
        return Time64Type(scale)
    if not moments:
        return None if times else DateType("Date32")
    if not times and all(isinstance(side, DateTimeType) for side in moments) and DateType("Date32") not in sides:
        return moments[0]
    exact = [side for side in moments if isinstance(side, DateTime64Type) and side.scale == scale]
    if not (exact or times):
        return DateTime64Type(scale)  # 26.9 forgets the zone of a DateTime beside a Date32
    return DateTime64Type(scale, (exact or moments)[0].zone)


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
