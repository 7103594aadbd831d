"""The type rules of operators against the engine, over every pair of types, and of literals."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.oracle import describe
from tilla import types as t
from tilla.expressions import rules
from tilla.expressions.expr import Reference, call, function, in_one_scale, to_expr
from tilla.servers import Server

NUMBERS = [
    *(t.UInt8, t.UInt16, t.UInt32, t.UInt64, t.UInt128, t.UInt256),
    *(t.Int8, t.Int16, t.Int32, t.Int64, t.Int128, t.Int256),
    *(t.Float32, t.Float64, t.BFloat16, t.Bool),
]
DECIMALS = [
    t.Decimal(9, 2),
    t.Decimal(18, 4),
    t.Decimal(38, 6),
    t.Decimal(76, 10),
    t.Decimal(5, 0),
    t.Decimal(18, 9),
    t.Decimal(38, 19),
]
MOMENTS = [
    t.Date,
    t.Date32,
    t.DateTime("UTC"),
    t.DateTime("Europe/Madrid"),
    t.DateTime64(3, "UTC"),
    t.DateTime64(6, "UTC"),
]
OTHERS = [
    t.String,
    t.FixedString(4),
    t.UUID,
    t.Enum8({"a": 1}),
    t.Array(t.UInt8),
    t.Nullable(t.Int32),
    t.LowCardinality(t.String),
]
TYPES: list[Any] = [*NUMBERS, *DECIMALS, *MOMENTS, *OTHERS]
ARITHMETIC = (
    "plus",
    "minus",
    "multiply",
    "divide",
    "modulo",
    "intDiv",
    "intDivOrZero",
    "moduloOrZero",
    "positiveModulo",
)


@pytest.fixture
def table(engine: Server, database: str) -> str:
    """A table with a column ``c0``, ``c1``, ... per type."""
    listed = ", ".join(f"c{number} {type}" for number, type in enumerate(TYPES))
    engine.execute(f"CREATE TABLE {database}.t (b Bool, {listed}) ENGINE = Memory")
    return f"{database}.t"


def compare(engine: Server, table: str, calls: list[tuple[str, Any]]) -> list[tuple[str, str, str]]:
    """The calls whose stated type is not the engine's: stated ones in batches, unknown ones one by one."""
    known = [(sql, type) for sql, type in calls if type is not None]
    found = describe(engine, [sql for sql, _ in known], table)
    return [(sql, str(type), told) for (sql, type), told in zip(known, found, strict=True) if str(type) != told]


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_is_the_engines(engine: Server, table: str, name: str) -> None:
    """Every pair of types has the engine's result type, and None where the engine refuses the pair."""
    pairs = list(itertools.product(enumerate(TYPES), repeat=2))
    calls = [(f"{name}(c{i}, c{j})", rules.result(name, [a, b])) for (i, a), (j, b) in pairs]
    assert compare(engine, table, calls) == []
    # What Tilla does not know over numbers and decimals, the engine refuses.
    count = len(NUMBERS) + len(DECIMALS)
    unknown = [
        sql for (sql, type), ((i, _), (j, _)) in zip(calls, pairs, strict=True) if type is None and max(i, j) < count
    ]
    assert [
        sql
        for sql, told in zip(unknown, describe(engine, unknown, table), strict=True)
        if not told.startswith("refused")
    ] == []


