CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.customer_journey_detail_mv TO data_shopify.customer_journey_detail
AS
SELECT
    ifNull(CAST(_source.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(_source.order_id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    ifNull(toInt64OrNull(JSONExtractString(visit, 'id')), CAST(0, 'Int64')) AS visit_id,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    if(
        match(JSONExtract(visit, 'occurred_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(visit, 'occurred_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS occurred_at,
    CAST(JSONExtract(visit, 'source', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS source,
    CAST(JSONExtract(visit, 'source_type', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS source_type,
    JSONExtract(visit, 'source_description', 'Nullable(String)') AS source_description,
    JSONExtract(visit, 'landing_page', 'Nullable(String)') AS landing_page,
    JSONExtract(visit, 'referrer_url', 'Nullable(String)') AS referrer_url,
    JSONExtract(visit, 'referral_code', 'Nullable(String)') AS referral_code,
    JSONExtract(visit, 'utm_parameters', 'source', 'Nullable(String)') AS utm_source,
    JSONExtract(visit, 'utm_parameters', 'medium', 'Nullable(String)') AS utm_medium,
    JSONExtract(visit, 'utm_parameters', 'campaign', 'Nullable(String)') AS utm_campaign,
    JSONExtract(visit, 'utm_parameters', 'content', 'Nullable(String)') AS utm_content,
    JSONExtract(visit, 'utm_parameters', 'term', 'Nullable(String)') AS utm_term,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
                            CAST(toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC'), 'DateTime64(3, \'UTC\')')
                        )
                    ),
                    0
                )
            ),
            64
        ),
        toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0))
    ) AS journey_version
FROM raw_shopify.customer_journey_summary AS _source
ARRAY JOIN arrayDistinct(if(empty(JSONExtractArrayRaw(ifNull(customer_journey_summary, ''), 'moments')), arrayFilter(end -> `end` <> '', array(ifNull(JSONExtract(customer_journey_summary, 'first_visit', 'Nullable(String)'), ''), ifNull(JSONExtract(customer_journey_summary, 'last_visit', 'Nullable(String)'), ''))), JSONExtractArrayRaw(ifNull(customer_journey_summary, ''), 'moments'))) AS visit
WHERE and(isNotNull(CAST(_source.order_id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(visit, 'id'))));
