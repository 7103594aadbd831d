CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.deleted_objects_from_price_rules_mv TO data_shopify.deleted_objects
AS
SELECT
    ifNull(CAST(price_rules.shop_url, 'Nullable(String)'), '') AS shop_url,
    CAST('price_rule', 'LowCardinality(String)') AS entity,
    ifNull(CAST(price_rules.id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS id,
    CAST(price_rules.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))') AS deleted_at,
    CAST(deleted_message, 'Nullable(String)') AS message,
    CAST(deleted_description, 'Nullable(String)') AS description,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(price_rules.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
WHERE and(isNotNull(CAST(price_rules.id, 'Nullable(Int64)')), isNotNull(CAST(price_rules.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))')));
