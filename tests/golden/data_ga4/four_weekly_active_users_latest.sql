CREATE VIEW IF NOT EXISTS data_ga4.four_weekly_active_users_latest
AS (
SELECT
    property_id,
    date,
    active_users,
    window_days,
    extracted_at,
    generation_id,
    version
FROM data_ga4.four_weekly_active_users FINAL
)
COMMENT 'One row per property and day: the 28 days that end on it, no month. Deduplicated: the newest row per key.';
