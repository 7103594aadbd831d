"""Reads the text of a type: what the server prints, and every spelling that its parser takes.

``parse`` is a recursive descent over the text itself. One function per shape of arguments; :data:`FAMILIES`
says which family of types has which.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tilla import errors
from tilla.types.aggregates import AggregateFunctionType, SimpleAggregateFunctionType
from tilla.types.arguments import Parameter
from tilla.types.base import DataType
from tilla.types.catalogue import ALIASES, ANY_CASE, BARE, NUMBERED
from tilla.types.containers import (
    ArrayType,
    LowCardinalityType,
    MapType,
    NestedType,
    NullableType,
    TupleType,
    VariantType,
)
from tilla.types.cursor import Cursor
from tilla.types.scalars import (
    DecimalType,
    EnumType,
    FixedStringType,
    StringType,
    decimal_of_bits,
    enum_of_any_size,
    number_members,
)
from tilla.types.semistructured import DynamicType, JSONType, QBitType
from tilla.types.temporal import DateTime64Type, DateTimeType, Time64Type

Type = DataType[Any]


@functools.lru_cache(maxsize=8192)
def parse(text: str, *, trusted: bool = False) -> DataType[Any]:
    """Read a type in any spelling that ClickHouse takes: ``Map(String, UInt64)``, ``varchar(20)``, ``INT NULL``.

    Aliases become the type that the server stores. ``trusted`` is for text that a server wrote: then
    aggregate functions are not held to the names and argument types known here, as a newer server has more.

    Raises :class:`~tilla.errors.TypeTextError` with the position for a text that is no type.

    >>> print(parse("decimal(10,2)"), parse("ENUM('b' = 2, 'a' = 1)"), parse("BIGINT UNSIGNED NULL"))
    Decimal(10, 2) Enum8('a' = 1, 'b' = 2) Nullable(UInt64)
    """
    known = BARE.get(text)
    return known if known is not None else Reader(text, trusted).whole()


class Reader(Cursor):
    """A position in a text, with the types that may stand there."""

    def whole(self) -> Type:
        """Read the text to its end, with COLLATE, NULL or NOT NULL as a column has them."""
        found = self.type()
        if isinstance(found, StringType) and self.take_word("COLLATE"):
            self.name("a collation")  # the server reads it and forgets it
        negated = self.take_word("NOT", "NULL")
        if negated or self.take_word("NULL"):
            if isinstance(found, NullableType):
                raise errors.null_modifier(self.text, str(found))
            found = found if negated else NullableType(found)
        if self.position < len(self.text):
            self.fail("the end of the type")
        return found

    def type(self) -> Type:
        """Read one type."""
        start = self.position
        quoted = self.text[start : start + 1] in ("`", '"')
        written = self.name("a type")
        name = self.family(written, several=not quoted)
        bare = BARE.get(name)
        if bare is not None and name not in NUMBERED and name not in FAMILIES:
            if self.listed(self.literal):
                raise errors.type_arguments(self.text, start, name, "none")
            return bare
        if bare is not None and name in NUMBERED:
            return self.numbered(start, name, bare, written)
        read = FAMILIES.get(name)
        if read is None:
            raise errors.unknown_type(self.text, start, written, known_names())
        try:
            return read(self)
        except _MisfitError as misfit:
            raise errors.type_arguments(self.text, start, name, str(misfit)) from None

    def family(self, written: str, *, several: bool) -> str:
        """Return the server's name for what stands here: an alias in any letter case, of several words too."""
        for words in _MANY_WORDS.get(written.upper(), ()) if several else ():
            if self.take_word(*words[1:]):
                return ALIASES[" ".join(words)]
        upper = written.upper()
        if " " not in upper and upper in ALIASES:
            return ALIASES[upper]
        return ANY_CASE.get(upper, written)

    def numbered(self, start: int, name: str, bare: Type, written: str) -> Type:
        """Read a type whose arguments the server takes and forgets: ``INT(11) UNSIGNED``, ``VARCHAR(20)``."""
        arguments = self.listed(self.literal)
        most = NUMBERED[name]
        if len(arguments) > most or not all(isinstance(value, int) and value >= 0 for value in arguments):
            raise errors.type_arguments(self.text, start, name, f"at most {most}, whole numbers")
        if arguments and f"{written.upper()} UNSIGNED" in ALIASES:
            if self.take_word("UNSIGNED"):
                return BARE[ALIASES[f"{written.upper()} UNSIGNED"]]
            self.take_word("SIGNED")
        return bare


class _MisfitError(Exception):
    """Arguments of the wrong number or kind; says what was expected."""


