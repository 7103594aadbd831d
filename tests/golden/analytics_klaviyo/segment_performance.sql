CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.segment_performance
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    segment String COMMENT 'segment or list; (no segment) is profiles in none, (all) every profile',
    members UInt64 COMMENT 'different profiles in it, as of now; do not sum',
    engaged UInt64 COMMENT 'of them, those who clicked, or opened not by their mail program alone',
    engagement_rate Nullable(Float64) COMMENT 'engaged / members',
    buyers UInt64 COMMENT 'of them, those with Placed Order',
    orders UInt64 COMMENT 'their orders; do not sum over segments',
    revenue Decimal(38, 4) COMMENT 'value of these orders, account currency; do not sum over segments',
    conversion_rate Nullable(Float64) COMMENT 'buyers / members',
    revenue_per_member Nullable(Float64) COMMENT 'revenue / members'
)
ENGINE = MergeTree
ORDER BY segment
EMPTY
COMMENT 'One row per segment: members, engaged, buyers, revenue.'
AS
WITH
did AS (
    SELECT
        assumeNotNull(profile_id) AS profile,
        max((metric IN (CAST('opened email', 'String')) AND NOT apple_privacy_open) OR (metric IN (CAST('clicked email', 'String')) AND NOT bot_click)) AS is_engaged,
        countIf(metric IN (CAST('placed order', 'String'))) AS orders,
        sumIf(value, metric IN (CAST('placed order', 'String'))) AS revenue
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
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e)
    WHERE profile_id IS NOT NULL AND true
    GROUP BY profile
),
members AS (
    SELECT DISTINCT e.segment AS segment, assumeNotNull(e.profile_id) AS profile
    FROM (
        SELECT ifNull(l.name, p.list_id) AS segment, p.profile_id AS profile_id
        FROM (
            SELECT profile_id, arrayJoin(list_ids) AS list_id FROM data_klaviyo.profiles_latest
        ) AS p
        LEFT JOIN data_klaviyo.lists_latest AS l ON p.list_id = l.list_id
    ) AS e

),
known AS (
    SELECT profile FROM did
    UNION DISTINCT
    SELECT profile FROM members
    UNION DISTINCT
    SELECT assumeNotNull(e.profile_id) AS profile FROM data_klaviyo.profiles_latest AS e

),
standing AS (
    SELECT segment, profile FROM members
    UNION ALL
    SELECT '(no segment)', profile FROM known WHERE profile NOT IN (SELECT profile FROM members)
    UNION ALL
    SELECT '(all)', profile FROM known
)
SELECT
    s.segment AS segment,
    count() AS members,
    countIf(d.is_engaged) AS engaged,
    engaged / nullIf(members, 0) AS engagement_rate,
    countIf(d.orders > 0) AS buyers,
    sum(d.orders) AS orders,
    sum(d.revenue) AS revenue,
    buyers / nullIf(members, 0) AS conversion_rate,
    toFloat64(revenue) / nullIf(members, 0) AS revenue_per_member
FROM (SELECT DISTINCT segment, profile FROM standing) AS s
LEFT JOIN did AS d ON s.profile = d.profile
GROUP BY segment
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000;
