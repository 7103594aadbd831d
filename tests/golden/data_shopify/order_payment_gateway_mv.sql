CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_payment_gateway_mv TO data_shopify.order_payment_gateway
AS
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST(gateway_name, 'LowCardinality(String)') AS gateway,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
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
    ) AS order_version
FROM raw_shopify.orders
ARRAY JOIN arrayDistinct(JSONExtract(ifNull(payment_gateway_names, ''), 'Array(String)')) AS gateway_name
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), gateway_name <> '');
