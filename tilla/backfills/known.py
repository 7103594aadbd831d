"""What is known of the histories of a project: by marker, journal, counts and identities; and what to make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from tilla import errors, text
from tilla.backfills import anew, journal, stamped
from tilla.backfills.journal import Progress
from tilla.backfills.parts import lowest
from tilla.backfills.plan import Options, Target
from tilla.ddl import generation, history
from tilla.ddl.branches import Branch, branches
from tilla.ddl.script import Script
from tilla.planning.plan import Step
from tilla.planning.steps import holding
from tilla.planning.survey import Path, Survey
from tilla.servers import Server


@attrs.define
class Known:
    """A project beside a server, and what was noted there of its histories. Nothing is written."""

    schema: Script
    script: Script
    server: Server
    options: Options
    seen: Survey = attrs.field(init=False)
    steps: dict[Path | None, Step] = attrs.field(init=False)
    fills: list[history.Fill] = attrs.field(init=False)
    every: list[history.Fill] = attrs.field(init=False)
    known: Mapping[str, Progress] = attrs.field(init=False, factory=dict)
    uuids: Mapping[Path, str] = attrs.field(init=False, factory=dict)
    again: set[str] = attrs.field(init=False, factory=set)  # noted as filled, and to be rebuilt nevertheless
    broken: dict[str, str] = attrs.field(init=False, factory=dict)  # cannot be trusted, and is to be built anew: why
    opened: set[str] = attrs.field(init=False, factory=set)  # an earlier run began to build it anew

    def _read_journal(self) -> None:
        if tuple(text.read_qualified(journal.JOURNAL)) in self.seen.snapshot.tables:
            rebuilt = {fill.name: anew.name_of(fill.target.path) for fill in self.fills if not fill.verdict.safe}
            names = [*(fill.name for fill in self.fills), *set(rebuilt.values())]
            self.known = journal.read(self.server, names, self.script.deployment.replicas)
            self.opened = {n for n, name in rebuilt.items() if name in self.known and not self.known[name].filled}
        paths = {path for fill in self.fills for path in (self._table(fill), *self._views(fill))}
        self.uuids = uuids(self.server, paths) if self.known else {}

    def _filled(self) -> set[str]:
        """The names of the histories that are noted as filled, for this very declaration, by journal or script."""
        if (history.DATABASE, "history") not in self.seen.snapshot.tables:
            return set()
        journal.sync_helper(self.server, history.MARKER, self.script.deployment.replicas)
        rows = self.server.rows(f"SELECT DISTINCT target, declaration FROM {history.MARKER}")
        noted = {(row["target"], row["declaration"]) for row in rows}
        found = set()
        mistakes = errors.Collector()
        for fill in self.fills:
            if fill.name in self.opened:  # it is filled when that has come to its end
                found.add(fill.name)
                continue
            known = self.known.get(fill.name)
            unfinished = known is not None and known.begun.declaration == fill.declaration and not known.filled
            if (fill.name, fill.declaration) not in noted or unfinished:
                done = known is not None and known.filled and not unfinished
                if done and known is not None and not fill.verdict.safe and same(known, self._table(fill), self.uuids):
                    what = "its marker was taken away after it was filled, so its rows are not to be trusted"
                    if self._not_to_be_trusted(fill, what, mistakes):
                        found.add(fill.name)
                continue
            stale = known is not None and known.drained and not same(known, self._table(fill), self.uuids)
            lost = fill.trigger.path not in self.seen.snapshot.tables
            if not stale and not (lost and not fill.verdict.safe):
                found.add(fill.name)
            elif not fill.verdict.safe:
                what = "its table, or a view that feeds it, is gone or another one since it was filled"
                if self._not_to_be_trusted(fill, what, mistakes):
                    found.add(fill.name)
                else:
                    self.again.add(fill.name)
        mistakes.raise_all()
        self._other_versions(noted, [fill for fill in self.fills if fill.name not in found])
        return found

    def _not_to_be_trusted(self, fill: history.Fill, what: str, mistakes: errors.Collector) -> bool:
        """Whether a target that is not overlap-safe, and of which something is wrong, is to be built anew beside its views."""
        if self.options.repair and not self.script.quiesced and fill.target.path in self.seen.snapshot.tables:
            self.broken[fill.name] = what
            return True
        if not self.script.quiesced:
            mistakes.add(errors.boundary_lost(fill.name, what))
        return False

    def _other_versions(self, noted: set[tuple[str, str]], lacking: Iterable[history.Fill]) -> None:
        """Raise for every target that holds rows of another version of its declaration."""
        mistakes = errors.Collector()
        for fill in lacking:
            known = self.known.get(fill.name)
            begun = "" if known is None else known.begun.declaration
            others = sorted(version for name, version in noted if name == fill.name and version != fill.declaration)
            live = self.seen.snapshot.tables.get(fill.target.path)
            if live is None or live.rows == 0 or fill.declaration == begun:
                continue
            if known is not None:
                recorded = known.whole[journal.DRAINED].detail if journal.DRAINED in known.whole else {}
                if recorded.get("table") not in (None, self.uuids.get(self._table(fill))):
                    continue  # another table under the same name
                if not known.filled and known.moved:
                    what = f"run {known.begun.run} moved {known.done} of {len(known.slices)} slices in"
                    mistakes.add(errors.other_version(fill.name, begun, fill.declaration, what))
                    continue
            if others and (fill.name, fill.declaration) not in noted:
                mistakes.add(errors.other_version(fill.name, others[-1], fill.declaration, "its history was filled"))
        mistakes.raise_all()

    def _unbounded(self, filled: set[str]) -> set[str]:
        """Histories that were never filled, and whose view is alive without a bound: only a rebuild knows what they hold."""
        found = set()
        for fill in self.fills:
            live = self.seen.snapshot.tables.get(fill.trigger.path)
            if live is None or fill.name in filled or not self._needs_line(fill):
                continue
            dated = stamped.column_of(self.script.project, branches(fill, self._lost))
            if generation.read_above(live.create) is None and not dated:
                found.add(fill.name)
                self.broken[fill.name] = f"{'.'.join(fill.trigger.path)} is alive without a boundary"
        return found

    def _shrunk(self, filled: set[str]) -> dict[str, str]:
        """Filled histories whose target lacks what it held then: it was emptied, or partitions were dropped.

        Counts of the server and the journal are looked at, no rows: fewer rows than there were keys, or a partition whose first
        parts are gone. Only a suspicion: the sources may have lost the same rows. A target with a TTL loses rows by itself.
        """
        found: dict[str, str] = {}
        tables, chosen = self.seen.snapshot.tables, [fill for fill in self.fills if fill.name in filled]
        staged = [
            f for f in chosen if self._table(f) in tables and self._is_staged(f) and not self._lost(f.target.path)
        ]
        now = lowest(
            self.server,
            {self._table(fill) for fill in staged if fill.name in self.known},
            self.script.deployment.replicas,
        )
        for fill in staged:
            rows, known = tables[self._table(fill)].rows or 0, self.known.get(fill.name)
            if known is None:
                if not rows and holding(self.seen, self.server, fill):
                    found[fill.name] = "it holds nothing, and its sources hold rows"
                continue
            entries = [
                known.whole[state].detail for state in (journal.FILLED, journal.RECONCILED) if state in known.whole
            ]
            keys = max((int(detail.get("holds", 0)) for detail in entries[-1:]), default=0)
            had: Mapping[str, int] = next((d["partitions"] for d in reversed(entries) if "partitions" in d), {})
            have = now.get(self._table(fill), {})
            dropped = [name for name, low in sorted(had.items()) if name not in have or have[name] > low]
            if rows < keys:
                found[fill.name] = (
                    f"it holds {rows:,} rows, and held {keys:,} keys when it was compared: it was emptied"
                )
            elif dropped:
                shown = ", ".join(dropped[:3]) + ", ..." * (len(dropped) > 3)
                found[fill.name] = f"what was filled into partition {shown} is not in it any more"
        return found

    # --- what reaches a target, and how ---

    def _views(self, fill: history.Fill) -> list[Path]:
        """The views through which rows reach a target."""
        return list(dict.fromkeys(p for branch in self._ways(fill) for p in branch.through))

    def _ways(self, fill: history.Fill, into: history.Fill | None = None) -> list[Branch]:
        """The branches of a history. ``into``: of the one that is filled, where several go into one target."""
        if self._moves_within_a_shard(into or fill):
            return branches(fill, self._lost, self.script.deployment.fires)
        return branches(fill, self._lost)

    def _lost(self, path: Path) -> str:
        """Why old rows of a table may be gone, or ''."""
        kept = self.script.deployment.local_names(self.script.project).get(path)
        live = self.seen.snapshot.tables.get(text.read_qualified(kept) if kept else path)
        if live is None or not live.engine.endswith("MergeTree"):
            return ""
        shape = live.shape
        clauses = shape.clauses if shape is not None else {}
        rules = clauses.get("TTL", "")
        deletes = rules and not any(word in rules for word in (" TO DISK ", " TO VOLUME ", " RECOMPRESS "))
        return f"{'.'.join(path)} loses old rows to its TTL" if deletes else ""

    def _needs_line(self, fill: history.Fill) -> bool:
        return not fill.verdict.safe and not self.script.quiesced and bool(holding(self.seen, self.server, fill))

    def _is_staged(self, fill: history.Fill) -> bool:
        """Whether slices are moved into a target, rather than inserted."""
        live = self.seen.snapshot.tables[self._table(fill)]
        return live.engine.endswith("MergeTree")  # Distributed on a cluster, where rows go to their shards

    def _moves_within_a_shard(self, fill: history.Fill) -> bool:
        """Whether a history on a cluster is read from, and moved into, the tables that keep rows, and not those over them."""
        return bool(self.script.deployment.on_cluster) and not fill.verdict.safe

    def _table(self, fill: history.Fill) -> Path:
        """The table into which a history is written."""
        deployment, target = self.script.deployment, fill.target
        within = self._moves_within_a_shard(fill)
        return text.read_qualified(deployment.keeps(target) if within else deployment.storage(target))


# --- whether the journal is about what is there ---


def uuids(server: Server, paths: Iterable[Path]) -> dict[Path, str]:
    """The identity of tables and views: another one under the same name has another."""
    pairs = ", ".join(f"({text.quote_string(d)}, {text.quote_string(n)})" for d, n in sorted(set(paths)))
    rows = server.rows(
        "SELECT database, name, toString(uuid) AS id FROM system.tables"
        f" WHERE (database, name) IN ({pairs or 'tuple(NULL, NULL)'})"
    )
    return {(row["database"], row["name"]): row["id"] for row in rows}


def identity(target: Target, found: Mapping[Path, str]) -> dict[str, object]:
    """What the journal keeps of the identity of a target and of the views that feed it."""
    return {
        "table": found.get(target.stored, ""),
        "views": {".".join(path): found.get(path, "") for path in target.views},
    }


def same(known: Progress, path: Path, found: Mapping[Path, str]) -> bool:
    """Whether table and views still are those that were armed and drained: through another view rows were missed."""
    drained = known.whole.get(journal.DRAINED)
    if drained is None:
        return False
    names = {".".join(path): value for path, value in found.items()}
    views: Mapping[str, str] = drained.detail.get("views", {})
    if drained.detail.get("table") != found.get(path, ""):
        return False
    return all(names.get(name) == value for name, value in views.items())
