CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.fulfillments_mv TO data_shopify.fulfillments
AS
SELECT
    ifNull(CAST(fulfillments.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS fulfillment_id,
    CAST(fulfillments.order_id, 'Nullable(Int64)') AS order_id,
    CAST(name, 'Nullable(String)') AS fulfillment_name,
    CAST(fulfillments.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(fulfillments.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(CAST(fulfillments.status, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS status,
    CAST(CAST(fulfillments.shipment_status, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS shipment_status,
    if(
        ifNull(CAST(fulfillments.shipment_status, 'Nullable(String)') = 'delivered', false),
        CAST(fulfillments.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
        NULL
    ) AS delivered_at,
    CAST(fulfillments.location_id, 'Nullable(Int64)') AS location_id,
    CAST(CAST(fulfillments.service, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS service,
    CAST(CAST(fulfillments.tracking_company, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS tracking_company,
    CAST(fulfillments.tracking_number, 'Nullable(String)') AS tracking_number,
    JSONExtract(ifNull(fulfillments.tracking_numbers, ''), 'Array(String)') AS tracking_numbers,
    CAST(fulfillments.tracking_url, 'Nullable(String)') AS tracking_url,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(fulfillments.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
                            CAST(toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC'), 'DateTime64(3, \'UTC\')')
                        )
                    ),
                    0
                )
            ),
            64
        ),
        toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0))
    ) AS version
FROM raw_shopify.fulfillments
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
