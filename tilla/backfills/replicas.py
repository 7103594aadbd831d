"""Waiting until every replica has what the next step of a backfill stands on.

Each question is one query about all replicas. A replica that is down fails the query, one that lags is waited for; whoever lacks
it after :data:`PATIENCE` seconds is named. Every step may be done again, so the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tilla import errors, text
from tilla.ddl.replicas import HOST, Replicas
from tilla.servers import Server

Path = tuple[str, str]

PATIENCE = 180.0  # seconds; what ON CLUSTER itself waits for (distributed_ddl_task_timeout)
_PAUSES = (0.02, 0.05, 0.1, 0.25, 0.5)


def pauses(seconds: float) -> Iterator[float]:
    """Pauses between two looks, for so long; one look at least."""
    until = time.monotonic() + seconds
    yield _PAUSES[0]
    for pause in (*_PAUSES, *[_PAUSES[-1]] * 1_000_000):
        if time.monotonic() > until:
            return
        yield pause


def hosts(server: Server, replicas: Replicas, table: str, where: str = "") -> set[str]:
    """The replicas that have a row in a system table."""
    condition = f" WHERE {where}" if where else ""
    sql = f"SELECT DISTINCT {HOST} AS host FROM {replicas.system(table)}{condition}{replicas.strict}"
    return {row["host"] for row in server.rows(sql)}


def wait(server: Server, replicas: Replicas, what: str, table: str, where: str, *, gone: bool = False) -> None:
    """Wait until every replica has such a row in a system table; ``gone``: until none has one.

    Raises:
        ServerError: a replica does not answer, or lacks it for too long; named.
    """
    if not replicas:
        return
    lacking: set[str] = set()
    for pause in pauses(PATIENCE):
        have = hosts(server, replicas, table, where)
        lacking = have if gone else hosts(server, replicas, "one") - have
        if not lacking:
            return
        time.sleep(pause)
    raise errors.replicas_lack(what, sorted(lacking), PATIENCE, gone=gone)


def everywhere(server: Server, replicas: Replicas, views: Iterable[Path | None]) -> None:
    """Wait until every replica has some views: an insert through one that has not misses them, however late it begins."""
    for view in dict.fromkeys(views) if replicas else ():
        if view is not None:
            wait(server, replicas, ".".join(view), "tables", about(view, "name"))


def about(path: Path, table: str = "table") -> str:
    """The condition on a system table that is about one table; ``table`` is how its column of names is called."""
    return f"database = {text.quote_string(path[0])} AND {table} = {text.quote_string(path[1])}"


def sync(server: Server, replicas: Replicas, path: Path) -> None:
    """Wait until every replica has the rows, and the alterations, that any of them had been given before.

    On Cloud that is a setting of the statements that read (:class:`Steady`).
    """
    if replicas.on_cluster:
        server.execute(f"SYSTEM SYNC REPLICA{replicas.clause} {text.quote_qualified(*path)}")


def same_parts(server: Server, replicas: Replicas, path: Path) -> None:
    """Wait until every replica has the same parts of a table that does not merge.

    A move takes along what the replica that does it knows of, and the rest is dropped
    (github.com/ClickHouse/ClickHouse/issues/73697).

    Raises:
        ServerError: some lack parts for too long; named.
    """
    if not replicas:
        return
    lacking: set[str] = set()
    for pause in pauses(PATIENCE):
        sync(server, replicas, path)
        rows = server.rows(
            f"SELECT {HOST} AS host, arraySort(groupArray(name)) AS parts FROM {replicas.system('parts')}"
            f" WHERE {about(path)} AND active AND rows > 0 GROUP BY host{replicas.strict}"
        )
        have = {row["host"]: tuple(row["parts"]) for row in rows}
        everyone = hosts(server, replicas, "one") if have else set()
        whole = max(have.values(), key=len, default=())
        lacking = {host for host in everyone if have.get(host) != whole}
        if not lacking:
            return
        time.sleep(pause)
    raise errors.replicas_lack(f"all parts of {'.'.join(path)}", sorted(lacking), PATIENCE)


class Steady:
    """A server whose statements read what any replica was given before: for services without a replica of one's own."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def execute(self, sql: str, *, settings: Mapping[str, object] | None = None) -> None:
        """As :meth:`Server.execute`."""
        self._server.execute(sql, settings=_steadily(settings))

    def rows(
        self, sql: str, *, parameters: Mapping[str, object] | None = None, settings: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """As :meth:`Server.rows`."""
        return self._server.rows(sql, parameters=parameters, settings=_steadily(settings))

    def scalar(
        self, sql: str, *, parameters: Mapping[str, object] | None = None, settings: Mapping[str, object] | None = None
    ) -> Any:
        """As :meth:`Server.scalar`."""
        return self._server.scalar(sql, parameters=parameters, settings=_steadily(settings))

    def clone(self) -> Server:
        """As :meth:`Server.clone`."""
        return steady(self._server.clone())


def _steadily(settings: Mapping[str, object] | None) -> dict[str, object]:
    return {"select_sequential_consistency": 1, **(settings or {})}


def steady(server: Server) -> Server:
    """The server, but sequentially consistent."""
    wrapped: Any = Steady(server)
    return wrapped  # type: ignore[no-any-return]
