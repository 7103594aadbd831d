"""Plan with nothing to do over 1,000 objects: how many queries, and how much longer than those queries alone.

    pip install -e '.[bench]'
    python benchmarks/plan.py                  # about a minute; --pipelines 250 are 1,000 objects

A project is applied to the embedded engine, then planned again: nothing is to be done. The queries of that plan are
recorded and sent again by themselves. Printed: their number, medians of processor and wall seconds of interleaved rounds, and
the ratio. Building the project is not counted, comparing it is.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from pathlib import Path
from typing import Any

import tilla as tl
from tilla import loading


class Recording:
    """A server that remembers what it was asked."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def rows(self, sql: str, **how: Any) -> Any:
        """Ask, and remember."""
        self.asked.append((sql, how))
        return self._server.rows(sql, **how)

    def __getattr__(self, name: str) -> Any:
        if name in ("scalar", "execute", "insert", "check_syntax"):
            raise SystemExit(f"the plan called {name}, which this benchmark does not count")
        return getattr(self._server, name)


def timed(work: Any) -> tuple[float, float]:
    """Wall and processor seconds."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description="Plan with nothing to do.")
    parser.add_argument("--pipelines", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    os.environ["PIPELINES"] = str(options.pipelines)
    file = Path(__file__).resolve().parent / "pipelines" / "tilla_pipelines.py"
    project = loading.load(f"{file}:project")
    with tl.connect("chdb://memory") as server:
        tl.apply(tl.plan(project, server, with_sources=True), server)
        recording = Recording(server)
        empty = tl.plan(project, recording, with_sources=True)
        if empty:
            raise SystemExit(f"there is something left to do:\n{empty}")
        asked = recording.asked

        def alone() -> None:
            for sql, how in asked:
                server.rows(sql, **how)

        plans, queries = [], []
        for _ in range(options.rounds):
            plans.append(timed(lambda: tl.plan(project, server, with_sources=True)))
            queries.append(timed(alone))
    print(f"{len(project.parts):,} objects: {len(asked)} queries (budget: 5)")
    for place, word in enumerate(("wall", "processor")):
        whole, parts = (statistics.median(run[place] for run in runs) for runs in (plans, queries))
        print(f"  {word:<10} plan {whole:.3f} s, its queries alone {parts:.3f} s: {whole / parts:.2f} x (budget: 2)")


if __name__ == "__main__":
    main()
