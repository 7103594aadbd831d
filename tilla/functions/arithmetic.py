"""Arithmetic, rounding, mathematics and bits. ``+ - * / % //`` are operators of every expression."""

from __future__ import annotations

from typing import Any

from tilla.expressions.expr import Expr, function
from tilla.functions.base import D, M, Number, Whole, scalar, typed
from tilla.types.scalars import DecimalType

# --- arithmetic ---


def ratio(x: Number, y: Number) -> Expr[float | None]:
    """``toFloat64(x) / nullIf(toFloat64(y), 0)``: a quotient that is NULL, not nan or inf, where ``y`` is 0.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> rate = ratio(Reference("clicks", t.UInt64), Reference("opens", t.UInt64))
    >>> print(rate.sql(), rate.type)
    toFloat64(clicks) / nullIf(toFloat64(opens), 0) Nullable(Float64)
    """
    return function("toFloat64", x) / function("nullIf", function("toFloat64", y), 0)


def int_div(x: Expr[Any], y: Number) -> Expr[int]:
    """``intDiv(x, y)``: the quotient without its fraction; an error where ``y`` is 0."""
    return scalar("intDiv", x, y)


def int_div_or_zero(x: Expr[Any], y: Number) -> Expr[int]:
    """``intDivOrZero(x, y)``: the quotient without its fraction, 0 where ``y`` is 0."""
    return scalar("intDivOrZero", x, y)


def int_div_or_null(x: Expr[Any], y: Number) -> Expr[int | None]:
    """``intDivOrNull(x, y)``: the quotient without its fraction, NULL where ``y`` is 0. ClickHouse 25.5 or later."""
    return scalar("intDivOrNull", x, y)


def modulo(x: Expr[Any], y: Number) -> Expr[Any]:
    """``modulo(x, y)``: the remainder, with the sign of ``x``."""
    return scalar("modulo", x, y)


def modulo_or_zero(x: Expr[Any], y: Number) -> Expr[Any]:
    """``moduloOrZero(x, y)``: the remainder, 0 where ``y`` is 0."""
    return scalar("moduloOrZero", x, y)


def positive_modulo(x: Whole, y: Whole) -> Expr[int]:
    """``positiveModulo(x, y)``: the remainder, never negative."""
    return scalar("positiveModulo", x, y)


def negate(x: Expr[M]) -> Expr[M]:
    """``negate(x)``: ``-x``."""
    return scalar("negate", x)


def abs(x: Expr[M]) -> Expr[M]:
    """``abs(x)``: the value without its sign; of a signed integer the unsigned type."""
    return scalar("abs", x)


def sign(x: Number) -> Expr[int]:
    """``sign(x)``: -1, 0 or 1."""
    return scalar("sign", x)


def gcd(x: Whole, y: Whole) -> Expr[int]:
    """``gcd(x, y)``: the greatest common divisor."""
    return scalar("gcd", x, y)


def lcm(x: Whole, y: Whole) -> Expr[int]:
    """``lcm(x, y)``: the least common multiple."""
    return scalar("lcm", x, y)


def multiply_decimal(x: Expr[D], y: Expr[D], scale: int | None = None) -> Expr[D]:
    """``multiplyDecimal(x, y, scale)``: a product of 76 digits; its scale is the larger of the two unless given."""
    return typed("multiplyDecimal", _wide(scale), x, y, *(() if scale is None else (scale,)))


def divide_decimal(x: Expr[D], y: Expr[D], scale: int | None = None) -> Expr[D]:
    """``divideDecimal(x, y, scale)``: a quotient of 76 digits; its scale is the larger of the two unless given."""
    return typed("divideDecimal", _wide(scale), x, y, *(() if scale is None else (scale,)))


def _wide(scale: int | None) -> Any:
    def base(x: object, y: object, *rest: object) -> DecimalType | None:
        if not isinstance(x, DecimalType) or not isinstance(y, DecimalType):
            return None
        return DecimalType(76, max(x.scale, y.scale) if scale is None else scale)

    return base


# --- rounding: half away from zero for decimals, to even for floats ---


def round(x: Expr[M], digits: int = 0) -> Expr[M]:
    """``round(x, digits)``: keeps the type; a Decimal half away from zero, a float half to even."""
    return scalar("round", x, *_digits(digits))


def round_bankers(x: Expr[M], digits: int = 0) -> Expr[M]:
    """``roundBankers(x, digits)``: half to even."""
    return scalar("roundBankers", x, *_digits(digits))


def floor(x: Expr[M], digits: int = 0) -> Expr[M]:
    """``floor(x, digits)``: down."""
    return scalar("floor", x, *_digits(digits))


def ceil(x: Expr[M], digits: int = 0) -> Expr[M]:
    """``ceil(x, digits)``: up."""
    return scalar("ceil", x, *_digits(digits))


