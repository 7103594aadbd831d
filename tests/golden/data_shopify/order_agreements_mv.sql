CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_agreements_mv TO data_shopify.order_agreements
AS
SELECT
    ifNull(CAST(order_agreements.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    ifNull(toInt64OrNull(JSONExtractString(agreement, 'id')), CAST(0, 'Int64')) AS agreement_id,
    ifNull(toInt64OrNull(JSONExtractString(sale, 'id')), CAST(0, 'Int64')) AS sale_id,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    if(
        match(JSONExtract(agreement, 'happened_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(agreement, 'happened_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS happened_at,
    CAST(lower(JSONExtract(agreement, 'reason', 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS reason,
    CAST(lower(JSONExtract(sale, 'action_type', 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS action_type,
    CAST(lower(JSONExtract(sale, 'line_type', 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS line_type,
    toInt64OrNull(JSONExtractString(sale, 'line_item', 'id')) AS line_id,
    toInt64OrNull(JSONExtractString(sale, 'quantity')) AS quantity,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(sale, 'total_amount', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS total_amount,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(sale, 'total_discount_amount_before_taxes', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS discount_before_taxes,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(sale, 'total_discount_amount_after_taxes', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS discount_after_taxes,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(sale, 'total_tax_amount', 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS tax_amount,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
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
    ) AS version
FROM raw_shopify.order_agreements
ARRAY JOIN JSONExtractArrayRaw(ifNull(agreements, '')) AS agreement
ARRAY JOIN JSONExtractArrayRaw(agreement, 'sales') AS sale
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(toInt64OrNull(JSONExtractString(agreement, 'id'))), isNotNull(toInt64OrNull(JSONExtractString(sale, 'id'))));
