"""History: arm what is not armed, drain, copy, refresh. Every target that cannot be filled is told before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tilla import errors
from tilla.ddl import history
from tilla.ddl.script import Script
from tilla.ddl.statements import Statement
from tilla.planning.plan import COSTLY, CREATE, DESTRUCTIVE, DIFFERS, EXISTS, HISTORY, PENDING, RUN, SAFE, Step
from tilla.planning.steps import complete_from_now_on, drain, holding, markers, objects, upstream
from tilla.planning.survey import Path, Survey, changes_rows, first, survey
from tilla.servers import Server


def backfill_steps(schema: Script, script: Script, server: Server) -> Iterator[Step]:
    """The steps that fill history. ``schema`` is the project's schema alone, ``script`` its backfill.

    Raises:
        RefusedError: targets that cannot be filled exactly once while rows keep coming, all of them.
    """
    seen = survey(schema, server)
    steps: dict[Path | None, Step] = {s.statement.creates: s for s in objects(seen, server) if s.statement.creates}
    fills = script.fills()
    filled = _filled(seen, server, fills)
    _refuse(seen, server, script, [fill for fill in fills if fill.name not in filled])
    waiting = {fill.name: reason for fill in fills if (reason := _waits(seen, steps, fill))}
    todo = [fill for fill in fills if fill.name not in filled and fill.name not in waiting]
    if todo:
        yield from markers(seen)
        yield from _armed(steps, [fill for fill in todo if fill.verdict.safe or not holding(seen, server, fill)])
        yield drain(script)
    rebuilt: set[Path] = set()
    for fill in fills:
        if fill.name in filled:
            yield Step(_about(fill, "its history is filled"), EXISTS)
        elif fill.name in waiting:
            yield Step(_about(fill, waiting[fill.name]), PENDING)
        elif fill.verdict.safe:
            yield from _copied(script, fill)
        elif not holding(seen, server, fill):
            yield from complete_from_now_on(seen, [fill])
        elif fill.target.path not in rebuilt:
            rebuilt.add(fill.target.path)
            together = [other for other in fills if other.target.path == fill.target.path]
            yield from _rebuilt(script, together, fills, steps)
    yield from _refreshed(script, seen)


def _filled(seen: Survey, server: Server, fills: list[history.Fill]) -> set[str]:
    """The names of the histories that are noted as filled, for this very declaration."""
    if (history.DATABASE, "history") not in seen.snapshot.tables:
        return set()
    rows = server.rows(f"SELECT DISTINCT target, declaration FROM {history.MARKER}")
    noted = {(row["target"], row["declaration"]) for row in rows}
    return {fill.name for fill in fills if (fill.name, fill.declaration) in noted}


def _refuse(seen: Survey, server: Server, script: Script, fills: list[history.Fill]) -> None:
    """Raise for every target that is not overlap-safe and has a history, unless inserts are said to be quiesced."""
    mistakes = errors.Collector()
    for fill in fills:
        if fill.verdict.safe or not holding(seen, server, fill):
            continue
        with mistakes.catch():
            script.deployment.refuse_rebuild(fill)
            if not script.quiesced:
                mistakes.add(errors.history_refused(fill.name, fill.verdict.reason, fill.verdict.ways_out))
    mistakes.raise_all()


def _waits(seen: Survey, steps: Mapping[Path | None, Step], fill: history.Fill) -> str:
    """Why a history cannot be filled now, or ''."""
    needed = [fill.target.path, *(upstream(seen, fill) if not fill.verdict.safe else [fill.trigger.source.path])]
    for path in needed:
        if not seen.there(path):
            step = steps.get(path)
            why = step.detail if step is not None and step.action == PENDING else "`tilla apply` creates it"
            return f"{'.'.join(path)} is not there; {why}"
    for path in (*needed, fill.trigger.path):
        found = first(seen.differences.get(path, ()), changes_rows)
        if found is not None:
            return f"{'.'.join(path)} is not as declared: {found}"
    step = steps.get(fill.trigger.path)
    blocked = step is not None and step.action == PENDING and not _held_back(step)
    return step.detail if step is not None and blocked else ""


def _held_back(step: Step) -> bool:
    """Whether a view is only kept from being armed by the history that is about to be filled."""
    return step.action == PENDING and step.detail == HISTORY


def _armed(steps: Mapping[Path | None, Step], fills: list[history.Fill]) -> Iterator[Step]:
    """Create the views that are missing."""
    for fill in fills:
        step = steps.get(fill.trigger.path)
        if step is not None and step.action == CREATE:
            yield step


def _about(fill: history.Fill, reason: str) -> Statement:
    """A history as something to tell of, with nothing to send."""
    return Statement(".".join(fill.target.path), "backfill", "history", "", reason)


def _copied(script: Script, fill: history.Fill) -> Iterator[Step]:
    """Copy a history beside the live view."""
    for statement in script.copy(fill):
        copies = statement.sql.startswith("INSERT INTO ") and not statement.sql.startswith(
            f"INSERT INTO {history.MARKER} "
        )
        yield Step(statement, RUN, risk=COSTLY if copies else SAFE, target=fill.target.path if copies else None)


def _rebuilt(
    script: Script, together: list[history.Fill], fills: list[history.Fill], steps: Mapping[Path | None, Step]
) -> Iterator[Step]:
    """Build a target aside, exchange it in, then arm its views: nothing is inserted meanwhile."""
    statements = script.rebuild(together, fills)
    exchanged = False
    for statement in statements:
        exchanged = exchanged or statement.sql.startswith("EXCHANGE ")
        gone = statement.sql.startswith(("EXCHANGE ", "DROP "))
        told = together[0].target.path if statement.sql.startswith("EXCHANGE ") else None
        yield Step(statement, RUN, risk=DESTRUCTIVE if gone else COSTLY, target=told)
    for fill in together:
        step = steps.get(fill.trigger.path)
        if step is not None and not _alive(step):
            yield Step(step.statement, CREATE, "from here on it fills by itself")


def _alive(step: Step) -> bool:
    """Whether the view of a step is there."""
    return step.action in (EXISTS, DIFFERS)


def _refreshed(script: Script, seen: Survey) -> Iterator[Step]:
    """Refresh views in the order of their dependencies and wait for each."""
    for part in script.refreshed():
        statements = script.refresh(part)
        if not seen.there(part.path):
            yield Step(statements[-1], PENDING, "it is not there; `tilla apply` creates it")
            continue
        for statement in statements:
            waits = statement.sql.startswith("SYSTEM WAIT ")
            refreshes = statement.sql.startswith("SYSTEM REFRESH ")
            yield Step(statement, RUN, risk=COSTLY if refreshes else SAFE, target=part.path if waits else None)