def trunc(x: Expr[M], digits: int = 0) -> Expr[M]:
    """``trunc(x, digits)``: towards zero."""
    return scalar("trunc", x, *_digits(digits))


def round_down(x: Expr[M], steps: list[Any]) -> Expr[M]:
    """``roundDown(x, steps)``: down to the nearest of the steps."""
    return scalar("roundDown", x, steps)


def width_bucket(x: Number, low: Number, high: Number, count: int) -> Expr[int]:
    """``widthBucket(x, low, high, count)``: the number of the equal bin that holds ``x``, from 1."""
    return scalar("widthBucket", x, low, high, count)


def _digits(digits: int) -> tuple[int, ...]:
    return (digits,) if digits else ()


# --- mathematics ---


def exp(x: Number) -> Expr[float]:
    """``exp(x)``."""
    return scalar("exp", x)


def log(x: Number) -> Expr[float]:
    """``log(x)``: the natural logarithm."""
    return scalar("log", x)


def log2(x: Number) -> Expr[float]:
    """``log2(x)``."""
    return scalar("log2", x)


def log10(x: Number) -> Expr[float]:
    """``log10(x)``."""
    return scalar("log10", x)


def log1p(x: Number) -> Expr[float]:
    """``log1p(x)``: ``log(1 + x)``, exact near 0."""
    return scalar("log1p", x)


def sqrt(x: Number) -> Expr[float]:
    """``sqrt(x)``."""
    return scalar("sqrt", x)


def cbrt(x: Number) -> Expr[float]:
    """``cbrt(x)``: the cube root."""
    return scalar("cbrt", x)


def pow(x: Number, y: Number) -> Expr[float]:
    """``pow(x, y)``: ``x`` to the power of ``y``, as Float64."""
    return scalar("pow", x, y)


def sin(x: Number) -> Expr[float]:
    """``sin(x)``, in radians."""
    return scalar("sin", x)


def cos(x: Number) -> Expr[float]:
    """``cos(x)``, in radians."""
    return scalar("cos", x)


def atan2(y: Number, x: Number) -> Expr[float]:
    """``atan2(y, x)``, in radians."""
    return scalar("atan2", y, x)


def hypot(x: Number, y: Number) -> Expr[float]:
    """``hypot(x, y)``."""
    return scalar("hypot", x, y)


def pi() -> Expr[float]:
    """``pi()``."""
    return scalar("pi")


def sigmoid(x: Number) -> Expr[float]:
    """``sigmoid(x)``: ``1 / (1 + exp(-x))``."""
    return scalar("sigmoid", x)


# --- bits ---


def bit_and(x: Whole, y: Whole) -> Expr[int]:
    """``bitAnd(x, y)``: the bits that both have."""
    return scalar("bitAnd", x, y)


def bit_or(x: Whole, y: Whole) -> Expr[int]:
    """``bitOr(x, y)``: the bits that either has."""
    return scalar("bitOr", x, y)


def bit_xor(x: Whole, y: Whole) -> Expr[int]:
    """``bitXor(x, y)``: the bits that exactly one has."""
    return scalar("bitXor", x, y)


def bit_not(x: Whole) -> Expr[int]:
    """``bitNot(x)``: all bits turned."""
    return scalar("bitNot", x)


def bit_shift_left(x: Whole, by: Whole) -> Expr[int]:
    """``bitShiftLeft(x, by)``."""
    return scalar("bitShiftLeft", x, by)


def bit_shift_right(x: Whole, by: Whole) -> Expr[int]:
    """``bitShiftRight(x, by)``."""
    return scalar("bitShiftRight", x, by)


def bit_test(x: Whole, position: Whole) -> Expr[bool]:
    """``bitTest(x, position)``: the bit at a position counted from 0."""
    return scalar("bitTest", x, position)


def random(kind: str = "rand") -> Expr[int]:
    """``rand()`` (UInt32) or ``rand64()`` (UInt64): a number of its own per row."""
    return scalar("rand64" if kind == "rand64" else "rand")


__all__ = [
    "abs",
    "atan2",
    "bit_and",
    "bit_not",
    "bit_or",
    "bit_shift_left",
    "bit_shift_right",
    "bit_test",
    "bit_xor",
    "cbrt",
    "ceil",
    "cos",
    "divide_decimal",
    "exp",
    "floor",
    "gcd",
    "hypot",
    "int_div",
    "int_div_or_null",
    "int_div_or_zero",
    "lcm",
    "log",
    "log1p",
    "log2",
    "log10",
    "modulo",
    "modulo_or_zero",
    "multiply_decimal",
    "negate",
    "pi",
    "positive_modulo",
    "pow",
    "random",
    "ratio",
    "round",
    "round_bankers",
    "round_down",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "trunc",
    "width_bucket",
]