@pytest.mark.parametrize("name", ["equals", "less"])
def test_comparison_is_the_engines(engine: Server, table: str, name: str) -> None:
    """Comparing gives UInt8, Nullable where a side is; pairs that the engine refuses do not matter here."""
    pairs = itertools.product(enumerate(TYPES), repeat=2)
    calls = [(f"{name}(c{i}, c{j})", rules.result(name, [a, b])) for (i, a), (j, b) in pairs]
    assert [item for item in compare(engine, table, calls) if not item[2].startswith("refused")] == []


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("if", "if(b, {0}, {1})"),
        ("array", "[{0}, {1}]"),
        ("ifNull", "ifNull({0}, {1})"),
        ("coalesce", "coalesce({0}, {1})"),
    ],
)
def test_common_types_are_the_engines(engine: Server, table: str, name: str, shape: str) -> None:
    """Branches and elements have the engine's common type; where it would make a Variant, Tilla knows none."""
    pairs = itertools.product(enumerate(TYPES), repeat=2)
    calls = []
    for (i, a), (j, b) in pairs:
        types = [t.Bool, a, b] if name == "if" else [a, b]
        calls.append((shape.format(f"c{i}", f"c{j}"), rules.result(name, types)))
    assert compare(engine, table, calls) == []


@pytest.mark.parametrize(
    "name", ["and", "or", "xor", "not", "negate", "abs", "isNull", "assumeNotNull", "toNullable", "tuple"]
)
def test_logic_and_absence_are_the_engines(engine: Server, table: str, name: str) -> None:
    """One and two arguments of every type; what Tilla states, the engine says."""
    calls = [(f"{name}(c{i})", function(name, Reference(f"c{i}", a)).type) for i, a in enumerate(TYPES)]
    if name in ("and", "or", "xor", "tuple"):
        pairs = itertools.product(enumerate(TYPES), repeat=2)
        calls = [(f"{name}(c{i}, c{j})", rules.result(name, [a, b])) for (i, a), (j, b) in pairs]
    assert compare(engine, table, calls) == []


def test_intervals_are_the_engines(engine: Server, table: str) -> None:
    """Moments moved by each unit, and intervals added to each other."""
    units = ["Millisecond", "Microsecond", "Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"]
    calls = []
    for unit, name in itertools.product(units, ("plus", "minus")):
        interval = t.Interval(unit)
        for i, moment in enumerate(TYPES):
            if moment in MOMENTS:
                calls.append((f"{name}(c{i}, toInterval{unit}(1))", rules.result(name, [moment, interval])))
    for one, other in itertools.product(units, repeat=2):
        kinds = [t.Interval(one), t.Interval(other)]
        calls.append((f"plus(toInterval{one}(1), toInterval{other}(1))", rules.result("plus", kinds)))
    assert compare(engine, table, calls) == []


def test_null_and_dictionaries(engine: Server, table: str) -> None:
    """NULL takes everything with it; a LowCardinality column among constants keeps its dictionary."""
    lc, s, n = (
        Reference(f"c{TYPES.index(type)}", type) for type in (t.LowCardinality(t.String), t.String, t.Nullable(t.Int32))
    )
    built = [
        n + 1,
        n == None,  # noqa: E711
        n & None,
        lc == "a",
        lc == s,
        lc.like("a%"),
        lc.is_in(["a", "b"]),
        lc.not_in(["a"]),
        lc.is_null(),
        ~(lc == "a"),
        (lc == "a") & True,
        n.is_in([1, 2]),
        n.between(1, 2),
        -n,
        n // 2,
        lc.if_null("x"),
        n.if_null(0),
        call("tuple", lc, n, type=rules.result("tuple", [lc.type, n.type])),
        to_expr([lc, "a"]),
        to_expr({"k": lc}),
        to_expr((lc, 1, None)),
    ]
    assert [str(item.type) for item in built] == describe(engine, [item.sql() for item in built], table)


