CREATE VIEW IF NOT EXISTS data_klaviyo.lists_latest
AS (
SELECT
    list_id,
    name,
    opt_in_process,
    profile_count,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_klaviyo.lists FINAL
)
COMMENT 'One row per list. Deduplicated: the newest row per key.';
