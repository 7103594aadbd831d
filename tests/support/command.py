"""Running the command line as a user does: a project in a file, arguments, and what came out of it.

In process where that shows the same (fast), in a process of its own where streams, locale or the way it ends matter.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).parents[2]

# What every project file of a test begins with.
HEAD = """
import tilla as tl
from tilla import functions as f, types as t
from tilla.engines import AggregatingMergeTree, MergeTree, ReplacingMergeTree

class Raw(tl.Columns):
    id = tl.column(t.UInt64)
    kind = tl.column(t.String)
    note = tl.column(t.Nullable(t.String))
    amount = tl.column(t.Int64)
    at = tl.column(t.DateTime64(3))

class Item(tl.Columns):
    id = tl.derive(Raw.id)
    kind = tl.derive(Raw.kind)
    note = tl.derive(Raw.note)
    amount = tl.derive(Raw.amount)
    at = tl.derive(Raw.at)

def curated(name, source, **how):
    return tl.MaterializedView(name, Item, source=source, engine=ReplacingMergeTree(version=Item.at, order_by=Item.id), **how)
"""

_numbers = itertools.count(1)


@attrs.frozen
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@attrs.define
class Desk:
    """A user's folder: project files in it, and commands run there."""

    folder: Path
    capsys: Any

    def write(self, text: str, name: str = "") -> str:
        """Put a project file there, :data:`HEAD` in front; return what names its ``project``."""
        file = self.folder / (name or f"shop_{os.getpid()}_{next(_numbers)}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(HEAD + text, encoding="utf-8")
        return f"{file.name}:project"

    def emit(self, *arguments: str) -> Ran:
        """``python -m tilla.emit`` in this process."""
        from tilla.emit import main

        return self._run(main, arguments)

    def tilla(self, *arguments: str) -> Ran:
        """``tilla`` in this process."""
        from tilla.cli import main

        return self._run(main, arguments)

    def _run(self, main: Any, arguments: tuple[str, ...]) -> Ran:
        self.capsys.readouterr()
        code = main(arguments)
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    def process(self, *arguments: str, module: str = "tilla.emit", **environment: str) -> Ran:
        """The same in a process of its own; ``environment`` is added to that of the test."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", module, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            timeout=120,
            check=False,
        )
        err = done.stderr.decode(errors="replace")
        assert "Traceback" not in err, err
        return Ran(done.returncode, done.stdout.decode(), err)

    def shell(self, line: str) -> Ran:
        """A line of shell in which ``$EMIT`` is the command."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "EMIT": f"{sys.executable} -m tilla.emit"},
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
