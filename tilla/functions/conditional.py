"""Conditions and absence, and the functions behind comparison and logic.

Operators are methods of every expression (``a == b``, ``a & b``, ``a.is_null()``); what has no operator is here.
"""

# mypy: disable-error-code="overload-overlap"
# The first overload that fits counts, and that is meant: `Expr[Never]` fits only an expression of unknown type.

from __future__ import annotations

from decimal import Decimal
from typing import Any, Never, overload

from tilla import errors
from tilla.expressions.expr import Expr, in_one_scale
from tilla.functions.base import D, Number, T, Text, Truth, scalar


@overload
def if_(condition: Truth, then: Expr[Never], otherwise: object) -> Expr[Any]: ...
@overload
def if_(condition: Truth, then: object, otherwise: Expr[Never]) -> Expr[Any]: ...
@overload
def if_(condition: Truth, then: Expr[D], otherwise: int | Expr[int]) -> Expr[D]: ...
@overload
def if_(condition: Truth, then: int | Expr[int], otherwise: Expr[D]) -> Expr[D]: ...
@overload
def if_(condition: Truth, then: Expr[T], otherwise: Expr[T]) -> Expr[T]: ...
@overload
def if_(condition: Truth, then: Expr[T], otherwise: T) -> Expr[T]: ...
@overload
def if_(condition: Truth, then: T, otherwise: Expr[T]) -> Expr[T]: ...
@overload
def if_(condition: Truth, then: T, otherwise: T) -> Expr[T]: ...
def if_(condition: Any, then: Any, otherwise: Any) -> Expr[Any]:
    """``if(condition, then, otherwise)``; a NULL condition counts as false."""
    return scalar("if", condition, *in_one_scale("f.if_", then, otherwise))


@overload
def multi_if(condition: Truth, value: Expr[Never], /, *others: object) -> Expr[Any]: ...
@overload
def multi_if(condition: Truth, value: Expr[T], otherwise: Expr[T], /) -> Expr[T]: ...
@overload
def multi_if(condition: Truth, value: Expr[T], c2: Truth, v2: Expr[T], otherwise: Expr[T], /) -> Expr[T]: ...
@overload
def multi_if(condition: Truth, value: str, otherwise: str | Expr[str], /) -> Expr[str]: ...
@overload
def multi_if(
    condition: Truth, value: str, c2: Truth, v2: str | Expr[str], otherwise: str | Expr[str], /
) -> Expr[str]: ...
@overload
def multi_if(*arguments: object) -> Expr[Any]: ...
def multi_if(*arguments: object) -> Expr[Any]:
    """``multiIf(condition, value, ..., otherwise)``: the value of the first condition that holds."""
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        raise errors.odd_case(f"{len(arguments)} arguments")
    values = in_one_scale("f.multi_if", *arguments[1:-1:2], arguments[-1])
    pairs = [item for pair in zip(arguments[0:-1:2], values, strict=False) for item in pair]
    return scalar("multiIf", *pairs, values[-1])


@overload
def case(*branches: tuple[Truth, Expr[Never]], default: object = None) -> Expr[Any]: ...
@overload
def case(*branches: tuple[Truth, Expr[T]], default: Expr[T]) -> Expr[T]: ...
@overload
def case(*branches: tuple[Truth, Expr[T]], default: None = None) -> Expr[T | None]: ...
@overload
def case(*branches: tuple[Truth, str], default: str | Expr[str]) -> Expr[str]: ...
@overload
def case(*branches: tuple[Truth, str], default: None = None) -> Expr[str | None]: ...
@overload
def case(*branches: tuple[Truth, object], default: object = None) -> Expr[Any]: ...
def case(*branches: tuple[Truth, object], default: object = None) -> Expr[Any]:
    """``multiIf(condition, value, ..., default)``, written as pairs; NULL where nothing holds and no default is given.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> total = Reference("total", t.Decimal(18, 2))
    >>> print(case((total > 100, "large"), (total > 10, "middle"), default="small").sql())
    multiIf(total > 100, 'large', total > 10, 'middle', 'small')
    """
    if not branches:
        raise errors.odd_case("none")
    for branch in branches:
        if not isinstance(branch, tuple) or len(branch) != 2:
            raise errors.odd_case(repr(branch))
    *values, otherwise = in_one_scale("f.case", *(value for _, value in branches), default)
    pairs = [item for (condition, _), value in zip(branches, values, strict=True) for item in (condition, value)]
    return scalar("multiIf", *pairs, otherwise)


