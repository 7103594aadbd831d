CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refund_line_items_mv TO data_shopify.order_refund_line_items
AS
WITH
    not(
        or(
            ifNull(
                JSONExtract(refund_line_items, 1, 'subtotal_set', 'shop_money', 'currency_code', 'Nullable(String)') <> JSONExtract(
                    refund_line_items,
                    1,
                    'subtotal_set',
                    'presentment_money',
                    'currency_code',
                    'Nullable(String)'
                ),
                false
            ),
            ifNull(
                JSONExtract(order_adjustments, 1, 'amount_set', 'shop_money', 'currency_code', 'Nullable(String)') <> JSONExtract(
                    order_adjustments,
                    1,
                    'amount_set',
                    'presentment_money',
                    'currency_code',
                    'Nullable(String)'
                ),
                false
            ),
            ifNull(
                JSONExtract(total_duties_set, 'shop_money', 'currency_code', 'Nullable(String)') <> JSONExtract(
                    total_duties_set,
                    'presentment_money',
                    'currency_code',
                    'Nullable(String)'
                ),
                false
            )
        )
    ) AS _in_shop_currency
SELECT
    ifNull(CAST(order_refunds.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS refund_id,
    ifNull(toInt64OrNull(JSONExtractString(refund_line, 'id')), CAST(0, 'Int64')) AS refund_line_id,
    coalesce(CAST(order_refunds.order_id, 'Nullable(Int64)'), CAST(order_refunds.order_id, 'Nullable(Int64)')) AS order_id,
    coalesce(
        toInt64OrNull(JSONExtractString(refund_line, 'line_item_id')),
        toInt64OrNull(JSONExtractString(refund_line, 'line_item', 'id'))
    ) AS line_id,
    CAST(order_refunds.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
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
FROM raw_shopify.order_refunds
ARRAY JOIN JSONExtractArrayRaw(ifNull(refund_line_items, '')) AS refund_line
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(refund_line, 'id'))));
