"""Conversion between types.

``to_x`` raises at run time for what it cannot read, ``to_x_or_null`` gives NULL, ``to_x_or_zero`` the type's default.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tilla.expressions.expr import Expr
from tilla.expressions.rules import nullable
from tilla.functions.base import Text, Whole, exact, scalar, seconds, typed, zone, zone_of
from tilla.types.containers import LowCardinalityType
from tilla.types.scalars import DecimalType, FixedStringType, decimal_of_bits
from tilla.types.temporal import DateTime64Type, DateTimeType

if TYPE_CHECKING:
    from tilla.functions.base import T
    from tilla.types import DataType


def cast(x: object, type: DataType[T]) -> Expr[T]:
    """``CAST(x, 'type')``: of NULL an error unless the type is Nullable."""
    return exact("CAST", type, x, str(type))


def accurate_cast(x: object, type: DataType[T]) -> Expr[T]:
    """``accurateCast(x, 'type')``: an error where the value does not fit, instead of a wrapped one."""
    return exact("accurateCast", type, x, str(type))


def accurate_cast_or_null(x: object, type: DataType[T]) -> Expr[T | None]:
    """``accurateCastOrNull(x, 'type')``: NULL where the value does not fit."""
    found = None if isinstance(type, LowCardinalityType) else nullable(type)
    return exact("accurateCastOrNull", found, x, str(type))


def accurate_cast_or_default(x: object, type: DataType[T]) -> Expr[T]:
    """``accurateCastOrDefault(x, 'type')``: the type's default where the value does not fit."""
    return typed("accurateCastOrDefault", type, x, str(type), nulls=False)


# --- text and truth ---


def to_string(x: object, tz: str = "") -> Expr[str]:
    """``toString(x)``; a moment in the zone ``tz`` when given."""
    return scalar("toString", x, *zone(tz))


def to_fixed_string(x: Text, length: int) -> Expr[str]:
    """``toFixedString(x, length)``: padded with zero bytes; an error when the text is longer."""
    return typed("toFixedString", FixedStringType(length), x, length)


def to_bool(x: object) -> Expr[bool]:
    """``toBool(x)``: of text ``true``, ``false``, ``1``, ``0``, ``yes``, ``no``, ...; of a number ``x != 0``."""
    return scalar("toBool", x)


def to_low_cardinality(x: Expr[T]) -> Expr[T]:
    """``toLowCardinality(x)``: the same value through a dictionary."""
    return scalar("toLowCardinality", x)


def to_type_name(x: object) -> Expr[str]:
    """``toTypeName(x)``: the type's name."""
    return scalar("toTypeName", x)


# --- whole numbers ---


def to_int8(x: object) -> Expr[int]:
    """``toInt8(x)``: a number that does not fit wraps around."""
    return scalar("toInt8", x)


def to_int16(x: object) -> Expr[int]:
    """``toInt16(x)``."""
    return scalar("toInt16", x)


def to_int32(x: object) -> Expr[int]:
    """``toInt32(x)``."""
    return scalar("toInt32", x)


def to_int64(x: object) -> Expr[int]:
    """``toInt64(x)``."""
    return scalar("toInt64", x)


def to_int64_or_null(x: Text) -> Expr[int | None]:
    """``toInt64OrNull(x)``: of text; NULL for what is no whole number."""
    return scalar("toInt64OrNull", x)


def to_int64_or_zero(x: Text) -> Expr[int]:
    """``toInt64OrZero(x)``: of text; 0 for what is no whole number."""
    return scalar("toInt64OrZero", x)


def to_int32_or_null(x: Text) -> Expr[int | None]:
    """``toInt32OrNull(x)``: of text; NULL for what is no whole number."""
    return scalar("toInt32OrNull", x)


def to_int32_or_zero(x: Text) -> Expr[int]:
    """``toInt32OrZero(x)``: of text; 0 for what is no whole number."""
    return scalar("toInt32OrZero", x)


def to_int128(x: object) -> Expr[int]:
    """``toInt128(x)``."""
    return scalar("toInt128", x)


