"""Fixtures that every test file shares: one engine for the process, and names of one's own on it.

chDB keeps one path per process, so the whole test process lives on one engine in memory. A test that
needs a path on disk starts a process of its own.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tilla import text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command import Desk
    from tests.support.http_chdb import HttpChdb
    from tilla.servers import Server

# The same examples every time and however slow the machine is: a red run must be about the change. For a wider search:
# `HYPOTHESIS_PROFILE=search pytest ...`.
_CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("same", derandomize=True, deadline=None, database=None, suppress_health_check=_CALM)
settings.register_profile("search", deadline=None, max_examples=500, suppress_health_check=_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_numbers = itertools.count(1)

MEMORY_DISK = "/dev/shm"
ROOM = 4 << 30  # bytes


def _work_in_memory() -> None:
    """Let everything that a test writes live in memory, where the machine has room for it and nobody has said otherwise.

    An engine "in memory" writes its parts into a folder of TMPDIR: thousands of small files, made and deleted, which took up to
    two fifths of a test's processor time on ext4, and waited for the disk besides.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY_DISK, os.W_OK) or shutil.disk_usage(MEMORY_DISK).free < ROOM:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="tilla-tests-", dir=MEMORY_DISK)
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)


_work_in_memory()


@pytest.fixture(scope="session")
def engine() -> Iterator[Server]:
    """The embedded engine of this test process, in memory. Use ``database`` for names on it."""
    from tilla.servers import connect

    with connect("chdb://memory") as server:
        yield server


@pytest.fixture(scope="session")
def _http_listener(engine: Server) -> Iterator[HttpChdb]:
    from tests.support.http_chdb import HttpChdb

    with HttpChdb(user="tester", password="s3cret pa/ss") as server:
        yield server


@pytest.fixture
def http_server(_http_listener: HttpChdb) -> Iterator[HttpChdb]:
    """ClickHouse's HTTP interface over the same engine: ``dsn``, ``host``, ``port``, ``faults``, ``seen``.

    The DSN of ``http_server.dsn`` carries user and password. Faults planned by a test end with it.
    """
    _http_listener.faults.clear()
    _http_listener.seen.clear()
    yield _http_listener
    _http_listener.faults.clear()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An empty folder that is the working directory, for project files and commands; what commands import is forgotten."""
    from tests.support.command import Desk

    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield Desk(tmp_path, capsys)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


@pytest.fixture
def database(engine: Server) -> Iterator[str]:
    """A database that exists, is empty, and is nobody else's.

    Its name is also a prefix of one's own: every database that starts with it (``f"{database}_raw"``)
    is dropped after the test.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    engine.execute(f"CREATE DATABASE {name}")
    yield name
    left = engine.rows(
        "SELECT name FROM system.databases WHERE name = {p:String} OR startsWith(name, {p:String} || '_')",
        parameters={"p": name},
    )
    for row in left:
        engine.execute(f"DROP DATABASE IF EXISTS {text.quote_identifier(row['name'])}")
