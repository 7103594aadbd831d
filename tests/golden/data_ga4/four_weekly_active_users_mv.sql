CREATE MATERIALIZED VIEW IF NOT EXISTS data_ga4.four_weekly_active_users_mv TO data_ga4.four_weekly_active_users
AS
SELECT
    ifNull(CAST(four_weekly_active_users.property_id, 'Nullable(String)'), '') AS property_id,
    ifNull(
        if(
            and(
                CAST(
                    if(
                        match(
                            toString(four_weekly_active_users.date),
                            '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'
                        ),
                        toDate32(
                            parseDateTime64BestEffortOrNull(
                                substring(toString(four_weekly_active_users.date), 1, 10),
                                0,
                                'UTC'
                            )
                        ),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'),
                CAST(
                    if(
                        match(
                            toString(four_weekly_active_users.date),
                            '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'
                        ),
                        toDate32(
                            parseDateTime64BestEffortOrNull(
                                substring(toString(four_weekly_active_users.date), 1, 10),
                                0,
                                'UTC'
                            )
                        ),
                        NULL
                    ),
                    'Nullable(DateTime64(3, \'UTC\'))'
                ) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')
            ),
            toDate(
                CAST(
                    if(
                        match(
                            toString(four_weekly_active_users.date),
                            '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'
                        ),
                        toDate32(
                            parseDateTime64BestEffortOrNull(
                                substring(toString(four_weekly_active_users.date), 1, 10),
                                0,
                                'UTC'
                            )
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
    CAST(active28DayUsers, 'Nullable(Int64)') AS active_users,
    CAST(28, 'UInt8') AS window_days,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_ga4.four_weekly_active_users
WHERE isNotNull(if(and(CAST(if(match(toString(four_weekly_active_users.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(four_weekly_active_users.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(four_weekly_active_users.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(four_weekly_active_users.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(four_weekly_active_users.date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(four_weekly_active_users.date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL));
