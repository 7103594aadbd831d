"""Schema and access: from a survey to steps. What is there stays; what is missing is created, unless it must wait."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from tilla import errors, graph, text
from tilla.ddl import history
from tilla.ddl.replicas import HOST
from tilla.ddl.script import Script
from tilla.ddl.statements import ACCESS, SCHEMA, Statement
from tilla.objects.source import Source
from tilla.planning import settings
from tilla.planning.plan import CREATE, DIFFERS, DRAIN, EXISTS, HISTORY, PENDING, REPEAT, RIGHTS, RUN, SKIPPED, Step
from tilla.planning.survey import Path, Survey, changes_shape, first, survey
from tilla.servers import Server

_ACCESS_NAMES = (
    "SELECT 'ROLE' AS kind, name FROM system.roles UNION ALL SELECT 'USER', name FROM system.users"
    " UNION ALL SELECT 'SETTINGS PROFILE', name FROM system.settings_profiles UNION ALL SELECT 'QUOTA', name FROM system.quotas"
)
_CREATES_ACCESS = re.compile(r"CREATE (ROLE|USER|SETTINGS PROFILE|QUOTA) IF NOT EXISTS")


def schema_steps(script: Script, server: Server) -> Iterator[Step]:
    """One step per object of the schema and per access statement, sources that are only read included."""
    seen = survey(script, server)
    settings.check(script.project, server, seen.snapshot.tables)
    yield from objects(seen, server)
    yield from _access(seen, server)


def objects(seen: Survey, server: Server) -> Iterator[Step]:
    """The steps of the schema alone."""
    databases = [s for s in seen.statements if s.section == "databases"]
    yield from (Step(s, EXISTS if s.object in seen.snapshot.databases else CREATE) for s in databases)
    created = {s.creates for s in seen.statements}
    sources = [p for p in seen.parts.values() if isinstance(p, Source) and p.path not in created]
    missing: dict[Path, str] = {}
    for part in sources if seen.script.only is None else []:
        statement = Statement(".".join(part.path), SCHEMA, "tables", "", "landed by the loader", part.path)
        yield _read(seen, statement, missing)
    unsafe = {fill.trigger.path: fill for fill in seen.script.fills() if not fill.verdict.safe}
    armed: list[history.Fill] = []
    for statement in seen.statements:
        path = statement.creates
        if statement.phase != SCHEMA or path is None:
            continue
        if path in seen.differences:
            yield _existing(seen, statement, path)
            continue
        if reason := _blocked(seen, path, missing):
            missing[path] = reason
            yield Step(statement, PENDING, reason)
        elif path not in unsafe:
            yield Step(statement, CREATE)
        elif holding(seen, server, unsafe[path]):
            yield Step(statement, PENDING, HISTORY)
        else:
            armed.append(unsafe[path])
            yield Step(statement, CREATE, f"{statement.reason}; there is no history yet")
    if armed:
        yield from markers(seen)
        yield from everywhere(seen.script, [fill.trigger.path for fill in armed])
        yield drain(seen.script)
        yield from complete_from_now_on(seen, armed)


def _read(seen: Survey, statement: Statement, missing: dict[Path, str]) -> Step:
    """A loader's table: it is there with all that is declared, or it is told."""
    path = statement.creates
    assert path is not None
    if path in seen.differences:
        return _existing(seen, statement, path)
    missing[path] = "it is not there"
    return Step(statement, PENDING, "its loader has not landed it yet; --with-sources creates it empty")


def _existing(seen: Survey, statement: Statement, path: Path) -> Step:
    differences = seen.differences[path]
    return Step(statement, DIFFERS if differences else EXISTS, differences=differences)


def _blocked(seen: Survey, path: Path, missing: Mapping[Path, str]) -> str:
    """Why an object cannot be created now: what it needs is missing, or is there with other columns."""
    part = seen.parts.get(path)
    for edge in graph.resolved(part, seen.parts) if part is not None else ():
        needed = (edge.database, edge.name)
        if edge.kind == "grants":
            continue
        if needed in missing:
            return f"waits for {'.'.join(needed)}: {missing[needed]}"
        broken = first(seen.differences.get(needed, ()), changes_shape)
        if broken is not None:
            return f"{'.'.join(needed)} is not as declared: {broken}"
    return ""


# --- history that must not be armed ---


