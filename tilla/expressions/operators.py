"""The operators of an expression, and what the type checkers know of them.

Each has one implementation, and overloads that say what ClickHouse compares and computes with what: text with text,
numbers with numbers, moments with moments. The first overload that fits counts. ``Operators[Never]`` is how one is
written that fits only an expression of which nobody knows the type (Any): nothing is claimed of its result.
"""

# mypy: disable-error-code="overload-overlap"
# That overloads overlap is meant: the first that fits counts.

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Never, TypeVar, overload

from sqlglot import exp

from tilla.expressions.face import Face
from tilla.expressions.kinds import Logical, Mo, Moment, N, Number, Numeric, Rest, Resting, Step, Textual, Timely

if TYPE_CHECKING:
    from tilla.expressions.expr import Expr

T_co = TypeVar("T_co", covariant=True)


class Operators(Face[T_co]):
    """What an expression does between ``+`` and its like; :class:`~tilla.expressions.expr.Expr` says how it is built."""

    __slots__ = ()

    def _operate(self, kind: type[exp.Expr], name: str, left: object, right: object) -> Expr[Any]:
        """Build ``left <kind> right``, of the type that the function ``name`` has."""
        raise NotImplementedError

    def _call(self, name: str, *arguments: object) -> Expr[Any]:
        """Build a call of a function."""
        raise NotImplementedError

    @overload  # type: ignore[override]  # SQL equality, as in every DSL
    def __eq__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __eq__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __eq__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __eq__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __eq__(self, other: object) -> Expr[bool]:
        return self._operate(exp.EQ, "equals", self, other)

    @overload  # type: ignore[override]
    def __ne__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __ne__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __ne__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __ne__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __ne__(self, other: object) -> Expr[bool]:
        return self._operate(exp.NEQ, "notEquals", self, other)

    @overload
    def __lt__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __lt__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __lt__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __lt__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __lt__(self, other: object) -> Expr[bool]:
        return self._operate(exp.LT, "less", self, other)

    @overload
    def __le__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __le__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __le__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __le__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __le__(self, other: object) -> Expr[bool]:
        return self._operate(exp.LTE, "lessOrEquals", self, other)

    @overload
    def __gt__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __gt__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __gt__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __gt__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __gt__(self, other: object) -> Expr[bool]:
        return self._operate(exp.GT, "greater", self, other)

    @overload
    def __ge__(self: Operators[Number], other: Numeric) -> Expr[bool]: ...
    @overload
    def __ge__(self: Operators[str | None], other: Textual) -> Expr[bool]: ...
    @overload
    def __ge__(self: Operators[Moment], other: Timely) -> Expr[bool]: ...
    @overload
    def __ge__(self: Operators[Rest], other: Resting) -> Expr[bool]: ...
    def __ge__(self, other: object) -> Expr[bool]:
        return self._operate(exp.GTE, "greaterOrEquals", self, other)

    def __and__(self: Operators[int | None], other: Logical) -> Expr[bool]:
        return self._operate(exp.And, "and", self, other)

    def __rand__(self: Operators[int | None], other: Logical) -> Expr[bool]:
        return self._operate(exp.And, "and", other, self)

    def __or__(self: Operators[int | None], other: Logical) -> Expr[bool]:
        return self._operate(exp.Or, "or", self, other)

    def __ror__(self: Operators[int | None], other: Logical) -> Expr[bool]:
        return self._operate(exp.Or, "or", other, self)

    def __invert__(self: Operators[int | None]) -> Expr[bool]:
        return self._call("not", self)

    @overload
    def __add__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __add__(self: Operators[int], other: int | Expr[int]) -> Expr[int]: ...
    @overload
    def __add__(
        self: Operators[int] | Operators[Decimal], other: int | Decimal | Expr[int] | Expr[Decimal]
    ) -> Expr[Decimal]: ...
    @overload
    def __add__(
        self: Operators[float] | Operators[Decimal], other: float | Decimal | Expr[float] | Expr[Decimal]
    ) -> Expr[float]: ...
    @overload
    def __add__(self: Operators[int | None], other: int | Expr[int | None] | None) -> Expr[int | None]: ...
    @overload
    def __add__(
        self: Operators[int | None] | Operators[Decimal | None],
        other: int | Decimal | Expr[int | None] | Expr[Decimal | None] | None,
    ) -> Expr[Decimal | None]: ...
    @overload
    def __add__(self: Operators[Number], other: Numeric) -> Expr[float | None]: ...
    @overload
    def __add__(self: Operators[dt.datetime], other: Step) -> Expr[dt.datetime]: ...
    @overload
    def __add__(self: Operators[dt.date], other: Step) -> Expr[dt.date]: ...
    @overload
    def __add__(self: Operators[dt.datetime | None], other: Step) -> Expr[dt.datetime | None]: ...
    @overload
    def __add__(self: Operators[dt.date | None], other: Step) -> Expr[dt.date | None]: ...
    @overload
    def __add__(self: Operators[dt.timedelta | None], other: Step) -> Expr[dt.timedelta | None]: ...
    def __add__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Add, "plus", self, other)

    @overload
    def __radd__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __radd__(self: Operators[int], other: int) -> Expr[int]: ...
    @overload
    def __radd__(self: Operators[int] | Operators[Decimal], other: int | Decimal) -> Expr[Decimal]: ...
    @overload
    def __radd__(self: Operators[float] | Operators[Decimal], other: float | Decimal) -> Expr[float]: ...
    @overload
    def __radd__(self: Operators[int | None], other: int) -> Expr[int | None]: ...
    @overload
    def __radd__(
        self: Operators[int | None] | Operators[Decimal | None], other: int | Decimal
    ) -> Expr[Decimal | None]: ...
    @overload
    def __radd__(self: Operators[Number], other: float | Decimal) -> Expr[float | None]: ...
    @overload
    def __radd__(self: Operators[int] | Operators[dt.timedelta], other: Mo) -> Expr[Mo]: ...
    def __radd__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Add, "plus", other, self)

    @overload
    def __sub__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __sub__(self: Operators[int], other: int | Expr[int]) -> Expr[int]: ...
    @overload
    def __sub__(
        self: Operators[int] | Operators[Decimal], other: int | Decimal | Expr[int] | Expr[Decimal]
    ) -> Expr[Decimal]: ...
    @overload
    def __sub__(
        self: Operators[float] | Operators[Decimal], other: float | Decimal | Expr[float] | Expr[Decimal]
    ) -> Expr[float]: ...
    @overload
    def __sub__(self: Operators[int | None], other: int | Expr[int | None] | None) -> Expr[int | None]: ...
    @overload
    def __sub__(
        self: Operators[int | None] | Operators[Decimal | None],
        other: int | Decimal | Expr[int | None] | Expr[Decimal | None] | None,
    ) -> Expr[Decimal | None]: ...
    @overload
    def __sub__(self: Operators[Number], other: Numeric) -> Expr[float | None]: ...
    @overload
    def __sub__(self: Operators[dt.datetime], other: Step) -> Expr[dt.datetime]: ...
    @overload
    def __sub__(self: Operators[dt.date], other: Step) -> Expr[dt.date]: ...
    @overload
    def __sub__(self: Operators[dt.datetime | None], other: Step) -> Expr[dt.datetime | None]: ...
    @overload
    def __sub__(self: Operators[dt.date | None], other: Step) -> Expr[dt.date | None]: ...
    @overload
    def __sub__(self: Operators[dt.timedelta | None], other: Step) -> Expr[dt.timedelta | None]: ...
    @overload
    def __sub__(self: Operators[dt.date], other: dt.date | Expr[dt.date]) -> Expr[int]: ...
    @overload
    def __sub__(self: Operators[Moment], other: dt.date | Expr[Moment]) -> Expr[int | None]: ...
    def __sub__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Sub, "minus", self, other)

    @overload
    def __rsub__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __rsub__(self: Operators[int], other: int) -> Expr[int]: ...
    @overload
    def __rsub__(self: Operators[int] | Operators[Decimal], other: int | Decimal) -> Expr[Decimal]: ...
    @overload
    def __rsub__(self: Operators[float] | Operators[Decimal], other: float | Decimal) -> Expr[float]: ...
    @overload
    def __rsub__(self: Operators[int | None], other: int) -> Expr[int | None]: ...
    @overload
    def __rsub__(
        self: Operators[int | None] | Operators[Decimal | None], other: int | Decimal
    ) -> Expr[Decimal | None]: ...
    @overload
    def __rsub__(self: Operators[Number], other: float | Decimal) -> Expr[float | None]: ...
    @overload
    def __rsub__(self: Operators[dt.date], other: dt.date) -> Expr[int]: ...
    def __rsub__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Sub, "minus", other, self)

    @overload
    def __mul__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __mul__(self: Operators[int], other: int | Expr[int]) -> Expr[int]: ...
    @overload
    def __mul__(
        self: Operators[int] | Operators[Decimal], other: int | Decimal | Expr[int] | Expr[Decimal]
    ) -> Expr[Decimal]: ...
    @overload
    def __mul__(
        self: Operators[float] | Operators[Decimal], other: float | Decimal | Expr[float] | Expr[Decimal]
    ) -> Expr[float]: ...
    @overload
    def __mul__(self: Operators[int | None], other: int | Expr[int | None] | None) -> Expr[int | None]: ...
    @overload
    def __mul__(
        self: Operators[int | None] | Operators[Decimal | None],
        other: int | Decimal | Expr[int | None] | Expr[Decimal | None] | None,
    ) -> Expr[Decimal | None]: ...
    @overload
    def __mul__(self: Operators[Number], other: Numeric) -> Expr[float | None]: ...
    def __mul__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Mul, "multiply", self, other)

    @overload
    def __rmul__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __rmul__(self: Operators[int], other: int) -> Expr[int]: ...
    @overload
    def __rmul__(self: Operators[int] | Operators[Decimal], other: int | Decimal) -> Expr[Decimal]: ...
    @overload
    def __rmul__(self: Operators[float] | Operators[Decimal], other: float | Decimal) -> Expr[float]: ...
    @overload
    def __rmul__(self: Operators[int | None], other: int) -> Expr[int | None]: ...
    @overload
    def __rmul__(
        self: Operators[int | None] | Operators[Decimal | None], other: int | Decimal
    ) -> Expr[Decimal | None]: ...
    @overload
    def __rmul__(self: Operators[Number], other: float | Decimal) -> Expr[float | None]: ...
    def __rmul__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Mul, "multiply", other, self)

    @overload
    def __truediv__(self: Operators[Never], other: object) -> Expr[Any]: ...
    @overload
    def __truediv__(self: Operators[Decimal], other: int | Decimal | Expr[int] | Expr[Decimal]) -> Expr[Decimal]: ...
    @overload
    def __truediv__(self: Operators[int], other: Decimal | Expr[Decimal]) -> Expr[Decimal]: ...
    @overload
    def __truediv__(
        self: Operators[float] | Operators[Decimal], other: float | Decimal | Expr[float] | Expr[Decimal]
    ) -> Expr[float]: ...
    @overload
    def __truediv__(
        self: Operators[Decimal | None], other: int | Decimal | Expr[int | None] | Expr[Decimal | None] | None
    ) -> Expr[Decimal | None]: ...
    @overload
    def __truediv__(self: Operators[int | None], other: Decimal | Expr[Decimal | None]) -> Expr[Decimal | None]: ...
    @overload
    def __truediv__(self: Operators[Number], other: Numeric) -> Expr[float | None]: ...
    def __truediv__(self, other: object) -> Expr[Any]:
        return self._operate(exp.Div, "divide", self, other)

    def __rtruediv__(self: Operators[Number], other: Numeric) -> Expr[Any]:
        return self._operate(exp.Div, "divide", other, self)

    def __floordiv__(self: Operators[Number], other: Numeric) -> Expr[Any]:
        return self._call("intDiv", self, other)

    def __mod__(self: Operators[N], other: Numeric) -> Expr[N]:
        return self._operate(exp.Mod, "modulo", self, other)

    def __neg__(self: Operators[N]) -> Expr[N]:
        return self._call("negate", self)
