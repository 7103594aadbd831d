CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.campaigns_mv TO data_klaviyo.campaigns
AS
SELECT
    ifNull(CAST(id, 'Nullable(String)'), '') AS campaign_id,
    JSONExtract(attributes, 'name', 'Nullable(String)') AS name,
    CAST(JSONExtract(attributes, 'status', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS status,
    CAST(
        lower(
            coalesce(
                nullIf(JSONExtract(attributes, 'channel', 'Nullable(String)'), ''),
                nullIf(CAST(NULL, 'Nullable(String)'), '')
            )
        ),
        'LowCardinality(Nullable(String))'
    ) AS channel,
    transform(
        lower(JSONExtractString(attributes, 'archived')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS archived,
    if(
        match(JSONExtract(attributes, 'send_time', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'send_time', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS send_time,
    if(
        match(JSONExtract(attributes, 'scheduled_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'scheduled_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS scheduled_at,
    if(
        match(JSONExtract(attributes, 'created_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'created_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    coalesce(
        CAST(campaigns.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
        if(
            match(
                JSONExtract(attributes, 'updated_at', 'Nullable(String)'),
                '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
            ),
            parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'updated_at', 'Nullable(String)'), 3, 'UTC'),
            NULL
        )
    ) AS updated_at,
    arrayMap(
        item -> JSONExtractString(item, 'id'),
        JSONExtractArrayRaw(ifNull(relationships, ''), 'campaign-messages', 'data')
    ) AS message_ids,
    CAST(NULL, 'Nullable(String)') AS subject,
    CAST(NULL, 'Nullable(String)') AS preview_text,
    CAST(NULL, 'Nullable(String)') AS from_email,
    CAST(NULL, 'Nullable(String)') AS from_label,
    CAST(NULL, 'Nullable(Int64)') AS estimated_recipients,
    JSONExtract(ifNull(attributes, ''), 'audiences', 'included', 'Array(String)') AS audiences_included,
    JSONExtract(ifNull(attributes, ''), 'audiences', 'excluded', 'Array(String)') AS audiences_excluded,
    CAST(JSONExtract(attributes, 'send_strategy', 'method', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS send_method,
    transform(
        lower(JSONExtractString(attributes, 'send_options', 'use_smart_sending')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS smart_sending,
    transform(
        lower(JSONExtractString(attributes, 'tracking_options', 'is_tracking_opens')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS tracks_opens,
    transform(
        lower(JSONExtractString(attributes, 'tracking_options', 'is_tracking_clicks')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS tracks_clicks,
    transform(
        lower(JSONExtractString(attributes, 'tracking_options', 'add_tracking_params')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS adds_utm,
    JSONExtract(attributes, 'tracking_options', 'custom_tracking_params', 'Nullable(String)') AS tracking_params,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(campaigns.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_klaviyo.campaigns
WHERE isNotNull(nullIf(CAST(id, 'Nullable(String)'), ''));
