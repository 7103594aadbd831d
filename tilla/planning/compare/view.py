"""What a view has besides its SELECT: the target, the schedule, whose rights it runs with."""

from __future__ import annotations

from collections.abc import Iterator

from tilla import text as quoting
from tilla.planning.difference import USER, Candidate, candidate
from tilla.planning.shape import Shape, split_list


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Target, schedule and rights. EMPTY and POPULATE say what happens at creation and are kept nowhere."""
    if declared.kind not in ("VIEW", "MATERIALIZED VIEW"):
        return
    if _path(declared.clause("TO")) != _path(live.clause("TO")):
        yield candidate("target", live.clause("TO"), declared.clause("TO"))
    if _schedule(declared) != _schedule(live):
        yield candidate("refresh", live.clause("REFRESH"), declared.clause("REFRESH"))
    if (
        "REFRESH" in live.clauses
        and "REFRESH" in declared.clauses
        and ("APPEND" in live.clauses) != ("APPEND" in declared.clauses)
    ):
        yield candidate("refresh", *(f"{'' if 'APPEND' in s.clauses else 'not '}APPEND" for s in (live, declared)))
    wanted, have = (", ".join(sorted(split_list(s.clause("REFRESH SETTINGS")))) for s in (declared, live))
    if wanted != have:
        yield candidate("refresh settings", have, wanted)
    # Rights that are not declared are the server's default (settings default_view_definer and its relatives).
    ours, theirs = _user(declared), _user(live)
    if ours and ours != theirs:
        yield candidate("definer", theirs, ours, USER)
    ours, theirs = declared.clause("SQL SECURITY"), live.clause("SQL SECURITY")
    if ours and ours != theirs:
        yield candidate("SQL security", theirs, ours)


def _path(name: str) -> tuple[str, str]:
    return quoting.read_qualified(name) if name else ("", "")


def _user(shape: Shape) -> str:
    name = shape.clause("DEFINER").removeprefix("=").strip()
    return quoting.read_quoted(name)[0] if name[:1] in ("`", '"') else name


def _schedule(shape: Shape) -> tuple[str, tuple[str, ...]]:
    """When, and after which views, in any order."""
    when, _, parents = shape.clause("REFRESH").partition(" DEPENDS ON ")
    return when, tuple(sorted(split_list(parents)))
