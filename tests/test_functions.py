"""The catalogue against the engine: types by DESCRIBE, values where a function promises one."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import catalogue
from tests.support.oracle import describe
from tilla import errors
from tilla import functions as f
from tilla import types as t
from tilla.expressions.expr import Expr, Reference
from tilla.servers import Server

ALL = {**catalogue.SCALARS, **catalogue.AGGREGATES}
PUBLIC = {
    name
    for module in sys.modules.values()
    if module.__name__.startswith("tilla.functions.") and not module.__name__.endswith(".base")
    for name in module.__all__
}
SOURCE = Reference("j", t.Nullable(t.String))


def read(server: Server, expression: Expr[Any], source: str, *, settings: dict[str, object] | None = None) -> Any:
    """The value of an expression over a one-row source."""
    return server.scalar(f"SELECT {expression.sql()} FROM ({source})", settings=settings)


def read_json(server: Server, expression: Expr[Any], text: str | None) -> Any:
    """The value of an expression over a Nullable(String) column ``j`` with this text."""
    parameters = {"j": text}
    return server.scalar(f"SELECT {expression.sql()} FROM (SELECT {{j:Nullable(String)}} AS j)", parameters=parameters)


# --- the whole catalogue ---


def test_every_function_has_an_example() -> None:
    """A function without an example would never be compared with the engine."""
    shown = {*catalogue.SCALARS, *catalogue.AGGREGATES, *catalogue.WINDOWS, *catalogue.LOOK_UPS}
    assert shown == PUBLIC


@pytest.mark.parametrize("kind", catalogue.VARIANTS)
def test_types_are_those_of_the_engine(engine: Server, database: str, kind: str) -> None:
    """What Tilla says of a result is what DESCRIBE says, over plain, Nullable and LowCardinality columns."""
    engine.execute(
        catalogue.create_table(f"{database}.t", kind), settings={"allow_suspicious_low_cardinality_types": 1}
    )
    columns = catalogue.columns(kind)
    examples = [*catalogue.flat(ALL), *catalogue.flat(catalogue.WINDOWS)]
    built = [(name, example(columns)) for name, example in examples]
    plain = [(name, item) for name, item in built if not item.aggregate]
    aggregated = [(name, item) for name, item in built if item.aggregate]
    wrong = []
    for group in (plain, aggregated):
        found = describe(engine, [item.sql() for _, item in group], f"{database}.t")
        for (name, item), type in zip(group, found, strict=True):
            if type.startswith("refused") and kind != "plain":
                continue  # some functions take no Nullable or no LowCardinality argument
            if str(item.type) != type:
                wrong.append((name, item.sql(), str(item.type), type))
    assert wrong == []


def test_the_docstring_names_the_function_that_is_emitted() -> None:
    """The first line of each docstring is where a reader finds ClickHouse's name, so it must be the emitted one."""
    columns = catalogue.columns()
    wrong = []
    for name, example in catalogue.flat({**ALL, **catalogue.WINDOWS}):
        if name in ("raw", "raw_aggregate", "subcolumn", "subcolumn_dynamic") or name.startswith("json_"):
            continue
        sql = example(columns).sql()
        head = (getattr(f, name).__doc__ or "").split("\n\n")[0]
        called = re.match(r"\w+", sql)
        if called is None or f"`{called[0]}" not in head:
            wrong.append((name, sql, head))
    assert wrong == []


