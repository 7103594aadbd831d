CREATE TABLE IF NOT EXISTS raw_shopify.discount_codes_sync
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    id Int64,
    price_rule_id Nullable(Int64),
    code Nullable(String),
    usage_count Nullable(Int64),
    created_at Nullable(DateTime64(3)),
    createdBy Nullable(String),
    updated_at Nullable(DateTime64(3)),
    summary Nullable(String),
    discount_type Nullable(String),
    typename Nullable(String),
    starts_at Nullable(DateTime64(3)),
    ends_at Nullable(DateTime64(3)),
    status Nullable(String),
    title Nullable(String),
    usage_limit Nullable(Int64),
    applies_once_per_customer Nullable(Bool),
    async_usage_count Nullable(Int64),
    codes_count Nullable(String),
    total_sales Nullable(String),
    admin_graphql_api_id Nullable(String),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.discount_codes_sync as v2.1 lands it: one row per delivery of a record.';
