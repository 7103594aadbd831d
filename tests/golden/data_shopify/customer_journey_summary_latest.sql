CREATE VIEW IF NOT EXISTS data_shopify.customer_journey_summary_latest
AS (
SELECT
    shop_url,
    order_id,
    created_at,
    updated_at,
    ready,
    moments_count,
    customer_order_index,
    days_to_conversion,
    first_visit_at,
    first_source,
    first_landing_page,
    first_referrer_url,
    first_utm_source,
    first_utm_medium,
    first_utm_campaign,
    last_visit_at,
    last_source,
    last_landing_page,
    last_referrer_url,
    last_utm_source,
    last_utm_medium,
    last_utm_campaign,
    extracted_at,
    generation_id,
    version
FROM data_shopify.customer_journey_summary FINAL
)
COMMENT 'One row per order: the journey that led to it. Deduplicated: the newest row per key.';
