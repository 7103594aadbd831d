"""Typed faces over sqlglot nodes: what a user composes in Python and ClickHouse reads as an expression.

A face holds a node and, when Tilla knows it, the ClickHouse type. Nodes are shared between faces and
never changed; whoever hands one out (``Expr.node``) or prints one works on a copy, because sqlglot trees
are mutable and know their parent. Names and literals are leaves with ready text from :mod:`tilla.text`,
and calls are anonymous, so that everything prints as it was written.
"""

# mypy: disable-error-code="overload-overlap"
# Of the overloads of a method the first that fits counts, and that is meant: see `operators`.

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Never, TypeVar, overload

from sqlglot import exp

from tilla import errors, text
from tilla.expressions import rules
from tilla.expressions.face import merged
from tilla.expressions.forms import Call, Name, Ready
from tilla.expressions.kinds import (
    Moment,
    Number,
    Numeric,
    Readable,
    Rest,
    Resting,
    Textual,
    Timely,
)
from tilla.expressions.nodes import leaf, literal
from tilla.expressions.operators import Operators

if TYPE_CHECKING:
    from tilla.types import DataType

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Expr(Operators[T_co]):
    """One ClickHouse expression. ``T`` is the Python type that a reader gets for a value of it.

    Comparison operators build SQL; compare ``expr.sql()`` to compare two expressions. ``&``, ``|`` and
    ``~`` are AND, OR and NOT: an expression has no truth value in Python, so ``and`` raises.
    """

    __slots__ = ()

    def key(self) -> tuple[object, ...]:
        """What makes two expressions the same: their text, and what the names in it are computed from."""
        return (self.sql(), *((item.name, item.expr.sql()) for item in self.lets))

    def rebuilt(
        self: Expr[T], node: exp.Expr, reads: tuple[Any, ...], elements: tuple[Any, ...], lets: tuple[Any, ...]
    ) -> Expr[T]:
        """The same expression with other relations, arrays and named values inside: how a database is renamed."""
        out: Expr[T] = Expr(node, self.type, parts=(self,))
        out.reads, out.elements, out.lets = reads, elements, lets
        return out

    def __hash__(self) -> int:
        return id(self) if self.open else hash(self.sql())

    # --- how operators are built ---

    def _operate(self, kind: type[exp.Expr], name: str, left: object, right: object) -> Expr[Any]:
        return binary(kind, name, left, right)

    def _call(self, name: str, *arguments: object) -> Expr[Any]:
        return function(name, *arguments)

    @overload
    def __getitem__(self: Expr[list[T]], index: int | Expr[int]) -> Expr[T]: ...
    @overload
    def __getitem__(self: Expr[Mapping[Any, T]], index: object) -> Expr[T]: ...
    @overload
    def __getitem__(self: Expr[list[Any]] | Expr[tuple[Any, ...] | None], index: object) -> Expr[Any]: ...
    def __getitem__(self, index: object) -> Expr[Any]:
        """Element of an array, map or tuple: 1-based for arrays, a key for maps, a name for tuples."""
        name = "tupleElement" if rules.is_tuple(self.type, index) else "arrayElement"
        return call(name, self, index, type=rules.element(self.type, index))

    # --- methods that read better than a function ---

    def as_(self: Expr[T], name: str) -> Named[T]:
        """Give the expression an output name."""
        return Named(self, name)

    def cast(self, type: DataType[T]) -> Expr[T]:
        """Convert to a type; ClickHouse raises at run time when a value does not fit."""
        return call("CAST", self, str(type), type=type)

    def is_null(self) -> Expr[bool]:
        """``isNull(x)``: true where the value is absent."""
        return function("isNull", self)

    def is_not_null(self) -> Expr[bool]:
        """``isNotNull(x)``: true where there is a value."""
        return function("isNotNull", self)

    @overload
    def is_in(self: Expr[Number], values: Collection[Numeric] | Readable) -> Expr[bool]: ...
    @overload
    def is_in(self: Expr[str | None], values: Collection[Textual] | Readable) -> Expr[bool]: ...
    @overload
    def is_in(self: Expr[Moment], values: Collection[Timely] | Readable) -> Expr[bool]: ...
    @overload
    def is_in(self: Expr[Rest], values: Collection[Resting] | Readable) -> Expr[bool]: ...
    def is_in(self, values: object) -> Expr[bool]:
        """``x IN (...)``: a Python sequence of values, or a relation or query with one column."""
        return _in(self, values)

    @overload
    def not_in(self: Expr[Number], values: Collection[Numeric] | Readable) -> Expr[bool]: ...
    @overload
    def not_in(self: Expr[str | None], values: Collection[Textual] | Readable) -> Expr[bool]: ...
    @overload
    def not_in(self: Expr[Moment], values: Collection[Timely] | Readable) -> Expr[bool]: ...
    @overload
    def not_in(self: Expr[Rest], values: Collection[Resting] | Readable) -> Expr[bool]: ...
    def not_in(self, values: object) -> Expr[bool]:
        """``x NOT IN (...)``."""
        return ~_in(self, values)

    @overload
    def between(self: Expr[Number], low: Numeric, high: Numeric) -> Expr[bool]: ...
    @overload
    def between(self: Expr[str | None], low: Textual, high: Textual) -> Expr[bool]: ...
    @overload
    def between(self: Expr[Moment], low: Timely, high: Timely) -> Expr[bool]: ...
    def between(self, low: Any, high: Any) -> Expr[bool]:
        """``x >= low AND x <= high``, both ends included."""
        return binary(exp.GTE, "greaterOrEquals", self, low) & binary(exp.LTE, "lessOrEquals", self, high)

    def like(self: Expr[str | None], pattern: Textual) -> Expr[bool]:
        """``x LIKE pattern``: ``%`` any run, ``_`` one character."""
        return function("like", self, pattern)

    @overload
    def if_null(self: Expr[Never], other: object) -> Expr[Any]: ...
    @overload
    def if_null(self: Expr[bool | None], other: bool | Expr[bool]) -> Expr[bool]: ...
    @overload
    def if_null(self: Expr[int | None], other: int | Expr[int]) -> Expr[int]: ...
    @overload
    def if_null(
        self: Expr[int | None] | Expr[Decimal | None], other: int | Decimal | Expr[int] | Expr[Decimal]
    ) -> Expr[Decimal]: ...
    @overload
    def if_null(self: Expr[T | None], other: Expr[T]) -> Expr[T]: ...
    @overload
    def if_null(self: Expr[T | None], other: T) -> Expr[T]: ...
    def if_null(self, other: object) -> Expr[Any]:
        """``ifNull(x, other)``: the other value where this one is absent."""
        return function("ifNull", *in_one_scale("ifNull", self, other))

    def desc(self) -> Ordered:
        """Order by this expression, largest first."""
        return Ordered(self, descending=True)

    def asc(self) -> Ordered:
        """Order by this expression, smallest first."""
        return Ordered(self, descending=False)

    def over(
        self: Expr[T],
        *,
        partition_by: Expr[Any] | Sequence[Expr[Any]] = (),
        order_by: Expr[Any] | Ordered | Sequence[Expr[Any] | Ordered] = (),
        frame: str = "",
    ) -> Expr[T]:
        """Use an aggregate or window function over a window; ``frame`` is ClickHouse text such as
        ``ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW``.
        """
        partitions = as_sequence(partition_by)
        orders = [item if isinstance(item, Ordered) else item.asc() for item in as_sequence(order_by)]
        parts: list[Expr[Any]] = [self, *partitions, *(item.expr for item in orders)]
        node = exp.Window(
            this=self._node,
            partition_by=[item._node for item in partitions],
            order=exp.Order(expressions=[item.node() for item in orders]) if orders else None,
            spec=leaf(frame) if frame else None,
        )
        out: Expr[T] = Expr(node, self.type, parts=parts)
        out.aggregate = False
        return out


