"""The names of ClickHouse's aggregate functions and of their combinators, as of 26.9.

From ``system.functions`` and ``system.aggregate_function_combinators``; ``tests/test_types.py`` compares
them with the engine. A newer server may have more, so text that comes from a server is not held to them.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Written in any letter case.
ANY_CASE = _words("""
    analysisOfVariance approx_top_k approx_top_sum avg corr count kolmogorovSmirnovTest lag lead max min
    nth_value ntile rank regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
    regr_syy row_number sum
""")

# Written exactly so.
EXACT_CASE = _words("""
    MVTEncode aggThrow any anyHeavy anyLast anyLast_respect_nulls any_respect_nulls argAndMax argAndMin argMax
    argMin avgWeighted boundingRatio categoricalInformationValue contingency corrMatrix corrStable covarPop
    covarPopMatrix covarPopStable covarSamp covarSampMatrix covarSampStable cramersV cramersVBiasCorrected
    cume_dist deltaSum deltaSumTimestamp denseRank distinctDynamicTypes distinctJSONPaths
    distinctJSONPathsAndTypes entropy estimateCompressionRatio exponentialMovingAverage
    exponentialTimeDecayedAvg exponentialTimeDecayedCount exponentialTimeDecayedMax exponentialTimeDecayedSum
    flameGraph gini groupArray groupArrayInsertAt groupArrayIntersect groupArrayLast groupArrayMovingAvg
    groupArrayMovingSum groupArraySample groupArraySorted groupBitAnd groupBitOr groupBitXor groupBitmap
    groupBitmapAnd groupBitmapOr groupBitmapXor groupConcat groupFormat groupNumericIndexedVector groupUniqArray
    hierarchicalKMeans histogram intervalLengthSum kurtPop kurtSamp lagInFrame largestTriangleThreeBuckets
    leadInFrame mannWhitneyUTest maxIntersections maxIntersectionsPosition maxMappedArrays meanZTest
    mergedJSONPatch minMappedArrays nonNegativeDerivative nothing nothingNull nothingUInt64 percentRank quantile
    quantileBFloat16 quantileBFloat16Weighted quantileDD quantileDeterministic quantileExact
    quantileExactExclusive quantileExactHigh quantileExactInclusive quantileExactLow quantileExactWeighted
    quantileExactWeightedInterpolated quantileGK quantileInterpolatedWeighted quantilePrometheusHistogram
    quantileTDigest quantileTDigestWeighted quantileTiming quantileTimingWeighted quantiles quantilesBFloat16
    quantilesBFloat16Weighted quantilesDD quantilesDeterministic quantilesExact quantilesExactExclusive
    quantilesExactHigh quantilesExactInclusive quantilesExactLow quantilesExactWeighted
    quantilesExactWeightedInterpolated quantilesGK quantilesInterpolatedWeighted quantilesPrometheusHistogram
    quantilesTDigest quantilesTDigestWeighted quantilesTiming quantilesTimingWeighted rankCorr retention
    sequenceCount sequenceMatch sequenceMatchEvents sequenceNextNode simpleLinearRegression singleValueOrNull
    skewPop skewSamp sparkbar stddevPop stddevPopStable stddevSamp stddevSampStable stochasticLinearRegression
    stochasticLogisticRegression studentTTest studentTTestOneSample sumCount sumKahan sumMapFiltered
    sumMapFilteredWithOverflow sumMapWithOverflow sumMappedArrays sumWithOverflow theilsU timeSeriesAvgToGrid
    timeSeriesBottomKMasks timeSeriesChangesToGrid timeSeriesCountToGrid timeSeriesDeltaToGrid
    timeSeriesDerivToGrid timeSeriesGroupArray timeSeriesIncreaseToGrid timeSeriesInstantDeltaToGrid
    timeSeriesInstantRateToGrid timeSeriesLastTwoSamples timeSeriesLimitKMasks timeSeriesMaxToGrid
    timeSeriesMinToGrid timeSeriesPredictLinearToGrid timeSeriesRateToGrid timeSeriesResampleToGridWithStaleness
    timeSeriesResetsToGrid timeSeriesSumToGrid timeSeriesTimestampOfMaxToGrid timeSeriesTimestampOfMinToGrid
    timeSeriesTopKMasks topK topKWeighted uniq uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqUpTo varPop
    varPopStable varSamp varSampStable welchTTest windowFunnel
""")

# alias = the name that the server prints for it
ALIASES = dict(
    pair.split("=")
    for pair in _words("""
    BIT_AND=groupBitAnd BIT_OR=groupBitOr BIT_XOR=groupBitXor COVAR_POP=covarPop COVAR_SAMP=covarSamp
    STD=stddevPop STDDEV=stddevSamp STDDEV_POP=stddevPop STDDEV_SAMP=stddevSamp ST_AsMVT=MVTEncode
    VAR_POP=varPop VAR_SAMP=varSamp anova=analysisOfVariance anyLastRespectNulls=anyLast_respect_nulls
    anyRespectNulls=any_respect_nulls anyValueRespectNulls=any_respect_nulls any_value=any
    any_value_respect_nulls=any_respect_nulls approx_top_count=approx_top_k array_agg=groupArray
    array_concat_agg=groupArrayArray dense_rank=denseRank firstValueRespectNulls=any_respect_nulls
    first_value=any first_value_respect_nulls=any_respect_nulls group_concat=groupConcat
    lastValueRespectNulls=anyLast_respect_nulls last_value=anyLast
    last_value_respect_nulls=anyLast_respect_nulls lttb=largestTriangleThreeBuckets max_by=argMax
    median=quantile medianBFloat16=quantileBFloat16 medianBFloat16Weighted=quantileBFloat16Weighted
    medianDD=quantileDD medianDeterministic=quantileDeterministic medianExact=quantileExact
    medianExactHigh=quantileExactHigh medianExactLow=quantileExactLow medianExactWeighted=quantileExactWeighted
    medianExactWeightedInterpolated=quantileExactWeightedInterpolated medianGK=quantileGK
    medianInterpolatedWeighted=quantileInterpolatedWeighted medianTDigest=quantileTDigest
    medianTDigestWeighted=quantileTDigestWeighted medianTiming=quantileTiming
    medianTimingWeighted=quantileTimingWeighted min_by=argMin percent_rank=percentRank sparkBar=sparkbar
    string_agg=groupConcat timeSeriesLastToGrid=timeSeriesResampleToGridWithStaleness sumMappedArrays=sumMap
    minMappedArrays=minMap maxMappedArrays=maxMap
""")
)

ALIASES_ANY_CASE = _words("""
    BIT_AND BIT_OR BIT_XOR COVAR_POP COVAR_SAMP STD STDDEV STDDEV_POP STDDEV_SAMP VAR_POP VAR_SAMP anova
    any_value any_value_respect_nulls approx_top_count array_agg array_concat_agg dense_rank first_value
    first_value_respect_nulls group_concat last_value last_value_respect_nulls max_by min_by percent_rank
    string_agg
""")

# A suffix that makes another aggregate of an aggregate, in the order of `system.aggregate_function_combinators`.
COMBINATORS = (
    "ArgMax",
    "ArgMin",
    "Array",
    "Distinct",
    "ForEach",
    "If",
    "Map",
    "Merge",
    "Null",
    "OrDefault",
    "OrNull",
    "Resample",
    "SimpleState",
    "State",
    "Tuple",
)

# Functions of ClickHouse that chDB is built without.
NOT_EMBEDDED = frozenset({"uniqTheta"})
