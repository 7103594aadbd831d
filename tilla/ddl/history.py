"""History: what must be copied into a target so that it holds the rows that were there before its view.

For every trigger there is one :class:`Fill`: the SELECT of the view itself, over a bounded source. Whether it may run
while the view is alive depends on the target: where a row that arrives twice gives the same answer as one that arrives
once, the copy and the view may overlap ("overlap-safe"). That follows from the declaration, and :func:`verdict` says
it in one sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from sqlglot import exp

from tilla import engines, text
from tilla.columns import Measure
from tilla.ddl.write import query_text
from tilla.expressions.combinators import is_idempotent
from tilla.expressions.query import Query
from tilla.expressions.reading import read, replace_source
from tilla.expressions.scan import closed
from tilla.expressions.sql import Sql
from tilla.expressions.words import NONDETERMINISTIC
from tilla.objects.aggregation import Aggregation
from tilla.objects.base import OWN_DATABASE
from tilla.objects.materialized import MaterializedView, Trigger

if TYPE_CHECKING:
    from tilla.projects import Project

# Where the static script and `backfill` note what has been filled.
DATABASE = OWN_DATABASE
MARKER = f"{DATABASE}.history"


@attrs.frozen
class Verdict:
    """Whether a target may be filled while its view is alive, and why.

    ``bounded``: where it may not, a boundary between what went through the view and what did not makes it exact: the order
    in which rows arrive decides nothing.
    """

    safe: bool
    reason: str
    ways_out: str = ""
    bounded: bool = False


@attrs.frozen(slots=False)
class Fill:
    """The history of one target through one view: ``INSERT INTO target (columns) SELECT ... FROM bounded source``."""

    trigger: Trigger
    owner: Any  # the MaterializedView or Aggregation that the trigger belongs to
    verdict: Verdict
    feeders: tuple[Fill, ...] = attrs.field(default=(), eq=False, repr=False)
    """What fills its source, histories or not."""
    leaks: str = ""
    """A queue or another source that keeps no rows, and from which rows of the target came that nothing else keeps; or ''."""
    _hashes: list[str] = attrs.field(factory=list, init=False, eq=False, repr=False)

    @property
    def above(self) -> tuple[Fill, ...]:
        """The histories that its own is composed of; none where its source is a root, holding all that there is."""
        if not self.trigger.source_passes and any(feeder.leaks for feeder in self.feeders):
            return ()  # what came from a queue is in the source, and nowhere further up
        return tuple(feeder for feeder in self.feeders if feeder.kept)

    @property
    def kept(self) -> bool:
        """Whether rows are kept somewhere above, so that there is a history."""
        waiting, seen = [self], {id(self)}
        while waiting:
            fill = waiting.pop()
            if not fill.trigger.source_passes:
                return True
            new = [feeder for feeder in fill.feeders if id(feeder) not in seen]
            seen |= set(map(id, new))
            waiting += new
        return False

    @cached_property
    def through(self) -> tuple[Trigger, ...]:
        """The views whose SELECTs its history is composed of, the upper ones first and its own last."""
        fills = upper_first(self, lambda fill: fill.above)
        return tuple({fill.trigger.path: fill.trigger for fill in fills}.values())

    @property
    def target(self) -> Any:
        """The table that is filled."""
        return self.trigger.target

    @cached_property
    def name(self) -> str:
        """What the marker and the journal call it: the target, and the view where several feed one target."""
        path = ".".join(self.target.path)
        return (
            path
            if self.trigger.path == (self.target.database, self.target.table + "_mv") or _is_state(self)
            else f"{path} through {'.'.join(self.trigger.path)}"
        )

    @cached_property
    def declaration(self) -> str:
        """A short hash of everything that decides what the target should hold, the views above its source included.

        What only says how rows are kept or described (comments, codecs, settings, partitions) is not in it: a new comment
        must not make a filled history look unfilled.
        """
        for fill in upper_first(self, lambda fill: () if fill._hashes else fill.feeders):
            if not fill._hashes:
                parts = [
                    *_rows_of(fill.target),
                    query_text(fill.trigger.query),
                    fill.trigger.source.qualified_name,
                    *(feeder._hashes[0] for feeder in fill.feeders),
                ]
                fill._hashes.append(hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16])
        return self._hashes[0]

    def columns(self) -> str:
        """The column list of the INSERT: an insert maps by position, so it always names its columns."""
        return ", ".join(text.quote_identifier(name) for name in self.trigger.columns)

    def select(self, condition: str, source: str = "") -> str:
        """The view's SELECT over ``(SELECT * FROM source WHERE condition)``.

        The bound goes into a subquery: an alias of the SELECT would capture it in the outer WHERE.
        ``source`` replaces the source by other text (a SELECT composed from the roots).
        """
        relation = self.trigger.source
        inner = source or relation.qualified_name
        shown = f"(SELECT {all_columns(relation)} FROM {inner} WHERE {condition})" if condition else f"({source})"
        return select_over(self.trigger, shown)


def upper_first(fill: Fill, above: Callable[[Fill], Sequence[Fill]]) -> list[Fill]:
    """A fill and all above it, each once and behind those above it. A chain of views may be as long as it likes."""
    found: dict[int, Fill] = {}
    waiting = [(fill, iter(above(fill)))]
    entered = {id(fill)}
    while waiting:
        one, others = waiting[-1]
        for other in others:
            if id(other) not in entered:
                entered.add(id(other))
                waiting.append((other, iter(above(other))))
                break
        else:
            found[id(one)] = one
            waiting.pop()
    return list(found.values())


def _rows_of(table: Any) -> Iterator[str]:
    """What of a table's declaration decides which rows it holds: its name, its columns, what its engine merges."""
    yield table.qualified_name
    for column in table.columns:
        default = f" {column.default_kind} {column.default_value.sql()}" if column.default_value is not None else ""
        yield f"{text.quote_identifier(column.name)} {column.type}{default}"
    yield f"{table.engine.name}({', '.join(table.engine.arguments())})"
    yield from engines.key_sql(getattr(table.engine, "order_by", None) or ())


