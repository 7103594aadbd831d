CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.order_note_attributes_mv TO data_shopify.order_note_attributes
AS
SELECT
    ifNull(CAST(orders.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS order_id,
    CAST(tupleElement(attribute, 2), 'UInt32') AS position,
    CAST(created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS order_created_at,
    JSONExtract(tupleElement(attribute, 1), 'name', 'Nullable(String)') AS name,
    JSONExtract(tupleElement(attribute, 1), 'value', 'Nullable(String)') AS value,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
                            CAST(toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC'), 'DateTime64(3, \'UTC\')')
                        )
                    ),
                    0
                )
            ),
            64
        ),
        toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0))
    ) AS order_version
FROM raw_shopify.orders
ARRAY JOIN arrayZip(JSONExtractArrayRaw(ifNull(note_attributes, '')), arrayEnumerate(JSONExtractArrayRaw(ifNull(note_attributes, '')))) AS attribute
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
