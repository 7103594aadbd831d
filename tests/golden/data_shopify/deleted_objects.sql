CREATE TABLE IF NOT EXISTS data_shopify.deleted_objects
(
    shop_url String COMMENT 'shop name without its domain, from shop_url; \'\' when the record has none',
    entity LowCardinality(String) COMMENT 'order, product or price_rule',
    id Int64 COMMENT 'the object\'s id',
    deleted_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was deleted (UTC)',
    message Nullable(String) COMMENT 'what Shopify says about it',
    description Nullable(String) COMMENT 'what Shopify says about it at length',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    version UInt128 COMMENT 'deleted_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (shop_url, entity, id)
COMMENT 'One row per deleted object.';