def test_look_ups_read_the_object(engine: Server, database: str) -> None:
    """dictGet and joinGet have the attribute's type, and Tilla knows which object they read."""
    engine.execute(f"CREATE TABLE {database}.src (id UInt64, rate Decimal(18, 4)) ENGINE = Memory")
    engine.execute(
        f"CREATE DICTIONARY {database}.rates (id UInt64, rate Decimal(18, 4)) PRIMARY KEY id "
        f"SOURCE(CLICKHOUSE(DB '{database}' TABLE 'src')) LAYOUT(FLAT()) LIFETIME(0)"
    )
    engine.execute(f"CREATE TABLE {database}.joined (id UInt64, rate Decimal(18, 4)) ENGINE = Join(ANY, LEFT, id)")
    columns = (Reference("id", t.UInt64), Reference("rate", t.Decimal(18, 4)))
    rates = SimpleNamespace(database=database, name="rates", columns=columns)
    joined = SimpleNamespace(database=database, name="joined", columns=columns)
    key = Reference("id", t.UInt64)
    built = [
        f.dict_get(rates, "rate", key),
        f.dict_get_or_default(rates, "rate", key, Decimal("1.0000")),
        f.dict_get_or_null(rates, "rate", key),
        f.dict_has(rates, key),
        f.join_get(joined, "rate", key),
        f.join_get_or_null(joined, "rate", key),
    ]
    assert [str(item.type) for item in built] == describe(engine, [item.sql() for item in built], f"{database}.src")
    assert [item.reads for item in built] == [(rates,)] * 4 + [(joined,)] * 2
    assert (f.dict_get(rates, "rate", key) * 2).reads == (rates,)
    assert f.dict_get(f"{database}.rates", "rate", key).sql() == built[0].sql()
    with pytest.raises(errors.DeclarationError, match="nearest: rate"):
        f.dict_get(rates, "rat", key)


# --- JSON: what loaders land ---

AMOUNTS = [
    ('{"a": 19.9}', "19.9000"),
    ('{"a": "19.90"}', "19.9000"),
    ('{"a": 0}', "0.0000"),
    ('{"a": -5}', "-5.0000"),
    ('{"a": 1e3}', "1000.0000"),
    ('{"a": "1.5e-3"}', "0.0015"),
    ('{"a": 0.30000000000000004}', "0.3000"),
    ('{"a": 0.7999999999999999}', "0.8000"),
    ('{"a": 1.00005}', "1.0001"),
    ('{"a": "-1.00005"}', "-1.0001"),
    ('{"a": "1.00004999999999999999"}', "1.0000"),
    ('{"a": 9007199254740993}', "9007199254740993.0000"),
    ('{"a": "12345678901234567890.1234"}', "12345678901234567890.1234"),
    ('{"a": "9999999999999999999999999999999999.9999"}', "9999999999999999999999999999999999.9999"),
    ('{"a": ".5"}', "0.5000"),
    ('{"a": "5."}', "5.0000"),
    ('{"a": "+5"}', "5.0000"),
    ('{"a": "1e36"}', None),
    ('{"a": 1.1e40}', None),
    ('{"a": "1,234.50"}', None),
    ('{"a": "1.234.567"}', None),
    ('{"a": "5 EUR"}', None),
    ('{"a": "$5"}', None),
    ('{"a": " 5"}', None),
    ('{"a": "-"}', None),
    ('{"a": "."}', None),
    ('{"a": "inf"}', None),
    ('{"a": "nan"}', None),
    ('{"a": ""}', None),
    ('{"a": true}', None),
    ('{"a": [1]}', None),
    ('{"a": {"b": 1}}', None),
    ('{"a": null}', None),
    ("{}", None),
    ("not json", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "amount"), AMOUNTS)
def test_json_decimal_reads_amounts_exactly(engine: Server, text: str | None, amount: str | None) -> None:
    """Money: a number or a number in text, exact; anything else is NULL, never a wrong amount or an error."""
    found = read_json(engine, f.json_decimal(SOURCE, "a"), text)
    assert found == (None if amount is None else Decimal(amount))


