"""Reads expressions from tokens: which operand or operator comes next, aliases, calls, bare names after IN.

ClickHouse's parser takes any word for a name wherever an operand may stand (`SELECT from FROM t` is legal) and
for syntax only after one. So this reader does nothing cleverer than to know, at each token, whether an operand or an
operator comes next. Precedence does not matter for what a query reads. Inside brackets it is lenient, as the
server judges grammar.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from .. import errors
from .notes import Item, Query, Select, Span, Use
from .scan import NUMBER, QUOTED, STRING, SYMBOL, WORD, Scan
from .words import (
    JOIN_TABLE_FUNCTIONS,
    NO_ALIAS,
    NONDETERMINISTIC,
    SET_FUNCTIONS,
    SET_OPERATIONS,
    TYPE_TAILS,
    UNITS,
    is_aggregate,
    listed,
)

OPENERS = frozenset("([{")
ENDERS = frozenset(")]};")
_BINARY = listed("AND OR DIV MOD LIKE ILIKE REGEXP BETWEEN ESCAPE")
_STOPS = NO_ALIAS - _BINARY - {"IN", "NOT", "AS"} | {"JOIN"}
_PREFIXES = listed("- + ~ ! \u2212 @@ @ : ?")
# Clauses whose items may take an alias without AS.
_ALIASING = frozenset({"select", "with", "array"})
# After a word that is either a name or a prefix (`CASE`, `INTERVAL`), these say that it was a name.
_AFTER_NAME = NO_ALIAS | {"ASC", "DESC"} | listed(", ) ] } ; . :: -> = == != <> < > <= >= <=> || + * / % ? : [")
_STOP_HERE = -1


class Walk:
    """Where one expression stands while it is read."""

    __slots__ = ("cases", "operand", "starred", "units")

    def __init__(self) -> None:
        self.operand = True  # an operand comes next; else an operator, an alias or the end
        self.starred = False  # the operand just read is * or COLUMNS(..): EXCEPT, REPLACE, APPLY may follow
        self.cases = self.units = 0  # CASEs that wait for END, INTERVALs that wait for their unit


class Operands:
    """The part of the reader that reads expressions. ``i`` is always a token, ``end`` the one to stop before."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.kinds, self.words, self.mates = scan.kinds, scan.words, scan.mates
        self.uses: list[Use] = []
        self.selects: list[Select] = []
        self.nondeterministic: list[str] = []

    @abstractmethod
    def subquery(self, opening: int, select: Select, role: str, hidden: str | None = None) -> Query:
        """Read the query in the bracket at ``opening``."""

    # -- helpers

    def is_query(self, opening: int) -> bool:
        """Tell whether the bracket at ``opening`` holds a query."""
        first = opening + 1
        while self.words[first] == "(":
            first += 1
        word, following = self.words[first], self.words[first + 1]
        named = self.kinds[first + 1] in (WORD, QUOTED) or following in ("(", "{")
        starts = word == "SELECT" or (word in ("WITH", "FROM") and named) or (word == "VALUES" and following == "(")
        if not starts or first == opening + 1:
            return starts
        inner = self.mates[opening + 1] + 1
        return inner == self.mates[opening] or self.words[inner] in SET_OPERATIONS

    def chain(self, i: int) -> int:
        """Return the end of ``name.name.name`` that starts at ``i``."""
        kinds, words = self.kinds, self.words
        i += 1
        while words[i] == "." and kinds[i + 1] in (WORD, QUOTED):
            i += 2
        return i

    def arguments(self, opening: int) -> list[Span]:
        """Return the tokens of each argument of the bracket at ``opening``."""
        found: list[Span] = []
        first = opening + 1
        for at in self.bare(opening):
            if self.words[at] == ",":
                found.append((first, at))
                first = at + 1
        if first < self.mates[opening]:
            found.append((first, self.mates[opening]))
        return found

    def bare(self, opening: int) -> Iterator[int]:
        """Yield the tokens directly inside a bracket; of an inner bracket only its opening."""
        at = opening + 1
        while at < self.mates[opening]:
            yield at
            at = self.mates.get(at, at) + 1

    def note(self, select: Select, role: str, database: str | None, name: str, first: int, last: int) -> Use:
        """Note a table whose name is written from token ``first`` to token ``last``."""
        use = Use(select, role, database or None, name, self.scan.starts[first], self.scan.ends[last])
        self.uses.append(use)
        return use

    def computed(self, i: int, what: str) -> errors.SqlError:
        """Build the error for a name that is only known at run time."""
        return self.scan.error(i, f"{what}, which is computed", "'database.name' as a string")

    def object_name(self, arguments: list[Span], select: Select, role: str) -> None:
        """Note the dictionary or Join table that the first argument of a function names."""
        if not arguments:
            return
        first, stop = arguments[0]
        if stop - first == 1 and self.kinds[first] == STRING:
            database, name = split_name(self.scan.string(first))
            self.note(select, role, database, name, first, first)
        elif self.kinds[first] in (WORD, QUOTED) and self.chain(first) == stop:
            select.pending.append((role, first, stop))
        else:
            raise self.computed(first, f"the name of this {role.replace('_', ' ')}")

    # -- expressions

    def inside(self, opening: int, select: Select, item: Item, clause: str = "") -> None:
        """Read what a bracket holds, whatever it is."""
        self.expression(opening + 1, self.mates[opening], select, item, False, clause)

    def expression(self, i: int, end: int, select: Select, item: Item, top: bool, clause: str = "") -> int:
        """Read expressions from token ``i``; return the token that ends them.

        At the top of a clause they end at a comma, a closing bracket or a clause word; inside brackets
        (``top`` False) at ``end``.
        """
        kinds, words, scan = self.kinds, self.words, self.scan
        walk = Walk()
        begin = i
        while i < end:
            kind, word = kinds[i], words[i]
            if walk.operand:
                if top and (word == "," or word in ENDERS):
                    break
                i = self._operand(i, end, select, item, top, walk)
                continue
            if kind == SYMBOL:
                if top and (word == "," or word in ENDERS):
                    return i
                if item.alias_stop == i and clause in _ALIASING:
                    raise scan.error(i, "what follows the alias: a comma or a clause is expected")
                i = self._symbol(begin, i, end, select, item, walk)
                continue
            if kind == NUMBER and scan.text[scan.starts[i]] == ".":
                i += 1  # the element of a tuple: t.1
                continue
            if kind == WORD:
                after = self._operator(i, end, select, item, walk, clause)
                if after:
                    i = after
                    continue
            if not top:
                # Words of functions with a syntax of their own: substring(x FROM 1 FOR 2), trim(BOTH 'a' FROM b).
                walk.operand = kind == WORD
            elif word in _STOPS or clause not in _ALIASING or kind not in (WORD, QUOTED):
                return i
            else:
                self._alias(i, select, item)
            i += 1
        if top and walk.operand and i > begin:
            raise scan.error(i, "an expression that ends too early")
        if top and i == begin and clause not in ("select", "limit", "with"):
            raise scan.error(i, "an empty expression")
        return i

    def _operand(self, i: int, end: int, select: Select, item: Item, top: bool, walk: Walk) -> int:
        """Read what stands where an operand may: an operand, or a prefix of one."""
        kind, word = self.kinds[i], self.words[i]
        if kind in (WORD, QUOTED):
            return self._named(i, end, select, item, top, walk)
        if kind != SYMBOL:
            walk.operand = False
            return i + 1
        if word in OPENERS:
            walk.operand = False
            if word == "{":
                return self.parameter(i)
            if word == "(" and self.is_query(i):
                self.subquery(i, select, "expression")
            else:
                self.inside(i, select, item)
                # (*) is what it holds; inside a function a star is its arguments.
                item.star = item.star or (top and "*" in (self.words[i + 1], self.words[self.mates[i] - 1]))
            return self.mates[i] + 1
        if word == "*":
            walk.operand = False
            walk.starred = top
            item.star = item.star or top
        elif word == ";":
            raise self.scan.error(i, "a `;` inside an expression")
        elif top and word not in _PREFIXES:
            raise self.scan.error(i, "this expression: a value is expected here")
        return i + 1

    def _named(self, i: int, end: int, select: Select, item: Item, top: bool, walk: Walk) -> int:
        """Read a word where an operand may stand: a prefix, a call, or a name."""
        kinds, words = self.kinds, self.words
        word = words[i]
        following = words[i + 1] if i + 1 < end else ")"
        if word == "NOT" or (word == "DISTINCT" and not top) or (word == "WHEN" and walk.cases):
            return i + 1
        if word == "ALL" and not top and following not in _AFTER_NAME and following != "(":
            return i + 1  # count(ALL x)
        if word == "CASE" and following not in _AFTER_NAME:
            walk.cases += 1
            return i + 1
        if word == "INTERVAL" and self._is_interval(i, following):
            walk.units += not (kinds[i + 1] == STRING and " " in self.scan.string(i + 1).strip())
            return i + 1
        walk.operand = False
        if following == "(":
            walk.starred = word == "COLUMNS"
            return self._call(i, select, item, top)
        if word in ("DATE", "TIMESTAMP") and kinds[i + 1] == STRING and i + 1 < end:
            return i + 2
        stop = self.chain(i)
        if words[stop] == "." and words[stop + 1] == "*":
            walk.starred = True
            item.star = item.star or top
            stop += 2
        if stop > i + 1:
            select.chains.append((i, stop))
        if stop > i + 1 and words[stop - 1] == "COLUMNS" and words[stop] == "(" and stop < end:
            walk.starred = True
            item.star = item.star or top
        return stop

    def _is_interval(self, i: int, following: str) -> bool:
        if following in _AFTER_NAME:
            return False
        # `interval - 1` is a column, `INTERVAL -1 DAY` is not.
        return following != "-" or self.words[i + 2] == "(" or self.words[i + 3] in UNITS

    def parameter(self, i: int) -> int:
        """Skip ``{name:Type}``."""
        close = self.mates[i]
        if self.kinds[i + 1] not in (WORD, QUOTED) or self.words[i + 2] != ":":
            written = self.scan.source(i, close + 1)
            hint = f"{written} filled in, or {{name:Type}} for a query parameter"
            raise self.scan.error(i, "braces that are no query parameter", hint)
        return close + 1

    def _symbol(self, begin: int, i: int, end: int, select: Select, item: Item, walk: Walk) -> int:
        """Read a symbol that follows an operand."""
        word = self.words[i]
        if word in ("(", "["):
            self.inside(i, select, item)
            return self.mates[i] + 1
        if word == ".":
            return self._access(i)
        if word == "::":
            return self._type(i + 1)
        if word in ("{", ";"):
            raise self.scan.error(i, f"{word!r} after a value")
        if word == "->":
            self._lambda(begin, i, end, select)
        walk.operand = True
        return i + 1

    def _operator(self, i: int, end: int, select: Select, item: Item, walk: Walk, clause: str) -> int:
        """Read a word that follows an operand as an operator; return what follows it, or 0 when it is none."""
        words = self.words
        word, following = words[i], words[i + 1]
        if word == "AS":
            self._alias(i + 1, select, item)
            return i + 2
        if word == "IN":
            if clause != "position":
                self._set(i + 1, end, select)
            walk.operand = True
            return i + 1
        if word in _BINARY:
            walk.operand = True
            return i + 1
        if word == "NOT" or (word == "GLOBAL" and following in ("IN", "NOT")):
            return i + 1
        if word == "IS":
            i += 2 if following == "NOT" else 1
            if words[i] == "DISTINCT" and words[i + 1] == "FROM":
                walk.operand = True
                i += 1
            return i + 1
        if walk.cases and word in ("WHEN", "THEN", "ELSE"):
            walk.operand = True
            return i + 1
        if walk.cases and word == "END":
            walk.cases -= 1
            return i + 1
        if walk.units and word in UNITS:
            walk.units -= 1
            return i + 1
        if word == "OVER":
            if following != "(":
                return i + 2
            self.inside(i + 1, select, item)
            return self.mates[i + 1] + 1
        if word == "FILTER" and following == "(":
            first = i + (3 if words[i + 2] == "WHERE" else 2)
            self.expression(first, self.mates[i + 1], select, item, False)
            return self.mates[i + 1] + 1
        if word in ("RESPECT", "IGNORE") and following == "NULLS":
            return i + 2
        if walk.starred and word in ("EXCEPT", "REPLACE", "APPLY"):
            return self._transformer(i, select, item)
        return self._ordering(i, walk) if clause == "order by" else 0

    def _ordering(self, i: int, walk: Walk) -> int:
        """Skip what may follow a key of ORDER BY; return 0 at anything else."""
        word, following = self.words[i], self.words[i + 1]
        if word in ("FROM", "TO", "STEP", "STALENESS"):
            walk.operand = True
            return i + 1
        if word in ("ASC", "DESC", "ASCENDING", "DESCENDING"):
            return i + 1
        if (word, following) in (("NULLS", "FIRST"), ("NULLS", "LAST"), ("WITH", "FILL")) or word == "COLLATE":
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
            self.inside(at, select, item)
            return self.mates[at] + 1
        if word == "EXCEPT" and self.words[at] in ("SELECT", "ALL", "DISTINCT", "WITH", "FROM"):
            return 0
        if word == "REPLACE":
            replaced = Item(at)
            stop = self.expression(at, self.scan.size, select, replaced, True, "select")
            item.aggregates += replaced.aggregates
            return stop
        return at + 1

    def _alias(self, i: int, select: Select, item: Item) -> None:
        if self.kinds[i] not in (WORD, QUOTED):
            raise self.scan.error(i, "the name after AS")
        select.aliases.add(self.scan.name(i))
        item.alias, item.alias_stop = i, i + 1

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
        while self.words[i] in TYPE_TAILS:
            i += 1
        return self.mates[i] + 1 if self.words[i] == "(" else i

    def _lambda(self, begin: int, arrow: int, end: int, select: Select) -> None:
        """Note the parameters of ``x -> ..`` or ``(x, y) -> ..`` and how far they reach."""
        first = arrow - 1
        if self.words[first] == ")":
            while first > begin and self.mates.get(first) != arrow - 1:
                first -= 1
        names = frozenset(self.scan.name(at) for at in range(first, arrow) if self.kinds[at] in (WORD, QUOTED))
        stop = arrow + 1
        while stop < end and self.words[stop] != ",":
            stop = self.mates.get(stop, stop) + 1
        select.lambdas.append((names, arrow, stop))

    def _set(self, i: int, end: int, select: Select) -> None:
        """Note the right side of IN when it is a bare name: a table, unless something else has the name."""
        words = self.words
        first = i
        while words[first] == "(":
            first += 1
        depth = first - i
        if words[i] == "{" and words[i + 3] == "IDENTIFIER":
            raise self.scan.error(i, "a table that is a query parameter", "the table itself, or {name} with name=table")
        if first >= end or self.kinds[first] not in (WORD, QUOTED):
            return
        stop = self.chain(first)
        alone = all(self.mates[i + level] == stop + depth - 1 - level for level in range(depth))
        after = stop + depth
        if not alone or (after < end and words[after] in ("(", "[", "::", ".")):
            return
        select.pending.append(("in", first, stop))

    # -- calls

    def _call(self, i: int, select: Select, item: Item, top: bool) -> int:
        """Read the function call at ``i``; return the token after its bracket."""
        name = self.scan.name(i)
        opening, close = i + 1, self.mates[i + 1]
        lowered = name.lower()
        if self.is_query(opening) and self.words[opening + 1] != "(":
            self.subquery(opening, select, "expression")  # exists(SELECT ..), = ANY (SELECT ..)
            return close + 1
        if self._is_window(close + 1):
            item.windows.append(name)
            select.flags.add("window")
        elif is_aggregate(lowered):
            item.aggregates.append(name)
        if lowered in NONDETERMINISTIC:
            self.nondeterministic.append(name)
        if top and lowered in ("columns", "untuple"):
            item.star, item.spread = True, lowered == "untuple"
        elif lowered in ("arrayjoin", "unnest"):
            select.flags.add("array join")
        if name.startswith("dictGet") or name in ("dictHas", "dictIsIn"):
            self.object_name(self.arguments(opening), select, "dictionary")
        elif name in JOIN_TABLE_FUNCTIONS:
            self.object_name(self.arguments(opening), select, "join_table")
        elif name in SET_FUNCTIONS:
            arguments = self.arguments(opening)
            if len(arguments) == 2:
                self._set(arguments[1][0], close, select)
        elif name == "hasColumnInTable":
            self._column_in_table(i, self.arguments(opening), select)
        if lowered == "cast":
            types = [at for at in self.bare(opening) if self.words[at] == "AS"]
            self.expression(opening + 1, types[-1] if types else close, select, item, False)
        else:
            # position(needle IN haystack): this IN asks for no set.
            self.inside(opening, select, item, "position" if lowered == "position" else "")
        return close + 1

    def _is_window(self, after: int) -> bool:
        """Tell whether what follows a call's bracket makes it a window function."""
        words, mates = self.words, self.mates
        if words[after] == "(":
            after = mates[after] + 1
        if words[after] == "FILTER" and words[after + 1] == "(":
            after = mates[after + 1] + 1
        if words[after] in ("RESPECT", "IGNORE") and words[after + 1] == "NULLS":
            after += 2
        return words[after] == "OVER"

    def _column_in_table(self, i: int, arguments: list[Span], select: Select) -> None:
        """Note the table of ``hasColumnInTable(['host', ['user', ['password',]]] 'database', 'table', 'column')``."""
        names = arguments[-3:]
        if len(names) < 3 or any(stop - first != 1 or self.kinds[first] != STRING for first, stop in names):
            raise self.computed(i, "the table of hasColumnInTable")
        if len(arguments) == 3:
            (database, _), (name, _) = names[:2]
            self.note(select, "function", self.scan.string(database), self.scan.string(name), database, name)


def split_name(text: str) -> tuple[str | None, str]:
    """Split ``database.name`` at its first dot, as the server does where a string names an object."""
    database, dot, name = text.partition(".")
    return (database, name) if dot else (None, text)
