CREATE TABLE IF NOT EXISTS data_shopify.order_line_items
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    line_id Int64 COMMENT 'Shopify\'s id of the line',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    product_id Nullable(Int64) COMMENT 'products.product_id; NULL when the product was deleted',
    variant_id Nullable(Int64) COMMENT 'product_variants.variant_id; NULL when the variant was deleted',
    sku Nullable(String) COMMENT 'stock keeping unit as sent; \'\' and NULL both mean none',
    title Nullable(String) COMMENT 'product\'s title at the time of the order',
    variant_title Nullable(String) COMMENT 'variant\'s title at the time of the order',
    line_name Nullable(String) COMMENT 'product and variant in one text',
    vendor LowCardinality(Nullable(String)) COMMENT 'vendor of the product',
    quantity Nullable(Int64) COMMENT 'pieces ordered; later refunds and edits do not change it',
    current_quantity Nullable(Int64) COMMENT 'pieces left after refunds and edits',
    fulfillable_quantity Nullable(Int64) COMMENT 'pieces still to be shipped',
    fulfillment_status LowCardinality(Nullable(String)) COMMENT 'fulfilled, partial, not_eligible; NULL while not shipped',
    currency LowCardinality(Nullable(String)) COMMENT 'the shop\'s currency: of every amount below',
    price Nullable(Decimal(18, 4)) COMMENT 'price of one piece, before discounts; shop currency',
    discount_allocated Nullable(Decimal(18, 4)) COMMENT 'sum of discount_allocations, with tax where prices include it; shop currency',
    line_tax Nullable(Decimal(18, 4)) COMMENT 'sum of the line\'s tax_lines; shop currency',
    line_gross Nullable(Decimal(18, 4)) COMMENT 'price x quantity x f; f = (N - line_tax) / N where prices include tax (N = price x quantity - discount_allocated), else 1; shop currency',
    line_discount Nullable(Decimal(18, 4)) COMMENT 'discount_allocated x f: line_gross - line_discount is the line\'s sale; shop currency',
    gift_card Nullable(Bool) COMMENT 'true for a gift card, which is no sale',
    taxable Nullable(Bool) COMMENT 'true where tax is charged',
    requires_shipping Nullable(Bool) COMMENT 'true for goods that are shipped',
    grams Nullable(Int64) COMMENT 'weight of one piece in grams',
    product_exists Nullable(Bool) COMMENT 'false when the product was deleted',
    properties Nullable(String) COMMENT 'custom properties, JSON text as sent',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    order_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(order_version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, line_id)
COMMENT 'One row per order and line.';
