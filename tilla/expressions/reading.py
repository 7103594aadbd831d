"""What a SELECT reads, and what is known of its shape without a server.

The tables, dictionaries and Join tables that a query needs are found in every corner where ClickHouse accepts one:
FROM and JOIN, `IN d.t`, dictGet and its family, joinGet, table functions, subqueries anywhere. Names of CTEs,
aliases, lambda arguments and columns are told apart from tables as the server does (26.9). What cannot be
read raises SqlError; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from .. import errors
from ..text import is_bare, quote_identifier
from .notes import Query, Select, Use
from .operands import split_name
from .reader import Reader
from .scan import QUOTED, WORD, Scan, position, scan, splice
from .shapes import Output, Reading, SelectShape, TableUse

__all__ = [
    "Output",
    "Reading",
    "SelectShape",
    "TableUse",
    "bound_source",
    "column_databases",
    "read",
    "read_expression",
    "replace_source",
]


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Read one SELECT.

    Raises SqlError where the text cannot be read, or where what it reads is computed at run time.
    """
    return _read(text, Reader.statement)


@lru_cache(maxsize=512)
def read_expression(text: str) -> Reading:
    """Read one expression: a DEFAULT, a TTL, a row filter. Its ``outputs`` are empty."""
    return _read(text, Reader.whole_expression)


def _read(text: str, how: Callable[[Reader], Query]) -> Reading:
    reader = Reader(scan(text))
    try:
        return _finish(reader, how(reader))
    except RecursionError:
        # The server's own limit is 1,000 levels (max_parser_depth); this one is a few hundred.
        raise reader.scan.error(0, "SQL with so many brackets inside brackets") from None


def _finish(reader: Reader, query: Query) -> Reading:
    resolve = _Resolver(reader)
    found = resolve.tables()
    left, union, way = resolve.leftmost(query)
    index = {id(select): at for at, select in enumerate(reader.selects)}
    uses = {
        id(use): TableUse(
            database=use.database,
            name=use.name,
            start=use.start,
            end=use.end,
            role=use.role,
            final=use.final,
            leftmost=use is left,
            scope=index[id(use.select)],
            alias=use.alias,
            sample=use.sample,
            stop=use.stop,
            certain=use.certain,
        )
        for use in found
    }
    tokens = reader.scan
    return Reading(
        text=tokens.text,
        tables=tuple(use for use in uses.values() if use.certain or use.database or use.role == "merge"),
        ambiguous=tuple(use for use in uses.values() if not use.certain and not use.database and use.role == "in"),
        trigger=uses.get(id(left)) if left is not None else None,
        trigger_in_union=union,
        way=tuple(index[id(select)] for select in way),
        outputs=tuple(_outputs(tokens, query.leading())),
        selects=tuple(_shape(tokens, select, index) for select in reader.selects),
        nondeterministic=tuple(dict.fromkeys(reader.nondeterministic)),
    )


def _shape(tokens: Scan, select: Select, index: dict[int, int]) -> SelectShape:
    aggregates = [name for item in (*select.items, select.rest) for name in item.aggregates]
    return SelectShape(
        start=tokens.starts[select.first],
        end=tokens.ends[select.stop - 1] if select.stop else 0,
        parent=index[id(select.parent)] if select.parent is not None else None,
        role=select.query.role,
        flags=frozenset(select.flags | ({"aggregate"} if aggregates else set())),
        aggregates=tuple(dict.fromkeys(aggregates)),
        joins=tuple(select.joins),
        group_by=tuple(tokens.source(first, stop) for first, stop in select.clauses.get("group by", ())),
    )


def _outputs(tokens: Scan, select: Select) -> Iterator[Output]:
    for item in select.items:
        start, end = tokens.starts[item.first], tokens.ends[item.stop - 1]
        aliased = item.alias_stop == item.stop and not item.spread
        name: str | None = None
        if aliased:
            name = tokens.name(item.alias)
        elif not item.star:
            name = _column_name(tokens, select, item.first, item.stop)
        yield Output(name, start, end, item.star and not aliased, aliased, tuple(item.aggregates), tuple(item.windows))


def _column_name(tokens: Scan, select: Select, first: int, stop: int) -> str | None:
    """Return the name the engine gives to an unaliased item, when the text alone says it."""
    while tokens.words[first] == "(" and tokens.mates[first] == stop - 1:
        first, stop = first + 1, stop - 1
    names = range(first, stop, 2)
    if not all(tokens.kinds[at] in (WORD, QUOTED) for at in names) or len(names) * 2 - 1 != stop - first:
        return None
    if any(tokens.words[at + 1] != "." for at in names[:-1]):
        return None
    parts = [tokens.name(at) for at in names]
    if len(parts) == 1:
        return None if tokens.words[first] in ("NULL", "TRUE", "FALSE", "NAN", "INF") else parts[0]
    for database, name, _ in select.sources:
        for prefix in ([name], [database, name] if database else [name]):
            if parts[: len(prefix)] == prefix and len(parts) > len(prefix):
                # With a JOIN the engine keeps the prefix of some: which ones depends on the other tables (26.9).
                plain = not select.joins and len(parts) == len(prefix) + 1
                return parts[-1] if plain else None
    return ".".join(parts) if all(is_bare(part) for part in parts) and not select.joins else None


