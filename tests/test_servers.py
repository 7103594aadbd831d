"""Connections: DSNs, secrets, statements sent as they are, values there and back, locks, lost connections."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.http_chdb import HttpChdb
from tilla import errors
from tilla.servers import Server, connect
from tilla.servers.client import plain_message
from tilla.servers.dsn import MEMORY, ChdbTarget, HttpTarget, read_target
from tilla.servers.redaction import HIDDEN, redact

ROOT = Path(__file__).parents[1]
SECRET = "s3cr3t-Pa55"


@pytest.fixture(params=["chdb", pytest.param("http", marks=pytest.mark.http)])
def server(request: pytest.FixtureRequest, engine: Server) -> Iterator[Server]:
    """The same engine in process and behind HTTP: what holds for one holds for the other."""
    if request.param == "chdb":
        with engine.clone() as clone:
            yield clone
    else:
        with connect(request.getfixturevalue("http_server").dsn) as over_http:
            yield over_http


def in_a_process(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, where chDB may open a path."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- DSNs ---

HTTP_DSNS = [
    ("clickhouse://h", {"host": "h", "port": None, "username": "default", "database": "", "password": ""}),
    ("clickhouse://u@h:8443/db?secure=true", {"username": "u", "port": 8443, "database": "db"}),
    ("CLICKHOUSE://u@h", {"host": "h"}),
    ("clickhouse://u:p%40%2F%3F@h:1", {"password": "p@/?", "host": "h", "port": 1}),
    ("clickhouse://u:p@q@h", {"password": "p@q", "host": "h"}),
    ("clickhouse://us%C3%A9r@h", {"username": "usér"}),
    ("clickhouse://[::1]:9/d", {"host": "::1", "port": 9}),
    ("clickhouse://h/d%2Db", {"database": "d-b"}),
    ("clickhouse://h?database=x", {"database": "x"}),
    ("clickhouse://h?user=me", {"username": "me"}),
    ("clickhouse://h?http_proxy=http://me:pw@proxy:3128", {"arguments": {"http_proxy": "http://me:pw@proxy:3128"}}),
    (
        "clickhouse://h?connect_timeout=5&send_receive_timeout=600&secure=1&verify=false&compress=zstd",
        {
            "arguments": {
                "connect_timeout": 5,
                "send_receive_timeout": 600,
                "secure": True,
                "verify": False,
                "compress": "zstd",
            }
        },
    ),
    ("clickhouse://h:8443?ca_cert=/x.pem", {"arguments": {"ca_cert": "/x.pem"}}),
    ("clickhouse://h?ch_max_threads=4", {"settings": {"max_threads": "4"}}),
]


@pytest.mark.parametrize(("dsn", "expected"), HTTP_DSNS, ids=[dsn for dsn, _ in HTTP_DSNS])
def test_a_dsn_over_http_says_where_and_how(dsn: str, expected: dict[str, Any]) -> None:
    target = read_target(dsn, environment={})
    assert isinstance(target, HttpTarget)
    assert {name: getattr(target, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("dsn", "path", "label"),
    [
        ("chdb://memory", MEMORY, "chdb://memory"),
        ("chdb://memory/", MEMORY, "chdb://memory"),
        ("chdb://:memory:", MEMORY, "chdb://memory"),
        ("chdb:///var/lib/shop", "/var/lib/shop", "chdb:///var/lib/shop"),
        ("chdb:///var/lib/../lib/shop/", "/var/lib/shop", "chdb:///var/lib/shop"),
        ("chdb:///with%20space/%D1%86", "/with space/ц", "chdb:///with space/ц"),
    ],
)
def test_a_chdb_dsn_names_memory_or_a_directory(dsn: str, path: str, label: str) -> None:
    target = read_target(dsn, environment={})
    assert isinstance(target, ChdbTarget)
    assert (target.path, target.label) == (path, label)


BAD_DSNS = [
    ("", ["T502"]),
    ("localhost", ["T502"]),
    ("https://h:8443", ["T502"]),
    ("/var/lib/shop", ["T502"]),
    ("chdb:/var/lib/shop", ["T502"]),
    ("clickhouse://", ["T510"]),
    ("clickhouse:///db", ["T510"]),
    ("clickhouse://h:port", ["T509"]),
    ("clickhouse://h:0", ["T509"]),
    ("clickhouse://h:65536", ["T509"]),
    ("clickhouse://h/a/b", ["T501"]),
    ("clickhouse://h/a#b", ["T501"]),
    ("clickhouse://[::1/x", ["T501"]),
    ("clickhouse://h?secure=maybe", ["T509"]),
    ("clickhouse://h?connect_timeout=soon", ["T509"]),
    ("clickhouse://h?connect_timeout=-1", ["T509"]),
    ("clickhouse://h?compress=rar", ["T509"]),
    ("clickhouse://h?scure=true", ["T505"]),
    ("clickhouse://h?secure=true&secure=false", ["T504"]),
    ("clickhouse://h?tz_mode=aware", ["T506"]),
    ("clickhouse://h?query_limit=5", ["T506"]),
    ("clickhouse://h?headers=x", ["T508"]),
    ("clickhouse://h?ca_cert=/x.pem", ["T525"]),
    ("clickhouse://h:8443?secure=false&verify=false", ["T525"]),
    ("clickhouse://u@h?access_token=t", ["T512"]),
    ("clickhouse://h:99999?scure=1&connect_timeout=x", ["T509", "T505", "T509"]),
    ("chdb://", ["T513"]),
    ("chdb:///", ["T513"]),
    ("chdb://var/lib/shop", ["T513"]),
    ("chdb:///a%3Fb", ["T514"]),
    ("chdb:///a?verify=true", ["T507"]),
    ("chdb:///a?pth=x", ["T505"]),
    ("chdb://memory?scure=1&verify=1", ["T505", "T507"]),
]


@pytest.mark.parametrize(("dsn", "codes"), BAD_DSNS, ids=[dsn or "(empty)" for dsn, _ in BAD_DSNS])
def test_a_wrong_dsn_is_one_usage_error_with_every_mistake(dsn: str, codes: list[str]) -> None:
    with pytest.raises(errors.UsageError) as caught:
        connect(dsn)
    assert sorted(mistake.code for mistake in caught.value.mistakes) == sorted(codes)


def test_a_misspelt_parameter_names_the_nearest() -> None:
    with pytest.raises(errors.UsageError, match="nearest: send_receive_timeout"):
        read_target("clickhouse://h?send_recieve_timeout=1")


def test_a_relative_chdb_path_is_answered_with_the_dsn_to_write() -> None:
    with pytest.raises(errors.UsageError, match="write: chdb:///var/lib/shop"):
        read_target("chdb://var/lib/shop")


def test_without_a_dsn_the_environment_names_the_server() -> None:
    given = {
        "CLICKHOUSE_HOST": "h",
        "CLICKHOUSE_PORT": "8443",
        "CLICKHOUSE_USER": "u",
        "CLICKHOUSE_PASSWORD": SECRET,
        "CLICKHOUSE_DATABASE": "d",
        "CLICKHOUSE_SECURE": "true",
    }
    target = read_target(None, environment=given)
    assert isinstance(target, HttpTarget)
    assert (target.host, target.port, target.username, target.password, target.database) == (
        "h",
        8443,
        "u",
        SECRET,
        "d",
    )
    assert target.arguments == {"secure": True}


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({}, ["T511"]),
        ({"CLICKHOUSE_HOST": ""}, ["T511"]),
        ({"CLICKHOUSE_HOST": "h", "CLICKHOUSE_PORT": "x", "CLICKHOUSE_SECURE": "x"}, ["T509", "T509"]),
    ],
)
def test_a_wrong_environment_is_told_with_the_names_of_its_variables(
    environment: dict[str, str], codes: list[str]
) -> None:
    with pytest.raises(errors.UsageError) as caught:
        read_target(None, environment=environment)
    assert [mistake.code for mistake in caught.value.mistakes] == codes
    assert "CLICKHOUSE_" in str(caught.value)


def test_the_password_of_the_environment_completes_a_dsn_and_gives_way_to_one_in_it() -> None:
    environment = {"CLICKHOUSE_PASSWORD": SECRET, "CLICKHOUSE_HOST": "elsewhere"}
    without = read_target("clickhouse://u@h", environment=environment)
    within = read_target("clickhouse://u:own@h", environment=environment)
    assert isinstance(without, HttpTarget)
    assert isinstance(within, HttpTarget)
    assert (without.host, without.password, within.password) == ("h", SECRET, "own")


def test_options_have_the_last_word_and_are_checked_like_parameters() -> None:
    target = read_target("clickhouse://u@h?connect_timeout=5", {"connect_timeout": 7, "port": 9, "settings": {"a": 1}})
    assert isinstance(target, HttpTarget)
    assert (target.arguments["connect_timeout"], target.port, target.settings) == (7, 9, {"a": 1})
    with pytest.raises(errors.UsageError) as caught:
        read_target("clickhouse://h", {"conect_timeout": 7, "settings": 5, "verify": "perhaps"})
    assert sorted(mistake.code for mistake in caught.value.mistakes) == ["T505", "T509", "T509"]


def test_every_parameter_of_clickhouse_connect_is_known_or_kept() -> None:
    """A new version of clickhouse-connect with a new parameter must be decided about, not ignored."""
    from clickhouse_connect.driver import create_client
    from clickhouse_connect.driver._chdbclient import ChdbClient
    from clickhouse_connect.driver.httpclient import HttpClient

    from tilla.servers.dsn import _CHDB_OPTIONS, _HTTP_OPTIONS, _KEPT_BY_TILLA

    theirs = set(inspect.signature(create_client).parameters) | set(inspect.signature(HttpClient).parameters)
    theirs |= set(inspect.signature(ChdbClient).parameters)
    assert theirs - {"kwargs"} <= set(_HTTP_OPTIONS) | set(_CHDB_OPTIONS) | _KEPT_BY_TILLA
    assert set(_HTTP_OPTIONS) - {"user"} <= theirs


# --- secrets ---

DSNS_WITH_SECRETS = [
    f"clickhouse://u:{SECRET}@127.0.0.1:1",
    f"clickhouse://u:{SECRET}/x@h",
    f"clickhouse://u:{SECRET}?x@h",
    f"clickhouse://u:x?{SECRET}@h:1/db",
    f"clickhouse://u:x?{SECRET}=x@h:1/db",
    f"clickhouse://u:x#{SECRET}@h",
    f"clickhouse://u:x/{SECRET}@h",
    f"clickhouse://u:x@y/{SECRET}@h",
    f"clickhouse://u:x@y?{SECRET}@h",
    f"clickhouse://u:[{SECRET}@h",
    f"clickhouse://u:{SECRET}@h:port",
    f"clickhouse://u:{SECRET}@h?scure=1",
    f"clickhouse://127.0.0.1:1?password={SECRET}",
    f"clickhouse://h?pasword={SECRET}",
    f"clickhouse://127.0.0.1:1?access_token={SECRET}",
    f"clickhouse://127.0.0.1:1?http_proxy=http://u:{SECRET}@127.0.0.1:2",
    f"chdb://u:{SECRET}@memory",
    f"postgres://u:{SECRET}@h",
]


@pytest.mark.parametrize("dsn", DSNS_WITH_SECRETS)
def test_a_secret_in_a_dsn_is_never_shown(dsn: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever part of the URL a special character moved it to: not in messages, reprs, logs, stderr."""
    with pytest.raises(errors.TillaError) as caught:
        connect(dsn, connect_timeout=1) if dsn.startswith("clickhouse") else connect(dsn)
    told = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert SECRET not in told
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_target_and_a_server_show_where_they_are_and_no_secret(http_server: HttpChdb) -> None:
    target = read_target(f"clickhouse://u:{SECRET}@h:8443/db?secure=true", {"access_token": None})
    assert (str(target), target.label) == (repr(target), "clickhouse://u@h:8443/db")
    assert SECRET not in repr(target)
    with connect(http_server.dsn) as server:
        assert repr(server) == f"<Server clickhouse://tester@127.0.0.1:{http_server.port}>"
    assert repr(server) == f"<Server clickhouse://tester@127.0.0.1:{http_server.port} closed>"


