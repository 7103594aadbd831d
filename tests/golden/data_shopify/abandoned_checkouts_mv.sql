CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.abandoned_checkouts_mv TO data_shopify.abandoned_checkouts
AS
SELECT
    ifNull(CAST(abandoned_checkouts.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS checkout_id,
    CAST(abandoned_checkouts.token, 'Nullable(String)') AS token,
    CAST(abandoned_checkouts.cart_token, 'Nullable(String)') AS cart_token,
    CAST(abandoned_checkouts.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(abandoned_checkouts.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(abandoned_checkouts.completed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS completed_at,
    CAST(abandoned_checkouts.closed_at, 'Nullable(DateTime64(3, \'UTC\'))') AS closed_at,
    if(
        and(
            CAST(abandoned_checkouts.created_at, 'Nullable(DateTime64(3, \'UTC\'))') >= toDateTime64(
                '1970-01-02 00:00:00.000', 3, 'UTC'
            ),
            CAST(abandoned_checkouts.created_at, 'Nullable(DateTime64(3, \'UTC\'))') < toDateTime64(
                '2149-06-05 00:00:00.000', 3, 'UTC'
            )
        ),
        toDate(CAST(abandoned_checkouts.created_at, 'Nullable(DateTime64(3, \'UTC\'))'), 'America/New_York'),
        NULL
    ) AS checkout_date,
    CAST(abandoned_checkouts.email, 'Nullable(String)') AS email,
    nullIf(lowerUTF8(trimBoth(CAST(abandoned_checkouts.email, 'Nullable(String)'))), '') AS email_norm,
    CAST(abandoned_checkouts.phone, 'Nullable(String)') AS phone,
    toInt64OrNull(JSONExtractString(customer, 'id')) AS customer_id,
    CAST(CAST(abandoned_checkouts.currency, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS shop_currency,
    CAST(
        coalesce(
            CAST(presentment_currency, 'Nullable(String)'),
            CAST(abandoned_checkouts.currency, 'Nullable(String)')
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    accurateCastOrNull(round(abandoned_checkouts.total_price, 4), 'Decimal(18, 4)') AS total_price,
    accurateCastOrNull(round(abandoned_checkouts.subtotal_price, 4), 'Decimal(18, 4)') AS subtotal_price,
    accurateCastOrNull(round(abandoned_checkouts.total_discounts, 4), 'Decimal(18, 4)') AS total_discounts,
    accurateCastOrNull(round(abandoned_checkouts.total_tax, 4), 'Decimal(18, 4)') AS total_tax,
    accurateCastOrNull(round(abandoned_checkouts.total_line_items_price, 4), 'Decimal(18, 4)') AS total_line_items_price,
    arrayDistinct(
        arrayFilter(
            code -> code <> '',
            arrayMap(
                x -> upperUTF8(trimBoth(JSONExtractString(x, 'code'))),
                JSONExtractArrayRaw(ifNull(abandoned_checkouts.discount_codes, ''))
            )
        )
    ) AS discount_codes,
    CAST(length(JSONExtractArrayRaw(ifNull(line_items, ''))), 'UInt32') AS line_count,
    CAST(CAST(abandoned_checkouts.gateway, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS gateway,
    CAST(CAST(abandoned_checkouts.source_name, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS source_name,
    CAST(abandoned_checkouts.landing_site, 'Nullable(String)') AS landing_site,
    CAST(abandoned_checkouts.referring_site, 'Nullable(String)') AS referring_site,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(
                ifNull(CAST(abandoned_checkouts.landing_site, 'Nullable(String)'), ''),
                'utm_source'
            )
        ),
        ''
    ) AS utm_source,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(
                ifNull(CAST(abandoned_checkouts.landing_site, 'Nullable(String)'), ''),
                'utm_medium'
            )
        ),
        ''
    ) AS utm_medium,
    nullIf(
        decodeURLFormComponent(
            extractURLParameter(
                ifNull(CAST(abandoned_checkouts.landing_site, 'Nullable(String)'), ''),
                'utm_campaign'
            )
        ),
        ''
    ) AS utm_campaign,
    CAST(JSONExtract(shipping_address, 'country_code', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS shipping_country,
    CAST(buyer_accepts_marketing, 'Nullable(Bool)') AS accepts_marketing,
    CAST(abandoned_checkout_url, 'Nullable(String)') AS recovery_url,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(abandoned_checkouts.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.abandoned_checkouts
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
