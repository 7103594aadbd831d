"""Reading records that a loader took apart: objects as columns, lists as child tables (dlt's default).

A view puts each record together again, as one flat JSON text per root row: every column under its own name
(``customer__id``), and every list as an array of such texts. ``formatRow`` over ``*`` takes whatever columns there are, so
columns that appear later are read from then on. Rows of a child table arrive in inserts of their own, so no view can fire on
the whole record: all tables over such streams are rebuilt on a schedule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.sources.connectors import Field, Stream
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
    field: Field | None = None
    """What the connector's schema says of it; None: nothing."""

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

    def json(self, *path: str | int) -> tl.Expr[str | None]:
        """The flat JSON text of an object, or the list as it stands; NULL where the object has nothing."""
        self._note("text", path)
        declared = _declared(self.field, path)
        key = flat((*self.prefix, *path))
        as_list, as_object = f.json_nullable(self.doc, *key), _gathered(self.doc, key)
        if declared is not None and declared.type in ("array", "object"):
            return as_list if declared.type == "array" else as_object
        return f.coalesce(as_list, as_object)

    def whole(self, *path: str | int) -> tl.Expr[str | None]:
        declared = _declared(self.field, path)
        if declared is not None and declared.type in ("array", "object"):
            return _without_marks(self.json(*path))
        key = flat((*self.prefix, *path))
        as_list, as_object = (
            _without_marks(one) for one in (f.json_nullable(self.doc, *key), _gathered(self.doc, key))
        )
        is_list = f.raw("JSONType", self.doc, *key, type=t.String) == "Array"
        return f.if_(is_list, as_list, f.coalesce(self.text(*path), as_object))  # a text is as it was sent

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        self._note("array", path)
        return f.json_array(self.doc, *flat((*self.prefix, *path)))

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        names = ("value", "value__v_text", "value__v_double")
        found = f.array_map(lambda item: _first(f.json_nullable(item, name) for name in names), self.array(*path))
        return f.array_map(lambda item: f.if_null(item, ""), found)

    def at(self, *path: str | int) -> Document:
        place, field = self.inside(*path), _declared(self.field, path)
        return Flat(self.doc, places=place, prefix=(*self.prefix, *path), field=field)

    def named(self, name: str) -> Document:
        return self

    def python(self, *path: str | int) -> Document:
        printed = super().python(*path)
        return Printed(printed.doc, places=printed.places, held=self, path=path)

    def element(self, value: tl.Expr[Any], *path: str | int) -> Document:
        found = _declared(self.field, path)
        return Flat(value, places=super().element(value, *path).places, field=found.items if found else None)


def _first(values: Any) -> tl.Expr[Any]:
    found = list(values)
    return f.coalesce(*found) if len(found) > 1 else found[0]


@attrs.frozen(eq=False)
class Printed(Document):
    """An object or list that Airbyte's connector writes as Python prints it, and the shop's own API as what it is."""

    held: Flat = attrs.field(kw_only=True)
    path: tuple[str | int, ...] = attrs.field(kw_only=True)
    """Where it stands in ``held``."""

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        return f.coalesce(self.held.text(*self.path, *path), super().text(*path))

    def decimal(self, *path: str | int, scale: int = 4, precision: int = 18) -> tl.Expr[Decimal | None]:
        own = self.held.decimal(*self.path, *path, scale=scale, precision=precision)
        return f.coalesce(own, super().decimal(*path, scale=scale, precision=precision))

    def integer(self, *path: str | int) -> tl.Expr[int | None]:
        return f.coalesce(self.held.integer(*self.path, *path), super().integer(*path))

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        return f.coalesce(self.held.boolean(*self.path, *path), super().boolean(*path))

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        return f.coalesce(self.held.time(*self.path, *path), super().time(*path))

    def date(self, *path: str | int) -> tl.Expr[dt.date | None]:
        return f.coalesce(self.held.date(*self.path, *path), super().date(*path))

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        return f.array_concat(self.held.array(*self.path, *path), super().array(*path))

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        return f.array_concat(self.held.strings(*self.path, *path), super().strings(*path))


