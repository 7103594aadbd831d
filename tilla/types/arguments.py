"""What aggregate functions take, as far as a warehouse needs it to be known before a server sees it.

Types and parameters are checked for the functions in the tables below, through ``-If``, ``-Array``,
``-Map`` and the suffixes that leave arguments alone; the rest is left to the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tilla import errors
from tilla.types.base import DataType
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NestedType, NullableType, TupleType
from tilla.types.rules import is_date_like, is_numeric, sum_type, unwrap
from tilla.types.scalars import BoolType, DecimalType, EnumType, FloatType, IntegerType
from tilla.types.temporal import DateTime64Type, Time64Type, TimeType

Type = DataType[Any]
Parameter = int | float | str | bool | None | Sequence[Any]

NULL = "Nullable(Nothing)"

_LEAVE_ARGUMENTS = frozenset({"OrNull", "OrDefault", "Distinct", "State", "SimpleState"})


def check(
    text: str, base: str, suffixes: tuple[str, ...], arguments: tuple[Type, ...], params: Sequence[Parameter]
) -> None:
    """Refuse what the server (26.9) refuses of ``base`` with ``suffixes`` over ``arguments``."""
    calls = [list(arguments)]
    for index in range(len(suffixes) - 1, -1, -1):
        suffix = suffixes[index]
        if suffix == "If":
            _pop_condition(text, base, calls[0])
        elif suffix == "Array":
            calls = [[_element(text, base, argument) for argument in calls[0]]]
        elif suffix == "Map":
            calls = _mapped(text, base, calls[0], pairs=index == 0)
        elif suffix not in _LEAVE_ARGUMENTS:
            return
    for plain in calls:
        _check_plain(text, base, plain)
    _check_params(text, base, params)


def _pop_condition(text: str, base: str, arguments: list[Type]) -> None:
    condition = unwrap(arguments.pop()) if arguments else None
    if str(condition) not in ("UInt8", "Bool", "Nothing"):
        raise errors.aggregate_argument(text, f"{base}If", str(condition or "nothing"), "UInt8 or Bool, last")


def _element(text: str, base: str, argument: Type) -> Type:
    if not isinstance(argument, ArrayType):
        raise errors.aggregate_argument(text, f"{base}Array", str(argument), "arrays")
    return argument.element


def _mapped(text: str, base: str, arguments: list[Type], *, pairs: bool) -> list[list[Type]]:
    """Return the arguments of the function inside ``-Map``: values of a map, or of arrays beside one of keys."""
    if len(arguments) == 1 and isinstance(arguments[0], MapType):
        return [[arguments[0].value]]
    arrays: Sequence[Type] = arguments
    if len(arguments) == 1 and isinstance(arguments[0], TupleType):
        arrays = arguments[0].elements
    if pairs and base in ("sum", "min", "max") and len(arrays) > 1:
        values = [array.element for array in arrays if isinstance(array, ArrayType)]
        if len(values) == len(arrays):
            return [[value] for value in values[1:]]
    given = ", ".join(map(str, arguments)) or "nothing"
    raise errors.aggregate_argument(text, f"{base}Map", given, "one map, or arrays of keys and of values")


def _check_plain(text: str, base: str, arguments: list[Type]) -> None:
    if base in _ARITY:
        low, high = _ARITY[base]
        if not low <= len(arguments) <= high:
            raise errors.aggregate_arity(text, base, low, high, len(arguments))
    takes, expected = _TAKES.get(base, (None, ""))
    if takes is None or not arguments:
        return
    given = arguments[1] if base in ("argMin", "argMax") else arguments[0]
    if str(given) != NULL and not takes(unwrap(given)):
        raise errors.aggregate_argument(text, base, str(given), expected)


def _check_params(text: str, base: str, params: Sequence[Parameter]) -> None:
    if base in _WITHOUT_PARAMETERS and params:
        raise errors.aggregate_parameters(text, base, "no parameters")
    if base in ("groupArray", "groupUniqArray"):
        if len(params) > 1 or not all(type(value) is int and value > 0 for value in params):
            raise errors.aggregate_parameters(text, base, "nothing, or a greatest length")
    elif base in _LEVELS:
        one = not base.startswith("quantiles")
        if (one and len(params) > 1) or not (one or params):
            raise errors.aggregate_parameters(text, base, "one level, or none" if one else "at least one level")
        for level in params:
            if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1:
                raise errors.aggregate_parameters(text, base, "levels from 0 to 1, such as 0.5")


def simple_result(text: str, name: str, inner: Type) -> Type:
    """Return the type that a simple aggregate gives back for a value of type ``inner``.

    NULL and LowCardinality at the outermost level do not count, as the server (26.9) compares without them.
    Further inside LowCardinality is lost on the way through a function.
    """
    value = _without_dictionaries(unwrap(inner))
    if name == "sum":
        return _or(sum_type(value), value)
    if name == "sumWithOverflow":
        return IntegerType(value.bits, True) if isinstance(value, EnumType) else value
    if name in ("sumMap", "minMap", "maxMap"):
        rule = sum_type if name == "sumMap" else _unchanged
        if isinstance(value, MapType):
            return MapType(_plain(value.key), _or(rule(value.value), value.value))
        if isinstance(value, TupleType):
            keys, *values = value.elements
            found = [_or(rule(array.element), array.element) for array in values if isinstance(array, ArrayType)]
            return TupleType((keys, *(ArrayType(_plain(item)) for item in found)))
    if name in ("groupArrayArray", "groupArrayLastArray", "groupUniqArrayArray") and isinstance(value, ArrayType):
        return ArrayType(_plain(value.element))
    if name == "groupUniqArrayArrayMap":
        if isinstance(value, MapType) and isinstance(value.value, ArrayType):
            return MapType(_plain(value.key), ArrayType(_plain(value.value.element)))
        raise errors.aggregate_argument(text, name, str(inner), "a map whose values are arrays")
    return value


def _without_dictionaries(dt: Type) -> Type:
    """Return a type without LowCardinality, in the elements of arrays, maps, tuples and Nested too."""
    if isinstance(dt, LowCardinalityType):
        return dt.inner
    if isinstance(dt, ArrayType):
        return ArrayType(_without_dictionaries(dt.element))
    if isinstance(dt, MapType):
        return MapType(_without_dictionaries(dt.key), _without_dictionaries(dt.value))
    if isinstance(dt, TupleType):
        return TupleType(tuple(map(_without_dictionaries, dt.elements)), dt.names)
    if isinstance(dt, NestedType):
        return NestedType({name: _without_dictionaries(member) for name, member in dt.members.items()})
    if isinstance(dt, NullableType):
        return NullableType(_without_dictionaries(dt.inner))
    inner = getattr(dt, "inner", None)  # a SimpleAggregateFunction
    if isinstance(inner, DataType):
        stripped = _without_dictionaries(inner)
        return dt if stripped == inner else stripped
    return dt


def same_storage(a: Type, b: Type) -> bool:
    """Whether the server takes one type for the other: equal, or decimals of one width and scale inside."""
    if isinstance(a, DecimalType) and isinstance(b, DecimalType):
        return (a.bits, a.scale) == (b.bits, b.scale)
    if type(a) is type(b) and a.children and len(a.children) == len(b.children):
        names_agree = getattr(a, "names", None) == getattr(b, "names", None)
        return names_agree and all(map(same_storage, a.children, b.children))
    return a == b


def _or(found: Type | None, otherwise: Type) -> Type:
    return otherwise if found is None else found


def _unchanged(dt: Type) -> Type | None:
    return dt


def _plain(dt: Type) -> Type:
    """Return a type without the LowCardinality and Nullable that an array function drops from its elements."""
    return unwrap(dt)


# --- tables ---


def _summed(dt: Type) -> bool:
    return is_numeric(dt) or isinstance(dt, BoolType | EnumType)


def _averaged(dt: Type) -> bool:
    return is_numeric(dt) or is_date_like(dt) or isinstance(dt, BoolType | TimeType | Time64Type)


def _ranked(dt: Type) -> bool:
    if isinstance(dt, FloatType):
        return dt.bits > 16
    return is_numeric(dt) or isinstance(dt, BoolType) or (is_date_like(dt) and str(dt) != "Date32")


def _picked(dt: Type) -> bool:
    return _ranked(dt) and not (isinstance(dt, IntegerType) and dt.bits > 64)


def _digested(dt: Type) -> bool:
    return _picked(dt) and not isinstance(dt, DecimalType | DateTime64Type)


def _ordered(dt: Type) -> bool:
    return dt.comparable


def _bits(dt: Type) -> bool:
    return isinstance(dt, IntegerType | BoolType)


def _short_bits(dt: Type) -> bool:
    return isinstance(dt, BoolType) or (isinstance(dt, IntegerType) and dt.bits <= 64)


_MANY = 1000
_ARITY = {
    **dict.fromkeys(("sum", "sumWithOverflow", "avg", "min", "max", "any", "anyLast"), (1, 1)),
    **dict.fromkeys(("groupBitAnd", "groupBitOr", "groupBitXor", "groupArray", "groupUniqArray"), (1, 1)),
    **dict.fromkeys(("quantile", "quantiles", "groupBitmap"), (1, 1)),
    **dict.fromkeys(("argMin", "argMax"), (2, 2)),
    **dict.fromkeys(("uniq", "uniqExact", "uniqCombined", "uniqHLL12"), (1, _MANY)),
    "count": (0, 1),
}
_EXACT = ("quantileExact", "quantilesExact")
_PICKED = ("quantileExactLow", "quantileExactHigh", "quantilesExactLow", "quantilesExactHigh")
_DIGEST = ("quantileTDigest", "quantilesTDigest", "quantileTiming", "quantilesTiming")
_RANK = "a number, Date, DateTime or DateTime64"
_TAKES: dict[str, tuple[Callable[[Type], bool], str]] = {
    **dict.fromkeys(("quantile", "quantiles", *_EXACT), (_ranked, _RANK)),
    **dict.fromkeys(_PICKED, (_picked, _RANK)),
    **dict.fromkeys(_DIGEST, (_digested, "an integer, a float, Date or DateTime")),
    **dict.fromkeys(("sum", "sumWithOverflow"), (_summed, "a number")),
    "avg": (_averaged, "a number, a date or a time"),
    **dict.fromkeys(("min", "max"), (_ordered, "a type with an order")),
    **dict.fromkeys(("argMin", "argMax"), (_ordered, "a type with an order, second")),
    **dict.fromkeys(("groupBitAnd", "groupBitOr", "groupBitXor"), (_bits, "an integer")),
    "groupBitmap": (_short_bits, "an integer of up to 64 bits"),
}
_WITHOUT_PARAMETERS = frozenset(
    ("count", "sum", "sumWithOverflow", "avg", "min", "max", "any", "anyLast", "uniq", "uniqExact")
) | {"groupBitAnd", "groupBitOr", "groupBitXor"}
_LEVELS = frozenset(
    f"{quantile}{kind}"
    for quantile in ("quantile", "quantiles")
    for kind in ("", "Exact", "ExactLow", "ExactHigh", "Deterministic", "Timing", "TDigest", "BFloat16")
)
