"""ClickHouse's type rules for operators and for what is built from them, without sqlglot.

``result("plus", [UInt8, UInt8])`` is UInt16, as the server says. None means unknown: a rule never guesses,
so a type that Tilla states is the type that the server has. The rules of named functions stand in
:mod:`tilla.expressions.returns`, those of aggregates in :mod:`tilla.expressions.aggregates`.

Three things happen around almost every function, and are spelled once in :func:`propagate`: a Nullable
argument makes the result Nullable, NULL itself makes it ``Nullable(Nothing)``, and a single LowCardinality
column among constants keeps its dictionary.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

from tilla.types.base import DataType
from tilla.types.containers import (
    ArrayType,
    LowCardinalityType,
    MapType,
    NestedType,
    NullableType,
    TupleType,
    VariantType,
)
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
    UUIDType,
)
from tilla.types.semistructured import DynamicType
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType, IntervalType, Time64Type, TimeType

Type = DataType[Any]
Rule = Callable[[Sequence[Type | None], Sequence[bool]], "Type | None"]

BOOL, STRING, UUID_, NOTHING = BoolType("Bool"), StringType("String"), UUIDType("UUID"), NothingType("Nothing")
DATE, DATE32 = DateType("Date"), DateType("Date32")
UINT8, UINT16, UINT32, UINT64 = (IntegerType(bits, False) for bits in (8, 16, 32, 64))
INT8, INT16, INT32, INT64 = (IntegerType(bits, True) for bits in (8, 16, 32, 64))
FLOAT32, FLOAT64, BFLOAT16 = FloatType("Float32", 32), FloatType("Float64", 64), FloatType("BFloat16", 16)
NULL: Type = NullableType(NOTHING)

RULES: dict[str, Rule] = {}


def result(function: str, types: Sequence[Type | None], constant: Sequence[bool] = ()) -> Type | None:
    """Return the type of ``function(arguments)``, or None when Tilla does not know it.

    ``constant`` says of each argument whether it reads no column; it only matters for LowCardinality.
    """
    rule = RULES.get(function)
    return rule(types, constant) if rule is not None else None


# --- Nullable and LowCardinality ---


def strip(type: Type) -> Type:
    """Return the type without LowCardinality and Nullable."""
    return bare(type).without_nullable()


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


def propagate(
    base: Callable[..., Type | None],
    types: Sequence[Type | None],
    constant: Sequence[bool] = (),
    *,
    nulls: bool = True,
    dictionary: bool = True,
) -> Type | None:
    """Apply ``base`` to the stripped argument types and put Nullable and LowCardinality back.

    ``nulls=False``: the function handles NULL itself, so ``base`` sees Nullable types and decides.
    ``dictionary=False``: the function is never computed on a dictionary.
    """
    known = [type for type in types if type is not None]
    if len(known) < len(types):
        return None
    if any(isinstance(type, VariantType | DynamicType) for type in known):
        return None
    plain = [bare(type) for type in known]
    if not nulls:
        found = base(*plain)
    elif NULL in plain:
        return NULL
    else:
        found = base(*(type.without_nullable() for type in plain))
        if found is not None and any(type.nullable for type in plain):
            found = nullable(found)
    if found is None or not dictionary or not found.can_be_low_cardinality:
        return found
    columns = [type for type, fixed in zip(known, [*constant, *[False] * len(known)], strict=False) if not fixed]
    if len(columns) == 1 and isinstance(columns[0], LowCardinalityType):
        return LowCardinalityType(found)
    return found


def rule(
    *names: str, nulls: bool = True, dictionary: bool = True
) -> Callable[[Callable[..., Type | None]], Callable[..., Type | None]]:
    """Register a function of stripped argument types as the rule of ``names``."""

    def register(base: Callable[..., Type | None]) -> Callable[..., Type | None]:
        for name in names:
            RULES[name] = lambda types, constant: propagate(base, types, constant, nulls=nulls, dictionary=dictionary)
        return base

    return register


def plain(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule that sees the argument types as they are, None for an unknown one."""

    def register(base: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, base))
        return base

    return register


# --- numbers ---


def number(type: Type) -> IntegerType | FloatType | None:
    """Return what a type counts as in arithmetic: Bool is UInt8."""
    if isinstance(type, IntegerType | FloatType):
        return type
    return UINT8 if isinstance(type, BoolType) else None


