CREATE VIEW IF NOT EXISTS data_ga4.traffic_sources_latest
AS (
SELECT
    property_id,
    date,
    session_source,
    session_medium,
    channel,
    is_other,
    total_users,
    new_users,
    sessions,
    engaged_sessions,
    session_seconds,
    screen_page_views,
    bounce_rate,
    avg_session_duration,
    sessions_per_user,
    pages_per_session,
    extracted_at,
    generation_id,
    version
FROM data_ga4.traffic_sources FINAL
)
COMMENT 'One row per property, day, session source and medium. Deduplicated: the newest row per key.';
