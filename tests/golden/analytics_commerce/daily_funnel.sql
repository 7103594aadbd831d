CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_commerce.daily_funnel
REFRESH EVERY 1 HOUR DEPENDS ON analytics_shopify.daily_sales
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    date Date COMMENT 'the shop\'s day, America/New_York; GA4\'s days are its property\'s own',
    sessions Nullable(Int64) COMMENT 'GA4\'s sessions; NULL without a row for the day; sum over days',
    orders UInt64 COMMENT 'orders placed; sum over days',
    demand_sales Decimal(38, 4) COMMENT 'gross sales - discounts of these orders; sum over days',
    net_sales Decimal(38, 4) COMMENT 'sales less what came back that day; sum over days',
    conversion_rate Nullable(Float64) COMMENT 'orders / sessions: not GA4\'s rate of purchasers',
    net_sales_per_session Nullable(Float64) COMMENT 'net_sales / sessions',
    email_orders Nullable(UInt64) COMMENT 'orders credited to an e-mail; sum over days',
    email_demand_sales Nullable(Decimal(38, 4)) COMMENT 'their demand on the order\'s day; sum over days',
    email_share Nullable(Float64) COMMENT 'email_demand_sales / demand_sales; NULL without sales',
    ga4_partial Bool COMMENT 'true where GA4 may still correct the day: read within 2 days',
    tz_mismatch Bool COMMENT 'true where property and shop have different zones',
    users Nullable(Int64) COMMENT 'GA4\'s users of the day; distinct, so never sum it; NULL where a shop has several properties'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, date)
EMPTY
COMMENT 'One row per shop, currency and day: sessions, orders, sales, the share of e-mail.'
AS
WITH
selling AS (
    SELECT shop_url, currency, date, orders, demand_sales, net_sales FROM analytics_shopify.daily_sales
),
main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM (SELECT shop_url, currency, sum(orders) AS placed FROM selling GROUP BY shop_url, currency) AS n
    GROUP BY shop_url
),
moves AS (
    SELECT
        toString(shop_url) AS shop_url, toString(currency) AS currency, date, CAST(NULL, 'Nullable(Int64)') AS sessions,
        orders, demand_sales AS demand, net_sales AS net, toUInt64(0) AS email_orders, toDecimal128(0, 4) AS email_demand,
        false AS partial, CAST(NULL, 'Nullable(Int64)') AS users
    FROM selling
    UNION ALL
    SELECT
        v.shop_url, ifNull(toString(m.currency), ''), v.date, v.sessions,
        toUInt64(0), toDecimal128(0, 4), toDecimal128(0, 4), toUInt64(0), toDecimal128(0, 4), v.partial, v.users
    FROM (
        SELECT
            toString(ifNull((SELECT argMax(shop_url, (placed, shop_url)) FROM main), '')) AS shop_url, date, sessions,
            toDate(extracted_at) <= date + 2 AS partial, total_users AS users
        FROM data_ga4.website_overview_latest
    ) AS v
    LEFT JOIN main AS m ON v.shop_url = toString(m.shop_url)
    UNION ALL
    SELECT
        toString(shop_url), toString(currency), date, CAST(NULL, 'Nullable(Int64)'),
        toUInt64(0), toDecimal128(0, 4), toDecimal128(0, 4), toUInt64(1), toDecimal128(gross_sales - discounts, 4), false,
        CAST(NULL, 'Nullable(Int64)')
    FROM (SELECT
    shop_url,
    order_id,
    toString(ifNull(currency, '')) AS currency,
    assumeNotNull(if(and(coalesce(processed_at, created_at) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), coalesce(processed_at, created_at) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(coalesce(processed_at, created_at), 'America/New_York'), NULL)) AS date,
    coalesce(processed_at, created_at) AS placed_at,
    if(and(cancelled_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), cancelled_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(cancelled_at, 'America/New_York'), NULL) AS cancel_date,
    customer_id,
    toString(ifNull(source_name, '')) AS source_name,
    ifNull(taxes_included, false) AS taxes_included,
    toDecimal128(ifNull(gross_sales, 0), 4) AS gross_sales,
    toDecimal128(ifNull(discounts, 0), 4) AS discounts,
    toDecimal128(ifNull(shipping, 0), 4) AS shipping,
    toDecimal128(ifNull(shipping_discounts, 0), 4) AS shipping_discounts,
    toDecimal128(ifNull(taxes, 0), 4) AS taxes,
    toDecimal128(ifNull(duties, 0), 4) AS duties,
    toDecimal128(ifNull(fees, 0), 4) AS fees,
    ifNull(units, 0) AS units,
    has_discount
FROM data_shopify.orders_latest
WHERE NOT ifNull(test, false) AND if(and(coalesce(processed_at, created_at) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), coalesce(processed_at, created_at) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(coalesce(processed_at, created_at), 'America/New_York'), NULL) IS NOT NULL)
    WHERE toString(order_id) IN (
            SELECT assumeNotNull(order_ref) FROM (SELECT
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
        AS message_id
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
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'))))
) AS c
ASOF LEFT JOIN (
    SELECT
        assumeNotNull(profile_id) AS profile,
        datetime AS at,
        argMax((campaign_id, flow_id, message_id), event_id) AS touch
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
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('opened email', 'String'), CAST('clicked email', 'String'))))
    WHERE NOT if(metric IN (CAST('opened email', 'String')), apple_privacy_open, bot_click) AND profile_id IN (
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
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
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
    SELECT event_id, campaign_id, flow_id, message_id FROM (SELECT
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
    e.attributed_event_id AS attributed_event_id,
    e.attributed_message_id AS attributed_message_id,
    e.attributed_campaign_id AS attributed_campaign_id,
    e.attributed_flow_id AS attributed_flow_id,
    e.utm_source AS utm_source,
    e.utm_medium AS utm_medium,
    e.utm_campaign AS utm_campaign,
    e.order_ref AS order_ref
FROM data_klaviyo.events_latest AS e
WHERE e.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('placed order', 'String'))))
            WHERE attributed_message_id IS NULL AND attributed_flow_id IS NULL
        )
) AS n ON c.attributed_event_id = n.event_id)
            WHERE order_ref IS NOT NULL AND attribution_method != 'none'
            AND ifNull(campaign_id, '') NOT IN (
                SELECT campaign_id FROM data_klaviyo.campaigns_latest WHERE ifNull(channel, 'email') != 'email'
            )
        )
)
SELECT
    r.shop_url AS shop_url,
    r.currency AS currency,
    r.date AS date,
    sum(r.sessions) AS sessions,
    sum(r.orders) AS orders,
    sum(r.demand) AS demand_sales,
    sum(r.net) AS net_sales,
    orders / nullIf(sessions, 0) AS conversion_rate,
    toFloat64(net_sales) / nullIf(sessions, 0) AS net_sales_per_session,
    CAST(sum(r.email_orders), 'Nullable(UInt64)') AS email_orders,
    CAST(sum(r.email_demand), 'Nullable(Decimal(38, 4))') AS email_demand_sales,
    toFloat64(email_demand_sales) / nullIf(toFloat64(demand_sales), 0) AS email_share,
    toBool(max(r.partial)) AS ga4_partial,
    false AS tz_mismatch,
    if(count(r.users) = 1, max(r.users), NULL) AS users
FROM moves AS r
GROUP BY shop_url, currency, date
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000;
