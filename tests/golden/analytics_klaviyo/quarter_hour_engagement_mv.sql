CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement_mv TO analytics_klaviyo.quarter_hour_engagement_state
AS
SELECT
    toStartOfFifteenMinutes(datetime, 'UTC') AS bucket,
    metric_id,
    apple_privacy_open,
    bot_click,
    uniqExactState(event_id) AS events,
    uniqExactState(profile_id) AS profiles
FROM data_klaviyo.events
GROUP BY bucket, metric_id, apple_privacy_open, bot_click;
