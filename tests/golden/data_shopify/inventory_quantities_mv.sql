CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.inventory_quantities_mv TO data_shopify.inventory_quantities
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
    CAST(ifNull(JSONExtract(entry, 'name', 'Nullable(String)'), ''), 'LowCardinality(String)') AS name,
    toInt64OrNull(JSONExtractString(entry, 'quantity')) AS quantity,
    coalesce(
        if(
            match(JSONExtract(entry, 'updatedAt', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
            parseDateTime64BestEffortOrNull(JSONExtract(entry, 'updatedAt', 'Nullable(String)'), 3, 'UTC'),
            NULL
        ),
        if(
            match(JSONExtract(entry, 'updated_at', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
            parseDateTime64BestEffortOrNull(JSONExtract(entry, 'updated_at', 'Nullable(String)'), 3, 'UTC'),
            NULL
        )
    ) AS updated_at,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
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
    ) AS level_version
FROM raw_shopify.inventory_levels
ARRAY JOIN JSONExtractArrayRaw(ifNull(quantities, '')) AS entry
WHERE and(isNotNull(coalesce(CAST(inventory_levels.inventory_item_id, 'Nullable(Int64)'), toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 2)))), isNotNull(coalesce(CAST(inventory_levels.location_id, 'Nullable(Int64)'), toInt64OrNull(arrayElementOrNull(splitByChar('|', ifNull(CAST(id, 'Nullable(String)'), '')), 1)))), notEmpty(JSONExtract(entry, 'name', 'Nullable(String)')));
