"""How dlt lands records in ClickHouse (read in dlt 1.31): a table per stream, ``<database>.<dataset>___<stream>``.

Two ways. By default dlt makes a *child table* of every list (``orders__line_items``), joined by ``_dlt_parent_id`` =
``_dlt_id`` of its parent, and flattens every object into columns (``customer__id``): :data:`NESTED`. With
``max_table_nesting=0`` on a resource, lists and objects stay one column of JSON text each: :data:`JSON`, whose tables
every insert updates, so that it is the one to choose.

Names become snake case (``active1DayUsers``: ``active1_day_users``). Every load appends; ``_dlt_load_id`` is its moment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import attrs

from tilla import text
from tilla.sources.connectors import Field, Stream
from tilla.sources.layouts import Delivery, Inserts, Layout, Storage
from tilla.sources.values import json_text, utc_milliseconds

LOAD_ID, ID, PARENT_ID, LIST_INDEX = "_dlt_load_id", "_dlt_id", "_dlt_parent_id", "_dlt_list_idx"
MOMENT = "DateTime64(6, 'UTC')"


@cache
def identifier(name: str) -> str:
    """Return one part of a name as dlt's naming convention ``snake_case`` writes it.

    >>> identifier("active1DayUsers"), identifier("$value"), identifier("Apple Privacy Open"), identifier("URL")
    ('active1_day_users', '_value', 'apple_privacy_open', 'url')
    """
    plain = re.sub(r"[^a-zA-Z\d_]", "_", name.strip().translate(str.maketrans("+-*@|", "x_xal")))
    plain = re.sub(r"([^_])([A-Z][a-z]+)", r"\1_\2", plain)
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain).lower()
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    bare = plain.rstrip("_")
    return re.sub(r"__+", "_", bare + "x" * (len(plain) - len(bare)))


def flat_name(path: Iterable[str]) -> str:
    """Return the name of a column, or the end of a child table's name, for a path inside a record.

    >>> flat_name(("attributes", "event_properties", "$value"))
    'attributes__event_properties___value'
    """
    return "__".join(map(identifier, path))


@attrs.frozen(kw_only=True)
class DltLayout(Layout):
    """dlt's ClickHouse destination."""

    dataset: str = ""
    """The pipeline's ``dataset_name``; empty: the connector's name."""
    separator: str = "___"
    """The destination's ``dataset_table_separator``."""
    nested: bool = False
    """Lists are child tables and objects are columns; else both are JSON text (``max_table_nesting=0``)."""
    children: Mapping[str, tuple[str, ...]] | None = attrs.field(default=None, hash=False)
    """Of nested ones, by stream: the child tables that are there (``"orders__line_items"``), also those of lists in free-form
    objects, which no schema declares. dlt makes one when the first record has something in that list. None: one for each list
    that the connector's schema declares."""

    def named(self, stream: Stream, child: str = "") -> tuple[str, str]:
        """Return database and table of a stream, or of one of its child tables."""
        name = child or identifier(self.prefix + stream.name)
        return self.namespace(stream), f"{self.dataset or stream.connector}{self.separator}{name}"

    def table(self, stream: Stream) -> tuple[str, str]:
        """Return ``<database>.<dataset>___<stream>``."""
        return self.named(stream)

    def columns(self, stream: Stream) -> list[tuple[str, str]]:
        """Return the fields, all Nullable, and dlt's two; of nested ones, dlt's two: the others follow from the data."""
        own = [(LOAD_ID, "String"), (ID, "String")]
        if self.nested:
            return own
        return [(identifier(field.name), f"Nullable({_type(field)})") for field in stream.fields.values()] + own

    def storage(self, stream: Stream) -> Storage:
        """Return MergeTree without an order, dlt's default."""
        return Storage("MergeTree", ())

    def payload(self, stream: Stream) -> str | None:
        """Return None: there is no column with the whole record."""
        return None

    def column_of(self, stream: Stream, field: str) -> str | None:
        """Return the field's column; None for one that the schema does not declare."""
        return identifier(field) if field in stream.fields and not self.nested else None

    @property
    def raw_id(self) -> str:
        """``_dlt_id``."""
        return ID

    @property
    def extracted_at(self) -> str:
        """``_dlt_load_id``: the moment of the load, in seconds as text."""
        return LOAD_ID

    def reader(self) -> Callable[[Stream, Layout], Any] | None:
        """Return how child tables are read; None where every record is in one table."""
        if not self.nested:
            return None
        from tilla.sources.nested import landed

        return landed

    def lists(self, stream: Stream) -> tuple[tuple[str, ...], ...]:
        """Return the lists that have a child table, each after the one that it is in: paths of names as dlt writes them.

        Of a list in a free-form object only the table's name is known: its path is one name, with the object's in it.
        """
        declared = [tuple(map(identifier, path)) for path in _lists(stream.fields)]
        if self.children is None:
            return tuple(declared)
        base = identifier(self.prefix + stream.name)
        there = {name.removeprefix(f"{base}__") for name in self.children.get(stream.name, ())}
        found = {"__".join(path): path for path in declared if "__".join(path) in there}
        for name in sorted(there - set(found)):
            above = max((one for one in found if name.startswith(f"{one}__")), key=len, default="")
            found[name] = (*found.get(above, ()), name.removeprefix(f"{above}__" if above else ""))
        return tuple(found.values())

    def land(
        self,
        stream: Stream,
        record: Mapping[str, Any],
        *,
        raw_id: str,
        extracted_at: dt.datetime,
        generation_id: int = 1,
        sync_id: int = 1,
    ) -> dict[str, Any]:
        """Return the row of one record, where it is one row; a value that fits no column of its type is NULL.

        dlt puts such a value into a column of its own (``total_price__v_text``), which is not read here.
        """
        row: dict[str, Any] = {}
        for field in stream.fields.values():
            row[identifier(field.name)] = _fitting(record.get(field.name), _type(field))
        return row | {LOAD_ID: _load_id(extracted_at), ID: raw_id}

    def deliver(self, server: Inserts, stream: Stream, deliveries: Iterable[Delivery]) -> None:
        """Insert records as dlt does: nested ones into their tables, which grow by the columns that the records need."""
        if not self.nested:
            super().deliver(server, stream, deliveries)
            return
        rows: dict[str, list[dict[str, Any]]] = {}
        base = identifier(self.prefix + stream.name)
        for delivery in deliveries:
            own = {LOAD_ID: _load_id(delivery.extracted_at), ID: delivery.raw_id}
            for table, row in _normalized(base, delivery.record, own):
                rows.setdefault(table, []).append(row)
        for table, several in rows.items():
            _insert(server, self.named(stream, table), several)


