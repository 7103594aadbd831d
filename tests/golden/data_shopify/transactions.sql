CREATE TABLE IF NOT EXISTS data_shopify.transactions
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    transaction_id Int64 COMMENT 'Shopify\'s id of the transaction',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    parent_id Nullable(Int64) COMMENT 'the transaction that it captures, voids or refunds',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the transaction was created (UTC)',
    processed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was processed (UTC)',
    kind LowCardinality(Nullable(String)) COMMENT 'authorization, capture, sale, void, refund, change; lower case',
    status LowCardinality(Nullable(String)) COMMENT 'success, failure, pending, error; lower case',
    gateway LowCardinality(Nullable(String)) COMMENT 'payment gateway',
    formatted_gateway LowCardinality(Nullable(String)) COMMENT 'name of the gateway for people',
    currency LowCardinality(Nullable(String)) COMMENT 'currency of amount',
    amount Nullable(Decimal(18, 4)) COMMENT 'money, in currency: it may be the customer\'s; never sum over currencies',
    shop_amount Nullable(Decimal(18, 4)) COMMENT 'money in shop currency; NULL where the set is missing',
    shop_currency LowCardinality(Nullable(String)) COMMENT 'the shop\'s currency',
    unsettled Nullable(Decimal(18, 4)) COMMENT 'authorized but not captured; shop currency',
    test Nullable(Bool) COMMENT 'true for a test transaction',
    error_code LowCardinality(Nullable(String)) COMMENT 'why it failed',
    message Nullable(String) COMMENT 'what the gateway says',
    authorization Nullable(String) COMMENT 'authorization code',
    payment_id Nullable(String) COMMENT 'id of the payment, such as #1001.1',
    source_name LowCardinality(Nullable(String)) COMMENT 'where it comes from: web, pos, ...',
    location_id Nullable(Int64) COMMENT 'locations.location_id of a POS transaction',
    user_id Nullable(Int64) COMMENT 'staff member who made it',
    receipt Nullable(String) COMMENT 'what the gateway returned, JSON text as sent',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, transaction_id)
COMMENT 'One row per transaction.';
