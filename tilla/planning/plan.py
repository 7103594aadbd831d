"""A plan: steps in order, each with what it does and why. It is a value: print it, store it, run it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors
from tilla.ddl.statements import Statement

if TYPE_CHECKING:
    from tilla.servers import Server

# What a step does about its object.
CREATE, RUN, EXISTS, DIFFERS, PENDING, SKIPPED = "create", "run", "exists", "differs", "pending", "skipped"
_MARKS = {CREATE: "+", RUN: ">", EXISTS: "=", DIFFERS: "~", PENDING: "?", SKIPPED: "-"}


@attrs.frozen
class Step:
    """One statement and its fate: ``create`` and ``run`` are sent; the others say why nothing is sent."""

    statement: Statement
    action: str
    detail: str = ""

    @property
    def sent(self) -> bool:
        """True when the statement goes to the server."""
        return self.action in (CREATE, RUN)

    def __str__(self) -> str:
        reason = self.detail or self.statement.reason
        return f"{_MARKS[self.action]} {self.action:<8} {self.statement.object}: {' '.join(reason.split())}"


@attrs.frozen
class Plan:
    """The steps for one project on one server."""

    project: str
    steps: tuple[Step, ...]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that send a statement."""
        return tuple(step for step in self.steps if step.sent)

    @property
    def differing(self) -> tuple[Step, ...]:
        """What exists but differs from its declaration; it is left alone."""
        return tuple(step for step in self.steps if step.action == DIFFERS)

    @property
    def pending(self) -> tuple[Step, ...]:
        """Views that must not be armed yet."""
        return tuple(step for step in self.steps if step.action == PENDING)

    def __bool__(self) -> bool:
        return bool(self.changes or self.differing)

    def __str__(self) -> str:
        shown = [str(step) for step in self.steps if step.action != EXISTS]
        there = sum(step.action == EXISTS for step in self.steps)
        return "\n".join([*shown, f"{there} objects are there as declared"] if there else shown) or "nothing to do"

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        steps = [{**s.statement.as_json(), "action": s.action, "detail": s.detail} for s in self.steps]
        return {"version": 1, "project": self.project, "steps": steps}


@attrs.frozen
class Report:
    """What a run did."""

    plan: Plan
    done: tuple[str, ...]

    @property
    def differing(self) -> tuple[Step, ...]:
        """What was left alone although it differs."""
        return self.plan.differing

    @property
    def pending(self) -> tuple[Step, ...]:
        """What was not armed."""
        return self.plan.pending


def run(plan: Plan, server: Server, progress: Callable[[str], None] | None = None) -> Report:
    """Send the statements one by one; stop at the first refusal and say what was done so far."""
    say = progress or (lambda _: None)
    done: list[str] = []
    total = len(plan.changes)
    for step in plan.steps:
        if not step.sent:
            if step.action != EXISTS:
                say(str(step))
            continue
        say(f"[{len(done) + 1}/{total}] {step}")
        try:
            server.execute(step.statement.sql)
        except errors.StatementRefused as error:
            error.done = tuple(done)
            raise
        done.append(step.statement.sql)
    return Report(plan, tuple(done))
