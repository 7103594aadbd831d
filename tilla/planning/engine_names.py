"""Engine text as servers print it, in the form in which it was declared.

ClickHouse Cloud shows ``SharedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', v)`` for
what was declared as ``ReplacingMergeTree(v)``, and a cluster ``ReplicatedReplacingMergeTree(...)``. Both are
one engine, kept in another way.
"""

from __future__ import annotations

import re

import attrs

from tilla import text as quoting
from tilla.expressions.scan import tokens

_KEPT = re.compile(r"(?:Shared|Replicated)((?:\w*)MergeTree)\Z")


@attrs.frozen
class EngineText:
    """An engine as text: its name without prefix, its own arguments, and the clauses behind it."""

    name: str
    arguments: tuple[str, ...] = ()
    rest: str = ""

    def __str__(self) -> str:
        shown = f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name
        return f"{shown} {self.rest}" if self.rest else shown


def engine_family(name: str) -> str:
    """The engine's name without what only says how it is kept.

    >>> engine_family("SharedReplacingMergeTree"), engine_family("ReplicatedMergeTree"), engine_family("SharedSet")
    ('ReplacingMergeTree', 'MergeTree', 'Set')
    """
    found = _KEPT.match(name)
    if found:
        return found.group(1)
    return name.removeprefix("Shared") if name in ("SharedSet", "SharedJoin") else name


def read_engine(text: str) -> EngineText:
    """Read ``system.tables.engine_full``, or what stands behind ``ENGINE =`` in a statement.

    >>> read_engine("SharedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', v) ORDER BY (a, b)")
    EngineText(name='ReplacingMergeTree', arguments=('v',), rest='ORDER BY (a, b)')
    """
    row = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    if not row:
        return EngineText("")
    first = text[row[0].start : row[0].end]
    written = quoting.read_quoted(first)[0] if first[:1] in '`"' else first
    arguments, end = _arguments(text, [(token.start, token.end) for token in row[1:]], row[0].end)
    name = engine_family(written)
    # Two string literals in front are the path and the replica; an engine's own first argument is a column.
    if name != written and len(arguments) >= 2 and all(argument[:1] == "'" for argument in arguments[:2]):
        arguments = arguments[2:]
    return EngineText(name, arguments, text[end:].strip())


def _arguments(text: str, row: list[tuple[int, int]], end: int) -> tuple[tuple[str, ...], int]:
    """The arguments in the brackets that follow at once, and where they end."""
    if not row or text[row[0][0]] != "(":
        return (), end
    depth, start, found = 0, row[0][1], []
    for first, stop in row:
        char = text[first:stop]
        if char in ("(", "[", "{"):
            depth += 1
        elif char in (")", "]", "}"):
            depth -= 1
        if (char == "," and depth == 1) or depth == 0:
            found.append(text[start:first].strip())
            start = stop
        if depth == 0:
            return tuple(item for item in found if item), stop
    return (), end


def normalise_engine(text: str) -> str:
    """Engine text with the Shared or Replicated prefix and its first two arguments taken away; other engines
    as they are.

    >>> normalise_engine("ReplicatedMergeTree('/x/{shard}', '{replica}') ORDER BY a SETTINGS index_granularity = 8192")
    'MergeTree ORDER BY a SETTINGS index_granularity = 8192'
    >>> normalise_engine("MergeTree() ORDER BY a"), normalise_engine("`Null`")
    ('MergeTree ORDER BY a', 'Null')
    """
    return str(read_engine(text))