def to_uint8(x: object) -> Expr[int]:
    """``toUInt8(x)``: a number that does not fit wraps around."""
    return scalar("toUInt8", x)


def to_uint16(x: object) -> Expr[int]:
    """``toUInt16(x)``."""
    return scalar("toUInt16", x)


def to_uint32(x: object) -> Expr[int]:
    """``toUInt32(x)``."""
    return scalar("toUInt32", x)


def to_uint64(x: object) -> Expr[int]:
    """``toUInt64(x)``."""
    return scalar("toUInt64", x)


def to_uint8_or_null(x: Text) -> Expr[int | None]:
    """``toUInt8OrNull(x)``: of text; NULL for what is no whole number."""
    return scalar("toUInt8OrNull", x)


def to_uint32_or_null(x: Text) -> Expr[int | None]:
    """``toUInt32OrNull(x)``: of text; NULL for what is no whole number."""
    return scalar("toUInt32OrNull", x)


def to_uint64_or_null(x: Text) -> Expr[int | None]:
    """``toUInt64OrNull(x)``: of text; NULL for what is no whole number."""
    return scalar("toUInt64OrNull", x)


def to_uint64_or_zero(x: Text) -> Expr[int]:
    """``toUInt64OrZero(x)``: of text; 0 for what is no whole number."""
    return scalar("toUInt64OrZero", x)


# --- fractions ---


def to_float32(x: object) -> Expr[float]:
    """``toFloat32(x)``."""
    return scalar("toFloat32", x)


def to_float64(x: object) -> Expr[float]:
    """``toFloat64(x)``."""
    return scalar("toFloat64", x)


def to_float64_or_null(x: Text) -> Expr[float | None]:
    """``toFloat64OrNull(x)``: of text; NULL for what is no number."""
    return scalar("toFloat64OrNull", x)


def to_float64_or_zero(x: Text) -> Expr[float]:
    """``toFloat64OrZero(x)``: of text; 0 for what is no number."""
    return scalar("toFloat64OrZero", x)


def to_decimal32(x: object, scale: int) -> Expr[Decimal]:
    """``toDecimal32(x, scale)``: 9 digits; further digits are cut off, not rounded."""
    return _decimal("toDecimal32", 32, x, scale)


def to_decimal64(x: object, scale: int) -> Expr[Decimal]:
    """``toDecimal64(x, scale)``: 18 digits; further digits are cut off, not rounded."""
    return _decimal("toDecimal64", 64, x, scale)


def to_decimal128(x: object, scale: int) -> Expr[Decimal]:
    """``toDecimal128(x, scale)``: 38 digits; further digits are cut off, not rounded."""
    return _decimal("toDecimal128", 128, x, scale)


def to_decimal256(x: object, scale: int) -> Expr[Decimal]:
    """``toDecimal256(x, scale)``: 76 digits; further digits are cut off, not rounded."""
    return _decimal("toDecimal256", 256, x, scale)


def to_decimal32_or_null(x: Text, scale: int) -> Expr[Decimal | None]:
    """``toDecimal32OrNull(x, scale)``: of text; NULL for what it cannot read."""
    return _decimal("toDecimal32OrNull", 32, x, scale, absent=True)


def to_decimal64_or_null(x: Text, scale: int) -> Expr[Decimal | None]:
    """``toDecimal64OrNull(x, scale)``: of text; NULL for what it cannot read. Reads ``1.2.3`` as 1.23 (26.9)."""
    return _decimal("toDecimal64OrNull", 64, x, scale, absent=True)


def to_decimal128_or_null(x: Text, scale: int) -> Expr[Decimal | None]:
    """``toDecimal128OrNull(x, scale)``: of text; NULL for what it cannot read. Reads ``1.2.3`` as 1.23 (26.9)."""
    return _decimal("toDecimal128OrNull", 128, x, scale, absent=True)


def to_decimal256_or_null(x: Text, scale: int) -> Expr[Decimal | None]:
    """``toDecimal256OrNull(x, scale)``: of text; NULL for what it cannot read."""
    return _decimal("toDecimal256OrNull", 256, x, scale, absent=True)


