"""What only the server knows: whether two texts that differ mean the same.

``INT`` is ``Int32``, ``COUNT`` is ``count``, ``CODEC(Delta)`` of an Int64 is ``CODEC(Delta(8), ZSTD(1))``, a setting
that stands in a live table may be the server's default. None of these lists is kept here: each kind of question is one
query for all of its candidates, and is asked only when there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from tilla import errors
from tilla import text as quoting
from tilla.planning.difference import CODEC, EXPRESSION, QUERY, SETTING, TYPE, USER, Candidate
from tilla.planning.normal import equal_but_hidden, plain_type
from tilla.servers import Server

# A call, past strings and quoted names: the word directly in front of a bracket.
_CALL = re.compile(
    r"""'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|`[^`\\]*(?:(?:\\.|``)[^`\\]*)*`|\b([A-Za-z_]\w*)(?=\()""", re.DOTALL
)
# What a query tree says about a folded constant is its value now (`now()`), and of a CTE that it was one.
_FOLDED = re.compile(r"(CONSTANT id: \d+), constant_value: [^\n]*?, (constant_value_type: [^\n]*\n\s+EXPRESSION\n)")
_CTE = re.compile(r", is_cte: 1, cte_name: [^\n,]*")
# Nodes are numbered as they are met, one number where two places share a node; only sources are referred to.
_NODE = re.compile(r"^(\s*[A-Z_]+) id: (\d+)", re.MULTILINE)
_SOURCE = re.compile(r"(, source_id: )(\d+)$", re.MULTILINE)


def plain_tree(tree: str) -> str:
    """A query tree without what differs between two spellings of one query, or between two moments."""
    numbers: dict[str, str] = {}
    for match in _SOURCE.finditer(tree):
        numbers.setdefault(match.group(2), "")
    for match in _NODE.finditer(tree):
        if numbers.get(match.group(2)) == "":
            numbers[match.group(2)] = f"source {sum(map(bool, numbers.values())) + 1}"
    tree = _FOLDED.sub(r"\1, \2", tree)
    tree = _NODE.sub(lambda m: f"{m.group(1)} {numbers.get(m.group(2), '')}", tree)
    return _CTE.sub("", _SOURCE.sub(lambda m: m.group(1) + numbers[m.group(2)], tree))


class Oracle:
    """Settles candidates with the server. Every answer is about this server, now."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def settle(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates that really differ, in their order. What the server refuses to compare, differs."""
        same: set[int] = set()
        ways: dict[str, Callable[[list[Candidate]], Iterable[bool]]] = {
            TYPE: self._types,
            CODEC: self._types,
            EXPRESSION: self._expressions,
            QUERY: self._queries,
            SETTING: self._settings,
            USER: self._users,
        }
        for proof, way in ways.items():
            chosen = [c for c in candidates if c.proof == proof]
            if chosen:
                same |= {id(c) for c, equal in zip(chosen, way(chosen), strict=True) if equal}
        return [c for c in candidates if id(c) not in same]

    # --- types and codecs ---

    def _types(self, candidates: list[Candidate]) -> Iterable[bool]:
        """Describe tables without rows: both spellings, all candidates in one query, one by one when it is refused."""
        pairs = [(self._column(c, c.difference.live), self._column(c, c.difference.declared)) for c in candidates]
        flat = [text for pair in pairs for text in pair]
        described = self._described(flat)
        if described is None:
            for pair in pairs:
                both = self._described(pair)
                yield both is not None and both[0] == both[1]
            return
        for i in range(len(pairs)):
            yield described[2 * i] == described[2 * i + 1]

    @staticmethod
    def _column(candidate: Candidate, text: str) -> str:
        return f"{candidate.context} CODEC{text}" if candidate.proof == CODEC else text

    def _described(self, columns: Sequence[str]) -> list[tuple[str, str]] | None:
        structure = ", ".join(f"c{i} {column}" for i, column in enumerate(columns))
        try:
            rows = self._server.rows(
                f"DESCRIBE TABLE null({quoting.quote_string(structure)})",
                settings={
                    "flatten_nested": 0,
                    "allow_suspicious_low_cardinality_types": 1,
                    "allow_suspicious_codecs": 1,
                },
            )
        except errors.StatementRefused:
            return None
        if len(rows) != len(columns):
            return None
        return [(plain_type(row["type"]), row["codec_expression"]) for row in rows]

    # --- expressions ---

    @cached_property
    def _functions(self) -> tuple[dict[str, str], dict[str, str]]:
        """The server's own name of each function: by exact name, and by lower case of those that ignore case."""
        rows = self._server.rows("SELECT name, alias_to, case_insensitive FROM system.functions")
        exact = {row["name"]: row["alias_to"] or row["name"] for row in rows}
        loose = {row["name"].lower(): exact[row["name"]] for row in rows if row["case_insensitive"]}
        return exact, loose

    def canonical(self, text: str) -> str:
        """An expression with every function under the server's own name for it."""
        exact, loose = self._functions

        def named(match: re.Match[str]) -> str:
            name = match.group(1)
            if name is None:
                return match.group()
            return exact.get(name) or loose.get(name.lower(), name)

        return _CALL.sub(named, text)

    def _expressions(self, candidates: list[Candidate]) -> Iterable[bool]:
        for c in candidates:
            yield equal_but_hidden(self.canonical(c.difference.live), self.canonical(c.difference.declared))

    # --- queries ---

    def _queries(self, candidates: list[Candidate]) -> Iterable[bool]:
        """Compare by text with canonical names first, then by the tree into which the server resolves each."""
        same = list(self._expressions(candidates))
        for place, c in enumerate(candidates):
            if not same[place]:
                live, declared = self._tree(c.difference.live), self._tree(c.difference.declared)
                same[place] = live is not None and live == declared
        return same

    def _tree(self, query: str) -> str | None:
        """The resolved query: names qualified, stars expanded, aliases gone. None when it cannot be resolved."""
        try:
            rows = self._server.rows(f"EXPLAIN QUERY TREE run_passes = 1, passes = 1 {query}")
        except errors.StatementRefused:
            return None
        return plain_tree("\n".join(row["explain"] for row in rows))

    # --- the rest ---

    @cached_property
    def _defaults(self) -> dict[str, str]:
        rows = self._server.rows("SELECT name, value FROM system.merge_tree_settings")
        return {row["name"]: row["value"] for row in rows}

    def _settings(self, candidates: list[Candidate]) -> Iterable[bool]:
        """A setting that is not declared is no difference when it says what the server would do anyway."""
        for c in candidates:
            yield self._defaults.get(c.context) == (c.difference.live or c.difference.declared)

    @cached_property
    def _user(self) -> str:
        return str(self._server.scalar("SELECT currentUser()"))

    def _users(self, candidates: list[Candidate]) -> Iterable[bool]:
        for c in candidates:
            yield c.difference.declared == "CURRENT_USER" and c.difference.live == self._user
