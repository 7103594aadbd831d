"""Carrying a backfill out: lease, arm, drain, slices two at a time, refresh, reconcile. Stopped anywhere, it goes on."""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TypeVar

import attrs

from tilla import errors
from tilla.backfills import boundary, journal, slices, stamped
from tilla.backfills.anew import Rebuild
from tilla.backfills.journal import Journal
from tilla.backfills.known import identity, same, uuids
from tilla.backfills.lease import Lease
from tilla.backfills.parts import lowest
from tilla.backfills.plan import EARLY, STAGED, Anew, Backfill, Target, counted
from tilla.backfills.progress import Progress, Say
from tilla.backfills.reconcile import reconcile
from tilla.backfills.reconciliation import Reconciliation
from tilla.backfills.replicas import everywhere, steady, sync
from tilla.backfills.slices import Slice
from tilla.backfills.staging import (
    Stager,
    drop,
    forget,
    remember,
    running,
    tag,
    tidy,
)
from tilla.backfills.work import Clients, Work, kill_inserts
from tilla.ddl import history
from tilla.planning.plan import CREATE, EXISTS, Plan, Step
from tilla.planning.run import drain, look, send
from tilla.servers import Server

T = TypeVar("T")

_HELPERS = ("databases", "tables")

MOST_NOTED = 10_000  # partitions of a target that the journal keeps in one row


@attrs.frozen(repr=False)
class Filled:
    """What a backfill did: the plan, the statements beside the slices, and the comparison at the end."""

    plan: Backfill
    done: tuple[str, ...]
    reconciliation: tuple[Reconciliation, ...] = ()

    def __repr__(self) -> str:
        compared = f"{sum(item.agrees for item in self.reconciliation)} of {len(self.reconciliation)} comparisons agree"
        return f"<tilla Filled: {compared}, of {self.plan!r}>"

    @property
    def differing(self) -> tuple[Step, ...]:
        """What was left alone although it differs."""
        return self.plan.differing

    @property
    def pending(self) -> tuple[Step, ...]:
        """What was not done because something else is missing."""
        return self.plan.pending

    @property
    def skipped(self) -> tuple[Step, ...]:
        """Nothing: a backfill has no step that a server cannot have."""
        return ()

    @property
    def agrees(self) -> bool:
        """Whether every target holds what its sources say."""
        return all(item.agrees for item in self.reconciliation)


def run(plan: Backfill, server: Server, say: Say | None = None, *, destructive: bool = False) -> Filled:
    """Carry a backfill out. ``destructive`` allows a repair to give up rows that the sources have not.

    Raises:
        RefusedError: another backfill is at one of the targets; a journal is about another version of a declaration.
        ServerError: the server refused a statement, or went away; ``done`` lists what ran. Run it again and it goes on.
    """
    return Run(plan, server, say or (lambda _: None), destructive).go()