def to_decimal64_or_zero(x: Text, scale: int) -> Expr[Decimal]:
    """``toDecimal64OrZero(x, scale)``: of text; 0 for what it cannot read."""
    return _decimal("toDecimal64OrZero", 64, x, scale)


def to_decimal128_or_zero(x: Text, scale: int) -> Expr[Decimal]:
    """``toDecimal128OrZero(x, scale)``: of text; 0 for what it cannot read."""
    return _decimal("toDecimal128OrZero", 128, x, scale)


def _decimal(name: str, bits: int, x: object, scale: int, *, absent: bool = False) -> Expr[Any]:
    type_: DecimalType = decimal_of_bits(bits, scale)
    return typed(name, nullable(type_) if absent else type_, x, scale)


# --- dates and moments ---


def to_date(x: object, tz: str = "") -> Expr[dt.date]:
    """``toDate(x)``: the day, in the zone ``tz``, else in the column's zone."""
    return scalar("toDate", x, *zone(tz))


def to_date_or_null(x: Text) -> Expr[dt.date | None]:
    """``toDateOrNull(x)``: of text; NULL for what is no date."""
    return scalar("toDateOrNull", x)


def to_date_or_zero(x: Text) -> Expr[dt.date]:
    """``toDateOrZero(x)``: of text; 1970-01-01 for what is no date."""
    return scalar("toDateOrZero", x)


def to_date32(x: object) -> Expr[dt.date]:
    """``toDate32(x)``: the day, 1900 to 2299."""
    return scalar("toDate32", x)


def to_date32_or_null(x: Text) -> Expr[dt.date | None]:
    """``toDate32OrNull(x)``: of text; NULL for what is no date."""
    return scalar("toDate32OrNull", x)


def to_datetime(x: object, tz: str = "") -> Expr[dt.datetime]:
    """``toDateTime(x, tz)``: a moment in whole seconds; text is read in the zone ``tz``."""
    return typed("toDateTime", seconds(tz), x, *zone(tz))


def to_datetime_or_null(x: Text, tz: str = "") -> Expr[dt.datetime | None]:
    """``toDateTimeOrNull(x, tz)``: of text; NULL for what is no moment."""
    return typed("toDateTimeOrNull", nullable(DateTimeType(tz)), x, *zone(tz))


def to_datetime_or_zero(x: Text, tz: str = "") -> Expr[dt.datetime]:
    """``toDateTimeOrZero(x, tz)``: of text; 1970-01-01 00:00:00 for what is no moment."""
    return typed("toDateTimeOrZero", DateTimeType(tz), x, *zone(tz))


def to_datetime64(x: object, scale: int = 3, tz: str = "") -> Expr[dt.datetime]:
    """``toDateTime64(x, scale, tz)``: a moment with parts of a second; text is read in the zone ``tz``."""

    def base(value: DataType[Any], *rest: object) -> DataType[Any]:
        return DateTime64Type(scale, zone_of(value, tz))

    return typed("toDateTime64", base, x, scale, *zone(tz))


def to_datetime64_or_null(x: Text, scale: int = 3, tz: str = "") -> Expr[dt.datetime | None]:
    """``toDateTime64OrNull(x, scale, tz)``: of text; NULL for what is no moment."""
    return typed("toDateTime64OrNull", nullable(DateTime64Type(scale, tz)), x, scale, *zone(tz))


def parse_datetime_best_effort(x: Text, tz: str = "") -> Expr[dt.datetime]:
    """``parseDateTimeBestEffort(x, tz)``: ISO 8601, RFC 1123, Unix time and more; an error for what is none."""
    return typed("parseDateTimeBestEffort", DateTimeType(tz), x, *zone(tz))


def parse_datetime_best_effort_or_null(x: Text, tz: str = "") -> Expr[dt.datetime | None]:
    """``parseDateTimeBestEffortOrNull(x, tz)``: NULL for what is no moment."""
    return typed("parseDateTimeBestEffortOrNull", nullable(DateTimeType(tz)), x, *zone(tz))


