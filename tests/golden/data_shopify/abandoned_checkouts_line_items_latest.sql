CREATE VIEW IF NOT EXISTS data_shopify.abandoned_checkouts_line_items_latest
AS (
SELECT
    shop_url,
    checkout_id,
    position,
    line_key,
    created_at,
    product_id,
    variant_id,
    sku,
    title,
    variant_title,
    vendor,
    quantity,
    currency,
    price,
    line_price,
    grams,
    requires_shipping,
    extracted_at,
    checkout_version
FROM data_shopify.abandoned_checkouts_line_items FINAL
WHERE (shop_url, checkout_id, checkout_version) IN (SELECT shop_url, checkout_id, version FROM data_shopify.abandoned_checkouts_latest)
)
COMMENT 'One row per checkout and line. Of the newest state of each owner: what an edit removed is left out.';
