CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.utm_touches_mv TO analytics_klaviyo.utm_touches
AS
SELECT
    event_id,
    datetime,
    metric_id,
    profile_id,
    bot_click,
    utm_source,
    utm_medium,
    utm_campaign,
    version
FROM data_klaviyo.events
WHERE trimBoth(ifNull(utm_source, '')) <> '';
