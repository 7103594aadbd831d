"""``tilla``: emit, apply, backfill, demo. Exit codes: 0 fine, 1 an error, 2 something differs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tilla import emit, errors
from tilla.emit import Parser, add_project_options, chosen_project, guarded

if TYPE_CHECKING:
    from tilla.planning.plan import Report
    from tilla.projects import Project


def _server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dsn", default=None,
        help="clickhouse://user@host:8443/db?secure=true, chdb:///path, chdb://memory; default: CLICKHOUSE_* variables",
    )  # fmt: skip
    parser.add_argument("--target", default="single", metavar="TARGET", help="single (default), cloud, or cluster:NAME")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _say(options: argparse.Namespace) -> Callable[[str], None]:
    return (lambda _: None) if options.quiet else (lambda line: print(line, file=sys.stderr, flush=True))


def _project(options: argparse.Namespace) -> Project:
    """The chosen project; unlike emit, apply always takes what the chosen objects need along."""
    if options.only:
        raise errors.wrong_usage("--only is for emit; --select takes along what the objects need")
    return chosen_project(options)[0]


def _apply(arguments: Sequence[str]) -> int:
    from tilla.operations import apply, plan
    from tilla.servers import connect

    parser = Parser(prog="tilla apply", description="Create what is missing: databases, tables, views, access.")
    add_project_options(parser)
    _server_options(parser)
    parser.add_argument("--with-sources", action="store_true", help="also create the raw tables, for an empty server")
    options = parser.parse_args(arguments)
    project = _project(options)
    with connect(options.dsn) as server:
        made = plan(project, server, target=options.target, with_sources=options.with_sources)
        if options.dry_run:
            print(made)
            return 2 if made else 0
        report = apply(made, server, progress=_say(options))
    return _ended(report)


def _backfill(arguments: Sequence[str]) -> int:
    from tilla.operations import apply, backfill
    from tilla.servers import connect

    parser = Parser(prog="tilla backfill", description="Copy history into every target that lacks it, then refresh.")
    add_project_options(parser)
    _server_options(parser)
    parser.add_argument("--quiesced", action="store_true", help="nothing is inserted meanwhile")
    options = parser.parse_args(arguments)
    project = _project(options)
    with connect(options.dsn) as server:
        made = backfill(project, server, target=options.target, quiesced=options.quiesced)
        if options.dry_run:
            print(made)
            return 2 if made else 0
        return _ended(apply(made, server, progress=_say(options)))


def _ended(report: Report) -> int:
    """Say how a run ended; what was left alone makes the exit code 2."""
    print(f"{len(report.done)} statements run", file=sys.stderr)
    for step in (*report.differing, *report.pending):
        print(step, file=sys.stderr)
    return 2 if report.differing else 0


def _demo(arguments: Sequence[str]) -> int:
    from tilla.demo.command import run

    return run(arguments)


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "emit": (emit.run, "print the SQL that provisions a project"),
    "apply": (_apply, "create what is missing on a server"),
    "backfill": (_backfill, "fill history and refresh"),
    "demo": (_demo, "run the shipped project on sample data, in the embedded engine"),
}


def usage() -> str:
    """The list of commands."""
    lines = ["usage: tilla COMMAND [options]", ""]
    lines += [f"  {name:<10} {help}" for name, (_, help) in COMMANDS.items()]
    return "\n".join([*lines, "", "tilla COMMAND --help lists the options of a command."])


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 1
    if arguments[0] in ("-V", "--version"):
        from tilla import __version__

        print(f"tilla {__version__}")
        return 0
    if arguments[0] not in COMMANDS:
        raise errors.bad_option("tilla", arguments[0], ", ".join(COMMANDS), errors.nearest(arguments[0], COMMANDS))
    return COMMANDS[arguments[0]][0](arguments[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point of ``tilla``."""
    return guarded(run, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
