CREATE TABLE IF NOT EXISTS raw_ga4.pages
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    property_id String,
    date String,
    hostName String,
    pagePathPlusQueryString String,
    screenPageViews Nullable(Int64),
    bounceRate Nullable(Decimal(38, 9)),
    startDate Nullable(String),
    endDate Nullable(String)
)
ENGINE = MergeTree
ORDER BY (property_id, date, hostName, pagePathPlusQueryString)
COMMENT 'Stream ga4.pages as v2.1 lands it: one row per delivery of a record.';
