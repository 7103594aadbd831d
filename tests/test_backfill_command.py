"""``tilla backfill`` as a process of its own against a server over HTTP: killed, stopped, run again, with a writer all the time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.backfills import warehouse

ROOT = Path(__file__).parents[1]

PROJECT = """
import tilla as tl
from tests.support.backfills import warehouse


class NoServer:
    def execute(self, sql):
        pass


project = warehouse(NoServer(), {database!r}).project
"""


# ``python -m tilla`` that heeds Ctrl-C also where the tests run in the background of a shell, which ignores it for all below.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("tilla", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def command(http_server, database, tmp_path):
    """Start ``tilla backfill`` with some options; a running process."""
    file = tmp_path / "shop.py"
    file.write_text(PROJECT.format(database=database))

    def start(*options, **how):
        words = [sys.executable, "-c", PROGRAM, "backfill", f"{file}:project", "--dsn", http_server.dsn, *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            words, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how
        )

    return start


def ended(process, code):
    """What it printed, and its exit code as expected."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    return out, err


def begun(engine, database):
    """Whether its own slices are under way: at another test's stage, a signal would come before the program is up."""
    staging = f"SELECT count() FROM tilla.journal WHERE startsWith(target, '{database}.') AND state = 'staging'"
    return engine.scalar("EXISTS TABLE tilla.journal") and engine.scalar(staging)


def test_killed_at_random_it_goes_on_and_counts_once(command, engine, database):
    """SIGKILL in the middle, three times, rows coming all the while: every number once; the last run prints the comparison."""
    made = warehouse(engine, database)
    made.insert(0, 2999)
    made.arm()
    stop, ids = threading.Event(), set(range(3000))

    def write():
        first = 100_000
        with engine.clone() as client:
            writer = type(made)(client, database, made.project, made.items, made.by_kind, made.both, made.both_kinds)
            while not stop.is_set():
                writer.insert(first, first + 9, late=first % 3)
                ids.update(range(first, first + 10))
                first += 10
                time.sleep(0.03)

    thread = threading.Thread(target=write)
    thread.start()
    chance = random.Random(7)
    try:
        for _ in range(3):
            process = command("--slice-rows", "700")
            began = time.monotonic()
            while process.poll() is None and not begun(engine, database):
                assert time.monotonic() - began < 60
                time.sleep(0.02)
            time.sleep(chance.random() * 0.7)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        out, err = ended(command("--slice-rows", "700"), 0)
    finally:
        stop.set()
        thread.join()
    made.check(ids)
    assert f"{database}.items" in out
    assert "agrees" in out
    assert "keys" in out
    assert "items: " in err
    assert "slices" in err
    assert not made.tables()
    out, err = ended(command(), 0)
    assert out == ""
    assert "nothing to do" in err


def test_stopped_by_hand_it_says_how_to_go_on(command, engine, database, http_server):
    """Ctrl-C: one clean line, exit 1, its targets are free at once, and the next run goes on."""
    made = warehouse(engine, database)
    made.insert(0, 2999)
    made.arm()
    http_server.faults.slow(1.0, times=100, match="MOVE PARTITION")  # so that it is not done before it is stopped
    process = command("--slice-rows", "300", "--workers", "1")
    while not begun(engine, database):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = ended(process, 1)
    assert "T615 backfill: stopped; run it again and it goes on where it stopped" in err
    assert "Traceback" not in err
    http_server.faults.clear()
    began = time.monotonic()
    ended(command(), 0)
    assert time.monotonic() - began < 60
    made.check(set(range(3000)))


def test_dry_run_and_explain_write_nothing(command, engine, database):
    """--dry-run tells cost per target and ends with 2; --explain one sentence per target, and asks no server."""
    made = warehouse(engine, database)
    made.insert(0, 2999)
    made.arm()
    out, _ = ended(command("--dry-run"), 2)
    assert f"> fill     {database}.items: 3,000 rows" in out
    out, _ = ended(command("--explain"), 0)
    assert len(out.splitlines()) == 5
    assert "filled while its view is alive: of rows with one key the target keeps the highest at" in out
    assert engine.scalar(f"SELECT count() FROM {database}.items") == 0


def test_a_comparison_that_disagrees_ends_with_2(command, engine, database):
    """A row in the target that no source says: named in the table, told on stderr, exit code 2."""
    made = warehouse(engine, database)
    made.insert(0, 99)
    made.arm()
    engine.execute(f"INSERT INTO {database}.items VALUES (777, 'x', '2026-01-01 00:00:00')")
    out, err = ended(command(), 2)
    assert "1 key in the target and not in the sources" in out
    assert "the comparison disagrees" in err
