CREATE VIEW IF NOT EXISTS analytics_klaviyo.hourly_engagement
AS (
SELECT
    q.iso_weekday AS iso_weekday,
    q.local_hour AS local_hour,
    uniqExactMergeIf(q.events, kind IN (CAST('received email', 'String'))) AS received,
    uniqExactMergeIf(q.events, kind IN (CAST('opened email', 'String'))) AS opened,
    uniqExactMergeIf(q.events, kind IN (CAST('clicked email', 'String')) AND NOT q.bot_click) AS clicked,
    uniqExactMergeIf(q.profiles, kind IN (CAST('opened email', 'String'))) AS unique_openers,
    uniqExactMergeIf(q.profiles, kind IN (CAST('clicked email', 'String')) AND NOT q.bot_click) AS unique_clickers,
    uniqExactMergeIf(q.events, kind IN (CAST('opened email', 'String')) AND NOT q.apple_privacy_open) AS opened_excl_mpp,
    uniqExactMerge(q.occurrences) AS occurrences
FROM analytics_klaviyo.hour_of_week_engagement_state AS q
INNER JOIN (
    SELECT metric_id, lower(ifNull(name, '')) AS kind FROM data_klaviyo.metrics_latest
) AS m ON q.metric_id = m.metric_id
WHERE q.metric_id IN (SELECT metric_id FROM data_klaviyo.metrics_latest WHERE lower(ifNull(name, '')) IN (CAST('received email', 'String'), CAST('opened email', 'String'), CAST('clicked email', 'String')))
GROUP BY iso_weekday, local_hour
)
COMMENT 'One row per ISO weekday and local hour: e-mails received, opened, clicked.';
