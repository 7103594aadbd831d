"""A target that is not overlap-safe, built anew beside its views, while rows keep coming: what ``--repair`` does with it.

A row counts once, so a partition can be neither filled again (what is there would count twice) nor replaced (what came
meanwhile would be gone). And an EXCHANGE under a live view has no clean edge: an insert looks the names of its views' targets
up one by one. So generations (:mod:`~tilla.backfills.boundary`) cut time into four pieces, and no view writes into the new table
while names change:

1. ``frozen 1``: rows below n1 are a frozen set. They are filled into a new table aside; the old one goes on.
2. ``frozen 2``: the rows from n1 to n2 came meanwhile: filled into it, too. A short step, which the next one waits for.
3. ``closed``: the views are dropped and drained, so that nothing writes through them; ``exchanged``; ``armed``: the views are created
   again over n3 and later, and drained; ``frozen 3``: new rows get n3 from here on.
4. The rows from n2 to n3 went through no view into the new table: they are filled into it. The old table is dropped.

Each piece is a fill with slices of its own in the journal, under the name ``<target>, anew 1`` to ``3``, each step a row; whatever
ends in between goes on from there, in any later backfill. Between ``exchanged`` and the end the table lacks the latest rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from tilla import errors, text
from tilla.backfills import boundary, journal
from tilla.backfills.journal import Journal, Progress
from tilla.backfills.plan import Anew, Boundary, Carry, Target
from tilla.backfills.staging import drop
from tilla.ddl import generation, write
from tilla.ddl.branches import Branch
from tilla.ddl.generation import GENERATION
from tilla.ddl.history import Fill
from tilla.ddl.replicas import ONE
from tilla.ddl.script import Script
from tilla.objects.source import Source
from tilla.planning.survey import Survey
from tilla.servers import Server

Path = tuple[str, str]

CARRIED, MADE, CLOSED, EXCHANGED, ARMED = "carried", "made", "closed", "exchanged", "armed"

# Stands in a CREATE for the generation that is chosen when the view is about to be armed.
_PLACE = 65_535


def name_of(path: Path) -> str:
    """What the journal calls the rebuild of a target."""
    return f"{'.'.join(path)}, anew"


# --- planning ---


def draw(
    seen: Survey,
    script: Script,
    server: Server,
    fills: Sequence[Fill],
    ways: Mapping[str, Sequence[Branch]],
    *,
    every: Sequence[Fill],
    known: Progress | None,
    syncs_paused: bool,
    why: str,
    refused: Callable[[Fill], str],
) -> Anew:
    """How a target can be built anew, or why it cannot.

    ``refused`` says why a root does not hold the history of a fill, or ''. ``why`` says what is known to be wrong with the target.
    """
    target = fills[0].target
    triggers: dict[Path, Any] = dict(seen.parts)
    begun = known is not None and not known.filled
    branches = [branch for fill in fills for branch in ways[fill.name]]
    between = dict.fromkeys(path for branch in branches for path in branch.through[:-1])
    carried = []
    for path in between:
        trigger = triggers[path]
        live = seen.snapshot.tables.get(path)
        above = None if live is None else generation.read_above(live.create)
        if not generation.can_carry(trigger):
            at_root = trigger.source.path in {b.root for b in branches}
            query = generation.armed_query(trigger, above, carry=True, at_root=at_root)
            carried.append(Carry(path, trigger.target.path, query))
    roots = tuple(dict.fromkeys(branch.root for branch in branches))
    arms = []
    for fill in fills:
        query = generation.armed_query(fill.trigger, _PLACE, carry=False, at_root=fill.trigger.source.path in roots)
        create = write.create_trigger(fill.trigger, script.deployment.dialect, query=query)
        arms.append((fill.trigger.path, create))
    cannot = _cannot(seen, script, server, fills, roots, list(between), every, syncs_paused or begun, refused)
    return Anew(
        name=name_of(target.path),
        path=target.path,
        declaration=" ".join(fill.declaration for fill in fills),
        arms=tuple(arms),
        carried=tuple(carried),
        roots=roots,
        begun=begun,
        why=why,
        cannot=cannot,
    )


def _cannot(
    seen: Survey,
    script: Script,
    server: Server,
    fills: Sequence[Fill],
    roots: Sequence[Path],
    between: Sequence[Path],
    every: Sequence[Fill],
    paused: bool,
    refused: Callable[[Fill], str],
) -> str:
    """Why a target cannot be built anew beside its views, or ''."""
    target, tables = fills[0].target, seen.snapshot.tables
    parts: dict[Path, Any] = dict(seen.parts)
    if script.deployment.replicas:
        return "nobody has tried that on several replicas"
    for fill in fills:
        if not fill.verdict.bounded:
            return fill.verdict.reason
        if reason := refused(fill):
            return reason
    for other in every:
        if other.target.path == target.path and other not in fills:
            return f"{'.'.join(other.trigger.path)} feeds it, too, and its history is not filled"
    for root in roots:
        if getattr(parts[root], "stamped", None) is not None:
            return f"the boundary of {'.'.join(root)} is a moment, and three of them in a row were not tried"
        if isinstance(parts[root], Source) and not paused:
            return f"it would add a column to {'.'.join(root)}, which a loader owns; --syncs-paused allows it"
        if not tables[root].engine.endswith("MergeTree"):
            return f"{'.'.join(root)} is a {tables[root].engine}, which keeps no further column"
    for path in between:
        if why := generation.can_carry(parts[path]):
            return f"{'.'.join(path)} cannot hand the generation on: {why}"
        if path not in tables:
            return f"{'.'.join(path)} is not there; `tilla apply` creates it"
    if not tables[target.path].engine.endswith("MergeTree"):
        return f"no partition can be moved into a {tables[target.path].engine}"
    own = {fill.trigger.path for fill in fills}
    if below := [p for p in _reading(server, target.path) if p not in own]:
        return f"{'.'.join(below[0])} reads what is inserted into it, and rows that are moved in would not reach that"
    if others := [p for p in _feeding(server, target.path) if p not in own]:
        return f"{'.'.join(others[0])} feeds it, too, and is not of this project"
    return ""


def _reading(server: Server, path: Path) -> list[Path]:
    """The views that inserts into a table fire."""
    rows = server.rows(
        "SELECT dependencies_database AS d, dependencies_table AS t FROM system.tables"
        f" WHERE database = {text.quote_string(path[0])} AND name = {text.quote_string(path[1])}"
    )
    return [(d, t) for row in rows for d, t in zip(row["d"], row["t"], strict=True)]


def _feeding(server: Server, path: Path) -> list[Path]:
    """The views that write into a table."""
    into = text.quote_string(f" TO {text.quote_qualified(*path)} ")
    rows = server.rows(
        "SELECT database, name FROM system.tables WHERE engine = 'MaterializedView'"
        f" AND position(create_table_query, {into}) > 0"
    )
    return [(row["database"], row["name"]) for row in rows]


# --- carrying it out ---


class Filler(Protocol):
    """What fills a target whose journal has begun; the run."""

    def fill_one(self, target: Target) -> None:
        """Fill it, slice by slice, going on where an earlier run stopped."""

    def take_over(self, paths: Iterable[Path]) -> None:
        """Wait until no statement of an earlier run is about these tables."""


@attrs.define
class Rebuild:
    """One target on its way. ``done`` holds the steps that the journal has."""

    server: Server
    spec: Anew
    log: Journal
    filler: Filler
    drains: Callable[[], None]
    say: Callable[[str], None]
    done: dict[str, Mapping[str, Any]] = attrs.Factory(dict)

    @property
    def table(self) -> str:
        """The target, quoted."""
        return text.quote_qualified(*self.spec.path)

    @property
    def aside(self) -> Path:
        """The new table, until it is exchanged in; a name that nobody else has."""
        return self.spec.path[0], str(self.done[journal.BEGUN]["aside"])

    def go(self) -> None:
        """Build it anew, or go on with it.

        Raises:
            RefusedError: an earlier run began it for another version of the declaration, or its journal does not fit what is there.
        """
        shown = ".".join(self.spec.path)
        known = journal.read(self.server, [self.spec.name], ONE).get(self.spec.name)
        if known is None or known.filled:
            self.say(f"    {shown}: building it anew, aside, while its views go on")
            self._note(journal.BEGUN, {"aside": f"tilla_anew_{self.spec.path[1][:100]}_{self.log.unique()}"})
        else:
            have = known.begun.declaration
            if have != self.spec.declaration:
                raise errors.other_version(shown, have, self.spec.declaration, "it is being built anew")
            self.say(f"    {shown}: going on with building it anew")
            self.done = {state: entry.detail for state, entry in known.whole.items()}
            self.filler.take_over([self.spec.path, self.aside])
        self._carry()
        first = self._frozen(1)
        self._make()
        self._fill(1, 0, first, aside=True)
        second = self._frozen(2)
        self._fill(2, first, second, aside=True)
        self._close()
        self._exchange()
        self._arm()
        third = self._frozen(3)
        self._fill(3, second, third, aside=False)
        self._finish(third)

    def _note(self, state: str, detail: Mapping[str, Any] | None = None) -> None:
        self.log.write(self.server, self.spec.name, self.spec.declaration, state, 0, detail)
        self.done[state] = detail or {}

    def _have(self) -> dict[Path, int]:
        return {root: number or 0 for root, number in boundary.current(self.server, self.spec.roots, ONE).items()}

    def _carry(self) -> None:
        """The column is on every root and in every part, and views in between hand it on."""
        if CARRIED in self.done:
            return
        have = boundary.current(self.server, self.spec.roots, ONE)
        for root in self.spec.roots:
            if have[root] is None:
                self.server.execute(generation.mark(text.quote_qualified(*root)))
        if fresh := [root for root in self.spec.roots if not have[root]]:
            self.drains()
            for root in fresh:
                self.server.execute(generation.settle(text.quote_qualified(*root)), settings={"mutations_sync": 2})
        for root in self.spec.roots:
            boundary.check_parts(self.server, root, ONE)
        if boundary.carry(self.server, self.spec.carried, ONE):
            self.drains()
        self._note(CARRIED)

    def _frozen(self, piece: int) -> int:
        """New rows get another number; when what ran then has ended, the rows below are a frozen set."""
        line, frozen = f"line {piece}", f"frozen {piece}"
        if line not in self.done:
            self._note(line, {"generation": max(self._have().values()) + 1})
        number = int(self.done[line]["generation"])
        if frozen not in self.done:
            for root, have in self._have().items():
                if have < number:
                    self.server.execute(generation.switch(text.quote_qualified(*root), number))
            self.drains()
            self._note(frozen)
        return number

    def _make(self) -> None:
        if MADE not in self.done:
            self.server.execute(f"CREATE TABLE IF NOT EXISTS {text.quote_qualified(*self.aside)} AS {self.table}")
            uuids = {"old": self._uuid(self.spec.path), "new": self._uuid(self.aside)}
            self._note(MADE, uuids)

    def _fill(self, piece: int, since: int, below: int, *, aside: bool) -> None:
        """Fill the rows of one piece, of every view that feeds the target."""
        for target in self.spec.targets:
            assert target.boundary is None
            path = self.aside if aside else self.spec.path
            line = Boundary(below, self.spec.roots, (), "", since=since)
            name = f"{target.name}, anew {piece}"
            one = attrs.evolve(
                target, name=name, path=path, table=text.quote_qualified(*path), boundary=line, mark="", safe=False
            )
            known = journal.read(self.server, [name], ONE).get(name)
            old = known is None or known.begun.detail.get("of") != self.done[MADE]["new"]
            if old:
                detail = {"of": self.done[MADE]["new"], "from": since, "below": below}
                self.log.write(self.server, name, target.declaration, journal.BEGUN, 0, detail)
            self.filler.fill_one(one)

    def _close(self) -> None:
        """Drop the views and wait: from here on nothing is written through them."""
        if CLOSED in self.done:
            return
        for view, _ in self.spec.arms:
            self.server.execute(f"DROP TABLE IF EXISTS {text.quote_qualified(*view)} SYNC")
        self.drains()
        self._note(CLOSED)

    def _exchange(self) -> None:
        if EXCHANGED in self.done:
            return
        if self._uuid(self.spec.path) != self.done[MADE]["new"]:
            self.server.execute(f"EXCHANGE TABLES {text.quote_qualified(*self.aside)} AND {self.table}")
        if self._uuid(self.spec.path) != self.done[MADE]["new"]:
            raise errors.boundary_lost(".".join(self.spec.path), "the table that was built anew is gone")
        self._note(EXCHANGED)

    def _arm(self) -> None:
        """Create the views over a number that no row has yet, and wait, so that every insert sees them before one has it."""
        if ARMED in self.done:
            return
        creates = [boundary.create_of(self.server, view) for view, _ in self.spec.arms]
        noted, have = self.done.get("line 3"), max(self._have().values())
        number = int(noted["generation"]) if noted else 0
        if have >= number and not any(creates):  # another backfill has counted on meanwhile
            number = have + 1
            self._note("line 3", {"generation": number})
        fits = all(not create or generation.read_above(create) == number for create in creates)
        if not fits or have >= number:
            raise errors.boundary_lost(".".join(self.spec.path), "its views were created by somebody else meanwhile")
        for _, create in self.spec.arms:
            self.server.execute(create.replace(f"{GENERATION} >= {_PLACE}", f"{GENERATION} >= {number}"))
        self.drains()
        self._note(ARMED)

    def _finish(self, third: int) -> None:
        """Journal what holds from here on, and drop the old table."""
        views = {".".join(path): self._uuid(path) for target in self.spec.targets for path in target.views}
        for target in self.spec.targets:
            rows: list[tuple[int, str, Mapping[str, Any] | None]] = [
                (0, journal.BEGUN, {"generation": third, "why": "built anew"}),
                (0, journal.DRAINED, {"table": self._uuid(self.spec.path), "views": {
                    name: views[name] for name in (".".join(path) for path in target.views)
                }}),
                (0, journal.SLICED, {}),
                (0, journal.FILLED, {}),
            ]  # fmt: skip
            self.server.execute(target.mark)
            self.log.write_all(self.server, target.name, target.declaration, rows)
        if self._uuid(self.aside) == self.done[MADE]["old"]:
            drop(self.server, text.quote_qualified(*self.aside), ONE)
        self._note(journal.FILLED)

    def _uuid(self, path: Path) -> str:
        return boundary.uuid_of(self.server, path)


__all__ = ["Anew", "Rebuild", "draw", "name_of"]
