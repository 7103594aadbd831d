"""The type that holds the values of several others: of array elements, of the branches of a condition.

None stands where ClickHouse 26.9 has no such type, and where it would make a Variant, which older servers refuse.
Where two names are one type (Bool and UInt8, moments in two zones), the first one stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NullableType, TupleType
from tilla.types.rules import nullable, unwrap
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

_TEXTS = StringType | FixedStringType | EnumType
_MOMENTS = DateType | DateTimeType | DateTime64Type | TimeType | Time64Type


def supertype(*types: Type) -> Type | None:
    """Return the type that holds the values of all, as ``[a, b]`` has it; LowCardinality stays when all have it.

    >>> from tilla import types as t
    >>> supertype(t.UInt8, t.Int16), supertype(t.Nullable(t.Date), t.DateTime), supertype(t.String, t.UInt8)
    (t.Int16, t.Nullable(t.DateTime), None)
    """
    if types and all(type == types[0] for type in types):
        return types[0]
    found = common(types)
    dictionaries = all(isinstance(type, LowCardinalityType) for type in types)
    return LowCardinalityType(found) if found is not None and dictionaries and found.can_be_low_cardinality else found


def common(types: Sequence[Type]) -> Type | None:
    """Return the type that holds values of all these types, LowCardinality left out; Nullable where one of them is."""
    absent = any(type.nullable for type in types)
    kept = [value for value in map(unwrap, types) if not isinstance(value, NothingType)]
    if not kept:
        nothing = NothingType("Nothing")
        return NullableType(nothing) if absent else nothing
    found = kept[0] if all(value == kept[0] for value in kept) else _common(kept)
    return nullable(found) if found is not None and absent else found


def _common(types: list[Type]) -> Type | None:
    """Join types that are not all the same, without Nullable and LowCardinality."""
    intervals = [type for type in types if isinstance(type, IntervalType)]
    if intervals:
        rest = [type for type in types if type != intervals[0]]
        return intervals[0] if all(_as_number(type) is not None for type in rest) else None
    if any(isinstance(type, DecimalType) for type in types):
        return _decimal(types)
    if all(isinstance(type, _TEXTS) for type in types) and not all(isinstance(type, EnumType) for type in types):
        return StringType("String")
    numbers = [_as_number(type) for type in types]
    if any(isinstance(type, IPv4Type) for type in types):  # beside whole numbers without a sign it counts as UInt32
        numbers = [IntegerType(32, False) if isinstance(type, IPv4Type) else _as_number(type) for type in types]
        if any(not isinstance(number, IntegerType) or number.signed for number in numbers):
            return None
        types = [IntegerType(32, False) if isinstance(type, IPv4Type) else type for type in types]
    known = [number for number in numbers if number is not None]
    if len(known) == len(types):
        return _number(types[0], known)
    return _moment(types) or _inside(types)


def _as_number(type: Type) -> IntegerType | FloatType | None:
    """Return the number that a type counts as: Bool is UInt8, an Enum is the integer that it is stored as."""
    if isinstance(type, BoolType):
        return IntegerType(8, False)
    if isinstance(type, EnumType):
        return IntegerType(type.bits, True)
    return type if isinstance(type, IntegerType | FloatType) else None


def _number(first: Type, numbers: Sequence[IntegerType | FloatType]) -> Type | None:
    if all(number == numbers[0] for number in numbers):
        return numbers[0] if isinstance(first, EnumType) else first
    whole = [number for number in numbers if isinstance(number, IntegerType)]
    floats = [number.bits for number in numbers if isinstance(number, FloatType)]
    if floats:
        # A float holds integers of up to 8 (BFloat16), 16 (Float32) or 32 (Float64) bits exactly.
        need = max([*(number.bits * 2 for number in whole), *floats])
        name = {16: "BFloat16", 32: "Float32", 64: "Float64"}.get(need)
        return FloatType(name, need) if name else None
    signed = max((number.bits for number in whole if number.signed), default=0)
    unsigned = max((number.bits for number in whole if not number.signed), default=0)
    if not signed:
        return IntegerType(unsigned, False)
    bits = max(signed, unsigned * 2) if unsigned else signed
    if bits > 256 or (bits == 128 and signed < 128):  # 26.9 widens past 64 bits only where such a type takes part
        return None
    return IntegerType(bits, True)


# The digits that an integer takes as a Decimal; an integer of 128 or 256 bits has no common type with one.
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}


def _decimal(types: list[Type]) -> Type | None:
    sides = [IntegerType(8, False) if isinstance(type, BoolType) else type for type in types]
    decimals = [side for side in sides if isinstance(side, DecimalType)]
    whole = [side for side in sides if isinstance(side, IntegerType)]
    if len(decimals) + len(whole) < len(sides) or any(side.bits not in _DIGITS for side in whole):
        return None
    scale = max(side.scale for side in decimals)
    bits = max(side.bits for side in decimals)
    for side in whole:
        digits = scale + _DIGITS[side.bits] + (side.bits == 64 and not side.signed)
        if not scale and side.signed and side.bits in (32, 64):
            digits -= 1  # a whole Int32 or Int64 fits the width of 9 or 18 digits
        if digits > DecimalType.LARGEST:
            return None
        bits = max(bits, next(width for width, most in DECIMAL_DIGITS.items() if digits <= most))
    return DecimalType(DECIMAL_DIGITS[bits], scale)


def _moment(types: list[Type]) -> Type | None:
    """Join dates, moments and times of day: the finest scale, and the zone of the first that has the scale."""
    sides = [type for type in types if isinstance(type, _MOMENTS)]
    if len(sides) < len(types):
        return None
    times = [side for side in sides if isinstance(side, TimeType | Time64Type)]
    moments = [side for side in sides if isinstance(side, DateTimeType | DateTime64Type)]
    scale = max(side.scale for side in (*times, *moments)) if times or moments else 0
    if len(times) == len(sides):
        return Time64Type(scale)
    if not moments:
        return None if times else DateType("Date32")
    if not times and all(isinstance(side, DateTimeType) for side in moments) and DateType("Date32") not in sides:
        return moments[0]
    exact = [side for side in moments if isinstance(side, DateTime64Type) and side.scale == scale]
    if not (exact or times):
        return DateTime64Type(scale)  # 26.9 forgets the zone of a DateTime beside a Date32
    return DateTime64Type(scale, (exact or moments)[0].zone)


def _inside(types: list[Type]) -> Type | None:
    """Join arrays, maps and tuples element by element."""
    arrays = [type for type in types if isinstance(type, ArrayType)]
    maps = [type for type in types if isinstance(type, MapType)]
    tuples = [type for type in types if isinstance(type, TupleType)]
    if len(arrays) == len(types):
        found = supertype(*(type.element for type in arrays))
        return None if found is None else ArrayType(found)
    if len(maps) == len(types):
        key, value = supertype(*(type.key for type in maps)), supertype(*(type.value for type in maps))
        return None if key is None or value is None or key.nullable else MapType(key, value)
    if len(tuples) == len(types) and len({len(type.elements) for type in tuples}) == 1:
        parts = [supertype(*group) for group in zip(*(type.elements for type in tuples), strict=True)]
        kept = tuple(part for part in parts if part is not None)
        names = {type.names for type in tuples}
        return TupleType(kept, names.pop() if len(names) == 1 else ()) if len(kept) == len(parts) else None
    return None


__all__ = ["common", "supertype"]
