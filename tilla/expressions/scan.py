"""Exact tokens of ClickHouse text, with positions; splitting of scripts; splicing.

The lexer follows the server's own (checked against ClickHouse 26.9): block comments nest, ``//``
and ``#!`` start comments too, a heredoc is ``$tag$..$tag$``, typographic quotes quote, and a bare
word may hold ``$`` and begin with a digit. Nothing here prints SQL: text goes in, positions come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import attrs

from .. import errors
from ..text import read_quoted

# One alternative per kind of token; the group's name is the kind. Order matters: a number that runs into
# letters (`1st`) is a word for the server, so numbers refuse a following word character.
_TOKEN = re.compile(
    r"""
      (?P<space>[\s\u180e\u200b-\u200d\u2060\ufeff]+)
    | (?P<comment>--[^\n]*|//[^\n]*|\#[ !][^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/)
    | (?P<nested>/\*)
    | (?P<number>(?:0[xX][0-9A-Fa-f_]+(?:\.[0-9A-Fa-f]*)?(?:[pP][+-]?[0-9]+)?|0[bB][01]+
        |[0-9][0-9_]*(?:\.(?![A-Za-z_$`"])[0-9_]*|\.(?=[eE][+-]?[0-9]))?(?:[eE][+-]?[0-9]+)?
        |\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_$]))
    | (?P<string>(?:[xXbB])?'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|\u2018[^\u2019]*\u2019)
    | (?P<heredoc>\$(?P<tag>[A-Za-z0-9_]*)\$.*?\$(?P=tag)\$)
    | (?P<word>[A-Za-z0-9_$]+)
    | (?P<quoted>`[^`\\]*(?:(?:\\.|``)[^`\\]*)*`|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"|\u201c[^\u201d]*\u201d)
    | (?P<symbol>::|->|!~\*|~\*|!~|<=>|<=|>=|!=|<>|==|\|\||@@|[-+*/%=<>!.,;:?()\[\]{}~^|&@\u2212\\])
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_COMMENTS = ("--", "//", "#")
_NESTING = re.compile(r"/\*|\*/")
_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = {close: opening for opening, close in _OPEN.items()}

WORD, QUOTED, STRING, NUMBER, SYMBOL = "word", "quoted", "string", "number", "symbol"


class Token(NamedTuple):
    """One token: ``kind`` is word, quoted, string, number, symbol, space or comment; text is ``[start:end]``."""

    kind: str
    start: int
    end: int


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset, both from 1, the column in characters."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def tokens(text: str) -> Iterator[Token]:
    """Cut ``text`` into tokens, white space and comments included: they join to the text again.

    Raises SqlError at a literal or comment that does not end, and at a character SQL does not have.
    """
    at, length, match = 0, len(text), _TOKEN.match
    while at < length:
        found = match(text, at)
        if found is None:
            raise _unreadable(text, at)
        kind = found.lastgroup or ""
        if kind == "nested":
            kind, end = "comment", _nested_end(text, at)
        else:
            kind, end = ("string" if kind == "heredoc" else kind), found.end()
        yield Token(kind, at, end)
        at = end


def _nested_end(text: str, start: int) -> int:
    """Return the end of a block comment that holds other block comments."""
    depth = 0
    for found in _NESTING.finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    raise errors.unreadable_sql(*position(text, start), "a block comment that does not end", text[start : start + 20])


def _unreadable(text: str, at: int) -> errors.SqlError:
    char, near = text[at], text[at : at + 20]
    what = {
        "'": "a string that does not end",
        "\u2018": "a string that does not end",
        "`": "a quoted name that does not end",
        '"': "a quoted name that does not end",
        "\u201c": "a quoted name that does not end",
    }.get(char, f"the character {char!r}, which ClickHouse does not read here")
    hint = "put the name in backticks" if char.isalpha() else ""
    return errors.unreadable_sql(*position(text, at), what, near, hint)


@attrs.frozen(eq=False, repr=False)
class Scan:
    """The significant tokens of a text, as parallel columns, and the bracket that answers each bracket.

    ``words`` holds a bare word in capitals, a symbol as written and '' for anything else. All columns
    end with three empty sentinels, so that looking a little ahead needs no bounds check.
    """

    text: str
    kinds: list[str]
    starts: list[int]
    ends: list[int]
    words: list[str]
    mates: dict[int, int]
    size: int

    def source(self, first: int, stop: int) -> str:
        """Return the text from token ``first`` up to and without token ``stop``."""
        return self.text[self.starts[first] : self.ends[stop - 1]] if first < stop else ""

    def name(self, index: int) -> str:
        """Return the name that a bare word or a quoted identifier stands for."""
        written = self.text[self.starts[index] : self.ends[index]]
        if self.kinds[index] == QUOTED:
            return written[1:-1] if written[0] == "\u201c" else read_quoted(written)[0]
        return written

    def string(self, index: int) -> str:
        """Return the value of a string literal."""
        written = self.text[self.starts[index] : self.ends[index]]
        if written[0] == "'":
            return read_quoted(written)[0]
        if written[0] == "$":
            tag = written.index("$", 1) + 1
            return written[tag:-tag]
        return written[1:-1]

    def error(self, index: int, what: str, hint: str = "") -> errors.SqlError:
        """Build the error that points at token ``index``."""
        start = self.starts[index] if index < self.size else len(self.text.rstrip())
        return errors.unreadable_sql(*position(self.text, start), what, self.text[start : start + 30], hint)


def scan(text: str) -> Scan:
    """Read the significant tokens of ``text``; raise SqlError when brackets or literals do not close."""
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    words: list[str] = []
    mates: dict[int, int] = {}
    opened: list[int] = []
    at, length, match, count = 0, len(text), _TOKEN.match, 0
    while at < length:
        found = match(text, at)
        if found is None:
            raise _unreadable(text, at)
        kind, end = found.lastgroup or "", found.end()
        if kind == "space" or kind == "comment":
            at = end
            continue
        if kind == "nested":
            at = _nested_end(text, at)
            continue
        word = ""
        if kind == "word":
            word = found.group().upper()
        elif kind == "symbol":
            word = found.group()
            if word in _OPEN:
                opened.append(count)
            elif word in _CLOSE:
                if not opened or words[opened[-1]] != _CLOSE[word]:
                    raise _unbalanced(text, starts, words, opened, at, word)
                mates[opened.pop()] = count
        elif kind == "heredoc":
            kind = "string"
        kinds.append(kind)
        starts.append(at)
        ends.append(end)
        words.append(word)
        count += 1
        at = end
    if opened:
        where = starts[opened[-1]]
        what = f"{words[opened[-1]]!r} that is never closed"
        raise errors.unreadable_sql(*position(text, where), what, text[where : where + 30])
    for column, empty in ((kinds, ""), (words, "")):
        column.extend([empty] * 3)
    for offsets in (starts, ends):
        offsets.extend([length] * 3)
    return Scan(text, kinds, starts, ends, words, mates, count)


def _unbalanced(
    text: str, starts: Sequence[int], words: Sequence[str], opened: Sequence[int], at: int, word: str
) -> errors.SqlError:
    hint = ""
    if opened:
        line, column = position(text, starts[opened[-1]])
        hint = f"close the {words[opened[-1]]!r} of line {line}, column {column} first"
    return errors.unreadable_sql(*position(text, at), f"{word!r} that nothing opens", text[at : at + 20], hint)


def splice(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Replace the parts ``[start:end]`` of ``text``; all else stays byte for byte.

    Edits may come in any order and must not overlap (ValueError); two insertions at one place keep
    the order in which they are given.

    >>> splice("SELECT a FROM t", [(14, 15, "d.t"), (7, 8, "b")])
    'SELECT b FROM d.t'
    """
    out: list[str] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        if start < at or end < start or end > len(text):
            raise ValueError(f"edits overlap or leave the text at {start}")
        out += (text[at:start], new)
        at = end
    return "".join((*out, text[at:]))


def check_clause(where: str, clause: str) -> None:
    """Refuse text of a clause that would run into what follows it: an open bracket or quote, a comment, a `;`.

    Raises:
        DeclarationError: with what is wrong in it.
    """
    try:
        found = scan(clause)
        if any(token.kind == "comment" for token in tokens(clause)) or ";" in found.words:
            raise errors.unreadable_clause(where, clause, "it holds a comment or a `;`")
    except errors.SqlError as error:
        raise errors.unreadable_clause(where, clause, error.mistakes[0].what) from None
    if not found.size:
        raise errors.unreadable_clause(where, clause, "it is empty")


def split_statements(script: str) -> list[str]:
    """Cut a script into its statements: without the final ``;``, exact otherwise, comments before them kept.

    A server takes one statement a request, so `tilla apply` sends them one by one; comments after the last
    ``;`` are no statement. Inline data after ``INSERT .. FORMAT`` is not read.

    >>> split_statements("SELECT ';'; -- tail")
    ["SELECT ';'"]
    """
    out: list[str] = []
    begin, full = 0, False
    for kind, start, end in tokens(script):
        if kind == "symbol" and script[start] == ";":
            if full:
                out.append(script[begin:start].strip())
            begin, full = end, False
        elif kind != "space" and kind != "comment":
            full = True
    if full:
        out.append(script[begin:].strip())
    return out


def closed(sql: str) -> str:
    """Return ``sql`` so that what is written behind it is read: a comment up to the end of the line ends with one.

    >>> closed("SELECT 1 -- one") + ";", closed("SELECT 1 /* one */") + ";"
    ('SELECT 1 -- one\\n;', 'SELECT 1 /* one */;')
    """
    # The last line alone tells too little: it may be the end of a literal.
    if not any(mark in sql.rpartition("\n")[2] for mark in _LINE_COMMENTS):
        return sql
    *_, last = tokens(sql)
    return sql + "\n" if last.kind == "comment" and not sql.endswith("*/") else sql


def placeholders(sql: str) -> list[tuple[str, int]]:
    """Find what looks like an unfilled placeholder: ``{client}``, ``{client)``, ``(client}``, ``{}``.

    Returns (text as written, offset) in order. ``{name:Type}`` is ClickHouse's own parameter and is no
    placeholder; string literals, quoted names and comments are not searched.

    >>> placeholders("SELECT {lo:UInt64}, '{a}' FROM raw_{client).t")
    [('{client)', 35)]
    """
    found: list[tuple[str, int]] = []
    if "{" not in sql and "}" not in sql:
        return found
    row = [token for token in tokens(sql) if token.kind not in ("space", "comment")]
    texts = [sql[token.start : token.end] for token in row] + ["", "", ""]
    parentheses: list[int] = []
    index = 0
    while index < len(row):
        symbol = texts[index] if row[index].kind == "symbol" else ""
        if symbol == "(":
            parentheses.append(index)
        elif symbol == ")" and parentheses:
            parentheses.pop()
        elif symbol == "{":
            named = index + 1 < len(row) and row[index + 1].kind in ("word", "quoted")
            after = index + (2 if named else 1)
            if named and texts[after] == ":":
                while index < len(row) and texts[index] != "}":
                    index += 1
            else:
                close = texts[after] in ("}", ")", "]")
                end = row[after].end if close else row[after - 1].end
                found.append((sql[row[index].start : end], row[index].start))
                index = after if close else after - 1
        elif symbol == "}":
            opener = parentheses[-1] if parentheses else -1
            begin = opener if opener == index - 2 and row[index - 1].kind == "word" else index
            found.append((sql[row[begin].start : row[index].end], row[begin].start))
        index += 1
    return found
