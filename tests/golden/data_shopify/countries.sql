CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.countries
REFRESH EVERY 1 HOUR
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    country_id Int64 COMMENT 'Shopify\'s id of the country in this shop',
    code LowCardinality(Nullable(String)) COMMENT 'ISO country code; * or NULL for the rest of the world',
    name Nullable(String) COMMENT 'name of the country',
    translated_name Nullable(String) COMMENT 'name in the shop\'s language',
    rest_of_world Nullable(Bool) COMMENT 'true for the row that stands for all others',
    provinces Nullable(String) COMMENT 'its provinces, JSON text as sent',
    province_count UInt32 COMMENT 'how many provinces it has',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, country_id)
EMPTY
AS (
SELECT
    ifNull(CAST(countries.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS country_id,
    CAST(CAST(countries.code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS code,
    CAST(countries.name, 'Nullable(String)') AS name,
    CAST(countries.translated_name, 'Nullable(String)') AS translated_name,
    CAST(countries.rest_of_world, 'Nullable(Bool)') AS rest_of_world,
    CAST(countries.provinces, 'Nullable(String)') AS provinces,
    CAST(length(JSONExtractArrayRaw(ifNull(countries.provinces, ''))), 'UInt32') AS province_count,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_shopify.countries
WHERE isNotNull(CAST(id, 'Nullable(Int64)'))
)
COMMENT 'One row per country that the shop sells to.';
