"""SQL by hand: what a SELECT reads and yields, checked against the engine, and verbatim text with references.

The oracle: a universe of tables exists complete once, and once more without each single table. A query must run in
the complete universe, and must fail with "unknown table" exactly where a table that the reader listed is missing.
"""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Iterator
from contextlib import suppress

import attrs
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

import tilla as tl
from tilla import errors
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.expressions.reading import Reading, bound_source, read, read_expression, replace_source
from tilla.expressions.scan import WORD, tokens
from tilla.expressions.sql import sql
from tilla.servers import Server
from tilla.testing import given as landed
from tilla.text import quote_identifier

# One letter after @d. or @e.: the tables of the universe. `@d` is the first database, `@e` the second one.
UNIVERSE = {
    "@d.a": "CREATE TABLE @d.a (x UInt64, y String, arr Array(UInt64), tup Tuple(p UInt8, q UInt8), at DateTime)"
    " ENGINE = ReplacingMergeTree ORDER BY x SAMPLE BY x",
    "@d.b": "CREATE TABLE @d.b (x UInt64, v UInt64) ENGINE = MergeTree ORDER BY x",
    "@d.c": "CREATE TABLE @d.c (x UInt64, w Nullable(String), j JSON) ENGINE = MergeTree ORDER BY x",
    "@d.s": "CREATE TABLE @d.s (x UInt64) ENGINE = Memory",
    "@d.j": "CREATE TABLE @d.j (x UInt64, v UInt64) ENGINE = Join(ANY, LEFT, x)",
    "@d.dd": "CREATE DICTIONARY @d.dd (x UInt64, v UInt64, up UInt64 HIERARCHICAL) PRIMARY KEY x"
    " SOURCE(CLICKHOUSE(QUERY 'SELECT number AS x, 1 AS v, 0 AS up FROM numbers(3)')) LAYOUT(HASHED()) LIFETIME(0)",
    "@d.pv": "CREATE VIEW @d.pv AS SELECT number AS x FROM numbers(5) WHERE number > {lo:UInt64}",
    "@d.`o\\`d.d`": "CREATE TABLE @d.`o\\`d.d` (x UInt64) ENGINE = Memory",
    "@e.a": "CREATE TABLE @e.a (x UInt64, w String) ENGINE = MergeTree ORDER BY x",
}

