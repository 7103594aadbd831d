CREATE TABLE IF NOT EXISTS raw_shopify.locations
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    active Nullable(Bool),
    address1 Nullable(String),
    address2 Nullable(String),
    admin_graphql_api_id Nullable(String),
    city Nullable(String),
    country Nullable(String),
    country_code Nullable(String),
    country_name Nullable(String),
    created_at Nullable(DateTime64(3)),
    id Int64,
    legacy Nullable(Bool),
    name Nullable(String),
    phone Nullable(String),
    province Nullable(String),
    province_code Nullable(String),
    updated_at Nullable(DateTime64(3)),
    zip Nullable(String),
    localized_country_name Nullable(String),
    localized_province_name Nullable(String),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.locations as v2.1 lands it: one row per delivery of a record.';
