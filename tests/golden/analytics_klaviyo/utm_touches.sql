CREATE TABLE IF NOT EXISTS analytics_klaviyo.utm_touches
(
    event_id String COMMENT 'Klaviyo\'s id of the event',
    datetime DateTime64(3, 'UTC') COMMENT 'when it happened (UTC)',
    metric_id String COMMENT 'metrics.metric_id; \'\' when the record has none',
    profile_id Nullable(String) COMMENT 'profiles.profile_id; NULL for an anonymous event',
    bot_click Bool COMMENT 'true for a click by a program',
    utm_source Nullable(String) COMMENT 'as sent, decoded',
    utm_medium Nullable(String) COMMENT 'from where utm_source is',
    utm_campaign Nullable(String) COMMENT 'from where utm_source is',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (metric_id, toDate(datetime, 'UTC'), event_id)
COMMENT 'One row per event with a utm_source.';
