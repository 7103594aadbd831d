CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_shopify.checkout_recovery
REFRESH EVERY 1 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    date Date COMMENT 'day on which the checkouts were begun, America/New_York',
    abandoned UInt64 COMMENT 'checkouts of the stream begun that day; sum over days',
    contactable UInt64 COMMENT 'of them, those with an e-mail; sum over days',
    abandoned_value Decimal(38, 4) COMMENT 'their totals, where in shop currency; sum over days',
    recovered UInt64 COMMENT 'of them, those that became an order within 7 days; sum over days',
    recovered_value Decimal(38, 4) COMMENT 'totals of the recovered ones, where in shop currency; sum over days',
    recovery_rate Nullable(Float64) COMMENT 'recovered / abandoned',
    abandoned_other_currency UInt64 COMMENT 'checkouts in another currency, whose value is not summed',
    email_assisted Nullable(UInt64) COMMENT 'of the recovered, those whose e-mail clicked in between; NULL where clicks are not known; sum over days'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, date)
EMPTY
AS (
WITH
placed AS (
    SELECT
        shop_url,
        assumeNotNull(checkout_token) AS checkout_token,
        groupArray(assumeNotNull(coalesce(processed_at, created_at))) AS moments
    FROM data_shopify.orders_latest
    WHERE NOT ifNull(test, false) AND checkout_token != '' AND coalesce(processed_at, created_at) IS NOT NULL
    GROUP BY shop_url, checkout_token
),
checkouts AS (
    SELECT
        shop_url,
        checkout_id,
        toString(ifNull(shop_currency, '')) AS shop_currency,
        ifNull(currency = shop_currency, true) AS comparable,
        assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)) AS date,
        assumeNotNull(created_at) AS created,
        completed_at,
        ifNull(token, '') AS token,
        email_norm IS NOT NULL AS contactable,
        ifNull(email_norm, '') AS email,
        toDecimal128(ifNull(total_price, 0), 4) AS total
    FROM data_shopify.abandoned_checkouts_latest
    WHERE if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL
),
clicked AS (
    SELECT email, groupArray(clicked_at) AS clicks
    FROM (SELECT c.email AS email, h.datetime AS clicked_at
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
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('clicked email', 'String')))) AS h
INNER JOIN (
    SELECT DISTINCT assumeNotNull(e.profile_id) AS profile_id, assumeNotNull(e.email_norm) AS email
    FROM data_klaviyo.profiles_latest AS e
    WHERE e.email_norm IS NOT NULL
) AS c ON h.profile_id = c.profile_id
WHERE NOT h.bot_click)
    WHERE email IN (SELECT email FROM checkouts)
    GROUP BY email
)
SELECT
    shop_url,
    shop_currency AS currency,
    date,
    count() AS abandoned,
    countIf(contactable) AS contactable,
    sumIf(total, comparable) AS abandoned_value,
    countIf(is_recovered) AS recovered,
    sumIf(total, comparable AND is_recovered) AS recovered_value,
    recovered / nullIf(abandoned, 0) AS recovery_rate,
    countIf(NOT comparable) AS abandoned_other_currency,
    CAST(countIf(is_recovered AND is_assisted), 'Nullable(UInt64)') AS email_assisted
FROM (
    SELECT
        c.shop_url AS shop_url, c.shop_currency AS shop_currency, c.date AS date, c.contactable AS contactable,
        c.total AS total, c.comparable AS comparable,
        arraySort(arrayFilter(
            moment -> moment <= c.created + toIntervalDay(CAST(7, 'UInt16')),
            arrayPushBack(o.moments, ifNull(c.completed_at, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')))
        )) AS recoveries,
        notEmpty(recoveries) AS is_recovered,
        is_recovered AND arrayExists(click -> click > c.created AND click <= recoveries[1], k.clicks) AS is_assisted
    FROM checkouts AS c
    LEFT JOIN placed AS o ON c.shop_url = o.shop_url AND c.token = o.checkout_token
    LEFT JOIN clicked AS k ON c.email = k.email
)
GROUP BY shop_url, shop_currency, date
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency and day: checkouts begun and recovered.';
