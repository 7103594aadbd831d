"""Dates and times.

A zone (``"Europe/Madrid"``) as the last argument says in which zone a day begins; without it the column's zone
counts, and without one there the server's. An unknown zone is an error when the expression is built.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from tilla.expressions.expr import Expr
from tilla.expressions.rules import DATE, DATE32, Type, by_interval
from tilla.functions.base import Moment, Whole, exact, scalar, seconds, typed, zone, zone_of
from tilla.types.temporal import DateTime64Type, DateTimeType, DateType, IntervalType

D = TypeVar("D", bound=dt.date | None)


# --- now ---


def now(tz: str = "") -> Expr[dt.datetime]:
    """``now(tz)``: the moment the query began, in whole seconds."""
    return exact("now", DateTimeType(tz), *zone(tz))


def now64(scale: int = 3, tz: str = "") -> Expr[dt.datetime]:
    """``now64(scale, tz)``: the moment the query began, with parts of a second."""
    return exact("now64", DateTime64Type(scale, tz), scale, *zone(tz))


def today() -> Expr[dt.date]:
    """``today()``: the day in the server's zone."""
    return scalar("today")


def yesterday() -> Expr[dt.date]:
    """``yesterday()``: the day before, in the server's zone."""
    return scalar("yesterday")


# --- parts ---


def to_year(x: Moment, tz: str = "") -> Expr[int]:
    """``toYear(x)``."""
    return scalar("toYear", x, *zone(tz))


def to_quarter(x: Moment, tz: str = "") -> Expr[int]:
    """``toQuarter(x)``: 1 to 4."""
    return scalar("toQuarter", x, *zone(tz))


def to_month(x: Moment, tz: str = "") -> Expr[int]:
    """``toMonth(x)``: 1 to 12."""
    return scalar("toMonth", x, *zone(tz))


def to_iso_week(x: Moment, tz: str = "") -> Expr[int]:
    """``toISOWeek(x)``: 1 to 53; belongs to ``toISOYear``."""
    return scalar("toISOWeek", x, *zone(tz))


def to_iso_year(x: Moment, tz: str = "") -> Expr[int]:
    """``toISOYear(x)``: the year that most of the ISO week is in."""
    return scalar("toISOYear", x, *zone(tz))


def to_week(x: Moment, mode: int = 0, tz: str = "") -> Expr[int]:
    """``toWeek(x, mode)``: the week's number; mode 0 begins on Sunday, 1 on Monday (ISO from the first Thursday)."""
    return scalar("toWeek", x, *((mode, *zone(tz)) if mode or tz else ()))


def to_year_week(x: Moment, mode: int = 0, tz: str = "") -> Expr[int]:
    """``toYearWeek(x, mode)``: year and week as 202609."""
    return scalar("toYearWeek", x, *((mode, *zone(tz)) if mode or tz else ()))


def to_day_of_year(x: Moment, tz: str = "") -> Expr[int]:
    """``toDayOfYear(x)``: 1 to 366."""
    return scalar("toDayOfYear", x, *zone(tz))


def to_day_of_month(x: Moment, tz: str = "") -> Expr[int]:
    """``toDayOfMonth(x)``: 1 to 31."""
    return scalar("toDayOfMonth", x, *zone(tz))


def to_day_of_week(x: Moment, tz: str = "") -> Expr[int]:
    """``toDayOfWeek(x)``: 1 for Monday to 7 for Sunday."""
    return scalar("toDayOfWeek", x, *((0, *zone(tz)) if tz else ()))


def to_hour(x: Moment, tz: str = "") -> Expr[int]:
    """``toHour(x)``: 0 to 23."""
    return scalar("toHour", x, *zone(tz))


def to_minute(x: Moment, tz: str = "") -> Expr[int]:
    """``toMinute(x)``: 0 to 59."""
    return scalar("toMinute", x, *zone(tz))


def to_second(x: Moment) -> Expr[int]:
    """``toSecond(x)``: 0 to 59."""
    return scalar("toSecond", x)


