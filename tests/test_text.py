"""Quoting: any name and any text comes back from the engine unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilla import text

# All of Unicode but lone surrogates and NUL (ClickHouse accepts NUL in strings, but not every client shows it).
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
ODD = [
    "select",
    "a-b",
    "1st",
    "p.q",
    "or`der",
    "ключ",
    "it's",
    "a\\b",
    "новая\nline",
    "$set",
    "",
    " ",
    "100%",
    "{x}",
    "--",
    "/*",
]

# Every place where a name may stand, over a table of two columns.
PLACES = [
    "SELECT {0} AS x FROM {t}", "SELECT {0}, other AS x FROM {t}", "SELECT {t}.{0} AS x FROM {t}",
    "SELECT other AS {0} FROM {t}", "SELECT {0} AS x FROM {t} WHERE {0} = 5", "SELECT {0} AS x FROM {t} GROUP BY {0}, other",
    "SELECT {0} AS x FROM {t} ORDER BY {0}, other", "SELECT max({0}) AS x FROM {t}", "SELECT -{0} AS x FROM {t}",
    "SELECT {0} * 2 AS x FROM {t}", "SELECT ({0}) AS x FROM {t}", "SELECT {0} IN (5) AS x FROM {t}",
    "SELECT if({0} > 3 AND {0} < 9, {0}, 0) AS x FROM {t}", "SELECT arrayMap({0} -> {0} + 1, [other]) AS x FROM {t}",
    "SELECT sum({0}) OVER (PARTITION BY {0} ORDER BY {0}) AS x FROM {t}", "SELECT NOT {0} AS x FROM {t}",
]  # fmt: skip


def test_no_bare_keyword_is_taken_for_syntax(engine, database):
    """Every word of system.keywords is a usable column name in every place, as `quote_identifier` writes it."""
    found = engine.rows("SELECT DISTINCT arrayJoin(splitByChar(' ', lower(keyword))) AS word FROM system.keywords")
    words = sorted({row["word"] for row in found if row["word"]} | {"inf", "nan", "true", "false", "null"})
    assert len(words) > 300
    table = f"{database}.words"
    for first in ("constraint", "index", "projection", "primary", "check", "statistics"):  # begin a column list
        name = text.quote_identifier(first)
        assert engine.check_syntax(f"CREATE TABLE {table} ({name} Int64) ENGINE = Memory") is None, first
    columns = ", ".join(f"{text.quote_identifier(word)} Int64" for word in ["other", *words])
    engine.execute(f"CREATE TABLE {table} ({columns}) ENGINE = Memory")
    stored = [row["name"] for row in engine.rows(f"SELECT name FROM system.columns WHERE database = '{database}'")]
    assert stored == ["other", *words]
    wrong = [
        (word, place)
        for word in words
        for place in PLACES
        if engine.check_syntax(place.format(text.quote_identifier(word), t=table)) is not None
    ]
    assert not wrong


def test_words_mean_the_column(engine, database):
    """Parsing is not enough: `SELECT null` parses and is not the column. One query reads every word's value."""
    words = [
        "all",
        "date",
        "value",
        "rows",
        "type",
        "key",
        "null",
        "true",
        "inf",
        "nan",
        "year",
        "timestamp",
        "first",
        "end",
    ]
    columns = ", ".join(f"{text.quote_identifier(word)} Int64" for word in words)
    engine.execute(f"CREATE TABLE {database}.v ({columns}) ENGINE = Memory")
    engine.execute(f"INSERT INTO {database}.v VALUES ({', '.join(str(i) for i in range(len(words)))})")
    shown = ", ".join(f"{text.quote_identifier(word)} AS x{i}" for i, word in enumerate(words))
    assert list(engine.rows(f"SELECT {shown} FROM {database}.v")[0].values()) == list(range(len(words)))


@settings(max_examples=60, deadline=None)
@given(value=TEXTS)
def test_any_string_comes_back(engine, value):
    """A literal is read as exactly the text it was made from."""
    assert engine.scalar(f"SELECT {text.quote_string(value)} AS x") == value


@settings(max_examples=60, deadline=None)
@given(name=TEXTS)
def test_any_identifier_comes_back(engine, name):
    """An alias is read as exactly the name it was made from."""
    assert list(engine.rows(f"SELECT 1 AS {text.quote_identifier(name)}")[0]) == [name]


@pytest.mark.parametrize("name", [n for n in ODD if n])
def test_odd_names_survive_a_table(engine, database, name):
    """Database, table and column names: reserved, dotted, with a backtick, Cyrillic, with a line break."""
    odd = f"{database}_{name}"
    engine.execute(f"CREATE DATABASE {text.quote_identifier(odd)}")
    table = text.quote_qualified(odd, name)
    comment = text.quote_string(name)
    engine.execute(
        f"CREATE TABLE {table} ({text.quote_identifier(name)} Int8 COMMENT {comment}) ENGINE = Memory COMMENT {comment}"
    )
    where = f"database = {text.quote_string(odd)}"
    (row,) = engine.rows(f"SELECT name, comment FROM system.columns WHERE {where}")
    assert row == {"name": name, "comment": name}
    assert engine.rows(f"SELECT name, comment FROM system.tables WHERE {where}") == [{"name": name, "comment": name}]
    engine.execute(f"DROP DATABASE {text.quote_identifier(odd)}")


@given(database=TEXTS, name=TEXTS)
def test_qualified_names_read_back(database, name):
    """`read_qualified` undoes `quote_qualified`, whatever is in the parts."""
    assert text.read_qualified(text.quote_qualified(database, name)) == (database, name)


@pytest.mark.parametrize("broken", ["a.", "a.b.c", "`a", "`a`b", ".", ""])
def test_broken_names_are_refused(broken):
    """Half a name never becomes another one."""
    with pytest.raises(ValueError):
        text.read_qualified(broken)
