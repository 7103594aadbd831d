CREATE TABLE IF NOT EXISTS data_shopify.transaction_payment_details
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    transaction_id Int64 COMMENT 'transactions.transaction_id',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the transaction was created (UTC)',
    card_company LowCardinality(Nullable(String)) COMMENT 'Visa, Mastercard, ...',
    card_number Nullable(String) COMMENT 'last digits; the rest is masked by Shopify',
    card_bin Nullable(String) COMMENT 'first digits, which tell the issuing bank',
    card_wallet LowCardinality(Nullable(String)) COMMENT 'apple_pay, google_pay, ...',
    expiration_month Nullable(Int64) COMMENT '1 to 12',
    expiration_year Nullable(Int64) COMMENT 'four digits',
    avs_result_code LowCardinality(Nullable(String)) COMMENT 'answer of the address check',
    cvv_result_code LowCardinality(Nullable(String)) COMMENT 'answer of the security code check',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, transaction_id)
COMMENT 'One row per transaction that says how it was paid.';
