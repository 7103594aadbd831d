CREATE VIEW IF NOT EXISTS data_ga4.devices_latest
AS (
SELECT
    property_id,
    date,
    device_category,
    operating_system,
    browser,
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
FROM data_ga4.devices FINAL
)
COMMENT 'One row per property, day, device category, operating system and browser. Deduplicated: the newest row per key.';
