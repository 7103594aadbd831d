"""A CREATE statement as the server prints it on one line, cut into its clauses.

``system.tables.create_table_query`` and ``formatQuerySingleLine(our own DDL)`` come from one printer, so both read
alike: keywords in capitals, column names in backticks, one space between tokens. Cut apart here, they can be
compared clause by clause. Nothing in it is understood beyond its borders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from tilla import text as quoting

# Strings, quoted names, brackets, words (with their dots), and any other character that is no space.
_TOKEN = re.compile(
    r"""'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|`[^`\\]*(?:(?:\\.|``)[^`\\]*)*`|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"
    |[A-Za-z_0-9.$]+|[^\s]""",
    re.VERBOSE | re.DOTALL,
)
_OPEN = "([{"
_CLOSE = ")]}"

# What begins a clause of CREATE, by kind of object, in the order in which the printer writes them. A word of the
# clause in hand never stands for a later clause unless the whole keyword is there.
_TABLE = ("ENGINE", "PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS")
_TAIL = ("EMPTY", "POPULATE", "DEFINER", "SQL SECURITY", "COMMENT", "AS")
_HEADS: Mapping[str, tuple[str, ...]] = {
    "TABLE": (*_TABLE, "COMMENT", "AS"),
    "VIEW": _TAIL,
    "MATERIALIZED VIEW": (*_TABLE, *_TAIL),
    "DICTIONARY": ("PRIMARY KEY", "SOURCE", "LIFETIME", "LAYOUT", "RANGE", "SETTINGS", "COMMENT"),
}
# What stands between a view's name and its column list, which a view that was never created does not have.
_TRIGGER = ("REFRESH", "SETTINGS", "APPEND", "TO", *_TAIL)
_COLUMN = (
    "DEFAULT",
    "MATERIALIZED",
    "ALIAS",
    "EPHEMERAL",
    "COMMENT",
    "CODEC",
    "STATISTICS",
    "TTL",
    "PRIMARY KEY",
    "SETTINGS",
)
_ATTRIBUTE = ("DEFAULT", "EXPRESSION", "HIERARCHICAL", "BIDIRECTIONAL", "INJECTIVE", "IS_OBJECT_ID", "COMMENT")
_DEFAULTS = ("DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL", "EXPRESSION")


@attrs.frozen
class ColumnShape:
    """One column: its type, and what stands behind it, by keyword."""

    name: str
    type: str
    clauses: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def default(self) -> str:
        """``DEFAULT expression`` or its relatives, or ''."""
        return " ".join(f"{k} {self.clauses[k]}".strip() for k in _DEFAULTS if k in self.clauses)


@attrs.frozen
class Shape:
    """One CREATE statement.

    ``columns``, ``indexes``, ``projections`` and ``constraints`` go by name, ``clauses`` by keyword; a missing clause
    is a missing key. ``settings`` are those of the table.
    """

    kind: str
    name: str
    columns: Mapping[str, ColumnShape] = attrs.field(factory=dict)
    indexes: Mapping[str, str] = attrs.field(factory=dict)
    projections: Mapping[str, str] = attrs.field(factory=dict)
    constraints: Mapping[str, str] = attrs.field(factory=dict)
    clauses: Mapping[str, str] = attrs.field(factory=dict)
    settings: Mapping[str, str] = attrs.field(factory=dict)

    def clause(self, keyword: str) -> str:
        """The text behind a keyword, or ''."""
        return self.clauses.get(keyword, "")

    @property
    def query(self) -> str:
        """The SELECT of a view."""
        return self.clause("AS")


@attrs.frozen
class Piece:
    """A token outside brackets, or a whole bracket: where it begins and ends."""

    text: str
    start: int
    end: int


def pieces(text: str) -> list[Piece]:
    """Cut text into tokens; a bracket with all that is in it is one."""
    found: list[Piece] = []
    depth, opened = 0, 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in _OPEN:
            opened = match.start() if depth == 0 else opened
            depth += 1
        elif token in _CLOSE:
            depth -= 1
            if depth == 0:
                found.append(Piece(text[opened : match.end()], opened, match.end()))
        elif depth == 0:
            found.append(Piece(token, match.start(), match.end()))
    return found


def split_list(text: str) -> list[str]:
    """Split at the commas outside brackets and quotes.

    >>> split_list("a, f(b, c), 'd, e'")
    ['a', 'f(b, c)', "'d, e'"]
    """
    ends = [piece for piece in pieces(text) if piece.text == ","]
    starts = [0, *(piece.end for piece in ends)]
    stops = [*(piece.start for piece in ends), len(text)]
    return [item for start, stop in zip(starts, stops, strict=True) if (item := text[start:stop].strip())]


def _clauses(text: str, row: list[Piece], keywords: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """What stands before the first keyword, and what stands behind each; a keyword counts once, in order."""
    marks: list[tuple[str, int, int]] = []
    place, at = 0, 0
    while at < len(row):
        found = next((k for k in keywords[place:] if _stands(k, row, at)), None)
        if found is None:
            at += 1
            continue
        words = found.count(" ") + 1
        marks.append((found, row[at].start, row[at + words - 1].end))
        place = keywords.index(found) + 1
        at += words
        if found == "AS":
            break
    if not marks:
        return text.strip(), {}
    ends = [*(start for _, start, _ in marks[1:]), len(text)]
    head = text[: marks[0][1]]
    return head.strip(), {k: text[start:end].strip() for (k, _, start), end in zip(marks, ends, strict=True)}


def _stands(keyword: str, row: list[Piece], at: int) -> bool:
    """Whether a keyword begins here, and not a name that looks like it."""
    words = keyword.split(" ")
    if [piece.text for piece in row[at : at + len(words)]] != words:
        return False
    follow = row[at + len(words)].text if at + len(words) < len(row) else ""
    if keyword == "COMMENT":
        return follow[:1] == "'"
    if keyword == "ENGINE" or keyword == "DEFINER":
        return follow == "="
    if keyword == "TO":
        return follow not in ("DISK", "VOLUME", "TABLE")
    return True


def comment_first(text: str) -> str:
    """A view's statement with COMMENT before AS, as servers print it since 26.2; before, ``AS (SELECT ...) COMMENT '...'``.

    >>> comment_first("CREATE VIEW v AS (SELECT 1) COMMENT 'one'")
    "CREATE VIEW v COMMENT 'one' AS SELECT 1"
    """
    if text[-1:] != "'" or " AS (" not in text:
        return text
    *_, before, query, word, comment = [Piece("", 0, 0)] * 4 + pieces(text)
    if (before.text, query.text[:1], word.text, comment.text[:1]) != ("AS", "(", "COMMENT", "'"):
        return text
    return f"{text[: before.start]}COMMENT {comment.text} AS {query.text[1:-1]}"


def read_shape(text: str) -> Shape:
    """Read one CREATE statement of the server's printer.

    Raises:
        ValueError: it is no CREATE of a table, view or dictionary.
    """
    row = pieces(text)
    words = [piece.text for piece in row[:8]]
    if not words or words[0] not in ("CREATE", "ATTACH"):
        raise ValueError(text)
    at = 1
    while words[at : at + 1] and words[at] in ("OR", "REPLACE", "TEMPORARY"):
        at += 1
    kind = words[at]
    if kind == "MATERIALIZED":
        kind, at = "MATERIALIZED VIEW", at + 1
    if kind not in _HEADS:
        raise ValueError(text)
    at += 1
    if words[at : at + 3] == ["IF", "NOT", "EXISTS"]:
        at += 3
    end, name = _name(row, at)
    rest = row[end:]
    if len(rest) > 2 and rest[0].text == "ON" and rest[1].text == "CLUSTER":
        rest = rest[3:]
    if len(rest) > 1 and rest[0].text == "UUID":
        rest = rest[2:]
    return _read_rest(kind, name, text, rest)


def _name(row: list[Piece], at: int) -> tuple[int, str]:
    """A qualified name at a position, and the position after it: ``db.t``, ``` `a-b`.`c` ```."""
    name, end = row[at].text, at + 1
    while end < len(row) and row[end].start == row[end - 1].end and row[end].text[0] not in _OPEN:
        name, end = name + row[end].text, end + 1
    return end, name


def _read_rest(kind: str, name: str, text: str, rest: list[Piece]) -> Shape:
    """Read what follows the name."""
    keywords = _HEADS[kind]
    columns_at = next((i for i, p in enumerate(rest) if p.text[0] == "(" and _is_column_list(kind, rest, i)), None)
    before = rest if columns_at is None else rest[:columns_at]
    after = [] if columns_at is None else rest[columns_at + 1 :]
    stop = text if columns_at is None else text[: rest[columns_at].start]
    clauses = _from(stop, before, _TRIGGER if kind == "MATERIALIZED VIEW" else keywords)
    if kind == "MATERIALIZED VIEW" and "SETTINGS" in clauses:
        clauses["REFRESH SETTINGS"] = clauses.pop("SETTINGS")
    clauses.update(_from(text, after, keywords))
    settings = dict(_settings(clauses.pop("SETTINGS", ""))) if kind != "DICTIONARY" else {}
    shape = Shape(kind, name, clauses=clauses, settings=settings)
    if columns_at is None:
        return shape
    inside = rest[columns_at].text[1:-1]
    return _with_elements(shape, inside)


def _from(text: str, row: list[Piece], keywords: tuple[str, ...]) -> dict[str, str]:
    return _clauses(text, row, keywords)[1] if row else {}


def _is_column_list(kind: str, rest: list[Piece], at: int) -> bool:
    """The column list comes before ENGINE and AS, and is no argument of a table function."""
    before = [piece.text for piece in rest[:at]]
    if "AS" in before or "ENGINE" in before or "SOURCE" in before:
        return False
    if kind in ("TABLE", "VIEW", "DICTIONARY"):
        return at == 0
    return not before or rest[at].start != rest[at - 1].end


def _settings(text: str) -> Iterator[tuple[str, str]]:
    for item in split_list(text):
        name, _, value = item.partition("=")
        yield name.strip(), setting_value(value.strip())


def setting_value(value: str) -> str:
    """A setting's value in one spelling: yes and no are 1 and 0, text stands without quotes."""
    if value[:1] == "'":
        value = quoting.read_quoted(value)[0]
    return {"true": "1", "false": "0"}.get(value.lower(), value)


def _with_elements(shape: Shape, inside: str) -> Shape:
    """Read the elements of the bracket: columns, indexes, projections, constraints."""
    columns: dict[str, ColumnShape] = {}
    others: dict[str, dict[str, str]] = {"INDEX": {}, "PROJECTION": {}, "CONSTRAINT": {}}
    keywords = _ATTRIBUTE if shape.kind == "DICTIONARY" else _COLUMN
    for element in split_list(inside):
        row = pieces(element)
        first = row[0].text
        if first in others and len(row) > 1:
            others[first][_unquoted(row[1].text)] = element[row[1].end :].strip()
        elif first[0] == "`":
            name = _unquoted(first)
            head, clauses = _clauses(element, row[1:], keywords)
            columns[name] = ColumnShape(name, head[row[0].end :].strip(), clauses)
    return attrs.evolve(
        shape,
        columns=columns,
        indexes=others["INDEX"],
        projections=others["PROJECTION"],
        constraints=others["CONSTRAINT"],
    )


def _unquoted(name: str) -> str:
    return quoting.read_quoted(name)[0] if name[:1] in '`"' else name
