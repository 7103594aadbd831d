"""Values on their way into native blocks: what a column stores, or a refusal that names the row.

clickhouse-connect 1.12 writes fast and trusts its caller: a word that is no member of an Enum becomes 0,
1.5 becomes 1 in an integer column, 'false' becomes true, None becomes 0 in some types, a Decimal may
outgrow its precision, a naive datetime is taken in the zone of the client machine. Here these are
refused, a naive datetime is UTC, and ISO text is fine for dates and times, inside arrays, maps and
tuples too. A column is looked at by the set of its Python types first, so that a clean one costs little.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tilla import errors

if TYPE_CHECKING:
    from clickhouse_connect.datatypes.base import ClickHouseType
    from clickhouse_connect.driver.insert import InsertContext

Column = Sequence[Any]
_Prepare = Callable[["ClickHouseType", Column], Column]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Types that hold NULL, or nothing at all, without being Nullable.
_ABSENCE_IS_A_VALUE = frozenset({"Variant", "Dynamic", "JSON", "Object", "Nothing"})


def fill(context: InsertContext, columns: Sequence[Column], where: str) -> None:
    """Give prepared columns to an insert.

    Raises :class:`tilla.errors.StatementRefused` naming the column, the row and the value that do not fit.
    """
    prepared = []
    for name, kind, column in zip(context.column_names, context.column_types, columns, strict=True):
        try:
            prepared.append(prepare(kind, column))
        except Exception as error:
            raise _refusal(context, where, name, kind, column, error) from None
    context.column_oriented = True
    try:
        context.data = prepared
    except Exception as error:
        raise explain(context, columns, where, error) from None


def explain(context: InsertContext, columns: Sequence[Column], where: str, error: Exception) -> errors.StatementRefused:
    """Find the value that a type's writer could not take."""
    for name, kind, column in zip(context.column_names, context.column_types, columns, strict=True):
        if _first_unfit(context, name, kind, column) is not None:
            return _refusal(context, where, name, kind, column, error)
    return errors.values_refused(where, str(error))


def _refusal(
    context: InsertContext, where: str, name: str, kind: ClickHouseType, column: Column, error: Exception
) -> errors.StatementRefused:
    """Say which value of a column does not fit, and why."""
    found = _first_unfit(context, name, kind, column)
    if found is None:
        return errors.values_refused(f"{where}.{name}", str(error))
    row, why = found
    shown = repr(column[row])
    shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
    return errors.values_refused(f"{where}.{name}", f"row {row + 1} has {shown} for {kind.name}: {why}")


def _first_unfit(context: InsertContext, name: str, kind: ClickHouseType, column: Column) -> tuple[int, str] | None:
    """Try the values one by one."""
    context.start_column(name)
    for row, value in enumerate(column):
        try:
            prepared = prepare(kind, [value])
            kind.data_size(prepared)
            kind.write_column(prepared, bytearray(), context)
        except Exception as error:
            return row, _why(error)
    return None


def _why(error: Exception) -> str:
    """Say in a user's words what a type's writer said in its own."""
    message = str(error)
    if isinstance(error, OverflowError | struct.error) or "native array" in message:
        return "it is out of the range of the type"
    if isinstance(error, InvalidOperation):
        return "it is not a number"
    return message or type(error).__name__


def prepare(kind: ClickHouseType, column: Column) -> Column:
    """Return the values of one column as the writer of its type takes them; the same list when they are."""
    if not kind.nullable and kind.base_type not in _ABSENCE_IS_A_VALUE and None in map(_none_or_true, column):
        raise ValueError("None is for Nullable columns; leave the key out to get the default")
    base = kind.base_type or ""
    if base in _PREPARERS:
        return _PREPARERS[base](kind, column)
    return _integers(kind, column) if re.fullmatch(r"U?Int\d+", base) else column


def _none_or_true(value: Any) -> Any:
    return None if value is None else True


def _each(column: Column, convert: Callable[[Any], Any]) -> list[Any]:
    """Convert every value but None."""
    return [None if value is None else convert(value) for value in column]


def _types(column: Column) -> set[type]:
    return set(map(type, column)) - {type(None)}


def _integers(_kind: ClickHouseType, column: Column) -> Column:
    """Take whole numbers, as numbers or as text."""
    if _types(column) <= {int, bool}:
        return column

    def whole(value: Any) -> int:
        number = int(value)
        if not isinstance(value, str | bytes) and number != value:
            raise ValueError("it is not a whole number")
        return number

    return _each(column, whole)


def _strings(_kind: ClickHouseType, column: Column) -> Column:
    """Take text and bytes; nothing else is turned into text."""

    def text(value: Any) -> Any:
        if not isinstance(value, str | bytes):
            raise ValueError("it is not text")
        return value

    return column if _types(column) <= {str, bytes} else _each(column, text)


def _booleans(_kind: ClickHouseType, column: Column) -> Column:
    """Take True, False, 1 and 0."""

    def yes_or_no(value: Any) -> bool:
        if isinstance(value, str) or value not in (True, False):
            raise ValueError("it is not True or False")
        return bool(value)

    return column if _types(column) <= {bool} else _each(column, yes_or_no)


def _decimals(kind: ClickHouseType, column: Column) -> Column:
    """Take numbers that the precision holds; digits beyond the scale are cut off, as ClickHouse does."""
    precision, scale = int(kind.prec), int(kind.scale)  # type: ignore[attr-defined]
    limit = Decimal(10) ** (precision - scale)

    def exact(value: Any) -> Decimal:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not abs(number) < limit:  # NaN is not less either
            raise ValueError(f"it has more than {precision - scale} digits before the point")
        return number

    return _each(column, exact)


