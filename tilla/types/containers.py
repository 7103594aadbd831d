"""Types made of other types: Nullable, LowCardinality, Array, Map, Tuple, Nested, Variant."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, Generic

from tilla import errors
from tilla.types.base import DataType, T, assign, check_type, code_string, element_name


class NullableType(DataType["T | None"], Generic[T]):
    """``inner`` or NULL; costs one more byte a row and keeps the column out of keys."""

    __slots__ = ("inner",)
    inner: DataType[T]
    _nullable_inside = False
    _key = False

    def __init__(self, inner: DataType[T]) -> None:
        check_type("Nullable", inner)
        text = f"Nullable({inner})"
        if not inner.can_be_nullable:
            raise errors.not_inside(text, "Nullable", str(inner), inner.nullable)
        super().__init__(text)
        assign(self, "inner", inner)

    def __repr__(self) -> str:
        return f"t.Nullable({self.inner!r})"

    @property
    def python(self) -> type:
        return self.inner.python

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.inner,)

    @property
    def nullable(self) -> bool:
        return True

    @property
    def can_be_low_cardinality(self) -> bool:
        return self.inner.can_be_low_cardinality

    def as_nullable(self) -> DataType[T | None]:
        return self

    def without_nullable(self) -> DataType[T]:
        return self.inner


class LowCardinalityType(DataType[T]):
    """``inner`` stored through a dictionary: smaller and faster up to some 10,000 distinct values."""

    __slots__ = ("inner",)
    inner: DataType[T]
    _nullable_inside = False

    def __init__(self, inner: DataType[T]) -> None:
        check_type("LowCardinality", inner)
        text = f"LowCardinality({inner})"
        if not inner.can_be_low_cardinality:
            raise errors.not_inside(text, "LowCardinality", str(inner), False)
        super().__init__(text)
        assign(self, "inner", inner)

    def __repr__(self) -> str:
        return f"t.LowCardinality({self.inner!r})"

    @property
    def python(self) -> type:
        return self.inner.python

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.inner,)

    @property
    def nullable(self) -> bool:
        return self.inner.nullable

    def as_nullable(self) -> DataType[T | None]:
        return LowCardinalityType(self.inner.as_nullable())

    def without_nullable(self) -> DataType[T]:
        return LowCardinalityType(self.inner.without_nullable()) if self.inner.nullable else self


class ArrayType(DataType[list[T]], Generic[T]):
    """Any number of values of type ``element``."""

    __slots__ = ("element",)
    element: DataType[T]
    _python = list
    _nullable_inside = False

    def __init__(self, element: DataType[T]) -> None:
        check_type("Array", element)
        super().__init__(f"Array({element})")
        assign(self, "element", element)

    def __repr__(self) -> str:
        return f"t.Array({self.element!r})"

    @property
    def inner(self) -> DataType[T]:
        """The type of the elements."""
        return self.element

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.element,)


K = typing.TypeVar("K")
V = typing.TypeVar("V")


class MapType(DataType[dict[K, V]], Generic[K, V]):
    """Pairs of ``key`` and ``value``, stored as an array of pairs: keys may repeat, and look-up is a scan."""

    __slots__ = ("key", "value")
    key: DataType[K]
    value: DataType[V]
    _python = dict
    _nullable_inside = False

    def __init__(self, key: DataType[K], value: DataType[V]) -> None:
        check_type("Map", key)
        check_type("Map", value)
        text = f"Map({key}, {value})"
        if key.nullable:
            raise errors.map_key_nullable(text, str(key), str(key.without_nullable()))
        super().__init__(text)
        assign(self, "key", key)
        assign(self, "value", value)

    def __repr__(self) -> str:
        return f"t.Map({self.key!r}, {self.value!r})"

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return (self.key, self.value)

    @property
    def fits_json(self) -> bool:
        return str(self.key) in ("String", "LowCardinality(String)") and self.value.fits_json


class TupleType(DataType[T]):
    """A fixed list of types, with names for all of them or for none."""

    __slots__ = ("elements", "names")
    elements: tuple[DataType[Any], ...]
    names: tuple[str, ...]

    def __init__(self, elements: tuple[DataType[Any], ...], names: tuple[str, ...] = ()) -> None:
        text = f"Tuple({_members('Tuple', elements, names)})"
        super().__init__(text)
        assign(self, "elements", elements)
        assign(self, "names", names)

    def __repr__(self) -> str:
        return f"t.Tuple({_member_code(self.elements, self.names)})"

    @property
    def python(self) -> type:
        return dict if self.names else tuple

    @property
    def members(self) -> dict[str, DataType[Any]]:
        """The elements by name; an unnamed tuple numbers them from "1", as ``tuple.1`` does."""
        names = self.names or tuple(str(index + 1) for index in range(len(self.elements)))
        return dict(zip(names, self.elements, strict=True))

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return self.elements


class NestedType(DataType[list[dict[str, Any]]]):
    """Arrays of equal length side by side.

    With the default ``flatten_nested = 1`` the server stores a column ``n Nested(k String)`` as a column
    ``n.k Array(String)``: see :meth:`columns`.
    """

    __slots__ = ("members",)
    members: dict[str, DataType[Any]]
    _python = list
    _nullable_inside = False

    def __init__(self, members: Mapping[str, DataType[Any]]) -> None:
        kept = dict(members)
        if not kept:
            raise errors.type_is_empty("Nested", "a column", "t.Nested(sku=t.String, quantity=t.UInt32)")
        super().__init__(f"Nested({_members('Nested', tuple(kept.values()), tuple(kept))})")
        assign(self, "members", kept)

    def __repr__(self) -> str:
        return f"t.Nested({_member_code(tuple(self.members.values()), tuple(self.members))})"

    def columns(self, name: str) -> dict[str, DataType[Any]]:
        """Return the columns that the server makes of a column ``name`` of this type, in order.

        >>> from tilla import types as t
        >>> t.Nested(k=t.String, v=t.Int64).columns("n")
        {'n.k': t.Array(t.String), 'n.v': t.Array(t.Int64)}
        """
        return {f"{name}.{member}": ArrayType(dt) for member, dt in self.members.items()}

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return tuple(self.members.values())


def _members(where: str, elements: tuple[DataType[Any], ...], names: tuple[str, ...]) -> str:
    """Write the members of a tuple, after checking their names."""
    for element in elements:
        check_type(where, element)
    if not names:
        return ", ".join(map(str, elements))
    if len(names) != len(elements) or "" in names:
        raise errors.tuple_names(where, "a member without a name")
    if len(set(names)) < len(names):
        raise errors.tuple_names(where, f"the name {next(n for n in names if names.count(n) > 1)!r} twice")
    if "null" in names:
        # 26.9: `null` is the subcolumn that holds the null map of a Nullable(Tuple(...))
        raise errors.tuple_names(where, "the name 'null', which ClickHouse keeps for its null map")
    return ", ".join(f"{element_name(name)} {element}" for name, element in zip(names, elements, strict=True))


def _member_code(elements: tuple[DataType[Any], ...], names: tuple[str, ...]) -> str:
    """Write the arguments that build a tuple: ``t.Int8``, ``a=t.Int8`` or ``{"odd name": t.Int8}``."""
    import keyword

    if not names:
        return ", ".join(map(repr, elements))
    pairs = list(zip(names, elements, strict=True))
    if all(name.isidentifier() and not keyword.iskeyword(name) and name.isascii() for name in names):
        return ", ".join(f"{name}={element!r}" for name, element in pairs)
    return "{" + ", ".join(f"{code_string(name)}: {element!r}" for name, element in pairs) + "}"


class VariantType(DataType[Any]):
    """A value of any one of ``variants``, or NULL. ClickHouse sorts them by name and drops repeats."""

    __slots__ = ("variants",)
    variants: tuple[DataType[Any], ...]
    _nullable_inside = False
    _ordered = False

    def __init__(self, variants: tuple[DataType[Any], ...]) -> None:
        if not variants:
            raise errors.type_is_empty("Variant", "a type", "t.Variant(t.String, t.UInt64)")
        by_name = {str(check_type("Variant", variant)): variant for variant in variants}
        for name, variant in by_name.items():
            if variant.nullable or isinstance(variant, VariantType) or name.startswith("Dynamic"):
                raise errors.not_inside(f"Variant({', '.join(by_name)})", "Variant", name, variant.nullable)
        by_name.pop("Nothing", None)
        ordered = tuple(by_name[name] for name in sorted(by_name, key=str.encode))
        super().__init__(f"Variant({', '.join(map(str, ordered))})")
        assign(self, "variants", ordered)

    def __repr__(self) -> str:
        return f"t.Variant({', '.join(map(repr, self.variants))})"

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        return self.variants
