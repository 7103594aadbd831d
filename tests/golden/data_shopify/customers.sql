CREATE TABLE IF NOT EXISTS data_shopify.customers
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    customer_id Int64 COMMENT 'Shopify\'s id of the customer',
    email Nullable(String) COMMENT 'e-mail as entered; NULL for a customer without one',
    email_norm Nullable(String) COMMENT 'e-mail as an identity: lower case and trimmed, NULL when empty',
    phone Nullable(String) COMMENT 'phone in international form',
    first_name Nullable(String) COMMENT 'first name',
    last_name Nullable(String) COMMENT 'last name',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the customer was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the customer last changed (UTC)',
    state LowCardinality(Nullable(String)) COMMENT 'of the account: disabled, invited, enabled, declined',
    currency LowCardinality(Nullable(String)) COMMENT 'currency of the customer\'s last order',
    verified_email Nullable(Bool) COMMENT 'true where the e-mail was verified',
    tax_exempt Nullable(Bool) COMMENT 'true where no tax is charged',
    tax_exemptions Array(String) COMMENT 'exemptions from tax, CA_BC_RESELLER_EXEMPTION, ...',
    email_consent LowCardinality(Nullable(String)) COMMENT 'email_marketing_consent.state: subscribed, not_subscribed, pending, unsubscribed, ...',
    email_consent_level LowCardinality(Nullable(String)) COMMENT 'single_opt_in, confirmed_opt_in, unknown',
    email_consent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the e-mail consent last changed (UTC)',
    sms_consent LowCardinality(Nullable(String)) COMMENT 'sms_marketing_consent.state',
    sms_consent_level LowCardinality(Nullable(String)) COMMENT 'opt-in level of the SMS consent',
    sms_consent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the SMS consent last changed (UTC)',
    accepts_marketing Nullable(Bool) COMMENT 'accepts_marketing of older connectors, else e-mail consent = subscribed; NULL where nothing is known',
    tags Array(String) COMMENT 'tags, each trimmed; none when the customer has no tags',
    note Nullable(String) COMMENT 'note on the customer',
    default_address_id Nullable(Int64) COMMENT 'customer_address.address_id',
    company Nullable(String) COMMENT 'company of the default address',
    city Nullable(String) COMMENT 'city of the default address',
    province_code Nullable(String) COMMENT 'province of the default address',
    country_code LowCardinality(Nullable(String)) COMMENT 'ISO country code of the default address',
    zip Nullable(String) COMMENT 'postal code of the default address',
    orders_count Nullable(Int64) COMMENT 'orders as Shopify counts them; no measure here uses it',
    total_spent Nullable(Decimal(18, 4)) COMMENT 'money spent as Shopify counts it, shop currency; no measure here uses it',
    last_order_id Nullable(Int64) COMMENT 'orders.order_id of the last order',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, customer_id)
COMMENT 'One row per customer.';
