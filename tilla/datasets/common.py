"""What the curated layers of all sources share: their choices, small expressions, and how a table and its view are declared.

Nothing here belongs to one source: a project with Klaviyo alone needs nothing of Shopify.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import ReplacingMergeTree
from tilla.sources import Layout, stream
from tilla.sources.raw import Landed, landed, version_of

MONEY = t.Decimal(18, 4)
MOMENT = t.Nullable(t.DateTime64(3, "UTC"))
WORD = t.LowCardinality(t.Nullable(t.String))


@attrs.frozen(eq=False, slots=False)
class Context:
    """The choices of one shop, account or property: layout, database, reporting zone, synced streams.

    Several may land in one table: who they are (``shop_url``, ``property_id``) is in every key.
    """

    layout: Layout
    database: str
    timezone: str
    streams: frozenset[str]
    connector: str
    tag: str = ""
    """Of a further connection: what stands in the names of its views."""
    account: str | None = None
    """What stands in the column ``account``; None where there is no such column."""
    accounts: tuple[str, ...] = ()
    """The names of all accounts that were given."""

    @cached_property
    def _landed(self) -> dict[str, Landed]:
        return {}

    def raw(self, stream_name: str, property_id: str = "") -> Landed:
        """The landed stream; the same Source for every table that reads it. ``property_id`` is for GA4's further ones."""
        key = f"{stream_name} {property_id}"
        if key not in self._landed:
            found = stream(self.connector, stream_name)
            found = found.of_property(property_id) if property_id else found
            self._landed[key] = landed(found, self.layout)
        return self._landed[key]

    def swaps(self, source: Any) -> bool:
        """True for a raw table that the loader replaces at every sync, and for a view over several: no view on it fires."""
        whole = (raw for raw in self.read if raw.beside or self.layout.sync_mode(raw.stream) == "overwrite")
        return any(raw.source is source for raw in whole)

    def behind(self, source: Any) -> Any:
        """The relation that a landed stream's source stands for."""
        return next((raw.relation for raw in self.read if raw.source is source), source)

    def chosen(self, *names: str) -> Landed | None:
        """The first of these streams that is synced, or None."""
        return next((self.raw(name) for name in names if name in self.streams), None)

    @property
    def read(self) -> tuple[Landed, ...]:
        """The landed streams that the tables declared so far read."""
        return tuple(self._landed.values())

    def has(self, *streams: str) -> bool:
        """True when all these streams are synced."""
        return self.streams.issuperset(streams)

    def name(self, table: str) -> str:
        """The qualified name of a curated table."""
        return f"{self.database}.{table}"

    def day(self, moment: tl.Expr[dt.datetime | None]) -> tl.Expr[dt.date]:
        """The local day of a moment: never a fixed offset, so that a day has 23 or 25 hours where clocks change."""
        return local_day(moment, self.timezone)


