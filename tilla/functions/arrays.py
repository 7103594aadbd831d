"""Arrays, and functions over their elements. Positions count from 1; a negative one counts from the end.

A function of elements is a Python function: ``f.array_map(lambda x: x * 2, numbers)``; over several arrays of
one length it takes an element of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from tilla.expressions.aggregates import AGGREGATES, result
from tilla.expressions.expr import Expr, call, to_expr
from tilla.expressions.returns import total
from tilla.expressions.rules import RULES, Type, nullable
from tilla.functions.base import Items, T, Whole, element_type, higher_order, scalar
from tilla.types.containers import ArrayType

if TYPE_CHECKING:
    from tilla.functions.base import N

S = TypeVar("S")
U = TypeVar("U")
Function = Callable[..., object]
Condition = Callable[[Expr[T]], Expr[bool] | Expr[bool | None]]
Condition2 = Callable[[Expr[T], Expr[U]], Expr[bool] | Expr[bool | None]]

# --- functions of elements ---


def _over(
    name: str, change: Function, arrays: tuple[object, ...], rule: Callable[[Type, Type], Type | None]
) -> Expr[Any]:
    """Build a higher-order call; ``rule`` sees the first array's element type and the type of the body."""
    items = [to_expr(array) for array in arrays]
    types = [element_type(item.type) for item in items]
    written, body = higher_order(name, change, types)
    first = types[0] if types else None
    found = rule(first, body.type) if first is not None and body.type is not None else None
    return call(name, written, *items, type=found)


@overload
def array_map(change: Callable[[Expr[T]], Expr[U]], x: Items[T], /) -> Expr[list[U]]: ...
@overload
def array_map(change: Callable[[Expr[T], Expr[S]], Expr[U]], x: Items[T], y: Items[S], /) -> Expr[list[U]]: ...
@overload
def array_map(change: Callable[[Expr[T]], object], x: Items[T], /) -> Expr[list[Any]]: ...
@overload
def array_map(change: Function, /, *x: Items[Any]) -> Expr[list[Any]]: ...
def array_map(change: Function, /, *x: Items[Any]) -> Expr[list[Any]]:
    """``arrayMap((x, ...) -> ..., array, ...)``: each element changed."""
    return _over("arrayMap", change, x, lambda element, body: ArrayType(body))


@overload
def array_filter(keep: Condition[T], x: Items[T], /) -> Expr[list[T]]: ...
@overload
def array_filter(keep: Condition2[T, U], x: Items[T], y: Items[U], /) -> Expr[list[T]]: ...
def array_filter(keep: Function, /, *x: Items[Any]) -> Expr[list[Any]]:
    """``arrayFilter((x, ...) -> ..., array, ...)``: the elements of the first array where it holds."""
    return _over("arrayFilter", keep, x, lambda element, body: ArrayType(element))


def array_exists(condition: Condition[T], x: Items[T]) -> Expr[bool]:
    """``arrayExists(x -> ..., array)``: 1 where it holds for any element."""
    return _over("arrayExists", condition, (x,), _fixed("arrayExists"))


def array_all(condition: Condition[T], x: Items[T]) -> Expr[bool]:
    """``arrayAll(x -> ..., array)``: 1 where it holds for every element."""
    return _over("arrayAll", condition, (x,), _fixed("arrayAll"))


def array_count(condition: Condition[T], x: Items[T]) -> Expr[int]:
    """``arrayCount(x -> ..., array)``: for how many elements it holds."""
    return _over("arrayCount", condition, (x,), _fixed("arrayCount"))


def array_first(condition: Condition[T], x: Items[T]) -> Expr[T]:
    """``arrayFirst(x -> ..., array)``: the first element where it holds, else the type's default."""
    return _over("arrayFirst", condition, (x,), lambda element, body: element)


def array_first_or_null(condition: Condition[T], x: Items[T]) -> Expr[T | None]:
    """``arrayFirstOrNull(x -> ..., array)``: the first element where it holds, else NULL."""
    return _over("arrayFirstOrNull", condition, (x,), lambda element, body: nullable(element))


