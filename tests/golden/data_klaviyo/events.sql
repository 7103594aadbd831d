CREATE TABLE IF NOT EXISTS data_klaviyo.events
(
    event_id String COMMENT 'Klaviyo\'s id of the event',
    datetime DateTime64(3, 'UTC') COMMENT 'when it happened (UTC)' CODEC(Delta, ZSTD(1)),
    metric_id String COMMENT 'metrics.metric_id; \'\' when the record has none',
    profile_id Nullable(String) COMMENT 'profiles.profile_id; NULL for an anonymous event',
    flow_id Nullable(String) COMMENT 'flows.flow_id, for a message of a flow',
    message_id Nullable(String) COMMENT 'the message; of a campaign, its id or one of its messages',
    variation_id Nullable(String) COMMENT 'the variation in an A/B test',
    value Nullable(Decimal(18, 4)) COMMENT '$value, in the account\'s currency',
    currency LowCardinality(Nullable(String)) COMMENT '$currency_code',
    event_ref Nullable(String) COMMENT '$event_id as text; of Shopify\'s orders, the order\'s id',
    other_order_ref Nullable(String) COMMENT 'OrderId, else $extra.id, as text',
    utm_source Nullable(String) COMMENT 'as sent, decoded',
    utm_medium Nullable(String) COMMENT 'from where utm_source is',
    utm_campaign Nullable(String) COMMENT 'from where utm_source is',
    apple_privacy_open Bool COMMENT 'true for an open that a mail program made by itself',
    bot_click Bool COMMENT 'true for a click by a program',
    attributed_event_id Nullable(String) COMMENT 'the touch that Klaviyo gives the credit to',
    attributed_message_id Nullable(String) COMMENT 'its message, campaign or message id',
    attributed_flow_id Nullable(String) COMMENT 'its flow',
    attributed_variation_id Nullable(String) COMMENT 'its variation in an A/B test',
    properties Nullable(String) COMMENT 'all of it, JSON text' CODEC(ZSTD(3)),
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ifNull(datetime, toDateTime64('1970-01-01 00:00:00.000', 3, 'UTC')))
ORDER BY (metric_id, toDate(datetime, 'UTC'), event_id)
COMMENT 'One row per event.';
