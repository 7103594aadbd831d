-- project shop, for cluster main

-- databases -------------------------------------------------------------

-- analytics_klaviyo: holds the objects below
CREATE DATABASE IF NOT EXISTS analytics_klaviyo ON CLUSTER main;

-- data_klaviyo: holds the objects below
CREATE DATABASE IF NOT EXISTS data_klaviyo ON CLUSTER main;

-- raw_klaviyo: holds the objects below
CREATE DATABASE IF NOT EXISTS raw_klaviyo ON CLUSTER main;

-- tilla: holds the marker of filled history
CREATE DATABASE IF NOT EXISTS tilla ON CLUSTER main;

-- tables ----------------------------------------------------------------

-- tilla.history_local: one row per filled target and declaration
CREATE TABLE IF NOT EXISTS tilla.history_local ON CLUSTER main
(
    target String,
    declaration String,
    filled_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree
ORDER BY (target, declaration);

-- tilla.history: one row per filled target and declaration
CREATE TABLE IF NOT EXISTS tilla.history ON CLUSTER main
(
    target String,
    declaration String,
    filled_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = Distributed('main', 'tilla', 'history_local', cityHash64(target));

-- analytics_klaviyo.daily_events_state_local: stored by AggregatingMergeTree
CREATE TABLE IF NOT EXISTS analytics_klaviyo.daily_events_state_local ON CLUSTER main
(
    day Date,
    metric_id String,
    events AggregateFunction(uniqExact, String),
    profiles AggregateFunction(uniqExact, Nullable(String))
)
ENGINE = ReplicatedAggregatingMergeTree
ORDER BY (day, metric_id);

-- analytics_klaviyo.daily_events_state: reads analytics_klaviyo.daily_events_state_local on every shard, and sends rows to theirs
CREATE TABLE IF NOT EXISTS analytics_klaviyo.daily_events_state ON CLUSTER main
(
    day Date,
    metric_id String,
    events AggregateFunction(uniqExact, String),
    profiles AggregateFunction(uniqExact, Nullable(String))
)
ENGINE = Distributed('main', 'analytics_klaviyo', 'daily_events_state_local', cityHash64(day, metric_id));

-- data_klaviyo.events_local: stored by ReplacingMergeTree
CREATE TABLE IF NOT EXISTS data_klaviyo.events_local ON CLUSTER main
(
    event_id String,
    occurred_at DateTime64(3),
    metric_id String,
    profile_id Nullable(String),
    value Nullable(Decimal(38, 4)) COMMENT 'shop currency',
    extracted_at DateTime64(3)
)
ENGINE = ReplicatedReplacingMergeTree(extracted_at)
ORDER BY (metric_id, occurred_at, event_id);

-- data_klaviyo.events: reads data_klaviyo.events_local on every shard, and sends rows to theirs
CREATE TABLE IF NOT EXISTS data_klaviyo.events ON CLUSTER main
(
    event_id String,
    occurred_at DateTime64(3),
    metric_id String,
    profile_id Nullable(String),
    value Nullable(Decimal(38, 4)) COMMENT 'shop currency',
    extracted_at DateTime64(3)
)
ENGINE = Distributed('main', 'data_klaviyo', 'events_local', cityHash64(metric_id, occurred_at, event_id));

-- data_klaviyo.names_local: stored by ReplacingMergeTree
CREATE TABLE IF NOT EXISTS data_klaviyo.names_local ON CLUSTER main
(
    metric_id String,
    name String COMMENT 'it\'s shown' CODEC(ZSTD(3)),
    seen DateTime MATERIALIZED now(),
    note String TTL toStartOfDay(seen)
)
ENGINE = ReplicatedReplacingMergeTree
PARTITION BY toYYYYMM(seen)
ORDER BY metric_id;

-- data_klaviyo.names: reads data_klaviyo.names_local on every shard, and sends rows to theirs
CREATE TABLE IF NOT EXISTS data_klaviyo.names ON CLUSTER main
(
    metric_id String,
    name String COMMENT 'it\'s shown',
    seen DateTime MATERIALIZED now(),
    note String
)
ENGINE = Distributed('main', 'data_klaviyo', 'names_local', cityHash64(metric_id));

-- data_klaviyo.known: keeps rows in memory for look-ups by metric_id
CREATE DICTIONARY IF NOT EXISTS data_klaviyo.known ON CLUSTER main
(
    metric_id String,
    name String
)
PRIMARY KEY metric_id
SOURCE(CLICKHOUSE(DB 'data_klaviyo' TABLE 'names'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 0 MAX 3600);

-- raw_klaviyo.events_local: landed by the loader
CREATE TABLE IF NOT EXISTS raw_klaviyo.events_local ON CLUSTER main
(
    id String,
    datetime DateTime64(3),
    attributes Nullable(String),
    relationships Nullable(String),
    _airbyte_extracted_at DateTime64(3)
)
ENGINE = ReplicatedMergeTree
ORDER BY tuple();

-- raw_klaviyo.events: reads raw_klaviyo.events_local on every shard, and sends rows to theirs
CREATE TABLE IF NOT EXISTS raw_klaviyo.events ON CLUSTER main
(
    id String,
    datetime DateTime64(3),
    attributes Nullable(String),
    relationships Nullable(String),
    _airbyte_extracted_at DateTime64(3)
)
ENGINE = Distributed('main', 'raw_klaviyo', 'events_local', rand());

-- raw_klaviyo.queue: stored by Kafka
CREATE TABLE IF NOT EXISTS raw_klaviyo.queue ON CLUSTER main
(
    id String,
    datetime DateTime64(3),
    attributes Nullable(String),
    relationships Nullable(String),
    _airbyte_extracted_at DateTime64(3)
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'k:9092', kafka_format = 'JSONEachRow', kafka_group_name = 'g', kafka_topic_list = 'e';

-- views -----------------------------------------------------------------

-- analytics_klaviyo.daily_events: reads analytics_klaviyo.daily_events_state
CREATE VIEW IF NOT EXISTS analytics_klaviyo.daily_events ON CLUSTER main
AS
SELECT
    day,
    metric_id,
    uniqExactMerge(daily_events_state.events) AS events,
    uniqExactMerge(daily_events_state.profiles) AS profiles
FROM analytics_klaviyo.daily_events_state
GROUP BY day, metric_id;

-- analytics_klaviyo.daily_events_mv: fills analytics_klaviyo.daily_events_state_local with every insert into data_klaviyo.events_local, on each node
CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.daily_events_mv ON CLUSTER main TO analytics_klaviyo.daily_events_state_local
AS
SELECT
    toDate(occurred_at, 'Europe/Madrid') AS day,
    metric_id,
    uniqExactState(event_id) AS events,
    uniqExactState(profile_id) AS profiles
FROM data_klaviyo.events_local AS events
GROUP BY day, metric_id;

-- analytics_klaviyo.named: reads data_klaviyo.events, data_klaviyo.names
CREATE VIEW IF NOT EXISTS analytics_klaviyo.named ON CLUSTER main
AS
SELECT
    event_id,
    names.name AS name
FROM data_klaviyo.events
GLOBAL LEFT JOIN data_klaviyo.names ON events.metric_id = names.metric_id;

-- analytics_klaviyo.revenue: rebuilds it every 1 hour
CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.revenue ON CLUSTER main
REFRESH EVERY 1 HOUR
(
    metric_id String,
    revenue Decimal(38, 4) COMMENT 'sum of event values, shop currency'
)
ENGINE = MergeTree
ORDER BY metric_id
EMPTY
AS
SELECT metric_id, ifNull(sum(value), 0) AS revenue -- by hand
FROM data_klaviyo.events FINAL
GROUP BY metric_id;

-- data_klaviyo.events_mv: sends every insert into raw_klaviyo.events_local to the shard of its key in data_klaviyo.events
CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.events_mv ON CLUSTER main TO data_klaviyo.events
AS
SELECT
    id AS event_id,
    datetime AS occurred_at,
    JSONExtractString(ifNull(relationships, ''), 'metric', 'data', 'id') AS metric_id,
    JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)') AS profile_id,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'event_properties', '$value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(38, 4)'
    ) AS value,
    _airbyte_extracted_at AS extracted_at
FROM raw_klaviyo.events_local AS events;

-- data_klaviyo.from_queue: sends every insert into raw_klaviyo.queue to the shard of its key in data_klaviyo.events
CREATE MATERIALIZED VIEW IF NOT EXISTS data_klaviyo.from_queue ON CLUSTER main TO data_klaviyo.events
AS
SELECT
    id AS event_id,
    datetime AS occurred_at,
    JSONExtractString(ifNull(relationships, ''), 'metric', 'data', 'id') AS metric_id,
    JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)') AS profile_id,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'event_properties', '$value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(38, 4)'
    ) AS value,
    _airbyte_extracted_at AS extracted_at
