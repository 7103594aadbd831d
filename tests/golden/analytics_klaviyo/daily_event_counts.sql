CREATE VIEW IF NOT EXISTS analytics_klaviyo.daily_event_counts
AS (
SELECT
    date,
    metric_id,
    uniqExactMerge(daily_event_counts_state.events) AS events,
    uniqExactMerge(daily_event_counts_state.unique_profiles) AS unique_profiles,
    uniqExactIfMerge(daily_event_counts_state.anonymous_events) AS anonymous_events,
    maxMerge(daily_event_counts_state.with_value) AS with_value
FROM analytics_klaviyo.daily_event_counts_state
GROUP BY date, metric_id
)
COMMENT 'One row per local day and metric: events and profiles.';
