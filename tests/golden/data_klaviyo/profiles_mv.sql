CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.profiles_mv TO data_klaviyo.profiles
AS
SELECT
    ifNull(CAST(id, 'Nullable(String)'), '') AS profile_id,
    JSONExtract(attributes, 'email', 'Nullable(String)') AS email,
    nullIf(lowerUTF8(trimBoth(JSONExtract(attributes, 'email', 'Nullable(String)'))), '') AS email_norm,
    JSONExtract(attributes, 'phone_number', 'Nullable(String)') AS phone,
    JSONExtract(attributes, 'external_id', 'Nullable(String)') AS external_id,
    JSONExtract(attributes, 'first_name', 'Nullable(String)') AS first_name,
    JSONExtract(attributes, 'last_name', 'Nullable(String)') AS last_name,
    JSONExtract(attributes, 'organization', 'Nullable(String)') AS organization,
    JSONExtract(attributes, 'locale', 'Nullable(String)') AS locale,
    if(
        match(JSONExtract(attributes, 'created', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'created', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS created_at,
    coalesce(
        CAST(updated, 'Nullable(DateTime64(3, \'UTC\'))'),
        if(
            match(JSONExtract(attributes, 'updated', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'),
            parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), 3, 'UTC'),
            NULL
        )
    ) AS updated_at,
    if(
        match(
            JSONExtract(attributes, 'last_event_date', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'last_event_date', 'Nullable(String)'), 3, 'UTC'),
        NULL
    ) AS last_event_at,
    JSONExtract(attributes, 'location', 'city', 'Nullable(String)') AS city,
    JSONExtract(attributes, 'location', 'region', 'Nullable(String)') AS region,
    CAST(JSONExtract(attributes, 'location', 'country', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS country,
    JSONExtract(attributes, 'location', 'zip', 'Nullable(String)') AS zip,
    CAST(JSONExtract(attributes, 'location', 'timezone', 'Nullable(String)'), 'LowCardinality(Nullable(String))') AS timezone,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'location', 'latitude'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                18
            ),
            6
        ),
        'Decimal(18, 6)'
    ) AS latitude,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'location', 'longitude'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                18
            ),
            6
        ),
        'Decimal(18, 6)'
    ) AS longitude,
    CAST(
        JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'consent', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS email_consent,
    if(
        match(
            JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'consent_timestamp', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'consent_timestamp', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS email_consent_at,
    transform(
        lower(JSONExtractString(attributes, 'subscriptions', 'email', 'marketing', 'can_receive_email_marketing')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS can_receive_email,
    transform(
        lower(JSONExtractString(attributes, 'subscriptions', 'email', 'marketing', 'double_optin')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS email_double_optin,
    arrayMap(
        item -> JSONExtractString(item, 'reason'),
        JSONExtractArrayRaw(ifNull(attributes, ''), 'subscriptions', 'email', 'marketing', 'suppressions')
    ) AS suppressions,
    if(
        match(
            JSONExtract(
                attributes,
                'subscriptions',
                'email',
                'marketing',
                'suppressions',
                1,
                'timestamp',
                'Nullable(String)'
            ),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(
                attributes,
                'subscriptions',
                'email',
                'marketing',
                'suppressions',
                1,
                'timestamp',
                'Nullable(String)'
            ),
            3,
            'UTC'
        ),
        NULL
    ) AS suppressed_at,
    CAST(
        JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'consent', 'Nullable(String)'),
        'LowCardinality(Nullable(String))'
    ) AS sms_consent,
    if(
        match(
            JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'consent_timestamp', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'consent_timestamp', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS sms_consent_at,
    transform(
        lower(JSONExtractString(attributes, 'subscriptions', 'sms', 'marketing', 'can_receive_sms_marketing')),
        ['true', '1', 'false', '0'],
        [true, true, false, false],
        NULL
    ) AS can_receive_sms,
    arrayMap(item -> JSONExtractString(item, 'id'), JSONExtractArrayRaw(ifNull(relationships, ''), 'lists', 'data')) AS list_ids,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'historic_clv'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS historic_clv,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'predicted_clv'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS predicted_clv,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'total_clv'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS total_clv,
    toInt64OrNull(JSONExtractString(attributes, 'predictive_analytics', 'historic_number_of_orders')) AS historic_orders,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'predicted_number_of_orders'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS predicted_orders,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'average_days_between_orders'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS average_days_between_orders,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'average_order_value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS average_order_value,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'predictive_analytics', 'churn_probability'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS churn_probability,
    if(
        match(
            JSONExtract(attributes, 'predictive_analytics', 'expected_date_of_next_order', 'Nullable(String)'),
            '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
        ),
        parseDateTime64BestEffortOrNull(
            JSONExtract(attributes, 'predictive_analytics', 'expected_date_of_next_order', 'Nullable(String)'),
            3,
            'UTC'
        ),
        NULL
    ) AS expected_next_order_at,
    JSONExtract(attributes, 'properties', 'Nullable(String)') AS properties,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    bitOr(
        bitShiftLeft(
            toUInt128(
                greatest(
                    toUnixTimestamp64Milli(
                        ifNull(
                            CAST(updated, 'Nullable(DateTime64(3, \'UTC\'))'),
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
FROM raw_klaviyo.profiles
WHERE isNotNull(nullIf(CAST(id, 'Nullable(String)'), ''));
