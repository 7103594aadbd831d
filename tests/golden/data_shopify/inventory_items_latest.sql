CREATE VIEW IF NOT EXISTS data_shopify.inventory_items_latest
COMMENT 'One row per inventory item. Deduplicated: the newest row per key.'
AS
SELECT
    shop_url,
    inventory_item_id,
    sku,
    unit_cost,
    cost_currency,
    tracked,
    requires_shipping,
    country_of_origin,
    province_of_origin,
    harmonized_system_code,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.inventory_items FINAL;
