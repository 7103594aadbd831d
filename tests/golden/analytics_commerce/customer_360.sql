CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_commerce.customer_360
REFRESH EVERY 1 DAY OFFSET 4 HOUR DEPENDS ON analytics_klaviyo.profile_lifecycle, analytics_shopify.customer_rfm
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    identity String COMMENT 'lower(trim(email)), else profile:<id> or customer:<id>',
    in_klaviyo Nullable(Bool) COMMENT 'true where a Klaviyo profile is this person; NULL without Klaviyo',
    in_shopify Nullable(Bool) COMMENT 'true where a Shopify customer is this person; NULL without Shopify',
    shopify_accounts Nullable(UInt64) COMMENT 'Shopify customers with this e-mail; sum over rows',
    orders Nullable(UInt64) COMMENT 'orders that count; sum over rows',
    net_sales Nullable(Decimal(38, 4)) COMMENT 'sales less discounts and returns, in currency; sum over rows of one',
    currency LowCardinality(String) COMMENT 'the currency in which the shop sells most, of net_sales',
    other_currency_orders Nullable(UInt64) COMMENT 'of the orders, those in another currency: not in net_sales',
    customer_ids Array(Int64) COMMENT 'customers.customer_id of its Shopify customers',
    profile_ids Array(String) COMMENT 'profiles.profile_id of its Klaviyo profiles',
    email_consent LowCardinality(Nullable(String)) COMMENT 'Klaviyo, newest profile: SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED',
    shopify_email_consent LowCardinality(Nullable(String)) COMMENT 'Shopify, newest customer: subscribed, not_subscribed, ...',
    is_suppressed Nullable(Bool) COMMENT 'true where Klaviyo sends no e-mail to one of its profiles',
    lifecycle LowCardinality(Nullable(String)) COMMENT 'never_purchased, churned, at_risk, new, active: of the profile with most orders',
    engagement LowCardinality(Nullable(String)) COMMENT '30_days, 90_days, 180_days or inactive: of the profile that was engaged last',
    rfm_segment LowCardinality(Nullable(String)) COMMENT 'champions, loyal, ...: of the customer with most orders in currency',
    first_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first order that counts (UTC)',
    last_order_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last order that counts (UTC)',
    last_email_click_at Nullable(DateTime64(3, 'UTC')) COMMENT 'last click in an e-mail, those of bots left out (UTC)',
    preferred_hour Nullable(UInt8) COMMENT 'local hour with most clicks and own opens of e-mails, the earliest of equals; NULL without any'
)
ENGINE = MergeTree
ORDER BY (shop_url, identity)
EMPTY
AS (
WITH
sold AS (
    SELECT
        v.shop_url AS shop_url, v.currency AS currency, v.order_id AS order_id, v.customer_id AS customer_id, v.net AS net,
        v.placed_at AS placed_at, e.email_norm AS email
    FROM (
        SELECT
            shop_url, currency, order_id, any(customer_id) AS customer_id, any(placed_at) AS placed_at,
            sum(gross_sales - discounts - returns) AS net
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
    ) AS v
    INNER JOIN (SELECT shop_url, order_id, email_norm FROM data_shopify.orders_latest) AS e
        ON v.shop_url = e.shop_url AND v.order_id = e.order_id
),
accounts AS (
    SELECT
        shop_url, customer_id, email_norm AS email, toNullable(toString(email_consent)) AS consent,
        updated_at AS changed_at, true AS there
    FROM data_shopify.customers_latest
),
people AS (
    SELECT
        assumeNotNull(e.profile_id) AS profile_id,
        argMaxIf(e.email_norm, (e.profile_id = profile_id, e.version), e.email_norm IS NOT NULL) AS email,
        argMaxIf(toString(e.email_consent), (e.profile_id = profile_id, e.version), e.email_consent IS NOT NULL) AS consent,
        toBool(argMax(notEmpty(e.suppressions), (e.profile_id = profile_id, e.version))) AS suppressed,
        max(e.updated_at) AS changed_at
    FROM data_klaviyo.profiles_latest AS e
    GROUP BY profile_id
),
main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM (
        SELECT shop_url, currency, placed FROM (
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
    )
        UNION ALL
        SELECT toString(shop_url) AS shop_url, '', 0 FROM accounts GROUP BY shop_url
    ) AS n
    GROUP BY shop_url
),
persons AS (
    SELECT
        toString(o.shop_url) AS shop_url,
        multiIf(o.customer_id IS NULL, ifNull(o.guest, ''), c.there, coalesce(c.email, concat('customer:', toString(o.customer_id))), coalesce(o.contact, concat('customer:', toString(o.customer_id)))) AS identity,
        toString(o.currency) AS currency,
        CAST(NULL, 'Nullable(String)') AS profile_id,
        o.customer_id AS customer_id,
        o.orders AS orders,
        o.net AS net,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS changed_at,
        CAST(NULL, 'Nullable(String)') AS consent,
        CAST(NULL, 'Nullable(String)') AS shop_consent,
        CAST(NULL, 'Nullable(Bool)') AS suppressed,
        CAST(NULL, 'Nullable(String)') AS lifecycle,
        toUInt64(0) AS bought,
        CAST(NULL, 'Nullable(String)') AS engagement,
        nullIf(toString(z.segment), '') AS rfm,
        o.first_at AS first_order_at,
        o.last_at AS last_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS clicked_at,
        CAST(NULL, 'Nullable(UInt8)') AS hour
    FROM (
        SELECT
            shop_url, currency, customer_id, if(customer_id IS NULL, email, NULL) AS guest,
            argMaxIf(contact, (placed_at, order_id), contact IS NOT NULL) AS contact,
            count() AS orders, sum(net) AS net, min(placed_at) AS first_at, max(placed_at) AS last_at
        FROM (
            SELECT
                *,
                argMaxIf(email, (placed_at, order_id), email IS NOT NULL) OVER (PARTITION BY shop_url, customer_id) AS contact
            FROM sold
            WHERE customer_id IS NOT NULL
        )
        GROUP BY shop_url, currency, customer_id, guest
    ) AS o
    LEFT JOIN accounts AS c ON o.shop_url = c.shop_url AND o.customer_id = c.customer_id
    LEFT JOIN analytics_shopify.customer_rfm AS z ON toString(o.shop_url) = toString(z.shop_url)
        AND toString(o.currency) = toString(z.currency) AND o.customer_id = z.customer_id
    UNION ALL
    SELECT
        toString(c.shop_url) AS shop_url,
        coalesce(c.email, concat('customer:', toString(c.customer_id))) AS identity,
        '' AS currency,
        CAST(NULL, 'Nullable(String)') AS profile_id,
        toNullable(c.customer_id) AS customer_id,
        toUInt64(0) AS orders,
        toDecimal128(0, 4) AS net,
        c.changed_at AS changed_at,
        CAST(NULL, 'Nullable(String)') AS consent,
        c.consent AS shop_consent,
        CAST(NULL, 'Nullable(Bool)') AS suppressed,
        CAST(NULL, 'Nullable(String)') AS lifecycle,
        toUInt64(0) AS bought,
        CAST(NULL, 'Nullable(String)') AS engagement,
        CAST(NULL, 'Nullable(String)') AS rfm,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS first_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS last_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS clicked_at,
        CAST(NULL, 'Nullable(UInt8)') AS hour
    FROM accounts AS c
    UNION ALL
    SELECT
        (SELECT argMax(shop_url, (placed, shop_url)) FROM main) AS shop_url,
        coalesce(q.email, concat('profile:', q.profile_id)) AS identity,
        '' AS currency,
        toNullable(q.profile_id) AS profile_id,
        CAST(NULL, 'Nullable(Int64)') AS customer_id,
        toUInt64(0) AS orders,
        toDecimal128(0, 4) AS net,
        q.changed_at AS changed_at,
        q.consent AS consent,
        CAST(NULL, 'Nullable(String)') AS shop_consent,
        toNullable(q.suppressed) AS suppressed,
        CAST(NULL, 'Nullable(String)') AS lifecycle,
        toUInt64(0) AS bought,
        CAST(NULL, 'Nullable(String)') AS engagement,
        CAST(NULL, 'Nullable(String)') AS rfm,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS first_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS last_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS clicked_at,
        CAST(NULL, 'Nullable(UInt8)') AS hour
    FROM people AS q
    UNION ALL
    SELECT
        (SELECT argMax(shop_url, (placed, shop_url)) FROM main) AS shop_url,
        coalesce(q.email, concat('profile:', l.profile_id)) AS identity,
        '' AS currency,
        toNullable(l.profile_id) AS profile_id,
        CAST(NULL, 'Nullable(Int64)') AS customer_id,
        toUInt64(0) AS orders,
        toDecimal128(0, 4) AS net,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS changed_at,
        CAST(NULL, 'Nullable(String)') AS consent,
        CAST(NULL, 'Nullable(String)') AS shop_consent,
        CAST(NULL, 'Nullable(Bool)') AS suppressed,
        toNullable(toString(l.lifecycle)) AS lifecycle,
        l.orders AS bought,
        toNullable(toString(l.engagement)) AS engagement,
        CAST(NULL, 'Nullable(String)') AS rfm,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS first_order_at,
        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS last_order_at,
        l.last_click_at AS clicked_at,
        l.preferred_hour AS hour
    FROM analytics_klaviyo.profile_lifecycle AS l
    LEFT JOIN people AS q ON l.profile_id = q.profile_id
)
SELECT
    toString(r.shop_url) AS shop_url,
    r.identity AS identity,
    CAST(max(r.profile_id IS NOT NULL), 'Nullable(Bool)') AS in_klaviyo,
    CAST(max(r.customer_id IS NOT NULL), 'Nullable(Bool)') AS in_shopify,
    CAST(uniqExact(r.customer_id), 'Nullable(UInt64)') AS shopify_accounts,
    CAST(sum(r.orders), 'Nullable(UInt64)') AS orders,
    CAST(sumIf(r.net, r.currency = m.currency), 'Nullable(Decimal(38, 4))') AS net_sales,
    toString(any(m.currency)) AS currency,
    CAST(sumIf(r.orders, r.currency != m.currency), 'Nullable(UInt64)') AS other_currency_orders,
    arraySort(groupUniqArray(r.customer_id)) AS customer_ids,
    arraySort(groupUniqArray(r.profile_id)) AS profile_ids,
    argMaxIf(r.consent, (r.changed_at, ifNull(r.profile_id, '')), r.consent IS NOT NULL) AS email_consent,
    argMaxIf(r.shop_consent, (r.changed_at, ifNull(r.customer_id, 0)), r.shop_consent IS NOT NULL)
        AS shopify_email_consent,
    max(r.suppressed) AS is_suppressed,
    argMaxIf(r.lifecycle, (r.bought, ifNull(r.profile_id, '')), r.lifecycle IS NOT NULL) AS lifecycle,
    argMinIf(r.engagement, (indexOf(['30_days', '90_days', '180_days'], r.engagement) + 3) % 4, r.engagement IS NOT NULL)
        AS engagement,
    argMaxIf(r.rfm, (r.orders, ifNull(r.customer_id, 0)), r.rfm IS NOT NULL AND r.currency = m.currency) AS rfm_segment,
    min(r.first_order_at) AS first_order_at,
    max(r.last_order_at) AS last_order_at,
    max(r.clicked_at) AS last_email_click_at,
    argMaxIf(r.hour, (r.clicked_at, ifNull(r.profile_id, '')), r.hour IS NOT NULL) AS preferred_hour
FROM persons AS r
LEFT JOIN main AS m ON toString(r.shop_url) = toString(m.shop_url)
GROUP BY shop_url, identity
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop and person: ids and consent on both sides, orders, lifecycle.';
