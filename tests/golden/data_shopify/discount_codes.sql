CREATE TABLE IF NOT EXISTS data_shopify.discount_codes
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    discount_code_id Int64 COMMENT 'Shopify\'s id of the code',
    code Nullable(String) COMMENT 'the code, upper case and trimmed: codes are case-insensitive',
    price_rule_id Nullable(Int64) COMMENT 'the discount that it belongs to, price_rules.price_rule_id',
    title Nullable(String) COMMENT 'title of the discount',
    summary Nullable(String) COMMENT 'what it gives, in words',
    discount_type LowCardinality(Nullable(String)) COMMENT 'order, product or shipping; lower case',
    type_name LowCardinality(Nullable(String)) COMMENT 'DiscountCodeBasic, DiscountCodeBxgy, DiscountCodeFreeShipping, ...',
    status LowCardinality(Nullable(String)) COMMENT 'active, expired or scheduled; lower case',
    usage_count Nullable(Int64) COMMENT 'uses of this code, as Shopify counts them',
    discount_usage_count Nullable(Int64) COMMENT 'uses of all codes of the discount: never sum it over codes',
    codes_count Nullable(Int64) COMMENT 'codes of the discount',
    usage_limit Nullable(Int64) COMMENT 'how often it may be used; NULL without a limit',
    once_per_customer Nullable(Bool) COMMENT 'true where a customer may use it once',
    total_sales Nullable(Decimal(18, 4)) COMMENT 'sales of the whole discount, repeated on each of its codes: never sum it over codes',
    total_sales_currency LowCardinality(Nullable(String)) COMMENT 'its currency',
    starts_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it begins (UTC)',
    ends_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it ends (UTC); NULL without an end',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, discount_code_id)
COMMENT 'One row per discount code.';
