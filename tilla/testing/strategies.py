"""Hypothesis strategies of Tilla's own values: ``@given(data_types())``.

The package ``hypothesis`` is needed only where they are used.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tilla import types as t

# Any text that ClickHouse can hold in a name: all of Unicode but lone surrogates.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_ZONES = st.sampled_from(["UTC", "Europe/Madrid", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
_WORDS = st.sampled_from(
    ["a", "key", "order", "select", "from", "Date", "TRUE", "nan", "skip", "some", "x y", "ключ", "`", "a.b"]
)


def names() -> st.SearchStrategy[str]:
    """Names of tuple members: plain ones, keywords, and any text; not 'null', which 26.9 keeps for itself."""
    return (_WORDS | _TEXT).filter(lambda name: name not in ("", "null"))


def scalar_types() -> st.SearchStrategy[t.DataType[Any]]:
    """Types that are not made of other types, every parameter in its whole range."""
    decimals = st.integers(1, 76).flatmap(lambda p: st.integers(0, p).map(lambda s: t.Decimal(p, s)))
    return st.one_of(
        st.sampled_from([t.UInt8, t.UInt16, t.UInt32, t.UInt64, t.UInt128, t.UInt256]),
        st.sampled_from([t.Int8, t.Int16, t.Int32, t.Int64, t.Int128, t.Int256]),
        st.sampled_from([t.Float32, t.Float64, t.BFloat16, t.Bool, t.String, t.UUID, t.IPv4, t.IPv6]),
        st.sampled_from([t.Date, t.Date32, t.DateTime, t.Time, t.DateTime64, t.Time64, t.IntervalDay, t.IntervalMonth]),
        decimals,
        st.integers(1, 300).map(t.FixedString),
        _ZONES.map(t.DateTime),
        st.builds(t.DateTime64, st.integers(0, 9), st.just("") | _ZONES),
        st.integers(0, 9).map(t.Time64),
        enum_types(),
    )


def enum_types() -> st.SearchStrategy[t.EnumType]:
    """Enums of up to six members with any names and codes."""
    small = st.dictionaries(_TEXT, st.integers(-128, 127), min_size=1, max_size=6)
    large = st.dictionaries(_TEXT, st.integers(-32768, 32767), min_size=1, max_size=6)
    return small.filter(_distinct).map(t.Enum8) | large.filter(_distinct).map(t.Enum16)


def _distinct(members: dict[str, int]) -> bool:
    return len(set(members.values())) == len(members)


def data_types(max_leaves: int = 6) -> st.SearchStrategy[t.DataType[Any]]:
    """Any type that a table column may have, of up to ``max_leaves`` scalars."""
    return st.recursive(scalar_types() | _shapes(), _larger, max_leaves=max_leaves)


def _shapes() -> st.SearchStrategy[t.DataType[Any]]:
    vectors = st.builds(t.QBit, st.sampled_from([t.Float32, t.Float64, t.BFloat16]), st.integers(1, 64))
    return st.sampled_from([t.Point, t.Ring, t.Polygon, t.MultiPolygon, t.JSON, t.Dynamic, t.Dynamic(8)]) | vectors


def _larger(inner: st.SearchStrategy[t.DataType[Any]]) -> st.SearchStrategy[t.DataType[Any]]:
    """Types made of one or more of ``inner``."""
    members = st.dictionaries(names(), inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(t.Array),
        inner.filter(lambda dt: dt.can_be_nullable).map(t.Nullable),
        inner.filter(lambda dt: dt.can_be_low_cardinality).map(t.LowCardinality),
        st.builds(t.Map, inner.filter(lambda dt: not dt.nullable), inner),
        st.lists(inner, max_size=3).map(lambda elements: t.Tuple(*elements)),
        members.map(lambda named: t.Tuple(named)),
        members.map(t.Nested),
        st.lists(inner.filter(_stands_in_variant), min_size=1, max_size=3).map(lambda held: t.Variant(*held)),
        _states(inner),
        inner.filter(_keeps_its_type).map(lambda dt: t.SimpleAggregateFunction("any", dt)),
        _json(inner.filter(lambda dt: dt.fits_json)),
    )


def _stands_in_variant(dt: t.DataType[Any]) -> bool:
    return not dt.nullable and not isinstance(dt, t.VariantType | t.DynamicType)


def _keeps_its_type(dt: t.DataType[Any]) -> bool:
    """Whether ``any`` gives the same type back: LowCardinality inside a container is lost."""
    inside = (part for child in dt.children for part in child.walk())
    return not any(isinstance(part, t.LowCardinalityType) for part in inside)


def _states(inner: st.SearchStrategy[t.DataType[Any]]) -> st.SearchStrategy[t.DataType[Any]]:
    level = st.floats(0, 1, allow_subnormal=False) | st.sampled_from([0.5, 0.9, 0.99, 1e-8])
    summed = inner.filter(lambda dt: t.is_numeric(dt))
    ranked = summed.filter(lambda dt: dt != t.BFloat16 and t.unwrap(dt) != t.BFloat16)
    return st.one_of(
        st.builds(t.AggregateFunction, st.just("uniqExact"), inner),
        st.builds(t.AggregateFunction, st.sampled_from(["sum", "avg", "sumOrNull"]), summed),
        st.builds(t.AggregateFunction, st.just("argMax"), inner, inner.filter(lambda dt: dt.comparable)),
        st.builds(t.AggregateFunction, st.just("anyIf"), inner, st.just(t.UInt8)),
        st.builds(
            lambda dt, levels: t.AggregateFunction("quantiles", dt, params=levels),
            ranked,
            st.lists(level, min_size=1, max_size=3),
        ),
        st.builds(lambda dt: t.AggregateFunction("sumMap", t.Array(t.String), t.Array(dt)), summed),
        st.just(t.AggregateFunction("count")),
    )


def _json(inner: st.SearchStrategy[t.DataType[Any]]) -> st.SearchStrategy[t.DataType[Any]]:
    # Skipped paths start with "~": one that begins a typed path is refused.
    paths = st.dictionaries(names().filter(lambda name: not name.startswith("~")), inner, max_size=3)
    return st.builds(
        lambda typed, skip, dynamic: t.JSON(typed, skip=tuple("~" + name for name in skip), max_dynamic_paths=dynamic),
        paths,
        st.lists(names(), max_size=2),
        st.sampled_from([0, 7, 1024]),
    )
