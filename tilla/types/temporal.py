"""Dates, times of day, moments and intervals."""

from __future__ import annotations

import datetime
import re
from typing import ClassVar

from tilla import errors
from tilla.text import quote_string
from tilla.types.base import DataType, assign, check_number, code_string


class DateType(DataType[datetime.date]):
    """Date (1970 to 2149, 2 bytes) or Date32 (1900 to 2299, 4 bytes)."""

    __slots__ = ()
    _python = datetime.date
    _low_cardinality_inside = True


class DateTimeType(DataType[datetime.datetime]):
    """A moment in whole seconds (1970 to 2106), stored as UTC; ``zone`` is how it prints and parses.

    Without a zone the server's (or the session's) time zone applies.
    """

    __slots__ = ("zone",)
    zone: str
    scale: ClassVar[int] = 0
    _python = datetime.datetime
    _low_cardinality_inside = True

    def __init__(self, zone: str = "") -> None:
        check_zone("DateTime", zone)
        text = f"DateTime({quote_string(zone)})" if zone else "DateTime"
        super().__init__(text)
        assign(self, "zone", zone)

    def __call__(self, zone: str = "") -> DateTimeType:
        """Return the type with a time zone: ``t.DateTime("Europe/Madrid")``."""
        return DateTimeType(zone)

    def __repr__(self) -> str:
        return f"t.DateTime({code_string(self.zone)})" if self.zone else "t.DateTime"


class DateTime64Type(DataType[datetime.datetime]):
    """A moment with ``scale`` digits of a second (3: milliseconds); ``zone`` as in ``DateTime``.

    The years 1900 to 2299; with nanoseconds (9) only until 2262.
    """

    __slots__ = ("scale", "zone")
    scale: int
    zone: str
    _python = datetime.datetime

    def __init__(self, scale: int = 3, zone: str = "") -> None:
        check_scale(f"DateTime64({scale})", scale)
        check_zone(f"DateTime64({scale})", zone)
        text = f"DateTime64({scale}, {quote_string(zone)})" if zone else f"DateTime64({scale})"
        super().__init__(text)
        assign(self, "scale", scale)
        assign(self, "zone", zone)

    def __call__(self, scale: int = 3, zone: str = "") -> DateTime64Type:
        """Return the type with a scale and a zone: ``t.DateTime64(6, "UTC")``."""
        return DateTime64Type(scale, zone)

    def __repr__(self) -> str:
        return f"t.DateTime64({self.scale}{', ' + code_string(self.zone) if self.zone else ''})"


class TimeType(DataType[datetime.timedelta]):
    """A time of day or a duration in whole seconds, up to 999 hours either way."""

    __slots__ = ()
    scale: ClassVar[int] = 0
    _python = datetime.timedelta
    _low_cardinality_inside = True


class Time64Type(DataType[datetime.timedelta]):
    """A time of day or a duration with ``scale`` digits of a second."""

    __slots__ = ("scale",)
    scale: int
    _python = datetime.timedelta

    def __init__(self, scale: int = 3) -> None:
        text = f"Time64({scale})"
        check_scale(text, scale)
        super().__init__(text)
        assign(self, "scale", scale)

    def __call__(self, scale: int = 3) -> Time64Type:
        """Return the type with a scale: ``t.Time64(6)``."""
        return Time64Type(scale)


class IntervalType(DataType[int]):
    """A count of one unit, such as ``IntervalDay``: what ``INTERVAL 3 DAY`` has, and a month minus a month."""

    __slots__ = ("unit",)
    unit: str
    _python = int
    _json = False
    _low_cardinality_inside = True

    def __init__(self, unit: str) -> None:
        if unit not in INTERVAL_UNITS:
            raise errors.unknown_interval(unit, INTERVAL_UNITS)
        super().__init__(f"Interval{unit}")
        assign(self, "unit", unit)


INTERVAL_UNITS = (
    "Nanosecond",
    "Microsecond",
    "Millisecond",
    "Second",
    "Minute",
    "Hour",
    "Day",
    "Week",
    "Month",
    "Quarter",
    "Year",
)


def check_scale(text: str, scale: int) -> None:
    """Refuse a number of sub-second digits outside 0 to 9."""
    check_number(text, "scale", scale, 0, 9)


_FIXED_ZONE = re.compile(r"Fixed/UTC[+-]\d\d:\d\d:\d\d\Z")
_known_zones: set[str] = {"", "UTC", "GMT"}


def check_zone(text: str, zone: str) -> None:
    """Refuse a time zone that the zone database lacks; take any where there is no database."""
    if not isinstance(zone, str):
        raise errors.zone_not_text(text, zone)
    if zone in _known_zones or _FIXED_ZONE.match(zone):
        return
    import zoneinfo  # not at import: it costs milliseconds and most types have no zone

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if known:
            raise errors.unknown_time_zone(text, zone, sorted(known)) from None
    _known_zones.add(zone)
