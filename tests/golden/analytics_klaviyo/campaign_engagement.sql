CREATE VIEW IF NOT EXISTS analytics_klaviyo.campaign_engagement
COMMENT 'One row per message and metric: events and profiles.'
AS
SELECT
    message_id,
    metric_id,
    uniqExactMerge(campaign_engagement_state.profiles) AS profiles,
    uniqExactIfMerge(campaign_engagement_state.human_profiles) AS human_profiles,
    uniqExactMerge(campaign_engagement_state.events) AS events,
    uniqExactIfMerge(campaign_engagement_state.human_events) AS human_events,
    minMerge(campaign_engagement_state.first_event_at) AS first_event_at,
    maxMerge(campaign_engagement_state.last_event_at) AS last_event_at
FROM analytics_klaviyo.campaign_engagement_state
GROUP BY message_id, metric_id;
