CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.customers_mv TO data_shopify.customers
AS
SELECT
    ifNull(CAST(customers.shop_url, 'Nullable(String)'), '') AS shop_url,
    ifNull(CAST(id, 'Nullable(Int64)'), CAST(0, 'Int64')) AS customer_id,
    CAST(customers.email, 'Nullable(String)') AS email,
    nullIf(lowerUTF8(trimBoth(CAST(customers.email, 'Nullable(String)'))), '') AS email_norm,
    CAST(customers.phone, 'Nullable(String)') AS phone,
    CAST(customers.first_name, 'Nullable(String)') AS first_name,
    CAST(customers.last_name, 'Nullable(String)') AS last_name,
    CAST(customers.created_at, 'Nullable(DateTime64(3, \'UTC\'))') AS created_at,
    CAST(customers.updated_at, 'Nullable(DateTime64(3, \'UTC\'))') AS updated_at,
    CAST(CAST(customers.state, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS state,
    CAST(CAST(customers.currency, 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS currency,
    CAST(customers.verified_email, 'Nullable(Bool)') AS verified_email,
    CAST(customers.tax_exempt, 'Nullable(Bool)') AS tax_exempt,
    JSONExtract(
        ifNull(
            replaceRegexpAll(
                replaceRegexpAll(
                    replaceRegexpAll(
                        replaceAll(CAST(customers.tax_exemptions, 'Nullable(String)'), '\'', '"'),
                        '([:\\[,] ?)None\\b',
                        '\\1null'
                    ),
                    '([:\\[,] ?)True\\b',
                    '\\1true'
                ),
                '([:\\[,] ?)False\\b',
                '\\1false'
            ),
            ''
        ),
        'Array(String)'
    ) AS tax_exemptions,
    CAST(JSONExtract(email_marketing_consent, 'state', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS email_consent,
    CAST(
        JSONExtract(email_marketing_consent, 'opt_in_level', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS email_consent_level,
    if(
        match(
            JSONExtract(email_marketing_consent, 'consent_updated_at', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(email_marketing_consent, 'consent_updated_at', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS email_consent_at,
    CAST(JSONExtract(sms_marketing_consent, 'state', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS sms_consent,
    CAST(JSONExtract(sms_marketing_consent, 'opt_in_level', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS sms_consent_level,
    if(
        match(
            JSONExtract(sms_marketing_consent, 'consent_updated_at', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(sms_marketing_consent, 'consent_updated_at', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS sms_consent_at,
    coalesce(
        CAST(customers.accepts_marketing, 'Nullable(Bool)'),
        CAST(JSONExtract(email_marketing_consent, 'state', 'Nullable(String)') = 'subscribed', 'Nullable(Bool)')
    ) AS accepts_marketing,
    arrayFilter(
        tag -> tag <> '',
        arrayMap(tag -> trimBoth(tag), splitByChar(',', ifNull(CAST(customers.tags, 'Nullable(String)'), '')))
    ) AS tags,
    CAST(customers.note, 'Nullable(String)') AS note,
    toInt64OrNull(JSONExtractString(default_address, 'id')) AS default_address_id,
    JSONExtract(default_address, 'company', 'Nullable(String)') AS company,
    JSONExtract(default_address, 'city', 'Nullable(String)') AS city,
    JSONExtract(default_address, 'province_code', 'Nullable(String)') AS province_code,
    CAST(JSONExtract(default_address, 'country_code', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country_code,
    JSONExtract(default_address, 'zip', 'Nullable(String)') AS zip,
    CAST(customers.orders_count, 'Nullable(Int64)') AS orders_count,
    accurateCastOrNull(round(customers.total_spent, 4), 'Decimal(18, 4)') AS total_spent,
    CAST(customers.last_order_id, 'Nullable(Int64)') AS last_order_id,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(customers.updated_at, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_shopify.customers
WHERE isNotNull(CAST(id, 'Nullable(Int64)'));
