CREATE TABLE IF NOT EXISTS data_ga4.daily_active_users
(
    property_id String COMMENT 'GA4\'s id of the property',
    date Date COMMENT 'the property\'s day',
    active_users Nullable(Int64) COMMENT 'active users, of that day; distinct, so never sum it over days',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (property_id, date)
COMMENT 'One row per property and day.';
