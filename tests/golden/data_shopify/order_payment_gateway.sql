CREATE TABLE IF NOT EXISTS data_shopify.order_payment_gateway
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    gateway LowCardinality(String) COMMENT 'name of the payment gateway',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    order_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(order_version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, gateway)
COMMENT 'One row per order and payment gateway.';
