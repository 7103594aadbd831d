"""From a project to the whole provisioning flow, statement by statement, in the only order that works.

Sections: databases, tables, views, history, refresh, access. Every statement can run twice: objects are created IF NOT
EXISTS, and a copy of history is guarded by a marker row, read as a scalar subquery inside the bounded source, so that a second
run reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors, graph, text
from tilla.ddl import history, write
from tilla.ddl.deployment import FILL_SETTINGS, SINGLE, Deployment, section_of
from tilla.ddl.statements import ACCESS, BACKFILL, PHASES, SCHEMA, SECTIONS, Statement
from tilla.objects.access import access_statements
from tilla.objects.dictionary import Dictionary
from tilla.objects.refreshable import RefreshableView
from tilla.objects.source import Source
from tilla.objects.table import Table

if TYPE_CHECKING:
    from tilla.objects.base import Part
    from tilla.projects import Project


@attrs.frozen(slots=False)
class Script:
    """What ``emit`` prints: a project rendered for one deployment.

    ``quiesced`` states that nothing is inserted while the script runs; only then may it fill targets that are not
    overlap-safe. ``only`` limits the statements to the objects of those paths.
    """

    project: Project
    deployment: Deployment = SINGLE
    with_sources: bool = False
    quiesced: bool = False
    phases: frozenset[str] = frozenset(PHASES)
    only: frozenset[tuple[str, str]] | None = None

    def statements(self) -> list[Statement]:
        """The statements in the order in which they must run.

        Raises:
            RefusedError: the deployment cannot have an object, or a static script cannot fill a target unless inserts
                are quiesced.
        """
        return list(self._statements)

    @cached_property
    def _statements(self) -> tuple[Statement, ...]:
        self.deployment.check(self.project)
        found: list[Statement] = []
        if SCHEMA in self.phases or BACKFILL in self.phases:
            found += self._databases()
        if BACKFILL in self.phases and self.fills():
            found += self.marker_tables()
        if SCHEMA in self.phases:
            found += self._schema()
        if BACKFILL in self.phases:
            refreshed = [statement for part in self.refreshed() for statement in self.refresh(part)]
            found += _once([*self._history(), *refreshed])
        if ACCESS in self.phases:
            found += self._access()
        return tuple(found)

    # --- schema ---

    def _wanted(self, part: Part) -> bool:
        return (self.only is None or part.path in self.only) and (self.with_sources or not isinstance(part, Source))

    def _databases(self) -> list[Statement]:
        """The databases that are written to; a loader makes its own."""
        names = {part.database for part in self.project.parts if self._wanted(part)} if SCHEMA in self.phases else set()
        found = [
            Statement(name, SCHEMA, "databases", self.deployment.create_database(name), "holds the objects below")
            for name in sorted(names)
        ]
        if BACKFILL in self.phases and self.fills():
            sql = self.deployment.create_database(history.DATABASE)
            found.append(Statement(history.DATABASE, BACKFILL, "databases", sql, "holds the marker of filled history"))
        return found

    def marker_tables(self) -> list[Statement]:
        """The tables that say which history is filled."""
        reason = "one row per filled target and declaration"
        return [
            Statement(name, BACKFILL, "tables", sql, reason, text.read_qualified(name))
            for name, sql in self.deployment.create_marker()
        ]

    def _schema(self) -> list[Statement]:
        rank = {"tables": 0, "views": 1}
        found: list[Statement] = []
        for part in self.project.ordered(lambda p: rank[section_of(p)]):
            if self._wanted(part):
                found += self.deployment.create(part)
        return found

    # --- history ---

    def fills(self) -> list[history.Fill]:
        """The histories to fill, each after those that it reads; a table that keeps no rows has none."""
        return [fill for fill in self._every_fill if self.only is None or fill.trigger.path in self.only]

    @cached_property
    def _every_fill(self) -> tuple[history.Fill, ...]:
        return tuple(history.fills(self.project))

    @cached_property
    def _kept(self) -> dict[tuple[str, str], Part]:
        """What holds a result of its own that must be brought up to date before it is read, in the order in which to do it."""
        found = {
            part.path: part
            for part in self.project.parts
            if (isinstance(part, Dictionary) and not part.layout.direct)
            or (isinstance(part, RefreshableView) and not part.append and self._wanted(part))
        }
        order = self.project.ordered(lambda p: 0) if len(found) > 1 else found.values()
        return {part.path: part for part in order if part.path in found}

    def _history(self) -> list[Statement]:
        found: list[Statement] = []
        mistakes = errors.Collector()
        rebuilt: set[tuple[str, str]] = set()
        for fill in self.fills():
            if fill.verdict.safe:
                found += self.copy(fill)
            elif not self.quiesced:
                mistakes.add(errors.not_overlap_safe(fill.name, fill.verdict.reason, fill.verdict.ways_out))
            elif fill.target.path not in rebuilt:
                with mistakes.catch():
                    self.deployment.refuse_rebuild(fill)
                rebuilt.add(fill.target.path)
                found += self.rebuild([f for f in self._every_fill if f.target.path == fill.target.path])
        mistakes.raise_all()
        return found

    def copy(self, fill: history.Fill) -> list[Statement]:
        """Copy history into an overlap-safe target while its view is alive."""
        guard = not_filled(fill)
        select = history.composed(fill, guard) if fill.trigger.source_passes else fill.select(guard)
        found = [*self.deployment.settle(fill.trigger, "history"), *self.reload(*fill.through)]
        sql = (
            f"INSERT INTO {self.deployment.storage(fill.target)} ({fill.columns()})\n"
            f"SETTINGS {self.deployment.fill_settings}\n{select}"
        )
        reason = f"history of {fill.trigger.source.name}; safe beside the view: {fill.verdict.reason}"
        return [*found, self._statement(fill, sql, reason), self.mark(fill)]

    def reload(self, *parts: Part) -> list[Statement]:
        """Bring up to date what SELECTs look up: what that is computed or loaded from may have been filled just now.

        A refreshable view is created EMPTY, a dictionary loaded when it is first asked: a join with it would find nothing.
        """
        if not self._kept:
            return []
        paths = [part.path for part in parts]
        needed = graph.needed_by(self.project.creation, paths) - set(paths)
        section = "refresh" if isinstance(parts[-1], RefreshableView) else "history"
        reason = f"{'.'.join(paths[-1])} looks it up"
        found: list[Statement] = []
        for path, kept in self._kept.items():
            if path not in needed:
                continue
            if isinstance(kept, Dictionary):
                sql = f"SYSTEM RELOAD DICTIONARY{self.deployment.dialect.cluster()} {kept.qualified_name}"
                found.append(Statement(".".join(path), BACKFILL, section, sql, reason))
            elif section == "history":  # one that is refreshed itself comes after those that it reads
                found += [*self.deployment.settle(kept, section), *self._refresh(kept, section, reason)]
        return found

    def rebuild(self, fills: Sequence[history.Fill]) -> list[Statement]:
        """Build a target aside from its roots, exchange it in, drop the old one.

        The copy aside starts with the rows of the target, emptied unless the marker is there: so a second run exchanges equal
        contents. The parts of a MergeTree are attached, which copies no rows; other engines have none. (CLONE AS does both at once, but
        25.8 looks for the table in the current database.)
        """
        target = fills[0].target
        aside = self.deployment.aside(target)
        guards = [not_filled(fill) for fill in fills]
        empty = " OR ".join(guards)
        named = ".".join(target.path)
        parts = target.engine.keyed
        every = ", ".join(text.quote_identifier(c.name) for c in target.columns if c.default_kind in ("", "DEFAULT"))
        kept = (
            f"ALTER TABLE {aside} DELETE WHERE {empty} SETTINGS mutations_sync = 2"
            if parts
            else f"INSERT INTO {aside} ({every})\nSELECT {every} FROM {target.qualified_name} WHERE NOT ({empty})"
        )
        steps = [
            (f"DROP TABLE IF EXISTS {aside} SYNC", f"left over from an earlier run of the rebuild of {named}"),
            (f"CREATE TABLE {aside} AS {target.qualified_name}", f"{named}, aside"),
            *[(f"ALTER TABLE {aside} ATTACH PARTITION ALL FROM {target.qualified_name}", "its rows")] * parts,
            (kept, "empty it, unless it is filled already" if parts else "what it holds, when it is filled already"),
        ]
        for fill in fills:
            select = history.composed(fill, empty)
            insert = f"INSERT INTO {aside} ({fill.columns()})\nSETTINGS {self.deployment.fill_settings}\n{select}"
            steps.append((insert, f"history of {named} from its roots; {fill.verdict.reason}"))
        steps += [
            (f"EXCHANGE TABLES {aside} AND {target.qualified_name}", f"put the rebuilt {named} in place"),
            (f"DROP TABLE {aside} SYNC", f"the old {named}"),
        ]
        statements = [self._statement(fills[0], sql, reason) for sql, reason in steps]
        reloads = {s.sql: s for fill in fills for s in self.reload(*fill.through)}
        return [*reloads.values(), *statements, *(self.mark(fill) for fill in fills)]

    def mark(self, fill: history.Fill, condition: str = "") -> Statement:
        """Note that a history is filled, unless that is noted already."""
        name, declaration = text.quote_string(fill.name), text.quote_string(fill.declaration)
        sql = (
            f"INSERT INTO {history.MARKER} (target, declaration)\n{self.deployment.mark_settings}"
            f"SELECT {name}, {declaration}\nWHERE {not_filled(fill)}{condition}"
        )
        return self._statement(fill, sql, "from here on a second run copies nothing")

    def _statement(self, fill: history.Fill, sql: str, reason: str) -> Statement:
        return Statement(".".join(fill.target.path), BACKFILL, "history", sql, reason)

    # --- refresh and access ---

    def refreshed(self) -> list[RefreshableView[Any]]:
        """The views to refresh, in the order of their dependencies; one that appends is never refreshed from here."""
        return [part for part in self._kept.values() if isinstance(part, RefreshableView)]

    def refresh(self, part: RefreshableView[Any]) -> list[Statement]:
        """Refresh one view and wait: refreshing a parent does not refresh what depends on it."""
        note = self.deployment.refresh_note
        return [
            *self.deployment.settle(part, "refresh"),
            *self.reload(part),
            *self._refresh(part, "refresh", f"fill it now{note}"),
        ]

    @staticmethod
    def _refresh(part: Part, section: str, reason: str) -> list[Statement]:
        """REFRESH, and WAIT until it has ended."""
        return [
            Statement(".".join(part.path), BACKFILL, section, f"SYSTEM {verb} VIEW {part.qualified_name}", why)
            for verb, why in (("REFRESH", reason), ("WAIT", "what reads it comes after it"))
        ]

    def _access(self) -> list[Statement]:
        names = self.deployment.local_names(self.project)

        def local(path: tuple[str, str]) -> str:
            return names.get(path, "")

        return [
            Statement(item.name, ACCESS, "access", sql, reason)
            for item, sql, reason in access_statements(self.project.access, self.deployment.on_cluster, local)
        ]

    # --- text ---

    def text(self) -> str:
        """The whole script: statements, each ending in ``;``, and comment lines."""
        return render(self.statements(), [f"project {self.project.name}, for {self.deployment.name}"])


_DRAIN = (
    "A script cannot wait for inserts that were running when the views above were created: they may miss both the",
    "view and the copy. Run it while the loader is quiet, or use `tilla backfill`, which waits for them.",
)


_UP_TO_DATE = ("SYSTEM REFRESH ", "SYSTEM WAIT ", "SYSTEM RELOAD ")


def _once(statements: Sequence[Statement]) -> list[Statement]:
    """Leave out what was brought up to date already: rows flow one way, so it stays so for all that comes later."""
    first = {s.sql: s for s in reversed(statements) if s.sql.startswith(_UP_TO_DATE)}
    return [s for s in statements if first.get(s.sql, s) is s]


def not_filled(fill: history.Fill) -> str:
    """The condition that is true until the marker of a target is there."""
    name, declaration = text.quote_string(fill.name), text.quote_string(fill.declaration)
    return f"(SELECT count() FROM {history.MARKER} WHERE target = {name} AND declaration = {declaration}) = 0"


def render(statements: Iterable[Statement], head: Sequence[str] = ()) -> str:
    """Print statements as a script, with the section and the reason above each as whole comment lines."""
    lines = [f"-- {comment_text(line)}" for line in head]
    section = ""
    for statement in statements:
        if statement.section != section:
            section = statement.section
            lines += ["", f"-- {section} " + "-" * (70 - len(section))]
            lines += [f"-- {line}" for line in _DRAIN] if section == "history" else []
        lines += [
            "",
            f"-- {comment_text(statement.object)}: {comment_text(statement.reason)}",
            statement.sql + ";",
        ]
    return "\n".join(lines).lstrip("\n") + "\n"


def comment_text(value: str) -> str:
    """A text on one comment line, whatever is in it."""
    return " ".join(value.split())


def full(project: Project, **options: Any) -> str:
    """Render a project as a script: what ``python -m tilla.emit`` prints."""
    return Script(project, **options).text()


__all__ = ["FILL_SETTINGS", "SECTIONS", "Callable", "Script", "Table", "full", "render", "section_of", "write"]
