CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.customer_address_mv TO data_shopify.customer_address
AS
SELECT
    ifNull(CAST(customer_address.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS address_id,
    CAST(customer_address.customer_id, 'Nullable(Int64)') AS customer_id,
    CAST(default, 'Nullable(Bool)') AS is_default,
    CAST(customer_address.first_name, 'Nullable(String)') AS first_name,
    CAST(customer_address.last_name, 'Nullable(String)') AS last_name,
    CAST(customer_address.company, 'Nullable(String)') AS company,
    CAST(customer_address.address1, 'Nullable(String)') AS address1,
    CAST(customer_address.address2, 'Nullable(String)') AS address2,
    CAST(customer_address.city, 'Nullable(String)') AS city,
    CAST(customer_address.province, 'Nullable(String)') AS province,
    CAST(customer_address.province_code, 'Nullable(String)') AS province_code,
    CAST(
        coalesce(CAST(country_name, 'Nullable(String)'), CAST(customer_address.country, 'Nullable(String)')),
        'LowCardinality(Nullable(String))'
    ) AS country,
    CAST(CAST(customer_address.country_code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country_code,
    CAST(customer_address.zip, 'Nullable(String)') AS zip,
    CAST(customer_address.phone, 'Nullable(String)') AS phone,
    CAST(customer_address.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(customer_address.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.customer_address
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