def array_last(condition: Condition[T], x: Items[T]) -> Expr[T]:
    """``arrayLast(x -> ..., array)``: the last element where it holds, else the type's default."""
    return _over("arrayLast", condition, (x,), lambda element, body: element)


def array_first_index(condition: Condition[T], x: Items[T]) -> Expr[int]:
    """``arrayFirstIndex(x -> ..., array)``: the position of the first element where it holds, else 0."""
    return _over("arrayFirstIndex", condition, (x,), _fixed("arrayFirstIndex"))


def array_last_index(condition: Condition[T], x: Items[T]) -> Expr[int]:
    """``arrayLastIndex(x -> ..., array)``: the position of the last element where it holds, else 0."""
    return _over("arrayLastIndex", condition, (x,), _fixed("arrayLastIndex"))


def array_fold(change: Callable[[Expr[T], Expr[U]], Expr[T]], x: Items[U], start: Expr[T]) -> Expr[T]:
    """``arrayFold((state, x) -> ..., array, start)``: the state after the last element; its type is that of ``start``."""
    array, first = to_expr(x), to_expr(start)
    written, body = higher_order("arrayFold", change, [first.type, element_type(array.type)])
    same = first.type if body.type is None or body.type == first.type else None
    return call("arrayFold", written, array, first, type=cast("Any", same))


def _fixed(name: str) -> Callable[[Type, Type], Type | None]:
    return lambda element, body: RULES[name]((ArrayType(element),), ())


def _optional(
    name: str, change: Function | None, x: tuple[object, ...], rule: Callable[[Type], Type | None]
) -> Expr[Any]:
    """Build a call whose function of elements may be left out."""
    if change is None:
        return scalar(name, *x)
    return _over(name, change, x, lambda element, body: rule(body))


# --- one value of many ---


@overload
def array_sum(x: Items[N], change: None = ...) -> Expr[N]: ...
@overload
def array_sum(x: Items[T], change: Callable[[Expr[T]], Expr[N]]) -> Expr[N]: ...
def array_sum(x: Items[Any], change: Function | None = None) -> Expr[Any]:
    """``arraySum(x)``: the sum of the elements, or of what a function makes of them; widened as ``sum``."""
    return _optional("arraySum", change, (x,), total)


def array_avg(x: Items[T], change: Callable[[Expr[T]], Expr[Any]] | None = None) -> Expr[float]:
    """``arrayAvg(x)``: the mean of the elements, as Float64."""
    return _optional("arrayAvg", change, (x,), lambda body: RULES["arrayAvg"]((ArrayType(body),), ()))


def array_min(x: Items[T]) -> Expr[T]:
    """``arrayMin(x)``: the smallest element; of an empty array the type's default."""
    return scalar("arrayMin", x)


def array_max(x: Items[T]) -> Expr[T]:
    """``arrayMax(x)``: the largest element; of an empty array the type's default."""
    return scalar("arrayMax", x)


def array_reduce(function: str, *x: Items[Any]) -> Expr[Any]:
    """``arrayReduce('function', x, ...)``: an aggregate function over the elements.

    ``function`` is its name, with combinators and parameters, such as ``uniq`` or ``quantile(0.5)``.
    """
    items = [to_expr(array) for array in x]
    types = [element_type(item.type) for item in items]
    found = result(function, (), (), types) if function in AGGREGATES else None
    return call("arrayReduce", function, *items, type=found)


# --- order ---


def array_sort(x: Items[T], by: Callable[[Expr[T]], Expr[Any]] | None = None) -> Expr[list[T]]:
    """``arraySort(x -> ..., array)``: ascending, by the elements or by what a function makes of them."""
    return _sorted("arraySort", x, by)


