"""What every server shares: one clickhouse-connect client, asked so that it leaves statements alone.

clickhouse-connect 1.12 rewrites less than it used to, but still: it strips every final ``;`` (one that
ends a comment included), formats ``%`` when parameters are given and the text holds no ``{name:Type}``,
reads naive datetimes in the zone of the client machine, and sends an insert a second time when the
connection closes before the answer. Each has its counter-measure here, beside the reason.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tilla import errors, text
from tilla.servers.base import Features
from tilla.servers.redaction import redact, secrets_in
from tilla.servers.values import explain, fill, utc

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.insert import InsertContext

_PARAMETER = re.compile(r"\{\s*(\w+)\s*:")

# What a server says about a login: REQUIRED_PASSWORD, WRONG_PASSWORD, UNKNOWN_USER, AUTHENTICATION_FAILED.
LOGIN_CODES = frozenset({192, 193, 194, 516})


class UnwritableError(Exception):
    """A type's writer could not take a value; nothing was sent."""


class ClientServer:
    """A :class:`tilla.servers.base.Server` over one clickhouse-connect client."""

    embedded = False

    def __init__(self, client: Client, label: str, secrets: Sequence[str] = ()) -> None:
        self._client: Client | None = client
        self._label = label
        self._secrets = tuple(secrets)
        self._features: Features | None = None

    # --- statements ---

    def execute(self, sql: str, *, settings: Mapping[str, object] | None = None) -> None:
        """Run one statement, sent byte for byte, and drop whatever it returns."""
        if not sql.strip():  # chDB takes it for nothing to do, clickhouse-connect sends nothing
            raise errors.statement_refused(self._label, sql, 62, "Syntax error: Empty query. (SYNTAX_ERROR)")
        # clickhouse-connect strips final semicolons, and would cut the last character of `-- it's done;`.
        statement = sql + "\n" if sql.endswith(";") else sql
        with self._refusals(sql):
            self._open_client().command(statement, settings=_plain(settings))

    def rows(
        self,
        sql: str,
        *,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the answer of a query, one dict per row, column name to Python value."""
        names, found = self._query(sql, parameters, settings)
        return [dict(zip(names, row, strict=True)) for row in found]

    def scalar(
        self,
        sql: str,
        *,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Any:
        """Return the first value of the first row, or None when there is no row."""
        _, found = self._query(sql, parameters, settings)
        return found[0][0] if found else None

    def check_syntax(self, sql: str) -> str | None:
        """Return why the server's parser refuses ``sql``, or None when it accepts it. Nothing runs."""
        try:
            ClientServer._query(self, f"SELECT formatQuerySingleLine({text.quote_string(sql)})", None, None)
        except errors.StatementRefused as refusal:
            if refusal.server_code is None:
                raise
            return _without_wrapper(refusal.reason)
        return None

    # --- inserts ---

    def insert(
        self,
        database: str,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Sequence[str] | None = None,
        *,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Insert rows in native blocks, in the order given; a missing key means the column's default."""
        where = text.quote_qualified(database, table)
        for names, batch in _runs_of_equal_keys(rows, columns):
            with self._refusals(f"INSERT INTO {where}"):
                context = self._insert_context(where, names, settings)
                data = [[row[name] for row in batch] for name in names]
                fill(context, data, where)
                try:
                    self._send(context)
                except UnwritableError as error:
                    raise explain(context, data, where, error) from None

    def _insert_context(self, where: str, names: Sequence[str], settings: Mapping[str, object] | None) -> InsertContext:
        """Ask the server for the types of the columns."""
        known = {row["name"]: row for row in self.rows(f"DESCRIBE TABLE {where}")}
        types: list[str] = []
        for name in names:
            if name not in known or known[name]["default_type"] in {"ALIAS", "MATERIALIZED"}:
                writable = [n for n, row in known.items() if row["default_type"] not in {"ALIAS", "MATERIALIZED"}]
                raise errors.unknown_insert_column(where, name, writable)
            types.append(known[name]["type"])
        return self._open_client().create_insert_context(
            where, list(names), column_type_names=types, settings=_plain(settings)
        )

    def _send(self, context: InsertContext) -> None:
        """Send one insert; raise :class:`UnwritableError` when its values cannot be written, nothing sent."""
        raise NotImplementedError

    # --- the rest ---

    @property
    def features(self) -> Features:
        """What this server can do, read once and kept."""
        if self._features is None:
            self._features = Features(
                version=tuple(int(part) for part in re.findall(r"\d+", str(self.scalar("SELECT version()")))),
                embedded=self.embedded,
                access_control=self._can_create_users(),
                clusters=self._clusters(),
                cloud=self.scalar("SELECT value FROM system.settings WHERE name = 'cloud_mode'") in {"1", "true"},
            )
        return self._features

    def _can_create_users(self) -> bool:
        """Return False when every user directory is a file; True when the user may not look."""
        try:
            kinds = self.rows("SELECT DISTINCT type FROM system.user_directories")
        except errors.StatementRefused:
            return True
        return any(row["type"] not in {"users_xml", "users.xml"} for row in kinds)

    def _clusters(self) -> tuple[str, ...]:
        """Return the names of the clusters this server knows."""
        try:
            found = self.rows("SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster")
        except errors.StatementRefused:
            return ()
        return tuple(row["cluster"] for row in found)

    def close(self) -> None:
        """Let go of the connection. Closing twice is harmless."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Server {self._label}{'' if self._client else ' closed'}>"

    def _open_client(self) -> Client:
        if self._client is None:
            raise errors.server_closed(self._label)
        return self._client

    def _query(
        self, sql: str, parameters: Mapping[str, object] | None, settings: Mapping[str, object] | None
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """Return the names of the columns and the rows."""
        # Without a placeholder in the text clickhouse-connect would format `%` with the parameters.
        used = {name: value for name, value in (parameters or {}).items() if name in _PARAMETER.findall(sql)}
        client = self._open_client()
        with self._refusals(sql):
            result = client.query(sql, parameters=used or None, settings=_plain(settings))
            # Without a protocol version (chDB 4.4, or a proxy that drops it) a top-level DateTime('zone')
            # arrives as DateTime; every other type keeps its zone.
            bare = [place for place, kind in enumerate(result.column_types) if kind.name == "DateTime"]
            if bare and result.result_rows and not client.protocol_version:
                zones = self._zones(sql, used)
                return result.column_names, _with_zones(result.result_rows, zones)
        return result.column_names, result.result_rows

    def _zones(self, sql: str, parameters: dict[str, object]) -> dict[int, tzinfo]:
        """Return the zones that DateTime columns of a query declare, by position."""
        from clickhouse_connect.driver import tzutil
        from clickhouse_connect.driver.exceptions import Error

        try:
            described = self._open_client().query(f"DESCRIBE TABLE (\n{sql}\n)", parameters=parameters or None)
        except Error:  # SHOW, EXPLAIN: no zone to find
            return {}
        types = enumerate(row[1] for row in described.result_rows)
        found = {place: re.fullmatch(r"DateTime\('(.*)'\)", kind) for place, kind in types}
        return {place: tzutil.resolve_zone(match.group(1)) for place, match in found.items() if match}

    @contextmanager
    def _refusals(self, statement: str) -> Iterator[None]:
        """Turn what clickhouse-connect raises into Tilla's errors, without traces, hosts or secrets."""
        from clickhouse_connect.driver.exceptions import Error, ProgrammingError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except errors.TillaError:
            raise
        except Error as error:
            # A parser's message may begin in the middle of a literal, where nothing tells a secret.
            secrets = (*self._secrets, *secrets_in(statement))
            why = redact(plain_message(str(error)), secrets)
            shown = redact(statement, self._secrets)
            if error.code in LOGIN_CODES:
                raise errors.login_refused(self._label, error.code, why) from None
            if error.code is not None or isinstance(error, ProgrammingError):
                raise errors.statement_refused(self._label, shown, error.code, why) from None
            if never_connected(error):
                raise errors.connection_failed(self._label, network_reason(error), shown) from None
            raise errors.connection_lost(self._label, shown, redact(network_reason(error), secrets)) from None
        except (HTTPError, OSError) as error:
            why = redact(network_reason(error), self._secrets)
            raise errors.connection_lost(self._label, redact(statement, self._secrets), why) from None


def _with_zones(rows: Sequence[Sequence[Any]], zones: Mapping[int, tzinfo]) -> Sequence[Sequence[Any]]:
    """Give naive values, which are UTC, the zone of their column."""
    if not zones:
        return rows
    return [
        [utc(value).astimezone(zones[place]) if place in zones else value for place, value in enumerate(row)]
        for row in rows
    ]


def quiet_logging() -> None:
    """Keep clickhouse-connect's warnings off stderr of a program that configured no logging."""
    logger = logging.getLogger("clickhouse_connect")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def never_connected(error: BaseException) -> bool:
    """Return True when the request was never sent, so that the statement cannot have run."""
    from urllib3 import exceptions as http

    cause: BaseException | None = error
    while cause is not None:
        reason = getattr(cause, "reason", None)
        for found in (cause, reason):
            if isinstance(found, http.NewConnectionError | http.ConnectTimeoutError | http.SSLError | http.ProxyError):
                return True
        cause = cause.__cause__ or cause.__context__
    return False


def network_reason(error: BaseException) -> str:
    """Return why no answer came, without the addresses and parameters that urllib3 puts around it."""
    message = str(error)
    if found := re.search(r"\[Errno -?\d+\] ([^)'\"\]]+)", message):
        return found.group(1)
    if found := re.search(r"certificate verify failed: ([^(]+)|\[SSL: \w+\] ([^(]+)", message):
        return f"TLS: {(found.group(1) or found.group(2)).strip()}"
    if found := re.search(r"(?:read|connect) timeout=[\w.]+", message):
        return f"no answer in time ({found.group().replace('timeout=', 'timeout ')} s)"
    if found := re.search(r"HTTP status (\d+)", message):
        return f"the answer was HTTP status {found.group(1)}, from something that is not ClickHouse"
    if re.search(r"Connection reset|RemoteDisconnected|Broken pipe|closed connection|closed by", message):
        return "the connection was closed before the answer was complete"
    return plain_message(message)


def plain_message(message: str) -> str:
    """Return the sentence in a server's message, without its wrapping, host, version and stack trace.

    >>> plain_message("Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE) (version 26.9.2.1)")
    'Table a.b does not exist. (UNKNOWN_TABLE)'
    """
    message = re.sub(r"\s*\(for url [^)]*\)\s*\Z", "", message)
    message = re.split(r"[.,]?\s*Stack trace(?: \(|:)", message, maxsplit=1)[0]
    message = re.sub(r"\A.*?(?:Code: \d+\. DB::[\w:]*Exception: )+", "", message, flags=re.DOTALL)
    message = re.sub(r"Received from \S+?\. DB::Exception: ", "", message)
    message = re.sub(r"\s*\(version (?:[^()]|\([^()]*\))*\)", "", message)
    message = re.sub(r"(?::\s*)?\(in file/uri [^()]*\)", "", message)
    message = re.sub(r"(\([A-Z_]+\))(?:\. \1)+", r"\1", message)
    return message.strip() or "no reason given"


def _without_wrapper(message: str) -> str:
    """Cut what formatQuerySingleLine adds to the parser's own message."""
    return re.split(r"[:.]\s*(?:In scope SELECT|while executing)", message, maxsplit=1)[0].strip()


def _plain(settings: Mapping[str, object] | None) -> dict[str, Any]:
    """Write yes and no as ClickHouse does; clickhouse-connect would send ``True``."""
    return {name: int(value) if isinstance(value, bool) else value for name, value in (settings or {}).items()}


def _runs_of_equal_keys(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None
) -> Iterator[tuple[tuple[str, ...], list[Mapping[str, Any]]]]:
    """Cut rows into runs that give the same columns, so that each run is one insert and order is kept."""
    batch: list[Mapping[str, Any]] = []
    names: tuple[str, ...] = ()
    seen: frozenset[str] | None = None
    for row in rows:
        keys = frozenset(row) if columns is None else frozenset(row) & frozenset(columns)
        if keys != seen and batch:
            yield names, batch
            batch = []
        if keys != seen:
            seen = keys
            names = tuple(name for name in (columns or row) if name in keys)
        batch.append(row)
    if batch:
        yield names, batch
