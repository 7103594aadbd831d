CREATE TABLE IF NOT EXISTS data_shopify.inventory_levels
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    inventory_item_id Int64 COMMENT 'inventory_items.inventory_item_id',
    location_id Int64 COMMENT 'locations.location_id',
    available Nullable(Int64) COMMENT 'pieces that can be sold, negative when oversold; from quantities, else from the older plain field',
    on_hand Nullable(Int64) COMMENT 'pieces that lie there',
    committed Nullable(Int64) COMMENT 'pieces in open orders',
    incoming Nullable(Int64) COMMENT 'pieces on their way',
    reserved Nullable(Int64) COMMENT 'pieces set aside',
    damaged Nullable(Int64) COMMENT 'pieces that are damaged',
    safety_stock Nullable(Int64) COMMENT 'pieces kept back',
    quality_control Nullable(Int64) COMMENT 'pieces under inspection',
    can_deactivate Nullable(Bool) COMMENT 'true where the item can be taken off the location',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, inventory_item_id, location_id)
COMMENT 'One row per inventory item and location.';
