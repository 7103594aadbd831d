CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refund_line_items_from_orders_mv TO data_shopify.order_refund_line_items
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(currency, 'Nullable(String)'), true) AS _in_shop_currency
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(toInt64OrNull(JSONExtractString(refund, 'id')), CAST(0, 'Int64')) AS refund_id,
    ifNull(toInt64OrNull(JSONExtractString(refund_line, 'id')), CAST(0, 'Int64')) AS refund_line_id,
    coalesce(toInt64OrNull(JSONExtractString(refund, 'order_id')), CAST(id, 'Nullable(Int64)')) AS order_id,
    coalesce(
        toInt64OrNull(JSONExtractString(refund_line, 'line_item_id')),
        toInt64OrNull(JSONExtractString(refund_line, 'line_item', 'id'))
    ) AS line_id,
    if(
        match(JSONExtract(refund, 'created_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(refund, 'created_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    toInt64OrNull(JSONExtractString(refund_line, 'quantity')) AS quantity,
    CAST(JSONExtract(refund_line, 'restock_type', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS restock_type,
    toInt64OrNull(JSONExtractString(refund_line, 'location_id')) AS location_id,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(refund_line, 'subtotal_set', 'shop_money', 'amount'),
                        '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                    ),
                    16
                ),
                4
            ),
            'Decimal(18, 4)'
        ),
        if(
            _in_shop_currency,
            accurateCastOrNull(
                round(
                    toDecimal256OrNull(
                        extract(
                            JSONExtractString(refund_line, 'subtotal'),
                            '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                        ),
                        16
                    ),
                    4
                ),
                'Decimal(18, 4)'
            ),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS subtotal,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(refund_line, 'total_tax_set', 'shop_money', 'amount'),
                        '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                    ),
                    16
                ),
                4
            ),
            'Decimal(18, 4)'
        ),
        if(
            _in_shop_currency,
            accurateCastOrNull(
                round(
                    toDecimal256OrNull(
                        extract(
                            JSONExtractString(refund_line, 'total_tax'),
                            '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                        ),
                        16
                    ),
                    4
                ),
                'Decimal(18, 4)'
            ),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS total_tax,
    transform(
        lower(JSONExtractString(refund_line, 'line_item', 'gift_card')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS gift_card,
    toInt64OrNull(JSONExtractString(refund_line, 'line_item', 'product_id')) AS product_id,
    toInt64OrNull(JSONExtractString(refund_line, 'line_item', 'variant_id')) AS variant_id,
    JSONExtract(refund_line, 'line_item', 'sku', 'Nullable(String)') AS sku,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.orders
ARRAY JOIN JSONExtractArrayRaw(ifNull(refunds, '')) AS refund
ARRAY JOIN JSONExtractArrayRaw(refund, 'refund_line_items') AS refund_line
WHERE and(isNotNull(toInt64OrNull(JSONExtractString(refund, 'id'))), isNotNull(toInt64OrNull(JSONExtractString(refund_line, 'id'))));
