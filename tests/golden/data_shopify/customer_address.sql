CREATE TABLE IF NOT EXISTS data_shopify.customer_address
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    address_id Int64 COMMENT 'Shopify\'s id of the address',
    customer_id Nullable(Int64) COMMENT 'customers.customer_id',
    is_default Nullable(Bool) COMMENT 'true for the customer\'s default address',
    first_name Nullable(String) COMMENT 'first name',
    last_name Nullable(String) COMMENT 'last name',
    company Nullable(String) COMMENT 'company',
    address1 Nullable(String) COMMENT 'street and number',
    address2 Nullable(String) COMMENT 'second line',
    city Nullable(String) COMMENT 'city',
    province Nullable(String) COMMENT 'province or state',
    province_code Nullable(String) COMMENT 'code of the province',
    country LowCardinality(Nullable(String)) COMMENT 'country',
    country_code LowCardinality(Nullable(String)) COMMENT 'ISO country code',
    zip Nullable(String) COMMENT 'postal code',
    phone Nullable(String) COMMENT 'phone as entered',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the address last changed (UTC); NULL in most records',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, address_id)
COMMENT 'One row per address of a customer.';
