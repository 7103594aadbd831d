"""Settings of a table."""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import SETTING, Candidate, candidate
from tilla.planning.normal import equal_but_hidden
from tilla.planning.shape import Shape

# Written into every MergeTree by the server, declared or not.
_WRITTEN = {"index_granularity": "8192"}


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Settings with another value, and those of one side; the server's own defaults are nobody's."""
    for name in sorted({*declared.settings, *live.settings}):
        ours, theirs = declared.settings.get(name, ""), live.settings.get(name, "")
        if equal_but_hidden(theirs, ours) or (name not in declared.settings and _WRITTEN.get(name) == theirs):
            continue
        found = candidate(f"setting {name}", theirs, ours)
        one_sided = name not in declared.settings or name not in live.settings
        yield Candidate(found.difference, SETTING if one_sided else "", name)
