"""What Tilla knows of each aggregate function: its result type, its stored state, and how it takes repeated rows.

One line of :data:`AGGREGATES` per function. The result types hold for ClickHouse 26.9 and are compared with
``DESCRIBE`` on the engine by the tests, as are the claims about repeated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from tilla.expressions.rules import DATE, FLOAT32, FLOAT64, NULL, STRING, UINT8, UINT64, Type, nullable, number
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NullableType, TupleType
from tilla.types.rules import sum_type
from tilla.types.scalars import DecimalType, FloatType, IntegerType
from tilla.types.temporal import DateTime64Type, DateTimeType

Result = Callable[..., "Type | None"]  # (parameters, *argument types) -> the result, or None when unknown


@attrs.frozen
class Spec:
    """One aggregate function.

    ``idempotent``: a row delivered twice does not change the result. ``unordered``: the result depends on the
    multiset of values alone, so ``-Distinct`` makes it idempotent.
    ``never_null``: Nullable arguments do not make the result Nullable. ``simple``: the function that merges finished values, where SimpleAggregateFunction allows it.
    """

    result: Result
    idempotent: bool = False
    unordered: bool = False
    never_null: bool = False
    simple: str = ""


# --- result types, by family ---


def same(parameters: Sequence[object], first: Type, *rest: Type) -> Type | None:
    """The type of the first argument: of functions that give one of their values back."""
    return first


def _always(type: Type) -> Result:
    return lambda parameters, *types: type


def _sum(parameters: Sequence[object], value: Type) -> Type | None:
    return sum_type(value)


def _sum_same_width(parameters: Sequence[object], value: Type) -> Type | None:
    return value if isinstance(value, DecimalType) else number(value)


def _delta(parameters: Sequence[object], value: Type, *time: Type) -> Type | None:
    return _sum_same_width(parameters, value)


def _is_moment(value: Type) -> bool:
    return value == DATE or isinstance(value, DateTimeType | DateTime64Type)


def _avg(parameters: Sequence[object], value: Type) -> Type | None:
    if number(value) is not None or isinstance(value, DecimalType):
        return FLOAT64
    return value if _is_moment(value) else None


def _floats(parameters: Sequence[object], *values: Type) -> Type | None:
    """Statistics: Float32 where every argument is Float32, else Float64."""
    if any(number(value) is None and not isinstance(value, DecimalType) for value in values):
        return None
    return FLOAT32 if all(value == FLOAT32 for value in values) else FLOAT64


def _float64(parameters: Sequence[object], *values: Type) -> Type | None:
    return FLOAT64 if all(number(v) is not None or isinstance(v, DecimalType) for v in values) else None


def _weighted(parameters: Sequence[object], *values: Type) -> Type | None:
    return FLOAT64 if all(number(value) is not None for value in values) else None


def _bits(parameters: Sequence[object], value: Type) -> Type | None:
    found = number(value)
    return found if isinstance(found, IntegerType) else None


def _array(parameters: Sequence[object], value: Type, *rest: Type) -> Type | None:
    return ArrayType(value)


def _moving(of: Result) -> Result:
    def result(parameters: Sequence[object], value: Type) -> Type | None:
        found = _sum(parameters, value) if of is _avg and isinstance(value, DecimalType) else of(parameters, value)
        return ArrayType(found) if found is not None else None

    return result


def _quantile(numbers: Type | None, *, decimals: bool = True, moments: bool = True) -> Result:
    """A quantile: of numbers ``numbers`` (None: their own type), of decimals and moments their own type."""

    def result(parameters: Sequence[object], value: Type, *weight: Type) -> Type | None:
        found = number(value)
        if found is not None and str(found) != "BFloat16":
            return numbers if numbers is not None else value
        if isinstance(value, DecimalType):
            return value if decimals else None
        return value if moments and _is_moment(value) else None

    return result


def _many(one: Result) -> Result:
    def result(parameters: Sequence[object], *types: Type) -> Type | None:
        found = one(parameters, *types)
        return ArrayType(found) if found is not None else None

    return result


def _or_null(parameters: Sequence[object], value: Type) -> Type | None:
    return nullable(value)


def _top(parameters: Sequence[object], value: Type, *weight: Type) -> Type | None:
    if "counts" in parameters:
        return _counted(parameters, value)
    return ArrayType(value)


def _counted(parameters: Sequence[object], value: Type, *weight: Type) -> Type | None:
    return ArrayType(TupleType((value, UINT64, UINT64), ("item", "count", "error")))


def _sum_count(parameters: Sequence[object], value: Type) -> Type | None:
    total = _sum(parameters, value)
    return TupleType((total, UINT64)) if total is not None else None


def _mapped_arrays(of: Result) -> Result:
    def result(parameters: Sequence[object], keys: Type, *values: Type) -> Type | None:
        if not values or not all(isinstance(array, ArrayType) for array in (keys, *values)):
            return None
        found = [of(parameters, array.element.without_nullable()) for array in values if isinstance(array, ArrayType)]
        kept = [ArrayType(type) for type in found if type is not None]
        return TupleType((keys, *kept)) if len(kept) == len(values) else None

    return result


def _interval_length(parameters: Sequence[object], start: Type, end: Type) -> Type | None:
    floating = any(isinstance(type, FloatType) for type in (start, end))
    return FLOAT64 if floating else UINT64


def _pair(*names: str) -> Result:
    return lambda parameters, *types: TupleType((FLOAT64,) * len(names), names)


def _both(parameters: Sequence[object], value: Type, by: Type) -> Type | None:
    return TupleType((value, by))


def _triangle(parameters: Sequence[object], x: Type, y: Type) -> Type | None:
    return ArrayType(TupleType((x, y))) if (number(x) is None) else ArrayType(TupleType((FLOAT64, FLOAT64)))


_UINT64, _FLOAT64, _STRING = _always(UINT64), _always(FLOAT64), _always(STRING)
_QUANTILE, _EXACT, _DIGEST = _quantile(FLOAT64), _quantile(None), _quantile(FLOAT32, decimals=False)
_NUMBERS = _quantile(FLOAT64, decimals=False)

AGGREGATES: dict[str, Spec] = {
    # counting
    "count": Spec(_UINT64, unordered=True, never_null=True, simple="sum"),
    "uniq": Spec(_UINT64, idempotent=True, never_null=True),
    "uniqExact": Spec(_UINT64, idempotent=True, never_null=True),
    "uniqCombined": Spec(_UINT64, idempotent=True),
    "uniqCombined64": Spec(_UINT64, idempotent=True),
    "uniqHLL12": Spec(_UINT64, idempotent=True, never_null=True),
    "uniqUpTo": Spec(_UINT64, idempotent=True, never_null=True),
    "groupBitmap": Spec(_bits, idempotent=True),
    # sums and averages
    "sum": Spec(_sum, unordered=True, simple="sum"),
    "sumWithOverflow": Spec(_sum_same_width, unordered=True, simple="sumWithOverflow"),
    "sumKahan": Spec(_float64, unordered=True),
    "sumCount": Spec(_sum_count, unordered=True, never_null=True),
    "avg": Spec(_avg, unordered=True),
    "avgWeighted": Spec(_weighted),
    # extremes and single values
    "min": Spec(same, idempotent=True, simple="min"),
    "max": Spec(same, idempotent=True, simple="max"),
    "argMin": Spec(same, idempotent=True),
    "argMax": Spec(same, idempotent=True),
    "argAndMin": Spec(_both, idempotent=True),
    "argAndMax": Spec(_both, idempotent=True),
    "any": Spec(same, simple="any"),
    "anyLast": Spec(same, simple="anyLast"),
    "any_respect_nulls": Spec(same, simple="any_respect_nulls"),
    "anyLast_respect_nulls": Spec(same, simple="anyLast_respect_nulls"),
    "first_value": Spec(same, simple="any"),
    "last_value": Spec(same, simple="anyLast"),
    "anyHeavy": Spec(same),
    "singleValueOrNull": Spec(_or_null, idempotent=True),
    # bits
    "groupBitAnd": Spec(_bits, idempotent=True, simple="groupBitAnd"),
    "groupBitOr": Spec(_bits, idempotent=True, simple="groupBitOr"),
    "groupBitXor": Spec(_bits, unordered=True, simple="groupBitXor"),
    # arrays and text
    "groupArray": Spec(_array, simple="groupArrayArray"),
    "groupUniqArray": Spec(_array, idempotent=True, simple="groupUniqArrayArray"),
    "groupArrayLast": Spec(_array),
    "groupArraySorted": Spec(_array),
    "groupArraySample": Spec(_array),
    "groupArrayInsertAt": Spec(_array),
    "groupArrayMovingSum": Spec(_moving(_sum)),
    "groupArrayMovingAvg": Spec(_moving(_avg)),
    "groupArrayIntersect": Spec(same, idempotent=True),
    "groupConcat": Spec(_STRING),
    "topK": Spec(_top),
    "topKWeighted": Spec(_top),
    "approx_top_k": Spec(_counted),
    "approx_top_sum": Spec(_counted),
    # maps of sums, as two arrays
    "sumMappedArrays": Spec(_mapped_arrays(_sum)),
    "minMappedArrays": Spec(_mapped_arrays(same), idempotent=True),
    "maxMappedArrays": Spec(_mapped_arrays(same), idempotent=True),
    # quantiles
    "quantile": Spec(_QUANTILE),
    "quantiles": Spec(_many(_QUANTILE)),
    "quantileExact": Spec(_EXACT, unordered=True),
    "quantilesExact": Spec(_many(_EXACT), unordered=True),
    "quantileExactLow": Spec(_EXACT, unordered=True),
    "quantileExactHigh": Spec(_EXACT, unordered=True),
    "quantileExactInclusive": Spec(_quantile(FLOAT64, decimals=False, moments=False), unordered=True),
    "quantileExactExclusive": Spec(_quantile(FLOAT64, decimals=False, moments=False), unordered=True),
    "quantileExactWeighted": Spec(_EXACT),
    "quantileInterpolatedWeighted": Spec(_EXACT),
    "quantileTDigest": Spec(_DIGEST),
    "quantilesTDigest": Spec(_many(_DIGEST)),
    "quantileTDigestWeighted": Spec(_DIGEST),
    "quantileTiming": Spec(_quantile(FLOAT32, decimals=False, moments=False)),
    "quantilesTiming": Spec(_many(_quantile(FLOAT32, decimals=False, moments=False))),
    "quantileBFloat16": Spec(_NUMBERS),
    "quantileDD": Spec(_NUMBERS),
    "quantileGK": Spec(_EXACT),
    "median": Spec(_QUANTILE),
    "medianExact": Spec(_EXACT, unordered=True),
    "medianTDigest": Spec(_DIGEST),
    # statistics
    "varPop": Spec(_floats, unordered=True),
    "varSamp": Spec(_floats, unordered=True),
    "stddevPop": Spec(_floats, unordered=True),
    "stddevSamp": Spec(_floats, unordered=True),
    "varPopStable": Spec(_float64, unordered=True),
    "varSampStable": Spec(_float64, unordered=True),
    "stddevPopStable": Spec(_float64, unordered=True),
    "stddevSampStable": Spec(_float64, unordered=True),
    "covarPop": Spec(_floats),
    "covarSamp": Spec(_floats),
    "corr": Spec(_floats),
    "skewPop": Spec(_floats, unordered=True),
    "skewSamp": Spec(_floats, unordered=True),
    "kurtPop": Spec(_floats, unordered=True),
    "kurtSamp": Spec(_floats, unordered=True),
    "rankCorr": Spec(_FLOAT64),
    "entropy": Spec(_FLOAT64),
    "boundingRatio": Spec(_FLOAT64),
    "simpleLinearRegression": Spec(_pair("k", "b")),
    "studentTTest": Spec(_pair("t_statistic", "p_value")),
    "welchTTest": Spec(_pair("t_statistic", "p_value")),
    "mannWhitneyUTest": Spec(_pair("u_statistic", "p_value")),
    "histogram": Spec(_always(ArrayType(TupleType((FLOAT64,) * 3)))),
    "cramersV": Spec(_FLOAT64),
    "theilsU": Spec(_FLOAT64),
    # sequences of events
    "windowFunnel": Spec(_always(UINT8)),
    "retention": Spec(_always(ArrayType(UINT8)), idempotent=True),
    "sequenceMatch": Spec(_always(UINT8)),
    "sequenceCount": Spec(_UINT64),
    "deltaSum": Spec(_sum_same_width, never_null=True),
    "deltaSumTimestamp": Spec(_delta, never_null=True),
    "intervalLengthSum": Spec(_interval_length, idempotent=True, never_null=True),
    "maxIntersections": Spec(_UINT64),
    "maxIntersectionsPosition": Spec(same),
    "exponentialMovingAverage": Spec(_FLOAT64),
    "exponentialTimeDecayedAvg": Spec(_FLOAT64),
    "sparkbar": Spec(_STRING),
    "largestTriangleThreeBuckets": Spec(_triangle),
}

# Suffixes that take one more argument, behind the others.
EXTRA_ARGUMENT = frozenset({"If", "ArgMin", "ArgMax", "Resample"})


def without_dictionaries(type: Type) -> Type:
    """Return the type without LowCardinality at any depth: what an aggregate function sees."""
    if isinstance(type, LowCardinalityType):
        return without_dictionaries(type.inner)
    if isinstance(type, ArrayType):
        return ArrayType(without_dictionaries(type.element))
    if isinstance(type, MapType):
        return MapType(without_dictionaries(type.key), without_dictionaries(type.value))
    if isinstance(type, TupleType):
        return TupleType(tuple(without_dictionaries(item) for item in type.elements), type.names)
    if isinstance(type, NullableType):
        return NullableType(without_dictionaries(type.inner))
    return type


def result(
    function: str,
    suffixes: Sequence[str],
    parameters: Sequence[object],
    types: Sequence[Type | None],
    merged: Type | None = None,
) -> Type | None:
    """Return what an aggregate call gives, or None when Tilla does not know it.

    ``merged`` is what the states of a ``-Merge`` finish to.
    """
    if "Merge" not in suffixes and (function not in AGGREGATES or None in types or NULL in types):
        return None
    known = [without_dictionaries(type) for type in types if type is not None]
    return _level(function, list(suffixes), parameters, known, merged)


def _level(
    function: str, suffixes: list[str], parameters: Sequence[object], types: list[Type], merged: Type | None
) -> Type | None:
    """Take the last suffix off, with the Nullable of this level; a NULL condition is false and adds none."""
    if suffixes and suffixes[-1] == "Merge":
        return merged
    found = _suffixed(function, suffixes, parameters, [type.without_nullable() for type in types], merged)
    if found is None:
        return None
    counted = types[:-1] if suffixes and suffixes[-1] == "If" else types
    if not any(type.nullable for type in counted):
        return found
    if suffixes and (isinstance(found, TupleType) or function == "intervalLengthSum"):
        return None  # 26.9 follows no one rule here
    never = function in AGGREGATES and AGGREGATES[function].never_null
    return found if never else nullable(found) or found


def _suffixed(
    function: str, suffixes: list[str], parameters: Sequence[object], types: list[Type], merged: Type | None
) -> Type | None:
    if not suffixes:
        try:
            return AGGREGATES[function].result(parameters, *types)
        except TypeError:  # another number of arguments than the function has
            return None
    *rest, last = suffixes
    if last in ("ForEach", "Array"):
        inner = [type.element for type in types if isinstance(type, ArrayType)]
        found = _level(function, rest, parameters, inner, merged) if len(inner) == len(types) else None
        return ArrayType(found) if found is not None and last == "ForEach" else found
    if last == "Map":
        if len(types) != 1 or not isinstance(types[0], MapType):
            return None
        found = _level(function, rest, parameters, [types[0].value], merged)
        return MapType(types[0].key, found) if found is not None else None
    if last in EXTRA_ARGUMENT:
        own = parameters[:-3] if last == "Resample" else parameters
        found = _level(function, rest, own, types[:-1], merged)
        return ArrayType(found) if found is not None and last == "Resample" else found
    found = _level(function, rest, parameters, types, merged)
    return (nullable(found) or found) if found is not None and last == "OrNull" else found