@overload
def coalesce(x: Expr[Never], /, *others: object) -> Expr[Any]: ...
@overload
def coalesce(x: Expr[T], /) -> Expr[T]: ...
@overload
def coalesce(x: Expr[str | None], other: str, /) -> Expr[str]: ...
@overload
def coalesce(x: Expr[str | None], y: Expr[str | None], other: str, /) -> Expr[str]: ...
@overload
def coalesce(x: Expr[T | None], y: Expr[T], /) -> Expr[T]: ...
@overload
def coalesce(x: Expr[T | None], y: Expr[T | None], z: Expr[T], /) -> Expr[T]: ...
@overload
def coalesce(x: Expr[T | None], /, *others: Expr[T | None]) -> Expr[T | None]: ...
@overload
def coalesce(*values: object) -> Expr[Any]: ...
def coalesce(*values: object) -> Expr[Any]:
    """``coalesce(x, ...)``: the first value that is not NULL."""
    if not values:
        raise errors.no_branches("coalesce")
    return scalar("coalesce", *in_one_scale("f.coalesce", *values))


@overload
def if_null(x: Expr[Never], otherwise: object) -> Expr[Any]: ...
@overload
def if_null(x: Expr[bool | None], otherwise: bool | Expr[bool]) -> Expr[bool]: ...
@overload
def if_null(x: Expr[int | None], otherwise: int | Expr[int]) -> Expr[int]: ...
@overload
def if_null(x: Expr[Decimal | None], otherwise: int | Decimal | Expr[int] | Expr[Decimal]) -> Expr[Decimal]: ...
@overload
def if_null(x: Expr[T | None], otherwise: Expr[T]) -> Expr[T]: ...
@overload
def if_null(x: Expr[T | None], otherwise: T) -> Expr[T]: ...
def if_null(x: Any, otherwise: Any) -> Expr[Any]:
    """``ifNull(x, otherwise)``: the other value where ``x`` is NULL."""
    return scalar("ifNull", *in_one_scale("f.if_null", x, otherwise))


def null_if(x: Expr[T], value: object) -> Expr[T | None]:
    """``nullIf(x, value)``: NULL where ``x`` equals the value."""
    return scalar("nullIf", x, value)


def assume_not_null(x: Expr[T | None]) -> Expr[T]:
    """``assumeNotNull(x)``: takes the Nullable off; where ``x`` is NULL the result is any value."""
    return scalar("assumeNotNull", x)


def to_nullable(x: Expr[T]) -> Expr[T | None]:
    """``toNullable(x)``: makes the type Nullable."""
    return scalar("toNullable", x)


def is_null(x: Expr[Any]) -> Expr[bool]:
    """``isNull(x)``: 1 where the value is absent."""
    return scalar("isNull", x)


def is_not_null(x: Expr[Any]) -> Expr[bool]:
    """``isNotNull(x)``: 1 where there is a value."""
    return scalar("isNotNull", x)


def is_zero_or_null(x: Expr[Any]) -> Expr[bool]:
    """``isZeroOrNull(x)``: 1 where the value is 0 or absent."""
    return scalar("isZeroOrNull", x)


