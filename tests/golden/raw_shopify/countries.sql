CREATE TABLE IF NOT EXISTS raw_shopify.countries
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    id Int64,
    code Nullable(String),
    name Nullable(String),
    translated_name Nullable(String),
    rest_of_world Nullable(Bool),
    provinces Nullable(String),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.countries as v2.1 lands it: one row per delivery of a record.';
