CREATE TABLE IF NOT EXISTS data_shopify.order_refund_line_items
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    refund_id Int64 COMMENT 'order_refunds.refund_id',
    refund_line_id Int64 COMMENT 'Shopify\'s id of the refund line',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    line_id Nullable(Int64) COMMENT 'order_line_items.line_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the refund was made (UTC)',
    quantity Nullable(Int64) COMMENT 'pieces given back',
    restock_type LowCardinality(Nullable(String)) COMMENT 'return, cancel, legacy_restock: back on stock; no_restock: not',
    location_id Nullable(Int64) COMMENT 'locations.location_id where it went back on stock',
    subtotal Nullable(Decimal(18, 4)) COMMENT 'value of the goods given back, after discounts; shop currency',
    total_tax Nullable(Decimal(18, 4)) COMMENT 'tax given back; shop currency',
    gift_card Nullable(Bool) COMMENT 'true for a gift card; NULL where the record does not say',
    product_id Nullable(Int64) COMMENT 'products.product_id',
    variant_id Nullable(Int64) COMMENT 'product_variants.variant_id',
    sku Nullable(String) COMMENT 'stock keeping unit',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, refund_id, refund_line_id)
COMMENT 'One row per refund and line.';
