CREATE TABLE IF NOT EXISTS raw_shopify.order_agreements
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    id Int64,
    created_at Nullable(DateTime64(3)),
    updated_at Nullable(DateTime64(3)),
    admin_graphql_api_id Nullable(String),
    shop_url Nullable(String),
    agreements Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.order_agreements as v2.1 lands it: one row per delivery of a record.';
