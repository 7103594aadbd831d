CREATE TABLE IF NOT EXISTS raw_klaviyo.profiles
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    type Nullable(String),
    id String,
    updated Nullable(DateTime64(3)),
    attributes Nullable(String),
    links Nullable(String),
    relationships Nullable(String),
    segments Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream klaviyo.profiles as v2.1 lands it: one row per delivery of a record.';
