CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.message_touches_mv TO analytics_klaviyo.message_touches
AS
SELECT
    metric_id,
    apple_privacy_open,
    bot_click,
    ifNull(events.profile_id, '') AS profile_id,
    datetime,
    CAST(ifNull(events.flow_id, ''), 'LowCardinality(String)') AS flow_id,
    CAST(ifNull(events.message_id, ''), 'LowCardinality(String)') AS message_id,
    CAST(ifNull(events.variation_id, ''), 'LowCardinality(String)') AS variation_id,
    version
FROM data_klaviyo.events
WHERE isNotNull(events.profile_id);