def _type(field: Field) -> str:
    return {
        "boolean": "Bool",
        "integer": "Int64",
        "number": "Float64",
        "string": MOMENT if field.format == "date-time" else "String",
    }.get(field.type, "String")


def _lists(fields: Mapping[str, Field], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for field in fields.values():
        path = (*above, field.name)
        if field.type == "object":
            yield from _lists(field.children, path)
        elif field.type == "array":
            yield path
            if field.items is not None:
                yield from _lists(field.items.children, path)


def _load_id(moment: dt.datetime) -> str:
    return f"{utc_milliseconds(moment).timestamp():.6f}"


# --- what dlt makes of a record ---


def _normalized(table: str, record: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of one record: its own, then those of its lists. What is null makes no column."""
    row: dict[str, Any] = {}
    inside: list[tuple[str, list[Any]]] = []

    def walk(value: Mapping[str, Any], prefix: str) -> None:
        for name, item in value.items():
            column = f"{prefix}{identifier(name)}"
            if isinstance(item, Mapping):
                walk(item, f"{column}__")
            elif isinstance(item, list):
                inside.append((f"{table}__{column}", item))
            elif item is not None:
                row[column] = item

    walk(record, "")
    yield table, row | dict(own)
    for child, items in inside:
        for index, item in enumerate(items):
            linked = {PARENT_ID: own[ID], LIST_INDEX: index, ID: f"{own[ID]}/{child}/{index}"}
            yield from _normalized(child, item if isinstance(item, Mapping) else {"value": item}, linked)


def _insert(server: Inserts, path: tuple[str, str], rows: list[dict[str, Any]]) -> None:
    """Insert rows into a table; make the table, and columns of it, where they are missing."""
    name = text.quote_qualified(*path)
    keys = {LOAD_ID: "String", ID: "String", PARENT_ID: "String", LIST_INDEX: "Int64"}
    made = ", ".join(f"{key} {kind}" for key, kind in keys.items() if key in rows[0])
    server.execute(f"CREATE TABLE IF NOT EXISTS {name} ({made}) ENGINE = MergeTree ORDER BY tuple()")
    have = {row["name"]: row["type"] for row in server.rows(f"DESCRIBE TABLE {name}")}
    ready = []
    for row in rows:
        fitted: dict[str, Any] = {}
        for column, value in row.items():
            home, kind, fitting = _home(column, value, have)
            if home not in have:
                server.execute(
                    f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {text.quote_identifier(home)} Nullable({kind})"
                )
                have[home] = f"Nullable({kind})"
            fitted[home] = fitting
        ready.append(fitted)
    server.insert(*path, [{column: row.get(column) for column in have} for row in ready])


def _home(column: str, value: Any, have: Mapping[str, str]) -> tuple[str, str, Any]:
    """The column that a value goes to, its type, and the value as it is stored: a variant where it does not fit."""
    kind = _inferred(value)
    present = have.get(column, "").removeprefix("Nullable(").removesuffix(")") if column in have else kind
    present = MOMENT if present.startswith("DateTime64") else present
    fitting = _fitting(value, present)
    if fitting is not None:
        return column, present, fitting
    word = {"String": "text", "Int64": "bigint", "Float64": "double", "Bool": "bool", MOMENT: "timestamp"}[kind]
    return f"{column}__v_{word}", kind, _fitting(value, kind)


def _inferred(value: Any) -> str:
    if isinstance(value, bool):
        return "Bool"
    if isinstance(value, int):
        return "Int64" if -(2**63) <= value < 2**63 else "String"
    if isinstance(value, float | Decimal):
        return "Float64"
    return MOMENT if isinstance(value, str) and _moment(value) is not None else "String"


def _fitting(value: Any, kind: str) -> Any:
    """A value as a column of a type takes it; None where it does not."""
    if value is None:
        return None
    if kind == "String":
        return value if isinstance(value, str) else json_text(_plain(value))
    if kind == "Bool":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool | list | dict):
        return None
    if kind == MOMENT:
        return _moment(value) if isinstance(value, str) else None
    try:
        number = Decimal(str(value))
        if not number.is_finite():
            return None
        if kind == "Float64":
            return float(number)
        return int(number) if number == int(number) and abs(number) < 2**63 else None
    except ArithmeticError:
        return None


def _moment(value: str) -> dt.datetime | None:
    """A moment in ISO 8601 with a time of day, as dlt detects it; without an offset it is UTC."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        return None
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    found = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    return found if 1900 <= found.year <= 2299 else None


def _plain(value: Any) -> Any:
    """Decimals as JSON writes numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


JSON = DltLayout(name="dlt-json")
NESTED = DltLayout(name="dlt", nested=True)
LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (JSON, NESTED)}
