CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_ga4.active_users
REFRESH EVERY 1 HOUR
(
    property_id String COMMENT 'GA4\'s id of the property',
    date Date COMMENT 'the property\'s day, on which the windows end',
    active_users_1d Nullable(Int64) COMMENT 'active users of the day; distinct, so never sum it',
    active_users_7d Nullable(Int64) COMMENT 'active users of 7 days; rolling, no calendar week',
    active_users_28d Nullable(Int64) COMMENT 'active users of 28 days; rolling, no month',
    total_users_1d Nullable(Int64) COMMENT 'users of the day with any event; distinct',
    stickiness Nullable(Float64) COMMENT 'active_users_1d / active_users_28d; NULL where one is not known'
)
ENGINE = MergeTree
ORDER BY (property_id, date)
EMPTY
AS (
SELECT
    property_id, date, active_users_1d, active_users_7d, active_users_28d, total_users_1d,
    active_users_1d / nullIf(active_users_28d, 0) AS stickiness
FROM (
SELECT property_id, date, max(u0) AS active_users_1d, max(u1) AS active_users_7d, max(u2) AS active_users_28d,
    max(u3) AS total_users_1d
FROM (
    SELECT property_id, date, active_users AS u0, CAST(NULL, 'Nullable(Int64)') AS u1, CAST(NULL, 'Nullable(Int64)') AS u2, CAST(NULL, 'Nullable(Int64)') AS u3 FROM data_ga4.daily_active_users_latest
    UNION ALL
    SELECT property_id, date, CAST(NULL, 'Nullable(Int64)') AS u0, active_users AS u1, CAST(NULL, 'Nullable(Int64)') AS u2, CAST(NULL, 'Nullable(Int64)') AS u3 FROM data_ga4.weekly_active_users_latest
    UNION ALL
    SELECT property_id, date, CAST(NULL, 'Nullable(Int64)') AS u0, CAST(NULL, 'Nullable(Int64)') AS u1, active_users AS u2, CAST(NULL, 'Nullable(Int64)') AS u3 FROM data_ga4.four_weekly_active_users_latest
    UNION ALL
    SELECT property_id, date, CAST(NULL, 'Nullable(Int64)') AS u0, CAST(NULL, 'Nullable(Int64)') AS u1, CAST(NULL, 'Nullable(Int64)') AS u2, total_users AS u3 FROM data_ga4.website_overview_latest
)
GROUP BY property_id, date
)
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per property and day: users of 1, 7 and 28 days.';
