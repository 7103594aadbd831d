CREATE TABLE IF NOT EXISTS data_shopify.order_refund_transactions
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    refund_id Int64 COMMENT 'order_refunds.refund_id',
    transaction_id Int64 COMMENT 'transactions.transaction_id',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    parent_id Nullable(Int64) COMMENT 'the transaction that it gives back',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the refund was made (UTC)',
    processed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the transaction was processed (UTC)',
    kind LowCardinality(Nullable(String)) COMMENT 'refund, void, ...; lower case',
    status LowCardinality(Nullable(String)) COMMENT 'success, failure, pending, error; lower case',
    gateway LowCardinality(Nullable(String)) COMMENT 'payment gateway',
    currency LowCardinality(Nullable(String)) COMMENT 'currency of amount: it may be the customer\'s',
    amount Nullable(Decimal(18, 4)) COMMENT 'money given back, in currency: never sum over currencies',
    test Nullable(Bool) COMMENT 'true for a test transaction',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, refund_id, transaction_id)
COMMENT 'One row per refund and transaction.';
