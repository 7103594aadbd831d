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
AS (
SELECT
    segment,
    count() AS members,
    countIf(is_engaged) AS engaged,
    engaged / nullIf(members, 0) AS engagement_rate,
    countIf(bought > 0) AS buyers,
    sum(bought) AS orders,
    sum(paid) AS revenue,
    buyers / nullIf(members, 0) AS conversion_rate,
    toFloat64(revenue) / nullIf(members, 0) AS revenue_per_member
FROM (
    SELECT
        profile,
        max(engages) AS is_engaged,
        sum(buys) AS bought,
        sum(pays) AS paid,
        groupUniqArray(member_of) AS own
    FROM (
        SELECT
            assumeNotNull(profile_id) AS profile, CAST(NULL, 'Nullable(String)') AS member_of,
            (metric IN (CAST('opened email', 'String')) AND NOT apple_privacy_open) OR (metric IN (CAST('clicked email', 'String')) AND NOT bot_click) AS engages, toUInt64(metric IN (CAST('placed order', 'String'))) AS buys, if(metric IN (CAST('placed order', 'String')), value, toDecimal128(0, 4)) AS pays
        FROM (
            SELECT profile_id, metric, value, apple_privacy_open, bot_click FROM (SELECT
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
            WHERE profile_id IS NOT NULL AND true
            UNION ALL
            SELECT profile_id, metric, toDecimal128(0, 4) AS value, apple_privacy_open, bot_click FROM (SELECT profile_id, toDate(moment, CAST('America/New_York', 'String')) AS day, moment AS datetime, metric, apple_privacy_open, bot_click
FROM (
    SELECT
        s.profile_id AS profile_id, lower(ifNull(any(m.name), '')) AS metric,
        s.apple_privacy_open AS apple_privacy_open, s.bot_click AS bot_click,
        arrayJoin([minMerge(s.first_at), maxMerge(s.last_at)]) AS moment
    FROM analytics_klaviyo.profile_activity_state AS s
    LEFT JOIN data_klaviyo.metrics_latest AS m ON s.metric_id = m.metric_id
    GROUP BY s.metric_id, profile_id, apple_privacy_open, bot_click
)
WHERE true AND NOT (metric IN (CAST('placed order', 'String'))))
        )
        UNION ALL
        SELECT profile, segment, false, 0, toDecimal128(0, 4) FROM (
    SELECT DISTINCT e.segment AS segment, assumeNotNull(e.profile_id) AS profile
    FROM (
        SELECT ifNull(l.name, p.list_id) AS segment, p.profile_id AS profile_id
        FROM (
            SELECT profile_id, arrayJoin(list_ids) AS list_id FROM data_klaviyo.profiles_latest
        ) AS p
        LEFT JOIN data_klaviyo.lists_latest AS l ON p.list_id = l.list_id
    ) AS e

        )
        UNION ALL
        SELECT assumeNotNull(e.profile_id), NULL, false, 0, toDecimal128(0, 4) FROM data_klaviyo.profiles_latest AS e
    )
    GROUP BY profile
)
ARRAY JOIN arrayDistinct(arrayPushFront(if(empty(own), ['(no segment)'], own), '(all)')) AS segment
GROUP BY segment
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per segment: members, engaged, buyers, revenue.';
