"""Types that hold unfinished aggregates: AggregateFunction (a state) and SimpleAggregateFunction (a value)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Generic

from tilla import errors
from tilla.text import quote_string
from tilla.types import arguments as taken
from tilla.types import names
from tilla.types.arguments import NULL, Parameter
from tilla.types.base import DataType, T, assign, check_type
from tilla.types.containers import MapType
from tilla.types.rules import unwrap


class AggregateFunctionType(DataType[bytes]):
    """The state of an aggregate function: what ``-State`` makes and ``-Merge`` reads.

    ``function`` is the server's own name of it (``median`` prints as ``quantile``). A few functions have
    versions of their state; ``version`` is then the one that the server fills in, 0 where there is none.
    """

    __slots__ = ("arguments", "function", "params", "version")
    function: str
    arguments: tuple[DataType[Any], ...]
    params: tuple[Parameter, ...]
    version: int
    _python = bytes
    _nullable_inside = False
    _ordered = False
    _json = False

    def __init__(
        self,
        function: str,
        *arguments: DataType[Any],
        params: Sequence[Parameter] = (),
        version: int | None = None,
        trusted: bool = False,
    ) -> None:
        for argument in arguments:
            check_type(f"AggregateFunction({function})", argument)
        name, base, suffixes = _resolve("AggregateFunction", function, arguments, trusted)
        filled = _version(base, suffixes, arguments) if version is None else version
        head = name + _write_parameters(params)
        written = ", ".join([*([str(filled)] if filled else []), head, *map(str, arguments)])
        text = f"AggregateFunction({written})"
        if not trusted:
            taken.check(text, base, suffixes, arguments, params)
        super().__init__(text)
        assign(self, "function", name)
        assign(self, "arguments", arguments)
        assign(self, "params", tuple(params))
        assign(self, "version", filled)

    def __repr__(self) -> str:
        parts = [f'"{self.function}"', *map(repr, self.arguments)]
        parts += [f"params={self.params!r}"] if self.params else []
        _, base, suffixes = _resolve("", self.function, self.arguments, True)
        if self.version != _version(base, suffixes, self.arguments):
            parts.append(f"version={self.version}")
        return f"t.AggregateFunction({', '.join(parts)})"

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return self.arguments


class SimpleAggregateFunctionType(DataType[T], Generic[T]):
    """A finished value of type ``inner`` that merges with others of its kind by ``function``.

    Reads and writes as a plain value; an AggregatingMergeTree merges rows of one key with the function.
    The server takes it only where the function gives back the type that it is given.
    """

    __slots__ = ("function", "inner", "params")
    function: str
    inner: DataType[T]
    params: tuple[Parameter, ...]
    _key = False

    def __init__(
        self, function: str, inner: DataType[T], *, params: Sequence[Parameter] = (), trusted: bool = False
    ) -> None:
        check_type(f"SimpleAggregateFunction({function})", inner)
        name, base, suffixes = _resolve("SimpleAggregateFunction", function, (inner,), trusted)
        head = name + _write_parameters(params)
        text = f"SimpleAggregateFunction({head}, {inner})"
        if not trusted:
            if name not in SIMPLE:
                raise errors.not_simple_aggregate(text, name, SIMPLE)
            if name == "groupArrayLastArray" and not params:
                raise errors.aggregate_parameters(text, name, "a greatest length, as in groupArrayLastArray(10)")
            taken.check(text, base, suffixes, (inner,), params)
            found = taken.simple_result(text, name, inner)
            if not taken.same_storage(found, unwrap(inner)):
                raise errors.simple_aggregate_type(text, name, str(inner), str(found))
        super().__init__(text)
        assign(self, "function", name)
        assign(self, "inner", inner)
        assign(self, "params", tuple(params))

    def __repr__(self) -> str:
        params = f", params={self.params!r}" if self.params else ""
        return f't.SimpleAggregateFunction("{self.function}", {self.inner!r}{params})'

    @property
    def python(self) -> type:
        return self.inner.python

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.inner,)

    @property
    def nullable(self) -> bool:
        return self.inner.nullable

    @property
    def can_be_nullable(self) -> bool:
        return self.inner.can_be_nullable

    @property
    def can_be_low_cardinality(self) -> bool:
        return self.inner.can_be_low_cardinality

    def without_nullable(self) -> DataType[Any]:
        return self.inner.without_nullable() if self.inner.nullable else self


# The functions that SimpleAggregateFunction takes (26.9, from the server's own refusal).
SIMPLE = (
    "any",
    "any_respect_nulls",
    "anyLast",
    "anyLast_respect_nulls",
    "min",
    "max",
    "sum",
    "sumWithOverflow",
    "groupBitAnd",
    "groupBitOr",
    "groupBitXor",
    "sumMap",
    "minMap",
    "maxMap",
    "groupArrayArray",
    "groupArrayLastArray",
    "groupUniqArrayArray",
    "groupUniqArrayArrayMap",
    "timeSeriesGroupArray",
)

# --- names ---

_SUFFIXES = tuple(suffix for suffix in names.COMBINATORS if suffix != "Null")  # Null is the server's own
_ANY_CASE = {name.lower(): name for name in names.ANY_CASE | names.ALIASES_ANY_CASE}
_EXACT = names.EXACT_CASE | names.NOT_EMBEDDED | names.ALIASES.keys()


@functools.cache
def split_name(function: str) -> tuple[str, tuple[str, ...]] | None:
    """Split ``sumIfOrNull`` into the server's name of the function and its suffixes; None when unknown.

    >>> split_name("COUNTIf"), split_name("median"), split_name("quantilez")
    (('count', ('If',)), ('quantile', ()), None)
    """
    if function in _EXACT:
        return names.ALIASES.get(function, function), ()
    known = _ANY_CASE.get(function.lower())
    if known is not None:
        return names.ALIASES.get(known, known), ()
    for suffix in _SUFFIXES:
        if function.endswith(suffix) and len(function) > len(suffix):
            inner = split_name(function[: -len(suffix)])
            if inner is not None:
                return inner[0], (*inner[1], suffix)
    return None


def aggregate_names() -> tuple[str, ...]:
    """Return every known name of an aggregate function, aliases included, without suffixes."""
    return tuple(sorted(_EXACT | names.ANY_CASE))


def _resolve(
    where: str, function: str, arguments: tuple[DataType[Any], ...], trusted: bool
) -> tuple[str, str, tuple[str, ...]]:
    """Return the server's name of ``function``, its base and its suffixes."""
    split = split_name(function) if isinstance(function, str) else None
    if split is None:
        if not trusted:
            raise errors.unknown_aggregate(where, function, aggregate_names())
        return function, function, ()
    base, suffixes = split
    valued = arguments[:-1] if "If" in suffixes else arguments
    if any(str(argument) == NULL for argument in valued) and not base.endswith(_OVER_NULL):
        # Over NULL itself the server (26.9) stores one of two functions of nothing.
        name = "nothingUInt64" if base.startswith(("count", "uniq")) else "nothingNull"
        return name, name, ()
    return base + "".join(suffixes), base, suffixes


