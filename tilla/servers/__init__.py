"""Connections: the one home of clickhouse-connect and chDB, loaded when :func:`connect` is called."""

from __future__ import annotations

from typing import Any

from tilla.servers.base import Features, Server
from tilla.servers.dsn import ChdbTarget, read_target

__all__ = ["Features", "Server", "connect"]


def connect(dsn: str | None = None, *, create: bool = True, **options: Any) -> Server:
    """Open a server: ``clickhouse://user@host:8443/db?secure=true``, ``chdb:///path`` or ``chdb://memory``.

    Without a DSN, CLICKHOUSE_HOST, _PORT, _USER, _PASSWORD, _DATABASE and _SECURE name it; the password
    is read from CLICKHOUSE_PASSWORD in any case. Parameters of the DSN and ``options`` are those of
    ``clickhouse_connect.get_client`` (``verify``, ``ca_cert``, ``connect_timeout``, ``http_proxy``, ...),
    and ``ch_NAME`` or ``settings={...}`` sets a ClickHouse setting for every statement.

    ``create=False`` opens a chDB path only where there is a folder already: for what reads, so that a slip in the path makes
    no empty database.

    Raises :class:`tilla.errors.UsageError` for a DSN that means nothing, with all mistakes in it, and
    :class:`tilla.errors.ConnectionFailed` when no server answers there.
    """
    target = read_target(dsn, options)
    if isinstance(target, ChdbTarget):
        from tilla.servers.chdb import ChdbServer

        return ChdbServer(target, create=create)
    from tilla.servers.clickhouse import ClickHouseServer

    return ClickHouseServer(target)
