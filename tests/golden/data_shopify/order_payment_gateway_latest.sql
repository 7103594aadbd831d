CREATE VIEW IF NOT EXISTS data_shopify.order_payment_gateway_latest
AS (
SELECT
    shop_url,
    order_id,
    gateway,
    order_created_at,
    extracted_at,
    order_version
FROM data_shopify.order_payment_gateway FINAL
WHERE (shop_url, order_id, order_version) IN (SELECT shop_url, order_id, version FROM data_shopify.orders_latest)
)
COMMENT 'One row per order and payment gateway. Of the newest state of each owner: what an edit removed is left out.';
