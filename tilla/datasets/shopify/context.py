"""What every curated table of a shop is declared with: layout, databases, zone, streams, and the habits all tables share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import ReplacingMergeTree
from tilla.sources import Layout
from tilla.sources import stream as shopify_stream
from tilla.sources.raw import Document, Landed, landed, version_of

MONEY = t.Decimal(18, 4)
MOMENT = t.Nullable(t.DateTime64(3, "UTC"))
LENGTH = t.UInt32
WORD = t.LowCardinality(t.Nullable(t.String))


@attrs.frozen(eq=False, slots=False)
class Context:
    """The choices of one shop. Several shops may land in one table: ``shop_url`` is in every key."""

    layout: Layout
    database: str
    timezone: str
    streams: frozenset[str]

    @cached_property
    def _landed(self) -> dict[str, Landed]:
        return {}

    def raw(self, stream: str) -> Landed:
        """The landed stream; the same Source for every table that reads it."""
        if stream not in self._landed:
            self._landed[stream] = landed(shopify_stream("shopify", stream), self.layout)
        return self._landed[stream]

    def has(self, *streams: str) -> bool:
        """True when all these streams are synced."""
        return self.streams.issuperset(streams)

    def name(self, table: str) -> str:
        """The qualified name of a curated table."""
        return f"{self.database}.{table}"

    def day(self, moment: tl.Expr[dt.datetime | None]) -> tl.Expr[dt.date]:
        """The shop's day of a moment: never a fixed offset, so that a day has 23 or 25 hours where clocks change."""
        return local_day(moment, self.timezone)


def local_day(moment: tl.Expr[Any], timezone: str) -> tl.Expr[Any]:
    """The day of a moment in a zone. Nullable(Date): NULL where it is not known, or before 1970, which Date cannot hold."""
    day = f.raw("toDate", moment, timezone, type=t.Nullable(t.Date))
    first = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
    return f.raw("if", moment >= first, day, None, type=t.Nullable(t.Date))


# --- pieces of column bodies ---


def shop_url(raw: Landed) -> tl.Column[str]:
    """The shop, as the connector is configured for it; '' in the key where a record has none."""
    return tl.derive(
        f.if_null(raw.text("shop_url"), ""),
        comment="shop name without its domain, from shop_url; '' when the record has none",
    )


def key(value: tl.Expr[int | None], comment: str) -> tl.Column[int]:
    """An id in a sorting key. The view's ``where`` leaves out records without it, so 0 never appears."""
    return tl.derive(f.if_null(value, f.cast(0, t.Int64)), comment=comment)


def extracted_at(raw: Landed) -> tl.Column[dt.datetime]:
    """When the loader read the record."""
    return tl.derive(raw.extracted_at, comment="when the loader read the record that this row comes from (UTC)")


def generation_id(raw: Landed) -> tl.Column[int | None]:
    """The loader's generation, by which stale rows are told after a full refresh."""
    return tl.derive(raw.generation_id, comment="the loader's generation of the raw table; NULL in layouts without one")


def version(raw: Landed, cursor: str = "updated_at") -> tl.Column[int]:
    """The version by which the newest state wins."""
    return tl.derive(
        version_of(raw.time(cursor), raw.extracted_at),
        comment=f"{cursor} in ms x 2^64 + extraction time in ms: the row with the highest wins",
    )


def extraction_version(raw: Landed) -> tl.Column[int]:
    """The version of entities that never change but are delivered again: the newest extraction wins."""
    return tl.derive(version_of(None, raw.extracted_at), comment="extraction time in ms: the row with the highest wins")


def word(value: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """Text with few different values, stored through a dictionary."""
    return f.cast(value, WORD)


# --- money ---


def money(
    doc: Document,
    field: str,
    same_currency: tl.Expr[Any] | None = None,
    *,
    plain: str | None = None,
    set: str | None = None,
) -> tl.Expr[Decimal | None]:
    """An amount in the shop's currency, Decimal(18, 4).

    ``<field>_set.shop_money.amount`` wherever the set exists; the plain field only when it is missing and the order was
    presented in the shop's own currency (``same_currency``), because plain fields of some objects are presentment money.
    """
    amount = doc.decimal(set or f"{field}_set", "shop_money", "amount")
    if same_currency is None:
        return amount
    return f.coalesce(amount, f.if_(same_currency, doc.decimal(plain or field), f.cast(None, t.Nullable(MONEY))))


def wide(value: tl.Expr[Decimal | None]) -> tl.Expr[Decimal | None]:
    """An amount with room for products: a malformed amount must never overflow and stop a view."""
    return f.to_decimal256(value, 4)


def stored(value: tl.Expr[Any]) -> tl.Expr[Decimal | None]:
    """A computed amount as it is stored: rounded half away from zero to 4 digits, NULL where it does not fit."""
    return f.accurate_cast_or_null(f.round(value, 4), MONEY)


def total(array: tl.Expr[list[str]], amount: Any) -> tl.Expr[Decimal]:
    """The sum of an amount over the elements of a JSON array; an element without one adds nothing."""
    zero = Decimal("0.0000")
    return f.array_sum(array, lambda item: f.if_null(wide(amount(Document(item))), f.to_decimal256(zero, 4)))


def known(present: tl.Expr[Any], value: tl.Expr[Any]) -> tl.Expr[Any]:
    """A computed amount, NULL where the record lacks what it is computed from."""
    return f.if_(present.is_null(), f.cast(None, t.Nullable(MONEY)), value)


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
    """A curated table: pattern A, or B where the body explodes an array. Partitioned by an immutable month, or not at all."""
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
    qualifier = "newest." if joined else ""
    items = [f"{qualifier}{name}" + (f" AS {name}" if joined else "") for name in own]
    items += [f"{sql} AS {column.name}" for column, sql in more]
    text = "SELECT\n    " + ",\n    ".join(items) + "\nFROM {table}" + (" AS newest" if joined else "") + " FINAL"
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


def owned(key: str, version: str) -> str:
    """The guard of exploded rows: their owner is there in exactly this version.

    A line that an edit removed, or whose owner was deleted, drops out.
    """
    return f"(shop_url, {key}, {version}) IN (SELECT shop_url, {key}, version FROM {{owner}})"


def numbered(array: tl.Expr[list[str]], name: str) -> tuple[Document, tl.Expr[int]]:
    """The elements of an array that have no id of their own, each with its position from 1."""
    pair = tl.each(f.array_zip(array, f.array_enumerate(array)), name)
    return Document(pair[1]), f.cast(pair[2], t.UInt32)
