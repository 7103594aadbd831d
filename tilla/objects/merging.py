"""What a merge of a target makes of its rows: values that it would drop are refused where they are declared."""

from __future__ import annotations

from typing import Any

from tilla import engines, errors
from tilla.expressions.expr import Ordered
from tilla.types import AggregateFunctionType, MapType, NestedType, SimpleAggregateFunctionType, is_numeric


def lost_in_merges(target: Any) -> list[str]:
    """The columns of which merges keep one value of several: neither in the sorting key nor merged.

    An AggregatingMergeTree keeps the first of several plain values, a SummingMergeTree the first text or date (26.9).
    """
    engine = target.engine
    coalescing = isinstance(engine, engines.CoalescingMergeTree)
    if not isinstance(engine, engines.AggregatingMergeTree | engines.SummingMergeTree) or coalescing:
        return []
    keys = {r.name for key in engine.order_by or () for r in (key.expr if isinstance(key, Ordered) else key).references}
    summed = {c.name for c in engine.columns_to_sum} if isinstance(engine, engines.SummingMergeTree) else set()
    lost = []
    for column in target.columns:
        kind = column.type
        if column.default_kind in ("ALIAS", "EPHEMERAL"):  # not stored
            continue
        if column.name in keys or kind is None or isinstance(kind, AggregateFunctionType | SimpleAggregateFunctionType):
            continue
        sums = isinstance(engine, engines.SummingMergeTree) and (
            is_numeric(kind) or isinstance(kind, NestedType | MapType)
        )
        if not sums or (summed and column.name not in summed):
            lost.append(column.name)
    return lost


def check_merged_away(name: str, target: Any) -> None:
    """Refuse a view's target whose merges would drop a value. Of a table that others fill, the script says so."""
    if lost := lost_in_merges(target):
        raise errors.merged_away(name, target.engine.name, lost, engines.key_sql(target.engine.order_by or ()))


def check_keeps_states(name: str, engine: engines.TableEngine) -> None:
    """Refuse an engine whose merges throw states away instead of uniting them; a MergeTree keeps every one."""
    lossy = (engines.ReplacingMergeTree, engines.CollapsingMergeTree, engines.CoalescingMergeTree)
    if isinstance(engine, lossy) or not isinstance(engine, engines.MergeTree):
        raise errors.engine_loses_states(name, engine.name)