class Run:
    """One call of ``tilla backfill``: what it holds, and the order of what it does."""

    def __init__(self, plan: Backfill, server: Server, say: Say, destructive: bool) -> None:
        self.replicas = plan.options.replicas
        self.plan, self.server, self.say = plan, steady(server) if self.replicas.sequential else server, say
        self.destructive = destructive
        self.id = uuid.uuid4().hex[:12]
        self.done: list[str] = []
        self.progress = Progress(say)
        self.stop = threading.Event()

    def go(self) -> Filled:
        try:
            return self._go()
        except errors.ServerError as error:
            error.done = tuple(self.done)
            raise

    def _go(self) -> Filled:
        plan = self.plan
        for step in plan.before:
            if not step.sent and step.action != EXISTS:
                self.say(str(step))
        self._steps(step for step in plan.before if step.statement.section in _HELPERS and not _arms(step))
        self._steps(step for step in plan.before if step.statement.section == EARLY)
        rest = [step for step in plan.before if step.statement.section not in (*_HELPERS, EARLY) or _arms(step)]
        if not plan.targets and not plan.unchecked and not any(one.due for one in plan.anew):
            self._steps(rest)
            if any(_arms(step) for step in rest):
                everywhere(self.server, self.replicas, (step.statement.creates for step in rest if _arms(step)))
                drain(self.server, plan.options.drain, self.say)
            self._steps((*plan.rebuilt, *plan.refresh))
            self._look()
            return Filled(plan, tuple(self.done))
        leased = [target.shown for target in (*plan.targets, *plan.unchecked)]
        leased += [".".join(root) for target in plan.targets if target.boundary for root in target.boundary.roots]
        leased += [name for one in plan.anew for name in (one.shown, *map(".".join, one.roots))]
        lease = Lease(self.server, self.id, leased, self.progress.look, self.replicas)
        lease.acquire()
        try:
            self.lease = lease
            self.take_over([target.path for target in plan.targets])
            tidy(self.server, (*plan.targets, *plan.unchecked), lease.living, self.replicas)
            todo = self._begin(rest)
            self._fill(todo)
            self._steps((*plan.rebuilt, *plan.refresh))
            self._look()
            self._built_anew(one for one in plan.anew if one.due)
            found = self._reconcile((*todo, *plan.unchecked)) if plan.options.reconcile else self._uncompared(todo)
            if plan.options.repair and not all(item.agrees for item in found):
                found = self._repair(found)
            return Filled(plan, tuple(self.done), found)
        finally:
            lease.release()

    # --- steps beside the slices ---

    def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if step.sent:
                self.say(str(step))
                send(step, self.server, self.say)
                self.done.append(step.statement.sql)

    def _look(self) -> None:
        look(Plan(self.plan.project, self.plan.steps), self.server)

    # --- arming ---

    def take_over(self, paths: Iterable[tuple[str, str]]) -> None:
        """Wait until no statement of an earlier run is about these targets; staging ones are killed."""
        for path in paths:
            comment = tag(path)
            told = False
            for pause in (0.05, 0.1, 0.25, *[0.5] * 100_000):
                left = list(running(self.server, comment, self.id, self.replicas))
                if not left:
                    break
                if not told:
                    told = True
                    self.say(f"    waiting for a statement that an earlier run left behind on {'.'.join(path)}")
                kill_inserts(self.server, comment, self.id, self.replicas)
                time.sleep(pause)

    def _begin(self, rest: Sequence[Step]) -> list[Target]:
        """Arm, drain, and journal it; return the targets to fill, each with a fill of its own in the journal."""
        plan, server = self.plan, self.server
        self.log = Journal.open(server, self.id, self.replicas)
        known = journal.read(server, [target.name for target in plan.targets], self.replicas)
        before = self._identities()
        noted = self._noted()
        todo, fresh = [], []
        mistakes = errors.Collector()
        for target in plan.targets:
            past = known.get(target.name)
            if past is not None and past.begun.declaration == target.declaration and same(past, target.stored, before):
                marked = (target.name, target.declaration) in noted
                if past.filled and marked and not plan.options.repair:
                    continue  # another run was quicker
                todo.append(target)
                if not past.sliced or (
                    past.filled and not marked
                ):  # whoever takes the marker away wants it filled anew
                    fresh.append(target)
                continue
            changed = past is not None and past.begun.declaration != target.declaration
            if past is not None and changed and not past.filled and past.moved and same(past, target.stored, before):
                what = f"run {past.begun.run} moved {past.done} of {len(past.slices)} slices in"
                mistakes.add(errors.other_version(target.name, past.begun.declaration, target.declaration, what))
                continue
            if target.boundary is not None and past is not None and journal.DRAINED in past.whole:
                mistakes.add(
                    errors.boundary_lost(target.name, "its table or a view that feeds it is another one by now")
                )
                continue
            todo.append(target)
            fresh.append(target)
        mistakes.raise_all()
        for target in fresh:
            past = known.get(target.name)
            for last in past.slices.values() if past is not None else ():
                unfinished = last.state not in (journal.PLANNED, journal.DONE, journal.SPLIT)
                if unfinished and (stage := last.detail.get("stage")):
                    drop(server, str(stage), self.replicas)
            self._note(target, journal.BEGUN, _begun(target, past))
        self._steps(step for step in rest if _arms(step))
        waits = partial(drain, server, plan.options.drain, self.say)
        if bounded := [target for target in fresh if target.boundary and not target.boundary.stamps]:
            boundary.establish(server, bounded, self._note_of, waits, self.say, self.replicas)
        dated = {target.name: stamped.noted(known[target.name]) for target in fresh if _dated(target, known)}
        stamped.establish(server, fresh, dated, self._note_of, plan.options.drain, self.say)
        if fresh:
            self.say("    waiting for inserts that began before")
            everywhere(server, self.replicas, (view for target in fresh for view in target.views))
            waits()
            found = self._identities()
            for target in fresh:
                self._note(target, journal.DRAINED, identity(target, found))
        self._steps(step for step in rest if not _arms(step))
        known = journal.read(server, [target.name for target in todo], self.replicas)
        return [stamped.dated(target, known[target.name]) for target in todo]

    def _noted(self) -> set[tuple[str, str]]:
        """Target and declaration of every history that is marked as filled."""
        journal.sync_helper(self.server, history.MARKER, self.replicas)
        rows = self.server.rows(f"SELECT DISTINCT target, declaration FROM {history.MARKER}")
        return {(row["target"], row["declaration"]) for row in rows}

    def _identities(self) -> dict[tuple[str, str], str]:
        return uuids(self.server, [path for t in self.plan.targets for path in (t.stored, *t.views)])

    def _note_of(self, target: Target, state: str, detail: object) -> None:
        self._note(target, state, detail)

    def _note(self, target: Target, state: str, detail: object = None) -> None:
        self.log.write(self.server, target.name, target.declaration, state, 0, detail)

    # --- filling ---

    def _fill(self, todo: Sequence[Target]) -> None:
        limit = self.server.rows(
            "SELECT changed OR readonly AS kept FROM system.settings WHERE name = 'max_partitions_per_insert_block'"
        )
        # A limit that somebody set is kept; ClickHouse's own (100) is a guard against slips.
        settings = {"max_partitions_per_insert_block": 0} if limit and not limit[0]["kept"] else {}
        self.stager = Stager(self.log, threading.Lock(), self.lease.check, settings)
        with self._workers() as (pool, clients):
            for target in todo:
                self._target(target, pool, clients)

    @contextmanager
    def _workers(self) -> Iterator[tuple[ThreadPoolExecutor, Clients]]:
        workers = max(1, self.plan.options.workers)
        with ExitStack() as stack:
            clients = Clients(self.server)
            stack.callback(clients.close)
            pool = ThreadPoolExecutor(workers, thread_name_prefix="tilla slice")
            stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            yield pool, clients

    def _target(self, target: Target, pool: ThreadPoolExecutor, clients: Clients, only: tuple[str, ...] = ()) -> None:
        server = self.server
        for sql in target.before:
            server.execute(sql)
        roots = slices.look(server, {branch.root for branch in target.branches})
        past = journal.read(server, [target.name], self.replicas)[target.name]
        if past.filled and not only:
            return
        if not past.sliced:
            self._cut(target, roots, only)
            past = journal.read(server, [target.name], self.replicas)[target.name]
        planned = {number: Slice.from_json(detail) for number, detail in past.planned.items()}
        live = {n: s for n, s in planned.items() if past.slices[n].state != journal.SPLIT}
        into = [s.rows for n, s in live.items() if past.slices[n].state == journal.DONE]
        total = sum(s.rows for s in live.values())
        self.progress.begin(target.path, target.name, len(live), len(into), sum(into), total)
        if target.boundary is not None and all(last.state != journal.MOVING for last in past.slices.values()):
            # Here as well: of two fills of one table the first has undone it at its end. Not while a move is in doubt: what is
            # remembered from now on says nothing of what was forgotten before.
            remember(server, target)
        work = Work(self, target, roots, max(planned, default=0))
        futures: set[Future[list[tuple[int, Slice]]]] = set()
        waiting = [(number, live[number]) for number in past.open]
        try:
            while waiting or futures:
                while waiting and len(futures) < self.plan.options.workers:
                    number, piece = waiting.pop(0)
                    futures.add(pool.submit(clients.using, work.slice, number, piece, past.slices.get(number)))
                finished, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in finished:
                    waiting += future.result()
        except BaseException:
            self.stop.set()
            with suppress(errors.ServerError):
                kill_inserts(self.server, tag(target.path, self.id), "", self.replicas)
            wait(futures)
            raise
        if target.boundary is not None:
            forget(server, target)
        if target.mark:
            server.execute(target.mark)
        self._note(target, journal.FILLED, self._held([target])[target.stored])
        self.progress.end(int(server.scalar(f"SELECT count() FROM {target.table}") or 0))

    def _cut(self, target: Target, roots: dict[tuple[str, str], slices.Root], only: tuple[str, ...]) -> None:
        """Cut the roots as they are now, after the drain, and journal all slices at once."""
        options = self.plan.options
        # What came since the last piece is little: one look at all of the root finds it.
        late = target.boundary is not None and target.boundary.since > 0
        most, size = (1 << 62, 1 << 62) if late else (options.slice_rows, options.slice_bytes)
        found = [
            attrs.evolve(piece, only=only)
            for number, branch in enumerate(target.branches)
            for root in (roots[branch.root],)
            for piece in slices.cut(
                self.server,
                root,
                number,
                most if late else slices.even(root.rows, most, options.workers),
                size,
            )
        ]
        rows = [(number, journal.PLANNED, piece.as_json()) for number, piece in enumerate(found, 1)]
        whole = (0, journal.SLICED, {"slices": len(found), "rows": sum(piece.rows for piece in found)})
        self.log.write_all(self.server, target.name, target.declaration, [*rows, whole])

    # --- at the end, or before it ---

    def _reconcile(self, todo: Sequence[Target]) -> tuple[Reconciliation, ...]:
        found: dict[tuple[str, str], Reconciliation] = {}
        with self._workers() as (pool, clients):

            def each(work: Callable[..., list[T]], pieces: Sequence[object]) -> Iterator[list[T]]:
                return pool.map(partial(clients.using, work), pieces)

            for target in todo:
                if target.path not in found:
                    waits = partial(self._rest, target)
                    self._sync(target)
                    found[target.path] = reconcile(self.server, target, self.log.unique, waits, self.plan.options, each)
        # When all are known, and only what is known: what a run was stopped before it could tell, or what moved too fast to
        # be told, the next run compares again.
        known = journal.read(self.server, [target.name for target in todo], self.replicas)
        held = self._held(todo)
        for target in todo:
            told = found[target.path]
            if not told.sure or (target.shrunk and not told.agrees):
                continue  # what it held when it was filled is not forgotten until it agrees again
            if target.name not in known:  # filled by a script, or complete from its first row on
                self._note(target, journal.BEGUN, {"why": "it is marked as filled"})
                self._note(target, journal.FILLED)
            self._note(target, journal.RECONCILED, told.as_json() | (held[target.stored] if told.agrees else {}))
        return tuple(found.values())

    def _rest(self, target: Target) -> None:
        """Wait for the inserts that run, and until every replica has their rows."""
        drain(self.server, self.plan.options.drain, self.say)
        self._sync(target)

    def _sync(self, target: Target) -> None:
        for path in (*(branch.root for branch in target.branches), target.stored) if target.how == STAGED else ():
            sync(self.server, target.replicas, path)

    def _held(self, targets: Iterable[Target]) -> dict[tuple[str, str], dict[str, object]]:
        """What the journal keeps of which partitions hold rows, by table: whether one is gone later can be told without reading."""
        staged = {target.stored for target in targets if target.how == STAGED}
        found = lowest(self.server, staged, self.replicas)
        listed = {path: found.get(path, {}) for path in staged}
        return defaultdict(dict, {path: {"partitions": ids} for path, ids in listed.items() if len(ids) <= MOST_NOTED})

    def _uncompared(self, todo: Sequence[Target]) -> tuple[Reconciliation, ...]:
        """Note that nobody wanted a comparison, so that the next run does not make up for it."""
        for target in todo:
            self._note(target, journal.RECONCILED, {"wanted": False})
        return ()

    def _repair(self, found: Sequence[Reconciliation]) -> tuple[Reconciliation, ...]:
        """Fill again what is missing in the partitions that disagree: where a row that comes twice counts once, beside writers."""
        wrong = {item.target: item for item in found if any(p.missing for p in item.partitions)}
        identities = self._identities()
        repaired = [target for target in self.plan.targets if target.shown in wrong and target.safe]
        with self._workers() as (pool, clients):
            for target in repaired:
                lacking = tuple(p.partition for p in wrong[target.shown].partitions if p.missing)
                self.say(f"    {target.name}: filling {counted(len(lacking), 'partition')} again")
                self._note(target, journal.BEGUN, {"repair": list(lacking)})
                self._note(target, journal.DRAINED, identity(target, identities))
                self._target(target, pool, clients, lacking)
        disagree = {item.target: item for item in found if not item.agrees}
        rebuilt = [one for one in self.plan.anew if one.shown in disagree and self._may_be_built_anew(one, disagree)]
        self._built_anew(rebuilt)
        repaired += [target for one in rebuilt for target in one.targets]
        again = {item.target: item for item in self._reconcile(repaired)}
        return tuple(again.get(item.target, item) for item in found)

    def _may_be_built_anew(self, one: Anew, disagree: Mapping[str, Reconciliation]) -> bool:
        if one.cannot:
            self.say(
                f"    {one.shown} cannot be built anew beside its views: {one.cannot}. --repair --quiesced builds it"
                " while nothing is inserted"
            )
            return False
        more = sum(item.extra for item in disagree[one.shown].partitions)
        if more and not self.destructive:
            self.say(
                f"    {one.shown} holds more than its sources say; --allow destructive takes the sources' word and builds it anew"
            )
            return False
        return True

    def _built_anew(self, chosen: Iterable[Anew]) -> None:
        """Build some targets anew; where an earlier run began it, go on."""
        waits = partial(drain, self.server, self.plan.options.drain, self.say)
        for one in chosen:
            Rebuild(self.server, one, self.log, self, waits, self.say).go()

    def fill_one(self, target: Target) -> None:
        """Fill one target whose journal has begun."""
        with self._workers() as (pool, clients):
            self._target(target, pool, clients)


def _begun(target: Target, past: journal.Progress | None) -> dict[str, object] | None:
    """What the journal keeps of the boundary of a fill that begins, or begins again."""
    if target.boundary is None:
        return None
    if not target.boundary.stamps:
        return {"generation": target.boundary.generation}
    again = past is not None and past.begun.declaration == target.declaration and not past.filled
    return {"dated": stamped.noted(past)} if again and past is not None and stamped.noted(past) else None


def _dated(target: Target, known: Mapping[str, journal.Progress]) -> bool:
    """Whether an earlier run has chosen the moment of this very fill."""
    past = known.get(target.name)
    return past is not None and _begun(target, past) is not None and bool(target.boundary and target.boundary.stamps)


def _arms(step: Step) -> bool:
    """Whether a step creates a view."""
    return step.action == CREATE and step.statement.section == "views"
