CREATE VIEW IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement
AS (
SELECT
    bucket,
    metric_id,
    apple_privacy_open,
    bot_click,
    uniqExactMerge(quarter_hour_engagement_state.events) AS events,
    uniqExactMerge(quarter_hour_engagement_state.profiles) AS profiles
FROM analytics_klaviyo.quarter_hour_engagement_state
GROUP BY bucket, metric_id, apple_privacy_open, bot_click
)
COMMENT 'One row per 15 minutes, metric, and what a program did: events and profiles.';
