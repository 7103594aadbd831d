"""The script as a tree of files: one file an object, as a reviewer browses it.

databases/<database>.sql
raw_datasets/<database>/<object>.sql              with --with-sources
curated_datasets/<database>/<object>.sql          table and view
curated_datasets/<database>/backdate_mv/<object>.sql      its history
analytics_datasets/<database>/<object>.sql
analytics_datasets/<database>/backdate_mv/<object>.sql    history or refresh
access/<name>.sql
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilla import graph
from tilla.ddl import script
from tilla.ddl.history import DATABASE
from tilla.ddl.statements import Statement
from tilla.objects.source import Source

if TYPE_CHECKING:
    from tilla.projects import Project

_SAFE = re.compile(r"[^\w\-. ]|^\.+", re.UNICODE)


def file_name(name: str) -> str:
    """A name as a file name: what a path would read otherwise (``/``, a leading dot, ``%``) is percent-encoded."""
    return _SAFE.sub(lambda m: "".join(f"%{byte:02X}" for byte in m.group().encode()), name)


def on_disk(name: str) -> str:
    """A name of a file whose bytes are UTF-8, also where Python takes the file system for ASCII (``LC_ALL=C``)."""
    return os.fsdecode(name.encode())


def files_of(project: Project, statements: Sequence[Statement]) -> dict[str, str]:
    """Relative path -> text, for every object that the statements are about."""
    layers = _layers(project)
    owners = {part.path: _owner(item, part) for item in project.objects for part in item.parts()}
    groups: dict[str, list[Statement]] = {}
    for statement in statements:
        groups.setdefault(_place(statement, layers, owners), []).append(statement)
    return {name: script.render(group) for name, group in sorted(groups.items())}


def _owner(item: Any, part: Any) -> tuple[str, str]:
    """The object a part belongs to: a view and its table share a file."""
    path: tuple[str, str] = getattr(item, "path", part.path)
    return path


def _layers(project: Project) -> dict[str, str]:
    """Which layer a database belongs to: by its name, else by whether its objects read sources."""
    sources = {part.path for part in project.parts if isinstance(part, Source)}
    known = {part.path for part in project.parts}
    layers = {DATABASE: "tilla"}
    for part in project.parts:
        if part.path in sources:
            layers.setdefault(part.database, "raw_datasets")
    for part in project.parts:
        if part.path in sources:
            continue
        name = part.database
        if name.startswith("analytics"):
            layers[name] = "analytics_datasets"
        elif name.startswith("data") or any((e.database, e.name) in sources for e in graph.resolved(part, known)):
            layers[name] = "curated_datasets"
        else:
            layers.setdefault(name, "analytics_datasets")
    return layers


def _place(statement: Statement, layers: Mapping[str, str], owners: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    if statement.section == "databases":
        return f"databases/{file_name(statement.object)}.sql"
    if statement.section == "access":
        return f"access/{file_name(statement.object)}.sql"
    path = statement.creates or _path(statement.object, owners)
    database, name = owners.get(path, path)
    folder = f"{layers.get(database, 'curated_datasets')}/{file_name(database)}"
    if statement.section in ("history", "refresh"):
        folder += "/backdate_mv"
    return f"{folder}/{file_name(name)}.sql"


def _path(shown: str, owners: Mapping[tuple[str, str], tuple[str, str]]) -> tuple[str, str]:
    for path in owners:
        if ".".join(path) == shown:
            return path
    database, _, name = shown.partition(".")
    return database, name


def gone(folder: Path, files: Iterable[str]) -> list[str]:
    """The .sql files below a folder that no object stands for any more."""
    known = {str(Path(on_disk(name))) for name in files}
    found = (str(path.relative_to(folder)) for path in folder.rglob("*.sql"))
    return sorted(name for name in found if name not in known)
