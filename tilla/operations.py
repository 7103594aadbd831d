"""The verbs that meet a server. Only :func:`apply` writes; the others return values that can be printed and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tilla.ddl import script
from tilla.ddl.deployment import Deployment, deployment
from tilla.ddl.statements import ACCESS, BACKFILL, PHASES, SCHEMA
from tilla.planning.fills import backfill_steps
from tilla.planning.plan import RIGHTS, Plan, Step
from tilla.planning.run import Report, check_risk, run
from tilla.planning.steps import schema_steps

if TYPE_CHECKING:
    from tilla.projects import Project
    from tilla.servers import Server


def render(
    project: Project,
    *,
    target: str | Deployment = "single",
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


def plan(project: Project, server: Server, *, target: str | Deployment = "single", with_sources: bool = False) -> Plan:
    """What :func:`apply` would do for schema and access: one step per object, with its state on the server.

    What is missing is created; what exists but differs is told, aspect by aspect, and left alone. A view is not created
    where what it reads or fills is missing or has other columns, nor where history that it would miss cannot be copied
    beside it (``pending``). The loaders' tables are checked for the columns that their Sources declare.
    Nothing is written; three or four queries, whatever the number of objects.
    """
    made = script.Script(
        project, deployment(target), with_sources=with_sources, phases=frozenset((SCHEMA, ACCESS)), quiesced=True
    )
    return Plan(project.name, tuple(schema_steps(made, server)))


def backfill(project: Project, server: Server, *, target: str | Deployment = "single", quiesced: bool = False) -> Plan:
    """What :func:`apply` would do for history: arm, drain, copy into every target that lacks it, refresh.

    ``quiesced`` states that nothing is inserted meanwhile; only then are targets rebuilt that are not overlap-safe, and
    only with ``apply(..., allow="destructive")``, because their old tables are dropped.

    Raises:
        RefusedError: targets that cannot be filled exactly once while rows keep coming, each with its reason.
    """
    where = deployment(target)
    schema = script.Script(project, where, phases=frozenset((SCHEMA,)), quiesced=True)
    filling = script.Script(project, where, quiesced=quiesced, phases=frozenset((BACKFILL,)))
    return Plan(project.name, tuple(backfill_steps(schema, filling, server)))


def apply(plan: Plan, server: Server, *, allow: str = RIGHTS, progress: Callable[[str], None] | None = None) -> Report:
    """Run a plan, statement by statement; run again, it goes on where it stopped.

    ``allow`` is the highest risk that may be taken: ``safe`` (adds something), ``costly`` (reads or writes much),
    ``rights`` (changes who may read what), ``destructive`` (replaces or drops rows). ``progress`` gets a line per step.

    Raises:
        RefusedError: a step is riskier than allowed; nothing was sent.
        ServerError: the server refused a statement, or an object is not there afterwards; ``error.done`` lists what ran.
    """
    check_risk(plan, allow)
    return run(plan, server, progress)


__all__ = ["Plan", "Report", "Step", "apply", "backfill", "plan", "render"]
