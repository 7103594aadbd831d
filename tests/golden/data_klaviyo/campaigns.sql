CREATE TABLE IF NOT EXISTS data_klaviyo.campaigns
(
    campaign_id String COMMENT 'Klaviyo\'s id of the campaign',
    name Nullable(String) COMMENT 'name; it may change',
    status LowCardinality(Nullable(String)) COMMENT 'Draft, Scheduled, Sent, Cancelled, ...',
    channel LowCardinality(Nullable(String)) COMMENT 'email, sms or mobile_push; lower case',
    archived Nullable(Bool) COMMENT 'true where it was archived',
    send_time Nullable(DateTime64(3, 'UTC')) COMMENT 'when it is or was sent (UTC); NULL for a draft',
    scheduled_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was scheduled (UTC)',
    created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was created (UTC)',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'when it last changed (UTC)',
    message_ids Array(String) COMMENT 'its messages, by which events may name it; several in an A/B test',
    subject Nullable(String) COMMENT 'subject; only of campaigns_detailed',
    preview_text Nullable(String) COMMENT 'preview text; only of campaigns_detailed',
    from_email Nullable(String) COMMENT 'sender; only of campaigns_detailed',
    from_label Nullable(String) COMMENT 'sender\'s name; only of campaigns_detailed',
    estimated_recipients Nullable(Int64) COMMENT 'Klaviyo\'s estimate; only of campaigns_detailed',
    audiences_included Array(String) COMMENT 'ids of lists and segments that it goes to',
    audiences_excluded Array(String) COMMENT 'ids of lists and segments that are left out',
    send_method LowCardinality(Nullable(String)) COMMENT 'static, throttled, immediate, smart_send_time',
    smart_sending Nullable(Bool) COMMENT 'true where profiles who got another message lately are skipped',
    tracks_opens Nullable(Bool) COMMENT 'true where opens are tracked',
    tracks_clicks Nullable(Bool) COMMENT 'true where clicks are tracked',
    adds_utm Nullable(Bool) COMMENT 'true where links get UTM parameters',
    tracking_params Nullable(String) COMMENT 'their definition, JSON text',
    extracted_at DateTime64(3, 'UTC') COMMENT 'when the loader read the record that this row comes from (UTC)',
    generation_id Nullable(UInt32) COMMENT 'the loader\'s generation of the raw table; NULL in layouts without one',
    version UInt128 COMMENT 'updated_at in ms x 2^64 + extraction time in ms: the row with the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY campaign_id
COMMENT 'One row per campaign.';
