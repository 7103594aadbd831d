CREATE TABLE IF NOT EXISTS data_shopify.order_tax_lines
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    target LowCardinality(String) COMMENT 'line_item or shipping_line',
    line_id Int64 COMMENT 'order_line_items.line_id, or Shopify\'s id of the shipping line',
    position UInt32 COMMENT 'position of the tax on the line, from 1',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    title LowCardinality(Nullable(String)) COMMENT 'name of the tax',
    rate Nullable(Decimal(18, 6)) COMMENT 'rate as a fraction: 0.19 is 19 %',
    amount Nullable(Decimal(18, 4)) COMMENT 'tax on the line; shop currency',
    channel_liable Nullable(Bool) COMMENT 'true where the sales channel remits the tax, not the shop',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    order_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(order_version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, target, line_id, position)
COMMENT 'One row per order, line and tax line.';
