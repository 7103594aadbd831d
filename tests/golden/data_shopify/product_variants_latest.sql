CREATE VIEW IF NOT EXISTS data_shopify.product_variants_latest
AS (
SELECT
    shop_url,
    variant_id,
    product_id,
    inventory_item_id,
    title,
    display_name,
    sku,
    barcode,
    position,
    price,
    compare_at_price,
    option1,
    option2,
    option3,
    inventory_quantity,
    inventory_policy,
    available_for_sale,
    taxable,
    requires_shipping,
    grams,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.product_variants FINAL
)
COMMENT 'One row per variant of a product. Deduplicated: the newest row per key.';
