CREATE TABLE IF NOT EXISTS raw_shopify.inventory_levels
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    id String,
    admin_graphql_api_id Nullable(String),
    available Nullable(Int64),
    can_deactivate Nullable(Bool),
    created_at Nullable(DateTime64(3)),
    inventory_history_url Nullable(String),
    locations_count Nullable(String),
    deactivation_alert Nullable(String),
    inventory_item_id Nullable(Int64),
    location_id Nullable(Int64),
    updated_at Nullable(DateTime64(3)),
    shop_url Nullable(String),
    quantities Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.inventory_levels as v2.1 lands it: one row per delivery of a record.';
