CREATE TABLE IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement_state
(
    bucket DateTime('UTC') COMMENT '15 minutes, their start (UTC)',
    metric_id String COMMENT 'metrics.metric_id',
    apple_privacy_open Bool COMMENT 'true for opens that a mail program made by itself',
    bot_click Bool COMMENT 'true for clicks by a program',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once',
    profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles'
)
ENGINE = AggregatingMergeTree
ORDER BY (bucket, metric_id, apple_privacy_open, bot_click)
COMMENT 'One row per 15 minutes, metric, and what a program did: events and profiles.';