# (query, the tables it needs as `database.name`, separated by spaces)
CORPUS: list[tuple[str, str]] = [
    # plain, quoting, comments, order of clauses
    ("SELECT x FROM @d.a", "@d.a"),
    ("select x from @d . a /* @d.b */ -- @d.c", "@d.a"),
    ('SELECT "x", `x` AS `a``b` FROM "@d"."a" AS `t` WHERE t.`x` > 0', "@d.a"),
    ("SELECT x FROM @d.`o\\`d.d`", "@d.`o\\`d.d`"),
    ("FROM @d.b SELECT x, v AS w WHERE x > 0", "@d.b"),
    ("SELECT x, FROM @d.b", "@d.b"),
    ("SELECT 'FROM @d.b' AS s, $$ IN @d.c $$ AS h, x FROM @d.a /* nested /* FROM @d.b */ */", "@d.a"),
    ("SELECT 1. AS a, 0x1F AS b, 1e3 AS c, .5 AS d, 1_000 AS e // FROM @d.b\n FROM @d.a", "@d.a"),
    ("SELECT 1 AS one #! FROM @d.b\n", ""),
    ("SELECT \u2018FROM @d.b\u2019 AS s, \u201cx\u201d FROM @d.a", "@d.a"),
    ("SELECT from, select + 1 AS k, limit AS l FROM (SELECT x AS from, x AS select, x AS limit FROM @d.b)", "@d.b"),
    ("SELECT x AS from FROM @d.a WHERE from > 0 ORDER BY from LIMIT 1", "@d.a"),
    # joins
    ("SELECT a.x, v FROM @d.a AS a LEFT JOIN @d.b AS b ON a.x = b.x", "@d.a @d.b"),
    ("SELECT a.x FROM @d.a AS a ANY LEFT JOIN @d.b AS b USING (x) INNER JOIN @e.a AS q USING x", "@d.a @d.b @e.a"),
    ("SELECT l.x, r.x FROM @d.a l, @d.b r WHERE l.x = r.x", "@d.a @d.b"),
    ("SELECT x FROM @d.a GLOBAL LEFT JOIN (SELECT x FROM @d.b WHERE x IN @d.s) AS q USING x", "@d.a @d.b @d.s"),
    ("SELECT x FROM (@d.a JOIN @d.b USING x)", "@d.a @d.b"),
    ("SELECT x FROM @d.a LEFT SEMI JOIN @d.b USING (x)", "@d.a @d.b"),
    ("SELECT a.x FROM @d.a AS a ASOF LEFT JOIN @d.b AS b ON a.x = b.x AND a.x >= b.v", "@d.a @d.b"),
    ("SELECT @d.a.x, @d.b.v, a.y FROM @d.a CROSS JOIN @d.b", "@d.a @d.b"),
    ("SELECT x, w FROM @d.a FULL OUTER JOIN @d.c USING x", "@d.a @d.c"),
    ("SELECT a.x FROM @d.a AS a PASTE JOIN @d.b AS b", "@d.a @d.b"),
    ("SELECT x FROM @d.b NATURAL JOIN @d.s", "@d.b @d.s"),
    ("SELECT b.x FROM @d.a AS a JOIN @d.b AS b ON a.x = b.x AND a.x IN (SELECT x FROM @d.s)", "@d.a @d.b @d.s"),
    # FINAL, SAMPLE, ARRAY JOIN
    ("SELECT x FROM @d.a FINAL WHERE x > 0", "@d.a"),
    ("SELECT o.x FROM @d.a AS o FINAL SAMPLE 1/10 OFFSET 1/2 PREWHERE o.x > 0", "@d.a"),
    ("SELECT x, z FROM @d.a ARRAY JOIN arr AS z, arrayEnumerate(arr) AS n WHERE n = 1", "@d.a"),
    ("SELECT x, z FROM @d.a LEFT ARRAY JOIN [1, 2] AS z JOIN @d.b USING x", "@d.a @d.b"),
    ("SELECT arrayJoin(arr) AS z FROM @d.a", "@d.a"),
    # subqueries
    ("SELECT q.x FROM (SELECT x FROM @d.a UNION ALL SELECT x FROM @d.b) AS q", "@d.a @d.b"),
    ("SELECT x FROM ((SELECT x FROM @d.a) UNION DISTINCT (SELECT x FROM @d.b))", "@d.a @d.b"),
    ("SELECT x FROM (((SELECT x FROM @d.a)))", "@d.a"),
    ("SELECT x FROM @d.a UNION ALL (SELECT x FROM @d.b EXCEPT SELECT x FROM @d.s)", "@d.a @d.b @d.s"),
    ("SELECT x FROM @d.a INTERSECT SELECT x FROM @e.a", "@d.a @e.a"),
    ("SELECT (SELECT max(x) FROM @d.b) AS m, x FROM @d.a", "@d.a @d.b"),
    ("SELECT x FROM @d.a WHERE x = (SELECT max(v) FROM @d.b WHERE x > (SELECT min(x) FROM @d.s))", "@d.a @d.b @d.s"),
    ("SELECT x FROM @d.a WHERE EXISTS (SELECT 1 FROM @d.b)", "@d.a @d.b"),
    ("SELECT x FROM @d.a WHERE x = ANY (SELECT x FROM @d.b) AND x > ALL (SELECT x FROM @d.s)", "@d.a @d.b @d.s"),
    ("SELECT x FROM @d.a HAVING x > (SELECT 0 FROM @d.s LIMIT 1) ORDER BY x IN (SELECT x FROM @d.b)", "@d.a @d.b @d.s"),
    ("SELECT multiIf(x IN (SELECT x FROM @d.b), 1, x IN @d.s, 2, 3) AS k FROM @d.a", "@d.a @d.b @d.s"),
    ("SELECT x FROM @d.a WHERE (x, 1) IN (SELECT x, v FROM @d.b)", "@d.a @d.b"),
    ("SELECT x FROM @d.a WHERE x IN ((SELECT x FROM @d.b) UNION ALL SELECT x FROM @d.s)", "@d.a @d.b @d.s"),
    ("SELECT x FROM @d.a LIMIT (SELECT 1)", "@d.a"),
    # CTEs and their shadowing
    ("WITH q AS (SELECT x FROM @d.b) SELECT x FROM q", "@d.b"),
    ("WITH a AS (SELECT 1 AS x) SELECT x FROM a", ""),
    ("WITH a AS (SELECT 1 AS x) SELECT a.x FROM @d.b AS b JOIN a ON a.x = b.x", "@d.b"),
    ("WITH p AS (SELECT * FROM q), q AS (SELECT x FROM @d.b) SELECT x FROM p", "@d.b"),
    ("WITH b AS (SELECT x FROM @d.b) SELECT x FROM (WITH b AS (SELECT x + 1 AS x FROM b) SELECT x FROM b)", "@d.b"),
    ("WITH q AS (SELECT x FROM @d.b) SELECT x FROM @d.a UNION ALL SELECT x FROM q", "@d.a @d.b"),
    ("WITH q AS (SELECT toUInt64(1) AS x) SELECT x FROM @d.a WHERE x IN q OR x IN (SELECT x FROM q)", "@d.a"),
    (
        "WITH q AS (SELECT 9 AS x) SELECT arrayMap(l -> l IN q, [9, 1]) AS r, (SELECT max(x) FROM q) AS m FROM @d.a",
        "@d.a",
    ),
    ("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n FROM t", ""),
    ("WITH q (k) AS (SELECT x FROM @d.b) SELECT k FROM q", "@d.b"),
    ("WITH q AS MATERIALIZED (SELECT x FROM @d.b) SELECT x FROM q", "@d.b"),
    ("WITH (SELECT max(x) FROM @d.b) AS top_x, x -> x + 1 AS f SELECT f(x) AS y1, top_x FROM @d.a", "@d.a @d.b"),
    ("WITH 'a' AS s, [1, 2] AS k SELECT x, x IN k AS hit FROM @d.a", "@d.a"),
    ("WITH q AS (FROM @d.b SELECT x) SELECT x FROM q", "@d.b"),
    ("WITH q AS (SELECT 1 AS x), SELECT x FROM @d.b", "@d.b"),
    ("SELECT x FROM @d.a WHERE x IN (WITH a AS (SELECT x FROM @d.b) SELECT x FROM a)", "@d.a @d.b"),
    # IN with tables, columns, aliases
    ("SELECT x FROM @d.a WHERE x IN @d.s", "@d.a @d.s"),
    ("SELECT x FROM @d.a WHERE x NOT IN @d.s AND x GLOBAL IN @d.s AND x GLOBAL NOT IN (@d.s)", "@d.a @d.s"),
    ("SELECT x FROM @d.a WHERE x IN ((@d.s))", "@d.a @d.s"),
    (
        "SELECT in(x, @d.s) AS k, notIn(x, @d.s) AS l, globalIn(x, @d.s) AS m, nullIn(x, @d.s) AS n FROM @d.a",
        "@d.a @d.s",
    ),
    ("SELECT x IN arr AS k, x IN t.arr AS l, x IN (arr) AS m, x IN @d.a.arr AS n FROM @d.a AS t", "@d.a"),
    ("SELECT [1, 2] AS k, x IN k AS l, x IN [1, 2] AS m, x IN (1, 2) AS n, x IN tuple(1) AS o FROM @d.a", "@d.a"),
    ("SELECT arrayFilter(k -> k IN @d.s, arr) AS r, arrayMap(k -> 1 IN k, [[1, 2]]) AS t FROM @d.a", "@d.a @d.s"),
    ("SELECT countIf(x IN @d.s) AS n, sum(v) FILTER (WHERE x NOT IN @d.s) AS m FROM @d.b", "@d.b @d.s"),
    ("SELECT position('x' IN y) AS p, substring(y FROM 2 FOR 1) AS q, trim(BOTH 'a' FROM y) AS r FROM @d.a", "@d.a"),
    ("SELECT x IN s FROM @d.s AS s", "@d.s"),
    ("SELECT tuple(x) IN @d.s AS k FROM @d.b", "@d.b @d.s"),
    # dictionaries, Join tables
    ("SELECT dictGet('@d.dd', 'v', x) AS v FROM @d.a", "@d.a @d.dd"),
    ("SELECT dictGet(@d.dd, 'v', x) AS v, dictHas('@d.dd', x) AS h FROM @d.a", "@d.a @d.dd"),
    ("SELECT dictGetOrDefault('@d.dd', 'v', x, toUInt64(0)) AS v FROM @d.b", "@d.b @d.dd"),
    ("SELECT dictGetUInt64('@d.dd', 'v', x), dictGetOrNull('@d.dd', 'v', x) FROM @d.b", "@d.b @d.dd"),
    ("SELECT dictGetHierarchy('@d.dd', x), dictIsIn('@d.dd', x, toUInt64(1)) FROM @d.b", "@d.b @d.dd"),
    ("SELECT dictGetChildren('@d.dd', x), dictGetDescendants('@d.dd', x, 1) FROM @d.b", "@d.b @d.dd"),
    ("WITH '@d.dd' AS n SELECT dictGet(n, 'v', x) AS v FROM @d.a", "@d.a @d.dd"),
    ("SELECT arrayMap(k -> dictGet('@d.dd', 'v', k), arr) AS r FROM @d.a", "@d.a @d.dd"),
    ("SELECT x FROM @d.a WHERE dictGet('@d.dd', 'v', x) > 0 GROUP BY x HAVING dictHas('@d.dd', x)", "@d.a @d.dd"),
    ("SELECT joinGet('@d.j', 'v', x) AS v FROM @d.a", "@d.a @d.j"),
    ("SELECT joinGetOrNull(@d.j, 'v', x) AS v FROM @d.a", "@d.a @d.j"),
    ("SELECT v FROM dictionary('@d.dd')", "@d.dd"),
    ("SELECT v FROM dictionary(@d.dd) AS q JOIN @d.b USING x", "@d.dd @d.b"),
    ("SELECT hasColumnInTable('@d', 'b', 'x') AS h", "@d.b"),
    # table functions
    ("SELECT number FROM numbers(3)", ""),
    ("SELECT n.number AS x FROM numbers(3) AS n JOIN @d.a AS a ON a.x = n.number", "@d.a"),
    ("SELECT x FROM view(SELECT x FROM @d.a)", "@d.a"),
    ("SELECT x FROM viewIfPermitted(SELECT x FROM @d.a ELSE null('x UInt64'))", "@d.a"),
    ("SELECT x FROM merge('@d', '^b$')", "@d.^b$"),
    ("SELECT x FROM remote('127.0.0.1', @d.b)", "@d.b"),
    ("SELECT x FROM remote('127.0.0.1', '@d', 'b')", "@d.b"),
    ("SELECT x FROM remote('127.0.0.1', '@d.b') AS r", "@d.b"),
    ("SELECT x FROM remote('127.0.0.1', view(SELECT x FROM @d.b))", "@d.b"),
    ("SELECT x FROM loop(@d.b) LIMIT 1", "@d.b"),
    ("SELECT part_name FROM mergeTreeIndex('@d', 'b')", "@d.b"),
    ("SELECT k FROM values('k UInt8', 1, 2)", ""),
    ("SELECT count() AS n FROM viewExplain('EXPLAIN', '', (SELECT x FROM @d.b))", "@d.b"),
    ("SELECT number FROM numbers(assumeNotNull((SELECT toUInt64(1))))", ""),
    ("SELECT x FROM @d.pv(lo = 1) AS p", "@d.pv"),
    # grammar that trips parsers
    ("SELECT x FROM @d.b LIMIT 1 BY x LIMIT 2", "@d.b"),
    ("SELECT x FROM @d.b LIMIT 2 OFFSET 1 BY x", "@d.b"),
    ("SELECT x FROM @d.b ORDER BY x OFFSET 1 ROW FETCH FIRST 2 ROWS WITH TIES", "@d.b"),
    ("SELECT * APPLY(sum) FROM @d.b", "@d.b"),
    ("SELECT * EXCEPT (v) REPLACE (x + 1 AS x) FROM @d.b", "@d.b"),
    ("SELECT * EXCEPT v, 1 AS one FROM @d.b", "@d.b"),
    ("SELECT * REPLACE x + 1 AS x FROM @d.b", "@d.b"),
    ("SELECT (*), x FROM @d.b", "@d.b"),
    ("SELECT untuple(tup) AS k FROM @d.a", "@d.a"),
    ("SELECT tuple(*) AS k, plus(COLUMNS('x|v')) AS l, COLUMNS('x') + 1 AS m, tuple(t.*) AS n FROM @d.b AS t", "@d.b"),
    ("WITH q AS (VALUES (1)) SELECT * FROM q JOIN (VALUES (2)) AS r ON 1 = 1", ""),
    ("SELECT COLUMNS('x'), t.COLUMNS('v'), t.* FROM @d.b AS t", "@d.b"),
    ("SELECT quantile(0.5)(v) AS m, quantilesIf(0.1, 0.9)(v, v > (SELECT 0 FROM @d.s)) AS q FROM @d.b", "@d.b @d.s"),
    ("SELECT groupArraySorted(4)(x) AS g FROM @d.b", "@d.b"),
    ("SELECT sum(x AS y) AS s, any(y) AS t FROM @d.b", "@d.b"),
    (
        "SELECT x, sum(v) OVER (PARTITION BY x ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM @d.b",
        "@d.b",
    ),
    ("SELECT row_number() OVER w AS r FROM @d.b WINDOW w AS (ORDER BY x) QUALIFY r = 1", "@d.b"),
    ("SELECT first_value(v) RESPECT NULLS AS f FROM @d.b", "@d.b"),
    (
        "SELECT CASE x WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END AS c, case when x in @d.s then 1 end k FROM @d.b",
        "@d.b @d.s",
    ),
    (
        "SELECT x > 1 ? 'a' : 'b' AS q, x::Nullable(Float64) AS f, x::BFloat16 AS g, x::double precision AS h FROM @d.b",
        "@d.b",
    ),
    ("SELECT CAST(x AS Nullable(String)) AS k, CAST((x AS z) AS String) AS l, z FROM @d.b", "@d.b"),
    ("SELECT at + INTERVAL 1 DAY day, at - INTERVAL '1 hour' AS h, INTERVAL (1 + x) DAY AS i FROM @d.a", "@d.a"),
    (
        "SELECT interval FROM (SELECT x AS interval FROM @d.b) WHERE interval + 1 > 0 AND interval BETWEEN 1 AND 2",
        "@d.b",
    ),
    ("SELECT DATE '2020-01-01' AS d, EXTRACT(DAY FROM at) AS e, date_add(DAY, 1, at) AS f FROM @d.a", "@d.a"),
    ("SELECT j.a.b, j.^a, j.a.:Int64, j.a[].b, x IS NOT DISTINCT FROM 2 AS k FROM @d.c", "@d.c"),
    ("SELECT tup.1, tup.p, t.tup.q, arr[1], arr[-1] FROM @d.a AS t", "@d.a"),
    ("SELECT x FROM @d.b GROUP BY GROUPING SETS ((x), ()) HAVING count() > 0", "@d.b"),
    ("SELECT x FROM @d.b GROUP BY x WITH ROLLUP", "@d.b"),
    ("SELECT x FROM @d.b GROUP BY ALL WITH TOTALS ORDER BY ALL DESC", "@d.b"),
    ("SELECT x FROM @d.b ORDER BY x ASC NULLS FIRST WITH FILL FROM 1 TO 10 STEP 1, v DESC INTERPOLATE", "@d.b"),
    ("SELECT DISTINCT ON (x) x, v FROM @d.b", "@d.b"),
    ("SELECT DISTINCT x FROM @d.b", "@d.b"),
    ("SELECT TOP 2 x FROM @d.b", "@d.b"),
    ("SELECT count(DISTINCT x) AS n, count(*) AS m FROM @d.b SETTINGS max_threads = 1, max_block_size = 1000", "@d.b"),
    ("SELECT x FROM (SELECT x FROM @d.b SETTINGS max_threads = 1) SETTINGS max_threads = 2", "@d.b"),
    ("SELECT x FROM @d.b AS t (x, y) WHERE NOT x AND -x < 1 OR NOT (x IN (1)) OR not x", "@d.b"),
    ("SELECT (x), ((v)), x AS `select`, NULL, true FROM @d.b", "@d.b"),
    ("SELECT count(), toMonday(at), if(x > 1, 1, 0), splitByChar(',', y), x + 1 FROM @d.a GROUP BY ALL", "@d.a"),
    ("SELECT untuple(tup), 'a' || 'b' FROM @d.a", "@d.a"),
    (
        "SELECT map('k', x)['k'] AS m, (x, v).1 AS t, [x, v][1] AS i, tuple(x AS inner_x) AS u, inner_x FROM @d.b",
        "@d.b",
    ),
    ("SELECT arraySum((p, q) -> p * q + assumeNotNull((SELECT 1 FROM @d.s)), arr, arr) AS s FROM @d.a", "@d.a @d.s"),
    ("SELECT a.x, b.x, b.v, c.w FROM @d.a a JOIN @d.b b ON a.x = b.x JOIN @d.c c ON c.x = b.x", "@d.a @d.b @d.c"),
    ("SELECT e.x, w FROM @e.a AS e", "@e.a"),
    ("SELECT @e.a.x FROM @e.a", "@e.a"),
]


