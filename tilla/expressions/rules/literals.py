"""The types that ClickHouse gives the literals that Tilla writes for Python values."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal

from tilla.expressions.rules.arithmetic import integer
from tilla.expressions.rules.core import BOOL, DATE, DATE32, FLOAT64, NULL, STRING, UUID_, Type, result
from tilla.types.scalars import DECIMAL_DIGITS, DecimalType, IntegerType
from tilla.types.temporal import DateTime64Type, IntervalType


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