def test_an_embedded_server_shows_its_dsn(engine: Server) -> None:
    assert repr(engine) == "<Server chdb://memory>"


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE USER a IDENTIFIED WITH sha256_password BY '{SECRET}' HOST ANY OOPS",
        f"ALTER USER a IDENTIFIED BY '{SECRET}",
        f"CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(CLICKHOUSE(USER 'u' PASSWORD '{SECRET}')) OOPS",
        f"SELECT * FROM s3('https://x/y.csv', 'AKIA', '{SECRET}') OOPS SELECT",
        f"CREATE TABLE t (a UInt8) ENGINE = S3Queue('https://x/*', 'AKIA', '{SECRET}', CSV) OOPS",
        f"SELECT * FROM mysql('h:3306', 'db', 't', 'u', '{SECRET}') OOPS SELECT",
        f"SELECT * FROM url('https://u:{SECRET}@h/x.csv') OOPS SELECT",
        f"CREATE NAMED COLLECTION c AS secret_access_key = '{SECRET}' OOPS",
        f"SELECT 1 FROM remote('h', system.one, 'u', '{SECRET}') OOPS SELECT",
    ],
)
def test_a_secret_in_a_refused_statement_is_hidden(engine: Server, statement: str) -> None:
    with pytest.raises(errors.StatementRefused) as caught:
        engine.execute(statement)
    assert SECRET not in str(caught.value) + repr(caught.value) + caught.value.statement + caught.value.reason
    assert HIDDEN in caught.value.statement