KEYWORDS = """
    SELECT FROM WHERE PREWHERE GROUP BY HAVING ORDER LIMIT OFFSET WITH AS JOIN LEFT ANY ON USING UNION ALL DISTINCT IN
    NOT AND OR FINAL SAMPLE ARRAY CASE WHEN THEN ELSE END INTERVAL OVER WINDOW QUALIFY GLOBAL IS NULL RECURSIVE
"""


def at(text: str, database: str) -> str:
    """Put names of databases into a text of the corpus."""
    return text.replace("@d", database).replace("@e", f"{database}_e")


@attrs.frozen
class Universe:
    """The databases of the oracle: ``missing[table]`` is one without that table, '' the complete one."""

    missing: dict[str, str]

    @property
    def database(self) -> str:
        return self.missing[""]


@pytest.fixture(scope="module")
def universe(engine: Server) -> Iterator[Universe]:
    names = {missing: f"oracle_{number}" for number, missing in enumerate(["", *UNIVERSE])}
    for missing, name in names.items():
        for database in (name, f"{name}_e"):
            engine.execute(f"CREATE DATABASE {database}")
        for table, statement in UNIVERSE.items():
            if table != missing:
                engine.execute(at(statement, name))
    yield Universe(names)
    for name in names.values():
        for database in (name, f"{name}_e"):
            engine.execute(f"DROP DATABASE {database}")


