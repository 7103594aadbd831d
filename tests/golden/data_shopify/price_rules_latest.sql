CREATE VIEW IF NOT EXISTS data_shopify.price_rules_latest
AS (
SELECT
    shop_url,
    price_rule_id,
    title,
    value,
    value_type,
    target_type,
    target_selection,
    allocation_method,
    customer_selection,
    once_per_customer,
    usage_limit,
    allocation_limit,
    minimum_subtotal,
    minimum_quantity,
    starts_at,
    ends_at,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.price_rules FINAL
WHERE (shop_url, price_rule_id) NOT IN (SELECT shop_url, id FROM data_shopify.deleted_objects WHERE entity = 'price_rule')
)
COMMENT 'One row per price rule. The newest state; deleted ones are left out.';
