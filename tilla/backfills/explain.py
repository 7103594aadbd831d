"""Why a target may be filled beside its view, or needs a boundary, or cannot be filled: one sentence each, without a server."""

from __future__ import annotations

import attrs

from tilla.backfills import stamped
from tilla.ddl import history
from tilla.ddl.branches import branches
from tilla.objects.source import Source
from tilla.projects import Project

SAFE, BOUNDED, REFUSED = "overlap-safe", "needs a boundary", "refused"


@attrs.frozen
class Explanation:
    """How the history of one target is filled, and why."""

    target: str
    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.target}: {self.sentence}"


def explain(project: Project) -> tuple[Explanation, ...]:
    """One explanation for every history of a project, in the order in which they are filled."""
    return tuple(_explained(project, fill) for fill in history.fills(project))


def _explained(project: Project, fill: history.Fill) -> Explanation:
    roots = list(dict.fromkeys(".".join(branch.root) for branch in branches(fill)))
    told = f"history from {', '.join(roots)}"
    verdict = fill.verdict
    if verdict.safe:
        return Explanation(fill.name, SAFE, f"filled while its view is alive: {verdict.reason} ({told})")
    if verdict.bounded and (stamps := stamped.column_of(project, branches(fill))):
        shown = ", ".join(f"{'.'.join(root)}.{column}" for root, column in stamps.items())
        return Explanation(
            fill.name,
            BOUNDED,
            f"needs a boundary between history and new rows: {verdict.reason}; {shown}, which the server stamps at every insert,"
            " gives it, and nothing is altered. MATERIALIZED now64(3) cannot be sent; with DEFAULT now64(3) it holds as long as"
            f" no client sends a value of its own. Without: {verdict.ways_out}",
        )
    if verdict.bounded:
        loaded = {".".join(item.path) for item in project.objects if isinstance(item, Source)}
        paused = " with --syncs-paused, as a loader owns it" if loaded & set(roots) else ""
        return Explanation(
            fill.name,
            BOUNDED,
            f"needs a boundary between history and new rows: {verdict.reason}; a generation column on"
            f" {', '.join(roots)} gives it{paused}. Without: {verdict.ways_out}",
        )
    return Explanation(
        fill.name, REFUSED, f"is not filled beside its view: {verdict.reason}. Ways out: {verdict.ways_out}"
    )
