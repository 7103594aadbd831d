"""What every group of the catalogue is made of: argument kinds, and three ways to build a typed call."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from tilla import errors
from tilla.expressions import (
    returns as returns,  # the table must be loaded before the first call is typed
)
from tilla.expressions import rules
from tilla.expressions.aggregates import without_dictionaries
from tilla.expressions.expr import Element, Expr, Let, Reference, call, function, is_constant, to_expr
from tilla.expressions.nodes import leaf
from tilla.expressions.rules import Type
from tilla.types.base import DataType
from tilla.types.containers import ArrayType
from tilla.types.temporal import DateTime64Type, DateTimeType, check_zone

T = TypeVar("T")
N = TypeVar("N", bound="int | float | Decimal")
D = TypeVar("D", bound="Decimal | None")
Mo = TypeVar("Mo", bound="dt.date | None")  # a date or a moment
Q = TypeVar("Q", bound="float | Decimal | dt.date | None")  # what has a middle
M = TypeVar("M", bound="int | float | Decimal | None")  # a number that may be NULL, where the result may be too

# What an argument may be: an expression of the right Python type, or a plain value of it.
Text = Expr[str | None] | str
Number = Expr[int | None] | Expr[float | None] | Expr[Decimal | None] | int | float | Decimal
Whole = Expr[int | None] | int
Truth = Expr[int | None] | bool  # true where it is not 0
Moment = Expr[dt.date | None] | dt.date
Uuid = Expr[uuid.UUID | None] | uuid.UUID
Address = Expr[ipaddress.IPv4Address | None] | Expr[ipaddress.IPv6Address | None] | Expr[str | None] | str
Items = Expr[list[T]] | list[T]
Pairs = Expr[dict[Any, T]]


def scalar(name: str, *arguments: object) -> Expr[Any]:
    """Build a call whose type the table of rules knows."""
    return function(name, *arguments)


def typed(
    name: str,
    type: Type | Callable[..., Type | None] | None,
    *arguments: object,
    nulls: bool = True,
    dictionary: bool = True,
) -> Expr[Any]:
    """Build a call whose type follows from a literal: ``type`` itself, or a function of the argument types.

    Nullable and LowCardinality arguments change it as they change any result; see ``rules.propagate``.
    """
    items = [to_expr(argument) for argument in arguments]
    base = (lambda *types: type) if type is None or isinstance(type, DataType) else type  # some types are callable
    found = rules.propagate(
        base,
        [item.type for item in items],
        [is_constant(item) for item in items],
        nulls=nulls,
        dictionary=dictionary,
    )
    return call(name, *items, type=found)


def exact(name: str, type: DataType[Any] | None, *arguments: object) -> Expr[Any]:
    """Build a call of exactly this type, whatever the arguments are."""
    return call(name, *arguments, type=type)


# --- arguments that may be absent, or must not be ---


def given(value: int | None) -> tuple[int, ...]:
    """Return the value as the parameters of an aggregate, none when there is no value."""
    return () if value is None else (value,)


def some(name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of ``name``, of which there must be one at least."""
    if not arguments:
        raise errors.no_branches(name)
    return arguments


# --- time zones ---


def zone(name: str) -> tuple[str, ...]:
    """Return the zone as an argument, or none; an unknown one is an error with the nearest name."""
    if not name:
        return ()
    check_zone("a time zone", name)
    return (name,)


def zone_of(type: Type, given: str = "") -> str:
    """Return the zone of a result: the one given, else the one of the argument's type, '' when none is stated."""
    return given or (type.zone if isinstance(type, DateTimeType | DateTime64Type) else "")


def seconds(given: str = "") -> Callable[..., Type]:
    """The rule of functions that give a DateTime in the argument's zone, or in the one given."""
    return lambda value, *rest: DateTimeType(zone_of(value, given))


# --- lambdas ---


def element_type(array: Type | None) -> Type | None:
    """Return what a lambda gets of an array: an element, its dictionary taken off."""
    return without_dictionaries(array.element) if isinstance(array, ArrayType) else None


def higher_order(name: str, change: Callable[..., object], types: Sequence[Type | None]) -> tuple[Expr[Any], Expr[Any]]:
    """Write a Python function as ``(x, y) -> body``; return it and its body.

    The parameters are named after Python's. ClickHouse would take a column of the same name for the
    parameter, so a name that the body also uses for something else gets a number.
    """
    if not callable(change) or isinstance(change, Expr):
        raise errors.not_a_lambda(name, repr(change))
    code = getattr(change, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    if code is not None and getattr(change, "__self__", None) is not None:
        names = names[1:]
    if code is None:
        names = ["x", "y", "z", "u", "v", "w"][: len(types)]
    if len(names) != len(types):
        raise errors.lambda_arrays(name, len(names), len(types))
    return _lambda(change, names, types)


def _lambda(
    change: Callable[..., object], names: list[str], types: Sequence[Type | None]
) -> tuple[Expr[Any], Expr[Any]]:
    from sqlglot import exp

    tried = names
    for attempt in range(1, 100):
        parameters = [Reference(name, type) for name, type in zip(tried, types, strict=True)]
        body = to_expr(change(*parameters))
        own = {id(parameter) for parameter in parameters}
        others = [item for item in body.references if id(item) not in own]
        taken = {getattr(item, "name", "") for item in (*others, *body.lets)}
        named: tuple[Let[Any] | Element[Any], ...] = (*body.lets, *body.elements)
        for item in named:
            if any(id(reference) in own for reference in item.references):
                raise errors.named_inside_lambda(item.name)
        if body.open and tried is names:  # a column without a name yet may get this one
            tried = [f"lambda_{name}" for name in names]
        elif taken & set(tried):
            tried = [f"{name}_{attempt}" for name in names]
        else:
            break
    node = exp.Lambda(this=body._node, expressions=[leaf(name) for name in tried])
    whole: Expr[Any] = Expr(node, body.type, parts=(body,))
    whole.references = tuple(others)
    return whole, body


__all__ = [
    "Address",
    "D",
    "Items",
    "M",
    "Mo",
    "Moment",
    "N",
    "Number",
    "Pairs",
    "Q",
    "T",
    "Text",
    "Truth",
    "Uuid",
    "Whole",
    "element_type",
    "exact",
    "given",
    "higher_order",
    "scalar",
    "seconds",
    "some",
    "typed",
    "zone",
    "zone_of",
]
