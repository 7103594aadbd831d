"""SQL by hand: what a SELECT reads and yields, checked against the engine, and verbatim text with references.

The oracle: a universe of tables exists complete once, and once more without each single table. A query must run in
the complete universe, and must fail with "unknown table" exactly where a table that the reader listed is missing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilla import errors
from tilla.expressions.reading import Reading, TableUse, bound_source, read, read_expression, replace_source
from tilla.expressions.scan import WORD, tokens
from tilla.expressions.sql import Sql, sql
from tilla.servers import Server
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
    reading = read(query.replace("@", "db_"))
    found = {
        f"@{use.database.removeprefix('db_')}.{quote_identifier(use.name)}" if use.database else use.name
        for use in reading.tables
    }
    found = {name if not name.endswith("^b$`") else "@d.^b$" for name in found}
    assert found == set(expected.split())
    assert not needs(engine, at(query, universe.database))
    for table in UNIVERSE:
        listed = table in found
        if "^b$" in expected and table == "@d.b":
            continue  # merge() over nothing is an error of another kind
        assert needs(engine, at(query, universe.missing[table])) == listed, table


@pytest.mark.parametrize("query", [query for query, _ in CORPUS], ids=range(len(CORPUS)))
def test_output_names_are_the_ones_the_engine_gives(engine: Server, universe: Universe, query: str) -> None:
    """A name told offline is the engine's; what only the engine knows is reported as unnamed."""
    query = at(query, universe.database)
    described = [row["name"] for row in engine.rows(f"DESCRIBE TABLE ({query}\n)")]
    reading = read(query)
    if reading.select_star:
        assert reading.output_names is None
        return
    assert len(reading.outputs) == len(described)
    for output, name in zip(reading.outputs, described, strict=True):
        assert output.name in (None, name)
        if output.name is None:
            assert not output.aliased
