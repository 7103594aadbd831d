CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.daily_event_value
REFRESH EVERY 1 HOUR
(
    date Date COMMENT 'local day, in America/New_York',
    metric_id String COMMENT 'metrics.metric_id',
    value Decimal(38, 4) COMMENT 'sum of $value, account currency; sum over days'
)
ENGINE = MergeTree
ORDER BY (date, metric_id)
EMPTY
AS (
SELECT toDate(datetime, 'America/New_York') AS date, metric_id, sum(toDecimal128(ifNull(value, 0), 4)) AS value
FROM data_klaviyo.events FINAL
WHERE metric_id IN (SELECT metric_id FROM analytics_klaviyo.daily_event_counts_state GROUP BY metric_id HAVING maxMerge(with_value))
GROUP BY date, metric_id
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per local day and metric: the sum of values.';
