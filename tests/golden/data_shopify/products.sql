CREATE TABLE IF NOT EXISTS data_shopify.products
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    product_id Int64 COMMENT 'Shopify\'s id of the product',
    title Nullable(String) COMMENT 'title',
    handle Nullable(String) COMMENT 'part of the product\'s page address',
    status LowCardinality(Nullable(String)) COMMENT 'active, draft or archived; lower case',
    vendor LowCardinality(Nullable(String)) COMMENT 'vendor',
    product_type LowCardinality(Nullable(String)) COMMENT 'type, as the shop names it',
    tags Array(String) COMMENT 'tags, each trimmed; none when the product has no tags',
    is_gift_card Nullable(Bool) COMMENT 'true for a gift card',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    published_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was published (UTC); NULL when it is not',
    total_variants Nullable(Int64) COMMENT 'variants, as Shopify counts them',
    total_inventory Nullable(Int64) COMMENT 'pieces on stock, as Shopify counts them',
    tracks_inventory Nullable(Bool) COMMENT 'true where stock is tracked',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, product_id)
COMMENT 'One row per product.';