def parse_datetime64_best_effort(x: Text, scale: int = 3, tz: str = "") -> Expr[dt.datetime]:
    """``parseDateTime64BestEffort(x, scale, tz)``: with parts of a second."""
    return typed("parseDateTime64BestEffort", DateTime64Type(scale, tz), x, scale, *zone(tz))


def parse_datetime64_best_effort_or_null(x: Text, scale: int = 3, tz: str = "") -> Expr[dt.datetime | None]:
    """``parseDateTime64BestEffortOrNull(x, scale, tz)``: NULL for what is no moment."""
    found = nullable(DateTime64Type(scale, tz))
    return typed("parseDateTime64BestEffortOrNull", found, x, scale, *zone(tz))


def parse_datetime(x: Text, pattern: str, tz: str) -> Expr[dt.datetime]:
    """``parseDateTime(x, pattern, tz)``: by a pattern such as ``%Y-%m-%d``; an error for what does not fit."""
    return typed("parseDateTime", DateTimeType(tz), x, pattern, *zone(tz))


def parse_datetime_or_null(x: Text, pattern: str, tz: str) -> Expr[dt.datetime | None]:
    """``parseDateTimeOrNull(x, pattern, tz)``: NULL for what does not fit the pattern."""
    return typed("parseDateTimeOrNull", nullable(DateTimeType(tz)), x, pattern, *zone(tz))


def from_unix_timestamp(x: Whole, tz: str = "") -> Expr[dt.datetime]:
    """``toDateTime(x, tz)``: seconds since 1970, as a moment. (``fromUnixTimestamp`` takes no zone.)"""
    return typed("toDateTime", DateTimeType(tz), x, *zone(tz))


def from_unix_timestamp64_milli(x: Expr[int | None], tz: str = "") -> Expr[dt.datetime]:
    """``fromUnixTimestamp64Milli(x, tz)``: milliseconds since 1970, an Int64, as a moment."""
    return typed("fromUnixTimestamp64Milli", DateTime64Type(3, tz), x, *zone(tz))


def from_unix_timestamp64_micro(x: Expr[int | None], tz: str = "") -> Expr[dt.datetime]:
    """``fromUnixTimestamp64Micro(x, tz)``: microseconds since 1970, an Int64, as a moment."""
    return typed("fromUnixTimestamp64Micro", DateTime64Type(6, tz), x, *zone(tz))


def to_unix_timestamp(x: Expr[dt.date | None]) -> Expr[int]:
    """``toUnixTimestamp(x)``: seconds since 1970."""
    return scalar("toUnixTimestamp", x)


def to_unix_timestamp64_milli(x: Expr[dt.datetime | None]) -> Expr[int]:
    """``toUnixTimestamp64Milli(x)``: milliseconds since 1970, of a DateTime64."""
    return scalar("toUnixTimestamp64Milli", x)


def to_unix_timestamp64_micro(x: Expr[dt.datetime | None]) -> Expr[int]:
    """``toUnixTimestamp64Micro(x)``: microseconds since 1970, of a DateTime64."""
    return scalar("toUnixTimestamp64Micro", x)


# --- identifiers and addresses ---


def to_uuid(x: Text) -> Expr[uuid.UUID]:
    """``toUUID(x)``: an error for what is no UUID."""
    return scalar("toUUID", x)


def to_uuid_or_null(x: Text) -> Expr[uuid.UUID | None]:
    """``toUUIDOrNull(x)``: NULL for what is no UUID."""
    return scalar("toUUIDOrNull", x)


def to_uuid_or_zero(x: Text) -> Expr[uuid.UUID]:
    """``toUUIDOrZero(x)``: the zero UUID for what is none."""
    return scalar("toUUIDOrZero", x)


def to_ipv4(x: Text) -> Expr[ipaddress.IPv4Address]:
    """``toIPv4(x)``: an error for what is no IPv4 address."""
    return scalar("toIPv4", x)


def to_ipv4_or_null(x: Text) -> Expr[ipaddress.IPv4Address | None]:
    """``toIPv4OrNull(x)``: NULL for what is no IPv4 address."""
    return scalar("toIPv4OrNull", x)


