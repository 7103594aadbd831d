CREATE MATERIALIZED VIEW IF NOT EXISTS data_ga4.locations_mv TO data_ga4.locations
AS
SELECT
    ifNull(CAST(locations.property_id, 'Nullable(String)'), '') AS property_id,
    ifNull(
        if(
            and(
                CAST(
                    if(
                        match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(
                            parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')
                        ),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'),
                CAST(
                    if(
                        match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(
                            parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')
                        ),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')
            ),
            toDate(
                CAST(
                    if(
                        match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'),
                        toDate32(
                            parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')
                        ),
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
    ifNull(CAST(locations.country, 'Nullable(String)'), '') AS country,
    ifNull(CAST(locations.region, 'Nullable(String)'), '') AS region,
    ifNull(CAST(locations.city, 'Nullable(String)'), '') AS city,
    CAST(
        or(
            (lower(ifNull(CAST(locations.country, 'Nullable(String)'), '')) IN ('(other)', '(data not available)')),
            (lower(ifNull(CAST(locations.region, 'Nullable(String)'), '')) IN ('(other)', '(data not available)')),
            (lower(ifNull(CAST(locations.city, 'Nullable(String)'), '')) IN ('(other)', '(data not available)'))
        ),
        'Bool'
    ) AS is_other,
    CAST(totalUsers, 'Nullable(Int64)') AS total_users,
    CAST(newUsers, 'Nullable(Int64)') AS new_users,
    CAST(locations.sessions, 'Nullable(Int64)') AS sessions,
    accurateCastOrNull(
        if(
            abs(
                CAST(
                    CAST(locations.sessions, 'Nullable(Int64)') * (
                        toDecimal256(1, 9) - toDecimal256(
                            accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)'),
                            9
                        )
                    ),
                    'Nullable(Decimal(76, 9))'
                ) - CAST(
                    round(
                        CAST(
                            CAST(locations.sessions, 'Nullable(Int64)') * (
                                toDecimal256(1, 9) - toDecimal256(
                                    accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)'),
                                    9
                                )
                            ),
                            'Nullable(Decimal(76, 9))'
                        )
                    ),
                    'Nullable(Decimal(76, 9))'
                )
            ) <= CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(toDecimal64('0.000000001', 9), 9),
            CAST(
                round(
                    CAST(
                        CAST(locations.sessions, 'Nullable(Int64)') * (
                            toDecimal256(1, 9) - toDecimal256(
                                accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)'),
                                9
                            )
                        ),
                        'Nullable(Decimal(76, 9))'
                    )
                ),
                'Nullable(Decimal(76, 9))'
            ),
            CAST(
                CAST(locations.sessions, 'Nullable(Int64)') * (
                    toDecimal256(1, 9) - toDecimal256(accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)'), 9)
                ),
                'Nullable(Decimal(76, 9))'
            )
        ),
        'Decimal(38, 9)'
    ) AS engaged_sessions,
    accurateCastOrNull(
        if(
            abs(
                CAST(
                    CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(
                        accurateCastOrNull(round(averageSessionDuration, 9), 'Decimal(18, 9)'),
                        9
                    ),
                    'Nullable(Decimal(76, 9))'
                ) - CAST(
                    round(
                        CAST(
                            CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(
                                accurateCastOrNull(round(averageSessionDuration, 9), 'Decimal(18, 9)'),
                                9
                            ),
                            'Nullable(Decimal(76, 9))'
                        )
                    ),
                    'Nullable(Decimal(76, 9))'
                )
            ) <= CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(toDecimal64('0.000000001', 9), 9),
            CAST(
                round(
                    CAST(
                        CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(
                            accurateCastOrNull(round(averageSessionDuration, 9), 'Decimal(18, 9)'),
                            9
                        ),
                        'Nullable(Decimal(76, 9))'
                    )
                ),
                'Nullable(Decimal(76, 9))'
            ),
            CAST(
                CAST(locations.sessions, 'Nullable(Int64)') * toDecimal256(
                    accurateCastOrNull(round(averageSessionDuration, 9), 'Decimal(18, 9)'),
                    9
                ),
                'Nullable(Decimal(76, 9))'
            )
        ),
        'Decimal(38, 9)'
    ) AS session_seconds,
    CAST(screenPageViews, 'Nullable(Int64)') AS screen_page_views,
    toFloat64(accurateCastOrNull(round(bounceRate, 9), 'Decimal(18, 9)')) AS bounce_rate,
    toFloat64(accurateCastOrNull(round(averageSessionDuration, 9), 'Decimal(18, 9)')) AS avg_session_duration,
    toFloat64(accurateCastOrNull(round(sessionsPerUser, 9), 'Decimal(18, 9)')) AS sessions_per_user,
    toFloat64(accurateCastOrNull(round(screenPageViewsPerSession, 9), 'Decimal(18, 9)')) AS pages_per_session,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_ga4.locations
WHERE isNotNull(if(and(CAST(if(match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(locations.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(locations.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL));
