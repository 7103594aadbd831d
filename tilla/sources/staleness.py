"""Which curated tables hold what raw no longer has: the raw table was swapped, and no view fired.

A full refresh that overwrites fills another table and puts it in the old one's place. Rows that entered that way never
passed the views (measured on 26.9), and what the views made of the old rows stays. ``_airbyte_generation_id`` tells: it
counts up with every refresh, and curated rows keep that of the delivery they come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from tilla.ddl import history
from tilla.ddl.statements import BACKFILL, Statement
from tilla.objects.source import Source
from tilla.planning.plan import DESTRUCTIVE, RUN, Plan, Step
from tilla.text import quote_qualified, quote_string

if TYPE_CHECKING:
    from tilla.projects import Project
    from tilla.servers import Server

GENERATION = "_airbyte_generation_id"
Path = tuple[str, str]


@attrs.frozen
class Stale:
    """One table that does not follow from its raw table any more."""

    target: str
    """``database.table``."""
    source: str
    """The raw table that was swapped."""
    reason: str

    def __str__(self) -> str:
        return f"{self.target} is stale: {self.reason}"


@attrs.frozen
class _Generation:
    """The rows of one generation in one table."""

    number: int
    first: Any
    last: Any
    rows: int

    def meets(self, other: _Generation) -> bool:
        """True where both may hold rows of one sync."""
        return self.number == other.number and self.first <= other.last and other.first <= self.last


def stale(project: Project, server: Server) -> tuple[Stale, ...]:
    """The tables of a project that must be rebuilt, in the order of their rebuilding.

    A table is stale when the newest generation of a raw table that feeds it never passed its view, or when it holds rows of
    a generation that none of its raw tables has any more. So is what is made of the same raw table, and of a stale table,
    by views that fire on inserts. Refreshable views are never stale: each refresh reads raw anew. An empty table is no
    stale one: its history was never filled. Raw tables without generations (v0, v1, dlt) cannot tell, and are passed over.

    One small query for each raw table and each curated table with a generation.
    """
    fills = history.fills(project)
    there = _there(server, {path for fill in fills for path in (fill.target.path, fill.trigger.source.path)})
    raw = {f.trigger.source.path: f.trigger.source for f in fills if isinstance(f.trigger.source, Source)}
    have = {
        path: _generations(server, path, GENERATION, _time_of(source), there)
        for path, source in raw.items()
        if GENERATION in source.column_names
    }
    swapped: dict[Path, str] = {}
    for target in dict.fromkeys(fill.target.path for fill in fills):
        feeding = [fill for fill in fills if fill.target.path == target]
        sources = [fill.trigger.source.path for fill in feeding]
        names = {c.name for c in feeding[0].target.columns}
        if not {"generation_id", "extracted_at"} <= names or any(path not in have for path in sources):
            continue
        kept = _generations(server, target, "generation_id", "extracted_at", there)
        if kept:
            swapped |= _swapped(sources, have, kept)
    return tuple(_fallout(fills, swapped))


def _time_of(source: Any) -> str:
    names: tuple[str, ...] = source.column_names
    return next(name for name in names if name.endswith(("extracted_at", "emitted_at")))


def _swapped(sources: list[Path], have: dict[Path, list[_Generation]], kept: list[_Generation]) -> dict[Path, str]:
    """The raw tables among those of one target that were swapped, each with the sign of it."""
    found: dict[Path, str] = {}
    known = {generation.number for path in sources for generation in have[path]}
    gone = sorted(generation.number for generation in kept if generation.number not in known)
    for path in sources:
        if not have[path]:
            continue
        newest = max(have[path], key=lambda generation: generation.number)
        if not any(newest.meets(generation) for generation in kept):
            found[path] = (
                f"generation {newest.number} of {'.'.join(path)} ({newest.rows} rows) never passed the view: "
                "the raw table was swapped"
            )
        elif gone and len(sources) == 1:
            found[path] = (
                f"it holds rows of generation {', '.join(map(str, gone))}, which {'.'.join(path)} has no more: "
                "the raw table was swapped"
            )
    if gone and not found:
        for path in sources:
            found[path] = (
                f"it holds rows of generation {', '.join(map(str, gone))}, which no raw table of it has any more"
            )
    return found


def _fallout(fills: Iterable[history.Fill], swapped: dict[Path, str]) -> Iterable[Stale]:
    """What a swapped raw table makes stale, directly or through a table above."""
    found: dict[Path, Stale] = {}
    for fill in fills:  # each after those that it reads
        source, target = fill.trigger.source.path, fill.target.path
        if target in found:
            continue
        if source in swapped:
            found[target] = Stale(".".join(target), ".".join(source), swapped[source])
        elif source in found:
            above = found[source]
            found[target] = Stale(".".join(target), above.source, f"it is made of {above.target}, which is stale")
    return found.values()


def _there(server: Server, paths: set[Path]) -> set[Path]:
    listed = ", ".join(f"({quote_string(database)}, {quote_string(name)})" for database, name in sorted(paths))
    if not listed:
        return set()
    rows = server.rows(f"SELECT database, name FROM system.tables WHERE (database, name) IN ({listed})")
    return {(row["database"], row["name"]) for row in rows}


def _generations(server: Server, path: Path, number: str, moment: str, there: set[Path]) -> list[_Generation]:
    """The generations that a table holds; a row without one is passed over."""
    if path not in there:
        return []
    rows = server.rows(
        f"SELECT {number} AS number, min({moment}) AS first, max({moment}) AS last, count() AS rows "
        f"FROM {quote_qualified(*path)} WHERE {number} IS NOT NULL GROUP BY number ORDER BY number"
    )
    return [
        _Generation(row["number"], row["first"].replace(tzinfo=None), row["last"].replace(tzinfo=None), row["rows"])
        for row in rows
    ]


def rebuild(project: Project, found: Iterable[Stale]) -> Plan:
    """What empties stale tables and forgets that their history was filled; ``tilla backfill`` then fills it anew.

    The views stay armed, so that no row that arrives meanwhile is missed. Until the backfill has run, readers see only
    those. It drops rows: ``apply(..., allow="destructive")``.
    """
    reasons = {item.target: str(item) for item in found}
    steps: list[Step] = []
    names: list[str] = []
    for fill in history.fills(project):
        path = ".".join(fill.target.path)
        if path not in reasons:
            continue
        names.append(fill.name)
        sql = f"TRUNCATE TABLE {quote_qualified(*fill.target.path)}"
        if all(step.statement.sql != sql for step in steps):
            statement = Statement(path, BACKFILL, "history", sql, reasons[path])
            steps.append(Step(statement, RUN, risk=DESTRUCTIVE))
    if names:
        listed = ", ".join(map(quote_string, names))
        sql = f"ALTER TABLE {history.MARKER} DELETE WHERE target IN ({listed}) SETTINGS mutations_sync = 2"
        statement = Statement(history.MARKER, BACKFILL, "history", sql, "forget that their history was filled")
        steps.append(Step(statement, RUN, risk=DESTRUCTIVE))
    return Plan(project.name, tuple(steps))


__all__ = ["Stale", "rebuild", "stale"]
