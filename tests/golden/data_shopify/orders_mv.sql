CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.orders_mv TO data_shopify.orders
AS
WITH
    coalesce(
        CAST(orders.processed_at, 'Nullable(DateTime64(3, \'UTC\'))'),
        CAST(orders.created_at, 'Nullable(DateTime64(3, \'UTC\'))')
    ) AS _occurred,
    ifNull(CAST(orders.presentment_currency, 'Nullable(String)') = CAST(orders.currency, 'Nullable(String)'), true) AS _in_shop_currency,
    arrayMap(
        item -> tuple(
            ifNull(
                toDecimal256(
                    coalesce(
                        accurateCastOrNull(
                            round(
                                toDecimal256OrNull(
                                    extract(
                                        JSONExtractString(item, 'price_set', 'shop_money', 'amount'),
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
                                            JSONExtractString(item, 'price'),
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
                ) * accurateCastOrNull(toInt64OrNull(JSONExtractString(item, 'quantity')), 'Int32'),
                toDecimal256(toDecimal32('0.0000', 4), 4)
            ),
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
                JSONExtractArrayRaw(item, 'discount_allocations')
            ),
            arraySum(
                item -> ifNull(
                    toDecimal256(
                        coalesce(
                            accurateCastOrNull(
                                round(
                                    toDecimal256OrNull(
                                        extract(
                                            JSONExtractString(item, 'price_set', 'shop_money', 'amount'),
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
                                                JSONExtractString(item, 'price'),
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
                JSONExtractArrayRaw(item, 'tax_lines')
            ),
            ifNull(
                transform(
                    lower(JSONExtractString(item, 'gift_card')),
                    ['true', '1', 'false', '0'],
                    [true, true, false, false],
                    NULL
                ),
                false
            ),
            ifNull(
                accurateCastOrNull(toInt64OrNull(JSONExtractString(item, 'quantity')), 'Int32'),
                CAST(0, 'Int32')
            ),
            CAST(
                isNull(
                    toDecimal256(
                        coalesce(
                            accurateCastOrNull(
                                round(
                                    toDecimal256OrNull(
                                        extract(
                                            JSONExtractString(item, 'price_set', 'shop_money', 'amount'),
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
                                                JSONExtractString(item, 'price'),
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
                    ) * accurateCastOrNull(toInt64OrNull(JSONExtractString(item, 'quantity')), 'Int32')
                ),
                'Bool'
            ),
            CAST(isNull(accurateCastOrNull(toInt64OrNull(JSONExtractString(item, 'quantity')), 'Int32')), 'Bool')
        ),
        JSONExtractArrayRaw(ifNull(line_items, ''))
    ) AS _lines,
    arrayFilter(line -> not(tupleElement(line, 4)), _lines) AS _goods,
    or(isNull(CAST(line_items, 'Nullable(String)')), arrayExists(line -> tupleElement(line, 6), _goods)) AS _unreadable,
    ifNull(CAST(orders.taxes_included, 'Nullable(Bool)'), false) AS _taxes_included,
    arraySum(
        line -> if(
            _taxes_included,
            round(
                ifNull(
                    tupleElement(line, 1) * (tupleElement(line, 1) - tupleElement(line, 2) - tupleElement(line, 3)) / nullIf(
                        tupleElement(line, 1) - tupleElement(line, 2),
                        toDecimal32('0.0000', 4)
                    ),
                    toDecimal256(tupleElement(line, 1), 8)
                ),
                4
            ),
            toDecimal256(tupleElement(line, 1), 8)
        ),
        _goods
    ) AS _gross,
    arrayFilter(line -> tupleElement(line, 4), _lines) AS _gifts
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST(name, 'Nullable(String)') AS order_name,
    CAST(orders.order_number, 'Nullable(Int64)') AS order_number,
    CAST(orders.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(orders.processed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS processed_at,
    if(
        and(
            _occurred >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'),
            _occurred < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')
        ),
        toDate(_occurred, 'America/New_York'),
        NULL
    ) AS order_date,
    CAST(orders.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(orders.cancelled_at, 'Nullable(DateTime64(3, \'UTC\'))') AS cancelled_at,
    CAST(orders.closed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS closed_at,
    CAST(CAST(orders.cancel_reason, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS cancel_reason,
    CAST(isNotNull(CAST(orders.cancelled_at, 'Nullable(DateTime64(3, \'UTC\'))')), 'Bool') AS is_cancelled,
    CAST(CAST(orders.financial_status, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS financial_status,
    CAST(CAST(orders.fulfillment_status, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS fulfillment_status,
    CAST(orders.test, 'Nullable(Bool)') AS test,
    CAST(orders.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))') AS deleted_at,
    CAST(
        coalesce(
            CAST(orders.currency, 'Nullable(String)'),
            JSONExtract(total_price_set, 'shop_money', 'currency_code', 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    CAST(CAST(orders.presentment_currency, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS presentment_currency,
    CAST(orders.taxes_included, 'Nullable(Bool)') AS taxes_included,
    if(_unreadable, CAST(NULL, 'Nullable(Decimal(18, 4))'), accurateCastOrNull(round(_gross, 4), 'Decimal(18, 4)')) AS gross_sales,
    if(
        _unreadable,
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                _gross - arraySum(
                    line -> if(
                        and(
                            _taxes_included,
                            tupleElement(line, 1) - tupleElement(line, 2) <> toDecimal32('0.0000', 4)
                        ),
                        tupleElement(line, 1) - tupleElement(line, 2) - tupleElement(line, 3),
                        tupleElement(line, 1) - tupleElement(line, 2)
                    ),
                    _goods
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS discounts,
    if(
        isNull(CAST(shipping_lines, 'Nullable(String)')),
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(total_shipping_price_set, 'shop_money', 'amount'),
                        '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                    ),
                    16
                ),
                4
            ),
            'Decimal(18, 4)'
        ),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
                            if(
                                ifNull(
                                    transform(
                                        lower(JSONExtractString(item, 'is_removed')),
                                        ['true', '1', 'false', '0'],
                                        [true, true, false, false],
                                        NULL
                                    ),
                                    false
                                ),
                                CAST(NULL, 'Nullable(Decimal(18, 4))'),
                                coalesce(
                                    coalesce(
                                        accurateCastOrNull(
                                            round(
                                                toDecimal256OrNull(
                                                    extract(
                                                        JSONExtractString(
                                                            item, 'discounted_price_set', 'shop_money', 'amount'
                                                        ),
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
                                                            JSONExtractString(item, 'discounted_price'),
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
                                    accurateCastOrNull(
                                        round(
                                            toDecimal256(
                                                coalesce(
                                                    accurateCastOrNull(
                                                        round(
                                                            toDecimal256OrNull(
                                                                extract(
                                                                    JSONExtractString(
                                                                        item, 'price_set', 'shop_money', 'amount'
                                                                    ),
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
                                                                        JSONExtractString(item, 'price'),
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
                                            ) - arraySum(
                                                item -> ifNull(
                                                    toDecimal256(
                                                        coalesce(
                                                            accurateCastOrNull(
                                                                round(
                                                                    toDecimal256OrNull(
                                                                        extract(
                                                                            JSONExtractString(
                                                                                item,
                                                                                'amount_set',
                                                                                'shop_money',
                                                                                'amount'
                                                                            ),
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
                                                JSONExtractArrayRaw(item, 'discount_allocations')
                                            ),
                                            4
                                        ),
                                        'Decimal(18, 4)'
                                    )
                                )
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    JSONExtractArrayRaw(ifNull(shipping_lines, ''))
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS shipping,
    if(
        isNull(CAST(shipping_lines, 'Nullable(String)')),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(
                arraySum(
                    item -> ifNull(
                        toDecimal256(
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
                                                                    JSONExtractString(
                                                                        item, 'amount_set', 'shop_money', 'amount'
                                                                    ),
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
                                        JSONExtractArrayRaw(item, 'discount_allocations')
                                    ),
                                    4
                                ),
                                'Decimal(18, 4)'
                            ),
                            4
                        ),
                        toDecimal256(toDecimal32('0.0000', 4), 4)
                    ),
                    JSONExtractArrayRaw(ifNull(shipping_lines, ''))
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS shipping_discounts,
    coalesce(
        coalesce(
            accurateCastOrNull(
                round(
                    toDecimal256OrNull(
                        extract(
                            JSONExtractString(total_tax_set, 'shop_money', 'amount'),
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
                accurateCastOrNull(round(total_tax, 4), 'Decimal(18, 4)'),
                CAST(NULL, 'Nullable(Decimal(18, 4))')
            )
        ),
        accurateCastOrNull(
            round(
                if(
                    isNull(CAST(line_items, 'Nullable(String)')),
                    CAST(NULL, 'Nullable(Decimal(18, 4))'),
                    accurateCastOrNull(round(arraySum(line -> tupleElement(line, 3), _lines), 4), 'Decimal(18, 4)')
                ) + ifNull(
                    if(
                        isNull(CAST(shipping_lines, 'Nullable(String)')),
                        CAST(NULL, 'Nullable(Decimal(18, 4))'),
                        accurateCastOrNull(
                            round(
                                arraySum(
                                    item -> ifNull(
                                        toDecimal256(
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
                                                                                    JSONExtractString(
                                                                                        item,
                                                                                        'price_set',
                                                                                        'shop_money',
                                                                                        'amount'
                                                                                    ),
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
                                                                                        JSONExtractString(
                                                                                            item, 'price'
                                                                                        ),
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
                                                        JSONExtractArrayRaw(item, 'tax_lines')
                                                    ),
                                                    4
                                                ),
                                                'Decimal(18, 4)'
                                            ),
                                            4
                                        ),
                                        toDecimal256(toDecimal32('0.0000', 4), 4)
                                    ),
                                    JSONExtractArrayRaw(ifNull(shipping_lines, ''))
                                ),
                                4
                            ),
                            'Decimal(18, 4)'
                        )
                    ),
                    CAST(toDecimal32('0.0000', 4), 'Decimal(18, 4)')
                ),
                4
            ),
            'Decimal(18, 4)'
        )
    ) AS taxes,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(
                        replaceRegexpAll(
                            replaceRegexpAll(
                                replaceRegexpAll(
                                    replaceAll(CAST(original_total_duties_set, 'Nullable(String)'), '\'', '"'),
                                    '([:\\[,] ?)None\\b',
                                    '\\1null'
                                ),
                                '([:\\[,] ?)True\\b',
                                '\\1true'
                            ),
                            '([:\\[,] ?)False\\b',
                            '\\1false'
                        ),
                        'shop_money',
                        'amount'
                    ),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS duties,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(original_total_additional_fees_set, 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS fees,
    accurateCastOrNull(round(total_tip_received, 4), 'Decimal(18, 4)') AS tip,
    if(
        or(isNull(CAST(line_items, 'Nullable(String)')), arrayExists(line -> tupleElement(line, 6), _gifts)),
        CAST(NULL, 'Nullable(Decimal(18, 4))'),
        accurateCastOrNull(
            round(arraySum(line -> tupleElement(line, 1) - tupleElement(line, 2), _gifts), 4),
            'Decimal(18, 4)'
        )
    ) AS gift_cards,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(subtotal_price_set, 'shop_money', 'amount'),
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
            accurateCastOrNull(round(orders.subtotal_price, 4), 'Decimal(18, 4)'),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS subtotal_price,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(total_discounts_set, 'shop_money', 'amount'),
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
            accurateCastOrNull(round(orders.total_discounts, 4), 'Decimal(18, 4)'),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS total_discounts,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(total_price_set, 'shop_money', 'amount'),
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
            accurateCastOrNull(round(orders.total_price, 4), 'Decimal(18, 4)'),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS total_price,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(current_total_price_set, 'shop_money', 'amount'),
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
            accurateCastOrNull(round(orders.current_total_price, 4), 'Decimal(18, 4)'),
            CAST(NULL, 'Nullable(Decimal(18, 4))')
        )
    ) AS current_total_price,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(total_price_set, 'presentment_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS presentment_total,
    if(
        or(isNull(CAST(line_items, 'Nullable(String)')), arrayExists(line -> tupleElement(line, 7), _goods)),
        CAST(NULL, 'Nullable(Int64)'),
        arraySum(line -> toInt64(tupleElement(line, 5)), _goods)
    ) AS units,
    arrayDistinct(
        arrayFilter(
            code -> code <> '',
            arrayMap(
                x -> upperUTF8(trimBoth(JSONExtractString(x, 'code'))),
                JSONExtractArrayRaw(ifNull(orders.discount_codes, ''))
            )
        )
    ) AS discount_codes,
    CAST(
        or(
            notEmpty(JSONExtractArrayRaw(ifNull(orders.discount_codes, ''))),
            notEmpty(JSONExtractArrayRaw(ifNull(discount_applications, '')))
        ),
        'Bool'
    ) AS has_discount,
    coalesce(toInt64OrNull(JSONExtractString(customer, 'id')), CAST(orders.customer_id, 'Nullable(Int64)')) AS customer_id,
    coalesce(
        nullIf(CAST(orders.email, 'Nullable(String)'), ''),
        nullIf(CAST(contact_email, 'Nullable(String)'), '')
    ) AS email,
    coalesce(
        nullIf(lowerUTF8(trimBoth(CAST(orders.email, 'Nullable(String)'))), ''),
        nullIf(lowerUTF8(trimBoth(CAST(contact_email, 'Nullable(String)'))), '')
    ) AS email_norm,
    CAST(orders.phone, 'Nullable(String)') AS phone,
    CAST(CAST(orders.source_name, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS source_name,
    CAST(orders.location_id, 'Nullable(Int64)') AS location_id,
    CAST(toInt64OrNull(toString(orders.user_id)), 'Nullable(Int64)') AS user_id,
    CAST(orders.landing_site, 'Nullable(String)') AS landing_site,
    CAST(orders.referring_site, 'Nullable(String)') AS referring_site,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(ifNull(CAST(orders.landing_site, 'Nullable(String)'), ''), 'utm_source')
        ),
        ''
    ) AS utm_source,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(ifNull(CAST(orders.landing_site, 'Nullable(String)'), ''), 'utm_medium')
        ),
        ''
    ) AS utm_medium,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(ifNull(CAST(orders.landing_site, 'Nullable(String)'), ''), 'utm_campaign')
        ),
        ''
    ) AS utm_campaign,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(ifNull(CAST(orders.landing_site, 'Nullable(String)'), ''), 'utm_content')
        ),
        ''
    ) AS utm_content,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(ifNull(CAST(orders.landing_site, 'Nullable(String)'), ''), 'utm_term')
        ),
        ''
    ) AS utm_term,
    CAST(orders.checkout_id, 'Nullable(Int64)') AS checkout_id,
    CAST(orders.checkout_token, 'Nullable(String)') AS checkout_token,
    CAST(orders.cart_token, 'Nullable(String)') AS cart_token,
    CAST(JSONExtract(billing_address, 'country_code', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS billing_country,
    CAST(JSONExtract(shipping_address, 'country_code', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS shipping_country,
    JSONExtract(shipping_address, 'city', 'Nullable(String)') AS shipping_city,
    arrayFilter(
        tag -> tag <> '',
        arrayMap(tag -> trimBoth(tag), splitByChar(',', ifNull(CAST(orders.tags, 'Nullable(String)'), '')))
    ) AS tags,
    CAST(orders.note, 'Nullable(String)') AS note,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(orders.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), not(and(isNotNull(CAST(orders.deleted_at, 'Nullable(DateTime64(3, \'UTC\'))')), isNull(CAST(orders.created_at, 'Nullable(DateTime64(3, \'UTC\'))')))));
