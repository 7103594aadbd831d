CREATE TABLE IF NOT EXISTS data_shopify.fulfillments
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    fulfillment_id Int64 COMMENT 'Shopify\'s id of the fulfillment',
    order_id Nullable(Int64) COMMENT 'orders.order_id',
    fulfillment_name Nullable(String) COMMENT 'order name and running number, such as #1001.1',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created: goods leave (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    status LowCardinality(Nullable(String)) COMMENT 'success, cancelled, error, failure, pending, open',
    shipment_status LowCardinality(Nullable(String)) COMMENT 'in_transit, out_for_delivery, delivered, failure, ...; NULL unknown',
    delivered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'updated_at of a fulfillment that is delivered: Shopify gives no moment of delivery (UTC)',
    location_id Nullable(Int64) COMMENT 'locations.location_id that goods leave from',
    service LowCardinality(Nullable(String)) COMMENT 'fulfillment service',
    tracking_company LowCardinality(Nullable(String)) COMMENT 'carrier',
    tracking_number Nullable(String) COMMENT 'first tracking number',
    tracking_numbers Array(String) COMMENT 'all tracking numbers',
    tracking_url Nullable(String) COMMENT 'first tracking page',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(created_at, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (shop_url, fulfillment_id)
COMMENT 'One row per fulfillment.';
