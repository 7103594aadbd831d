"""Whether the server knows the settings that a project names: its parser takes any name, and refuses it when the table is made.

One query for all of them, and a second one for the nearest names where one is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tilla import errors, text
from tilla.engines import MergeTree
from tilla.objects.base import Relation
from tilla.objects.limits import SettingsProfile
from tilla.objects.refreshable import RefreshableView
from tilla.objects.roles import Role
from tilla.planning.survey import Path
from tilla.projects import Project
from tilla.servers import Server

# Where the server lists them.
TABLE, QUERY = "merge_tree_settings", "settings"

# Settings of the user's own; a server may allow other prefixes, these are the ones of its manual.
_CUSTOM = ("SQL_", "custom_")


def used(project: Project, there: Collection[Path]) -> Iterator[tuple[str, str, str]]:
    """Every setting of what is not there yet: who names it, which of the server's lists it is in, and its name."""
    for part in project.parts:
        if part.path in there or not isinstance(part, Relation):
            continue
        engine = getattr(part, "engine", None)
        names = list(engine.all_settings()) if isinstance(engine, MergeTree) else []
        yield from ((part.name, TABLE, name) for name in names)
        for column in part.columns:
            yield from ((f"{part.name}.{column.name}", TABLE, name) for name in column.options.get("settings") or ())
        if isinstance(part, RefreshableView):
            yield from ((part.name, QUERY, name) for name in part.settings)
    for item in (member for held in project.access for member in held.members()):
        if isinstance(item, Role):
            yield from ((item.where, QUERY, name) for name in {**item.settings, **item.all_caps})
        if isinstance(item, SettingsProfile):
            yield from ((item.where, QUERY, name) for name in {**item.settings, **item.constant, **item.limits})


def check(project: Project, server: Server, there: Collection[Path]) -> None:
    """Raise for settings that the server does not know, all of them, before anything is sent.

    Raises:
        DeclarationError: T532 for each, with the nearest name.
    """
    found = [one for one in dict.fromkeys(used(project, there)) if not one[2].startswith(_CUSTOM)]
    if not found:
        return
    known = _names(server, {name for _, _, name in found})
    unknown = [(where, place, name) for where, place, name in found if (place, name) not in known]
    if not unknown:
        return
    every = _names(server)
    mistakes = errors.Collector()
    for where, place, name in unknown:
        mistakes.add(errors.unknown_server_setting(where, name, place, sorted(n for p, n in every if p == place)))
    mistakes.raise_all()


def _names(server: Server, only: Collection[str] = ()) -> set[tuple[str, str]]:
    listed = ", ".join(text.quote_string(name) for name in sorted(only))
    where = f" WHERE name IN ({listed})" if only else ""
    parts = (f"SELECT '{place}' AS place, name FROM system.{place}{where}" for place in (TABLE, QUERY))
    return {(row["place"], row["name"]) for row in server.rows(" UNION ALL ".join(parts))}


__all__ = ["check", "used"]
