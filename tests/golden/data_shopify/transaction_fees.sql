CREATE TABLE IF NOT EXISTS data_shopify.transaction_fees
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    transaction_id Int64 COMMENT 'transactions.transaction_id',
    fee_id String COMMENT 'Shopify\'s id of the fee: a number or text',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the transaction was created (UTC)',
    type LowCardinality(Nullable(String)) COMMENT 'processing_fee, ...',
    rate Nullable(Decimal(18, 6)) COMMENT 'rate as a fraction: 0.029 is 2.9 %',
    rate_name LowCardinality(Nullable(String)) COMMENT 'name of the rate',
    amount Nullable(Decimal(18, 4)) COMMENT 'fee charged, in currency',
    currency LowCardinality(Nullable(String)) COMMENT 'currency of the fee',
    flat_fee Nullable(Decimal(18, 4)) COMMENT 'the part that does not depend on the amount',
    flat_fee_name LowCardinality(Nullable(String)) COMMENT 'name of the flat fee',
    tax_amount Nullable(Decimal(18, 4)) COMMENT 'tax on the fee',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, transaction_id, fee_id)
COMMENT 'One row per transaction and fee.';