def array_reverse_sort(x: Items[T], by: Callable[[Expr[T]], Expr[Any]] | None = None) -> Expr[list[T]]:
    """``arrayReverseSort(x -> ..., array)``: descending, by the elements or by what a function makes of them."""
    return _sorted("arrayReverseSort", x, by)


def _sorted(name: str, x: object, by: Function | None) -> Expr[Any]:
    if by is None:
        return scalar(name, x)
    return _over(name, by, (x,), lambda element, body: ArrayType(element))


def array_reverse(x: Items[T]) -> Expr[list[T]]:
    """``arrayReverse(x)``: backwards."""
    return scalar("arrayReverse", x)


# --- parts and changes ---


def array_slice(x: Items[T], start: Whole, length: Whole | None = None) -> Expr[list[T]]:
    """``arraySlice(x, start, length)``: a run of elements."""
    return scalar("arraySlice", x, start, *(() if length is None else (length,)))


def array_element_or_null(x: Items[T], position: Whole) -> Expr[T | None]:
    """``arrayElementOrNull(x, position)``: NULL where there is no such element; ``x[n]`` gives the default there."""
    return scalar("arrayElementOrNull", x, position)


def array_push_back(x: Items[T], value: Expr[T] | T) -> Expr[list[T]]:
    """``arrayPushBack(x, value)``: with one more element at the end."""
    return scalar("arrayPushBack", x, value)


def array_push_front(x: Items[T], value: Expr[T] | T) -> Expr[list[T]]:
    """``arrayPushFront(x, value)``: with one more element in front."""
    return scalar("arrayPushFront", x, value)


def array_pop_back(x: Items[T]) -> Expr[list[T]]:
    """``arrayPopBack(x)``: without the last element."""
    return scalar("arrayPopBack", x)


def array_pop_front(x: Items[T]) -> Expr[list[T]]:
    """``arrayPopFront(x)``: without the first element."""
    return scalar("arrayPopFront", x)


@overload
def array_concat(*x: Items[T]) -> Expr[list[T]]: ...
@overload
def array_concat(*x: Items[Any]) -> Expr[list[Any]]: ...
def array_concat(*x: Items[Any]) -> Expr[list[Any]]:
    """``arrayConcat(x, ...)``: one after another."""
    return scalar("arrayConcat", *x)


def array_resize(x: Items[T], length: Whole) -> Expr[list[T]]:
    """``arrayResize(x, length)``: cut, or filled with the type's default."""
    return scalar("arrayResize", x, length)


def array_distinct(x: Items[T]) -> Expr[list[T]]:
    """``arrayDistinct(x)``: each value once; NULLs are left out."""
    return scalar("arrayDistinct", x)


def array_compact(x: Items[T]) -> Expr[list[T]]:
    """``arrayCompact(x)``: without repeats of the element before."""
    return scalar("arrayCompact", x)


def array_flatten(x: Items[Any]) -> Expr[list[Any]]:
    """``arrayFlatten(x)``: arrays of arrays as one array."""
    return scalar("arrayFlatten", x)


def array_intersect(*x: Items[T]) -> Expr[list[T]]:
    """``arrayIntersect(x, ...)``: the values that all arrays have."""
    return scalar("arrayIntersect", *x)


def array_zip(*x: Items[Any]) -> Expr[list[tuple[Any, ...]]]:
    """``arrayZip(x, ...)``: tuples of the elements at the same place."""
    return scalar("arrayZip", *x)


def array_split(starts: Condition[T], x: Items[T]) -> Expr[list[list[T]]]:
    """``arraySplit(x -> ..., array)``: a new array begins at each element where it holds."""
    return _over("arraySplit", starts, (x,), lambda element, body: ArrayType(ArrayType(element)))


def array_difference(x: Items[N]) -> Expr[list[N]]:
    """``arrayDifference(x)``: each element minus the one before; the first is 0."""
    return scalar("arrayDifference", x)


def array_cum_sum(x: Items[N]) -> Expr[list[N]]:
    """``arrayCumSum(x)``: running sums."""
    return scalar("arrayCumSum", x)


