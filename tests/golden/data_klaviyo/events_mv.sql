CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.events_mv TO data_klaviyo.events
AS
WITH
    coalesce(
        CAST(events.datetime, 'Nullable(DateTime64(3, \'UTC\'))'),
        if(
            match(JSONExtract(attributes, 'datetime', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
            parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'datetime', 'Nullable(String)'), 3, 'UTC'),
            NULL
        )
    ) AS _happened,
    JSONExtract(attributes, 'event_properties', 'Nullable(String)') AS _properties,
    isNotNull(nullIf(JSONExtract(_properties, 'utm_source', 'Nullable(String)'), '')) AS _own_utm,
    multiIf(
        extractURLParameter(ifNull(JSONExtract(_properties, 'URL', 'Nullable(String)'), ''), 'utm_source') <> '',
        ifNull(JSONExtract(_properties, 'URL', 'Nullable(String)'), ''),
        extractURLParameter(ifNull(JSONExtract(_properties, 'page', 'Nullable(String)'), ''), 'utm_source') <> '',
        ifNull(JSONExtract(_properties, 'page', 'Nullable(String)'), ''),
        extractURLParameter(ifNull(JSONExtract(_properties, 'page_url', 'Nullable(String)'), ''), 'utm_source') <> '',
        ifNull(JSONExtract(_properties, 'page_url', 'Nullable(String)'), ''),
        extractURLParameter(
            ifNull(JSONExtract(_properties, '$extra', 'full_landing_site', 'Nullable(String)'), ''),
            'utm_source'
        ) <> '',
        ifNull(JSONExtract(_properties, '$extra', 'full_landing_site', 'Nullable(String)'), ''),
        extractURLParameter(
            ifNull(JSONExtract(_properties, '$extra', 'landing_site', 'Nullable(String)'), ''),
            'utm_source'
        ) <> '',
        ifNull(JSONExtract(_properties, '$extra', 'landing_site', 'Nullable(String)'), ''),
        ''
    ) AS _tagged_address
SELECT
    ifNull(CAST(id, 'Nullable(String)'), '') AS event_id,
    ifNull(_happened, CAST('1970-01-01 00:00:00.000', 'DateTime64(3, \'UTC\')')) AS datetime,
    ifNull(JSONExtract(relationships, 'metric', 'data', 'id', 'Nullable(String)'), '') AS metric_id,
    nullIf(JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)'), '') AS profile_id,
    nullIf(JSONExtract(_properties, '$flow', 'Nullable(String)'), '') AS flow_id,
    nullIf(JSONExtract(_properties, '$message', 'Nullable(String)'), '') AS message_id,
    nullIf(JSONExtract(_properties, '$variation', 'Nullable(String)'), '') AS variation_id,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(_properties, '$value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS value,
    CAST(
        nullIf(JSONExtract(_properties, '$currency_code', 'Nullable(String)'), ''),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    nullIf(JSONExtract(_properties, '$event_id', 'Nullable(String)'), '') AS event_ref,
    coalesce(
        nullIf(JSONExtract(_properties, 'OrderId', 'Nullable(String)'), ''),
        nullIf(JSONExtract(_properties, '$extra', 'id', 'Nullable(String)'), '')
    ) AS other_order_ref,
    if(
        _own_utm,
        nullIf(JSONExtract(_properties, 'utm_source', 'Nullable(String)'), ''),
        nullIf(decodeURLFormComponent(extractURLParameter(_tagged_address, 'utm_source')), '')
    ) AS utm_source,
    if(
        _own_utm,
        nullIf(JSONExtract(_properties, 'utm_medium', 'Nullable(String)'), ''),
        nullIf(decodeURLFormComponent(extractURLParameter(_tagged_address, 'utm_medium')), '')
    ) AS utm_medium,
    if(
        _own_utm,
        nullIf(JSONExtract(_properties, 'utm_campaign', 'Nullable(String)'), ''),
        nullIf(decodeURLFormComponent(extractURLParameter(_tagged_address, 'utm_campaign')), '')
    ) AS utm_campaign,
    or(
        CAST(
            ifNull(
                transform(
                    lower(JSONExtractString(_properties, 'Apple Privacy Open')),
                    ['true', '1', 'false', '0'],
                    [true, true, false, false],
                    NULL
                ),
                false
            ),
            'Bool'
        ),
        CAST(
            ifNull(
                transform(
                    lower(JSONExtractString(_properties, 'machine_open')),
                    ['true', '1', 'false', '0'],
                    [true, true, false, false],
                    NULL
                ),
                false
            ),
            'Bool'
        )
    ) AS apple_privacy_open,
    CAST(
        ifNull(
            transform(
                lower(JSONExtractString(_properties, 'Bot Click')),
                ['true', '1', 'false', '0'],
                [true, true, false, false],
                NULL
            ),
            false
        ),
        'Bool'
    ) AS bot_click,
    nullIf(JSONExtract(_properties, '$attribution', '$attributed_event_id', 'Nullable(String)'), '') AS attributed_event_id,
    nullIf(JSONExtract(_properties, '$attribution', '$message', 'Nullable(String)'), '') AS attributed_message_id,
    nullIf(JSONExtract(_properties, '$attribution', '$flow', 'Nullable(String)'), '') AS attributed_flow_id,
    nullIf(JSONExtract(_properties, '$attribution', '$variation', 'Nullable(String)'), '') AS attributed_variation_id,
    JSONExtract(attributes, 'event_properties', 'Nullable(String)') AS properties,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_klaviyo.events
WHERE and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), isNotNull(_happened));
