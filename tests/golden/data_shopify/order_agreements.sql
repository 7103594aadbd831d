CREATE TABLE IF NOT EXISTS data_shopify.order_agreements
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    agreement_id Int64 COMMENT 'Shopify\'s id of the agreement',
    sale_id Int64 COMMENT 'Shopify\'s id of the sale',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    happened_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the agreement happened (UTC)',
    reason LowCardinality(Nullable(String)) COMMENT 'order, order_edit, refund, return; lower case',
    action_type LowCardinality(Nullable(String)) COMMENT 'order, return, update; lower case',
    line_type LowCardinality(Nullable(String)) COMMENT 'product, shipping, tip, gift_card, ...; lower case',
    line_id Nullable(Int64) COMMENT 'order_line_items.line_id; NULL for no goods',
    quantity Nullable(Int64) COMMENT 'pieces, negative where they come back',
    total_amount Nullable(Decimal(18, 4)) COMMENT 'after discounts and with tax; shop currency',
    discount_before_taxes Nullable(Decimal(18, 4)) COMMENT 'discounts without tax; shop currency',
    discount_after_taxes Nullable(Decimal(18, 4)) COMMENT 'discounts with tax; shop currency',
    tax_amount Nullable(Decimal(18, 4)) COMMENT 'tax; shop currency',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, agreement_id, sale_id)
COMMENT 'One row per order, agreement and sale.';
