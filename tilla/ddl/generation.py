"""The generation column: a hidden number on a source that tells history from new rows.

``ADD COLUMN _tilla_generation UInt16 MATERIALIZED 0`` is in no ``SELECT *`` and no insert's column list. Every insert takes the
expression that it saw when it began; so after ``MATERIALIZED 1`` (and a drain) the rows with 0 are a frozen set, and a view
over the rows with 1 takes exactly the others. Tables in between carry the number as a plain column, which their views fill.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from tilla.columns import Column
from tilla.ddl.history import all_columns, select_over
from tilla.expressions.expr import Named
from tilla.expressions.query import Query
from tilla.objects.materialized import Trigger

GENERATION = "_tilla_generation"
TYPE = "UInt16"

_ABOVE = re.compile(rf"{GENERATION} >= (\d+)")


def read_above(create: str) -> int | None:
    """From which generation on a live view takes rows, or None when it takes all."""
    found = _ABOVE.search(create)
    return int(found.group(1)) if found else None


def carries(create: str) -> bool:
    """Whether a live view writes the generation into its target."""
    return f"`{GENERATION}` {TYPE}" in create.partition(" AS ")[0]


def is_used(create: str) -> bool:
    """Whether a live view has anything to do with a generation."""
    return GENERATION in create


def armed_query(trigger: Trigger, above: int | None, carry: bool, at_root: bool, table: str = "") -> str:
    """The SELECT of a view that takes the rows from one generation on (None: all), and writes the generation on.

    At a root the column is MATERIALIZED, so ``*`` leaves it out; further down ``*`` has it. ``table`` stands for the source
    where another table fires the view.
    """
    source = trigger.source
    listed = f"{all_columns(source)}, {GENERATION}" if carry and at_root else all_columns(source)
    where = "" if above is None else f" WHERE {GENERATION} >= {above}"
    shown = f"(SELECT {listed} FROM {table or source.qualified_name}{where})"
    if not carry:
        return select_over(trigger, shown)
    assert isinstance(trigger.query, Query)
    own: Named[Any] = Named(Column(GENERATION, None), GENERATION)
    query = attrs.evolve(trigger.query, items=(*trigger.query.items, own))
    return query.text({source.qualified_name: shown})


def can_carry(trigger: Trigger) -> str:
    """Why a view cannot write the generation on, or ''."""
    if not isinstance(trigger.query, Query):
        return "its SELECT is written by hand"
    if trigger.query.has_aggregate:
        return "it groups rows, and a group has no generation"
    if not trigger.target.engine.replicable:
        return f"a {trigger.target.engine.name} takes no further column"
    return ""


def mark(table: str) -> str:
    """Add the column; rows that are there read 0."""
    return f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {GENERATION} {TYPE} MATERIALIZED 0"


def settle(table: str) -> str:
    """Write the column into the parts that lack it."""
    return f"ALTER TABLE {table} MATERIALIZE COLUMN {GENERATION}"


def switch(table: str, generation: int) -> str:
    """From here on rows get another number."""
    return f"ALTER TABLE {table} MODIFY COLUMN {GENERATION} {TYPE} MATERIALIZED {generation}"


def carry(table: str) -> str:
    """Add the column to a table in between."""
    return f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {GENERATION} {TYPE} DEFAULT 0"


def remove(table: str) -> str:
    """Take the column out."""
    return f"ALTER TABLE {table} DROP COLUMN IF EXISTS {GENERATION}"


def modify(view: str, query: str) -> str:
    """Give a view another SELECT. ClickHouse checks no name here: :mod:`tilla.backfills.boundary` does."""
    return f"ALTER TABLE {view} MODIFY QUERY\n{query}"
