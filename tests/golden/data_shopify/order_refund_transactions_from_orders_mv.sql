CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_refund_transactions_from_orders_mv TO data_shopify.order_refund_transactions
AS
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(toInt64OrNull(JSONExtractString(refund, 'id')), CAST(0, 'Int64')) AS refund_id,
    ifNull(toInt64OrNull(JSONExtractString(payment, 'id')), CAST(0, 'Int64')) AS transaction_id,
    coalesce(toInt64OrNull(JSONExtractString(payment, 'order_id')), CAST(id, 'Nullable(Int64)')) AS order_id,
    toInt64OrNull(JSONExtractString(payment, 'parent_id')) AS parent_id,
    if(
        match(JSONExtract(refund, 'created_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(refund, 'created_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    if(
        match(JSONExtract(payment, 'processed_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(payment, 'processed_at', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS processed_at,
    CAST(lower(JSONExtract(payment, 'kind', 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS kind,
    CAST(lower(JSONExtract(payment, 'status', 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS status,
    CAST(JSONExtract(payment, 'gateway', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS gateway,
    CAST(JSONExtract(payment, 'currency', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS currency,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(payment, 'amount'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS amount,
    transform(
        lower(JSONExtractString(payment, 'test')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS test,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.orders
ARRAY JOIN JSONExtractArrayRaw(ifNull(refunds, '')) AS refund
ARRAY JOIN JSONExtractArrayRaw(refund, 'transactions') AS payment
WHERE and(isNotNull(toInt64OrNull(JSONExtractString(refund, 'id'))), isNotNull(toInt64OrNull(JSONExtractString(payment, 'id'))));
