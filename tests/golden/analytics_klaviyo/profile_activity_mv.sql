CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.profile_activity_mv TO analytics_klaviyo.profile_activity_state
AS
SELECT
    metric_id,
    ifNull(events.profile_id, '') AS profile_id,
    apple_privacy_open,
    bot_click,
    minState(datetime) AS first_at,
    maxState(datetime) AS last_at
FROM data_klaviyo.events
WHERE isNotNull(events.profile_id)
GROUP BY metric_id, ifNull(events.profile_id, ''), apple_privacy_open, bot_click;
