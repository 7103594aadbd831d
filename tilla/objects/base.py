"""What every declared object has: a name, columns, parts and edges.

An object that a user declares may stand for several objects on the server (an Aggregation is a table of
states, a view that fills it and a view that reads it). :meth:`Declared.parts` lists those in the order in which
they are created. A part is one object on the server, has a name there, and says by :meth:`Part.edges` what it
needs: those edges are the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import attrs

from tilla import errors, text
from tilla.columns import AnyColumn, Column, Columns, Measure, read_columns
from tilla.expressions.expr import Expr, Reference
from tilla.expressions.query import Query, select

# The body of a relation: a class of columns or a sequence of them. A view may have none: its query knows its columns.
B = TypeVar("B", bound="type[Columns] | Sequence[AnyColumn]")
R = TypeVar("R", bound="type[Columns] | Sequence[AnyColumn] | None")
T = TypeVar("T")

# Where Tilla notes which history is filled: no object of a project may be made there.
OWN_DATABASE = "tilla"


@attrs.frozen(order=True)
class Edge:
    """One dependency of a part: its kind and the object it points at.

    Kinds: ``reads``, ``triggers`` (inserts into the pointed table fire the part), ``feeds`` (the part writes into
    it), ``refreshes after``, ``dictionary source``, ``dictGet``, ``joinGet``, ``IN``, ``default``, ``grants``, ``stores`` (Buffer, Distributed,
    Merge), ``merges`` (the table function merge), ``reads on a cluster``, which counts only where the project has the object.

    ``matching`` is '' for a name, ``name`` where the name is a regular expression over the names of a database, ``both``
    where the database is one too; :func:`tilla.graph.resolved` knows what fits.
    """

    kind: str
    database: str
    name: str
    matching: str = attrs.field(default="", kw_only=True)


@attrs.frozen(slots=False, repr=False)
class Declared:
    """Anything that a project may hold. ``name`` is ``database.name``; access objects have a plain name."""

    name: str

    @property
    def kind(self) -> str:
        """The word for this object in messages, plans and comments."""
        return type(self).__name__

    def parts(self) -> tuple[Part, ...]:
        """The objects on the server that this one stands for, in creation order."""
        raise NotImplementedError

    def __format__(self, spec: str) -> str:
        raise errors.formatted_into_text(repr(self))

    def __repr__(self) -> str:
        return f"<tilla {self.kind} {text.one_line(self.name)}>"

    def __str__(self) -> str:
        return repr(self)


def _name(value: object) -> str:
    """Check ``database.name``; a name without a database depends on the session and is refused."""
    if not isinstance(value, str):
        raise errors.bad_name(repr(value))
    try:
        database, name = text.read_qualified(value)
    except ValueError:
        raise errors.bad_name(value) from None
    if not database:
        raise errors.unqualified_name(value)
    return text.quote_qualified(database, name)


def body_key(body: Any) -> tuple[tuple[object, ...], ...]:
    """What makes two bodies the same declaration."""
    return tuple(item.key() for item in read_columns(body))


@attrs.frozen(slots=False, repr=False)
class Part(Declared):
    """One object on the server. ``name`` is kept as it stands in SQL, quoted where needed."""

    name: str = attrs.field(converter=_name)

    @cached_property
    def path(self) -> tuple[str, str]:
        """Database and name, unquoted."""
        return text.read_qualified(self.name)

    @property
    def database(self) -> str:
        """The database, unquoted."""
        return self.path[0]

    @property
    def table(self) -> str:
        """The name within its database, unquoted."""
        return self.path[1]

    @property
    def qualified_name(self) -> str:
        """``database.name`` as it stands in SQL."""
        return self.name

    def parts(self) -> tuple[Part, ...]:
        return (self,)

    def edges(self) -> Iterable[Edge]:
        """What this part needs."""
        return ()

    def needs(self) -> tuple[Declared, ...]:
        """The declared objects behind the edges, as far as they are held as objects."""
        return ()


@attrs.frozen(slots=False, repr=False)
class Relation(Part, Generic[R]):
    """A part that can be read: it has columns, and ``relation[Body.column]`` names one of them in a join."""

    body: R = attrs.field(eq=body_key)

    @cached_property
    def all_columns(self) -> tuple[AnyColumn, ...]:
        """Columns and measures, as the body lists them."""
        return read_columns(self.body)

    @cached_property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns as the server stores them; a measure is a column of states."""
        return tuple(item.stored if isinstance(item, Measure) else item for item in self.all_columns)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(c.name for c in self.columns)

    @property
    def c(self) -> R:
        """The body: ``orders.c.total``."""
        return self.body

    def __getitem__(self, column: Column[T]) -> Expr[T]:
        """The column with this relation's name in front, for queries that read several."""
        if not isinstance(column, Column):
            raise errors.not_a_column(f"{self.name}[...]", type(column).__name__)
        if column.name not in self.column_names:
            raise errors.unknown_column(f"{self.name}[...]", column.name, self.column_names, self.name)
        return Reference(column.name, column.type, self.table)

    def select(self, *items: Expr[Any]) -> Query:
        """Read the relation; with an aggregate among the items, all others are group keys."""
        query = select(self, items)
        # What stands with another relation's name in front is of a join that comes later; `relation[...]` has checked it.
        own = [r for r in query.references() if r.relation in ("", self.table)]
        check_references(f"select from {self.name}", own, (self,))
        return query

    def _repr_html_(self) -> str:
        from tilla.notebook import relation_html

        return relation_html(self)


def check_references(
    where: str, references: Iterable[Reference[Any]], relations: Sequence[Any], extra: Sequence[str] = ()
) -> None:
    """Raise for every reference to a column that none of the relations has."""
    mistakes = errors.Collector()
    by_name = {r.table: set(r.column_names) for r in relations}
    everything = {name for names in by_name.values() for name in names} | set(extra)
    for reference in references:
        known = by_name.get(reference.relation, everything) if reference.relation else everything
        if reference.name not in known:
            owner = " and ".join(r.name for r in relations)
            shown = [n for r in relations for n in r.column_names]
            mistakes.add(errors.unknown_column(where, reference.name, shown, owner))
    mistakes.raise_all()


def settings_field() -> Any:
    """A field for ``settings``: names and values, compared by value."""
    return attrs.field(factory=dict, kw_only=True, converter=dict, eq=lambda s: tuple(sorted(map(str, s.items()))))


__all__ = ["Columns", "Declared", "Edge", "Mapping", "Part", "Relation", "check_references"]
