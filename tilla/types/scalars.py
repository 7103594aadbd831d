"""Scalar types: numbers, text, identifiers, Decimal and Enum. Dates and times are in ``temporal``."""

from __future__ import annotations

import decimal
import ipaddress
import uuid
from collections.abc import Mapping
from typing import ClassVar

from tilla import errors
from tilla.text import quote_string
from tilla.types.base import DataType, assign, check_number, code_string


class IntegerType(DataType[int]):
    """A whole number of ``bits`` bits (8 to 256), with or without a sign."""

    __slots__ = ("bits", "signed")
    bits: int
    signed: bool
    _python = int
    _low_cardinality_inside = True

    def __init__(self, bits: int, signed: bool) -> None:
        super().__init__(f"{'' if signed else 'U'}Int{bits}")
        assign(self, "bits", bits)
        assign(self, "signed", signed)


class FloatType(DataType[float]):
    """Float32, Float64 or BFloat16."""

    __slots__ = ("bits",)
    bits: int
    _python = float
    _low_cardinality_inside = True

    def __init__(self, name: str, bits: int) -> None:
        super().__init__(name)
        assign(self, "bits", bits)

    @property
    def fits_json(self) -> bool:
        return self.bits > 16


class BoolType(DataType[bool]):
    """A truth value; ClickHouse stores it as UInt8."""

    __slots__ = ()
    _python = bool
    _low_cardinality_inside = True


class StringType(DataType[str]):
    """Bytes of any length, by convention UTF-8 text."""

    __slots__ = ()
    _python = str
    _low_cardinality_inside = True


class FixedStringType(DataType[str]):
    """Exactly ``length`` bytes; a shorter value is padded with zero bytes.

    In an expression it is text, as ClickHouse has it; a reader gets the bytes, padding included.
    """

    __slots__ = ("length",)
    length: int
    _python = bytes
    _low_cardinality_inside = True
    LARGEST: ClassVar[int] = 0xFFFFFF

    def __init__(self, length: int) -> None:
        text = f"FixedString({length})"
        check_number(text, "length", length, 1, self.LARGEST)
        super().__init__(text)
        assign(self, "length", length)


class UUIDType(DataType[uuid.UUID]):
    """A UUID. ClickHouse sorts it by its second half first."""

    __slots__ = ()
    _python = uuid.UUID
    _low_cardinality_inside = True


class IPv4Type(DataType[ipaddress.IPv4Address]):
    """An IPv4 address in 4 bytes."""

    __slots__ = ()
    _python = ipaddress.IPv4Address
    _low_cardinality_inside = True


class IPv6Type(DataType[ipaddress.IPv6Address]):
    """An IPv6 address in 16 bytes."""

    __slots__ = ()
    _python = ipaddress.IPv6Address
    _low_cardinality_inside = True


class NothingType(DataType[None]):
    """The type of NULL and of the empty array; ClickHouse lets no table column have it."""

    __slots__ = ()
    _python = type(None)
    _json = False


class DecimalType(DataType[decimal.Decimal]):
    """An exact number of ``precision`` digits, ``scale`` of them after the point."""

    __slots__ = ("precision", "scale")
    precision: int
    scale: int
    _python = decimal.Decimal
    LARGEST: ClassVar[int] = 76

    def __init__(self, precision: int, scale: int = 0) -> None:
        text = f"Decimal({precision}, {scale})"
        check_number(text, "precision", precision, 1, self.LARGEST)
        check_number(text, "scale", scale, 0, precision)
        super().__init__(text)
        assign(self, "precision", precision)
        assign(self, "scale", scale)

    @property
    def bits(self) -> int:
        """The width of the stored integer: 32, 64, 128 or 256."""
        return next(bits for bits, digits in DECIMAL_DIGITS.items() if self.precision <= digits)


DECIMAL_DIGITS = {32: 9, 64: 18, 128: 38, 256: 76}


def decimal_of_bits(bits: int, scale: int) -> DecimalType:
    """Return the decimal of the greatest precision that fits ``bits``: 9, 18, 38 or 76 digits."""
    digits = DECIMAL_DIGITS[bits]
    check_number(f"Decimal{bits}({scale})", "scale", scale, 0, digits)
    return DecimalType(digits, scale)


class EnumType(DataType[str]):
    """A set of names with codes, stored as Int8 or Int16. ClickHouse prints members by code."""

    __slots__ = ("bits", "members")
    bits: int
    members: dict[str, int]
    _python = str

    def __init__(self, bits: int, members: Mapping[str, int]) -> None:
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        for name, code in members.items():
            if not isinstance(name, str):
                raise errors.not_enum_members(f"Enum{bits}", name)
            check_number(f"Enum{bits}", f"the code of {name!r}", code, low, high)
        ordered = dict(sorted(members.items(), key=lambda member: member[1]))
        written = ", ".join(f"{quote_string(name)} = {code}" for name, code in ordered.items())
        text = f"Enum{bits}({written})"
        if not ordered:
            raise errors.type_is_empty(f"Enum{bits}", "a member", f't.Enum{bits}("new", "paid")')
        seen: dict[int, str] = {}
        for name, code in ordered.items():
            if code in seen:
                raise errors.enum_duplicate(text, f"the code {code}", f"{seen[code]!r} and {name!r}")
            seen[code] = name
        super().__init__(text)
        assign(self, "bits", bits)
        assign(self, "members", ordered)

    def __repr__(self) -> str:
        written = ", ".join(f"{code_string(name)}: {code}" for name, code in self.members.items())
        return f"t.Enum{self.bits}({{{written}}})"


def enum_members(where: str, given: tuple[str | Mapping[str, int], ...]) -> dict[str, int]:
    """Read the arguments of ``t.Enum8``: a mapping of names to codes, or names numbered from 1."""
    if len(given) == 1 and isinstance(given[0], Mapping):
        return dict(given[0])
    pairs: list[tuple[str, int | None]] = []
    for name in given:
        if not isinstance(name, str):
            raise errors.not_enum_members(where, name)
        pairs.append((name, None))
    return number_members(where, pairs)


def number_members(where: str, pairs: list[tuple[str, int | None]]) -> dict[str, int]:
    """Give each member without a code the next one, as the server does: from 1, or after the first code."""
    # 26.9 lets the first member differ from the rest in having a code, and no other.
    if len({given is None for _, given in pairs[1:]}) > 1:
        raise errors.enum_codes_mixed(where)
    members: dict[str, int] = {}
    following = 1
    for name, given in pairs:
        code = following if given is None else given
        if name in members:
            raise errors.enum_duplicate(f"{where}(...)", f"the name {name!r}", f"{members[name]} and {code}")
        members[name] = code
        following = code + 1
    return members


def enum_of_any_size(members: dict[str, int]) -> EnumType:
    """Return the Enum8 that holds the codes, or else the Enum16, as the bare name ``Enum`` does."""
    small = all(-128 <= code <= 127 for code in members.values())
    return EnumType(8 if small else 16, members)
