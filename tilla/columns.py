"""Columns, and the bodies that list them.

A body is a bare class whose attributes are columns::

    class Order(tl.Columns):
        id = tl.column(t.UInt64)
        total = tl.column(t.Decimal(18, 2), comment="shop currency")

``Order.total`` is a typed value that any expression may use. Columns belong to no table: the same body may
describe two. A column made by :func:`derive` or :func:`measure` carries the expression that fills it, so a
derived table's columns *are* the SELECT list of its view.

A body may use its own earlier columns (``b = tl.derive(a + 1)``). They have no name until the class ends, so
they travel as open leaves, and ``__init_subclass__`` closes them: a derived one by its expression (an alias
would mean the source's column where both have that name), a declared one by its name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar

from sqlglot import exp

from tilla import errors, text
from tilla.expressions.combinators import Aggregate
from tilla.expressions.expr import Expr, Reference, Unusable, as_expression, to_expr
from tilla.expressions.forms import Name, Ready
from tilla.expressions.sql import Sql
from tilla.types.base import check_type
from tilla.types.rules import holds

if TYPE_CHECKING:
    from tilla.types import DataType

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_tokens = itertools.count()

# What may stand behind a column's type in CREATE TABLE, besides its default.
_OPTIONS = ("comment", "codec", "ttl", "statistics", "settings")
_DEFAULTS = ("default", "materialized", "alias", "ephemeral")


class Column(Expr[T_co], Generic[T_co]):
    """One column of a table: its name, its type and what CREATE TABLE says behind them.

    ``derived`` is the expression that fills it in a derived table, or None.
    """

    __slots__ = ("default_kind", "default_value", "derived", "name", "options", "token")
    relation = ""

    def __init__(
        self,
        name: str,
        type: DataType[T_co] | None,
        *,
        derived: Expr[Any] | None = None,
        default_kind: str = "",
        default_value: Expr[Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.token: Final[str] = "" if name else f"\0{next(_tokens)}"
        super().__init__(Name(name) if name else Ready(self.token), type)
        self.name: Final = name
        self.derived: Final = derived
        self.default_kind: Final = default_kind
        self.default_value: Final = default_value
        self.options: Final[Mapping[str, Any]] = dict(options or {})
        self.open: bool = not name
        if name:
            # A column has all that a Reference has, and is its own.
            self.references: tuple[Any, ...] = (self,)

    @property
    def comment(self) -> str:
        """What the column holds, as ``COMMENT`` says it."""
        return str(self.options.get("comment", ""))

    def renamed(self, name: str) -> Self:
        """The same column under another name."""
        return self._evolved(name=name)

    def _evolved(self, **changes: Any) -> Self:
        facts: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "derived": self.derived,
            "default_kind": self.default_kind,
            "default_value": self.default_value,
            "options": self.options,
        }
        return type(self)(**(facts | changes))

    def of(self, relation: str) -> Expr[T_co]:
        """The column with a table's name or alias in front."""
        return Reference(self.name, self.type, relation)

    def key(self) -> tuple[object, ...]:
        """What makes two columns the same declaration; compared and hashed instead of ``==``.

        Flat, the column first, then those that it is computed from: a chain of views may be as long as it likes.
        """
        found: list[object] = []
        item: Expr[Any] | None = self
        while isinstance(item, Column):
            default = item.default_value.sql() if item.default_value is not None else None
            options = tuple(sorted((k, str(v)) for k, v in item.options.items()))
            found.append((item.name, str(item.type), item.default_kind, default, options))
            item = item.derived
        return (*found, item.key() if item is not None else None)

    def __repr__(self) -> str:
        kind = self.type if self.type is not None else "type unknown"
        return f"<Column {text.one_line(self.name) or '(unnamed yet)'} {kind}>"


