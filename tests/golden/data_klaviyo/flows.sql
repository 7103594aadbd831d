CREATE TABLE IF NOT EXISTS data_klaviyo.flows
(
    flow_id String COMMENT 'Klaviyo\'s id of the flow',
    name Nullable(String) COMMENT 'name; it may change',
    status LowCardinality(Nullable(String)) COMMENT 'draft, manual or live',
    archived Nullable(Bool) COMMENT 'true where it was archived',
    trigger_type LowCardinality(Nullable(String)) COMMENT 'Metric, Added to List, Date Based, Unconfigured, ...',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY flow_id
COMMENT 'One row per flow.';
