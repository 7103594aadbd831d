CREATE VIEW IF NOT EXISTS data_shopify.inventory_quantities_latest
AS (
SELECT
    shop_url,
    inventory_item_id,
    location_id,
    name,
    quantity,
    updated_at,
    extracted_at,
    level_version
FROM data_shopify.inventory_quantities FINAL
WHERE (shop_url, inventory_item_id, location_id, level_version) IN (SELECT shop_url, inventory_item_id, location_id, version FROM data_shopify.inventory_levels_latest)
)
COMMENT 'One row per inventory item, location and name of a quantity. Of the newest state of each owner: what an edit removed is left out.';
