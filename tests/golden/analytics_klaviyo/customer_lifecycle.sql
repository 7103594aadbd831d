CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.customer_lifecycle
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    profile_id String COMMENT 'profiles.profile_id',
    orders UInt64 COMMENT 'Placed Order events',
    revenue Decimal(38, 4) COMMENT 'their value, account currency',
    refunds Decimal(38, 4) COMMENT 'value of refunded and cancelled orders, account currency',
    clv Decimal(38, 4) COMMENT 'revenue - refunds',
    aov Nullable(Float64) COMMENT 'revenue / orders; NULL without orders',
    days_since_last_order Nullable(Int64) COMMENT 'days from the last order to as_of',
    avg_days_between_orders Nullable(Float64) COMMENT '(last - first) / (orders - 1); NULL under two orders',
    lifecycle LowCardinality(String) COMMENT 'never_purchased, churned, at_risk, new, active',
    clv_segment LowCardinality(String) COMMENT 'none (never purchased), low, mid, high',
    first_order_date Nullable(Date) COMMENT 'local day of the first order',
    last_order_date Nullable(Date) COMMENT 'local day of the last order',
    as_of Date COMMENT 'the day that all of it holds for'
)
ENGINE = MergeTree
ORDER BY profile_id
EMPTY
AS (
SELECT
    profile_id,
    orders,
    revenue,
    refunds,
    revenue - refunds AS clv,
    toFloat64(revenue) / nullIf(orders, 0) AS aov,
    dateDiff('day', last_order_date, toDate(now(), 'America/New_York')) AS days_since_last_order,
    if(orders > 1, dateDiff('day', first_order_date, last_order_date) / (orders - 1), NULL) AS avg_days_between_orders,
    multiIf(orders = 0, 'never_purchased', days_since_last_order > 180, 'churned', days_since_last_order > 90, 'at_risk', orders = 1 AND days_since_last_order <= 30, 'new', 'active') AS lifecycle,
    multiIf(orders = 0, 'none', clv >= 500, 'high', clv >= 100, 'mid', 'low') AS clv_segment,
    first_order_date,
    last_order_date,
    toDate(now(), 'America/New_York') AS as_of
FROM (
    SELECT
        profile_id,
        countIf(placed) AS orders,
        sumIf(value, placed) AS revenue,
        sumIf(value, metric IN (CAST('refunded order', 'String'), CAST('cancelled order', 'String'))) AS refunds,
        minIf(toNullable(day), placed) AS first_order_date,
        maxIf(toNullable(day), placed) AS last_order_date
    FROM (SELECT *, metric IN (CAST('placed order', 'String')) AS placed FROM (SELECT
    assumeNotNull(h.profile_id) AS profile_id, toDate(h.datetime, CAST('America/New_York', 'String')) AS day, h.datetime AS datetime,
    h.metric AS metric, h.value AS value, h.apple_privacy_open AS apple_privacy_open, h.bot_click AS bot_click, true AS is_event
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
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'), CAST('refunded order', 'String'), CAST('cancelled order', 'String')))) AS h
WHERE h.profile_id IS NOT NULL AND toDate(h.datetime, CAST('America/New_York', 'String')) <= toDate(now(), 'America/New_York')
UNION ALL
SELECT
    profile_id, day, datetime, metric, toDecimal128(0, 4) AS value, apple_privacy_open, bot_click, true AS is_event
FROM (SELECT profile_id, toDate(moment, CAST('America/New_York', 'String')) AS day, moment AS datetime, metric, apple_privacy_open, bot_click
FROM (
    SELECT
        s.profile_id AS profile_id, lower(ifNull(any(m.name), '')) AS metric,
        s.apple_privacy_open AS apple_privacy_open, s.bot_click AS bot_click,
        arrayJoin([minMerge(s.first_at), maxMerge(s.last_at)]) AS moment
    FROM analytics_klaviyo.profile_activity_state AS s
    LEFT JOIN data_klaviyo.metrics_latest AS m ON s.metric_id = m.metric_id
    GROUP BY s.metric_id, profile_id, apple_privacy_open, bot_click
)
WHERE day <= toDate(now(), 'America/New_York') AND NOT (metric IN (CAST('placed order', 'String'), CAST('refunded order', 'String'), CAST('cancelled order', 'String'))))
UNION ALL
SELECT
    assumeNotNull(e.profile_id), toDate(now(), 'America/New_York'), toDateTime64(0, 3, 'UTC'), '', toDecimal128(0, 4), false, false, false
FROM data_klaviyo.profiles_latest AS e
))
    GROUP BY profile_id
)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per profile: orders, value, lifecycle, as of a day.';