def test_redaction_leaves_ordinary_text_alone() -> None:
    kept = "SELECT 'password', hasToken(x, 'abc'), s3_id('a') FROM t WHERE mail LIKE '%@x' AND url = 'https://h/x' -- by 'me'"
    assert redact(kept.replace("s3_id", "id"), ("ab", "")) == kept.replace("s3_id", "id")
    assert redact("user 'ab' says ab", ("ab",)) == f"user '{HIDDEN}' says ab"


# --- statements ---

AWKWARD_STATEMENTS = {
    "percent": "SELECT '%s %d %(x)s 100%' AS a",
    "braces": "SELECT '{x} {{y}} {z:UInt8}' AS a",
    "semicolon": "SELECT 'a;b;' AS a",
    "final comment": "SELECT 'x' AS a -- done",
    "final comment with a semicolon": "SELECT 'x' AS a -- it's done;",
    "first comment": "-- first; 'odd\n/* and */ SELECT 'x' AS a",
    "with": "WITH 'x' AS y SELECT y AS a",
    "cyrillic": "SELECT 'Цена — 5 ₽ 😀' AS a",
    "empty lines": "SELECT\n\n\n'a\n\n\nb' AS a\n\n",
    "heredoc": "SELECT $tag$ it's; %s {x} $tag$ AS a",
    "tabs and returns": "SELECT\t'a\tb\r\nc' AS a\r\n",
    "escapes": r"SELECT 'a\'b\\n\x41' AS a",
}


@pytest.mark.parametrize("statement", AWKWARD_STATEMENTS.values(), ids=AWKWARD_STATEMENTS.keys())
def test_execute_sends_a_statement_byte_for_byte(server: Server, database: str, statement: str) -> None:
    """The engine itself tells: each INSERT stores the text of the query that is running."""
    server.execute(f"CREATE TABLE {database}.log (id String, text String, a String) ENGINE = Memory")
    mark = uuid.uuid4().hex
    sql = (
        f"INSERT INTO {database}.log (id, text, a) SELECT '{mark}', p.query, q.a "
        f"FROM system.processes AS p, (SELECT * FROM (\n{statement}\n)) AS q WHERE p.query LIKE '%{mark}%'"
    )
    if statement.lstrip().startswith(("SELECT", "WITH")) and "--" not in statement:
        sql += "\n-- " + " ".join(statement.split()) + ";"
    server.execute(sql)
    kept = server.rows(f"SELECT text, a FROM {database}.log")
    expected = server.rows(statement)
    assert [row["text"].rstrip("\n") for row in kept] == [sql.rstrip("\n")]
    assert [row["a"] for row in kept] == [row["a"] for row in expected]


@pytest.mark.http
@pytest.mark.parametrize("statement", AWKWARD_STATEMENTS.values(), ids=AWKWARD_STATEMENTS.keys())
def test_execute_puts_the_bytes_on_the_wire(http_server: HttpChdb, statement: str) -> None:
    with connect(http_server.dsn) as server:
        http_server.seen.clear()
        server.execute(statement)
    assert [sent.removesuffix(b"\n") for sent in http_server.seen] == [statement.encode().removesuffix(b"\n")]


def test_rows_reads_every_awkward_statement(server: Server) -> None:
    """Parameters that the text does not mention must not make clickhouse-connect format it."""
    for name, statement in AWKWARD_STATEMENTS.items():
        expected = server.rows(statement)
        assert len(expected) == 1, name
        assert server.rows(statement, parameters={"x": 1, "y": "z"}) == expected, name
    assert server.scalar(AWKWARD_STATEMENTS["percent"]) == "%s %d %(x)s 100%"
    assert server.scalar(AWKWARD_STATEMENTS["empty lines"]) == "a\n\n\nb"


def test_parameters_are_bound_by_the_server(server: Server) -> None:
    values = {
        "text": ("String", "it's %s {x} \\ \n\t Ц"),
        "number": ("UInt64", 2**64 - 1),
        "money": ("Decimal(38, 9)", Decimal("-12345678901234567890.123456789")),
        "nothing": ("Nullable(String)", None),
        "names": ("Array(String)", ["a'b", "c\\d"]),
        "day": ("Date", date(2026, 3, 1)),
        "moment": ("DateTime64(3, 'UTC')", datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)),
        "long": ("String", "x" * 6000),  # too long for a URL: sent as a form
    }
    items = ", ".join(f"{{{name}:{kind}}} AS {name}" for name, (kind, _) in values.items())
    found = server.rows(
        f"SELECT '%' AS percent, {items}", parameters={name: value for name, (_, value) in values.items()}
    )
    assert found == [{"percent": "%", **{name: value for name, (_, value) in values.items()}}]


