CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.daily_event_counts_mv TO analytics_klaviyo.daily_event_counts_state
AS
SELECT
    toDate(datetime, 'America/New_York') AS date,
    metric_id,
    uniqExactState(event_id) AS events,
    uniqExactState(profile_id) AS unique_profiles,
    uniqExactIfState(event_id, isNull(profile_id)) AS anonymous_events,
    maxState(isNotNull(value)) AS with_value
FROM data_klaviyo.events
GROUP BY date, metric_id;
