"""What a loader's layout says about a stream: which table, which columns, which engine, which rows.

A layout is a value. To describe a loader of one's own, subclass :class:`Layout` and answer the five
questions ``table``, ``columns``, ``storage``, ``payload`` and ``land``; :mod:`tilla.sources.airbyte` has
examples of both kinds, one column of JSON text and one column per field.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

import attrs

from tilla.sources.connectors import Stream

SyncMode = Literal["append", "append_dedup", "overwrite"]


@attrs.frozen
class Storage:
    """The engine of a raw table."""

    engine: Literal["MergeTree", "ReplacingMergeTree"]
    order_by: tuple[str, ...]
    """Column names; empty is ``tuple()``."""
    version: str | None = None
    """The version column of ReplacingMergeTree; None: the row inserted last wins."""


@attrs.frozen
class Delivery:
    """One delivery of a record, with what the loader says of it."""

    record: Mapping[str, Any]
    raw_id: str
    extracted_at: datetime
    generation_id: int = 1
    sync_id: int = 1


class Inserts(Protocol):
    """The part of a server that landing needs."""

    def execute(self, sql: str) -> None:
        """Run one statement."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the answer of a query."""

    def insert(self, database: str, table: str, rows: Any) -> None:
        """Insert rows."""


@attrs.frozen(kw_only=True)
class Layout:
    """How one loader lands streams in ClickHouse. Names may be changed with :func:`attrs.evolve`."""

    name: str
    """The layout's short name, ``"v2.1"``."""
    database: str = ""
    """The namespace; empty: ``raw_<connector>``."""
    prefix: str = ""
    """Put before every stream's name."""
    mode: SyncMode = "append"
    """The sync mode of every stream that can be read incrementally."""
    modes: Mapping[str, SyncMode] = attrs.field(factory=dict, hash=False)
    """The sync mode of single streams, by name."""
    differing: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, hash=False)
    """By stream, columns whose type is another than the connector's schema gives, or ``""`` for one that is not there: what
    an older connector landed. ``tilla detect`` prints it."""

    def namespace(self, stream: Stream) -> str:
        """Return the database that the connection names."""
        return self.database or f"raw_{stream.connector}"

    def sync_mode(self, stream: Stream) -> SyncMode:
        """Return the sync mode of a stream.

        A stream without a cursor (Shopify's locations, countries, shop) is always ``overwrite``: the loader
        fills another table and swaps it in, so no view on the raw table fires.
        """
        for name in (stream.name, stream.base_name):
            if name in self.modes:
                return self.modes[name]
        return self.mode if stream.cursor is not None else "overwrite"

    def table(self, stream: Stream) -> tuple[str, str]:
        """Return database and table of a stream, unquoted."""
        raise NotImplementedError

    def columns(self, stream: Stream) -> list[tuple[str, str]]:
        """Return the columns of the table in order, each a name and a ClickHouse type."""
        raise NotImplementedError

    def columns_there(self, stream: Stream) -> list[tuple[str, str]]:
        """Return the columns as they are, where they differ from what :meth:`columns` expects."""
        other = self.differing.get(stream.name, {})
        found = ((name, other.get(name, type)) for name, type in self.columns(stream))
        return [(name, type) for name, type in found if type]

    def storage(self, stream: Stream) -> Storage:
        """Return the engine of the table."""
        raise NotImplementedError

    def payload(self, stream: Stream) -> str | None:
        """Return the column that holds the whole record as JSON text; None when every field has a column."""
        raise NotImplementedError

    def column_of(self, stream: Stream, field: str) -> str | None:
        """Return the column of a top-level field; None when it has none of its own."""
        raise NotImplementedError

    @property
    def raw_id(self) -> str:
        """The column with the id that the loader gave to the delivery."""
        raise NotImplementedError

    @property
    def extracted_at(self) -> str:
        """The column with the time at which the loader read the record from the source."""
        raise NotImplementedError

    def land(
        self,
        stream: Stream,
        record: Mapping[str, Any],
        *,
        raw_id: str,
        extracted_at: datetime,
        generation_id: int = 1,
        sync_id: int = 1,
    ) -> dict[str, Any]:
        """Return the row that the loader writes for one record: every column of ``columns``, in that order.

        Values are str, int, bool, Decimal, date, datetime (UTC, whole milliseconds) or None.
        ``extracted_at`` carries a time zone.
        """
        raise NotImplementedError

    def deliver(self, server: Inserts, stream: Stream, deliveries: Iterable[Delivery]) -> None:
        """Insert records as the loader does: one row each, into the stream's table, which is there."""
        rows = [
            self.land(
                stream,
                one.record,
                raw_id=one.raw_id,
                extracted_at=one.extracted_at,
                generation_id=one.generation_id,
                sync_id=one.sync_id,
            )
            for one in deliveries
        ]
        if rows:
            server.insert(*self.table(stream), rows)

    def reader(self) -> Callable[[Stream, Layout], Any] | None:
        """Return what reads a stream where its records are not in one table; it gives a ``Landed``. None: as usual."""
        return None


@attrs.frozen
class Landing:
    """One connection of a loader, beside the main one: another account, or what an older layout left behind."""

    layout: Layout
    streams: Collection[str] | None = None
    """The streams that landed there; None: those of the main connection."""
    account: str = ""
    """What its rows say in the column ``account``; empty: the name it is given under."""