def test_json_decimal_in_other_scales(engine: Server) -> None:
    """The scale says where it is rounded; text goes through no float whatever its length."""
    text = '{"a": "0.123456789012345678901234567890"}'
    assert read_json(engine, f.json_decimal(SOURCE, "a", scale=0), text) == Decimal(0)
    assert read_json(engine, f.json_decimal(SOURCE, "a", scale=2), text) == Decimal("0.12")
    assert read_json(engine, f.json_decimal(SOURCE, "a", scale=30), text) == Decimal("0.12345678901234567890123456789")
    assert read_json(engine, f.json_decimal(SOURCE, "a", scale=2, precision=18), '{"a": "5.005"}') == Decimal("5.01")


@pytest.mark.parametrize(
    ("text", "plain", "nullable"),
    [
        ('{"a": {"b": "x"}}', "x", "x"),
        ('{"a": {"b": ""}}', "", ""),
        ('{"a": {"b": null}}', "", None),
        ('{"a": {"b": 5}}', "5", "5"),
        ('{"a": {"b": true}}', "true", "true"),
        ('{"a": {"b": {"c": 1}}}', '{"c":1}', '{"c":1}'),
        ('{"a": {}}', "", None),
        ('{"a": 1}', "", None),
        ("not json", "", None),
        ("", "", None),
        (None, "", None),
    ],
)
def test_json_text_and_nullable(engine: Server, text: str | None, plain: str, nullable: str | None) -> None:
    """Absence is '' in json_text and NULL in json_nullable, where '' stays ''."""
    assert read_json(engine, f.json_text(SOURCE, "a", "b"), text) == plain
    assert read_json(engine, f.json_nullable(SOURCE, "a", "b"), text) == nullable


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (9007199254740993, 9007199254740993),
        ("9007199254740993", 9007199254740993),
        (-(2**63), -(2**63)),
        (2**63, None),
        (5.0, 5),
        (5.7, None),
        ("5.0", None),
        (1e3, 1000),
        ("abc", None),
        ("", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_json_int_is_exact(engine: Server, value: object, number: int | None) -> None:
    """Ids beyond 2^53 keep their last digits; what is no whole 64-bit number is NULL."""
    assert read_json(engine, f.json_int(SOURCE, "a"), json.dumps({"a": value})) == number


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        *((value, True) for value in (True, "true", "True", "TRUE", 1, "1", 1.0)),
        *((value, False) for value in (False, "false", "False", 0, "0")),
        *((value, None) for value in (None, "", "yes", 2, [], "null")),
    ],
)
def test_json_bool(engine: Server, value: object, truth: bool | None) -> None:
    """The spellings of loaders count; anything else is NULL, or what ``absent`` says."""
    text = json.dumps({"a": value})
    assert read_json(engine, f.json_bool(SOURCE, "a"), text) is truth
    assert read_json(engine, f.json_bool(SOURCE, "a", absent=False), text) is bool(truth)
    assert read_json(engine, f.json_bool(SOURCE, "missing", absent=True), text) is True
    assert read_json(engine, f.json_bool(SOURCE, "a", absent=False), None) is False


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00Z", dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)),
        ("2026-03-01T10:00:00.123+02:00", dt.datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=dt.UTC)),
        ("2026-03-01 10:00:00", dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)),
        ("2026-03-01", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        (1772359200, dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_json_time(engine: Server, text: object, moment: dt.datetime | None) -> None:
    """ISO 8601 with and without offset and Unix time become one moment in UTC; anything else is NULL."""
    assert read_json(engine, f.json_time(SOURCE, "at"), json.dumps({"at": text})) == moment


def test_json_arrays_of_a_nullable_column(engine: Server) -> None:
    """26.9 refuses array results over a Nullable column, so the settled functions put '' for NULL."""
    text = '{"a": [1, "x", null, {"b": 1}], "m": {"x": 1, "y": "z"}}'
    assert read_json(engine, f.json_array(SOURCE, "a"), text) == ["1", '"x"', "null", '{"b":1}']
    assert read_json(engine, f.json_strings(SOURCE, "a"), text) == ["1", "x", "", '{"b":1}']
    assert read_json(engine, f.json_keys(SOURCE, "m"), text) == ["x", "y"]
    assert read_json(engine, f.json_pairs(SOURCE, "m"), text) == {"x": "1", "y": "z"}
    assert read_json(engine, f.json_raw(SOURCE, "m"), text) == '{"x":1,"y":"z"}'
    for built in (f.json_array, f.json_strings, f.json_keys):
        assert read_json(engine, built(SOURCE, "a"), None) == []
    assert read_json(engine, f.json_text(SOURCE, "a", -1), text) == '{"b":1}'


def test_json_of_a_json_column(engine: Server) -> None:
    """A column of type JSON is read by the same functions, and by subcolumns."""
    source = """SELECT CAST('{"a": {"b": "19.90"}, "l": [1, 2]}', 'JSON') AS p"""
    column = Reference("p", t.JSON)
    assert read(engine, f.json_decimal(column, "a", "b"), source) == Decimal("19.9")
    assert read(engine, f.json_array(column, "l"), source) == ["1", "2"]
    assert read(engine, f.subcolumn(column, "a", "b", type=t.String), source) == "19.90"
    assert read(engine, f.subcolumn(column, "a", "c", type=t.String), source) is None


@pytest.mark.parametrize("step", [0, True, 1.5, None, ["a"]])
def test_a_bad_path_is_told(step: Any) -> None:
    """Positions count from 1, so a 0 is a mistake, as is anything that is no key."""
    with pytest.raises(errors.DeclarationError, match=r"T083.*no step of a JSON path"):
        f.json_text(SOURCE, "a", step)


# --- lambdas ---


def test_a_lambda_does_not_capture_a_column_of_the_same_name(engine: Server) -> None:
    """ClickHouse would read the column ``x`` as the parameter ``x``; the parameter gives way."""
    array, x = Reference("a", t.Array(t.UInt8)), Reference("x", t.UInt8)
    built = f.array_map(lambda x_: x_ + x, array)
    clash = f.array_map(lambda x: x * 2, array)
    assert clash.sql() == "arrayMap(x -> x * 2, a)"
    assert built.sql() == "arrayMap(x_ -> x_ + x, a)"
    taken = f.array_map(eval("lambda x: x + column", {"column": x}), array)
    assert taken.sql() == "arrayMap(x_1 -> x_1 + x, a)"
    assert read(engine, taken, "SELECT [1, 2] AS a, 10 AS x") == [11, 12]


def test_inner_lambdas_keep_outer_parameters_apart(engine: Server) -> None:
    """The same Python name inside and outside stays two values."""
    nested = Reference("a", t.Array(t.Array(t.UInt8)))

    def outer(x: Expr[Any]) -> Expr[Any]:
        size = f.length(x)
        return f.array_map(lambda y: y + size, x)

    def same(x: Expr[Any]) -> Expr[Any]:
        kept = x
        return f.array_map(eval("lambda x: x + kept[1]", {"kept": kept}), x)

    assert read(engine, f.array_map(outer, nested), "SELECT [[1, 2], [3]] AS a") == [[3, 4], [4]]
    assert read(engine, f.array_map(same, nested), "SELECT [[1, 2], [3]] AS a") == [[2, 3], [6]]


def test_a_lambda_shows_the_columns_it_reads_and_no_parameter() -> None:
    """Dependencies are read from references; a parameter is no column."""
    array, other = Reference("a", t.Array(t.UInt8)), Reference("b", t.UInt8)
    built = f.array_filter(lambda x: x > other, array)
    assert {item.name for item in built.references} == {"a", "b"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [1, "x -> x", Reference("a", t.String)])
def test_a_lambda_must_be_a_function(wrong: Any) -> None:
    """An expression in place of a Python function is told with what to write."""
    with pytest.raises(errors.DeclarationError, match=r"T081.*Python function"):
        f.array_map(wrong, Reference("a", t.Array(t.UInt8)))


def test_a_lambda_takes_one_parameter_per_array() -> None:
    """Too many parameters would only fail on the server."""
    with pytest.raises(errors.DeclarationError, match=r"(?s)T082.*1, one per array"):
        f.array_map(lambda x, y: x, Reference("a", t.Array(t.UInt8)))


# --- mistakes and manners ---


def test_an_unknown_zone_is_told_with_the_nearest() -> None:
    """A typo in a zone would otherwise come back from the server, or not at all."""
    with pytest.raises(errors.DeclarationError, match="Europe/Madrid"):
        f.to_date(Reference("d", t.DateTime("UTC")), "Europe/Madird")


def test_decimal_literals_take_the_scale_of_their_neighbours(engine: Server) -> None:
    """Branches of different scales are refused by the server: a literal adapts, two columns are told apart."""
    amount = Reference("d", t.Nullable(t.Decimal(38, 4)))
    assert f.if_null(amount, Decimal("1.5")).sql() == "ifNull(d, toDecimal32('1.5000', 4))"
    source = "SELECT CAST(NULL, 'Nullable(Decimal(38, 4))') AS d"
    assert read(engine, f.coalesce(amount, Decimal(0)), source) == 0
    assert read(engine, amount.if_null(Decimal("1.5")), source) == Decimal("1.5")
    with pytest.raises(errors.DeclarationError, match=r"T087.*different scales"):
        f.coalesce(amount, Reference("e", t.Decimal(9, 2)))
    with pytest.raises(errors.DeclarationError, match="T087"):
        f.if_null(amount, Decimal("0.00001"))


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: f.case(), "T084"),
        (lambda: f.case(("a", 1, 2)), "T084"),
        (lambda: f.multi_if(True, 1), "T084"),
        (lambda: f.coalesce(), "T086"),
        (lambda: f.concat(), "T086"),
        (lambda: f.uniq_exact(), "T086"),
        (lambda: f.raw("no name("), "T085"),
        (lambda: f.raw_aggregate("a-b"), "T085"),
    ],
)
def test_calls_without_sense_are_told(build: Any, code: str) -> None:
    """A call of the wrong shape is one clear error, not a server's syntax error."""
    with pytest.raises(errors.DeclarationError, match=code):
        build()


