"""What a grant is on: a table, a whole database, or the tables of a database that start alike.

ClickHouse writes them ``db.table``, ``db.*`` and ``db.prefix*`` (24.10 and later); ``*.*`` is everything. A
wildcard in the database's name exists too, but is left out on purpose: a database made tomorrow would be
readable today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from tilla import errors, text
from tilla.expressions.kinds import Relational

EVERYTHING = "*.*"

Target = str | Relational  # a pattern, or a declared relation

_QUOTED = re.compile(r"`(?:[^`\\]|\\.|``)*`")


@attrs.frozen
class Pattern:
    """A read pattern: ``name`` is a whole name, or with ``prefix`` the start of one (``''``: every name)."""

    database: str
    name: str
    prefix: bool = False

    @property
    def everything(self) -> bool:
        """True for ``*.*``."""
        return self.prefix and not self.database

    def covers(self, path: tuple[str, str]) -> bool:
        """Whether an object is inside."""
        if self.everything:
            return True
        database, name = path
        return database == self.database and (name.startswith(self.name) if self.prefix else name == self.name)

    def sql(self) -> str:
        """The pattern as a grant writes it."""
        if self.everything:
            return EVERYTHING
        name = (text.quote_identifier(self.name) if self.name else "") + ("*" if self.prefix else "")
        return f"{text.quote_identifier(self.database)}.{name}"


def read_pattern(value: str) -> Pattern:
    """Read ``db.table``, ``db.*`` or ``db.prefix*``; a part with odd characters is in backticks.

    >>> read_pattern("data_ga4.*").sql(), read_pattern("data.ga4_*").sql(), read_pattern("d.`a b`*").sql()
    ('data_ga4.*', 'data.ga4_*', 'd.`a b`*')
    """
    if value == EVERYTHING:
        return Pattern("", "", prefix=True)
    whole = value.endswith(".*")
    prefix = value.endswith("*")
    try:
        database, name = text.read_qualified(value[:-1] + "_" if whole else value.removesuffix("*"))
    except ValueError:
        raise errors.bad_pattern("", repr(value)) from None
    bare = _QUOTED.sub("", value.removesuffix("*"))
    if not database or "*" in bare:
        raise errors.bad_pattern("", repr(value))
    return Pattern(database, "" if whole else name, prefix)


def pattern_text(value: Target) -> str:
    """The text of a pattern, from a text or from a declared relation."""
    if isinstance(value, str):
        return read_pattern(value).sql()
    name = getattr(value, "qualified_name", None)
    if isinstance(name, str) and not isinstance(value, type):
        return name
    raise errors.bad_pattern("", repr(value))


def pattern_texts(value: Target | Sequence[Target]) -> tuple[str, ...]:
    """The texts of one pattern or of several, each once, in order.

    A relation that stands for several (an Aggregation: states and a view over them) gives all that its reader
    needs.
    """
    items: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)
    found: dict[str, None] = {}
    for item in items:
        found[pattern_text(item)] = None
        for part in getattr(item, "parts", tuple)() if not isinstance(item, str) else ():
            if part.kind != "MaterializedView":  # a trigger: nobody reads it
                found[part.qualified_name] = None
    return tuple(found)
