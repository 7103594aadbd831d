"""``python -m tilla.emit``: print the provisioning flow of a project.

SQL alone goes to stdout, UTF-8 with LF whatever the locale; messages go to stderr. Everything is built before the first
byte is written, so a mistake never leaves half a script behind.

Exit codes: 0 fine, 1 an error (wrong usage included), 2 ``--check`` found another text.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import attrs

from tilla import errors, loading
from tilla.console import guarded, say, without_collection, without_secrets, write_out
from tilla.ddl import script
from tilla.ddl.deployment import deployment
from tilla.ddl.split import files_of, gone, on_disk
from tilla.ddl.statements import PHASES, SCHEMA, Statement
from tilla.expressions.scan import placeholders
from tilla.projects import Project

JSON_VERSION = 1


class Parser(argparse.ArgumentParser):
    """argparse, with wrong usage as an error of Tilla's (exit 1), and whole option names only."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise errors.wrong_usage(message)


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which project, which part of it, and under which names."""
    parser.add_argument(
        "project", nargs="?", default=None,
        help="module:attribute or path.py:attribute; default: [tool.tilla] project of pyproject.toml, else the shipped one",
    )  # fmt: skip
    parser.add_argument(
        "--select", action="append", default=[], metavar="PATTERN",
        help="only objects whose database.name fits, with everything they need; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", nargs="?", const="", default=[], metavar="PATTERN",
        help="like --select, or together with it: leave out what they need; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="DATABASE=OTHER",
        help="another name for a database; repeatable",
    )


def parser() -> argparse.ArgumentParser:
    """The options of emit."""
    out = Parser(prog="tilla emit", description="Print the SQL that provisions a project, statement by statement.")
    add_project_options(out)
    out.add_argument("--target", default="single", metavar="TARGET", help="single (default), cloud, or cluster:NAME")
    out.add_argument("--with-sources", action="store_true", help="also create the raw tables, for an empty server")
    out.add_argument("--phase", action="append", choices=PHASES, default=[], help="print only this phase; repeatable")
    out.add_argument(
        "--quiesced", action="store_true",
        help="nothing is inserted while the script runs: fill targets that are not overlap-safe, too",
    )  # fmt: skip
    form = out.add_mutually_exclusive_group()
    form.add_argument("--split", metavar="DIR", help="write a tree of files instead of printing")
    form.add_argument("--check", metavar="FILE", help="compare with a file: exit 2 and a diff when it differs")
    form.add_argument("--json", action="store_true", help="print statements as JSON")
    return out


def chosen_project(options: argparse.Namespace) -> tuple[Project, frozenset[tuple[str, str]] | None]:
    """The project that the options name, renamed and cut down, and the paths to print (None: all)."""
    only = [pattern for pattern in options.only if pattern]
    if options.project is None and only and ":" in only[-1]:  # `--only my:project`: the flag, then the project
        options.project = only.pop()
    project = _loaded(options.project)
    if renames := _renames(options.rename):
        project = project.rename(renames)
    patterns = [*options.select, *only]
    if not patterns:
        if options.only:
            raise errors.wrong_usage("--only needs a pattern, or --select beside it")
        return project, None
    paths = None
    if options.only:
        paths = frozenset(part.path for item in project.matching(patterns) for part in item.parts())
    return project.select(*patterns), paths


def _loaded(spec: str | None) -> Project:
    """Load a project, saying first which one: what it prints or fails with is then understood."""
    chosen, label = loading.choose(spec)
    say(without_secrets(f"tilla: {label}"))
    return loading.load(chosen)


def _renames(texts: Iterable[str]) -> dict[str, str]:
    """Read ``DATABASE=OTHER``, each database once."""
    mistakes = errors.Collector()
    found: dict[str, str] = {}
    for text in texts:
        database, equals, other = text.partition("=")
        if not (database and equals and other):
            mistakes.add(errors.bad_option("--rename", text, "DATABASE=OTHER"))
        elif found.setdefault(database, other) != other:
            mistakes.add(errors.bad_option("--rename", text, f"one new name for {database}, not {found[database]} too"))
    mistakes.raise_all()
    return found


def _named(options: argparse.Namespace, *names: str) -> None:
    """Refuse an empty name of a file: an unset variable of a shell must not pass for an option that was not given."""
    mistakes = errors.Collector()
    for name in names:
        if getattr(options, name) == "":
            mistakes.add(errors.bad_option(f"--{name}", "", "a name"))
    mistakes.raise_all()


def build(options: argparse.Namespace) -> script.Script:
    """The script that the options ask for."""
    project, only = chosen_project(options)
    return script.Script(
        project,
        deployment(options.target),
        with_sources=options.with_sources,
        quiesced=options.quiesced,
        phases=frozenset(options.phase or PHASES),
        only=only,
    )


def check_placeholders(statements: Iterable[Statement]) -> None:
    """Raise for every placeholder that nobody filled, before anything is printed."""
    mistakes = errors.Collector()
    for statement in statements:
        for shown, _ in placeholders(statement.sql):
            mistakes.add(errors.unfilled_placeholder(statement.object, shown))
    mistakes.raise_all()


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    options = parser().parse_args(arguments)
    _named(options, "split", "check")
    made = build(options)
    statements = made.statements()
    check_placeholders(statements)
    text = made.text()
    if options.json:
        document = {"version": JSON_VERSION, "statements": [s.as_json() for s in statements]}
        write_out(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    elif options.split:
        part = bool(options.select or options.only or options.phase)
        _split(Path(options.split), made, statements, text, part=part)
    elif options.check:
        return _check(Path(options.check), text)
    else:
        write_out(text)
    return 0


def _split(folder: Path, made: script.Script, statements: Sequence[Statement], text: str, *, part: bool) -> None:
    """Write the tree. With ``part`` the objects of other files may well be there: nothing is said of them."""
    files = files_of(made.project, statements) | {"provisioning_flow.sql": text}
    try:
        for name, content in files.items():
            path = folder / on_disk(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode()
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)
        sources = attrs.evolve(made, with_sources=True, phases=frozenset((SCHEMA,))).statements()
        known = files | files_of(made.project, sources)
        for name in () if part else gone(folder, known):
            say(f"tilla: {folder / name} belongs to no object any more; it was left alone")
    except OSError as error:
        raise errors.unreadable_file(str(error.filename or folder), error.strerror or str(error)) from None
    say(f"tilla: {len(files)} files in {folder}")


def _check(file: Path, text: str) -> int:
    import difflib

    try:
        have = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.unreadable_file(str(file), getattr(error, "strerror", None) or str(error)) from None
    if have == text:
        return 0
    shown = os.fsencode(file).decode(errors="replace")
    diff = difflib.unified_diff(
        have.splitlines(keepends=True), text.splitlines(keepends=True), shown, "what would be emitted"
    )
    write_out("".join(line if line.endswith("\n") else line + "\n\\ no newline at the end\n" for line in diff))
    say(f"tilla: {file} is not what would be emitted")
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point."""
    return without_collection(run, sys.argv[1:]) if arguments is None else guarded(run, arguments)


if __name__ == "__main__":
    sys.exit(main())