@attrs.frozen(repr=False, eq=False)
class Curated:
    """The curated objects of a shop, an account or a property: iterate over them, or take one as an attribute by its name.

    An object whose streams are not synced is missing: ``shop.get("customers")`` gives None for it.
    """

    objects: tuple[Any, ...]
    context: Context

    def __iter__(self) -> Iterator[Any]:
        return iter(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    def get(self, name: str) -> Any:
        """The curated object of that name, or None."""
        database = self.context.database
        return next((item for item in self.objects if item.path == (database, name)), None)

    def __getattr__(self, name: str) -> Any:
        found = None if name.startswith("_") else self.get(name)
        if found is None:
            raise AttributeError(f"no curated object {name!r}: its stream is not among streams=, or there is none")
        return found

    def __repr__(self) -> str:
        return f"<Curated {self.context.database}: {len(self.objects)} objects>"


# --- days and amounts ---


def local_day(moment: tl.Expr[Any], timezone: str) -> tl.Expr[Any]:
    """The day of a moment in a zone. Nullable(Date): NULL where it is not known, or outside the years that Date can hold.

    Date ends in June 2149; a later day would come out as one of the years from 1970 (26.9).
    """
    day = f.raw("toDate", moment, timezone, type=t.Nullable(t.Date))
    first, last = dt.datetime(1970, 1, 2, tzinfo=dt.UTC), dt.datetime(2149, 6, 5, tzinfo=dt.UTC)
    return f.raw("if", f.and_(moment >= first, moment < last), day, None, type=t.Nullable(t.Date))


def wide(value: tl.Expr[Decimal | None]) -> tl.Expr[Decimal | None]:
    """An amount with room for products: a malformed amount must never overflow and stop a view."""
    return f.to_decimal256(value, 4)


def stored(value: tl.Expr[Any]) -> tl.Expr[Decimal | None]:
    """A computed amount as it is stored: rounded half away from zero to 4 digits, NULL where it does not fit."""
    return f.accurate_cast_or_null(f.round(value, 4), MONEY)


# --- pieces of column bodies ---


def extracted_at(raw: Landed) -> tl.Column[dt.datetime]:
    """When the loader read the record."""
    return tl.derive(raw.extracted_at, comment="when the loader read the record that this row comes from (UTC)")


def generation_id(raw: Landed) -> tl.Column[int | None]:
    """The loader's generation, by which stale rows are told after a full refresh."""
    return tl.derive(raw.generation_id, comment="the loader's generation of the raw table; NULL in layouts without one")


def version(raw: Landed, *cursor: str) -> tl.Column[int]:
    """The version by which the newest state wins; ``cursor`` is the path of the source's own time, ``updated_at``."""
    path = cursor or ("updated_at",)
    return tl.derive(
        version_of(raw.time(*path), raw.extracted_at),
        comment=f"{path[-1]} in ms x 2^64 + extraction time in ms: the row with the highest wins",
    )


def extraction_version(raw: Landed) -> tl.Column[int]:
    """The version of entities that never change but are delivered again: the newest extraction wins."""
    return tl.derive(version_of(None, raw.extracted_at), comment="extraction time in ms: the row with the highest wins")


def word(value: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """Text with few different values, stored through a dictionary."""
    return f.cast(value, WORD)


def filled(value: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """Text, NULL where it is empty. Nullable(String)."""
    return f.null_if(value, "")


def first_filled(*values: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """The first of several texts that is there and not empty."""
    found = [filled(value) for value in values]
    return f.coalesce(*found) if len(found) > 1 else found[0]


def key_text(value: tl.Expr[str | None]) -> tl.Expr[str]:
    """Text in a sorting key: '' where it is absent, which a key cannot hold otherwise."""
    return f.if_null(value, "")


def flag(value: tl.Expr[bool | None]) -> tl.Expr[bool]:
    """True, 'true', 'True', 1 and '1' are true; all else and absent is false. Bool."""
    return f.cast(f.if_null(value, False), t.Bool)


def ids(raw: Landed, *path: str | int) -> tl.Expr[list[str]]:
    """The ids of the objects in an array, as relationships list them. Array(String)."""
    return f.array_map(lambda item: f.json_text(item, "id"), raw.array(*path))


def email_norm(email: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """An e-mail as an identity: lower case, without spaces around, NULL when empty."""
    return f.null_if(f.lower_utf8(f.trim(email)), "")


# --- tables ---


def entity(
    context: Context,
    name: str,
    body: Any,
    raw: Landed,
    *,
    order_by: tuple[tl.Expr[Any], ...],
    version: tl.Column[Any],
    comment: str,
    where: tl.Expr[Any] | None = None,
    month: tl.Expr[Any] | None = None,
) -> tl.MaterializedView[Any]:
    """A curated table: one row per key, the highest version wins. Partitioned by an immutable month, or not at all."""
    engine = ReplacingMergeTree(order_by=order_by, version=version, partition_by=month)
    return tl.MaterializedView(context.name(name), body, source=raw.source, engine=engine, where=where, comment=comment)


def month(moment: tl.Expr[dt.datetime | None]) -> tl.Expr[int]:
    """The partition of a moment that never changes: its month in UTC; 197001 where it is not known."""
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return f.raw("toYYYYMM", f.if_null(moment, epoch), type=t.UInt32)


def latest(
    context: Context,
    table: Any,
    conditions: str = "",
    /,
    *,
    comment: str = "",
    more: tuple[tuple[tl.Column[Any], str], ...] = (),
    joined: str = "",
    **relations: Any,
) -> tl.View[Any]:
    """The ``_latest`` view: the newest row per key, without deleted objects.

    ``conditions`` is SQL over the table's columns, with references to ``relations``. ``more`` adds columns, each with its
    SQL over ``joined``.
    """
    own = [column.name for column in table.columns]
    named = bool(joined or more)
    items = [f"newest.{name} AS {name}" if named else name for name in own]
    items += [f"{sql} AS {column.name}" for column, sql in more]
    text = "SELECT\n    " + ",\n    ".join(items) + "\nFROM {table}" + (" AS newest" if named else "") + " FINAL"
    text += f"\n{joined}" if joined else ""
    text += f"\nWHERE {conditions}" if conditions else ""
    return tl.View(
        context.name(f"{table.table}_latest"),
        (*stored_columns(table.columns), *(column for column, _ in more)),
        query=tl.sql(text, table=table, **relations),
        comment=comment or f"{table.comment} Deduplicated: the newest row per key.",
    )


def stored_columns(columns: Iterable[tl.Column[Any]]) -> tuple[tl.Column[Any], ...]:
    """The columns of a table as a view repeats them: name, type and comment."""
    return tuple(tl.column(_typed(c), name=c.name, comment=c.comment) for c in columns)


def _typed(column: tl.Column[Any]) -> t.DataType[Any]:
    assert column.type is not None
    return column.type


def with_sources(made: list[Any], contexts: Iterable[Context] = ()) -> tuple[Any, ...]:
    """The objects with the loader's tables that they read before them."""
    sources = {item.source.name: item.source for item in made if getattr(item, "source", None) is not None}
    for raw in (raw for context in contexts for raw in context.read):
        sources |= {item.name: item for item in (*raw.beside, raw.relation)}
    return (*sources.values(), *made)
