CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.fulfillment_line_items_mv TO data_shopify.fulfillment_line_items
AS
SELECT
    ifNull(CAST(fulfillments.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS fulfillment_id,
    ifNull(toInt64OrNull(JSONExtractString(line, 'id')), CAST(0, 'Int64')) AS line_id,
    CAST(fulfillments.order_id, 'Nullable(Int64)') AS order_id,
    CAST(fulfillments.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    toInt64OrNull(JSONExtractString(line, 'quantity')) AS quantity,
    toInt64OrNull(JSONExtractString(line, 'product_id')) AS product_id,
    toInt64OrNull(JSONExtractString(line, 'variant_id')) AS variant_id,
    JSONExtract(line, 'sku', 'Nullable(String)') AS sku,
    JSONExtract(line, 'title', 'Nullable(String)') AS title,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(line, 'price_set', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS price,
    toInt64OrNull(JSONExtractString(line, 'grams')) AS grams,
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
    ) AS fulfillment_version
FROM raw_shopify.fulfillments
ARRAY JOIN JSONExtractArrayRaw(ifNull(line_items, '')) AS line
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(line, 'id'))));
