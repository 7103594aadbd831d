"""ORDER BY, PRIMARY KEY, PARTITION BY and SAMPLE BY."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import EXPRESSION, Candidate, candidate
from tilla.planning.normal import key_items, without_direction
from tilla.planning.shape import Shape


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Keys that differ; a primary key that is not declared is the sorting key."""
    if declared.kind == "DICTIONARY":
        return
    for keyword in ("ORDER BY", "PRIMARY KEY", "PARTITION BY", "SAMPLE BY"):
        ours, theirs = _key(declared, keyword), _key(live, keyword)
        if ours != theirs:
            yield candidate(keyword, _shown(theirs), _shown(ours), EXPRESSION)


def _key(shape: Shape, keyword: str) -> tuple[str, ...]:
    if keyword == "PRIMARY KEY" and keyword not in shape.clauses:
        return without_direction(key_items(shape.clause("ORDER BY")))
    return key_items(shape.clause(keyword))


def _shown(items: tuple[str, ...]) -> str:
    """A key as text; the words for no key are ClickHouse's."""
    return ", ".join(items) or "tuple()"
