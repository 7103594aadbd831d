"""Rules of arrays, tuples and maps: what builds one, and what takes something out."""

from __future__ import annotations

from collections.abc import Sequence

from tilla.expressions.rules.core import Type, plain
from tilla.types.base import DataType
from tilla.types.common import common
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NestedType, NullableType, TupleType
from tilla.types.rules import bare, nullable


@plain("array")
def _array(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    """The elements keep LowCardinality when all of them have it."""
    known = [type for type in types if type is not None]
    if len(known) < len(types):
        return None
    inner = known[0] if known and all(type == known[0] for type in known) else common(known)
    if inner is not None and known and all(isinstance(type, LowCardinalityType) for type in known):
        inner = LowCardinalityType(bare(inner))
    return ArrayType(inner) if inner is not None else None


@plain("tuple")
def _tuple(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    known = [type for type in types if type is not None]
    return TupleType(tuple(known)) if known and len(known) == len(types) else None


@plain("map")
def _map(types: Sequence[Type | None], constant: Sequence[bool]) -> Type | None:
    keys, values = _array(types[0::2], ()), _array(types[1::2], ())
    if not isinstance(keys, ArrayType) or not isinstance(values, ArrayType) or keys.element.nullable:
        return None
    return MapType(keys.element, values.element)


def is_tuple(type: Type | None, index: object = "") -> bool:
    """Return True where ``value[index]`` takes a member of a tuple; of an array of tuples it takes one by name."""
    while isinstance(type, ArrayType) and isinstance(index, str):
        type = type.element
    return isinstance(type, TupleType) or (isinstance(type, NullableType) and isinstance(type.inner, TupleType))


def width(type: Type | None) -> int:
    """Return how many values one value of a type is for IN: the members of a tuple, else 1."""
    inner = type.inner if isinstance(type, NullableType) else type
    return len(inner.elements) if isinstance(inner, TupleType) else 1


def element(type: Type | None, index: object) -> Type | None:
    """Return the type of ``value[index]``: of an array, a map, a tuple (by name or 1-based number)."""
    if isinstance(type, NestedType):
        type = ArrayType(TupleType(tuple(type.members.values()), tuple(type.members)))
    index_type = getattr(index, "type", None)
    absent = isinstance(index_type, DataType) and index_type.nullable
    if isinstance(type, ArrayType) and not (is_tuple(type) and isinstance(index, str)):
        return _found(bare(type.element), absent)
    if isinstance(type, MapType):
        return _found(bare(type.value), absent)
    if isinstance(type, ArrayType):
        inner = element(type.element, index)
        return ArrayType(inner) if inner is not None else None
    if isinstance(type, NullableType) and isinstance(type.inner, TupleType):
        inner = element(type.inner, index)
        return (nullable(inner) or inner) if inner is not None else None
    if isinstance(type, TupleType):
        if isinstance(index, int) and not isinstance(index, bool) and 1 <= index <= len(type.elements):
            return type.elements[index - 1]
        return type.members.get(index) if isinstance(index, str) and type.names else None
    return None


def _found(type: Type, absent: bool) -> Type | None:
    return nullable(type) if absent else type


def element_of_array(type: Type | None) -> Type | None:
    """Return the type of one row of ``ARRAY JOIN``: an element, or a (key, value) pair of a map."""
    if isinstance(type, ArrayType):
        return type.element
    if isinstance(type, MapType):
        return TupleType((type.key, type.value), ("keys", "values"))
    if isinstance(type, NestedType):
        return TupleType(tuple(type.members.values()), tuple(type.members))
    return None
