"""What the declarations read of a record: the list that ``rejects`` follows from.

An accessor of :mod:`tilla.sources.raw` that parses a field notes the field's path and how it is read; so does a table
that leaves a record out where its key is missing. Nobody lists fields by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import attrs


class Mark(Enum):
    """A step of a path that is no key."""

    EACH = "[]"
    """Every element of the array."""
    PYTHON = "''"
    """Text as Python prints an object."""


Step = str | int | Mark
Path = tuple[Step, ...]
Kind = Literal["text", "decimal", "integer", "boolean", "time", "date", "array"]


@attrs.frozen
class Reading:
    """One way in which a field is read."""

    path: Path
    kind: Kind
    scale: int = 0
    precision: int = 0


@attrs.frozen(eq=False)
class Requirement:
    """A record, or an element of an array, without this field is left out of a table."""

    path: Path
    others: tuple[Path, ...]
    """Where the same may stand instead."""
    condition: Any
    """Of a record: what the tables ask for, an expression over its row."""


@attrs.frozen(eq=False)
class Check:
    """A value that can be read and still may not be used."""

    path: Path
    reason: str
    refused: Callable[[Any], Any]
    """Takes the document that holds the field; gives the expression that is true where the value is refused."""


@attrs.define(eq=False)
class Notes:
    """All that is read of one stream; it grows while tables are declared."""

    readings: dict[Reading, None] = attrs.field(factory=dict)
    requirements: dict[tuple[Path, str], Requirement] = attrs.field(factory=dict)
    checks: dict[tuple[Path, str], Check] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Place:
    """Where a document stands in the record."""

    notes: Notes
    path: Path = ()

    def inside(self, *path: Step) -> Place:
        """A place further in."""
        return Place(self.notes, (*self.path, *path))

    def read(self, kind: Kind, path: Path, scale: int = 0, precision: int = 0) -> None:
        """Note that a field is read."""
        self.notes.readings[Reading((*self.path, *path), kind, scale, precision)] = None

    def require(self, condition: Any, path: Path, others: tuple[Path, ...]) -> None:
        """Note that nothing is made of a record, or an element, without a field."""
        whole = (*self.path, *path)
        shown = condition.sql() if not self.path else ""
        found = Requirement(whole, tuple((*self.path, *other) for other in others), condition)
        self.notes.requirements.setdefault((whole, shown), found)

    def check(self, path: Path, reason: str, refused: Callable[[Any], Any]) -> None:
        """Note that a value may be refused."""
        whole = (*self.path, *path)
        self.notes.checks.setdefault((whole, reason), Check(whole, reason, refused))


__all__ = ["Check", "Kind", "Mark", "Notes", "Path", "Place", "Reading", "Requirement", "Step"]
