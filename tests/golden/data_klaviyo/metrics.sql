CREATE TABLE IF NOT EXISTS data_klaviyo.metrics
(
    metric_id String COMMENT 'Klaviyo\'s id of the metric',
    name Nullable(String) COMMENT 'name; not unique over integrations',
    integration_id Nullable(String) COMMENT 'id of the integration',
    integration_name LowCardinality(Nullable(String)) COMMENT 'Klaviyo, Shopify, API, ...; NULL for a custom metric',
    integration_category LowCardinality(Nullable(String)) COMMENT 'Internal, eCommerce, ...',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY metric_id
COMMENT 'One row per metric.';
