CREATE VIEW IF NOT EXISTS data_shopify.inventory_levels_latest
AS (
SELECT
    shop_url,
    inventory_item_id,
    location_id,
    available,
    on_hand,
    committed,
    incoming,
    reserved,
    damaged,
    safety_stock,
    quality_control,
    can_deactivate,
    created_at,
    updated_at,
    extracted_at,
    generation_id,
    version
FROM data_shopify.inventory_levels FINAL
)
COMMENT 'One row per inventory item and location. Deduplicated: the newest row per key.';
