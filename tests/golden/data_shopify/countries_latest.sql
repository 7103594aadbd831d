CREATE VIEW IF NOT EXISTS data_shopify.countries_latest
AS (
SELECT
    shop_url,
    country_id,
    code,
    name,
    translated_name,
    rest_of_world,
    provinces,
    province_count,
    extracted_at,
    generation_id,
    version
FROM data_shopify.countries FINAL
)
COMMENT 'One row per country that the shop sells to. Deduplicated: the newest row per key.';
