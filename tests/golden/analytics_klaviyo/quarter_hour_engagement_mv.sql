CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.quarter_hour_engagement_mv TO analytics_klaviyo.quarter_hour_engagement_state
AS
SELECT
    toStartOfFifteenMinutes(datetime, 'UTC') AS bucket,
    metric_id,
    uniqExactState(event_id) AS events,
    uniqExactIfState(event_id, and(not(apple_privacy_open), not(bot_click))) AS human_events,
    uniqExactState(profile_id) AS profiles,
    uniqExactIfState(profile_id, and(not(apple_privacy_open), not(bot_click))) AS human_profiles
FROM data_klaviyo.events
GROUP BY bucket, metric_id;
