CREATE VIEW IF NOT EXISTS data_shopify.fulfillment_line_items_latest
AS (
SELECT
    shop_url,
    fulfillment_id,
    line_id,
    order_id,
    created_at,
    quantity,
    product_id,
    variant_id,
    sku,
    title,
    price,
    grams,
    extracted_at,
    fulfillment_version
FROM data_shopify.fulfillment_line_items FINAL
WHERE (shop_url, fulfillment_id, fulfillment_version) IN (SELECT shop_url, fulfillment_id, version FROM data_shopify.fulfillments_latest)
)
COMMENT 'One row per fulfillment and line. Of the newest state of each owner: what an edit removed is left out.';
