CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.churn_summary
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    as_of Date COMMENT 'the day that it holds for',
    base_customers UInt64 COMMENT 'buyers whose last order was at most 180 days old 30 days earlier',
    churned_customers UInt64 COMMENT 'of them, those whose last order is now over 180 days old',
    churn_rate Nullable(Float64) COMMENT 'churned_customers / base_customers'
)
ENGINE = MergeTree
ORDER BY as_of
EMPTY
AS (
SELECT
    toDate(now(), 'America/New_York') AS as_of,
    countIf(in_base) AS base_customers,
    countIf(in_base AND dateDiff('day', last_day, toDate(now(), 'America/New_York')) > 180) AS churned_customers,
    churned_customers / nullIf(base_customers, 0) AS churn_rate
FROM (
    SELECT
        profile_id,
        max(day) AS last_day,
        maxIf(toNullable(day), day <= toDate(now(), 'America/New_York') - 30) AS last_before,
        ifNull(dateDiff('day', last_before, toDate(now(), 'America/New_York') - 30) <= 180, false) AS in_base
    FROM (
        SELECT assumeNotNull(o.profile_id) AS profile_id, toDate(o.datetime, CAST('America/New_York', 'String')) AS day
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
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String')))) AS o
        WHERE o.profile_id IS NOT NULL AND day <= toDate(now(), 'America/New_York')
    )
    GROUP BY profile_id
)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row: customers who churned, as of a day.';
