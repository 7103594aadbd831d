"""Quoting of identifiers and literals: the only place that quotes.

ClickHouse reads a bare identifier as ``[A-Za-z_][A-Za-z0-9_]*``; everything else, and the few words
its parser would take for syntax, goes into backticks. Inside backticks and apostrophes a backslash
starts an escape, so both are escaped with backslashes.
"""

from __future__ import annotations

import re
from functools import cache

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

# Words that some clause takes for syntax where a name may stand: `constraint`, `index` and `projection` begin an item of a
# column list, `cube` and `rollup` follow GROUP BY, `top` and `distinct` follow SELECT, `true` and `null` are values. Found by
# trying every word of system.keywords on ClickHouse 26.9 (tests/test_text.py repeats it). The words of SQL's own
# skeleton are here too, for the reader and for older servers; all others (date, value, rows, ...) are ordinary names.
RESERVED = frozenset(
    """
    all and any array as asc between by case cast constraint cross cube desc distinct div else end except exists false final
    format from full global group having if ilike in index inf inner insert intersect interval into is join key left like
    limit mod nan natural not null offset on or order outer over partition prewhere primary projection qualify right rollup
    sample select semi set settings table then ties to top totals trailing true union using values view when where window with
    """.split()
)

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\r": "\\r",
        "\n": "\\n",
        "\t": "\\t",
        "\0": "\\0",
    }
)


def is_bare(name: str) -> bool:
    """Return True when ClickHouse reads ``name`` as an identifier without quotes."""
    return _BARE.match(name) is not None and name.lower() not in RESERVED


@cache
def quote_identifier(name: str) -> str:
    """Write a column, table or database name so that ClickHouse reads back exactly that name.

    >>> print(quote_identifier("orders"), quote_identifier("a-b"), quote_identifier("or`der"))
    orders `a-b` `or\\`der`
    """
    return name if is_bare(name) else "`" + name.translate(_ESCAPES).replace("`", "\\`") + "`"


def quote_string(value: str) -> str:
    """Write a string literal.

    >>> print(quote_string("it's"))
    'it\\'s'
    """
    return "'" + value.translate(_ESCAPES).replace("'", "\\'") + "'"


def quote_qualified(database: str, name: str) -> str:
    """Write ``database.name``, each part quoted where it has to be."""
    return f"{quote_identifier(database)}.{quote_identifier(name)}"


def read_qualified(text: str) -> tuple[str, str]:
    """Split ``database.name`` at its dot; a part with a dot is written in backticks.

    >>> read_qualified("raw.orders"), read_qualified("raw.`a.b`"), read_qualified("orders")
    (('raw', 'orders'), ('raw', 'a.b'), ('', 'orders'))
    """
    database, dot, name = text.partition(".")
    if dot and name and "." not in name and "`" not in text:
        return database, name
    parts: list[str] = []
    position, length = 0, len(text)
    while position < length:
        if text[position] == "`":
            part, position = _read_quoted(text, position)
        else:
            end = text.find(".", position)
            end = length if end < 0 else end
            part, position = text[position:end], end
        parts.append(part)
        if position < length:
            if text[position] != ".":
                raise ValueError(text)
            position += 1
            if position == length:
                raise ValueError(text)
    if len(parts) == 1:
        parts.insert(0, "")
    if len(parts) != 2 or not parts[1]:
        raise ValueError(text)
    return parts[0], parts[1]


_UNESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v", "e": "\x1b"}


def _read_quoted(text: str, start: int) -> tuple[str, int]:
    """Read the quoted run that begins at ``start``; return its value and the position after it."""
    quote, out, position = text[start], [], start + 1
    while position < len(text):
        char = text[position]
        if char == "\\" and position + 1 < len(text):
            follow = text[position + 1]
            if follow == "x" and re.match(r"[0-9A-Fa-f]{2}", text[position + 2 : position + 4]):
                out.append(chr(int(text[position + 2 : position + 4], 16)))
                position += 4
                continue
            out.append(_UNESCAPES.get(follow, follow))
            position += 2
        elif char == quote:
            if text[position + 1 : position + 2] == quote:
                out.append(quote)
                position += 2
            else:
                return "".join(out), position + 1
        else:
            out.append(char)
            position += 1
    raise ValueError(text)


def read_quoted(text: str, start: int = 0) -> tuple[str, int]:
    """Read a quoted string or identifier at ``start``; return its value and the position after it.

    >>> read_quoted(r"'it\\'s', 'b'")
    ("it's", 7)
    """
    return _read_quoted(text, start)


def one_line(value: object) -> str:
    """A value as one line for a repr, whatever is in it; a value that cannot even say what it is shows as its class.

    >>> one_line("a\\nb"), one_line(None)
    ('a b', 'None')
    """
    try:
        return " ".join(str(value).split())
    except Exception:  # a repr is what a debugger and a notebook show of a broken value
        return f"<{type(value).__name__}>"
