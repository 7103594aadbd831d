"""The live state in few queries: four for any number of objects, none of them per object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import attrs

from tilla import errors, text
from tilla.planning.shape import Shape, comment_first, read_shape
from tilla.servers import Server

Path = tuple[str, str]

# What a statement may hold at most where the setting for more is refused (max_query_size, default 262,144 bytes).
_PORTION = 150_000


@attrs.frozen(slots=False)
class LiveTable:
    """One object on the server. ``rows`` is None where the engine does not know (views, Distributed)."""

    engine: str
    create: str
    rows: int | None

    @cached_property
    def shape(self) -> Shape | None:
        """Its statement, cut apart; None when it is no table, view or dictionary that can be read."""
        try:
            return read_shape(self.create)
        except ValueError:
            return None


@attrs.frozen
class Snapshot:
    """What is there. ``columns`` holds name -> type of the loaders' tables only."""

    databases: frozenset[str]
    tables: Mapping[Path, LiveTable]
    columns: Mapping[Path, Mapping[str, str]]
    formatted: Mapping[str, str | None]
    """Our statements as the server prints them; None where its parser refuses one."""


def take(server: Server, databases: Iterable[str], sources: Iterable[Path], statements: Sequence[str]) -> Snapshot:
    """Read the objects of some databases, the columns of some tables, and how the server prints our statements."""
    listed = _strings(databases)
    found = server.rows(
        "SELECT database, name, engine, create_table_query, total_rows FROM system.tables"
        f" WHERE database IN ({listed})"
        " UNION ALL SELECT name, '', '', '', NULL FROM system.databases"
    )
    tables = {
        (row["database"], row["name"]): LiveTable(
            row["engine"], comment_first(row["create_table_query"]), row["total_rows"]
        )
        for row in found
        if row["name"]
    }
    known = frozenset(row["database"] for row in found if not row["name"])
    present = [path for path in sources if path in tables]
    return Snapshot(known, tables, _columns(server, present), printed(server, statements))


def _strings(values: Iterable[str]) -> str:
    return ", ".join(text.quote_string(value) for value in sorted(values)) or "''"


def _columns(server: Server, paths: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """Name -> type of the columns of each table."""
    if not paths:
        return {}
    pairs = ", ".join(f"({_strings([path[0]])}, {_strings([path[1]])})" for path in sorted(paths))
    columns: dict[Path, dict[str, str]] = {path: {} for path in paths}
    for row in server.rows(
        f"SELECT database, table, name, type FROM system.columns WHERE (database, table) IN ({pairs}) ORDER BY position"
    ):
        columns[row["database"], row["table"]][row["name"]] = row["type"]
    return columns


def printed(server: Server, statements: Sequence[str]) -> dict[str, str | None]:
    """Each statement as the server's own printer writes it, all of them in one query."""
    if not statements:
        return {}
    try:
        return _print(server, statements, {"max_query_size": 2**30})
    except errors.StatementRefused:  # a user who may not change settings, or a constraint on this one
        found: dict[str, str | None] = {}
        for portion in _portions(statements):
            found |= _print(server, portion, {})
        return found


def _print(server: Server, statements: Sequence[str], settings: Mapping[str, object]) -> dict[str, str | None]:
    listed = ", ".join(text.quote_string(statement) for statement in statements)
    rows = server.rows(f"SELECT formatQuerySingleLineOrNull(arrayJoin([{listed}])) AS printed", settings=settings)
    shown = (row["printed"] for row in rows)
    return {statement: sql and comment_first(sql) for statement, sql in zip(statements, shown, strict=True)}


def _portions(statements: Sequence[str]) -> Iterable[Sequence[str]]:
    portion: list[str] = []
    size = 0
    for statement in statements:
        if portion and size + len(statement) > _PORTION:
            yield portion
            portion, size = [], 0
        portion.append(statement)
        size += len(statement)
    yield portion