FROM raw_klaviyo.queue;

-- history ---------------------------------------------------------------
-- A script cannot wait for inserts that were running when the views above were created: they may miss both the
-- view and the copy. Run it while the loader is quiet, or use `tilla backfill`, which waits for them.

-- data_klaviyo.events: all rows of raw_klaviyo.events_local reach the replicas that are read next
SYSTEM SYNC REPLICA ON CLUSTER main raw_klaviyo.events_local;

-- data_klaviyo.events: history of raw_klaviyo.events; safe beside the view: of rows with one key the target keeps the highest extracted_at, whichever came first
INSERT INTO data_klaviyo.events (event_id, occurred_at, metric_id, profile_id, value, extracted_at)
SETTINGS distributed_foreground_insert = 1, distributed_product_mode = 'global', max_partitions_per_insert_block = 0
SELECT
    id AS event_id,
    datetime AS occurred_at,
    JSONExtractString(ifNull(relationships, ''), 'metric', 'data', 'id') AS metric_id,
    JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)') AS profile_id,
    accurateCastOrNull(
        round(
            toDecimal256OrNull(
                extract(
                    JSONExtractString(attributes, 'event_properties', '$value'),
                    '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
                ),
                16
            ),
            4
        ),
        'Decimal(38, 4)'
    ) AS value,
    _airbyte_extracted_at AS extracted_at