def _enums(kind: ClickHouseType, column: Column) -> Column:
    """Take members, by name or by number."""
    names, numbers = kind._name_map, kind._int_map  # type: ignore[attr-defined]

    def member(value: Any) -> int:
        if isinstance(value, str):
            if value not in names:
                close = errors.nearest(value, names)
                raise ValueError(f"it is no member{f', the nearest is {close!r}' if close else ''}")
            return int(names[value])
        if value not in numbers:
            raise ValueError("it is no member")
        return int(value)

    return _each(column, member)


def _uuids(_kind: ClickHouseType, column: Column) -> Column:
    """Take UUIDs, and their text."""
    return _each(column, lambda value: UUID(value) if isinstance(value, str) else value)


def _days(_kind: ClickHouseType, column: Column) -> Column:
    """Take dates, the day of a datetime, and ISO text."""

    def day(value: Any) -> Any:
        if isinstance(value, str):
            return date.fromisoformat(value.strip())
        return value.date() if isinstance(value, datetime) else value

    return column if _types(column) <= {date} else _each(column, day)


def _moments(kind: ClickHouseType, column: Column) -> Column:
    """Turn datetimes and ISO text into whole ticks of 10^-scale seconds since 1970, without a float."""
    ticks_per_second = 10 ** int(getattr(kind, "scale", 0))

    def ticks(value: Any) -> Any:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        if not isinstance(value, datetime):
            return value  # ticks already
        return (utc(value) - _EPOCH) // _MICROSECOND * ticks_per_second // 1_000_000

    return _each(column, ticks)


def utc(value: datetime) -> datetime:
    """Return a moment with its zone: a naive one is UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _arrays(kind: ClickHouseType, column: Column) -> Column:
    """Prepare the elements of arrays, all rows at once."""
    flat = list(chain.from_iterable(column))
    prepared = prepare(kind.element_type, flat)  # type: ignore[attr-defined]
    if prepared is flat:
        return column
    ends, position = [], 0
    for value in column:
        position += len(value)
        ends.append((position - len(value), position))
    return [prepared[start:end] for start, end in ends]


def _maps(kind: ClickHouseType, column: Column) -> Column:
    """Prepare keys and values of maps, all rows at once."""
    flat_keys = [key for value in column for key in value]
    flat_items = [item for value in column for item in value.values()]
    keys = prepare(kind.key_type, flat_keys)  # type: ignore[attr-defined]
    items = prepare(kind.value_type, flat_items)  # type: ignore[attr-defined]
    if keys is flat_keys and items is flat_items:
        return column
    pairs = iter(zip(keys, items, strict=True))
    return [dict(next(pairs) for _ in range(len(value))) for value in column]


def _tuples(kind: ClickHouseType, column: Column) -> Column:
    """Prepare tuples, given as sequences or, when their elements have names, as dicts."""
    names = list(kind.element_names or ())  # type: ignore[attr-defined]
    kinds = list(kind.element_types)  # type: ignore[attr-defined]

    def elements(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, dict):
            if value.keys() != set(names):
                raise ValueError(f"its keys are not those of the tuple: {', '.join(names)}")
            return [value[name] for name in names]
        if isinstance(value, str) or len(value) != len(kinds):
            raise ValueError(f"it does not have the {len(kinds)} elements of the tuple")
        return list(value)

    rows = [elements(value) for value in column]
    filled = [row for row in rows if row is not None]
    parts = [prepare(part, [row[place] for row in filled]) for place, part in enumerate(kinds)]
    prepared = iter(zip(*parts, strict=True))
    return [None if row is None else next(prepared) for row in rows]


def _nested(kind: ClickHouseType, column: Column) -> Column:
    """Prepare the rows inside a Nested column, each a dict."""
    names, array = list(kind.element_names), kind.tuple_array  # type: ignore[attr-defined]

    def inner(row: dict[str, Any]) -> tuple[Any, ...]:
        if row.keys() != set(names):
            raise ValueError(f"the keys of a row in it are not {', '.join(names)}")
        return tuple(row[name] for name in names)

    tuples = prepare(array, [[inner(row) for row in value] for value in column])
    return [[dict(zip(names, row, strict=True)) for row in value] for value in tuples]


def _moments_inside(_kind: ClickHouseType, column: Column) -> Column:
    """Give naive datetimes their zone where the type is only known with the value."""
    if not any(issubclass(given, datetime) for given in _types(column)):
        return column
    return _each(column, lambda value: utc(value) if isinstance(value, datetime) else value)


def _simple_aggregates(kind: ClickHouseType, column: Column) -> Column:
    """Prepare what a SimpleAggregateFunction column stores: its argument."""
    return prepare(kind.element_type, column)  # type: ignore[attr-defined]


def _floats(_kind: ClickHouseType, column: Column) -> Column:
    """Take numbers, and their text."""
    if _types(column) <= {float, int}:
        return column
    return _each(column, lambda value: math.nan if isinstance(value, Decimal) and value.is_nan() else float(value))


_PREPARERS: dict[str, _Prepare] = {
    "Array": _arrays,
    "BFloat16": _floats,
    "Bool": _booleans,
    "Date": _days,
    "Date32": _days,
    "DateTime": _moments,
    "DateTime64": _moments,
    "Decimal": _decimals,
    "Decimal32": _decimals,
    "Decimal64": _decimals,
    "Decimal128": _decimals,
    "Decimal256": _decimals,
    "Enum16": _enums,
    "Enum8": _enums,
    "Float32": _floats,
    "Float64": _floats,
    "Map": _maps,
    "Nested": _nested,
    "SimpleAggregateFunction": _simple_aggregates,
    "String": _strings,
    "Tuple": _tuples,
    "UUID": _uuids,
    "Variant": _moments_inside,
}
