CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.price_rules_mv TO data_shopify.price_rules
AS
SELECT
    ifNull(CAST(price_rules.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS price_rule_id,
    CAST(price_rules.title, 'Nullable(String)') AS title,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(toJSONString(toString(price_rules.value))),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS value,
    CAST(CAST(price_rules.value_type, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS value_type,
    CAST(CAST(price_rules.target_type, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS target_type,
    CAST(CAST(price_rules.target_selection, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS target_selection,
    CAST(CAST(price_rules.allocation_method, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS allocation_method,
    CAST(CAST(price_rules.customer_selection, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS customer_selection,
    CAST(price_rules.once_per_customer, 'Nullable(Bool)') AS once_per_customer,
    CAST(price_rules.usage_limit, 'Nullable(Int64)') AS usage_limit,
    CAST(price_rules.allocation_limit, 'Nullable(Int64)') AS allocation_limit,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(prerequisite_subtotal_range, 'greater_than_or_equal_to'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS minimum_subtotal,
    toInt64OrNull(JSONExtractString(prerequisite_quantity_range, 'greater_than_or_equal_to')) AS minimum_quantity,
    CAST(price_rules.starts_at, 'Nullable(DateTime64(3, \'UTC\'))') AS starts_at,
    CAST(price_rules.ends_at, 'Nullable(DateTime64(3, \'UTC\'))') AS ends_at,
    CAST(price_rules.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(price_rules.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(price_rules.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.price_rules
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), not(and(isNotNull(CAST(deleted_at, 'Nullable(DateTime64(3, \'UTC\'))')), isNull(CAST(price_rules.created_at, 'Nullable(DateTime64(3, \'UTC\'))')))));