def test_a_missing_parameter_is_the_servers_refusal(server: Server) -> None:
    with pytest.raises(errors.StatementRefused) as caught:
        server.rows("SELECT {a:UInt8} + {b:UInt8}", parameters={"a": 1})
    assert caught.value.server_code == 456


def test_a_refused_statement_carries_code_statement_and_the_servers_words(server: Server, database: str) -> None:
    statement = f"SELECT * FROM {database}.nowhere"
    with pytest.raises(errors.StatementRefused) as caught:
        server.execute(statement)
    refusal = caught.value
    assert (refusal.server_code, refusal.statement, refusal.code) == (60, statement, "T521")
    assert "nowhere" in refusal.reason
    for noise in ("DB::Exception", "version", "Stack trace", "for url", "127.0.0.1:", "Code:"):
        assert noise not in refusal.reason


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELEC 1", 62),
        ("SELECT nope", 47),
        ("SELECT 1 SETTINGS nope = 1", 115),
        ("SELECT throwIf(1)", 395),
        ("CREATE TABLE missing_database.t (a UInt8) ENGINE = Memory", 81),
        ("SELECT 1; SELECT 2", 62),
        ("", 62),
    ],
)
def test_both_servers_refuse_with_the_same_code(server: Server, statement: str, code: int) -> None:
    """chDB alone would run two statements where a server refuses them."""
    with pytest.raises(errors.StatementRefused) as caught:
        server.execute(statement)
    assert caught.value.server_code == code


def test_a_query_of_two_statements_is_refused_too(server: Server) -> None:
    with pytest.raises(errors.StatementRefused) as caught:
        server.rows("SELECT 1; SELECT 2")
    assert caught.value.server_code == 62
    assert server.rows("SELECT ';' AS a;") == [{"a": ";"}]


def test_an_insert_that_the_server_refuses_carries_its_code(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (a UInt8, CONSTRAINT small CHECK a < 5) ENGINE = Memory")
    with pytest.raises(errors.StatementRefused) as caught:
        server.insert(database, "t", [{"a": 9}])
    assert (caught.value.server_code, caught.value.statement) == (469, f"INSERT INTO {database}.t")
    with pytest.raises(errors.StatementRefused) as caught:
        server.insert(database, "missing", [{"a": 9}])
    assert caught.value.server_code == 60


def test_an_error_in_the_middle_of_an_answer_is_not_lost(server: Server) -> None:
    with pytest.raises(errors.StatementRefused) as caught:
        server.rows("SELECT throwIf(number = 90000) FROM numbers(100000) SETTINGS max_block_size = 1000")
    assert caught.value.server_code == 395


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (
            "Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)",
            "Table a.b does not exist. (UNKNOWN_TABLE)",
        ),
        (
            "Received ClickHouse exception, code: 60, server response: Code: 60. DB::Exception: Received from h:9000. "
            "DB::Exception: Nope. (UNKNOWN_TABLE) (version 25.8.1.1 (official build)) (for url https://h:8443)",
            "Nope. (UNKNOWN_TABLE)",
        ),
        (
            "Code: 115. DB::Exception: Code: 115. DB::Exception: No. (UNKNOWN_SETTING) (version 26.9.2.1). (UNKNOWN_SETTING)",
            "No. (UNKNOWN_SETTING)",
        ),
        ("Code: 1. DB::Exception: Odd, Stack trace (when copying this message): 0. a::b", "Odd"),
        ("Code: 1. DB::NetException: Gone. (X)", "Gone. (X)"),
        ("", "no reason given"),
    ],
)
def test_a_servers_message_loses_its_wrapping(given: str, plain: str) -> None:
    assert plain_message(given) == plain


def test_settings_hold_for_one_statement(server: Server) -> None:
    sql = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    before = server.scalar(sql)
    assert server.scalar(sql, settings={"max_block_size": 1234}) == "1234"
    assert server.scalar(sql + " SETTINGS max_threads = 1", settings={"max_block_size": 1234}) == "1234"
    with pytest.raises(errors.StatementRefused):
        server.execute("SELECT throwIf(1)", settings={"max_block_size": 1234})
    assert server.scalar(sql) == before
    assert server.scalar("SELECT getSetting('join_use_nulls')", settings={"join_use_nulls": True}) in (True, 1)
    with pytest.raises(errors.StatementRefused) as caught:
        server.execute("SELECT 1", settings={"no_such_setting": 1})
    assert caught.value.server_code == 115


def test_settings_of_the_dsn_hold_for_every_statement(http_server: HttpChdb) -> None:
    with connect(http_server.dsn + "?ch_max_block_size=1234", settings={"max_threads": 3}) as server:
        found = server.rows("SELECT getSetting('max_block_size') AS a, getSetting('max_threads') AS b")
    assert found == [{"a": 1234, "b": 3}]


def test_statements_that_answer_without_being_a_select(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    assert server.rows(f"SHOW TABLES FROM {database}") == [{"name": "t"}]
    assert server.rows(f"DESCRIBE TABLE {database}.t")[0]["type"] == "UInt8"
    assert server.rows(f"EXISTS TABLE {database}.t") == [{"result": 1}]
    assert server.rows("EXPLAIN SYNTAX SELECT 1")[0]["explain"].startswith("SELECT 1")
    assert server.rows(f"SELECT * FROM {database}.t") == []
    assert server.rows("SELECT 1 AS a LIMIT 0") == []
    assert server.scalar(f"SELECT a FROM {database}.t") is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT 1;",
        "CREATE USER a IDENTIFIED WITH sha256_hash BY 'ab' HOST ANY",
        "CREATE ROLE r",
        "GRANT SELECT ON db.* TO r WITH REPLACE OPTION",
        "CREATE QUOTA q FOR INTERVAL 1 hour MAX queries = 5 TO r",
        "CREATE TABLE a.b ON CLUSTER c (x UInt8) ENGINE = ReplicatedMergeTree ORDER BY x",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT 'it''s', '\\'', `a\\`b` -- ;",
    ],
)
def test_a_good_statement_has_no_syntax_error(server: Server, sql: str) -> None:
    assert server.check_syntax(sql) is None


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT ( 1", "Unmatched parentheses"),
        ("GRANT SELECT ON db.* TOO r", "Syntax error"),
        ("SELECT 1; SELECT 2", "Multi-statements"),
        ("", "Empty query"),
    ],
)
def test_a_syntax_error_is_told_in_the_parsers_words(server: Server, sql: str, why: str) -> None:
    told = server.check_syntax(sql)
    assert told is not None
    assert why in told
    assert "formatQuery" not in told


