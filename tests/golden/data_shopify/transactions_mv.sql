CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.transactions_mv TO data_shopify.transactions
AS
SELECT
    ifNull(CAST(transactions.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS transaction_id,
    CAST(transactions.order_id, 'Nullable(Int64)') AS order_id,
    CAST(transactions.parent_id, 'Nullable(Int64)') AS parent_id,
    CAST(transactions.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(transactions.processed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS processed_at,
    CAST(lower(CAST(transactions.kind, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS kind,
    CAST(lower(CAST(transactions.status, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS status,
    CAST(CAST(transactions.gateway, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS gateway,
    CAST(
        coalesce(CAST(NULL, 'Nullable(String)'), CAST(formattedGateway, 'Nullable(String)')),
        'LowCardinality(Nullable(String))'
    ) AS formatted_gateway,
    CAST(CAST(transactions.currency, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS currency,
    accurateCastOrNull(round(transactions.amount, 4), 'Decimal(18, 4)') AS amount,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(amount_set, 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS shop_amount,
    CAST(
        coalesce(
            JSONExtract(amount_set, 'shop_money', 'currency_code', 'Nullable(String)'),
            JSONExtract(amount_set, 'shop_money', 'currency', 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS shop_currency,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(total_unsettled_set, 'shop_money', 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS unsettled,
    CAST(transactions.test, 'Nullable(Bool)') AS test,
    CAST(CAST(transactions.error_code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS error_code,
    CAST(transactions.message, 'Nullable(String)') AS message,
    CAST(transactions.authorization, 'Nullable(String)') AS authorization,
    CAST(transactions.payment_id, 'Nullable(String)') AS payment_id,
    CAST(CAST(transactions.source_name, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS source_name,
    CAST(transactions.location_id, 'Nullable(Int64)') AS location_id,
    CAST(transactions.user_id, 'Nullable(Int64)') AS user_id,
    JSONExtract(transactions.receipt, 'Nullable(String)') AS receipt,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.transactions
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
