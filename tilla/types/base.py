"""The value that every ClickHouse type is: frozen, hashable, equal by its server spelling.

``DataType[T]`` carries the Python type ``T`` that a reader of such a column gets, so that a type
checker can tell a sum of text from a sum of numbers. At run time it holds the text that
``system.columns.type`` prints for it, written once when the value is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar, dataclass_transform

from tilla import errors
from tilla.text import quote_identifier

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

assign: Callable[[object, str, object], None] = (
    object.__setattr__
)  # the one way into a frozen value, for the constructors of this package


@dataclass_transform(frozen_default=True)  # the checkers refuse to set an attribute; at run time nothing changes
class DataType(Generic[T_co]):
    """A ClickHouse type whose values read as the Python type ``T_co``.

    ``str()`` gives the server's own spelling, ``repr()`` the code that builds it with
    ``from tilla import types as t``. Two types are equal when the server spells them alike.
    """

    __slots__ = ("_text",)
    _text: str

    _python: ClassVar[type] = object
    _nullable_inside: ClassVar[bool] = True
    _low_cardinality_inside: ClassVar[bool] = False
    _ordered: ClassVar[bool] = True
    _key: ClassVar[bool] = True
    _json: ClassVar[bool] = True

    def __init__(self, text: str) -> None:
        assign(self, "_text", text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"t.{self._text}"

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, DataType) and self._text == other._text)

    def __hash__(self) -> int:
        return hash(self._text)

    if not TYPE_CHECKING:  # a checker that saw these would take any attribute for assignable

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be set")

        def __delattr__(self, name: str) -> NoReturn:
            raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be deleted")

    def __copy__(self) -> DataType[T_co]:
        return self

    def __deepcopy__(self, memo: object) -> DataType[T_co]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._text,)

    @property
    def python(self) -> type:
        """The class of a value that is not NULL: ``str`` for ``Nullable(String)``, ``list`` for an array."""
        return self._python

    @property
    def children(self) -> tuple[DataType[Any], ...]:
        """The types that this one is made of, in the order of its text; empty for a scalar."""
        return ()

    def walk(self) -> Iterator[DataType[Any]]:
        """Yield this type and every type inside it, outermost first."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def nullable(self) -> bool:
        """Whether the type itself says that NULL is stored: ``Nullable(...)``, also under LowCardinality.

        False for ``Variant`` and ``Dynamic``: they hold NULL without a null map.
        """
        return False

    @property
    def can_be_nullable(self) -> bool:
        """Whether ClickHouse takes ``Nullable(this)``; not arrays, maps, states, Variant, Dynamic."""
        return self._nullable_inside

    @property
    def can_be_low_cardinality(self) -> bool:
        """Whether ClickHouse takes ``LowCardinality(this)``: text, numbers, Date, DateTime, UUID, IP."""
        return self._low_cardinality_inside

    @property
    def comparable(self) -> bool:
        """Whether values of this type have an order, so that ORDER BY, ``min`` and ``max`` take them.

        Not states, vectors, Variant and Dynamic (26.9), nor what holds one of them.
        """
        return self._ordered and all(child.comparable for child in self.children)

    @property
    def can_be_key(self) -> bool:
        """Whether a MergeTree sorting key takes this type with default settings.

        Besides what has no order, 26.9 refuses JSON, SimpleAggregateFunction, and a Nullable anywhere inside.
        """
        return self._ordered and self._key and all(child.can_be_key for child in self.children)

    @property
    def fits_json(self) -> bool:
        """Whether a path of a JSON type may have this type."""
        return self._json and all(child.fits_json for child in self.children)

    def as_nullable(self) -> DataType[T_co | None]:
        """Return this type with NULL; ``LowCardinality(x)`` becomes ``LowCardinality(Nullable(x))``.

        Raises :class:`~tilla.errors.TypeTextError` where ClickHouse has no nullable form
        (see :attr:`can_be_nullable`).
        """
        from tilla.types.containers import NullableType

        return NullableType(self)

    def without_nullable(self) -> DataType[Any]:
        """Return this type without NULL; the type itself when it is not nullable."""
        return self


def _restore(text: str) -> DataType[Any]:
    """Rebuild a type from its text; how pickle copies one."""
    from tilla.types.reading import parse

    return parse(text, trusted=True)


def check_type(where: str, value: object) -> DataType[Any]:
    """Return ``value`` when it is a type; raise an error that says what to write when it is not."""
    if isinstance(value, DataType):
        return value
    raise errors.not_a_type(where, value)


def check_number(text: str, what: str, value: object, low: int, high: int | None) -> None:
    """Refuse what is not a whole number from ``low`` to ``high``."""
    if type(value) is not int or value < low or (high is not None and value > high):
        raise errors.type_out_of_range(text, what, value, low, high)


_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# The names that the server itself puts into backticks when it prints a type (26.9: every word of
# system.keywords and every name of three letters tried). Wherever it leaves a keyword bare, so must the
# text here, or it is a difference.
_SERVER_QUOTES = frozenset(
    (
        *("all", "distinct", "from", "null", "select", "some", "table", "top", "values"),
        *("false", "inf", "infinity", "nan", "true"),
    )
)


def element_name(name: str) -> str:
    """Write the name of a tuple element or JSON path as the server prints it.

    >>> element_name("order"), element_name("select"), element_name("odd name")
    ('order', '`select`', '`odd name`')
    """
    if name.lower() in _SERVER_QUOTES:
        return f"`{name}`"  # a keyword, so there is nothing to escape
    return name if _BARE.match(name) else quote_identifier(name)


def code_string(value: str) -> str:
    """Write a Python string literal with double quotes where that needs no escapes."""
    written = repr(value)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written else written
