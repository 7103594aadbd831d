CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.hour_of_week_engagement_mv TO analytics_klaviyo.hour_of_week_engagement_state
AS
SELECT
    metric_id,
    toDayOfWeek(datetime, 0, 'America/New_York') AS iso_weekday,
    toHour(datetime, 'America/New_York') AS local_hour,
    apple_privacy_open,
    bot_click,
    uniqExactState(event_id) AS events,
    uniqExactState(profile_id) AS profiles,
    uniqExactState(toDate(datetime, 'America/New_York'), timezoneOffset(toTimeZone(datetime, 'America/New_York'))) AS occurrences
FROM data_klaviyo.events
GROUP BY metric_id, iso_weekday, local_hour, apple_privacy_open, bot_click;
