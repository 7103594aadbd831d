CREATE VIEW IF NOT EXISTS analytics_klaviyo.daily_event_summary
AS (
SELECT
    c.date AS date,
    m.name AS metric,
    c.events AS events,
    c.unique_profiles AS unique_profiles,
    c.anonymous_events AS anonymous_events,
    if(c.with_value, v.value, toDecimal128(0, 4)) AS value,
    m.integration_name AS integration_name,
    c.metric_id AS metric_id
FROM analytics_klaviyo.daily_event_counts AS c
LEFT JOIN data_klaviyo.metrics_latest AS m ON c.metric_id = m.metric_id
LEFT JOIN (
    SELECT date, metric_id, toNullable(value) AS value FROM analytics_klaviyo.daily_event_value
) AS v ON c.date = v.date AND c.metric_id = v.metric_id
)
COMMENT 'One row per local day and metric: events, profiles, anonymous events, value.';