def to_yyyymm(x: Moment, tz: str = "") -> Expr[int]:
    """``toYYYYMM(x)``: 202603."""
    return scalar("toYYYYMM", x, *zone(tz))


def to_yyyymmdd(x: Moment, tz: str = "") -> Expr[int]:
    """``toYYYYMMDD(x)``: 20260301."""
    return scalar("toYYYYMMDD", x, *zone(tz))


def to_yyyymmddhhmmss(x: Moment, tz: str = "") -> Expr[int]:
    """``toYYYYMMDDhhmmss(x)``: 20260301100000."""
    return scalar("toYYYYMMDDhhmmss", x, *zone(tz))


def month_name(x: Moment) -> Expr[str]:
    """``monthName(x)``: January to December."""
    return scalar("monthName", x)


def date_name(part: str, x: Moment, tz: str = "") -> Expr[str]:
    """``dateName('part', x)``: a part as text, such as ``weekday``: Monday."""
    return scalar("dateName", part, x, *zone(tz))


# --- starts and ends ---


def to_monday(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toMonday(x)``: the Monday on or before the day. A Date."""
    return scalar("toMonday", x, *zone(tz))


def to_start_of_week(x: Moment, mode: int = 0, tz: str = "") -> Expr[dt.date]:
    """``toStartOfWeek(x, mode)``: mode 0 begins on Sunday, 1 on Monday. A Date."""
    return scalar("toStartOfWeek", x, *((mode, *zone(tz)) if mode or tz else ()))


def to_last_day_of_week(x: Moment, mode: int = 0, tz: str = "") -> Expr[dt.date]:
    """``toLastDayOfWeek(x, mode)``: mode 0 ends on Saturday, 1 on Sunday. A Date."""
    return scalar("toLastDayOfWeek", x, *((mode, *zone(tz)) if mode or tz else ()))


def to_start_of_month(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toStartOfMonth(x)``: the first day of the month. A Date."""
    return scalar("toStartOfMonth", x, *zone(tz))


def to_last_day_of_month(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toLastDayOfMonth(x)``: the last day of the month. A Date."""
    return scalar("toLastDayOfMonth", x, *zone(tz))


def to_start_of_quarter(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toStartOfQuarter(x)``: the first day of the quarter. A Date."""
    return scalar("toStartOfQuarter", x, *zone(tz))


def to_start_of_year(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toStartOfYear(x)``: the first day of the year. A Date."""
    return scalar("toStartOfYear", x, *zone(tz))


def to_start_of_iso_year(x: Moment, tz: str = "") -> Expr[dt.date]:
    """``toStartOfISOYear(x)``: the Monday of the ISO year's first week. A Date."""
    return scalar("toStartOfISOYear", x, *zone(tz))


def to_start_of_day(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfDay(x)``: midnight, a DateTime in the zone."""
    return typed("toStartOfDay", seconds(tz), x, *zone(tz))


def to_start_of_hour(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfHour(x)``: a DateTime in the zone."""
    return typed("toStartOfHour", seconds(tz), x, *zone(tz))


def to_start_of_minute(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfMinute(x)``: a DateTime in the zone."""
    return typed("toStartOfMinute", seconds(tz), x, *zone(tz))


def to_start_of_second(x: Expr[dt.datetime | None], tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfSecond(x)``: of a DateTime64, which it stays."""

    def base(value: Type, *rest: Type) -> Type | None:
        return DateTime64Type(value.scale, zone_of(value, tz)) if isinstance(value, DateTime64Type) else None

    return typed("toStartOfSecond", base, x, *zone(tz))


def to_start_of_five_minutes(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfFiveMinutes(x)``: a DateTime in the zone."""
    return typed("toStartOfFiveMinutes", seconds(tz), x, *zone(tz))


def to_start_of_ten_minutes(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfTenMinutes(x)``: a DateTime in the zone."""
    return typed("toStartOfTenMinutes", seconds(tz), x, *zone(tz))


def to_start_of_fifteen_minutes(x: Moment, tz: str = "") -> Expr[dt.datetime]:
    """``toStartOfFifteenMinutes(x)``: a DateTime in the zone."""
    return typed("toStartOfFifteenMinutes", seconds(tz), x, *zone(tz))


def to_start_of_interval(x: Moment, interval: Expr[int], tz: str = "") -> Expr[Any]:
    """``toStartOfInterval(x, interval, tz)``: down to a multiple of an interval such as ``f.to_interval_hour(6)``.

    A Date for weeks and longer, a DateTime for shorter ones, a DateTime64 for parts of a second.
    """

    def base(value: Type, by: Type, *rest: Type) -> Type | None:
        if not isinstance(by, IntervalType):
            return None
        if by.unit in _LONG:
            return DATE
        if by.unit in ("Millisecond", "Microsecond", "Nanosecond"):
            digits = {"Millisecond": 3, "Microsecond": 6, "Nanosecond": 9}[by.unit]
            return DateTime64Type(digits, zone_of(value, tz)) if isinstance(value, DateTime64Type) else None
        if by.unit != "Day" and isinstance(value, DateType):
            return None
        return DateTimeType(zone_of(value, tz))

    return typed("toStartOfInterval", base, x, interval, *zone(tz))


_LONG = frozenset({"Week", "Month", "Quarter", "Year"})


def date_trunc(unit: str, x: Moment, tz: str = "") -> Expr[Any]:
    """``dateTrunc('unit', x, tz)``: down to a unit, second to year. A Date for week and longer, else a DateTime;
    of a Date32 or DateTime64 their wider kind (26.9).
    """

    def base(name: Type, value: Type, *rest: Type) -> Type | None:
        wide = isinstance(value, DateTime64Type) or value == DATE32
        if unit.capitalize() in _LONG:
            return DATE32 if wide else DATE
        if unit in ("millisecond", "microsecond", "nanosecond") or (isinstance(value, DateType) and unit != "day"):
            return None
        return DateTime64Type(0, zone_of(value, tz)) if wide else DateTimeType(zone_of(value, tz))

    return typed("dateTrunc", base, unit, x, *zone(tz))


# --- moving ---


def _move(name: str, unit: str, x: Moment, by: Whole) -> Expr[Any]:
    interval = IntervalType(unit)
    return typed(name, lambda value, count: by_interval(value, interval), x, by)


def add_seconds(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``addSeconds(x, n)``: a Date becomes a DateTime."""
    return _move("addSeconds", "Second", x, n)


def add_minutes(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``addMinutes(x, n)``: a Date becomes a DateTime."""
    return _move("addMinutes", "Minute", x, n)


def add_hours(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``addHours(x, n)``: a Date becomes a DateTime."""
    return _move("addHours", "Hour", x, n)


def add_days(x: Expr[D], n: Whole) -> Expr[D]:
    """``addDays(x, n)``."""
    return _move("addDays", "Day", x, n)


def add_weeks(x: Expr[D], n: Whole) -> Expr[D]:
    """``addWeeks(x, n)``."""
    return _move("addWeeks", "Week", x, n)


def add_months(x: Expr[D], n: Whole) -> Expr[D]:
    """``addMonths(x, n)``: 31 January plus a month is 28 February."""
    return _move("addMonths", "Month", x, n)


def add_quarters(x: Expr[D], n: Whole) -> Expr[D]:
    """``addQuarters(x, n)``."""
    return _move("addQuarters", "Quarter", x, n)


def add_years(x: Expr[D], n: Whole) -> Expr[D]:
    """``addYears(x, n)``."""
    return _move("addYears", "Year", x, n)


def subtract_seconds(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``subtractSeconds(x, n)``: a Date becomes a DateTime."""
    return _move("subtractSeconds", "Second", x, n)


def subtract_minutes(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``subtractMinutes(x, n)``: a Date becomes a DateTime."""
    return _move("subtractMinutes", "Minute", x, n)


def subtract_hours(x: Moment, n: Whole) -> Expr[dt.datetime]:
    """``subtractHours(x, n)``: a Date becomes a DateTime."""
    return _move("subtractHours", "Hour", x, n)


def subtract_days(x: Expr[D], n: Whole) -> Expr[D]:
    """``subtractDays(x, n)``."""
    return _move("subtractDays", "Day", x, n)


def subtract_weeks(x: Expr[D], n: Whole) -> Expr[D]:
    """``subtractWeeks(x, n)``."""
    return _move("subtractWeeks", "Week", x, n)


def subtract_months(x: Expr[D], n: Whole) -> Expr[D]:
    """``subtractMonths(x, n)``."""
    return _move("subtractMonths", "Month", x, n)


def subtract_years(x: Expr[D], n: Whole) -> Expr[D]:
    """``subtractYears(x, n)``."""
    return _move("subtractYears", "Year", x, n)


def date_diff(unit: str, start: Moment, end: Moment, tz: str = "") -> Expr[int]:
    """``dateDiff('unit', start, end, tz)``: how many unit borders lie between: 31 December to 1 January is a year."""
    return scalar("dateDiff", unit, start, end, *zone(tz))


def age(unit: str, start: Moment, end: Moment, tz: str = "") -> Expr[int]:
    """``age('unit', start, end, tz)``: how many whole units lie between."""
    return scalar("age", unit, start, end, *zone(tz))


# --- making and showing ---


def make_date(year: Whole, month: Whole, day: Whole) -> Expr[dt.date]:
    """``makeDate(year, month, day)``."""
    return scalar("makeDate", year, month, day)


def format_datetime(x: Moment, pattern: str, tz: str = "") -> Expr[str]:
    """``formatDateTime(x, pattern, tz)``: by a pattern such as ``%Y-%m-%d %H:%i`` (``%i`` is the minute)."""
    return scalar("formatDateTime", x, pattern, *zone(tz))


def to_time_zone(x: Expr[dt.datetime | None], tz: str) -> Expr[dt.datetime]:
    """``toTimeZone(x, tz)``: the same moment, shown and cut in another zone."""

    def base(value: Type, *rest: Type) -> Type | None:
        if isinstance(value, DateTime64Type):
            return DateTime64Type(value.scale, tz)
        return DateTimeType(tz) if isinstance(value, DateTimeType) else None

    return typed("toTimeZone", base, x, *zone(tz))


def time_zone_offset(x: Expr[dt.datetime | None]) -> Expr[int]:
    """``timeZoneOffset(x)``: the zone's distance from UTC at that moment, in seconds."""
    return scalar("timeZoneOffset", x)


__all__ = [
    "add_days",
    "add_hours",
    "add_minutes",
    "add_months",
    "add_quarters",
    "add_seconds",
    "add_weeks",
    "add_years",
    "age",
    "date_diff",
    "date_name",
    "date_trunc",
    "format_datetime",
    "make_date",
    "month_name",
    "now",
    "now64",
    "subtract_days",
    "subtract_hours",
    "subtract_minutes",
    "subtract_months",
    "subtract_seconds",
    "subtract_weeks",
    "subtract_years",
    "time_zone_offset",
    "to_day_of_month",
    "to_day_of_week",
    "to_day_of_year",
    "to_hour",
    "to_iso_week",
    "to_iso_year",
    "to_last_day_of_month",
    "to_last_day_of_week",
    "to_minute",
    "to_monday",
    "to_month",
    "to_quarter",
    "to_second",
    "to_start_of_day",
    "to_start_of_fifteen_minutes",
    "to_start_of_five_minutes",
    "to_start_of_hour",
    "to_start_of_interval",
    "to_start_of_iso_year",
    "to_start_of_minute",
    "to_start_of_month",
    "to_start_of_quarter",
    "to_start_of_second",
    "to_start_of_ten_minutes",
    "to_start_of_week",
    "to_start_of_year",
    "to_time_zone",
    "to_week",
    "to_year",
    "to_year_week",
    "to_yyyymm",
    "to_yyyymmdd",
    "to_yyyymmddhhmmss",
    "today",
    "yesterday",
]
