"""Values on their way into native blocks: dates and datetimes become what their column stores.

clickhouse-connect reads a naive datetime in the zone of the client machine, goes through a float, and
takes text for DateTime64 alone. Here a naive datetime is UTC, arithmetic is exact, and ISO text is fine
for every date and time type, inside arrays, maps and tuples too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clickhouse_connect.datatypes.base import ClickHouseType

Convert = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def converters(types: Sequence[ClickHouseType]) -> dict[int, Convert]:
    """Return what to do to the columns at these positions; other columns go as they are."""
    found = {position: _converter(kind) for position, kind in enumerate(types)}
    return {position: convert for position, convert in found.items() if convert is not None}


def _converter(kind: ClickHouseType) -> Convert | None:
    """Return the conversion for one type, or None when its values go as they are."""
    base = kind.base_type
    if base == "DateTime":
        return lambda value: _ticks(value, 0)
    if base == "DateTime64":
        scale = int(getattr(kind, "scale", 3))
        return lambda value: _ticks(value, scale)
    if base in {"Date", "Date32"}:
        return _day
    if base == "Array":
        inner = _converter(kind.element_type)  # type: ignore[attr-defined]
        return inner and (lambda value: [inner(item) for item in value])
    if base == "Map":
        key = _converter(kind.key_type) or _same  # type: ignore[attr-defined]
        item = _converter(kind.value_type) or _same  # type: ignore[attr-defined]
        if key is _same and item is _same:
            return None
        return lambda value: {key(k): item(v) for k, v in value.items()}
    if base == "Tuple":
        return _tuple_converter(kind)
    return None


def _tuple_converter(kind: ClickHouseType) -> Convert | None:
    """Return the conversion of a tuple, given as a sequence or, when named, as a dict."""
    parts = [_converter(part) or _same for part in kind.element_types]  # type: ignore[attr-defined]
    names = list(getattr(kind, "element_names", ()) or ())
    if all(part is _same for part in parts):
        return None

    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            by_name = dict(zip(names, parts, strict=False))
            return {name: by_name.get(name, _same)(item) for name, item in value.items()}
        return tuple(part(item) for part, item in zip(parts, value, strict=True))

    return convert


def _same(value: Any) -> Any:
    return value


def _ticks(value: Any, scale: int) -> Any:
    """Return a moment as whole ticks of 10^-scale seconds since 1970 UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return value  # None, or ticks already
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    microseconds = (moment - _EPOCH) // _MICROSECOND
    return microseconds * 10**scale // 1_000_000


def _day(value: Any) -> Any:
    """Return a day as a date."""
    if isinstance(value, str):
        return date.fromisoformat(value.strip())
    return value.date() if isinstance(value, datetime) else value
