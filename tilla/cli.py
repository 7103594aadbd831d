"""``tilla``: emit, plan, apply, backfill, detect, stale, docs, demo. Exit codes: 0 fine, 1 an error, 2 something differs.

stdout holds what was asked for (SQL, a plan, JSON); progress and messages go to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from tilla import emit, errors, loading
from tilla.console import guarded, say, without_collection, without_secrets, write_out
from tilla.ddl.split import on_disk
from tilla.emit import Parser, add_project_options, chosen_project

if TYPE_CHECKING:
    from pathlib import Path

    from tilla.backfills.run import Filled
    from tilla.planning.plan import Plan
    from tilla.planning.run import Report
    from tilla.projects import Project
    from tilla.servers import Server

    Planned = Callable[[Project, Server], Plan]


def _server_options(parser: argparse.ArgumentParser) -> None:
    from tilla.planning.plan import RISKS

    parser.add_argument(
        "--dsn", default=None,
        help="clickhouse://user@host:8443/db?secure=true, chdb:///path, chdb://memory; default: CLICKHOUSE_* variables",
    )  # fmt: skip
    parser.add_argument("--target", default="single", metavar="TARGET", help="single (default), cloud, or cluster:NAME")
    parser.add_argument(
        "--allow", choices=RISKS, default="",
        help="the highest risk to take (default: rights; with --quiesced: destructive)",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan and change nothing; 2 when it is not empty"
    )
    parser.add_argument("--json", action="store_true", help="print the plan as JSON; after a run, with what was done")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _say(options: argparse.Namespace) -> Callable[[str], None]:
    """Progress, a line a step."""
    return (lambda _: None) if options.quiet else (lambda line: _note(line))


def _note(line: str) -> None:
    shown = without_secrets(line)
    say(type(line)(shown))  # a transient line stays one


def _project(options: argparse.Namespace) -> Project:
    """The chosen project; unlike emit, apply always takes what the chosen objects need along."""
    if options.only:
        raise errors.wrong_usage("--only is for emit; --select takes along what the objects need")
    return chosen_project(options)[0]


def _plan(arguments: Sequence[str]) -> int:
    return _apply([*arguments, "--dry-run"])


def _apply(arguments: Sequence[str]) -> int:
    from tilla.operations import plan

    parser = Parser(prog="tilla apply", description="Create what is missing: databases, tables, views, access.")
    add_project_options(parser)
    _server_options(parser)
    parser.add_argument("--with-sources", action="store_true", help="also create the raw tables, for an empty server")
    options = parser.parse_args(arguments)
    return _carried_out(
        options,
        lambda project, server: plan(project, server, target=options.target, with_sources=options.with_sources),
        options.allow or "rights",
    )


def _backfill(arguments: Sequence[str]) -> int:
    from tilla.operations import apply, backfill
    from tilla.servers import connect

    parser = Parser(prog="tilla backfill", description="Copy history into every target that lacks it, then refresh.")
    add_project_options(parser)
    _server_options(parser)
    parser.add_argument(
        "--quiesced", action="store_true",
        help="nothing is inserted meanwhile: rebuild targets that are not overlap-safe, too",
    )  # fmt: skip
    parser.add_argument(
        "--repair", action="store_true",
        help="compare every target with its sources; fill again the partitions that lack something, build sums anew",
    )  # fmt: skip
    parser.add_argument(
        "--syncs-paused", action="store_true",
        help="the loaders of the sources rest: a boundary may add its hidden column to their tables",
    )  # fmt: skip
    parser.add_argument(
        "--disarm", action="store_true", help="take the boundaries of filled histories out again, while loaders rest"
    )
    parser.add_argument("--explain", action="store_true", help="say of each target how it is filled and why; no server")
    parser.add_argument("--slice-rows", type=_positive, default=5_000_000, metavar="N", help="rows of a slice, about")
    parser.add_argument("--workers", type=_positive, default=2, metavar="N", help="slices at a time, one thread each")
    parser.add_argument("--no-reconcile", action="store_true", help="do not compare sources and targets at the end")
    options = parser.parse_args(arguments)
    project = _project(options)
    if options.explain:
        return _explain(options, project)
    allow = options.allow or ("destructive" if options.quiesced else "rights")
    with connect(options.dsn, create=False) as server:
        made = backfill(
            project, server, target=options.target, quiesced=options.quiesced, repair=options.repair,
            disarm=options.disarm, syncs_paused=options.syncs_paused,
            slice_rows=options.slice_rows, workers=options.workers, reconcile=not options.no_reconcile,
        )  # fmt: skip
        if options.dry_run:
            write_out(_as_json(made.as_json()) if options.json else without_secrets(str(made)) + "\n")
            return 2 if made else 0
        try:
            report = apply(made, server, allow=allow, progress=_say(options))
        except KeyboardInterrupt:
            raise errors.interrupted() from None
    return _filled(options, report)


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError(value)
    return number


_positive.__name__ = "number"  # argparse names it: invalid number value


def _explain(options: argparse.Namespace, project: Project) -> int:
    from tilla.backfills.explain import explain

    found = explain(project)
    if options.json:
        write_out(_as_json([attrs.asdict(item) for item in found]))
    else:
        write_out("".join(f"{item}\n" for item in found) or "nothing has a history to fill\n")
    return 0


def _filled(options: argparse.Namespace, report: Filled) -> int:
    """Print the comparison; say how a backfill ended."""
    from tilla.backfills.reconciliation import table

    if options.json:
        compared = [attrs.asdict(item) for item in report.reconciliation]
        write_out(_as_json({**report.plan.as_json(), "done": list(report.done), "reconciliation": compared}))
    elif report.reconciliation:
        write_out(table(report.reconciliation))
    for step in (*report.differing, *report.pending):
        _note(str(step))
    if not report.plan and not report.done:
        _note("nothing to do")
    else:
        filled = len(report.plan.targets)
        _note(f"{filled} target{'' if filled == 1 else 's'} filled, {len(report.done)} statements beside them")
    if not report.agrees:
        _note("the comparison disagrees: see the table; tilla backfill --repair fills what is missing")
    return 2 if report.differing or report.plan.waits_for_others or not report.agrees else 0


def _carried_out(options: argparse.Namespace, planned: Planned, allow: str) -> int:
    """Make a plan; print it, or run it and say how it ended."""
    from tilla.operations import apply
    from tilla.servers import connect

    project = _project(options)
    with connect(options.dsn, create=not options.dry_run) as server:
        made = planned(project, server)
        if options.dry_run:
            write_out(_as_json(made.as_json()) if options.json else without_secrets(str(made)) + "\n")
            return 2 if made else 0
        report = apply(made, server, allow=allow, progress=_say(options))
    if options.json:
        write_out(_as_json({**made.as_json(), "done": list(report.done)}))
    return _ended(report)


def _as_json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _ended(report: Report) -> int:
    """Say how a run ended. What differs, or waits for more than its history, makes the exit code 2."""
    for step in (*report.differing, *report.pending):
        _note(str(step))
    if report.skipped:
        _note(f"{len(report.skipped)} access statements skipped: {report.skipped[0].reason}")
    number = len(report.done)
    _note(f"{number} statement{'' if number == 1 else 's'} run" if number else "nothing to do")
    return 2 if report.differing or report.plan.waits_for_others else 0


def _detect(arguments: Sequence[str]) -> int:
    from tilla.servers import connect
    from tilla.sources.detection import detect

    parser = Parser(
        prog="tilla detect",
        description="Say what the raw tables on a server are; print the project code for them. 2 when something differs.",
    )
    parser.add_argument(
        "project", nargs="?", default="", help="also compare with the raw tables that this project declares"
    )
    parser.add_argument(
        "--dsn", default=None,
        help="clickhouse://user@host:8443/db?secure=true, chdb:///path, chdb://memory; default: CLICKHOUSE_* variables",
    )  # fmt: skip
    parser.add_argument("--database", action="append", default=[], metavar="NAME", help="look only here; repeatable")
    options = parser.parse_args(arguments)
    project = loading.load(options.project) if options.project else None
    with connect(options.dsn, create=False) as server:
        found = detect(server, databases=options.database)
    code = found.code()
    unlike = found.against(project) if project is not None else ()
    for line in (*found.report().splitlines(), *unlike):
        _note(line)
    write_out(code)
    return 2 if found.differs or unlike else 0


def _stale(arguments: Sequence[str]) -> int:
    from tilla.operations import apply
    from tilla.servers import connect
    from tilla.sources.staleness import rebuild, stale

    parser = Parser(
        prog="tilla stale",
        description="Say which tables no longer follow from a raw table that was swapped. 2 when there are any.",
    )
    add_project_options(parser)
    _server_options(parser)
    parser.add_argument(
        "--rebuild", action="store_true",
        help="empty them, for tilla backfill to fill anew; drops rows, so it needs --allow destructive",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    project = _project(options)
    with connect(options.dsn, create=False) as server:
        found = stale(project, server)
        if not options.rebuild or options.dry_run or not found:
            if options.json:
                write_out(_as_json([attrs.asdict(item) for item in found]))
            else:
                write_out("".join(f"{item}\n" for item in found))
            _note("tilla stale --rebuild --allow destructive, then tilla backfill" if found else "nothing is stale")
            return 2 if found else 0
        report = apply(rebuild(project, found), server, allow=options.allow or "rights", progress=_say(options))
    _note("tilla backfill fills them anew")
    return _ended(report)


def _docs(arguments: Sequence[str]) -> int:
    from pathlib import Path

    from tilla.pages import pages

    parser = Parser(
        prog="tilla docs", description="Write a page per database: tables, grain, columns, formulas, sources."
    )
    add_project_options(parser)
    parser.add_argument("--out", metavar="DIR", default="docs/tables", help="where the pages go (default: docs/tables)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 2 when a page differs from its declarations"
    )
    options = parser.parse_args(arguments)
    folder = Path(options.out)
    made = {on_disk(name): content for name, content in pages(_project(options)).items()}
    stale = stale_pages(folder, made)
    if options.check:
        for name in stale:
            _note(f"{folder / name} differs from the declarations; tilla docs writes it")
        return 2 if stale else 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content.encode())
    except OSError as error:
        raise errors.unreadable_file(str(error.filename or folder), error.strerror or str(error)) from None
    for name in set(stale) - set(made):
        _note(f"{folder / name} belongs to no database any more; it was left alone")
    _note(f"{len(made)} pages in {folder}")
    return 0


def stale_pages(folder: Path, made: Mapping[str, str]) -> list[str]:
    """The pages of a folder that differ from what was made, are missing, or belong to no database."""
    have = {file.name: file.read_bytes() for file in sorted(folder.glob("*.md"))}
    want = {name: content.encode() for name, content in made.items()}
    return sorted(name for name in {*have, *want} if have.get(name) != want.get(name))


def _demo(arguments: Sequence[str]) -> int:
    from tilla.demo.command import run

    return run(arguments)


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "emit": (emit.run, "print the SQL that provisions a project"),
    "plan": (_plan, "print what apply would do; 2 when that is anything"),
    "apply": (_apply, "create what is missing on a server"),
    "backfill": (_backfill, "fill history and refresh"),
    "detect": (_detect, "say what the raw tables on a server are, and print the project code for them"),
    "stale": (_stale, "say which tables no longer follow from raw, and empty them to be filled anew"),
    "docs": (_docs, "write a page per database, from the declarations"),
    "demo": (_demo, "run the shipped project on sample data, in the embedded engine"),
}


def usage() -> str:
    """The list of commands."""
    lines = ["usage: tilla COMMAND [options]", ""]
    lines += [f"  {name:<10} {help}" for name, (_, help) in COMMANDS.items()]
    return "\n".join([*lines, "", "tilla COMMAND --help lists the options of a command."])


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    if not arguments:
        say(usage())
        return 1
    if arguments[0] in ("-h", "--help", "help"):
        write_out(usage() + "\n")
        return 0
    if arguments[0] in ("-V", "--version"):
        from tilla import __version__

        write_out(f"tilla {__version__}\n")
        return 0
    if arguments[0] not in COMMANDS:
        raise errors.bad_option("tilla", arguments[0], ", ".join(COMMANDS), errors.nearest(arguments[0], COMMANDS))
    return COMMANDS[arguments[0]][0](arguments[1:])


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point of ``tilla``."""
    if arguments is None and sys.argv[1:2] == ["emit"]:
        return without_collection(run, sys.argv[1:])
    return guarded(run, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
