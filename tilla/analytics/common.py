"""What measures of all sources share: types, schedules, limits, days, and how a measure table is declared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.common import Curated, local_day
from tilla.engines import AggregatingMergeTree, MergeTree

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


def distinct(id: tl.Expr[Any], *, approximate: bool) -> Any:
    """The number of distinct ids: exact, or by ``uniqCombined64``. NULL is no id, and none are 0."""
    if not approximate:
        return f.uniq_exact(id)
    if not str(id.type).startswith("Nullable"):
        return f.uniq_combined64(id)
    # uniqCombined64 of Nullable gives NULL where there is none; uniqExact gives 0 (26.9).
    return f.uniq_combined64(f.assume_not_null(id)).if_(id.is_not_null())


def counted_by(states: Any, column: str) -> str:
    """The name of the function whose states a column holds: ``uniqExact``, ``uniqCombined64If``."""
    return str(columns(states)[column].type).removeprefix("AggregateFunction(").partition(",")[0]


@attrs.frozen(eq=False)
class Counted:
    """Counts of a big table: the objects, and the two of them that others read."""

    objects: tuple[Any, ...]
    read: Any
    """The finished values."""
    state: Any
    """The states."""


def counted(
    name: str,
    body: Any,
    *,
    source: Any,
    stable: tuple[tl.Column[Any], ...],
    refresh: tl.Schedule,
    comment: str,
    where: tl.Expr[Any] | None = None,
) -> Counted:
    """Distinct counts as states: updated by every insert into ``source``.

    Where ``source`` is itself rebuilt (its stream is read whole and swapped in), no insert ever fires, and the states are
    rebuilt after it; a refresh then reads all of it.
    """
    if not isinstance(source, tl.RefreshableView):
        made = tl.Aggregation(name, body, source=source, stable=stable, where=where, comment=comment)
        return Counted((made,), made, made.state)
    items = [item for item in vars(body).values() if isinstance(item, tl.Column | tl.Measure)]
    stored = {item.name: item.stored if isinstance(item, tl.Measure) else item for item in items}
    keys = tuple(item for item in items if isinstance(item, tl.Column))
    text = ",\n".join(f"    {{its_{n}}} AS {name}" for n, name in enumerate(stored))
    states = tl.RefreshableView(
        f"{name}_state",
        [tl.column(_known(column), name=column.name, comment=column.comment) for column in stored.values()],
        query=tl.sql(
            # A condition stands below: an item may have the name of a column that it is about.
            f"SELECT\n{text}\nFROM "
            + ("{source} FINAL\n" if where is None else "(\n    SELECT * FROM {source} FINAL WHERE {where}\n)\n")
            + f"GROUP BY {', '.join(key.name for key in keys)}",
            source=source,
            **({} if where is None else {"where": where}),
            **{f"its_{n}": column.derived for n, column in enumerate(stored.values())},
        ),
        engine=AggregatingMergeTree(order_by=tuple(keys)),
        refresh=refresh,
        settings=LIMITS,
        comment=comment,
    )
    finished = [(i.name, i.merge().sql() if isinstance(i, tl.Measure) else i.name) for i in items]
    text = ",\n".join(f"    {sql} AS {name}" for name, sql in finished)
    read = tl.View(
        name,
        [
            tl.column(_known(i.aggregate if isinstance(i, tl.Measure) else i), name=i.name, comment=i.comment)
            for i in items
        ],
        query=tl.sql(f"SELECT\n{text}\nFROM {{states}}\nGROUP BY {', '.join(key.name for key in keys)}", states=states),
        comment=comment,
    )
    return Counted((states, read), read, states)


def _known(value: Any) -> t.DataType[Any]:
    type: t.DataType[Any] | None = value.type
    assert type is not None
    return type


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
