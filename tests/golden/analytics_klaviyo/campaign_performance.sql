CREATE MATERIALIZED VIEW IF NOT EXISTS analytics_klaviyo.campaign_performance
REFRESH EVERY 1 HOUR DEPENDS ON analytics_klaviyo.attributed_conversions
(
    campaign_id String COMMENT 'Klaviyo\'s id of the campaign',
    recipients UInt64 COMMENT 'profiles that received it or bounced; do not sum over campaigns',
    delivered UInt64 COMMENT 'profiles that received it; do not sum over campaigns',
    bounced UInt64 COMMENT 'recipients - delivered',
    delivery_rate Nullable(Float64) COMMENT 'delivered / recipients',
    bounce_rate Nullable(Float64) COMMENT 'bounced / recipients',
    opens UInt64 COMMENT 'opens, those by mail programs included; sum over campaigns',
    opens_unique UInt64 COMMENT 'profiles that opened; do not sum over campaigns',
    open_rate Nullable(Float64) COMMENT 'opens_unique / delivered',
    opens_unique_excl_mpp UInt64 COMMENT 'profiles that opened themselves, not their mail program alone',
    open_rate_excl_mpp Nullable(Float64) COMMENT 'opens_unique_excl_mpp / delivered',
    clicks UInt64 COMMENT 'clicks, those by bots left out; sum over campaigns',
    clicks_unique UInt64 COMMENT 'profiles that clicked; do not sum over campaigns',
    click_rate Nullable(Float64) COMMENT 'clicks_unique / delivered',
    click_to_open_rate Nullable(Float64) COMMENT 'clicks_unique / opens_unique',
    unsubscribe_rate Nullable(Float64) COMMENT 'profiles that unsubscribed / delivered',
    spam_complaint_rate Nullable(Float64) COMMENT 'profiles that marked it as spam / delivered',
    conversions UInt64 COMMENT 'Placed Order with the credit for it; sum over campaigns',
    conversion_uniques UInt64 COMMENT 'profiles behind them; do not sum over campaigns',
    conversion_rate Nullable(Float64) COMMENT 'conversion_uniques / delivered',
    placed_order_rate Nullable(Float64) COMMENT 'conversions / delivered',
    revenue Decimal(38, 4) COMMENT 'value of the conversions, account currency; sum over campaigns',
    revenue_per_recipient Nullable(Float64) COMMENT 'revenue / delivered',
    aov Nullable(Float64) COMMENT 'revenue / conversions',
    name Nullable(String) COMMENT 'name as of now',
    channel LowCardinality(Nullable(String)) COMMENT 'email, sms or mobile_push',
    send_time Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was sent (UTC); NULL for a draft',
    unsubscribes UInt64 COMMENT 'profiles that unsubscribed by it',
    spam_complaints UInt64 COMMENT 'profiles that marked it as spam',
    native_conversions UInt64 COMMENT 'conversions whose credit is Klaviyo\'s own; the rest is computed',
    first_event_at Nullable(DateTime64(3, 'UTC')) COMMENT 'its first event (UTC)',
    last_event_at Nullable(DateTime64(3, 'UTC')) COMMENT 'its last event (UTC)'
)
ENGINE = MergeTree
ORDER BY campaign_id
EMPTY
AS (
SELECT
    c.campaign_id AS campaign_id,
    e.recipients AS recipients,
    e.delivered AS delivered,
    recipients - delivered AS bounced,
    delivered / nullIf(recipients, 0) AS delivery_rate,
    bounced / nullIf(recipients, 0) AS bounce_rate,
    e.opens AS opens,
    e.opens_unique AS opens_unique,
    opens_unique / nullIf(delivered, 0) AS open_rate,
    e.opens_unique_excl_mpp AS opens_unique_excl_mpp,
    opens_unique_excl_mpp / nullIf(delivered, 0) AS open_rate_excl_mpp,
    e.clicks AS clicks,
    e.clicks_unique AS clicks_unique,
    clicks_unique / nullIf(delivered, 0) AS click_rate,
    clicks_unique / nullIf(opens_unique, 0) AS click_to_open_rate,
    unsubscribes / nullIf(delivered, 0) AS unsubscribe_rate,
    spam_complaints / nullIf(delivered, 0) AS spam_complaint_rate,
    v.conversions AS conversions,
    v.conversion_uniques AS conversion_uniques,
    conversion_uniques / nullIf(delivered, 0) AS conversion_rate,
    conversions / nullIf(delivered, 0) AS placed_order_rate,
    v.revenue AS revenue,
    toFloat64(revenue) / nullIf(delivered, 0) AS revenue_per_recipient,
    toFloat64(revenue) / nullIf(conversions, 0) AS aov,
    c.name AS name,
    c.channel AS channel,
    c.send_time AS send_time,
    e.unsubscribes AS unsubscribes,
    e.spam_complaints AS spam_complaints,
    v.native_conversions AS native_conversions,
    e.first_event_at AS first_event_at,
    e.last_event_at AS last_event_at
FROM data_klaviyo.campaigns_latest AS c
LEFT JOIN (
    SELECT
        assumeNotNull(m.campaign) AS campaign_id,
        uniqExactMergeIf(s.profiles, kind IN (CAST('received email', 'String'), CAST('bounced email', 'String'))) AS recipients,
        uniqExactMergeIf(s.profiles, kind IN (CAST('received email', 'String'))) AS delivered,
        uniqExactMergeIf(s.events, kind IN (CAST('opened email', 'String'))) AS opens,
        uniqExactMergeIf(s.profiles, kind IN (CAST('opened email', 'String'))) AS opens_unique,
        uniqExactMergeIf(s.profiles, kind IN (CAST('opened email', 'String')) AND NOT s.apple_privacy_open) AS opens_unique_excl_mpp,
        uniqExactMergeIf(s.events, kind IN (CAST('clicked email', 'String')) AND NOT s.bot_click) AS clicks,
        uniqExactMergeIf(s.profiles, kind IN (CAST('clicked email', 'String')) AND NOT s.bot_click) AS clicks_unique,
        uniqExactMergeIf(s.profiles, kind IN (CAST('unsubscribed', 'String'), CAST('unsubscribed from email marketing', 'String'), CAST('unsubscribed from list', 'String'))) AS unsubscribes,
        uniqExactMergeIf(s.profiles, kind IN (CAST('marked email as spam', 'String'))) AS spam_complaints,
        toNullable(minMerge(s.first_event_at)) AS first_event_at,
        toNullable(maxMerge(s.last_event_at)) AS last_event_at
    FROM analytics_klaviyo.message_engagement_state AS s
    INNER JOIN (
        SELECT metric_id, lower(ifNull(name, '')) AS kind
        FROM data_klaviyo.metrics_latest
        WHERE lower(ifNull(name, '')) IN (CAST('received email', 'String'), CAST('bounced email', 'String'), CAST('opened email', 'String'), CAST('clicked email', 'String'), CAST('unsubscribed', 'String'), CAST('unsubscribed from email marketing', 'String'), CAST('unsubscribed from list', 'String'), CAST('marked email as spam', 'String'))
    ) AS q ON s.metric_id = q.metric_id
    INNER JOIN (
        SELECT message, toNullable(argMax(campaign_id, version)) AS campaign
        FROM data_klaviyo.campaigns_latest
        ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
        GROUP BY message
    ) AS m ON s.message_id = m.message
    WHERE s.flow_id = ''
    GROUP BY campaign_id
) AS e ON c.campaign_id = e.campaign_id
LEFT JOIN (
    SELECT
        ifNull(a.campaign_id, '') AS campaign_id,
        uniqExact(a.event_id) AS conversions,
        uniqExact(a.profile_id) AS conversion_uniques,
        uniqExactIf(a.event_id, a.attribution_method = 'native') AS native_conversions,
        sum(a.value) AS revenue
    FROM analytics_klaviyo.attributed_conversions AS a
    WHERE a.campaign_id IS NOT NULL
    GROUP BY campaign_id
) AS v ON c.campaign_id = v.campaign_id
SETTINGS max_bytes_before_external_group_by = 2000000000, max_bytes_before_external_sort = 2000000000, max_memory_usage = 8000000000
)
COMMENT 'One row per campaign: sent, opened, clicked, bought.';