def needs(engine: Server, query: str) -> bool:
    """Tell whether the engine misses something that the query names."""
    try:
        engine.execute(f"EXPLAIN QUERY TREE run_passes = 1 {query}")
    except errors.StatementRefused as error:
        # 60 unknown table, 36 no such dictionary, 46 no such view with parameters; and what IN and joinGet say.
        said = ("or table expression identifier", "first argument expected table identifier")
        if error.server_code in (60, 36, 46) or any(words in str(error) for words in said):
            return True
        raise
    return False


@pytest.mark.parametrize(("query", "expected"), CORPUS, ids=range(len(CORPUS)))
def test_tables_found_are_the_tables_the_engine_needs(
    engine: Server, universe: Universe, query: str, expected: str
) -> None:
    """Every table found, and no other: the engine misses a table exactly when the reader listed it."""
    found = tables(read(query.replace("@", "db_")))
    assert found == set(expected.split())
    assert not needs(engine, at(query, universe.database))
    for table in UNIVERSE:
        if table == "@d.b" and "@d.^b$" in found:
            continue  # merge() over nothing is an error of another kind
        assert needs(engine, at(query, universe.missing[table])) == (table in found), table


@pytest.mark.parametrize("query", [query for query, _ in CORPUS], ids=range(len(CORPUS)))
def test_output_names_are_the_ones_the_engine_gives(engine: Server, universe: Universe, query: str) -> None:
    """A name told offline is the engine's; what only the engine knows is reported as unnamed."""
    query = at(query, universe.database)
    described = [row["name"] for row in engine.rows(f"DESCRIBE TABLE ({query}\n)")]
    reading = read(query)
    if any(output.star for output in reading.outputs):
        assert reading.output_names is None
        return
    assert len(reading.outputs) == len(described)
    for output, name in zip(reading.outputs, described, strict=True):
        assert output.name in (None, name)
        assert output.name == name or not output.aliased


