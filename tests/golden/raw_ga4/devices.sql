CREATE TABLE IF NOT EXISTS raw_ga4.devices
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    property_id String,
    date String,
    deviceCategory String,
    operatingSystem String,
    browser String,
    totalUsers Nullable(Int64),
    newUsers Nullable(Int64),
    sessions Nullable(Int64),
    sessionsPerUser Nullable(Decimal(38, 9)),
    averageSessionDuration Nullable(Decimal(38, 9)),
    screenPageViews Nullable(Int64),
    screenPageViewsPerSession Nullable(Decimal(38, 9)),
    bounceRate Nullable(Decimal(38, 9)),
    startDate Nullable(String),
    endDate Nullable(String)
)
ENGINE = MergeTree
ORDER BY (property_id, date, deviceCategory, operatingSystem, browser)
COMMENT 'Stream ga4.devices as v2.1 lands it: one row per delivery of a record.';
