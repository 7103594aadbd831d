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

    @property
    def has_group_by(self) -> bool:
        """The outermost SELECT groups: GROUP BY, or an aggregate function without one."""
        return any({"group by", "aggregate"} & shape.flags for shape in self.selects if shape.role == "top")

    def names(self) -> tuple[tuple[str | None, str], ...]:
        """(database, name) of all that is read, each once, in order of first use."""
        return tuple(dict.fromkeys(use.key for use in self.tables))
