"""From a survey to a backfill: what to arm, what to fill, what to refresh. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from tilla import engines, errors, text
from tilla.backfills import anew, boundary, journal, lease, slices, stamped
from tilla.backfills.comparison import comparison
from tilla.backfills.known import Known, same
from tilla.backfills.plan import EARLY, STAGED, STRAIGHT, Anew, Backfill, Boundary, Options, Target
from tilla.backfills.replicas import steady
from tilla.backfills.staging import MEMORY
from tilla.ddl import generation, history, moment
from tilla.ddl.branches import Branch, branches
from tilla.ddl.script import Script
from tilla.ddl.statements import Statement
from tilla.objects.materialized import Trigger
from tilla.planning.plan import COSTLY, CREATE, DESTRUCTIVE, DIFFERS, EXISTS, HISTORY, PENDING, RUN, SAFE, Step
from tilla.planning.steps import complete_from_now_on, drain, holding, markers, objects, upstream
from tilla.planning.survey import Path, changes_rows, first, survey
from tilla.servers import Server

BLOCK_ROWS = 1_048_449  # min_insert_block_size_rows: how many rows are gathered before they are written
BLOCK_BYTES = 256 << 20


@attrs.define
class _Maker(Known):
    """Puts one backfill together."""

    def make(self) -> Backfill:
        self.seen = survey(self.schema, self.server)
        self.steps = {s.statement.creates: s for s in objects(self.seen, self.server) if s.statement.creates}
        self.fills = self.script.fills()
        self.every = history.fills(self.script.project)
        self._read_journal()
        filled = self._filled()
        gone = [*boundary.vanished(self.seen, self.server), *stamped.vanished(self.seen, self.server)]
        if self.options.disarm:
            return self._disarmed(filled)
        if self.options.repair:  # all of them are compared
            filled -= {fill.name for fill in self.fills if fill.verdict.safe}
            filled |= self._unbounded(filled)
        if self.options.repair and self.script.quiesced:  # what was filled is rebuilt, too
            self.again |= filled - self.opened
            filled &= self.opened
        lacking = [fill for fill in self.fills if fill.name not in filled]
        waiting = {fill.name: reason for fill in lacking if (reason := self._waits(fill, gone))}
        todo = [fill for fill in lacking if fill.name not in waiting]
        self._refuse(todo)
        lines = self._lines([fill for fill in todo if self._needs_line(fill)])
        armed = [fill for fill in todo if fill.verdict.safe or not holding(self.seen, self.server, fill)]
        before = [Step(_about(fill, "its history is filled"), EXISTS) for fill in self.fills if fill.name in filled]
        before += [Step(_about(fill, reason), PENDING) for fill in lacking if (reason := waiting.get(fill.name, ""))]
        built = tuple(self._anew(filled))
        shrunk = self._shrunk(filled - self.opened)
        unsure = self._unchecked(filled, shrunk)
        if todo or gone or built or unsure:
            before += self._helpers()
        for view in gone:
            why = (
                f"{'.'.join(view.source.path)} has lost {self._lost_column(view)}, and every insert into it fails since"
            )
            before += [
                attrs.evolve(s, statement=_early(s))
                for s in boundary.released(self.server, view, why, self.script.deployment)
            ]
        before += self._armed(armed)
        targets = self._targets([fill for fill in todo if fill.verdict.safe or fill.name in lines], lines)
        others = [fill for fill in todo if not fill.verdict.safe and fill.name not in lines]
        made = attrs.evolve(self._backfill(before, targets, self._others(others), self._refreshed()), anew=built)
        unchecked = self._targets(unsure, {})
        if not self.options.reconcile:
            told = (_about(fill, shrunk[fill.name]) for fill in self.fills if fill.name in shrunk)
            made = attrs.evolve(made, before=(*made.before, *(Step(about, PENDING, about.reason) for about in told)))
        return attrs.evolve(made, unchecked=tuple(attrs.evolve(t, shrunk=shrunk.get(t.name, "")) for t in unchecked))

    def _unchecked(self, filled: set[str], shrunk: Mapping[str, str]) -> list[history.Fill]:
        """What an earlier run filled and did not live to compare, or could not tell of; and what holds less since."""
        if not self.options.reconcile:
            return []
        open_ = {name for name in filled if name in self.known and not self.known[name].compared} | self.opened
        if self.options.repair:
            open_ |= {fill.name for fill in self.fills if fill.name in filled and not fill.verdict.safe}
        return [fill for fill in self.fills if fill.name in open_ or fill.name in shrunk]

    def _anew(self, filled: set[str]) -> Iterator[Anew]:
        """The targets that are not overlap-safe and may be built anew, and those of which that was begun.

        Raises:
            RefusedError: one must be, and cannot.
        """
        mistakes = errors.Collector()
        ways = {fill.name: branches(fill, self._lost) for fill in self.fills if not fill.verdict.safe}
        together: dict[Path, list[history.Fill]] = {}
        for fill in self.fills:
            if fill.name in filled and fill.name in ways and (self.options.repair or fill.name in self.opened):
                together.setdefault(fill.target.path, []).append(fill)
        for path, fills in together.items():
            whys = dict.fromkeys(self.broken[fill.name] for fill in fills if fill.name in self.broken)
            one = anew.draw(
                self.seen,
                self.script,
                self.server,
                fills,
                ways,
                every=self.every,
                known=self.known.get(anew.name_of(path)),
                syncs_paused=self.options.syncs_paused,
                why="; ".join(whys),
                refused=lambda fill: self._refused_root(fill, ways[fill.name]),
            )
            if not one.due and not one.cannot and (why := self._lost(path)):
                one = attrs.evolve(one, cannot=f"{why}, so what it lacks may be meant")
            if one.cannot and one.due:
                what = f"{one.told}, and that cannot be beside its views: {one.cannot}"
                verdict = fills[0].verdict
                mistakes.add(errors.boundary_impossible(fills[0].name, what, verdict.reason, verdict.ways_out))
            yield attrs.evolve(one, targets=self._targets(fills, {}))
        mistakes.raise_all()

    def _refused_root(self, fill: history.Fill, ways: Sequence[Branch]) -> str:
        """Why a root does not hold every row of a history, once, or ''."""
        try:
            self._check_roots(fill, ways, ())
        except errors.RefusedError as error:
            return error.mistakes[0].what
        return ""

    def _backfill(
        self, before: Iterable[Step], targets: tuple[Target, ...], others: Iterable[Step], refresh: Iterable[Step]
    ) -> Backfill:
        replicas = self.script.deployment.replicas
        options = attrs.evolve(self.options, drain=drain(self.script).statement.sql, replicas=replicas)
        name = self.script.project.name
        return Backfill(name, tuple(before), targets, tuple(others), tuple(refresh), options)

    def _disarmed(self, filled: set[str]) -> Backfill:
        """Take out what a boundary has left behind."""
        unfilled = {fill.trigger.path for fill in self.fills if fill.name not in filled - self.opened}
        steps = boundary.disarm(self.seen, self.server, unfilled, drain(self.script))
        return self._backfill(steps, (), (), ())

    # --- boundaries ---

    def _lost_column(self, view: Trigger) -> str:
        """The column that a bounded view stands on."""
        bound = moment.read_bound(self.seen.snapshot.tables[view.path].create)
        return "its generation column" if bound is None else f"the column {bound[0]}"

    def _lines(self, fills: Sequence[history.Fill]) -> dict[str, Boundary]:
        """The boundaries of the histories that need one.

        Raises:
            RefusedError: there can be none; all of them.
        """
        every = {fill.name: self._ways(fill) for fill in fills}
        dated = [fill for fill in fills if stamped.column_of(self.script.project, every[fill.name])]
        mistakes = errors.Collector()
        lines: dict[str, Boundary] = {}
        with mistakes.catch():
            lines |= self._dated(dated, every)
        with mistakes.catch():
            lines |= self._counted([fill for fill in fills if fill not in dated], every)
        mistakes.raise_all()
        return lines

    def _dated(self, fills: Sequence[history.Fill], every: Mapping[str, Sequence[Branch]]) -> dict[str, Boundary]:
        """The boundaries at a moment, where the sources say which column the server stamps."""
        mistakes = errors.Collector()
        drawn: dict[Path, Boundary] = {}
        ways = {fill.trigger.path: every[fill.name] for fill in fills}
        for fill in fills:
            with mistakes.catch():
                self._check_roots(fill, ways[fill.trigger.path], fills)
                drawn[fill.trigger.path] = stamped.draw(
                    self.script.project,
                    self.script.deployment,
                    self.seen.snapshot,
                    self.server,
                    fill,
                    ways[fill.trigger.path],
                    drawn=drawn,
                    branches=ways,
                    known=self.known.get(fill.name),
                )
        mistakes.raise_all()
        return {fill.name: drawn[fill.trigger.path] for fill in fills}

    def _counted(self, fills: Sequence[history.Fill], every: Mapping[str, Sequence[Branch]]) -> dict[str, Boundary]:
        """The boundaries by generation."""
        ways = {fill.name: every[fill.name] for fill in fills}
        roots = {branch.root for several in ways.values() for branch in several}
        have = boundary.current(self.server, roots, self.script.deployment.replicas) if roots else {}
        numbers: dict[Path, int] = {}
        for fill in fills:
            live = self.seen.snapshot.tables.get(fill.trigger.path)
            bound = generation.read_above(live.create) if live is not None else None
            next_one = 1 + max((have[branch.root] or 0 for branch in ways[fill.name]), default=0)
            numbers[fill.trigger.path] = next_one if bound is None else bound
        replicas, shards = self.script.deployment.replicas, 1
        if replicas.on_cluster:
            where = f"cluster = {text.quote_string(replicas.on_cluster)}"
            shards = int(self.server.scalar(f"SELECT uniqExact(shard_num) FROM system.clusters WHERE {where}") or 0)
        carrying = {path for several in ways.values() for branch in several for path in branch.through[:-1]}
        mistakes = errors.Collector()
        lines = {}
        for fill in fills:
            known = self.known.get(fill.name)
            begun = known is not None and known.begun.detail.get("generation") == numbers[fill.trigger.path]
            with mistakes.catch():
                self._check_roots(fill, ways[fill.name], fills)
                lines[fill.name] = boundary.draw(
                    self.script.project,
                    self.script.deployment,
                    self.seen.snapshot,
                    fill,
                    ways[fill.name],
                    armed=numbers,
                    carrying=carrying,
                    begun=begun,
                    syncs_paused=self.options.syncs_paused,
                    shards=shards,
                )
        mistakes.raise_all()
        return lines

    def _check_roots(self, fill: history.Fill, ways: Sequence[Branch], todo: Sequence[history.Fill]) -> None:
        """Refuse a root that is itself computed, where it does not hold every row that came, once."""
        for branch in ways:
            if not branch.reason:
                continue
            root = boundary.owners(self.script.project, self.script.deployment)[branch.root]
            plain = type(getattr(root, "engine", None)) is engines.MergeTree
            if not plain or any(other.target.path == root.path for other in todo):
                what = f"{branch.reason}, and {'.'.join(branch.root)} does not keep every row once"
                raise errors.boundary_impossible(fill.name, what, fill.verdict.reason, fill.verdict.ways_out)

    # --- what is there ---

    def _refuse(self, fills: Iterable[history.Fill]) -> None:
        """Raise where a target can neither be filled beside its view nor rebuilt here; all of them."""
        mistakes = errors.Collector()
        for fill in fills:
            if not fill.verdict.safe and self.script.quiesced and holding(self.seen, self.server, fill):
                with mistakes.catch():
                    self.script.deployment.refuse_rebuild(fill)
        mistakes.raise_all()

    def _waits(self, fill: history.Fill, gone: Sequence[Trigger]) -> str:
        """Why a history cannot be filled now, or ''."""
        seen = self.seen
        for view in gone:
            if view.path in self._views(fill) and not fill.verdict.safe:
                return (
                    f"{'.'.join(view.source.path)} has lost {self._lost_column(view)}: which rows are history cannot be told"
                    " any more; --quiesced rebuilds it"
                )
        for path in (fill.target.path, *upstream(fill)):
            if not seen.there(path):
                step = self.steps.get(path)
                why = step.detail if step is not None and step.action == PENDING else "`tilla apply` creates it"
                return f"{'.'.join(path)} is not there; {why}"
        for path in (fill.target.path, *upstream(fill), *self._views(fill)):
            found = first(seen.differences.get(path, ()), changes_rows)
            if found is not None:
                return f"{'.'.join(path)} is not as declared: {found}"
        for path in self._views(fill):
            step = self.steps.get(path)
            if step is not None and step.action == PENDING and step.detail != HISTORY:
                return step.detail
        return ""

    # --- what to do ---

    def _helpers(self) -> Iterator[Step]:
        """The tables of marker, journal and lease."""
        yield from markers(self.seen)
        for name, columns, order, reason in (
            (journal.JOURNAL, journal.COLUMNS, journal.ORDER, "one row per change of state of a backfill"),
            (lease.LEASE, lease.COLUMNS, lease.ORDER, "who is at which target"),
        ):
            for path, sql in self.script.deployment.create_helper(name, columns, order):
                made = text.read_qualified(path)
                statement = Statement(path, "backfill", "tables", sql, reason, made)
                yield Step(statement, EXISTS if made in self.seen.snapshot.tables else CREATE)

    def _armed(self, fills: Iterable[history.Fill]) -> Iterator[Step]:
        """Create the views that are missing, those further up included: rows reach a target through all of them."""
        for path in dict.fromkeys(path for fill in fills for path in self._views(fill)):
            step = self.steps.get(path)
            if step is not None and step.action == CREATE:
                yield step

    def _targets(self, fills: Sequence[history.Fill], lines: Mapping[str, Boundary]) -> tuple[Target, ...]:
        found = {fill.name: self._ways(fill) for fill in fills}
        paths = {branch.root for several in found.values() for branch in several}
        roots = slices.look(self.server, paths, self.script.deployment.replicas)
        made = (self._target(fill, found[fill.name], roots) for fill in fills)
        return tuple(self._with_boundary(target, lines.get(target.name)) for target in made)

    def _with_boundary(self, target: Target, line: Boundary | None) -> Target:
        if line is None or not line.stamps:
            return attrs.evolve(target, boundary=line)
        notes = [note for note in (target.note, stamped.told(self.server, line)) if note]
        return attrs.evolve(target, boundary=line, note="; ".join(notes))

    def _target(self, fill: history.Fill, ways: Sequence[Branch], roots: Mapping[Path, slices.Root]) -> Target:
        script, live = self.script, self.seen.snapshot.tables[self._table(fill)]
        how = STAGED if self._is_staged(fill) else STRAIGHT
        settled = [s for trigger in fill.through for s in script.deployment.settle(trigger, "history")]
        before = dict.fromkeys(s.sql for s in (*settled, *script.reload(*fill.through)))
        notes = dict.fromkeys(branch.reason for branch in ways if branch.reason)
        if how == STRAIGHT:
            notes[f"{live.engine}: no partition can be moved into it, so rows are inserted straight"] = None
        rows = size = pieces = 0
        for number, branch in enumerate(ways):
            root = roots[branch.root]
            most = slices.even(root.rows, self.options.slice_rows, self.options.workers)
            cuts = slices.cut(self.server, root, number, most, self.options.slice_bytes)
            rows, size, pieces = rows + root.rows, size + root.bytes, pieces + len(cuts)
        known = self.known.get(fill.name)
        going_on = (
            known is not None and known.sliced and not known.filled and same(known, self._table(fill), self.uuids)
        )
        return Target(
            name=fill.name,
            path=fill.target.path,
            table=text.quote_qualified(*self._table(fill)),
            declaration=fill.declaration,
            view=fill.trigger.path,
            views=tuple(dict.fromkeys(p for branch in ways for p in branch.through)),
            columns=fill.columns(),
            branches=tuple(ways),
            how=how,
            safe=fill.verdict.safe,
            reason=fill.verdict.reason,
            comparison=comparison(fill, self._ways_into(fill)),
            stages=script.deployment.stage_database(fill.target),
            before=tuple(before),
            mark=script.mark(fill).sql,
            note="; ".join(notes),
            rows=rows,
            bytes=size,
            slices=pieces,
            memory=self._memory(rows, size, pieces),
            lifetime=_lifetime(live.create),
            settings=script.deployment.fill_settings if how == STRAIGHT else "",
            replicas=script.deployment.replicas,
            done=known.done if known is not None and going_on else 0,
        )

    def _ways_into(self, fill: history.Fill) -> list[tuple[history.Fill, Branch]]:
        """The branches of every fill of a target."""
        into = [other for other in self.every if other.target.path == fill.target.path]
        return [(other, branch) for other in into for branch in self._ways(other, fill)]

    def _memory(self, rows: int, size: int, pieces: int) -> int:
        """A bound on what the slices that run side by side hold: blocks being written, and a group per row at worst."""
        if not pieces:
            return 0
        share, wide = rows // pieces, size // max(rows, 1)
        one = 2 * min(BLOCK_BYTES, min(share, BLOCK_ROWS) * wide) + share * 120
        return min(self.options.workers, pieces) * one

    def _others(self, fills: Sequence[history.Fill]) -> Iterator[Step]:
        """Targets that are not overlap-safe: nothing to copy, or rebuilt while nothing is inserted."""
        rebuilt: set[Path] = set()
        for fill in fills:
            if not holding(self.seen, self.server, fill):
                yield from complete_from_now_on(self.seen, [fill])
            elif fill.target.path not in rebuilt:
                rebuilt.add(fill.target.path)
                together = [other for other in fills if other.target.path == fill.target.path]
                yield from self._rebuilt(together)

    def _rebuilt(self, together: Sequence[history.Fill]) -> Iterator[Step]:
        """Build a target aside, exchange it in, then arm its views: nothing is inserted meanwhile."""
        for fill in together:
            if fill.name in self.again:
                sql = (
                    f"ALTER TABLE {history.MARKER} DELETE WHERE target = {text.quote_string(fill.name)}"
                    " SETTINGS mutations_sync = 2"
                )
                yield Step(attrs.evolve(_about(fill, "what it held cannot be trusted any more"), sql=sql), RUN)
        exchanged = False
        for statement in self.script.rebuild(together):
            exchanged = exchanged or statement.sql.startswith("EXCHANGE ")
            gone = statement.sql.startswith(("EXCHANGE ", "DROP "))
            told = together[0].target.path if statement.sql.startswith("EXCHANGE ") else None
            yield Step(statement, RUN, risk=DESTRUCTIVE if gone else COSTLY, target=told)
        for fill in together:
            step = self.steps.get(fill.trigger.path)
            if step is not None and step.action not in (EXISTS, DIFFERS):
                yield Step(step.statement, CREATE, "from here on it fills by itself")
            yield self._rebuilt_noted(fill)

    def _rebuilt_noted(self, fill: history.Fill) -> Step:
        """What the journal says of a fill that was begun otherwise is void now."""
        name, version = text.quote_string(fill.name), text.quote_string(fill.declaration)
        sql = (
            f"INSERT INTO {journal.JOURNAL} (run, target, declaration, slice, seq, state, detail)\n"
            f"SELECT 'quiesced', {name}, {version}, 0, (SELECT max(seq) FROM {journal.JOURNAL}) + number,"
            f" ['{journal.BEGUN}', '{journal.FILLED}', '{journal.RECONCILED}'][number], '{{}}'\nFROM numbers(1, 3)"
        )
        return Step(attrs.evolve(_about(fill, "noted in the journal"), sql=sql), RUN)

    def _refreshed(self) -> Iterator[Step]:
        """Refresh views in the order of their dependencies and wait for each."""
        for part in self.script.refreshed():
            statements = self.script.refresh(part)
            if not self.seen.there(part.path):
                yield Step(statements[-1], PENDING, "it is not there; `tilla apply` creates it")
                continue
            for statement in statements:
                waits = statement.sql.startswith("SYSTEM WAIT ")
                refreshes = statement.sql.startswith("SYSTEM REFRESH ")
                yield Step(statement, RUN, risk=COSTLY if refreshes else SAFE, target=part.path if waits else None)


def _early(step: Step) -> Statement:
    """A step that comes before everything else."""
    return attrs.evolve(step.statement, section=EARLY)


def _about(fill: history.Fill, reason: str) -> Statement:
    """A history as something to tell of, with nothing to send."""
    return Statement(".".join(fill.target.path), "backfill", "history", "", reason)


def _lifetime(create: str) -> str:
    """The old_parts_lifetime of a table, unless a backfill that was stopped has set it."""
    found = re.search(r"\bold_parts_lifetime = (\d+)", create)
    return found.group(1) if found and found.group(1) != str(MEMORY) else ""


def prepare(schema: Script, script: Script, server: Server, options: Options) -> Backfill:
    """The backfill of a project on a server. ``schema`` is the project's schema alone, ``script`` its backfill.

    Raises:
        RefusedError: targets that cannot be filled exactly once while rows keep coming, all of them; or whose journal is about
            another version of the declaration.
    """
    asked = steady(server) if script.deployment.replicas.sequential else server
    return _Maker(schema, script, asked, options).make()


__all__ = ["prepare"]