def _declared(field: Field | None, path: Iterable[str | int]) -> Field | None:
    """The schema's field at a path below another."""
    for step in path:
        if field is None:
            return None
        field = field.items if isinstance(step, int) else field.children.get(step)
    return field


def _gathered(doc: tl.Expr[Any], key: tuple[str | int, ...]) -> tl.Expr[str | None]:
    """An object from the columns and lists that were made of it: those with its name before theirs. NULL where all are empty.

    A value of a second type, in a column of its own, stands under its plain name.
    """
    *outer, last = key
    if isinstance(last, int):  # an element of a list, which is one text
        return f.json_nullable(doc, *key)
    inside = f.if_null(f.json_nullable(doc, *outer) if outer else doc, "")
    pairs = t.Array(t.Tuple(t.String, t.String))
    entries = f.raw("JSONExtractKeysAndValuesRaw", inside, type=pairs)
    start, own = f"{last}__", f"^{last}__v_{_VARIANT}$"  # of the name itself: `receipt__v_text` is no part of an object
    kept = f.array_filter(
        lambda one: f.and_(f.starts_with(one[1], start), one[2].not_in(("null", "[]")), f.not_(f.match(one[1], own))),
        entries,
    )
    cut = len(start) + 1
    texts = f.array_map(lambda one: f.concat('"', f.raw("substring", one[1], cut, type=t.String), '":', one[2]), kept)
    joined = f.concat("{", f.raw("arrayStringConcat", texts, ",", type=t.String), "}")
    return f.null_if(f.raw("replaceRegexpAll", joined, f'__v_{_VARIANT}":', '":', type=t.String), "{}")


_VARIANT = "(text|bigint|double|bool|timestamp|date|time|decimal|json|binary|wei)"
_OWN = r'"_dlt_[a-z_]+":(?:"[^"]*"|\d+|null)'
_SCALAR = r'"(?:[^"\\]|\\.)*"|[^][{}",]+'
_NOTHING = r'"[a-z0-9_]+":(?:null|\[\])'
_NULL_VALUE = '"value(?:__v_[a-z]+)?":null'
_MARKS = (
    # Keys are followed by a colon and stand in bare quotes, which inside of a text are escaped: none of these meets a text.
    (rf"(\{{)(?:{_OWN},?)+|,{_OWN}", r"\1"),
    (rf'\{{(?:{_NULL_VALUE},)*"value(?:__v_[a-z]+)?":({_SCALAR})(?:,{_NULL_VALUE})*\}}', r"\1"),
    (rf"(\{{)(?:{_NOTHING},?)+|,{_NOTHING}", r"\1"),
    (f'__v_{_VARIANT}":', '":'),
)


def _without_marks(value: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """JSON text as it was sent, as far as that can be told: without dlt's keys, nulls and empty lists; scalars of a list as they are."""
    for found, put in _MARKS:
        value = f.raw("replaceRegexpAll", value, found, put, type=t.Nullable(t.String))
    return value


@attrs.frozen(eq=False)
class Nested(Landed):
    """A stream in several tables, read through the view that puts its records together."""

    def _flat(self) -> Flat:
        record = Field(self.stream.name, "object", children=self.stream.fields)
        return Flat(self.doc, places=self.places, field=record)

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
        return self._flat().json(*path)

    def whole(self, *path: str | int) -> tl.Expr[str | None]:
        return self._flat().whole(*path)

    def array(self, *path: str | int) -> tl.Expr[list[str]]:
        return self._flat().array(*path)

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        return self._flat().strings(*path)

    def at(self, *path: str | int) -> Document:
        return self._flat().at(*path)

    def python(self, *path: str | int) -> Document:
        return self._flat().python(*path)

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
    child = "__".join((base, *path)) if path else ""
    about = f", list {'.'.join(path)}" if path else ""
    return tl.Source(
        quote_qualified(*layout.named(stream, child)),
        tl.columns_of(*(tl.column(kind, name=name) for name, kind in names.items()), name="Raw"),
        versioned=True,
        comment=f"Stream {stream.id} as {layout.name} lands it{about}.",
    )


def _reference(path: tuple[str, ...]) -> str:
    return "__".join(("raw", *path))


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
        key = "__".join(p[len(path) :])
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
