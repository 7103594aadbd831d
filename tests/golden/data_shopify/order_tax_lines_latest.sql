CREATE VIEW IF NOT EXISTS data_shopify.order_tax_lines_latest
AS (
SELECT
    shop_url,
    order_id,
    target,
    line_id,
    position,
    order_created_at,
    title,
    rate,
    amount,
    channel_liable,
    extracted_at,
    order_version
FROM data_shopify.order_tax_lines FINAL
WHERE (shop_url, order_id, order_version) IN (SELECT shop_url, order_id, version FROM data_shopify.orders_latest)
)
COMMENT 'One row per order, line and tax line. Of the newest state of each owner: what an edit removed is left out.';