class _Resolver:
    """Tells tables from CTEs, aliases, lambda arguments and columns."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.scan = reader, reader.scan

    def tables(self) -> list[Use]:
        """Return the uses that are tables, in the order of the text."""
        reader = self.reader
        found = [use for use in reader.uses if not self._is_cte(use)]
        for select in reader.selects:
            for role, first, stop in select.pending:
                use = self._pending(select, role, first, stop)
                if use is not None:
                    found.append(use)
        return sorted(found, key=lambda use: use.start)

    def cte(self, select: Select, name: str) -> Query | None:
        """Return the CTE that ``name`` means in ``select``, or None.

        CTEs of one WITH see each other in any order, but not themselves; those of the first SELECT of a UNION
        are seen by its other branches too (``enable_global_with_statement``, on by default).
        """
        hidden: str | None = None
        scope: Select | None = select
        while scope is not None:
            if name != hidden:
                if name in scope.ctes:
                    return scope.ctes[name]
                first = scope.query.leading()
                if first is not scope and name in first.ctes and scope.query.branches:
                    return first.ctes[name]
            hidden = scope.hidden
            scope = scope.parent
        return None

    def _is_cte(self, use: Use) -> bool:
        if use.database is not None or use.role not in ("from", "join"):
            return False
        return self.cte(use.select, use.name) is not None

    def leftmost(self, query: Query) -> tuple[Use | None, bool, list[Select]]:
        """Follow first branches, subqueries and CTEs down to the left-most table; tell the SELECTs on the way."""
        union, seen = False, set[int]()
        way: list[Select] = []
        step: Use | Query | Select | None = query
        while step is not None and id(step) not in seen:
            seen.add(id(step))
            if isinstance(step, Query):
                union = union or bool(step.operations)
                step = step.branches[0]
            elif isinstance(step, Select):
                way.append(step)
                step = step.left
            elif step.role != "from":
                return None, union, way
            else:
                cte = self.cte(step.select, step.name) if step.database is None else None
                if cte is None:
                    return step, union, way
                step = cte
        return None, union, way

    def _pending(self, select: Select, role: str, first: int, stop: int) -> Use | None:
        parts = [self.scan.name(at) for at in range(first, stop, 2)]
        scopes = list(_scopes(select))
        for scope in scopes:
            for names, begin, end in scope.lambdas:
                if parts[0] in names and begin <= first < end:
                    if role == "in":
                        return None
                    raise self._computed(role, first)
        if role != "in":
            return self._dictionary(scopes, role, parts, first, stop)
        aliased = any(parts[0] in scope.aliases for scope in scopes)
        if len(parts) > 2:
            return None
        if len(parts) == 1:
            if aliased or self.cte(select, parts[0]) is not None:
                return None
            if any(name == parts[0] for _, name, _ in select.sources):
                return None
        elif any(name == parts[0] for scope in scopes for _, name, _ in scope.sources):
            return None  # t.column
        database = parts[0] if len(parts) == 2 else None
        use = Use(select, role, database, parts[-1], self.scan.starts[first], self.scan.ends[stop - 1])
        use.certain = len(parts) == 2 and not aliased
        return use

    def _dictionary(self, scopes: list[Select], role: str, parts: list[str], first: int, stop: int) -> Use | None:
        """Resolve the bare name that stands where a function wants the name of a dictionary."""
        tokens = self.scan
        if len(parts) > 2:
            raise self._computed(role, first)
        if len(parts) == 2:
            database, name = parts[0], parts[1]
        else:
            literals = (scope.literals[parts[0]] for scope in scopes if parts[0] in scope.literals)
            literal = next(literals, None)
            if literal is None and any(parts[0] in scope.aliases for scope in scopes):
                raise self._computed(role, first)
            # `d.t` in backticks is one name with a dot, which the server splits too.
            found = split_name(parts[0] if literal is None else tokens.string(literal))
            return Use(scopes[0], role, *found, tokens.starts[first], tokens.ends[stop - 1])
        return Use(scopes[0], role, database, name, tokens.starts[first], tokens.ends[stop - 1])

    def _computed(self, role: str, first: int) -> errors.SqlError:
        what = f"the name of this {role.replace('_', ' ')}, which is computed"
        return self.scan.error(first, what, "'database.name' as a string")


def _scopes(select: Select) -> Iterator[Select]:
    scope: Select | None = select
    while scope is not None:
        yield scope
        scope = scope.parent


def bound_source(text: str, use: TableUse, condition_sql: str, columns: str = "*") -> str:
    """Limit one source of a SELECT to the rows of a condition, by splicing.

    ``FROM d.t AS o FINAL`` becomes ``FROM (SELECT * FROM d.t FINAL WHERE <condition>) AS o``. The condition stands
    inside the subquery because an alias of the outer SELECT would capture its columns. ``*`` leaves out
    MATERIALIZED and ALIAS columns: pass ``columns`` when they are read. See :func:`replace_source` for the rest.

    >>> text = "SELECT x FROM d.t WHERE x > 1"
    >>> bound_source(text, read(text).tables[0], "day = 3")
    'SELECT x FROM (SELECT * FROM d.t WHERE day = 3) AS t WHERE x > 1'
    """
    extras = f"{' FINAL' if use.final else ''}{' ' + use.sample if use.sample else ''}"
    return replace_source(
        text, use, f"(SELECT {columns} FROM {text[use.start : use.end]}{extras} WHERE {condition_sql})"
    )


def replace_source(text: str, use: TableUse, source_sql: str) -> str:
    """Put other text, ``(SELECT ..)`` or a table, in the place of one FROM or JOIN table, FINAL and SAMPLE included.

    Its alias is kept; without one the table's own name becomes the alias. Columns written ``d.t.x``, and ``t.x`` beside
    an alias, take the alias. PREWHERE, which a subquery cannot have, becomes part of WHERE.

    Raises SqlError when ``use`` is no plain FROM or JOIN table, or when the change could change the answer.
    """
    written = text[use.start : use.end]

    def refuse(why: str, hint: str = "") -> errors.SqlError:
        return errors.cannot_bound(*position(text, use.start), written, why, hint)

    if use.role not in ("from", "join"):
        raise refuse(f"it stands there as {use.role}", "a JOIN, or a subquery in FROM")
    tokens = scan(text)
    reader = Reader(tokens)
    reader.statement()
    mine = next((u for u in reader.uses if u.start == use.start and u.end == use.end), None)
    if mine is None:
        raise refuse("it is not a table of this text")
    select = mine.select
    alias = use.alias or use.name
    if mine.parameters:
        raise refuse("it is a view with parameters", "a subquery in FROM around it")
    edits = [(use.start, use.stop, f"{source_sql} AS {quote_identifier(alias)}")]
    if use.alias is None and any(name == alias and other is not mine for _, name, other in select.sources):
        raise refuse(f"two sources of this SELECT go by the name {alias}", "an alias for each: FROM d.t AS a")
    for scope in reader.selects:
        for first, stop in scope.chains:
            parts = [tokens.name(at) for at in range(first, stop, 2)]
            length = _prefix(scope, parts, mine)
            if length and parts[:length] != [alias]:
                edits.append((tokens.starts[first], tokens.ends[first + 2 * (length - 1)], quote_identifier(alias)))
    if "prewhere" in select.flags and select.left is mine:
        if use.final or any(join not in ("", "INNER", "LEFT", "CROSS") for join in select.joins):
            raise refuse("PREWHERE with FINAL or an outer join", "WHERE in place of PREWHERE")
        edits += _prewhere(tokens, select)
    return splice(text, edits)


def column_databases(text: str) -> list[tuple[int, int, str]]:
    """Where a column is written with the database of its table: (start, end, database) of each ``d`` in ``d.t.x``.

    >>> column_databases("SELECT d.t.x, e.t.x FROM d.t")
    [(7, 8, 'd')]
    """
    tokens = scan(text)
    reader = Reader(tokens)
    try:
        reader.statement()
    except errors.SqlError:
        reader = Reader(tokens)
        reader.whole_expression()
    found: dict[int, tuple[int, int, str]] = {}
    for scope in reader.selects:
        for first, stop in scope.chains:
            parts = [tokens.name(at) for at in range(first, stop, 2)]
            uses = (use for around in _scopes(scope) for _, _, use in around.sources if use is not None)
            if any(_prefix(scope, parts, use) == 2 for use in uses):
                found[first] = (tokens.starts[first], tokens.ends[first], parts[0])
    return list(found.values())


def _prefix(scope: Select, parts: list[str], mine: Use) -> int:
    """Return how many parts of a qualified name name the source ``mine``: 2 in d.t.x, 1 in t.x, else 0."""
    for around in _scopes(scope):
        for length in (2, 1):
            owners = [
                use
                for database, name, use in around.sources
                if len(parts) > length and parts[:length] == [database, name][-length:] and (length == 1 or database)
            ]
            if owners:
                return length if mine in owners else 0
    return 0


def _prewhere(tokens: Scan, select: Select) -> Iterator[tuple[int, int, str]]:
    """Turn ``PREWHERE p WHERE w`` into ``WHERE (p) AND (w)``."""
    (keyword, _), (first, stop) = select.clauses["prewhere keyword"][0], select.clauses["prewhere"][0]
    if "where" not in select.flags:
        yield tokens.starts[keyword], tokens.ends[keyword], "WHERE"
        return
    (other, _), (begin, end) = select.clauses["where keyword"][0], select.clauses["where"][0]
    yield tokens.starts[keyword], tokens.ends[keyword], "WHERE ("
    yield tokens.ends[stop - 1], tokens.ends[stop - 1], ")"
    yield tokens.starts[other], tokens.ends[other], "AND ("
    yield tokens.ends[end - 1], tokens.ends[end - 1], ")"
    del first, begin
