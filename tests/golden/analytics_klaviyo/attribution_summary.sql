CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.attribution_summary
REFRESH EVERY 1 HOUR
(
    date Date COMMENT 'local day of the conversion, in America/New_York',
    utm_source String COMMENT 'source, lower case; (direct) without one',
    utm_medium String COMMENT 'medium, lower case; (none) without one',
    utm_campaign String COMMENT 'campaign, lower case; (not set) without one',
    conversions UInt64 COMMENT 'Placed Order events; sum over rows',
    converting_profiles UInt64 COMMENT 'different profiles behind them; do not sum',
    revenue Decimal(38, 4) COMMENT 'their value, account currency; sum over rows'
)
ENGINE = MergeTree
ORDER BY (date, utm_source, utm_medium, utm_campaign)
EMPTY
AS (
SELECT date, utm_source, utm_medium, utm_campaign, conversions, converting_profiles, revenue FROM (
SELECT
    toDate(c.datetime, CAST('America/New_York', 'String')) AS date,
    multiIf(c.own.1 != '', c.own, t.at >= c.datetime - toIntervalHour(120), t.touch, ('', '', '')) AS utm,
    if(utm.1 = '', '(direct)', utm.1) AS utm_source,
    if(utm.2 = '', '(none)', utm.2) AS utm_medium,
    if(utm.3 = '', '(not set)', utm.3) AS utm_campaign,
    count() AS conversions,
    uniqExact(c.profile_id) AS converting_profiles,
    sum(c.value) AS revenue
FROM (
    SELECT event_id, datetime, profile_id, ifNull(profile_id, '') AS profile, value, (lowerUTF8(trim(ifNull(utm_source, ''))), lowerUTF8(trim(ifNull(utm_medium, ''))), lowerUTF8(trim(ifNull(utm_campaign, '')))) AS own
    FROM (SELECT
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
    SELECT assumeNotNull(profile_id) AS profile, datetime AS at, argMax((lowerUTF8(trim(ifNull(utm_source, ''))), lowerUTF8(trim(ifNull(utm_medium, ''))), lowerUTF8(trim(ifNull(utm_campaign, '')))), event_id) AS touch
    FROM (SELECT
        e.event_id AS event_id, e.datetime AS datetime, lower(ifNull(m.name, '')) AS metric, e.profile_id AS profile_id,
        e.bot_click AS bot_click,
        e.utm_source AS utm_source, e.utm_medium AS utm_medium, e.utm_campaign AS utm_campaign
    FROM analytics_klaviyo.utm_touches AS e FINAL
    LEFT JOIN data_klaviyo.metrics_latest AS m ON e.metric_id = m.metric_id
    )
    WHERE trim(ifNull(utm_source, '')) != '' AND NOT (metric IN (CAST('placed order', 'String'))) AND NOT startsWith(metric, 'opened ')
        AND profile_id IN (SELECT profile_id FROM (SELECT
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
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String')))) WHERE trim(ifNull(utm_source, '')) = '')
    GROUP BY profile, at
) AS t ON c.profile = t.profile AND c.datetime >= t.at
GROUP BY date, utm
)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per day and UTM parameters: conversions and revenue.';
