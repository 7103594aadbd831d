"""ClickHouse's HTTP interface over chDB: enough of it for real clients, with faults on demand.

A test needs a server behind a socket to see what a network does: cut connections, late answers, an
insert that was committed before its client gave up. No package ships a ClickHouse server, but chDB is the
engine, and the interface is small. Spoken here: statements in the body or in ``?query=``, settings,
``param_NAME``, ``database``, sessions (a busy one answers 373), users by Basic or X-ClickHouse headers
(516), compressed bodies, multipart forms, error codes in X-ClickHouse-Exception-Code, chunked streams with an
exception at their end. Not spoken: progress headers, roles, quotas, external data, compressed answers.

Every request runs on a connection of its own, so that two of them overlap and no setting outlives one.

In a process of its own, for tests that kill it::

    python -m tests.support.http_chdb --path DIR --port 0        # prints the port
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import re
import socket
import struct
import tempfile
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

# What the interface takes for itself; every other parameter is a setting.
_OWN_PARAMETERS = {
    *("query", "user", "password", "database", "default_format", "query_id", "quota_key", "role", "stacktrace"),
    *("session_id", "session_timeout", "session_check", "close_session", "compress", "decompress"),
    *("wait_end_of_query", "buffer_size", "enable_http_compression", "client_protocol_version"),
    *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
}
_NOT_FOUND = frozenset({46, 47, 50, 56, 60, 63, 73, 81, 110, 115, 128})
_BAD_REQUEST = frozenset({6, 26, 27, 36, 38, 41, 42, 43, 44, 53, 62, 70, 72, 117, 130, 349, 386, 427, 456, 457})
_STATUS = {158: 500, 159: 504, 194: 401, 209: 503, 373: 500, 516: 403}


class Faults:
    """What will go wrong, and when: each fault waits for a statement that contains its ``match``.

    A fault happens ``times`` times and is then spent. The newest one that matches goes first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Fault] = []
        self._released = threading.Event()

    def cut_connection(self, times: int = 1, *, match: str = "", after_execution: bool = False) -> None:
        """Close the connection without an answer, before the statement runs or after it was committed."""
        self._plan(_Fault("cut after" if after_execution else "cut", match, times))

    def commit_then_timeout(self, times: int = 1, *, match: str = "") -> None:
        """Run the statement, then never answer: the client runs into its own time-out."""
        self._plan(_Fault("silence", match, times))

    def status(self, code: int, times: int = 1, *, match: str = "") -> None:
        """Answer with this HTTP status and a proxy's page, without running the statement."""
        self._plan(_Fault("status", match, times, code))

    def slow(self, seconds: float, times: int = 1, *, match: str = "") -> None:
        """Wait before running the statement."""
        self._plan(_Fault("slow", match, times, seconds))

    def cut_stream(self, after_bytes: int, times: int = 1, *, match: str = "") -> None:
        """Close the connection in the middle of an answer."""
        self._plan(_Fault("cut stream", match, times, after_bytes))

    def clear(self) -> None:
        """Forget what was planned, and let go of requests that are being kept silent."""
        with self._lock:
            self._planned.clear()
            self._released.set()
            self._released = threading.Event()

    def take(self, kind: str, statement: str) -> _Fault | None:
        """Return the fault of this kind that this statement sets off, spending it once."""
        with self._lock:
            for fault in reversed(self._planned):
                if fault.kind == kind and fault.times > 0 and fault.match in statement:
                    fault.times -= 1
                    return fault
        return None

    def keep_silent(self) -> None:
        """Wait until :meth:`clear`; at most ten minutes."""
        self._released.wait(600)

    def _plan(self, fault: _Fault) -> None:
        with self._lock:
            self._planned.append(fault)


class _Fault:
    def __init__(self, kind: str, match: str, times: int, value: float = 0) -> None:
        self.kind, self.match, self.times, self.value = kind, match, times, value


