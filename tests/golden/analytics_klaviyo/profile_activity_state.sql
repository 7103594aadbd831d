CREATE TABLE IF NOT EXISTS analytics_klaviyo.profile_activity_state
(
    metric_id String COMMENT 'metrics.metric_id',
    profile_id String COMMENT 'profiles.profile_id',
    apple_privacy_open Bool COMMENT 'true for opens that a mail program made by itself',
    bot_click Bool COMMENT 'true for clicks by a program',
    first_at AggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'the first time (UTC)',
    last_at AggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'the last time (UTC)'
)
ENGINE = AggregatingMergeTree
ORDER BY (metric_id, profile_id, apple_privacy_open, bot_click)
COMMENT 'One row per metric, profile, and what a program did: the first and the last time.';
