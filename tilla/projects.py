"""A project: an immutable set of objects that belong together, each name once, every dependency inside."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors, graph, text
from tilla.objects.access import Access
from tilla.objects.base import OWN_DATABASE, Declared, Part
from tilla.objects.renaming import Renamer
from tilla.objects.source import Source

if TYPE_CHECKING:
    import networkx as nx


def _objects(value: Iterable[Any]) -> tuple[Declared, ...]:
    return tuple(sorted(value, key=lambda o: (isinstance(o, Access), getattr(o, "name", ""))))


@attrs.frozen(slots=False, repr=False)
class Project:
    """The declared objects of one warehouse.

    ``objects`` is sorted by name: two projects with the same objects are equal, in whatever order they were declared.
    """

    name: str
    objects: tuple[Declared, ...] = attrs.field(converter=_objects)

    def __attrs_post_init__(self) -> None:
        mistakes = errors.Collector()
        with mistakes.catch():
            self._check_names()
        if not mistakes.found:
            with mistakes.catch():
                self._check_identity()
            with mistakes.catch():
                _ = self._graphs
            for access in self.access:
                with mistakes.catch():
                    access.check(self.parts, self.access)
        mistakes.raise_all()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every object on the server, sources included, by name."""
        found = [part for item in self.objects for part in item.parts()]
        return tuple(sorted(found, key=lambda part: part.path))

    @cached_property
    def access(self) -> tuple[Access, ...]:
        """Roles, users and what belongs to them, by name; a declaration that stands for several gives all of them."""
        found = [member for item in self.objects if isinstance(item, Access) for member in item.members()]
        return tuple(sorted(found, key=lambda member: (member.name, member.kind)))

    @cached_property
    def sources(self) -> tuple[Source[Any], ...]:
        """The tables that loaders own."""
        return tuple(item for item in self.objects if isinstance(item, Source))

    @cached_property
    def _graphs(self) -> graph.Graphs:
        return graph.graphs(self.parts, f"project {self.name}")

    @property
    def creation(self) -> nx.DiGraph[graph.Path]:
        """The creation graph."""
        return self._graphs.creation

    @property
    def flow(self) -> nx.DiGraph[graph.Path]:
        """The flow graph."""
        return self._graphs.flow

    def __getitem__(self, name: str) -> Declared:
        """The object of that name.

        Raises:
            UsageError: nothing has the name; the nearest one is named.
        """
        for item in self.objects:
            if item.name == name or (isinstance(item, Part) and ".".join(item.path) == name):
                return item
        raise errors.unknown_object(f"project {self.name}", name, [o.name for o in self.objects])

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    # --- other projects from this one ---

    def merge(self, *others: Project, name: str = "") -> Project:
        """One project with the objects of several; an object that is the same in two counts once."""
        found: list[Declared] = list(self.objects)
        named: dict[str, list[Declared]] = {}
        for item in found:
            named.setdefault(item.name, []).append(item)
        for other in others:
            for item in other.objects:
                same = named.setdefault(item.name, [])
                if not any(item is own or item == own for own in same):
                    same.append(item)
                    found.append(item)
        return Project(name or self.name, tuple(found))

    def rename(self, databases: Mapping[str, str]) -> Project:
        """The same project in other databases: ``project.rename({"data_shopify": "acme_shopify"})``.

        Raises:
            UsageError: no object is in a database that is to be renamed.
        """
        known = {part.database for part in self.parts}
        mistakes = errors.Collector()
        for database in databases:
            if database not in known:
                mistakes.add(errors.unknown_object("rename", database, sorted(known)))
        mistakes.raise_all()
        renamer = Renamer(databases)
        return Project(self.name, tuple(renamer(item) for item in self.objects))

    def select(self, *patterns: str, only: bool = False) -> Project:
        """The part of the project whose names fit a pattern, with everything that it needs.

        Patterns are those of :mod:`fnmatch` over ``database.name``. With ``only``, what it needs is left out of
        what is emitted, but still known.

        Raises:
            UsageError: a pattern fits nothing.
        """
        chosen = self.matching(patterns)
        paths = {part.path for item in chosen for part in item.parts()}
        readers = self._with_roles(item for item in chosen if isinstance(item, Access))
        members = [member for reader in readers for member in reader.members()]
        paths |= {part.path for part in self.parts if any(m.covers(part.path) for m in members)}
        known = {part.path for part in self.parts}
        read = [edge for m in members for edge in graph.resolve(m.edges(), known, m.name)]
        paths |= {(edge.database, edge.name) for edge in read} & known
        wanted = graph.needed_by(self.creation, paths)
        # A view that feeds a wanted table belongs to it, and so does whatever that view needs.
        fed = {part.path: {(e.database, e.name) for e in part.edges() if e.kind == "feeds"} for part in self.parts}
        while True:
            feeding = {path for path, targets in fed.items() if path not in wanted and targets & wanted}
            grown = wanted | graph.needed_by(self.creation, feeding)
            if grown == wanted:
                break
            wanted = grown
        names = {item.name for item in (*chosen, *readers)}
        kept = [
            item for item in self.objects if item.name in names or any(part.path in wanted for part in item.parts())
        ]
        return Project(self.name, tuple(kept))

    def _with_roles(self, chosen: Iterable[Access]) -> list[Access]:
        """Access objects and the roles and profiles that they use, as the project holds them."""
        holders = {(m.kind, m.name): item for item in self.objects if isinstance(item, Access) for m in item.members()}
        found: dict[tuple[str, str], Access] = {}
        waiting = list(chosen)
        while waiting:
            item = waiting.pop()
            if found.setdefault((item.kind, item.name), item) is item:
                used = [holders.get((u.kind, u.name)) for member in item.members() for u in member.uses()]
                waiting += [u for u in used if u is not None and (u.kind, u.name) not in found]
        return list(found.values())

    def matching(self, patterns: Sequence[str]) -> list[Declared]:
        """The objects that fit at least one pattern; every pattern must fit something."""
        names = {item.name: (".".join(item.path) if isinstance(item, Part) else item.name) for item in self.objects}
        mistakes = errors.Collector()
        chosen: dict[str, Declared] = {}
        for pattern in patterns:
            fits = [
                item
                for item in self.objects
                if fnmatch.fnmatchcase(names[item.name], pattern)
                or any(fnmatch.fnmatchcase(".".join(part.path), pattern) for part in item.parts())
            ]
            if not fits:
                mistakes.add(errors.unknown_object("--select", pattern, sorted(names.values())))
            chosen |= {item.name: item for item in fits}
        mistakes.raise_all()
        return list(chosen.values())

    def ordered(self, rank: Callable[[Part], Any]) -> list[Part]:
        """All parts, each after what it needs."""
        by_path = graph.by_path(self.parts)
        order = graph.order(self.creation, lambda path: rank(by_path[path]) if path in by_path else -1)
        return [by_path[path] for path in order if path in by_path]

    def mermaid(self) -> str:
        """The flow of data as a mermaid diagram."""
        return graph.mermaid(self.parts)

    # --- checks ---

    def _check_names(self) -> None:
        mistakes = errors.Collector()
        seen: dict[object, str] = {}
        where = f"project {self.name}"
        objects: tuple[Any, ...] = self.objects  # what was given: the annotation is a wish until it is checked
        for item in objects:
            if not isinstance(item, Declared):
                mistakes.add(errors.not_an_object(where, repr(item)))
                continue
            for part in item.parts():
                if part.database == OWN_DATABASE and not isinstance(part, Source):
                    mistakes.add(errors.own_database(where, part.name))
            keys: list[object] = [part.path for part in item.parts()]
            keys += [(member.kind, member.name) for member in item.members()] if isinstance(item, Access) else []
            for key in keys:
                if key in seen:
                    shown = ".".join(key) if isinstance(key, tuple) else str(key)
                    mistakes.add(errors.duplicate_object(where, shown, [seen[key], item.kind]))
                seen[key] = item.kind
        alike: dict[str, dict[str, None]] = {}
        for part in (part for item in self.objects if isinstance(item, Declared) for part in item.parts()):
            alike.setdefault(".".join(part.path), {})[part.qualified_name] = None
        for shown, names in alike.items():
            if len(names) > 1:
                mistakes.add(errors.alike_names(where, shown, list(names)))
        mistakes.raise_all()

    def _check_identity(self) -> None:
        """Two declarations of one name that differ would make the graph lie."""
        own: dict[graph.Path, Declared] = {}
        for item in self.objects:
            if isinstance(item, Part):
                own[item.path] = item
            own |= {part.path: own.get(part.path, part) for part in item.parts()}
        mistakes = errors.Collector()
        for item in self.objects:
            for needed in getattr(item, "needs", tuple)():
                mine = own.get(needed.path)
                if mine is not None and mine is not needed and type(mine) is type(needed) and mine != needed:
                    mistakes.add(errors.other_declaration(item.name, needed.name))
        mistakes.raise_all()

    def __repr__(self) -> str:
        return f"<tilla Project {text.one_line(self.name)}: {len(self.objects)} objects>"

    def _repr_html_(self) -> str:
        from tilla.notebook import project_html

        return project_html(self)


def project(name: str, *objects: Declared | Sequence[Declared]) -> Project:
    """Put objects together and check that they fit.

    Raises:
        DeclarationError: a name twice, a dependency that is not among the objects, a circle; all of them at once.
    """
    if not isinstance(name, str):
        raise errors.wrong_kind("tl.project", name, "the project's name first", 'tl.project("shop", orders, ...)')
    flat: list[Any] = []
    for item in objects:
        flat.extend(item if isinstance(item, list | tuple) else [item])
    bad = [item for item in flat if not isinstance(item, Declared)]
    if bad:
        mistakes = errors.Collector()
        for item in bad:
            mistakes.add(errors.not_an_object(f"project {name}", repr(item)))
        mistakes.raise_all()
    return Project(name, tuple(flat))
