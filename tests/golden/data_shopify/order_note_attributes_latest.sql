CREATE VIEW IF NOT EXISTS data_shopify.order_note_attributes_latest
AS (
SELECT
    shop_url,
    order_id,
    position,
    order_created_at,
    name,
    value,
    extracted_at,
    order_version
FROM data_shopify.order_note_attributes FINAL
WHERE (shop_url, order_id, order_version) IN (SELECT shop_url, order_id, version FROM data_shopify.orders_latest)
)
COMMENT 'One row per order and note attribute. Of the newest state of each owner: what an edit removed is left out.';
