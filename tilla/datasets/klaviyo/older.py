"""Records from before version 2 of the Klaviyo connector, which raw tables of that time still hold.

They had no ``attributes``: names, dates and properties stood at the top of the record, some under other names, and an event
named its profile, campaign and flow itself. Only whole payloads (v0, v1) kept them: a typed layout has no columns for them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla.datasets.common import ids
from tilla.sources.raw import Document, Landed

Path = tuple[str | int, ...]

_MESSAGE = ("campaign_messages", 1, "attributes")

# Where an old record has what a new one has elsewhere than at the same place without ``attributes``.
RENAMED: dict[Path, Path] = {
    ("updated_at",): ("updated",),
    ("attributes", "updated_at"): ("updated",),
    ("attributes", "created_at"): ("created",),
    ("attributes", "channel"): ("message_type",),
    (*_MESSAGE, "content", "subject"): ("subject",),
    (*_MESSAGE, "content", "from_email"): ("from_email",),
    (*_MESSAGE, "content", "from_label"): ("from_name",),
    ("relationships", "metric", "data", "id"): ("statistic_id",),
    ("relationships", "profile", "data", "id"): ("person", "id"),
}
LISTED: dict[Path, Path] = {
    ("attributes", "audiences", "included"): ("lists",),
    ("attributes", "audiences", "excluded"): ("excluded_lists",),
}


def _places(path: Path) -> tuple[Path, ...]:
    """Where a value may stand, the new place first."""
    if path in RENAMED:
        return (path, RENAMED[path])
    return (path, path[1:]) if path[0] == "attributes" and len(path) > 1 else (path,)


@attrs.frozen(eq=False)
class Older(Landed):
    """A stream whose payloads may hold old records beside new ones."""

    def text(self, *path: str | int) -> tl.Expr[str | None]:
        return f.coalesce(*(Landed.text(self, *place) for place in _places(path)))

    def boolean(self, *path: str | int) -> tl.Expr[bool | None]:
        return f.coalesce(*(Landed.boolean(self, *place) for place in _places(path)))

    def time(self, *path: str | int) -> tl.Expr[dt.datetime | None]:
        return f.coalesce(*(Landed.time(self, *place) for place in _places(path)))

    def json(self, *path: str | int) -> tl.Expr[str | None]:
        return f.coalesce(*(Landed.json(self, *place) for place in _places(path)))

    def strings(self, *path: str | int) -> tl.Expr[list[str]]:
        own = Landed.strings(self, *path)
        return f.array_concat(own, ids(self, *LISTED[path])) if path in LISTED else own

    def at(self, *path: str | int) -> Document:
        return Document(self.json(*path), places=self.inside(*path))


def with_older(raw: Landed) -> Landed:
    """The stream, read with its old records where the layout keeps whole payloads."""
    if not raw.has_payload:
        return raw
    return Older(raw.doc, raw.local, places=raw.places, stream=raw.stream, layout=raw.layout, source=raw.source)


def old_text(raw: Landed, *path: str) -> tuple[tl.Expr[Any], ...]:
    """A text that only old records have; nothing in a layout that cannot hold them."""
    return (Landed.text(raw, *path),) if raw.has_payload else ()
