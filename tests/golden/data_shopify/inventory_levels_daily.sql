CREATE MATERIALIZED VIEW IF NOT EXISTS data_shopify.inventory_levels_daily
REFRESH EVERY 1 DAY OFFSET 5 HOUR
APPEND
(
    shop_url String COMMENT 'shop name without its domain',
    inventory_item_id Int64 COMMENT 'inventory_items.inventory_item_id',
    location_id Int64 COMMENT 'locations.location_id',
    date Date COMMENT 'day of the snapshot, America/New_York',
    available Nullable(Int64) COMMENT 'pieces that can be sold; not to be summed over days',
    on_hand Nullable(Int64) COMMENT 'pieces that lie there; not to be summed over days',
    committed Nullable(Int64) COMMENT 'pieces in open orders; not to be summed over days',
    incoming Nullable(Int64) COMMENT 'pieces on their way; not to be summed over days',
    taken_at DateTime('UTC') COMMENT 'when the snapshot was taken (UTC)'
)
ENGINE = ReplacingMergeTree(taken_at)
PARTITION BY toYYYYMM(date)
ORDER BY (shop_url, inventory_item_id, location_id, date)
EMPTY
AS (
SELECT
    shop_url,
    inventory_item_id,
    location_id,
    toDate(now('UTC'), 'America/New_York') AS date,
    available,
    on_hand,
    committed,
    incoming,
    now('UTC') AS taken_at
FROM data_shopify.inventory_levels_latest
)
COMMENT 'One row per inventory item, location and day: what lay there.';
