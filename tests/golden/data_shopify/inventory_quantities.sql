CREATE TABLE IF NOT EXISTS data_shopify.inventory_quantities
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    inventory_item_id Int64 COMMENT 'inventory_items.inventory_item_id',
    location_id Int64 COMMENT 'locations.location_id',
    name LowCardinality(String) COMMENT 'available, on_hand, committed, incoming, reserved, damaged, safety_stock, quality_control',
    quantity Nullable(Int64) COMMENT 'pieces, negative when oversold',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when this quantity last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    level_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(level_version)
ORDER BY (shop_url, inventory_item_id, location_id, name)
COMMENT 'One row per inventory item, location and name of a quantity.';