def _is_state(fill: Fill) -> bool:
    return isinstance(fill.owner, Aggregation)


def select_over(trigger: Trigger, shown: str) -> str:
    """The view's SELECT with other text in place of its source."""
    query = trigger.query
    if isinstance(query, Query):
        return query.text({trigger.source.qualified_name: shown})
    rendered = query_text(query)
    use = read(rendered).trigger  # places in this very text: the one that was written may begin with a line break
    assert use is not None
    return replace_source(rendered, use, shown)


def all_columns(relation: Any) -> str:
    """``*`` and the columns that ``*`` leaves out.

    A stamp may be one of them on the server, whatever a Source says of its default.
    """
    hidden = [c.name for c in relation.columns if c.default_kind in ("MATERIALIZED", "ALIAS")]
    stamp = getattr(relation, "stamped", None)
    if stamp is not None and stamp.name not in hidden:
        name = text.quote_identifier(stamp.name)
        return ", ".join([f"* EXCEPT ({name})", name, *(text.quote_identifier(name) for name in hidden)])
    return ", ".join(["*", *(text.quote_identifier(name) for name in hidden)])


def fills(project: Project) -> list[Fill]:
    """The history of every target of a project, each after the histories that it reads.

    Rows that only pass through (Null, Kafka, S3Queue) are no history: reading a queue would take its messages away, and a Null
    table has none. What such a table is filled from may be kept: then the histories below it are composed from there.
    """
    owners = {item.trigger.path: item for item in project.objects if isinstance(item, MaterializedView | Aggregation)}
    order = {path: i for i, path in enumerate(_flow_order(project))}
    triggers = [part for part in project.parts if isinstance(part, Trigger)]
    found: list[Fill] = []
    feeding: dict[tuple[str, str], list[Fill]] = {}
    for trigger in sorted(triggers, key=lambda trigger: (order[trigger.path], trigger.path)):
        owner, source = owners[trigger.path], trigger.source
        feeders = tuple(feeding.get(source.path, ()))
        leaks = "" if not trigger.source_passes else next((f.leaks for f in feeders if f.leaks), "")
        if trigger.source_passes and not feeders:
            leaks = source.name
        found.append(Fill(trigger, owner, verdict(owner), feeders, leaks))
        feeding.setdefault(trigger.target.path, []).append(found[-1])
    leaking = {path: next((f.leaks for f in into if f.leaks), "") for path, into in feeding.items()}
    return [
        attrs.evolve(fill, leaks=leaking[fill.target.path])
        for fill in found
        if fill.kept and not getattr(fill.target.engine, "stream", False)
    ]


def _flow_order(project: Project) -> list[tuple[str, str]]:
    from tilla import graph

    return graph.order(project.flow, lambda path: 0)


