CREATE MATERIALIZED VIEW IF NOT EXISTS data_ga4.pages_mv TO data_ga4.pages
AS
SELECT
    ifNull(CAST(pages.property_id, 'Nullable(String)'), '') AS property_id,
    ifNull(
        if(
            and(
                CAST(
                    if(
                        match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'),
                CAST(
                    if(
                        match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')
            ),
            toDate(
                CAST(
                    if(
                        match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ),
                'UTC'
            ),
            NULL
        ),
        CAST('1970-01-01', 'Date')
    ) AS date,
    ifNull(CAST(hostName, 'Nullable(String)'), '') AS host_name,
    ifNull(CAST(pagePathPlusQueryString, 'Nullable(String)'), '') AS page_path_query,
    cutQueryStringAndFragment(ifNull(CAST(pagePathPlusQueryString, 'Nullable(String)'), '')) AS page_path,
    CAST(
        or(
            (lower(ifNull(CAST(hostName, 'Nullable(String)'), '')) IN ('(other)', '(data not available)')),
            (
                lower(ifNull(CAST(pagePathPlusQueryString, 'Nullable(String)'), '')) IN (
                    '(other)',
                    '(data not available)'
                )
            )
        ),
        'Bool'
    ) AS is_other,
    CAST(screenPageViews, 'Nullable(Int64)') AS views,
    toFloat64(accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)')) AS bounce_rate,
    toFloat64(CAST(NULL, 'Nullable(Decimal(18, 9))')) / nullIf(CAST(screenPageViews, 'Nullable(Int64)'), 0) AS avg_engagement_seconds,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_ga4.pages
WHERE isNotNull(if(and(CAST(if(match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(pages.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(pages.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL));