def to_ipv6(x: Text) -> Expr[ipaddress.IPv6Address]:
    """``toIPv6(x)``: an IPv4 address is mapped into it."""
    return scalar("toIPv6", x)


def to_ipv6_or_null(x: Text) -> Expr[ipaddress.IPv6Address | None]:
    """``toIPv6OrNull(x)``: NULL for what is no address."""
    return scalar("toIPv6OrNull", x)


# --- intervals: what is added to a date or a moment ---


def to_interval_second(x: Whole) -> Expr[int]:
    """``toIntervalSecond(x)``."""
    return scalar("toIntervalSecond", x)


def to_interval_minute(x: Whole) -> Expr[int]:
    """``toIntervalMinute(x)``."""
    return scalar("toIntervalMinute", x)


def to_interval_hour(x: Whole) -> Expr[int]:
    """``toIntervalHour(x)``."""
    return scalar("toIntervalHour", x)


def to_interval_day(x: Whole) -> Expr[int]:
    """``toIntervalDay(x)``."""
    return scalar("toIntervalDay", x)


def to_interval_week(x: Whole) -> Expr[int]:
    """``toIntervalWeek(x)``."""
    return scalar("toIntervalWeek", x)


def to_interval_month(x: Whole) -> Expr[int]:
    """``toIntervalMonth(x)``."""
    return scalar("toIntervalMonth", x)


def to_interval_quarter(x: Whole) -> Expr[int]:
    """``toIntervalQuarter(x)``."""
    return scalar("toIntervalQuarter", x)


def to_interval_year(x: Whole) -> Expr[int]:
    """``toIntervalYear(x)``."""
    return scalar("toIntervalYear", x)


def to_interval_millisecond(x: Whole) -> Expr[int]:
    """``toIntervalMillisecond(x)``."""
    return scalar("toIntervalMillisecond", x)


__all__ = [
    "accurate_cast",
    "accurate_cast_or_default",
    "accurate_cast_or_null",
    "cast",
    "from_unix_timestamp",
    "from_unix_timestamp64_micro",
    "from_unix_timestamp64_milli",
    "parse_datetime",
    "parse_datetime64_best_effort",
    "parse_datetime64_best_effort_or_null",
    "parse_datetime_best_effort",
    "parse_datetime_best_effort_or_null",
    "parse_datetime_or_null",
    "to_bool",
    "to_date",
    "to_date32",
    "to_date32_or_null",
    "to_date_or_null",
    "to_date_or_zero",
    "to_datetime",
    "to_datetime64",
    "to_datetime64_or_null",
    "to_datetime_or_null",
    "to_datetime_or_zero",
    "to_decimal32",
    "to_decimal32_or_null",
    "to_decimal64",
    "to_decimal64_or_null",
    "to_decimal64_or_zero",
    "to_decimal128",
    "to_decimal128_or_null",
    "to_decimal128_or_zero",
    "to_decimal256",
    "to_decimal256_or_null",
    "to_fixed_string",
    "to_float32",
    "to_float64",
    "to_float64_or_null",
    "to_float64_or_zero",
    "to_int8",
    "to_int16",
    "to_int32",
    "to_int32_or_null",
    "to_int32_or_zero",
    "to_int64",
    "to_int64_or_null",
    "to_int64_or_zero",
    "to_int128",
    "to_interval_day",
    "to_interval_hour",
    "to_interval_millisecond",
    "to_interval_minute",
    "to_interval_month",
    "to_interval_quarter",
    "to_interval_second",
    "to_interval_week",
    "to_interval_year",
    "to_ipv4",
    "to_ipv4_or_null",
    "to_ipv6",
    "to_ipv6_or_null",
    "to_low_cardinality",
    "to_string",
    "to_type_name",
    "to_uint8",
    "to_uint8_or_null",
    "to_uint16",
    "to_uint32",
    "to_uint32_or_null",
    "to_uint64",
    "to_uint64_or_null",
    "to_uint64_or_zero",
    "to_unix_timestamp",
    "to_unix_timestamp64_micro",
    "to_unix_timestamp64_milli",
    "to_uuid",
    "to_uuid_or_null",
    "to_uuid_or_zero",
]
