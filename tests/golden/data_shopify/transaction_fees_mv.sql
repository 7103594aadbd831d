CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.transaction_fees_mv TO data_shopify.transaction_fees
AS
SELECT
    ifNull(CAST(transactions.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS transaction_id,
    ifNull(JSONExtract(fee, 'id', 'Nullable(String)'), '') AS fee_id,
    CAST(transactions.order_id, 'Nullable(Int64)') AS order_id,
    CAST(transactions.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(JSONExtract(fee, 'type', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS type,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(JSONExtractString(fee, 'rate'), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'),
                18
            ),
            6
        ),
        'Decimal(18, 6)'
    ) AS rate,
    CAST(JSONExtract(fee, 'rate_name', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS rate_name,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(fee, 'amount', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS amount,
    CAST(
        coalesce(
            JSONExtract(fee, 'amount', 'currency_code', 'Nullable(String)'),
            JSONExtract(fee, 'amount', 'currency', 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(fee, 'flat_fee', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS flat_fee,
    CAST(JSONExtract(fee, 'flat_fee_name', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS flat_fee_name,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(fee, 'tax_amount', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS tax_amount,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.transactions
ARRAY JOIN JSONExtractArrayRaw(ifNull(fees, '')) AS fee
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(JSONExtract(fee, 'id', 'Nullable(String)')));
