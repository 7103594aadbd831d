"""T501-T534: connections, and what a server refuses."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.errors.tree import (
    ConnectionFailed,
    DeclarationError,
    Mistake,
    RefusedError,
    ServerError,
    StatementRefused,
    UsageError,
)
from tilla.errors.wording import excerpt, listed, nearest


def dsn_unreadable(why: str) -> UsageError:
    """T501: a DSN that is no DSN."""
    return UsageError(
        Mistake(
            "T501",
            "dsn",
            f"the DSN cannot be read: {why}",
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
        )
    )


def unknown_scheme(scheme: str) -> UsageError:
    """T502: a DSN for something that is neither ClickHouse over HTTP nor chDB."""
    what = f"a DSN cannot start with {scheme + '://'!r}" if scheme.isalnum() else "the DSN has no scheme"
    close = nearest(scheme, ("clickhouse", "chdb"))
    return UsageError(
        Mistake(
            "T502",
            "dsn",
            what,
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
            nearest=f"{close}://" if close else "",
            hint="clickhouse://host:8443/database?secure=true" if scheme in {"http", "https", "clickhouses"} else "",
        )
    )


def unescaped_login() -> UsageError:
    """T503: a user or password with characters that end the authority of a URL."""
    return UsageError(
        Mistake(
            "T503",
            "dsn",
            "the user or password in the DSN holds a character that is syntax in a URL (/ ? # [ ] @)",
            expected="each of them percent-encoded, as urllib.parse.quote(password, safe='') writes it",
            hint="better leave the password out of the DSN and set CLICKHOUSE_PASSWORD",
        )
    )


def parameter_twice(name: str) -> UsageError:
    """T504: a parameter of a DSN given twice."""
    return UsageError(Mistake("T504", f"dsn ?{name}", f"the parameter {name!r} is given twice"))


def unknown_parameter(name: str, known: Sequence[str]) -> UsageError:
    """T505: a parameter that clickhouse-connect does not have."""
    return UsageError(
        Mistake(
            "T505",
            f"dsn ?{name}",
            f"there is no parameter {name!r}",
            expected=f"one of {listed(known, most=40)}",
            nearest=nearest(name, known),
            hint=f"ch_{name}=... if it is a ClickHouse setting",
        )
    )


def parameter_kept(name: str) -> UsageError:
    """T506: a parameter whose value Tilla itself decides."""
    return UsageError(
        Mistake(
            "T506",
            f"dsn ?{name}",
            f"{name!r} is a parameter of clickhouse-connect whose value Tilla decides: another one would change what it reads",
        )
    )


def parameter_elsewhere(name: str, scheme: str) -> UsageError:
    """T507: a parameter of the HTTP client given to chDB."""
    return UsageError(
        Mistake(
            "T507", f"dsn ?{name}", f"{name!r} means nothing to a {scheme} server", expected="database, or ch_SETTING"
        )
    )


def keyword_only_parameter(name: str) -> UsageError:
    """T508: a parameter that takes a Python value, written in a DSN."""
    return UsageError(
        Mistake("T508", f"dsn ?{name}", f"{name!r} takes a Python value", hint=f"tl.connect(dsn, {name}=...)")
    )


def bad_parameter(name: str, value: str, expected: str) -> UsageError:
    """T509: a parameter, or an environment variable, with a value it cannot have."""
    where = name if name.startswith("CLICKHOUSE_") else f"dsn ?{name}"
    what = f"{value!r} is no value for {name}" if value else f"{name} has a value it cannot have"
    return UsageError(Mistake("T509", where, what, expected=expected))


def no_host() -> UsageError:
    """T510: a DSN without a host."""
    return UsageError(
        Mistake("T510", "dsn", "the DSN names no host", expected="clickhouse://user@host:8443/database?secure=true")
    )


def no_server_named() -> UsageError:
    """T511: neither a DSN nor CLICKHOUSE_HOST."""
    return UsageError(
        Mistake(
            "T511",
            "dsn",
            "no server is named: there is no DSN, and CLICKHOUSE_HOST is not set",
            expected="clickhouse://user@host:8443/database?secure=true, chdb:///absolute/path or chdb://memory",
        )
    )


def two_logins() -> UsageError:
    """T512: a token and a user or password."""
    return UsageError(Mistake("T512", "dsn", "an access token and a user or password are given; one of them only"))


def chdb_path_not_absolute(path: str) -> UsageError:
    """T513: a chDB path that is not absolute."""
    return UsageError(
        Mistake(
            "T513",
            "dsn",
            f"the path {path!r} of a chdb:// DSN is not absolute"
            if path.strip("/")
            else "the chdb:// DSN names no directory",
            expected="chdb:///absolute/path (three slashes), or chdb://memory",
            hint=f"chdb:///{path.lstrip('/')}" if path.strip("/") else "",
        )
    )


def chdb_path_unusable(path: str, why: str) -> UsageError:
    """T514: a chDB path that cannot be a data directory."""
    return UsageError(Mistake("T514", "dsn", f"{path!r} cannot hold chDB's data: {why}"))


def package_missing(package: str, extra: str) -> UsageError:
    """T515: an optional package that is not installed."""
    install = f"tilla[{extra}]" if extra else "tilla"
    return UsageError(Mistake("T515", "", f"the package {package!r} is not installed", hint=f"pip install '{install}'"))


def chdb_path_in_use(path: str, pid: int | None) -> ConnectionFailed:
    """T516: another process has this chDB directory open."""
    holder = f"process {pid}" if pid else "another process"
    return ConnectionFailed(
        Mistake(
            "T516",
            f"chdb://{path}",
            f"chdb path {path} is in use by {holder}",
            hint="wait until it ends, or use another directory: chDB lets one process in at a time",
        )
    )


def chdb_other_path(path: str, open_path: str) -> ConnectionFailed:
    """T517: a second chDB directory in one process."""
    return ConnectionFailed(
        Mistake(
            "T517",
            f"chdb://{path}",
            f"this process has chDB open on {open_path}; chDB keeps one path per process",
            hint="close the servers on the other path first, or use a process of its own",
        )
    )


def connection_failed(label: str, why: str, statement: str = "") -> ConnectionFailed:
    """T518: no server there; a statement that should have gone to it did not run."""
    return ConnectionFailed(Mistake("T518", label, f"no connection: {why}"), statement=statement, reason=why)


def login_refused(label: str, server_code: int | None, why: str) -> ConnectionFailed:
    """T519: the server does not know this user and password."""
    return ConnectionFailed(
        Mistake(
            "T519",
            label,
            f"the server refused the login: {why}",
            hint="check the user in the DSN and the password in CLICKHOUSE_PASSWORD",
        ),
        server_code=server_code,
        reason=why,
    )


def connection_lost(label: str, statement: str, why: str) -> ConnectionFailed:
    """T520: the answer to a statement did not come."""
    return ConnectionFailed(
        Mistake(
            "T520",
            label,
            f"the connection was lost while a statement ran: {why}; whether it took effect is not known: {excerpt(statement)}",
        ),
        statement=statement,
        reason=why,
    )


def statement_refused(label: str, statement: str, server_code: int | None, why: str) -> StatementRefused:
    """T521: the server refused a statement."""
    code = f"code {server_code}: " if server_code else ""
    return StatementRefused(
        Mistake("T521", label, f"the server refused {excerpt(statement)}: {code}{why}"),
        statement=statement,
        server_code=server_code,
        reason=why,
    )


def values_refused(where: str, why: str) -> StatementRefused:
    """T522: rows that do not fit the types of their columns."""
    return StatementRefused(
        Mistake("T522", where, f"the rows do not fit the table: {why}"), statement=f"INSERT INTO {where}", reason=why
    )


def unknown_insert_column(where: str, name: str, known: Sequence[str]) -> StatementRefused:
    """T523: a row with a key that is no column of the table."""
    return StatementRefused(
        Mistake(
            "T523",
            where,
            f"there is no column {name!r} to insert into",
            expected=f"one of {listed(known)}",
            nearest=nearest(name, known),
        ),
        statement=f"INSERT INTO {where}",
    )


def server_closed(label: str) -> ConnectionFailed:
    """T524: a server that was closed before."""
    return ConnectionFailed(Mistake("T524", label, "this server was closed", hint="tl.connect(...) again"))


def tls_without_secure(names: Sequence[str]) -> UsageError:
    """T525: certificates for a connection that would not be encrypted."""
    return UsageError(
        Mistake(
            "T525",
            f"dsn ?{names[0]}",
            f"{listed(names)} would be ignored, and the password sent in the clear: the connection is not encrypted",
            hint="secure=true",
        )
    )


def no_chdb_there(path: str, beside: Sequence[str]) -> UsageError:
    """T526: a chDB path that is not there, for a command that only reads."""
    return UsageError(
        Mistake(
            "T526",
            f"chdb://{path}",
            "there is no database: the folder does not exist",
            expected="the folder of a chDB database; tilla apply makes a new one",
            nearest=nearest(path, beside),
        )
    )


def unknown_server_setting(where: str, name: str, place: str, known: Sequence[str]) -> DeclarationError:
    """T532: a setting that the server does not have."""
    return DeclarationError(
        Mistake(
            "T532",
            where,
            f"this server has no setting {name!r}",
            expected=f"a name of system.{place}",
            nearest=nearest(name, known),
        )
    )


def objects_missing(names: Sequence[str]) -> ServerError:
    """T530: the server took every statement, and objects are not there afterwards."""
    shown = listed(names)
    return ServerError(
        Mistake(
            "T530",
            "apply",
            f"every statement was accepted, and these are not there: {shown}",
            hint="run it again; if they stay away, someone drops them or this user may not see them",
        )
    )


def refresh_failed(where: str, statement: str, why: str) -> StatementRefused:
    """T531: a refresh ended with an exception."""
    return StatementRefused(
        Mistake("T531", where, f"its refresh failed: {why}"), statement=statement, server_code=730, reason=why
    )


def cluster_still_works(task: str, hosts: str, statement: str) -> ServerError:
    """T533: a statement ON CLUSTER that hosts have not finished."""
    return ServerError(
        Mistake(
            "T533",
            task,
            f"{hosts} still works on the statement: {excerpt(statement)}",
            hint="see to these hosts (system.distributed_ddl_queue); when they have finished, run this again: it goes on where it stopped",
        ),
        statement=statement,
        server_code=159,
    )


def created_meanwhile(name: str, difference: str) -> RefusedError:
    """T534: an object that somebody else created after the plan was made, and not as planned."""
    return RefusedError(
        Mistake(
            "T534",
            name,
            f"somebody created it after this plan was made, and not as planned: {difference}",
            hint="make the plan again, and let one apply run at a time",
        )
    )
