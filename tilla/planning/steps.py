"""From a script and a live server to steps: what is there already, what differs, what must wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tilla import text
from tilla.ddl.script import Script
from tilla.ddl.statements import ACCESS, SCHEMA
from tilla.objects.materialized import Trigger
from tilla.planning.plan import CREATE, EXISTS, PENDING, RUN, SKIPPED, Step

if TYPE_CHECKING:
    from tilla.servers import Server

Path = tuple[str, str]


def schema_steps(script: Script, server: Server) -> Iterable[Step]:
    """One step per statement of the schema and access phases."""
    from tilla.ddl import history

    live = live_tables(server, {part.database for part in script.project.parts})
    databases = {row["name"] for row in server.rows("SELECT name FROM system.databases")}
    unsafe = {fill.trigger.path: fill for fill in history.fills(script.project) if not fill.verdict.safe}
    for statement in script.statements():
        path = statement.creates
        if statement.section == "databases":
            yield Step(statement, EXISTS if statement.object in databases else CREATE)
        elif statement.phase == ACCESS and not server.features.access_control:
            yield Step(statement, SKIPPED, "this server has no access control")
        elif statement.phase != SCHEMA or path is None:
            yield Step(statement, RUN)
        elif path in live:
            yield Step(statement, EXISTS)
        elif path in unsafe and _holds_rows(server, unsafe[path].trigger, live):
            yield Step(statement, PENDING, "pending: history; `tilla backfill` arms it")
        else:
            yield Step(statement, CREATE)


def live_tables(server: Server, databases: Iterable[str]) -> dict[Path, str]:
    """What the server has in these databases: path -> engine."""
    names = ", ".join(text.quote_string(name) for name in sorted(databases))
    rows = server.rows(f"SELECT database, name, engine FROM system.tables WHERE database IN ({names})")
    return {(row["database"], row["name"]): row["engine"] for row in rows}


def _holds_rows(server: Server, trigger: Trigger, live: dict[Path, str]) -> bool:
    if trigger.source.path not in live:
        return False
    return bool(server.rows(f"SELECT 1 FROM {trigger.source.qualified_name} LIMIT 1"))


def backfill_steps(script: Script, server: Server) -> Iterable[Step]:
    """One step per statement of the backfill phase."""
    for statement in script.statements():
        yield Step(statement, RUN)
