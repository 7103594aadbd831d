CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refund_adjustments_from_orders_mv TO data_shopify.order_refund_adjustments
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(currency, 'Nullable(String)'), true) AS _in_shop_currency
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(toInt64OrNull(JSONExtractString(refund, 'id')), CAST(0, 'Int64')) AS refund_id,
    ifNull(toInt64OrNull(JSONExtractString(adjustment, 'id')), CAST(0, 'Int64')) AS adjustment_id,
    coalesce(
        toInt64OrNull(JSONExtractString(adjustment, 'order_id')),
        toInt64OrNull(JSONExtractString(refund, 'order_id')),
        CAST(id, 'Nullable(Int64)')
    ) AS order_id,
    if(
        match(JSONExtract(refund, 'created_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(refund, 'created_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
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
FROM raw_shopify.orders
ARRAY JOIN JSONExtractArrayRaw(ifNull(refunds, '')) AS refund
ARRAY JOIN JSONExtractArrayRaw(refund, 'order_adjustments') AS adjustment
WHERE and(isNotNull(toInt64OrNull(JSONExtractString(refund, 'id'))), isNotNull(toInt64OrNull(JSONExtractString(adjustment, 'id'))));
