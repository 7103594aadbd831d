"""Typed access to any field of a landed stream, whatever layout the loader used.

A stream says which fields a record has; a layout says in which table and columns they land: the whole record as one
JSON text, typed columns with nested JSON text, or typed columns with the JSON type. :func:`landed` puts the two
together::

    orders = landed(stream("shopify", "orders"), layout)
    orders.source                                        # the tl.Source
    orders.text("customer", "email")                     # Nullable(String)
    orders.decimal("total_price_set", "shop_money", "amount")
    line = orders.each("line_items", name="line")
    line.integer("quantity")

Every accessor gives a Nullable of one settled type in every layout, so that a curated table has the same columns
over all of them. What is absent, null, malformed or out of range is NULL; nothing becomes 0, '' or 1970. A field that
a typed layout does not declare is NULL too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree, TableEngine
from tilla.sources.connectors import Stream
from tilla.sources.layouts import Layout, Storage
from tilla.sources.readings import Kind, Mark, Notes, Place, Step
from tilla.text import quote_qualified

UTC_MS = t.DateTime64(3, "UTC")

# What some loaders add besides the row's id and time of extraction.
_GENERATION = "_airbyte_generation_id"
_META = "_airbyte_meta"
_LOAD_ID = "_dlt_load_id"

# A moment starts with a full date, of the years that DateTime64 holds on every server: the best-effort parser takes
# "12" for the 12th of January (26.9), and placeholders such as 0001-01-01 stand for nothing.
_FULL_DATE = "^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}"
_DATE = "^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)"


@attrs.frozen(eq=False)
class Document:
    """A JSON text and typed access to what is in it: a payload, an element of an array, a nested object.

    A path is keys, and positions in arrays from 1: ``refund.text("refund_line_items", 1, "restock_type")``.
    """

    doc: tl.Expr[Any]
    """The JSON text; NULL or not JSON gives NULL everywhere."""
    local: bool = False
    """True where moments in the text have lost their offset and stand in the server's zone: ClickHouse's JSON type
    turns what looks like a moment into one, and prints it in that zone (26.9)."""
    places: tuple[Place, ...] = ()
    """Where the text stands in the stream's record: what is read of it is noted there, for ``rejects``."""

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        """Text; of a number, truth value, object or array its JSON text. Nullable(String)."""
        self._note("text", path)
        return f.json_nullable(self.doc, *path)

    def decimal(self, *path: str | int, scale: int = 4, precision: int = 18) -> tl.Expr[Decimal | None]:
        """A number, or text that is one, rounded half away from zero. Nullable(Decimal(precision, scale))."""
        self._note("decimal", path, scale, precision)
        return f.json_decimal(self.doc, *path, scale=scale, precision=precision)

    def integer(self, *path: str | int) -> tl.Expr[int | None]:
        """A whole number, or text that is one, exact to 63 bits. Nullable(Int64)."""
        self._note("integer", path)
        return f.json_int(self.doc, *path)

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        """True, 1, "true", "True", "1" and their opposites. Nullable(Bool)."""
        self._note("boolean", path)
        return f.json_bool(self.doc, *path)

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        """A moment in any ISO 8601 form, with an offset or in UTC. Nullable(DateTime64(3, 'UTC')), cut to milliseconds."""
        self._note("time", path)
        return moment_of(self.text(*path), local=self.local)

    def date(self, *path: str | int) -> tl.Expr[dt.date | None]:
        """The date that the text starts with (``2024-03-10...``, ``20240310``), as written: no zone is applied.

        Nullable(Date32).
        """
        self._note("date", path)
        return day_of(self.text(*path))

    def json(self, *path: str | int) -> tl.Expr[str | None]:
        """The JSON text of an object or array, to ask whether it is there or to read on from. Nullable(String)."""
        return self.text(*path)

    def whole(self, *path: str | int) -> tl.Expr[str | None]:
        """The JSON text of an object or array as a column shows it, without what the loader put in. Nullable(String)."""
        return self.json(*path)

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        """The elements of an array, each as JSON text, for ``tl.each``; none where there is no array. Array(String)."""
        self._note("array", path)
        return f.json_array(self.doc, *path)

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        """The elements of an array as plain text. Array(String)."""
        self._note("array", path)
        return f.json_strings(self.doc, *path)

    def at(self, *path: str | int) -> Document:
        """The object at a path, as a document of its own."""
        return Document(self.json(*path), local=self.local, places=self.inside(*path))

    def named(self, name: str) -> Document:
        """The same document under a name of its own inside the SELECT, written once: see ``tl.let``."""
        return Document(tl.let(self.doc, name), local=self.local, places=self.places)

    def python(self, *path: str | int) -> Document:
        """The object or list at a path where the connector wrote it as Python prints it: ``{'amount': None}``, not JSON.

        Words and quotes become JSON's. A text with an apostrophe in it does not survive that, and gives NULL.
        """
        return Document(python_as_json(self.text(*path)), places=self.inside(*path, Mark.PYTHON))

    def each(self, *path: str | int, name: str) -> Document:
        """Turn an array into rows, and read the element of each: ``order.each("line_items", name="line")``."""
        return self.element(tl.each(self.array(*path), name), *path)

    def element(self, value: tl.Expr[Any], *path: str | int) -> Document:
        """Read one element of the array at a path, however it was taken out of it: JSON text."""
        return Document(value, places=self.inside(*path, Mark.EACH))

    # --- what the declarations say about a record ---

    def keyed(self, *path: str | int) -> tl.Expr[bool]:
        """The condition of a table whose key holds the whole number at a path: what lacks it stays in raw only."""
        return self.required(self.integer(*path).is_not_null(), path)

    def required(
        self, condition: tl.Expr[bool], path: tuple[str | int, ...], *others: tuple[str | int, ...]
    ) -> tl.Expr[bool]:
        """The condition of a table, as it is: what lacks the field at ``path`` (or at ``others``) stays in raw only."""
        for place in self.places:
            place.require(condition, path, others)
        return condition

    def refuse(self, path: tuple[str | int, ...], reason: str, refused: Callable[[Document], tl.Expr[Any]]) -> None:
        """Say when a value is not used although it can be read: ``refused`` gives the condition for any such document."""
        for place in self.places:
            place.check(path, reason, refused)

    def inside(self, *path: Step) -> tuple[Place, ...]:
        """The places of what stands at a path in this document."""
        return tuple(place.inside(*path) for place in self.places)

    def _note(self, kind: Kind, path: tuple[str | int, ...], scale: int = 0, precision: int = 0) -> None:
        for place in self.places:
            place.read(kind, path, scale, precision)


