"""The one spelling of what ClickHouse lets be spelt in several ways, as far as text alone shows it.

The server's printer has done most of it by then (:mod:`tilla.planning.shape`); the rest that needs the server's own
knowledge (aliases of types and functions, defaults of settings) is asked in :mod:`tilla.planning.oracle`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from tilla import text as quoting
from tilla.planning.engine_names import read_engine
from tilla.planning.shape import ColumnShape, pieces, split_list

HIDDEN = "[HIDDEN]"
_ENUM = re.compile(r"\bEnum(?:8|16)?\(")
_ASSIGNED = re.compile(r"(?<=\w) = (?=\w)")
_KEPT = re.compile(r"=?\s*`?(Shared|Replicated)\w*MergeTree")


def key_items(text: str) -> tuple[str, ...]:
    """The items of a key: ``a``, ``(a)``, ``tuple(a)`` are one; no key is ``tuple()``.

    >>> key_items("(a, b)"), key_items("tuple(a, b)"), key_items("a"), key_items("(a)"), key_items("tuple()")
    (('a', 'b'), ('a', 'b'), ('a',), ('a',), ())
    >>> key_items("(a + 1) * 2"), key_items("(a, b) IN (c)")
    (('(a + 1) * 2',), ('(a, b) IN (c)',))
    """
    inner = text.removeprefix("tuple")
    if inner[:1] == "(" and _closes_at_end(inner):
        items = split_list(inner[1:-1])
        return key_items(items[0]) if len(items) == 1 and inner == text else tuple(items)
    return (text.removesuffix(" ASC"),) if text else ()


def _closes_at_end(text: str) -> bool:
    """Whether the bracket that opens a text closes at its end."""
    return len(pieces(text)) == 1


def without_direction(items: tuple[str, ...]) -> tuple[str, ...]:
    """A sorting key as a primary key: without DESC."""
    return tuple(item.removesuffix(" DESC") for item in items)


def sorted_enums(text: str) -> str:
    """Type text with the members of every Enum in the order of their numbers, as the server keeps them.

    >>> sorted_enums("Array(Enum8('b' = 2, 'a' = 1))")
    "Array(Enum8('a' = 1, 'b' = 2))"
    """
    if "Enum" not in text:
        return text
    out, at = [], 0
    for match in _ENUM.finditer(text):
        if match.start() < at:
            continue
        members, end = _members(text, match.end())
        out += [text[at : match.end()], ", ".join(members)]
        at = end
    return "".join([*out, text[at:]])


def _members(text: str, start: int) -> tuple[list[str], int]:
    """The members inside the brackets of an Enum, by number, and where the bracket closes."""
    at, found = start, []
    while at < len(text) and text[at] != ")":
        if text[at] in ", ":
            at += 1
            continue
        _, end = quoting.read_quoted(text, at)
        number = re.compile(r"\s*=\s*(-?\d+)").match(text, end)
        if number is None:  # numbered by the server, from 1 in the order of writing
            return [text[start : text.index(")", start)]], text.index(")", start)
        found.append((int(number.group(1)), f"{text[at:end]} = {number.group(1)}"))
        at = number.end()
    return [shown for _, shown in sorted(found)], at


def flattened(columns: Mapping[str, ColumnShape], live: Mapping[str, object]) -> dict[str, ColumnShape]:
    """Columns with each Nested one taken apart, where the server keeps its elements as arrays (``n.k``, ``n.v``)."""
    found: dict[str, ColumnShape] = {}
    for name, column in columns.items():
        if name in live or not column.type.startswith("Nested("):
            found[name] = column
            continue
        for element in split_list(column.type[len("Nested(") : -1]):
            inner, kind = _element(element)
            found[f"{name}.{inner}"] = attrs.evolve(column, name=f"{name}.{inner}", type=f"Array({kind})")
    return found


def _element(text: str) -> tuple[str, str]:
    """Name and type of one element of a Nested type."""
    if text[:1] in '`"':
        name, end = quoting.read_quoted(text)
        return name, text[end:].strip()
    name, _, kind = text.partition(" ")
    return name, kind.strip()


def plain_type(text: str) -> str:
    """Type text without what is no difference to anyone: spaces around ``=``, the order of Enum members."""
    return sorted_enums(_ASSIGNED.sub("=", text) if " = " in text else text)


def engine_parts(text: str) -> tuple[str, tuple[str, ...]]:
    """An engine's name and arguments, as declared on one server: ``= SharedReplacingMergeTree('..', '..', v)`` is
    ``ReplacingMergeTree`` of ``v``. Names in quotes and bare ones are the same.
    """
    read = read_engine(text.removeprefix("=").strip())
    return read.name, tuple(_unquoted(argument) for argument in read.arguments)


def _unquoted(argument: str) -> str:
    if argument[:1] in "'`\"":
        value, end = quoting.read_quoted(argument)
        if end == len(argument):
            return value
    return argument


def kept_by(text: str) -> str:
    """``Shared`` or ``Replicated`` for an engine that has the prefix, else ''."""
    found = _KEPT.match(text)
    return found.group(1) if found else ""


def equal_but_hidden(live: str, declared: str) -> bool:
    """Whether two texts are the same where the server shows something: it prints ``[HIDDEN]`` for a secret.

    >>> equal_but_hidden("s3('u', '[HIDDEN]')", "s3('u', 'secret')")
    True
    """
    if live == declared:
        return True
    if HIDDEN not in live:
        return False
    pattern = ".*".join(re.escape(part) for part in live.split(HIDDEN))
    return re.fullmatch(pattern, declared, re.DOTALL) is not None


def comment_of(text: str) -> str:
    """The value of a COMMENT clause."""
    return quoting.read_quoted(text)[0] if text else ""
