CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refunds_mv TO data_shopify.order_refunds
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
    coalesce(CAST(order_refunds.order_id, 'Nullable(Int64)'), CAST(order_refunds.order_id, 'Nullable(Int64)')) AS order_id,
    CAST(order_refunds.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(order_refunds.processed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS processed_at,
    CAST(order_refunds.note, 'Nullable(String)') AS note,
    CAST(order_refunds.user_id, 'Nullable(Int64)') AS user_id,
    CAST(order_refunds.restock, 'Nullable(Bool)') AS restock,
    if(
        isNull(CAST(refund_line_items, 'Nullable(String)')),
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
                    JSONExtractArrayRaw(ifNull(refund_line_items, ''))
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS subtotal,
    if(
        isNull(CAST(refund_line_items, 'Nullable(String)')),
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
                    JSONExtractArrayRaw(ifNull(refund_line_items, ''))
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS total_tax,
    if(
        isNull(CAST(order_adjustments, 'Nullable(String)')),
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
                        JSONExtractArrayRaw(ifNull(order_adjustments, ''))
                    )
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS discrepancy,
    if(
        isNull(CAST(order_adjustments, 'Nullable(String)')),
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
                        JSONExtractArrayRaw(ifNull(order_adjustments, ''))
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
                    JSONExtractString(total_duties_set, 'shop_money', 'amount'),
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
FROM raw_shopify.order_refunds
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
