"""Emit 10, 100, 1,000 and 10,000 pipelines, whole process, beside two other libraries on the same pipelines.

A pipeline is a source table, a table of aggregate states (AggregatingMergeTree) and the materialized view that fills
it; Tilla writes a fourth statement, the view that finishes the states. Each program declares its pipelines and prints
DDL. Tilla types every expression, checks references and orders by what reads what; chkit-py and clickhouse-connect's
SQLAlchemy dialect take the SELECT as text and do not look into it.

    pip install -e '.[bench]'
    python benchmarks/emit.py --install-chkit        # once: a virtual environment for chkit-py, which needs
                                                     # clickhouse-connect below 1.0 and so cannot share Tilla's
    python benchmarks/emit.py                        # all sizes, 7 interleaved rounds: about 4 minutes
    python benchmarks/emit.py --sizes 10 1000 --rounds 3

Printed: medians of wall and processor seconds of a whole process, and ratios of them within the run. A peer that is not
installed is told, and left out. Rounds are interleaved, so that a machine that becomes busy does so for all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "pipelines"
CHKIT = HERE / ".peers" / "chkit"
CHKIT_VERSION = "chkit-py==0.2.0"

ALL_NAMES = "import tilla\nfor name in tilla.__all__: getattr(tilla, name)\nimport tilla.functions, tilla.types"
IMPORTS = {
    "import attrs, sqlglot": "import attrs, sqlglot",
    "import tilla": "import tilla",
    "import tilla, and every public name": ALL_NAMES,
}


def environment(size: int = 0) -> dict[str, str]:
    """The environment of a measured process: this Tilla, and compiled modules kept as an installation keeps them."""
    env = dict(os.environ, PIPELINES=str(size))
    env["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def measured(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Run a process to its end; return wall and processor seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return wall, usage.ru_utime + usage.ru_stime


def interleaved(commands: dict[str, list[str]], env: dict[str, str], rounds: int) -> dict[str, tuple[float, float]]:
    """Medians over rounds that take turns; a first, uncounted one warms caches."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            took = measured(command, env)
            if number:
                runs[name].append(took)
    return {
        name: (statistics.median(w for w, _ in took), statistics.median(c for _, c in took))
        for name, took in runs.items()
    }


def has(python: str, module: str) -> bool:
    """True when an interpreter can import a module."""
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, env=environment(), check=False)
    return done.returncode == 0


def peers(chkit: str) -> dict[str, list[str]]:
    """The commands that are installed; what is not is told."""
    project = f"{PROGRAMS / 'tilla_pipelines.py'}:project"
    found = {"tilla": [sys.executable, "-m", "tilla.emit", project, "--with-sources", "--phase", "schema"]}
    own = CHKIT / "bin" / "python"
    python = chkit or (str(own) if own.exists() else sys.executable)
    if has(python, "chkit"):
        found["chkit-py"] = [python, str(PROGRAMS / "chkit_pipelines.py")]
    else:
        print(f"chkit-py is not installed and left out: python {sys.argv[0]} --install-chkit")
    if has(sys.executable, "sqlalchemy"):
        found["clickhouse-connect + SQLAlchemy"] = [sys.executable, str(PROGRAMS / "sqlalchemy_pipelines.py")]
    else:
        print("SQLAlchemy is not installed and left out: pip install -e '.[bench]'")
    return found


def install_chkit() -> None:
    """Make the virtual environment of chkit-py."""
    venv.create(CHKIT, with_pip=True)
    subprocess.run([CHKIT / "bin" / "python", "-m", "pip", "install", "-q", CHKIT_VERSION], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Emit pipelines, beside other libraries.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--chkit-python", default="", help="an interpreter that has chkit-py")
    parser.add_argument("--install-chkit", action="store_true", help=f"make an environment with {CHKIT_VERSION}")
    options = parser.parse_args()
    if options.install_chkit:
        install_chkit()
    commands = peers(options.chkit_python)
    print(f"{options.rounds} interleaved rounds, medians of a whole process; wall and processor seconds")
    walls: dict[int, float] = {}
    for size in options.sizes:
        rounds = options.rounds if size < 10_000 else max(1, options.rounds // 2)
        found = interleaved(commands, environment(size), rounds)
        own_wall, own_cpu = found["tilla"]
        walls[size] = own_cpu
        print(f"\n{size:,} pipelines")
        for name, (wall, cpu) in found.items():
            ratio = (
                ""
                if name == "tilla"
                else f"   tilla takes {own_wall / wall:.2f} x its wall, {own_cpu / cpu:.2f} x its processor time"
            )
            print(f"  {name:<33} {wall:7.3f} s {cpu:7.3f} s{ratio}")
    if {1_000, 10_000} <= set(walls):
        print(f"\n10,000 cost {walls[10_000] / walls[1_000]:.1f} x 1,000 (budget: 11)")
    found = interleaved(
        {name: [sys.executable, "-c", code] for name, code in IMPORTS.items()}, environment(), options.rounds
    )
    base_wall, base_cpu = found["import attrs, sqlglot"]
    print("\nimports")
    for name, (wall, cpu) in found.items():
        print(
            f"  {name:<37} {wall:.3f} s {cpu:.3f} s   {wall / base_wall:.2f} x, {cpu / base_cpu:.2f} x (budget of import tilla: 1.3)"
        )


if __name__ == "__main__":
    main()
