"""Which loader landed what: raw tables recognised by their columns, and the project code for them.

Only ``system.columns`` and ``system.tables`` are read, never a row. What they cannot tell is said in the report: whether a
stream appends or is swapped at every sync, and the zone of a shop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from tilla import errors
from tilla.sources import airbyte, dlt
from tilla.sources.connectors import CONNECTORS, Stream, streams
from tilla.sources.layouts import Layout

if TYPE_CHECKING:
    from tilla.projects import Project
    from tilla.servers import Server

_MARKS = ("_airbyte_ab_id", airbyte.RAW_ID, "_dlt_load_id")
_ENOUGH = 0.3  # of a typed table's fields must be the stream's, and the other way round
_NEWEST_LAST = ("dlt", "dlt-json", "v0", "v1", "v2.0", "v2.1", "v2.1-json")
_CONSTANTS = {
    "v0": "airbyte.V0",
    "v1": "airbyte.V1",
    "v2.0": "airbyte.V2_0",
    "v2.1": "airbyte.V2_1",
    "v2.1-json": "airbyte.V2_1_JSON",
    "dlt": "dlt.NESTED",
    "dlt-json": "dlt.JSON",
}
_MODULES = {"shopify": ("shopify", "shop"), "klaviyo": ("klaviyo", "account"), "ga4": ("ga4", "site")}


@attrs.frozen
class Found:
    """One raw table and what it is."""

    database: str
    table: str
    stream: Stream
    """With the property in its name, for a further GA4 property."""
    layout: Layout
    """With namespace, prefix, sync mode and what differs in its columns: ``layout.table(stream)`` is this table."""
    differences: tuple[str, ...] = ()
    """Where its columns are not those that the layout and the connector's schema give."""

    @property
    def name(self) -> str:
        """``database.table``."""
        return f"{self.database}.{self.table}"

    @property
    def property_id(self) -> str:
        """The id of a further GA4 property, else ''."""
        return self.stream.name[len(self.stream.base_name) + len("Property") :]

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """Dlt's child tables of it, each database and table."""
        if not isinstance(self.layout, dlt.DltLayout):
            return ()
        return tuple(self.layout.named(self.stream, n) for n in (self.layout.children or {}).get(self.stream.name, ()))

    def __str__(self) -> str:
        mode = self.layout.sync_mode(self.stream)
        shown = {"append_dedup": ", deduplicated", "overwrite": ", read whole", "append": ""}[mode]
        loader = "" if isinstance(self.layout, dlt.DltLayout) else "Airbyte "
        return f"{self.name}: {self.stream.id}, {loader}{self.layout.name}{shown}"


@attrs.frozen
class Detection:
    """What has landed."""

    tables: tuple[Found, ...]
    unknown: tuple[str, ...] = ()
    """Tables of a loader that are no stream Tilla knows, each with the reason."""

    @property
    def differs(self) -> bool:
        """True where a table is not as its layout and the connector's schema say."""
        return any(found.differences for found in self.tables)

    def layout_of(self, database: str, table: str) -> str | None:
        """The layout's name of one table, or None."""
        return next((f.layout.name for f in self.tables if (f.database, f.table) == (database, table)), None)

    def code(self, name: str = "shop") -> str:
        """A Python module that declares the curated tables of what has landed: ``project``."""
        return _code(self.tables, name)

    def report(self) -> str:
        """One line per table, then what differs and what is not known."""
        lines = [str(found) for found in self.tables]
        lines += [f"{found.name}: {text}" for found in self.tables for text in found.differences]
        lines += list(self.unknown)
        airbytes = [f for f in self.tables if not isinstance(f.layout, dlt.DltLayout)]
        whole = [f for f in airbytes if f.stream.cursor is not None and f.layout.sync_mode(f.stream) == "append"]
        if whole:
            lines.append(
                "a table cannot tell whether its stream appends or is swapped at every sync; for those that are, "
                'write modes={"stream": "overwrite"}'
            )
        return "\n".join(lines)

    def against(self, project: Project) -> tuple[str, ...]:
        """Where the raw tables that a project declares are not those that are there, a line each."""
        from tilla.objects.source import Source

        there = {(found.database, found.table): found for found in self.tables}
        lists = {path for found in self.tables for path in found.lists}
        lines = []
        declared = [item for item in project.objects if isinstance(item, Source)]
        for source in (item for item in declared if item.path not in lists):
            found = there.pop(source.path, None)
            if found is not None:
                lines += _unlike(source, found)
                continue
            told = re.match(r"Stream (\S+) as (\S+) lands it", source.comment)
            same = [f for f in self.tables if told is not None and f.stream.id == told[1]]
            if same:
                others = " and ".join(f"{f.name} ({f.layout.name})" for f in same)
                lines.append(
                    f"{source.name}, declared as {told[2] if told else ''}, is not there; its stream is in {others}"
                )
            elif told is not None:
                lines.append(f"{source.name} is not there: stream {told[1]} has not landed")
        lines += [f"{found.name} ({found.layout.name}) is not declared" for found in there.values()]
        return tuple(lines)


