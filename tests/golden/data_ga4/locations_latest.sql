CREATE VIEW IF NOT EXISTS data_ga4.locations_latest
AS (
SELECT
    property_id,
    date,
    country,
    region,
    city,
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
FROM data_ga4.locations FINAL
)
COMMENT 'One row per property, day, country, region and city. Deduplicated: the newest row per key.';
