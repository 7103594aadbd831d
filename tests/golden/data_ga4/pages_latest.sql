CREATE VIEW IF NOT EXISTS data_ga4.pages_latest
AS (
SELECT
    property_id,
    date,
    host_name,
    page_path_query,
    page_path,
    is_other,
    views,
    bounce_rate,
    avg_engagement_seconds,
    extracted_at,
    generation_id,
    version
FROM data_ga4.pages FINAL
)
COMMENT 'One row per property, day, host and path with query string. Deduplicated: the newest row per key.';
