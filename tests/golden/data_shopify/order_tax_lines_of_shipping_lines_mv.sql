CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_tax_lines_of_shipping_lines_mv TO data_shopify.order_tax_lines
AS
WITH
    ifNull(CAST(presentment_currency, 'Nullable(String)') = CAST(currency, 'Nullable(String)'), true) AS _in_shop_currency
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST('shipping_line', 'LowCardinality(String)') AS target,
    ifNull(toInt64OrNull(JSONExtractString(line, 'id')), CAST(0, 'Int64')) AS line_id,
    CAST(tupleElement(tax_line, 2), 'UInt32') AS position,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    CAST(JSONExtract(tupleElement(tax_line, 1), 'title', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS title,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(tupleElement(tax_line, 1), 'rate'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                18
            ),
            6
        ),
        'Decimal(18, 6)'
    ) AS rate,
    coalesce(
        accurateCastOrNull(
            round(
                toDecimal256OrNull(
                    extract(
                        JSONExtractString(tupleElement(tax_line, 1), 'price_set', 'shop_money', 'amount'),
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
                            JSONExtractString(tupleElement(tax_line, 1), 'price'),
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
    transform(
        lower(JSONExtractString(tupleElement(tax_line, 1), 'channel_liable')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS channel_liable,
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
ARRAY JOIN arrayZip(JSONExtractArrayRaw(line, 'tax_lines'), arrayEnumerate(JSONExtractArrayRaw(line, 'tax_lines'))) AS tax_line
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(line, 'id'))));
