CREATE TABLE IF NOT EXISTS data_shopify.order_refunds
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    refund_id Int64 COMMENT 'Shopify\'s id of the refund',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the refund was made: its day in every measure (UTC)',
    processed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was processed (UTC)',
    note Nullable(String) COMMENT 'note on the refund',
    user_id Nullable(Int64) COMMENT 'staff member who made it',
    restock Nullable(Bool) COMMENT 'true where goods went back on stock',
    subtotal Nullable(Decimal(18, 4)) COMMENT 'sum of the subtotals of its lines; shop currency',
    total_tax Nullable(Decimal(18, 4)) COMMENT 'sum of the taxes of its lines; shop currency',
    discrepancy Nullable(Decimal(18, 4)) COMMENT 'sum of adjustments of kind refund_discrepancy, negative where more went back; shop currency',
    shipping_refund Nullable(Decimal(18, 4)) COMMENT 'sum of adjustments of kind shipping_refund, negative where money went back; shop currency',
    duties Nullable(Decimal(18, 4)) COMMENT 'duties given back; shop currency',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, refund_id)
COMMENT 'One row per refund.';
