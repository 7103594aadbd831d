"""What the reader of hand-written SQL notes down while it reads: sources, items, SELECTs, queries.

Mutable and private to the reader; :mod:`tilla.expressions.reading` turns them into values. Positions are indexes of
tokens, ``[first, stop)``, except where an offset in the text is named as such.
"""

from __future__ import annotations

Span = tuple[int, int]


class Use:
    """One place that names a table, view, dictionary or Join table."""

    __slots__ = (
        "alias",
        "certain",
        "database",
        "end",
        "final",
        "name",
        "parameters",
        "role",
        "sample",
        "select",
        "start",
        "stop",
    )

    def __init__(self, select: Select, role: str, database: str | None, name: str, start: int, end: int) -> None:
        self.select, self.role, self.database, self.name = select, role, database, name
        self.start, self.end, self.stop = start, end, end  # offsets: the name, and the end of alias, FINAL, SAMPLE
        self.alias: str | None = None
        self.sample = ""
        self.final = self.parameters = False  # parameters: a view called as `d.view(lo = 1)`
        self.certain = True


class Item:
    """One item of a SELECT list; or everything else in a SELECT, taken together."""

    __slots__ = ("aggregates", "alias", "alias_stop", "first", "spread", "star", "stop", "windows")

    def __init__(self, first: int) -> None:
        self.first = self.stop = first
        self.alias = self.alias_stop = -1  # the last alias read, and what follows it
        self.star = self.spread = False  # several columns; the elements of a tuple, whose alias is a prefix
        self.aggregates: list[str] = []
        self.windows: list[str] = []


class Query:
    """One SELECT, or several joined by UNION, EXCEPT or INTERSECT."""

    __slots__ = ("branches", "operations", "role")

    def __init__(self, role: str) -> None:
        self.role = role
        self.branches: list[Select | Query] = []
        self.operations: list[str] = []

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
        self.query, self.parent = query, parent
        self.hidden = hidden  # the name of the CTE whose body this is: it does not see itself
        self.first = self.stop = first
        self.ctes: dict[str, Query] = {}
        self.aliases: set[str] = set()
        self.literals: dict[str, int] = {}  # alias of a string literal -> the literal's token
        self.lambdas: list[tuple[frozenset[str], int, int]] = []  # (parameters, where they reach)
        self.sources: list[tuple[str | None, str, Use | None]] = []  # (database, the name it goes by, use)
        self.left: Use | Query | None = None
        self.pending: list[tuple[str, int, int]] = []  # (role, first, stop) of a bare name that may be a table
        self.chains: list[Span] = []  # qualified names, a.b.c
        self.items: list[Item] = []
        self.clauses: dict[str, list[Span]] = {}
        self.joins: list[str] = []
        self.flags: set[str] = set()
        self.rest = Item(first)