_MANY_WORDS: dict[str, list[tuple[str, ...]]] = {}
for _alias in sorted(ALIASES, key=len, reverse=True):
    if " " in _alias:
        _MANY_WORDS.setdefault(_alias.split()[0], []).append(tuple(_alias.split()))


def _exactly(reader: Reader, count: int, expected: str) -> list[Type]:
    types = reader.listed(reader.type)
    if len(types) != count:
        raise _MisfitError(expected)
    return types


def _nullable(reader: Reader) -> Type:
    return NullableType(*_exactly(reader, 1, "one type"))


def _low_cardinality(reader: Reader) -> Type:
    return LowCardinalityType(*_exactly(reader, 1, "one type"))


def _array(reader: Reader) -> Type:
    return ArrayType(*_exactly(reader, 1, "one type"))


def _map(reader: Reader) -> Type:
    return MapType(*_exactly(reader, 2, "the type of the keys and that of the values"))


def _variant(reader: Reader) -> Type:
    return VariantType(tuple(reader.listed(reader.type)))


def _member(reader: Reader) -> tuple[str, Type]:
    """Read ``name Type`` or ``Type``: a word before another word is a name, as in ``INT UNSIGNED`` (26.9)."""
    start = reader.position
    name = reader.name("a name or a type")
    if reader.peek_word() or reader.text[reader.position : reader.position + 1] in ("`", '"'):
        return name, reader.type()
    reader.position = start
    return "", reader.type()


def _tuple(reader: Reader) -> Type:
    members = reader.listed(lambda: _member(reader))
    named = [name for name, _ in members if name]
    types = tuple(dt for _, dt in members)
    return TupleType(types, tuple(name for name, _ in members) if named else ())


def _nested(reader: Reader) -> Type:
    members = reader.listed(lambda: (reader.name(), reader.type()))
    names = [name for name, _ in members]
    if len(set(names)) < len(names):
        raise errors.tuple_names("Nested", f"the name {next(n for n in names if names.count(n) > 1)!r} twice")
    return NestedType(dict(members))


def _numbers(reader: Reader, low: int, high: int, expected: str) -> list[int]:
    found = reader.listed(reader.literal)
    numbers = [value for value in found if type(value) is int]
    if not low <= len(found) <= high or len(numbers) < len(found):
        raise _MisfitError(expected)
    return numbers


def _decimal(reader: Reader) -> Type:
    return DecimalType(*(_numbers(reader, 0, 2, "precision and scale") or [10]))


def _decimal_of(bits: int) -> Callable[[Reader], Type]:
    return lambda reader: decimal_of_bits(bits, *_numbers(reader, 1, 1, "a scale"))


def _fixed_string(reader: Reader) -> Type:
    return FixedStringType(*_numbers(reader, 1, 1, "a length"))


def _date_time(reader: Reader) -> Type:
    """Read DateTime; with a scale, as in ``TIMESTAMP(3)``, it is a DateTime64."""
    match reader.listed(reader.literal):
        case []:
            return DateTimeType()
        case [str(zone)]:
            return DateTimeType(zone)
        case [int(scale)] | [int(scale), str("")]:
            return DateTime64Type(scale) if scale else DateTimeType()
        case [int(scale), str(zone)]:
            return DateTime64Type(scale, zone) if scale else DateTimeType(zone)
    raise _MisfitError("nothing, a time zone, or a scale and a time zone")


def _date_time_32(reader: Reader) -> Type:
    match reader.listed(reader.literal):
        case []:
            return DateTimeType()
        case [str(zone)]:
            return DateTimeType(zone)
    raise _MisfitError("nothing or a time zone")


def _date_time_64(reader: Reader) -> Type:
    match reader.listed(reader.literal):
        case []:
            return DateTime64Type()
        case [int(scale)]:
            return DateTime64Type(scale)
        case [int(scale), str(zone)]:
            return DateTime64Type(scale, zone)
    raise _MisfitError("a scale, or a scale and a time zone")


def _time(reader: Reader) -> Type:
    scale = (_numbers(reader, 0, 1, "nothing or a scale") or [0])[0]
    return Time64Type(scale) if scale else BARE["Time"]


def _time_64(reader: Reader) -> Type:
    return Time64Type(*(_numbers(reader, 0, 1, "a scale") or [3]))


def _enum(bits: int) -> Callable[[Reader], Type]:
    def read(reader: Reader) -> Type:
        name = f"Enum{bits or ''}"
        pairs = reader.listed(lambda: (reader.string(), reader.whole_number() if reader.take("=") else None))
        if not pairs:
            raise errors.type_is_empty(name, "a member", "Enum8('new', 'paid')")
        members = number_members(name, pairs)
        return EnumType(bits, members) if bits else enum_of_any_size(members)

    return read


