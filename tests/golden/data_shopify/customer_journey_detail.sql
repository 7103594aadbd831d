CREATE TABLE IF NOT EXISTS data_shopify.customer_journey_detail
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    visit_id Int64 COMMENT 'Shopify\'s id of the visit',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the visit was (UTC)',
    source LowCardinality(Nullable(String)) COMMENT 'source, as Shopify names it',
    source_type LowCardinality(Nullable(String)) COMMENT 'kind of source: SEO, marketing, ...',
    source_description Nullable(String) COMMENT 'source in words',
    landing_page Nullable(String) COMMENT 'first page of the visit',
    referrer_url Nullable(String) COMMENT 'what led to the visit',
    referral_code Nullable(String) COMMENT 'ref= of the landing page',
    utm_source Nullable(String) COMMENT 'utm_source of the visit',
    utm_medium Nullable(String) COMMENT 'utm_medium of the visit',
    utm_campaign Nullable(String) COMMENT 'utm_campaign of the visit',
    utm_content Nullable(String) COMMENT 'utm_content of the visit',
    utm_term Nullable(String) COMMENT 'utm_term of the visit',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    journey_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(journey_version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, visit_id)
COMMENT 'One row per order and visit that led to it.';
