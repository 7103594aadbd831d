"""What every expression holds: a sqlglot node, a type, and what it knows of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlglot import exp

from tilla import errors, text
from tilla.expressions.forms import Call, Name, Ready, Shape
from tilla.expressions.nodes import print_node

if TYPE_CHECKING:
    from tilla.expressions.expr import Element, Expr, Let, Reference
    from tilla.types import DataType

T_co = TypeVar("T_co", covariant=True)


class Face(Generic[T_co]):
    """A node with a face: it prints, and Python cannot take it for a value (no truth, no iteration, no f-string)."""

    __slots__ = ("_made", "_sql", "aggregate", "elements", "lets", "open", "reads", "references", "shape", "type")

    def __init__(
        self,
        node: exp.Expr | Shape,
        type: DataType[T_co] | None = None,
        *,
        parts: Iterable[Expr[Any]] = (),
    ) -> None:
        self.shape: Shape | None = node if isinstance(node, Ready | Name | Call) else None
        self._made: exp.Expr | None = None if isinstance(node, Ready | Name | Call) else node
        self._sql: str | None = None
        self.type: DataType[T_co] | None = type
        # What the parts know travels upward, so that nobody has to walk a tree to learn it.
        self.references: tuple[Reference[Any], ...] = ()
        self.elements: tuple[Element[Any], ...] = ()
        self.lets: tuple[Let[Any], ...] = ()
        self.reads: tuple[Any, ...] = ()  # read inside: relations (`x IN relation`, dictGet), queries, SQL by hand
        self.open: bool = False
        self.aggregate: bool = False
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
    def _node(self) -> exp.Expr:
        """The sqlglot node, which others may share."""
        if self._made is None:
            assert self.shape is not None
            self._made = self.shape.node()
        return self._made

    @property
    def node(self) -> exp.Expr:
        """A copy of the sqlglot node."""
        return self._node.copy()

    def sql(self) -> str:
        """The expression as ClickHouse SQL on one line."""
        if self.open:
            raise errors.unfinished_column(type(self).__name__)
        if self._sql is None:
            self._sql = print_node(self._node) if self.shape is None else self.shape.text(_sql_of)
        return self._sql

    def __repr__(self) -> str:
        try:
            shown = "?" if self.open else text.one_line(self.sql())
        except Exception:  # a repr must never raise: it is what a debugger and a notebook show of a broken value
            shown = "?"
        return f"<{type(self).__name__} {shown}: {self.type if self.type is not None else 'type unknown'}>"

    def __bool__(self) -> bool:
        raise errors.truth_of_expression(repr(self))

    def __iter__(self) -> Any:
        raise errors.iteration_of_expression(repr(self))

    def __format__(self, spec: str) -> str:
        raise errors.formatted_into_text(repr(self))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"


def _sql_of(expression: Expr[Any]) -> str:
    return expression.sql()


def merged(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    """Concatenate without repeating an object."""
    if not left or left is right:
        return right
    seen = {id(item) for item in left}
    return left + tuple(item for item in right if id(item) not in seen)
