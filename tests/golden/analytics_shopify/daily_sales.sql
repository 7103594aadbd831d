CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_shopify.daily_sales
REFRESH EVERY 1 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'the shop\'s currency, of every amount in the row; never summed over currencies',
    date Date COMMENT 'the shop\'s day, in America/New_York',
    orders UInt64 COMMENT 'orders placed that day, cancelled ones included; sum over days',
    gross_sales Decimal(38, 4) COMMENT 'price x quantity of lines that are no gift cards, tax taken out; sum over days',
    discounts Decimal(38, 4) COMMENT 'discounts allocated to those lines, tax taken out; sum over days',
    returns Decimal(38, 4) COMMENT 'value of goods given back that day: refund lines that are no gift cards, minus refund discrepancies, plus what cancels reverse; sum over days',
    net_sales Decimal(38, 4) COMMENT 'gross_sales - discounts - returns; sum over days',
    shipping Decimal(38, 4) COMMENT 'shipping after its discounts, minus shipping refunds; sum over days',
    taxes Decimal(38, 4) COMMENT 'tax on orders, minus tax given back; sum over days',
    total_sales Decimal(38, 4) COMMENT 'net_sales + shipping + taxes + duties + fees; sum over days',
    aov Nullable(Float64) COMMENT 'demand_sales / orders, NULL without orders; do not sum or average',
    demand_sales Decimal(38, 4) COMMENT 'gross_sales - discounts: what was ordered that day; sum over days',
    duties Decimal(38, 4) COMMENT 'duties on orders, minus duties given back; sum over days',
    fees Decimal(38, 4) COMMENT 'additional fees on orders; sum over days',
    customers UInt64 COMMENT 'different customers who ordered, guests left out; do not sum over days',
    units_sold Int64 COMMENT 'pieces ordered that are no gift cards; sum over days',
    units_returned Int64 COMMENT 'pieces given back that are no gift cards; sum over days',
    orders_with_discount UInt64 COMMENT 'orders with any discount, with or without a code; sum over days',
    first_orders UInt64 COMMENT 'orders that are the first of their customer; sum over days',
    repeat_orders UInt64 COMMENT 'orders of customers who had ordered before; sum over days',
    refund_rate Nullable(Float64) COMMENT 'returns / demand_sales of the day, NULL without sales; do not average'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, date)
EMPTY
AS (
WITH moves AS (
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
SELECT
    shop_url,
    currency,
    date,
    countIf(is_sale) AS orders,
    sum(m.gross_sales) AS gross_sales,
    sum(m.discounts) AS discounts,
    sum(m.returns) AS returns,
    gross_sales - discounts - returns AS net_sales,
    sum(m.shipping) AS shipping,
    sum(m.taxes) AS taxes,
    net_sales + shipping + taxes + duties + fees AS total_sales,
    toFloat64(demand_sales) / nullIf(orders, 0) AS aov,
    gross_sales - discounts AS demand_sales,
    sum(m.duties) AS duties,
    sum(m.fees) AS fees,
    uniqExactIf(customer_id, is_sale) AS customers,
    sum(m.units) AS units_sold,
    sum(m.units_returned) AS units_returned,
    countIf(is_sale AND has_discount) AS orders_with_discount,
    countIf(is_sale AND customer_id IS NOT NULL AND nth = 1) AS first_orders,
    countIf(is_sale AND customer_id IS NOT NULL AND nth > 1) AS repeat_orders,
    toFloat64(returns) / nullIf(toFloat64(demand_sales), 0) AS refund_rate
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY shop_url, customer_id, is_sale ORDER BY placed_at, order_id) AS nth
    FROM moves
) AS m
GROUP BY shop_url, currency, date
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop, currency and local day: orders, sales, returns, shipping and taxes.';
