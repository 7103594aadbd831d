CREATE TABLE IF NOT EXISTS raw_shopify.customers
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    last_order_name Nullable(String),
    currency Nullable(String),
    email Nullable(String),
    multipass_identifier Nullable(String),
    shop_url Nullable(String),
    default_address Nullable(String),
    email_marketing_consent Nullable(String),
    orders_count Nullable(Int64),
    state Nullable(String),
    verified_email Nullable(Bool),
    total_spent Nullable(Decimal(38, 9)),
    last_order_id Nullable(Int64),
    first_name Nullable(String),
    updated_at Nullable(DateTime64(3)),
    note Nullable(String),
    phone Nullable(String),
    admin_graphql_api_id Nullable(String),
    addresses Nullable(String),
    last_name Nullable(String),
    tags Nullable(String),
    tax_exempt Nullable(Bool),
    id Int64,
    accepts_marketing Nullable(Bool),
    accepts_marketing_updated_at Nullable(String),
    created_at Nullable(DateTime64(3)),
    sms_marketing_consent Nullable(String),
    tax_exemptions Nullable(String),
    marketing_opt_in_level Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.customers as v2.1 lands it: one row per delivery of a record.';
