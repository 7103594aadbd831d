CREATE VIEW IF NOT EXISTS analytics_klaviyo.hourly_engagement
AS (
SELECT
    toDayOfWeek(q.bucket, 0, CAST('America/New_York', 'String')) AS iso_weekday,
    toHour(q.bucket, CAST('America/New_York', 'String')) AS local_hour,
    uniqExactMergeIf(q.events, kind IN (CAST('received email', 'String'))) AS received,
    uniqExactMergeIf(q.events, kind IN (CAST('opened email', 'String'))) AS opened,
    uniqExactMergeIf(q.events, kind IN (CAST('clicked email', 'String')) AND NOT q.bot_click) AS clicked,
    uniqExactMergeIf(q.profiles, kind IN (CAST('opened email', 'String'))) AS unique_openers,
    uniqExactMergeIf(q.profiles, kind IN (CAST('clicked email', 'String')) AND NOT q.bot_click) AS unique_clickers,
    uniqExactMergeIf(q.events, kind IN (CAST('opened email', 'String')) AND NOT q.apple_privacy_open) AS opened_excl_mpp,
    uniqExact(toDate(q.bucket, CAST('America/New_York', 'String')), toHour(q.bucket, CAST('America/New_York', 'String')), timezoneOffset(toTimeZone(q.bucket, CAST('America/New_York', 'String')))) AS occurrences
FROM analytics_klaviyo.quarter_hour_engagement_state AS q
INNER JOIN (
    SELECT metric_id, lower(ifNull(name, '')) AS kind
    FROM data_klaviyo.metrics_latest
    WHERE lower(ifNull(name, '')) IN (CAST('received email', 'String'), CAST('opened email', 'String'), CAST('clicked email', 'String'))
) AS m ON q.metric_id = m.metric_id
GROUP BY iso_weekday, local_hour
)
COMMENT 'One row per ISO weekday and local hour: e-mails received, opened, clicked.';
