CREATE VIEW IF NOT EXISTS data_shopify.shop_latest
AS (
SELECT
    shop_url,
    shop_id,
    name,
    domain,
    myshopify_domain,
    email,
    currency,
    presentment_currencies,
    iana_timezone,
    country_code,
    taxes_included,
    tax_shipping,
    weight_unit,
    plan_name,
    primary_locale,
    primary_location_id,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.shop FINAL
)
COMMENT 'One row per shop. Deduplicated: the newest row per key.';
