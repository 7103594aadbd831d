CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_commerce.daily_funnel
REFRESH EVERY 1 HOUR DEPENDS ON analytics_klaviyo.attributed_conversions, analytics_shopify.daily_sales
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
AS (
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
            SELECT assumeNotNull(order_ref) FROM analytics_klaviyo.attributed_conversions
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
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency and day: sessions, orders, sales, the share of e-mail.';
