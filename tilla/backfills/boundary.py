"""Targets that are not overlap-safe: a generation column draws the line between history and new rows.

In this order, each step journaled before and after, and harmless when it is done again: **mark** (the column is on the
source and reads 0), **settle** (drained, and written into every part), **carry** (tables in between hand it on; drained), **arm**
(views over generation T and later), **switch** (new rows get T; drained). From here on the rows below T are a frozen set.
Settling after the switch would make history of new rows and is never done: what the live column says decides.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tilla import errors, text
from tilla.backfills.journal import JOURNAL
from tilla.backfills.plan import Boundary, Carry, Target
from tilla.backfills.replicas import PATIENCE, about, hosts, pauses, sync, wait
from tilla.backfills.staging import remember
from tilla.ddl import generation, moment
from tilla.ddl.branches import Branch
from tilla.ddl.deployment import Deployment
from tilla.ddl.generation import GENERATION
from tilla.ddl.history import Fill
from tilla.ddl.replicas import HOST, Replicas
from tilla.ddl.statements import Statement
from tilla.objects.materialized import Trigger
from tilla.objects.source import Source
from tilla.planning.plan import RUN, Step
from tilla.planning.snapshot import Snapshot
from tilla.planning.survey import Survey
from tilla.projects import Project
from tilla.servers import Server

Path = tuple[str, str]

MARKED, SETTLED, CARRIED, ARMED, SWITCHED = "marked", "settled", "carried", "armed", "switched"


# --- planning ---


def current(server: Server, tables: Iterable[Path], replicas: Replicas) -> dict[Path, int | None]:
    """The generation that rows of each table get now, on whichever replica is furthest; None where it has no such column."""
    wanted = sorted(set(tables))
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in wanted)
    found: dict[Path, int | None] = dict.fromkeys(wanted)
    if wanted:
        for row in server.rows(
            f"SELECT database, table, max(toUInt16OrZero(default_expression)) AS value FROM {replicas.system('columns')}"
            f" WHERE name = '{GENERATION}' AND (database, table) IN ({pairs}) GROUP BY database, table{replicas.strict}"
        ):
            found[row["database"], row["table"]] = int(row["value"])
    return found


def owners(project: Project, deployment: Deployment) -> dict[Path, Any]:
    """Path -> the object of a project whose rows are there; on a cluster a pair of tables is one object."""
    parts = [part for part in project.parts if not isinstance(part, Trigger)]
    kept = {text.read_qualified(deployment.fires(part)): part for part in parts}
    return {**kept, **{part.path: part for part in project.parts}}


def draw(
    project: Project,
    deployment: Deployment,
    snapshot: Snapshot,
    fill: Fill,
    ways: Sequence[Branch],
    *,
    armed: Mapping[Path, int],
    carrying: Collection[Path],
    begun: bool,
    syncs_paused: bool,
    shards: int,
) -> Boundary:
    """The boundary of one history.

    ``armed`` has the generation of every view that is bounded in this run, this one's among them, ``carrying`` all views that
    must hand the generation on. ``begun``: an earlier run began to draw this very boundary. ``shards`` is how many there are.

    Raises:
        RefusedError: there can be none here; says why, and the ways out.
    """
    verdict, number = fill.verdict, armed[fill.trigger.path]
    parts, ways_out = owners(project, deployment), deployment.ways_out(verdict.ways_out)
    mistakes = errors.Collector()
    roots = tuple(dict.fromkeys(branch.root for branch in ways))
    if not verdict.bounded:
        raise errors.history_refused(fill.name, verdict.reason, ways_out)
    if why := deployment.no_boundary(shards):
        raise errors.boundary_impossible(fill.name, why, verdict.reason, ways_out)
    for root in roots:
        live = snapshot.tables.get(root)
        if live is None:
            what = f"{'.'.join(root)}, which keeps its rows, is not there"
            mistakes.add(errors.boundary_impossible(fill.name, what, verdict.reason, ways_out))
        elif deployment.on_cluster and not live.engine.startswith("Replicated"):
            what = f"{'.'.join(root)} is a {live.engine}, so each replica has rows of its own there"
            mistakes.add(errors.boundary_impossible(fill.name, what, verdict.reason, ways_out))
        elif not live.engine.endswith("MergeTree"):
            what = f"{'.'.join(root)} is a {live.engine}, which keeps no further column"
            mistakes.add(errors.boundary_impossible(fill.name, what, verdict.reason, ways_out))
        elif isinstance(parts.get(root), Source) and not syncs_paused:
            mistakes.add(errors.loader_owns_source(fill.name, ".".join(root), verdict.reason, ways_out))
    carried = []
    for path in dict.fromkeys(path for branch in ways for path in branch.through[:-1]):
        trigger = parts[path]
        if why := generation.can_carry(trigger):
            what = f"{'.'.join(path)} cannot hand the generation on: {why}"
            mistakes.add(errors.boundary_impossible(fill.name, what, verdict.reason, ways_out))
            continue
        view = snapshot.tables.get(path)
        above = generation.read_above(view.create) if view is not None else armed.get(path)
        table, kept = (text.read_qualified(n) for n in (deployment.fills(trigger), deployment.keeps(trigger.target)))
        query = _armed(deployment, trigger, above, roots, carry=True)
        carried.append(Carry(path, table, query, (kept,) if kept != table else ()))
    view = snapshot.tables.get(fill.trigger.path)
    if view is not None and generation.read_above(view.create) != number:
        mistakes.add(errors.view_without_boundary(fill.name, ".".join(fill.trigger.path), ways_out))
    elif view is not None and not begun:
        what = f"{'.'.join(fill.trigger.path)} has a bound that the journal knows nothing of"
        mistakes.add(errors.boundary_lost(fill.name, what))
    mistakes.raise_all()
    query = _armed(deployment, fill.trigger, number, roots, carry=fill.trigger.path in carrying)
    return Boundary(number, roots, tuple(carried), deployment.create_view(fill.trigger, query))


def _armed(deployment: Deployment, trigger: Trigger, above: int | None, roots: Collection[Path], *, carry: bool) -> str:
    """The SELECT of a view over the rows from one generation on, as it stands on this deployment."""
    table = deployment.fires(trigger.source)
    return generation.armed_query(trigger, above, carry, text.read_qualified(table) in roots, table)


# --- carrying it out ---


def establish(
    server: Server,
    targets: Sequence[Target],
    note: Callable[[Target, str, object], None],
    drains: Callable[[], None],
    say: Callable[[str], None],
    replicas: Replicas,
) -> None:
    """Mark, settle, carry, arm and switch for some targets. The drain after the switch is the caller's.

    Where there are several replicas, none goes to the next step before all have done this one.
    """
    bounded = [(target, target.boundary) for target in targets if target.boundary is not None]
    roots = sorted({root for _, line in bounded for root in line.roots})

    def noted(state: str, detail: Mapping[str, object]) -> None:
        for target, _ in bounded:
            note(target, state, detail)

    shown = [".".join(root) for root in roots]
    say(
        f"    drawing a boundary on {', '.join(shown)}; let the loader rest meanwhile: a batch that it sends again counts twice"
    )
    have = _settled_down(server, roots, replicas)
    for target, line in bounded:
        if not create_of(server, target.view) and any((have[root] or 0) >= line.generation for root in line.roots):
            raise errors.plan_outdated(target.name)
    for root in roots:
        if have[root] is None:
            server.execute(generation.mark(replicas.everywhere(root)))
        _wait_for_column(server, replicas, root)
    noted(MARKED, {"roots": shown})
    have = current(server, roots, replicas)
    fresh = [root for root in roots if not have[root]]
    if fresh:
        drains()
        for root in fresh:
            sync(server, replicas, root)
            server.execute(generation.settle(replicas.everywhere(root)), settings={"mutations_sync": 2})
            unfinished = f"{about(root)} AND NOT is_done AND position(command, '{GENERATION}') > 0"
            wait(server, replicas, f"{GENERATION} in the parts of {'.'.join(root)}", "mutations", unfinished, gone=True)
    for root in roots:
        sync(server, replicas, root)
        check_parts(server, root, replicas)
    noted(SETTLED, {"roots": shown})
    carries = {one.view: one for _, line in bounded for one in line.carried}
    changed = carry(server, carries.values(), replicas)
    if changed:
        drains()
    noted(CARRIED, {"views": [".".join(view) for view in carries]})
    for target, line in bounded:
        remember(server, target)
        server.execute(line.arm)
        _wait_for_view(
            server, replicas, target.view, f"position(create_table_query, '{GENERATION} >= {line.generation}') > 0"
        )
    noted(ARMED, {"views": [".".join(target.view) for target, _ in bounded]})
    have = current(server, roots, replicas)
    for root in roots:
        number = max(line.generation for _, line in bounded if root in line.roots)
        if (have[root] or 0) < number:
            server.execute(generation.switch(replicas.everywhere(root), number))
        _wait_for_column(server, replicas, root, max(have[root] or 0, number))
    noted(SWITCHED, {"roots": shown, "generation": max(line.generation for _, line in bounded)})


def _settled_down(server: Server, roots: Sequence[Path], replicas: Replicas) -> dict[Path, int | None]:
    """The generations, when no statement of an earlier run can change them any more.

    A client that was killed leaves its statement in the queue of ON CLUSTER, which is worked off in order: when one that changes
    nothing comes back, those before it are done. On Cloud it may still run on the replica that was asked.
    """
    have = current(server, roots, replicas)
    if not replicas:
        return have
    for root in roots:
        name = text.quote_string(f"ALTER TABLE {text.quote_qualified(*root)}")
        altering = f"startsWith(query, {name}) AND position(query, '{GENERATION}') > 0"
        wait(server, replicas, f"an ALTER of {'.'.join(root)}", "processes", altering, gone=True)
        if have[root] is not None:
            server.execute(generation.mark(replicas.everywhere(root)))
            sync(server, replicas, root)
    return current(server, roots, replicas)


def _wait_for_column(server: Server, replicas: Replicas, root: Path, number: int | None = None) -> None:
    """Wait until every replica of a root has the column, with one number."""
    default = "" if number is None else f" AND toUInt16OrZero(default_expression) = {number}"
    where = f"{about(root)} AND name = '{GENERATION}'{default}"
    wait(server, replicas, f"{GENERATION} of {'.'.join(root)}", "columns", where)


def _wait_for_view(server: Server, replicas: Replicas, view: Path, condition: str) -> None:
    """Wait until every replica has a view with a certain SELECT."""
    wait(server, replicas, f"the SELECT of {'.'.join(view)}", "tables", f"{about(view, 'name')} AND {condition}")


def carry(server: Server, carries: Iterable[Carry], replicas: Replicas) -> bool:
    """Let views in between hand the generation on; those that do so already, or are created later, are left alone."""
    changed = False
    for one in carries:
        for table in (*one.behind, one.table):
            server.execute(generation.carry(replicas.everywhere(table)))
            wait(
                server,
                replicas,
                f"{GENERATION} of {'.'.join(table)}",
                "columns",
                f"{about(table)} AND name = '{GENERATION}'",
            )
        create = create_of(server, one.view)
        if create and not (generation.carries(create) and not _lacking(server, replicas, one.view)):
            modify(server, one.view, one.query, one.table, replicas)
            changed = True
    return changed


def _lacking(server: Server, replicas: Replicas, view: Path) -> set[str]:
    """The replicas on which a view does not hand the generation on."""
    if not replicas:
        return set()
    return hosts(server, replicas, "one") - hosts(server, replicas, "tables", f"{about(view, 'name')} AND {_CARRIES}")


_CARRIES = f"position(create_table_query, '`{GENERATION}` {generation.TYPE}') > 0"


def modify(server: Server, view: Path, query: str, table: Path, replicas: Replicas) -> None:
    """MODIFY QUERY, after the name check that ClickHouse does not make: an unknown name would be lost in silence (26.9)."""
    check_names(server, view, query, table)
    server.execute(generation.modify(replicas.everywhere(view), query))
    _wait_for_view(server, replicas, view, _CARRIES)


def check_names(server: Server, view: Path, query: str, table: Path) -> None:
    """Raise when a SELECT gives a name that the table has not."""
    names = [row["name"] for row in server.rows(f"DESCRIBE TABLE (\n{query}\n)")]
    known = [row["name"] for row in server.rows(f"DESCRIBE TABLE {text.quote_qualified(*table)}")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise errors.modify_query_names(".".join(view), unknown, known)


def create_of(server: Server, path: Path) -> str:
    """The CREATE of what is there under a name, or ''."""
    return str(
        server.scalar(
            "SELECT create_table_query FROM system.tables"
            f" WHERE database = {text.quote_string(path[0])} AND name = {text.quote_string(path[1])}"
        )
        or ""
    )


def uuid_of(server: Server, path: Path) -> str:
    """The identity of what is there under a name, or ''."""
    return str(server.scalar(f"SELECT toString(uuid) FROM system.tables WHERE {about(path, 'name')}") or "")


def check_parts(server: Server, root: Path, replicas: Replicas) -> None:
    """Raise when a part lacks the column, on any replica: it would read whatever number is current."""
    lacking = 0
    for pause in pauses(PATIENCE if replicas else 0):  # a replica that lags may not have heard of the mutation yet
        lacking = server.scalar(
            f"SELECT count() FROM (SELECT {HOST} AS host, name FROM {replicas.system('parts_columns')}"
            f" WHERE {about(root)} AND active AND rows > 0 GROUP BY host, name HAVING countIf(column = '{GENERATION}') = 0)"
            f"{replicas.strict}"
        )
        if not lacking:
            return
        time.sleep(pause)
    if lacking:
        what = f"{lacking} parts of {'.'.join(root)} lack the column {GENERATION} (attached or moved in past INSERT)"
        raise errors.boundary_lost(".".join(root), what)


# --- taking it out again ---


def disarm(seen: Survey, server: Server, unfilled: Collection[Path], drains: Step) -> Iterator[Step]:
    """Give every bounded view its declared SELECT, wait, and take the column out wherever it is.

    Raises:
        RefusedError: a history whose boundary is still needed; all of them, before anything is sent.
    """
    views = [
        part for part in seen.parts.values() if isinstance(part, Trigger) and _bounded(seen, part.path, dated=True)
    ]
    mistakes = errors.Collector()
    for view in views:
        if view.path in unfilled:
            mistakes.add(errors.not_filled_yet(".".join(view.target.path), ".".join(view.path)))
    mistakes.raise_all()
    for view in sorted(views, key=lambda view: generation.carries(seen.snapshot.tables[view.path].create)):
        why = "its history is filled: the bound is not needed any more"
        yield from released(server, view, why, seen.script.deployment)
    if views:
        yield drains
    kept = owners(seen.script.project, seen.script.deployment)
    tables = sorted({p for p in seen.snapshot.tables if p in kept and not isinstance(kept[p], Trigger)})
    replicas = seen.script.deployment.replicas
    for path, number in current(server, tables, replicas).items():
        if number is not None:
            shown, sql = ".".join(path), generation.remove(replicas.everywhere(path))
            yield Step(
                Statement(shown, "backfill", "history", sql, "the generation column is not needed any more"), RUN
            )


def released(server: Server, view: Trigger, reason: str, deployment: Deployment) -> Iterator[Step]:
    """Give a view the SELECT that is declared."""
    query = deployment.view_query(view)
    check_names(server, view.path, query, text.read_qualified(deployment.fills(view)))
    shown = ".".join(view.path)
    sql = generation.modify(deployment.replicas.everywhere(view.path), query)
    yield Step(Statement(shown, "backfill", "history", sql, reason), RUN)
    for target in (".".join(view.target.path),):
        row = f"'disarm', {text.quote_string(target)}, '', 0, (SELECT max(seq) + 1 FROM {JOURNAL}), 'disarmed'"
        detail = text.quote_string(json.dumps({"view": shown, "why": reason}, ensure_ascii=False))
        sql = f"INSERT INTO {JOURNAL} (run, target, declaration, slice, seq, state, detail) SELECT {row}, {detail}"
        yield Step(Statement(target, "backfill", "history", sql, "noted in the journal"), RUN)


def vanished(seen: Survey, server: Server) -> list[Trigger]:
    """The bounded views whose source has lost the column: a loader has swapped it, and every insert fails since."""
    views = [part for part in seen.parts.values() if isinstance(part, Trigger) and _bounded(seen, part.path)]
    where = seen.script.deployment
    roots = {view.path: text.read_qualified(where.fires(view.source)) for view in views}
    have = current(server, roots.values(), where.replicas) if views else {}
    return [view for view in views if have[roots[view.path]] is None]


def _bounded(seen: Survey, path: Path, dated: bool = False) -> bool:
    """Whether a live view is bounded by a generation, or, ``dated``, by a moment."""
    live = seen.snapshot.tables.get(path)
    if live is None:
        return False
    return generation.is_used(live.create) or (dated and moment.read_bound(live.create) is not None)
