"""The stamp: a column that the server fills with the time at every insert, and a moment T that tells history from new rows.

Where a source may get no further column, a view over ``(SELECT * FROM source WHERE stamp >= T)`` takes what is stamped
from T on, and history is what is below. T is a whole second, so that it does not matter how finely a column holds time.
It carries an alias that nobody else uses, by which the bound is known in a live view.
"""

from __future__ import annotations

import re

from tilla import text
from tilla.ddl.history import all_columns, select_over
from tilla.objects.materialized import Trigger

MOMENT = "_tilla_moment"

# Stands in a statement where the moment belongs, which is chosen when the view is about to be armed.
PLACE = "tilla_moment_to_come"

_BOUND = re.compile(rf"\bWHERE (`(?:[^`\\]|\\.)+`|\w+) >= \(toDateTime\('([^']+)', 'UTC'\) AS {MOMENT}\)")

# What gives the time of the insert. Not nowInBlock: it is of a block.
_NOW = re.compile(r"(?:now|now64|utcTimestamp)\((?:\d+)?(?:, )?(?:'[^']*')?\)|CURRENT_TIMESTAMP", re.I)


def read_bound(create: str) -> tuple[str, str] | None:
    """Column and moment of the bound of a live view, or None when it has none."""
    found = _BOUND.search(create)
    return (text.read_qualified(found.group(1))[1], found.group(2)) if found else None


def literal(moment: str) -> str:
    """A moment, ``2026-01-31 12:00:00`` in UTC, as an expression."""
    return f"toDateTime({text.quote_string(moment)}, 'UTC')"


def armed_query(trigger: Trigger, column: str, moment: str = PLACE) -> str:
    """The SELECT of a view that takes the rows stamped from a moment on."""
    source = trigger.source
    where = f"{text.quote_identifier(column)} >= ({literal(moment)} AS {MOMENT})"
    return select_over(trigger, f"(SELECT {all_columns(source)} FROM {source.qualified_name} WHERE {where})")


def is_now(expression: str) -> bool:
    """Whether a column's default is the time at which a row is inserted."""
    return _NOW.fullmatch(expression) is not None
