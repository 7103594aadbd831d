"""One statement as a value: its text, the object it is about, and why it is there."""

from __future__ import annotations

import attrs

from tilla import errors
from tilla.expressions.scan import closed

SCHEMA, BACKFILL, ACCESS = "schema", "backfill", "access"
PHASES = (SCHEMA, BACKFILL, ACCESS)

# Sections of the script, in order.
SECTIONS = ("databases", "tables", "views", "history", "refresh", "access")


@attrs.frozen
class Statement:
    """One statement that a server runs, without the final semicolon, which may be put right behind it.

    ``object`` is ``database.name`` unquoted, or the name of a database, user or role. ``phase`` is ``schema``,
    ``backfill`` or ``access``, ``section`` the place in the script, ``reason`` one sentence. ``creates`` is the path of the
    object that comes into being, so that ``apply`` can look whether it is there already.
    """

    object: str
    phase: str
    section: str
    sql: str = attrs.field(converter=closed)
    reason: str
    creates: tuple[str, str] | None = None

    def __attrs_post_init__(self) -> None:
        if not self.sql.isascii():
            try:
                self.sql.encode()
            except UnicodeEncodeError as error:
                raise errors.not_unicode(self.object, self.sql[error.start], self.sql[: error.start][-20:]) from None

    def as_json(self) -> dict[str, str]:
        """The four public fields."""
        return {"object": self.object, "phase": self.phase, "sql": self.sql, "reason": self.reason}
