CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_commerce.email_revenue_reconciliation
REFRESH EVERY 1 HOUR DEPENDS ON analytics_klaviyo.attributed_conversions
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    campaign_id Nullable(String) COMMENT 'campaigns.campaign_id; NULL for a flow, or a message that is not known',
    klaviyo_orders UInt64 COMMENT 'Placed Order credited to it; sum over rows',
    klaviyo_revenue Decimal(38, 4) COMMENT 'their value as Klaviyo has it; sum over rows',
    matched_orders Nullable(UInt64) COMMENT 'of them, orders of the shop that count; sum over rows',
    unmatched_orders Nullable(UInt64) COMMENT 'of them, those without such an order: test, deleted, another shop\'s, not synced; sum over rows',
    shopify_demand_sales Nullable(Decimal(38, 4)) COMMENT 'gross sales - discounts of the matched orders; sum over rows',
    shopify_returns Nullable(Decimal(38, 4)) COMMENT 'what came back of them so far; sum over rows',
    shopify_net_sales Nullable(Decimal(38, 4)) COMMENT 'what the shop kept: demand - returns; sum over rows',
    overstatement Nullable(Decimal(38, 4)) COMMENT 'klaviyo_revenue - shopify_net_sales; sum over rows',
    realised_ratio Nullable(Float64) COMMENT 'shopify_net_sales / klaviyo_revenue; do not average',
    flow_id Nullable(String) COMMENT 'flows.flow_id; NULL for a campaign',
    repeated_orders Nullable(UInt64) COMMENT 'claims for an order that another claim matched already; sum over rows',
    excluded_orders Nullable(UInt64) COMMENT 'of the unmatched, orders that are there and do not count: test, deleted; sum over rows',
    unsynced_orders Nullable(UInt64) COMMENT 'of the unmatched, those younger than the last sync of orders: they may still come',
    native_orders UInt64 COMMENT 'claims whose credit is Klaviyo\'s own, not computed; sum over rows',
    other_currency_orders UInt64 COMMENT 'claims in another currency than the row\'s, left out of klaviyo_revenue; sum over rows'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, ifNull(campaign_id, ''), ifNull(flow_id, ''))
EMPTY
AS (
WITH
sold AS (
    SELECT shop_url, currency, order_id, sum(gross_sales - discounts) AS demand, sum(returns) AS returned
    FROM (
SELECT
    shop_url, currency, order_id, date, customer_id, source_name, placed_at,
    true AS is_sale,
    gross_sales,
    discounts,
    toDecimal128(0, 4) AS returns,
    shipping,
    taxes,
    duties,
    fees,
    units,
    toInt64(0) AS units_returned,
    has_discount
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
UNION ALL
SELECT
    c.shop_url, c.currency, c.order_id, g.date, c.customer_id, c.source_name, c.placed_at,
    false, toDecimal128(0, 4), toDecimal128(0, 4),
    toDecimal128(g.goods - g.discrepancy, 4),
    g.shipping,
    toDecimal128(g.adjustment_tax - g.tax, 4),
    toDecimal128(-g.duties, 4),
    toDecimal128(0, 4), toInt64(0), g.units, false
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
WHERE NOT ifNull(test, false) AND if(and(coalesce(processed_at, created_at) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), coalesce(processed_at, created_at) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(coalesce(processed_at, created_at), 'America/New_York'), NULL) IS NOT NULL) AS c
INNER JOIN (SELECT
    shop_url,
    order_id,
    date,
    sum(goods) AS goods,
    sum(goods_tax) AS goods_tax,
    sum(tax) AS tax,
    sum(units) AS units,
    sum(discrepancy) AS discrepancy,
    sum(shipping) AS shipping,
    sum(adjustment_tax) AS adjustment_tax,
    sum(duties) AS duties
FROM (
    SELECT
        shop_url,
        assumeNotNull(order_id) AS order_id,
        assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)) AS date,
        ifNull(gift_card, (shop_url, line_id) IN (
            SELECT shop_url, line_id FROM data_shopify.order_line_items WHERE gift_card
        )) AS gift,
        toDecimal128(if(gift, 0, ifNull(subtotal, 0)), 4) AS goods,
        toDecimal128(if(gift, 0, ifNull(total_tax, 0)), 4) AS goods_tax,
        toDecimal128(ifNull(total_tax, 0), 4) AS tax,
        if(gift, 0, ifNull(quantity, 0)) AS units,
        toDecimal128(0, 4) AS discrepancy,
        toDecimal128(0, 4) AS shipping,
        toDecimal128(0, 4) AS adjustment_tax,
        toDecimal128(0, 4) AS duties
    FROM data_shopify.order_refund_line_items FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(if(kind = 'refund_discrepancy', ifNull(amount, 0), 0), 4),
        toDecimal128(if(kind = 'shipping_refund', ifNull(amount, 0), 0), 4),
        toDecimal128(ifNull(tax_amount, 0), 4),
        toDecimal128(0, 4)
    FROM data_shopify.order_refund_adjustments FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4),
        toDecimal128(ifNull(duties, 0), 4)
    FROM data_shopify.order_refunds FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL AND ifNull(duties, 0) != 0
)
GROUP BY shop_url, order_id, date) AS g ON c.shop_url = g.shop_url AND c.order_id = g.order_id
UNION ALL
SELECT
    shop_url, currency, order_id, cancel_date, customer_id, source_name, placed_at,
    false, toDecimal128(0, 4), toDecimal128(0, 4), if(uncovered > 0, uncovered, toDecimal128(0, 4)), toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4),
    toInt64(0), greatest(left_units, 0), false