def integer(bits: int, signed: bool) -> IntegerType:
    """Return the integer type of that width."""
    return IntegerType(bits, signed)


def wider(bits: int) -> int:
    """Return the next width of integers; beyond 64 bits they stay as they are."""
    return bits * 2 if bits < 64 else bits


def _signed(type: IntegerType | FloatType) -> bool:
    return isinstance(type, FloatType) or type.signed


def _sum(a: IntegerType | FloatType, b: IntegerType | FloatType, *, signed: bool) -> Type | None:
    """Add, subtract or multiply numbers: one width more than the wider one."""
    bits = max(a.bits, b.bits)
    if isinstance(a, FloatType) or isinstance(b, FloatType):
        return (FLOAT32 if wider(bits) == 32 else FLOAT64) if bits <= 64 else None
    return integer(wider(bits), signed or a.signed or b.signed)


def _decimals(a: Type, b: Type, scale: Callable[[int, int], int | None]) -> Type | None:
    """Combine two numbers of which at least one is a Decimal; a Float makes it Float64."""
    if isinstance(a, DecimalType) and isinstance(b, DecimalType):
        digits = DECIMAL_DIGITS[max(a.bits, b.bits)]
        found = scale(a.scale, b.scale)
        return DecimalType(digits, found) if found is not None and found <= digits else None
    one, other = (a, b) if isinstance(a, DecimalType) else (b, a)
    other_number = number(other)
    if other_number is None or not isinstance(one, DecimalType):
        return None
    return (None if _too_wide(a, b) else FLOAT64) if isinstance(other_number, FloatType) else one


def _arithmetic(a: Type, b: Type, *, signed: bool, scale: Callable[[int, int], int | None]) -> Type | None:
    if isinstance(a, DecimalType) or isinstance(b, DecimalType):
        return _decimals(a, b, scale)
    x, y = number(a), number(b)
    return _sum(x, y, signed=signed) if x is not None and y is not None else None


def _elementwise(name: str, a: Type, b: Type) -> Type | None:
    """Arrays add element by element."""
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        inner = result(name, [a.element, b.element])
        return ArrayType(inner) if inner is not None else None
    return None


@rule("plus")
def _plus(a: Type, b: Type) -> Type | None:
    return _arithmetic(a, b, signed=False, scale=max) or _shifted(a, b) or _shifted(b, a) or _elementwise("plus", a, b)


@rule("minus")
def _minus(a: Type, b: Type) -> Type | None:
    return _arithmetic(a, b, signed=True, scale=max) or _distance(a, b) or _shifted(a, b) or _elementwise("minus", a, b)


@rule("multiply")
def _multiply(a: Type, b: Type) -> Type | None:
    return _arithmetic(a, b, signed=False, scale=lambda x, y: x + y)


@rule("divide")
def _divide(a: Type, b: Type) -> Type | None:
    if isinstance(a, DecimalType) or isinstance(b, DecimalType):
        # 26.9 refuses a divisor of a greater scale
        return _decimals(a, b, _quotient_scale(a, b))
    return None if number(a) is None or number(b) is None or _too_wide(a, b) else FLOAT64


def _quotient_scale(a: Type, b: Type) -> Callable[[int, int], int | None]:
    """The scale of a quotient: the dividend's. It is computed with both scales, which must fit the digits."""
    digits = max((DECIMAL_DIGITS[t.bits] for t in (a, b) if isinstance(t, DecimalType)), default=0)
    return lambda x, y: x if x >= y and x + y <= digits else None


@rule("modulo")
def _modulo(a: Type, b: Type) -> Type | None:
    y = number(b)
    if isinstance(a, DateTimeType | TimeType) or a == DATE:
        return (FLOAT64 if isinstance(y, FloatType) else y) if y is not None and y.bits <= 64 else None
    if isinstance(a, DecimalType) or isinstance(b, DecimalType):
        return _decimals(a, b, lambda x, y: x if x >= y else None)
    return _remainder(a, b)


@rule("moduloOrZero")
def _remainder(a: Type, b: Type) -> Type | None:
    x, y = number(a), number(b)
    if x is None or y is None:
        return None
    if isinstance(x, FloatType) or isinstance(y, FloatType):
        return None if _too_wide(x, y) else FLOAT64
    return integer(wider(y.bits) if x.signed else y.bits, x.signed)