def test_values_come_out_as_promised(engine: Server) -> None:
    """Where a name says less than the server does, the promise in the docstring is checked."""
    two = "SELECT toDecimal64('2.675', 4) AS d, 0 AS zero, 5 AS five"
    d, zero, five = Reference("d", t.Decimal(18, 4)), Reference("zero", t.UInt8), Reference("five", t.UInt8)
    assert read(engine, f.round(d, 2), two) == Decimal("2.68")
    assert read(engine, f.ratio(five, zero), two) is None
    assert read(engine, f.ratio(five, 2), two) == 2.5
    assert read(engine, f.case((five > 3, "big"), default="small"), two) == "big"
    assert read(engine, f.case((five > 9, 1)), two) is None
    assert read(engine, f.and_(five), two) == 1
    moment = "SELECT toDateTime64('2026-03-01 23:30:00', 3, 'UTC') AS m"
    m = Reference("m", t.DateTime64(3, "UTC"))
    assert read(engine, f.to_date(m, "Europe/Madrid"), moment) == dt.date(2026, 3, 2)
    assert read(engine, f.to_week(m, 1), moment) == 9
    assert read(engine, f.to_day_of_week(m, "Europe/Madrid"), moment) == 1
    assert read(engine, f.date_diff("day", m, f.add_hours(m, 1)), moment) == 1
    assert read(engine, f.age("day", m, f.add_hours(m, 1)), moment) == 0


def test_the_catalogue_is_light() -> None:
    """Importing it loads no server, no graph, no data frames: a declaration file starts fast."""
    code = (
        "import sys; from tilla import functions; "
        "print([m for m in ('chdb', 'clickhouse_connect', 'networkx', 'pandas', 'pyarrow', 'zoneinfo') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
