"""A loader's table beside the Source that declares it: it may have more, never less.

Types are compared with Nullable and all: a view over a column that is NULL where nobody expects it computes something
else. Keys, engine and comments are the loader's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tilla.planning.difference import TYPE, Candidate, candidate
from tilla.planning.normal import flattened, plain_type
from tilla.planning.shape import ColumnShape

LACKS = "the loader's table lacks column"


def differences(source: Any, live: Mapping[str, str]) -> Iterator[Candidate]:
    """Declared columns that the table lacks or has in another type. ``live`` is name -> type."""
    declared = {c.name: ColumnShape(c.name, str(c.type)) for c in source.columns}
    for name, column in flattened(declared, live).items():
        if name not in live:
            yield candidate(f"{LACKS} {name}", "", column.type)
        elif plain_type(live[name]) != plain_type(column.type):
            yield candidate(f"type of column {name} in the loader's table", live[name], column.type, TYPE)