@rule("positiveModulo")
def _positive_modulo(a: Type, b: Type) -> Type | None:
    x, y = number(a), number(b)
    if isinstance(x, IntegerType) and isinstance(y, IntegerType):
        return integer(y.bits, False)
    return _modulo(a, b)


@rule("intDiv", "intDivOrZero")
def _whole(a: Type, b: Type) -> Type | None:
    x, y = number(a), number(b)
    if _too_wide(a, b):
        return None
    if isinstance(a, DecimalType):
        return integer(a.bits, True) if y is not None or (isinstance(b, DecimalType) and a.scale >= b.scale) else None
    if x is None or (y is None and not isinstance(b, DecimalType)):
        return None
    return integer(x.bits, _signed(x) or y is None or _signed(y))


def _too_wide(a: Type, b: Type) -> bool:
    """Return True for BFloat16 with a number of more than 64 bits, for which 26.9 has no arithmetic."""
    wide = any(isinstance(t, IntegerType | DecimalType) and t.bits > 64 for t in (a, b))
    return wide and BFLOAT16 in (a, b)


@rule("negate")
def _negate(a: Type) -> Type | None:
    if isinstance(a, DecimalType | IntervalType):
        return a
    x = number(a)
    if isinstance(x, IntegerType):
        return x if x.signed else integer(wider(x.bits), True)
    return x if x is not None and x.bits > 16 else None


# --- dates and intervals ---

_SUBSECOND = {"Millisecond": 3, "Microsecond": 6, "Nanosecond": 9}
_CLOCK = frozenset({"Hour", "Minute", "Second"})


def _shifted(moment: Type, by: Type) -> Type | None:
    """Move a date or a moment by an interval, or by a number of its own unit (days, seconds)."""
    if isinstance(by, IntervalType):
        return by_interval(moment, by)
    step = number(by)
    if isinstance(moment, DateType | DateTimeType | DateTime64Type | TimeType | Time64Type):
        return moment if step is not None and step.bits <= 64 and str(step) != "BFloat16" else None
    return None


def by_interval(moment: Type, by: IntervalType) -> Type | None:
    """Return the type of a moment plus or minus an interval: of a finer unit it gets the digits for it."""
    if isinstance(moment, IntervalType):
        return moment if moment.unit == by.unit else TupleType((moment, by))
    digits = _SUBSECOND.get(by.unit)
    if isinstance(moment, DateType):
        if digits is not None:
            return None
        if by.unit in _CLOCK:
            return DateTimeType() if moment == DATE else DateTime64Type(3)
        return moment
    if isinstance(moment, DateTimeType):
        return moment if digits is None else DateTime64Type(digits, moment.zone)
    if isinstance(moment, DateTime64Type):
        return DateTime64Type(max(digits, moment.scale), moment.zone) if digits else moment
    return None


def _distance(a: Type, b: Type) -> Type | None:
    """Subtract moments: days or seconds as Int32, or a Decimal where one has parts of a second."""
    moments = (DateTimeType, DateTime64Type)
    if a == DATE and b == DATE:
        return INT32
    if isinstance(a, moments) and isinstance(b, moments):
        scale = max(a.scale, b.scale)
        exact = isinstance(a, DateTime64Type) or isinstance(b, DateTime64Type)
        return DecimalType(18, scale) if exact else INT32
    if isinstance(a, IntervalType) and a == b:
        return a
    return None


# --- comparison, logic, absence ---


@rule("equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals")
def _compare(a: Type, b: Type) -> Type | None:
    inner = [t for side in (a, b) if isinstance(side, TupleType) for t in side.elements]
    if any(isinstance(t, TupleType | VariantType | DynamicType) for t in inner):
        return None
    return NullableType(UINT8) if any(t.nullable for t in inner) else UINT8


@rule("like", "notLike", "ilike", "notILike", "match")
def _matches(a: Type, b: Type) -> Type | None:
    return UINT8