def test_features_are_read_from_the_server(server: Server) -> None:
    features = server.features
    assert features.version >= (25, 8)
    assert features.embedded == ("chdb" in repr(server))
    assert (features.access_control, features.cloud) == (False, False)  # chDB has no writable user directory
    assert features is server.features


def test_clones_work_side_by_side(server: Server) -> None:
    """One clone sees the other's statement running: neither waits for the other."""
    mark = uuid.uuid4().hex
    with server.clone() as busy, server.clone() as watcher:

        def work() -> None:
            with contextlib.suppress(errors.StatementRefused):
                busy.rows(f"SELECT sleepEachRow(0.1), '{mark}' FROM numbers(100) SETTINGS max_block_size = 1")

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for _ in range(200):
                running = watcher.rows(
                    f"SELECT query_id FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%processes%'"
                )
                if running:
                    break
                time.sleep(0.02)
            assert worker.is_alive()
            assert running
        finally:
            watcher.execute(
                f"KILL QUERY WHERE query LIKE '%{mark}%' AND query NOT LIKE '%processes%' AND query NOT LIKE 'KILL%' SYNC"
            )
            worker.join(20)
    assert not worker.is_alive()


def test_a_closed_server_says_so(server: Server) -> None:
    clone = server.clone()
    clone.close()
    clone.close()
    for use in (lambda: clone.rows("SELECT 1"), lambda: clone.execute("SELECT 1"), clone.clone):
        with pytest.raises(errors.ConnectionFailed, match="T524"):
            use()


def test_a_server_is_a_server(server: Server) -> None:
    assert isinstance(server, Server)


# --- values ---

