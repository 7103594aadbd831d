CREATE VIEW IF NOT EXISTS data_shopify.discount_codes_latest
COMMENT 'One row per discount code. Deduplicated: the newest row per key.'
AS
SELECT
    shop_url,
    discount_code_id,
    code,
    price_rule_id,
    title,
    summary,
    discount_type,
    type_name,
    status,
    usage_count,
    discount_usage_count,
    codes_count,
    usage_limit,
    once_per_customer,
    total_sales,
    total_sales_currency,
    starts_at,
    ends_at,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.discount_codes FINAL;
