CREATE TABLE IF NOT EXISTS raw_shopify.order_refunds
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    order_id Nullable(Int64),
    restock Nullable(Bool),
    order_adjustments Nullable(String),
    processed_at Nullable(DateTime64(3)),
    user_id Nullable(Int64),
    note Nullable(String),
    id Int64,
    created_at Nullable(DateTime64(3)),
    admin_graphql_api_id Nullable(String),
    duties Nullable(String),
    refund_line_items Nullable(String),
    return Nullable(String),
    transactions Nullable(String),
    shop_url Nullable(String),
    total_duties_set Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.order_refunds as v2.1 lands it: one row per delivery of a record.';
