CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.customer_lifecycle_summary
REFRESH EVERY 1 DAY OFFSET 4 HOUR DEPENDS ON analytics_klaviyo.customer_lifecycle
(
    clv_segment LowCardinality(String) COMMENT 'none, low, mid, high',
    country String COMMENT 'country of the profile, as a word; \'\' when not known',
    customers UInt64 COMMENT 'profiles; sum over rows',
    avg_historic_clv Nullable(Float64) COMMENT 'Klaviyo\'s value so far, average of the profiles that have one',
    avg_predicted_clv Nullable(Float64) COMMENT 'Klaviyo\'s value of the next year, average',
    avg_churn_probability Nullable(Float64) COMMENT 'Klaviyo\'s probability of churn, average, 0 to 1',
    marketing_opt_ins Nullable(UInt64) COMMENT 'profiles that subscribed to e-mail; sum over rows',
    active_recently Nullable(UInt64) COMMENT 'profiles with an event in the last 30 days; sum over rows'
)
ENGINE = MergeTree
ORDER BY (clv_segment, country)
EMPTY
AS (
SELECT
    c.clv_segment AS clv_segment,
    toString(ifNull(q.country, '')) AS country,
    count() AS customers,
    CAST(avg(toFloat64(q.historic_clv)), 'Nullable(Float64)') AS avg_historic_clv,
    CAST(avg(toFloat64(q.predicted_clv)), 'Nullable(Float64)') AS avg_predicted_clv,
    CAST(avg(toFloat64(q.churn_probability)), 'Nullable(Float64)') AS avg_churn_probability,
    CAST(countIf(q.email_consent = 'SUBSCRIBED'), 'Nullable(UInt64)') AS marketing_opt_ins,
    CAST(countIf(toDate(q.last_event_at, CAST('America/New_York', 'String')) >= c.as_of - 30), 'Nullable(UInt64)') AS active_recently
FROM analytics_klaviyo.customer_lifecycle AS c
LEFT JOIN data_klaviyo.profiles_latest AS q ON c.profile_id = q.profile_id
GROUP BY clv_segment, country
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per segment of value and country.';
