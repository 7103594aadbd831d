CREATE TABLE IF NOT EXISTS data_ga4.pages
(
    property_id String COMMENT 'GA4\'s id of the property',
    date Date COMMENT 'the property\'s day',
    host_name String COMMENT 'host; (not set) and (other) are rows too',
    page_path_query String COMMENT 'path and query string; (not set) and (other) are rows too',
    page_path String COMMENT 'path alone: without utm parameters, gclid and the like',
    is_other Bool COMMENT 'true where a dimension is (other) or (data not available): rows that GA4 summed up, or says nothing of',
    views Nullable(Int64) COMMENT 'times seen; sum over anything',
    bounce_rate Nullable(Float64) COMMENT 'has no sessions beside it to weight it by: do not average',
    avg_engagement_seconds Nullable(Float64) COMMENT 'userEngagementDuration / views; NULL where the report lacks it, as the default one does',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (property_id, date, host_name, page_path_query)
COMMENT 'One row per property, day, host and path with query string.';
