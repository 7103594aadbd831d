"""The comment of an object, wherever in its statement it stands."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import Candidate, candidate
from tilla.planning.normal import comment_of
from tilla.planning.shape import Shape


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Another comment; an empty one is none."""
    if comment_of(live.clause("COMMENT")) != comment_of(declared.clause("COMMENT")):
        yield candidate("comment", live.clause("COMMENT"), declared.clause("COMMENT"))
