CREATE VIEW IF NOT EXISTS analytics_klaviyo.message_engagement
COMMENT 'One row per flow, message and metric: events and profiles.'
AS
SELECT
    flow_id,
    message_id,
    metric_id,
    uniqExactMerge(message_engagement_state.profiles) AS profiles,
    uniqExactIfMerge(message_engagement_state.human_profiles) AS human_profiles,
    uniqExactMerge(message_engagement_state.events) AS events,
    uniqExactIfMerge(message_engagement_state.human_events) AS human_events,
    minMerge(message_engagement_state.first_event_at) AS first_event_at,
    maxMerge(message_engagement_state.last_event_at) AS last_event_at
FROM analytics_klaviyo.message_engagement_state
GROUP BY flow_id, message_id, metric_id;
