CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.profile_lifecycle
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    profile_id String COMMENT 'profiles.profile_id',
    first_event_at Nullable(DateTime64(3, 'UTC')) COMMENT 'its first event (UTC)',
    last_event_at Nullable(DateTime64(3, 'UTC')) COMMENT 'its last event (UTC)',
    first_open_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first open of an e-mail (UTC)',
    last_open_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last open of an e-mail (UTC)',
    first_click_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first click in an e-mail (UTC)',
    last_click_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last click in an e-mail (UTC)',
    subscribed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when consent was given (UTC); NULL where it is not given now',
    unsubscribed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last unsubscribe event (UTC)',
    first_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first order (UTC)',
    last_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last order (UTC)',
    orders UInt64 COMMENT 'Placed Order events',
    is_subscribed Nullable(Bool) COMMENT 'true with consent to e-mail; NULL where it is not known',
    is_suppressed Nullable(Bool) COMMENT 'true where Klaviyo sends no e-mail at all; NULL where it is not known',
    engagement LowCardinality(String) COMMENT '30_days, 90_days, 180_days since the last engagement, or inactive',
    lifecycle LowCardinality(String) COMMENT 'never_purchased, churned, at_risk, new, active',
    as_of Date COMMENT 'the day that all of it holds for',
    preferred_hour Nullable(UInt8) COMMENT 'local hour with most engagements, the earliest of equals; NULL without any. Those of one moment by one message count once'
)
ENGINE = MergeTree
ORDER BY profile_id
EMPTY
AS (
SELECT
    s.profile_id AS profile_id,
    s.first_event_at AS first_event_at,
    s.last_event_at AS last_event_at,
    s.first_open_at AS first_open_at,
    s.last_open_at AS last_open_at,
    s.first_click_at AS first_click_at,
    s.last_click_at AS last_click_at,
    if(ifNull(is_subscribed, false), q.email_consent_at, NULL) AS subscribed_at,
    s.unsubscribed_at AS unsubscribed_at,
    s.first_order_at AS first_order_at,
    s.last_order_at AS last_order_at,
    s.orders AS orders,
    q.email_consent = 'SUBSCRIBED' AS is_subscribed,
    CAST(q.suppressed, 'Nullable(Bool)') AS is_suppressed,
    multiIf(
        dateDiff('day', s.engaged_day, toDate(now(), 'America/New_York')) <= 30, '30_days', dateDiff('day', s.engaged_day, toDate(now(), 'America/New_York')) <= 90, '90_days',
        dateDiff('day', s.engaged_day, toDate(now(), 'America/New_York')) <= 180, '180_days', 'inactive'
    ) AS engagement,
    multiIf(s.orders = 0, 'never_purchased', dateDiff('day', s.order_day, toDate(now(), 'America/New_York')) > 180, 'churned', dateDiff('day', s.order_day, toDate(now(), 'America/New_York')) > 90, 'at_risk', s.orders = 1 AND dateDiff('day', s.order_day, toDate(now(), 'America/New_York')) <= 30, 'new', 'active') AS lifecycle,
    toDate(now(), 'America/New_York') AS as_of,
    h.hour AS preferred_hour
FROM (
    SELECT
        profile_id,
        minIf(toNullable(datetime), is_event) AS first_event_at,
        maxIf(toNullable(datetime), is_event) AS last_event_at,
        minIf(toNullable(datetime), metric IN (CAST('opened email', 'String'))) AS first_open_at,
        maxIf(toNullable(datetime), metric IN (CAST('opened email', 'String'))) AS last_open_at,
        minIf(toNullable(datetime), metric IN (CAST('clicked email', 'String')) AND NOT bot_click) AS first_click_at,
        maxIf(toNullable(datetime), metric IN (CAST('clicked email', 'String')) AND NOT bot_click) AS last_click_at,
        maxIf(toNullable(datetime), metric IN (CAST('unsubscribed', 'String'), CAST('unsubscribed from email marketing', 'String'), CAST('unsubscribed from list', 'String'))) AS unsubscribed_at,
        minIf(toNullable(datetime), placed) AS first_order_at,
        maxIf(toNullable(datetime), placed) AS last_order_at,
        maxIf(toNullable(day), placed) AS order_day,
        maxIf(toNullable(day), (metric IN (CAST('clicked email', 'String')) AND NOT bot_click OR (metric IN (CAST('opened email', 'String')) AND NOT apple_privacy_open))) AS engaged_day,
        countIf(placed) AS orders
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
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String')))) AS h
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
WHERE day <= toDate(now(), 'America/New_York') AND NOT (metric IN (CAST('placed order', 'String')))
UNION ALL
SELECT assumeNotNull(e.profile_id) AS profile_id, toDate(e.datetime, CAST('America/New_York', 'String')) AS day, e.datetime AS datetime,
    lower(ifNull(n.name, '')) AS metric,
    e.apple_privacy_open AS apple_privacy_open, e.bot_click AS bot_click
FROM analytics_klaviyo.message_touches AS e
LEFT JOIN data_klaviyo.metrics_latest AS n ON e.metric_id = n.metric_id
WHERE (e.metric_id, e.profile_id) IN (
        SELECT metric_id, profile_id FROM analytics_klaviyo.profile_activity_state WHERE toDate(finalizeAggregation(last_at), CAST('America/New_York', 'String')) > toDate(now(), 'America/New_York')
    ) AND day <= toDate(now(), 'America/New_York') AND NOT (metric IN (CAST('placed order', 'String'))))
UNION ALL
SELECT
    assumeNotNull(e.profile_id), toDate(now(), 'America/New_York'), toDateTime64(0, 3, 'UTC'), '', toDecimal128(0, 4), false, false, false
FROM data_klaviyo.profiles_latest AS e
))
    GROUP BY profile_id
) AS s
LEFT JOIN (
    SELECT profile_id, toNullable(argMax(hour, (times, -toInt16(hour)))) AS hour
    FROM (
        SELECT profile_id, toHour(datetime, CAST('America/New_York', 'String')) AS hour, count() AS times
        FROM (SELECT e.profile_id AS profile_id, e.datetime AS datetime, if(e.flow_id = '', c.campaign, NULL) AS campaign_id,
        nullIf(toString(e.flow_id), '') AS flow_id, nullIf(toString(e.message_id), '') AS message_id,
        nullIf(toString(e.variation_id), '') AS variation_id
    FROM analytics_klaviyo.message_touches AS e FINAL
    LEFT JOIN (
        SELECT message, toNullable(argMax(campaign_id, version)) AS campaign
        FROM data_klaviyo.campaigns_latest
        ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
        GROUP BY message
    ) AS c ON e.message_id = c.message
    WHERE (e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('opened email', 'String'))) AND NOT e.apple_privacy_open)
        OR (e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('clicked email', 'String'))) AND NOT e.bot_click))
        WHERE toDate(datetime, CAST('America/New_York', 'String')) <= toDate(now(), 'America/New_York')
        GROUP BY profile_id, hour
    )
    GROUP BY profile_id
) AS h ON s.profile_id = h.profile_id
LEFT JOIN (
    SELECT profile_id, email_consent, email_consent_at, toNullable(notEmpty(suppressions)) AS suppressed FROM data_klaviyo.profiles_latest
) AS q ON s.profile_id = q.profile_id
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per profile: what it did when, consent, engagement and lifecycle, as of a day.';
