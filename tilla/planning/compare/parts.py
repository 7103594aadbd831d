"""What a table has besides columns: indexes, projections, constraints, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tilla.planning.difference import EXPRESSION, Candidate, candidate
from tilla.planning.shape import Shape


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Those of one side, and those whose text differs."""
    yield from _named("index", declared.indexes, live.indexes)
    yield from _named("projection", declared.projections, live.projections)
    yield from _named("constraint", declared.constraints, live.constraints)


def _named(word: str, declared: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Candidate]:
    for name in [*declared, *(n for n in live if n not in declared)]:
        ours, theirs = declared.get(name, ""), live.get(name, "")
        if ours != theirs:
            yield candidate(f"{word} {name}", theirs, ours, EXPRESSION)