def detect(server: Server, *, databases: Iterable[str] = ()) -> Detection:
    """Say what each raw table on a server is. Two queries.

    ``databases`` limits where to look; else all but the server's own.
    """
    chosen = tuple(databases)
    which = "database IN {databases:Array(String)}" if chosen else "database NOT IN {databases:Array(String)}"
    parameters = {"databases": list(chosen or ("system", "INFORMATION_SCHEMA", "information_schema"))}
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for row in server.rows(
        f"SELECT database, table, name, type FROM system.columns WHERE {which} ORDER BY database, table, position",
        parameters=parameters,
    ):
        columns.setdefault((row["database"], row["table"]), {})[row["name"]] = row["type"]
    engines = {
        (row["database"], row["name"]): row
        for row in server.rows(
            f"SELECT database, name, engine, engine_full, sorting_key FROM system.tables WHERE {which}",
            parameters=parameters,
        )
    }
    raw = []
    children = frozenset(path for path, have in columns.items() if dlt.PARENT_ID in have)
    for path, have in columns.items():
        about = engines.get(path)
        if about is not None and about["engine"].endswith("MergeTree") and any(mark in have for mark in _MARKS):
            raw.append(
                _Table(path[0], path[1], have, about["engine"], about["engine_full"], about["sorting_key"], children)
            )
    return _recognised(raw)


# --- what a table is ---

# How a kind of layout writes names; the others leave them as they are.
_SPELLING: dict[str, Callable[[str], str]] = {"v2": airbyte.clean_name, "dlt": lambda name: dlt.identifier(name)}


