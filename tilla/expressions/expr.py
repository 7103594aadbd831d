"""Typed faces over sqlglot nodes: what a user composes in Python and ClickHouse reads as an expression.

A face holds a node and, when Tilla knows it, the ClickHouse type. Nodes are shared between faces and
never changed; whoever hands one out (``Expr.node``) or prints one works on a copy, because sqlglot trees
are mutable and know their parent. Names and literals are leaves with ready text from :mod:`tilla.text`,
and calls are anonymous, so that everything prints as it was written.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse

from tilla import errors, text
from tilla.expressions import rules

if TYPE_CHECKING:
    from tilla.types import DataType

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

# One generator for all: building it costs more than printing a statement. `copy=True` below keeps shared nodes intact.
_GENERATOR = ClickHouse().generator()


def print_node(node: exp.Expr) -> str:
    """Print one node as ClickHouse reads it, on one line."""
    return _GENERATOR.generate(node, copy=True)


def leaf(sql: str) -> exp.Expr:
    """Wrap ready SQL text (a quoted name, a literal) as a node that prints as it is."""
    return exp.Var(this=sql)


def name_node(name: str, relation: str = "") -> exp.Expr:
    """Build a column reference, with the relation or alias in front when one is given.

    Columns are the only ``exp.Column`` nodes (literals and lambda arguments are leaves), so that a clause may
    put a qualifier in front of exactly the references.
    """
    sql = text.quote_identifier(name)
    qualifier = exp.Identifier(this=text.quote_identifier(relation)) if relation else None
    return exp.Column(this=exp.Identifier(this=sql), table=qualifier)


def call_node(name: str, arguments: Iterable[exp.Expr], parameters: Sequence[exp.Expr] = ()) -> exp.Expr:
    """Build a call that prints its name as written: stock sqlglot functions rename some (``rand``, ``if``)."""
    if parameters:
        return exp.ParameterizedAgg(this=name, expressions=list(parameters), params=list(arguments))
    return exp.Anonymous(this=name, expressions=list(arguments))


class Expr(Generic[T_co]):
    """One ClickHouse expression. ``T`` is the Python type that a reader gets for a value of it.

    Comparison operators build SQL; compare ``expr.sql()`` to compare two expressions. ``&``, ``|`` and
    ``~`` are AND, OR and NOT: an expression has no truth value in Python, so ``and`` raises.
    """

    __slots__ = ("_node", "_sql", "aggregate", "elements", "lets", "open", "reads", "references", "type")

    def __init__(
        self,
        node: exp.Expr,
        type: DataType[T_co] | None = None,
        *,
        parts: Iterable[Expr[Any]] = (),
    ) -> None:
        self._node = node
        self._sql: str | None = None
        self.type = type
        # What the parts know travels upward, so that nobody has to walk a tree to learn it.
        self.references: tuple[Reference[Any], ...] = ()
        self.elements: tuple[Element[Any], ...] = ()
        self.lets: tuple[Let[Any], ...] = ()
        self.reads: tuple[Any, ...] = ()  # read inside: relations (`x IN relation`, dictGet), queries, SQL by hand
        self.open = False
        self.aggregate = False
        for part in parts:
            if part.references:
                self.references = merged(self.references, part.references)
            if part.elements:
                self.elements = merged(self.elements, part.elements)
            if part.lets:
                self.lets = merged(self.lets, part.lets)
            if part.reads:
                self.reads = merged(self.reads, part.reads)
            self.open = self.open or part.open
            self.aggregate = self.aggregate or part.aggregate

    @property
    def node(self) -> exp.Expr:
        """A copy of the sqlglot node."""
        return self._node.copy()

    def sql(self) -> str:
        """The expression as ClickHouse SQL on one line."""
        if self.open:
            raise errors.unfinished_column(type(self).__name__)
        if self._sql is None:
            self._sql = print_node(self._node)
        return self._sql

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

    def __repr__(self) -> str:
        try:
            shown = "?" if self.open else self.sql()
        except Exception:  # a repr must never raise: it is what a debugger and a notebook show of a broken value
            shown = "?"
        return f"<{type(self).__name__} {shown}: {self.type if self.type is not None else 'type unknown'}>"

    def __bool__(self) -> bool:
        raise errors.truth_of_expression(repr(self))

    def __hash__(self) -> int:
        return id(self) if self.open else hash(self.sql())

    def __iter__(self) -> Any:
        raise errors.iteration_of_expression(repr(self))

    def __format__(self, spec: str) -> str:
        raise errors.formatted_into_text(repr(self))

    # --- operators ---

    def __eq__(self, other: object) -> Expr[bool]:  # type: ignore[override]  # SQL equality, as in every DSL
        return binary(exp.EQ, "equals", self, other)

    def __ne__(self, other: object) -> Expr[bool]:  # type: ignore[override]
        return binary(exp.NEQ, "notEquals", self, other)

    def __lt__(self, other: object) -> Expr[bool]:
        return binary(exp.LT, "less", self, other)

    def __le__(self, other: object) -> Expr[bool]:
        return binary(exp.LTE, "lessOrEquals", self, other)

    def __gt__(self, other: object) -> Expr[bool]:
        return binary(exp.GT, "greater", self, other)

    def __ge__(self, other: object) -> Expr[bool]:
        return binary(exp.GTE, "greaterOrEquals", self, other)

    def __and__(self, other: object) -> Expr[bool]:
        return binary(exp.And, "and", self, other)

    def __rand__(self, other: object) -> Expr[bool]:
        return binary(exp.And, "and", other, self)

    def __or__(self, other: object) -> Expr[bool]:
        return binary(exp.Or, "or", self, other)

    def __ror__(self, other: object) -> Expr[bool]:
        return binary(exp.Or, "or", other, self)

    def __invert__(self) -> Expr[bool]:
        return function("not", self)

    def __add__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Add, "plus", self, other)

    def __radd__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Add, "plus", other, self)

    def __sub__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Sub, "minus", self, other)

    def __rsub__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Sub, "minus", other, self)

    def __mul__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Mul, "multiply", self, other)

    def __rmul__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Mul, "multiply", other, self)

    def __truediv__(self, other: object) -> Expr[Any]:
        return binary(exp.Div, "divide", self, other)

    def __rtruediv__(self, other: object) -> Expr[Any]:
        return binary(exp.Div, "divide", other, self)

    def __floordiv__(self, other: object) -> Expr[Any]:
        return function("intDiv", self, other)

    def __mod__(self: Expr[T], other: object) -> Expr[T]:
        return binary(exp.Mod, "modulo", self, other)

    def __neg__(self: Expr[T]) -> Expr[T]:
        return function("negate", self)

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

    def is_in(self, values: object) -> Expr[bool]:
        """``x IN (...)``: a Python sequence of values, or a relation or query with one column."""
        return _in(self, values)

    def not_in(self, values: object) -> Expr[bool]:
        """``x NOT IN (...)``."""
        return ~_in(self, values)

    def between(self, low: object, high: object) -> Expr[bool]:
        """``x >= low AND x <= high``, both ends included."""
        return (self >= low) & (self <= high)

    def like(self, pattern: str) -> Expr[bool]:
        """``x LIKE pattern``: ``%`` any run, ``_`` one character."""
        return function("like", self, pattern)

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
        ``ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW``."""
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

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"


