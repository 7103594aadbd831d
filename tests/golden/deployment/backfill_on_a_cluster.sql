ALTER TABLE d.raw2_local ON CLUSTER main ADD COLUMN IF NOT EXISTS _tilla_generation UInt16 MATERIALIZED 0;

ALTER TABLE d.raw_local ON CLUSTER main ADD COLUMN IF NOT EXISTS _tilla_generation UInt16 MATERIALIZED 0;

SYSTEM SYNC REPLICA ON CLUSTER main d.raw2_local;

ALTER TABLE d.raw2_local ON CLUSTER main MATERIALIZE COLUMN _tilla_generation;

SYSTEM SYNC REPLICA ON CLUSTER main d.raw_local;

ALTER TABLE d.raw_local ON CLUSTER main MATERIALIZE COLUMN _tilla_generation;

ALTER TABLE d.curated_local ON CLUSTER main ADD COLUMN IF NOT EXISTS _tilla_generation UInt16 DEFAULT 0;

ALTER TABLE d.curated ON CLUSTER main ADD COLUMN IF NOT EXISTS _tilla_generation UInt16 DEFAULT 0;

ALTER TABLE d.curated_mv ON CLUSTER main MODIFY QUERY
SELECT
    id,
    v,
    _tilla_generation
FROM (SELECT *, _tilla_generation FROM d.raw_local) AS raw;

ALTER TABLE d.both_local ON CLUSTER main ADD COLUMN IF NOT EXISTS _tilla_generation UInt16 DEFAULT 0;

ALTER TABLE d.below_state_local ON CLUSTER main MODIFY SETTING old_parts_lifetime = 21601;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.below_mv ON CLUSTER main TO d.below_state_local
AS
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(curated.v) AS v
FROM (SELECT * FROM d.curated_local WHERE _tilla_generation >= 1) AS curated
GROUP BY k;

ALTER TABLE d.both_local ON CLUSTER main MODIFY SETTING old_parts_lifetime = 21601;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.one ON CLUSTER main TO d.both_local
AS
SELECT
    id,
    v,
    _tilla_generation
FROM (SELECT *, _tilla_generation FROM d.raw_local WHERE _tilla_generation >= 1) AS raw;

ALTER TABLE d.plain_local ON CLUSTER main MODIFY SETTING old_parts_lifetime = 21601;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.plain_mv ON CLUSTER main TO d.plain_local
AS
SELECT
    id,
    v
FROM (SELECT * FROM d.raw_local WHERE _tilla_generation >= 1) AS raw;

ALTER TABLE d.sums_state_local ON CLUSTER main MODIFY SETTING old_parts_lifetime = 21601;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.sums_mv ON CLUSTER main TO d.sums_state_local
AS
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(raw.v) AS v
FROM (SELECT * FROM d.raw_local WHERE _tilla_generation >= 1) AS raw
GROUP BY k;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.two ON CLUSTER main TO d.both_local
AS
SELECT
    id,
    v,
    _tilla_generation
FROM (SELECT *, _tilla_generation FROM d.raw2_local WHERE _tilla_generation >= 1) AS raw2;

ALTER TABLE d.deep_state_local ON CLUSTER main MODIFY SETTING old_parts_lifetime = 21601;

CREATE MATERIALIZED VIEW IF NOT EXISTS d.deep_mv ON CLUSTER main TO d.deep_state_local
AS
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(both.v) AS v
FROM (SELECT * FROM d.both_local WHERE _tilla_generation >= 1) AS both
GROUP BY k;

ALTER TABLE d.raw2_local ON CLUSTER main MODIFY COLUMN _tilla_generation UInt16 MATERIALIZED 1;

ALTER TABLE d.raw_local ON CLUSTER main MODIFY COLUMN _tilla_generation UInt16 MATERIALIZED 1;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.journal_local;

SYSTEM SYNC REPLICA ON CLUSTER main d.curated_local;

CREATE TABLE tilla.tilla_stage_below_state_RUN_NUMBER ON CLUSTER main AS d.below_state_local
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY k SETTINGS index_granularity = 8192, old_parts_lifetime = 21601;

ALTER TABLE tilla.tilla_stage_below_state_RUN_NUMBER ON CLUSTER main MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0, merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.lease_local;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.tilla_stage_below_state_RUN_NUMBER;

DROP TABLE IF EXISTS tilla.tilla_stage_below_state_RUN_NUMBER ON CLUSTER main SYNC;

ALTER TABLE d.below_state_local ON CLUSTER main RESET SETTING old_parts_lifetime;

CREATE TABLE tilla.tilla_stage_both_RUN_NUMBER ON CLUSTER main AS d.both_local
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY id SETTINGS index_granularity = 8192, old_parts_lifetime = 21601;