@attrs.frozen
class _Table:
    database: str
    name: str
    columns: Mapping[str, str]
    engine: str
    engine_full: str
    sorting_key: str
    lists: frozenset[tuple[str, str]] = frozenset()
    """dlt's child tables, all of them on the server."""

    @property
    def title(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def fields(self) -> set[str]:
        own = {name for name in self.columns if not name.startswith(("_airbyte_", "_dlt_"))}
        return {name.split("__")[0] or name for name in own} if dlt.LOAD_ID in self.columns else own

    @property
    def has_json(self) -> bool:
        """True where a column is of type JSON."""
        return any(type.removeprefix("Nullable(").startswith("JSON") for type in self.columns.values())

    @property
    def version(self) -> str | None:
        """The version column of a ReplacingMergeTree; replicated ones have two quoted arguments before it."""
        arguments = re.match(r"\w+\((.*?)\)(?: |$)", self.engine_full)
        last = arguments[1].split(",")[-1].strip().strip("`") if arguments else ""
        return last if last and not last.endswith("'") else None


@attrs.frozen
class _Place:
    """Where a connection put a table: kind of layout, namespace, v1's own database or dlt's dataset, and the stream's name with
    its prefix.
    """

    kind: str
    namespace: str
    internal: str
    label: str


@attrs.frozen
class _Guess:
    stream: Stream
    prefix: str
    likeness: float


def _placed(table: _Table) -> _Place | str:
    """Where a table was put, or why it is none that can be read."""
    have = table.columns
    if "_airbyte_ab_id" in have:
        if airbyte.DATA in have and table.name.startswith("_airbyte_raw_"):
            return _Place("v0", table.database, "", table.name.removeprefix("_airbyte_raw_"))
        return f"{table.title}: made by Airbyte's old normalization; read the _airbyte_raw_ table beside it"
    if airbyte.DATA in have:
        for cut in re.finditer(r"_raw_{2,}stream_", table.name):
            namespace, label = table.name[: cut.start()], table.name[cut.end() :]
            if airbyte.raw_table_name(namespace, label) == table.name:
                return _Place("v1", namespace, table.database, label)
        return f"{table.title}: a payload column, and a name that is not Airbyte's"
    if {airbyte.RAW_ID, airbyte.EXTRACTED_AT, airbyte.META, airbyte.GENERATION_ID} <= set(have):
        return _Place("v2", table.database, "", table.name)
    if dlt.LOAD_ID in have:
        dataset, separator, label = table.name.partition("___")
        if separator and dataset and label:
            return _Place("dlt", table.database, dataset, label)
    return f"{table.title}: columns of a loader whose layout is not known here"


def _recognised(tables: Sequence[_Table]) -> Detection:
    unknown, placed = [], []
    for table in tables:
        place = _placed(table)
        if isinstance(place, _Place) and place.kind == "dlt" and place.label.startswith("_dlt_"):
            continue  # dlt's own books
        if isinstance(place, str):
            unknown.append(place)
        else:
            placed.append((table, place, list(_guesses(table, place))))
    # Tables of one connection support each other: most of its streams agree on the connector and on the prefix.
    support = Counter((_group(place), g.stream.connector, g.prefix) for _, place, gs in placed for g in gs)
    json = _of_type_json(placed)
    found = []
    for table, place, guesses in placed:
        if not guesses:
            unknown.append(f"{table.title}: layout {place.kind}, no stream of {', '.join(CONNECTORS)}")
            continue

        def weight(guess: _Guess, place: _Place = place) -> tuple[float, ...]:
            named = guess.stream.connector in f"{place.namespace} {guess.prefix}".lower()
            return (
                guess.likeness,
                support[_group(place), guess.stream.connector, guess.prefix],
                named,
                -len(guess.prefix),
            )

        found.append(_described(table, place, max(guesses, key=weight), _group(place) in json))
    return Detection(tuple(found), tuple(unknown))


def _of_type_json(placed: Sequence[tuple[_Table, _Place, list[_Guess]]]) -> set[tuple[str, str, str]]:
    """The groups of typed tables whose destination makes columns of type JSON.

    A table without an object cannot tell; its neighbours can, and where none of them has one (GA4), the other groups.
    """
    typed = [(table, place, guesses) for table, place, guesses in placed if place.kind == "v2"]
    json = {_group(place) for table, place, _ in typed if table.has_json}
    telling = {
        _group(p)
        for _, p, guesses in typed
        for g in guesses
        if any(f.type == "object" for f in g.stream.fields.values())
    }
    return json | ({_group(place) for _, place, _ in typed} - telling) if json and telling <= json else json


def _group(place: _Place) -> tuple[str, str, str]:
    return place.kind, place.namespace, place.internal


def _guesses(table: _Table, place: _Place) -> Iterable[_Guess]:
    """The streams that a table's name may stand for; of a typed one, those whose fields it has."""
    for connector in CONNECTORS:
        for stream in streams(connector):
            spelt = _SPELLING.get(place.kind, str)
            name = spelt(stream.name)
            fits = re.search(rf"{re.escape(name)}(?:Property(\d+))?$", place.label)
            if fits is None or (fits[1] and connector != "ga4"):
                continue
            likeness = 1.0
            if place.kind in ("v2", "dlt"):
                fields = set(map(spelt, stream.fields))
                # dlt makes a column when the first record has something in it.
                of = table.fields if place.kind == "dlt" else fields | table.fields
                likeness = len(fields & table.fields) / max(len(of), 1)
                if likeness < _ENOUGH:
                    continue
            yield _Guess(
                stream.of_property(fits[1]) if fits[1] else stream, place.label[: fits.start()], round(likeness, 2)
            )


def _described(table: _Table, place: _Place, guess: _Guess, json: bool) -> Found:
    stream = guess.stream
    if place.kind == "dlt":
        return _of_dlt(table, place, guess)
    base = {"v0": airbyte.V0, "v1": airbyte.V1}.get(place.kind) or _typed(table, stream, json)
    changes: dict[str, Any] = {"database": place.namespace, "prefix": guess.prefix}
    changes |= {"internal_database": place.internal} if place.internal else {}
    layout: Layout = attrs.evolve(base, **changes)
    expected = dict(layout.columns(stream))
    differing: dict[str, str] = {}
    lines = []
    for name, type in expected.items():
        have = table.columns.get(name)
        if have is None:
            differing[name] = ""
            lines.append(f"column {name} ({type}) is missing")
        elif _plain(have) != _plain(type):
            differing[name] = have
            lines.append(f"column {name} is {have}, not {type}")
    lines += [
        f"column {name} ({type}) is not in the schema" for name, type in table.columns.items() if name not in expected
    ]
    if differing:
        layout = attrs.evolve(layout, differing={stream.name: differing})
    return Found(table.database, table.name, stream, layout, tuple(lines))


def _of_dlt(table: _Table, place: _Place, guess: _Guess) -> Found:
    """A table of dlt: columns that it lacks are no difference, for each comes with the first record that has the field."""
    stream = guess.stream
    start = f"{place.internal}___"
    children = sorted(name.removeprefix(start) for database, name in table.lists if database == table.database)
    children = [name for name in children if name.startswith(f"{place.label}__")]
    flat = any("__" in name.split("__v_")[0] for name in table.columns if not name.startswith("_dlt_"))
    named: dict[str, Any] = {"database": place.namespace, "prefix": guess.prefix}
    named |= {"dataset": place.internal} if place.internal != stream.connector else {}
    if children or flat:
        nested = attrs.evolve(dlt.NESTED, children={stream.name: tuple(children)})
        return Found(table.database, table.name, stream, attrs.evolve(nested, **named))
    layout = attrs.evolve(dlt.JSON, **named)
    differing: dict[str, str] = {}
    lines: list[str] = []
    for name, type in layout.columns(stream):
        have = table.columns.get(name, "")
        if _bare(have) != _bare(type):
            differing[name] = have
            lines += [f"column {name} is {have}, not {type}"] if have else []
    layout = attrs.evolve(layout, differing={stream.name: differing} if differing else {})
    return Found(table.database, table.name, stream, layout, tuple(lines))


def _bare(type: str) -> str:
    return _plain(type).removeprefix("Nullable(").removesuffix(")") if type.startswith("Nullable(") else _plain(type)


def _plain(type: str) -> str:
    """A type for comparison: UTC may be said or not, the JSON type may have parameters."""
    return re.sub(r"JSON\(.*\)", "JSON", type.replace(", 'UTC'", "").replace("'GMT'", "'UTC'").replace(", 'UTC'", ""))


def _typed(table: _Table, stream: Stream, json: bool) -> airbyte.TypedLayout:
    """Which release wrote a typed table: its engine, its order and the types of objects tell."""
    layout = airbyte.V2_1_JSON if json else airbyte.V2_1
    key = ", ".join(map(airbyte.clean_name, stream.primary_key))
    if "Replacing" not in table.engine:
        by_id = table.sorting_key.replace("`", "").strip("()") != key  # 26.9 keeps the brackets of `(id)`
        return airbyte.V2_0 if by_id and not json else layout
    if table.version is None:
        old = attrs.evolve(airbyte.V2_0, json_objects=True, name=layout.name) if json else airbyte.V2_0
        return attrs.evolve(old, modes=_dedup(stream))
    cursor = stream.cursor is not None and table.version == airbyte.clean_name(stream.cursor)
    rule: Any = "cursor" if cursor and stream.fields[stream.cursor or ""].nullable else "sound_cursor"
    return attrs.evolve(layout, version_rule=rule, modes=_dedup(stream))


def _dedup(stream: Stream) -> dict[str, Any]:
    return {} if stream.cursor is None else {stream.name: "append_dedup"}


def _unlike(source: Any, found: Found) -> list[str]:
    """Where a declared Source is not the table that is there."""
    have = dict(found.layout.columns_there(found.stream))
    lines = []
    for column in source.columns:
        if column.name not in have:
            lines.append(f"{found.name}: declared column {column.name} is missing")
        elif _plain(str(column.type)) != _plain(have[column.name]):
            lines.append(f"{found.name}: column {column.name} is {have[column.name]}, declared as {column.type}")
    return lines


# --- the project code ---


@attrs.frozen
class _Connection:
    """The tables that one connection of a loader landed."""

    connector: str
    layout: Layout
    """Without what is of single streams."""
    tables: tuple[Found, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found.stream.base_name for found in self.tables))

    @property
    def properties(self) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
        """Further GA4 properties; with their streams where one has not all of them."""
        found: dict[str, list[str]] = {}
        for table in self.tables:
            if table.property_id:
                found.setdefault(table.property_id, []).append(table.stream.base_name)
        whole = all(set(names) == set(self.streams) for names in found.values())
        return tuple(found) if whole else {name: tuple(names) for name, names in found.items()}

    def written(self, *, named: bool = False) -> str:
        """The layout as Python; with namespace and prefix where they are not given otherwise."""
        changes: list[str] = []
        modes = {k: v for found in self.tables for k, v in found.layout.modes.items()}
        differing = {k: v for found in self.tables for k, v in found.layout.differing.items()}
        appending = [f for f in self.tables if f.stream.cursor is not None and f.stream.name not in modes]
        if modes and not appending:
            changes.append('mode="append_dedup"')
        elif modes:
            changes.append(f"modes={_literal(modes)}")
        rules = Counter(getattr(f.layout, "version_rule", "") for f in self.tables if f.layout.modes)
        rule = "cursor" if rules["cursor"] else None
        if rule:
            changes.append(f'version_rule="{rule}"')
        if differing:
            changes.append(f"differing={_literal(differing)}")
        children = {k: v for found in self.tables for k, v in (getattr(found.layout, "children", None) or {}).items()}
        if getattr(self.layout, "dataset", ""):
            changes.append(f"dataset={_literal(getattr(self.layout, 'dataset', ''))}")
        if children:
            changes.append(f"children={_literal(children)}")
        if getattr(self.layout, "internal_database", None) not in (None, airbyte.V1.internal_database):
            changes.append(f"internal_database={_literal(getattr(self.layout, 'internal_database', ''))}")
        if named:
            changes += [f"database={_literal(self.layout.database)}"] if self.layout.database else []
            changes += [f"prefix={_literal(self.layout.prefix)}"] if self.layout.prefix else []
        constant = _CONSTANTS[self.layout.name]
        return f"attrs.evolve({constant}, {', '.join(changes)})" if changes else constant


