"""The lexer of hand-written SQL: exact tokens, splitting, splicing, placeholders, and its word lists, against the engine."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilla import errors
from tilla.expressions import words
from tilla.expressions.reading import read
from tilla.expressions.scan import placeholders, scan, splice, split_statements, tokens
from tilla.servers import Server

SQL_TEXT = st.text(
    alphabet="ab1.-/*'`\"\\$#!{}()[];:>=<|@ \n\t\u00a0\u2018\u2019\u201c\u201d\u2212\u0434xX0eE_", max_size=40
)


@given(SQL_TEXT)
def test_tokens_join_to_the_text_or_the_text_is_refused(text: str) -> None:
    """Not a byte is lost, doubled or moved; what is no SQL is an SqlError."""
    try:
        row = list(tokens(text))
    except errors.SqlError:
        return
    assert "".join(text[token.start : token.end] for token in row) == text
    assert all(token.start < token.end for token in row)


@given(SQL_TEXT)
def test_both_readers_of_tokens_agree(text: str) -> None:
    """The fast columns of the reader hold the same significant tokens as the plain iterator."""
    with suppress(errors.SqlError):
        columns = scan(text)
        spans = list(zip(columns.starts, columns.ends, strict=True))[: columns.size]
        assert spans == [(t.start, t.end) for t in tokens(text) if t.kind not in ("space", "comment")]


LITERALS = [
    ("'it''s'", "it's"),
    (r"'it\'s \\ \n \x41 \t'", "it's \\ \n A \t"),
    ("$$ it's; -- ' $$", " it's; -- ' "),
    ("$tag$ $$ $other$ ' $tag$", " $$ $other$ ' "),
    ("\u2018it is\u2019", "it is"),
    ("'a -- b /* c */ # d // e ; {f}'", "a -- b /* c */ # d // e ; {f}"),
    ("'\u0434\u0430 \U0001f600 \u00a0'", "\u0434\u0430 \U0001f600 \u00a0"),
    ("''", ""),
]


@pytest.mark.parametrize(("literal", "value"), LITERALS)
def test_strings_mean_what_the_engine_reads(engine: Server, literal: str, value: str) -> None:
    """One token, and the engine's own value."""
    columns = scan(literal)
    assert (columns.size, columns.kinds[0], columns.string(0)) == (1, "string", value)
    assert engine.scalar(f"SELECT {literal}") == value


NAMES = [
    ("plain", "plain"),
    ("a$b", "a$b"),
    ("1st", "1st"),
    ("`a b`", "a b"),
    ("`a``b`", "a`b"),
    (r"`a\`b\\`", "a`b\\"),
    ('"a""b"', 'a"b'),
    ("\u201ca b\u201d", "a b"),
    ("`\u0438\u043c\u044f`", "\u0438\u043c\u044f"),
]


@pytest.mark.parametrize(("written", "name"), NAMES)
def test_names_mean_what_the_engine_reads(engine: Server, written: str, name: str) -> None:
    """One token, and the column the engine names so."""
    columns = scan(written)
    assert (columns.size, columns.name(0)) == (1, name)
    assert list(engine.rows(f"SELECT 1 AS {written}")[0]) == [name]


COMMENTS = [
    ("SELECT 3--1\n", [3]),
    ("SELECT 7 // 2\n", [7]),
    ("SELECT 1 # two\n, 3", [1, 3]),
    ("SELECT 1 #! two\n, 3", [1, 3]),
    ("SELECT 1 /* a /* nested */ */, 2", [1, 2]),
    ("SELECT 1 /**/ /***/ /*/ */, 2", [1, 2]),
    ("SELECT 5 \u2212 3", [2]),
    ("SELECT\u00a01,\u20032", [1, 2]),
    ("SELECT 0x1F, 0b11, 1_000, 1e3, 1., .5, 2.e1", [31, 3, 1000, 1000.0, 1.0, 0.5, 20.0]),
    ("SELECT [1, 2][1], (3, 4).2, tuple(5, tuple(6)).2.1", [1, 4, 6]),
    ("SELECT x'4142', b'01000001'", ["AB", "A"]),
]


@pytest.mark.parametrize(("query", "row"), COMMENTS)
def test_comments_numbers_and_spaces_are_the_engines(engine: Server, query: str, row: list[object]) -> None:
    """What the engine takes for comment, number and space, the reader does; the number of columns shows it."""
    assert len(read(query).outputs) == len(row)
    assert list(engine.rows(f"{query} SETTINGS asterisk_include_alias_columns = 0")[0].values()) == row


