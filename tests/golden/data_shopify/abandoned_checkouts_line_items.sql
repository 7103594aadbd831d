CREATE TABLE IF NOT EXISTS data_shopify.abandoned_checkouts_line_items
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    checkout_id Int64 COMMENT 'abandoned_checkouts.checkout_id',
    position UInt32 COMMENT 'position of the line in the checkout, from 1',
    line_key Nullable(String) COMMENT 'Shopify\'s key of the line',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the checkout was begun (UTC)',
    product_id Nullable(Int64) COMMENT 'products.product_id; NULL when it was deleted',
    variant_id Nullable(Int64) COMMENT 'product_variants.variant_id; NULL when it was deleted',
    sku Nullable(String) COMMENT 'stock keeping unit',
    title Nullable(String) COMMENT 'product\'s title',
    variant_title Nullable(String) COMMENT 'variant\'s title',
    vendor LowCardinality(Nullable(String)) COMMENT 'vendor of the product',
    quantity Nullable(Int64) COMMENT 'pieces in the cart',
    currency LowCardinality(Nullable(String)) COMMENT 'the customer\'s currency',
    price Nullable(Decimal(18, 4)) COMMENT 'price of one piece, in currency',
    line_price Nullable(Decimal(18, 4)) COMMENT 'price x quantity, in currency',
    grams Nullable(Int64) COMMENT 'weight of one piece in grams',
    requires_shipping Nullable(Bool) COMMENT 'true for goods that are shipped',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    checkout_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(checkout_version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, checkout_id, position)
COMMENT 'One row per checkout and line.';
