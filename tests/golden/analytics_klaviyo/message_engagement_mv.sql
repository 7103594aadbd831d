CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.message_engagement_mv TO analytics_klaviyo.message_engagement_state
AS
SELECT
    ifNull(_source.flow_id, '') AS flow_id,
    ifNull(_source.message_id, '') AS message_id,
    metric_id,
    uniqExactState(profile_id) AS profiles,
    uniqExactIfState(profile_id, and(not(apple_privacy_open), not(bot_click))) AS human_profiles,
    uniqExactState(event_id) AS events,
    uniqExactIfState(event_id, and(not(apple_privacy_open), not(bot_click))) AS human_events,
    minState(datetime) AS first_event_at,
    maxState(datetime) AS last_event_at
FROM data_klaviyo.events AS _source
WHERE or(isNotNull(_source.message_id), isNotNull(_source.flow_id))
GROUP BY ifNull(_source.flow_id, ''), ifNull(_source.message_id, ''), metric_id;