FROM (
    SELECT
        c.shop_url AS shop_url, c.currency AS currency, c.order_id AS order_id, c.customer_id AS customer_id,
        c.source_name AS source_name, c.placed_at AS placed_at, assumeNotNull(c.cancel_date) AS cancel_date,
        toDecimal128(c.gross_sales - c.discounts - ifNull(g.goods, 0), 4) AS uncovered,
        c.units - ifNull(g.units, 0) AS left_units
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
WHERE NOT ifNull(test, false) AND if(and(coalesce(processed_at, created_at) >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), coalesce(processed_at, created_at) < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(coalesce(processed_at, created_at), 'America/New_York'), NULL) IS NOT NULL) AS c
    LEFT JOIN (
        SELECT shop_url, order_id, sum(goods) AS goods, sum(goods_tax) AS goods_tax, sum(units) AS units
        FROM (SELECT
    shop_url,
    order_id,
    date,
    sum(goods) AS goods,
    sum(goods_tax) AS goods_tax,
    sum(tax) AS tax,
    sum(units) AS units,
    sum(discrepancy) AS discrepancy,
    sum(shipping) AS shipping,
    sum(adjustment_tax) AS adjustment_tax,
    sum(duties) AS duties
FROM (
    SELECT
        shop_url,
        assumeNotNull(order_id) AS order_id,
        assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)) AS date,
        ifNull(gift_card, (shop_url, line_id) IN (
            SELECT shop_url, line_id FROM data_shopify.order_line_items WHERE gift_card
        )) AS gift,
        toDecimal128(if(gift, 0, ifNull(subtotal, 0)), 4) AS goods,
        toDecimal128(if(gift, 0, ifNull(total_tax, 0)), 4) AS goods_tax,
        toDecimal128(ifNull(total_tax, 0), 4) AS tax,
        if(gift, 0, ifNull(quantity, 0)) AS units,
        toDecimal128(0, 4) AS discrepancy,
        toDecimal128(0, 4) AS shipping,
        toDecimal128(0, 4) AS adjustment_tax,
        toDecimal128(0, 4) AS duties
    FROM data_shopify.order_refund_line_items FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(if(kind = 'refund_discrepancy', ifNull(amount, 0), 0), 4),
        toDecimal128(if(kind = 'shipping_refund', ifNull(amount, 0), 0), 4),
        toDecimal128(ifNull(tax_amount, 0), 4),
        toDecimal128(0, 4)
    FROM data_shopify.order_refund_adjustments FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL
    UNION ALL
    SELECT
        shop_url, assumeNotNull(order_id), assumeNotNull(if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL)), false,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4), 0,
        toDecimal128(0, 4), toDecimal128(0, 4), toDecimal128(0, 4),
        toDecimal128(ifNull(duties, 0), 4)
    FROM data_shopify.order_refunds FINAL
    WHERE order_id IS NOT NULL AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) IS NOT NULL AND ifNull(duties, 0) != 0
)
GROUP BY shop_url, order_id, date)
        GROUP BY shop_url, order_id
    ) AS g ON c.shop_url = g.shop_url AND c.order_id = g.order_id
    WHERE c.cancel_date IS NOT NULL
)
WHERE uncovered > 0 OR left_units > 0
    )
    GROUP BY shop_url, currency, order_id
),
present AS (
    SELECT toString(order_id) AS ref, max(extracted_at) AS synced
    FROM data_shopify.orders
    GROUP BY ref
),
main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM (
        SELECT toString(shop_url) AS shop_url, toString(currency) AS currency, count() AS placed
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
        GROUP BY shop_url, currency
    ) AS n
    GROUP BY shop_url
),
home AS (
    SELECT (SELECT argMax(shop_url, (placed, shop_url)) FROM main) AS shop
),
claims AS (
    SELECT
        *,
        ifNull(order_ref, '') AS ref,
        toString(ifNull((SELECT shop FROM home), '')) AS home,
        ref != '' AND row_number() OVER (PARTITION BY order_ref ORDER BY datetime, event_id) > 1 AS is_repeat
    FROM analytics_klaviyo.attributed_conversions
    WHERE attribution_method != 'none'
        AND ifNull(campaign_id, '') NOT IN (
            SELECT campaign_id FROM data_klaviyo.campaigns_latest WHERE ifNull(channel, 'email') != 'email'
        )
)
SELECT
    c.shop_url AS shop_url,
    c.currency AS currency,
    c.campaign_id AS campaign_id,
    count() AS klaviyo_orders,
    sumIf(c.value, c.comparable) AS klaviyo_revenue,
    CAST(countIf(c.is_matched AND NOT c.is_repeat), 'Nullable(UInt64)') AS matched_orders,
    CAST(countIf(NOT c.is_matched), 'Nullable(UInt64)') AS unmatched_orders,
    CAST(sumIf(c.demand, c.is_matched AND NOT c.is_repeat), 'Nullable(Decimal(38, 4))') AS shopify_demand_sales,
    CAST(sumIf(c.returned, c.is_matched AND NOT c.is_repeat), 'Nullable(Decimal(38, 4))') AS shopify_returns,
    CAST(shopify_demand_sales - shopify_returns, 'Nullable(Decimal(38, 4))') AS shopify_net_sales,
    CAST(klaviyo_revenue - shopify_net_sales, 'Nullable(Decimal(38, 4))') AS overstatement,
    toFloat64(shopify_net_sales) / nullIf(toFloat64(klaviyo_revenue), 0) AS realised_ratio,
    c.flow_id AS flow_id,
    CAST(countIf(c.is_matched AND c.is_repeat), 'Nullable(UInt64)') AS repeated_orders,
    CAST(countIf(NOT c.is_matched AND c.is_known), 'Nullable(UInt64)') AS excluded_orders,
    CAST(countIf(NOT c.is_matched AND NOT c.is_known AND c.is_young), 'Nullable(UInt64)') AS unsynced_orders,
    countIf(c.attribution_method = 'native') AS native_orders,
    countIf(NOT c.comparable) AS other_currency_orders
FROM (
    SELECT
        e.campaign_id AS campaign_id, e.flow_id AS flow_id, e.value AS value, e.is_repeat AS is_repeat,
        e.attribution_method AS attribution_method,
        ifNull(o.matched, false) AS is_matched, o.demand AS demand, o.returned AS returned,
        if(is_matched, toString(o.shop_url), e.home) AS shop_url,
        if(is_matched, toString(o.currency), ifNull(toString(m.currency), '')) AS currency,
        (e.currency = '' OR currency = '' OR e.currency = currency) AS comparable,
        e.ref IN (SELECT ref FROM present) AS is_known,
        ifNull(e.datetime > (SELECT max(synced) FROM present), true) AS is_young
    FROM claims AS e
    LEFT ANY JOIN (
        SELECT toString(order_id) AS ref, shop_url, currency, demand, returned, true AS matched
        FROM sold
    ) AS o ON e.ref = o.ref
    LEFT JOIN main AS m ON toString(m.shop_url) = e.home
) AS c
GROUP BY shop_url, currency, campaign_id, flow_id
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency and campaign or flow: what Klaviyo claims, and what the shop kept.';