class Measure(Unusable, Generic[T_co]):
    """A column that stores an aggregate state. Not a value: :meth:`merge` reads one, and :attr:`value` where it is finished.

    ``T`` is the Python type of the finished value.
    """

    __slots__ = ("_state", "_stored", "aggregate", "name", "options", "simple", "token")

    def __init__(
        self, name: str, aggregate: Aggregate[T_co], *, simple: bool = False, options: Mapping[str, Any] | None = None
    ) -> None:
        self.token: Final[str] = "" if name else f"\0{next(_tokens)}"
        self.name: Final = name
        self.aggregate: Final = aggregate
        self.simple: Final = simple
        self.options: Final[Mapping[str, Any]] = dict(options or {})
        self._state: Expr[Any] | None = None
        self._stored: Column[Any] | None = None

    @property
    def comment(self) -> str:
        """What the measure means, as ``COMMENT`` says it."""
        return str(self.options.get("comment", ""))

    @property
    def type(self) -> DataType[Any] | None:
        """The stored type: ``AggregateFunction(...)``, or ``SimpleAggregateFunction(...)`` when declared simple."""
        if not self.simple:
            return self.aggregate.state_type
        if self.aggregate.simple_type is None:
            raise errors.not_simple(self.name, self.aggregate.sql())
        return self.aggregate.simple_type

    @property
    def state(self) -> Expr[Any]:
        """The SELECT item that fills it: the ``-State`` spelling, or the plain aggregate when simple."""
        if self._state is None:
            self._state = self.aggregate if self.simple else self.aggregate.state()
        return self._state

    @property
    def stored(self) -> Column[Any]:
        """The column of the target table, filled by :attr:`state`."""
        if self._stored is None:
            self._stored = Column(self.name, self.type, derived=self.state, options=self.options)
        return self._stored

    def merge(self) -> Aggregate[T_co]:
        """Finish the state: ``uniqExactMerge(column)``, to be read with GROUP BY."""
        reference: Expr[Any] = Reference(self.name, self.type)
        return self.aggregate.merge_simple(reference) if self.simple else self.aggregate.merge_of(reference)

    @property
    def value(self) -> Expr[T_co]:
        """The finished value, where it is kept as one: in a RefreshableView, or in the reading view of an Aggregation."""
        reference: Expr[Any] = Reference(self.name, self.aggregate.type)
        return reference

    def renamed(self, name: str) -> Measure[T_co]:
        """The same measure under another name."""
        return Measure(name, self.aggregate, simple=self.simple, options=self.options)

    def key(self) -> tuple[object, ...]:
        """What makes two measures the same declaration."""
        return (
            self.name,
            self.aggregate.sql(),
            str(self.aggregate.state_type),
            self.simple,
            tuple(sorted((k, str(v)) for k, v in self.options.items())),
        )

    def __hash__(self) -> int:
        return hash((self.name, self.simple))

    if not TYPE_CHECKING:  # type checkers report these; at run time the mistake is told, too

        def _no_value(self, *_: object) -> NoReturn:
            raise errors.measure_as_value(str(self))

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _no_value
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __neg__ = _no_value
        __lt__ = __le__ = __gt__ = __ge__ = __and__ = __rand__ = __or__ = __ror__ = __invert__ = __bool__ = _no_value

        def __eq__(self, other: object) -> bool:
            # `where=Daily.events == 3` would be False, and filter all rows away without a word.
            if isinstance(other, Expr | str | bool | int | float):
                self._no_value()
            return self is other

    def __str__(self) -> str:
        return self.name or "a measure"

    def __repr__(self) -> str:
        shown = self.aggregate.sql() if not self.aggregate.open else "?"
        return f"<Measure {text.one_line(self.name) or '(unnamed yet)'} {text.one_line(shown)}>"

    def __format__(self, spec: str) -> str:
        raise errors.formatted_into_text(repr(self))


AnyColumn = Column[Any] | Measure[Any]
ColumnName = Column[Any] | str  # where a column is meant by its name alone