class Named(Expr[T_co]):
    """An expression with an output name: ``expr AS name``."""

    __slots__ = ("expr", "name")

    def __init__(self, expr: Expr[T_co], name: str) -> None:
        super().__init__(expr._node, expr.type, parts=(expr,))
        self.aggregate = expr.aggregate
        self.expr = expr
        self.name = name

    def item(self) -> str:
        """The SELECT item."""
        return f"{self.sql()} AS {text.quote_identifier(self.name)}"


class Reference(Expr[T_co]):
    """A column by name. ``relation`` is the name or alias in front of it, or ''."""

    __slots__ = ("name", "relation")

    def __init__(self, name: str, type: DataType[T_co] | None, relation: str = "") -> None:
        super().__init__(name_node(name, relation), type)
        self.name = name
        self.relation = relation
        self.references = (self,)


class Element(Expr[T_co]):
    """One element of an array, a row each: what ``ARRAY JOIN array AS name`` calls ``name``."""

    __slots__ = ("array", "left", "name")

    def __init__(self, array: Expr[Any], name: str, type: DataType[T_co] | None, left: bool) -> None:
        super().__init__(name_node(name), type, parts=(array,))
        self.array = array
        self.name = name
        self.left = left
        self.elements = (*array.elements, self)

    def clause(self) -> str:
        """The ARRAY JOIN clause; LEFT keeps the row of an empty array."""
        kind = "LEFT ARRAY JOIN" if self.left else "ARRAY JOIN"
        return f"{kind} {self.array.sql()} AS {text.quote_identifier(self.name)}"