class Named(Expr[T_co]):
    """An expression with an output name: ``expr AS name``."""

    __slots__ = ("expr", "name")

    def __init__(self, expr: Expr[T_co], name: str) -> None:
        super().__init__(expr.shape or expr._node, expr.type, parts=(expr,))
        self.aggregate: bool = expr.aggregate
        self.expr: Final[Expr[T_co]] = expr
        self.name: Final[str] = name

    def item(self) -> str:
        """The SELECT item."""
        return f"{self.sql()} AS {text.quote_identifier(self.name)}"


class Reference(Expr[T_co]):
    """A column by name. ``relation`` is the name or alias in front of it, or ''."""

    __slots__ = ("name", "relation")

    def __init__(self, name: str, type: DataType[T_co] | None, relation: str = "") -> None:
        super().__init__(Name(name, relation), type)
        self.name: Final[str] = name
        self.relation: Final[str] = relation
        self.references: tuple[Reference[Any], ...] = (self,)


class Element(Expr[T_co]):
    """One element of an array, a row each: what ``ARRAY JOIN array AS name`` calls ``name``."""

    __slots__ = ("array", "left", "name")

    def __init__(self, array: Expr[Any], name: str, type: DataType[T_co] | None, left: bool) -> None:
        super().__init__(Name(name), type, parts=(array,))
        self.array: Final[Expr[Any]] = array
        self.name: Final[str] = name
        self.left: Final[bool] = left
        self.elements: tuple[Element[Any], ...] = (*array.elements, self)

    def clause(self) -> str:
        """The ARRAY JOIN clause; LEFT keeps the row of an empty array."""
        kind = "LEFT ARRAY JOIN" if self.left else "ARRAY JOIN"
        return f"{kind} {self.array.sql()} AS {text.quote_identifier(self.name)}"


