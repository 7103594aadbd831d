CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_shopify.inventory_cover
REFRESH EVERY 1 DAY OFFSET 4 HOUR
(
    shop_url LowCardinality(String) COMMENT 'shop name without its domain',
    currency LowCardinality(String) COMMENT 'currency of the item\'s cost, else the shop\'s: of inventory_value',
    sku Nullable(String) COMMENT 'stock keeping unit of the item',
    available Nullable(Int64) COMMENT 'pieces that can be sold, over all active locations whose level is readable; negative when oversold, NULL where levels are there and none is readable',
    units_net Nullable(Int64) COMMENT 'pieces sold less pieces put back in the last 28 days; NULL without stream orders',
    daily_velocity Nullable(Float64) COMMENT 'units_net / 28',
    days_of_cover Nullable(Float64) COMMENT 'max(available, 0) / daily_velocity; NULL where nothing sells, or available is NULL',
    inventory_value Nullable(Decimal(38, 4)) COMMENT 'max(available, 0) x unit cost, in currency; NULL where either is unknown',
    stockout Nullable(Bool) COMMENT 'true where nothing can be sold: available <= 0; NULL where unknown',
    reorder Nullable(Bool) COMMENT 'true where it sells and lasts less than the lead time of 14 days; NULL where it sells and days_of_cover is unknown, and without stream orders',
    inventory_item_id Int64 COMMENT 'inventory_items.inventory_item_id',
    unit_cost Nullable(Decimal(18, 4)) COMMENT 'cost of one piece, in currency; NULL where unknown',
    incoming Nullable(Int64) COMMENT 'pieces on their way, over all active locations; NULL where unknown, as available',
    days_in_stock Nullable(UInt64) COMMENT 'days of the window whose snapshot had pieces to sell: what velocity divides by; NULL without snapshots',
    as_of Date COMMENT 'last day of the window, in America/New_York'
)
ENGINE = MergeTree
ORDER BY (shop_url, currency, inventory_item_id)
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
sold AS (
    SELECT shop_url, variant_id, sku, toInt64(ifNull(quantity, 0)) AS units
    FROM data_shopify.order_line_items_latest
    WHERE (shop_url, order_id) IN (
        SELECT shop_url, order_id FROM counted WHERE date > toDate(now(), 'America/New_York') - CAST(28, 'UInt16') AND date <= toDate(now(), 'America/New_York')
    )
    UNION ALL
    SELECT r.shop_url, ifNull(l.variant_id, r.variant_id), ifNull(l.sku, r.sku), -toInt64(ifNull(r.quantity, 0))
    FROM (
        SELECT * FROM data_shopify.order_refund_line_items FINAL
        WHERE restock_type IN ('return', 'cancel', 'legacy_restock')
            AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) > toDate(now(), 'America/New_York') - CAST(28, 'UInt16') AND if(and(created_at >= toDateTime64('1970-01-02 00:00:00.000', 3, 'UTC'), created_at < toDateTime64('2149-06-05 00:00:00.000', 3, 'UTC')), toDate(created_at, 'America/New_York'), NULL) <= toDate(now(), 'America/New_York')
            AND (shop_url, order_id) IN (SELECT shop_url, order_id FROM counted)
    ) AS r
    LEFT JOIN (
        SELECT shop_url, line_id, any(variant_id) AS variant_id, any(sku) AS sku
        FROM data_shopify.order_line_items
        GROUP BY shop_url, line_id
    ) AS l ON r.shop_url = l.shop_url AND r.line_id = l.line_id
),
variant_items AS (
    SELECT shop_url, variant_id, ifNull(inventory_item_id, 0) AS variant_item
    FROM data_shopify.product_variants_latest
),
sku_items AS (
    SELECT shop_url, sku, min(inventory_item_id) AS sku_item
    FROM data_shopify.inventory_items_latest
    WHERE sku != ''
    GROUP BY shop_url, sku
),
moved AS (
    SELECT shop_url, item, sum(units) AS units_net
    FROM (
        SELECT
            s.shop_url AS shop_url, s.units AS units,
            if(ifNull(v.variant_item, 0) != 0, v.variant_item, ifNull(k.sku_item, 0)) AS item
        FROM sold AS s
        LEFT JOIN variant_items AS v ON s.shop_url = v.shop_url AND s.variant_id = v.variant_id
        LEFT JOIN sku_items AS k ON s.shop_url = k.shop_url AND s.sku = k.sku
    )
    WHERE item != 0
    GROUP BY shop_url, item
),
in_stock AS (
    SELECT '' AS shop_url, toInt64(0) AS item, toUInt64(0) AS days WHERE false
),
stock AS (
    SELECT shop_url, inventory_item_id, count() AS levels, sum(available) AS readable, sum(incoming) AS coming
    FROM data_shopify.inventory_levels_latest
    WHERE (shop_url, location_id) NOT IN (SELECT shop_url, location_id FROM data_shopify.locations_latest WHERE active = false)
    GROUP BY shop_url, inventory_item_id
),
shops AS (
    SELECT shop_url, argMax(currency, placed_at) AS shop_currency FROM counted GROUP BY shop_url
)
SELECT
    i.shop_url AS shop_url,
    toString(coalesce(i.cost_currency, nullIf(c.shop_currency, ''), '')) AS currency,
    i.sku AS sku,
    if(s.levels = 0, 0, s.readable) AS available,
    toNullable(toInt64(ifNull(m.units_net, 0))) AS units_net,
    units_net / if(d.item != 0, nullIf(d.days, 0), CAST(28, 'UInt16')) AS daily_velocity,
    if(units_net > 0, if(available < 0, 0, available) / daily_velocity, NULL) AS days_of_cover,
    toDecimal128(i.unit_cost, 4) * if(available < 0, 0, available) AS inventory_value,
    available <= 0 AS stockout,
    if(units_net > 0, days_of_cover < CAST(14, 'UInt16'), false) AS reorder,
    i.inventory_item_id AS inventory_item_id,
    i.unit_cost AS unit_cost,
    if(s.levels = 0, 0, s.coming) AS incoming,
    if(d.item != 0, toNullable(d.days), NULL) AS days_in_stock,
    toDate(now(), 'America/New_York') AS as_of
FROM data_shopify.inventory_items_latest AS i
LEFT JOIN stock AS s ON i.shop_url = s.shop_url AND i.inventory_item_id = s.inventory_item_id
LEFT JOIN moved AS m ON i.shop_url = m.shop_url AND i.inventory_item_id = m.item
LEFT JOIN in_stock AS d ON i.shop_url = d.shop_url AND i.inventory_item_id = d.item
LEFT JOIN shops AS c ON i.shop_url = c.shop_url
WHERE ifNull(i.tracked, true)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per shop and tracked inventory item: what is there and how many days it lasts.';
