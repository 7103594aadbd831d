CREATE TABLE IF NOT EXISTS data_shopify.price_rules
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    price_rule_id Int64 COMMENT 'Shopify\'s id of the rule',
    title Nullable(String) COMMENT 'title of the rule',
    value Nullable(Decimal(18, 4)) COMMENT 'percent or an amount, as value_type says; negative, as Shopify sends it',
    value_type LowCardinality(Nullable(String)) COMMENT 'percentage or fixed_amount',
    target_type LowCardinality(Nullable(String)) COMMENT 'line_item or shipping_line',
    target_selection LowCardinality(Nullable(String)) COMMENT 'all or entitled',
    allocation_method LowCardinality(Nullable(String)) COMMENT 'across or each',
    customer_selection LowCardinality(Nullable(String)) COMMENT 'all or prerequisite',
    once_per_customer Nullable(Bool) COMMENT 'true where a customer may use it once',
    usage_limit Nullable(Int64) COMMENT 'how often it may be used in all; NULL without a limit',
    allocation_limit Nullable(Int64) COMMENT 'how often it may apply within one order',
    minimum_subtotal Nullable(Decimal(18, 4)) COMMENT 'smallest cart; shop currency',
    minimum_quantity Nullable(Int64) COMMENT 'fewest pieces in the cart',
    starts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it begins (UTC)',
    ends_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it ends (UTC); NULL without an end',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, price_rule_id)
COMMENT 'One row per price rule.';