def test_sqlglot_finds_no_table_that_the_reader_misses() -> None:
    """A second opinion on FROM, JOIN and CTE shadowing from an unrelated parser, where it can parse at all."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    parsed = 0
    for query, _ in CORPUS:
        text = query.replace("@", "db_")
        try:
            tree = sqlglot.parse_one(text, dialect="clickhouse")
        except (sqlglot.errors.ParseError, sqlglot.errors.TokenError):
            continue
        sources = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
        theirs = {(s.db, s.name) for s in sources if isinstance(s, exp.Table) and isinstance(s.this, exp.Identifier)}
        ours = {(use.database or "", use.name) for use in read(text).tables}
        # Kept by sqlglot as a name of its own: a column of a JSON path, a table in backticks.
        assert {pair for pair in theirs if pair[0]} <= ours, query
        parsed += 1
    assert parsed > 100


def tables(reading: Reading) -> set[str]:
    """The tables of a reading in the spelling of the corpus."""
    found = set()
    for use in reading.tables:
        name = use.name if use.role == "merge" else quote_identifier(use.name)
        found.add(f"@{use.database.removeprefix('db_')}.{name}" if use.database else name)
    return found


# -- which insert fires a view

TRIGGERS = [
    ("SELECT x FROM @d.b", "b"),
    ("SELECT b.x AS x FROM @d.b AS b LEFT JOIN @d.s AS s USING x", "b"),
    ("WITH q AS (SELECT x FROM @d.s) SELECT x FROM q LEFT JOIN @d.b USING x", "s"),
    ("SELECT x FROM (SELECT x FROM (SELECT x FROM @d.b) AS i LEFT JOIN @d.s USING x)", "b"),
    ("SELECT x FROM @d.s UNION ALL SELECT x FROM @d.b", "s"),
    ("SELECT x FROM (SELECT x FROM @d.b UNION ALL SELECT x FROM @d.s)", "b"),
    ("SELECT x FROM (@d.b LEFT JOIN @d.s USING x)", "b"),
    ("FROM @d.s SELECT x WHERE x NOT IN (SELECT v FROM @d.b)", "s"),
    ("SELECT x FROM @d.b WHERE (x, v) NOT IN @d.s OR 1", "b"),
]


@pytest.mark.parametrize(("query", "fires"), TRIGGERS)
def test_only_an_insert_into_the_trigger_fires_a_view(engine: Server, database: str, query: str, fires: str) -> None:
    """The reader's left-most table is the one whose inserts reach the view's target, and no other."""
    for table in ("b", "s", "target"):
        engine.execute(f"CREATE TABLE {database}.{table} (x UInt64, v UInt64) ENGINE = MergeTree ORDER BY x")
    query = query.replace("@d", database)
    engine.execute(f"CREATE MATERIALIZED VIEW {database}.mv TO {database}.target AS {query}")
    fired = []
    for table in ("b", "s"):
        before = engine.scalar(f"SELECT count() FROM {database}.target")
        engine.execute(f"INSERT INTO {database}.{table} VALUES (1, 2)")
        if engine.scalar(f"SELECT count() FROM {database}.target") > before:
            fired.append(table)
    trigger = read(query).trigger
    assert trigger is not None
    assert fired == [fires] == [trigger.name]
    assert read(query).trigger_in_union == ("UNION" in query)


@pytest.mark.parametrize("source", ["numbers(3)", "view(SELECT x FROM @d.b)", "(SELECT 1 AS x)", "merge('@d', '^b$')"])
def test_without_a_plain_left_most_table_nothing_fires(source: str) -> None:
    """Table functions and constants are no trigger; the server refuses such views or never fires them."""
    assert read(f"SELECT x FROM {source} AS q JOIN db.b USING x".replace("@", "db_")).trigger is None


# -- shape


def test_the_shape_of_an_aggregation_is_read() -> None:
    """Flags, aggregates item by item, and group keys, as the checks of views and histories use them."""
    reading = read(
        "SELECT toDate(at) AS day, sumIf(v, v > 0) / count() AS mean, uniqState(x) AS people, max(v) OVER () AS top"
        " FROM d.e FINAL GROUP BY day, x LIMIT 1 BY day"
    )
    assert [output.aggregates for output in reading.outputs] == [(), ("sumIf", "count"), ("uniqState",), ()]
    assert reading.outputs[3].windows == ("max",)
    assert reading.aggregate_functions == ("sumIf", "count", "uniqState")
    assert reading.selects[0].group_by == ("day", "x")
    assert reading.selects[0].flags == {"group by", "aggregate", "final", "window", "limit by"}


@pytest.mark.parametrize(
    ("query", "flags"),
    [
        ("SELECT x FROM (SELECT max(x) AS x FROM d.a)", [set(), {"aggregate"}]),
        ("WITH q AS (SELECT x FROM d.a GROUP BY x) SELECT x FROM q", [set(), {"group by"}]),
        ("SELECT max(x) FROM d.a", [{"aggregate"}]),
        ("SELECT x FROM d.a, d.b", [{"join"}]),
        ("SELECT x FROM d.a ARRAY JOIN arr", [{"array join"}]),
        ("SELECT arrayJoin(arr) AS x FROM d.a", [{"array join"}]),
        ("SELECT DISTINCT x FROM d.a", [{"distinct"}]),
        ("SELECT TOP 1 x FROM d.a", [{"limit"}]),
        ("SELECT x FROM (SELECT x FROM d.a LIMIT 1)", [set(), {"limit"}]),
        ("SELECT x FROM (SELECT x FROM d.a FINAL)", [set(), {"final"}]),
        ("SELECT row_number() OVER (ORDER BY x) AS r FROM d.a", [{"window"}]),
        ("SELECT x AS y FROM d.a WHERE x > 1", [{"where"}]),
    ],
)
def test_each_flag_is_told_of_its_select_alone(query: str, flags: list[set[str]]) -> None:
    """A SELECT with one trait shows that trait; a plain one, and one around it, shows none."""
    assert [set(shape.flags) for shape in read(query).selects] == flags


def test_functions_whose_value_changes_are_named() -> None:
    """A view that uses the clock or chance gives other rows when its history is filled."""
    query = "SELECT now() AS t, rand32() AS r, today() AS d, sum(x) AS s FROM d.a WHERE y = currentUser() AND x IN (SELECT generateUUIDv4())"
    assert read(query).nondeterministic == ("now", "rand32", "today", "currentUser", "generateUUIDv4")
    assert read("SELECT toDate(x) AS now FROM d.a").nondeterministic == ()


def test_an_expression_is_read_too() -> None:
    """DEFAULT and TTL expressions name dictionaries and sets."""
    reading = read_expression("dictGet('d.dd', 'v', x) + toUInt64(y IN d.s)")
    assert [(use.database, use.name, use.role) for use in reading.tables] == [
        ("d", "dd", "dictionary"),
        ("d", "s", "in"),
    ]


def test_a_bare_name_after_in_is_told_apart_or_called_ambiguous() -> None:
    """Without a database only the server knows whether `x IN name` means a column or a table."""
    reading = read("SELECT x FROM d.a WHERE x IN arr AND x IN d.s")
    assert [use.name for use in reading.tables] == ["a", "s"]
    assert [use.name for use in reading.ambiguous] == ["arr"]


def test_an_alias_named_like_a_database_hides_no_table(engine: Server, database: str) -> None:
    """The engine falls back to the table when the alias has no such element; so does the reader."""
    engine.execute(f"CREATE TABLE {database}.s (x UInt64) ENGINE = Memory")
    query = f"SELECT 1 AS {database}, number IN {database}.s AS k FROM numbers(2)"
    engine.execute(query)
    assert read(query).names() == ((database, "s"),)


# -- what cannot be read


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT 'x FROM d.a", 1, 8),
        ("SELECT x\nFROM d.a /* comment", 2, 10),
        ("SELECT (x FROM d.a", 1, 8),
        ("SELECT x) FROM d.a", 1, 9),
        ("SELECT x FROM d.a WHERE", 1, 24),
        ("SELECT x +", 1, 11),
        ("SELECT x FROM", 1, 14),
        ("SELECT FROM d.a", 1, 14),
        ("SELECT x FROM d.a GROUP x", 1, 19),
        ("SELECT x FROM d.a WHERE x = 1 y = 2", 1, 31),
        ("SELECT x FROM d.a; SELECT 1", 1, 18),
        ("SELECT x FROM d.a;", 1, 18),
        ("INSERT INTO d.a SELECT 1", 1, 1),
        ("", 1, 1),
        ("SELECT x FROM {t:Identifier}", 1, 15),
        ("SELECT x IN {t:Identifier} FROM d.a", 1, 13),
        ("SELECT x FROM d.{client}", 1, 16),
        ("SELECT x FROM nobodys_function(1)", 1, 15),
        ("SELECT x FROM a.b.c", 1, 15),
        ("SELECT dictGet(concat('d', '.dd'), 'v', x) FROM d.a", 1, 16),
        ("SELECT arrayMap(n -> dictGet(n, 'v', x), names) FROM d.a", 1, 30),
        ("WITH concat('d', '.dd') AS n SELECT dictGet(n, 'v', x) FROM d.a", 1, 45),
        ("SELECT x FROM merge('d', concat('^', 'b'))", 1, 26),
        ("SELECT x FROM remote('h', concat('d', 'b'), 't')", 1, 27),
        ("SELECT x FROM eval('SELECT 1')", 1, 15),
        ("SELECT \u0438\u043c\u044f FROM d.a", 1, 8),
        ("SELECT x FROM d.a WINDOW w (ORDER BY x)", 1, 26),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(query: str, line: int, column: int) -> None:
    """Nothing is guessed, nothing else is raised, and the message points at the place."""
    with pytest.raises(errors.SqlError) as caught:
        read(query)
    (mistake,) = caught.value.mistakes
    assert mistake.code == "T201"
    assert mistake.where == f"SQL, line {line}, column {column}"
    assert "Traceback" not in str(caught.value)


def test_brackets_in_hundreds_of_levels_end_in_one_plain_error() -> None:
    """Deep text is read up to a few hundred levels; past that it is refused, not a RecursionError."""
    assert read(f"SELECT {'(' * 100}x{')' * 100} AS x FROM d.a").output_names == ("x",)
    for deep in (f"SELECT {'(' * 9000}x{')' * 9000}", f"SELECT x FROM {'(SELECT x FROM ' * 3000}d.a{')' * 3000}"):
        with pytest.raises(errors.SqlError, match="brackets inside brackets"):
            read(deep)


@settings(deadline=None)
@given(st.text(alphabet="SELECT FROM(x,'`)*{}[];:->.@d1\n/-#$\"\\abIN ", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Garbage gets an SqlError, never another exception and never a hang."""
    for reader in (read, read_expression):
        with suppress(errors.SqlError):
            reader(text)


