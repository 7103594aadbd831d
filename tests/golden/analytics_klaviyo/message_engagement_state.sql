CREATE TABLE IF NOT EXISTS analytics_klaviyo.message_engagement_state
(
    flow_id String COMMENT 'flows.flow_id; \'\' for a message of a campaign',
    message_id String COMMENT 'the message; of a campaign, its id or one of its messages',
    variation_id String COMMENT 'the variation in an A/B test; \'\' without one',
    metric_id String COMMENT 'metrics.metric_id',
    apple_privacy_open Bool COMMENT 'true for opens that a mail program made by itself',
    bot_click Bool COMMENT 'true for clicks by a program',
    profiles AggregateFunction(uniqExact, Nullable(String)) COMMENT 'different profiles',
    events AggregateFunction(uniqExact, String) COMMENT 'events, each once',
    first_event_at AggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'its first event (UTC)',
    last_event_at AggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'its last event (UTC)'
)
ENGINE = AggregatingMergeTree
ORDER BY (flow_id, message_id, variation_id, metric_id, apple_privacy_open, bot_click)
COMMENT 'One row per flow, message, variation, metric, and what a program did: events and profiles.';
