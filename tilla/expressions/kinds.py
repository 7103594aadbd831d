"""What the type checkers know of values and operands, by kind: numbers, text, moments, and the rest.

ClickHouse compares and computes within a kind; the overloads of the operators of
:class:`~tilla.expressions.expr.Expr` say so with these names.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from tilla.expressions.expr import Expr

# What a checker needs to know of values, by kind. An expression of a kind is also one of that kind that may be NULL.
Number: TypeAlias = "int | float | Decimal | None"
Moment: TypeAlias = "dt.date | dt.timedelta | None"  # a datetime is a date to Python
Rest: TypeAlias = "uuid.UUID | ipaddress.IPv4Address | ipaddress.IPv6Address | list[Any] | tuple[Any, ...] | dict[Any, Any] | bytes | None"

N = TypeVar("N", bound="int | float | Decimal | None")
Mo = TypeVar("Mo", bound="dt.date | None")


# What may stand on the other side of an operator: an expression of the kind, or a Python value that is written as one.
# ClickHouse reads a text constant as a moment, an address or a UUID.
Numeric: TypeAlias = "Expr[Number] | int | float | Decimal | None"
Textual: TypeAlias = "Expr[str | None] | str | None"
Timely: TypeAlias = "Expr[Moment] | dt.date | dt.timedelta | str | None"
Step: TypeAlias = "Expr[int] | Expr[dt.timedelta] | int | dt.timedelta"  # what moves a moment; an interval is an int
Resting: TypeAlias = "Expr[Rest] | Expr[str | None] | str | Rest"
Condition: TypeAlias = "Expr[int | None]"  # true where it is not 0, so a Bool or a number
Logical: TypeAlias = "Expr[int | None] | int | None"


class Relational(Protocol):
    """Something with a name and columns that a query may read: a table, a view, a source."""

    @property
    def qualified_name(self) -> str:
        """``database.name`` as it stands in SQL."""
        ...

    @property
    def table(self) -> str:
        """The name within its database."""
        ...


class Selecting(Protocol):
    """A SELECT: a typed query, or ``tl.sql``."""

    def sql(self) -> str:
        """The SELECT as text."""
        ...


Readable: TypeAlias = "Relational | Selecting"
