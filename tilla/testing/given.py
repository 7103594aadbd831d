"""``given(rows).read(relation)``: the pipeline behind a relation, run on the embedded engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tilla import errors, graph
from tilla.ddl.script import Script
from tilla.ddl.statements import BACKFILL, SCHEMA
from tilla.expressions.query import Query
from tilla.expressions.sql import Sql
from tilla.objects.base import Declared, Part, Relation
from tilla.objects.refreshable import RefreshableView
from tilla.objects.uses import query_relations
from tilla.projects import Project

if TYPE_CHECKING:
    from tilla.servers import Server

_numbers = itertools.count(1)

Rows = Sequence[Mapping[str, Any]]


class Given:
    """Rows that have landed in sources. Every :meth:`read` provisions, inserts and reads anew."""

    def __init__(self, rows: Mapping[Relation[Any], Rows], server: Server | None = None) -> None:
        if not isinstance(rows, Mapping):
            raise errors.wrong_kind("given", rows, "sources and their rows", "given({orders: [{'id': 1}]})")
        for relation, landed in rows.items():
            if not isinstance(relation, Relation):
                raise errors.not_a_relation("given", repr(relation))
            _check_rows(f"given {relation.name}", landed)
        self._rows = dict(rows)
        self._server = server

    def read(
        self, wanted: Relation[Any] | Query | Sql, *also: Declared, history: bool = False, order_by: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """The rows of a relation, a query or SQL by hand, one dict per row, sorted by their values (or ``order_by``).

        ``also`` names objects that are not behind the relation but take part: several views into one table.
        ``history=True`` lands the rows before the views exist, so that they arrive by the history statements.

        Raises:
            StatementRefused: the engine refuses a row, or a value in it.
        """
        if not isinstance(wanted, Relation | Query | Sql):
            raise errors.wrong_kind("given read", wanted, "a relation, a query or tl.sql(...)")
        objects = behind([*query_relations(wanted), *also, *self._rows])
        project = Project("given", tuple(objects))
        number = next(_numbers)
        databases = {part.database: f"given_{number}_{part.database}" for part in project.parts}
        own = project.rename(databases)
        from tilla.objects.renaming import Renamer

        rename = Renamer(databases)
        server = self._server or _engine()
        try:
            return self._run(server, own, rename, wanted, history, order_by)
        except errors.TillaError as error:
            names = {new: old for old, new in databases.items()}
            raise errors.reworded(error, lambda text: _with_own_names(text, names)) from None
        finally:
            for name in databases.values():
                server.execute(f"DROP DATABASE IF EXISTS `{name}` SYNC")
            if self._server is None:
                server.close()

    def _run(
        self, server: Server, project: Project, rename: Any, wanted: Any, history: bool, order_by: Sequence[str]
    ) -> list[dict[str, Any]]:
        schema = Script(project, with_sources=True, phases=frozenset((SCHEMA,)), quiesced=True).statements()
        landed = {rename(relation).path for relation in self._rows}
        there = graph.needed_by(project.creation, landed | {source.path for source in project.sources})
        early = [s for s in schema if s.section == "databases" or s.creates in there]
        late = [s for s in schema if s not in early]
        for statement in early if history else schema:
            server.execute(statement.sql)
        for relation, rows in self._rows.items():
            target = rename(relation)
            server.insert(target.database, target.table, list(rows))
        if history:
            for statement in late:
                server.execute(statement.sql)
            _fill(server, project)
        for part in project.ordered(lambda _: 0):
            if isinstance(part, RefreshableView):
                for statement in Script(project, phases=frozenset((BACKFILL,)), quiesced=True).reload(part):
                    server.execute(statement.sql)
                server.execute(f"SYSTEM REFRESH VIEW {part.qualified_name}")
                server.execute(f"SYSTEM WAIT VIEW {part.qualified_name}")
        shown = rename(wanted)
        text = shown.sql() if isinstance(shown, Query | Sql) else _read(shown)
        found = server.rows(text)
        return sorted(found, key=lambda row: _sort_key(row, order_by))


def _with_own_names(text: str, names: Mapping[str, str]) -> str:
    """A message as the user knows the databases: ``given_3_mart.daily`` is ``mart.daily``."""
    for new in sorted(names, key=len, reverse=True):
        text = text.replace(new, names[new])
    return text


def _check_rows(where: str, rows: object) -> None:
    """Refuse what is no list of dicts by column name."""
    if isinstance(rows, Mapping | str) or not isinstance(rows, Iterable):
        raise errors.wrong_kind(where, rows, "a list of rows", "[{'id': 1}, ...]")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise errors.wrong_kind(f"{where}, row {number}", row, "a dict", "{'id': 1}")
        for name in row:
            if not isinstance(name, str):
                raise errors.wrong_kind(f"{where}, row {number}", name, "the name of a column as text", "{'id': 1}")


def _fill(server: Server, project: Project) -> None:
    """Copy history straight from the fills: no marker, since these databases live for one test."""
    from tilla.ddl import history, script

    made = Script(project, phases=frozenset((BACKFILL,)), quiesced=True)
    for fill in history.fills(project):
        for statement in made.reload(*fill.through):
            server.execute(statement.sql)
        select = (
            fill.select("1") if fill.verdict.safe and not fill.trigger.source_passes else history.composed(fill, "1")
        )
        server.execute(
            f"INSERT INTO {fill.target.qualified_name} ({fill.columns()}) SETTINGS {script.FILL_SETTINGS} {select}"
        )


def _read(relation: Any) -> str:
    """Read deduplicated rows: what a user of the relation would see once merges are done."""
    engine = getattr(getattr(relation, "target", relation), "engine", None)
    merged = ("ReplacingMergeTree", "SummingMergeTree", "CollapsingMergeTree", "CoalescingMergeTree")
    names = ", ".join(c.sql() for c in relation.columns)
    is_table = not hasattr(relation, "view") and engine is not None and engine.name.endswith(merged)
    return f"SELECT {names} FROM {relation.qualified_name}{' FINAL' if is_table else ''}"


def _sort_key(row: Mapping[str, Any], order_by: Sequence[str]) -> tuple[Any, ...]:
    names = order_by or tuple(row)
    return tuple((row[name] is not None, _comparable(row[name])) for name in names)


def _comparable(value: Any) -> Any:
    return "" if value is None else value if isinstance(value, int | float | str) else str(value)


def behind(objects: Iterable[Declared]) -> list[Declared]:
    """The objects and everything that they are made from."""
    found: dict[int, Declared] = {}
    names: set[str] = set()

    waiting: list[Iterator[Any]] = [iter(list(objects))]
    while waiting:
        part = next(waiting[-1], None)
        if part is None:
            waiting.pop()
            continue
        item = getattr(part, "made_by", None) or part  # a table of states alone would stay empty
        if id(item) in found or (isinstance(item, Part) and item.name in names):
            continue
        found[id(item)] = item
        names.update(part.name for part in item.parts())
        waiting.append(needed for needed in getattr(item, "needs", tuple)() if isinstance(needed, Declared))
    return list(found.values())


def _engine() -> Server:
    from tilla.servers import connect

    return connect("chdb://memory")


def given(rows: Mapping[Relation[Any], Rows], *, server: Server | None = None) -> Given:
    """Land rows in sources (``{source: [row, ...]}``; a row leaves out what it does not care about).

    ``server`` is the embedded engine in memory when it is not given.
    """
    return Given(rows, server)