def composed(fill: Fill, condition: str) -> str:
    """The SELECT of a target composed down from its root sources.

    Reading a table in between would miss the rows that its engine has merged away; and what such a table holds depends on
    how far its own history has come. So every level is the SELECT of its own view over the level above.
    """
    if not fill.above:
        return fill.select(condition)
    levels = [stored(other, composed(other, condition)) for other in fill.above]
    return select_over(fill.trigger, "(" + closed("\nUNION ALL\n".join(levels)) + ")")


def stored(fill: Fill, select: str) -> str:
    """A view's SELECT as its target stores it: what a view below the target is given.

    An insert casts to the types of the table (a quotient to its Decimal) and fills in what the SELECT leaves out.
    """
    query, names = fill.trigger.query, fill.trigger.columns
    types = {item.name: str(item.type) for item in query.items} if isinstance(query, Query) else {}
    items, changed = [], False
    for column in fill.target.columns:
        name = text.quote_identifier(column.name)
        if column.name in names and column.default_kind not in ("MATERIALIZED", "ALIAS"):
            same = types.get(column.name) == str(column.type)
            items.append(name if same else f"CAST({name}, {text.quote_string(str(column.type))}) AS {name}")
            changed |= not same
        elif column.default_kind != "EPHEMERAL":
            value = column.default_value
            default = f"defaultValueOfTypeName({text.quote_string(str(column.type))})" if value is None else value.sql()
            items.append(f"{default} AS {name}")
            changed = True
    return f"SELECT {', '.join(items)} FROM (\n{select}\n)" if changed else select


# --- overlap safety ---


def verdict(view: Any) -> Verdict:
    """Say whether a row that reaches the target twice changes its answer."""
    target: engines.TableEngine = view.target.engine
    unsteady = _nondeterministic(view.trigger.query)
    if isinstance(target, engines.ReplacingMergeTree):
        return _replacing(view, target, unsteady)
    bounded = type(target) in _ORDER_FREE
    if isinstance(view, Aggregation):
        loose = [m for m in view.measures if not is_idempotent(m.aggregate)]
        if isinstance(target, engines.AggregatingMergeTree) and not loose and not unsteady:
            return Verdict(
                True, "its measures give the same answer when a row comes twice (" + _measures(view.measures) + ")"
            )
        if loose:
            return Verdict(False, f"a row that comes twice counts twice in {_measures(loose)}", WAYS, bounded)
    if unsteady:
        return Verdict(
            False, f"{unsteady}() gives another value at another time, so a row copied later differs", WAYS, bounded
        )
    return Verdict(False, f"a {target.name} keeps a row that comes twice as two rows", WAYS, bounded)


# Engines for which it does not matter whether an older row comes before or after a newer one.
_ORDER_FREE = (
    engines.MergeTree,
    engines.SummingMergeTree,
    engines.AggregatingMergeTree,
    engines.VersionedCollapsingMergeTree,
)

WAYS = (
    "make the measures idempotent (uniqExact of an id, min, max, argMax), use a ReplacingMergeTree with a version, "
    "use tl.RefreshableView(...), or state that nothing is inserted meanwhile (--quiesced)"
)


def _replacing(view: Any, engine: engines.ReplacingMergeTree, unsteady: str) -> Verdict:
    if _aggregates(view.trigger.query):
        return Verdict(False, "its SELECT groups the rows of one insert, so a copy groups them otherwise", WAYS)
    if engine.version is None:
        return Verdict(
            False,
            "a ReplacingMergeTree without a version keeps the row inserted last, and a copy of history comes last",
            "version=Body.column; " + WAYS,
        )
    if unsteady:
        return Verdict(
            False,
            f"{unsteady}() gives another value at another time, so a row copied later differs",
            WAYS,
            bounded=True,
        )
    return Verdict(
        True, f"of rows with one key the target keeps the highest {engine.version.name}, whichever came first"
    )


def _measures(measures: Iterable[Measure[Any]]) -> str:
    return ", ".join(f"{m.name} = {m.aggregate.sql()}" for m in measures)


def _aggregates(query: Query | Sql) -> bool:
    if isinstance(query, Query):
        return query.has_aggregate
    return query.reading.has_group_by or bool(query.reading.aggregate_functions)


def _nondeterministic(query: Query | Sql) -> str:
    """The name of a function in a query whose value differs from one run to the next, or ''."""
    if isinstance(query, Query):
        for part in (*query.items, *query.conditions):
            for call in part._node.find_all(exp.Anonymous):
                if call.name.lower() in NONDETERMINISTIC:
                    return str(call.name)
        return ""
    return next(iter(sorted(query.reading.nondeterministic)), "")
