"""The verbs that meet a server. Only :func:`apply` writes; the others return values that can be printed and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, overload

from tilla import errors
from tilla.backfills import run as filling
from tilla.backfills.plan import Backfill, Options
from tilla.backfills.prepare import prepare
from tilla.backfills.run import Filled
from tilla.ddl import script
from tilla.ddl.deployment import Deployment, deployment
from tilla.ddl.statements import ACCESS, BACKFILL, PHASES, SCHEMA
from tilla.planning.plan import COSTLY, RIGHTS, RISKS, Plan, Step
from tilla.planning.run import Report, check_risk, run
from tilla.planning.steps import schema_steps
from tilla.projects import Project

if TYPE_CHECKING:
    from tilla.servers import Server


def _check(project: object, server: object = ...) -> None:
    """Refuse another thing in a project's or a server's place, before it fails where nobody understands it."""
    if not isinstance(project, Project):
        raise errors.wrong_kind("project", project, "a project", 'tl.project("shop", orders, ...)')
    if server is not ...:
        _check_server(server)


def _check_server(server: object) -> None:
    if not hasattr(server, "rows"):
        raise errors.wrong_kind("server", server, "a server", 'tl.connect("clickhouse://user@host:8443/?secure=true")')


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
    _check(project)
    chosen = (phases,) if isinstance(phases, str) else tuple(phases)
    for phase in chosen:
        if phase not in PHASES:
            raise errors.bad_option("phases", phase, ", ".join(PHASES))
    made = script.Script(
        project, deployment(target), with_sources=with_sources, quiesced=quiesced, phases=frozenset(chosen)
    )
    return made.text()


def plan(project: Project, server: Server, *, target: str | Deployment = "single", with_sources: bool = False) -> Plan:
    """What :func:`apply` would do for schema and access: one step per object, with its state on the server.

    What is missing is created; what exists but differs is told, aspect by aspect, and left alone. A view is not created
    where what it reads or fills is missing or has other columns, nor where history that it would miss cannot be copied
    beside it (``pending``). The loaders' tables are checked for the columns that their Sources declare.
    Nothing is written; three or four queries, whatever the number of objects.
    """
    _check(project, server)
    where = deployment(target).among(lambda: server.features.clusters)
    phases = frozenset((SCHEMA, ACCESS))
    made = script.Script(project, where, with_sources=with_sources, phases=phases, quiesced=True)
    return Plan(project.name, tuple(schema_steps(made, server)))


def backfill(
    project: Project,
    server: Server,
    *,
    target: str | Deployment = "single",
    quiesced: bool = False,
    repair: bool = False,
    disarm: bool = False,
    syncs_paused: bool = False,
    slice_rows: int = 5_000_000,
    workers: int = 2,
    reconcile: bool = True,
) -> Backfill:
    """What :func:`apply` would do for history: arm, drain, fill every target that lacks it slice by slice, refresh, compare.

    A target that is not overlap-safe gets a boundary: a hidden generation column on its source. On a loader's table that is
    refused unless ``syncs_paused`` states that its syncs are. ``disarm`` takes the boundaries of filled histories out again.
    With ``repair`` every target is compared with its sources. Where it is overlap-safe, the partitions that lack something are filled
    again; else it is built anew beside its views, and with ``apply(..., allow="destructive")`` also where it holds more than they say.
    A slice has at most about ``slice_rows`` source rows and runs on one thread; ``workers`` run at a time. ``quiesced`` states
    that nothing is inserted meanwhile; only then are targets rebuilt that are not overlap-safe, and only with
    ``apply(..., allow="destructive")``, because their old tables are dropped. Nothing is written here.

    Raises:
        RefusedError: targets that cannot be filled exactly once while rows keep coming, each with its reason; or whose journal
            is about another version of the declaration.
    """
    _check(project, server)
    where = deployment(target).among(lambda: server.features.clusters)
    schema = script.Script(project, where, phases=frozenset((SCHEMA,)), quiesced=True)
    history = script.Script(project, where, quiesced=quiesced, phases=frozenset((BACKFILL,)))
    chosen = Options(
        quiesced=quiesced,
        repair=repair,
        disarm=disarm,
        syncs_paused=syncs_paused,
        slice_rows=slice_rows,
        workers=workers,
        reconcile=reconcile,
    )
    return prepare(schema, history, server, chosen)


@overload
def apply(
    plan: Plan, server: Server, *, allow: str = RIGHTS, progress: Callable[[str], None] | None = None
) -> Report: ...


@overload
def apply(
    plan: Backfill, server: Server, *, allow: str = RIGHTS, progress: Callable[[str], None] | None = None
) -> Filled: ...


def apply(
    plan: Plan | Backfill, server: Server, *, allow: str = RIGHTS, progress: Callable[[str], None] | None = None
) -> Report | Filled:
    """Run a plan, statement by statement; run again, it goes on where it stopped.

    ``allow`` is the highest risk that may be taken: ``safe`` (adds something), ``costly`` (reads or writes much),
    ``rights`` (changes who may read what), ``destructive`` (replaces or drops rows). ``progress`` gets a line per step.

    Raises:
        RefusedError: a step is riskier than allowed, and nothing was sent; or another backfill is at one of the targets.
        ServerError: the server refused a statement, or an object is not there afterwards; ``error.done`` lists what ran.
    """
    if not isinstance(plan, Plan | Backfill):
        raise errors.wrong_kind("tl.apply", plan, "a plan", "tl.apply(tl.plan(project, server), server)")
    _check_server(server)
    if isinstance(plan, Backfill):
        check_risk(plan.beside, allow)
        if plan.targets and RISKS.index(allow) < RISKS.index(COSTLY):
            raise errors.risk_exceeded(plan.targets[0].name, COSTLY, "it copies history", allow)
        return filling.run(plan, server, progress, destructive=allow == RISKS[-1])
    check_risk(plan, allow)
    return run(plan, server, progress)


__all__ = ["Backfill", "Filled", "Plan", "Report", "Step", "apply", "backfill", "plan", "render"]
