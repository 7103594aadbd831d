CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.products_mv TO data_shopify.products
AS
SELECT
    ifNull(CAST(products.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS product_id,
    CAST(products.title, 'Nullable(String)') AS title,
    CAST(products.handle, 'Nullable(String)') AS handle,
    CAST(lower(CAST(products.status, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS status,
    CAST(CAST(products.vendor, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS vendor,
    CAST(CAST(products.product_type, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS product_type,
    arrayFilter(
        tag -> tag <> '',
        arrayMap(tag -> trimBoth(tag), splitByChar(',', ifNull(CAST(products.tags, 'Nullable(String)'), '')))
    ) AS tags,
    CAST(products.is_gift_card, 'Nullable(Bool)') AS is_gift_card,
    CAST(products.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(products.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(products.published_at, 'Nullable(DateTime64(3, \'UTC\'))') AS published_at,
    CAST(products.total_variants, 'Nullable(Int64)') AS total_variants,
    CAST(products.total_inventory, 'Nullable(Int64)') AS total_inventory,
    CAST(products.tracks_inventory, 'Nullable(Bool)') AS tracks_inventory,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(products.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.products
WHERE and(isNotNull(CAST(id, 'Nullable(Int64)')), not(and(isNotNull(CAST(deleted_at, 'Nullable(DateTime64(3, \'UTC\'))')), isNull(CAST(products.created_at, 'Nullable(DateTime64(3, \'UTC\'))')))));
