"""The DDL of every built-in object, in ``golden/<database>/<object>.sql``: what is emitted is API, and reviewers read its diff.

``TILLA_GOLDEN=write pytest tests/test_golden_objects.py`` accepts what is emitted now.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.support.shop import remove
from tilla.ddl.script import Script
from tilla.ddl.split import file_name
from tilla.ddl.statements import SCHEMA
from tilla.shipped import everything, project
from tilla.testing.golden import Golden

FOLDER = Path(__file__).parent / "golden"
GOLDEN = Golden(FOLDER)
LAYERS = ("raw_", "data_", "analytics_")


def emitted(of: Any) -> dict[str, str]:
    """File -> CREATE statement, in the order of creation; raw tables as the loader's layout has them."""
    schema = Script(of, with_sources=True, phases=frozenset((SCHEMA,))).statements()
    return {
        f"{file_name(s.creates[0])}/{file_name(s.creates[1])}.sql": s.sql + ";\n"
        for s in schema
        if s.creates and s.creates[0].startswith(LAYERS)
    }


def kept() -> set[str]:
    """The golden files that are there."""
    return {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.sql") if file.parent.name.startswith(LAYERS)}


def test_every_object_is_its_golden_file():
    """All differences at once; a file of an object that is no more fails too."""
    now = emitted(everything)
    wrong = []
    for name, sql in now.items():
        try:
            GOLDEN.check(name, sql)
        except AssertionError as error:
            wrong.append(str(error))
    left = sorted(kept() - set(now))
    if os.environ.get("TILLA_GOLDEN") == "write":
        for name in left:
            (FOLDER / name).unlink()
        left = []
    assert not wrong, "\n\n".join(wrong)
    assert not left, f"no object any more: {', '.join(left)}"


def test_the_shipped_project_is_part_of_it():
    """A shop that syncs few streams gets the very same objects: a stream more never changes a table.

    But for ``rejects``, which lists what the tables that there are read.
    """
    whole = emitted(everything)
    for name, sql in emitted(project).items():
        assert whole[name] == sql or name.endswith("/rejects.sql"), name
        assert name in whole


def test_the_engine_accepts_every_golden_file(engine):
    """The files themselves, run in the order of creation on an empty engine."""
    order = list(emitted(everything))
    try:
        for database in sorted({name.partition("/")[0] for name in order}):
            engine.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
        for name in order:
            engine.execute((FOLDER / name).read_text(encoding="utf-8").rstrip().removesuffix(";"))
        made = engine.rows(
            "SELECT database, name FROM system.tables WHERE database IN {names:Array(String)} AND name NOT LIKE '.%'",
            parameters={"names": sorted({name.partition("/")[0] for name in order})},
        )
        assert {f"{row['database']}/{row['name']}.sql" for row in made} >= set(order)
    finally:
        remove(engine, everything)
