"""A plan: steps in order, each with what it does, why, and how much it risks. A value: print it, compare it, store it.

:mod:`tilla.planning.run` is what sends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs

from tilla import text
from tilla.ddl.statements import Statement
from tilla.notebook import plan_html
from tilla.planning.difference import Difference

# What a step does about its object. The first four talk to the server, the others say why nothing is sent.
CREATE, RUN, DRAIN, REPEAT = "create", "run", "drain", "repeat"
EXISTS, DIFFERS, PENDING, SKIPPED = "exists", "differs", "pending", "skipped"
_MARKS = {
    CREATE: "+", RUN: ">", DRAIN: ".", REPEAT: ">", EXISTS: "=", DIFFERS: "~", PENDING: "?", SKIPPED: "-",
}  # fmt: skip

# How much a step may cost, least first: it adds something; it reads or writes much; it changes who may read what; it
# replaces or drops rows.
SAFE, COSTLY, RIGHTS, DESTRUCTIVE = "safe", "costly", "rights", "destructive"
RISKS = (SAFE, COSTLY, RIGHTS, DESTRUCTIVE)

PLAN_VERSION = 1


@attrs.frozen
class Step:
    """One statement and its fate.

    ``detail`` says why, where it is more than the statement's own reason. ``differences`` belong to an object that is
    left alone. ``target`` is the table that a copy fills, so that its rows can be told.
    """

    statement: Statement
    action: str
    detail: str = ""
    risk: str = SAFE
    differences: tuple[Difference, ...] = ()
    target: tuple[str, str] | None = None

    @property
    def sent(self) -> bool:
        """True when something goes to the server."""
        return self.action in (CREATE, RUN, DRAIN, REPEAT)

    @property
    def reason(self) -> str:
        """Why the step is what it is, on one line."""
        if self.differences:
            return "; ".join(map(str, self.differences)) + "; left alone"
        return " ".join((self.detail or self.statement.reason).split())

    def __str__(self) -> str:
        risk = f" [{self.risk}]" if self.sent and self.risk != SAFE else ""
        return f"{_MARKS[self.action]} {self.action:<8} {self.statement.object}{risk}: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        """The step as plain data."""
        return {
            **self.statement.as_json(),
            "section": self.statement.section,
            "creates": list(self.statement.creates) if self.statement.creates else None,
            "action": self.action,
            "detail": self.detail,
            "risk": self.risk,
            "differences": [d.as_json() for d in self.differences],
            "target": list(self.target) if self.target else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """The step that :meth:`as_json` wrote."""
        facts = {name: data[name] for name in ("object", "phase", "section", "sql", "reason")}
        statement = Statement(**facts, creates=_path(data["creates"]))
        differences = tuple(Difference(**item) for item in data["differences"])
        return cls(statement, data["action"], data["detail"], data["risk"], differences, _path(data["target"]))


def _path(value: Any) -> tuple[str, str] | None:
    return (value[0], value[1]) if value else None


@attrs.frozen(repr=False)
class Plan:
    """The steps for one project on one server. True when something would change or differs."""

    project: str
    steps: tuple[Step, ...]

    @property
    def sent(self) -> tuple[Step, ...]:
        """The steps that talk to the server."""
        return tuple(step for step in self.steps if step.sent)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something; a statement that is only said again (``repeat``) and a drain do not."""
        return tuple(step for step in self.steps if step.action in (CREATE, RUN))

    @property
    def differing(self) -> tuple[Step, ...]:
        """What exists but differs from its declaration; it is left alone."""
        return self._with(DIFFERS)

    @property
    def pending(self) -> tuple[Step, ...]:
        """What must wait for something else."""
        return self._with(PENDING)

    @property
    def skipped(self) -> tuple[Step, ...]:
        """What this server cannot have."""
        return self._with(SKIPPED)

    @property
    def waits_for_others(self) -> bool:
        """True when something pends on more than the backfill of its history."""
        return any(step.detail != HISTORY for step in self.pending)

    def _with(self, action: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action == action)

    def __bool__(self) -> bool:
        return bool(self.changes or self.differing or self.waits_for_others)

    def __str__(self) -> str:
        shown = [str(step) for step in self.steps if step.action not in (EXISTS, REPEAT)]
        there = len(self._with(EXISTS))
        repeated = len(self._with(REPEAT))
        shown += [f"{repeated} access statements are repeated; they change nothing that is as declared"] * bool(
            repeated
        )
        shown += [f"{there} as declared"] * bool(there)
        return "\n".join(shown) or "nothing to do"

    def __repr__(self) -> str:
        counts = Counter(step.action for step in self.steps)
        shown = ", ".join(f"{counts[action]} {action}" for action in _MARKS if counts[action])
        return f"<tilla Plan {text.one_line(self.project)}: {shown or 'nothing'}>"

    def _repr_html_(self) -> str:
        return plan_html(self)

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data; :meth:`from_json` reads it back."""
        return {"version": PLAN_VERSION, "project": self.project, "steps": [step.as_json() for step in self.steps]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that :meth:`as_json` wrote."""
        return cls(data["project"], tuple(Step.from_json(item) for item in data["steps"]))


# Why a view is not created although everything it needs is there (design: apply does not arm what must not be armed).
HISTORY = "history: rows are there already, and this view would count them apart; `tilla backfill` arms it"
