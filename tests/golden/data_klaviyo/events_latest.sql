CREATE VIEW IF NOT EXISTS data_klaviyo.events_latest
AS (
SELECT
    newest.event_id AS event_id,
    newest.datetime AS datetime,
    newest.metric_id AS metric_id,
    newest.profile_id AS profile_id,
    newest.flow_id AS flow_id,
    newest.message_id AS message_id,
    newest.variation_id AS variation_id,
    newest.value AS value,
    newest.currency AS currency,
    newest.event_ref AS event_ref,
    newest.other_order_ref AS other_order_ref,
    newest.utm_source AS utm_source,
    newest.utm_medium AS utm_medium,
    newest.utm_campaign AS utm_campaign,
    newest.apple_privacy_open AS apple_privacy_open,
    newest.bot_click AS bot_click,
    newest.attributed_event_id AS attributed_event_id,
    newest.attributed_message_id AS attributed_message_id,
    newest.attributed_flow_id AS attributed_flow_id,
    newest.attributed_variation_id AS attributed_variation_id,
    newest.properties AS properties,
    newest.extracted_at AS extracted_at,
    newest.generation_id AS generation_id,
    newest.version AS version,
    m.name AS metric_name,
    m.integration_name AS integration_name,
    if(lower(m.integration_name) = 'shopify' AND lower(m.name) IN ('placed order', 'fulfilled order', 'cancelled order', 'refunded order'), coalesce(newest.event_ref, newest.other_order_ref), newest.other_order_ref) AS order_ref,
    if(newest.flow_id IS NULL, c.campaign, NULL) AS campaign_id,
    if(newest.flow_id IS NULL, c.campaign_name, NULL) AS campaign_name,
    if(newest.attributed_flow_id IS NULL, a.campaign, NULL) AS attributed_campaign_id,
    f.name AS flow_name
FROM data_klaviyo.events AS newest FINAL
LEFT JOIN data_klaviyo.metrics_latest AS m ON newest.metric_id = m.metric_id
LEFT JOIN (
    SELECT
        message,
        toNullable(argMax(campaign_id, version)) AS campaign,
        argMax(tuple(name), version).1 AS campaign_name
    FROM data_klaviyo.campaigns_latest
    ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
    GROUP BY message
) AS c ON newest.message_id = c.message
LEFT JOIN (
    SELECT
        message,
        toNullable(argMax(campaign_id, version)) AS campaign,
        argMax(tuple(name), version).1 AS campaign_name
    FROM data_klaviyo.campaigns_latest
    ARRAY JOIN arrayDistinct(arrayPushBack(message_ids, campaign_id)) AS message
    GROUP BY message
) AS a ON newest.attributed_message_id = a.message
LEFT JOIN data_klaviyo.flows_latest AS f ON newest.flow_id = f.flow_id
)
COMMENT 'One row per event, with the names of its metric, campaign and flow as of now.';
