"""The streams that the Shopify, Klaviyo and GA4 connectors emit: names, keys, cursors, fields.

The schemas are data, one file per connector under ``schemas/``, read when a connector is first asked for.
In a file a field is ``"integer?"`` (``?``: null is allowed), ``{"object?": {name: field}}``,
``{"array?": field of an item}``, ``{"union?": [fields]}`` or ``"$name?"``, a shape of the file's ``shapes``.
They follow source-shopify 4.3.0, source-klaviyo 2.13.1 and source-google-analytics-data-api 2.8.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

import attrs

from tilla import errors

CONNECTORS = ("shopify", "klaviyo", "ga4")

FieldType = Literal["string", "integer", "number", "boolean", "object", "array", "union"]
FieldFormat = Literal["date", "date-time", "time"]

_FORMATS: dict[str, FieldFormat] = {"date": "date", "date-time": "date-time", "time": "time"}


@attrs.frozen
class Field:
    """One field of a record, or of an object inside it, as the connector's schema declares it."""

    name: str
    type: FieldType
    format: FieldFormat | None = None
    """Of a string: what the text means. GA4's dates are plain strings."""
    nullable: bool = True
    """Null is allowed; the key may then be absent too."""
    children: Mapping[str, Field] = attrs.field(factory=dict, hash=False)
    """Of an object: its declared keys. An object without any is free-form."""
    items: Field | None = None
    """Of an array: what it holds; None when nothing is declared."""
    one_of: tuple[Field, ...] = ()
    """Of a union: its members."""

    def __getitem__(self, name: str) -> Field:
        """Return a child of an object, or of the objects in an array."""
        if self.type == "array" and self.items is not None:
            return self.items[name]
        try:
            return self.children[name]
        except KeyError:
            raise errors.unknown_field(self.name, name, list(self.children)) from None


@attrs.frozen
class Stream:
    """One stream of a connector: records of one kind, in the connector's own field order."""

    connector: str
    name: str
    primary_key: tuple[str, ...]
    cursor: str | None
    """The field an incremental sync goes by; None for a stream that is only ever read whole."""
    fields: Mapping[str, Field] = attrs.field(hash=False)
    undeclared: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """Keys the connector emits although its schema lacks them, by path (``line_items[].tax_code``), with what
    they hold. They stay in JSON text; a typed layout has no column for a top-level one."""
    notes: Mapping[str, str] = attrs.field(factory=dict, hash=False, repr=False)
    """What surprises about a field, by path."""

    @property
    def id(self) -> str:
        """``connector.name``, for messages."""
        return f"{self.connector}.{self.name}"

    def __getitem__(self, name: str) -> Field:
        try:
            return self.fields[name]
        except KeyError:
            raise errors.unknown_field(self.id, name, list(self.fields)) from None

    @property
    def base_name(self) -> str:
        """The connector's own name of the stream: of ``devicesProperty400000002``, ``devices``."""
        return re.sub(r"Property\d+$", "", self.name)

    def of_property(self, property_id: str) -> Self:
        """Return this GA4 stream as a connection lands it for any property but the first.

        The connector names it ``devicesProperty400000002``; the fields are the same.
        """
        return attrs.evolve(self, name=f"{self.name}Property{property_id}")


def streams(connector: str) -> tuple[Stream, ...]:
    """Return every stream of ``"shopify"``, ``"klaviyo"`` or ``"ga4"``.

    Raises :class:`tilla.errors.DeclarationError` (T701) for another connector.
    """
    return tuple(_streams(connector).values())


def stream(connector: str, name: str) -> Stream:
    """Return one stream.

    >>> stream("shopify", "orders").primary_key
    ('id',)

    Raises :class:`tilla.errors.DeclarationError` (T702) with the nearest name when there is none.
    """
    known = _streams(connector)
    if name not in known:
        raise errors.unknown_stream(connector, name, list(known))
    return known[name]


@cache
def _streams(connector: str) -> dict[str, Stream]:
    if connector not in CONNECTORS:
        raise errors.unknown_connector(connector, CONNECTORS)
    file = resources.files("tilla.sources") / "schemas" / f"{connector}.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    reader = _Reader(data["shapes"])
    return {
        name: Stream(
            connector=connector,
            name=name,
            primary_key=tuple(entry["key"]),
            cursor=entry["cursor"],
            fields={field.name: field for field in reader.fields(entry["fields"])},
            undeclared=entry.get("undeclared", {}),
            notes=entry.get("notes", {}),
        )
        for name, entry in data["streams"].items()
    }


@attrs.define
class _Reader:
    """Reads the fields of a file; its shapes are read where they are used, because the field's name differs."""

    shapes: Mapping[str, Any]

    def fields(self, written: Mapping[str, Any]) -> Iterator[Field]:
        for name, value in written.items():
            yield self.field(name, value)

    def field(self, name: str, written: Any, *, nullable: bool | None = None) -> Field:
        """Read one field; ``nullable`` is what a reference to a shape said."""
        body: Any = None
        word = written
        if not isinstance(written, str):
            ((word, body),) = written.items()
        null = word.endswith("?") if nullable is None else nullable
        kind: Any = word.removesuffix("?")
        if kind.startswith("$"):
            return self.field(name, self.shapes[kind[1:]], nullable=null)
        if kind == "object":
            return Field(name, "object", nullable=null, children={f.name: f for f in self.fields(body)})
        if kind == "array":
            return Field(name, "array", nullable=null, items=self.field(name, body) if body is not None else None)
        if kind == "union":
            return Field(name, "union", nullable=null, one_of=tuple(self.field(name, one) for one in body))
        if kind in _FORMATS:
            return Field(name, "string", _FORMATS[kind], null)
        return Field(name, kind, nullable=null)