@settings(deadline=None)
@given(st.data())
def test_a_legal_query_cut_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    """Half a query, or one with a token doubled, gets an SqlError at worst."""
    text = data.draw(st.sampled_from([query for query, _ in CORPUS])).replace("@", "db_")
    row = list(tokens(text))
    where = data.draw(st.integers(0, len(row) - 1))
    token = row[where]
    changed = data.draw(
        st.sampled_from(
            [
                text[: token.start],
                text[token.start :],
                text[: token.start] + text[token.end :],
                text[: token.end] + " " + text[token.start :],
            ]
        )
    )
    with suppress(errors.SqlError):
        read(changed)


def essence(reading: Reading) -> object:
    """All of a reading but positions."""
    uses = [(u.database, u.name, u.role, u.final, u.leftmost, u.alias, u.scope, u.certain) for u in reading.tables]
    outputs = [(o.name, o.star, o.aliased, o.aggregates, o.windows) for o in reading.outputs]
    selects = [(s.role, s.parent, s.flags, s.aggregates, s.joins) for s in reading.selects]
    return uses, outputs, selects, reading.nondeterministic, reading.trigger_in_union, len(reading.ambiguous)


NOISE = [" ", "\n", "\t \n", "\u00a0", "/* FROM d.x */", "-- ' (\n", "# {\n", "#! )\n", "// `\n", "/* a /* ' */ b */"]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_comments_and_white_space_never_change_a_reading(data: st.DataObject) -> None:
    """What stands between tokens means nothing, whatever it looks like."""
    text = data.draw(st.sampled_from([query for query, _ in CORPUS])).replace("@", "db_")
    row = [token for token in tokens(text) if token.kind not in ("space", "comment")]
    noise = st.lists(st.sampled_from(NOISE), min_size=1, max_size=3).map("".join)
    pieces: list[str] = []
    for token, following in itertools.pairwise([*row, None]):
        assert token is not None
        pieces.append(text[token.start : token.end])
        apart = following is None or following.start > token.end
        if apart or data.draw(st.booleans()):
            # A minus or a slash right before a comment would become part of it.
            pieces.append(" " * (pieces[-1] in "-/") + data.draw(noise))
    changed = "".join(pieces)
    assert essence(read(changed)) == essence(read(text))


@settings(deadline=None)
@given(st.sampled_from([query for query, _ in CORPUS]), st.integers())
def test_the_case_of_keywords_never_changes_a_reading(query: str, seed: int) -> None:
    """Keywords are folded; names are not."""
    text = query.replace("@", "db_")
    chance = random.Random(seed)
    fold = {w: chance.choice([w.lower(), w.title(), w.upper()]) for w in KEYWORDS.split()}
    changed = "".join(
        fold.get(text[t.start : t.end], text[t.start : t.end]) if t.kind == WORD else text[t.start : t.end]
        for t in tokens(text)
    )
    assert essence(read(changed)) == essence(read(text))


# -- verbatim text with references


@attrs.frozen
class Relation:
    """The part of a declared object that tl.sql sees."""

    qualified_name: str


@attrs.frozen
class Expression:
    """The part of an expression that tl.sql sees."""

    text: str

    def sql(self) -> str:
        return self.text


ORDERS = Relation("data_shop.orders")
PIECES = [
    ("{orders}", "data_shop.orders"),
    ("{ orders }", "data_shop.orders"),
    ("{amount}", "total + `tax`"),
    *[
        (same, same)
        for same in [
            "SELECT ", "\r\n", "\t", "{x:UInt64}", "{ y : Array(String) }", "'{orders}'", "'it''s {orders} \\' '",
            "`{orders}`", '"{amount}"', "-- {orders}\n", "/* {amount} /* {x} */ */", "$tag$ {orders} $tag$", "\u00a0",
            " x ", "::Nullable(String)", "'\u0434\u0430\u0442\u0430 \U0001f600'", "# {orders}\n", " ? 1 : 2 ", "1.", "->",
        ]
    ],
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)))
def test_render_changes_references_and_nothing_else(pieces: list[tuple[str, str]]) -> None:
    """Everything outside a reference comes out byte for byte; inside literals and comments nothing is a reference."""
    text = " ".join(source for source, _ in pieces)
    used = {"orders": ORDERS, "amount": Expression("total + `tax`")}
    given_ = {
        name: value for name, value in used.items() if any(p[0].strip("{ }") == name and p[0] != p[1] for p in pieces)
    }
    made = sql(text, **given_)
    assert made.render() == " ".join(result for _, result in pieces)
    assert dict(made.references) == given_
    assert sql(made.render()).render() == made.render()


def test_references_come_in_order_of_first_use_and_take_other_names() -> None:
    """A renamed database or a bounded source stands for the object where it is asked for."""
    customers = Relation("data_shop.customers")
    made = sql("SELECT 1 FROM {b} JOIN {a} USING x WHERE x IN {b}", a=ORDERS, b=customers)
    assert made.references == (("b", customers), ("a", ORDERS))
    assert made.relations() == (customers, ORDERS)
    assert made.render({ORDERS: "o.o"}) == (
        "SELECT 1 FROM data_shop.customers JOIN o.o USING x WHERE x IN data_shop.customers"
    )
    renamed = made.with_references({"a": Relation("x.y")})
    assert renamed.render() == made.render({ORDERS: "x.y"})
    assert [use.key for use in made.reading.tables] == [
        ("data_shop", "customers"),
        ("data_shop", "orders"),
        ("data_shop", "customers"),
    ]


