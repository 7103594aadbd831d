CREATE TABLE IF NOT EXISTS data_shopify.inventory_items
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    inventory_item_id Int64 COMMENT 'Shopify\'s id of the item',
    sku Nullable(String) COMMENT 'stock keeping unit',
    unit_cost Nullable(Decimal(18, 4)) COMMENT 'cost of one piece, in cost_currency; NULL where unknown, or without the permission',
    cost_currency LowCardinality(Nullable(String)) COMMENT 'currency of unit_cost',
    tracked Nullable(Bool) COMMENT 'true where Shopify counts the stock',
    requires_shipping Nullable(Bool) COMMENT 'true for goods that are shipped',
    country_of_origin LowCardinality(Nullable(String)) COMMENT 'ISO country code of origin',
    province_of_origin LowCardinality(Nullable(String)) COMMENT 'province of origin',
    harmonized_system_code Nullable(String) COMMENT 'customs tariff number',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, inventory_item_id)
COMMENT 'One row per inventory item.';
