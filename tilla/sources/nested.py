"""Reading records that a loader took apart: objects as columns, lists as child tables (dlt's default).

A view puts each record together again, as one flat JSON text per root row: every column under its own name
(``customer__id``), and every list as an array of such texts. ``formatRow`` over ``*`` takes whatever columns there are, so
columns that appear later are read from then on. Rows of a child table arrive in inserts of their own, so no view can fire on
the whole record: all tables over such streams are rebuilt on a schedule.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.sources.connectors import Stream
from tilla.sources.dlt import ID, LIST_INDEX, LOAD_ID, PARENT_ID, DltLayout, flat_name, identifier
from tilla.sources.layouts import Layout
from tilla.sources.raw import Document, Landed, day_of, moment_of
from tilla.sources.readings import Notes, Place
from tilla.text import quote_qualified, quote_string

DOCUMENT = "document"


def flat(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A path as it is in a flat text: names up to a position are one key."""
    out: list[str | int] = []
    names: list[str] = []
    for step in path:
        if isinstance(step, int):
            out += [*([flat_name(names)] if names else []), step]
            names = []
        else:
            names.append(step)
    return (*out, flat_name(names)) if names else tuple(out)


@attrs.frozen(eq=False)
class Flat(Document):
    """A flat JSON text. A value that did not fit a column's type stands in another one, ``price__v_text``."""

    prefix: tuple[str | int, ...] = ()
    """The path of the object that this is."""

    def _keys(self, path: tuple[str | int, ...], *variants: str) -> list[tuple[str | int, ...]]:
        key = flat((*self.prefix, *path))
        last = key[-1] if key else 0
        more = [(*key[:-1], f"{last}__v_{variant}") for variant in variants] if isinstance(last, str) else []
        return [key, *more]

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        self._note("text", path)
        return _first(f.json_nullable(self.doc, *key) for key in self._keys(path, "text"))

    def decimal(self, *path: str | int, scale: int = 4, precision: int = 18) -> tl.Expr[Decimal | None]:
        self._note("decimal", path, scale, precision)
        keys = self._keys(path, "double", "text")
        return _first(f.json_decimal(self.doc, *key, scale=scale, precision=precision) for key in keys)

    def integer(self, *path: str | int) -> tl.Expr[int | None]:
        self._note("integer", path)
        return _first(f.json_int(self.doc, *key) for key in self._keys(path, "bigint", "text"))

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        self._note("boolean", path)
        return _first(f.json_bool(self.doc, *key) for key in self._keys(path, "bool", "bigint", "text"))

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        self._note("time", path)
        return moment_of(_first(f.json_nullable(self.doc, *k) for k in self._keys(path, "timestamp", "text")))

    def date(self, *path: str | int) -> tl.Expr[dt.date | None]:
        self._note("date", path)
        return day_of(self.text(*path))

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        self._note("array", path)
        return f.json_array(self.doc, *flat((*self.prefix, *path)))

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        return f.array_map(lambda item: f.json_text(item, "value"), self.array(*path))

    def at(self, *path: str | int) -> Document:
        return Flat(self.doc, places=self.inside(*path), prefix=(*self.prefix, *path))

    def named(self, name: str) -> Document:
        return self

    def element(self, value: tl.Expr[Any], *path: str | int) -> Document:
        return Flat(value, places=super().element(value, *path).places)


def _first(values: Any) -> tl.Expr[Any]:
    found = list(values)
    return f.coalesce(*found) if len(found) > 1 else found[0]


@attrs.frozen(eq=False)
class Nested(Landed):
    """A stream in several tables, read through the view that puts its records together."""

    def _flat(self) -> Flat:
        return Flat(self.doc, places=self.places)

    def declares(self, field: str) -> bool:
        return True

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        return self._flat().text(*path)

    def decimal(self, *path: str | int, scale: int = 4, precision: int = 18) -> tl.Expr[Decimal | None]:
        return self._flat().decimal(*path, scale=scale, precision=precision)

    def integer(self, *path: str | int) -> tl.Expr[int | None]:
        return self._flat().integer(*path)

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        return self._flat().boolean(*path)

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        return self._flat().time(*path)

    def date(self, *path: str | int) -> tl.Expr[dt.date | None]:
        return self._flat().date(*path)

    def json(self, *path: str | int) -> tl.Expr[str | None]:
        return self._flat().text(*path)

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        return self._flat().array(*path)

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        return self._flat().strings(*path)

    def at(self, *path: str | int) -> Document:
        return self._flat().at(*path)

    def element(self, value: tl.Expr[Any], *path: str | int) -> Document:
        return self._flat().element(value, *path)


