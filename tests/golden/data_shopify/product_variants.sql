CREATE TABLE IF NOT EXISTS data_shopify.product_variants
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    variant_id Int64 COMMENT 'Shopify\'s id of the variant',
    product_id Nullable(Int64) COMMENT 'products.product_id',
    inventory_item_id Nullable(Int64) COMMENT 'inventory_items.inventory_item_id',
    title Nullable(String) COMMENT 'title of the variant',
    display_name Nullable(String) COMMENT 'product and variant in one text',
    sku Nullable(String) COMMENT 'stock keeping unit',
    barcode Nullable(String) COMMENT 'barcode',
    position Nullable(Int64) COMMENT 'position among the product\'s variants, from 1',
    price Nullable(Decimal(18, 4)) COMMENT 'price of one piece; shop currency',
    compare_at_price Nullable(Decimal(18, 4)) COMMENT 'price before a reduction; shop currency',
    option1 Nullable(String) COMMENT 'value of the first option',
    option2 Nullable(String) COMMENT 'value of the second option',
    option3 Nullable(String) COMMENT 'value of the third option',
    inventory_quantity Nullable(Int64) COMMENT 'pieces on stock over all locations, as Shopify counts them',
    inventory_policy LowCardinality(Nullable(String)) COMMENT 'deny or continue selling without stock; lower case',
    available_for_sale Nullable(Bool) COMMENT 'true where it can be bought',
    taxable Nullable(Bool) COMMENT 'true where tax is charged',
    requires_shipping Nullable(Bool) COMMENT 'true for goods that are shipped',
    grams Nullable(Int64) COMMENT 'weight of one piece in grams',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, variant_id)
COMMENT 'One row per variant of a product.';
