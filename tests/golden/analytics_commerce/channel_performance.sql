CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_commerce.channel_performance
REFRESH EVERY 1 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    date Date COMMENT 'the shop\'s day, America/New_York; GA4\'s days are its property\'s own',
    channel LowCardinality(String) COMMENT 'Paid Search, Email, Organic Search, Offline, Direct, Referral, Other; one rule for both sides',
    sessions Nullable(Int64) COMMENT 'GA4\'s sessions, 0 without any; sum over days and channels',
    orders Nullable(UInt64) COMMENT 'orders placed; sum over days and channels',
    demand_sales Nullable(Decimal(38, 4)) COMMENT 'gross sales - discounts of these orders; sum',
    conversion_rate Nullable(Float64) COMMENT 'orders / sessions; NULL without sessions',
    resolved_orders Nullable(UInt64) COMMENT 'of the orders, those that say where they came from: landing page, referrer, pos; sum',
    coverage Nullable(Float64) COMMENT 'resolved_orders / orders; the other orders count as Direct, which they may not be'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, date, channel)
EMPTY
AS (
WITH
counted AS (
SELECT
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
WHERE NOT ifNull(test, false) AND if(and(coalesce(processed_at, created_at) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), coalesce(processed_at, created_at) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(coalesce(processed_at, created_at), 'America/New_York'), NULL) IS NOT NULL
),
main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM (SELECT shop_url, currency, count() AS placed FROM counted GROUP BY shop_url, currency) AS n
    GROUP BY shop_url
),
moves AS (
    SELECT
        toString(c.shop_url) AS shop_url, toString(c.currency) AS currency, c.date AS date, o.channel AS channel,
        toNullable(toInt64(0)) AS sessions, toUInt64(1) AS orders, toDecimal128(c.gross_sales - c.discounts, 4) AS demand,
        toUInt64(o.resolved) AS resolved
    FROM counted AS c
    INNER JOIN (
        SELECT shop_url, order_id, multiIf(or(or(extractURLParameter(ifNull(landing_site, ''), 'gclid') <> '', extractURLParameter(ifNull(landing_site, ''), 'gbraid') <> '', extractURLParameter(ifNull(landing_site, ''), 'wbraid') <> ''), match(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_medium, ''), or(extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, ''))))))), 'referral', ''), ''))), '^(cpc|ppc|paid.*)$')), 'Paid Search', or(match(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_source, ''), extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', 'facebook.com', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, '')))))), lower(domainWithoutWWW(ifNull(referring_site, ''))), ''), ''))), 'e[-_]?mail'), match(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_medium, ''), or(extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, ''))))))), 'referral', ''), ''))), 'e[-_]?mail'), lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_source, ''), extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', 'facebook.com', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, '')))))), lower(domainWithoutWWW(ifNull(referring_site, ''))), ''), ''))) = 'klaviyo'), 'Email', or(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_medium, ''), or(extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, ''))))))), 'referral', ''), ''))) = 'organic', and(match(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_source, ''), extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', 'facebook.com', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, '')))))), lower(domainWithoutWWW(ifNull(referring_site, ''))), ''), ''))), '(^|[.])(google|bing|duckduckgo|yahoo|ecosia|baidu|yandex)($|[.])'), not(match(lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_source, ''), extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', 'facebook.com', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, '')))))), lower(domainWithoutWWW(ifNull(referring_site, ''))), ''), ''))), '^mail[.]')))), 'Organic Search', ifNull(lower(source_name) = 'pos', false), 'Offline', and((lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_source, ''), extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', 'facebook.com', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, '')))))), lower(domainWithoutWWW(ifNull(referring_site, ''))), ''), ''))) IN ('', '(none)', '(not set)', '(direct)', 'direct')), (lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_medium, ''), or(extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, ''))))))), 'referral', ''), ''))) IN ('', '(none)', '(not set)', '(direct)', 'direct'))), 'Direct', lower(trimBoth(ifNull(multiIf(or(isNotNull(utm_source), isNotNull(utm_medium)), ifNull(utm_medium, ''), or(extractURLParameter(ifNull(landing_site, ''), 'fbclid') <> '', and(lower(domainWithoutWWW(ifNull(referring_site, ''))) <> '', not(or(lower(domainWithoutWWW(ifNull(referring_site, ''))) = concat(lower(shop_url), '.myshopify.com'), lower(domainWithoutWWW(ifNull(referring_site, ''))) = lower(domainWithoutWWW(ifNull(landing_site, ''))))))), 'referral', ''), ''))) = 'referral', 'Referral', 'Other') AS channel, or(ifNull(landing_site, '') <> '', ifNull(referring_site, '') <> '', ifNull(lower(source_name) = 'pos', false)) AS resolved FROM data_shopify.orders_latest
    ) AS o ON c.shop_url = o.shop_url AND c.order_id = o.order_id
    UNION ALL
    SELECT
        v.shop_url AS shop_url, ifNull(toString(m.currency), '') AS currency, v.date AS date, v.channel AS channel,
        v.sessions AS sessions, toUInt64(0) AS orders, toDecimal128(0, 4) AS demand, toUInt64(0) AS resolved
    FROM (
        SELECT
            toString(ifNull((SELECT argMax(shop_url, (placed, shop_url)) FROM main), '')) AS shop_url, date,
            multiIf(match(lower(trimBoth(ifNull(session_medium, ''))), '^(cpc|ppc|paid.*)$'), 'Paid Search', or(match(lower(trimBoth(ifNull(session_source, ''))), 'e[-_]?mail'), match(lower(trimBoth(ifNull(session_medium, ''))), 'e[-_]?mail'), lower(trimBoth(ifNull(session_source, ''))) = 'klaviyo'), 'Email', or(lower(trimBoth(ifNull(session_medium, ''))) = 'organic', and(match(lower(trimBoth(ifNull(session_source, ''))), '(^|[.])(google|bing|duckduckgo|yahoo|ecosia|baidu|yandex)($|[.])'), not(match(lower(trimBoth(ifNull(session_source, ''))), '^mail[.]')))), 'Organic Search', and((lower(trimBoth(ifNull(session_source, ''))) IN ('', '(none)', '(not set)', '(direct)', 'direct')), (lower(trimBoth(ifNull(session_medium, ''))) IN ('', '(none)', '(not set)', '(direct)', 'direct'))), 'Direct', lower(trimBoth(ifNull(session_medium, ''))) = 'referral', 'Referral', 'Other') AS channel, toNullable(toInt64(ifNull(sessions, 0))) AS sessions
        FROM data_ga4.traffic_sources_latest
    ) AS v
    LEFT JOIN main AS m ON v.shop_url = toString(m.shop_url)
)
SELECT
    r.shop_url AS shop_url,
    r.currency AS currency,
    r.date AS date,
    r.channel AS channel,
    sum(r.sessions) AS sessions,
    CAST(sum(r.orders), 'Nullable(UInt64)') AS orders,
    CAST(sum(r.demand), 'Nullable(Decimal(38, 4))') AS demand_sales,
    orders / nullIf(sessions, 0) AS conversion_rate,
    CAST(sum(r.resolved), 'Nullable(UInt64)') AS resolved_orders,
    resolved_orders / nullIf(orders, 0) AS coverage
FROM moves AS r
GROUP BY shop_url, currency, date, channel
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency, day and channel: sessions, orders, sales.';
