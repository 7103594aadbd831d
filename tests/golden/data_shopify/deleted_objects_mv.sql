CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.deleted_objects_mv TO data_shopify.deleted_objects
AS
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    CAST('order', 'LowCardinality(String)') AS entity,
    ifNull(CAST(orders.id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS id,
    CAST(orders.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))') AS deleted_at,
    CAST(deleted_message, 'Nullable(String)') AS message,
    CAST(deleted_description, 'Nullable(String)') AS description,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(orders.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.orders
WHERE and(isNotNull(CAST(orders.id, 'Nullable(Int64)')), isNotNull(CAST(orders.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))')));
