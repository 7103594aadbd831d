CREATE TABLE IF NOT EXISTS data_klaviyo.lists
(
    list_id String COMMENT 'Klaviyo\'s id of the list',
    name Nullable(String) COMMENT 'name; it may change',
    opt_in_process LowCardinality(Nullable(String)) COMMENT 'single_opt_in or double_opt_in',
    profile_count Nullable(Int64) COMMENT 'profiles in it; only of lists_detailed',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY list_id
COMMENT 'One row per list.';
