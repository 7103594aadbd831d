CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.abandoned_checkouts_line_items_mv TO data_shopify.abandoned_checkouts_line_items
AS
SELECT
    ifNull(CAST(abandoned_checkouts.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS checkout_id,
    CAST(tupleElement(line, 2), 'UInt32') AS position,
    JSONExtract(tupleElement(line, 1), 'key', 'Nullable(String)') AS line_key,
    CAST(abandoned_checkouts.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    toInt64OrNull(JSONExtractString(tupleElement(line, 1), 'product_id')) AS product_id,
    toInt64OrNull(JSONExtractString(tupleElement(line, 1), 'variant_id')) AS variant_id,
    JSONExtract(tupleElement(line, 1), 'sku', 'Nullable(String)') AS sku,
    JSONExtract(tupleElement(line, 1), 'title', 'Nullable(String)') AS title,
    JSONExtract(tupleElement(line, 1), 'variant_title', 'Nullable(String)') AS variant_title,
    CAST(JSONExtract(tupleElement(line, 1), 'vendor', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS vendor,
    toInt64OrNull(JSONExtractString(tupleElement(line, 1), 'quantity')) AS quantity,
    CAST(
        coalesce(
            CAST(presentment_currency, 'Nullable(String)'),
            CAST(abandoned_checkouts.currency, 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(tupleElement(line, 1), 'price'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS price,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(tupleElement(line, 1), 'line_price'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS line_price,
    toInt64OrNull(JSONExtractString(tupleElement(line, 1), 'grams')) AS grams,
    transform(
        lower(JSONExtractString(tupleElement(line, 1), 'requires_shipping')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS requires_shipping,
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
    ) AS checkout_version
FROM raw_shopify.abandoned_checkouts
ARRAY JOIN arrayZip(JSONExtractArrayRaw(ifNull(line_items, '')), arrayEnumerate(JSONExtractArrayRaw(ifNull(line_items, '')))) AS line
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
