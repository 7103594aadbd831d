CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.customer_journey_summary_mv TO data_shopify.customer_journey_summary
AS
SELECT
    ifNull(CAST(_source.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(_source.order_id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST(_source.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(_source.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    transform(
        lower(JSONExtractString(customer_journey_summary, 'ready')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS ready,
    toInt64OrNull(JSONExtractString(customer_journey_summary, 'moments_count', 'count')) AS moments_count,
    toInt64OrNull(JSONExtractString(customer_journey_summary, 'customer_order_index')) AS customer_order_index,
    toInt64OrNull(JSONExtractString(customer_journey_summary, 'days_to_conversion')) AS days_to_conversion,
    if(
        match(
            JSONExtract(customer_journey_summary, 'first_visit', 'occurred_at', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(customer_journey_summary, 'first_visit', 'occurred_at', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS first_visit_at,
    CAST(
        JSONExtract(customer_journey_summary, 'first_visit', 'source', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS first_source,
    JSONExtract(customer_journey_summary, 'first_visit', 'landing_page', 'Nullable(String)') AS first_landing_page,
    JSONExtract(customer_journey_summary, 'first_visit', 'referrer_url', 'Nullable(String)') AS first_referrer_url,
    JSONExtract(customer_journey_summary, 'first_visit', 'utm_parameters', 'source', 'Nullable(String)') AS first_utm_source,
    JSONExtract(customer_journey_summary, 'first_visit', 'utm_parameters', 'medium', 'Nullable(String)') AS first_utm_medium,
    JSONExtract(customer_journey_summary, 'first_visit', 'utm_parameters', 'campaign', 'Nullable(String)') AS first_utm_campaign,
    if(
        match(
            JSONExtract(customer_journey_summary, 'last_visit', 'occurred_at', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(customer_journey_summary, 'last_visit', 'occurred_at', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS last_visit_at,
    CAST(
        JSONExtract(customer_journey_summary, 'last_visit', 'source', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS last_source,
    JSONExtract(customer_journey_summary, 'last_visit', 'landing_page', 'Nullable(String)') AS last_landing_page,
    JSONExtract(customer_journey_summary, 'last_visit', 'referrer_url', 'Nullable(String)') AS last_referrer_url,
    JSONExtract(customer_journey_summary, 'last_visit', 'utm_parameters', 'source', 'Nullable(String)') AS last_utm_source,
    JSONExtract(customer_journey_summary, 'last_visit', 'utm_parameters', 'medium', 'Nullable(String)') AS last_utm_medium,
    JSONExtract(customer_journey_summary, 'last_visit', 'utm_parameters', 'campaign', 'Nullable(String)') AS last_utm_campaign,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(_source.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.customer_journey_summary AS _source
WHERE isNotNull(CAST(_source.order_id, 'Nullable(Int64)'));
