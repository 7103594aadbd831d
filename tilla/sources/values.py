"""What the typed Airbyte destination makes of one value: the type of its column, and what it stores.

The rules are those of destination-clickhouse 2.x and the kit below it: a value that does not fit becomes
NULL and is noted in ``_airbyte_meta.changes``; nothing stops the row. A writer raises ``ValueError`` for a
value that cannot be read as its type and ``OverflowError`` for one that is out of range.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation, localcontext
from typing import Any, TypeVar

from tilla.sources.connectors import Field

Writer = Callable[[Any], Any]
_Day = TypeVar("_Day", date, datetime)

_INT64 = 2**63
_DECIMAL_LIMIT = Decimal(10) ** 29  # Decimal(38, 9) has 29 digits before the point
_NINE_DIGITS = Decimal("0.000000001")
_FIRST_YEAR, _LAST_YEAR = 1900, 2299  # of Date32 and DateTime64

# fromisoformat reads more than the destination's pattern does (weeks, a bare date, no separators).
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def column_type(field: Field, *, json_objects: bool = False) -> str:
    """Return the ClickHouse type of a field's column, without Nullable.

    ``json_objects`` is the destination's option ``enable_json``; arrays stay text even then.
    """
    match field.type:
        case "boolean":
            return "Bool"
        case "integer":
            return "Int64"
        case "number":
            return "Decimal(38, 9)"
        case "string" if field.format == "date":
            return "Date32"
        case "string" if field.format == "date-time":
            return "DateTime64(3)"
        case "object" if json_objects:
            return "JSON"
        case _:
            return "String"


def writer(field: Field) -> Writer:
    """Return the function that turns a value of a record into what the field's column stores."""
    if field.type == "string":
        return {"date": _date, "date-time": _datetime, None: _string, "time": _string}[field.format]
    return {
        "boolean": _boolean,
        "integer": _integer,
        "number": _number,
        "object": _object,
        "array": _array,
        "union": json_text,
    }[field.type]


def json_text(value: Any) -> str:
    """Write a value as JSON text, as the destination does: no white space, no escaped Unicode."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def utc_milliseconds(moment: datetime) -> datetime:
    """Return a moment in UTC, cut to the milliseconds that DateTime64(3) keeps."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _string(value: Any) -> str:
    """Take any value: a number prints as a number, an object or array as JSON text."""
    return value if isinstance(value, str) else json_text(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _integer(value: Any) -> int:
    """Take whole numbers, and text that holds one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(value)
    if isinstance(value, float | Decimal) and value != int(value):
        raise ValueError(value)
    if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value):
        raise ValueError(value)
    whole = int(value)
    if not -_INT64 <= whole < _INT64:
        raise OverflowError(value)
    return whole


def _number(value: Any) -> Decimal:
    """Take numbers, and text that holds one; digits after the ninth are cut off."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(value)
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite() or (isinstance(value, str) and value.strip() != value):
        raise ValueError(value)
    if number.copy_abs() >= _DECIMAL_LIMIT:  # abs() would round to 28 digits
        raise OverflowError(value)
    with localcontext(prec=60):
        return number.quantize(_NINE_DIGITS, rounding=ROUND_DOWN)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError(value)
    return _in_range(date.fromisoformat(value))


def _datetime(value: Any) -> datetime:
    """Take text with an offset, ``Z`` or nothing, which is UTC."""
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        raise ValueError(value)
    return _in_range(utc_milliseconds(datetime.fromisoformat(value)))


def _in_range(value: _Day) -> _Day:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise OverflowError(value)
    return value


def _object(value: Any) -> str:
    if not isinstance(value, dict):
        raise ValueError(value)
    return json_text(value)


def _array(value: Any) -> str:
    if not isinstance(value, list):
        raise ValueError(value)
    return json_text(value)
