CREATE TABLE IF NOT EXISTS raw_shopify.customer_journey_summary
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    order_id Int64,
    created_at Nullable(DateTime64(3)),
    updated_at Nullable(DateTime64(3)),
    customer_journey_summary Nullable(String),
    admin_graphql_api_id Nullable(String),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY order_id
COMMENT 'Stream shopify.customer_journey_summary as v2.1 lands it: one row per delivery of a record.';