def test_a_text_may_be_a_reference_of_another() -> None:
    """Shared pieces of SQL need no string concatenation, and keep their references."""
    recent = sql("SELECT x FROM {orders} WHERE x > 1", orders=ORDERS)
    made = sql("WITH q AS ({recent}) SELECT x FROM q", recent=recent)
    assert made.render() == "WITH q AS (SELECT x FROM data_shop.orders WHERE x > 1) SELECT x FROM q"
    assert made.relations() == (ORDERS,)
    assert made.render({ORDERS: "a.b"}) == "WITH q AS (SELECT x FROM a.b WHERE x > 1) SELECT x FROM q"


def test_equal_texts_are_equal_and_hash_alike() -> None:
    """Values compare by what they say, expressions included, whose own == builds SQL."""
    first, second = (sql("SELECT {e} FROM {o}", e=Expression("x + 1"), o=ORDERS) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != sql("SELECT {e} FROM {o}", e=Expression("x + 2"), o=ORDERS)


def test_all_mistakes_are_told_at_once_with_their_places() -> None:
    """Unknown, unused, empty, computed and wrongly typed references in one error."""
    with pytest.raises(errors.SqlError) as caught:
        sql("SELECT {order}, {}, {a.b},\n {n} FROM {orders} WHERE {1}", orders=ORDERS, n=3, unused=ORDERS)
    found = [(m.code, m.where, m.nearest) for m in caught.value.mistakes]
    assert found == [
        ("T202", "SQL, line 1, column 8", "orders"),
        ("T204", "SQL, line 1, column 17", ""),
        ("T204", "SQL, line 1, column 21", ""),
        ("T204", "SQL, line 2, column 26", ""),
        ("T205", "tl.sql", ""),
        ("T203", "tl.sql", ""),
    ]


@pytest.mark.parametrize(
    ("text", "values", "code"),
    [
        (3, {}, "T206"),
        (b"SELECT 1", {}, "T206"),
        (f"SELECT x FROM {'<tilla Table data.orders>'}", {}, "T207"),
        ("SELECT {o}", {"o": Relation}, "T205"),
        ("SELECT {o}", {"o": "data.orders"}, "T205"),
        ("SELECT {o}", {"o": None}, "T205"),
        ("SELECT {o", {"o": ORDERS}, "T204"),
        ("SELECT '{o}", {"o": ORDERS}, "T201"),
        ("SELECT '{o}'", {"o": ORDERS}, "T203"),
    ],
)
def test_what_is_no_text_or_no_object_is_refused(text: str, values: dict[str, object], code: str) -> None:
    """One plain error per mistake of the kind that beginners make."""
    with pytest.raises(errors.SqlError) as caught:
        sql(text, **values)
    assert code in [mistake.code for mistake in caught.value.mistakes]


def test_the_printed_form_of_a_text_is_caught_in_an_f_string() -> None:
    """`tl.sql(f"... {other}")` would lose the references of the other text."""
    inner = sql("SELECT x FROM {o}", o=ORDERS)
    with pytest.raises(errors.SqlError, match="T207"):
        sql(f"WITH q AS ({inner}) SELECT 1")


def test_double_braces_are_no_escape() -> None:
    """There is no format language: the outer braces stay and the engine, or the reader, says so."""
    made = sql("SELECT {{o}}", o=ORDERS)
    assert made.render() == "SELECT {data_shop.orders}"
    with pytest.raises(errors.SqlError, match="braces"):
        _ = made.reading


def test_unaliased_functions_keep_the_names_the_engine_gives_them(engine: Server) -> None:
    """Printing `toMonday(d)` through a parser gives another column; verbatim text does not."""
    body = sql("SELECT toMonday(d), if(number > 1, 1, 0), splitByChar(',', s), rand() FROM numbers(1)")
    text = f"WITH toDate('2024-01-03') AS d, 'a,b' AS s {body.render()}"
    names = [row["name"] for row in engine.rows(f"DESCRIBE TABLE ({text})")]
    assert names[0].startswith("toMonday(")
    assert names[3] == "rand()"


# -- bounding a source

BOUNDED = [
    "SELECT x, v FROM @d.t",
    "SELECT x, v FROM @d.t WHERE v > 3 ORDER BY x",
    "SELECT t.x, @d.t.v AS w FROM @d.t",
    "SELECT o.x, t.v, @d.t.v FROM @d.t AS o",
    "SELECT o.* FROM @d.t AS o WHERE t.x > 0",
    "SELECT @d.t.*, t.COLUMNS('v') FROM @d.t",
    "SELECT x FROM @d.t AS t FINAL",
    "SELECT x FROM @d.t SAMPLE 1/2",
    "SELECT x AS k, v AS x FROM @d.t -- an alias that captures the column of the bound\n",
    "SELECT t.x, q.v FROM @d.t LEFT JOIN @d.t AS q ON t.x = q.v",
    "SELECT x FROM @d.t PREWHERE v > 2",
    "SELECT x FROM @d.t PREWHERE v > 2 OR x = 1 -- why\n WHERE x < 8 OR v = 0 GROUP BY x",
    "WITH q AS (SELECT x, t.v FROM @d.t) SELECT q.x, t.v FROM q JOIN (SELECT 1 AS v) AS t ON 1 = 1",
    "SELECT x FROM (SELECT x FROM @d.t UNION ALL SELECT x + 100 FROM @d.u) AS t WHERE t.x > 2",
    "SELECT groupArray(x) AS g FROM @d.t AS `odd name` WHERE `odd name`.v > 1",
    "SELECT x, (SELECT max(x) FROM @d.u) AS m FROM @d.t WHERE t.x IN (SELECT x FROM @d.u) OR 1",
    "SELECT x, z FROM @d.t ARRAY JOIN [t.x, v] AS z",
    "FROM @d.t SELECT x, count() AS n GROUP BY t.x",
]


@pytest.mark.parametrize("query", BOUNDED)
def test_a_bounded_source_gives_what_a_smaller_table_would(engine: Server, database: str, query: str) -> None:
    """Bounding the left-most source equals running the same text where the table holds only those rows."""
    small = f"{database}_small"
    engine.execute(f"CREATE DATABASE {small}")
    for name, condition in ((database, "1"), (small, "x % 3 != 0")):
        for table in "tu":
            engine.execute(
                f"CREATE TABLE {name}.{table} (x UInt64, v UInt64) ENGINE = ReplacingMergeTree ORDER BY x SAMPLE BY x"
            )
            rows = condition if table == "t" else "1"
            engine.execute(f"INSERT INTO {name}.{table} SELECT number AS x, 9 - number FROM numbers(10) WHERE {rows}")
    if "LEFT JOIN @d.t" in query:
        engine.execute(f"INSERT INTO {small}.t SELECT * FROM {database}.t WHERE x % 3 = 0")  # bounded once of twice
        query = query.replace("LEFT JOIN @d.t AS q", "LEFT JOIN @d.u AS q")
        engine.execute(f"ALTER TABLE {small}.t DELETE WHERE x % 3 = 0 SETTINGS mutations_sync = 1")
    text = query.replace("@d", database)
    trigger = read(text).trigger
    assert trigger is not None
    bounded = bound_source(text, trigger, "x % 3 != 0")
    smaller = query.replace("@d", small)
    assert answer(engine, bounded) == answer(engine, smaller)
    assert answer(engine, bounded) != answer(engine, text)
    assert read(bounded).names() == read(text).names()


def answer(engine: Server, query: str) -> tuple[list[str], list[list[object]]]:
    """Names and sorted rows."""
    rows = engine.rows(query)
    return list(rows[0]), sorted(list(row.values()) for row in rows)


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("SELECT x FROM d.a WHERE x IN d.s", 1),
        ("SELECT dictGet('d.dd', 'v', x) FROM d.a", 0),
        ("SELECT x FROM d.pv(lo = 1)", 0),
        ("SELECT x FROM d.t JOIN e.t USING x", 0),
        ("SELECT x FROM d.t FINAL PREWHERE x > 1", 0),
        ("SELECT x FROM d.t FULL JOIN d.u USING x PREWHERE x > 1", 0),
    ],
)
def test_what_cannot_be_bounded_is_refused(query: str, which: int) -> None:
    """A set, a dictionary, a view with parameters, two sources of one name, PREWHERE that would change its meaning."""
    use = sorted(read(query).tables, key=lambda use: use.start)[which]
    with pytest.raises(errors.SqlError, match="T208"):
        bound_source(query, use, "x = 1")