# --- making and numbering ---


def array(*x: object) -> Expr[list[Any]]:
    """``array(x, ...)``: the values as one array."""
    return scalar("array", *x)


def range(start: Whole, end: Whole | None = None, step: Whole | None = None) -> Expr[list[int]]:
    """``range(end)``, ``range(start, end, step)``: the integers from start (0) up to, not including, end."""
    return scalar("range", start, *(() if end is None else (end,)), *(() if step is None else (step,)))


@overload
def array_with_constant(length: Whole, value: Expr[T]) -> Expr[list[T]]: ...
@overload
def array_with_constant(length: Whole, value: T) -> Expr[list[T]]: ...
def array_with_constant(length: Whole, value: object) -> Expr[list[Any]]:
    """``arrayWithConstant(length, value)``: the value repeated."""
    return scalar("arrayWithConstant", length, value)


def array_enumerate(x: Items[Any]) -> Expr[list[int]]:
    """``arrayEnumerate(x)``: the positions 1, 2, 3, ..."""
    return scalar("arrayEnumerate", x)


def array_enumerate_uniq(x: Items[Any]) -> Expr[list[int]]:
    """``arrayEnumerateUniq(x)``: for each element the how-manieth of its value it is."""
    return scalar("arrayEnumerateUniq", x)


# --- questions ---


def has(x: Items[T], value: Expr[T] | T) -> Expr[bool]:
    """``has(x, value)``: 1 where the value is an element."""
    return scalar("has", x, value)


def has_any(x: Items[T], values: Items[T]) -> Expr[bool]:
    """``hasAny(x, values)``: 1 where any of the values is an element."""
    return scalar("hasAny", x, values)


def has_all(x: Items[T], values: Items[T]) -> Expr[bool]:
    """``hasAll(x, values)``: 1 where all of the values are elements."""
    return scalar("hasAll", x, values)


def index_of(x: Items[T], value: Expr[T] | T) -> Expr[int]:
    """``indexOf(x, value)``: the position of the value, 0 where it is not there."""
    return scalar("indexOf", x, value)


def count_equal(x: Items[T], value: Expr[T] | T) -> Expr[int]:
    """``countEqual(x, value)``: how many elements equal the value."""
    return scalar("countEqual", x, value)


def array_uniq(*x: Items[Any]) -> Expr[int]:
    """``arrayUniq(x, ...)``: how many different elements, or tuples of them, there are."""
    return scalar("arrayUniq", *x)


@overload
def array_join(x: Items[T]) -> Expr[T]: ...
@overload
def array_join(x: Expr[dict[Any, Any]]) -> Expr[dict[str, Any]]: ...
def array_join(x: Items[Any] | Expr[dict[Any, Any]]) -> Expr[Any]:
    """``arrayJoin(x)``: a row per element, as a function; ``tl.each`` writes an ARRAY JOIN, which is plainer."""
    return scalar("arrayJoin", x)


__all__ = [
    "array",
    "array_all",
    "array_avg",
    "array_compact",
    "array_concat",
    "array_count",
    "array_cum_sum",
    "array_difference",
    "array_distinct",
    "array_element_or_null",
    "array_enumerate",
    "array_enumerate_uniq",
    "array_exists",
    "array_filter",
    "array_first",
    "array_first_index",
    "array_first_or_null",
    "array_flatten",
    "array_fold",
    "array_intersect",
    "array_join",
    "array_last",
    "array_last_index",
    "array_map",
    "array_max",
    "array_min",
    "array_pop_back",
    "array_pop_front",
    "array_push_back",
    "array_push_front",
    "array_reduce",
    "array_resize",
    "array_reverse",
    "array_reverse_sort",
    "array_slice",
    "array_sort",
    "array_split",
    "array_sum",
    "array_uniq",
    "array_with_constant",
    "array_zip",
    "count_equal",
    "has",
    "has_all",
    "has_any",
    "index_of",
    "range",
]
