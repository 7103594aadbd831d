CREATE VIEW IF NOT EXISTS analytics_klaviyo.hour_of_week_engagement
AS (
SELECT
    metric_id,
    iso_weekday,
    local_hour,
    apple_privacy_open,
    bot_click,
    uniqExactMerge(hour_of_week_engagement_state.events) AS events,
    uniqExactMerge(hour_of_week_engagement_state.profiles) AS profiles,
    uniqExactMerge(hour_of_week_engagement_state.occurrences) AS occurrences
FROM analytics_klaviyo.hour_of_week_engagement_state
GROUP BY metric_id, iso_weekday, local_hour, apple_privacy_open, bot_click
)
COMMENT 'One row per metric, ISO weekday, local hour, and what a program did: events and profiles.';