def _function(reader: Reader) -> tuple[str, list[Parameter]]:
    """Read ``name`` or ``name(parameter, ...)`` of an aggregate function."""
    return reader.name("the name of an aggregate function"), reader.listed(reader.literal)


def _aggregate_function(reader: Reader) -> Type:
    reader.need("(")
    version = None
    if reader.text[reader.position : reader.position + 1].isdigit():
        version = reader.whole_number()
        reader.need(",")
    function, params = _function(reader)
    arguments = _following_types(reader)
    return AggregateFunctionType(function, *arguments, params=params, version=version, trusted=reader.trusted)


def _simple_aggregate_function(reader: Reader) -> Type:
    reader.need("(")
    function, params = _function(reader)
    arguments = _following_types(reader)
    if len(arguments) != 1:
        raise _MisfitError("a function and one type")
    return SimpleAggregateFunctionType(function, arguments[0], params=params, trusted=reader.trusted)


def _following_types(reader: Reader) -> list[Type]:
    """Read ``, Type, Type)``."""
    types: list[Type] = []
    while not reader.take(")"):
        reader.need(",")
        if reader.take(")"):
            break
        types.append(reader.type())
    return types


def _dynamic(reader: Reader) -> Type:
    limits = reader.listed(lambda: _setting(reader, "max_types"))
    if len(limits) > 1:
        raise _MisfitError("max_types = a number")
    return DynamicType(*limits)


def _setting(reader: Reader, name: str) -> int:
    """Read ``name = number``; the server takes the name in this letter case only."""
    if reader.peek_word() != name:
        reader.fail(f"{name} = a number")
    reader.name()
    reader.need("=")
    return reader.whole_number()


def _path(reader: Reader) -> str:
    """Read a JSON path, ``a.b`` with any step in backticks."""
    steps = [reader.name("a JSON path")]
    while reader.take("."):
        steps.append(reader.name("a JSON path"))
    return ".".join(steps)


def _json(reader: Reader) -> Type:
    paths: dict[str, Type] = {}
    skip: list[str] = []
    patterns: list[str] = []
    limits: dict[str, int] = {}

    def item() -> None:
        before = reader.position
        if reader.take_word("SKIP", "REGEXP"):
            patterns.append(reader.string())
            return
        if reader.take_word("SKIP"):
            skip.append(_path(reader))
            return
        name = _path(reader)
        if reader.text.startswith("=", reader.position):
            reader.position = before
            if name not in ("max_dynamic_paths", "max_dynamic_types"):
                reader.fail("max_dynamic_paths or max_dynamic_types")
            limits[name] = _setting(reader, name)
        elif name in paths:
            reader.position = before
            reader.fail("each path once")
        else:
            paths[name] = reader.type()

    reader.listed(item)
    return JSONType(paths, tuple(skip), tuple(patterns), **limits)


def _qbit(reader: Reader) -> Type:
    reader.need("(")
    element = reader.type()
    numbers: list[int] = []
    while not reader.take(")"):
        reader.need(",")
        if reader.take(")"):
            break
        numbers.append(reader.whole_number())
    if not 1 <= len(numbers) <= 2:
        raise _MisfitError("a type, a dimension, and at most a stride")
    return QBitType(element, *numbers)


FAMILIES: dict[str, Callable[[Reader], Type]] = {
    "AggregateFunction": _aggregate_function,
    "Array": _array,
    "DateTime": _date_time,
    "DateTime32": _date_time_32,
    "DateTime64": _date_time_64,
    "Decimal": _decimal,
    "Decimal32": _decimal_of(32),
    "Decimal64": _decimal_of(64),
    "Decimal128": _decimal_of(128),
    "Decimal256": _decimal_of(256),
    "Dynamic": _dynamic,
    "Enum": _enum(0),
    "Enum8": _enum(8),
    "Enum16": _enum(16),
    "FixedString": _fixed_string,
    "JSON": _json,
    "LowCardinality": _low_cardinality,
    "Map": _map,
    "Nested": _nested,
    "Nullable": _nullable,
    "QBit": _qbit,
    "SimpleAggregateFunction": _simple_aggregate_function,
    "Time": _time,
    "Time64": _time_64,
    "Tuple": _tuple,
    "Variant": _variant,
}


def known_names() -> list[str]:
    """Return every name that a type may begin with, the aliases too."""
    return [*BARE, *FAMILIES, *ALIASES]