class Let(Expr[T_co]):
    """A value with a name of its own inside one SELECT: what ``WITH expr AS name`` calls ``name``."""

    __slots__ = ("expr", "name")

    def __init__(self, expr: Expr[T_co], name: str) -> None:
        super().__init__(Name(name), expr.type, parts=(expr,))
        self.expr: Final[Expr[T_co]] = expr
        self.name: Final[str] = name
        self.lets: tuple[Let[Any], ...] = (*expr.lets, self)


class Ordered:
    """An expression with a direction, for ORDER BY."""

    __slots__ = ("descending", "expr")

    def __init__(self, expr: Expr[Any], descending: bool) -> None:
        self.expr: Final[Expr[Any]] = expr
        self.descending: Final[bool] = descending

    def node(self) -> exp.Expr:
        """The ORDER BY item as a node."""
        return exp.Ordered(this=self.expr._node, desc=True) if self.descending else self.expr._node

    def sql(self) -> str:
        """The ORDER BY item."""
        return f"{self.expr.sql()} DESC" if self.descending else self.expr.sql()

    def __repr__(self) -> str:
        return f"<Ordered {self.sql()}>"


def each(array: Expr[list[T]], name: str, *, left: bool = False) -> Expr[T]:
    """Turn an array into rows: a derived table has one row per element of it.

    The value stands for one element; the ARRAY JOIN clause follows from its use. ``left=True`` keeps
    the row of an empty array, with the element's default value.

    >>> from tilla import functions as f, types as t
    >>> line = each(Reference("tags", t.Array(t.String)), "tag")
    >>> print(line.sql(), "|", line.clause())
    tag | ARRAY JOIN tags AS tag
    """
    return Element(array, name, rules.element_of_array(array.type), left)


def let(expression: Expr[T], name: str) -> Expr[T]:
    """Give a value a name inside the SELECT, so that several columns may use it and it is written once.

    It is no column: the SELECT begins with ``WITH expression AS name``. ClickHouse puts the expression in the place of
    the name, so it must not be a column of the source nor of the result. An underscore in front keeps it apart.

    Raises:
        DeclarationError: the expression uses a column of a body that has not ended yet.

    >>> from tilla import functions as f, types as t
    >>> net = let(Reference("price", t.Int64) - Reference("discount", t.Int64), "_net")
    >>> print((net * 2).sql(), "|", net.lets[0].expr.sql())
    _net * 2 | price - discount
    """
    value = to_expr(expression)
    if value.open:
        raise errors.let_of_unfinished(name)
    return Let(value, name)


def as_sequence(value: Any) -> list[Any]:
    """Return a list: of the value itself, or of what a tuple or list holds."""
    return list(value) if isinstance(value, list | tuple) else [value]


# --- from Python values to nodes ---


def to_expr(value: object) -> Expr[Any]:
    """Turn a Python value into a literal; an expression stays what it is.

    A :class:`~decimal.Decimal` becomes a ClickHouse Decimal, never a Float64; a datetime needs a zone.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, Unusable):
        raise errors.measure_as_value(str(value))
    if isinstance(value, list):
        return _sequence("array", [to_expr(item) for item in value])
    if isinstance(value, tuple):
        return _sequence("tuple", [to_expr(item) for item in value])
    if isinstance(value, Mapping):
        return _sequence("map", [to_expr(item) for pair in value.items() for item in pair])
    sql = literal(value)
    return Expr(Ready(sql), rules.literal_type(value))


def as_expression(where: str, value: object) -> Expr[Any]:
    """Read what must be an expression already: a text or a bool there is a slip, and would be a literal.

    Raises:
        DeclarationError: it is no expression, or a measure.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, Unusable):
        raise errors.measure_as_value(str(value))
    raise errors.wrong_kind(where, value, "an expression over columns", 'Order.total > 0, or f.raw("anyFunction", ...)')


class Unusable:
    """Base of things that look like a value but are none (a stored -State); a literal of it is an error."""

    __slots__ = ()


def _sequence(function: str, items: list[Expr[Any]]) -> Expr[Any]:
    """Build an array, tuple or map of expressions."""
    return call(function, *items, type=rules.result(function, [item.type for item in items]))


# --- building ---


def call(
    name: str,
    *arguments: object,
    type: DataType[T] | None = None,
    parameters: Sequence[object] = (),
    aggregate: bool = False,
) -> Expr[T]:
    """Build a call of a ClickHouse function by its own name."""
    items = [to_expr(argument) for argument in arguments]
    settings = [to_expr(parameter) for parameter in parameters]
    out: Expr[T] = Expr(Call(name, items, settings), type, parts=items)
    out.aggregate = out.aggregate or aggregate
    return out