class ServerSideError(Exception):
    """An exception of the engine, or one that a server would raise in its place."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        found = re.search(r"Code: (\d+)", message)
        self.code = code if code is not None else int(found.group(1)) if found else 1000

    @property
    def status(self) -> int:
        if self.code in _STATUS:
            return _STATUS[self.code]
        return 404 if self.code in _NOT_FOUND else 400 if self.code in _BAD_REQUEST else 500


class HttpChdb:
    """The server: ``with HttpChdb() as server: ... server.port``.

    ``seen`` keeps every statement as it came, bytes unchanged (of an insert, without its data).
    """

    def __init__(self, path: str = "", port: int = 0, user: str = "default", password: str = "") -> None:
        import chdb

        engine: Any = chdb
        self._connect: Callable[[], Any] = lambda: engine.connect(path or ":memory:")
        self._keeper = self._connect()  # while it is open, so is the engine
        self.users = {user: password}
        self.faults = Faults()
        self.seen: list[bytes] = []
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()
        text = self._keeper.query("SELECT version(), timezone()", "TSV").bytes().decode().strip()
        self.version, self.timezone = text.split("\t")
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.faults.clear()
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join(5)
        for session in self._sessions.values():
            session.connection.close()
        self._keeper.close()

    def serve_forever(self) -> None:
        """Serve in this thread."""
        self._http.serve_forever(0.05)

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def user(self) -> str:
        return next(iter(self.users))

    @property
    def password(self) -> str:
        return self.users[self.user]

    @property
    def dsn(self) -> str:
        """A DSN with everything in it."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        login += "@"
        return f"clickhouse://{login}{self.host}:{self.port}"

    @contextlib.contextmanager
    def connection(self, session_id: str) -> Iterator[Any]:
        """Give a fresh connection, or the session's own when it is free."""
        if not session_id:
            connection = self._connect()
            try:
                yield connection
            finally:
                connection.close()
            return
        with self._lock:
            session = self._sessions.setdefault(session_id, _Session(self._connect()))
        if not session.lock.acquire(blocking=False):
            raise ServerSideError(
                f"Code: 373. DB::Exception: Session {session_id} is locked by a concurrent client. (SESSION_IS_LOCKED)"
            )
        try:
            yield session.connection
        finally:
            session.lock.release()

    def decompressed(self, body: bytes, encoding: str) -> bytes:
        """Undo a Content-Encoding. The engine knows lz4, zstd and br, the standard library does not."""
        if not body or encoding in {"", "identity"}:
            return body
        if encoding == "deflate":
            return zlib.decompress(body)
        with tempfile.NamedTemporaryFile() as file, self.connection("") as connection:
            file.write(body)
            file.flush()
            sql = f"SELECT data FROM file({_quoted(file.name)}, 'RawBLOB', 'data String', {_quoted(encoding)})"
            return bytes(_query(connection, sql, "RawBLOB").bytes())


