"""One example or more per function of the catalogue, over a table with a column of every type.

An example is a function of the columns, so that a test may run it over other columns of the same kind:
Nullable ones, LowCardinality ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tilla import functions as f
from tilla import types as t
from tilla.expressions.expr import Expr, Reference

Example = Callable[[Any], Expr[Any]]

COLUMNS: dict[str, Any] = {
    "u8": t.UInt8,
    "u16": t.UInt16,
    "u32": t.UInt32,
    "u64": t.UInt64,
    "i8": t.Int8,
    "i32": t.Int32,
    "i64": t.Int64,
    "f32": t.Float32,
    "f64": t.Float64,
    "b": t.Bool,
    "d": t.Date,
    "d32": t.Date32,
    "dt": t.DateTime("UTC"),
    "dtz": t.DateTime("Europe/Madrid"),
    "dt64": t.DateTime64(3, "UTC"),
    "dt6z": t.DateTime64(6, "Europe/Madrid"),
    "s": t.String,
    "fs": t.FixedString(4),
    "uu": t.UUID,
    "ip4": t.IPv4,
    "ip6": t.IPv6,
    "e8": t.Enum8({"a": 1, "b": 2}),
    "dec9": t.Decimal(9, 2),
    "dec18": t.Decimal(18, 4),
    "dec38": t.Decimal(38, 6),
    "n_s": t.Nullable(t.String),
    "n_u8": t.Nullable(t.UInt8),
    "n_f64": t.Nullable(t.Float64),
    "n_d": t.Nullable(t.Date),
    "n_dec": t.Nullable(t.Decimal(38, 4)),
    "a_u8": t.Array(t.UInt8),
    "a_i": t.Array(t.Int64),
    "a_f": t.Array(t.Float64),
    "a_s": t.Array(t.String),
    "a_ns": t.Array(t.Nullable(t.String)),
    "a_dec": t.Array(t.Decimal(18, 4)),
    "aa": t.Array(t.Array(t.UInt8)),
    "a_t": t.Array(t.Tuple(a=t.String, b=t.UInt8)),
    "tn": t.Tuple(a=t.String, b=t.UInt8),
    "tu": t.Tuple(t.String, t.UInt8),
    "m": t.Map(t.String, t.UInt8),
    "ms": t.Map(t.String, t.String),
    "mn": t.Map(t.String, t.Nullable(t.Float64)),
    "j": t.JSON,
}

# The kinds that every column of a type may be replaced by: Nullable(T), LowCardinality(T), LowCardinality(Nullable(T)).
VARIANTS = ("plain", "nullable", "dictionary", "both")


def variant(type: Any, kind: str) -> Any:
    """The type in that variant, or as it is where the variant does not exist."""
    if (
        kind in ("nullable", "both")
        and type.can_be_nullable
        and not type.nullable
        and not isinstance(type, t.TupleType)
    ):
        type = t.Nullable(type)
    if kind in ("dictionary", "both") and type.can_be_low_cardinality:
        type = t.LowCardinality(type)
    return type


def columns(kind: str = "plain") -> Any:
    """The columns as references."""
    return SimpleNamespace(**{name: Reference(name, variant(type, kind)) for name, type in COLUMNS.items()})


def create_table(name: str, kind: str = "plain") -> str:
    """The statement that creates the table."""
    listed = ", ".join(f"{column} {variant(type, kind)}" for column, type in COLUMNS.items())
    return f"CREATE TABLE {name} ({listed}) ENGINE = Memory"


AGGREGATES: dict[str, Example | list[Example]] = {
    "count": [lambda c: f.count(), lambda c: f.count(c.s)],
    "count_if": lambda c: f.count_if(c.b),
    "uniq": [lambda c: f.uniq(c.s), lambda c: f.uniq(c.s, c.u8)],
    "uniq_exact": [lambda c: f.uniq_exact(c.s), lambda c: f.uniq_exact(c.s, c.d)],
    "uniq_exact_if": lambda c: f.uniq_exact_if(c.s, c.b),
    "uniq_combined": [lambda c: f.uniq_combined(c.s), lambda c: f.uniq_combined(c.s, precision=14)],
    "uniq_combined64": lambda c: f.uniq_combined64(c.u64),
    "uniq_hll12": lambda c: f.uniq_hll12(c.s),
    "uniq_up_to": lambda c: f.uniq_up_to(c.s, 5),
    "group_bitmap": lambda c: f.group_bitmap(c.u32),
    "sum": [
        *(lambda c, n=n: f.sum(getattr(c, n)) for n in ("u8", "i8", "u64", "i64", "f32", "f64", "dec9", "dec18")),
        lambda c: f.sum(c.dec38),
        lambda c: f.sum(c.n_dec),
        lambda c: f.sum(c.b),
    ],
    "sum_if": lambda c: f.sum_if(c.u8, c.b),
    "sum_with_overflow": [lambda c: f.sum_with_overflow(c.u8), lambda c: f.sum_with_overflow(c.dec9)],
    "sum_kahan": lambda c: f.sum_kahan(c.f64),
    "sum_count": [lambda c: f.sum_count(c.u8), lambda c: f.sum_count(c.dec9)],
    "sum_array": lambda c: f.sum_array(c.a_u8),
    "sum_for_each": lambda c: f.sum_for_each(c.a_i),
    "sum_map": [lambda c: f.sum_map(c.m), lambda c: f.sum_map(c.mn)],
    "sum_mapped_arrays": lambda c: f.sum_mapped_arrays(c.a_s, c.a_u8),
    "avg": [lambda c: f.avg(c.u8), lambda c: f.avg(c.dec18), lambda c: f.avg(c.f32), lambda c: f.avg(c.dt64)],
    "avg_if": lambda c: f.avg_if(c.u8, c.b),
    "avg_weighted": lambda c: f.avg_weighted(c.u8, c.u16),
    "min": [lambda c: f.min(c.s), lambda c: f.min(c.dt64), lambda c: f.min(c.b), lambda c: f.min(c.dec9)],
    "max": [lambda c: f.max(c.s), lambda c: f.max(c.dt6z), lambda c: f.max(c.a_u8), lambda c: f.max(c.tn)],
    "min_if": lambda c: f.min_if(c.d, c.b),
    "max_if": lambda c: f.max_if(c.d, c.b),
    "min_map": lambda c: f.min_map(c.m),
    "max_map": lambda c: f.max_map(c.mn),
    "arg_min": lambda c: f.arg_min(c.s, c.dt),
    "arg_max": [lambda c: f.arg_max(c.s, c.dt64), lambda c: f.arg_max(c.a_ns, c.i64), lambda c: f.arg_max(c.n_s, c.dt)],
    "arg_max_if": lambda c: f.arg_max_if(c.s, c.dt, c.b),
    "any": [lambda c: f.any(c.s), lambda c: f.any(c.m)],
    "any_last": lambda c: f.any_last(c.s),
    "any_respect_nulls": lambda c: f.any_respect_nulls(c.s),
    "any_last_respect_nulls": lambda c: f.any_last_respect_nulls(c.s),
    "first_value": lambda c: f.first_value(c.s),
    "last_value": lambda c: f.last_value(c.s),
    "any_heavy": lambda c: f.any_heavy(c.s),
    "single_value_or_null": lambda c: f.single_value_or_null(c.s),
    "group_bit_and": lambda c: f.group_bit_and(c.u8),
    "group_bit_or": lambda c: f.group_bit_or(c.i64),
    "group_bit_xor": lambda c: f.group_bit_xor(c.u16),
    "group_array": [lambda c: f.group_array(c.s), lambda c: f.group_array(c.tn), lambda c: f.group_array(c.u8, 3)],
    "group_uniq_array": [lambda c: f.group_uniq_array(c.s), lambda c: f.group_uniq_array(c.u8, 10)],
    "group_array_last": lambda c: f.group_array_last(c.s, 3),
    "group_array_sorted": lambda c: f.group_array_sorted(c.u8, 3),
    "group_array_sample": lambda c: f.group_array_sample(c.u8, 3),
    "group_array_insert_at": lambda c: f.group_array_insert_at(c.s, c.u8),
    "group_array_moving_sum": [
        lambda c: f.group_array_moving_sum(c.u8),
        lambda c: f.group_array_moving_sum(c.dec9, 2),
        lambda c: f.group_array_moving_sum(c.f32),
    ],
    "group_array_moving_avg": [lambda c: f.group_array_moving_avg(c.u8), lambda c: f.group_array_moving_avg(c.dec9, 2)],
    "group_array_intersect": lambda c: f.group_array_intersect(c.a_u8),
    "group_array_array": lambda c: f.group_array_array(c.a_s),
    "group_uniq_array_array": lambda c: f.group_uniq_array_array(c.a_s),
    "group_concat": [lambda c: f.group_concat(c.s), lambda c: f.group_concat(c.u8, ",", 3)],
    "top_k": lambda c: f.top_k(c.s, 10),
    "top_k_weighted": lambda c: f.top_k_weighted(c.s, c.u8, 10),
    "approx_top_k": lambda c: f.approx_top_k(c.s, 10),
    "approx_top_sum": lambda c: f.approx_top_sum(c.s, c.u8, 10),
    "quantile": [
        *(lambda c, n=n: f.quantile(getattr(c, n)) for n in ("u8", "f32", "dec18", "dt", "d", "dt64", "b")),
        lambda c: f.quantile(c.u8, 0.9),
        lambda c: f.quantile(c.u8, 1.0),
    ],
    "quantiles": [lambda c: f.quantiles(c.u8, 0.5, 0.9), lambda c: f.quantiles(c.dec18, 0.5)],
    "quantile_exact": [lambda c, n=n: f.quantile_exact(getattr(c, n)) for n in ("u8", "f32", "dec18", "dt64")],
    "quantiles_exact": lambda c: f.quantiles_exact(c.dec18, 0.5),
    "quantile_exact_low": lambda c: f.quantile_exact_low(c.u8),
    "quantile_exact_high": lambda c: f.quantile_exact_high(c.dt),
    "quantile_exact_inclusive": lambda c: f.quantile_exact_inclusive(c.u8),
    "quantile_exact_exclusive": lambda c: f.quantile_exact_exclusive(c.f64),
    "quantile_exact_weighted": lambda c: f.quantile_exact_weighted(c.dec18, c.u8),
    "quantile_interpolated_weighted": lambda c: f.quantile_interpolated_weighted(c.u8, c.u8),
    "quantile_tdigest": [lambda c: f.quantile_tdigest(c.u8), lambda c: f.quantile_tdigest(c.dt)],
    "quantiles_tdigest": lambda c: f.quantiles_tdigest(c.u8, 0.5, 0.9),
    "quantile_timing": lambda c: f.quantile_timing(c.u8),
    "quantile_dd": lambda c: f.quantile_dd(c.f64, 0.01),
    "quantile_gk": lambda c: f.quantile_gk(c.u8, 100),
    "median": lambda c: f.median(c.u8),
    "median_exact": lambda c: f.median_exact(c.dec18),
    "var_pop": [lambda c: f.var_pop(c.u8), lambda c: f.var_pop(c.f32), lambda c: f.var_pop(c.dec9)],
    "var_samp": lambda c: f.var_samp(c.u8),
    "stddev_pop": lambda c: f.stddev_pop(c.f32),
    "stddev_samp": lambda c: f.stddev_samp(c.dec9),
    "covar_pop": lambda c: f.covar_pop(c.f32, c.f32),
    "covar_samp": lambda c: f.covar_samp(c.f32, c.u8),
    "corr": lambda c: f.corr(c.u8, c.f64),
    "rank_corr": lambda c: f.rank_corr(c.u8, c.u8),
    "skew_pop": lambda c: f.skew_pop(c.f32),
    "kurt_pop": lambda c: f.kurt_pop(c.dec9),
    "entropy": lambda c: f.entropy(c.s),
    "simple_linear_regression": lambda c: f.simple_linear_regression(c.u8, c.f64),
    "student_t_test": lambda c: f.student_t_test(c.f64, c.u8 % 2),
    "welch_t_test": lambda c: f.welch_t_test(c.f64, c.u8 % 2),
    "mann_whitney_u_test": lambda c: f.mann_whitney_u_test(c.f64, c.u8 % 2),
    "histogram": lambda c: f.histogram(c.u8, 5),
    "window_funnel": lambda c: f.window_funnel(c.dt, c.b, c.s == "a", window=10),
    "retention": lambda c: f.retention(c.b, c.b),
    "sequence_match": lambda c: f.sequence_match("(?1)(?2)", c.dt, c.b, c.s == "a"),
    "sequence_count": lambda c: f.sequence_count("(?1)(?2)", c.dt, c.b, c.s == "a"),
    "delta_sum": [lambda c: f.delta_sum(c.u8), lambda c: f.delta_sum(c.f64)],
    "delta_sum_timestamp": lambda c: f.delta_sum_timestamp(c.u8, c.u32),
    "interval_length_sum": [lambda c: f.interval_length_sum(c.u8, c.u8), lambda c: f.interval_length_sum(c.f64, c.f64)],
    "max_intersections": lambda c: f.max_intersections(c.u8, c.u8),
    "exponential_time_decayed_avg": lambda c: f.exponential_time_decayed_avg(c.f64, c.dt, 10),
    "sparkbar": lambda c: f.sparkbar(c.u8, c.u8, 9),
    "raw_aggregate": lambda c: f.raw_aggregate("varSampStable", c.u8),
}

SCALARS: dict[str, Example | list[Example]] = {
    # arithmetic
    "ratio": [lambda c: f.ratio(c.u8, c.dec9), lambda c: f.ratio(c.n_dec, c.u64)],
    "int_div": [lambda c: f.int_div(c.u8, 2), lambda c: f.int_div(c.dec9, 2), lambda c: f.int_div(c.f64, c.i8)],
    "int_div_or_zero": lambda c: f.int_div_or_zero(c.i8, c.u64),
    "int_div_or_null": lambda c: f.int_div_or_null(c.u8, 2),
    "modulo": [lambda c: f.modulo(c.i8, c.u8), lambda c: f.modulo(c.dec9, 2)],
    "modulo_or_zero": lambda c: f.modulo_or_zero(c.u16, c.u8),
    "positive_modulo": lambda c: f.positive_modulo(c.i8, c.u8),
    "negate": [lambda c: f.negate(c.u8), lambda c: f.negate(c.dec9), lambda c: f.negate(c.f32)],
    "abs": [lambda c: f.abs(c.i8), lambda c: f.abs(c.dec9), lambda c: f.abs(c.f32), lambda c: f.abs(c.u8)],
    "sign": lambda c: f.sign(c.i8),
    "gcd": lambda c: f.gcd(c.u8, c.u16),
    "lcm": lambda c: f.lcm(c.u8, c.u8),
    "multiply_decimal": [
        lambda c: f.multiply_decimal(c.dec9, c.dec18),
        lambda c: f.multiply_decimal(c.dec9, c.dec9, 6),
    ],
    "divide_decimal": [lambda c: f.divide_decimal(c.dec9, c.dec18), lambda c: f.divide_decimal(c.dec9, c.dec9, 6)],
    "round": [
        lambda c: f.round(c.f64, 2),
        lambda c: f.round(c.dec18, 2),
        lambda c: f.round(c.u8),
        lambda c: f.round(c.b),
    ],
    "round_bankers": lambda c: f.round_bankers(c.f64, 1),
    "floor": [lambda c: f.floor(c.f64), lambda c: f.floor(c.dec9, 1)],
    "ceil": lambda c: f.ceil(c.f32),
    "trunc": lambda c: f.trunc(c.dec9),
    "round_down": lambda c: f.round_down(c.u8, [1, 2]),
    "width_bucket": lambda c: f.width_bucket(c.u8, 1, 10, 5),
    "exp": lambda c: f.exp(c.u8),
    "log": lambda c: f.log(c.f64),
    "log2": lambda c: f.log2(c.u8),
    "log10": lambda c: f.log10(c.u8),
    "log1p": lambda c: f.log1p(c.u8),
    "sqrt": lambda c: f.sqrt(c.f32),
    "cbrt": lambda c: f.cbrt(c.u8),
    "pow": lambda c: f.pow(c.u8, 2),
    "sin": lambda c: f.sin(c.f64),
    "cos": lambda c: f.cos(c.f64),
    "atan2": lambda c: f.atan2(c.f64, 1),
    "hypot": lambda c: f.hypot(c.u8, c.u8),
    "pi": lambda c: f.pi(),
    "sigmoid": lambda c: f.sigmoid(c.f64),
    "bit_and": lambda c: f.bit_and(c.u8, c.u16),
    "bit_or": lambda c: f.bit_or(c.u8, 1),
    "bit_xor": lambda c: f.bit_xor(c.i64, c.u8),
    "bit_not": lambda c: f.bit_not(c.u8),
    "bit_shift_left": lambda c: f.bit_shift_left(c.u8, 1),
    "bit_shift_right": lambda c: f.bit_shift_right(c.i64, 1),
    "bit_test": lambda c: f.bit_test(c.u8, 1),
    "random": [lambda c: f.random(), lambda c: f.random("rand64")],
    # conditions
    "if_": [
        lambda c: f.if_(c.b, c.u8, 0),
        lambda c: f.if_(c.b, c.s, None),
        lambda c: f.if_(c.s == "a", c.s, "b"),
        lambda c: f.if_(c.b, c.dec9, c.i32),
        lambda c: f.if_(c.b, c.d, c.dt6z),
        lambda c: f.if_(c.b, c.e8, c.s),
        lambda c: f.if_(c.b, c.n_dec, Decimal("0")),
    ],
    "multi_if": lambda c: f.multi_if(c.b, 1, c.u8 == 1, -1, c.f32),
    "case": [
        lambda c: f.case((c.u8 > 100, "large"), default="small"),
        lambda c: f.case((c.b, c.u16), (c.u8 == 2, 3)),
        lambda c: f.case((c.b, c.dec38), default=Decimal("1.5")),
    ],
    "coalesce": [lambda c: f.coalesce(c.n_s, c.s), lambda c: f.coalesce(c.s, ""), lambda c: f.coalesce(c.n_dec, 0)],
    "if_null": [
        lambda c: f.if_null(c.n_s, ""),
        lambda c: f.if_null(c.s, ""),
        lambda c: f.if_null(c.n_dec, 0),
        lambda c: f.if_null(c.n_dec, Decimal("0")),
    ],
    "null_if": [lambda c: f.null_if(c.s, ""), lambda c: f.null_if(c.dec9, 0)],
    "assume_not_null": lambda c: f.assume_not_null(c.n_s),
    "to_nullable": lambda c: f.to_nullable(c.s),
    "is_null": lambda c: f.is_null(c.n_s),
    "is_not_null": lambda c: f.is_not_null(c.s),
    "is_zero_or_null": lambda c: f.is_zero_or_null(c.u8),
    "greatest": [lambda c: f.greatest(c.u8, c.u8), lambda c: f.greatest(c.n_dec, 0), lambda c: f.greatest(c.d, c.dt)],
    "least": [lambda c: f.least(c.dec9, c.dec18), lambda c: f.least(c.s, "a"), lambda c: f.least(c.dt64, c.dt64)],
    "and_": [lambda c: f.and_(c.b, c.b), lambda c: f.and_(c.u8, c.s == "a", c.b), lambda c: f.and_(c.u8)],
    "or_": lambda c: f.or_(c.b, c.s == "a"),
    "xor": lambda c: f.xor(c.u8, c.u8),
    "not_": [lambda c: f.not_(c.b), lambda c: f.not_(c.s == "a")],
    "like": lambda c: f.like(c.s, "a%"),
    "not_like": lambda c: f.not_like(c.s, "a%"),
    "ilike": lambda c: f.ilike(c.s, "a%"),
    "match": lambda c: f.match(c.s, "a"),
    "transform": [
        lambda c: f.transform(c.s, ["a"], ["b"]),
        lambda c: f.transform(c.s, ["a"], ["b"], "c"),
        lambda c: f.transform(c.s, ["a"], [1], -1),
        lambda c: f.transform(c.u8, [1, 2], [10, 2000]),
    ],
    "if_not_finite": lambda c: f.if_not_finite(c.f64, 0),
    "is_nan": lambda c: f.is_nan(c.f64),
    "is_finite": lambda c: f.is_finite(c.f64),
    "is_infinite": lambda c: f.is_infinite(c.f32),
    # conversion
    "cast": [
        lambda c: f.cast(c.s, t.Int8),
        lambda c: f.cast(c.s, t.Nullable(t.String)),
        lambda c: c.u8.cast(t.Float64),
    ],
    "accurate_cast": lambda c: f.accurate_cast(c.s, t.Int8),
    "accurate_cast_or_null": lambda c: f.accurate_cast_or_null(c.s, t.Int8),
    "accurate_cast_or_default": lambda c: f.accurate_cast_or_default(c.s, t.Int8),
    "to_string": [lambda c: f.to_string(c.d), lambda c: f.to_string(c.dt64, "UTC"), lambda c: f.to_string(c.a_u8)],
    "to_fixed_string": lambda c: f.to_fixed_string(c.s, 8),
    "to_bool": [lambda c: f.to_bool(c.s), lambda c: f.to_bool(c.u8)],
    "to_low_cardinality": lambda c: f.to_low_cardinality(c.s),
    "to_type_name": lambda c: f.to_type_name(c.s),
    **{
        name: (lambda c, name=name: getattr(f, name)(c.s))
        for name in (
            "to_int8 to_int16 to_int32 to_int64 to_int64_or_null to_int64_or_zero to_int32_or_null to_int32_or_zero "
            "to_int128 to_uint8 to_uint16 to_uint32 to_uint64 to_uint8_or_null to_uint32_or_null to_uint64_or_null "
            "to_uint64_or_zero to_float32 to_float64 to_float64_or_null to_float64_or_zero to_uuid to_uuid_or_null "
            "to_uuid_or_zero to_ipv4 to_ipv4_or_null to_ipv6 to_ipv6_or_null to_date_or_null to_date_or_zero to_date32 "
            "to_date32_or_null"
        ).split()
    },
    **{
        name: (lambda c, name=name: getattr(f, name)(c.s, 4))
        for name in (
            "to_decimal32 to_decimal64 to_decimal128 to_decimal256 to_decimal32_or_null to_decimal64_or_null "
            "to_decimal128_or_null to_decimal256_or_null to_decimal64_or_zero to_decimal128_or_zero"
        ).split()
    },
    "to_date": [lambda c: f.to_date(c.s), lambda c: f.to_date(c.dt64, "Europe/Madrid"), lambda c: f.to_date(c.dt)],
    "to_datetime": [
        lambda c: f.to_datetime(c.s),
        lambda c: f.to_datetime(c.d, "UTC"),
        lambda c: f.to_datetime(c.dtz),
        lambda c: f.to_datetime(c.dt6z),
    ],
    "to_datetime_or_null": [lambda c: f.to_datetime_or_null(c.s), lambda c: f.to_datetime_or_null(c.s, "UTC")],
    "to_datetime_or_zero": lambda c: f.to_datetime_or_zero(c.s),
    "to_datetime64": [lambda c: f.to_datetime64(c.s, 3, "UTC"), lambda c: f.to_datetime64(c.dtz, 6)],
    "to_datetime64_or_null": lambda c: f.to_datetime64_or_null(c.s, 3, "UTC"),
    "parse_datetime_best_effort": lambda c: f.parse_datetime_best_effort(c.s, "UTC"),
    "parse_datetime_best_effort_or_null": lambda c: f.parse_datetime_best_effort_or_null(c.s),
    "parse_datetime64_best_effort": lambda c: f.parse_datetime64_best_effort(c.s, 3, "UTC"),
    "parse_datetime64_best_effort_or_null": lambda c: f.parse_datetime64_best_effort_or_null(c.s, 3, "UTC"),
    "parse_datetime": lambda c: f.parse_datetime(c.s, "%Y-%m-%d", "UTC"),
    "parse_datetime_or_null": lambda c: f.parse_datetime_or_null(c.s, "%Y-%m-%d", "UTC"),
    "from_unix_timestamp": lambda c: f.from_unix_timestamp(c.u32, "UTC"),
    "from_unix_timestamp64_milli": lambda c: f.from_unix_timestamp64_milli(c.i64, "UTC"),
    "from_unix_timestamp64_micro": lambda c: f.from_unix_timestamp64_micro(c.i64, "UTC"),
    "to_unix_timestamp": lambda c: f.to_unix_timestamp(c.dt),
    "to_unix_timestamp64_milli": lambda c: f.to_unix_timestamp64_milli(c.dt64),
    "to_unix_timestamp64_micro": lambda c: f.to_unix_timestamp64_micro(c.dt6z),
    **{
        f"to_interval_{unit}": (lambda c, unit=unit: getattr(f, f"to_interval_{unit}")(c.u8))
        for unit in "second minute hour day week month quarter year millisecond".split()
    },
    # dates
    "now": [lambda c: f.now("UTC"), lambda c: f.now()],
    "now64": lambda c: f.now64(6, "UTC"),
    "today": lambda c: f.today(),
    "yesterday": lambda c: f.yesterday(),
    **{
        name: [
            (lambda c, name=name: getattr(f, name)(c.dt64, tz="Europe/Madrid")),
            (lambda c, name=name: getattr(f, name)(c.d)),
            (lambda c, name=name: getattr(f, name)(c.d32)),
        ]
        for name in (
            "to_year to_quarter to_month to_iso_week to_iso_year to_week to_year_week to_day_of_year to_day_of_month "
            "to_day_of_week to_yyyymm to_yyyymmdd to_yyyymmddhhmmss to_monday to_start_of_week to_last_day_of_week "
            "to_start_of_month to_last_day_of_month to_start_of_quarter to_start_of_year to_start_of_iso_year "
            "to_start_of_day"
        ).split()
    },
    **{
        name: [
            (lambda c, name=name: getattr(f, name)(c.dt64, tz="Europe/Madrid")),
            (lambda c, name=name: getattr(f, name)(c.dtz)),
            (lambda c, name=name: getattr(f, name)(c.dt6z)),
        ]
        for name in (
            "to_hour to_minute to_start_of_hour to_start_of_minute to_start_of_five_minutes to_start_of_ten_minutes "
            "to_start_of_fifteen_minutes"
        ).split()
    },
    "to_second": lambda c: f.to_second(c.dt64),
    "to_start_of_second": [lambda c: f.to_start_of_second(c.dt64), lambda c: f.to_start_of_second(c.dt6z, "UTC")],
    "month_name": lambda c: f.month_name(c.d),
    "date_name": lambda c: f.date_name("weekday", c.dt, "UTC"),
    "to_start_of_interval": [
        lambda c: f.to_start_of_interval(c.dt, f.to_interval_hour(6)),
        lambda c: f.to_start_of_interval(c.dt64, f.to_interval_minute(15), "Europe/Madrid"),
        lambda c: f.to_start_of_interval(c.d, f.to_interval_day(2)),
        lambda c: f.to_start_of_interval(c.dtz, f.to_interval_week(1)),
        lambda c: f.to_start_of_interval(c.dt64, f.to_interval_millisecond(10)),
        lambda c: f.to_start_of_interval(c.d32, f.to_interval_month(1)),
    ],
    "date_trunc": [
        *(
            lambda c, unit=unit, n=n: f.date_trunc(unit, getattr(c, n))
            for unit in ("second", "hour", "day", "week", "month", "year")
            for n in ("dt", "dtz", "dt64", "dt6z", "d", "d32")
            if not (unit in ("second", "hour") and n in ("d", "d32"))
        ),
        lambda c: f.date_trunc("day", c.dt, "Europe/Madrid"),
    ],
    **{
        f"{verb}_{unit}": [
            (lambda c, verb=verb, unit=unit, n=n: getattr(f, f"{verb}_{unit}")(getattr(c, n), 1))
            for n in ("d", "d32", "dt", "dtz", "dt64", "dt6z")
        ]
        for verb in ("add", "subtract")
        for unit in "seconds minutes hours days weeks months quarters years".split()
        if (verb, unit) != ("subtract", "quarters")
    },
    "date_diff": [lambda c: f.date_diff("day", c.d, c.dt64), lambda c: f.date_diff("hour", c.dt, c.dt, "UTC")],
    "age": lambda c: f.age("day", c.d, c.dt),
    "make_date": lambda c: f.make_date(c.u16, c.u8, c.u8),
    "format_datetime": lambda c: f.format_datetime(c.dt, "%Y-%m", "UTC"),
    "to_time_zone": [lambda c: f.to_time_zone(c.dt64, "Europe/Madrid"), lambda c: f.to_time_zone(c.dt, "UTC")],
    "time_zone_offset": lambda c: f.time_zone_offset(c.dtz),
    # JSON
    **{
        name: [
            (lambda c, name=name: getattr(f, name)(c.s, "a", "b")),
            (lambda c, name=name: getattr(f, name)(c.n_s, "a", 1)),
            (lambda c, name=name: getattr(f, name)(c.j, "a")),
        ]
        for name in (
            "json_text json_nullable json_decimal json_int json_bool json_time json_array json_strings json_keys "
            "json_pairs json_raw"
        ).split()
    },
    **{
        name: (lambda c, name=name: getattr(f, name)(c.s, "a", "b"))
        for name in (
            "json_extract_string json_extract_int json_extract_uint json_extract_float json_extract_bool "
            "json_extract_raw json_has json_length json_type json_extract_array_raw json_extract_keys "
            "json_extract_keys_and_values_raw"
        ).split()
    },
    "json_extract": [
        lambda c: f.json_extract(c.s, "a", type=t.Int8),
        lambda c: f.json_extract(c.s, "a", type=t.Nullable(t.Float64)),
    ],
    "json_extract_keys_and_values": lambda c: f.json_extract_keys_and_values(c.s, type=t.Int8),
    "json_value": lambda c: f.json_value(c.s, "$.a"),
    "is_valid_json": lambda c: f.is_valid_json(c.s),
    "to_json_string": [lambda c: f.to_json_string(c.m), lambda c: f.to_json_string(c.s)],
    "simple_json_extract_string": lambda c: f.simple_json_extract_string(c.s, "a"),
    "simple_json_extract_int": lambda c: f.simple_json_extract_int(c.s, "a"),
    "simple_json_extract_raw": lambda c: f.simple_json_extract_raw(c.s, "a"),
    "subcolumn": [
        lambda c: f.subcolumn(c.j, "a", "b c", type=t.Int64),
        lambda c: f.subcolumn(c.j, "a", type=t.DateTime64(3)),
        lambda c: f.subcolumn(c.j, "a", type=t.Array(t.Nullable(t.String))),
    ],
    "subcolumn_dynamic": lambda c: f.subcolumn_dynamic(c.j, "a", "b"),
    # arrays
    "array_map": [
        lambda c: f.array_map(lambda x: x + 1, c.a_u8),
        lambda c: f.array_map(lambda x, y: f.concat(x, y), c.a_s, c.a_s),
        lambda c: f.array_map(lambda x: (x, "a"), c.a_u8),
        lambda c: f.array_map(lambda x: x["b"] + c.u16, c.a_t),
        lambda c: f.array_map(lambda x: f.array_map(lambda y: y * 2, x), c.aa),
        lambda c: f.array_map(f.lower, c.a_s),
    ],
    "array_filter": [
        lambda c: f.array_filter(lambda x: x > 1, c.a_u8),
        lambda c: f.array_filter(lambda x, y: y > 1, c.a_s, c.a_u8),
    ],
    "array_exists": lambda c: f.array_exists(lambda x: x == 1, c.a_u8),
    "array_all": lambda c: f.array_all(lambda x: x == 1, c.a_u8),
    "array_count": lambda c: f.array_count(lambda x: x == 1, c.a_u8),
    "array_first": lambda c: f.array_first(lambda x: x > 1, c.a_u8),
    "array_first_or_null": lambda c: f.array_first_or_null(lambda x: x > 1, c.a_u8),
    "array_last": lambda c: f.array_last(lambda x: x != "a", c.a_s),
    "array_first_index": lambda c: f.array_first_index(lambda x: x > 1, c.a_u8),
    "array_last_index": lambda c: f.array_last_index(lambda x: x > 1, c.a_u8),
    "array_fold": lambda c: f.array_fold(lambda a, x: a + x, c.a_u8, f.to_uint64(0)),
    "array_sum": [
        *(lambda c, n=n: f.array_sum(getattr(c, n)) for n in ("a_u8", "a_i", "a_f", "a_dec")),
        lambda c: f.array_sum(c.a_t, lambda x: x["b"] * 2.5),
    ],
    "array_avg": [lambda c: f.array_avg(c.a_u8), lambda c: f.array_avg(c.a_dec, lambda x: x * 2)],
    "array_min": lambda c: f.array_min(c.a_u8),
    "array_max": lambda c: f.array_max(c.a_dec),
    "array_reduce": [lambda c: f.array_reduce("sum", c.a_u8), lambda c: f.array_reduce("uniqExact", c.a_s)],
    "array_sort": [lambda c: f.array_sort(c.a_s), lambda c: f.array_sort(c.a_u8, lambda x: -x)],
    "array_reverse_sort": lambda c: f.array_reverse_sort(c.a_t, lambda x: x["b"]),
    "array_reverse": lambda c: f.array_reverse(c.a_s),
    "array_slice": lambda c: f.array_slice(c.a_s, 1, 2),
    "array_element_or_null": lambda c: f.array_element_or_null(c.a_u8, 1),
    "array_push_back": [lambda c: f.array_push_back(c.a_u8, 1000), lambda c: f.array_push_back(c.a_s, "a")],
    "array_push_front": lambda c: f.array_push_front(c.a_s, "a"),
    "array_pop_back": lambda c: f.array_pop_back(c.a_u8),
    "array_pop_front": lambda c: f.array_pop_front(c.a_u8),
    "array_concat": [lambda c: f.array_concat(c.a_u8, c.a_i), lambda c: f.array_concat(c.a_s, c.a_ns)],
    "array_resize": lambda c: f.array_resize(c.a_u8, 3),
    "array_distinct": lambda c: f.array_distinct(c.a_ns),
    "array_compact": lambda c: f.array_compact(c.a_u8),
    "array_flatten": lambda c: f.array_flatten(c.aa),
    "array_intersect": lambda c: f.array_intersect(c.a_s, c.a_s),
    "array_zip": lambda c: f.array_zip(c.a_s, c.a_u8),
    "array_split": lambda c: f.array_split(lambda x: x == 1, c.a_u8),
    "array_difference": [lambda c, n=n: f.array_difference(getattr(c, n)) for n in ("a_u8", "a_i", "a_f", "a_dec")],
    "array_cum_sum": [lambda c, n=n: f.array_cum_sum(getattr(c, n)) for n in ("a_u8", "a_f", "a_dec")],
    "array": [
        lambda c: f.array(c.u8, -1),
        lambda c: f.array(c.s, c.n_s),
        lambda c: f.array(c.dec9, c.dec18),
        lambda c: f.array(),
    ],
    "range": [lambda c: f.range(10), lambda c: f.range(1, c.u8), lambda c: f.range(c.u64)],
    "array_with_constant": lambda c: f.array_with_constant(3, c.s),
    "array_enumerate": lambda c: f.array_enumerate(c.a_s),
    "array_enumerate_uniq": lambda c: f.array_enumerate_uniq(c.a_s),
    "has": lambda c: f.has(c.a_u8, 1),
    "has_any": lambda c: f.has_any(c.a_u8, [1]),
    "has_all": lambda c: f.has_all(c.a_s, ["a"]),
    "index_of": lambda c: f.index_of(c.a_s, "a"),
    "count_equal": lambda c: f.count_equal(c.a_s, "a"),
    "array_uniq": lambda c: f.array_uniq(c.a_s),
    "array_join": [lambda c: f.array_join(c.a_s), lambda c: f.array_join(c.m)],
    # maps and tuples
    "map_": [lambda c: f.map_("a", c.u8, "b", -1), lambda c: f.map_(c.s, c.u8)],
    "map_from_arrays": lambda c: f.map_from_arrays(c.a_s, c.a_u8),
    "map_keys": lambda c: f.map_keys(c.m),
    "map_values": lambda c: f.map_values(c.mn),
    "map_contains": lambda c: f.map_contains(c.m, "a"),
    "map_filter": lambda c: f.map_filter(lambda k, v: v > 1, c.m),
    "map_apply": lambda c: f.map_apply(lambda k, v: (k, v + 1), c.m),
    "map_exists": lambda c: f.map_exists(lambda k, v: v == 1, c.m),
    "map_all": lambda c: f.map_all(lambda k, v: v == 1, c.m),
    "map_add": lambda c: f.map_add(c.m, c.m),
    "map_subtract": lambda c: f.map_subtract(c.m, c.m),
    "map_update": lambda c: f.map_update(c.ms, c.ms),
    "map_sort": lambda c: f.map_sort(c.m),
    "tuple_": lambda c: f.tuple_(c.u8, c.s),
    "tuple_element": [
        lambda c: f.tuple_element(c.tn, "a"),
        lambda c: f.tuple_element(c.tu, 2),
        lambda c: f.tuple_element(c.a_t, "b"),
    ],
    "tuple_concat": lambda c: f.tuple_concat(c.tn, c.tu),
    # strings
    "concat": [lambda c: f.concat(c.s, "x"), lambda c: f.concat(c.s, c.u8, c.n_s)],
    "concat_with_separator": lambda c: f.concat_with_separator(",", c.s, "x"),
    "format": lambda c: f.format("{}-{}", c.s, "x"),
    "repeat": lambda c: f.repeat(c.s, 2),
    "left_pad": lambda c: f.left_pad(c.s, 5),
    "right_pad": lambda c: f.right_pad(c.s, 5, "x"),
    "reverse": [lambda c: f.reverse(c.s), lambda c: f.reverse(c.a_u8)],
    **{
        name: [(lambda c, name=name: getattr(f, name)(c.s))]
        for name in (
            "lower upper lower_utf8 upper_utf8 initcap trim trim_left trim_right length length_utf8 empty not_empty "
            "to_valid_utf8 is_valid_utf8 split_by_whitespace alpha_tokens tokens hex unhex base64_encode base64_decode "
            "try_base64_decode crc32 md5 sha1 sha256 sha512 is_ipv4_string is_ipv6_string domain domain_without_www "
            "top_level_domain first_significant_subdomain cut_to_first_significant_subdomain protocol netloc port path "
            "path_full query_string fragment query_string_and_fragment extract_url_parameters "
            "extract_url_parameter_names url_hierarchy url_path_hierarchy cut_query_string cut_fragment "
            "cut_query_string_and_fragment cut_www encode_url_component decode_url_component "
            "city_hash64 sip_hash64 xx_hash64 murmur_hash3_64 farm_hash64 half_md5"
        ).split()
    },
    "substring": [lambda c: f.substring(c.s, 1, 2), lambda c: f.substring(c.s, c.u8)],
    "substring_utf8": lambda c: f.substring_utf8(c.s, 1),
    "left": lambda c: f.left(c.s, 2),
    "right": lambda c: f.right(c.s, 2),
    "substring_index": lambda c: f.substring_index(c.s, ",", 1),
    "extract": lambda c: f.extract(c.s, "a"),
    "extract_all": lambda c: f.extract_all(c.s, "a"),
    "extract_groups": lambda c: f.extract_groups(c.s, "(a)"),
    "regexp_extract": lambda c: f.regexp_extract(c.s, "(a)"),
    "replace_one": lambda c: f.replace_one(c.s, "a", "b"),
    "replace_all": lambda c: f.replace_all(c.s, "a", "b"),
    "replace_regexp_one": lambda c: f.replace_regexp_one(c.s, "(a)", r"\1"),
    "replace_regexp_all": lambda c: f.replace_regexp_all(c.s, "(a)", r"\1"),
    "translate": lambda c: f.translate(c.s, "a", "b"),
    "append_trailing_char_if_absent": lambda c: f.append_trailing_char_if_absent(c.s, "/"),
    "starts_with": lambda c: f.starts_with(c.s, "a"),
    "ends_with": lambda c: f.ends_with(c.s, "a"),
    "position": lambda c: f.position(c.s, "a"),
    "position_case_insensitive": lambda c: f.position_case_insensitive(c.s, "a"),
    "count_substrings": lambda c: f.count_substrings(c.s, "a"),
    "count_matches": lambda c: f.count_matches(c.s, "a"),
    "multi_search_any": lambda c: f.multi_search_any(c.s, ["a"]),
    "multi_search_first_index": lambda c: f.multi_search_first_index(c.s, ["a"]),
    "has_token": lambda c: f.has_token(c.s, "a"),
    "edit_distance": lambda c: f.edit_distance(c.s, "a"),
    "split_by_char": lambda c: f.split_by_char(",", c.s),
    "split_by_string": lambda c: f.split_by_string(", ", c.s),
    "split_by_regexp": lambda c: f.split_by_regexp("a", c.s),
    "ngrams": lambda c: f.ngrams(c.s, 2),
    "array_string_concat": [lambda c: f.array_string_concat(c.a_s, ","), lambda c: f.array_string_concat(c.a_ns)],
    # encoding, hashes, addresses, URLs
    "int_hash64": lambda c: f.int_hash64(c.u8),
    "generate_uuid_v4": lambda c: f.generate_uuid_v4(),
    "generate_uuid_v7": lambda c: f.generate_uuid_v7(),
    "ipv4_num_to_string": lambda c: f.ipv4_num_to_string(c.u32),
    "ipv4_to_ipv6": lambda c: f.ipv4_to_ipv6(c.ip4),
    "is_ip_address_in_range": [
        lambda c: f.is_ip_address_in_range(c.s, "10.0.0.0/8"),
        lambda c: f.is_ip_address_in_range(c.ip4, "10.0.0.0/8"),
    ],
    "extract_url_parameter": lambda c: f.extract_url_parameter(c.s, "a"),
    "cut_url_parameter": lambda c: f.cut_url_parameter(c.s, "a"),
    # other
    "raw": lambda c: f.raw("soundex", c.u8.cast(t.String), type=t.String),
    "finalize_aggregation": lambda c: f.finalize_aggregation(f.bitmap_build(c.a_u8), t.UInt8),
    "materialize": lambda c: f.materialize(c.s),
    "throw_if": lambda c: f.throw_if(c.b, "no"),
    "row_number_in_all_blocks": lambda c: f.row_number_in_all_blocks(),
    "generate_snowflake_id": lambda c: f.generate_snowflake_id(),
    "current_database": lambda c: f.current_database(),
    "current_user": lambda c: f.current_user(),
    "host_name": lambda c: f.host_name(),
    "version": lambda c: f.version(),
    "byte_size": lambda c: f.byte_size(c.s, c.u8),
    "format_readable_size": lambda c: f.format_readable_size(c.u64),
    "format_readable_quantity": lambda c: f.format_readable_quantity(c.f64),
    "format_readable_time_delta": lambda c: f.format_readable_time_delta(c.u64),
    "bar": lambda c: f.bar(c.u8, 0, 10, 10),
    "geo_distance": lambda c: f.geo_distance(c.f64, c.f64, c.f64, c.f64),
    "great_circle_distance": lambda c: f.great_circle_distance(c.f64, c.f64, c.f64, c.f64),
    "bitmap_build": lambda c: f.bitmap_build(c.a_u8),
    "bitmap_cardinality": lambda c: f.bitmap_cardinality(f.bitmap_build(c.a_u8)),
    "bitmap_and_cardinality": lambda c: f.bitmap_and_cardinality(f.bitmap_build(c.a_u8), f.bitmap_build(c.a_u8)),
    "bitmap_or_cardinality": lambda c: f.bitmap_or_cardinality(f.bitmap_build(c.a_u8), f.bitmap_build(c.a_u8)),
    "bitmap_contains": lambda c: f.bitmap_contains(f.bitmap_build(c.a_u8), f.to_uint8(1)),
}

WINDOWS: dict[str, Example | list[Example]] = {
    "row_number": lambda c: f.row_number().over(partition_by=c.s, order_by=c.d),
    "rank": lambda c: f.rank().over(order_by=c.d.desc()),
    "dense_rank": lambda c: f.dense_rank().over(order_by=c.d),
    "percent_rank": lambda c: f.percent_rank().over(order_by=c.d),
    "cume_dist": lambda c: f.cume_dist().over(order_by=c.d),
    "ntile": lambda c: f.ntile(4).over(order_by=c.d),
    "lag_in_frame": [
        lambda c: f.lag_in_frame(c.s).over(order_by=c.d),
        lambda c: f.lag_in_frame(c.u8, 2, 0).over(order_by=c.d),
    ],
    "lead_in_frame": lambda c: f.lead_in_frame(c.u8).over(
        order_by=c.d, frame="ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    ),
    "lag": lambda c: f.lag(c.s).over(partition_by=c.s, order_by=c.d),
    "lead": lambda c: f.lead(c.dt64).over(order_by=c.d),
    "nth_value": lambda c: f.nth_value(c.s, 2).over(order_by=c.d),
    "sum": lambda c: f.sum(c.dec9).over(partition_by=(c.s, c.d)),
    "first_value": lambda c: f.first_value(c.s).over(order_by=(c.d, c.u8.desc())),
}

# These read objects on the server; test_functions.py creates them.
LOOK_UPS = ("dict_get", "dict_get_or_default", "dict_get_or_null", "dict_has", "join_get", "join_get_or_null")


def flat(catalogue: dict[str, Example | list[Example]]) -> list[tuple[str, Example]]:
    """The examples one by one, each with the name of its function."""
    return [
        (name, example)
        for name, examples in catalogue.items()
        for example in (examples if isinstance(examples, list) else [examples])
    ]


ROWS = 40


def insert_rows(table: str) -> str:
    """Fill the plain table with rows that differ, repeat and order in every column."""
    values = {
        "u8": "number % 7",
        "u16": "number * 37 % 101",
        "u32": "number * 7 % 50",
        "u64": "number % 13 * 1000000007",
        "i8": "toInt8(number % 11) - 5",
        "i32": "toInt32(number) - 20",
        "i64": "toInt64(number * number) - 100",
        "f32": "number / 4",
        "f64": "sqrt(number)",
        "b": "number % 3 = 0",
        "d": "toDate('2026-03-01') + number % 20",
        "d32": "toDate32('2026-03-01') + number % 20",
        "dt": "toDateTime('2026-03-01 00:00:00', 'UTC') + number * 7200",
        "dtz": "toDateTime('2026-03-01 00:00:00', 'UTC') + number * 7200",
        "dt64": "toDateTime64('2026-03-01 00:00:00.123', 3, 'UTC') + number * 7200",
        "dt6z": "toDateTime64('2026-03-01 00:00:00.123', 6, 'UTC') + number * 7200",
        "s": "concat('v', toString(number % 5))",
        "fs": "toFixedString('ab', 4)",
        "e8": "if(number % 2 = 0, 'a', 'b')",
        "dec9": "toDecimal32(number / 8, 2)",
        "dec18": "toDecimal64(number / 8, 4)",
        "dec38": "toDecimal128(number / 8, 6)",
        "n_s": "if(number % 4 = 0, NULL, concat('n', toString(number % 6)))",
        "n_u8": "if(number % 4 = 0, NULL, number % 9)",
        "n_f64": "if(number % 4 = 0, NULL, number / 3)",
        "n_dec": "if(number % 4 = 0, NULL, toDecimal128(number / 16, 4))",
        "a_u8": "arrayMap(x -> x % 7, range(number % 4))",
        "a_i": "arrayMap(x -> toInt64(x) - 2, range(number % 4))",
        "a_f": "arrayMap(x -> x / 4, range(number % 4))",
        "a_s": "arrayMap(x -> toString(x), range(number % 4))",
        "a_dec": "arrayMap(x -> toDecimal64(x, 4), range(number % 4))",
        "a_ns": "['a', NULL]",
        "m": "map(concat('k', toString(number % 3)), number % 5)",
        "mn": "map(concat('k', toString(number % 3)), number / 4)",
        "tn": "(toString(number % 3), number % 5)",
    }
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM numbers({ROWS})"


MOMENT = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
