"""What the rest of Tilla may ask of a server: run, read, insert, check; nothing about transports.

A :class:`Server` is one client of one ClickHouse, embedded or remote. It keeps no session: nothing
that one statement sets is there for the next one, so any statement may go to any clone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import attrs


@attrs.frozen
class Features:
    """What this server can do, read once and kept."""

    version: tuple[int, ...]
    """The parts of ``version()``: ``(26, 9, 2, 1)``."""
    embedded: bool
    """True for chDB in this process."""
    access_control: bool
    """True when users and roles can be created: some user directory is writable (chDB has none, it
    answers 497 or 514)."""
    clusters: tuple[str, ...]
    """The names of ``system.clusters``; empty when the user may not read that table."""
    cloud: bool
    """True on a ClickHouse Cloud service (setting ``cloud_mode``)."""


@runtime_checkable
class Server(Protocol):
    """One client of one ClickHouse. Use it in one thread at a time; :meth:`clone` makes more.

    Every method raises :class:`tilla.errors.StatementRefused` when the server refuses the statement
    (with its numeric code) and :class:`tilla.errors.ConnectionFailed` when no answer came.
    """

    @property
    def features(self) -> Features:
        """What this server can do."""
        ...

    def execute(self, sql: str, *, settings: Mapping[str, object] | None = None) -> None:
        """Run one statement, sent byte for byte, and drop whatever it returns."""
        ...

    def rows(
        self,
        sql: str,
        *,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the answer of a query, one dict per row, column name to Python value.

        Integers of any width, ``Decimal``, ``date``, ``UUID``, ``ipaddress`` values, lists, dicts and
        None come as such. A datetime carries the zone of its column; a column without one gives a
        naive datetime, which is UTC. FixedString gives bytes; a String that is no UTF-8 gives its bytes
        in hexadecimal (clickhouse-connect 1.12), so select ``hex()`` of such a column.

        ``{name:Type}`` in ``sql`` is ClickHouse's own parameter and takes ``parameters[name]``; nothing
        else in the text is ever formatted.
        """
        ...

    def scalar(
        self,
        sql: str,
        *,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Any:
        """Return the first value of the first row, or None when there is no row."""
        ...

    def insert(
        self,
        database: str,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Sequence[str] | None = None,
        *,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Insert rows in native blocks, in the order given.

        A row that lacks a column gets that column's default; ``columns`` limits the insert to these.
        Naive datetimes are UTC; dates and datetimes may also come as ISO text.
        """
        ...

    def check_syntax(self, sql: str) -> str | None:
        """Return why the server's parser refuses ``sql``, or None when it accepts it. Nothing runs."""
        ...

    def clone(self) -> Server:
        """Open another client of the same server, for a parallel worker."""
        ...

    def close(self) -> None:
        """Let go of the connection. Closing twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
