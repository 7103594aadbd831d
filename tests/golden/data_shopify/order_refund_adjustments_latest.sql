CREATE VIEW IF NOT EXISTS data_shopify.order_refund_adjustments_latest
AS (
SELECT
    shop_url,
    refund_id,
    adjustment_id,
    order_id,
    created_at,
    kind,
    reason,
    amount,
    tax_amount,
    extracted_at,
    version
FROM data_shopify.order_refund_adjustments FINAL
)
COMMENT 'One row per refund and adjustment. Deduplicated: the newest row per key.';