@pytest.mark.parametrize(
    "text", ["SELECT 1 #two", "SELECT 1 /* /* */", "SELECT 'a", "SELECT `a", 'SELECT "a', "SELECT \u0434"]
)
def test_what_the_engine_cannot_lex_is_refused(engine: Server, text: str) -> None:
    """Neither side takes it."""
    with pytest.raises(errors.SqlError):
        list(tokens(text))
    with pytest.raises(errors.StatementRefused):
        engine.execute(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("SELECT (1", "never closed"),
        ("SELECT 1)", "nothing opens"),
        ("SELECT (1]", "close the '\\('"),
        ("SELECT [(1]", "line 1, column 9"),
    ],
)
def test_brackets_must_answer_each_other(text: str, hint: str) -> None:
    """The message names the bracket at fault."""
    with pytest.raises(errors.SqlError, match=hint):
        scan(text)


# -- splicing and splitting


@given(
    st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.text(max_size=3)), max_size=5)
)
def test_splice_changes_its_parts_and_nothing_else(text: str, wanted: list[tuple[int, int, str]]) -> None:
    """The parts between edits come out as they were, whatever the order in which edits are given."""
    edits: list[tuple[int, int, str]] = []
    at = 0
    for start, end, new in sorted((min(a, b), max(a, b), n) for a, b, n in wanted):
        if at <= start < end <= len(text):
            edits.append((start, end, new))
            at = end
    expected, at = "", 0
    for start, end, new in edits:
        expected += text[at:start] + new
        at = end
    assert splice(text, edits[::-1]) == expected + text[at:]


def test_edits_that_overlap_are_a_mistake_of_the_caller() -> None:
    """Silently dropping one would corrupt SQL."""
    for edits in ([(0, 2, "a"), (1, 3, "b")], [(0, 9, "a")], [(2, 1, "a")]):
        with pytest.raises(ValueError, match="edits"):
            splice("abc", edits)


STATEMENTS = [
    "SELECT 1",
    "SELECT ';' AS `a;b` -- ; no end\n, $$ ; $$ /* ; /* ; */ */",
    "-- heading\nCREATE TABLE d.t (x UInt8) ENGINE = Memory COMMENT 'it''s; \\'; '",
    '/* ; */ SELECT "a;b"',
    "INSERT INTO d.t VALUES (1), (2)",
]


@given(st.lists(st.sampled_from(STATEMENTS), min_size=1), st.sampled_from(["", " ", "\n", "\r\n\r\n"]), st.data())
def test_a_script_splits_into_the_statements_it_was_made_of(parts: list[str], space: str, data: st.DataObject) -> None:
    """Nothing in literals or comments ends a statement; comments after the last one are no statement."""
    tail = data.draw(st.sampled_from(["", ";", "; -- tail", ";\n/* tail ; */\n", ";;;"]))
    assert split_statements(f";{space}".join(parts) + tail) == parts


@pytest.mark.parametrize("script", ["", ";", " ; ;", "-- only a comment", "/* a */; # b\n", "\n"])
def test_nothing_is_no_statement(script: str) -> None:
    """A server would refuse an empty statement."""
    assert split_statements(script) == []


def test_every_statement_of_a_script_runs_alone(engine: Server, database: str) -> None:
    """What comes out is what one request takes."""
    script = f"""
    -- table; with a semicolon in its comment
    CREATE TABLE {database}.t (s String) ENGINE = Memory COMMENT 'a;b';
    INSERT INTO {database}.t SELECT 'x;y'; /* between ; */
    INSERT INTO {database}.t SELECT $$it's;$$;
    -- tail
    """
    for statement in split_statements(script):
        engine.execute(statement)
    assert [row["s"] for row in engine.rows(f"SELECT s FROM {database}.t ORDER BY s")] == ["it's;", "x;y"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CREATE TABLE d.raw_{client} (x UInt8) ENGINE = Memory", ["{client}"]),
        ("CREATE TABLE d.raw_{client) (x UInt8)", ["{client)"]),
        ("CREATE TABLE d.raw_(client} (x UInt8)", ["(client}"]),
        (
            "SELECT {}, { a }, {a, b",
            [
                "{}",
                "{ a }",
                "{a",
            ],
        ),
        ("SELECT {{ client }}", ["{", "{ client }", "}"]),
        ("SELECT {lo:UInt64}, { hi : Array(Nullable(String)) }", []),
        ("SELECT '{client}', `{client}`, \"{client}\" -- {client}\n/* {client} */ # {client}\n, $${client}$$", []),
        ("SELECT max(client), [1], (a)", []),
    ],
)
def test_placeholders_left_unfilled_are_found(text: str, found: list[str]) -> None:
    """Filled templates of the predecessor kept `{client}`, one of them mistyped; parameters are no placeholders."""
    assert [written for written, _ in placeholders(text)] == found
    assert all(text[offset:].startswith(written) for written, offset in placeholders(text))


# -- word lists


