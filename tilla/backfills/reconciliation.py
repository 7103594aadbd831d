"""What a comparison of a target with its sources has found, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tilla.backfills.plan import GROUPS, VERSIONS, counted


@attrs.frozen
class Partition:
    """One partition: keys (entities, groups or rows) that the sources say, that the target holds, and what is wrong.

    ``missing`` keys are in the sources and not, or not fully, in the target; ``extra`` keys the other way round. ``unsure`` groups
    changed while they were looked at and cannot be added twice: what the target holds lies between two readings of the sources.
    """

    partition: str
    sources: int
    holds: int
    missing: int = 0
    extra: int = 0
    unsure: int = 0

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return not self.missing and not self.extra


@attrs.frozen
class Reconciliation:
    """The comparison of one target. ``differing`` are the measures in which groups differ."""

    target: str
    kind: str
    partitions: tuple[Partition, ...]
    differing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every partition agrees."""
        return all(item.agrees for item in self.partitions)

    @property
    def sure(self) -> bool:
        """Whether nothing moved too fast to be told."""
        return not any(item.unsure for item in self.partitions)

    def as_json(self) -> dict[str, Any]:
        """The comparison for the journal: sums, and the partitions that disagree."""
        return {
            "agrees": self.agrees,
            "sources": sum(item.sources for item in self.partitions),
            "holds": sum(item.holds for item in self.partitions),
            "disagree": [attrs.asdict(item) for item in self.partitions if not item.agrees][:100],
        }


_WHAT = {VERSIONS: "keys", GROUPS: "groups"}


def table(found: Sequence[Reconciliation], most: int = 40) -> str:
    """The comparison for people: a line per target and partition; partitions that agree are shortened when there are many."""
    rows = [("target", "partition", "the sources say", "it holds", "")]
    for item in found:
        what = _WHAT.get(item.kind, "rows")
        shown = list(item.partitions)
        if len(shown) > most:
            agreed = [p for p in shown if p.agrees]
            shown = [p for p in shown if not p.agrees]
            total = (sum(p.sources for p in agreed), sum(p.holds for p in agreed))
            rows.append((item.target, f"{len(agreed)} partitions", f"{total[0]:,} {what}", f"{total[1]:,}", "agrees"))
        for p in shown:
            rows.append((item.target, p.partition, f"{p.sources:,} {what}", f"{p.holds:,}", verdict(p, item)))
        if not item.partitions:
            rows.append((item.target, "-", f"0 {what}", "0", "agrees"))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3]), row[4]]
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def verdict(item: Partition, whole: Reconciliation) -> str:
    """What is to say of one partition."""
    what = _WHAT.get(whole.kind, "rows")[:-1]
    if item.agrees and item.unsure:
        return f"agrees so far: {counted(item.unsure, what)} kept changing; run it again while the loader rests"
    if item.agrees:
        return "agrees"
    parts = []
    if item.missing:
        parts.append(f"{counted(item.missing, what)} in the sources and not in the target")
    if item.extra:
        parts.append(f"{counted(item.extra, what)} in the target and not in the sources")
    named = f" ({', '.join(whole.differing)})" if whole.differing else ""
    return "; ".join(parts) + named
