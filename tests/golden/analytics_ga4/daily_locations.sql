CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_ga4.daily_locations
REFRESH EVERY 1 HOUR
(
    property_id String COMMENT 'GA4\'s id of the property',
    date Date COMMENT 'the property\'s day',
    sessions Nullable(Int64) COMMENT 'sessions; sum over days',
    engaged_sessions Nullable(Decimal(38, 4)) COMMENT 'sessions that did not bounce, from the rates of the rows; sum over days',
    engagement_rate Nullable(Float64) COMMENT 'engaged_sessions / sessions; do not average',
    bounce_rate Nullable(Float64) COMMENT '1 - engagement_rate; do not average',
    avg_session_duration Nullable(Float64) COMMENT 'seconds per session; do not average',
    page_views Nullable(Int64) COMMENT 'pages and screens seen; sum over days',
    pages_per_session Nullable(Float64) COMMENT 'page_views / sessions; do not average',
    new_users Nullable(Int64) COMMENT 'users on their first visit; sum over days'
)
ENGINE = MergeTree
ORDER BY (property_id, date)
EMPTY
AS (
SELECT
    r.property_id AS property_id,
    r.date AS date,
    sum(r.sessions) AS sessions,
    CAST(round(sum(r.engaged_sessions), 4), 'Nullable(Decimal(38, 4))') AS engaged_sessions,
    toFloat64(sum(r.engaged_sessions)) / nullIf(sumIf(r.sessions, r.engaged_sessions IS NOT NULL), 0) AS engagement_rate,
    1 - engagement_rate AS bounce_rate,
    toFloat64(sum(r.session_seconds)) / nullIf(sumIf(r.sessions, r.session_seconds IS NOT NULL), 0) AS avg_session_duration,
    sum(r.screen_page_views) AS page_views,
    page_views / nullIf(sum(r.sessions), 0) AS pages_per_session,
    sum(r.new_users) AS new_users
FROM data_ga4.locations_latest AS r
GROUP BY property_id, date
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per property, day: sessions, over the rows of locations.';