def test_aggregates_and_table_functions_are_the_engines(engine: Server) -> None:
    """An aggregate that the reader does not know would hide that a view aggregates."""
    names = [row["name"] for row in engine.rows("SELECT name FROM system.functions WHERE is_aggregate")]
    unknown = [name for name in names if not words.is_aggregate(name) and name.lower() not in words.WINDOW_ONLY]
    assert unknown == []
    combined = [
        "sumIf",
        "uniqStateIf",
        "quantilesTDigestArrayIf",
        "sumMap",
        "anyOrNull",
        "countDistinct",
        "sumSimpleState",
    ]
    assert all(map(words.is_aggregate, combined))
    plain = engine.rows("SELECT name FROM system.functions WHERE NOT is_aggregate AND origin = 'System'")
    assert [row["name"] for row in plain if words.is_aggregate(row["name"])] == []
    functions = {row["name"].lower() for row in engine.rows("SELECT name FROM system.table_functions")}
    assert functions <= words.TABLE_FUNCTIONS


def test_functions_that_change_from_run_to_run_are_the_engines(engine: Server) -> None:
    """All that the engine calls not deterministic, but for those that only look at rows or at types."""
    rows = engine.rows("SELECT lower(name) AS name FROM system.functions WHERE deterministic = 0 AND NOT is_aggregate")
    by_rows = {
        "__applyfilter",
        "arrayjoin",
        "arraypartialreversesort",
        "arraypartialsort",
        "displayname",
        "dumpcolumnstructure",
        "financialnetpresentvalueextended",
        "isconstant",
        "tocolumntypename",
        "unnest",
    }
    missing = {row["name"] for row in rows} - words.NONDETERMINISTIC - by_rows
    assert {name for name in missing if not name.startswith(("dict", "joinget"))} == set()


def test_dictionary_and_set_functions_are_the_engines(engine: Server) -> None:
    """Every function that takes a dictionary, a Join table or a set by name is read as one."""
    names = [row["name"] for row in engine.rows("SELECT name FROM system.functions WHERE startsWith(name, 'dict')")]
    for name in names:
        assert [use.key for use in read(f"SELECT {name}('d.dd', 'v', x) FROM d.a").tables] == [("d", "dd"), ("d", "a")]
    joins = [row["name"] for row in engine.rows("SELECT name FROM system.functions WHERE startsWith(name, 'joinGet')")]
    assert set(joins) == words.JOIN_TABLE_FUNCTIONS
    sets = "SELECT name FROM system.functions WHERE match(name, '^((global)?([nN]ot)?([nN]ull)?[iI]n|notNullIn)(IgnoreSet)?$')"
    found = {row["name"] for row in engine.rows(sets)}
    assert found <= words.SET_FUNCTIONS


def test_words_that_are_no_alias_are_the_engines(engine: Server) -> None:
    """Every keyword is tried behind a column and behind a table; the reader ends where the engine does."""
    rows = engine.rows("SELECT DISTINCT arrayJoin(splitByChar(' ', keyword)) AS word FROM system.keywords")
    candidates = [row["word"] for row in rows if re.fullmatch("[A-Z][A-Z_]+", row["word"])]
    assert len(candidates) > 400
    candidates.remove("SELECT")  # an alias for the engine; the reader refuses it there, which misreads nothing
    for word in candidates:
        assert names(engine, f"SELECT number {word} FROM numbers(1)", word) == (word not in words.NO_ALIAS), word
        taken = names(engine, f"SELECT {word}.dummy AS {word} FROM system.one {word}", word)
        assert taken == (word not in words.NO_TABLE_ALIAS), word


def names(engine: Server, query: str, column: str) -> bool:
    """Tell whether the query has just this column."""
    try:
        return [row["name"] for row in engine.rows(f"DESCRIBE TABLE ({query})")] == [column]
    except errors.StatementRefused:
        return False


@settings(deadline=None)
@given(st.data())
def test_any_keyword_may_be_a_column(engine: Server, data: st.DataObject) -> None:
    """Where an operand may stand, a word is a name: the reader takes the keywords that the engine takes."""
    word = data.draw(
        st.sampled_from(["from", "select", "where", "limit", "order", "group", "offset", "format", "union", "in", "as"])
    )
    query = f"SELECT {word}, {word} + 1 AS k FROM (SELECT 1 AS {word}) WHERE {word} = 1 ORDER BY {word}"
    engine.execute(query)
    assert read(query).output_names == (word, "k")


def test_every_example_in_the_engines_own_documentation_reads_as_the_engine_reads_it(engine: Server) -> None:
    """Some 2,000 queries of system.functions: what the engine parses is read, what it refuses is not needed."""
    rows = engine.rows("SELECT name, examples FROM system.functions WHERE examples != ''")
    blocks = [block for row in rows for block in re.findall(r"```sql[^\n]*\n(.*?)```", row["examples"], re.DOTALL)]
    queries = [statement for block in blocks for statement in split_statements(block)]
    selects = {query for query in queries if re.match(r"(--[^\n]*\n|\s)*(SELECT|WITH|FROM)\b", query, re.IGNORECASE)}
    assert len(selects) > 1000
    refused = []
    for query in sorted(selects):
        try:
            read(query)
        except errors.SqlError as error:
            refused.append((query, error))
    assert [query for query, _ in refused if engine.check_syntax(query) is None] == []