def column(
    type: DataType[T],
    *,
    name: str = "",
    default: object = None,
    materialized: object = None,
    alias: object = None,
    ephemeral: object = None,
    comment: str = "",
    codec: str | None = None,
    ttl: Expr[Any] | Sql | None = None,
    statistics: str | tuple[str, ...] = (),
    settings: Mapping[str, object] | None = None,
) -> Column[T]:
    """Declare a column of a table.

    ``name`` is for names that are no Python identifier (``from``, ``a-b``); else the attribute names it.
    At most one of ``default`` (used when an insert leaves the column out), ``materialized`` (always
    computed, hidden from ``SELECT *``), ``alias`` (computed when read) and ``ephemeral`` (only for an insert;
    ``ephemeral=True`` has no expression) may be given. For a default of NULL write ``tl.sql("NULL")``.
    ``codec`` is ClickHouse text such as ``"Delta, ZSTD(3)"``, ``ttl`` an expression, ``statistics`` names such as
    ``("tdigest", "uniq")``.
    """
    where = f"tl.column({name!r}, ...)" if name else "tl.column"
    check_type(where, type)
    given = [
        (kind.upper(), value)
        for kind, value in zip(_DEFAULTS, (default, materialized, alias, ephemeral), strict=True)
        if (value is not None and value is not False) or (kind == "default" and value is False)
    ]
    if len(given) > 1:
        raise errors.two_defaults(name or "column", [kind for kind, _ in given])
    kind, value = given[0] if given else ("", None)
    if not holds(type, value):
        raise errors.default_out_of_type(where, repr(value), str(type))
    expression = None if value is None or (kind == "EPHEMERAL" and value is True) else _value(value)
    options = _options(comment, codec, ttl, statistics, settings)
    return Column(name, type, default_kind=kind, default_value=expression, options=options)


def derive(
    expression: Expr[T],
    type: DataType[Any] | None = None,
    *,
    name: str = "",
    comment: str = "",
    codec: str | None = None,
    ttl: Expr[Any] | Sql | None = None,
    statistics: str | tuple[str, ...] = (),
    settings: Mapping[str, object] | None = None,
) -> Column[T]:
    """Declare a column of a derived table by the expression over the source that fills it.

    One line gives the target's column, its type and the SELECT item. In an Aggregation it is a group key.
    ``type`` states the type where Tilla cannot know it (``f.raw``, a column without a type); where Tilla
    knows it, a different type needs an explicit ``expression.cast(...)``.

    Raises:
        DeclarationError: ``expression`` is a measure or an aggregate, or ``type`` contradicts the known one.
    """
    value = to_expr(expression)
    if type is not None and value.type is not None and str(value.type) != str(type):
        raise errors.type_contradicts(name or value.sql() if not value.open else name, str(value.type), str(type))
    options = _options(comment, codec, ttl, statistics, settings)
    return Column(name, value.type if type is None else type, derived=value, options=options)


