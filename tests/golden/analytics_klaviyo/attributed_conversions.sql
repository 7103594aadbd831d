CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.attributed_conversions
REFRESH EVERY 1 HOUR
(
    event_id String COMMENT 'events.event_id of the conversion',
    datetime DateTime64(3, 'UTC') COMMENT 'when it happened (UTC)',
    profile_id Nullable(String) COMMENT 'profiles.profile_id; NULL for an anonymous one',
    value Decimal(38, 4) COMMENT 'its value, 0 where there is none; sum over rows of one currency',
    currency LowCardinality(String) COMMENT 'currency of the value; \'\' where the event names none',
    order_ref Nullable(String) COMMENT 'the shop\'s order id as text; NULL where the event names none',
    attribution_method LowCardinality(String) COMMENT 'native (Klaviyo\'s own), last_touch (computed) or none: nobody has the credit',
    campaign_id Nullable(String) COMMENT 'campaigns.campaign_id with the credit; NULL for a flow, or not known',
    flow_id Nullable(String) COMMENT 'flows.flow_id with the credit',
    message_id Nullable(String) COMMENT 'the message with the credit',
    variation_id Nullable(String) COMMENT 'its variation in an A/B test; NULL without one'
)
ENGINE = MergeTree
ORDER BY (datetime, event_id)
EMPTY
AS (
SELECT
    event_id,
    datetime,
    profile_id,
    value,
    currency,
    order_ref,
    attribution_method,
    campaign_id,
    flow_id,
    message_id,
    variation_id
FROM (
SELECT
    c.event_id AS event_id,
    c.datetime AS datetime,
    c.profile_id AS profile_id,
    c.value AS value,
    c.currency AS currency,
    c.order_ref AS order_ref,
    coalesce(c.attributed_event_id, c.attributed_message_id, c.attributed_flow_id) IS NOT NULL AS is_native,
    NOT is_native AND t.at >= c.datetime - toIntervalHour(120) AS is_touched,
    multiIf(is_native, 'native', is_touched, 'last_touch', 'none') AS attribution_method,
    (c.attributed_message_id IS NULL AND c.attributed_flow_id IS NULL) AS by_event,
    multiIf(is_native AND by_event, n.campaign_id, is_native, c.attributed_campaign_id, is_touched, t.touch.1, NULL)
        AS campaign_id,
    multiIf(is_native AND by_event, n.flow_id, is_native, c.attributed_flow_id, is_touched, t.touch.2, NULL) AS flow_id,
    multiIf(is_native AND by_event, n.message_id, is_native, c.attributed_message_id, is_touched, t.touch.3, NULL)
        AS message_id,
    multiIf(is_native AND by_event, n.variation_id, is_native, c.attributed_variation_id, is_touched, t.touch.4, NULL)
        AS variation_id
FROM (
    SELECT *, ifNull(profile_id, '') AS profile FROM (SELECT
    e.event_id AS event_id,
    e.datetime AS datetime,
    lower(ifNull(e.metric_name, '')) AS metric,
    e.integration_name AS integration_name,
    e.profile_id AS profile_id,
    toDecimal128(ifNull(e.value, 0), 4) AS value,
    toString(ifNull(e.currency, '')) AS currency,
    e.apple_privacy_open AS apple_privacy_open,
    e.bot_click AS bot_click,
    e.campaign_id AS campaign_id,
    e.flow_id AS flow_id,
    e.message_id AS message_id,
    e.variation_id AS variation_id,
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.attributed_variation_id AS attributed_variation_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'))))
) AS c
ASOF LEFT JOIN (
    SELECT
        profile_id AS profile,
        datetime AS at,
        argMax(
            (campaign_id, flow_id, message_id, variation_id),
            (ifNull(flow_id, ''), ifNull(message_id, ''), ifNull(variation_id, ''))
        ) AS touch
    FROM (
    SELECT e.profile_id AS profile_id, e.datetime AS datetime, if(e.flow_id = '', c.campaign, NULL) AS campaign_id,
        nullIf(toString(e.flow_id), '') AS flow_id, nullIf(toString(e.message_id), '') AS message_id,
        nullIf(toString(e.variation_id), '') AS variation_id
    FROM analytics_klaviyo.message_touches AS e
    LEFT JOIN (
        SELECT message, toNullable(argMax(campaign_id, version)) AS campaign
        FROM data_klaviyo.campaigns_latest
        ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
        GROUP BY message
    ) AS c ON e.message_id = c.message
    WHERE (e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('opened email', 'String'))) AND NOT e.apple_privacy_open)
        OR (e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('clicked email', 'String'))) AND NOT e.bot_click)
    )
    WHERE profile_id IN (
            SELECT profile_id FROM (SELECT
    e.event_id AS event_id,
    e.datetime AS datetime,
    lower(ifNull(e.metric_name, '')) AS metric,
    e.integration_name AS integration_name,
    e.profile_id AS profile_id,
    toDecimal128(ifNull(e.value, 0), 4) AS value,
    toString(ifNull(e.currency, '')) AS currency,
    e.apple_privacy_open AS apple_privacy_open,
    e.bot_click AS bot_click,
    e.campaign_id AS campaign_id,
    e.flow_id AS flow_id,
    e.message_id AS message_id,
    e.variation_id AS variation_id,
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.attributed_variation_id AS attributed_variation_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'))))
            WHERE coalesce(attributed_event_id, attributed_message_id, attributed_flow_id) IS NULL
        )
    GROUP BY profile, at
) AS t ON c.profile = t.profile AND c.datetime >= t.at
LEFT JOIN (
    SELECT event_id, campaign_id, flow_id, message_id, variation_id FROM (SELECT
    e.event_id AS event_id,
    e.datetime AS datetime,
    lower(ifNull(e.metric_name, '')) AS metric,
    e.integration_name AS integration_name,
    e.profile_id AS profile_id,
    toDecimal128(ifNull(e.value, 0), 4) AS value,
    toString(ifNull(e.currency, '')) AS currency,
    e.apple_privacy_open AS apple_privacy_open,
    e.bot_click AS bot_click,
    e.campaign_id AS campaign_id,
    e.flow_id AS flow_id,
    e.message_id AS message_id,
    e.variation_id AS variation_id,
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.attributed_variation_id AS attributed_variation_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('opened email', 'String'), CAST('clicked email', 'String'), CAST('received sms', 'String'), CAST('opened sms', 'String'), CAST('clicked sms', 'String'), CAST('opened push', 'String'))))
    WHERE event_id IN (
            SELECT attributed_event_id FROM (SELECT
    e.event_id AS event_id,
    e.datetime AS datetime,
    lower(ifNull(e.metric_name, '')) AS metric,
    e.integration_name AS integration_name,
    e.profile_id AS profile_id,
    toDecimal128(ifNull(e.value, 0), 4) AS value,
    toString(ifNull(e.currency, '')) AS currency,
    e.apple_privacy_open AS apple_privacy_open,
    e.bot_click AS bot_click,
    e.campaign_id AS campaign_id,
    e.flow_id AS flow_id,
    e.message_id AS message_id,
    e.variation_id AS variation_id,
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.attributed_variation_id AS attributed_variation_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'))))
            WHERE attributed_event_id IS NOT NULL AND attributed_message_id IS NULL AND attributed_flow_id IS NULL
        )
) AS n ON c.attributed_event_id = n.event_id
)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per Placed Order: the campaign or flow that gets the credit.';
