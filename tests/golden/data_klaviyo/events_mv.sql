CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.events_mv TO data_klaviyo.events
AS
SELECT
    ifNull(CAST(id, 'Nullable(String)'), '') AS event_id,
    ifNull(
        coalesce(
            CAST(events.datetime, 'Nullable(DateTime64(3, \'UTC\'))'),
            if(
                match(
                    JSONExtract(attributes, 'datetime', 'Nullable(String)'),
                    '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'
                ),
                parseDateTime64BestEffortOrNull(
                    JSONExtract(attributes, 'datetime', 'Nullable(String)'),
                    3,
                    'UTC'
                ),
                NULL
            )
        ),
        CAST('1970-01-01 00:00:00.000', 'DateTime64(3, \'UTC\')')
    ) AS datetime,
    ifNull(JSONExtract(relationships, 'metric', 'data', 'id', 'Nullable(String)'), '') AS metric_id,
    nullIf(JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)'), '') AS profile_id,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$flow',
            'Nullable(String)'
        ),
        ''
    ) AS flow_id,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$message',
            'Nullable(String)'
        ),
        ''
    ) AS message_id,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$variation',
            'Nullable(String)'
        ),
        ''
    ) AS variation_id,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(
                        JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                        '$value'
                    ),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(18, 4)'
    ) AS value,
    CAST(
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                '$currency_code',
                'Nullable(String)'
            ),
            ''
        ),
        'LowCardinality(Nullable(String))'
    ) AS currency,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$event_id',
            'Nullable(String)'
        ),
        ''
    ) AS event_ref,
    coalesce(
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                'OrderId',
                'Nullable(String)'
            ),
            ''
        ),
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                '$extra',
                'id',
                'Nullable(String)'
            ),
            ''
        )
    ) AS other_order_ref,
    if(
        isNotNull(
            nullIf(
                JSONExtract(
                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                    'utm_source',
                    'Nullable(String)'
                ),
                ''
            )
        ),
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                'utm_source',
                'Nullable(String)'
            ),
            ''
        ),
        nullIf(
            decodeURLFormComponent(
                extractURLParameter(
                    multiIf(
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'URL',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'URL',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page_url',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page_url',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'full_landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'full_landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        ''
                    ),
                    'utm_source'
                )
            ),
            ''
        )
    ) AS utm_source,
    if(
        isNotNull(
            nullIf(
                JSONExtract(
                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                    'utm_source',
                    'Nullable(String)'
                ),
                ''
            )
        ),
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                'utm_medium',
                'Nullable(String)'
            ),
            ''
        ),
        nullIf(
            decodeURLFormComponent(
                extractURLParameter(
                    multiIf(
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'URL',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'URL',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page_url',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page_url',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'full_landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'full_landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        ''
                    ),
                    'utm_medium'
                )
            ),
            ''
        )
    ) AS utm_medium,
    if(
        isNotNull(
            nullIf(
                JSONExtract(
                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                    'utm_source',
                    'Nullable(String)'
                ),
                ''
            )
        ),
        nullIf(
            JSONExtract(
                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                'utm_campaign',
                'Nullable(String)'
            ),
            ''
        ),
        nullIf(
            decodeURLFormComponent(
                extractURLParameter(
                    multiIf(
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'URL',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'URL',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    'page_url',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                'page_url',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'full_landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'full_landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        extractURLParameter(
                            ifNull(
                                JSONExtract(
                                    JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                    '$extra',
                                    'landing_site',
                                    'Nullable(String)'
                                ),
                                ''
                            ),
                            'utm_source'
                        ) <> '',
                        ifNull(
                            JSONExtract(
                                JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                                '$extra',
                                'landing_site',
                                'Nullable(String)'
                            ),
                            ''
                        ),
                        ''
                    ),
                    'utm_campaign'
                )
            ),
            ''
        )
    ) AS utm_campaign,
    or(
        CAST(
            ifNull(
                transform(
                    lower(
                        JSONExtractString(
                            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                            'Apple Privacy Open'
                        )
                    ),
                    ['true', '1', 'false', '0'],
                    [true, true, false, false],
                    NULL
                ),
                false
            ),
            'Bool'
        ),
        CAST(
            ifNull(
                transform(
                    lower(
                        JSONExtractString(
                            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                            'machine_open'
                        )
                    ),
                    ['true', '1', 'false', '0'],
                    [true, true, false, false],
                    NULL
                ),
                false
            ),
            'Bool'
        )
    ) AS apple_privacy_open,
    CAST(
        ifNull(
            transform(
                lower(
                    JSONExtractString(
                        JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
                        'Bot Click'
                    )
                ),
                ['true', '1', 'false', '0'],
                [true, true, false, false],
                NULL
            ),
            false
        ),
        'Bool'
    ) AS bot_click,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$attribution',
            '$attributed_event_id',
            'Nullable(String)'
        ),
        ''
    ) AS attributed_event_id,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$attribution',
            '$message',
            'Nullable(String)'
        ),
        ''
    ) AS attributed_message_id,
    nullIf(
        JSONExtract(
            JSONExtract(attributes, 'event_properties', 'Nullable(String)'),
            '$attribution',
            '$flow',
            'Nullable(String)'
        ),
        ''
    ) AS attributed_flow_id,
    JSONExtract(attributes, 'event_properties', 'Nullable(String)') AS properties,
    CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS extracted_at,
    CAST(_airbyte_generation_id, 'Nullable(UInt32)') AS generation_id,
    toUInt128(greatest(toUnixTimestamp64Milli(CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')')), 0)) AS version
FROM raw_klaviyo.events
WHERE and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), isNotNull(coalesce(CAST(events.datetime, 'Nullable(DateTime64(3, \'UTC\'))'), if(match(JSONExtract(attributes, 'datetime', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'datetime', 'Nullable(String)'), 3, 'UTC'), NULL))));
