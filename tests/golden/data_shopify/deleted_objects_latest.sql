CREATE VIEW IF NOT EXISTS data_shopify.deleted_objects_latest
AS (
SELECT
    shop_url,
    entity,
    id,
    deleted_at,
    message,
    description,
    extracted_at,
    version
FROM data_shopify.deleted_objects FINAL
)
COMMENT 'One row per deleted object. Deduplicated: the newest row per key.';
