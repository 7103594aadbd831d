"""The table engine and its arguments, however the server keeps it (Shared, Replicated)."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import EXPRESSION, Candidate, candidate
from tilla.planning.normal import HIDDEN, engine_parts, equal_but_hidden, kept_by
from tilla.planning.shape import Shape


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Another engine, other arguments, or a table that should be replicated and is not."""
    ours, theirs = declared.clause("ENGINE"), live.clause("ENGINE")
    if ours == theirs:
        return
    if kept_by(ours) and not kept_by(theirs):
        yield candidate("engine", _shown(theirs), _shown(ours))
        return
    (name, arguments), (live_name, live_arguments) = engine_parts(ours), engine_parts(theirs)
    same = name == live_name and len(arguments) == len(live_arguments)
    if not same or not all(map(equal_but_hidden, live_arguments, arguments)):
        proof = EXPRESSION if same and HIDDEN not in theirs else ""
        yield candidate("engine", _shown(theirs), _shown(ours), proof)


def _shown(text: str) -> str:
    return text.removeprefix("=").strip()
