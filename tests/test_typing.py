"""What mypy --strict and pyright strict say of user programs: nothing of right ones, and of wrong ones every marked line.

A line of ``tests/typing`` that must be reported ends in ``# E: mypy, pyright``; a report without a mark fails as well.
Each checker runs once over the whole folder. In the same run mypy tells the type of every example of the function catalogue.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import revealed

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "tests" / "typing"
FILES = sorted(PROGRAMS.glob("*/*.py"))
RIGHT = sorted((PROGRAMS / "ok").glob("*.py"))

CATALOGUE = "catalogue_program.py"
NULLABLE = "catalogue_nullable.py"

# What the checkers cannot be told of: NULL that is left out of an array, NULL among the parts of a text.
BLIND = {"f.array_distinct(C.a_ns)", "f.concat(C.s, C.u8, C.n_s)"}

_MARK = re.compile(r"# E: (.+)$")
_MYPY = re.compile(r"(?P<file>.+?):(?P<line>\d+): (?P<kind>error|note): (?P<message>.*)")
_REVEALED = re.compile(r'Revealed type is "(?:tilla\.[\w.]+\[)?(.*?)\]?"$')

COMMANDS = {
    "mypy": (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(PROGRAMS)),
    "pyright": (sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(PROGRAMS)),
}


def _read_mypy(output: str) -> dict[str, str]:
    found = (_MYPY.match(line) for line in output.splitlines())
    told = [hit for hit in found if hit and (hit["kind"] == "error" or "Revealed" in hit["message"])]
    return {_place(ROOT / hit["file"], int(hit["line"])): hit["message"] for hit in told}


def _read_pyright(output: str) -> dict[str, str]:
    said = json.loads(output)["generalDiagnostics"]
    return {_place(Path(item["file"]), item["range"]["start"]["line"] + 1): item["message"] for item in said}


READERS: dict[str, Callable[[str], dict[str, str]]] = {"mypy": _read_mypy, "pyright": _read_pyright}


def _place(file: Path, line: int) -> str:
    file = file.resolve()
    return f"{file.relative_to(PROGRAMS) if file.is_relative_to(PROGRAMS) else file.name}:{line}"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What each checker says, by ``file:line``; the two run side by side."""
    catalogue = tmp_path_factory.mktemp("typing") / CATALOGUE
    catalogue.write_text(revealed.program(revealed.examples()), encoding="utf-8")
    nullable = catalogue.with_name(NULLABLE)
    nullable.write_text(revealed.program(revealed.examples(), "nullable"), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    running = {
        name: subprocess.Popen(
            (*command, *([str(catalogue), str(nullable)] if name == "mypy" else [])),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, command in COMMANDS.items()
    }
    found: dict[str, dict[str, str]] = {}
    for name, process in running.items():
        output, trouble = process.communicate(timeout=300)
        # 0: nothing found, 1: something found; anything else is the checker's own failure.
        assert process.returncode in (0, 1), f"{name}: {trouble}{output}"
        found[name] = READERS[name](output)
    return found


@pytest.fixture(scope="module")
def reported(said: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """What each checker says of the programs."""
    return {
        name: {place: text for place, text in places.items() if not place.startswith("catalogue_")}
        for name, places in said.items()
    }


def _marked(checker: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in FILES:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            mark = _MARK.search(line)
            if mark and checker in mark[1].split(", "):
                found[_place(file, number)] = line.split("  # E:")[0]
    return found


@pytest.mark.parametrize("checker", COMMANDS)
def test_every_mistake_is_reported(checker: str, reported: dict[str, dict[str, str]]) -> None:
    """A planted mistake that a checker passes over is a hole in the library's annotations."""
    marked = _marked(checker)
    assert len(marked) > 100
    assert {place: line for place, line in marked.items() if place not in reported[checker]} == {}


@pytest.mark.parametrize("checker", COMMANDS)
def test_nothing_else_is_reported(checker: str, reported: dict[str, dict[str, str]]) -> None:
    """A right program, or a right line beside a wrong one, gives no message in an editor."""
    marked = _marked(checker)
    assert {place: text for place, text in reported[checker].items() if place not in marked} == {}


def test_marks_name_checkers() -> None:
    """A mark with a slip in it would silently ask for nothing."""
    for file in FILES:
        for mark in _MARK.findall(file.read_text(encoding="utf-8")):
            assert set(mark.split(", ")) <= set(COMMANDS), f"{file.name}: {mark}"
    assert not any("# E:" in file.read_text(encoding="utf-8") for file in RIGHT)


@pytest.mark.parametrize("program", RIGHT, ids=lambda program: program.stem)
def test_right_programs_run(program: Path) -> None:
    """What the checkers accept also declares, renders and passes its own unit tests."""
    namespace = runpy.run_path(str(program))
    for name, value in namespace.items():
        if name.startswith("test_"):
            value()


def test_the_readmes_declaration_is_the_checked_one() -> None:
    """What the README shows is what the checkers read in ok/readme.py, line by line."""
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    shown = [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]
    checked = {line.strip() for line in (PROGRAMS / "ok" / "readme.py").read_text(encoding="utf-8").splitlines()}
    assert len(shown) > 25
    other = [
        "from tilla import functions as f, types as t",
        "print(tl.render(project))",
    ]  # on two lines there, kept there
    assert [line for line in shown if line not in checked] == other


def _fits(static: str, real: str) -> bool:
    """Whether values of the real type are what the checker takes them for; a less certain answer is no wrong one."""
    wider = {"float": {"int"}, "datetime.date": {"datetime.datetime"}, "bool": {"int"}, "bool | None": {"int | None"}}
    return "Any" in static + real or static in (real, f"{real} | None") or real in wider.get(static, ())


def test_static_types_are_those_of_the_values(said: dict[str, dict[str, str]]) -> None:
    """For every example of the catalogue the checker's type is that of the value that ClickHouse returns.

    That Tilla's own type of each is the engine's is checked in test_functions.
    """
    shown = revealed.examples()
    assert len(shown) > 450
    wrong = []
    for number, (example, value) in enumerate(zip(shown, revealed.made(shown), strict=True)):
        told = said["mypy"].get(f"{CATALOGUE}:{revealed.FIRST + number}", "nothing")
        static, real = _REVEALED.match(told), revealed.spelled(value.type)
        if (static is None or not _fits(static[1], real)) and example not in BLIND:
            wrong.append((example, told, real))
    assert wrong == []


def test_nullable_arguments_are_no_mistake(said: dict[str, dict[str, str]]) -> None:
    """Every function that takes a value takes one that may be NULL, as ClickHouse does."""
    refused = {
        example: text
        for number, example in enumerate(revealed.examples())
        if not _REVEALED.match(text := said["mypy"].get(f"{NULLABLE}:{revealed.FIRST + number}", "nothing"))
    }
    assert refused == {}
