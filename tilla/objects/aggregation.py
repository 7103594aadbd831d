"""Incremental aggregations: a table of states, the view that fills it, and the view that finishes it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs

from tilla import engines, errors
from tilla.columns import Column, Measure
from tilla.expressions.combinators import is_idempotent
from tilla.expressions.expr import Expr, Named
from tilla.expressions.kinds import Condition
from tilla.expressions.query import Query, select
from tilla.objects.base import B, Part, Relation, check_references
from tilla.objects.materialized import Trigger, attrs_column, check_trigger_source, derived_query, suffixed
from tilla.objects.merging import check_keeps_states, check_merged_away
from tilla.objects.table import Table
from tilla.objects.view import View


@attrs.frozen(slots=False, repr=False)
class Aggregation(Relation[B]):
    """An aggregation that every insert into ``source`` updates.

    Three objects on the server: ``name_state`` (one row per group and merge, measures as aggregate states),
    ``name_mv`` (fills it), and ``name`` (a view with finished values, one row per group, for anything that
    speaks plain SQL). The body's derived columns are the group key, its measures the rest.

    An insert trigger sees every delivery of a row. Over a source whose rows have versions, the group key of an
    entity must never change, or the entity is counted in two groups: ``stable`` names the source columns that do not.
    ``engine`` is an AggregatingMergeTree by default, ordered by the group key; a SummingMergeTree takes plain sums.
    ``append_only_unique=True`` promises that no source row is ever sent twice; measures that are not idempotent
    (sum, count, avg) need it.
    """

    source: Relation[Any] = attrs.field(kw_only=True, eq=lambda r: getattr(r, "qualified_name", None))
    where: Condition | None = attrs.field(default=None, kw_only=True, eq=lambda e: None if e is None else e.key())
    stable: tuple[Column[Any], ...] = attrs.field(
        default=(),
        kw_only=True,
        converter=engines.as_columns,
        eq=engines.column_names,
    )
    engine: engines.MergeTree | None = attrs.field(default=None, kw_only=True)
    comment: str = attrs.field(default="", kw_only=True)
    append_only_unique: bool = attrs.field(default=False, kw_only=True)
    definer: str = attrs.field(default="", kw_only=True)
    sql_security: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        if not any(isinstance(item, Measure) for item in self.all_columns):
            mistakes.add(errors.no_measures(self.name))
        with mistakes.catch():
            check_trigger_source(self.name, self.source)
            _ = self.state_query
            self._check_stable()
            self._check_measures()
            check_merged_away(self.name, self.state)
            check_keeps_states(self.name, self.state.engine)
        mistakes.raise_all()

    @cached_property
    def keys(self) -> tuple[Column[Any], ...]:
        """The group key."""
        return tuple(item for item in self.all_columns if isinstance(item, Column))

    @cached_property
    def measures(self) -> tuple[Measure[Any], ...]:
        """The measures."""
        return tuple(item for item in self.all_columns if isinstance(item, Measure))

    @cached_property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns of the reading view: the group key and finished measures."""
        return tuple(
            Column(i.name, i.aggregate.type, options=i.options) if isinstance(i, Measure) else attrs_column(i)
            for i in self.all_columns
        )

    @cached_property
    def state_query(self) -> Query:
        """The SELECT that both the view and the backfill run."""
        return derived_query(self.name, self.source, self.all_columns, self.where)

    @cached_property
    def state(self) -> Table[Any]:
        """The table of states, ``name_state``."""
        stored = tuple(
            i.stored._evolved(derived=None) if isinstance(i, Measure) else attrs_column(i) for i in self.all_columns
        )
        engine = self.engine or engines.AggregatingMergeTree()
        if engine.order_by is None:
            engine = attrs.evolve(engine, order_by=tuple(self.keys))
        return Table(suffixed(self, "_state"), stored, engine=engine, comment=self.comment, made_by=self)

    @property
    def target(self) -> Table[Any]:
        """The table that the view writes into."""
        return self.state

    @cached_property
    def trigger(self) -> Trigger:
        """The view that fills the states, ``name_mv``."""
        return Trigger(
            suffixed(self, "_mv"),
            source=self.source,
            target=self.state,
            query=self.state_query,
            definer=self.definer,
            sql_security=self.sql_security,
        )

    @cached_property
    def view(self) -> View[Any]:
        """The reading view, under the aggregation's own name."""
        items = [Named(i.merge(), i.name) if isinstance(i, Measure) else Named(i, i.name) for i in self.all_columns]
        return View(self.name, None, query=select(self.state, items), comment=self.comment)

    def parts(self) -> tuple[Part, ...]:
        return (self.state, self.trigger, self.view)

    def needs(self) -> tuple[Any, ...]:
        return self.trigger.needs()

    def select(self, *items: Expr[Any]) -> Query:
        """Read finished values, grouped by every item that does not merge: ``daily.select(week, Body.events.merge())``."""
        query = select(self.state, items)
        check_references(f"select from {self.name}", query.references(), (self.state,))
        return attrs.evolve(query, grouped=True)

    def _check_stable(self) -> None:
        """Over versioned rows, refuse a group key that an edit may move."""
        if not has_versions(self.source):
            return
        stable = {c.name for c in self.stable}
        used = [r.name for key in self.keys if key.derived is not None for r in key.derived.references]
        loose = [name for name in dict.fromkeys(used) if name not in stable]
        if loose:
            raise errors.unstable_key(self.name, loose, self.source.name)

    def _check_measures(self) -> None:
        """Refuse a measure that would count a repeated row twice, unless repeats are ruled out aloud."""
        if self.append_only_unique:
            return
        loose = [m for m in self.measures if not is_idempotent(m.aggregate)]
        if loose:
            raise errors.doubling_measure(self.name, [(m.name, m.aggregate.sql()) for m in loose], self.source.name)


def has_versions(source: Any) -> bool:
    """True when one entity may have several rows in a source: the same row sent again, or a later state of it."""
    if getattr(source, "versioned", False):
        return True
    engine = getattr(source, "engine", None)
    return isinstance(engine, engines.ReplacingMergeTree | engines.CollapsingMergeTree | engines.CoalescingMergeTree)
