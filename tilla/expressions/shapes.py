"""What is known of a SELECT from its text alone, as values. :func:`tilla.expressions.reading.read` makes them."""

from __future__ import annotations

import attrs


@attrs.frozen
class TableUse:
    """One place in the text that names a table, view or dictionary that the query reads.

    ``[start:end]`` is the name as written (a string literal with its quotes for a dictionary), ``[start:stop]``
    the whole table expression with alias, FINAL and SAMPLE.
    """

    database: str | None
    name: str
    start: int
    end: int
    role: str
    """from · join · in · dictionary · join_table · remote · cluster · function · merge, whose name is a pattern."""
    final: bool = False
    leftmost: bool = False
    """The table whose inserts fire an incremental materialized view with this query."""
    scope: int = 0
    """Index in :attr:`Reading.selects` of the SELECT that names it."""
    alias: str | None = None
    sample: str = ""
    stop: int = 0
    certain: bool = True
    """False in ``Reading.ambiguous``; for ``x IN d.t`` beside an alias d; for ``merge(REGEXP(..), ..)``, whose database
    is a pattern too."""

    @property
    def key(self) -> tuple[str | None, str]:
        """(database, name)."""
        return self.database, self.name


@attrs.frozen
class Output:
    """One item of the outermost SELECT list."""

    name: str | None
    """The column's name; None when only the engine knows it (``count()``, ``*``, ``b.x`` of a joined table)."""
    start: int
    end: int
    star: bool = False
    """The item stands for several columns: ``*``, ``t.*``, ``COLUMNS(..)``, ``untuple(..)``."""
    aliased: bool = False
    aggregates: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()


@attrs.frozen
class SelectShape:
    """One SELECT of the text: where it stands and which clauses it has."""

    start: int
    end: int
    parent: int | None
    role: str
    """top · from · join · cte · expression · view: what the query that holds it is for."""
    flags: frozenset[str]
    """Among: distinct, final, join, array join, prewhere, where, group by, having, window, qualify, order by, limit,
    limit by, totals, rollup, cube, settings, format, stream, aggregate."""
    aggregates: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()


@attrs.frozen
class Reading:
    """All that is known of one SELECT."""

    text: str
    tables: tuple[TableUse, ...]
    trigger: TableUse | None
    """The left-most table, whose inserts fire an incremental view; None when that place holds no plain table."""
    trigger_in_union: bool
    """The way to the left-most table passes a UNION: only its first branch is fed by inserts."""
    outputs: tuple[Output, ...]
    selects: tuple[SelectShape, ...]
    nondeterministic: tuple[str, ...]
    has_union: bool
    way: tuple[int, ...] = ()
    """Indexes in ``selects`` of the SELECTs that the rows of the left-most table go through, outermost first. What stands
    elsewhere (a joined subquery, one in IN or in an expression) is run over whole tables."""
    ambiguous: tuple[TableUse, ...] = ()
    """``x IN name`` without a database: a column where the sources have one of that name, else a table of the
    session's database. Only a qualified name says which."""

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """The names of the columns, or None when some are not known offline."""
        names = tuple(output.name for output in self.outputs if output.name is not None)
        return names if len(names) == len(self.outputs) else None

    @property
    def unnamed(self) -> tuple[tuple[int, str], ...]:
        """(index, text) of the items whose column name only the engine knows."""
        return tuple((i, self.text[o.start : o.end]) for i, o in enumerate(self.outputs) if o.name is None)

    @property
    def aggregate_functions(self) -> tuple[str, ...]:
        """The aggregate functions that the outermost SELECT calls; ``outputs`` has them item by item."""
        called = (name for shape in self.selects if shape.role == "top" for name in shape.aggregates)
        return tuple(dict.fromkeys(called))

    def _has(self, flag: str, top: bool = False) -> bool:
        return any(flag in shape.flags for shape in self.selects if not top or shape.role == "top")

    @property
    def select_star(self) -> bool:
        """The outermost SELECT list holds ``*``, ``COLUMNS`` or ``untuple``."""
        return any(output.star for output in self.outputs)

    @property
    def has_group_by(self) -> bool:
        """The outermost SELECT groups: GROUP BY, or an aggregate function without one."""
        return self._has("group by", top=True) or self._has("aggregate", top=True)

    @property
    def has_distinct(self) -> bool:
        """The outermost SELECT is DISTINCT."""
        return self._has("distinct", top=True)

    @property
    def has_limit(self) -> bool:
        """Some SELECT has LIMIT, LIMIT BY, OFFSET or TOP."""
        return self._has("limit") or self._has("limit by")

    @property
    def has_final(self) -> bool:
        """Some table is read with FINAL."""
        return self._has("final")

    @property
    def has_window(self) -> bool:
        """Some SELECT calls a window function."""
        return self._has("window")

    @property
    def has_join(self) -> bool:
        """Some SELECT has a JOIN, or a comma between tables."""
        return self._has("join")

    @property
    def has_array_join(self) -> bool:
        """Some SELECT has ARRAY JOIN or arrayJoin()."""
        return self._has("array join")

    @property
    def has_subquery_aggregation(self) -> bool:
        """A SELECT other than the outermost groups or aggregates, or is DISTINCT."""
        heavy = {"group by", "aggregate", "distinct"}
        return any(shape.role != "top" and heavy & shape.flags for shape in self.selects)

    def names(self) -> tuple[tuple[str | None, str], ...]:
        """(database, name) of all that is read, each once, in order of first use."""
        return tuple(dict.fromkeys(use.key for use in self.tables))
