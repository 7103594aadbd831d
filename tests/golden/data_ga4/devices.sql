CREATE TABLE IF NOT EXISTS data_ga4.devices
(
    property_id String COMMENT 'GA4\'s id of the property',
    date Date COMMENT 'the property\'s day',
    device_category String COMMENT 'desktop, mobile, tablet, smart tv; (not set) and (other) are rows too',
    operating_system String COMMENT 'operating system; (not set) and (other) are rows too',
    browser String COMMENT 'browser; (not set) and (other) are rows too',
    is_other Bool COMMENT 'true where a dimension is (other) or (data not available): rows that GA4 summed up, or says nothing of',
    total_users Nullable(Int64) COMMENT 'users with any event; distinct, so never sum it',
    new_users Nullable(Int64) COMMENT 'users on their first visit; sum over days',
    sessions Nullable(Int64) COMMENT 'sessions; sum over anything',
    engaged_sessions Nullable(Decimal(38, 9)) COMMENT 'engaged sessions, sessions x (1 - bounceRate): the API gives the rate alone; sum over anything',
    session_seconds Nullable(Decimal(38, 9)) COMMENT 'seconds of all sessions, sessions x averageSessionDuration; sum over anything',
    screen_page_views Nullable(Int64) COMMENT 'pages and screens seen; sum over anything',
    bounce_rate Nullable(Float64) COMMENT 'sessions that were not engaged / sessions, from 0 to 1',
    avg_session_duration Nullable(Float64) COMMENT 'seconds; weight by sessions',
    sessions_per_user Nullable(Float64) COMMENT 'sessions / users; do not average',
    pages_per_session Nullable(Float64) COMMENT 'views / sessions; weight by sessions',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (property_id, date, device_category, operating_system, browser)
COMMENT 'One row per property, day, device category, operating system and browser.';
