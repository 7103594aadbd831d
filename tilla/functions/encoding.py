"""Encodings and hashes, UUIDs and network addresses."""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from tilla import errors
from tilla.expressions.expr import Expr
from tilla.functions.base import Address, Text, Whole, scalar

# --- encodings ---


def hex(x: Expr[Any] | str | int) -> Expr[str]:
    """``hex(x)``: the bytes in capital hexadecimal digits."""
    return scalar("hex", x)


def unhex(x: Text) -> Expr[str]:
    """``unhex(x)``: the bytes that hexadecimal digits write."""
    return scalar("unhex", x)


def base64_encode(x: Text) -> Expr[str]:
    """``base64Encode(x)``."""
    return scalar("base64Encode", x)


def base64_decode(x: Text) -> Expr[str]:
    """``base64Decode(x)``: an error for what is no Base64."""
    return scalar("base64Decode", x)


def try_base64_decode(x: Text) -> Expr[str]:
    """``tryBase64Decode(x)``: '' for what is no Base64."""
    return scalar("tryBase64Decode", x)


# --- hashes: numbers ---


def city_hash64(*x: object) -> Expr[int]:
    """``cityHash64(x, ...)``: fast, of anything; NULL where an argument is NULL (26.9)."""
    return _hash("cityHash64", x)


def sip_hash64(*x: object) -> Expr[int]:
    """``sipHash64(x, ...)``: of anything; keeps its quality for keys that an adversary chooses."""
    return _hash("sipHash64", x)


def xx_hash64(*x: object) -> Expr[int]:
    """``xxHash64(x, ...)``: very fast."""
    return _hash("xxHash64", x)


def murmur_hash3_64(*x: object) -> Expr[int]:
    """``murmurHash3_64(x, ...)``."""
    return _hash("murmurHash3_64", x)


def farm_hash64(*x: object) -> Expr[int]:
    """``farmHash64(x, ...)``: as BigQuery's FARM_FINGERPRINT for one text (unsigned here)."""
    return _hash("farmHash64", x)


def half_md5(*x: object) -> Expr[int]:
    """``halfMD5(x, ...)``: the first 8 bytes of MD5, as a number."""
    return _hash("halfMD5", x)


def int_hash64(x: Whole) -> Expr[int]:
    """``intHash64(x)``: of an integer."""
    return scalar("intHash64", x)


def crc32(x: Text) -> Expr[int]:
    """``CRC32(x)``."""
    return scalar("CRC32", x)


def _hash(name: str, arguments: tuple[object, ...]) -> Expr[int]:
    if not arguments:
        raise errors.no_branches(name)
    return scalar(name, *arguments)


# --- hashes: bytes; lower(hex(...)) makes the usual text ---


def md5(x: Text) -> Expr[str]:
    """``MD5(x)``: 16 bytes, a FixedString(16)."""
    return scalar("MD5", x)


def sha1(x: Text) -> Expr[str]:
    """``SHA1(x)``: 20 bytes, a FixedString(20)."""
    return scalar("SHA1", x)


def sha256(x: Text) -> Expr[str]:
    """``SHA256(x)``: 32 bytes, a FixedString(32)."""
    return scalar("SHA256", x)


def sha512(x: Text) -> Expr[str]:
    """``SHA512(x)``: 64 bytes, a FixedString(64)."""
    return scalar("SHA512", x)


# --- UUIDs ---


def generate_uuid_v4() -> Expr[uuid.UUID]:
    """``generateUUIDv4()``: a random one per row."""
    return scalar("generateUUIDv4")


def generate_uuid_v7() -> Expr[uuid.UUID]:
    """``generateUUIDv7()``: ordered by time, one per row."""
    return scalar("generateUUIDv7")


# --- addresses ---


def ipv4_num_to_string(x: Whole) -> Expr[str]:
    """``IPv4NumToString(x)``: a UInt32 as 1.2.3.4."""
    return scalar("IPv4NumToString", x)


def ipv4_to_ipv6(x: Expr[ipaddress.IPv4Address | None]) -> Expr[ipaddress.IPv6Address]:
    """``IPv4ToIPv6(x)``: mapped, as ::ffff:1.2.3.4."""
    return scalar("IPv4ToIPv6", x)


def is_ipv4_string(x: Text) -> Expr[bool]:
    """``isIPv4String(x)``: 1 where the text is an IPv4 address."""
    return scalar("isIPv4String", x)


def is_ipv6_string(x: Text) -> Expr[bool]:
    """``isIPv6String(x)``: 1 where the text is an IPv6 address."""
    return scalar("isIPv6String", x)


def is_ip_address_in_range(x: Address, prefix: str) -> Expr[bool]:
    """``isIPAddressInRange(x, prefix)``: 1 where the address belongs to a network such as 10.0.0.0/8."""
    return scalar("isIPAddressInRange", x, prefix)


__all__ = [
    "base64_decode",
    "base64_encode",
    "city_hash64",
    "crc32",
    "farm_hash64",
    "generate_uuid_v4",
    "generate_uuid_v7",
    "half_md5",
    "hex",
    "int_hash64",
    "ipv4_num_to_string",
    "ipv4_to_ipv6",
    "is_ip_address_in_range",
    "is_ipv4_string",
    "is_ipv6_string",
    "md5",
    "murmur_hash3_64",
    "sha1",
    "sha256",
    "sha512",
    "sip_hash64",
    "try_base64_decode",
    "unhex",
    "xx_hash64",
]
