CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.discount_codes_from_discount_codes_sync_mv TO data_shopify.discount_codes
AS
SELECT
    ifNull(CAST(discount_codes_sync.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS discount_code_id,
    upperUTF8(trimBoth(CAST(discount_codes_sync.code, 'Nullable(String)'))) AS code,
    CAST(discount_codes_sync.price_rule_id, 'Nullable(Int64)') AS price_rule_id,
    CAST(discount_codes_sync.title, 'Nullable(String)') AS title,
    CAST(discount_codes_sync.summary, 'Nullable(String)') AS summary,
    CAST(lower(CAST(discount_codes_sync.discount_type, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS discount_type,
    CAST(CAST(typename, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS type_name,
    CAST(lower(CAST(discount_codes_sync.status, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS status,
    CAST(discount_codes_sync.usage_count, 'Nullable(Int64)') AS usage_count,
    CAST(async_usage_count, 'Nullable(Int64)') AS discount_usage_count,
    toInt64OrNull(JSONExtractString(discount_codes_sync.codes_count, 'count')) AS codes_count,
    CAST(discount_codes_sync.usage_limit, 'Nullable(Int64)') AS usage_limit,
    CAST(applies_once_per_customer, 'Nullable(Bool)') AS once_per_customer,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(discount_codes_sync.total_sales, 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS total_sales,
    CAST(
        JSONExtract(discount_codes_sync.total_sales, 'currency_code', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS total_sales_currency,
    CAST(discount_codes_sync.starts_at, 'Nullable(DateTime64(3, \'UTC\'))') AS starts_at,
    CAST(discount_codes_sync.ends_at, 'Nullable(DateTime64(3, \'UTC\'))') AS ends_at,
    CAST(discount_codes_sync.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(discount_codes_sync.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(discount_codes_sync.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.discount_codes_sync
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