def upstream(fill: history.Fill) -> list[Path]:
    """Everything whose rows reach a target: the view's source, and above it the sources of the views that fill that.

    What rows only pass through is not among them: nothing is there to be asked, and a queue would give its messages away.
    """
    found: dict[Path, None] = {}
    todo = [fill]
    while todo:
        view = todo.pop()
        if not view.trigger.source_passes:
            found[view.trigger.source.path] = None
        todo += view.feeders
    return list(found)


def holding(seen: Survey, server: Server, fill: history.Fill) -> list[Path]:
    """What is upstream of a target and holds rows."""
    return [path for path in upstream(fill) if holds_rows(seen, server, path)]


def holds_rows(seen: Survey, server: Server, path: Path) -> bool:
    """Whether an object is there and has rows; one whose engine does not count them is asked."""
    live = seen.snapshot.tables.get(path)
    if live is None:
        return False
    if live.rows is not None:
        return live.rows > 0
    return bool(server.rows(f"SELECT 1 FROM {text.quote_qualified(*path)} LIMIT 1"))


def complete_from_now_on(seen: Survey, fills: Iterable[history.Fill]) -> Iterator[Step]:
    """Note for views that were armed over nothing that they miss nothing; else no one could tell later.

    The note is only made while there still are no rows after the inserts that ran at the arming have ended.
    """
    for fill in fills:
        still_empty = "".join(
            f"\n  AND (SELECT count() FROM {text.quote_qualified(*path)}) = 0" for path in upstream(fill)
        )
        yield Step(seen.script.mark(fill, still_empty), RUN, "armed before the first row: its history is complete")


def markers(seen: Survey) -> Iterator[Step]:
    """The tables in which it is noted whose history is filled."""
    script = seen.script
    sql = script.deployment.create_database(history.DATABASE)
    reason = "holds the marker of filled history"
    database = Statement(history.DATABASE, "backfill", "databases", sql, reason)
    yield Step(database, EXISTS if history.DATABASE in seen.snapshot.databases else CREATE)
    for statement in script.marker_tables():
        yield Step(statement, EXISTS if statement.creates in seen.snapshot.tables else CREATE)


def drain(script: Script) -> Step:
    """Wait for the inserts that run now: they keep the views that they started with."""
    replicas = script.deployment.replicas
    running = "query_kind IN ('Insert', 'AsyncInsertFlush')"
    sql = f"SELECT query_id FROM {replicas.system('processes')} WHERE {running}{replicas.strict}"
    reason = "inserts that began before a view was armed miss it; wait until they have ended"
    return Step(Statement("system.processes", "backfill", "history", sql, reason), DRAIN)


def everywhere(script: Script, views: Collection[Path]) -> Iterator[Step]:
    """Wait until every replica has some views: an insert through one that has not would miss them, however late it begins."""
    replicas = script.deployment.replicas
    if not replicas:
        return
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in sorted(views))
    have = f"SELECT {HOST} AS host, countIf((database, name) IN ({pairs})) AS n FROM {replicas.system('tables')} GROUP BY host"
    sql = f"SELECT host AS query_id FROM ({have}) WHERE n < {len(set(views))}{replicas.strict}"
    reason = "an insert through a replica that has not heard of a view yet would miss it"
    yield Step(Statement("system.tables", "backfill", "history", sql, reason), DRAIN)


# --- access ---


def _access(seen: Survey, server: Server) -> Iterator[Step]:
    """Access statements converge, so they are sent every time; only new names count as a change.

    Raises:
        StatementRefused: a server without access control cannot even parse one.
    """
    statements = [s for s in seen.statements if s.phase == ACCESS]
    if not statements:
        return
    if not server.features.access_control:
        for statement in statements:
            if seen.snapshot.formatted[statement.sql] is None:
                why = server.check_syntax(statement.sql)
                raise errors.statement_refused(statement.object, statement.sql, 62, why or "the parser refuses it")
            yield Step(statement, SKIPPED, "this server has no access control; its parser accepts the statement")
        return
    known = _access_names(server)
    for statement in statements:
        made = _CREATES_ACCESS.match(statement.sql)
        if made and known is not None:
            yield Step(statement, EXISTS if (made.group(1), statement.object) in known else CREATE)
        else:
            yield Step(statement, REPEAT, risk=RIGHTS)


def _access_names(server: Server) -> set[tuple[str, str]] | None:
    """The roles, users, profiles and quotas that are there; None when the user may not look."""
    try:
        return {(row["kind"], row["name"]) for row in server.rows(_ACCESS_NAMES)}
    except errors.StatementRefused:
        return None
