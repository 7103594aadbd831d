"""Puts a shop's deliveries into raw tables, as a loader would."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import attrs

from tilla.demo.deliveries import Delivery
from tilla.sources import Layout, Stream


class _Inserts(Protocol):
    """The part of a server that this needs."""

    def insert(self, database: str, table: str, rows: Any, columns: Any = None, *, settings: Any = None) -> None: ...


class _Delivers(Protocol):
    def deliveries(self, streams: Collection[str] | None = None) -> Iterable[Delivery]: ...


def land(
    server: _Inserts,
    shop: _Delivers,
    layout: Layout | Mapping[str, Layout],
    *,
    streams: Collection[str] | None = None,
    chunk: int = 20_000,
) -> dict[str, int]:
    """Insert a shop's deliveries into the layout's tables, which exist; return the rows per stream.

    ``layout`` is one for all, or one per connector (``{"shopify": ..., "klaviyo": ..., "ga4": ...}``).

    Rows go in in order of arrival, ``chunk`` of them at a time over all streams, so that views on the tables
    fire as they do under a loader. ``streams`` (``"shopify.orders"``) leaves out the others.
    """
    counts: dict[str, int] = {}
    waiting: dict[str, _Batch] = {}
    held = 0
    for delivery in shop.deliveries(streams):
        stream = delivery.stream
        batch = waiting.get(stream.id)
        if batch is None:
            how = layout if isinstance(layout, Layout) else layout[stream.connector]
            batch = waiting[stream.id] = _Batch(stream, how)
        batch.rows.append(
            batch.layout.land(
                stream,
                delivery.record,
                raw_id=delivery.raw_id,
                extracted_at=delivery.extracted_at,
                generation_id=delivery.generation_id,
                sync_id=delivery.sync_id,
            )
        )
        counts[stream.id] = counts.get(stream.id, 0) + 1
        held += 1
        if held >= chunk:
            _empty(server, waiting)
            held = 0
    _empty(server, waiting)
    return counts


@attrs.define
class _Batch:
    stream: Stream
    layout: Layout
    rows: list[dict[str, Any]] = attrs.field(factory=list)


def _empty(server: _Inserts, waiting: dict[str, _Batch]) -> None:
    for batch in waiting.values():
        database, table = batch.layout.table(batch.stream)
        server.insert(database, table, batch.rows, [name for name, _ in batch.layout.columns(batch.stream)])
    waiting.clear()
