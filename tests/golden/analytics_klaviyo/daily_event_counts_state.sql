CREATE TABLE IF NOT EXISTS analytics_klaviyo.daily_event_counts_state
(
    date Date COMMENT 'local day, in America/New_York',
    metric_id String COMMENT 'metrics.metric_id',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once; sum over days',
    unique_profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles; merge over days, do not sum',
    anonymous_events AggregateFunction(uniqExactIf, String, UInt8) COMMENT 'events without a profile; sum over days',
    with_value AggregateFunction(max, UInt8) COMMENT 'true where any of them has a value'
)
ENGINE = AggregatingMergeTree
ORDER BY (date, metric_id)
COMMENT 'One row per local day and metric: events and profiles.';
