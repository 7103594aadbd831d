"""The SELECT of a view."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import QUERY, Candidate, candidate
from tilla.planning.normal import equal_but_hidden
from tilla.planning.shape import Shape


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Another SELECT. The server resolves both where the texts differ."""
    if not equal_but_hidden(live.query, declared.query):
        yield candidate("query", live.query, declared.query, QUERY)
