CREATE TABLE IF NOT EXISTS data_shopify.order_discount
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    order_id Int64 COMMENT 'orders.order_id',
    target LowCardinality(String) COMMENT 'line_item or shipping_line',
    line_id Int64 COMMENT 'order_line_items.line_id, or Shopify\'s id of the shipping line',
    position UInt32 COMMENT 'position of the allocation on the line, from 1',
    order_created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the order was created (UTC)',
    application_index Nullable(Int64) COMMENT 'which of the order\'s discount applications it is part of, from 0',
    amount Nullable(Decimal(18, 4)) COMMENT 'what this line saves by it; shop currency',
    sale_discount Nullable(Decimal(18, 4)) COMMENT 'amount x f, as in order_line_items.line_discount: without tax where prices include it; shop currency',
    gift_card Nullable(Bool) COMMENT 'true on a gift card; NULL on shipping',
    type LowCardinality(Nullable(String)) COMMENT 'discount_code, automatic, manual, script; NULL where unknown',
    code Nullable(String) COMMENT 'the code, upper case and trimmed; NULL for a discount without one',
    title Nullable(String) COMMENT 'title of an automatic, manual or script discount',
    value Nullable(Decimal(18, 4)) COMMENT 'percent, or an amount, as value_type says',
    value_type LowCardinality(Nullable(String)) COMMENT 'percentage or fixed_amount',
    allocation_method LowCardinality(Nullable(String)) COMMENT 'across, each or one',
    target_selection LowCardinality(Nullable(String)) COMMENT 'all, entitled or explicit',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    order_version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(order_version)
PARTITION BY toYYYYMM(ifNull(order_created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, order_id, target, line_id, position)
COMMENT 'One row per order, line and discount allocation.';
