CREATE TABLE IF NOT EXISTS data_shopify.order_refund_adjustments
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    refund_id Int64 COMMENT 'order_refunds.refund_id',
    adjustment_id Int64 COMMENT 'Shopify\'s id of the adjustment',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the refund was made (UTC)',
    kind LowCardinality(Nullable(String)) COMMENT 'refund_discrepancy: goods worth more or less than their lines; shipping_refund: shipping',
    reason LowCardinality(Nullable(String)) COMMENT 'reason, as sent',
    amount Nullable(Decimal(18, 4)) COMMENT 'negative where money goes back; shop currency',
    tax_amount Nullable(Decimal(18, 4)) COMMENT 'tax in it, negative where it goes back; shop currency',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, refund_id, adjustment_id)
COMMENT 'One row per refund and adjustment.';
