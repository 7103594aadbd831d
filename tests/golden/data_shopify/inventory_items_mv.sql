CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.inventory_items_mv TO data_shopify.inventory_items
AS
SELECT
    ifNull(CAST(inventory_items.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS inventory_item_id,
    CAST(inventory_items.sku, 'Nullable(String)') AS sku,
    accurateCastOrNull(round(cost, 4), 'Decimal(18, 4)') AS unit_cost,
    CAST(CAST(currency_code, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS cost_currency,
    CAST(inventory_items.tracked, 'Nullable(Bool)') AS tracked,
    CAST(inventory_items.requires_shipping, 'Nullable(Bool)') AS requires_shipping,
    CAST(CAST(country_code_of_origin, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country_of_origin,
    CAST(CAST(province_code_of_origin, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS province_of_origin,
    CAST(inventory_items.harmonized_system_code, 'Nullable(String)') AS harmonized_system_code,
    CAST(inventory_items.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(inventory_items.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(inventory_items.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.inventory_items
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
