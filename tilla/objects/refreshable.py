"""Refreshable views: a SELECT that ClickHouse runs on a schedule, replacing (or adding to) what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypedDict, Unpack, cast

import attrs

from tilla import engines, errors
from tilla.columns import Column, Measure
from tilla.expressions.kinds import Condition
from tilla.expressions.query import Query
from tilla.expressions.sql import Sql
from tilla.objects.base import B, Edge, Relation, settings_field
from tilla.objects.materialized import attrs_column, check_options, check_output, derived_query
from tilla.objects.table import check_table
from tilla.objects.uses import query_edges, query_relations, table_edges, table_relations

_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")


class Interval(TypedDict, total=False):
    """The parts of an interval, as keywords."""

    years: int
    months: int
    weeks: int
    days: int
    hours: int
    minutes: int
    seconds: int


def _interval(where: str, parts: Mapping[str, int]) -> str:
    """Write ``{"hours": 1, "minutes": 30}`` as ``1 HOUR 30 MINUTE``; months and years do not mix with shorter units."""
    for unit in _UNITS:
        if type(parts.get(unit, 0)) is not int:
            raise errors.wrong_kind(f"{where} {unit}", parts[unit], "a whole number", f"{where}(hours=1, minutes=30)")
    shown = [f"{parts[unit]} {unit[:-1].upper()}" for unit in _UNITS if parts.get(unit)]
    if not shown or any(parts[unit] < 0 for unit in parts):
        raise errors.empty_interval(where)
    long = [unit for unit in ("years", "months") if parts.get(unit)]
    if long and len(long) < len(shown):
        raise errors.mixed_interval(where, " ".join(shown))
    return " ".join(shown)


@attrs.frozen
class Schedule:
    """When a view refreshes: ``EVERY interval OFFSET interval RANDOMIZE FOR interval``, or ``AFTER interval``."""

    text: str

    def offset(self, **interval: Unpack[Interval]) -> Schedule:
        """Shift the moment: ``tl.every(days=1).offset(hours=5)`` refreshes at 05:00 UTC. Not for ``after``."""
        if not self.text.startswith("EVERY"):
            raise errors.offset_of_after(self.text)
        return Schedule(f"{self.text} OFFSET {_interval('offset', cast('dict[str, int]', interval))}")

    def randomize(self, **interval: Unpack[Interval]) -> Schedule:
        """Start at a random moment within this much time around the planned one, to spread the load."""
        return Schedule(f"{self.text} RANDOMIZE FOR {_interval('randomize', cast('dict[str, int]', interval))}")


def every(
    *,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
) -> Schedule:
    """Refresh at round times: ``tl.every(hours=1)`` at every full hour (UTC).

    >>> every(days=1).offset(hours=5).randomize(minutes=10).text
    'EVERY 1 DAY OFFSET 5 HOUR RANDOMIZE FOR 10 MINUTE'
    """
    return Schedule("EVERY " + _interval("tl.every", locals()))


def after(
    *,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
) -> Schedule:
    """Refresh this long after the last refresh has ended."""
    return Schedule("AFTER " + _interval("tl.after", locals()))


@attrs.frozen(slots=False, repr=False)
class RefreshableView(Relation[B]):
    """A table that ClickHouse rebuilds from a SELECT on a schedule.

    Without ``append`` every refresh replaces all rows at once; readers see the old rows or the new ones. It is created EMPTY
    and filled by the refresh of ``backfill`` (or the refresh section of the script), after what it reads has been filled.
    ``query`` is a typed query or ``tl.sql(...)``; or give ``source`` and a body of derived columns and measures, which are
    stored as finished values. Refreshable views among those it reads become ``DEPENDS ON`` (``depends_on=()`` turns that off;
    ClickHouse waits only for a parent whose schedule is EVERY too).
    ``settings`` are for the refresh query (``max_memory_usage``, ``max_threads``); ``refresh_settings`` for the refresh itself
    (``refresh_retries``).
    """

    refresh: Schedule = attrs.field(kw_only=True)
    engine: engines.TableEngine = attrs.field(kw_only=True)
    query: Query | Sql | None = attrs.field(
        default=None,
        kw_only=True,
        eq=lambda q: None if q is None else (q.sql() if isinstance(q, Query) else q.render()),
    )
    source: Relation[Any] | None = attrs.field(
        default=None, kw_only=True, eq=lambda r: getattr(r, "qualified_name", None)
    )
    final: bool = attrs.field(default=False, kw_only=True)
    where: Condition | None = attrs.field(default=None, kw_only=True, eq=lambda e: None if e is None else e.key())
    append: bool = attrs.field(default=False, kw_only=True)
    empty: bool = attrs.field(default=True, kw_only=True)
    depends_on: tuple[RefreshableView[Any], ...] | None = attrs.field(
        default=None, kw_only=True, eq=lambda v: None if v is None else tuple(r.qualified_name for r in v)
    )
    settings: Mapping[str, object] = settings_field()
    refresh_settings: Mapping[str, object] = settings_field()
    comment: str = attrs.field(default="", kw_only=True)
    definer: str = attrs.field(default="", kw_only=True)
    sql_security: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        if not isinstance(self.refresh, Schedule):
            raise errors.not_a_schedule(self.name, repr(self.refresh))
        with mistakes.catch():
            check_options(self)
        with mistakes.catch():
            check_table(self)
        with mistakes.catch():
            _ = self.refresh_query
            if any(relation.path == self.path for relation in query_relations(self.refresh_query)):
                raise errors.reads_itself(self.name)
        mistakes.raise_all()

    @cached_property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns as stored: a measure as its finished value."""
        return tuple(
            Column(i.name, i.aggregate.type, options=i.options) if isinstance(i, Measure) else attrs_column(i)
            for i in self.all_columns
        )

    @cached_property
    def refresh_query(self) -> Query | Sql:
        """The SELECT that a refresh runs."""
        if self.query is not None:
            check_output(self.name, self.query, self.column_names, self.all_columns)
            return self.query
        query = derived_query(self.name, self.source, self.all_columns, self.where, finish=True)
        return query.final() if self.final else query

    @cached_property
    def parents(self) -> tuple[Any, ...]:
        """The refreshable views that must refresh before this one."""
        if self.depends_on is not None:
            return self.depends_on
        found = {r.path: r for r in query_relations(self.refresh_query) if isinstance(r, RefreshableView)}
        return tuple(found[path] for path in sorted(found))

    def edges(self) -> Iterable[Edge]:
        yield from query_edges(self.refresh_query)
        yield from table_edges(self)
        for parent in self.parents:
            yield Edge("refreshes after", parent.database, parent.table)

    def needs(self) -> tuple[Any, ...]:
        return (*query_relations(self.refresh_query), *table_relations(self), *self.parents)
