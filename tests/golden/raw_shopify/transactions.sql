CREATE TABLE IF NOT EXISTS raw_shopify.transactions
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    error_code Nullable(String),
    device_id Nullable(Int64),
    user_id Nullable(Int64),
    parent_id Nullable(Int64),
    test Nullable(Bool),
    kind Nullable(String),
    order_id Nullable(Int64),
    amount Nullable(Decimal(38, 9)),
    amount_set Nullable(String),
    fees Nullable(String),
    authorization Nullable(String),
    currency Nullable(String),
    source_name Nullable(String),
    message Nullable(String),
    id Int64,
    created_at Nullable(DateTime64(3)),
    status Nullable(String),
    total_unsettled_set Nullable(String),
    payment_id Nullable(String),
    payment_details Nullable(String),
    processed_at Nullable(DateTime64(3)),
    gateway Nullable(String),
    admin_graphql_api_id Nullable(String),
    receipt Nullable(String),
    location_id Nullable(Int64),
    accountNumber Nullable(Int64),
    formattedGateway Nullable(String),
    manuallyCapturable Nullable(Bool),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.transactions as v2.1 lands it: one row per delivery of a record.';
