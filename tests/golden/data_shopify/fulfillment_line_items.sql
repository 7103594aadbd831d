CREATE TABLE IF NOT EXISTS data_shopify.fulfillment_line_items
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    fulfillment_id Int64 COMMENT 'fulfillments.fulfillment_id',
    line_id Int64 COMMENT 'order_line_items.line_id',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the fulfillment was created (UTC)',
    quantity Nullable(Int64) COMMENT 'pieces in this fulfillment',
    product_id Nullable(Int64) COMMENT 'products.product_id',
    variant_id Nullable(Int64) COMMENT 'product_variants.variant_id',
    sku Nullable(String) COMMENT 'stock keeping unit',
    title Nullable(String) COMMENT 'product\'s title at the time of the order',
    price Nullable(Decimal(18, 4)) COMMENT 'price of one piece, before discounts; shop currency',
    grams Nullable(Int64) COMMENT 'weight of one piece in grams',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    fulfillment_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(fulfillment_version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, fulfillment_id, line_id)
COMMENT 'One row per fulfillment and line.';