def _connections(tables: Iterable[Found]) -> dict[str, list[_Connection]]:
    """By connector, the newest layout with most tables first."""
    grouped: dict[tuple[Any, ...], list[Found]] = {}
    for found in tables:
        layout = found.layout
        internal = getattr(layout, "internal_database", None) or getattr(layout, "dataset", "")
        grouped.setdefault((found.stream.connector, layout.name, layout.database, layout.prefix, internal), []).append(
            found
        )
    out: dict[str, list[_Connection]] = {}
    for (connector, *_), several in grouped.items():
        bare = attrs.evolve(several[0].layout, modes={}, differing={})
        if isinstance(bare, dlt.DltLayout):
            bare = attrs.evolve(bare, children=None)
        out.setdefault(connector, []).append(_Connection(connector, bare, tuple(several)))
    for connections in out.values():
        connections.sort(key=lambda c: (-_NEWEST_LAST.index(c.layout.name), -len(c.tables), c.layout.database))
    return {connector: out[connector] for connector in CONNECTORS if connector in out}


def _code(tables: Sequence[Found], name: str) -> str:
    if not tables:
        raise errors.nothing_landed()
    body, variables = [], []
    for connector, connections in _connections(tables).items():
        module, variable = _MODULES[connector]
        variables.append(variable)
        body += ["", f"{variable} = {module}.curated(", *_arguments(connections), ")"]
    modules = ", ".join(sorted(_MODULES[connector][0] for connector in _connections(tables)))
    text = "\n".join(body)
    head = ['"""What has landed, as a project. Printed by tilla detect; make it yours."""', ""]
    head += ["import attrs", ""] if "attrs." in text else []
    used = [name for name in ("Landing", "airbyte", "dlt") if f"{name}(" in text or f"{name}." in text]
    head += [
        "import tilla as tl",
        f"from tilla.datasets import {modules}",
        f"from tilla.sources import {', '.join(used)}",
    ]
    last = f'project = tl.project("{name}", {", ".join(f"*{v}" for v in variables)})'
    return "\n".join([*head, text, "", last, ""])


