"""Maps and tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tilla.expressions.expr import Expr, call, to_expr
from tilla.expressions.rules import Type, element
from tilla.functions.base import Items, higher_order, scalar
from tilla.types.containers import MapType, TupleType

K = TypeVar("K")
V = TypeVar("V")
W = TypeVar("W")

# --- maps ---


def map_(*pairs: object) -> Expr[dict[Any, Any]]:
    """``map(key, value, ...)``."""
    return scalar("map", *pairs)


def map_from_arrays(keys: Items[K], values: Items[V]) -> Expr[dict[K, V]]:
    """``mapFromArrays(keys, values)``."""
    return scalar("mapFromArrays", keys, values)


def map_keys(x: Expr[dict[K, Any]]) -> Expr[list[K]]:
    """``mapKeys(x)``."""
    return scalar("mapKeys", x)


def map_values(x: Expr[dict[Any, V]]) -> Expr[list[V]]:
    """``mapValues(x)``."""
    return scalar("mapValues", x)


def map_contains(x: Expr[dict[K, Any]], key: Expr[K] | K) -> Expr[bool]:
    """``mapContains(x, key)``: 1 where the key is there; ``x[key]`` gives the value's default elsewhere."""
    return scalar("mapContains", x, key)


def map_filter(
    keep: Callable[[Expr[K], Expr[V]], Expr[bool] | Expr[bool | None]], x: Expr[dict[K, V]]
) -> Expr[dict[K, V]]:
    """``mapFilter((k, v) -> ..., x)``: the pairs where it holds."""
    return _over("mapFilter", keep, x, lambda map, body: map)


def map_apply(change: Callable[[Expr[K], Expr[V]], object], x: Expr[dict[K, V]]) -> Expr[dict[Any, Any]]:
    """``mapApply((k, v) -> (key, value), x)``: each pair changed; the function returns a tuple of two."""

    def rule(map: MapType[Any, Any], body: Type | None) -> Type | None:
        if not isinstance(body, TupleType) or len(body.elements) != 2 or body.elements[0].nullable:
            return None
        return MapType(body.elements[0], body.elements[1])

    return _over("mapApply", change, x, rule)


def map_exists(
    condition: Callable[[Expr[K], Expr[V]], Expr[bool] | Expr[bool | None]], x: Expr[dict[K, V]]
) -> Expr[bool]:
    """``mapExists((k, v) -> ..., x)``: 1 where it holds for any pair."""
    return _over("mapExists", condition, x, lambda map, body: scalar("mapExists", x).type)


def map_all(condition: Callable[[Expr[K], Expr[V]], Expr[bool] | Expr[bool | None]], x: Expr[dict[K, V]]) -> Expr[bool]:
    """``mapAll((k, v) -> ..., x)``: 1 where it holds for every pair."""
    return _over("mapAll", condition, x, lambda map, body: scalar("mapAll", x).type)


def map_add(x: Expr[dict[K, V]], *others: Expr[dict[K, V]]) -> Expr[dict[K, V]]:
    """``mapAdd(x, ...)``: sums by key."""
    return scalar("mapAdd", x, *others)


def map_subtract(x: Expr[dict[K, V]], y: Expr[dict[K, V]]) -> Expr[dict[K, V]]:
    """``mapSubtract(x, y)``: differences by key."""
    return scalar("mapSubtract", x, y)


def map_update(x: Expr[dict[K, V]], y: Expr[dict[K, V]]) -> Expr[dict[K, V]]:
    """``mapUpdate(x, y)``: the values of ``y`` over those of ``x``."""
    return scalar("mapUpdate", x, y)


def map_sort(x: Expr[dict[K, V]]) -> Expr[dict[K, V]]:
    """``mapSort(x)``: ordered by key."""
    return scalar("mapSort", x)


def _over(
    name: str,
    change: Callable[..., object],
    x: Expr[dict[Any, Any]],
    rule: Callable[[MapType[Any, Any], Type | None], Type | None],
) -> Expr[Any]:
    map = to_expr(x)
    kind = map.type if isinstance(map.type, MapType) else None
    written, body = higher_order(name, change, [kind.key, kind.value] if kind is not None else [None, None])
    return call(name, written, map, type=rule(kind, body.type) if kind is not None else None)


# --- tuples ---


def tuple_(*x: object) -> Expr[tuple[Any, ...]]:
    """``tuple(x, ...)``; a Python tuple of expressions does the same."""
    return scalar("tuple", *x)


def tuple_element(x: Expr[Any], name: str | int) -> Expr[Any]:
    """``tupleElement(x, name)``: a member by name, or by number from 1; of an array of tuples an array."""
    value = to_expr(x)
    return call("tupleElement", value, name, type=element(value.type, name))


def tuple_concat(*x: Expr[tuple[Any, ...]] | Expr[dict[str, Any]]) -> Expr[tuple[Any, ...]]:
    """``tupleConcat(x, ...)``: one tuple of all members."""
    return scalar("tupleConcat", *x)


__all__ = [
    "map_",
    "map_add",
    "map_all",
    "map_apply",
    "map_contains",
    "map_exists",
    "map_filter",
    "map_from_arrays",
    "map_keys",
    "map_sort",
    "map_subtract",
    "map_update",
    "map_values",
    "tuple_",
    "tuple_concat",
    "tuple_element",
]
