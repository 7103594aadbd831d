CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refund_adjustments_mv TO data_shopify.order_refund_adjustments
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
    ifNull(toInt64OrNull(JSONExtractString(adjustment, 'id')), CAST(0, 'Int64')) AS adjustment_id,
    coalesce(
        toInt64OrNull(JSONExtractString(adjustment, 'order_id')),
        CAST(order_refunds.order_id, 'Nullable(Int64)'),
        CAST(order_refunds.order_id, 'Nullable(Int64)')
    ) AS order_id,
    CAST(order_refunds.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(JSONExtract(adjustment, 'kind', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS kind,
    CAST(JSONExtract(adjustment, 'reason', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS reason,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(adjustment, 'amount_set', 'shop_money', 'amount'),
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
                            JSONExtractString(adjustment, 'amount'),
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
    ) AS amount,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(adjustment, 'tax_amount_set', 'shop_money', 'amount'),
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
                            JSONExtractString(adjustment, 'tax_amount'),
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
    ) AS tax_amount,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.order_refunds
ARRAY JOIN JSONExtractArrayRaw(ifNull(order_adjustments, '')) AS adjustment
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(adjustment, 'id'))));
