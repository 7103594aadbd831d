CREATE TABLE IF NOT EXISTS raw_shopify.customer_address
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    address1 Nullable(String),
    address2 Nullable(String),
    city Nullable(String),
    country Nullable(String),
    country_code Nullable(String),
    country_name Nullable(String),
    company Nullable(String),
    customer_id Nullable(Int64),
    first_name Nullable(String),
    id Int64,
    last_name Nullable(String),
    name Nullable(String),
    phone Nullable(String),
    province Nullable(String),
    province_code Nullable(String),
    zip Nullable(String),
    default Nullable(Bool),
    shop_url Nullable(String),
    updated_at Nullable(DateTime64(3))
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.customer_address as v2.1 lands it: one row per delivery of a record.';