def test_elements_are_the_engines(engine: Server, database: str) -> None:
    """``value[index]`` of arrays, maps and tuples, an absent index included."""
    columns: dict[str, Any] = {
        "a": t.Array(t.LowCardinality(t.String)),
        "n": t.Array(t.Nullable(t.UInt8)),
        "aa": t.Array(t.Array(t.UInt8)),
        "at": t.Array(t.Tuple(k=t.String, v=t.UInt8)),
        "m": t.Map(t.String, t.LowCardinality(t.String)),
        "tn": t.Tuple(k=t.String, v=t.Nullable(t.UInt8)),
        "tu": t.Tuple(t.String, t.UInt8),
        "i": t.Nullable(t.UInt8),
        "s": t.String,
    }
    listed = ", ".join(f"{name} {type}" for name, type in columns.items())
    engine.execute(f"CREATE TABLE {database}.e ({listed}) ENGINE = Memory")
    c = {name: Reference(name, type) for name, type in columns.items()}
    built = [
        *(c["a"][1], c["a"][c["i"]], c["n"][1], c["aa"][1], c["aa"][1][2], c["at"]["k"], c["at"][1], c["at"][1]["v"]),
        *(c["m"]["x"], c["m"][c["s"]], c["tn"]["k"], c["tn"]["v"], c["tn"][1], c["tu"][2]),
    ]
    assert [str(item.type) for item in built] == describe(engine, [item.sql() for item in built], f"{database}.e")
    assert c["tu"][3].type is None
    assert c["tn"]["missing"].type is None
    for name in ("a", "n", "aa", "at", "m"):
        told = describe(engine, [f"arrayJoin({name})"], f"{database}.e")
        assert [str(rules.element_of_array(c[name].type))] == told


LITERALS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**255), 2**256 - 1),
    st.sampled_from(
        [0, 127, 128, -128, -129, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**128, -(2**127)]
    ),
    st.floats(allow_nan=False, width=64),
    st.text(alphabet=st.characters(blacklist_categories=("Cs",))),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20),
    st.sampled_from(
        [Decimal("1E+5"), Decimal("1E+30"), Decimal("0.000000000000000000001"), Decimal("-0.5"), Decimal("123456789")]
    ),
    st.dates(dt.date(1930, 1, 1), dt.date(2290, 12, 31)),
    st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)),
    st.timedeltas(dt.timedelta(days=-9), dt.timedelta(days=9)),
    st.uuids(),
    st.lists(st.integers(-300, 300), max_size=4),
    st.tuples(st.integers(0, 300), st.text(alphabet="abc'\\")),
    st.dictionaries(st.text(alphabet="ab"), st.integers(0, 255), max_size=3),
)


@given(values=st.lists(LITERALS, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_literals_keep_type_and_value(engine: Server, values: list[Any]) -> None:
    """The type Tilla states of a literal is the engine's, and the value comes back unchanged."""
    built = [to_expr(value) for value in values]
    assert [str(item.type) for item in built] == describe(engine, [item.sql() for item in built], "system.one")
    row = engine.rows("SELECT " + ", ".join(f"{item.sql()} AS x{n}" for n, item in enumerate(built)))[0]
    for value, came in zip(values, row.values(), strict=True):
        if isinstance(value, dt.timedelta):
            unit = dt.timedelta(microseconds=1) if value.microseconds else dt.timedelta(seconds=1)
            assert came * unit == value
        elif (
            isinstance(value, dict | list | tuple | float | int | str | Decimal | dt.date | uuid.UUID) or value is None
        ):
            assert came == value


def test_wide_integers_do_not_become_floats(engine: Server) -> None:
    """ClickHouse reads a bare 2^64 as a Float64 and loses its last digits."""
    assert engine.scalar(f"SELECT {to_expr(2**64 + 1).sql()}") == 2**64 + 1
    assert str(to_expr(-(2**100)).type) == "Int128"


def test_decimal_width() -> None:
    """The smallest width that holds the digits."""
    assert [rules.decimal_width(digits) for digits in (1, 9, 10, 18, 19, 38, 39, 76)] == [
        32,
        32,
        64,
        64,
        128,
        128,
        256,
        256,
    ]


def test_in_one_scale_leaves_others_alone() -> None:
    """Only Decimal literals beside a Decimal expression change."""
    amount = Reference("d", t.Decimal(18, 4))
    assert in_one_scale("x", amount, Decimal("1.5"), 0) == [amount, Decimal("1.5000"), 0]
    assert in_one_scale("x", Reference("s", t.String), Decimal("1.5"))[1] == Decimal("1.5")
