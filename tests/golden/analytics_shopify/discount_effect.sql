CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_shopify.discount_effect
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    code String COMMENT 'the code, upper case and trimmed; (automatic), (none)',
    orders UInt64 COMMENT 'orders with the code; not to be summed over codes',
    customers UInt64 COMMENT 'different customers of those orders; not to be summed',
    first_orders UInt64 COMMENT 'of those orders, the first of their customer; not to be summed over codes',
    product_discount Decimal(38, 4) COMMENT 'what the code took off goods, without tax where prices include it; sum over codes',
    shipping_discount Decimal(38, 4) COMMENT 'what the code took off shipping; sum over codes',
    gross_sales Decimal(38, 4) COMMENT 'gross sales of those orders; not to be summed over codes',
    net_sales Decimal(38, 4) COMMENT 'their gross sales less all discounts and returns; not to be summed over codes',
    aov Nullable(Float64) COMMENT '(gross_sales - all discounts) / orders',
    discount_rate Nullable(Float64) COMMENT 'product_discount / gross_sales; NULL without sales',
    aov_lift Nullable(Float64) COMMENT 'aov / aov of (none) - 1; NULL where there is no order without discounts',
    first_order_aov Nullable(Float64) COMMENT 'aov of the first orders alone',
    repeat_order_aov Nullable(Float64) COMMENT 'aov of the orders of customers who had ordered before'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, code)
EMPTY
AS (
WITH
moves AS (
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
),
uses AS (
    SELECT shop_url, order_id, code, sum(on_goods) AS on_goods, sum(on_shipping) AS on_shipping
    FROM (
        SELECT
            shop_url, order_id, ifNull(code, '(automatic)') AS code,
            toDecimal128(if(target = 'line_item' AND NOT ifNull(gift_card, false), ifNull(sale_discount, 0), 0), 4) AS on_goods,
            toDecimal128(if(target = 'shipping_line', ifNull(sale_discount, 0), 0), 4) AS on_shipping
        FROM data_shopify.order_discount_latest
        UNION ALL
        SELECT shop_url, order_id, arrayJoin(discount_codes), toDecimal128(0, 4), toDecimal128(0, 4)
        FROM data_shopify.orders_latest
    )
    GROUP BY shop_url, order_id, code
),
sales AS (
    SELECT
        shop_url, currency, order_id, any(customer_id) AS customer_id, minIf(nth, is_sale) = 1 AS is_first,
        any(order_date) AS order_day,
        sum(gross_sales) AS gross, sum(gross_sales - discounts) AS demand, sum(gross_sales - discounts - returns) AS net
    FROM (
        SELECT
            *,
            row_number() OVER (PARTITION BY shop_url, customer_id, is_sale ORDER BY placed_at, order_id) AS nth,
            minIf(date, is_sale) OVER (PARTITION BY shop_url, order_id) AS order_date
        FROM moves
    )
    WHERE true
    GROUP BY shop_url, currency, order_id
)
SELECT
    shop_url,
    currency,
    used AS code,
    count() AS orders,
    uniqExact(customer_id) AS customers,
    countIf(is_first AND customer_id IS NOT NULL) AS first_orders,
    sum(on_goods) AS product_discount,
    sum(on_shipping) AS shipping_discount,
    sum(gross) AS gross_sales,
    sum(net) AS net_sales,
    toFloat64(sum(demand)) / nullIf(orders, 0) AS aov,
    toFloat64(product_discount) / nullIf(toFloat64(gross_sales), 0) AS discount_rate,
    aov / nullIf(anyIf(aov, used = '(none)') OVER (PARTITION BY shop_url, currency), 0) - 1 AS aov_lift,
    toFloat64(sumIf(demand, is_first AND customer_id IS NOT NULL)) / nullIf(first_orders, 0) AS first_order_aov,
    toFloat64(sumIf(demand, NOT is_first AND customer_id IS NOT NULL))
        / nullIf(countIf(NOT is_first AND customer_id IS NOT NULL), 0) AS repeat_order_aov
FROM (
    SELECT
        s.shop_url AS shop_url, s.currency AS currency, s.customer_id AS customer_id, s.is_first AS is_first,
        s.gross AS gross, s.demand AS demand, s.net AS net, s.order_day AS order_date,
        if(ifNull(u.code, '') = '', '(none)', u.code) AS used,
        ifNull(u.on_goods, 0) AS on_goods, ifNull(u.on_shipping, 0) AS on_shipping
    FROM sales AS s
    LEFT JOIN uses AS u ON s.shop_url = u.shop_url AND s.order_id = u.order_id
)
GROUP BY shop_url, currency, used
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency and discount code: orders, sales and what the code cost.';
