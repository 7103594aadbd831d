"""Rules of ``+ - * / %`` and their relatives, over numbers, decimals, moments and intervals."""

from __future__ import annotations

from collections.abc import Callable

from tilla.expressions.rules.core import BFLOAT16, DATE, FLOAT32, FLOAT64, INT32, UINT8, Type, result, rule
from tilla.types.containers import ArrayType, TupleType
from tilla.types.scalars import DECIMAL_DIGITS, BoolType, DecimalType, FloatType, IntegerType
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType, IntervalType, Time64Type, TimeType

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
