"""What can be compared between the sources of a target and the target, read from the declaration."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tilla import engines, text
from tilla.backfills.plan import GROUPS, ROWS, VERSIONS, Comparison
from tilla.ddl.branches import Branch
from tilla.ddl.history import Fill, stored
from tilla.engines import key_sql
from tilla.expressions.expr import Expr, Ordered
from tilla.objects.aggregation import Aggregation

# Functions whose result depends on the order of rows, or on rounding: two right answers may differ.
_LOOSE = re.compile(
    r"^(any|anyLast|first_value|last_value|anyHeavy|groupArray\w*|groupUniqArray|topK\w*|quantile(s)?(TDigest|Timing|BFloat16|"
    r"DD|GK)?|median|avg\w*|stddev\w*|var\w*|corr\w*|covar\w*|entropy|simpleLinearRegression|sumKahan)(If|OrNull|OrDefault|"
    r"Array|Merge|Distinct)*$"
)
_RISES = re.compile(r"^(count|uniq\w*|min|max|groupBitmap)(If|OrNull|OrDefault)*$")
_SUMS = re.compile(r"^(sum|sumWithOverflow)(If|OrNull|OrDefault)*$")
_UNSIGNED = re.compile(r"(SimpleAggregateFunction\(sum, )?(Nullable\()?UInt\d+\)*\Z")
_SORTED = re.compile(r"^(groupUniqArray|groupArrayDistinct)(If|OrNull|Array|Merge)*$")


def comparison(fill: Fill, ways: Sequence[tuple[Fill, Branch]]) -> Comparison:
    """How the two sides of a target are compared. ``ways`` are the branches of all fills of the target."""
    target = fill.target
    engine = target.engine
    partition = engine.partition_by.sql() if getattr(engine, "partition_by", None) is not None else ""
    columns = [c for c in target.columns if c.default_kind not in ("ALIAS", "EPHEMERAL", "MATERIALIZED")]
    sorting = [item.expr if isinstance(item, Ordered) else item for item in getattr(engine, "order_by", None) or ()]
    listed = ", ".join(text.quote_identifier(c.name) for c in columns)
    sources = tuple(f"SELECT {listed} FROM (\n{stored(other, branch.select)}\n)" for other, branch in ways)
    if isinstance(engine, engines.ReplacingMergeTree) and engine.version is not None:
        deleted = "" if engine.is_deleted is None else engine.is_deleted.sql()
        return Comparison(
            VERSIONS,
            key_sql(sorting),
            _hashed(sorting),
            sources,
            partition,
            listed,
            engine.version.sql(),
            deleted,
            cuts=_cuts(engine, sorting, sorting),
            plain=all(map(_is_plain, sorting)),
        )
    if isinstance(engine, engines.AggregatingMergeTree):
        finished = dict(_measures(fill))
        keys = [c for c in target.columns if c.name not in finished and not c.default_kind]
        return Comparison(
            GROUPS,
            tuple(c.sql() for c in keys),
            _hashed(keys),
            sources,
            partition,
            listed,
            measures=tuple(finished.items()),
            single=_single(fill, finished) if len(sources) == 1 else (),
            one_way=_one_way(fill),
            cuts=_cuts(engine, keys, sorting),
            plain=all(map(_is_plain, keys)),
        )
    if isinstance(engine, engines.SummingMergeTree):
        names = {k.sql() for k in sorting}
        summed = {c.name for c in engine.columns_to_sum} or {
            c.name for c in target.columns if re.match(r"(Nullable\()?(U?Int|Float|Decimal)", str(c.type))
        }
        sums = [(c.name, f"sum({c.sql()})") for c in target.columns if c.name in summed and c.sql() not in names]
        exact = tuple(
            (n, s) for n, s in sums if "Float" not in str(next(c for c in target.columns if c.name == n).type)
        )
        return Comparison(
            GROUPS,
            key_sql(sorting),
            _hashed(sorting),
            sources,
            partition,
            listed,
            measures=exact,
            one_way=tuple(c.name for c in target.columns if _UNSIGNED.match(str(c.type))),
            cuts=_cuts(engine, sorting, sorting),
            plain=all(map(_is_plain, sorting)),
        )
    cuts = _cuts(engine, columns, sorting)
    return Comparison(ROWS, tuple(c.sql() for c in columns), _hashed(columns), sources, partition, listed, cuts=cuts)


def _cuts(engine: Any, keys: Sequence[Expr[Any]], sorting: Sequence[Expr[Any]]) -> tuple[str, ...]:
    """What both sides may be cut by: what the key decides, so that all that is said of one key lies in one piece."""
    names = {getattr(key, "name", "") for key in keys} - {""}
    texts = {key.sql() for key in keys}
    partition = getattr(engine, "partition_by", None)
    found = [e for e in (partition, *sorting[:1]) if e is not None and (e.sql() in texts or _only(e, names))]
    return tuple(dict.fromkeys(e.sql() for e in found))


def _only(item: Expr[Any], names: Collection[str]) -> bool:
    """Whether an expression is about these columns alone, and about one at least."""
    used: Any = item.references
    return bool(used) and all(reference.name in names for reference in used)


def _is_plain(item: Expr[Any]) -> bool:
    """Whether values of an expression are equal when their hashes are."""
    return item.type is not None and not item.type.nullable and re.match(_PLAIN, str(item.type)) is not None


def _hashed(items: Sequence[Expr[Any]]) -> str:
    """One value for several; NULL is a value of its own."""
    parts = []
    for item in items:
        parts.append(item.sql() if _is_plain(item) else f"ifNull(toString({item.sql()}), '\\\\N')")
    return f"sipHash128({', '.join(parts)})" if parts else "sipHash128(0)"


_PLAIN = r"(LowCardinality\()?(U?Int|Date|String|UUID|Decimal|Enum|FixedString|Bool|IPv)"


def _measures(fill: Fill) -> list[tuple[str, str]]:
    """Name and finishing expression of every measure; '' for one whose right answers may differ."""
    found = []
    if isinstance(fill.owner, Aggregation):
        for measure in fill.owner.measures:
            merged = measure.merge()
            found.append((measure.name, _comparable(merged.sql(), str(merged.type), measure.aggregate.name)))
        return found
    for column in fill.target.columns:
        kind = str(column.type)
        match = re.match(r"(Simple)?AggregateFunction\((\w+)(\([^)]*\))?, ", kind)
        if match:
            suffix = "" if match.group(1) else "Merge"
            call = f"{match.group(2)}{suffix}{match.group(3) or ''}({text.quote_identifier(column.name)})"
            found.append((column.name, _comparable(call, kind, match.group(2))))
    return found


def _one_way(fill: Fill) -> tuple[str, ...]:
    """The measures that only rise, or only fall, while rows come: a sum of what may be negative goes up and down."""
    if isinstance(fill.owner, Aggregation):
        found = [(m.name, m.aggregate.name, str(m.merge().type)) for m in fill.owner.measures]
    else:
        found = []
        for column in fill.target.columns:
            if match := re.match(r"(?:Simple)?AggregateFunction\((\w+)(?:\([^)]*\))?, (.*)\)$", str(column.type)):
                found.append((column.name, match.group(1), match.group(2)))
    return tuple(
        name
        for name, function, kind in found
        if _RISES.match(function) or (_SUMS.match(function) and _UNSIGNED.match(kind))
    )


def _single(fill: Fill, finished: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The finished measures of a row, where the SELECT gives one row per group."""
    if not isinstance(fill.owner, Aggregation):
        return ()
    found = []
    for measure in fill.owner.measures:
        name = text.quote_identifier(measure.name)
        state = str(measure.stored.type).startswith("AggregateFunction(")
        whole = f"finalizeAggregation({name})" if state else name
        merged = finished[measure.name]
        found.append(
            (measure.name, f"arraySort({whole})" if merged.startswith("arraySort(") else whole if merged else "")
        )
    return tuple(found)


def _comparable(sql: str, kind: str, function: str) -> str:
    if _SORTED.match(function):
        return f"arraySort({sql})"
    if _LOOSE.match(function) or (function.startswith("sum") and "Float" in kind):
        return ""
    return sql
