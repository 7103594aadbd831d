"""Boundaries on a source that may not be altered: a column that the server stamps at every insert, and a moment T.

In this order, each step journaled: **dated** (T lies some seconds ahead by the server's clock), **armed** (views over what is stamped
from T on), **sealed** (the inserts that ran when the views were armed have ended, and T has not come yet), T passes, and what
runs then is waited for: from here on the rows below T are a frozen set.

Sealing is what makes it exact. A long insert may stamp its blocks one by one; if it began before the view was armed it misses the
view, and must not be there any more when T comes. Where it still is shortly before T, the views are dropped again,
nothing has gone through them, and a later T is chosen. A run that was killed in between and comes back too late takes them
away, too, and empties the target, if nothing but these views has filled it.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from tilla import errors, text
from tilla.backfills.boundary import create_of, uuid_of
from tilla.backfills.journal import Progress
from tilla.backfills.plan import Boundary, Stamp, Target
from tilla.backfills.replicas import about, wait
from tilla.backfills.staging import remember
from tilla.ddl import moment, write
from tilla.ddl.branches import Branch
from tilla.ddl.deployment import Deployment
from tilla.ddl.history import Fill
from tilla.expressions.query import Query
from tilla.objects.materialized import Trigger
from tilla.planning.run import drain
from tilla.planning.snapshot import Snapshot
from tilla.planning.survey import Survey
from tilla.projects import Project
from tilla.servers import Server

Path = tuple[str, str]

DATED, ARMED, SEALED, WITHDRAWN = "dated", "armed", "sealed", "withdrawn"

MARGIN = 5.0  # seconds from the choice of T to T; twice as many after a try that was withdrawn
SKEW = 0.5  # seconds by which a clock may step, or stand still
REPLICAS_SKEW = 2.0  # seconds by which the clocks of replicas may differ


_NONE = "the table has no such column"


# --- planning ---


def column_of(project: Project, ways: Sequence[Branch]) -> dict[Path, str]:
    """Root -> its stamped column; only the roots that have one."""
    parts: dict[Path, Any] = {part.path: part for part in project.parts}
    found = {branch.root: getattr(parts.get(branch.root), "stamped", None) for branch in ways}
    return {root: column.name for root, column in found.items() if column is not None}


def draw(
    project: Project,
    deployment: Deployment,
    snapshot: Snapshot,
    server: Server,
    fill: Fill,
    ways: Sequence[Branch],
    *,
    drawn: Mapping[Path, Boundary],
    branches: Mapping[Path, Sequence[Branch]],
    known: Progress | None,
) -> Boundary:
    """The boundary of one history. ``drawn`` has those of this run so far by view, ``branches`` the branches of those.

    Raises:
        RefusedError: there can be none here; says why, and the ways out.
    """
    verdict, own = fill.verdict, fill.trigger
    if not verdict.bounded:
        raise errors.history_refused(fill.name, verdict.reason, verdict.ways_out)

    def impossible(what: str) -> errors.RefusedError:
        return errors.boundary_impossible(fill.name, what, verdict.reason, verdict.ways_out)

    stamps = column_of(project, ways)
    roots = tuple(dict.fromkeys(branch.root for branch in ways))
    mistakes = errors.Collector()
    if deployment.on_cluster:
        raise impossible("each replica of a cluster stamps by a clock of its own")
    for root in roots:
        if root not in stamps:
            mistakes.add(impossible(f"{'.'.join(root)} declares no stamped column, and other sources of it do"))
        elif have := facts(server, root, stamps[root])[1]:
            shown = f"{'.'.join(root)}.{stamps[root]}"
            mistakes.add(errors.stamp_not_the_servers(fill.name, shown, have, verdict.reason, verdict.ways_out))
    mistakes.raise_all()
    live = snapshot.tables.get(own.path)
    begun = {} if known is None or known.filled or known.begun.declaration != fill.declaration else noted(known)
    if live is not None:
        bound = moment.read_bound(live.create)
        old = [Stamp(column, text.read_qualified(view)) for column, view in begun.get("stamps", ())]
        if len(old) != len(ways) or begun["moments"].get(".".join(own.path)) != (bound and bound[1]):
            raise errors.view_without_boundary(fill.name, ".".join(own.path), verdict.ways_out)
        query = moment.armed_query(own, bound[0]) if bound is not None else ""
        return Boundary(0, roots, (), write.create_trigger(own, deployment.dialect, query=query), tuple(old))
    above = [_bounded_above(branch, drawn, branches, snapshot) for branch in ways]
    if all(stamp is not None for stamp in above):  # below a new view: what comes through it is stamped from T on
        create = write.create_trigger(own, deployment.dialect)
        return Boundary(0, roots, (), create, tuple(stamp for stamp in above if stamp is not None))
    handed = set()
    for branch in ways:
        with mistakes.catch():
            column, why = _handed_down(project, branch, stamps[branch.root])
            if why:
                raise impossible(why)
            handed.add(column)
    mistakes.raise_all()
    if len(handed) > 1:
        raise impossible(f"{own.source.name} has the stamps in several columns ({', '.join(sorted(handed))})")
    query = moment.armed_query(own, handed.pop())
    made = tuple(Stamp(stamps[branch.root], own.path) for branch in ways)
    return Boundary(0, roots, (), write.create_trigger(own, deployment.dialect, query=query), made)


def facts(server: Server, root: Path, column: str) -> tuple[str, str]:
    """How the server stamps a column (``DEFAULT now64(3)``), and what is wrong with that, or ''."""
    rows = server.rows(
        "SELECT type, default_kind AS kind, default_expression AS value FROM system.columns"
        f" WHERE database = {text.quote_string(root[0])} AND table = {text.quote_string(root[1])}"
        f" AND name = {text.quote_string(column)}"
    )
    if not rows:
        return "", _NONE
    row = rows[0]
    shown = f"{row['kind']} {row['value']}".strip()
    if not row["type"].startswith("DateTime"):
        return shown, f"it is {row['type']}"
    if row["kind"] not in ("DEFAULT", "MATERIALIZED"):
        why = f"it is {shown}" if shown else "it has no default"
        return shown, f"{why}, so whoever inserts stamps it, and a late row has an old time"
    return shown, "" if moment.is_now(row["value"]) else f"it is {shown}, which is not the time of the insert"


def told(server: Server, boundary: Boundary) -> str:
    """What the plan says of a boundary: who stamps what."""
    found = []
    for root, column in dict.fromkeys(zip(boundary.roots, (s.column for s in boundary.stamps), strict=False)):
        how = facts(server, root, column)[0]
        sent = ": right as long as no client sends a value of its own" if how.startswith("DEFAULT") else ""
        found.append(f"history ends at a moment of {'.'.join(root)}.{column} ({how}{sent})")
    return "; ".join(found)


def _bounded_above(
    branch: Branch, drawn: Mapping[Path, Boundary], branches: Mapping[Path, Sequence[Branch]], snapshot: Snapshot
) -> Stamp | None:
    """The stamp of the nearest view further up that is drawn in this run and not armed yet."""
    for place in range(len(branch.through) - 1, 0, -1):
        view = branch.through[place - 1]
        if view in drawn and view not in snapshot.tables:
            for number, other in enumerate(branches[view]):
                if (other.root, other.through) == (branch.root, branch.through[:place]):
                    return drawn[view].stamps[number]
    return None


def _handed_down(project: Project, branch: Branch, column: str) -> tuple[str, str]:
    """Under which name the stamp of a root comes to the last view of a branch; or why it does not."""
    parts: dict[Path, Any] = {part.path: part for part in project.parts}
    kind, name = next(str(c.type) for c in parts[branch.root].columns if c.name == column), column
    for path in branch.through[:-1]:
        trigger: Trigger = parts[path]
        query, shown = trigger.query, ".".join(path)
        if not isinstance(query, Query):
            return "", f"{shown} is alive, and its SELECT is written by hand: whether it hands {name} on cannot be read"
        stored = {c.name: c for c in trigger.target.columns}
        plain = text.quote_identifier(name)
        same = (i.name for i in query.items if i.expr.sql() == plain and not query.joins)
        found = next((n for n in same if str(stored[n].type) == kind and not stored[n].default_kind), None)
        if found is None:
            how = f"landed_at = tl.derive(Body.{name}) in its body does"
            return "", f"{shown} is alive and does not hand {name} of {trigger.source.name} on ({how})"
        name = found
    return name, ""


def noted(known: Progress) -> Mapping[str, Any]:
    """What the journal says of the moments of a fill, where one was chosen: ``moments``, ``stamps``, ``empty``, ``table``;
    whether its view is ``armed``, ``idle`` (no insert ran when it was) and ``sealed``.
    """
    found: dict[str, Any] = dict(known.begun.detail.get("dated", {}))
    for state, entry in sorted(known.whole.items(), key=lambda item: item[1].seq):
        if state == DATED:
            found |= {"armed": False, "idle": False, "sealed": False} | dict(entry.detail)
        elif state == ARMED:
            found |= {"armed": True, "idle": not entry.detail["running"]}
        elif state == SEALED:
            found["sealed"] = True
        elif state == WITHDRAWN:
            found |= {"armed": False, "idle": False, "sealed": False}
    return found


def dated(target: Target, known: Progress) -> Target:
    """The target with the moments that the journal has."""
    line = target.boundary
    if line is None or not line.stamps:
        return target
    moments = tuple((stamp.view, noted(known)["moments"][".".join(stamp.view)]) for stamp in line.stamps)
    return attrs.evolve(target, boundary=attrs.evolve(line, moments=tuple(dict.fromkeys(moments))))


def vanished(seen: Survey, server: Server) -> list[Trigger]:
    """The views bounded at a moment whose source has lost the column: every insert into it fails since."""
    found = []
    for part in seen.parts.values():
        live = seen.snapshot.tables.get(part.path)
        bound = moment.read_bound(live.create) if live is not None and isinstance(part, Trigger) else None
        if isinstance(part, Trigger) and bound is not None and facts(server, part.source.path, bound[0])[1] == _NONE:
            found.append(part)
    return found


# --- carrying it out ---


@attrs.frozen
class _Line:
    """One run's work on its boundaries. ``past`` is what the journal says, by target; ``running`` lists inserts; ``empty`` says
    of each target whether it held nothing before the first of its views was armed.
    """

    server: Server
    targets: Sequence[Target]
    past: Mapping[str, Mapping[str, Any]]
    note: Callable[[Target, str, object], None]
    running: str
    say: Callable[[str], None]
    empty: Mapping[str, bool]

    @property
    def skew(self) -> float:
        return REPLICAS_SKEW if "clusterAllReplicas" in self.running else SKEW

    def now(self) -> float:
        """The server's clock, in seconds since 1970."""
        return float(self.server.scalar("SELECT toFloat64(now64(3))") or 0)

    def inserts(self) -> set[str]:
        """The inserts that run now."""
        return {row["query_id"] for row in self.server.rows(self.running)}

    def drain(self) -> None:
        """Wait until what runs now has ended."""
        drain(self.server, self.running, self.say)

    def draw(self) -> None:
        """Bring every target to the point where its moment has passed. The drain after it is the caller's."""
        moments = self._left()
        todo = [target for target in self.targets if target.view not in moments]
        margin = MARGIN
        if todo:
            self._check_future(todo)
        while todo:
            shown = self._ahead(todo) or _shown(self.now() + self.skew + margin)
            self._date(todo, shown, moments)
            if self._arm(todo, shown):
                moments |= {target.view: shown for target in todo}
                break
            self.say(
                "    inserts that began before the views still run: they are withdrawn, and a later moment is chosen"
            )
            self._withdraw(todo, shown)
            margin *= 2
        for target in todo:
            self.note(target, SEALED, None)
        last = max(_seconds(value) for value in moments.values())
        while (left := last + self.skew - self.now()) > 0:
            time.sleep(min(max(left, 0.02), 1.0))

    def _left(self) -> dict[Path, str]:
        """The views that an earlier run has armed for good, and their moments; what is in doubt is withdrawn."""
        found: dict[Path, str] = {}
        doubtful: list[tuple[Target, str]] = []
        together: dict[str, list[tuple[Target, bool]]] = {}
        for target in self.targets:
            past = self.past.get(target.name, {})
            there = bool(create_of(self.server, target.view))
            if not past or not (there or past["armed"]):
                continue
            if past["table"] != uuid_of(self.server, target.path):
                raise errors.boundary_lost(target.name, "its table is another one by now")
            shown = past["moments"][".".join(_stamps(target)[0].view)]
            together.setdefault(shown, []).append((target, there))
        for shown, several in together.items():  # armed by one run, which looked around when all views were there
            pasts = [self.past[target.name] for target, _ in several]
            if all(there for _, there in several) and any(past["sealed"] or past["idle"] for past in pasts):
                found |= {target.view: shown for target, _ in several}
            elif not all(there for _, there in several) or self.now() >= _seconds(shown) - self.skew:
                doubtful += [(target, shown) for target, _ in several]  # or taken away by hand
        if doubtful:
            self.say("    an earlier run ended before it was sure of its views: they are withdrawn")
            self._withdraw([target for target, _ in doubtful], min(shown for _, shown in doubtful))
        return found

    def _ahead(self, todo: Sequence[Target]) -> str:
        """The moment of the views that an earlier run has armed, where it still is ahead, or ''."""
        bounds = [moment.read_bound(create_of(self.server, target.view)) for target in todo]
        shown = {bound[1] for bound in bounds if bound is not None}
        if len(shown) > 1:
            self._withdraw(todo, min(shown))
            return ""
        return next(iter(shown), "")

    def _date(self, todo: Sequence[Target], shown: str, sealed: Mapping[Path, str]) -> None:
        for target in todo:
            stamps = _stamps(target)
            detail = {
                "moments": {".".join(stamp.view): sealed.get(stamp.view, shown) for stamp in stamps},
                "stamps": [[stamp.column, text.quote_qualified(*stamp.view)] for stamp in stamps],
                "empty": self.empty[target.name],
                "table": uuid_of(self.server, target.path),
            }
            self.note(target, DATED, detail)
        self.say(f"    history ends at {shown} UTC, by the server's clock")

    def _arm(self, todo: Sequence[Target], shown: str) -> bool:
        """Create the views, the lower ones first; whether what ran then has ended in time."""
        for target in reversed(todo):
            remember(self.server, target)
            self.server.execute(_line(target).arm.replace(moment.PLACE, shown))
            wait(self.server, target.replicas, ".".join(target.view), "tables", about(target.view, "name"))
        waiting, until = self.inserts(), _seconds(shown) - self.skew
        if self.now() >= until:
            return False
        for target in todo:
            self.note(target, ARMED, {"views": [".".join(target.view)], "running": len(waiting)})
        while waiting and self.now() < until:
            time.sleep(0.05)
            waiting &= self.inserts()
        return not waiting and self.now() < until

    def _withdraw(self, targets: Sequence[Target], shown: str) -> None:
        """Take views away whose moment is not sure; wait; see to it that nothing has gone through them."""
        for target in targets:
            self.server.execute(f"DROP TABLE IF EXISTS {text.quote_qualified(*target.view)} SYNC")
        self.drain()
        ahead = self.now() < _seconds(shown) - self.skew
        for target in targets:
            if ahead or _is_empty(self.server, target):
                self.note(target, WITHDRAWN, None)
                continue
            if not self.empty[target.name]:
                what = (
                    f"{'.'.join(target.view)} has let rows through that others, which ran when it was armed, may lack"
                )
                raise errors.boundary_lost(target.name, what)
            self.say(
                f"    {target.name}: emptied again; all that came through {'.'.join(target.view)} is in the sources"
            )
            self.server.execute(f"TRUNCATE TABLE {target.table}")
            self.note(target, WITHDRAWN, None)

    def _check_future(self, todo: Sequence[Target]) -> None:
        """Raise when rows are stamped later than now: somebody sends the column."""
        pairs = {(b.root, s.column): t for t in todo for b, s in zip(t.branches, _stamps(t), strict=True)}
        for (root, column), target in sorted(pairs.items(), key=lambda item: item[0]):
            late = f"{text.quote_identifier(column)} > addSeconds(now(), 60)"
            if rows := self.server.scalar(f"SELECT count() FROM {text.quote_qualified(*root)} WHERE {late}"):
                have = f"{rows:,} rows are stamped later than now, so clients send it"
                shown = f"{'.'.join(root)}.{column}"
                ways = "state that nothing is inserted meanwhile (--quiesced)"
                raise errors.stamp_not_the_servers(target.name, shown, have, target.reason, ways)


