CREATE VIEW IF NOT EXISTS data_shopify.customer_address_latest
AS (
SELECT
    shop_url,
    address_id,
    customer_id,
    is_default,
    first_name,
    last_name,
    company,
    address1,
    address2,
    city,
    province,
    province_code,
    country,
    country_code,
    zip,
    phone,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.customer_address FINAL
)
COMMENT 'One row per address of a customer. Deduplicated: the newest row per key.';
