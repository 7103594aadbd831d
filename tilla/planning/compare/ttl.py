"""TTL rules of a table, in any order."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import EXPRESSION, Candidate, candidate
from tilla.planning.shape import Shape, split_list


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Rules that only one side has."""
    ours, theirs = declared.clause("TTL"), live.clause("TTL")
    if sorted(split_list(ours)) != sorted(split_list(theirs)):
        yield candidate("TTL", theirs, ours, EXPRESSION)
