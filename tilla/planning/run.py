"""Sending a plan: statement by statement, with progress, and a look at the end whether everything is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import attrs

from tilla import errors, text
from tilla.planning import distributed
from tilla.planning.plan import CREATE, DRAIN, EXISTS, PENDING, RISKS, SKIPPED, Plan, Step
from tilla.planning.survey import drifted
from tilla.servers import Server

Say = Callable[[str], None]

_PAUSES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_WAIT = "SYSTEM WAIT VIEW "


@attrs.frozen(repr=False)
class Report:
    """What a run did: the plan, and the statements that ran."""

    plan: Plan
    done: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<tilla Report: {len(self.done)} statements run, of {self.plan!r}>"

    @property
    def differing(self) -> tuple[Step, ...]:
        """What was left alone although it differs."""
        return self.plan.differing

    @property
    def pending(self) -> tuple[Step, ...]:
        """What was not done because something else is missing."""
        return self.plan.pending

    @property
    def skipped(self) -> tuple[Step, ...]:
        """What this server cannot have."""
        return self.plan.skipped


def check_risk(plan: Plan, allow: str) -> None:
    """Raise for every step that is riskier than allowed, all of them, before anything is sent."""
    if allow not in RISKS:
        raise errors.unknown_risk(allow, RISKS)
    mistakes = errors.Collector()
    for step in plan.sent:
        if RISKS.index(step.risk) > RISKS.index(allow):
            mistakes.add(errors.risk_exceeded(step.statement.object, step.risk, step.reason, allow))
    mistakes.raise_all()


def run(plan: Plan, server: Server, say: Say | None = None) -> Report:
    """Send the statements one by one; stop at the first refusal.

    Raises:
        ServerError: the server refused a statement, could not be reached, or an object is missing afterwards; ``done``
            lists what ran.
    """
    tell = say or (lambda _: None)
    done: list[str] = []
    total, number = len(plan.sent), 0
    _not_created_by_others(plan, server)
    try:
        for step in plan.steps:
            if not step.sent:
                if step.action != EXISTS:
                    tell(str(step))
                continue
            number += 1
            tell(f"[{number}/{total}] {step}")
            send(step, server, tell)
            if step.action != DRAIN:
                done.append(step.statement.sql)
        look(plan, server)
        _not_created_by_others(plan, server)
    except errors.ServerError as error:
        error.done = tuple(done)
        raise
    return Report(plan, tuple(done))


def _not_created_by_others(plan: Plan, server: Server) -> None:
    """Refuse to go on where somebody else has created an object meanwhile, and another one than was planned.

    IF NOT EXISTS would leave it as it is and say nothing; the same object twice is no harm.
    """
    created = {s.statement.creates: s.statement.sql for s in plan.sent if s.action == CREATE and s.statement.creates}
    found = drifted(server, created) if created else {}
    mistakes = errors.Collector()
    for path, differences in sorted(found.items()):
        mistakes.add(errors.created_meanwhile(".".join(path), str(differences[0])))
    mistakes.raise_all()


def send(step: Step, server: Server, tell: Say) -> None:
    """Send one step; wait where it says so, and tell how many rows a target holds afterwards."""
    sql = step.statement.sql
    if step.action == DRAIN:
        drain(server, sql, tell)
    elif sql.startswith(_WAIT):
        _wait(step, server)
    else:
        distributed.execute(server, sql, tell)
    if step.target is not None:
        rows = server.scalar(f"SELECT count() FROM {text.quote_qualified(*step.target)}")
        tell(f"    {'.'.join(step.target)} holds {rows:,} row{'' if rows == 1 else 's'}")


def _pauses() -> Iterable[float]:
    yield from _PAUSES
    while True:
        yield _PAUSES[-1]


def drain(server: Server, sql: str, tell: Say) -> None:
    """Wait until what a query lists now (inserts that run, replicas that lack a view) is in its answer no more."""
    waiting = {row["query_id"] for row in server.rows(sql)}
    told = 0
    for pause in _pauses():
        if not waiting:
            return
        if told != len(waiting):
            told = len(waiting)
            what = "running insert" if "processes" in sql else "replica"
            tell(f"    waiting for {told} {what}{'s' if told > 1 else ''}")
        time.sleep(pause)
        waiting &= {row["query_id"] for row in server.rows(sql)}


def _wait(step: Step, server: Server) -> None:
    """Wait for a refresh. The server's own WAIT says nothing until the end, and a proxy may cut it: look first."""
    name = step.statement.sql.removeprefix(_WAIT)
    database, view = text.read_qualified(name)
    look = (
        "SELECT status, exception FROM system.view_refreshes "
        f"WHERE database = {text.quote_string(database)} AND view = {text.quote_string(view)}"
    )
    for pause in _pauses():
        state = server.rows(look)
        if not state or not state[0]["status"].startswith("Running"):
            try:
                server.execute(step.statement.sql)
            except errors.StatementRefused as error:
                failed = server.rows(look)
                if failed and failed[0]["exception"]:
                    raise errors.refresh_failed(step.statement.object, step.statement.sql, error.reason) from None
                raise
            except errors.ConnectionFailed:  # the wait was cut, not the refresh; a server that is gone says so next
                continue
            break
        time.sleep(pause)
    state = server.rows(look)
    if state and state[0]["exception"]:
        why = state[0]["exception"].partition(", Stack trace")[0]
        raise errors.refresh_failed(step.statement.object, step.statement.sql, why)


def look(plan: Plan, server: Server) -> None:
    """Look up every object that should be there now."""
    wanted = [s for s in plan.steps if s.action not in (PENDING, SKIPPED)]
    databases = {s.statement.object for s in wanted if s.statement.section == "databases"}
    paths = {s.statement.creates for s in wanted if s.statement.creates}
    if not databases and not paths:
        return
    names = ", ".join(text.quote_string(name) for name in sorted(databases | {path[0] for path in paths}))
    live = {
        (row["database"], row["name"])
        for row in server.rows(
            f"SELECT database, name FROM system.tables WHERE database IN ({names})"
            f" UNION ALL SELECT name, '' FROM system.databases WHERE name IN ({names})"
        )
    }
    missing = [name for name in sorted(databases) if (name, "") not in live]
    missing += [".".join(path) for path in sorted(paths) if path not in live]
    if missing:
        raise errors.objects_missing(missing)
