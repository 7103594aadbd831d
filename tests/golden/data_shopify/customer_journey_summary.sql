CREATE TABLE IF NOT EXISTS data_shopify.customer_journey_summary
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order last changed (UTC)',
    ready Nullable(Bool) COMMENT 'true once Shopify has worked the journey out',
    moments_count Nullable(Int64) COMMENT 'visits before the order',
    customer_order_index Nullable(Int64) COMMENT 'how-manieth order of the customer, from 1',
    days_to_conversion Nullable(Int64) COMMENT 'days from the first visit to the order',
    first_visit_at Nullable(DateTime64(3, 'UTC')) COMMENT 'moment of the first_visit (UTC)',
    first_source LowCardinality(Nullable(String)) COMMENT 'source of the first_visit',
    first_landing_page Nullable(String) COMMENT 'first page of the first_visit',
    first_referrer_url Nullable(String) COMMENT 'what led to the first_visit',
    first_utm_source Nullable(String) COMMENT 'utm_source of the first_visit',
    first_utm_medium Nullable(String) COMMENT 'utm_medium of the first_visit',
    first_utm_campaign Nullable(String) COMMENT 'utm_campaign of the first_visit',
    last_visit_at Nullable(DateTime64(3, 'UTC')) COMMENT 'moment of the last_visit (UTC)',
    last_source LowCardinality(Nullable(String)) COMMENT 'source of the last_visit',
    last_landing_page Nullable(String) COMMENT 'first page of the last_visit',
    last_referrer_url Nullable(String) COMMENT 'what led to the last_visit',
    last_utm_source Nullable(String) COMMENT 'utm_source of the last_visit',
    last_utm_medium Nullable(String) COMMENT 'utm_medium of the last_visit',
    last_utm_campaign Nullable(String) COMMENT 'utm_campaign of the last_visit',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id)
COMMENT 'One row per order: the journey that led to it.';
