"""What a dictionary has besides its attributes: key, source, layout, lifetime, range, settings."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import Candidate, candidate
from tilla.planning.normal import equal_but_hidden, key_items
from tilla.planning.shape import Shape, split_list


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Clauses with another text; a password is hidden by the server and cannot be compared."""
    if declared.kind != "DICTIONARY":
        return
    if key_items(declared.clause("PRIMARY KEY")) != key_items(live.clause("PRIMARY KEY")):
        yield candidate("PRIMARY KEY", live.clause("PRIMARY KEY"), declared.clause("PRIMARY KEY"))
    for keyword in ("SOURCE", "LAYOUT", "LIFETIME", "RANGE"):
        if not equal_but_hidden(live.clause(keyword), declared.clause(keyword)):
            yield candidate(keyword.lower(), live.clause(keyword), declared.clause(keyword))
    ours, theirs = (sorted(split_list(s.clause("SETTINGS")[1:-1])) for s in (declared, live))
    if ours != theirs:
        yield candidate("settings", ", ".join(theirs), ", ".join(ours))
