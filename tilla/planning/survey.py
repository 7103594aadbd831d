"""A project beside a server: what is there, and what of it differs from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from tilla.ddl import generation, history, moment, write
from tilla.ddl.script import Script
from tilla.ddl.statements import ACCESS, Statement
from tilla.objects.materialized import Trigger
from tilla.objects.source import Source
from tilla.planning.compare import compare, source
from tilla.planning.difference import Candidate, Difference, candidate
from tilla.planning.oracle import Oracle
from tilla.planning.shape import read_shape
from tilla.planning.snapshot import LiveTable, Snapshot, printed, take

if TYPE_CHECKING:
    from tilla.objects.base import Part
    from tilla.servers import Server

Path = tuple[str, str]

# Where the printer puts a view's columns, which a declaration of a view does not list.
_BEHIND_NAME = (" COMMENT '", " DEFINER = ", " SQL SECURITY ", " AS ")
_GRANULARITY = ("SETTINGS index_granularity = 8192", ", index_granularity = 8192")


@attrs.frozen(slots=False)
class Survey:
    """``differences`` has an entry for every declared object that is there; an empty one is as declared."""

    script: Script
    statements: Sequence[Statement]
    parts: Mapping[Path, Part]
    snapshot: Snapshot
    differences: Mapping[Path, tuple[Difference, ...]]

    def there(self, path: Path) -> bool:
        """Whether the server has an object."""
        return path in self.snapshot.tables


def survey(script: Script, server: Server) -> Survey:
    """Read the server and compare; three queries, and one for each kind of doubt that only the server can settle."""
    statements = script.statements()
    parts = {part.path: part for part in script.project.parts}
    loaded = [path for path, part in parts.items() if isinstance(part, Source)]
    databases = {history.DATABASE} | {path[0] for path in parts} | {s.creates[0] for s in statements if s.creates}
    skip = set(loaded)
    texts = [s.sql for s in statements if (s.creates and s.creates not in skip) or s.phase == ACCESS]
    snapshot = take(server, databases, loaded, texts)
    bounded = _bounded(script, parts, snapshot, server)
    found: dict[Path, list[Candidate]] = {}
    for statement in statements:
        path = statement.creates
        if path is not None and path in snapshot.tables and path not in skip:
            declared = bounded.get(path, snapshot.formatted[statement.sql])
            found_here = compared(declared, snapshot.tables[path])
            found[path] = [c for c in found_here if c.difference.aspect != f"column {generation.GENERATION}"]
    for path in loaded:
        if path in snapshot.tables:
            found[path] = list(source.differences(parts[path], snapshot.columns[path]))
    real = {id(c) for c in Oracle(server).settle([c for several in found.values() for c in several])}
    differences = {path: tuple(c.difference for c in several if id(c) in real) for path, several in found.items()}
    return Survey(script, statements, parts, snapshot, differences)


def _bounded(script: Script, parts: Mapping[Path, Part], snapshot: Snapshot, server: Server) -> dict[Path, str | None]:
    """What is declared of the views that a backfill has bounded, with that bound: it is no drift."""
    armed: dict[Path, str] = {}
    for path, part in parts.items():
        live = snapshot.tables.get(path)
        if live is None or not isinstance(part, Trigger):
            continue
        if bound := moment.read_bound(live.create):
            query = moment.armed_query(part, *bound)
            armed[path] = write.create_trigger(part, script.deployment.dialect, query=query)
        if bound or not generation.is_used(live.create):
            continue
        carries = generation.carries(live.create)
        if carries and generation.can_carry(part):
            continue
        root = not any(
            getattr(p, "target", p).path == part.source.path for p in parts.values() if isinstance(p, Trigger)
        )
        fires = script.deployment.fires(part.source)
        query = generation.armed_query(part, generation.read_above(live.create), carries, root, fires)
        armed[path] = script.deployment.create_view(part, query)
    formatted = printed(server, list(armed.values()))
    return {path: formatted[sql] for path, sql in armed.items()}


def compared(declared: str | None, live: LiveTable) -> Iterator[Candidate]:
    """Compare one statement with what is there."""
    if declared is None:
        yield candidate("declaration", "", "text that this server's parser refuses")
    elif not plainly_equal(declared, live.create):
        if live.shape is None:
            yield candidate("kind", live.engine, "what Tilla can read")
        else:
            yield from compare(read_shape(declared), live.shape)


def drifted(server: Server, statements: Mapping[Path, str]) -> dict[Path, tuple[Difference, ...]]:
    """What of some objects is there and differs from the statements that would create them. Two queries, and the doubts."""
    snapshot = take(server, {path[0] for path in statements}, (), list(statements.values()))
    found = {
        path: list(compared(snapshot.formatted[sql], snapshot.tables[path]))
        for path, sql in statements.items()
        if path in snapshot.tables
    }
    real = {id(c) for c in Oracle(server).settle([c for several in found.values() for c in several])}
    differences = {path: tuple(c.difference for c in several if id(c) in real) for path, several in found.items()}
    return {path: several for path, several in differences.items() if several}


def plainly_equal(declared: str, live: str) -> bool:
    """Whether two statements are the same but for what the server adds to all: the quick way for what is in order."""
    ours = declared.replace(" IF NOT EXISTS ", " ", 1)
    if ours == live or any(live.replace(f" {text}", "", 1) == ours for text in _GRANULARITY[:1]):
        return True
    if live.replace(_GRANULARITY[1], "", 1) == ours:
        return True
    if not ours.startswith(("CREATE MATERIALIZED VIEW ", "CREATE VIEW ")) or " REFRESH " in ours:
        return False
    places = [place for text in _BEHIND_NAME if (place := ours.find(text)) > 0]
    at = min(places, default=0)
    added = live[at : at + len(live) - len(ours)]
    return added[:2] == " (" and added[-1:] == ")" and live == ours[:at] + added + ours[at:]


# --- what a difference means for those who read or write the object ---

_SHAPE = ("kind", "column ", "type of column ", "declaration", source.LACKS)
_OF_NO_WEIGHT = (
    "comment",
    "codec of ",
    "statistics of ",
    "settings of ",
    "TTL",
    "setting",
    "index ",
    "definer",
    "SQL security",
)


def changes_shape(difference: Difference) -> bool:
    """Whether it makes a view over the object, or into it, something else than declared, or impossible."""
    return difference.aspect.startswith(_SHAPE)


def changes_rows(difference: Difference) -> bool:
    """Whether rows copied into the object, or through the view, would not be those of the declaration."""
    return not difference.aspect.startswith(_OF_NO_WEIGHT)


def first(differences: Iterable[Difference], kind: Callable[[Difference], bool]) -> Difference | None:
    """The first difference of a kind."""
    return next((d for d in differences if kind(d)), None)


__all__ = ["Survey", "changes_rows", "changes_shape", "first", "plainly_equal", "survey"]
