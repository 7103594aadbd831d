CREATE VIEW IF NOT EXISTS data_ga4.rejects
SQL SECURITY DEFINER
AS (
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'daily_active_users' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.daily_active_users' AS its_raw_table
    FROM raw_ga4.daily_active_users
    ARRAY JOIN arrayConcat(if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')]), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'weekly_active_users' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.weekly_active_users' AS its_raw_table
    FROM raw_ga4.weekly_active_users
    ARRAY JOIN arrayConcat(if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')]), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'four_weekly_active_users' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.four_weekly_active_users' AS its_raw_table
    FROM raw_ga4.four_weekly_active_users
    ARRAY JOIN arrayConcat(if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')]), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'devices' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), ''), ifNull(CAST(deviceCategory, 'Nullable(String)'), ''), ifNull(CAST(operatingSystem, 'Nullable(String)'), ''), ifNull(CAST(browser, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.devices' AS its_raw_table
    FROM raw_ga4.devices
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 21), 9), 'Decimal(18, 9)')), [('bounceRate', ifNull(toNullable(toString(bounceRate)), '')), ('averageSessionDuration', ifNull(toNullable(toString(averageSessionDuration)), '')), ('sessionsPerUser', ifNull(toNullable(toString(sessionsPerUser)), '')), ('screenPageViewsPerSession', ifNull(toNullable(toString(screenPageViewsPerSession)), ''))])), if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'locations' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(region, 'Nullable(String)'), ''), ifNull(CAST(country, 'Nullable(String)'), ''), ifNull(CAST(city, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.locations' AS its_raw_table
    FROM raw_ga4.locations
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 21), 9), 'Decimal(18, 9)')), [('bounceRate', ifNull(toNullable(toString(bounceRate)), '')), ('averageSessionDuration', ifNull(toNullable(toString(averageSessionDuration)), '')), ('sessionsPerUser', ifNull(toNullable(toString(sessionsPerUser)), '')), ('screenPageViewsPerSession', ifNull(toNullable(toString(screenPageViewsPerSession)), ''))])), if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'traffic_sources' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), ''), ifNull(CAST(sessionSource, 'Nullable(String)'), ''), ifNull(CAST(sessionMedium, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.traffic_sources' AS its_raw_table
    FROM raw_ga4.traffic_sources
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 21), 9), 'Decimal(18, 9)')), [('bounceRate', ifNull(toNullable(toString(bounceRate)), '')), ('averageSessionDuration', ifNull(toNullable(toString(averageSessionDuration)), '')), ('sessionsPerUser', ifNull(toNullable(toString(sessionsPerUser)), '')), ('screenPageViewsPerSession', ifNull(toNullable(toString(screenPageViewsPerSession)), ''))])), if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'pages' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), ''), ifNull(CAST(hostName, 'Nullable(String)'), ''), ifNull(CAST(pagePathPlusQueryString, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.pages' AS its_raw_table
    FROM raw_ga4.pages
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 21), 9), 'Decimal(18, 9)')), [('bounceRate', ifNull(toNullable(toString(bounceRate)), '')), ('userEngagementDuration', ifNull(CAST(NULL, 'Nullable(String)'), ''))])), if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_property_id AS property_id,
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        ifNull(CAST(property_id, 'Nullable(String)'), '') AS its_property_id,
        'website_overview' AS its_stream,
        CAST(if(ifNull(and(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), true), 0), concatWithSeparator('|', ifNull(CAST(property_id, 'Nullable(String)'), ''), ifNull(CAST(date, 'Nullable(String)'), '')), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_ga4.website_overview' AS its_raw_table
    FROM raw_ga4.website_overview
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 21), 9), 'Decimal(18, 9)')), [('bounceRate', ifNull(toNullable(toString(bounceRate)), '')), ('averageSessionDuration', ifNull(toNullable(toString(averageSessionDuration)), '')), ('sessionsPerUser', ifNull(toNullable(toString(sessionsPerUser)), '')), ('screenPageViewsPerSession', ifNull(toNullable(toString(screenPageViewsPerSession)), ''))])), if(ifNull(isNotNull(if(and(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(CAST(if(match(toString(date), '^(19|2[0-2])[0-9]{2}(-[0-9]{2}-[0-9]{2}|[0-9]{4}$)'), toDate32(parseDateTime64BestEffortOrNull(substring(toString(date), 1, 10), 0, 'UTC')), NULL), 'Nullable(DateTime64(3, \'UTC\'))'), 'UTC'), NULL)), 0), [], [('date', coalesce(nullIf(ifNull(CAST(date, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
)
COMMENT 'One row per field, or record, of the raw tables that was there and could not be used.';
