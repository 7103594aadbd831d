"""The engine's own answer to "what type is this?", many expressions in one query."""

from __future__ import annotations

from collections.abc import Sequence

from tilla import errors
from tilla.servers import Server

_PLAIN = {"print_pretty_type_names": 0, "allow_suspicious_low_cardinality_types": 1}


def describe(server: Server, expressions: Sequence[str], source: str) -> list[str]:
    """The type of each expression over ``FROM source``, or why the engine refuses it, after ``refused: ``.

    Expressions go in batches; where one of a batch is refused, the batch is halved.
    """
    if not expressions:
        return []
    listed = ", ".join(f"{sql} AS x{number}" for number, sql in enumerate(expressions))
    try:
        rows = server.rows(f"DESCRIBE (SELECT {listed} FROM {source})", settings=_PLAIN)
    except errors.StatementRefused as error:
        if len(expressions) == 1:
            return [f"refused: {str(error)[:300]}"]
        half = len(expressions) // 2
        return describe(server, expressions[:half], source) + describe(server, expressions[half:], source)
    return [row["type"] for row in rows]
