CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.inventory_levels_mv TO data_shopify.inventory_levels
AS
SELECT
    ifNull(CAST(inventory_levels.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(
        coalesce(
            CAST(inventory_levels.inventory_item_id, 'Nullable(Int64)'),
            toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 2))
        ),
        CAST(0, 'Int64')
    ) AS inventory_item_id,
    ifNull(
        coalesce(
            CAST(inventory_levels.location_id, 'Nullable(Int64)'),
            toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 1))
        ),
        CAST(0, 'Int64')
    ) AS location_id,
    coalesce(
        toInt64OrNull(
            JSONExtractString(
                arrayFirst(
                    entry -> JSONExtractString(entry, 'name') = 'available',
                    JSONExtractArrayRaw(ifNull(quantities, ''))
                ),
                'quantity'
            )
        ),
        CAST(inventory_levels.available, 'Nullable(Int64)')
    ) AS available,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'on_hand',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS on_hand,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'committed',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS committed,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'incoming',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS incoming,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'reserved',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS reserved,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'damaged',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS damaged,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'safety_stock',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS safety_stock,
    toInt64OrNull(
        JSONExtractString(
            arrayFirst(
                entry -> JSONExtractString(entry, 'name') = 'quality_control',
                JSONExtractArrayRaw(ifNull(quantities, ''))
            ),
            'quantity'
        )
    ) AS quality_control,
    CAST(inventory_levels.can_deactivate, 'Nullable(Bool)') AS can_deactivate,
    CAST(inventory_levels.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(inventory_levels.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(inventory_levels.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.inventory_levels
WHERE and(isNotNull(coalesce(CAST(inventory_levels.inventory_item_id, 'Nullable(Int64)'), toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 2)))), isNotNull(coalesce(CAST(inventory_levels.location_id, 'Nullable(Int64)'), toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 1)))));
