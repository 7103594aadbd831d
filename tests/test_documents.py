"""What the README and docs/ show is what happens: their Python runs, in order, on the real engine; their output is compared.

In a page, a ``python`` block runs in the page's namespace; a ``text`` or ``sql`` block right behind it is what it prints, or the
error that it ends in (a line ``...`` stands for any lines). Test functions that a block defines are called. Shell blocks are
checked for commands and flags that exist.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tilla import cli, emit, errors, text

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
SHOWN = re.compile(r"\s*```(?:text|sql)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path) -> Iterator[tuple[str, str, str | None, int]]:
    """(language, code, what is shown right behind it, line number)."""
    written = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(written):
        behind = SHOWN.match(written, match.end())
        yield match[1], match[2], behind and behind[1], written.count("\n", 0, match.start()) + 2


def run(code: str, space: dict[str, Any], place: str) -> str:
    """Run a block; what it printed, or the text of the Tilla error that it ended in; the working folder is shown as /shop."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, place, "exec"), space)
        except errors.TillaError as error:
            return f"{error}\n".replace(str(Path.cwd()), "/shop")
        for name, value in list(space.items()):
            if name.startswith("test_") and f"def {name}(" in code:
                value()
    return out.getvalue()


def fits(shown: str, got: str) -> bool:
    pattern = "".join(r"(?:.*\n)*" if line == "...\n" else re.escape(line) for line in shown.splitlines(keepends=True))
    return re.fullmatch(pattern, got) is not None


@pytest.fixture
def clean(engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of the page's own, and an engine without what the page leaves in it."""
    monkeypatch.chdir(tmp_path)
    names = "SELECT name FROM system.databases"
    before = {row["name"] for row in engine.rows(names)}
    yield
    for row in engine.rows(names):
        if row["name"] not in before:
            engine.execute(f"DROP DATABASE IF EXISTS {text.quote_identifier(row['name'])}")


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "errors.md"], ids=lambda p: p.name)
def test_the_python_of_a_page_runs_and_prints_what_is_shown(page: Path, clean: None) -> None:
    space: dict[str, Any] = {"__name__": "page"}
    for language, code, shown, line in blocks(page):
        if language == "python":
            got = run(code, space, f"{page.name}:{line}")
            assert not re.match(r"(\d+ mistakes\n)?T\d\d\d ", got) or shown is not None, f"{page.name}:{line}\n{got}"
            assert shown is None or fits(shown, got), f"{page.name}:{line} printed\n{got}"


def test_every_example_of_the_errors_page_raises_the_error_that_is_shown(clean: None) -> None:
    start: dict[str, Any] = {}
    ran = 0
    for language, code, shown, line in blocks(ROOT / "docs" / "errors.md"):
        if language != "python":
            continue
        if shown is None:
            run(code, start, f"errors.md:{line}")
        else:
            got = run(code, dict(start), f"errors.md:{line}")
            if got != shown and os.environ.get("TILLA_GOLDEN") == "write":
                page = ROOT / "docs" / "errors.md"
                page.write_text(page.read_text(encoding="utf-8").replace(shown, got), encoding="utf-8", newline="\n")
                continue
            assert got == shown, f"errors.md:{line} printed\n{got}\nTILLA_GOLDEN=write pytest ... writes it"
            ran += 1
    assert ran > 150


def constructors() -> list[tuple[str, str]]:
    """(code, constructor) of every mistake that the errors package can make."""
    found = []
    for file in sorted((ROOT / "tilla" / "errors").glob("*.py")):
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef):
                codes = {
                    node.args[0].value
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Mistake"
                    if node.args and isinstance(node.args[0], ast.Constant)
                }
                found += [(str(code), function.name) for code in sorted(codes)]
    return found


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    sections = re.findall(r"^## (T\d\d\d)", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.M)
    assert sections == sorted(set(sections))
    made = dict(constructors())
    assert {code: made[code] for code in made if code not in sections} == {}, "docs/errors.md has no section for these"
    assert [code for code in sections if code not in made] == [], "sections of codes that nothing raises"


def test_no_two_mistakes_share_a_code() -> None:
    found = constructors()
    assert len(found) > 180
    by_code: dict[str, list[str]] = {}
    for code, name in found:
        by_code.setdefault(code, []).append(name)
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {}


def commands(page: Path) -> Iterator[tuple[list[str], int]]:
    for language, code, _, line in blocks(page):
        if language == "bash":
            for row in code.replace("\\\n", " ").splitlines():
                for part in re.split(r"&&|\||;", row):
                    words = shlex.split(part, comments=True)
                    if words and (words[0].endswith("tilla") or words[1:3] == ["-m", "tilla.emit"]):
                        yield words, line


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_shown_commands_and_their_flags_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, line in commands(page):
        command = "emit" if words[1:3] == ["-m", "tilla.emit"] else words[1]
        if command.startswith("-"):
            continue
        assert command in cli.COMMANDS, f"{page.name}:{line}: {command}"
        known = helped(command, capsys)
        for word in words[2:]:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, f"{page.name}:{line}: {command} {word}"


def test_the_command_line_page_lists_every_command_and_flag(capsys: pytest.CaptureFixture[str]) -> None:
    written = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for command in cli.COMMANDS:
        assert f"| `{command}` |" in written, f"docs/command-line.md says nothing of {command}"
        missing = [flag for flag in sorted(helped(command, capsys) - {"--help"}) if f"`{flag}" not in written]
        assert missing == [], command


def helped(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    with contextlib.suppress(SystemExit):
        emit.run(["--help"]) if command == "emit" else cli.run([command, "--help"])
    return set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
