"""What measures of all sources share: types, schedules, limits, days, and how a measure table is declared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.common import Curated, local_day
from tilla.engines import MergeTree

AMOUNT = t.Decimal(38, 4)
COUNT = t.UInt64
RATE = t.Nullable(t.Float64)
WORD = t.LowCardinality(t.String)

# A refresh spills groups and sorts to disk at a quarter of this, and fails rather than take more (a million orders need
# less than 1 GB).
MEMORY = 8_000_000_000
LIMITS = {
    "max_memory_usage": MEMORY,
    "max_bytes_before_external_group_by": MEMORY // 4,
    "max_bytes_before_external_sort": MEMORY // 4,
}

HOURLY = tl.every(hours=1)
DAILY = tl.every(days=1).offset(hours=4)


def columns(relation: Any) -> dict[str, tl.Column[Any]]:
    """The columns of a relation by name, for expressions inside a query by hand."""
    return {column.name: column for column in relation.columns}


def zone(source: Curated, timezone: str = "") -> str:
    """The zone given, or the source's own."""
    return timezone or source.context.timezone


def day(source: Curated, moment: tl.Expr[Any], timezone: str = "") -> tl.Expr[Any]:
    """The local day of a moment, in a zone or in the source's own. Nullable(Date)."""
    return local_day(moment, zone(source, timezone))


def day_or_today(source: Curated, day: dt.date | None, timezone: str = "") -> tl.Expr[dt.date]:
    """A fixed day, or the day on which the view refreshes."""
    return f.to_date(f.now(), zone(source, timezone)) if day is None else f.cast(day, t.Date)


def number(value: int) -> tl.Expr[int]:
    """A number for a query by hand."""
    return f.cast(value, t.UInt16)


def within(column: str, start: dt.date | None, end: dt.date | None) -> tl.Sql:
    """The condition that a day lies in a period, both ends included; without ends it is true."""
    ends = [(">=", start), ("<=", end)]
    conditions = [f"{column} {sign} toDate('{value.isoformat()}')" for sign, value in ends if value is not None]
    return tl.sql(" AND ".join(conditions) or "true")


def measures(
    database: str,
    name: str,
    body: Any,
    query: tl.Sql,
    *,
    order_by: tuple[tl.Expr[Any], ...],
    refresh: tl.Schedule,
    comment: str,
) -> tl.RefreshableView[Any]:
    """A table of measures, rebuilt whole from deduplicated rows, so that nothing counts twice."""
    return tl.RefreshableView(
        f"{database}.{name}",
        body,
        query=query,
        engine=MergeTree(order_by=order_by),
        refresh=refresh,
        settings=LIMITS,
        comment=comment,
    )
