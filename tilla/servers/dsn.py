"""Reads a DSN, keyword options and ``CLICKHOUSE_*`` variables into one target; all mistakes at once.

Three forms name a server::

    clickhouse://user@host:8443/database?secure=true    over HTTP(S), through clickhouse-connect
    chdb:///absolute/path                               embedded, kept in that directory
    chdb://memory                                       embedded, gone with the process

Query parameters and keyword options have the names of ``clickhouse_connect.get_client``; a setting for
every statement is ``ch_NAME=value`` there too. The password comes from CLICKHOUSE_PASSWORD; one in the
DSN is accepted and never shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import attrs

from tilla import errors

MEMORY = ":memory:"


@attrs.frozen
class HttpTarget:
    """A ClickHouse behind HTTP. ``arguments`` are those of ``clickhouse_connect.get_client``."""

    host: str
    port: int | None
    username: str
    database: str
    password: str = attrs.field(repr=False, default="")
    arguments: Mapping[str, Any] = attrs.field(repr=False, factory=dict)
    settings: Mapping[str, Any] = attrs.field(repr=False, factory=dict)

    @property
    def label(self) -> str:
        """The DSN without anything secret: ``clickhouse://analyst@host:8443/db``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.username}@" if self.username else ""
        port = f":{self.port}" if self.port else ""
        return f"clickhouse://{user}{host}{port}" + (f"/{self.database}" if self.database else "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        given = (self.password, self.arguments.get("access_token"), *_proxy_passwords(self.arguments))
        headers = self.arguments.get("headers") or {}
        return tuple(str(secret) for secret in (*given, *headers.values()) if secret)


@attrs.frozen
class ChdbTarget:
    """The engine in this process, in memory or in one directory."""

    path: str
    database: str = ""
    arguments: Mapping[str, Any] = attrs.field(repr=False, factory=dict)
    settings: Mapping[str, Any] = attrs.field(repr=False, factory=dict)

    @property
    def label(self) -> str:
        """The DSN: ``chdb:///var/lib/shop`` or ``chdb://memory``."""
        return "chdb://memory" if self.path == MEMORY else f"chdb://{self.path}"


Target = HttpTarget | ChdbTarget

_TRUE = frozenset({"1", "on", "true", "y", "yes"})
_FALSE = frozenset({"0", "off", "false", "n", "no"})


def _flag(value: str) -> bool:
    """Read a yes or no as clickhouse-connect reads it."""
    text = value.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError


def _seconds(value: str) -> int:
    """Read a whole number, zero or more."""
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _one_of(*words: str) -> Callable[[str], str]:
    """Make a reader that accepts these words only."""

    def read(value: str) -> str:
        if value not in words:
            raise ValueError
        return value

    return read


def _compression(value: str) -> bool | str:
    """Read ``compress``: a yes or no, or the name of a method."""
    return value if value in {"lz4", "zstd", "br", "gzip"} else _flag(value)


def _verify(value: str) -> bool | str:
    """Read ``verify``: a yes or no, or clickhouse-connect's word ``proxy``."""
    return value if value == "proxy" else _flag(value)


# name -> how its text is read, and what to say is expected. None: takes a Python value, keyword only.
_HTTP_OPTIONS: dict[str, tuple[Callable[[str], Any], str] | None] = {
    "host": (str, "a host name"),
    "port": (_seconds, "a number"),
    "username": (str, "a user name"),
    "user": (str, "a user name"),
    "password": (str, "a password"),
    "database": (str, "a database name"),
    "secure": (_flag, "true or false"),
    "access_token": (str, "a token"),
    "token_provider": None,
    "headers": None,
    "settings": None,
    "compress": (_compression, "true, false, lz4, zstd, br or gzip"),
    "query_retries": (_seconds, "a number"),
    "connect_timeout": (_seconds, "whole seconds"),
    "send_receive_timeout": (_seconds, "whole seconds"),
    "client_name": (str, "a name"),
    "verify": (_verify, "true or false"),
    "ca_cert": (str, "a file"),
    "client_cert": (str, "a file"),
    "client_cert_key": (str, "a file"),
    "tls_mode": (_one_of("mutual", "strict", "proxy"), "mutual, strict or proxy"),
    "http_proxy": (str, "an address"),
    "https_proxy": (str, "an address"),
    "server_host_name": (str, "a host name"),
    "proxy_path": (str, "a path"),
    "session_id": (str, "a name"),
    "autogenerate_query_id": (_flag, "true or false"),
    "dedicated_pool": (_flag, "true or false"),
    "form_encode_query_params": (_flag, "true or false"),
    "native_codec": (_one_of("python", "rust", "rust_strict"), "python, rust or rust_strict"),
}
_CHDB_OPTIONS: dict[str, tuple[Callable[[str], Any], str] | None] = {
    "database": (str, "a database name"),
    "settings": None,
    "chdb_options": None,
}
_TLS_OPTIONS = ("verify", "ca_cert", "client_cert", "client_cert_key", "tls_mode")
# clickhouse-connect has these too, but they would change what Tilla reads or let one client's work
# wait for another's: rows cut off, columns renamed, other values for the same instant.
_KEPT_BY_TILLA = frozenset(
    {
        "autogenerate_session_id",
        "dsn",
        "generic_args",
        "interface",
        "path",
        "pool_mgr",
        "query_limit",
        "rename_response_column",
        "show_clickhouse_errors",
        "tz_mode",
        "tz_source",
    }
)


def read_target(
    dsn: str | None, options: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Target:
    """Return the server that ``dsn`` names, else the one of the environment.

    Raises :class:`tilla.errors.UsageError` holding every mistake; none of them shows a secret.
    """
    variables = os.environ if environment is None else environment
    if isinstance(dsn, os.PathLike):
        raise errors.dsn_unreadable(f"a path is no DSN: write 'chdb://{os.fspath(dsn)}'")
    found = errors.Collector()
    if dsn is None:
        target: Target | None = _from_environment(variables, dict(options or {}), found)
    else:
        target = _from_dsn(dsn, dict(options or {}), variables, found)
    found.raise_all()
    assert target is not None  # nothing was found wrong, so there is one
    return target


def _from_dsn(
    dsn: str, options: dict[str, Any], variables: Mapping[str, str], found: errors.Collector
) -> Target | None:
    """Read one DSN; None when it cannot be read at all."""
    scheme, mark, rest = dsn.strip().partition("://")
    if not mark or scheme.lower() not in {"clickhouse", "chdb"}:
        found.add(errors.unknown_scheme(scheme if mark else ""))
        return None
    try:
        parts = urlsplit(dsn.strip())
    except ValueError:  # the text of this exception quotes the login
        found.add(errors.unescaped_login() if "@" in rest else errors.dsn_unreadable("it is no URL"))
        return None
    if scheme.lower() == "clickhouse" and _login_is_cut(parts):
        found.add(errors.unescaped_login())
        return None
    parameters = _parameters(parts, found)
    if scheme.lower() == "chdb":
        return _chdb(parts, parameters, options, found)
    return _http(parts, parameters, options, variables, found)


def _login_is_cut(parts: SplitResult) -> bool:
    """Return True when a part of the password may stand outside the login: then nothing of it may be shown.

    An '@' that is not the end of the login is written %40, but in the value of a parameter (a proxy).
    """
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if "@" in parts.path or "@" in parts.fragment or any("@" in name for name in names):
        return True
    port = parts.netloc.rpartition(":")[2] if ":" in parts.netloc else ""
    unknown = any(name not in _HTTP_OPTIONS and not name.startswith("ch_") for name in names)
    return "@" not in parts.netloc and "@" in parts.query and (unknown or not (port or "0").isdigit())


def _parameters(parts: SplitResult, found: errors.Collector) -> dict[str, str]:
    """Read the query of a DSN; a name given twice is a mistake."""
    if parts.fragment:
        found.add(errors.dsn_unreadable("'#' has no meaning in it; inside a value it is written %23"))
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in parameters:
            found.add(errors.parameter_twice(name))
        parameters[name] = value
    return parameters


def _http(
    parts: SplitResult,
    parameters: dict[str, str],
    options: dict[str, Any],
    variables: Mapping[str, str],
    found: errors.Collector,
) -> HttpTarget | None:
    """Read ``clickhouse://user:password@host:port/database?name=value``."""
    given: dict[str, Any] = {"host": unquote(parts.hostname or "")}
    try:
        given["port"] = parts.port
    except ValueError:
        found.add(errors.bad_parameter("port", "", "a number from 1 to 65535"))
    login, _, _ = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    given["username"], given["password"] = unquote(user), unquote(password)
    database = parts.path.strip("/")
    if "/" in database:
        found.add(errors.dsn_unreadable("the path of a clickhouse:// DSN is one database name"))
    given["database"] = unquote(database)
    given |= _texts(parameters, _HTTP_OPTIONS, "clickhouse://", found)
    given |= _values(options, _HTTP_OPTIONS, "clickhouse://", found)
    if not given["host"] and "host" not in options:
        found.add(errors.no_host())
    return _http_target(given, variables, found)


def _from_environment(
    variables: Mapping[str, str], options: dict[str, Any], found: errors.Collector
) -> HttpTarget | None:
    """Read CLICKHOUSE_HOST, _PORT, _USER, _PASSWORD, _DATABASE and _SECURE."""
    names = {"host": "HOST", "port": "PORT", "username": "USER", "database": "DATABASE", "secure": "SECURE"}
    texts = {name: variables.get(f"CLICKHOUSE_{suffix}", "") for name, suffix in names.items()}
    given: dict[str, Any] = {}
    for name, text in texts.items():
        if not text:
            continue
        read, expected = _HTTP_OPTIONS[name] or (str, "")
        try:
            given[name] = read(text)
        except ValueError:
            found.add(errors.bad_parameter(f"CLICKHOUSE_{names[name]}", text, expected))
    given |= _values(options, _HTTP_OPTIONS, "clickhouse://", found)
    if not given.get("host"):
        found.add(errors.no_server_named())
        return None
    return _http_target(given, variables, found)


def _http_target(given: dict[str, Any], variables: Mapping[str, str], found: errors.Collector) -> HttpTarget | None:
    """Sort what was given into a target; the password of the environment fills the gap."""
    if "user" in given:
        given["username"] = given.pop("user")
    settings = {**(given.pop("settings", None) or {})}
    for name in [name for name in given if name.startswith("ch_")]:
        settings[name.removeprefix("ch_")] = given.pop(name)
    port = given.pop("port", None)
    if port is not None and not 1 <= port <= 65535:
        found.add(errors.bad_parameter("port", str(port), "a number from 1 to 65535"))
    tls = [name for name in _TLS_OPTIONS if given.get(name) is not None]
    if tls and not (given.get("secure") or (given.get("secure") is None and port in {443, 8443})):
        found.add(errors.tls_without_secure(tls))
    token = given.get("access_token") or given.get("token_provider")
    password = given.pop("password", None) or ("" if token else variables.get("CLICKHOUSE_PASSWORD", ""))
    username = given.pop("username", "") or ("" if token else "default")
    if token and (password or username):
        found.add(errors.two_logins())
    return HttpTarget(
        host=given.pop("host", ""),
        port=port,
        username=username,
        database=given.pop("database", "") or "",
        password=password,
        arguments=given,
        settings=settings,
    )


def _chdb(
    parts: SplitResult, parameters: dict[str, str], options: dict[str, Any], found: errors.Collector
) -> ChdbTarget | None:
    """Read ``chdb:///absolute/path`` or ``chdb://memory``."""
    path = unquote(parts.path)
    place = unquote(parts.netloc)
    if place in {"memory", MEMORY} and path in {"", "/"}:
        path = MEMORY
    elif place:
        # The first part of the path stands where a host would: chdb://var/lib for chdb:///var/lib.
        found.add(errors.chdb_path_not_absolute(f"{place}{path}" if "@" not in place else path))
    elif path in {"", "/"} or not PurePosixPath(path).is_absolute():
        found.add(errors.chdb_path_not_absolute(path))
    elif "?" in path or "\0" in path or path.startswith("file:"):
        found.add(errors.chdb_path_unusable(path, "chDB reads a '?' as the start of its options"))
    else:
        path = os.path.normpath(path)
    given = _texts(parameters, _CHDB_OPTIONS, "chdb://", found)
    given |= _values(options, _CHDB_OPTIONS, "chdb://", found)
    settings = {**(given.pop("settings", None) or {})}
    for name in [name for name in given if name.startswith("ch_")]:
        settings[name.removeprefix("ch_")] = given.pop(name)
    return ChdbTarget(path=path, database=given.pop("database", "") or "", arguments=given, settings=settings)


def _texts(
    parameters: Mapping[str, str],
    known: Mapping[str, tuple[Callable[[str], Any], str] | None],
    scheme: str,
    found: errors.Collector,
) -> dict[str, Any]:
    """Read the texts of a query string into values."""
    read: dict[str, Any] = {}
    for name, text in parameters.items():
        if not _is_known(name, known, scheme, found):
            continue
        if name.startswith("ch_") and name not in known:
            read[name] = text
            continue
        reader = known[name]
        if reader is None:
            found.add(errors.keyword_only_parameter(name))
            continue
        convert, expected = reader
        try:
            read[name] = convert(text)
        except ValueError:
            found.add(errors.bad_parameter(name, "" if name == "password" else text, expected))
    return read


def _values(
    options: Mapping[str, Any],
    known: Mapping[str, tuple[Callable[[str], Any], str] | None],
    scheme: str,
    found: errors.Collector,
) -> dict[str, Any]:
    """Take keyword options; a text among them is read as it would be in a DSN. None means not given."""
    given = {name: value for name, value in options.items() if value is not None}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    values = _texts(texts, known, scheme, found)
    for name in given.keys() - texts.keys():
        if not _is_known(name, known, scheme, found):
            continue
        if name in {"settings", "headers", "chdb_options"} and not isinstance(given[name], Mapping):
            found.add(errors.bad_parameter(name, "", "a dict"))
        else:
            values[name] = given[name]
    return values


def _is_known(name: str, known: Iterable[str], scheme: str, found: errors.Collector) -> bool:
    """Return True for a parameter that may be given here; else note the mistake."""
    if name in known or (name.startswith("ch_") and len(name) > 3):
        return True
    if name in _KEPT_BY_TILLA:
        found.add(errors.parameter_kept(name))
    elif name in _HTTP_OPTIONS:
        found.add(errors.parameter_elsewhere(name, scheme))
    else:
        found.add(errors.unknown_parameter(name, sorted(known)))
    return False


def _proxy_passwords(arguments: Mapping[str, Any]) -> list[str]:
    """Return the passwords inside proxy addresses."""
    addresses = [str(arguments.get(name) or "") for name in ("http_proxy", "https_proxy")]
    logins = [address.rpartition("@")[0] for address in addresses]
    return [login.rpartition(":")[2] for login in logins if ":" in login.rpartition("//")[2]]
