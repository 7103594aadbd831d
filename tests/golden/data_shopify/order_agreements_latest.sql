CREATE VIEW IF NOT EXISTS data_shopify.order_agreements_latest
AS (
SELECT
    shop_url,
    order_id,
    agreement_id,
    sale_id,
    order_created_at,
    happened_at,
    reason,
    action_type,
    line_type,
    line_id,
    quantity,
    total_amount,
    discount_before_taxes,
    discount_after_taxes,
    tax_amount,
    extracted_at,
    generation_id,
    version
FROM data_shopify.order_agreements FINAL
)
COMMENT 'One row per order, agreement and sale. Deduplicated: the newest row per key.';
