CREATE VIEW IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement
COMMENT 'One row per 15 minutes and metric: events and profiles.'
AS
SELECT
    bucket,
    metric_id,
    uniqExactMerge(quarter_hour_engagement_state.events) AS events,
    uniqExactIfMerge(quarter_hour_engagement_state.human_events) AS human_events,
    uniqExactMerge(quarter_hour_engagement_state.profiles) AS profiles,
    uniqExactIfMerge(quarter_hour_engagement_state.human_profiles) AS human_profiles
FROM analytics_klaviyo.quarter_hour_engagement_state
GROUP BY bucket, metric_id;