@plain("in", "notIn", "globalIn", "globalNotIn")
def _in(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """NULL IN (...) is NULL. Only the left side counts, whatever the set holds."""
    return propagate(lambda left: UINT8, types[:1], constant)


@plain("and", "or", "xor")
def _logic(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """Bool where one argument is a Bool (a Nullable(Bool) does not count, 26.9), else UInt8."""
    known = [bare(type) for type in types if type is not None]
    if len(known) < len(types) or any(_truth(type) is None for type in known):
        return None
    out = BOOL if BOOL in known else UINT8
    return NullableType(out) if any(type.nullable for type in known) else out


def _truth(type: Type) -> Type | None:
    """Return the type of a condition, or None for what cannot be one."""
    inner = type.without_nullable()
    found = number(inner)
    if found is None or found.bits > 64 or found == BFLOAT16:
        return inner if inner == NOTHING else None
    return found


@rule("not")
def _not(a: Type) -> Type | None:
    return (BOOL if a == BOOL else UINT8) if _truth(a) is not None else None


@plain("isNull", "isNotNull")
def _is_null(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return UINT8


def common(types: Sequence[Type]) -> Type | None:
    """Return the type that holds values of all these types, LowCardinality left out, or None.

    None also stands where ClickHouse 26.9 would make a Variant, which older servers refuse.
    """
    values = [bare(type) for type in types]
    absent = any(value.nullable for value in values)
    kept = [value.without_nullable() for value in values if value != NULL]
    kept = [value for value in kept if value != NOTHING]
    if not kept:
        return NULL if absent else NOTHING
    found = kept[0] if all(value == kept[0] for value in kept) else _common(kept)
    return nullable(found) if found is not None and absent else found


def _common(types: list[Type]) -> Type | None:
    """Find the common type of different types without Nullable."""
    numbers = [found for type in types if (found := number(type)) is not None]
    if len(numbers) == len(types):
        # Bool and UInt8 are one type to ClickHouse: the first one gives its name.
        return types[0] if len({str(found) for found in numbers}) == 1 else _common_number(numbers)
    decimals = [type for type in types if isinstance(type, DecimalType)]
    if decimals and len(decimals) + len(numbers) == len(types):
        return _common_decimal(decimals, numbers)
    if all(isinstance(type, StringType | FixedStringType | EnumType) for type in types):
        text = any(isinstance(type, StringType | FixedStringType) for type in types)
        return STRING if text else None
    if all(isinstance(type, DateType | DateTimeType | DateTime64Type) for type in types):
        return _common_moment(types)
    return _common_inside(types)


def _common_number(numbers: list[IntegerType | FloatType]) -> Type | None:
    whole = [found for found in numbers if isinstance(found, IntegerType)]
    floats = [found.bits for found in numbers if isinstance(found, FloatType)]
    if floats:
        # A float holds integers of up to 8 (BFloat16), 16 (Float32) or 32 (Float64) bits exactly.
        need = max([*(found.bits * 2 for found in whole), *floats])
        return {16: BFLOAT16, 32: FLOAT32, 64: FLOAT64}.get(need)
    signed = max((found.bits for found in whole if found.signed), default=0)
    unsigned = max((found.bits for found in whole if not found.signed), default=0)
    if not signed:
        return integer(unsigned, False)
    bits = max(signed, unsigned * 2) if unsigned else signed
    if bits > 256 or (bits == 128 and signed < 128):  # 26.9 widens to 128 bits only where such a type takes part
        return None
    return integer(bits, True)


# How many digits an integer takes when it becomes a Decimal.
_DIGITS = {"Int8": 3, "Int16": 5, "Int32": 10, "Int64": 19, "UInt8": 3, "UInt16": 5, "UInt32": 10, "UInt64": 20}


def _common_decimal(decimals: list[DecimalType], numbers: list[IntegerType | FloatType]) -> Type | None:
    if any(str(found) not in _DIGITS for found in numbers):
        return None
    scale = max(type.scale for type in decimals)
    need = max([scale + _DIGITS[str(found)] for found in numbers], default=0)
    if not scale and need in (10, 19) and not any(found == UINT32 for found in numbers):
        need -= 1  # a whole Int32 or Int64 fits the width of 9 or 18 digits
    width = max([decimal_width(need), *(type.bits for type in decimals)])
    return DecimalType(DECIMAL_DIGITS[width], scale) if need <= 76 else None


def _common_moment(types: list[Type]) -> Type | None:
    exact = [type for type in types if isinstance(type, DateTime64Type)]
    if exact:
        scale = max(type.scale for type in exact)
        return next(type for type in exact if type.scale == scale)
    moments = [type for type in types if isinstance(type, DateTimeType)]
    if not moments:
        return DATE32
    return None if DATE32 in types else moments[0]


def _common_inside(types: list[Type]) -> Type | None:
    """Join arrays, maps and tuples element by element."""
    if all(isinstance(type, ArrayType) for type in types):
        found = common([type.children[0] for type in types])
        return ArrayType(found) if found is not None else None
    if all(isinstance(type, MapType) for type in types):
        key, value = (common([type.children[side] for type in types]) for side in (0, 1))
        return MapType(key, value) if key is not None and value is not None and not key.nullable else None
    if all(isinstance(type, TupleType) for type in types) and len({len(type.children) for type in types}) == 1:
        parts = [common(list(group)) for group in zip(*(type.children for type in types), strict=True)]
        kept = tuple(part for part in parts if part is not None)
        names = {type.names for type in types if isinstance(type, TupleType)}
        return TupleType(kept, names.pop() if len(names) == 1 else ()) if len(kept) == len(parts) else None
    return None


def branches(types: Sequence[Type]) -> Type | None:
    """Return the common type of the branches of a condition, where Decimals must have one scale (26.9)."""
    return common(types) if len({scale_of(type) for type in types} - {None}) < 2 else None


def scale_of(type: Type | None) -> int | None:
    """Return the scale of a Decimal, Nullable or not; None for anything else."""
    inner = strip(type) if type is not None else None
    return inner.scale if isinstance(inner, DecimalType) else None


def in_scale(value: Decimal, scale: int) -> Decimal:
    """Write a Decimal with more digits behind the point, so that it fits a branch of that scale."""
    return value if decimal_scale(value) >= scale else value.quantize(Decimal(1).scaleb(-scale), context=_EXACT)


_EXACT = Context(prec=80)


@rule("ifNull", nulls=False)
def _if_null(a: Type, b: Type) -> Type | None:
    if a == NULL:
        return b
    return branches([a.without_nullable(), b]) if a.nullable else a


@rule("coalesce", nulls=False)
def _coalesce(*types: Type) -> Type | None:
    kept: list[Type] = []
    for type in types:
        if type == NULL:
            continue
        kept.append(type)
        if not type.nullable:
            break
    if len(kept) <= 1:
        return kept[0] if kept else NULL
    return branches([*(type.without_nullable() for type in kept[:-1]), kept[-1]])


@rule("nullIf", nulls=False)
def _null_if(a: Type, b: Type) -> Type | None:
    return nullable(a)


@plain("assumeNotNull")
def _assume(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return types[0].without_nullable() if types[0] is not None else None


@plain("toNullable")
def _to_nullable(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return nullable(types[0]) if types[0] is not None else None


@plain("if")
def _if(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return _branches(types[1:])


@plain("multiIf")
def _multi_if(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    return _branches([*types[1:-1:2], types[-1]])


def _branches(types: Sequence[Type | None]) -> Type | None:
    known = [type for type in types if type is not None]
    return branches(known) if len(known) == len(types) else None


# --- arrays, tuples, maps ---


@plain("array")
def _array(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """The elements keep LowCardinality when all of them have it."""
    known = [type for type in types if type is not None]
    if len(known) < len(types):
        return None
    inner = known[0] if known and all(type == known[0] for type in known) else common(known)
    if inner is not None and known and all(isinstance(type, LowCardinalityType) for type in known):
        inner = LowCardinalityType(bare(inner))
    return ArrayType(inner) if inner is not None else None


@plain("tuple")
def _tuple(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    known = [type for type in types if type is not None]
    return TupleType(tuple(known)) if known and len(known) == len(types) else None


@plain("map")
def _map(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    keys, values = _array(types[0::2], ()), _array(types[1::2], ())
    if not isinstance(keys, ArrayType) or not isinstance(values, ArrayType) or keys.element.nullable:
        return None
    return MapType(keys.element, values.element)


def is_tuple(type: Type | None, index: object = "") -> bool:
    """Return True where ``value[index]`` takes a member of a tuple; of an array of tuples it takes one by name."""
    while isinstance(type, ArrayType) and isinstance(index, str):
        type = type.element
    return isinstance(type, TupleType) or (isinstance(type, NullableType) and isinstance(type.inner, TupleType))


def width(type: Type | None) -> int:
    """Return how many values one value of a type is for IN: the members of a tuple, else 1."""
    inner = type.inner if isinstance(type, NullableType) else type
    return len(inner.elements) if isinstance(inner, TupleType) else 1


def element(type: Type | None, index: object) -> Type | None:
    """Return the type of ``value[index]``: of an array, a map, a tuple (by name or 1-based number)."""
    if isinstance(type, NestedType):
        type = ArrayType(TupleType(tuple(type.members.values()), tuple(type.members)))
    index_type = getattr(index, "type", None)
    absent = isinstance(index_type, DataType) and index_type.nullable
    if isinstance(type, ArrayType) and not (is_tuple(type) and isinstance(index, str)):
        return _found(bare(type.element), absent)
    if isinstance(type, MapType):
        return _found(bare(type.value), absent)
    if isinstance(type, ArrayType):
        inner = element(type.element, index)
        return ArrayType(inner) if inner is not None else None
    if isinstance(type, NullableType) and isinstance(type.inner, TupleType):
        inner = element(type.inner, index)
        return (nullable(inner) or inner) if inner is not None else None
    if isinstance(type, TupleType):
        if isinstance(index, int) and not isinstance(index, bool) and 1 <= index <= len(type.elements):
            return type.elements[index - 1]
        return type.members.get(index) if isinstance(index, str) and type.names else None
    return None


def _found(type: Type, absent: bool) -> Type | None:
    return nullable(type) if absent else type


def element_of_array(type: Type | None) -> Type | None:
    """Return the type of one row of ``ARRAY JOIN``: an element, or a (key, value) pair of a map."""
    if isinstance(type, ArrayType):
        return type.element
    if isinstance(type, MapType):
        return TupleType((type.key, type.value), ("keys", "values"))
    if isinstance(type, NestedType):
        return TupleType(tuple(type.members.values()), tuple(type.members))
    return None


# --- literals ---


def decimal_width(digits: int) -> int:
    """Return the width (32, 64, 128 or 256) of the smallest Decimal that holds so many digits."""
    return next((bits for bits, most in DECIMAL_DIGITS.items() if digits <= most), 256)


def integer_type(value: int) -> IntegerType | None:
    """Return the smallest type that holds an integer, as ClickHouse types it; beyond 64 bits 128 or 256."""
    for bits in (8, 16, 32, 64, 128, 256):
        low, high = (0, 2**bits) if value >= 0 else (-(2 ** (bits - 1)), 0)
        if low <= value < high or (value < 0 and value == low):
            return integer(bits, value < 0)
    return None


_INTERVAL_LITERALS = {True: "Microsecond", False: "Second"}


def literal_type(value: object) -> Type | None:
    """Return the type that ClickHouse gives the literal that Tilla writes for a Python value."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return integer_type(value)
    if isinstance(value, float):
        return FLOAT64
    if isinstance(value, str):
        return STRING
    if isinstance(value, Decimal):
        return decimal_type(value)
    if isinstance(value, dt.datetime):
        return DateTime64Type(6 if value.microsecond % 1000 else 3, "UTC")
    if isinstance(value, dt.date):
        return DATE if 1970 <= value.year < 2149 else DATE32
    if isinstance(value, dt.timedelta):
        return IntervalType(_INTERVAL_LITERALS[bool(value.microseconds)])
    if isinstance(value, uuid.UUID):
        return UUID_
    if isinstance(value, list | tuple):
        return result("array" if isinstance(value, list) else "tuple", [literal_type(item) for item in value])
    if isinstance(value, Mapping):
        return result("map", [literal_type(item) for pair in value.items() for item in pair])
    return None


def decimal_type(value: Decimal) -> DecimalType:
    """Return the Decimal type of a literal: its own scale, in the smallest width that holds its digits."""
    return DecimalType(DECIMAL_DIGITS[decimal_width(decimal_digits(value))], decimal_scale(value))


def decimal_scale(value: Decimal) -> int:
    """Return how many digits a Decimal has after the point."""
    return max(0, -int(value.as_tuple().exponent))


def decimal_digits(value: Decimal) -> int:
    """Return how many digits a Decimal takes when written out without an exponent."""
    _, digits, exponent = value.as_tuple()
    return max(len(digits) + max(0, int(exponent)), 1 - min(0, int(exponent)))