def establish(
    server: Server,
    targets: Iterable[Target],
    past: Mapping[str, Mapping[str, Any]],
    note: Callable[[Target, str, object], None],
    running: str,
    say: Callable[[str], None],
) -> None:
    """Date, arm and seal the boundaries of some targets, and wait for their moment. The drain after it is the caller's."""
    chosen = [target for target in targets if target.boundary is not None and target.boundary.stamps]
    if not chosen:
        return
    empty = {}
    for target in chosen:
        known = past.get(target.name, {})
        empty[target.name] = bool(known["empty"]) if known else _is_empty(server, target)
    _Line(server, chosen, past, note, running, say, empty).draw()


def _line(target: Target) -> Boundary:
    assert target.boundary is not None
    return target.boundary


def _stamps(target: Target) -> tuple[Stamp, ...]:
    return _line(target).stamps


def _is_empty(server: Server, target: Target) -> bool:
    return not server.scalar(f"SELECT count() FROM (SELECT 1 FROM {target.table} LIMIT 1)")


def _shown(seconds: float) -> str:
    """The whole second behind a time, in UTC."""
    return dt.datetime.fromtimestamp(math.ceil(seconds), dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(shown: str) -> float:
    return dt.datetime.strptime(shown, "%Y-%m-%d %H:%M:%S").replace(tzinfo=dt.UTC).timestamp()


__all__ = ["column_of", "dated", "draw", "establish", "noted", "told", "vanished"]
