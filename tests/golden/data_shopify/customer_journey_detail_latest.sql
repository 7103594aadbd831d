CREATE VIEW IF NOT EXISTS data_shopify.customer_journey_detail_latest
AS (
SELECT
    shop_url,
    order_id,
    visit_id,
    order_created_at,
    occurred_at,
    source,
    source_type,
    source_description,
    landing_page,
    referrer_url,
    referral_code,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_content,
    utm_term,
    extracted_at,
    journey_version
FROM data_shopify.customer_journey_detail FINAL
WHERE (shop_url, order_id, journey_version) IN (SELECT shop_url, order_id, version FROM data_shopify.customer_journey_summary_latest)
)
COMMENT 'One row per order and visit that led to it. Of the newest state of each owner: what an edit removed is left out.';
