CREATE VIEW IF NOT EXISTS data_shopify.order_refund_line_items_latest
AS (
SELECT
    shop_url,
    refund_id,
    refund_line_id,
    order_id,
    line_id,
    created_at,
    quantity,
    restock_type,
    location_id,
    subtotal,
    total_tax,
    gift_card,
    product_id,
    variant_id,
    sku,
    extracted_at,
    version
FROM data_shopify.order_refund_line_items FINAL
)
COMMENT 'One row per refund and line. Deduplicated: the newest row per key.';
