CREATE TABLE IF NOT EXISTS analytics_klaviyo.message_engagement_state
(
    flow_id String COMMENT 'flows.flow_id; \'\' for a message of a campaign',
    message_id String COMMENT 'the message; of a campaign, its id or one of its messages',
    metric_id String COMMENT 'metrics.metric_id',
    profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles',
    human_profiles AggregateFunction(uniqExactIf, Nullable(String), Bool) COMMENT 'different profiles that did it themselves',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once',
    human_events AggregateFunction(uniqExactIf, String, Bool) COMMENT 'of them, those not made by a mail program or bot',
    first_event_at AggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'its first event (UTC)',
    last_event_at AggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'its last event (UTC)'
)
ENGINE = AggregatingMergeTree
ORDER BY (flow_id, message_id, metric_id)
COMMENT 'One row per flow, message and metric: events and profiles.';