def test_any_text_may_replace_a_source() -> None:
    """History composed from the roots stands where the view's source stood."""
    text = "SELECT o.x FROM d.t AS o WHERE t.y = 1"
    assert replace_source(text, read(text).tables[0], "(SELECT 1)") == "SELECT o.x FROM (SELECT 1) AS o WHERE o.y = 1"


class Order(tl.Columns):
    """A body of a declared table."""

    x = tl.column(t.UInt64)


def test_declared_objects_stand_for_their_names_in_text() -> None:
    """Relations and expressions of the library are references; odd names come out quoted."""
    orders = tl.Table("data.`odd name`", Order, engine=MergeTree(order_by=Order.x))
    made = sql("SELECT {key} AS key FROM {orders} AS o", orders=orders, key=Order.x + 1)
    assert made.render() == "SELECT x + 1 AS key FROM data.`odd name` AS o"
    assert made.reading.tables[0].key == orders.path
    assert made.relations() == (orders,)
    with pytest.raises(errors.DeclarationError, match="without the f"):
        sql(f"SELECT x FROM {orders}")
    with pytest.raises(errors.SqlError, match="the class Order"):
        sql("SELECT x FROM {orders}", orders=Order)


# --- history of a view by hand: the source is replaced at its place in the text, wherever that begins ---

_LINES = "SELECT id, item FROM {rows} ARRAY JOIN items AS item"


@pytest.mark.parametrize(
    "text",
    [
        f"\n{_LINES}",
        f"\n\n    {_LINES}\n    ",
        f"\r\n{_LINES}\r\n",
        f"  {_LINES}",
        f"-- {{no reference}} 'quote\n{_LINES} -- end",
        f"/* é {{rows}} */\n{_LINES}\n-- end",
        f"\nWITH 'é' AS accent {_LINES}\n",
    ],
)
def test_history_of_a_view_by_hand_is_what_its_live_rows_are(text: str) -> None:
    """A text in three quotes begins with a line break: the places read from it were those of another text by then (T208)."""
    body = [tl.column(t.UInt64, name="id"), tl.column(t.Array(t.String), name="items")]
    rows = tl.Source("raw.rows", body, engine=MergeTree(order_by=()))
    lines = [tl.column(t.UInt64, name="id"), tl.column(t.String, name="item")]
    view = tl.MaterializedView(
        "data.lines",
        lines,
        query=tl.sql(text, rows=rows),
        engine=ReplacingMergeTree(order_by=tuple(lines), version=lines[0]),
    )
    test = landed({rows: [{"id": 1, "items": ["a", "b"]}, {"id": 1, "items": ["a", "b"]}]})
    assert test.read(view) == test.read(view, history=True) == [{"id": 1, "item": "a"}, {"id": 1, "item": "b"}]
    assert "FROM (SELECT * FROM raw.rows WHERE " in tl.render(tl.project("p", rows, view))


def test_a_derivation_beside_a_query_is_refused():
    """Its expression would be left out without a word; one that the typed query has under that name is the same."""
    source = tl.Source("raw.t", [tl.column(t.UInt64, name="id"), tl.column(t.UInt64, name="other")])
    id, other = source.columns
    body = [tl.derive(id * 2, name="id")]
    for make in (
        lambda: tl.View("data.v", body, query=tl.sql("SELECT id FROM {s}", s=source)),
        lambda: tl.MaterializedView(
            "data.v", body, query=tl.sql("SELECT id FROM {s}", s=source), engine=MergeTree(order_by=())
        ),
        lambda: tl.RefreshableView(
            "data.v", body, query=source.select(id), refresh=tl.every(days=1), engine=MergeTree(order_by=())
        ),
    ):
        with pytest.raises(errors.SqlError) as caught:
            make()
        assert [(m.code, m.where) for m in caught.value.mistakes] == [("T210", "data.v.id")]
    tl.View("data.v", [tl.derive(other, name="other")], query=source.select(other))


def test_a_comment_beside_to_is_refused():
    """The table has a comment of its own; the view's would be lost."""
    table = tl.Table("data.t", [tl.column(t.UInt64, name="id")], engine=MergeTree(order_by=()))
    source = tl.Source("raw.t", [tl.column(t.UInt64, name="id")])
    with pytest.raises(errors.SqlError) as caught:
        tl.MaterializedView(
            "data.m", [tl.derive(source.columns[0], name="id")], source=source, to=table, comment="lost"
        )
    assert [(m.code, m.where) for m in caught.value.mistakes] == [("T210", "data.m")]


def test_given_speaks_of_the_users_own_databases(engine):
    """Tables live in databases of the test's own for its time; a refusal names those that the user wrote."""
    source = tl.Source("raw.t", [tl.column(t.UInt64, name="id")], engine=MergeTree(order_by=()))
    view = tl.View(
        "data.v", [tl.column(t.UInt64, name="x")], query=tl.sql("SELECT throwIf(id = 1) AS x FROM {s}", s=source)
    )
    with pytest.raises(errors.StatementRefused) as caught:
        landed({source: [{"id": 1}]}, server=engine).read(view)
    assert "given_" not in str(caught.value) + caught.value.statement + caught.value.reason
    assert "data.v" in caught.value.statement
    with pytest.raises(errors.StatementRefused) as caught:
        landed({source: [{"idd": 1}]}, server=engine).read(view)
    assert "T523 raw.t" in str(caught.value)