FROM (SELECT * FROM raw_klaviyo.events WHERE (SELECT count() FROM tilla.history WHERE target = 'data_klaviyo.events' AND declaration = '5fe80a3d846dd537') = 0) AS events;

-- data_klaviyo.events: from here on a second run copies nothing
INSERT INTO tilla.history (target, declaration)
SETTINGS distributed_foreground_insert = 1
SELECT 'data_klaviyo.events', '5fe80a3d846dd537'
WHERE (SELECT count() FROM tilla.history WHERE target = 'data_klaviyo.events' AND declaration = '5fe80a3d846dd537') = 0;

-- analytics_klaviyo.daily_events_state: all rows of data_klaviyo.events_local reach the replicas that are read next
SYSTEM SYNC REPLICA ON CLUSTER main data_klaviyo.events_local;

-- analytics_klaviyo.daily_events_state: history of data_klaviyo.events; safe beside the view: its measures give the same answer when a row comes twice (events = uniqExact(event_id), profiles = uniqExact(profile_id))
INSERT INTO analytics_klaviyo.daily_events_state (day, metric_id, events, profiles)
SETTINGS distributed_foreground_insert = 1, distributed_product_mode = 'global', max_partitions_per_insert_block = 0
SELECT
    toDate(occurred_at, 'Europe/Madrid') AS day,
    metric_id,
    uniqExactState(event_id) AS events,
    uniqExactState(profile_id) AS profiles
FROM (SELECT * FROM data_klaviyo.events WHERE (SELECT count() FROM tilla.history WHERE target = 'analytics_klaviyo.daily_events_state' AND declaration = '376eb6c2f5235f62') = 0) AS events
GROUP BY day, metric_id;

-- analytics_klaviyo.daily_events_state: from here on a second run copies nothing
INSERT INTO tilla.history (target, declaration)
SETTINGS distributed_foreground_insert = 1
SELECT 'analytics_klaviyo.daily_events_state', '376eb6c2f5235f62'
WHERE (SELECT count() FROM tilla.history WHERE target = 'analytics_klaviyo.daily_events_state' AND declaration = '376eb6c2f5235f62') = 0;

-- refresh ---------------------------------------------------------------

-- analytics_klaviyo.revenue: all rows of data_klaviyo.events_local reach the replicas that are read next
SYSTEM SYNC REPLICA ON CLUSTER main data_klaviyo.events_local;

-- analytics_klaviyo.revenue: fill it now; on this node: the others refresh on their own schedule, or when this is run there
SYSTEM REFRESH VIEW analytics_klaviyo.revenue;

-- analytics_klaviyo.revenue: what reads it comes after it
SYSTEM WAIT VIEW analytics_klaviyo.revenue;

-- access ----------------------------------------------------------------

-- fair: counts what is used
CREATE QUOTA IF NOT EXISTS fair ON CLUSTER main KEYED BY user_name;

-- reader: a set of rights
CREATE ROLE IF NOT EXISTS reader ON CLUSTER main;

-- anna: may log in; has no rights yet
CREATE USER IF NOT EXISTS anna ON CLUSTER main IDENTIFIED WITH ssl_certificate CN 'anna.example' HOST ANY;

-- own: which rows of data_klaviyo.events its readers see
CREATE ROW POLICY OR REPLACE own ON CLUSTER main ON data_klaviyo.events, data_klaviyo.events_local AS PERMISSIVE FOR SELECT USING metric_id = 'm' TO reader;

-- fair: how much may be used, and by whom; what was used so far still counts
ALTER QUOTA fair ON CLUSTER main KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 100, FOR INTERVAL 1 minute NO LIMITS, FOR INTERVAL 1 day NO LIMITS, FOR INTERVAL 1 week NO LIMITS, FOR INTERVAL 1 month NO LIMITS, FOR INTERVAL 1 quarter NO LIMITS, FOR INTERVAL 1 year NO LIMITS TO reader;

-- reader: read-only, with caps that nobody in the role can change
ALTER ROLE reader ON CLUSTER main SETTINGS max_execution_time = 300 CONST, max_memory_usage = 4294967296 CONST, max_rows_to_read = 10000000000 CONST, readonly = 2 CONST;

-- reader: all it may do; what is not here is revoked
GRANT ON CLUSTER main SELECT ON data_klaviyo.events, SELECT ON data_klaviyo.events_local, SELECT ON analytics_klaviyo.*, SELECT ON data_klaviyo.names, SELECT ON data_klaviyo.names_local TO reader WITH REPLACE OPTION;

-- reader: the roles it includes
REVOKE ON CLUSTER main ALL FROM reader;

-- anna: how it logs in, and from where
ALTER USER anna ON CLUSTER main IDENTIFIED WITH ssl_certificate CN 'anna.example' HOST ANY DEFAULT DATABASE NONE DEFAULT ROLE ALL SETTINGS NONE;

-- anna: no rights besides those of its roles
REVOKE ON CLUSTER main ALL ON *.* FROM anna;

-- anna: its rights come from roles; others are taken away
GRANT ON CLUSTER main reader TO anna WITH REPLACE OPTION;
