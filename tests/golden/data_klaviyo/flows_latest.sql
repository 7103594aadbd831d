CREATE VIEW IF NOT EXISTS data_klaviyo.flows_latest
AS (
SELECT
    flow_id,
    name,
    status,
    archived,
    trigger_type,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_klaviyo.flows FINAL
)
COMMENT 'One row per flow. Deduplicated: the newest row per key.';
