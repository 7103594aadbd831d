CREATE VIEW IF NOT EXISTS data_shopify.products_latest
AS (
SELECT
    shop_url,
    product_id,
    title,
    handle,
    status,
    vendor,
    product_type,
    tags,
    is_gift_card,
    created_at,
    updated_at,
    published_at,
    total_variants,
    total_inventory,
    tracks_inventory,
    extracted_at,
    generation_id,
    version
FROM data_shopify.products FINAL
WHERE (shop_url, product_id) NOT IN (SELECT shop_url, id FROM data_shopify.deleted_objects WHERE entity = 'product')
)
COMMENT 'One row per product. The newest state; deleted ones are left out.';
