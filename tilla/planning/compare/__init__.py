"""What exists beside what is declared, one aspect a module. Each yields candidates; the server settles them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tilla.planning.compare import columns, comment, dictionary, engine, keys, parts, query, settings, ttl, view
from tilla.planning.difference import Candidate, candidate
from tilla.planning.shape import Shape

Aspect = Callable[[Shape, Shape], Iterator[Candidate]]

# In the order in which a reader wants them.
ASPECTS: tuple[Aspect, ...] = (
    columns.differences,
    engine.differences,
    keys.differences,
    ttl.differences,
    settings.differences,
    parts.differences,
    view.differences,
    dictionary.differences,
    query.differences,
    comment.differences,
)


def compare(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Every aspect in which two objects of one name may differ."""
    if declared.kind != live.kind:
        yield candidate("kind", live.kind.lower(), declared.kind.lower())
        return
    for aspect in ASPECTS:
        yield from aspect(declared, live)
