CREATE VIEW IF NOT EXISTS data_shopify.order_discount_latest
AS (
SELECT
    shop_url,
    order_id,
    target,
    line_id,
    position,
    order_created_at,
    application_index,
    amount,
    sale_discount,
    gift_card,
    type,
    code,
    title,
    value,
    value_type,
    allocation_method,
    target_selection,
    extracted_at,
    order_version
FROM data_shopify.order_discount FINAL
WHERE (shop_url, order_id, order_version) IN (SELECT shop_url, order_id, version FROM data_shopify.orders_latest)
)
COMMENT 'One row per order, line and discount allocation. Of the newest state of each owner: what an edit removed is left out.';
