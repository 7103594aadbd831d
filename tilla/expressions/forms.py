"""The shapes of which text follows without a tree: a name, ready text, a call.

Nearly every expression is one of them. Their text is known without a node (a law compares it with what sqlglot prints of
theirs), and a node costs more to build, copy and print than everything else that emit does. So they hold what
they are made of, and build the node when something asks for it: an operator around it, a rewriting, a walk over the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlglot import exp

from tilla import text
from tilla.expressions.nodes import call_node, leaf, name_node


class Ready:
    """Ready SQL text."""

    __slots__ = ("sql",)

    def __init__(self, sql: str) -> None:
        self.sql: Final[str] = sql

    def node(self) -> exp.Expr:
        """The node that prints it."""
        return leaf(self.sql)

    def text(self, write: Callable[[Any], str]) -> str:
        """Its SQL."""
        return self.sql


class Name:
    """A column by name, with the relation or alias in front when one is given."""

    __slots__ = ("name", "relation")

    def __init__(self, name: str, relation: str = "") -> None:
        self.name: Final[str] = name
        self.relation: Final[str] = relation

    def node(self) -> exp.Expr:
        """The node that prints it."""
        return name_node(self.name, self.relation)

    def text(self, write: Callable[[Any], str]) -> str:
        """Its SQL."""
        return text.quote_qualified(self.relation, self.name) if self.relation else text.quote_identifier(self.name)


class Call:
    """A call of a function by its own name, over expressions."""

    __slots__ = ("arguments", "name", "parameters")

    def __init__(self, name: str, arguments: Sequence[Any], parameters: Sequence[Any] = ()) -> None:
        self.name: Final[str] = name
        self.arguments: Final[Sequence[Any]] = arguments
        self.parameters: Final[Sequence[Any]] = parameters

    def node(self) -> exp.Expr:
        """The node that prints it."""
        return call_node(self.name, [a._node for a in self.arguments], [p._node for p in self.parameters])

    def text(self, write: Callable[[Any], str]) -> str:
        """Its SQL, with ``write`` for what it is called over."""
        arguments = ", ".join([write(argument) for argument in self.arguments])
        if not self.parameters:
            return f"{self.name}({arguments})"
        return f"{self.name}({', '.join([write(parameter) for parameter in self.parameters])})({arguments})"


Shape = Ready | Name | Call
