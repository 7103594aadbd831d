CREATE VIEW IF NOT EXISTS data_klaviyo.rejects
SQL SECURITY DEFINER
AS (
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        'campaigns' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), true), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.campaigns' AS its_raw_table
    FROM raw_klaviyo.campaigns
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no whole number of 64 bits'), arrayFilter(x -> x.2 != '' AND isNull(toInt64OrNull(tupleElement(x, 2))), [('estimated_recipient_count', ifNull(CAST(NULL, 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'neither true nor false'), arrayFilter(x -> x.2 != '' AND isNull(transform(lower(JSONExtractString(toJSONString(tupleElement(x, 2)))), ['true', '1', 'false', '0'], [true, true, false, false], NULL)), [('attributes.archived', ifNull(JSONExtract(attributes, 'archived', 'Nullable(String)'), '')), ('attributes.send_options.use_smart_sending', ifNull(JSONExtract(attributes, 'send_options', 'use_smart_sending', 'Nullable(String)'), '')), ('attributes.tracking_options.is_tracking_opens', ifNull(JSONExtract(attributes, 'tracking_options', 'is_tracking_opens', 'Nullable(String)'), '')), ('attributes.tracking_options.is_tracking_clicks', ifNull(JSONExtract(attributes, 'tracking_options', 'is_tracking_clicks', 'Nullable(String)'), '')), ('attributes.tracking_options.add_tracking_params', ifNull(JSONExtract(attributes, 'tracking_options', 'add_tracking_params', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.send_time', ifNull(JSONExtract(attributes, 'send_time', 'Nullable(String)'), '')), ('attributes.scheduled_at', ifNull(JSONExtract(attributes, 'scheduled_at', 'Nullable(String)'), '')), ('attributes.created_at', ifNull(JSONExtract(attributes, 'created_at', 'Nullable(String)'), '')), ('attributes.updated_at', ifNull(JSONExtract(attributes, 'updated_at', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON array'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '['), [('relationships.campaign-messages.data', ifNull(JSONExtract(relationships, 'campaign-messages', 'data', 'Nullable(String)'), '')), ('attributes.audiences.included', ifNull(JSONExtract(attributes, 'audiences', 'included', 'Nullable(String)'), '')), ('attributes.audiences.excluded', ifNull(JSONExtract(attributes, 'audiences', 'excluded', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), '')), ('campaign_messages[1]', ifNull(CAST(NULL, 'Nullable(String)'), '')), ('campaign_messages[1].attributes', ifNull(CAST(NULL, 'Nullable(String)'), '')), ('relationships', ifNull(CAST(relationships, 'Nullable(String)'), '')), ('relationships.campaign-messages', ifNull(JSONExtract(relationships, 'campaign-messages', 'Nullable(String)'), '')), ('campaign_messages[1].attributes.content', ifNull(CAST(NULL, 'Nullable(String)'), '')), ('attributes.audiences', ifNull(JSONExtract(attributes, 'audiences', 'Nullable(String)'), '')), ('attributes.send_strategy', ifNull(JSONExtract(attributes, 'send_strategy', 'Nullable(String)'), '')), ('attributes.send_options', ifNull(JSONExtract(attributes, 'send_options', 'Nullable(String)'), '')), ('attributes.tracking_options', ifNull(JSONExtract(attributes, 'tracking_options', 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        'profiles' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), true), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.profiles' AS its_raw_table
    FROM raw_klaviyo.profiles
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 16), 4), 'Decimal(18, 4)')), [('attributes.predictive_analytics.historic_clv', ifNull(JSONExtract(attributes, 'predictive_analytics', 'historic_clv', 'Nullable(String)'), '')), ('attributes.predictive_analytics.predicted_clv', ifNull(JSONExtract(attributes, 'predictive_analytics', 'predicted_clv', 'Nullable(String)'), '')), ('attributes.predictive_analytics.total_clv', ifNull(JSONExtract(attributes, 'predictive_analytics', 'total_clv', 'Nullable(String)'), '')), ('attributes.predictive_analytics.predicted_number_of_orders', ifNull(JSONExtract(attributes, 'predictive_analytics', 'predicted_number_of_orders', 'Nullable(String)'), '')), ('attributes.predictive_analytics.average_days_between_orders', ifNull(JSONExtract(attributes, 'predictive_analytics', 'average_days_between_orders', 'Nullable(String)'), '')), ('attributes.predictive_analytics.average_order_value', ifNull(JSONExtract(attributes, 'predictive_analytics', 'average_order_value', 'Nullable(String)'), '')), ('attributes.predictive_analytics.churn_probability', ifNull(JSONExtract(attributes, 'predictive_analytics', 'churn_probability', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 18), 6), 'Decimal(18, 6)')), [('attributes.location.latitude', ifNull(JSONExtract(attributes, 'location', 'latitude', 'Nullable(String)'), '')), ('attributes.location.longitude', ifNull(JSONExtract(attributes, 'location', 'longitude', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no whole number of 64 bits'), arrayFilter(x -> x.2 != '' AND isNull(toInt64OrNull(tupleElement(x, 2))), [('attributes.predictive_analytics.historic_number_of_orders', ifNull(JSONExtract(attributes, 'predictive_analytics', 'historic_number_of_orders', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'neither true nor false'), arrayFilter(x -> x.2 != '' AND isNull(transform(lower(JSONExtractString(toJSONString(tupleElement(x, 2)))), ['true', '1', 'false', '0'], [true, true, false, false], NULL)), [('attributes.subscriptions.email.marketing.can_receive_email_marketing', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'can_receive_email_marketing', 'Nullable(String)'), '')), ('attributes.subscriptions.email.marketing.double_optin', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'double_optin', 'Nullable(String)'), '')), ('attributes.subscriptions.sms.marketing.can_receive_sms_marketing', ifNull(JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'can_receive_sms_marketing', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.created', ifNull(JSONExtract(attributes, 'created', 'Nullable(String)'), '')), ('attributes.updated', ifNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), '')), ('attributes.last_event_date', ifNull(JSONExtract(attributes, 'last_event_date', 'Nullable(String)'), '')), ('attributes.subscriptions.email.marketing.consent_timestamp', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'consent_timestamp', 'Nullable(String)'), '')), ('attributes.subscriptions.email.marketing.suppressions[1].timestamp', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'suppressions', 1, 'timestamp', 'Nullable(String)'), '')), ('attributes.subscriptions.sms.marketing.consent_timestamp', ifNull(JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'consent_timestamp', 'Nullable(String)'), '')), ('attributes.predictive_analytics.expected_date_of_next_order', ifNull(JSONExtract(attributes, 'predictive_analytics', 'expected_date_of_next_order', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON array'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '['), [('attributes.subscriptions.email.marketing.suppressions', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'suppressions', 'Nullable(String)'), '')), ('relationships.lists.data', ifNull(JSONExtract(relationships, 'lists', 'data', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), '')), ('attributes.location', ifNull(JSONExtract(attributes, 'location', 'Nullable(String)'), '')), ('attributes.subscriptions', ifNull(JSONExtract(attributes, 'subscriptions', 'Nullable(String)'), '')), ('attributes.subscriptions.email', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'Nullable(String)'), '')), ('attributes.subscriptions.email.marketing', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'Nullable(String)'), '')), ('attributes.subscriptions.email.marketing.suppressions[1]', ifNull(JSONExtract(attributes, 'subscriptions', 'email', 'marketing', 'suppressions', 1, 'Nullable(String)'), '')), ('attributes.subscriptions.sms', ifNull(JSONExtract(attributes, 'subscriptions', 'sms', 'Nullable(String)'), '')), ('attributes.subscriptions.sms.marketing', ifNull(JSONExtract(attributes, 'subscriptions', 'sms', 'marketing', 'Nullable(String)'), '')), ('relationships', ifNull(CAST(relationships, 'Nullable(String)'), '')), ('relationships.lists', ifNull(JSONExtract(relationships, 'lists', 'Nullable(String)'), '')), ('attributes.predictive_analytics', ifNull(JSONExtract(attributes, 'predictive_analytics', 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        'metrics' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), true), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.metrics' AS its_raw_table
    FROM raw_klaviyo.metrics
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.updated', ifNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), '')), ('attributes.created', ifNull(JSONExtract(attributes, 'created', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), '')), ('attributes.integration', ifNull(JSONExtract(attributes, 'integration', 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        'flows' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), true), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.flows' AS its_raw_table
    FROM raw_klaviyo.flows
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'neither true nor false'), arrayFilter(x -> x.2 != '' AND isNull(transform(lower(JSONExtractString(toJSONString(tupleElement(x, 2)))), ['true', '1', 'false', '0'], [true, true, false, false], NULL)), [('attributes.archived', ifNull(JSONExtract(attributes, 'archived', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.created', ifNull(JSONExtract(attributes, 'created', 'Nullable(String)'), '')), ('attributes.updated', ifNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    SELECT
        'lists' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), true), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.lists' AS its_raw_table
    FROM raw_klaviyo.lists
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no whole number of 64 bits'), arrayFilter(x -> x.2 != '' AND isNull(toInt64OrNull(tupleElement(x, 2))), [('attributes.profile_count', ifNull(JSONExtract(attributes, 'profile_count', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.created', ifNull(JSONExtract(attributes, 'created', 'Nullable(String)'), '')), ('attributes.updated', ifNull(JSONExtract(attributes, 'updated', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
UNION ALL
SELECT
    its_stream AS stream,
    its_record_key AS record_key,
    its_field AS field,
    its_raw_text AS raw_text,
    its_reason AS reason,
    its_extracted_at AS extracted_at,
    its_raw_id AS raw_id,
    its_raw_table AS raw_table
FROM (
    WITH coalesce(CAST(datetime, 'Nullable(DateTime64(3, \'UTC\'))'), if(match(JSONExtract(attributes, 'datetime', 'Nullable(String)'), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(JSONExtract(attributes, 'datetime', 'Nullable(String)'), 3, 'UTC'), NULL)) AS _happened
    SELECT
        'events' AS its_stream,
        CAST(if(ifNull(and(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), isNotNull(_happened)), 0), ifNull(CAST(id, 'Nullable(String)'), ''), NULL), 'Nullable(String)') AS its_record_key,
        reject.1 AS its_field,
        nullIf(substringUTF8(reject.2, 1, 256), '') AS its_raw_text,
        reject.3 AS its_reason,
        CAST(_airbyte_extracted_at, 'DateTime64(3, \'UTC\')') AS its_extracted_at,
        toString(_airbyte_raw_id) AS its_raw_id,
        'raw_klaviyo.events' AS its_raw_table
    FROM raw_klaviyo.events
    ARRAY JOIN arrayConcat(arrayConcat(arrayMap(x -> (x.1, x.2, 'no number, or out of range'), arrayFilter(x -> x.2 != '' AND isNull(accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(toJSONString(tupleElement(x, 2))), '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 16), 4), 'Decimal(18, 4)')), [('attributes.event_properties.$value', ifNull(JSONExtract(attributes, 'event_properties', '$value', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'neither true nor false'), arrayFilter(x -> x.2 != '' AND isNull(transform(lower(JSONExtractString(toJSONString(tupleElement(x, 2)))), ['true', '1', 'false', '0'], [true, true, false, false], NULL)), [('attributes.event_properties.Apple Privacy Open', ifNull(JSONExtract(attributes, 'event_properties', 'Apple Privacy Open', 'Nullable(String)'), '')), ('attributes.event_properties.machine_open', ifNull(JSONExtract(attributes, 'event_properties', 'machine_open', 'Nullable(String)'), '')), ('attributes.event_properties.Bot Click', ifNull(JSONExtract(attributes, 'event_properties', 'Bot Click', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no moment from 1900 to 2299'), arrayFilter(x -> x.2 != '' AND isNull(if(match(tupleElement(x, 2), '^(19|2[0-2])[0-9]{2}-[0-9]{2}-[0-9]{2}'), parseDateTime64BestEffortOrNull(tupleElement(x, 2), 3, 'UTC'), NULL)), [('attributes.datetime', ifNull(JSONExtract(attributes, 'datetime', 'Nullable(String)'), ''))])), arrayMap(x -> (x.1, x.2, 'no JSON object'), arrayFilter(x -> x.2 != '' AND NOT startsWith(trimLeft(x.2), '{'), [('attributes', ifNull(CAST(attributes, 'Nullable(String)'), '')), ('attributes.event_properties', ifNull(JSONExtract(attributes, 'event_properties', 'Nullable(String)'), '')), ('attributes.event_properties.$extra', ifNull(JSONExtract(attributes, 'event_properties', '$extra', 'Nullable(String)'), '')), ('relationships', ifNull(CAST(relationships, 'Nullable(String)'), '')), ('relationships.metric', ifNull(JSONExtract(relationships, 'metric', 'Nullable(String)'), '')), ('relationships.metric.data', ifNull(JSONExtract(relationships, 'metric', 'data', 'Nullable(String)'), '')), ('relationships.profile', ifNull(JSONExtract(relationships, 'profile', 'Nullable(String)'), '')), ('relationships.profile.data', ifNull(JSONExtract(relationships, 'profile', 'data', 'Nullable(String)'), '')), ('attributes.event_properties.$attribution', ifNull(JSONExtract(attributes, 'event_properties', '$attribution', 'Nullable(String)'), ''))])), if(ifNull(isNotNull(nullIf(CAST(id, 'Nullable(String)'), '')), 0), [], [('id', coalesce(nullIf(ifNull(CAST(id, 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')]), if(ifNull(isNotNull(_happened), 0), [], [('datetime', coalesce(nullIf(ifNull(toNullable(toString(CAST(datetime, 'Nullable(DateTime64(3, \'UTC\'))'))), ''), ''), nullIf(ifNull(JSONExtract(attributes, 'datetime', 'Nullable(String)'), ''), ''), ''), 'missing or unreadable: the record stays in raw only')])), arrayMap(entry -> (JSONExtractString(entry, 'field'), '', concat('nulled by the loader: ', JSONExtractString(entry, 'reason'))), JSONExtractArrayRaw(ifNull(CAST(_airbyte_meta, 'Nullable(String)'), ''), 'changes'))) AS reject
)
)
COMMENT 'One row per field, or record, of the raw tables that was there and could not be used.';
