CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.locations
REFRESH EVERY 1 HOUR
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    location_id Int64 COMMENT 'Shopify\'s id of the location',
    name Nullable(String) COMMENT 'name of the location',
    active Nullable(Bool) COMMENT 'false for a location that is closed: its stock does not count',
    legacy Nullable(Bool) COMMENT 'true for the place of a fulfillment service',
    address1 Nullable(String) COMMENT 'street and number',
    address2 Nullable(String) COMMENT 'second line',
    city Nullable(String) COMMENT 'city',
    province Nullable(String) COMMENT 'province or state',
    province_code Nullable(String) COMMENT 'code of the province',
    country LowCardinality(Nullable(String)) COMMENT 'country',
    country_code LowCardinality(Nullable(String)) COMMENT 'ISO country code',
    zip Nullable(String) COMMENT 'postal code',
    phone Nullable(String) COMMENT 'phone',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, location_id)
EMPTY
AS (
SELECT
    ifNull(CAST(locations.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS location_id,
    CAST(locations.name, 'Nullable(String)') AS name,
    CAST(locations.active, 'Nullable(Bool)') AS active,
    CAST(locations.legacy, 'Nullable(Bool)') AS legacy,
    CAST(locations.address1, 'Nullable(String)') AS address1,
    CAST(locations.address2, 'Nullable(String)') AS address2,
    CAST(locations.city, 'Nullable(String)') AS city,
    CAST(locations.province, 'Nullable(String)') AS province,
    CAST(locations.province_code, 'Nullable(String)') AS province_code,
    CAST(
        coalesce(CAST(country_name, 'Nullable(String)'), CAST(locations.country, 'Nullable(String)')),
        'LowCardinality(Nullable(String))'
    ) AS country,
    CAST(CAST(locations.country_code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country_code,
    CAST(locations.zip, 'Nullable(String)') AS zip,
    CAST(locations.phone, 'Nullable(String)') AS phone,
    CAST(locations.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(locations.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(locations.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.locations
WHERE isNotNull(CAST(id, 'Nullable(Int64)'))
)
COMMENT 'One row per location.';
