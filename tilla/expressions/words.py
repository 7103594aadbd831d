"""Words of ClickHouse that the reader of hand-written SQL has to know.

The lists come from ``system.functions``, ``system.table_functions``, ``system.keywords`` and from trying every
keyword in every place on ClickHouse 26.9; `tests/test_scan.py` compares them with the engine at hand. All names are
folded to lower case, keywords to capitals.
"""

from __future__ import annotations

from functools import cache


def listed(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


AGGREGATES = listed(
    """
    aggthrow analysisofvariance anova any any_respect_nulls any_value any_value_respect_nulls anyheavy
    anylast anylast_respect_nulls anylastrespectnulls anyrespectnulls anyvaluerespectnulls
    approx_top_count approx_top_k approx_top_sum argandmax argandmin argmax argmin array_agg
    array_concat_agg avg avgweighted bit_and bit_or bit_xor boundingratio categoricalinformationvalue
    contingency corr corrmatrix corrstable count covar_pop covar_samp covarpop covarpopmatrix
    covarpopstable covarsamp covarsampmatrix covarsampstable cramersv cramersvbiascorrected cume_dist
    deltasum deltasumtimestamp dense_rank denserank distinctdynamictypes distinctjsonpaths
    distinctjsonpathsandtypes entropy estimatecompressionratio exponentialmovingaverage
    exponentialtimedecayedavg exponentialtimedecayedcount exponentialtimedecayedmax
    exponentialtimedecayedsum first_value first_value_respect_nulls firstvaluerespectnulls flamegraph
    gini group_concat grouparray grouparrayarray grouparrayinsertat grouparrayintersect grouparraylast
    grouparraymovingavg grouparraymovingsum grouparraysample grouparraysorted groupbitand groupbitmap
    groupbitmapand groupbitmapor groupbitmapxor groupbitor groupbitxor groupconcat groupformat
    groupnumericindexedvector groupuniqarray hierarchicalkmeans histogram intervallengthsum
    kolmogorovsmirnovtest kurtpop kurtsamp lag laginframe largesttrianglethreebuckets last_value
    last_value_respect_nulls lastvaluerespectnulls lead leadinframe lttb mannwhitneyutest max max_by
    maxintersections maxintersectionsposition maxmappedarrays meanztest median medianbfloat16
    medianbfloat16weighted mediandd mediandeterministic medianexact medianexacthigh medianexactlow
    medianexactweighted medianexactweightedinterpolated mediangk medianinterpolatedweighted
    mediantdigest mediantdigestweighted mediantiming mediantimingweighted mergedjsonpatch min min_by
    minmappedarrays mvtencode nonnegativederivative nothing nothingnull nothinguint64 nth_value ntile
    percent_rank percentrank quantile quantilebfloat16 quantilebfloat16weighted quantiledd
    quantiledeterministic quantileexact quantileexactexclusive quantileexacthigh quantileexactinclusive
    quantileexactlow quantileexactweighted quantileexactweightedinterpolated quantilegk
    quantileinterpolatedweighted quantileprometheushistogram quantiles quantilesbfloat16
    quantilesbfloat16weighted quantilesdd quantilesdeterministic quantilesexact quantilesexactexclusive
    quantilesexacthigh quantilesexactinclusive quantilesexactlow quantilesexactweighted
    quantilesexactweightedinterpolated quantilesgk quantilesinterpolatedweighted
    quantilesprometheushistogram quantilestdigest quantilestdigestweighted quantilestiming
    quantilestimingweighted quantiletdigest quantiletdigestweighted quantiletiming
    quantiletimingweighted rank rankcorr regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy retention row_number sequencecount sequencematch
    sequencematchevents sequencenextnode simplelinearregression singlevalueornull skewpop skewsamp
    sparkbar st_asmvt std stddev stddev_pop stddev_samp stddevpop stddevpopstable stddevsamp
    stddevsampstable stochasticlinearregression stochasticlogisticregression string_agg studentttest
    studentttestonesample sum sumcount sumkahan summapfiltered summapfilteredwithoverflow
    summappedarrays summapwithoverflow sumwithoverflow theilsu timeseriesavgtogrid
    timeseriesbottomkmasks timeserieschangestogrid timeseriescounttogrid timeseriesdeltatogrid
    timeseriesderivtogrid timeseriesgrouparray timeseriesincreasetogrid timeseriesinstantdeltatogrid
    timeseriesinstantratetogrid timeserieslasttogrid timeserieslasttwosamples timeserieslimitkmasks
    timeseriesmaxtogrid timeseriesmintogrid timeseriespredictlineartogrid timeseriesratetogrid
    timeseriesresampletogridwithstaleness timeseriesresetstogrid timeseriessumtogrid
    timeseriestimestampofmaxtogrid timeseriestimestampofmintogrid timeseriestopkmasks topk topkweighted
    uniq uniqcombined uniqcombined64 uniqexact uniqhll12 uniqupto var_pop var_samp varpop varpopstable
    varsamp varsampstable welchttest windowfunnel
    """
)

# Window functions, which the server lists among the aggregates but which aggregate nothing without OVER.
WINDOW_ONLY = listed(
    """
    cume_dist dense_rank denserank lag laginframe lead leadinframe nth_value ntile percent_rank percentrank
    rank row_number
    """
)

_COMBINATORS = (
    "argmax",
    "argmin",
    "array",
    "distinct",
    "foreach",
    "if",
    "map",
    "merge",
    "null",
    "ordefault",
    "ornull",
    "resample",
    "simplestate",
    "state",
    "tuple",
)

# Their result depends on more than their arguments: time, chance, session, server, order of rows.
NONDETERMINISTIC = listed(
    """
    addresstoline addresstolinewithinlines addresstosymbol aiclassify aiextract aifilter aigenerate
    airedact aitranslate arraypartialshuffle arrayrandomsample arrayshuffle assigncentroid
    authenticateduser authuser blocknumber blockserializedsize blocksize buildid chdb connection_id
    connectionid curdate current_database current_date current_query_id current_schemas
    current_timestamp current_user currentdatabase currenthandler currentprofiles currentqueryid
    currentrequesturl currentroles currentschemas currentuser database datetimetouuidv7 defaultprofiles
    defaultroles enabledprofiles enabledroles file filesystemavailable filesystemcapacity
    filesystemunreserved fqdn fullhostname fuzzbits generaterandomstructure generateserialid
    generatesnowflakeid generateuuidv4 generateuuidv7 getmacro getmergetreesetting getoskernelversion
    getserverport getserversetting getsetting getsettingordefault hascolumnintable hostname
    initial_query_id initial_query_start_time initialqueryid initialquerystarttime localtime
    localtimestamp lowcardinalityindices lowcardinalitykeys naivebayesclassifier
    naivebayesclassifierwithallprobs naivebayesclassifierwithprob now now64 nowinblock nowinblock64
    obfuscatequery pg_get_userbyid pggetuserbyid query_id queryid rand rand32 rand64 randbernoulli
    randbinomial randcanonical randchisquared randconstant randexponential randfisherf randlognormal
    randnegativebinomial randnormal randomfixedstring randomprintableascii randomstring randomstringutf8
    randpoisson randstudentt randuniform revision rownumberinallblocks rownumberinblock
    runningconcurrency schema servertimezone serveruuid session_user shardcount shardnum showcertificate
    tcpport timeseriescopytag timeseriescopytags timeseriesextracttag timeseriesgrouptosamplingkey
    timeseriesgrouptotags timeseriesidtogroup timeseriesidtotags timeseriesidtotagsgroup
    timeseriesjointags timeseriesremovealltagsexcept timeseriesremovetag timeseriesremovetags
    timeseriesreplacetag timeseriestagsgrouptotags timeseriestagstogroup
    timeseriesthrowduplicateseriesif timezone today transactionid uptime user utc_timestamp utctimestamp
    version yesterday zookeepersessionuptime
    """
)

TABLE_FUNCTIONS = listed(
    """
    arrowstream azureblobstorage azureblobstoragecluster bigquery cluster clusterallreplicas cosn
    deltalake deltalakeazure deltalakeazurecluster deltalakecluster deltalakelocal deltalakes3
    deltalakes3cluster dictionary eval executable file filecluster filesystem format fuzzjson fuzzquery
    gcs generate_series generaterandom generateseries hdfs hdfscluster hudi hudicluster iceberg
    icebergazure icebergazurecluster icebergcluster iceberghdfs iceberghdfscluster iceberglocal
    iceberglocalcluster icebergs3 icebergs3cluster input jdbc loop merge mergetreeanalyzeindexes
    mergetreeanalyzeindexesuuid mergetreecodecblockcounts mergetreeindex mergetreeprojection
    mergetreetextindex mongodb mysql null numbers numbers_mt odbc oss paimon paimonazure
    paimonazurecluster paimoncluster paimonhdfs paimonhdfscluster paimonlocal paimons3 paimons3cluster
    postgresql primes prometheusquery prometheusqueryrange python redis remote remotesecure s3 s3cluster
    sqlite sqlstandardvalues timeseriesdata timeseriesmetricfamilies timeseriesmetrics timeseriessamples
    timeseriesselector timeseriestags url urlcluster values view viewexplain viewifpermitted ytsaurus
    zeros zeros_mt
    """
)

# The first argument names a dictionary, a Join table, or is looked up in the second one as a set.
JOIN_TABLE_FUNCTIONS = frozenset(["joinGet", "joinGetOrNull"])
SET_FUNCTIONS = frozenset(
    f"{name}{suffix}"
    for name in (
        "in",
        "notIn",
        "globalIn",
        "globalNotIn",
        "nullIn",
        "notNullIn",
        "globalNullIn",
        "globalNotNullIn",
    )
    for suffix in ("", "IgnoreSet")
)

SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
JOIN_WORDS = listed("GLOBAL LOCAL NATURAL ANY ALL ASOF SEMI ANTI INNER LEFT RIGHT FULL CROSS PASTE OUTER")

# A column list ends here, and a bare word of these is no alias (tried one by one: `SELECT x <word> FROM t`).
NO_ALIAS = listed(
    """
    ALL AND ANTI ANY ARRAY AS ASOF BETWEEN CROSS DIV ELSE EXCEPT FINAL FORMAT FROM FULL GLOBAL GROUP HAVING
    ILIKE IN INNER INTERSECT INTO JOIN LEFT LIKE LIMIT MOD NATURAL NOT OFFSET ON ONLY OR ORDER PARALLEL PASTE
    PREWHERE QUALIFY REGEXP RIGHT SAMPLE SELECT SEMI SETTINGS STREAM UNION USING WHERE WINDOW WITH
    """
)
NO_TABLE_ALIAS = NO_ALIAS - {"AND", "DIV", "IN", "MOD", "OR", "REGEXP"} | {
    "DISTINCT",
    "FALSE",
    "NULL",
    "TOP",
    "TRUE",
    "UUID",
}

UNITS = frozenset(
    f"{unit}{plural}"
    for unit in listed("NANOSECOND MICROSECOND MILLISECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR")
    for plural in ("", "S")
) | listed("NS US MS SS MI HH DD WW MM QQ YYYY S M H D W Q Y SQL_TSI_SECOND SQL_TSI_DAY")

# Types of several words, as they may follow `::`.
TYPE_TAILS = listed("PRECISION UNSIGNED SIGNED VARYING LARGE OBJECT CHARACTER CHAR")


@cache
def is_aggregate(name: str) -> bool:
    """Return True for an aggregate function, its combinators (`sumIf`, `uniqStateIf`, ...) included."""
    folded = name.lower()
    if folded in AGGREGATES:
        return folded not in WINDOW_ONLY
    return any(folded.endswith(tail) and is_aggregate(folded[: -len(tail)]) for tail in _COMBINATORS)
