"""Columns: names, types, defaults, comments, codecs, statistics, TTL and settings of each.

The order of columns is not compared: ALTER adds at the end, and everything that Tilla writes names its columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from tilla.planning.difference import CODEC, EXPRESSION, TYPE, Candidate, candidate
from tilla.planning.normal import comment_of, equal_but_hidden, flattened, plain_type
from tilla.planning.shape import ColumnShape, Shape

# A view has no columns of its own: the list in its text is what its SELECT gave when it was created.
_STORED = ("TABLE", "DICTIONARY")


def differences(declared: Shape, live: Shape) -> Iterator[Candidate]:
    """Columns that one side lacks, and what differs in those that both have."""
    if declared.kind not in _STORED and "ENGINE" not in declared.clauses:
        return
    ours = flattened(declared.columns, live.columns)
    for name, column in ours.items():
        if name not in live.columns:
            yield candidate(f"column {name}", "", column.type)
        else:
            yield from _column(column, live.columns[name])
    for name, column in live.columns.items():
        if name not in ours:
            yield candidate(f"column {name}", column.type, "")


def _column(declared: ColumnShape, live: ColumnShape) -> Iterator[Candidate]:
    name = declared.name
    if plain_type(live.type) != plain_type(declared.type):
        yield candidate(f"type of column {name}", live.type, declared.type, TYPE)
    if not equal_but_hidden(live.default, declared.default):
        yield candidate(f"default of column {name}", live.default, declared.default, EXPRESSION)
    if comment_of(live.clauses.get("COMMENT", "")) != comment_of(declared.clauses.get("COMMENT", "")):
        yield candidate(
            f"comment of column {name}", live.clauses.get("COMMENT", ""), declared.clauses.get("COMMENT", "")
        )
    if live.clauses.get("CODEC", "") != declared.clauses.get("CODEC", ""):
        yield candidate(
            f"codec of column {name}",
            live.clauses.get("CODEC", ""),
            declared.clauses.get("CODEC", ""),
            CODEC,
            live.type,
        )
    for keyword in ("TTL", "STATISTICS", "SETTINGS"):
        one, other = live.clauses.get(keyword, ""), declared.clauses.get(keyword, "")
        if one != other and (keyword == "TTL" or _listed(one) != _listed(other)):
            shown = "TTL" if keyword == "TTL" else keyword.lower()
            yield candidate(f"{shown} of column {name}", one, other, EXPRESSION)
    for keyword in ("HIERARCHICAL", "BIDIRECTIONAL", "INJECTIVE", "IS_OBJECT_ID"):
        if (keyword in live.clauses) != (keyword in declared.clauses):
            one, other = (keyword if keyword in side.clauses else "" for side in (live, declared))
            yield candidate(f"attribute {name}", one, other)


def _listed(clause: str) -> list[str]:
    """The items of ``(uniq, minmax)`` in one order: the server has its own for statistics (26.9)."""
    return sorted(item.strip() for item in clause.strip("() ").split(","))
