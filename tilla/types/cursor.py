"""A position in a text of types: goes past white space, words, literals and signs, or says where it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from tilla import errors
from tilla.text import read_quoted
from tilla.types.arguments import Parameter

T = TypeVar("T")

_SPACE = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[+-]?\s*(?:0[xX][0-9A-Fa-f]+|0[bB][01]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


class Cursor:
    """A position in a text of a type."""

    def __init__(self, text: str, trusted: bool) -> None:
        self.text = text
        self.trusted = trusted
        self.position = 0
        self.space()

    # --- pieces ---

    def space(self) -> None:
        """Go past white space and comments."""
        found = _SPACE.match(self.text, self.position)
        if found:
            self.position = found.end()

    def fail(self, expected: str) -> NoReturn:
        raise errors.unreadable_type(self.text, self.position, expected)

    def take(self, sign: str) -> bool:
        """Go past ``sign`` if it stands here."""
        if not self.text.startswith(sign, self.position):
            return False
        self.position += len(sign)
        self.space()
        return True

    def need(self, sign: str) -> None:
        if not self.take(sign):
            self.fail(repr(sign))

    def peek_word(self) -> str:
        """Return the bare word that stands here, or ''."""
        found = _WORD.match(self.text, self.position)
        return found.group() if found else ""

    def take_word(self, *words: str) -> bool:
        """Go past ``words``, in any letter case, if they stand here in a row."""
        start = self.position
        for word in words:
            found = self.peek_word()
            if found.upper() != word:
                self.position = start
                return False
            self.position += len(found)
            self.space()
        return True

    def quoted(self, expected: str) -> str:
        """Read a quoted run."""
        try:
            value, self.position = read_quoted(self.text, self.position)
        except ValueError:
            self.fail(expected + " with a closing quote")
        self.space()
        return value

    def name(self, expected: str = "a name") -> str:
        """Read an identifier, bare or quoted."""
        if self.text[self.position : self.position + 1] in ("`", '"'):
            return self.quoted(expected) or self.fail(expected)
        word = self.peek_word()
        if not word:
            self.fail(expected)
        self.position += len(word)
        self.space()
        return word

    def string(self) -> str:
        if self.text[self.position : self.position + 1] != "'":
            self.fail("text in apostrophes")
        return self.quoted("text")

    def number(self) -> int | float:
        found = _NUMBER.match(self.text, self.position)
        if not found:
            self.fail("a number")
        self.position = found.end()
        self.space()
        written = re.sub(r"\s", "", found.group())
        try:
            return int(written, 0) if not written.lstrip("+-").isdigit() else int(written)
        except ValueError:
            return float(written)

    def whole_number(self) -> int:
        start, value = self.position, self.number()
        if not isinstance(value, int):
            self.position = start
            self.fail("a whole number")
        return value

    def listed(self, item: Callable[[], T]) -> list[T]:
        """Read ``(item, item, ...)``; a comma may stand before the closing bracket. No brackets: no items."""
        if not self.take("("):
            return []
        items: list[T] = []
        while not self.take(")"):
            items.append(item())
            if not self.take(","):
                self.need(")")
                break
        return items

    def literal(self) -> Parameter:
        """Read a literal: text, a number, NULL, true, false, or a list of these."""
        here = self.text[self.position : self.position + 1]
        if here == "'":
            return self.string()
        if self.take("["):
            items: list[Parameter] = []
            while not self.take("]"):
                items.append(self.literal())
                if not self.take(","):
                    self.need("]")
                    break
            return items
        for word, value in (("NULL", None), ("TRUE", True), ("FALSE", False)):
            if self.take_word(word):
                return value
        return self.number()