def python_as_json(text: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """JSON of what Python printed: its quotes, and None, True and False where a value stands. Nullable(String)."""
    type_ = t.Nullable(t.String)
    found = f.raw("replaceAll", text, "'", '"', type=type_)
    for word, json_word in (("None", "null"), ("True", "true"), ("False", "false")):
        found = f.raw("replaceRegexpAll", found, rf"([:\[,] ?){word}\b", rf"\1{json_word}", type=type_)
    return found


def element(value: tl.Expr[Any]) -> Document:
    """Read JSON text from anywhere; ``orders.each("line_items", name="line")`` also knows where it stands."""
    return Document(value)


@attrs.frozen(eq=False)
class Landed(Document):
    """A stream in a layout: its Source, and its fields as expressions over that Source. Made by :func:`landed`."""

    stream: Stream = attrs.field(kw_only=True)
    layout: Layout = attrs.field(kw_only=True)
    source: Any = attrs.field(kw_only=True)
    """The loader's table, a Source. Its rows are deliveries, so that one entity may have many: ``versioned``."""
    beside: tuple[Any, ...] = attrs.field(default=(), kw_only=True)
    """Where records are in several tables: those tables and, last, the view over them, for which ``source`` stands."""

    @property
    def relation(self) -> Any:
        """What is read: the loader's table, or the view over its tables, on which no other view can fire."""
        return self.beside[-1] if self.beside else self.source

    @cached_property
    def _columns(self) -> dict[str, tl.Column[Any]]:
        return {column.name: column for column in self.source.columns}

    @property
    def has_payload(self) -> bool:
        """True where the whole record lands as one JSON text."""
        return self.layout.payload(self.stream) is not None

    def declares(self, field: str) -> bool:
        """True where the layout can hold the field; a payload has whatever the record has."""
        return self.has_payload or self._typed(field) is not None

    def column_kind(self, field: str) -> str | None:
        """The type of the field's own column without Nullable, ``Int64``; None where it has none, or holds JSON text."""
        column = self._typed(field)
        return None if column is None or _is_union(self.stream, field) else str(_plain(column))

    @property
    def tells_changes(self) -> bool:
        """True where the loader notes what it had to drop: :attr:`meta`."""
        return _META in self._columns

    # --- what the loader adds ---

    @property
    def extracted_at(self) -> tl.Expr[dt.datetime]:
        """When the loader read the record. DateTime64(3, 'UTC')."""
        column = self._columns[self.layout.extracted_at]
        if column.name == _LOAD_ID:  # dlt: seconds since 1970 as text
            return f.to_datetime64(f.to_decimal64_or_zero(f.to_string(column), 6), 3, "UTC")
        return f.cast(column, UTC_MS)

    @property
    def generation_id(self) -> tl.Expr[int | None]:
        """The loader's generation: it grows when a full refresh replaces the table. Nullable(UInt32), NULL in old layouts."""
        type_ = t.Nullable(t.UInt32)
        column = self._columns.get(_GENERATION)
        return _absent(type_) if column is None else f.cast(column, type_)

    @property
    def raw_id(self) -> tl.Expr[str]:
        """The loader's id of this delivery. String."""
        return f.to_string(self._columns[self.layout.raw_id])

    @property
    def meta(self) -> tl.Expr[str | None]:
        """What the loader had to change, as JSON text (``changes[]``). Nullable(String), NULL in old layouts."""
        column = self._columns.get(_META)
        return _absent(t.Nullable(t.String)) if column is None else f.cast(_json_text(column), t.Nullable(t.String))

    # --- fields ---

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        self._note("text", path)
        found = self._find(path)
        if isinstance(found, Document):
            return found.text(*_rest(self, path))
        if found is None:
            return _absent(t.Nullable(t.String))
        if _is_text(found):
            return f.cast(found, t.Nullable(t.String))
        if _is_moment(found):
            return f.to_nullable(f.to_string(f.cast(found, t.Nullable(UTC_MS))))
        return f.to_nullable(f.to_string(found))

    def decimal(self, *path: str | int, scale: int = 4, precision: int = 18) -> tl.Expr[Decimal | None]:
        self._note("decimal", path, scale, precision)
        found = self._find(path)
        type_ = t.Nullable(t.Decimal(precision, scale))
        if isinstance(found, Document):
            return found.decimal(*_rest(self, path), scale=scale, precision=precision)
        if found is None:
            return _absent(type_)
        if str(_plain(found)).startswith("Decimal"):
            return f.accurate_cast_or_null(f.round(found, scale), t.Decimal(precision, scale))
        return f.json_decimal(f.to_json_string(f.to_string(found)), scale=scale, precision=precision)

    def integer(self, *path: str | int) -> tl.Expr[int | None]:
        self._note("integer", path)
        found = self._find(path)
        type_ = t.Nullable(t.Int64)
        if isinstance(found, Document):
            return found.integer(*_rest(self, path))
        if found is None:
            return _absent(type_)
        if str(_plain(found)) == "Int64":
            return f.cast(found, type_)
        return f.cast(f.to_int64_or_null(f.to_string(found)), type_)

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        self._note("boolean", path)
        found = self._find(path)
        if isinstance(found, Document):
            return found.boolean(*_rest(self, path))
        if found is None:
            return _absent(t.Nullable(t.Bool))
        if str(_plain(found)) == "Bool":
            return f.cast(found, t.Nullable(t.Bool))
        return f.json_bool(f.to_json_string(f.to_string(found)))

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        self._note("time", path)
        found = self._find(path)
        type_ = t.Nullable(UTC_MS)
        if isinstance(found, Document):
            return found.time(*_rest(self, path))
        if found is None:
            return _absent(type_)
        if _is_moment(found):
            value = f.cast(found, type_)
            # A NOT NULL column holds 1970 where the record had nothing.
            return value if found.type is not None and found.type.nullable else f.null_if(value, _EPOCH)
        return moment_of(f.to_string(found))

    def date(self, *path: str | int) -> tl.Expr[dt.date | None]:
        self._note("date", path)
        found = self._find(path)
        if isinstance(found, Document):
            return found.date(*_rest(self, path))
        if found is None:
            return _absent(t.Nullable(t.Date32))
        if str(_plain(found)).startswith("Date"):
            return f.cast(found, t.Nullable(t.Date32))
        return day_of(f.to_string(found))

    def json(self, *path: str | int) -> tl.Expr[str | None]:
        if len(path) == 1 and (column := self._typed(path[0])) is not None:
            return f.cast(_json_text(column), t.Nullable(t.String))
        return self.text(*path)

    def whole(self, *path: str | int) -> tl.Expr[str | None]:
        union = len(path) == 1 and _is_union(self.stream, str(path[0]))  # may be a text, which stays one
        return self.text(*path) if union else self.json(*path)

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        self._note("array", path)
        found = self._object(path)
        return _absent(t.Array(t.String)) if found is None else f.json_array(found[0], *found[1])

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        self._note("array", path)
        found = self._object(path)
        return _absent(t.Array(t.String)) if found is None else f.json_strings(found[0], *found[1])

    def at(self, *path: str | int) -> Document:
        column = self._typed(path[0])
        local = column is not None and _is_json(column)
        return Document(self.json(*path), local=local, places=self.inside(*path))

    # --- how a path is reached ---

    def _typed(self, field: str | int) -> tl.Column[Any] | None:
        name = self.layout.column_of(self.stream, str(field))
        return None if self.has_payload or name is None else self._columns.get(name)

    def _object(self, path: tuple[str | int, ...]) -> tuple[tl.Expr[Any], tuple[str | int, ...]] | None:
        """The JSON text that holds a path and the rest of the path; None where the layout has no such text."""
        if self.has_payload:
            return self.doc, path
        column = self._typed(path[0])
        if column is None or not (_is_text(column) or _is_json(column)):
            return None
        return _json_text(column), path[1:]

    def _find(self, path: tuple[str | int, ...]) -> Document | tl.Expr[Any] | None:
        """A document that holds the path, the typed column itself, or None where the layout lacks the field."""
        if self.has_payload:
            return Document(self.doc)
        column = self._typed(path[0])
        if column is None or (len(path) > 1 and not (_is_text(column) or _is_json(column))):
            return None
        if len(path) > 1 or _is_json(column) or _is_union(self.stream, str(path[0])):
            return Document(_json_text(column), local=_is_json(column))
        return column


def landed(stream: Stream, layout: Layout) -> Landed:
    """Put a stream and a loader's layout together."""
    if (reader := layout.reader()) is not None:
        made: Landed = reader(stream, layout)
        return made
    columns = {name: tl.column(t.parse(text), name=name) for name, text in layout.columns_there(stream)}
    source = tl.Source(
        quote_qualified(*layout.table(stream)),
        tl.columns_of(*columns.values(), name="Raw"),
        engine=_engine(layout.storage(stream), columns),
        versioned=True,
        comment=f"Stream {stream.id} as {layout.name} lands it: one row per delivery of a record.",
    )
    payload = layout.payload(stream)
    doc = _absent(t.Nullable(t.String)) if payload is None else columns[payload]
    return Landed(doc, places=(Place(Notes()),), stream=stream, layout=layout, source=source)


def _engine(storage: Storage, columns: dict[str, Any]) -> TableEngine:
    order = tuple(columns[name] for name in storage.order_by)
    if storage.engine == "ReplacingMergeTree":
        version = None if storage.version is None else columns[storage.version]
        return ReplacingMergeTree(order_by=order, version=version)
    return MergeTree(order_by=order)


def version_of(updated_at: tl.Expr[Any] | None, extracted_at: tl.Expr[dt.datetime]) -> tl.Expr[int]:
    """Which delivery of an entity wins: (``updated_at`` in ms) x 2^64 + (``extracted_at`` in ms). UInt128.

    The newest state first, the newest extraction among equals, so that neither the order of insertion nor a replay of
    an old extract changes what a ReplacingMergeTree keeps. A missing ``updated_at`` counts as 0, and so does a moment
    before 1970.
    """
    low = f.raw("toUInt128", _milliseconds(extracted_at), type=t.UInt128)
    if updated_at is None:
        return low
    high = f.raw("toUInt128", _milliseconds(f.if_null(updated_at, _EPOCH)), type=t.UInt128)
    shifted = f.raw("bitShiftLeft", high, 64, type=t.UInt128)
    return f.raw("bitOr", shifted, low, type=t.UInt128)  # `+` would give Int128 (26.9)


_EPOCH = f.cast(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), UTC_MS)


