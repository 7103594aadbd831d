CREATE VIEW IF NOT EXISTS data_klaviyo.campaigns_latest
AS (
SELECT
    campaign_id,
    name,
    status,
    channel,
    archived,
    send_time,
    scheduled_at,
    created_at,
    updated_at,
    message_ids,
    subject,
    preview_text,
    from_email,
    from_label,
    estimated_recipients,
    audiences_included,
    audiences_excluded,
    send_method,
    smart_sending,
    tracks_opens,
    tracks_clicks,
    adds_utm,
    tracking_params,
    extracted_at,
    generation_id,
    version
FROM data_klaviyo.campaigns FINAL
)
COMMENT 'One row per campaign. Deduplicated: the newest row per key.';
