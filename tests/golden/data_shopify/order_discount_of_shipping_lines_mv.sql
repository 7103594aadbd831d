CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_discount_of_shipping_lines_mv TO data_shopify.order_discount
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(currency, 'Nullable(String)'), true) AS _in_shop_currency,
    if(
        toInt64OrNull(JSONExtractString(tupleElement(allocation, 1), 'discount_application_index')) >= 0,
        JSONExtractRaw(
            ifNull(CAST(discount_applications, 'Nullable(String)'), ''),
            toInt32(
                greatest(
                    ifNull(
                        toInt32(
                            toInt64OrNull(
                                JSONExtractString(tupleElement(allocation, 1), 'discount_application_index')
                            )
                        ),
                        CAST(-1, 'Int32')
                    ) + 1,
                    1
                )
            )
        ),
        ''
    ) AS _application
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST('shipping_line', 'LowCardinality(String)') AS target,
    ifNull(toInt64OrNull(JSONExtractString(line, 'id')), CAST(0, 'Int64')) AS line_id,
    CAST(tupleElement(allocation, 2), 'UInt32') AS position,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    toInt64OrNull(JSONExtractString(tupleElement(allocation, 1), 'discount_application_index')) AS application_index,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(tupleElement(allocation, 1), 'amount_set', 'shop_money', 'amount'),
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
                            JSONExtractString(tupleElement(allocation, 1), 'amount'),
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
    accurateCastOrNull(
        round(
            toDecimal256(
                coalesce(
                    accurateCastOrNull(
                        round(
                            toDecimal256OrNull(
                                extract(
                                    JSONExtractString(
                                        tupleElement(allocation, 1),
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
                                        JSONExtractString(tupleElement(allocation, 1), 'amount'),
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
            4
        ),
        'Decimal(18, 4)'
    ) AS sale_discount,
    transform(
        lower(JSONExtractString(line, 'gift_card')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS gift_card,
    CAST(JSONExtract(_application, 'type', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS type,
    nullIf(
        upperUTF8(
            trimBoth(
                coalesce(
                    JSONExtract(_application, 'code', 'Nullable(String)'),
                    if(
                        ifNull(
                            and(
                                JSONExtract(_application, 'type', 'Nullable(String)') = 'discount_code',
                                length(JSONExtractArrayRaw(ifNull(discount_codes, ''))) = 1
                            ),
                            false
                        ),
                        JSONExtract(discount_codes, 1, 'code', 'Nullable(String)'),
                        NULL
                    )
                )
            )
        ),
        ''
    ) AS code,
    JSONExtract(_application, 'title', 'Nullable(String)') AS title,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(_application, 'value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS value,
    CAST(JSONExtract(_application, 'value_type', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS value_type,
    CAST(JSONExtract(_application, 'allocation_method', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS allocation_method,
    CAST(JSONExtract(_application, 'target_selection', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS target_selection,
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
ARRAY JOIN JSONExtractArrayRaw(ifNull(shipping_lines, '')) AS line
ARRAY JOIN arrayZip(JSONExtractArrayRaw(line, 'discount_allocations'), arrayEnumerate(JSONExtractArrayRaw(line, 'discount_allocations'))) AS allocation
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(line, 'id'))));
