"""Reads the structure of a SELECT from its tokens: WITH, the SELECT list, clauses, UNION. Names stay unresolved.

Between clauses the reader is strict: where it meets a word that starts no clause it raises SqlError rather than guess.
Expressions are read in :mod:`tilla.expressions.operands`, sources in :mod:`tilla.expressions.sources`.
"""

from __future__ import annotations

from .notes import Item, Query, Select
from .operands import ENDERS
from .scan import NUMBER, QUOTED, STRING, WORD
from .sources import Sources
from .words import NO_ALIAS, SET_OPERATIONS

_OUTFILE = frozenset({"TRUNCATE", "APPEND", "AND", "STDOUT", "COMPRESSION", "LEVEL", ""})


class Reader(Sources):
    """One pass over the tokens of one text."""

    def statement(self) -> Query:
        """Read the whole text as one query."""
        query, stop = self.query(0, self.scan.size, None, None, "top")
        if stop < self.scan.size:
            ends = self.words[stop] == ";"
            hint = "one SELECT, without the final `;`" if ends else ""
            raise self.scan.error(stop, "text with a `;`" if ends else "what follows the SELECT", hint)
        return query

    def whole_expression(self) -> Query:
        """Read the whole text as one expression (a DEFAULT, a TTL, a row filter)."""
        query = Query("top")
        select = Select(query, None, None, 0)
        query.branches.append(select)
        self.selects.append(select)
        select.stop = self.scan.size
        stop = self.expression(0, self.scan.size, select, select.rest, True, "expression")
        if stop < self.scan.size:
            raise self.scan.error(stop, "what follows the expression")
        return query

    def query(self, i: int, end: int, parent: Select | None, hidden: str | None, role: str) -> tuple[Query, int]:
        """Read a query from token ``i``; return it and the token after it."""
        query = Query(role)
        while True:
            if i < end and self.words[i] == "(":
                branch, stop = self.query(i + 1, self.mates[i], parent, hidden, role)
                if stop != self.mates[i]:
                    raise self._trailing(stop)
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
        return query, i

    def subquery(self, opening: int, select: Select, role: str, hidden: str | None = None) -> Query:
        """Read the query in the bracket at ``opening``."""
        query, stop = self.query(opening + 1, self.mates[opening], select, hidden, role)
        if stop != self.mates[opening]:
            raise self._trailing(stop)
        return query

    def _trailing(self, stop: int) -> Exception:
        return self.scan.error(stop, "what follows the SELECT in these parentheses")

    def _select(self, i: int, end: int, query: Query, parent: Select | None, hidden: str | None) -> int:
        words = self.words
        select = Select(query, parent, hidden, i)
        query.branches.append(select)
        self.selects.append(select)
        if query.role != "top" and words[i] == "VALUES" and words[i + 1] == "(":
            select.stop = self.expression(i + 1, end, select, select.rest, False)
            return end
        if i < end and words[i] == "WITH":
            i = self._with(i + 1, end, select)
        if i < end and words[i] == "FROM":
            i = self.tables(i + 1, end, select)
        if i >= end or words[i] != "SELECT":
            raise self.scan.error(i, "a query: SELECT is expected here")
        i = self._outputs(self._modifiers(i + 1, select), end, select)
        if i < end and words[i] == "FROM":
            i = self.tables(i + 1, end, select)
        select.stop = i = self._clauses(i, end, select)
        return i

    def _modifiers(self, i: int, select: Select) -> int:
        """Read DISTINCT, DISTINCT ON (..), ALL and TOP n."""
        words = self.words
        if words[i] == "DISTINCT":
            select.flags.add("distinct")
            i += 1
            if words[i] == "ON" and words[i + 1] == "(":
                self.inside(i + 1, select, select.rest)
                i = self.mates[i + 1] + 1
        elif words[i] == "ALL":
            i += 1
        if words[i] == "TOP" and (self.kinds[i + 1] == NUMBER or words[i + 1] == "("):
            select.flags.add("limit")
            i = self.mates[i + 1] + 1 if words[i + 1] == "(" else i + 2
            i += 2 if words[i] == "WITH" and words[i + 1] == "TIES" else 0
        return i

    def _with(self, i: int, end: int, select: Select) -> int:
        words, kinds = self.words, self.kinds
        recursive = words[i] == "RECURSIVE" and kinds[i + 1] in (WORD, QUOTED)
        i += recursive
        while i < end and not (words[i] == "SELECT" and words[i + 1] not in (",", "AS")):
            opening = self._cte_body(i)
            if opening:
                name = self.scan.name(i)
                select.ctes[name] = self.subquery(opening, select, "cte", None if recursive else name)
                i = self.mates[opening] + 1
            else:
                item, first = Item(i), i
                i = self.expression(i, end, select, item, True, "with")
                if kinds[first] == STRING and item.alias == first + 2 and item.alias_stop == i:
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
        return at if self.words[at] == "(" and self.is_query(at) else 0

    def _outputs(self, i: int, end: int, select: Select) -> int:
        words = self.words
        while True:
            if i < end and words[i] == "FROM" and select.items and self._is_from(i):
                return i  # a comma before FROM is allowed
            item = Item(i)
            i = self.expression(i, end, select, item, True, "select")
            item.stop = i
            if i > item.first:
                select.items.append(item)
            if i >= end or words[i] != ",":
                break
            i += 1
            if i >= end or words[i] in ENDERS:
                break
        if not select.items and not (i < end and words[i] == "FROM"):
            raise self.scan.error(i, "a SELECT of nothing")
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
            i = self.expression(i, end, select, select.rest, True, clause)
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
                i = self._group_by(i + 2, end, select)
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
                if i < end and words[i] == "(":
                    self.inside(i, select, select.rest)
                    i = self.mates[i] + 1
            elif word in ("LIMIT", "OFFSET", "FETCH"):
                i = self._limit(i, end, select)
            elif word == "SETTINGS":
                i = self._list(i + 1, end, select, "settings")
            elif word == "FORMAT" and self.kinds[i + 1] in (WORD, QUOTED):
                flags.add("format")
                i += 2
            elif word == "INTO" and following == "OUTFILE":
                flags.add("format")
                i += 3
                while i < end and words[i] in _OUTFILE:
                    i += 1
            elif word in SET_OPERATIONS or word in ENDERS or word == "ELSE":
                return i
            else:
                raise self.scan.error(i, "the SELECT from here on: no clause starts with this")
        return i

    def _group_by(self, i: int, end: int, select: Select) -> int:
        if self.words[i] != "GROUPING" or self.words[i + 1] != "SETS" or self.words[i + 2] != "(":
            return self._list(i, end, select, "group by")
        self.inside(i + 2, select, select.rest)
        select.clauses["group by"] = [(i, self.mates[i + 2] + 1)]
        return self.mates[i + 2] + 1

    def _limit(self, i: int, end: int, select: Select) -> int:
        """Read LIMIT n, LIMIT m, n, LIMIT n OFFSET m, either with BY; OFFSET n ROWS; FETCH FIRST n ROWS ONLY."""
        words = self.words
        if words[i] == "LIMIT":
            i = self._list(i + 1, end, select, "limit")
            if i < end and words[i] == "OFFSET":
                i = self._list(i + 1, end, select, "limit")
            if i < end and words[i] == "BY":
                select.flags.add("limit by")
                return self._list(i + 1, end, select, "limit by")
        else:
            i += 2 if words[i + 1] in ("FIRST", "NEXT") else 1
            if words[i] not in ("ROW", "ROWS"):
                i = self._list(i, end, select, "limit")
            while i < end and words[i] in ("ROW", "ROWS", "ONLY"):
                i += 1
        select.flags.add("limit")
        return i

    def _windows(self, i: int, end: int, select: Select) -> int:
        """Read ``name AS (..), name AS (..)``."""
        while True:
            if i + 2 >= end or self.words[i + 1] != "AS" or self.words[i + 2] != "(":
                raise self.scan.error(i, "this WINDOW clause: `name AS (..)` is expected")
            self.inside(i + 2, select, select.rest)
            i = self.mates[i + 2] + 1
            if i >= end or self.words[i] != ",":
                return i
            i += 1
