CREATE TABLE IF NOT EXISTS raw_ga4.weekly_active_users
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    property_id String,
    date String,
    active7DayUsers Nullable(Int64),
    startDate Nullable(String),
    endDate Nullable(String)
)
ENGINE = MergeTree
ORDER BY (property_id, date)
COMMENT 'Stream ga4.weekly_active_users as v2.1 lands it: one row per delivery of a record.';
