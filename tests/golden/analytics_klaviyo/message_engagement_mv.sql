CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.message_engagement_mv TO analytics_klaviyo.message_engagement_state
AS
SELECT
    ifNull(_source.flow_id, '') AS flow_id,
    ifNull(_source.message_id, '') AS message_id,
    ifNull(_source.variation_id, '') AS variation_id,
    metric_id,
    apple_privacy_open,
    bot_click,
    uniqExactState(profile_id) AS profiles,
    uniqExactState(event_id) AS events,
    minState(datetime) AS first_event_at,
    maxState(datetime) AS last_event_at
FROM data_klaviyo.events AS _source
WHERE or(isNotNull(_source.message_id), isNotNull(_source.flow_id))
GROUP BY ifNull(_source.flow_id, ''), ifNull(_source.message_id, ''), ifNull(_source.variation_id, ''), metric_id, apple_privacy_open, bot_click;
