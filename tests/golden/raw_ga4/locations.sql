CREATE TABLE IF NOT EXISTS raw_ga4.locations
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    property_id String,
    region String,
    country String,
    city String,
    date String,
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
ORDER BY (property_id, region, country, city, date)
COMMENT 'Stream ga4.locations as v2.1 lands it: one row per delivery of a record.';
