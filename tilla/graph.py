"""The graph of a project: what must exist before what, and where data flows. networkx lives here.

Nodes are paths ``(database, name)`` of parts. The creation graph has an edge from everything a part needs to the part;
the flow graph has an edge from every relation to what is computed from it. Orders are lexicographic topological sorts,
so they depend on names alone and never on the order of declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors

if TYPE_CHECKING:
    import networkx as nx

    from tilla.objects.base import Edge, Part

Path = tuple[str, str]

# Schemas that every server has.
SYSTEM = frozenset({"system", "information_schema", "INFORMATION_SCHEMA"})


@attrs.frozen
class Graphs:
    """The two graphs of one project, checked."""

    creation: nx.DiGraph[Path]
    flow: nx.DiGraph[Path]


def resolved(part: Part, known: Collection[Path]) -> list[Edge]:
    """The edges of a part, each to one object; see :func:`resolve`."""
    return resolve(part.edges(), known, part.name, part.path)


def resolve(edges: Iterable[Edge], known: Collection[Path], where: str, own: Path | None = None) -> list[Edge]:
    """Edges to one object each: patterns stand for the objects that fit, and what only counts where the project has it
    is left out where it has not. ``known`` are the paths of the project, ``own`` that of the reader.

    A pattern that a query names and that fits nothing stays, as a name that nobody declares. The engine Merge skips
    itself; the table function merge() does not (26.9: reading such a view ends in code 306).
    """
    found: list[Edge] = []
    for edge in edges:
        if edge.matching:
            fits = sorted(path for path in known if _fits(where, edge, path))
            if edge.kind == "stores":
                fits = [path for path in fits if path != own]
            found += [attrs.evolve(edge, database=path[0], name=path[1], matching="") for path in fits]
            found += [edge] if not fits and edge.kind != "stores" else []
            continue
        path = (edge.database, edge.name)
        if edge.kind != "reads on a cluster" or (path in known and path != own):
            found.append(edge)
    return list(dict.fromkeys(found))


def _fits(where: str, edge: Edge, path: Path) -> bool:
    try:
        if edge.matching == "both" and not re.search(edge.database, path[0]):
            return False
        return (edge.matching == "both" or path[0] == edge.database) and re.search(edge.name, path[1]) is not None
    except re.error as problem:
        raise errors.unreadable_pattern(where, f"{edge.database}, {edge.name}", str(problem)) from None


def _graph(parts: Sequence[Part], edges: Mapping[Path, Sequence[Edge]], *, flow: bool) -> nx.DiGraph[Path]:
    """Edges from what a part needs to the part, or along the data; each with its kinds."""
    import networkx as nx

    graph: nx.DiGraph[Path] = nx.DiGraph()
    for part in parts:
        graph.add_node(part.path, part=part)
    for part in parts:
        for edge in edges[part.path]:
            other = (edge.database, edge.name)
            if edge.kind == "grants":
                continue
            ends = (part.path, other) if flow and edge.kind in ("feeds", "stores") else (other, part.path)
            if graph.has_edge(*ends):
                graph.edges[ends]["kinds"] |= {edge.kind}
            else:
                graph.add_edge(*ends, kinds={edge.kind})
    return graph


def order(graph: nx.DiGraph[Path], rank: Callable[[Path], Any]) -> list[Path]:
    """Sort so that every node follows what it needs, lowest ``rank`` first among the free ones."""
    import networkx as nx

    return list(nx.lexicographical_topological_sort(graph, key=lambda path: (rank(path), path)))


def graphs(parts: Sequence[Part], where: str) -> Graphs:
    """The graphs of these parts.

    Raises:
        DeclarationError: names that nobody declares, and circles; all of them at once, each with its path.
    """
    known = {part.path for part in parts}
    mistakes = errors.Collector()
    edges: dict[Path, list[Edge]] = {}
    for part in parts:
        with mistakes.catch():
            edges[part.path] = resolved(part, known)
    readable = not mistakes.found  # what could not be read would be missing from the circles
    for part in parts:
        with mistakes.catch():
            check_edges(part.name, edges.get(part.path, ()), known)
    if not readable:
        mistakes.raise_all()
    found = Graphs(_graph(parts, edges, flow=False), _graph(parts, edges, flow=True))
    needed = cycles(found.creation)
    for circle in needed:
        mistakes.add(errors.cycle(where, [_shown(path) for path in circle]))
    # Every object can be created, and yet an insert would go round for ever: two views that fill each other's source.
    for circle in cycles(found.flow):
        if not any(set(other) <= set(circle) for other in needed):
            mistakes.add(errors.flow_cycle(where, [_shown(path) for path in circle]))
    mistakes.raise_all()
    return found


def check_edges(where: str, edges: Iterable[Edge], known: Collection[Path]) -> None:
    """Raise for every edge to something that nobody declares."""
    mistakes = errors.Collector()
    seen: set[Path] = set()
    for edge in edges:
        path = (edge.database, edge.name)
        if path not in seen:
            seen.add(path)
            _check_edge(where, edge, known, mistakes)
    mistakes.raise_all()


def _check_edge(where: str, edge: Edge, known: Collection[Path], mistakes: errors.Collector) -> None:
    path = (edge.database, edge.name)
    if path in known or edge.database in SYSTEM or edge.kind == "grants":
        return
    if edge.matching:
        near = [_shown(p) for p in sorted(known) if p[0] == edge.database] or sorted(_shown(p) for p in known)
        mistakes.add(errors.merge_of_nothing(where, edge.database, edge.name, near))
    elif not edge.database:
        fits = sorted(_shown(p) for p in known if p[1] == edge.name)
        mistakes.add(errors.unqualified_in_sql(where, edge.name, fits))
    else:
        mistakes.add(errors.dangling(where, edge.kind, _shown(path), sorted(_shown(p) for p in known)))


def cycles(graph: nx.DiGraph[Path]) -> list[list[Path]]:
    """One closed path per knot of the graph, each starting at its smallest node."""
    import networkx as nx

    found = []
    for component in nx.strongly_connected_components(graph):
        nodes = sorted(component)
        if len(nodes) > 1 or graph.has_edge(nodes[0], nodes[0]):
            edges = list(nx.find_cycle(graph.subgraph(nodes), nodes[0]))
            found.append([edges[0][0], *(target for _, target, *_ in edges)])
    return sorted(found)


def needed_by(graph: nx.DiGraph[Path], paths: Iterable[Path]) -> set[Path]:
    """The given nodes and everything that they need."""
    wanted = set(paths)
    waiting = list(wanted)
    while waiting:
        new = set(graph.pred[waiting.pop()]) - wanted
        wanted |= new
        waiting += new
    return wanted


_KINDS = {
    "Source": "[({})]",
    "Table": "[{}]",
    "View": "([{}])",
    "RefreshableView": "[[{}]]",
    "Dictionary": "{{{{{}}}}}",
}


def mermaid(parts: Sequence[Part]) -> str:
    """The flow of data as a mermaid diagram; triggers are arrows from their source to their target."""
    lines = ["graph LR"]
    ids = {part.path: f"n{i}" for i, part in enumerate(sorted(parts, key=lambda p: p.path))}
    for part in sorted(parts, key=lambda p: p.path):
        if part.kind in ("MaterializedView",):
            continue
        label = _escape(f"{part.database}.{part.table}")
        lines.append(f"    {ids[part.path]}{_KINDS.get(part.kind, '[{}]').format(chr(34) + label + chr(34))}")
    arrows: set[str] = set()
    for part in parts:
        edges = [e for e in resolved(part, ids) if (e.database, e.name) in ids and e.kind != "grants"]
        targets = [e for e in edges if e.kind in ("feeds", "stores")]
        ends = [ids[(e.database, e.name)] for e in targets] or [ids[part.path]]
        for edge in edges:
            if edge.kind in ("feeds", "stores", "refreshes after"):
                continue
            arrow = "-->" if edge.kind == "triggers" else "-.->"
            arrows |= {f"    {ids[(edge.database, edge.name)]} {arrow} {end}" for end in ends}
    return "\n".join([*lines, *sorted(arrows)]) + "\n"


def _escape(label: str) -> str:
    """Make a name safe inside a quoted mermaid label: its own codes for all that it, its directives or HTML would read."""
    return re.sub(r"[^\w .$*+()=,@~-]", lambda found: f"#{ord(found.group())};", " ".join(label.split()))


def _shown(path: Path) -> str:
    return f"{path[0]}.{path[1]}" if path[0] else path[1]


def by_path(parts: Iterable[Part]) -> Mapping[Path, Part]:
    """Parts by their path."""
    return {part.path: part for part in parts}
