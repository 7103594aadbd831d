CREATE TABLE IF NOT EXISTS raw_shopify.inventory_items
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    id Int64,
    admin_graphql_api_id Nullable(String),
    cost Nullable(Decimal(38, 9)),
    currency_code Nullable(String),
    country_code_of_origin Nullable(String),
    country_harmonized_system_codes Nullable(String),
    duplicate_sku_count Nullable(Int64),
    harmonized_system_code Nullable(String),
    province_code_of_origin Nullable(String),
    updated_at Nullable(DateTime64(3)),
    created_at Nullable(DateTime64(3)),
    sku Nullable(String),
    tracked Nullable(Bool),
    requires_shipping Nullable(Bool),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.inventory_items as v2.1 lands it: one row per delivery of a record.';
