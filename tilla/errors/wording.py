"""How a message names the nearest thing, lists several, and quotes a long one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name closest to ``name``, or ''."""
    names = list(known)
    by_fold = {n.casefold(): n for n in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def listed(names: Iterable[str], most: int = 12) -> str:
    """Write names as ``a, b, c and 4 more``."""
    shown = list(names)
    text = ", ".join(shown[:most])
    return f"{text} and {len(shown) - most} more" if len(shown) > most else text


def excerpt(statement: str, most: int = 80) -> str:
    """Return the start of a statement on one line."""
    line = " ".join(statement.split())
    return line if len(line) <= most else f"{line[:most]}..."


def at(line: int, column: int) -> str:
    """Say a place in SQL by hand."""
    return f"SQL, line {line}, column {column}"