ALTER TABLE tilla.tilla_stage_both_RUN_NUMBER ON CLUSTER main MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0, merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.tilla_stage_both_RUN_NUMBER;

DROP TABLE IF EXISTS tilla.tilla_stage_both_RUN_NUMBER ON CLUSTER main SYNC;

ALTER TABLE d.both_local ON CLUSTER main RESET SETTING old_parts_lifetime;

CREATE TABLE tilla.tilla_stage_plain_RUN_NUMBER ON CLUSTER main AS d.plain_local
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY id SETTINGS index_granularity = 8192, old_parts_lifetime = 21601;

ALTER TABLE tilla.tilla_stage_plain_RUN_NUMBER ON CLUSTER main MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0, merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.tilla_stage_plain_RUN_NUMBER;

DROP TABLE IF EXISTS tilla.tilla_stage_plain_RUN_NUMBER ON CLUSTER main SYNC;

ALTER TABLE d.plain_local ON CLUSTER main RESET SETTING old_parts_lifetime;

CREATE TABLE tilla.tilla_stage_sums_state_RUN_NUMBER ON CLUSTER main AS d.sums_state_local
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY k SETTINGS index_granularity = 8192, old_parts_lifetime = 21601;

ALTER TABLE tilla.tilla_stage_sums_state_RUN_NUMBER ON CLUSTER main MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0, merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.tilla_stage_sums_state_RUN_NUMBER;

DROP TABLE IF EXISTS tilla.tilla_stage_sums_state_RUN_NUMBER ON CLUSTER main SYNC;

ALTER TABLE d.sums_state_local ON CLUSTER main RESET SETTING old_parts_lifetime;

SYSTEM SYNC REPLICA ON CLUSTER main d.both_local;

CREATE TABLE tilla.tilla_stage_deep_state_RUN_NUMBER ON CLUSTER main AS d.deep_state_local
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY k SETTINGS index_granularity = 8192, old_parts_lifetime = 21601;

ALTER TABLE tilla.tilla_stage_deep_state_RUN_NUMBER ON CLUSTER main MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, non_replicated_deduplication_window = 0, max_number_of_merges_with_ttl_in_pool = 0, merge_with_ttl_timeout = 1000000000, merge_with_recompression_ttl_timeout = 1000000000;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.tilla_stage_deep_state_RUN_NUMBER;

DROP TABLE IF EXISTS tilla.tilla_stage_deep_state_RUN_NUMBER ON CLUSTER main SYNC;

ALTER TABLE d.deep_state_local ON CLUSTER main RESET SETTING old_parts_lifetime;

SYSTEM SYNC REPLICA ON CLUSTER main d.below_state_local;

SYSTEM SYNC REPLICA ON CLUSTER main d.plain_local;

SYSTEM SYNC REPLICA ON CLUSTER main d.sums_state_local;

SYSTEM SYNC REPLICA ON CLUSTER main d.deep_state_local;

SYSTEM SYNC REPLICA ON CLUSTER main tilla.history_local;

ALTER TABLE d.below_mv ON CLUSTER main MODIFY QUERY
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(curated.v) AS v
FROM d.curated_local AS curated
GROUP BY k;

ALTER TABLE d.deep_mv ON CLUSTER main MODIFY QUERY
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(both.v) AS v
FROM d.both_local AS both
GROUP BY k;

ALTER TABLE d.plain_mv ON CLUSTER main MODIFY QUERY
SELECT
    id,
    v
FROM d.raw_local AS raw;

ALTER TABLE d.sums_mv ON CLUSTER main MODIFY QUERY
SELECT
    id % 5 AS k,
    countState() AS n,
    sumState(raw.v) AS v
FROM d.raw_local AS raw
GROUP BY k;

ALTER TABLE d.curated_mv ON CLUSTER main MODIFY QUERY
SELECT
    id,
    v
FROM d.raw_local AS raw;

ALTER TABLE d.one ON CLUSTER main MODIFY QUERY
SELECT
    id,
    v
FROM d.raw_local AS raw;

ALTER TABLE d.two ON CLUSTER main MODIFY QUERY
SELECT
    id,
    v
FROM d.raw2_local AS raw2;

ALTER TABLE d.both_local ON CLUSTER main DROP COLUMN IF EXISTS _tilla_generation;

ALTER TABLE d.curated ON CLUSTER main DROP COLUMN IF EXISTS _tilla_generation;

ALTER TABLE d.curated_local ON CLUSTER main DROP COLUMN IF EXISTS _tilla_generation;

ALTER TABLE d.raw2_local ON CLUSTER main DROP COLUMN IF EXISTS _tilla_generation;

ALTER TABLE d.raw_local ON CLUSTER main DROP COLUMN IF EXISTS _tilla_generation;