def _milliseconds(moment: tl.Expr[Any]) -> tl.Expr[Any]:
    return f.greatest(f.to_unix_timestamp64_milli(moment), 0)


def _absent(type: t.DataType[Any]) -> tl.Expr[Any]:
    return f.cast([] if str(type).startswith("Array") else None, type)


def moment_of(value: tl.Expr[Any], *, local: bool = False) -> tl.Expr[Any]:
    """Parse text that starts with a full date."""
    if local:  # the text stands in the zone of the server, or of the session
        parsed = f.raw("parseDateTime64BestEffortOrNull", value, 3, type=t.Nullable(t.DateTime64(3)))
        parsed = f.raw("toTimeZone", parsed, "UTC", type=t.Nullable(UTC_MS))
    else:
        parsed = f.raw("parseDateTime64BestEffortOrNull", value, 3, "UTC", type=t.Nullable(UTC_MS))
    return f.raw("if", f.match(value, _FULL_DATE), parsed, None, type=t.Nullable(UTC_MS))


def day_of(value: tl.Expr[Any]) -> tl.Expr[Any]:
    start = f.raw("substring", value, 1, 10, type=t.Nullable(t.String))
    parsed = f.raw("parseDateTime64BestEffortOrNull", start, 0, "UTC", type=t.Nullable(t.DateTime64(0, "UTC")))
    day = f.raw("toDate32", parsed, type=t.Nullable(t.Date32))
    return f.raw("if", f.match(value, _DATE), day, None, type=t.Nullable(t.Date32))


def _rest(landed: Landed, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path if landed.has_payload else path[1:]


def _plain(column: tl.Expr[Any]) -> t.DataType[Any]:
    assert column.type is not None
    return t.unwrap(column.type)


def _is_text(column: tl.Expr[Any]) -> bool:
    return str(_plain(column)) == "String"


def _is_json(column: tl.Expr[Any]) -> bool:
    return str(_plain(column)).startswith("JSON")


def _is_moment(column: tl.Expr[Any]) -> bool:
    return str(_plain(column)).startswith("DateTime")


def _is_union(stream: Stream, field: str) -> bool:
    """True for a field of several types: a typed layout holds its JSON text, quotes included."""
    return field in stream.fields and stream.fields[field].type == "union"


def _json_text(column: tl.Expr[Any]) -> tl.Expr[Any]:
    return f.to_string(column) if _is_json(column) else column


__all__ = ["Document", "Landed", "element", "landed", "version_of"]
