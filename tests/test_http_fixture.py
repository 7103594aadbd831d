"""The HTTP server over chDB speaks what the real clickhouse-connect client says; the fixture is tested as a server."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError, StreamFailureError

from tests.support.http_chdb import HttpChdb
from tilla.servers import Server

pytestmark = pytest.mark.http
ROOT = Path(__file__).parents[1]


def client_of(server: HttpChdb, **options: Any) -> Any:
    """The real client, as its users make it."""
    login = {"username": server.user, "password": server.password}
    return clickhouse_connect.get_client(host=server.host, port=server.port, **{**login, **options})


@pytest.fixture
def client(http_server: HttpChdb) -> Iterator[Any]:
    with client_of(http_server) as made:
        yield made


def ask(server: HttpChdb, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Speak HTTP without a client library in between."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    try:
        connection.request(
            "POST", path, body, {"X-ClickHouse-User": server.user, "X-ClickHouse-Key": server.password, **headers}
        )
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


# --- the interface ---


def test_the_handshake_tells_version_zone_and_settings(client: Any, engine: Server) -> None:
    assert client.server_version == engine.scalar("SELECT version()")
    assert str(client.server_tz) == "UTC"
    assert len(client.server_settings) > 1000
    assert client.ping()


def test_it_is_the_same_engine_as_the_one_in_process(client: Any, engine: Server, database: str) -> None:
    client.command(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    engine.insert(database, "t", [{"a": 5}])
    assert client.query(f"SELECT a FROM {database}.t").result_rows == [(5,)]


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_native_blocks_go_in_compressed_in_several_frames(http_server: HttpChdb, database: str, compress: Any) -> None:
    """100 B x 60,000 rows are several blocks, and each is a frame of its own."""
    with client_of(http_server, compress=compress) as client:
        client.command(f"CREATE TABLE {database}.t (a UInt64, s String) ENGINE = Memory")
        summary = client.insert("t", [[n, "x" * 100] for n in range(60_000)], ["a", "s"], database=database)
        assert client.query(f"SELECT count(), sum(a) FROM {database}.t").result_rows == [(60_000, sum(range(60_000)))]
    assert summary.written_rows == 60_000


def test_binary_data_with_empty_lines_arrives_whole(client: Any, database: str) -> None:
    """chDB ends inline data at an empty line; binary data is full of them."""
    client.command(f"CREATE TABLE {database}.t (s String) ENGINE = Memory")
    value = "\n\n; FORMAT Native\n\n'`\\" * 50
    client.insert("t", [[value]] * 3, ["s"], database=database)
    assert client.query(f"SELECT s FROM {database}.t").result_rows == [(value,)] * 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b'INSERT INTO {db}.t FORMAT JSONEachRow\n{{"a": 1}}\n\n{{"a": 2}}\n'),
        ("/?query=INSERT+INTO+{db}.t+FORMAT+JSONEachRow", b'{{"a": 1}}\n\n{{"a": 2}}\n'),
        ("/", b"-- it's a comment\nINSERT INTO {db}.t (a) SETTINGS max_block_size = 10 FORMAT CSV\n1\n2\n"),
        ("/?query=INSERT+INTO+{db}.t+(a)+VALUES", b" (1), (2)"),
        ("/", b"INSERT INTO {db}.t VALUES (1), (2) -- FORMAT CSV"),
        ("/", b"INSERT INTO {db}.t SELECT number + 1 FROM numbers(2) -- FORMAT CSV"),
    ],
)
def test_every_way_to_send_an_insert(
    http_server: HttpChdb, engine: Server, database: str, path: str, body: bytes
) -> None:
    engine.execute(f"CREATE TABLE {database}.t (a UInt64) ENGINE = Memory")
    text = body.decode().format(db=database).encode()
    status, _, answer = ask(http_server, path.format(db=database), text)
    assert (status, answer) == (200, b"")
    assert engine.rows(f"SELECT a FROM {database}.t ORDER BY a") == [{"a": 1}, {"a": 2}]


def test_native_answers_stream_block_by_block(client: Any) -> None:
    with client.query_row_block_stream("SELECT number, toString(number) FROM numbers(300000)") as stream:
        blocks = [len(block) for block in stream]
    assert sum(blocks) == 300_000
    assert len(blocks) > 1


def test_an_exception_in_the_middle_of_a_stream_reaches_the_client(client: Any) -> None:
    sql = "SELECT throwIf(number = 150000) FROM numbers(200000) SETTINGS max_block_size = 1000"
    with pytest.raises(StreamFailureError) as caught, client.query_rows_stream(sql) as stream:
        list(stream)
    assert caught.value.code == 395


def test_other_formats_and_empty_answers(client: Any, http_server: HttpChdb) -> None:
    assert client.command("SELECT 42") == 42
    assert client.raw_query("SELECT 1 AS a, 'x' AS b", fmt="JSONEachRow") == b'{"a":1,"b":"x"}\n'
    assert client.query("SELECT 1 WHERE 0").result_rows == []
    assert client.query("SELECT 1 AS a LIMIT 0").column_names == ("a",)
    assert ask(http_server, "/?query=SELECT+1&default_format=JSONEachRow")[2] == b'{"1":1}\n'


def test_parameters_come_in_the_url_or_as_a_form(client: Any) -> None:
    sql = "SELECT {a:String} AS a, {b:Array(UInt64)} AS b"
    for text in ("it's \\ \n {x} %s Ц", "long" * 3000):
        assert client.query(sql, parameters={"a": text, "b": [1, 2**63]}).result_rows == [(text, [1, 2**63])]


def test_settings_in_the_url_hold_for_one_request(http_server: HttpChdb) -> None:
    sql = b"SELECT value FROM system.settings WHERE name = 'max_block_size'"
    assert ask(http_server, "/?max_block_size=77", sql)[2] == b"77\n"
    assert ask(http_server, "/", sql)[2] != b"77\n"


def test_a_get_request_may_only_read(http_server: HttpChdb, database: str) -> None:
    connection = http.client.HTTPConnection(http_server.host, http_server.port, timeout=20)
    login = {"X-ClickHouse-User": http_server.user, "X-ClickHouse-Key": http_server.password}
    connection.request("GET", f"/?query=CREATE+TABLE+{database}.t+(a+UInt8)+ENGINE=Memory", headers=login)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "164")
    connection.close()


def test_the_database_of_the_url_is_the_current_one(http_server: HttpChdb, engine: Server, database: str) -> None:
    engine.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    with client_of(http_server, database=database) as client:
        assert client.query("SELECT currentDatabase()").result_rows == [(database,)]
        client.insert("t", [[1]], ["a"])
    assert engine.scalar(f"SELECT count() FROM {database}.t") == 1


def test_a_session_keeps_its_temporary_tables_and_is_one_at_a_time(http_server: HttpChdb) -> None:
    with client_of(http_server, session_id="one") as client:
        client.command("CREATE TEMPORARY TABLE mine (a UInt8)")
        client.command("SET max_block_size = 99")
        assert client.query("SELECT count(), getSetting('max_block_size') FROM mine").result_rows == [(0, 99)]
        slow = threading.Thread(target=ask, args=(http_server, "/?session_id=one", b"SELECT sleep(1)"))
        slow.start()
        for _ in range(100):
            if any(b"sleep(1)" in sent for sent in http_server.seen):
                break
            time.sleep(0.01)
        time.sleep(0.05)
        status, headers, _ = ask(http_server, "/?session_id=one", b"SELECT 1")
        slow.join(20)
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (500, "373")
    with client_of(http_server) as other, pytest.raises(DatabaseError):
        other.query("SELECT * FROM mine")


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELEC 1", 400, 62),
        ("SELECT * FROM default.nowhere", 404, 60),
        ("SELECT * FROM nowhere.t", 404, 81),
        ("SELECT nope", 404, 47),
        ("SELECT 1 SETTINGS nope = 1", 404, 115),
        ("SELECT throwIf(1)", 500, 395),
        ("SELECT 1; SELECT 2", 400, 62),
    ],
)
def test_errors_have_the_status_code_and_header_of_a_server(
    http_server: HttpChdb, client: Any, sql: str, status: int, code: int
) -> None:
    answered, headers, body = ask(http_server, "/", sql.encode())
    assert (answered, headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert body.startswith(f"Code: {code}. DB::Exception: ".encode())
    with pytest.raises(DatabaseError) as caught:
        client.query(sql)
    assert caught.value.code == code


def test_a_login_is_taken_from_any_of_the_three_places(http_server: HttpChdb) -> None:
    good = {"user": "tester", "password": http_server.password}
    with client_of(http_server):
        pass
    assert ask(http_server, "/", b"SELECT 1")[0] == 200
    query = "/?user=tester&password=" + http_server.password.replace(" ", "%20").replace("/", "%2F")
    assert ask(http_server, query, b"SELECT 1", **{"X-ClickHouse-User": "", "X-ClickHouse-Key": ""})[0] == 200
    for wrong in ({"password": "x"}, {"password": ""}, {"username": "nobody"}):
        with pytest.raises(DatabaseError) as caught:
            client_of(http_server, **wrong)
        assert caught.value.code == 516
    assert ask(http_server, "/", b"SELECT 1", **{"X-ClickHouse-Key": "x"})[0] == 403
    assert good["password"] not in repr(http_server)


def test_two_requests_overlap(http_server: HttpChdb, client: Any) -> None:
    """The quick one is answered while the slow one runs."""
    slow = threading.Thread(
        target=ask, args=(http_server, "/?max_block_size=1", b"SELECT sleepEachRow(0.1) FROM numbers(8) -- overlap")
    )
    slow.start()
    try:
        watch = "SELECT count() FROM system.processes WHERE query LIKE '%-- over' || 'lap'"
        seen = 0
        for _ in range(100):
            seen = client.query(watch).result_rows[0][0]
            if seen:
                break
            time.sleep(0.01)
        assert seen == 1
        assert slow.is_alive()
    finally:
        slow.join(20)


# --- the faults ---


def test_a_fault_waits_for_its_statement_and_is_spent(client: Any, http_server: HttpChdb) -> None:
    http_server.faults.status(500, times=2, match="magic")
    assert client.command("SELECT 1") == 1
    for _ in range(2):
        with pytest.raises(DatabaseError):
            client.command("SELECT 'magic'")
    assert client.command("SELECT 'magic'") == "magic"


def test_cut_connection_before_and_after_execution(client: Any, http_server: HttpChdb, database: str) -> None:
    client.command(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    for after, rows in ((False, 0), (True, 1)):
        http_server.faults.cut_connection(match="SELECT 7", after_execution=after)
        with pytest.raises(OperationalError):
            client.command(f"INSERT INTO {database}.t SELECT 7")
        assert client.command(f"SELECT count() FROM {database}.t") == rows


def test_commit_then_timeout_commits_and_never_answers(http_server: HttpChdb, engine: Server, database: str) -> None:
    engine.execute(f"CREATE TABLE {database}.t (a UInt8) ENGINE = Memory")
    with client_of(http_server, send_receive_timeout=1) as client:
        http_server.faults.commit_then_timeout(match="SELECT 7")
        with pytest.raises(OperationalError, match="timed out"):
            client.command(f"INSERT INTO {database}.t SELECT 7")
    assert engine.scalar(f"SELECT count() FROM {database}.t") == 1


def test_slow_waits_before_it_runs(client: Any, http_server: HttpChdb) -> None:
    http_server.faults.slow(0.3, match="late")
    before = time.monotonic()
    assert client.command("SELECT 'late'") == "late"
    assert time.monotonic() - before >= 0.3


def test_cut_stream_sends_a_part_only(client: Any, http_server: HttpChdb) -> None:
    http_server.faults.cut_stream(200_000, match="numbers")
    with pytest.raises(OperationalError), client.query_rows_stream("SELECT number FROM numbers(500000)") as stream:
        list(stream)


# --- a process of its own ---


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Start the fixture as a process on one directory; it is gone after the test."""
    running: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], Any]:
        command = [sys.executable, "-m", "tests.support.http_chdb", "--path", str(tmp_path / "data"), "--password", "p"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        return process, clickhouse_connect.get_client(host="127.0.0.1", port=port, username="default", password="p")

    yield start
    for process in running:
        process.kill()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def test_a_killed_server_keeps_what_was_committed(start: Any) -> None:
    process, client = start()
    client.command("CREATE DATABASE d")
    client.command("CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a")
    client.insert("d.t", [[n] for n in range(1000)], ["a"])
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    with pytest.raises(OperationalError):
        client.command("SELECT 1")
    client.close()
    _, again = start()
    assert again.query("SELECT count(), sum(a) FROM d.t").result_rows == [(1000, 499_500)]
    again.close()
