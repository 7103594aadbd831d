CREATE VIEW IF NOT EXISTS analytics_klaviyo.message_engagement
AS (
SELECT
    flow_id,
    message_id,
    variation_id,
    metric_id,
    apple_privacy_open,
    bot_click,
    uniqExactMerge(message_engagement_state.profiles) AS profiles,
    uniqExactMerge(message_engagement_state.events) AS events,
    minMerge(message_engagement_state.first_event_at) AS first_event_at,
    maxMerge(message_engagement_state.last_event_at) AS last_event_at
FROM analytics_klaviyo.message_engagement_state
GROUP BY flow_id, message_id, variation_id, metric_id, apple_privacy_open, bot_click
)
COMMENT 'One row per flow, message, variation, metric, and what a program did: events and profiles.';
