CREATE TABLE IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement_state
(
    bucket DateTime('UTC') COMMENT '15 minutes, their start (UTC)',
    metric_id String COMMENT 'metrics.metric_id',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once',
    human_events AggregateFunction(uniqExactIf, String, Bool) COMMENT 'of them, those not made by a mail program or bot',
    profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles',
    human_profiles AggregateFunction(uniqExactIf, Nullable(String), Bool) COMMENT 'different profiles that did it themselves'
)
ENGINE = AggregatingMergeTree
ORDER BY (bucket, metric_id)
COMMENT 'One row per 15 minutes and metric: events and profiles.';
