"""Golden rows of curated tables: what a person read in the sample records, kept as JSON and compared whole.

``TILLA_GOLDEN=write`` in the environment writes what the default layout gives; read the difference before committing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.support.shop import DATA

# The loader's own columns differ by layout; versions are checked by what they decide.
LEFT_OUT = {"extracted_at", "generation_id", "version"}


def plain(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as JSON values, in the order of their text."""
    found = [{k: _json(v) for k, v in row.items() if k not in LEFT_OUT and not k.endswith("_version")} for row in rows]
    return sorted(found, key=as_text)


def as_text(row: Mapping[str, Any]) -> str:
    """A row as text, by which golden rows are sorted."""
    return json.dumps(row, ensure_ascii=False)


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def check(
    name: str,
    tables: Mapping[str, Iterable[Mapping[str, Any]]],
    *,
    write: bool,
    seen_as: Callable[[str, Any], Any] = lambda column, value: value,
    left_of: Callable[[str, Any], Any] = lambda column, value: value,
) -> None:
    """Compare tables with ``data/curated/<name>.json``; ``write`` says whether these rows may be written there.

    ``seen_as`` gives what a column is to be compared by, in the rows and in the golden ones alike; ``left_of`` what a loader
    leaves of a golden value.
    """
    file = DATA / "curated" / f"{name}.json"
    found = {table: plain(rows) for table, rows in tables.items()}
    if write and os.environ.get("TILLA_GOLDEN") == "write":
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    golden = json.loads(file.read_text(encoding="utf-8"))
    assert set(found) == set(golden)
    for table, rows in found.items():
        held = ({k: left_of(k, v) for k, v in row.items()} for row in golden[table])
        shown, expected = (
            sorted(({k: seen_as(k, v) for k, v in row.items()} for row in side), key=as_text) for side in (rows, held)
        )
        assert shown == expected, table