def function(name: str, *arguments: object) -> Expr[Any]:
    """Build a call whose type follows from :mod:`tilla.expressions.rules`."""
    items = [to_expr(argument) for argument in arguments]
    return call(name, *items, type=typed(name, items))


def typed(name: str, items: Sequence[Expr[Any]]) -> DataType[Any] | None:
    """The type of a function over these arguments, or None when Tilla does not know it."""
    return rules.result(name, [item.type for item in items], [is_constant(item) for item in items])


def in_one_scale(where: str, *values: object) -> list[object]:
    """Write Decimal literals with the digits of the expressions beside them.

    The branches of a condition must have one scale, or the server refuses them (26.9).

    Raises:
        DeclarationError: two expressions have different scales.
    """
    scales = {rules.scale_of(value.type) for value in values if isinstance(value, Expr)} - {None}
    if not scales:
        return list(values)
    scale = max(found for found in scales if found is not None)
    out = [rules.in_scale(value, scale) if isinstance(value, Decimal) else value for value in values]
    scales |= {rules.decimal_scale(value) for value in out if isinstance(value, Decimal)}
    if len(scales) > 1:
        raise errors.decimal_scales(where, [str(to_expr(value).type) for value in out])
    return out


def is_constant(item: Expr[Any]) -> bool:
    """True when an expression reads no column, so that it has one value for all rows."""
    return not (item.references or item.elements or item.reads or item.open or item.aggregate)


# Operators that group less tightly have lower numbers; what is not here never needs brackets.
_BINDING: dict[type[exp.Expr], int] = {
    exp.Or: 1,
    exp.And: 2,
    exp.EQ: 4,
    exp.NEQ: 4,
    exp.LT: 4,
    exp.LTE: 4,
    exp.GT: 4,
    exp.GTE: 4,
}
_BINDING |= {exp.Add: 6, exp.Sub: 6, exp.Mul: 7, exp.Div: 7, exp.Mod: 7}


def binary(kind: type[exp.Expr], function: str, left: object, right: object) -> Expr[Any]:
    """Build ``left op right``, with brackets wherever ClickHouse would group otherwise."""
    one, two = to_expr(left), to_expr(right)
    bind = _BINDING[kind]
    flat = kind in (exp.And, exp.Or)
    a, b = one._node, two._node
    if _BINDING.get(type(a), 9) < bind or (bind == 4 and _BINDING.get(type(a)) == 4):
        a = exp.Paren(this=a)
    if _BINDING.get(type(b), 9) < bind or (_BINDING.get(type(b)) == bind and not (flat and type(b) is kind)):
        b = exp.Paren(this=b)
    return Expr(kind(this=a, expression=b), typed(function, (one, two)), parts=(one, two))


def _in(left: Expr[Any], values: object) -> Expr[bool]:
    """Build ``x IN set``: of literals, of a query, or of a relation by name."""
    this = exp.Paren(this=left._node) if type(left._node) in _BINDING else left._node
    parts: tuple[Expr[Any], ...] = (left,)
    _check_width(left, values)
    if hasattr(values, "qualified_name"):
        node = exp.In(this=this, field=leaf(values.qualified_name))
    elif isinstance(values, list | tuple | set | frozenset):
        items = [to_expr(item) for item in values]
        if not items:
            return Expr(Ready("false"), rules.BOOL)
        parts = (left, *items)
        node = exp.In(this=this, expressions=[item._node for item in items])
    elif isinstance(values, Expr):
        parts = (left, values)
        node = exp.In(this=this, field=exp.Paren(this=values._node))
    elif hasattr(values, "sql"):
        node = exp.In(this=this, field=leaf(f"({values.sql()})"))
    else:
        raise errors.no_literal(type(values).__name__)
    out: Expr[bool] = Expr(exp.Paren(this=node), typed("in", (left,)), parts=parts)
    if not isinstance(values, list | tuple | set | frozenset | Expr):
        out.reads = merged(out.reads, (values,))  # a relation, a query, or SQL by hand
    return out


def _check_width(left: Expr[Any], values: Any) -> None:
    """Refuse ``x IN`` over several columns where x is one value (code 20)."""
    if hasattr(values, "qualified_name"):
        names = [c.name for c in values.columns if c.default_kind not in ("MATERIALIZED", "ALIAS", "EPHEMERAL")]
    else:
        names = list(getattr(values, "names", ()))
    width = rules.width(left.type)
    if left.type is not None and len(names) > 1 and len(names) != width:
        raise errors.in_several_columns(left.sql() if not left.open else "IN", width, names)


@lru_cache(maxsize=4096)
def parameter(name: str, type: DataType[T]) -> Expr[T]:
    """A query parameter ``{name:Type}``, for parameterized views."""
    return Expr(Ready(f"{{{name}:{type}}}"), type)
