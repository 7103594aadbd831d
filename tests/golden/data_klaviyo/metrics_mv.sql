CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.metrics_mv TO data_klaviyo.metrics
AS
SELECT
    ifNull(CAST(id, 'Nullable(String)'), '') AS metric_id,
    JSONExtract(attributes, 'name', 'Nullable(String)') AS name,
    JSONExtract(attributes, 'integration', 'id', 'Nullable(String)') AS integration_id,
    CAST(JSONExtract(attributes, 'integration', 'name', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS integration_name,
    CAST(JSONExtract(attributes, 'integration', 'category', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS integration_category,
    if(
        match(JSONExtract(attributes, 'created', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'created', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    coalesce(
        CAST(updated, 'Nullable(DateTime64(3, \'UTC\'))'),
        if(
            match(JSONExtract(attributes, 'updated', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
            parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), 3, 'UTC'),
            NULL
        )
    ) AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(updated, 'Nullable(DateTime64(3, \'UTC\'))'),
                            CAST(toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC'), 'DateTime64(3, \'UTC\')')
                        )
                    ),
                    0
                )
            ),
            64
        ),
        toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0))
    ) AS version
FROM raw_klaviyo.metrics
WHERE isNotNull(nullIf(CAST(id, 'Nullable(String)'), ''));
