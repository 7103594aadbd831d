CREATE VIEW IF NOT EXISTS data_shopify.order_line_items_latest
AS (
SELECT
    shop_url,
    order_id,
    line_id,
    order_created_at,
    product_id,
    variant_id,
    sku,
    title,
    variant_title,
    line_name,
    vendor,
    quantity,
    current_quantity,
    fulfillable_quantity,
    fulfillment_status,
    currency,
    price,
    discount_allocated,
    line_tax,
    line_gross,
    line_discount,
    gift_card,
    taxable,
    requires_shipping,
    grams,
    product_exists,
    properties,
    extracted_at,
    order_version
FROM data_shopify.order_line_items FINAL
WHERE (shop_url, order_id, order_version) IN (SELECT shop_url, order_id, version FROM data_shopify.orders_latest)
)
COMMENT 'One row per order and line. Of the newest state of each owner: what an edit removed is left out.';
