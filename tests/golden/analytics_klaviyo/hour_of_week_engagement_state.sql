CREATE TABLE IF NOT EXISTS analytics_klaviyo.hour_of_week_engagement_state
(
    metric_id String COMMENT 'metrics.metric_id',
    iso_weekday UInt8 COMMENT '1 for Monday to 7 for Sunday, in America/New_York',
    local_hour UInt8 COMMENT '0 to 23, in America/New_York',
    apple_privacy_open Bool COMMENT 'true for opens that a mail program made by itself',
    bot_click Bool COMMENT 'true for clicks by a program',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once',
    profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles; merge over hours, do not sum',
    occurrences AggregateFunction(uniqExact, Date, Int32) COMMENT 'different hours of the calendar that had any; merge over metrics, do not sum'
)
ENGINE = AggregatingMergeTree
ORDER BY (metric_id, iso_weekday, local_hour, apple_privacy_open, bot_click)
COMMENT 'One row per metric, ISO weekday, local hour, and what a program did: events and profiles.';
