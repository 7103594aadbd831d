CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.transaction_payment_details_mv TO data_shopify.transaction_payment_details
AS
SELECT
    ifNull(CAST(transactions.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS transaction_id,
    CAST(transactions.order_id, 'Nullable(Int64)') AS order_id,
    CAST(transactions.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(
        JSONExtract(CAST(payment_details, 'Nullable(String)'), 'credit_card_company', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS card_company,
    JSONExtract(CAST(payment_details, 'Nullable(String)'), 'credit_card_number', 'Nullable(String)') AS card_number,
    JSONExtract(CAST(payment_details, 'Nullable(String)'), 'credit_card_bin', 'Nullable(String)') AS card_bin,
    CAST(
        JSONExtract(CAST(payment_details, 'Nullable(String)'), 'credit_card_wallet', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS card_wallet,
    toInt64OrNull(JSONExtractString(CAST(payment_details, 'Nullable(String)'), 'credit_card_expiration_month')) AS expiration_month,
    toInt64OrNull(JSONExtractString(CAST(payment_details, 'Nullable(String)'), 'credit_card_expiration_year')) AS expiration_year,
    CAST(
        JSONExtract(CAST(payment_details, 'Nullable(String)'), 'avs_result_code', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS avs_result_code,
    CAST(
        JSONExtract(CAST(payment_details, 'Nullable(String)'), 'cvv_result_code', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS cvv_result_code,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.transactions
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), isNotNull(CAST(payment_details, 'Nullable(String)')));