_OVER_NULL = ("_respect_nulls", "nothing", "nothingNull", "nothingUInt64")
_ARRAYS_OF_PAIRS = frozenset({"sumMapWithOverflow", "sumMapFiltered", "sumMapFilteredWithOverflow"})


def _version(base: str, suffixes: tuple[str, ...], arguments: tuple[DataType[Any], ...]) -> int:
    """Return the version of its state that the server (26.9) writes for a function, 0 for none."""
    if base in ("quantileDeterministic", "quantilesDeterministic"):
        return 0 if "OrNull" in suffixes or "OrDefault" in suffixes else 1
    if base in _ARRAYS_OF_PAIRS:
        return 1
    if base in ("sumMap", "minMap", "maxMap") or (base in ("sum", "min", "max") and suffixes[:1] == ("Map",)):
        return int(bool(arguments) and not isinstance(arguments[0], MapType))
    return 0


def _write_parameters(params: Sequence[Parameter]) -> str:
    """Write ``(0.5, 0.9)``, or nothing for no parameters."""
    if not isinstance(params, list | tuple):
        raise errors.params_not_listed(params)
    return f"({', '.join(map(write_parameter, params))})" if params else ""


def write_parameter(value: Parameter) -> str:
    """Write a parameter of an aggregate function as the server prints it.

    >>> print(write_parameter(0.5), write_parameter(1.0), write_parameter(1e-8), write_parameter(["a", 1]))
    0.5 1. 1e-8 ['a', 1]
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, str):
        return quote_string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_parameter, value))}]"
    raise errors.not_a_parameter(value)


def _write_float(value: float) -> str:
    """Write the shortest digits, with an exponent below 1e-6 and from 1e21 on, and a point on whole numbers."""
    text = repr(value)
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = int(exponent)
        if -7 < power < 21:
            return f"{value:.30f}".rstrip("0") if power > 0 else f"{value:.{_digits(mantissa) - power - 1}f}"
        return f"{mantissa}e{power}"
    return text.removesuffix("0") if text.endswith(".0") else text


def _digits(mantissa: str) -> int:
    return len(mantissa.lstrip("-").replace(".", ""))