@overload
def greatest(x: Expr[Never], *others: object) -> Expr[Any]: ...
@overload
def greatest(x: Expr[D], *others: int | Decimal | Expr[int] | Expr[Decimal]) -> Expr[D]: ...
@overload
def greatest(x: Expr[T], *others: Expr[T] | T) -> Expr[T]: ...
def greatest(x: Any, *others: Any) -> Expr[Any]:
    """``greatest(x, ...)``: the largest; NULLs are passed over."""
    return scalar("greatest", x, *others)


@overload
def least(x: Expr[Never], *others: object) -> Expr[Any]: ...
@overload
def least(x: Expr[D], *others: int | Decimal | Expr[int] | Expr[Decimal]) -> Expr[D]: ...
@overload
def least(x: Expr[T], *others: Expr[T] | T) -> Expr[T]: ...
def least(x: Any, *others: Any) -> Expr[Any]:
    """``least(x, ...)``: the smallest; NULLs are passed over."""
    return scalar("least", x, *others)


def and_(*conditions: Truth) -> Expr[bool]:
    """``and(x, ...)``: 1 where all hold."""
    return _folded("and_", conditions)


def or_(*conditions: Truth) -> Expr[bool]:
    """``or(x, ...)``: 1 where any holds."""
    return _folded("or_", conditions)


def xor(x: Truth, y: Truth) -> Expr[bool]:
    """``xor(x, y)``: 1 where exactly one holds."""
    return scalar("xor", x, y)


def not_(x: Truth) -> Expr[bool]:
    """``not(x)``: 1 where it does not hold."""
    return scalar("not", x)


def _folded(name: str, conditions: tuple[Truth, ...]) -> Expr[bool]:
    if not conditions:
        raise errors.no_branches(name)
    if len(conditions) == 1:
        return scalar("and", conditions[0], True)
    return scalar(name.rstrip("_"), *conditions)


def like(x: Text, pattern: Text) -> Expr[bool]:
    """``like(x, pattern)``: ``%`` any run, ``_`` one character."""
    return scalar("like", x, pattern)


def not_like(x: Text, pattern: Text) -> Expr[bool]:
    """``notLike(x, pattern)``: where ``like`` does not hold."""
    return scalar("notLike", x, pattern)


def ilike(x: Text, pattern: Text) -> Expr[bool]:
    """``ilike(x, pattern)``: ``like`` without regard to case."""
    return scalar("ilike", x, pattern)


def match(x: Text, pattern: Text) -> Expr[bool]:
    """``match(x, pattern)``: where an RE2 regular expression is found in the text."""
    return scalar("match", x, pattern)


def transform(x: Expr[Any], old: list[Any], new: list[Any], default: object = None) -> Expr[Any]:
    """``transform(x, old, new, default)``: each old value by its new one; without a default others stay."""
    return scalar("transform", x, old, new, *(() if default is None else (default,)))


def if_not_finite(x: Number, otherwise: Number) -> Expr[float]:
    """``ifNotFinite(x, otherwise)``: the other value where ``x`` is infinite or nan."""
    return scalar("ifNotFinite", x, otherwise)


def is_nan(x: Number) -> Expr[bool]:
    """``isNaN(x)``: 1 where the value is not a number."""
    return scalar("isNaN", x)


def is_finite(x: Number) -> Expr[bool]:
    """``isFinite(x)``: 1 where the value is neither infinite nor nan."""
    return scalar("isFinite", x)


def is_infinite(x: Number) -> Expr[bool]:
    """``isInfinite(x)``: 1 where the value is infinite."""
    return scalar("isInfinite", x)


__all__ = [
    "and_",
    "assume_not_null",
    "case",
    "coalesce",
    "greatest",
    "if_",
    "if_not_finite",
    "if_null",
    "ilike",
    "is_finite",
    "is_infinite",
    "is_nan",
    "is_not_null",
    "is_null",
    "is_zero_or_null",
    "least",
    "like",
    "match",
    "multi_if",
    "not_",
    "not_like",
    "null_if",
    "or_",
    "to_nullable",
    "transform",
    "xor",
]
