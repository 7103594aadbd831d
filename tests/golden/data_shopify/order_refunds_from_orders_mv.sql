CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refunds_from_orders_mv TO data_shopify.order_refunds
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(currency, 'Nullable(String)'), true) AS _in_shop_currency
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(toInt64OrNull(JSONExtractString(refund, 'id')), CAST(0, 'Int64')) AS refund_id,
    coalesce(toInt64OrNull(JSONExtractString(refund, 'order_id')), CAST(id, 'Nullable(Int64)')) AS order_id,
    if(
        match(JSONExtract(refund, 'created_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(refund, 'created_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    if(
        match(JSONExtract(refund, 'processed_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(refund, 'processed_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS processed_at,
    JSONExtract(refund, 'note', 'Nullable(String)') AS note,
    toInt64OrNull(JSONExtractString(refund, 'user_id')) AS user_id,
    transform(
        lower(JSONExtractString(refund, 'restock')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS restock,
    if(
        isNull(JSONExtract(refund, 'refund_line_items', 'Nullable(String)')),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
                            coalesce(
                                accurateCastOrNull(
                                    round(
                                        toDecimal256OrNull(
                                            extract(
                                                JSONExtractString(item, 'subtotal_set', 'shop_money', 'amount'),
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
                                                    JSONExtractString(item, 'subtotal'),
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
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    JSONExtractArrayRaw(refund, 'refund_line_items')
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS subtotal,
    if(
        isNull(JSONExtract(refund, 'refund_line_items', 'Nullable(String)')),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
                            coalesce(
                                accurateCastOrNull(
                                    round(
                                        toDecimal256OrNull(
                                            extract(
                                                JSONExtractString(item, 'total_tax_set', 'shop_money', 'amount'),
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
                                                    JSONExtractString(item, 'total_tax'),
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
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    JSONExtractArrayRaw(refund, 'refund_line_items')
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS total_tax,
    if(
        isNull(JSONExtract(refund, 'order_adjustments', 'Nullable(String)')),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
                            coalesce(
                                accurateCastOrNull(
                                    round(
                                        toDecimal256OrNull(
                                            extract(
                                                JSONExtractString(item, 'amount_set', 'shop_money', 'amount'),
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
                                                    JSONExtractString(item, 'amount'),
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
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    arrayFilter(
                        item -> JSONExtractString(item, 'kind') = 'refund_discrepancy',
                        JSONExtractArrayRaw(refund, 'order_adjustments')
                    )
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS discrepancy,
    if(
        isNull(JSONExtract(refund, 'order_adjustments', 'Nullable(String)')),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
                            coalesce(
                                accurateCastOrNull(
                                    round(
                                        toDecimal256OrNull(
                                            extract(
                                                JSONExtractString(item, 'amount_set', 'shop_money', 'amount'),
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
                                                    JSONExtractString(item, 'amount'),
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
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    arrayFilter(
                        item -> JSONExtractString(item, 'kind') = 'shipping_refund',
                        JSONExtractArrayRaw(refund, 'order_adjustments')
                    )
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS shipping_refund,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(refund, 'total_duties_set', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS duties,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.orders
ARRAY JOIN JSONExtractArrayRaw(ifNull(refunds, '')) AS refund
WHERE isNotNull(toInt64OrNull(JSONExtractString(refund, 'id')));
