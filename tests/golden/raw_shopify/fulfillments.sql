CREATE TABLE IF NOT EXISTS raw_shopify.fulfillments
(
    _airbyte_raw_id String,
    _airbyte_extracted_at DateTime64(3),
    _airbyte_meta String,
    _airbyte_generation_id UInt32,
    admin_graphql_api_id Nullable(String),
    created_at Nullable(DateTime64(3)),
    id Int64,
    location_id Nullable(Int64),
    name Nullable(String),
    notify_customer Nullable(Bool),
    order_id Nullable(Int64),
    origin_address Nullable(String),
    receipt Nullable(String),
    service Nullable(String),
    shipment_status Nullable(String),
    status Nullable(String),
    tracking_company Nullable(String),
    tracking_numbers Nullable(String),
    tracking_urls Nullable(String),
    tracking_url Nullable(String),
    tracking_number Nullable(String),
    updated_at Nullable(DateTime64(3)),
    variant_inventory_management Nullable(String),
    line_items Nullable(String),
    duties Nullable(String),
    shop_url Nullable(String)
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'Stream shopify.fulfillments as v2.1 lands it: one row per delivery of a record.';
