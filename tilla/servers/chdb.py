"""The engine in this process: chDB, in memory or in one directory.

chDB keeps one path per process and lets one process into a path. Every server here is a client of its
own on that engine, so two of them overlap; one alone answers one statement at a time.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from tilla import errors
from tilla.servers.client import ClientServer, UnwritableError, plain_message, quiet_logging
from tilla.servers.dsn import MEMORY, ChdbTarget

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.insert import InsertContext

LOCK_FILE = "tilla.lock"


@attrs.define
class _Hold:
    """This process's hold on one path: how many servers share it, and the locked file."""

    path: str
    count: int = 0
    file: IO[str] | None = None


_guard = threading.RLock()
_held: _Hold | None = None


class ChdbServer(ClientServer):
    """An embedded engine. Two servers on one path in a process share its data."""

    embedded = True

    def __init__(self, target: ChdbTarget, *, create: bool = True) -> None:
        if not create and target.path != MEMORY and not Path(target.path).is_dir():
            raise errors.no_chdb_there(target.path, _beside(Path(target.path)))
        self._target = target
        super().__init__(_open(target), target.label)
        self._hold = weakref.finalize(self, _release)  # also for a server that nobody closed

    def clone(self) -> ChdbServer:
        """Open another client of the same engine."""
        self._open_client()
        return ChdbServer(self._target)

    def close(self) -> None:
        """Let go of the engine; the last one to go shuts it down, and a memory engine forgets all."""
        super().close()
        self._hold()

    def execute(self, sql: str, *, settings: Mapping[str, object] | None = None) -> None:
        """Run one statement, sent byte for byte, and drop whatever it returns."""
        self._refuse_several(sql)
        super().execute(sql, settings=settings)

    def _query(
        self, sql: str, parameters: Mapping[str, object] | None, settings: Mapping[str, object] | None
    ) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        self._refuse_several(sql)
        return super()._query(sql, parameters, settings)

    def _refuse_several(self, sql: str) -> None:
        """Refuse ``a; b`` as a server does; chDB would run both."""
        if ";" in sql and (refusal := self.check_syntax(sql)) and "Multi-statements" in refusal:
            raise errors.statement_refused(self._label, sql, 62, refusal)

    def _send(self, context: InsertContext) -> None:
        """Send one insert, through a file: chDB reads no binary data from a statement."""
        from clickhouse_connect.driver.exceptions import Error

        try:
            self._open_client().data_insert(context)
        except OSError:
            raise
        except Exception as error:
            if isinstance(error, Error) and error.code is not None:
                raise
            raise UnwritableError(str(error)) from None


def _open(target: ChdbTarget) -> Client:
    """Open a client on the engine, starting the engine when it is the first."""
    _import_chdb()
    import clickhouse_connect
    from clickhouse_connect.driver import tzutil
    from clickhouse_connect.driver.exceptions import Error

    quiet_logging()
    _acquire(target.path)
    try:
        client = clickhouse_connect.get_client(
            interface="chdb",
            path=None if target.path == MEMORY else target.path,
            database=target.database or None,
            settings=dict(target.settings),
            tz_mode="schema",
            **target.arguments,
        )
        if not tzutil.is_utc_timezone(client.server_tz):  # chdb was imported before Tilla, in another zone
            client.set_client_setting("session_timezone", "UTC")
        return client
    except Error as error:
        _release()
        raise _open_error(target, str(error)) from None
    except BaseException:
        _release()
        raise


def _beside(path: Path) -> list[str]:
    """The folders at the deepest level of a path that is there: one of them may be meant."""
    while not path.parent.is_dir():
        path = path.parent
    try:
        return sorted(str(one) for one in path.parent.iterdir() if one.is_dir())
    except OSError:
        return []


def _import_chdb() -> None:
    """Import chDB so that its server zone is UTC, as on ClickHouse Cloud, whatever the machine's is.

    The engine reads TZ once, while it loads; Python's own zone does not change without tzset().
    """
    if sys.modules.get("chdb") is not None:
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    try:
        import chdb  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"chdb", "_chdb"}:
            raise
        raise errors.package_missing("chdb", "chdb") from None
    finally:
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before


def _acquire(path: str) -> None:
    """Count one more server on ``path``, locking it when it is the first."""
    global _held
    with _guard:
        if _held is None:
            _held = _Hold(path, file=None if path == MEMORY else _lock(Path(path)))
        elif not _same_place(_held.path, path):
            raise errors.chdb_other_path(path, "memory" if _held.path == MEMORY else _held.path)
        _held.count += 1


def _release() -> None:
    """Count one server less; the last one unlocks the path."""
    global _held
    with _guard:
        if _held is None:
            return
        _held.count -= 1
        if _held.count == 0:
            if _held.file is not None:
                _held.file.close()
            _held = None


def _same_place(one: str, other: str) -> bool:
    """Return True for two spellings of one directory."""
    return one == other or (MEMORY not in (one, other) and os.path.realpath(one) == os.path.realpath(other))


def _lock(path: Path) -> IO[str]:
    """Lock a data directory for this process.

    chDB holds a lock of its own (on ``status``) but says next to nothing when it cannot get it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = (path / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise errors.connection_failed(f"chdb://{path}", f"{error.strerror}: {error.filename}") from None
    with _closing_on_error(file):
        if not _flock(file):
            raise errors.chdb_path_in_use(str(path), _pid_in(path / LOCK_FILE))
        if _engine_lock_is_held(path / "status"):
            raise errors.chdb_path_in_use(str(path), _pid_in(path / "status"))
        file.seek(0)
        file.truncate()
        file.write(f"PID: {os.getpid()}\n")
        file.flush()
    return file


@contextmanager
def _closing_on_error(file: IO[Any]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        file.close()
        raise


def _engine_lock_is_held(status: Path) -> bool:
    """Return True when an engine that Tilla did not start runs on this directory."""
    try:
        with status.open("rb") as file:
            return not _flock(file)
    except OSError:
        return False


def _flock(file: IO[Any]) -> bool:
    """Lock an open file until it is closed; False when another process holds it."""
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: the engine's own lock decides
        return True
    return True


def _pid_in(file: Path) -> int | None:
    """Read the process id that a lock file names."""
    try:
        found = re.search(r"PID: (\d+)", file.read_text(errors="replace"))
    except OSError:
        return None
    return int(found.group(1)) if found else None


def _open_error(target: ChdbTarget, message: str) -> errors.ConnectionFailed:
    """Say why the engine did not start."""
    other = re.search(r"already initialized with path '([^']*)'", message)
    if other:  # opened by someone who does not go through Tilla
        return errors.chdb_other_path(target.path, "memory" if other.group(1) == MEMORY else other.group(1))
    if "Error initializing EmbeddedServer: ." in message:
        return errors.chdb_path_in_use(target.path, _pid_in(Path(target.path) / "status"))
    return errors.connection_failed(target.label, plain_message(message))
