CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_line_items_mv TO data_shopify.order_line_items
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(orders.currency, 'Nullable(String)'), true) AS _in_shop_currency,
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
        JSONExtractArrayRaw(line, 'discount_allocations')
    ) AS _allocated,
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
        JSONExtractArrayRaw(line, 'tax_lines')
    ) AS _line_tax,
    ifNull(CAST(taxes_included, 'Nullable(Bool)'), false) AS _taxes_included,
    toDecimal256(
        coalesce(
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
            ),
            if(
                _in_shop_currency,
                accurateCastOrNull(
                    round(
                        toDecimal256OrNull(
                            extract(
                                JSONExtractString(line, 'price'),
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
    ) * accurateCastOrNull(toInt64OrNull(JSONExtractString(line, 'quantity')), 'Int32') AS _listed,
    if(
        _taxes_included,
        round(
            ifNull(
                _listed * (_listed - _allocated - _line_tax) / nullIf(
                    _listed - _allocated,
                    toDecimal32('0.0000', 4)
                ),
                toDecimal256(_listed, 8)
            ),
            4
        ),
        toDecimal256(_listed, 8)
    ) AS _gross
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    ifNull(toInt64OrNull(JSONExtractString(line, 'id')), CAST(0, 'Int64')) AS line_id,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    toInt64OrNull(JSONExtractString(line, 'product_id')) AS product_id,
    toInt64OrNull(JSONExtractString(line, 'variant_id')) AS variant_id,
    JSONExtract(line, 'sku', 'Nullable(String)') AS sku,
    JSONExtract(line, 'title', 'Nullable(String)') AS title,
    JSONExtract(line, 'variant_title', 'Nullable(String)') AS variant_title,
    JSONExtract(line, 'name', 'Nullable(String)') AS line_name,
    CAST(JSONExtract(line, 'vendor', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS vendor,
    toInt64OrNull(JSONExtractString(line, 'quantity')) AS quantity,
    toInt64OrNull(JSONExtractString(line, 'current_quantity')) AS current_quantity,
    toInt64OrNull(JSONExtractString(line, 'fulfillable_quantity')) AS fulfillable_quantity,
    CAST(JSONExtract(line, 'fulfillment_status', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS fulfillment_status,
    CAST(
        coalesce(
            CAST(orders.currency, 'Nullable(String)'),
            JSONExtract(line, 'price_set', 'shop_money', 'currency_code', 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    coalesce(
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
        ),
        if(
            _in_shop_currency,
            accurateCastOrNull(
                round(
                    toDecimal256OrNull(
                        extract(
                            JSONExtractString(line, 'price'),
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
    ) AS price,
    accurateCastOrNull(round(_allocated, 4), 'Decimal(18, 4)') AS discount_allocated,
    accurateCastOrNull(round(_line_tax, 4), 'Decimal(18, 4)') AS line_tax,
    accurateCastOrNull(round(_gross, 4), 'Decimal(18, 4)') AS line_gross,
    accurateCastOrNull(
        round(
            _gross - if(
                and(_taxes_included, _listed - _allocated <> toDecimal32('0.0000', 4)),
                _listed - _allocated - _line_tax,
                _listed - _allocated
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS line_discount,
    transform(
        lower(JSONExtractString(line, 'gift_card')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS gift_card,
    transform(
        lower(JSONExtractString(line, 'taxable')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS taxable,
    transform(
        lower(JSONExtractString(line, 'requires_shipping')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS requires_shipping,
    toInt64OrNull(JSONExtractString(line, 'grams')) AS grams,
    transform(
        lower(JSONExtractString(line, 'product_exists')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS product_exists,
    JSONExtract(line, 'properties', 'Nullable(String)') AS properties,
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
ARRAY JOIN JSONExtractArrayRaw(ifNull(line_items, '')) AS line
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(line, 'id'))));
