"""The ways from root sources down to a target: one SELECT each, bounded at the root.

A view is a function of the rows it is given, block by block: of a union it gives the union. So the history of a target is
the sum of its branches, and each may be cut into slices of its root in any way. Reading a table in between instead would miss
the rows that its engine has merged away, and would depend on how far that table's own history has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tilla import text
from tilla.ddl.history import Fill, all_columns, select_over, stored, upper_first
from tilla.expressions.scan import closed

# Stands in a branch's SELECT where the condition on its root belongs.
PLACE = "tilla_slice_of_the_root"


@attrs.frozen
class Branch:
    """One way from a root down to a target: ``select`` holds :data:`PLACE` once.

    ``through`` are the paths of the views on the way, the target's own last; ``reason`` says why the root is one, where it is
    no loader's table.
    """

    root: tuple[str, str]
    select: str
    through: tuple[tuple[str, str], ...]
    reason: str = ""


def branches(
    fill: Fill,
    lost: Callable[[tuple[str, str]], str] = lambda path: "",
    table: Callable[[Any], str] = lambda relation: str(relation.qualified_name),
) -> list[Branch]:
    """The branches of a history, by root.

    ``lost`` says of a table why its old rows may be gone (a TTL), or '': what is computed from it is then a root itself.
    ``table`` names the table in which the rows of a relation are read.
    """
    made: dict[int, list[Branch]] = {}
    for one in upper_first(fill, lambda fill: fill.above):
        made[id(one)] = _branches(
            one, [(other, branch) for other in one.above for branch in made[id(other)]], lost, table
        )
    return made[id(fill)]


def _branches(
    fill: Fill,
    upper: Sequence[tuple[Fill, Branch]],
    lost: Callable[[tuple[str, str]], str],
    table: Callable[[Any], str],
) -> list[Branch]:
    """The branches of one step, from those above it."""
    source, above = fill.trigger.source, fill.above
    gone = next((why for other in above if (why := lost(other.trigger.source.path))), "")
    if fill.feeders and not above:
        gone = f"rows of {source.name} came from {next(f.leaks for f in fill.feeders if f.leaks)}, which keeps none"
    if not above or (gone and not _passes(source)):
        read = table(source)
        inner = f"(SELECT {all_columns(source)} FROM {read} WHERE {PLACE})"
        return [Branch(text.read_qualified(read), select_over(fill.trigger, inner), (fill.trigger.path,), gone)]
    found = []
    for other, branch in upper:
        inner = stored(other, branch.select)
        through = (*branch.through, fill.trigger.path)
        found.append(attrs.evolve(branch, select=select_over(fill.trigger, f"({closed(inner)})"), through=through))
    return found


def _passes(relation: Any) -> bool:
    return bool(getattr(getattr(relation, "engine", None), "stream", False))


def bounded(select: str, condition: str) -> str:
    """A branch's SELECT over the rows of its root that fit a condition."""
    return select.replace(PLACE, condition or "1")


__all__ = ["PLACE", "Branch", "bounded", "branches"]
