CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.shop
REFRESH EVERY 1 HOUR
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    shop_id Int64 COMMENT 'Shopify\'s id of the shop',
    name Nullable(String) COMMENT 'name of the shop',
    domain Nullable(String) COMMENT 'main domain',
    myshopify_domain Nullable(String) COMMENT 'domain at myshopify.com',
    email Nullable(String) COMMENT 'the owner\'s e-mail',
    currency LowCardinality(Nullable(String)) COMMENT 'the shop\'s currency',
    presentment_currencies Array(String) COMMENT 'currencies that customers may see',
    iana_timezone LowCardinality(Nullable(String)) COMMENT 'zone that the shop\'s reports are in',
    country_code LowCardinality(Nullable(String)) COMMENT 'ISO country code',
    taxes_included Nullable(Bool) COMMENT 'true where prices include tax',
    tax_shipping Nullable(Bool) COMMENT 'true where shipping is taxed',
    weight_unit LowCardinality(Nullable(String)) COMMENT 'unit of weights',
    plan_name LowCardinality(Nullable(String)) COMMENT 'Shopify plan',
    primary_locale LowCardinality(Nullable(String)) COMMENT 'main language',
    primary_location_id Nullable(Int64) COMMENT 'locations.location_id',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when the shop was opened (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, shop_id)
EMPTY
AS (
SELECT
    ifNull(CAST(shop.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS shop_id,
    CAST(shop.name, 'Nullable(String)') AS name,
    CAST(shop.domain, 'Nullable(String)') AS domain,
    CAST(shop.myshopify_domain, 'Nullable(String)') AS myshopify_domain,
    CAST(shop.email, 'Nullable(String)') AS email,
    CAST(CAST(shop.currency, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS currency,
    JSONExtract(ifNull(enabled_presentment_currencies, ''), 'Array(String)') AS presentment_currencies,
    CAST(CAST(shop.iana_timezone, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS iana_timezone,
    CAST(CAST(shop.country_code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country_code,
    CAST(shop.taxes_included, 'Nullable(Bool)') AS taxes_included,
    CAST(shop.tax_shipping, 'Nullable(Bool)') AS tax_shipping,
    CAST(CAST(shop.weight_unit, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS weight_unit,
    CAST(CAST(shop.plan_name, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS plan_name,
    CAST(CAST(shop.primary_locale, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS primary_locale,
    CAST(shop.primary_location_id, 'Nullable(Int64)') AS primary_location_id,
    CAST(shop.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(shop.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(shop.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.shop
WHERE isNotNull(CAST(id, 'Nullable(Int64)'))
)
COMMENT 'One row per shop.';
