"""A ClickHouse behind HTTP or HTTPS: a single server, a cluster's node, or a Cloud service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tilla import errors
from tilla.servers.client import (
    LOGIN_CODES,
    ClientServer,
    UnwritableError,
    network_reason,
    plain_message,
    quiet_logging,
)
from tilla.servers.dsn import HttpTarget
from tilla.servers.redaction import redact

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.insert import InsertContext


class ClickHouseServer(ClientServer):
    """One HTTP client. It has no session unless one was asked for, so statements may run side by side."""

    def __init__(self, target: HttpTarget) -> None:
        self._target = target
        super().__init__(_open(target), target.label, target.secrets)

    def clone(self) -> ClickHouseServer:
        """Open another client of the same server; a session is not shared, or its statements would queue."""
        self._open_client()
        arguments = {name: value for name, value in self._target.arguments.items() if name != "session_id"}
        return ClickHouseServer(attrs.evolve(self._target, arguments=arguments))

    def _send(self, context: InsertContext) -> None:
        """Send one insert, once.

        ``Client.insert`` replays an insert when the connection closes before the answer came, and the
        first one may have been committed: rows would double. A generator is a body it cannot replay.
        """
        from clickhouse_connect.driver.transform import NativeTransform

        client = self._open_client()
        context.compression = client.write_compression
        # All blocks are built before the first is sent, so that a value that does not fit sends none.
        blocks = list(NativeTransform.build_insert(context))
        if context.insert_exception is not None:
            raise UnwritableError(str(context.insert_exception))
        client.raw_insert(
            "",  # the statement is in the first block
            insert_block=(block for block in blocks),
            settings=context.settings,
            compression=client.write_compression,
        )


def _open(target: HttpTarget) -> Client:
    """Connect and read the server's version, zone and settings (three requests)."""
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import Error
    from urllib3.exceptions import HTTPError

    quiet_logging()
    arguments = {"autogenerate_session_id": False, **target.arguments}
    secure = arguments.pop("secure", None)
    if secure is not None:  # clickhouse-connect would go by the port, even against secure=false
        arguments["interface"] = "https" if secure else "http"
    try:
        return clickhouse_connect.get_client(
            host=target.host,
            port=target.port,
            username=target.username or None,
            password=target.password,
            database=target.database or None,
            settings=dict(target.settings),
            tz_mode="schema",
            **arguments,
        )
    except Error as error:
        if error.code in LOGIN_CODES:
            why = redact(plain_message(str(error)), target.secrets)
            raise errors.login_refused(target.label, error.code, why) from None
        why = network_reason(error) if error.code is None else plain_message(str(error))
        raise errors.connection_failed(target.label, redact(why, target.secrets)) from None
    except (HTTPError, OSError, ValueError) as error:
        raise errors.connection_failed(target.label, redact(network_reason(error), target.secrets)) from None
