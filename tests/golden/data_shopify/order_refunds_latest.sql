CREATE VIEW IF NOT EXISTS data_shopify.order_refunds_latest
AS (
SELECT
    newest.shop_url AS shop_url,
    newest.refund_id AS refund_id,
    newest.order_id AS order_id,
    newest.created_at AS created_at,
    newest.processed_at AS processed_at,
    newest.note AS note,
    newest.user_id AS user_id,
    newest.restock AS restock,
    newest.subtotal AS subtotal,
    newest.total_tax AS total_tax,
    newest.discrepancy AS discrepancy,
    newest.shipping_refund AS shipping_refund,
    newest.duties AS duties,
    newest.extracted_at AS extracted_at,
    newest.generation_id AS generation_id,
    newest.version AS version,
    dateDiff('second', placed_at, newest.created_at) / 86400 AS days_to_refund
FROM data_shopify.order_refunds AS newest FINAL
LEFT JOIN (
    SELECT shop_url, order_id, coalesce(processed_at, created_at) AS placed_at
    FROM data_shopify.orders_latest
) AS placed ON newest.shop_url = placed.shop_url AND newest.order_id = placed.order_id
)
COMMENT 'One row per refund. Deduplicated: the newest row per key.';
