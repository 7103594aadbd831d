CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.product_variants_mv TO data_shopify.product_variants
AS
SELECT
    ifNull(CAST(product_variants.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS variant_id,
    CAST(product_variants.product_id, 'Nullable(Int64)') AS product_id,
    CAST(product_variants.inventory_item_id, 'Nullable(Int64)') AS inventory_item_id,
    CAST(product_variants.title, 'Nullable(String)') AS title,
    CAST(product_variants.display_name, 'Nullable(String)') AS display_name,
    CAST(product_variants.sku, 'Nullable(String)') AS sku,
    CAST(product_variants.barcode, 'Nullable(String)') AS barcode,
    CAST(product_variants.position, 'Nullable(Int64)') AS position,
    accurateCastOrNull(round(product_variants.price, 4), 'Decimal(18, 4)') AS price,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(toJSONString(toString(product_variants.compare_at_price))),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS compare_at_price,
    CAST(product_variants.option1, 'Nullable(String)') AS option1,
    CAST(product_variants.option2, 'Nullable(String)') AS option2,
    CAST(product_variants.option3, 'Nullable(String)') AS option3,
    CAST(product_variants.inventory_quantity, 'Nullable(Int64)') AS inventory_quantity,
    CAST(lower(CAST(product_variants.inventory_policy, 'Nullable(String)')), 'LowCardinality(Nullable(String))') AS inventory_policy,
    CAST(product_variants.available_for_sale, 'Nullable(Bool)') AS available_for_sale,
    CAST(product_variants.taxable, 'Nullable(Bool)') AS taxable,
    CAST(product_variants.requires_shipping, 'Nullable(Bool)') AS requires_shipping,
    CAST(product_variants.grams, 'Nullable(Int64)') AS grams,
    CAST(product_variants.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(product_variants.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(product_variants.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.product_variants
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
