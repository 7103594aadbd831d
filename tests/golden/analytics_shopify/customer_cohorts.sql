CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_shopify.customer_cohorts
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row',
    cohort_month Date COMMENT 'first day of the month of the first order, America/New_York',
    month_offset UInt32 COMMENT 'months since the cohort month, from 0',
    cohort_size UInt64 COMMENT 'customers in the cohort; the same on each of its rows',
    active_customers UInt64 COMMENT 'of them, those who ordered in the month; not to be summed',
    retention_rate Nullable(Float64) COMMENT 'active_customers / cohort_size',
    orders UInt64 COMMENT 'their orders in the month; sum over months',
    net_sales Decimal(38, 4) COMMENT 'their sales less discounts and returns in the month; sum over months',
    cumulative_ltv Nullable(Float64) COMMENT 'net_sales of the cohort from month 0 to this one / cohort_size: value of a customer so far'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, cohort_month, month_offset)
EMPTY
AS (
SELECT
    shop_url, currency, cohort_month,
    month_offset,
    cohort_size,
    tupleElement(months[month_offset], 1) AS active_customers,
    active_customers / nullIf(cohort_size, 0) AS retention_rate,
    tupleElement(months[month_offset], 2) AS orders,
    tupleElement(months[month_offset], 3) AS net_sales,
    toFloat64(sum(net_sales) OVER (
        PARTITION BY shop_url, currency, cohort_month ORDER BY month_offset
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )) / nullIf(cohort_size, 0) AS cumulative_ltv
FROM (
    SELECT
        shop_url, currency, cohort_month,
        maxIf(active, month = cohort_month) AS cohort_size,
        mapFromArrays(
            groupArray(toUInt32(dateDiff('month', cohort_month, month))), groupArray((active, bought, net))
        ) AS months
    FROM (
        SELECT
            shop_url, currency, toStartOfMonth(assumeNotNull(first_day)) AS cohort_month,
            toStartOfMonth(day) AS month,
            uniqExactIf(customer, is_order) AS active,
            countIf(is_order) AS bought,
            sum(amount) AS net
        FROM (
            SELECT
                *,
                min(if(is_order, day, NULL)) OVER (PARTITION BY shop_url, currency, customer) AS first_day
            FROM (
                SELECT * REPLACE (assumeNotNull(day) AS day)
                FROM (
                    SELECT
                        shop_url AS shop_url, currency AS currency, customer_id AS customer, toDate(date) AS day, toDecimal128(gross_sales - discounts - returns, 4) AS amount,
                        is_sale AS is_order
                    FROM (SELECT
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
WHERE uncovered > 0 OR left_units > 0)
                    WHERE customer IS NOT NULL AND day <= toDate(now(), 'America/New_York')
                )
            )
        )
        WHERE first_day IS NOT NULL
        GROUP BY shop_url, currency, cohort_month, month
    )
    GROUP BY shop_url, currency, cohort_month
)
ARRAY JOIN range(toUInt32(dateDiff('month', cohort_month, toStartOfMonth(toDate(now(), 'America/New_York'))) + 1)) AS month_offset
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency, cohort month and month since: retention and value of customers.';
