CREATE VIEW IF NOT EXISTS data_shopify.locations_latest
AS (
SELECT
    shop_url,
    location_id,
    name,
    active,
    legacy,
    address1,
    address2,
    city,
    province,
    province_code,
    country,
    country_code,
    zip,
    phone,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.locations FINAL
)
COMMENT 'One row per location. Deduplicated: the newest row per key.';