ROUND_TRIPS: dict[str, list[Any]] = {
    "UInt8": [0, 255],
    "Int64": [-(2**63), 2**63 - 1],
    "UInt64": [2**53 + 1, 2**64 - 1],
    "UInt256": [2**256 - 1],
    "Int256": [-(2**255)],
    "Float64": [1.5, float("inf"), 5e-324],
    "Bool": [True, False],
    "Decimal(18, 4)": [Decimal("-99999999999999.9999"), Decimal("0.0001")],
    "Decimal(76, 38)": [Decimal("12345678901234567890123456789012345678.12345678901234567890123456789012345678")],
    "String": ["", "it's \\ \n\t\0 Ц 😀", "x" * 100_000, '{"id": 9007199254740993}'],
    "FixedString(3)": [b"a\x00b", b"\xff\xfe\xfd"],
    "LowCardinality(String)": ["a", "b", "a"],
    "Nullable(String)": [None, "", "a"],
    "LowCardinality(Nullable(String))": [None, "a"],
    "Nullable(Decimal(9, 2))": [None, Decimal("1.25")],
    "Date": [date(1970, 1, 1), date(2149, 6, 6)],
    "Date32": [date(1900, 1, 1), date(2299, 12, 31)],
    "DateTime": [datetime(1970, 1, 1), datetime(2106, 2, 7, 6, 28, 15)],
    "DateTime('Europe/Madrid')": [datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Madrid"))],
    "DateTime64(3)": [datetime(2026, 3, 1, 10, 0, 0, 123000)],
    "DateTime64(3, 'UTC')": [datetime(2026, 3, 1, 10, 0, 0, 1000, tzinfo=UTC)],
    "DateTime64(6, 'Asia/Tokyo')": [datetime(2299, 12, 31, 23, 59, 59, 999999, tzinfo=ZoneInfo("Asia/Tokyo"))],
    "Nullable(DateTime64(3, 'UTC'))": [None, datetime(1960, 1, 1, tzinfo=UTC)],
    "UUID": [uuid.UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0")],
    "IPv4": [IPv4Address("1.2.3.4")],
    "IPv6": [IPv6Address("2001:db8::1")],
    "Enum8('a' = 1, 'it''s' = -5, 'Ц' = 0)": ["a", "it's", "Ц"],
    "Array(String)": [[], ["a", "b'c"]],
    "Array(Nullable(Int32))": [[1, None, -1]],
    "Array(Array(DateTime64(3, 'UTC')))": [[[datetime(2026, 1, 1, tzinfo=UTC)], []]],
    "Map(String, UInt64)": [{}, {"a": 2**63, "b": 0}],
    "Map(String, DateTime)": [{"a": datetime(2026, 1, 1)}],
    "Map(String, Array(String))": [{"a": ["x"]}],
    "Tuple(UInt8, String)": [(1, "a")],
    "Tuple(n UInt8, at DateTime64(3, 'UTC'))": [{"n": 1, "at": datetime(2026, 1, 1, tzinfo=UTC)}],
    "Nested(a UInt8, at Date)": [[{"a": 1, "at": date(2026, 1, 1)}, {"a": 2, "at": date(2026, 1, 2)}], []],
    "JSON": [{"id": 9007199254740993, "s": "x", "n": {"a": [1, 2]}}],
    "Variant(String, UInt64)": ["a", 5, None],
    "SimpleAggregateFunction(max, DateTime64(3, 'UTC'))": [datetime(2026, 1, 1, tzinfo=UTC)],
    "Point": [(1.5, -2.0)],
    "Time64(3)": [timedelta(hours=-1, milliseconds=5)],
}


@pytest.mark.parametrize("kind", ROUND_TRIPS, ids=list(ROUND_TRIPS))
def test_values_come_back_as_they_went_in(server: Server, database: str, kind: str) -> None:
    settings = {"flatten_nested": 0, "enable_time_time64_type": 1}
    server.execute(f"CREATE TABLE {database}.t (i UInt32, v {kind}) ENGINE = Memory", settings=settings)
    rows = [{"i": number, "v": value} for number, value in enumerate(ROUND_TRIPS[kind])]
    server.insert(database, "t", rows)
    found = server.rows(f"SELECT i, v FROM {database}.t ORDER BY i")
    assert found == rows
    for row, given in zip(found, rows, strict=True):
        assert type(row["v"]) is type(given["v"])
        if isinstance(given["v"], datetime):
            assert row["v"].utcoffset() == given["v"].utcoffset()


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("DateTime64(3)", "2026-03-01 10:00:00.123", datetime(2026, 3, 1, 10, 0, 0, 123000)),
        ("DateTime64(3, 'UTC')", "2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("DateTime", "2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10)),
        ("DateTime", date(2026, 3, 1), datetime(2026, 3, 1)),
        ("DateTime", datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, 8)),
        ("DateTime64(3)", datetime(2026, 3, 1, 10, 0, 0, 999_999), datetime(2026, 3, 1, 10, 0, 0, 999_000)),
        ("Array(DateTime)", ["2026-03-01"], [datetime(2026, 3, 1)]),
        ("Date", "2026-03-01", date(2026, 3, 1)),
        ("Date", datetime(2026, 3, 1, 23, 59), date(2026, 3, 1)),
        ("Decimal(18, 4)", "1.25", Decimal("1.25")),
        ("Decimal(18, 2)", 8.2, Decimal("8.2")),
        ("Decimal(18, 2)", 3, Decimal(3)),
        ("UInt64", "18446744073709551615", 2**64 - 1),
        ("UInt8", 2.0, 2),
        ("Float64", 3, 3.0),
        ("Float64", Decimal("1.5"), 1.5),
        ("Bool", 1, True),
        ("UUID", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", uuid.UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0")),
        ("Enum8('a' = 1)", 1, "a"),
        ("JSON", '{"id": 9007199254740993}', {"id": 9007199254740993}),
        ("FixedString(3)", "ab", b"ab\x00"),
    ],
)
def test_a_value_in_another_form_is_stored_exactly(
    server: Server, database: str, kind: str, given: Any, stored: Any
) -> None:
    server.execute(f"CREATE TABLE {database}.t (v {kind}) ENGINE = Memory")
    server.insert(database, "t", [{"v": given}])
    assert server.scalar(f"SELECT v FROM {database}.t") == stored


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("UInt8", 256),
        ("UInt8", -1),
        ("UInt64", 1.5),
        ("UInt64", Decimal("0.5")),
        ("UInt64", "many"),
        ("UInt64", None),
        ("Int256", 2**255),
        ("Float64", "x"),
        ("Float64", None),
        ("Bool", "false"),
        ("Bool", 2),
        ("Bool", None),
        ("Decimal(10, 2)", Decimal(10**8)),
        ("Decimal(10, 2)", "x"),
        ("Decimal(10, 2)", Decimal("NaN")),
        ("Date", "1 March"),
        ("Date", date(1969, 12, 31)),
        ("Date", None),
        ("DateTime", datetime(1969, 12, 31)),
        ("DateTime64(3)", "soon"),
        ("String", 5),
        ("String", {"a": 1}),
        ("String", None),
        ("Nullable(String)", 5),
        ("LowCardinality(String)", 5),
        ("FixedString(2)", "abc"),
        ("UUID", "bad"),
        ("IPv4", "bad"),
        ("Enum8('alpha' = 1, 'beta' = 2)", "alpa"),
        ("Enum8('alpha' = 1, 'beta' = 2)", 3),
        ("Array(UInt8)", 5),
        ("Array(UInt8)", ["x"]),
        ("Array(UInt8)", [None]),
        ("Array(Enum8('a' = 1))", ["b"]),
        ("Map(String, UInt8)", {"a": "x"}),
        ("Map(String, UInt8)", [("a", 1)]),
        ("Tuple(a UInt8, b String)", (1,)),
        ("Tuple(a UInt8, b String)", {"a": 1}),
        ("Tuple(a UInt8, b String)", {"a": 1, "b": "x", "c": 2}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place_and_nothing_is_stored(
    server: Server, database: str, kind: str, given: Any
) -> None:
    """clickhouse-connect would store 0 for an unknown Enum word, 1 for 1.5, true for 'false'."""
    server.execute(
        f"CREATE TABLE {database}.t (i UInt8, v {kind} DEFAULT defaultValueOfTypeName('{_escaped(kind)}')) ENGINE = Memory"
    )
    with pytest.raises(errors.StatementRefused) as caught:
        server.insert(database, "t", [{"i": 1, "v": _fitting(server, kind)}, {"i": 2, "v": given}])
    mistake = caught.value.mistakes[0]
    assert (mistake.code, mistake.where) == ("T522", f"{database}.t.v")
    assert "row 2 has" in mistake.what
    assert server.scalar(f"SELECT count() FROM {database}.t") == 0


def _escaped(kind: str) -> str:
    return kind.replace("'", "\\'")


def _fitting(server: Server, kind: str) -> Any:
    """Some value of the type: its default, as the engine gives it."""
    return server.scalar(f"SELECT defaultValueOfTypeName('{_escaped(kind)}')")


def test_an_unknown_enum_word_names_the_nearest(engine: Server, database: str) -> None:
    engine.execute(f"CREATE TABLE {database}.t (v Enum8('alpha' = 1, 'beta' = 2)) ENGINE = Memory")
    with pytest.raises(errors.StatementRefused, match="nearest is 'alpha'"):
        engine.insert(database, "t", [{"v": "alpa"}])


def test_a_missing_key_becomes_the_default_and_order_is_kept(server: Server, database: str) -> None:
    server.execute(
        f"CREATE TABLE {database}.t (a UInt8 DEFAULT 7, b String DEFAULT concat('b', toString(a)), m UInt8 MATERIALIZED a + 1) "
        "ENGINE = Log"
    )
    rows = [{"a": 1, "b": "x"}, {"b": "y"}, {"a": 3}, {"a": 4}, {"b": "z", "a": 5}]
    server.insert(database, "t", rows)
    assert server.rows(f"SELECT a, b FROM {database}.t SETTINGS max_threads = 1") == [
        {"a": 1, "b": "x"},
        {"a": 7, "b": "y"},
        {"a": 3, "b": "b3"},
        {"a": 4, "b": "b4"},
        {"a": 5, "b": "z"},
    ]


def test_columns_limit_an_insert(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (a UInt8, b UInt8 DEFAULT 9) ENGINE = Memory")
    server.insert(database, "t", [{"a": 1, "b": 2, "c": "no column"}], columns=["a"])
    assert server.rows(f"SELECT * FROM {database}.t") == [{"a": 1, "b": 9}]


def test_an_insert_without_rows_does_nothing(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    server.insert(database, "t", [])
    assert server.scalar(f"SELECT count() FROM {database}.t") == 0


def test_an_unknown_column_names_the_nearest(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (amount UInt8, m UInt8 MATERIALIZED 1) ENGINE = Memory")
    for name, nearest in (("amuont", "amount"), ("m", "")):
        with pytest.raises(errors.StatementRefused) as caught:
            server.insert(database, "t", [{name: 1}])
        assert (caught.value.mistakes[0].code, caught.value.mistakes[0].nearest) == ("T523", nearest)


def test_odd_names_can_be_inserted_into(server: Server, database: str) -> None:
    """A dot, a backtick, a quote, a space, Cyrillic: in tables and columns."""
    for number, name in enumerate(["a.b", "a`b", "it's", "select", "1st", "a b", "Цена", 'q"q', "back\\slash"]):
        other = f"{database}_{number}.x"
        quoted = "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
        server.execute(f"CREATE DATABASE `{other}`")
        server.execute(f"CREATE TABLE `{other}`.{quoted} ({quoted} UInt8) ENGINE = Memory")
        server.insert(other, name, [{name: number}])
        assert server.rows(f"SELECT * FROM `{other}`.{quoted}") == [{name: number}]


def test_many_rows_go_in_several_blocks_and_arrive_in_order(server: Server, database: str) -> None:
    server.execute(f"CREATE TABLE {database}.t (a UInt64, s String) ENGINE = Log")
    server.insert(database, "t", [{"a": number, "s": "x" * 200} for number in range(30_000)])
    found = server.rows(
        f"SELECT count() AS n, sum(a) AS s, groupArray(a) = arraySort(groupArray(a)) AS o FROM {database}.t "
        "SETTINGS max_threads = 1"
    )
    assert found == [{"n": 30_000, "s": sum(range(30_000)), "o": 1}]


# --- the embedded engine and its paths ---


def test_importing_servers_loads_neither_client_nor_engine() -> None:
    code = "import sys, tilla.servers; print([m for m in ('clickhouse_connect', 'chdb', 'urllib3', 'pandas') if m in sys.modules])"
    done = in_a_process(code)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_missing_chdb_package_is_told_with_the_line_to_run() -> None:
    done = in_a_process(
        """
        import sys
        sys.modules["chdb"] = None
        from tilla import errors
        from tilla.servers import connect
        try:
            connect("chdb://memory")
        except errors.UsageError as error:
            print(error)
        """
    )
    assert "pip install 'tilla[chdb]'" in done.stdout, done.stderr


HOLD = """
import sys
from tilla.servers import connect
server = connect(f"chdb://{sys.argv[1]}")
server.execute("CREATE DATABASE IF NOT EXISTS d")
print("open", flush=True)
sys.stdin.read()
"""
HOLD_WITHOUT_TILLA = """
import sys, chdb
connection = chdb.connect(sys.argv[1])
connection.query("SELECT 1")
print("open", flush=True)
sys.stdin.read()
"""
TRY = """
import sys
from tilla import errors
from tilla.servers import connect
try:
    with connect(f"chdb://{sys.argv[1]}") as server:
        print("opened", server.scalar("SELECT count() FROM system.databases WHERE name = 'd'"))
except errors.ConnectionFailed as error:
    print(error)
"""


@pytest.mark.parametrize("holder", [HOLD, HOLD_WITHOUT_TILLA], ids=["held by tilla", "held by chdb alone"])
def test_a_path_in_use_is_told_with_the_process_and_is_free_after_it(tmp_path: Path, holder: str) -> None:
    path = str(tmp_path / "shop")
    with subprocess.Popen(
        [sys.executable, "-c", holder, path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        refused = in_a_process(TRY, path)
        assert f"chdb path {path} is in use by process {process.pid}" in refused.stdout
        assert refused.stderr == ""
        process.kill()
    opened = in_a_process(TRY, path)
    assert opened.stdout == ("opened 1\n" if holder == HOLD else "opened 0\n")


def test_one_process_shares_a_path_and_is_told_about_a_second_one(tmp_path: Path) -> None:
    done = in_a_process(
        """
        import gc, json, os, sys
        from tilla import errors
        from tilla.servers import connect
        one, two = sys.argv[1:]
        os.makedirs(one)
        os.symlink(one, one + "-link")
        told = []
        first = connect(f"chdb://{one}")
        first.execute("CREATE DATABASE d")
        second = connect(f"chdb://{one}-link")
        told.append(second.scalar("SELECT count() FROM system.databases WHERE name = 'd'"))
        for dsn in (f"chdb://{two}", "chdb://memory"):
            try:
                connect(dsn)
            except errors.ConnectionFailed as error:
                told.append(str(error))
        first.close()
        told.append(second.scalar("SELECT 1"))
        del second            # nobody closed it
        gc.collect()
        with connect(f"chdb://{two}") as third:
            told.append(third.scalar("SELECT count() FROM system.databases WHERE name = 'd'"))
        print(json.dumps(told))
        """,
        str(tmp_path / "one"),
        str(tmp_path / "two"),
    )
    assert done.returncode == 0, done.stderr
    shared, other, memory, still, fresh = json.loads(done.stdout)
    assert (shared, still, fresh) == (1, 1, 0)
    assert f"this process has chDB open on {tmp_path / 'one'}" in other
    assert f"this process has chDB open on {tmp_path / 'one'}" in memory


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_a_path_that_cannot_be_a_directory_is_told_without_a_trace(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").write_text("")
    done = in_a_process(TRY, str(tmp_path / place).replace(" ", "%20"))
    assert done.stdout.startswith("T518")
    assert "Stack trace" not in done.stdout + done.stderr


def test_the_embedded_engine_runs_in_utc_wherever_the_machine_is() -> None:
    """Numbers by day must not depend on the machine; the zone of the Python process stays its own."""
    done = in_a_process(
        """
        import json, time
        from datetime import datetime
        from tilla.servers import connect
        with connect("chdb://memory") as server:
            server.execute("CREATE DATABASE d")
            server.execute("CREATE TABLE d.s (at DateTime64(3)) ENGINE = Memory")
            server.insert("d", "s", [{"at": datetime(2026, 6, 1, 23, 30)}, {"at": "2026-06-01 23:30:00"}])
            server.execute("CREATE MATERIALIZED VIEW d.v REFRESH EVERY 1 YEAR (day Date, zone String) ENGINE = Memory "
                           "AS SELECT DISTINCT toDate(at) AS day, timezone() AS zone FROM d.s")
            server.execute("SYSTEM WAIT VIEW d.v")
            rows = server.rows("SELECT toString(day) AS day, zone FROM d.v")
            rows += server.rows("SELECT DISTINCT toString(at) AS day, timezone() AS zone FROM d.s")
        print(json.dumps([rows, time.strftime("%Z")]))
        """,
        TZ="Asia/Tokyo",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [{"day": "2026-06-01", "zone": "UTC"}, {"day": "2026-06-01 23:30:00.000", "zone": "UTC"}],
        "JST",
    ]


# --- lost connections ---


@pytest.mark.http
def test_an_insert_that_was_committed_before_the_connection_broke_is_not_sent_again(
    http_server: HttpChdb, database: str
) -> None:
    """clickhouse-connect's own insert replays it, and the rows double."""
    with connect(http_server.dsn) as server:
        server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
        http_server.faults.cut_connection(match=f"INSERT INTO {database}", after_execution=True)
        with pytest.raises(errors.ConnectionFailed, match="whether it took effect is not known") as caught:
            server.insert(database, "t", [{"a": 1}])
        assert caught.value.statement.startswith(f"INSERT INTO {database}.t")
        assert server.scalar(f"SELECT count() FROM {database}.t") == 1


@pytest.mark.http
@pytest.mark.parametrize("after", [False, True], ids=["before it ran", "after it ran"])
def test_a_statement_whose_connection_broke_is_not_sent_again(
    http_server: HttpChdb, database: str, after: bool
) -> None:
    with connect(http_server.dsn) as server:
        server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
        http_server.faults.cut_connection(match="SELECT 7", after_execution=after)
        with pytest.raises(errors.ConnectionFailed) as caught:
            server.execute(f"INSERT INTO {database}.t SELECT 7")
        assert (caught.value.code, caught.value.server_code) == ("T520", None)
        assert caught.value.statement == f"INSERT INTO {database}.t SELECT 7"
        assert server.scalar(f"SELECT count() FROM {database}.t") == int(after)


@pytest.mark.http
def test_no_answer_in_time_leaves_the_outcome_open(http_server: HttpChdb, database: str) -> None:
    with connect(http_server.dsn, send_receive_timeout=1) as server:
        server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
        http_server.faults.commit_then_timeout(match="SELECT 7")
        with pytest.raises(errors.ConnectionFailed, match=r"no answer in time .* not known"):
            server.execute(f"INSERT INTO {database}.t SELECT 7")
        assert server.scalar(f"SELECT count() FROM {database}.t") == 1


@pytest.mark.http
def test_an_answer_cut_in_the_middle_is_no_answer(http_server: HttpChdb) -> None:
    with connect(http_server.dsn) as server:
        http_server.faults.cut_stream(100_000, match="numbers")
        with pytest.raises(errors.ConnectionFailed, match="T520"):
            server.rows("SELECT number FROM numbers(100000)")


@pytest.mark.http
def test_a_proxys_error_page_is_not_taken_for_clickhouse(http_server: HttpChdb) -> None:
    with connect(http_server.dsn) as server:
        http_server.faults.status(503, times=9, match="CREATE")
        with pytest.raises(errors.ConnectionFailed, match="HTTP status 503"):
            server.execute("CREATE TABLE default.never (a UInt8) ENGINE = Memory")


@pytest.mark.http
def test_a_wrong_password_is_told_and_not_shown(http_server: HttpChdb) -> None:
    dsn = f"clickhouse://tester:{SECRET}@127.0.0.1:{http_server.port}"
    with pytest.raises(errors.ConnectionFailed) as caught:
        connect(dsn)
    assert (caught.value.code, caught.value.server_code) == ("T519", 516)
    assert SECRET not in str(caught.value)


def test_a_server_that_is_not_there_is_one_clear_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        errors.ConnectionFailed, match=r"T518 clickhouse://default@127\.0\.0\.1:1: no connection: Connection refused"
    ):
        connect("clickhouse://127.0.0.1:1")
    assert capfd.readouterr() == ("", "")


@pytest.mark.http
def test_a_server_that_went_away_says_that_the_statement_did_not_run(database: str) -> None:
    """No connection could be made, so the outcome is known: T518 and not T520."""
    with HttpChdb() as listener:
        server = connect(listener.dsn)
    with pytest.raises(errors.ConnectionFailed) as caught:
        server.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    assert (caught.value.code, caught.value.statement[:12]) == ("T518", "CREATE TABLE")


@pytest.mark.http
def test_tls_to_a_plain_port_is_one_clear_error(http_server: HttpChdb) -> None:
    with pytest.raises(errors.ConnectionFailed, match="T518"):
        connect(f"clickhouse://tester@127.0.0.1:{http_server.port}?secure=true")


@pytest.mark.http
def test_a_missing_certificate_file_is_one_clear_error(http_server: HttpChdb) -> None:
    with pytest.raises(errors.ConnectionFailed, match="T518"):
        connect(f"clickhouse://tester@127.0.0.1:{http_server.port}?secure=true&ca_cert=/no/such/file.pem")


@pytest.mark.http
def test_requests_carry_no_session(http_server: HttpChdb) -> None:
    """With a session two statements at once would be refused with code 373."""
    with connect(http_server.dsn) as server:
        found = server.rows("SELECT 1 AS a")
        barrier = threading.Barrier(4)
        failed: list[BaseException] = []

        def work() -> None:
            barrier.wait()
            try:
                server.scalar("SELECT sleep(0.2)")
            except BaseException as error:
                failed.append(error)

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(20)
    assert found == [{"a": 1}]
    assert failed == []