class Let(Expr[T_co]):
    """A value with a name of its own inside one SELECT: what ``WITH expr AS name`` calls ``name``."""

    __slots__ = ("expr", "name")

    def __init__(self, expr: Expr[T_co], name: str) -> None:
        super().__init__(name_node(name), expr.type, parts=(expr,))
        self.expr = expr
        self.name = name
        self.lets = (*expr.lets, self)


class Ordered:
    """An expression with a direction, for ORDER BY."""

    __slots__ = ("descending", "expr")

    def __init__(self, expr: Expr[Any], descending: bool) -> None:
        self.expr = expr
        self.descending = descending

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


def merged(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    """Concatenate without repeating an object."""
    if not left or left is right:
        return right
    seen = {id(item) for item in left}
    return left + tuple(item for item in right if id(item) not in seen)


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
    return Expr(leaf(sql), rules.literal_type(value))


class Unusable:
    """Base of things that look like a value but are none (a stored -State); a literal of it is an error."""

    __slots__ = ()


def literal(value: object) -> str:
    """Write a Python scalar as ClickHouse SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer_literal(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
    if isinstance(value, str):
        return text.quote_string(value)
    if isinstance(value, Decimal):
        return _decimal_literal(value)
    if isinstance(value, dt.datetime):
        return _datetime_literal(value)
    if isinstance(value, dt.date):
        return f"toDate32('{value.isoformat()}')" if not 1970 <= value.year < 2149 else f"toDate('{value.isoformat()}')"
    if isinstance(value, dt.timedelta):
        micros = value // dt.timedelta(microseconds=1)
        return f"toIntervalMicrosecond({micros})" if micros % 1_000_000 else f"toIntervalSecond({micros // 1_000_000})"
    if isinstance(value, uuid.UUID):
        return f"toUUID('{value}')"
    raise errors.no_literal(type(value).__name__)


def _integer_literal(value: int) -> str:
    """Write an integer; ClickHouse would read one of more than 64 bits as a Float64 and lose its last digits."""
    if -(2**63) <= value < 2**64:
        return str(value)
    type_ = rules.integer_type(value)
    if type_ is None:
        raise errors.no_literal("int of more than 256 bits")
    return f"to{type_}('{value}')"


def _decimal_literal(value: Decimal) -> str:
    """Write a Decimal with its own scale: a bare ``1.5`` would be a Float64 in ClickHouse."""
    if not value.is_finite():
        raise errors.no_literal(f"Decimal {value}")
    if (digits := rules.decimal_digits(value)) > 76:
        raise errors.no_literal(f"Decimal of {digits} digits")
    return f"toDecimal{rules.decimal_width(digits)}('{value:f}', {rules.decimal_scale(value)})"


def _datetime_literal(value: dt.datetime) -> str:
    """Write a moment in UTC; a datetime without a zone is ambiguous and refused."""
    if value.tzinfo is None:
        raise errors.naive_datetime(value.isoformat(" "))
    moment = value.astimezone(dt.UTC)
    digits = 6 if moment.microsecond % 1000 else 3
    fraction = f"{moment.microsecond:06d}"[:digits]
    return f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S}.{fraction}', {digits}, 'UTC')"


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
    settings = [to_expr(parameter)._node for parameter in parameters]
    out: Expr[T] = Expr(call_node(name, [item._node for item in items], settings), type, parts=items)
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
            return Expr(leaf("false"), rules.BOOL)
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
    return Expr(leaf(f"{{{name}:{type}}}"), type)
