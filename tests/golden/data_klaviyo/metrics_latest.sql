CREATE VIEW IF NOT EXISTS data_klaviyo.metrics_latest
AS (
SELECT
    metric_id,
    name,
    integration_id,
    integration_name,
    integration_category,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_klaviyo.metrics FINAL
)
COMMENT 'One row per metric. Deduplicated: the newest row per key.';
