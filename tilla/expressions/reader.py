"""Reads the structure of a SELECT from its tokens: clauses, sources, names. No names are resolved here.

ClickHouse's parser takes any word for a name wherever an operand may stand (`SELECT from FROM t` is legal) and
for syntax only after one, so this reader does nothing cleverer than to know at each token whether an operand or an
operator comes next. Precedence does not matter for what a query reads. Inside brackets it is lenient (the server
judges grammar); between clauses it is strict, and raises SqlError rather than guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from .scan import NUMBER, QUOTED, STRING, SYMBOL, WORD, Scan
from .words import (
    JOIN_TABLE_FUNCTIONS,
    NO_ALIAS,
    NO_TABLE_ALIAS,
    NONDETERMINISTIC,
    SET_FUNCTIONS,
    TABLE_FUNCTIONS,
    TYPE_TAILS,
    UNITS,
    is_aggregate,
)

SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_JOIN_WORDS = frozenset(
    {
        "GLOBAL",
        "LOCAL",
        "NATURAL",
        "ANY",
        "ALL",
        "ASOF",
        "SEMI",
        "ANTI",
        "INNER",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
    }
    | {"PASTE", "OUTER"}
)
_STOPS = (NO_ALIAS | {"JOIN"}) - {
    "AND",
    "OR",
    "DIV",
    "MOD",
    "IN",
    "LIKE",
    "ILIKE",
    "REGEXP",
    "BETWEEN",
    "NOT",
    "AS",
}
_BINARY = frozenset({"AND", "OR", "DIV", "MOD", "LIKE", "ILIKE", "REGEXP", "BETWEEN"})
_OPENERS = frozenset("([{")
_ENDERS = frozenset(")]};")
_ALIASING = frozenset({"select", "with", "array"})
# After a word that may be either a name or a prefix (`CASE`, `INTERVAL`), these say that it was a name.
_AFTER_NAME = (
    frozenset(", ) ] } ; . :: -> = == != <> < > <= >= <=> || + * / % ? : [".split())
    | NO_ALIAS
    | {"ASC", "DESC"}
)

Span = tuple[int, int]  # tokens [first, stop)


class Use:
    """One place that names a table: what is written there, and where."""

    __slots__ = (
        "alias",
        "certain",
        "database",
        "end",
        "final",
        "first",
        "name",
        "role",
        "sample",
        "select",
        "start",
        "stop",
    )

    def __init__(
        self, select: Select, role: str, database: str | None, name: str, start: int, end: int
    ) -> None:
        self.select, self.role, self.database, self.name = select, role, database, name
        self.start, self.end, self.stop = start, end, end  # offsets in the text
        self.alias: str | None = None
        self.final, self.certain = False, True
        self.sample = ""
        self.first = 0


class Item:
    """One item of a SELECT list, or a whole other clause."""

    __slots__ = ("aggregates", "alias", "alias_stop", "first", "star", "stop", "windows")

    def __init__(self, first: int) -> None:
        self.first = self.stop = first
        self.alias = self.alias_stop = -1  # tokens: the alias, and what follows it
        self.star = False
        self.aggregates: list[str] = []
        self.windows: list[str] = []


class Query:
    """One or more SELECTs joined by UNION, EXCEPT or INTERSECT."""

    __slots__ = ("branches", "first", "operations", "role", "stop")

    def __init__(self, role: str) -> None:
        self.role = role
        self.branches: list[Select | Query] = []
        self.operations: list[str] = []
        self.first = self.stop = 0

    def leading(self) -> Select:
        """Return the SELECT that comes first in the text."""
        branch = self.branches[0]
        return branch.leading() if isinstance(branch, Query) else branch


class Select:
    """One SELECT, as written."""

    __slots__ = (
        "aliases",
        "chains",
        "clauses",
        "ctes",
        "first",
        "flags",
        "hidden",
        "items",
        "joins",
        "lambdas",
        "left",
        "literals",
        "parent",
        "pending",
        "query",
        "rest",
        "sources",
        "stop",
    )

    def __init__(self, query: Query, parent: Select | None, hidden: str | None, first: int) -> None:
        self.query, self.parent, self.hidden = query, parent, hidden
        self.first = self.stop = first
        self.ctes: dict[str, Query] = {}
        self.aliases: set[str] = set()
        self.literals: dict[str, int] = {}  # alias of a string literal -> its token
        self.lambdas: list[tuple[frozenset[str], int, int]] = []
        self.sources: list[tuple[str | None, str, Use | None]] = []  # (database, name it goes by, use)
        self.left: Use | Query | None = None
        self.pending: list[
            tuple[str, int, int]
        ] = []  # (role, chain of tokens [first, stop)) to resolve at the end
        self.chains: list[Span] = []
        self.items: list[Item] = []
        self.clauses: dict[str, list[Span]] = {}
        self.joins: list[str] = []
        self.flags: set[str] = set()
        self.rest = Item(first)


class Reader:
    """One pass over the tokens of one text."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.kinds, self.words, self.mates = scan.kinds, scan.words, scan.mates
        self.uses: list[Use] = []
        self.selects: list[Select] = []
        self.nondeterministic: list[str] = []

    # -- entry points

    def statement(self) -> Query:
        """Read the whole text as one query."""
        query, stop = self._query(0, self.scan.size, None, None, "top")
        if stop < self.scan.size:
            ends = self.words[stop] == ";"
            hint = "one SELECT, without the final `;`" if ends else ""
            raise self.scan.error(stop, "what follows the SELECT" if not ends else "text with a `;`", hint)
        return query

    def expression(self) -> Select:
        """Read the whole text as one expression (a DEFAULT, a TTL, a filter)."""
        query = Query("top")
        select = Select(query, None, None, 0)
        query.branches.append(select)
        self.selects.append(select)
        select.stop = query.stop = self.scan.size
        stop = self._expression(0, self.scan.size, select, select.rest, True, "where")
        if stop < self.scan.size:
            raise self.scan.error(stop, "what follows the expression")
        return select

    # -- queries

    def is_query(self, opening: int) -> bool:
        """Tell whether the bracket at ``opening`` holds a query."""
        first = opening + 1
        while self.words[first] == "(":
            first += 1
        word = self.words[first]
        named = self.kinds[first + 1] in (WORD, QUOTED) or self.words[first + 1] in ("(", "{")
        if not (word == "SELECT" or (word in ("WITH", "FROM") and named)):
            return False
        if first == opening + 1:
            return True
        inner = self.mates[opening + 1] + 1
        return inner == self.mates[opening] or self.words[inner] in SET_OPERATIONS

    def _query(
        self, i: int, end: int, parent: Select | None, hidden: str | None, role: str
    ) -> tuple[Query, int]:
        query = Query(role)
        query.first = i
        while True:
            if i < end and self.words[i] == "(":
                branch, stop = self._query(i + 1, self.mates[i], parent, hidden, role)
                if stop != self.mates[i]:
                    raise self.scan.error(stop, "what follows the SELECT in these parentheses")
                query.branches.append(branch)
                i = stop + 1
            else:
                i = self._select(i, end, query, parent, hidden)
            if i >= end or self.words[i] not in SET_OPERATIONS:
                break
            query.operations.append(self.words[i])
            i += 2 if self.words[i + 1] in ("ALL", "DISTINCT") else 1
        if i < end and self.words[i] == "SETTINGS":
            i = self._list(i + 1, end, query.leading(), "settings")
        query.stop = i
        return query, i

    def _subquery(self, opening: int, select: Select, role: str, hidden: str | None = None) -> Query:
        query, stop = self._query(opening + 1, self.mates[opening], select, hidden, role)
        if stop != self.mates[opening]:
            raise self.scan.error(stop, "what follows the SELECT in these parentheses")
        return query

    def _select(self, i: int, end: int, query: Query, parent: Select | None, hidden: str | None) -> int:
        words = self.words
        select = Select(query, parent, hidden, i)
        query.branches.append(select)
        self.selects.append(select)
        if words[i] == "WITH" and i < end:
            i = self._with(i + 1, end, select)
        if words[i] == "FROM" and i < end:
            i = self._from(i + 1, end, select)
        if i >= end or words[i] != "SELECT":
            raise self.scan.error(i, "a query: SELECT is expected here")
        i += 1
        if words[i] == "DISTINCT":
            select.flags.add("distinct")
            i += 1
            if words[i] == "ON" and words[i + 1] == "(":
                self._inside(i + 1, select, select.rest)
                i = self.mates[i + 1] + 1
        elif words[i] == "ALL":
            i += 1
        if words[i] == "TOP" and (self.kinds[i + 1] == NUMBER or words[i + 1] == "("):
            select.flags.add("limit")
            i = self.mates[i + 1] + 1 if words[i + 1] == "(" else i + 2
            i += 2 if words[i] == "WITH" and words[i + 1] == "TIES" else 0
        i = self._outputs(i, end, select)
        if i < end and words[i] == "FROM":
            i = self._from(i + 1, end, select)
        i = self._clauses(i, end, select)
        select.stop = i
        return i

    def _with(self, i: int, end: int, select: Select) -> int:
        words, kinds = self.words, self.kinds
        recursive = words[i] == "RECURSIVE" and kinds[i + 1] in (WORD, QUOTED)
        i += recursive
        while i < end and not (words[i] == "SELECT" and words[i + 1] not in (",", "AS")):
            opening = self._cte_body(i)
            if opening:
                name = self.scan.name(i)
                select.ctes[name] = self._subquery(opening, select, "cte", None if recursive else name)
                i = self.mates[opening] + 1
            else:
                item = Item(i)
                first = i
                i = self._expression(i, end, select, item, True, "with")
                if item.alias_stop == i and kinds[first] == STRING and item.alias == first + 2:
                    select.literals[self.scan.name(item.alias)] = first
            if i >= end or words[i] != ",":
                break
            i += 1
        return i

    def _cte_body(self, i: int) -> int:
        """Return the bracket of ``name [(columns)] AS [MATERIALIZED] (SELECT ..)``, or 0."""
        if self.kinds[i] not in (WORD, QUOTED):
            return 0
        at = i + 1
        if self.words[at] == "(":
            at = self.mates[at] + 1
        if self.words[at] != "AS":
            return 0
        at += 1
        at += self.words[at] == "MATERIALIZED" and self.words[at + 1] == "("
        if self.words[at] != "(":
            return 0
        return at if self.is_query(at) or self.words[at + 1] == "VALUES" else 0

    def _outputs(self, i: int, end: int, select: Select) -> int:
        words = self.words
        while True:
            if i < end and words[i] == "FROM" and select.items and self._is_from(i):
                return i  # a comma before FROM is allowed
            item = Item(i)
            i = self._expression(i, end, select, item, True, "select")
            item.stop = i
            if i > item.first:
                select.items.append(item)
            if i >= end or words[i] != ",":
                return i
            i += 1
            if i >= end or words[i] in _ENDERS:
                return i

    def _is_from(self, i: int) -> bool:
        following = self.words[i + 1]
        if self.kinds[i + 1] == QUOTED or following in ("(", "{"):
            return True
        return self.kinds[i + 1] == WORD and following not in NO_ALIAS

    def _list(self, i: int, end: int, select: Select, clause: str) -> int:
        """Read expressions with commas between them; remember where each stands."""
        spans = select.clauses.setdefault(clause, [])
        while True:
            first = i
            i = self._expression(i, end, select, select.rest, True, clause)
            spans.append((first, i))
            if i >= end or self.words[i] != ",":
                return i
            i += 1

    def _clauses(self, i: int, end: int, select: Select) -> int:
        words, flags = self.words, select.flags
        while i < end:
            word, following = words[i], words[i + 1]
            if word in ("WHERE", "PREWHERE", "HAVING", "QUALIFY"):
                flags.add(word.lower())
                select.clauses[f"{word.lower()} keyword"] = [(i, i + 1)]
                i = self._list(i + 1, end, select, word.lower())
            elif word == "GROUP" and following == "BY":
                flags.add("group by")
                if words[i + 2] == "GROUPING" and words[i + 3] == "SETS" and words[i + 4] == "(":
                    self._inside(i + 4, select, select.rest)
                    select.clauses["group by"] = [(i + 2, self.mates[i + 4] + 1)]
                    i = self.mates[i + 4] + 1
                else:
                    i = self._list(i + 2, end, select, "group by")
            elif word == "WITH" and following in ("TOTALS", "ROLLUP", "CUBE", "TIES"):
                flags.add(following.lower())
                i += 2
            elif word == "WINDOW":
                i = self._windows(i + 1, end, select)
            elif word == "ORDER" and following == "BY":
                flags.add("order by")
                i = self._list(i + 2, end, select, "order by")
            elif word == "INTERPOLATE":
                i += 1
                if words[i] == "(":
                    self._inside(i, select, select.rest)
                    i = self.mates[i] + 1
            elif word == "LIMIT":
                i = self._list(i + 1, end, select, "limit")
                if i + 1 < end and words[i] == "OFFSET":
                    i = self._list(i + 1, end, select, "limit")
                if i < end and words[i] == "BY":
                    flags.add("limit by")
                    i = self._list(i + 1, end, select, "limit by")
                else:
                    flags.add("limit")
            elif word in ("OFFSET", "FETCH"):
                flags.add("limit")
                i += 2 if following in ("FIRST", "NEXT") else 1
                if words[i] not in ("ROW", "ROWS"):
                    i = self._list(i, end, select, "limit")
                while words[i] in ("ROW", "ROWS", "ONLY") and i < end:
                    i += 1
            elif word == "SETTINGS":
                i = self._list(i + 1, end, select, "settings")
            elif word == "FORMAT" and self.kinds[i + 1] in (WORD, QUOTED):
                flags.add("format")
                i += 2
            elif word == "INTO" and following == "OUTFILE":
                flags.add("format")
                i += 3
                while i < end and words[i] in (
                    "TRUNCATE",
                    "APPEND",
                    "AND",
                    "STDOUT",
                    "COMPRESSION",
                    "LEVEL",
                    "",
                ):
                    i += 1
            elif word in SET_OPERATIONS or word in _ENDERS or word == "ELSE":
                return i
            else:
                raise self.scan.error(i, "the SELECT from here on: no clause starts with this")
        return i

    def _windows(self, i: int, end: int, select: Select) -> int:
        while i < end:
            if self.words[i + 1] != "AS" or self.words[i + 2] != "(":
                raise self.scan.error(i, "this WINDOW clause: `name AS (..)` is expected")
            self._inside(i + 2, select, select.rest)
            i = self.mates[i + 2] + 1
            if i >= end or self.words[i] != ",":
                break
            i += 1
        return i

    # -- sources

    def _from(self, i: int, end: int, select: Select) -> int:
        words = self.words
        i = self._table(i, end, select, "from")
        while i < end:
            if words[i] == ",":
                select.flags.add("join")
                select.joins.append("CROSS")
                i = self._table(i + 1, end, select, "join")
                continue
            at = i
            while words[at] in _JOIN_WORDS and at < end:
                at += 1
            if words[at] == "ARRAY" and words[at + 1] == "JOIN":
                select.flags.add("array join")
                i = self._array_join(at + 2, end, select)
                continue
            if words[at] != "JOIN" or at >= end:
                break
            select.flags.add("join")
            select.joins.append(" ".join(words[i:at]))
            i = self._table(at + 1, end, select, "join")
            if words[i] == "ON":
                i = self._expression(i + 1, end, select, select.rest, True, "on")
            elif words[i] == "USING":
                i = self._using(i + 1, end, select)
        return i

    def _using(self, i: int, end: int, select: Select) -> int:
        if self.words[i] == "(":
            self._inside(i, select, select.rest)
            return self.mates[i] + 1
        return self._list(i, end, select, "using")

    def _array_join(self, i: int, end: int, select: Select) -> int:
        while True:
            i = self._expression(i, end, select, select.rest, True, "array")
            if i >= end or self.words[i] != ",":
                return i
            i += 1

    def _table(self, i: int, end: int, select: Select, role: str) -> int:
        words, kinds, scan = self.words, self.kinds, self.scan
        if i >= end:
            raise scan.error(i, "a FROM without a table")
        leftmost = select.left is None and role == "from"
        use: Use | None = None
        source: Use | Query | None = None
        if words[i] == "(":
            stop = self.mates[i] + 1
            if self.is_query(i):
                source = self._subquery(i, select, role)
            elif words[i + 1] == "VALUES":
                self._inside(i, select, select.rest)
            else:
                inner = self._from(i + 1, stop - 1, select)
                if inner != stop - 1:
                    raise scan.error(inner, "what follows the tables in these parentheses")
                source = select.left if leftmost else None
        elif words[i] == "{":
            self._parameter(i)
            raise scan.error(
                i, "a table that is a query parameter", "the table itself, or {name} with name=table"
            )
        elif kinds[i] in (WORD, QUOTED):
            stop = self._chain(i)
            if words[stop] == "(" and stop < end:
                use = self._table_function(i, stop, select, role)
                stop = self.mates[stop] + 1
            else:
                use = self._named(i, stop, select, role)
            source = use
        else:
            raise scan.error(i, "a table: a name, a table function or (SELECT ..) is expected")
        if leftmost:
            select.left = source
        i = stop
        if words[i] == "AS" and i < end:
            alias = i + 1
        elif i < end and (kinds[i] == QUOTED or (kinds[i] == WORD and words[i] not in NO_TABLE_ALIAS)):
            alias = i
        else:
            alias = -1
        name = None
        if alias >= 0:
            if kinds[alias] not in (WORD, QUOTED):
                raise scan.error(alias, "the alias of a table")
            name = scan.name(alias)
            i = alias + 1
            if words[i] == "(" and i < end:
                i = self.mates[i] + 1
        final, sample = False, ""
        if words[i] == "FINAL" and i < end:
            final = True
            select.flags.add("final")
            i += 1
        if words[i] == "SAMPLE" and i < end:
            first = i
            i = self._ratio(i + 1)
            if words[i] == "OFFSET":
                i = self._ratio(i + 1)
            sample = scan.source(first, i)
        if words[i] == "STREAM" and i < end:
            select.flags.add("stream")
            i += 1
        if use is not None and use.role in ("from", "join"):
            use.alias, use.final, use.sample, use.stop = name, final, sample, scan.ends[i - 1]
        if name is not None:
            select.sources.append((None, name, use))
        if use is not None and use.role in ("from", "join"):
            select.sources.append((use.database, use.name, use))
        return i

    def _ratio(self, i: int) -> int:
        """Skip ``1/10``, ``0.1``, ``1000`` or a parameter."""
        i = self.mates[i] + 1 if self.words[i] == "{" else i + 1
        return self._ratio(i + 1) if self.words[i] == "/" else i

    def _named(self, first: int, stop: int, select: Select, role: str) -> Use:
        """Note the table that the chain of names ``[first, stop)`` stands for."""
        scan = self.scan
        parts = [scan.name(index) for index in range(first, stop, 2)]
        if len(parts) > 2:
            raise scan.error(
                first, "a table name of more than two parts", "`database`.`name`, each part in backticks"
            )
        use = Use(
            select,
            role,
            parts[0] if len(parts) == 2 else None,
            parts[-1],
            scan.starts[first],
            scan.ends[stop - 1],
        )
        use.first = first
        self.uses.append(use)
        return use

    def _literal(self, index: int, select: Select, role: str) -> Use:
        """Note the table that a string literal names, ``'database.name'`` or ``'name'``."""
        value = self.scan.string(index)
        database, dot, name = value.partition(".")
        if not dot:
            database, name = "", value
        return self._written(select, role, database or None, name, index, index)

    def _written(
        self, select: Select, role: str, database: str | None, name: str, first: int, last: int
    ) -> Use:
        use = Use(select, role, database, name, self.scan.starts[first], self.scan.ends[last])
        use.first = first
        self.uses.append(use)
        return use

    # -- table functions

    def _table_function(self, first: int, opening: int, select: Select, role: str) -> Use | None:
        scan, words = self.scan, self.words
        if opening - first > 1:  # d.view(parameter = value)
            self._inside(opening, select, select.rest)
            return self._named(first, opening, select, role)
        name = scan.name(first).lower()
        arguments = list(self._arguments(opening))
        if name not in TABLE_FUNCTIONS:
            if any(words[begin + 1] == "=" for begin, stop in arguments if stop - begin > 2):
                self._inside(opening, select, select.rest)
                return self._named(first, opening, select, role)
            hint = "its full name, `database.view(..)`, when it is a view with parameters"
            raise scan.error(first, f"the table function {scan.name(first)}, which is not known", hint)
        if name.lower() in NONDETERMINISTIC:
            self.nondeterministic.append(scan.name(first))
        if name in ("eval", "fuzzquery"):
            raise scan.error(first, "a table function whose query is made at run time")
        if name in ("view", "viewifpermitted", "viewexplain") and words[opening + 1] in (
            "SELECT",
            "WITH",
            "FROM",
        ):
            _, stop = self._query(opening + 1, self.mates[opening], select, None, "view")
            if stop != self.mates[opening] and words[stop] != "ELSE":
                raise scan.error(stop, "what follows the SELECT in this view(..)")
        elif name in ("remote", "remotesecure", "cluster", "clusterallreplicas"):
            role = "cluster" if name.startswith("cluster") else "remote"
            self._addressed(arguments[1:], select, role)
        elif name == "merge":
            self._merge(arguments, select)
        elif name == "dictionary":
            self._dictionary_name(arguments, select, opening)
        elif name in (
            "loop",
            "mergetreeindex",
            "mergetreeprojection",
            "mergetreeanalyzeindexes",
            "mergetreetextindex",
        ):
            self._addressed(arguments, select, "function")
        elif name.startswith("mergetreecodec") or name.startswith(("timeseries", "prometheusquery")):
            self._addressed(arguments, select, "function")
        else:
            self._inside(opening, select, select.rest)
        return None

    def _arguments(self, opening: int) -> Iterator[Span]:
        """Yield the tokens of each argument of the bracket at ``opening``."""
        at = first = opening + 1
        close = self.mates[opening]
        while at < close:
            word = self.words[at]
            if word in _OPENERS and self.kinds[at] == SYMBOL:
                at = self.mates[at]
            elif word == ",":
                yield first, at
                first = at + 1
            at += 1
        if first < close:
            yield first, close

    def _addressed(self, arguments: list[Span], select: Select, role: str) -> None:
        """Note a table given as ``d.t``, ``'d.t'``, ``d, t``, ``'d', 't'`` or as another table function."""
        scan = self.scan
        if not arguments:
            return
        first, stop = arguments[0]
        rest = arguments[1:]
        if self.kinds[first] in (WORD, QUOTED) and self.words[first + 1] == "(" and first + 1 < stop:
            self._table_function(first, first + 1, select, role)
        elif self.kinds[first] in (WORD, QUOTED) and self._chain(first) == stop and stop - first > 1:
            self._named(first, stop, select, role)
        elif stop - first == 1 and self.kinds[first] in (WORD, QUOTED, STRING):
            text = scan.string(first) if self.kinds[first] == STRING else scan.name(first)
            if "." in text and role != "function":
                database, _, name = text.partition(".")
                self._written(select, role, database, name, first, first)
            elif rest and rest[0][1] - rest[0][0] == 1 and self.kinds[rest[0][0]] in (WORD, QUOTED, STRING):
                other = rest.pop(0)[0]
                name = scan.string(other) if self.kinds[other] == STRING else scan.name(other)
                self._written(select, role, text, name, first, other)
            else:
                self._written(select, role, None, text, first, first)
        else:
            raise scan.error(
                first, "the table of this table function", "`database.name` as it is, or two strings"
            )
        for begin, end in rest:
            self._expression(begin, end, select, select.rest, False)

    def _merge(self, arguments: list[Span], select: Select) -> None:
        """Note ``merge('regexp')`` and ``merge(database, 'regexp')``: the name of the use is the regular expression."""
        scan = self.scan
        if not arguments:
            return
        first, stop = arguments[-1]
        if stop - first != 1 or self.kinds[first] != STRING:
            raise scan.error(first, "the tables of this merge(): a string is expected")
        database, certain = None, True
        if len(arguments) == 2:
            begin, end = arguments[0]
            if end - begin == 1 and self.kinds[begin] in (WORD, QUOTED, STRING):
                database = scan.string(begin) if self.kinds[begin] == STRING else scan.name(begin)
            elif self.words[begin] == "REGEXP" and end - begin == 4 and self.kinds[begin + 2] == STRING:
                database, certain = scan.string(begin + 2), False
            elif scan.name(begin).lower() not in ("currentdatabase", "database"):
                raise scan.error(begin, "the database of this merge()")
        use = self._written(select, "merge", database, scan.string(first), arguments[0][0], first)
        use.certain = certain

    def _dictionary_name(
        self, arguments: list[Span], select: Select, opening: int, role: str = "dictionary"
    ) -> None:
        """Note the dictionary (or Join table) that the first argument of a function names."""
        if not arguments:
            return
        first, stop = arguments[0]
        if stop - first == 1 and self.kinds[first] == STRING:
            self._literal(first, select, role)
        elif self.kinds[first] in (WORD, QUOTED) and self._chain(first) == stop:
            select.pending.append((role, first, stop))
        else:
            hint = "'database.name' as a string"
            raise self.scan.error(
                first, f"the name of this {role.replace('_', ' ')}, which is computed", hint
            )

    # -- expressions

    def _chain(self, i: int) -> int:
        """Return the end of ``name.name.name`` that starts at ``i``."""
        kinds, words = self.kinds, self.words
        i += 1
        while words[i] == "." and kinds[i + 1] in (WORD, QUOTED):
            i += 2
        return i

    def _inside(self, opening: int, select: Select, item: Item) -> None:
        """Read what a bracket holds, whatever it is."""
        self._expression(opening + 1, self.mates[opening], select, item, False)

    def _group(self, i: int, select: Select, item: Item) -> int:
        if self.is_query(i):
            self._subquery(i, select, "expression")
        else:
            self._inside(i, select, item)
        return self.mates[i] + 1

    def _parameter(self, i: int) -> int:
        """Skip ``{name:Type}``."""
        close = self.mates[i]
        if self.kinds[i + 1] not in (WORD, QUOTED) or self.words[i + 2] != ":":
            written = self.scan.source(i, close + 1)
            hint = f"{written} filled in, or {{name:Type}} for a query parameter"
            raise self.scan.error(i, "braces that are no query parameter", hint)
        return close + 1

    def _register(self, select: Select, index: int) -> None:
        if self.kinds[index] not in (WORD, QUOTED):
            raise self.scan.error(index, "the name after AS")
        select.aliases.add(self.scan.name(index))

    def _expression(self, i: int, end: int, select: Select, item: Item, top: bool, clause: str = "") -> int:
        """Read expressions from token ``i``; return the token that ends them.

        At the top of a clause they end at a comma, a closing bracket or a clause word; inside brackets
        (``top`` False) at ``end``.
        """
        kinds, words, mates, scan = self.kinds, self.words, self.mates, self.scan
        operand = True  # an operand comes next; else an operator, an alias or the end
        starred = False  # the operand just read is * or COLUMNS(..), which may be followed by EXCEPT, REPLACE, APPLY
        cases = units = 0
        begin = i
        while i < end:
            kind, word = kinds[i], words[i]
            if operand:
                if kind == WORD or kind == QUOTED:
                    following = words[i + 1] if i + 1 < end else ")"
                    if word == "NOT" or (word == "DISTINCT" and not top) or (word == "WHEN" and cases):
                        i += 1
                        continue
                    if word == "ALL" and not top and following not in _AFTER_NAME and following != "(":
                        i += 1
                        continue
                    if word == "CASE" and following not in _AFTER_NAME:
                        cases += 1
                        i += 1
                        continue
                    if word == "INTERVAL" and following not in _AFTER_NAME:
                        if not (following == "-" and words[i + 3] not in UNITS and words[i + 2] != "("):
                            units += not (kinds[i + 1] == STRING and " " in scan.string(i + 1).strip())
                            i += 1
                            continue
                    operand = False
                    if following == "(":
                        starred = word == "COLUMNS"
                        i = self._call(i, select, item)
                    elif kinds[i + 1] == STRING and word in ("DATE", "TIMESTAMP") and i + 1 < end:
                        i += 2
                    else:
                        stop = self._chain(i)
                        if stop > i + 1:
                            select.chains.append((i, stop))
                            if words[stop - 1] == "COLUMNS" and words[stop] == "(" and stop < end:
                                starred = item.star = True
                            elif words[stop] == "." and words[stop + 1] == "*":
                                starred = item.star = True
                                stop += 2
                        elif words[stop] == "." and words[stop + 1] == "*":
                            starred = item.star = True
                            stop += 2
                        i = stop
                elif kind != SYMBOL:
                    operand = False
                    i += 1
                elif word == "(":
                    operand = False
                    i = self._group(i, select, item)
                elif word == "[":
                    operand = False
                    self._inside(i, select, item)
                    i = mates[i] + 1
                elif word == "{":
                    operand = False
                    i = self._parameter(i)
                elif word == "*":
                    operand = False
                    starred = top
                    item.star = item.star or top
                    i += 1
                elif word == "," or word in _ENDERS:
                    if top:
                        break
                    if word == ";":
                        raise scan.error(i, "a `;` inside an expression")
                    i += 1
                elif top and word not in ("-", "+", "~", "!", "\u2212", "@@", "@", ":", "?"):
                    raise scan.error(i, "this expression: a value is expected here")
                else:
                    i += 1
                continue
            if kind == SYMBOL:
                if word == ",":
                    if top:
                        return i
                    operand = True
                elif word in _OPENERS:
                    if word == "{":
                        raise scan.error(i, "braces after a value")
                    self._inside(i, select, item)
                    i = mates[i]
                elif word == ".":
                    i = self._access(i) - 1
                elif word == "::":
                    i = self._type(i + 1) - 1
                elif word in _ENDERS:
                    if top:
                        return i
                    raise scan.error(i, "a `;` inside an expression")
                elif word == "->":
                    self._lambda(begin, i, end, select)
                    operand = True
                else:
                    operand = True
                i += 1
                continue
            if kind == NUMBER and scan.text[scan.starts[i]] == ".":
                i += 1  # the element of a tuple: t.1
                continue
            following = words[i + 1]
            if kind == WORD:
                if word == "AS":
                    self._register(select, i + 1)
                    item.alias, item.alias_stop = i + 1, i + 2
                    i += 2
                    continue
                if word == "IN" or word in _BINARY:
                    if word == "IN":
                        self._set(i + 1, end, select)
                    operand = True
                    i += 1
                    continue
                if word == "NOT" or (word == "GLOBAL" and following in ("IN", "NOT")):
                    i += 1
                    continue
                if word == "IS":
                    i += 2 if following == "NOT" else 1
                    if words[i] == "DISTINCT" and words[i + 1] == "FROM":
                        i += 1
                        operand = True
                    i += 1
                    continue
                if cases and word in ("WHEN", "THEN", "ELSE"):
                    operand = True
                    i += 1
                    continue
                if cases and word == "END":
                    cases -= 1
                    i += 1
                    continue
                if units and word in UNITS:
                    units -= 1
                    i += 1
                    continue
                if word == "OVER":
                    if following == "(":
                        self._inside(i + 1, select, item)
                        i = mates[i + 1] + 1
                    else:
                        i += 2
                    continue
                if word == "FILTER" and following == "(":
                    skip = 3 if words[i + 2] == "WHERE" else 2
                    self._expression(i + skip, mates[i + 1], select, item, False)
                    i = mates[i + 1] + 1
                    continue
                if word in ("RESPECT", "IGNORE") and following == "NULLS":
                    i += 2
                    continue
                if starred and word in ("EXCEPT", "REPLACE", "APPLY"):
                    skipped = self._transformer(i, select, item)
                    if skipped:
                        i = skipped
                        continue
                if clause == "order by":
                    skipped = self._ordering(i)
                    if skipped:
                        operand = words[skipped - 1] in ("FROM", "TO", "STEP", "STALENESS")
                        i = skipped
                        continue
            if top:
                if word in _STOPS or clause not in _ALIASING or kind not in (WORD, QUOTED):
                    return i
                self._register(select, i)
                item.alias, item.alias_stop = i, i + 1
                i += 1
            else:
                # Words of functions with a syntax of their own: substring(x FROM 1 FOR 2), trim(BOTH 'a' FROM b).
                operand = kind == WORD
                i += 1
        if top and operand and i > begin:
            raise scan.error(i, "an expression that ends too early")
        if top and i == begin and clause not in ("select", "limit", "with"):
            raise scan.error(i, "an empty expression")
        return i

    def _ordering(self, i: int) -> int:
        """Skip what may follow a key of ORDER BY; return 0 at anything else."""
        word, following = self.words[i], self.words[i + 1]
        if word in ("ASC", "DESC", "ASCENDING", "DESCENDING", "FROM", "TO", "STEP", "STALENESS"):
            return i + 1
        if (word, following) in (
            ("NULLS", "FIRST"),
            ("NULLS", "LAST"),
            ("WITH", "FILL"),
        ) or word == "COLLATE":
            return i + 2
        return 0

    def _transformer(self, i: int, select: Select, item: Item) -> int:
        """Skip ``EXCEPT (..)``, ``REPLACE (..)``, ``APPLY (..)`` after a star; return 0 for the set operation."""
        word = self.words[i]
        at = i + 1
        at += self.words[at] == "STRICT"
        if self.words[at] == "(":
            if word == "EXCEPT" and self.is_query(at):
                return 0
            self._inside(at, select, item)
            return self.mates[at] + 1
        if word == "EXCEPT" and self.words[at] in ("SELECT", "ALL", "DISTINCT", "WITH", "FROM"):
            return 0
        stop = at + 1
        if word == "REPLACE":
            stop = self._expression(at, self.scan.size, select, item, True, "select")
        return stop

    def _access(self, i: int) -> int:
        """Skip ``.name``, ``.1``, ``.^path``, ``.:Type``, ``.*`` after a value."""
        at = i + 1
        if self.words[at] in ("^", ":"):
            at += 1
        if self.words[at - 1] == ":" and self.words[at + 1] == "(":
            return self.mates[at + 1] + 1
        return at + 1

    def _type(self, i: int) -> int:
        """Skip the type after ``::``."""
        i += 1
        while self.words[i] in TYPE_TAILS and self.kinds[i] == WORD:
            i += 1
        return self.mates[i] + 1 if self.words[i] == "(" else i

    def _lambda(self, begin: int, arrow: int, end: int, select: Select) -> None:
        """Note the parameters of ``x -> ..`` or ``(x, y) -> ..`` and how far they reach."""
        first = arrow - 1
        if self.words[first] == ")":
            while first > begin and self.mates.get(first) != arrow - 1:
                first -= 1
        names = frozenset(
            self.scan.name(at) for at in range(first, arrow) if self.kinds[at] in (WORD, QUOTED)
        )
        stop = arrow + 1
        while stop < end and self.words[stop] != ",":
            stop = self.mates.get(stop, stop) + 1
        select.lambdas.append((names, arrow, stop))

    def _set(self, i: int, end: int, select: Select) -> None:
        """Note the right side of IN when it is a bare name: a table, unless something else has the name."""
        first = i
        while self.words[first] == "(":
            first += 1
        if first >= end or self.kinds[first] not in (WORD, QUOTED):
            if first == i and self.words[i] == "{" and self.words[i + 3] == "IDENTIFIER":
                raise self.scan.error(
                    i, "a table that is a query parameter", "the table itself, or {name} with name=table"
                )
            return
        stop = self._chain(first)
        for opening in range(first - 1, i - 1, -1):
            if self.mates[opening] != stop + (first - 1 - opening):
                return
        after = stop + (first - i)
        if after < end and self.words[after] in ("(", "[", "::", "."):
            return
        if first > i and self.words[first] in ("SELECT", "WITH", "FROM"):
            return
        select.pending.append(("in", first, stop))

    def _call(self, i: int, select: Select, item: Item) -> int:
        """Read the function call at ``i``; return the token after its bracket."""
        words, mates = self.words, self.mates
        name = self.scan.name(i)
        opening = i + 1
        close = mates[opening]
        lowered = name.lower()
        if words[opening + 1] in ("SELECT", "WITH", "FROM") and self.is_query(opening):
            # exists(SELECT ..), = ANY (SELECT ..), any_function(SELECT ..)
            self._subquery(opening, select, "expression")
            return close + 1
        after = close + 1
        if words[after] == "(":
            after = mates[after] + 1
        if words[after] == "FILTER" and words[after + 1] == "(":
            after = mates[after + 1] + 1
        if words[after] in ("RESPECT", "IGNORE") and words[after + 1] == "NULLS":
            after += 2
        if words[after] == "OVER":
            item.windows.append(name)
            select.flags.add("window")
        elif is_aggregate(lowered):
            item.aggregates.append(name)
        if lowered in NONDETERMINISTIC:
            self.nondeterministic.append(name)
        if lowered in ("columns", "untuple"):
            item.star = True
        elif lowered == "arrayjoin" or lowered == "unnest":
            select.flags.add("array join")
        first = opening + 1
        if name.startswith("dict") and (name.startswith("dictGet") or name in ("dictHas", "dictIsIn")):
            self._dictionary_name(list(self._arguments(opening)), select, opening)
        elif name in JOIN_TABLE_FUNCTIONS:
            self._dictionary_name(list(self._arguments(opening)), select, opening, "join_table")
        elif name in SET_FUNCTIONS:
            arguments = list(self._arguments(opening))
            if len(arguments) == 2:
                self._set(arguments[1][0], close, select)
        elif name == "hasColumnInTable":
            self._column_in_table(i, list(self._arguments(opening)), select)
        elif lowered == "cast":
            last = 0
            for index, stop in self._arguments(opening):
                at = index
                while at < stop:
                    last = at if words[at] == "AS" else last
                    at = mates.get(at, at) + 1
            self._expression(first, last or close, select, item, False)
            return close + 1
        elif lowered == "position":
            pending = len(select.pending)
            self._expression(first, close, select, item, False)
            # position(needle IN haystack): this IN is no set.
            with suppress(StopIteration):
                bare = next(at for at in self._bare(opening) if words[at] == "IN") + 1
                select.pending[pending:] = [p for p in select.pending[pending:] if p[1] != bare]
            return close + 1
        self._expression(first, close, select, item, False)
        return close + 1

    def _bare(self, opening: int) -> Iterator[int]:
        """Yield the tokens directly inside a bracket."""
        at = opening + 1
        while at < self.mates[opening]:
            yield at
            at = self.mates.get(at, at) + 1

    def _column_in_table(self, i: int, arguments: list[Span], select: Select) -> None:
        """Note the table of ``hasColumnInTable(['host', ['user', ['password',]]] 'database', 'table', 'column')``."""
        names = arguments[-3:]
        if len(names) < 3 or any(stop - first != 1 or self.kinds[first] != STRING for first, stop in names):
            raise self.scan.error(i, "the table of hasColumnInTable, which is computed", "strings")
        if len(arguments) == 3:
            database, name = (self.scan.string(first) for first, _ in names[:2])
            self._written(select, "function", database or None, name, names[0][0], names[1][0])
