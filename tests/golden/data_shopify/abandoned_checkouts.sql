CREATE TABLE IF NOT EXISTS data_shopify.abandoned_checkouts
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    checkout_id Int64 COMMENT 'Shopify\'s id of the checkout',
    token Nullable(String) COMMENT 'orders.checkout_token of the order it became',
    cart_token Nullable(String) COMMENT 'token of the cart',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the checkout was begun (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    completed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it became an order (UTC); NULL while abandoned',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was closed (UTC)',
    checkout_date Nullable(Date) COMMENT 'day of created_at in America/New_York',
    email Nullable(String) COMMENT 'e-mail as entered',
    email_norm Nullable(String) COMMENT 'e-mail as an identity: lower case and trimmed, NULL when empty',
    phone Nullable(String) COMMENT 'phone as entered',
    customer_id Nullable(Int64) COMMENT 'customers.customer_id; NULL for a guest',
    shop_currency LowCardinality(Nullable(String)) COMMENT 'the shop\'s currency',
    currency LowCardinality(Nullable(String)) COMMENT 'currency of every amount in the row: the customer\'s',
    total_price Nullable(Decimal(18, 4)) COMMENT 'what it would have cost, in currency',
    subtotal_price Nullable(Decimal(18, 4)) COMMENT 'lines after discounts, in currency',
    total_discounts Nullable(Decimal(18, 4)) COMMENT 'discounts, in currency',
    total_tax Nullable(Decimal(18, 4)) COMMENT 'tax, in currency',
    total_line_items_price Nullable(Decimal(18, 4)) COMMENT 'lines before discounts, in currency',
    discount_codes Array(String) COMMENT 'codes entered, upper case and trimmed, each once',
    line_count UInt32 COMMENT 'lines in the checkout',
    gateway LowCardinality(Nullable(String)) COMMENT 'payment gateway',
    source_name LowCardinality(Nullable(String)) COMMENT 'where it was begun: web, ...',
    landing_site Nullable(String) COMMENT 'first page of the visit, as sent',
    referring_site Nullable(String) COMMENT 'page that led to the shop, as sent',
    utm_source Nullable(String) COMMENT 'utm_source of landing_site, decoded',
    utm_medium Nullable(String) COMMENT 'utm_medium of landing_site, decoded',
    utm_campaign Nullable(String) COMMENT 'utm_campaign of landing_site, decoded',
    shipping_country LowCardinality(Nullable(String)) COMMENT 'ISO country code of the shipping address',
    accepts_marketing Nullable(Bool) COMMENT 'true where the buyer agreed to marketing',
    recovery_url Nullable(String) COMMENT 'page that leads back to the checkout',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, checkout_id)
COMMENT 'One row per checkout, abandoned or completed.';