class _Session:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.lock = threading.Lock()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    owner: HttpChdb

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.open_sockets: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember connections that clients keep open between requests."""
        self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close them, as a server does that goes away."""
        for connection in list(self.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for the client's acknowledgement
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    # --- one request ---

    def _handle(self) -> None:
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        try:
            body = self._body()
            if url.path == "/ping":
                self._answer(200, b"Ok.\n")
                return
            self._check_login(parameters)
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("multipart/form-data"):
                parameters |= _form_fields(kind, body)
                body = b""
            statement, data = _split(parameters.get("query", ""), body)
            self.server.owner.seen.append(statement)
            self._run(statement, data, parameters)
        except ServerSideError as error:
            self._answer_error(error)

    def _run(self, statement: bytes, data: bytes | None, parameters: dict[str, str]) -> None:
        owner = self.server.owner
        text = statement.decode(errors="surrogateescape")
        if owner.faults.take("cut", text):
            self._cut()
            return
        if fault := owner.faults.take("status", text):
            self._answer(int(fault.value), b"<html>upstream is not there</html>", {"Content-Type": "text/html"})
            return
        if fault := owner.faults.take("slow", text):
            time.sleep(fault.value)
        with owner.connection(parameters.get("session_id", "")) as connection:
            self._prepare(connection, parameters)
            if data is not None:
                self._insert(connection, statement, data)
            else:
                self._execute(connection, statement, parameters)

    def _prepare(self, connection: Any, parameters: dict[str, str]) -> None:
        """Choose the database and apply the settings of the URL."""
        if database := parameters.get("database"):
            _query(connection, f"USE {_quoted(database, '`')}")
        settings = {
            name: value
            for name, value in parameters.items()
            if name not in _OWN_PARAMETERS and not name.startswith("param_")
        }
        if self.command == "GET":
            settings["readonly"] = "2"
        for name, value in sorted(settings.items(), key=lambda setting: setting[0] == "readonly"):
            _query(connection, f"SET {name} = {_quoted(value)}")

    def _execute(self, connection: Any, statement: bytes, parameters: dict[str, str]) -> None:
        bound = {name[len("param_") :]: value for name, value in parameters.items() if name.startswith("param_")}
        asked = re.search(rb"(?i)\bFORMAT\s+(\w+)\s*;?\s*\Z", statement)
        form = asked.group(1).decode() if asked else parameters.get("default_format", "TabSeparated")
        if b";" in statement:  # chDB would run several; a server refuses them
            _query(
                connection,
                f"SELECT formatQuerySingleLine({_quoted(statement.decode(errors='replace'))})",
                only=62,
            )
        headers = {
            "X-ClickHouse-Format": form,
            "X-ClickHouse-Query-Id": parameters.get("query_id") or str(uuid.uuid4()),
        }
        text = statement.decode(errors="surrogateescape")
        if form == "Native" and parameters.get("wait_end_of_query") != "1":
            self._stream(connection, statement, bound, headers, text)
            return
        result = _query(connection, statement, form, bound)
        answer = bytes(result.bytes() or b"")
        if not answer and not asked:
            del headers["X-ClickHouse-Format"]
        summary = {
            "read_rows": str(result.rows_read()),
            "read_bytes": str(result.bytes_read()),
            "written_rows": "0",
        }
        self._finish(text, answer, {**headers, "X-ClickHouse-Summary": json.dumps(summary)})

    def _insert(self, connection: Any, statement: bytes, data: bytes) -> None:
        """Run an insert with data: through a file, as chDB would end inline data at an empty line."""
        with tempfile.NamedTemporaryFile(suffix=".data") as file:
            file.write(data)
            file.flush()
            result = _query(connection, _from_file(statement, file.name))
        summary = {"written_rows": str(result.rows_read()), "written_bytes": str(result.bytes_read())}
        text = statement.decode(errors="surrogateescape")
        self._finish(text, b"", {"X-ClickHouse-Summary": json.dumps(summary)})

    def _stream(
        self, connection: Any, statement: bytes, bound: dict[str, str], headers: dict[str, str], text: str
    ) -> None:
        """Answer block by block; an exception after the first block goes into the stream."""
        try:
            blocks = iter(connection.send_query(statement, "Native", params=bound))
            first = next(blocks, None)
        except Exception as error:
            raise ServerSideError(str(error)) from None
        tag = uuid.uuid4().hex[:16]
        self._head(200, {**headers, "Transfer-Encoding": "chunked", "X-ClickHouse-Exception-Tag": tag})
        fault = self.server.owner.faults.take("cut stream", text)
        sent, block = 0, first
        while block is not None:
            data = bytes(block.bytes())
            if fault and sent + len(data) > fault.value:
                self._chunk(data[: int(fault.value) - sent])
                self._cut()
                return
            self._chunk(data)
            sent += len(data)
            try:
                block = next(blocks, None)
            except Exception as error:
                message = f"{self._text_of(ServerSideError(str(error)))}\n"
                frame = f"\r\n__exception__\r\n{tag}\r\n{message}{len(message)} {tag}\r\n__exception__\r\n"
                self._chunk(frame.encode())
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    # --- answers ---

    def _finish(self, text: str, answer: bytes, headers: dict[str, str]) -> None:
        """Answer a statement that has run, unless something is planned to go wrong."""
        faults = self.server.owner.faults
        if faults.take("silence", text):
            faults.keep_silent()
            self._cut()
            return
        if faults.take("cut after", text):
            self._cut()
            return
        if (fault := faults.take("cut stream", text)) and len(answer) > fault.value:
            self._head(200, {**headers, "Content-Length": str(len(answer))})
            self.wfile.write(answer[: int(fault.value)])
            self._cut()
            return
        self._answer(200, answer, headers)

    def _answer(self, status: int, answer: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, {**(headers or {}), "Content-Length": str(len(answer))})
        self.wfile.write(answer)

    def _answer_error(self, error: ServerSideError) -> None:
        message = f"{self._text_of(error)}\n".encode()
        self._answer(error.status, message, {"X-ClickHouse-Exception-Code": str(error.code)})

    def _text_of(self, error: ServerSideError) -> str:
        message = re.sub(r"\A.*?(?=Code: )", "", str(error), flags=re.DOTALL)
        return f"{message} (version {self.server.owner.version} (official build))"

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("X-ClickHouse-Timezone", self.server.owner.timezone)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def _cut(self) -> None:
        """Reset the connection."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    # --- requests ---

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._read_chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.server.owner.decompressed(body, self.headers.get("Content-Encoding", ""))

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _check_login(self, parameters: dict[str, str]) -> None:
        user = self.headers.get("X-ClickHouse-User") or parameters.get("user") or "default"
        password = self.headers.get("X-ClickHouse-Key") or parameters.get("password") or ""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = base64.b64decode(token).decode().partition(":")
        if self.server.owner.users.get(user) != password:
            raise ServerSideError(
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)"
            )


# --- statements ---


def _query(
    connection: Any, sql: str | bytes, form: str = "TSV", bound: dict[str, str] | None = None, only: int = 0
) -> Any:
    """Run one statement; with ``only``, errors of other codes do not count."""
    try:
        return connection.query(sql, form, params=bound or {})
    except Exception as error:
        refusal = ServerSideError(re.sub(r"[:.]? ?:? ?In scope SELECT formatQuery.*(?= \()", "", str(error)))
        if only and refusal.code != only:
            return None
        raise refusal from None


def _quoted(text: str, quote: str = "'") -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def _split(query: str, body: bytes) -> tuple[bytes, bytes | None]:
    """Part a request into its statement and, of an insert with a format, the data after it."""
    if query:
        whole = query.encode() + (b"\n" + body if body else b"")
        start = _data_start(query.encode())
        return (query.encode(), body) if start is not None else (whole, None)
    start = _data_start(body)
    return (body, None) if start is None else (body[:start], body[start:])


_TOKEN = re.compile(
    rb"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/|[A-Za-z_]\w*|[^\sA-Za-z_]",
    re.DOTALL,
)


def _data_start(statement: bytes) -> int | None:
    """Return where the data of ``INSERT ... FORMAT name`` begins; None for anything else.

    VALUES stay in the statement: chDB reads them whole.
    """
    words = _TOKEN.finditer(statement)
    first = next((word for word in words if not word.group().startswith((b"--", b"/*"))), None)
    if first is None or first.group().upper() != b"INSERT":
        return None
    for word in words:
        if word.group().upper() in {b"SELECT", b"WITH", b"VALUES", b"INFILE"}:
            return None
        if word.group().upper() == b"FORMAT":
            name = re.compile(rb"\s+(\w+)[ \t]*\r?\n?").match(statement, word.end())
            return None if name is None or name.group(1).upper() == b"VALUES" else name.end()
    return None


def _from_file(statement: bytes, path: str) -> bytes:
    """Turn ``INSERT INTO t SETTINGS s FORMAT f`` into an insert from a file."""
    places = [word for word in _TOKEN.finditer(statement) if word.group().upper() in {b"SETTINGS", b"FORMAT"}]
    start = places[0].start()
    return statement[:start] + f"FROM INFILE {_quoted(path)} ".encode() + statement[start:]


def _form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Read the fields of a multipart form."""
    found = re.search(r'boundary="?([^";]+)', content_type)
    boundary = b"--" + (found.group(1).encode() if found else b"")
    fields: dict[str, str] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := re.search(rb'name="([^"]*)"', head):
            fields[name.group(1).decode()] = value.removesuffix(b"\r\n").decode(errors="surrogateescape")
    return fields


def main() -> None:
    """Serve one directory until the process is killed; the port is the first line printed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--path", default="", help="chDB's directory; in memory when not given")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--user", default="default")
    arguments.add_argument("--password", default="")
    given = arguments.parse_args()
    os.environ["TZ"] = "UTC"  # read by the engine while it loads: a Cloud service runs in UTC too
    server = HttpChdb(given.path, given.port, given.user, given.password)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
