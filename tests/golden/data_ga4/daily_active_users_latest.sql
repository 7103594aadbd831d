CREATE VIEW IF NOT EXISTS data_ga4.daily_active_users_latest
AS (
SELECT
    property_id,
    date,
    active_users,
    extracted_at,
    generation_id,
    version
FROM data_ga4.daily_active_users FINAL
)
COMMENT 'One row per property and day. Deduplicated: the newest row per key.';
