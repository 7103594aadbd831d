CREATE TABLE IF NOT EXISTS analytics_klaviyo.message_touches
(
    metric_id String COMMENT 'metrics.metric_id',
    apple_privacy_open Bool COMMENT 'true for an open that a mail program made by itself',
    bot_click Bool COMMENT 'true for a click by a program',
    profile_id String COMMENT 'profiles.profile_id',
    datetime DateTime64(3, 'UTC') COMMENT 'when it happened (UTC)',
    flow_id LowCardinality(String) COMMENT 'flows.flow_id; \'\' for a message of a campaign',
    message_id LowCardinality(String) COMMENT 'the message; of a campaign, its id or one of its messages',
    variation_id LowCardinality(String) COMMENT 'the variation in an A/B test; \'\' without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (metric_id, apple_privacy_open, bot_click, profile_id, datetime, flow_id, message_id, variation_id)
COMMENT 'One row per profile, moment, metric and message.';
