"""The verbs that meet a server. Only :func:`apply` writes; the others return values that can be printed and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tilla.ddl import script
from tilla.ddl.deployment import deployment
from tilla.ddl.statements import ACCESS, BACKFILL, PHASES, SCHEMA
from tilla.planning.plan import Plan, Report, run
from tilla.planning.steps import backfill_steps, schema_steps

if TYPE_CHECKING:
    from tilla.projects import Project
    from tilla.servers import Server


def render(
    project: Project,
    *,
    target: str = "single",
    with_sources: bool = False,
    quiesced: bool = False,
    phases: Iterable[str] = PHASES,
) -> str:
    """The provisioning flow as text: what ``python -m tilla.emit`` prints.

    Raises:
        RefusedError: a target cannot be filled by a static script (see ``quiesced``).
    """
    made = script.Script(
        project, deployment(target), with_sources=with_sources, quiesced=quiesced, phases=frozenset(phases)
    )
    return made.text()


def plan(project: Project, server: Server, *, target: str = "single", with_sources: bool = False) -> Plan:
    """What :func:`apply` would do for schema and access: one step per object, with its state on the server."""
    made = script.Script(
        project, deployment(target), with_sources=with_sources, phases=frozenset((SCHEMA, ACCESS)), quiesced=True
    )
    return Plan(project.name, tuple(schema_steps(made, server)))


def backfill(project: Project, server: Server, *, target: str = "single", quiesced: bool = False) -> Plan:
    """What :func:`apply` would do for history: copy it into every target that lacks it, then refresh.

    Raises:
        RefusedError: a target cannot be filled exactly once while rows keep coming.
    """
    made = script.Script(project, deployment(target), quiesced=quiesced, phases=frozenset((BACKFILL,)))
    return Plan(project.name, tuple(backfill_steps(made, server)))


def apply(plan: Plan, server: Server, *, progress: Callable[[str], None] | None = None) -> Report:
    """Run a plan, statement by statement; run again, it goes on where it stopped.

    Raises:
        StatementRefused: the server refused a statement; ``error.done`` lists what ran before it.
    """
    return run(plan, server, progress)