def _arguments(connections: Sequence[_Connection]) -> list[str]:
    """The arguments of ``curated``: the newest connection is the main one, the others are beside it."""
    main, *others = connections
    lines = [f"    layout={main.written()},"]
    if main.layout.database != f"raw_{main.connector}":
        lines.append(f"    raw_database={_literal(main.layout.database)},")
    if main.layout.prefix:
        lines.append(f"    prefix={_literal(main.layout.prefix)},")
    lines.append('    timezone="UTC",  # the zone of the reports, an IANA name')
    lines.append(f"    streams={_literal(main.streams)},")
    if main.properties:
        lines.append(f"    properties={_literal(main.properties)},")
    if main.connector == "klaviyo":
        accounts = [
            c for c in connections if _account(c) not in {_account(o) for o in connections[: connections.index(c)]}
        ]
        if len(accounts) > 1:
            lines.append("    accounts={")
            lines += [f"        {_literal(_account(c))}: {_landing(c)}," for c in accounts]
            lines.append("    },")
            others = [c for c in others if c not in accounts]
        if others:
            lines.append("    also=(")
            lines += [f"        {_landing(c, account=_account(c) if len(accounts) > 1 else '')}," for c in others]
            lines.append("    ),")
    elif others:
        lines += ["    also=(", *(f"        {_landing(c)}," for c in others), "    ),"]
    return lines


def _account(connection: _Connection) -> str:
    """What tells one Klaviyo account's connection from another's, whatever the layout."""
    return f"{connection.layout.database}{'_' if connection.layout.prefix else ''}{connection.layout.prefix.strip('_')}"


def _landing(connection: _Connection, account: str = "") -> str:
    more = f", account={_literal(account)}" if account else ""
    return f"Landing({connection.written(named=True)}, {_literal(connection.streams)}{more})"


def _literal(value: Any) -> str:
    """A text, tuple or mapping as Python, with double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    items = ", ".join(map(_literal, value))
    return f"({items},)" if len(value) == 1 else f"({items})"


__all__ = ["Detection", "Found", "detect"]