def landed(stream: Stream, layout: Layout) -> Landed:
    """Put a stream and its tables together: the Sources, the view over them, and the accessors over the view."""
    assert isinstance(layout, DltLayout)
    own = {path: _source(stream, layout, path) for path in ((), *layout.lists(stream))}
    database, table = layout.table(stream)
    text = _whole(own)
    view = tl.View(
        quote_qualified(database, f"{table}_document"),
        tl.columns_of(
            *(tl.column(t.String, name=name, comment="dlt's own") for name in (LOAD_ID, ID)),
            tl.column(t.String, name=DOCUMENT, comment="the record, flat JSON text"),
            name="Record",
        ),
        query=tl.sql(text, **{_reference(path): source for path, source in own.items()}),
        comment=f"One row per delivery of a record of {stream.id}: its tables put together.",
    )
    document = {column.name: column for column in view.columns}[DOCUMENT]
    stand_in = tl.Source(view.name, tl.columns_of(*view.columns, name="Record"), versioned=True, comment=view.comment)
    beside = (*own.values(), view)
    return Nested(document, places=(Place(Notes()),), stream=stream, layout=layout, source=stand_in, beside=beside)


def _source(stream: Stream, layout: DltLayout, path: tuple[str, ...]) -> tl.Source[Any]:
    base = identifier(layout.prefix + stream.name)
    names = {PARENT_ID: t.String, LIST_INDEX: t.Int64, ID: t.String} if path else {LOAD_ID: t.String, ID: t.String}
    child = f"{base}__{flat_name(path)}" if path else ""
    about = f", list {'.'.join(path)}" if path else ""
    return tl.Source(
        quote_qualified(*layout.named(stream, child)),
        tl.columns_of(*(tl.column(kind, name=name) for name, kind in names.items()), name="Raw"),
        versioned=True,
        comment=f"Stream {stream.id} as {layout.name} lands it{about}.",
    )


def _reference(path: tuple[str, ...]) -> str:
    return "_".join(("raw", *map(identifier, path)))


def _whole(own: dict[tuple[str, ...], Any]) -> str:
    """The SELECT of the view: root rows, each with its lists."""
    columns, joins = _with_lists((), own)
    return (
        f"SELECT\n    row.{LOAD_ID} AS {LOAD_ID},\n    row.{ID} AS {ID},\n    {columns} AS {DOCUMENT}\n"
        f"FROM (\n    SELECT {LOAD_ID}, {ID}, formatRowNoNewline('JSONEachRow', *) AS own FROM {{{_reference(())}}}\n) AS row"
        + "".join(joins)
    )


def _with_lists(path: tuple[str, ...], own: dict[tuple[str, ...], Any]) -> tuple[str, list[str]]:
    """The JSON text of a row with its lists inside, and the joins that bring them."""
    inner = [p for p in own if p != path and p[: len(path)] == path and _holder(p, own) == path]
    if not inner:
        return "row.own", []
    parts = ["substring(row.own, 1, length(row.own) - 1)"]
    joins = []
    for number, p in enumerate(inner):
        key = flat_name(p[len(path) :])
        parts += [quote_string(f',"{key}":['), f"list_{number}.items", quote_string("]")]
        joins.append(f"\nLEFT JOIN (\n{_list(p, own)}\n) AS list_{number} ON row.{ID} = list_{number}.parent")
    return f"concat({', '.join([*parts, quote_string('}')])})", joins


def _holder(path: tuple[str, ...], own: dict[tuple[str, ...], Any]) -> tuple[str, ...]:
    """The list that a list is in: the longest of those above it."""
    return max((p for p in own if p != path and path[: len(p)] == p), key=len)


def _list(path: tuple[str, ...], own: dict[tuple[str, ...], Any]) -> str:
    """One row per parent: the elements of a list in their order, joined by commas."""
    columns, joins = _with_lists(path, own)
    return (
        "SELECT parent, arrayStringConcat(arrayMap(x -> x.2, arraySort(groupArray((position, item)))), ',') AS items\n"
        f"FROM (\n    SELECT row.{PARENT_ID} AS parent, row.{LIST_INDEX} AS position, {columns} AS item\n"
        f"    FROM (\n        SELECT {PARENT_ID}, {LIST_INDEX}, {ID}, formatRowNoNewline('JSONEachRow', *) AS own\n"
        f"        FROM {{{_reference(path)}}}\n    ) AS row" + "".join(joins) + "\n)\nGROUP BY parent"
    )


__all__ = ["Flat", "Nested", "landed"]
