CREATE VIEW IF NOT EXISTS analytics_klaviyo.profile_activity
AS (
SELECT
    metric_id,
    profile_id,
    apple_privacy_open,
    bot_click,
    minMerge(profile_activity_state.first_at) AS first_at,
    maxMerge(profile_activity_state.last_at) AS last_at
FROM analytics_klaviyo.profile_activity_state
GROUP BY metric_id, profile_id, apple_privacy_open, bot_click
)
COMMENT 'One row per metric, profile, and what a program did: the first and the last time.';