def measure(
    aggregate: Aggregate[T],
    *,
    simple: bool = False,
    name: str = "",
    comment: str = "",
    codec: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> Measure[T]:
    """Declare a measure of an Aggregation: stored as a ``-State``, read with ``.merge()``.

    ``simple=True`` stores a ``SimpleAggregateFunction`` (sum, min, max, any, ...), which reads as a plain value
    and takes less room.

    Raises:
        DeclarationError: the argument is not an aggregate function.
    """
    if not isinstance(aggregate, Aggregate):
        raise errors.not_an_aggregate(name or "measure", repr(aggregate))
    return Measure(name, aggregate, simple=simple, options=_options(comment, codec, None, (), settings))


def _value(value: object) -> Expr[Any]:
    """Read a default: an expression, SQL by hand, or a Python value."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, Sql):  # verbatim
        out: Expr[Any] = Expr(Ready(value.render()))
        out.reads = (value,)
        return out
    return to_expr(value)


def _options(
    comment: str,
    codec: str | None,
    ttl: Expr[Any] | Sql | None,
    statistics: str | tuple[str, ...],
    settings: Mapping[str, object] | None,
) -> dict[str, Any]:
    """Keep the options that were given."""
    names = (statistics,) if isinstance(statistics, str) else tuple(statistics)
    until = None if ttl is None else _value(ttl) if isinstance(ttl, Sql) else as_expression("TTL of a column", ttl)
    values = (comment, codec, until, names, dict(settings or {}))
    return {key: value for key, value in zip(_OPTIONS, values, strict=True) if isinstance(value, Expr) or value}


class Columns:
    """Base of a column body: attributes are columns, and nothing else is public.

    A subclass of a body has the columns of its base first, then its own; one of the same name replaces the base's
    in its place.
    """

    __tilla_columns__: tuple[AnyColumn, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found: dict[str, AnyColumn] = {}
        for base in reversed(cls.__mro__[1:]):
            found |= {item.name: item for item in base.__dict__.get("__tilla_columns__", ())}
        closed: dict[str, Expr[Any]] = {}
        own: dict[str, str] = {}
        mistakes = errors.Collector()
        for attribute, value in list(cls.__dict__.items()):
            if attribute.startswith("__") or not isinstance(value, Column | Measure):
                if not attribute.startswith("_"):
                    mistakes.add(errors.not_a_column(f"{cls.__qualname__}.{attribute}", type(value).__name__))
                continue
            name = value.name or attribute
            if name in own:
                mistakes.add(errors.duplicate_column(cls.__qualname__, name))
            own[name] = attribute
            with mistakes.catch():
                finished = _close(value, name, closed)
                if value.token:
                    derived = finished.derived if isinstance(finished, Column) else None
                    closed[value.token] = derived if derived is not None else Reference(name, finished.type)
                found[name] = finished
                setattr(cls, attribute, finished)
        mistakes.raise_all()
        cls.__tilla_columns__ = tuple(found.values())

    def __new__(cls) -> Self:
        raise errors.body_instantiated(cls.__qualname__)


def _close(value: AnyColumn, name: str, closed: Mapping[str, Expr[Any]]) -> AnyColumn:
    """Name one column and close its references to earlier columns of the same body."""
    if isinstance(value, Measure):
        aggregate = value.aggregate.mapped(lambda e: close(e, closed)) if value.aggregate.open else value.aggregate
        return Measure(name, aggregate, simple=value.simple, options=value.options)
    derived = close(value.derived, closed) if value.derived is not None else None
    default = close(value.default_value, closed) if value.default_value is not None else None
    options = {k: close(v, closed) if isinstance(v, Expr) else v for k, v in value.options.items()}
    return value._evolved(name=name, derived=derived, default_value=default, options=options)


def close(expression: Expr[Any], closed: Mapping[str, Expr[Any]]) -> Expr[Any]:
    """Replace open leaves of an expression by what they stand for."""
    if not expression.open:
        return expression
    used: list[Expr[Any]] = []

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Var) and node.name.startswith("\0"):
            target = closed.get(node.name)
            if target is None:
                raise errors.unfinished_column("column")
            used.append(target)
            copy = target.node
            return exp.Paren(this=copy) if isinstance(copy, exp.Binary) else copy
        return node

    node = expression.node.transform(replaced)
    if isinstance(node, exp.Paren) and len(used) == 1 and isinstance(expression.node, exp.Var):
        node = node.this  # the whole expression is one earlier column: nothing to bracket
    known: Expr[Any] = Expr(Ready("?"))  # what the expression knows besides its open leaves
    known.references, known.elements, known.reads = expression.references, expression.elements, expression.reads
    known.aggregate, known.lets = expression.aggregate, expression.lets
    return Expr(node, expression.type, parts=(known, *used))


def columns_of(*columns: AnyColumn, name: str = "Generated") -> type[Columns]:
    """Make a body from a sequence of named columns, for generated and introspected tables.

    >>> from tilla import types as t
    >>> body = columns_of(column(t.UInt64, name="id"), column(t.String, name="from"))
    >>> [c.name for c in read_columns(body)]
    ['id', 'from']
    """
    namespace: dict[str, Any] = {"__tilla_columns__": ()}
    body: type[Columns] = type(name, (Columns,), namespace)
    body.__tilla_columns__ = read_columns(columns)
    for item in body.__tilla_columns__:
        setattr(body, item.name, item)
    return body


def read_columns(source: type[Columns] | Iterable[AnyColumn] | None) -> tuple[AnyColumn, ...]:
    """The columns of a body or of a sequence, each with a name, none twice."""
    if isinstance(source, type) and issubclass(source, Columns):
        return source.__tilla_columns__
    if isinstance(source, type) or not isinstance(source, Iterable):
        raise errors.not_a_body(repr(source))
    found: tuple[Any, ...] = tuple(source)
    mistakes = errors.Collector()
    seen: set[str] = set()
    for position, item in enumerate(found):
        if not isinstance(item, Column | Measure):
            mistakes.add(errors.not_a_column(f"columns[{position}]", type(item).__name__))
        elif not item.name:
            mistakes.add(errors.nameless_column(f"columns[{position}]"))
        elif item.name in seen:
            mistakes.add(errors.duplicate_column("columns", item.name))
        else:
            seen.add(item.name)
    mistakes.raise_all()
    return found
