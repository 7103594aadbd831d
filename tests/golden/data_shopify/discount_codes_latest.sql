CREATE VIEW IF NOT EXISTS data_shopify.discount_codes_latest
AS (
SELECT
    newest.shop_url AS shop_url,
    newest.discount_code_id AS discount_code_id,
    newest.code AS code,
    newest.price_rule_id AS price_rule_id,
    newest.title AS title,
    newest.summary AS summary,
    newest.discount_type AS discount_type,
    newest.type_name AS type_name,
    newest.status AS status,
    newest.usage_count AS usage_count,
    newest.discount_usage_count AS discount_usage_count,
    newest.codes_count AS codes_count,
    newest.usage_limit AS usage_limit,
    newest.once_per_customer AS once_per_customer,
    newest.total_sales AS total_sales,
    newest.total_sales_currency AS total_sales_currency,
    newest.starts_at AS starts_at,
    newest.ends_at AS ends_at,
    newest.created_at AS created_at,
    newest.updated_at AS updated_at,
    newest.extracted_at AS extracted_at,
    newest.generation_id AS generation_id,
    newest.version AS version,
    rules.value_type AS value_type,
    rules.value AS value,
    rules.target_type AS target_type
FROM data_shopify.discount_codes AS newest FINAL
LEFT JOIN (
    SELECT shop_url, toNullable(price_rule_id) AS rule, value_type, value, target_type
    FROM data_shopify.price_rules_latest
) AS rules ON newest.shop_url = rules.shop_url AND newest.price_rule_id = rules.rule
)
COMMENT 'One row per discount code. Deduplicated: the newest row per key.';
