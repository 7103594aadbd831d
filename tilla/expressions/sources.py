"""Reads FROM and JOIN from tokens: tables, subqueries, table functions, aliases, FINAL and SAMPLE."""

from __future__ import annotations

from abc import abstractmethod

from .notes import Query, Select, Span, Use
from .operands import Operands, split_name
from .scan import QUOTED, STRING, WORD
from .words import JOIN_WORDS, NO_TABLE_ALIAS, NONDETERMINISTIC, TABLE_FUNCTIONS

# Table functions over time series: how many arguments there are when database and table are two of them.
_SEPARATE = {"prometheusquery": 4, "prometheusqueryrange": 6, "timeseriesselector": 5}


class Sources(Operands):
    """The part of the reader that reads what stands after FROM."""

    @abstractmethod
    def query(self, i: int, end: int, parent: Select | None, hidden: str | None, role: str) -> tuple[Query, int]:
        """Read a query from token ``i``; return it and the token after it."""

    def tables(self, i: int, end: int, select: Select) -> int:
        """Read everything between FROM and the next clause."""
        words = self.words
        i = self._table(i, end, select, "from")
        while i < end:
            if words[i] == ",":
                select.flags.add("join")
                select.joins.append("CROSS")
                i = self._table(i + 1, end, select, "join")
                continue
            at = i
            while at < end and words[at] in JOIN_WORDS:
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
            if words[i] == "ON" and i < end:
                i = self.expression(i + 1, end, select, select.rest, True, "on")
            elif words[i] == "USING" and i < end:
                i = self._using(i + 1, end, select)
        return i

    def _using(self, i: int, end: int, select: Select) -> int:
        while True:
            i = self.expression(i, end, select, select.rest, True, "using")
            if i >= end or self.words[i] != ",":
                return i
            i += 1

    def _array_join(self, i: int, end: int, select: Select) -> int:
        while True:
            i = self.expression(i, end, select, select.rest, True, "array")
            if i >= end or self.words[i] != ",":
                return i
            i += 1

    def _table(self, i: int, end: int, select: Select, role: str) -> int:
        """Read one table with all that belongs to it."""
        words, kinds, scan = self.words, self.kinds, self.scan
        if i >= end:
            raise scan.error(i, "a FROM without a table")
        leftmost = select.left is None and role == "from"
        use: Use | None = None
        source: Use | Query | None = None
        if words[i] == "(":
            stop = self.mates[i] + 1
            if self.is_query(i):
                source = self.subquery(i, select, role)
            else:
                inner = self.tables(i + 1, stop - 1, select)
                if inner != stop - 1:
                    raise scan.error(inner, "what follows the tables in these parentheses")
                source = select.left if leftmost else None
        elif words[i] == "{":
            self.parameter(i)
            raise scan.error(i, "a table that is a query parameter", "the table itself, or {name} with name=table")
        elif kinds[i] in (WORD, QUOTED):
            stop = self.chain(i)
            if words[stop] == "(" and stop < end:
                use = self._function(i, stop, select, role)
                stop = self.mates[stop] + 1
            else:
                use = self._plain(i, stop, select, role)
            source = use
        else:
            raise scan.error(i, "a table: a name, a table function or (SELECT ..) is expected")
        if leftmost:
            select.left = source
        return self._decorations(stop, end, select, use)

    def _decorations(self, i: int, end: int, select: Select, use: Use | None) -> int:
        """Read alias, FINAL, SAMPLE and STREAM behind a table."""
        words, kinds, scan = self.words, self.kinds, self.scan
        alias = -1
        if i < end and words[i] == "AS":
            alias = i + 1
        elif i < end and (kinds[i] == QUOTED or (kinds[i] == WORD and words[i] not in NO_TABLE_ALIAS)):
            alias = i
        name: str | None = None
        if alias >= 0:
            if kinds[alias] not in (WORD, QUOTED):
                raise scan.error(alias, "the alias of a table")
            name = scan.name(alias)
            i = alias + 1
            if i < end and words[i] == "(":
                i = self.mates[i] + 1
        final, sample = False, ""
        if i < end and words[i] == "FINAL":
            final = True
            select.flags.add("final")
            i += 1
        if i < end and words[i] == "SAMPLE":
            first = i
            i = self._ratio(i + 1)
            if words[i] == "OFFSET":
                i = self._ratio(i + 1)
            sample = scan.source(first, i)
        if i < end and words[i] == "STREAM":
            select.flags.add("stream")
            i += 1
            while i < end and words[i] in ("BOUNDED", "UNORDERED", "CURSOR"):
                i = self.mates[i + 1] + 1 if words[i + 1] == "{" else i + 1
        if name is not None:
            select.sources.append((None, name, use))
        if use is not None:
            use.alias, use.final, use.sample, use.stop = name, final, sample, scan.ends[i - 1]
            select.sources.append((use.database, use.name, use))
        return i

    def _ratio(self, i: int) -> int:
        """Skip ``1/10``, ``0.1``, ``1000`` or a parameter."""
        i = self.mates[i] + 1 if self.words[i] == "{" else i + 1
        return self._ratio(i + 1) if self.words[i] == "/" else i

    def _plain(self, first: int, stop: int, select: Select, role: str) -> Use:
        """Note the table that the chain of names ``[first, stop)`` stands for."""
        parts = [self.scan.name(index) for index in range(first, stop, 2)]
        if len(parts) > 2:
            hint = "`database`.`name`, each part in backticks"
            raise self.scan.error(first, "a table name of more than two parts", hint)
        return self.note(select, role, parts[0] if len(parts) == 2 else None, parts[-1], first, stop - 1)

    # -- table functions

    def _function(self, first: int, opening: int, select: Select, role: str) -> Use | None:
        """Read a table function; return a use only for a view called with parameters."""
        scan, words = self.scan, self.words
        name = scan.name(first)
        lowered = name.lower()
        arguments = self.arguments(opening)
        if opening - first > 1 or lowered not in TABLE_FUNCTIONS:
            return self._view(first, opening, select, role, arguments)
        if lowered in NONDETERMINISTIC:
            self.nondeterministic.append(name)
        if lowered in ("eval", "fuzzquery"):
            raise scan.error(first, "a table function whose query is made at run time")
        if lowered in ("view", "viewifpermitted") and words[opening + 1] in ("SELECT", "WITH", "FROM"):
            _, stop = self.query(opening + 1, self.mates[opening], select, None, "view")
            if stop != self.mates[opening] and words[stop] != "ELSE":
                raise scan.error(stop, "what follows the SELECT in this view(..)")
        elif lowered in ("remote", "remotesecure", "cluster", "clusterallreplicas"):
            self._addressed(arguments[1:], select, "cluster" if lowered.startswith("cluster") else "remote")
        elif lowered == "merge":
            self._merge(arguments, select)
        elif lowered == "dictionary":
            self.object_name(arguments, select, "dictionary")
        elif lowered == "loop" or lowered.startswith(("mergetree", "timeseries", "prometheusquery")):
            whole = len(arguments) < _SEPARATE.get(lowered, 2)
            self._addressed(arguments, select, "function", whole)
        else:
            self.inside(opening, select, select.rest)
        return None

    def _view(self, first: int, opening: int, select: Select, role: str, arguments: list[Span]) -> Use:
        """Note a view called with parameters, ``d.view(lo = 1)``; the server prints its name as one, `d.view`."""
        named = any(self.words[begin + 1] == "=" for begin, stop in arguments if stop - begin > 2)
        if opening - first == 1 and not named:
            what = f"the table function {self.scan.name(first)}, which is not known"
            raise self.scan.error(first, what, "its full name, `database.view(..)`, when it is a view with parameters")
        self.inside(opening, select, select.rest)
        if opening - first == 1:
            database, name = split_name(self.scan.name(first))
            use = self.note(select, role, database, name, first, first)
        else:
            use = self._plain(first, opening, select, role)
        use.parameters = True
        return use

    def _text(self, span: Span) -> str | None:
        """Return the name that an argument spells, as a name or as a string; None when it is anything else."""
        first, stop = span
        if stop - first != 1 or self.kinds[first] not in (WORD, QUOTED, STRING):
            return None
        return self.scan.string(first) if self.kinds[first] == STRING else self.scan.name(first)

    def _addressed(self, arguments: list[Span], select: Select, role: str, whole: bool = False) -> None:
        """Note a table given as ``d.t``, ``'d.t'``, ``d, t``, ``'d', 't'`` or as another table function.

        ``whole``: the first argument alone is the table, in the session's database when it has no dot.
        """
        if not arguments:
            return
        (first, stop), rest = arguments[0], arguments[1:]
        second = self._text(rest[0]) if rest else None
        text = self._text((first, stop))
        call = self.kinds[first] in (WORD, QUOTED) and self.words[first + 1] == "(" and first + 1 < stop
        if call and self._is_session_database(first) and second is not None:
            self.note(select, role, None, second, first, rest[0][0])
        elif call:
            self._function(first, first + 1, select, role)
        elif self.kinds[first] in (WORD, QUOTED) and stop - first > 1 and self.chain(first) == stop:
            self._plain(first, stop, select, role)
        elif text is not None and ("." in text or whole):
            database, name = split_name(text)
            self.note(select, role, database, name, first, first)
        elif text is not None and second is not None:
            self.note(select, role, text, second, first, rest[0][0])
        else:
            raise self.computed(first, "the table of this table function")
        for begin, end in rest:
            self.expression(begin, end, select, select.rest, False)

    def _is_session_database(self, i: int) -> bool:
        return self.scan.name(i).lower() in ("currentdatabase", "current_database", "database", "schema")

    def _merge(self, arguments: list[Span], select: Select) -> None:
        """Note ``merge('regexp')`` or ``merge(database, 'regexp')``: the name of the use is the regular expression."""
        if not arguments:
            return
        first, stop = arguments[-1]
        if stop - first != 1 or self.kinds[first] != STRING:
            raise self.scan.error(first, "the tables of this merge(): a string is expected")
        database: str | None = None
        certain = True
        if len(arguments) == 2:
            begin, end = arguments[0]
            database = self._text((begin, end))
            if self.words[begin] == "REGEXP" and end - begin == 4:
                database, certain = self._text((begin + 2, begin + 3)), False
            if database is None and not self._is_session_database(begin):
                raise self.scan.error(begin, "the database of this merge()")
        use = self.note(select, "merge", database, self.scan.string(first), arguments[0][0], first)
        use.certain = certain
