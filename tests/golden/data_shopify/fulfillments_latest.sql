CREATE VIEW IF NOT EXISTS data_shopify.fulfillments_latest
AS (
SELECT
    newest.shop_url AS shop_url,
    newest.fulfillment_id AS fulfillment_id,
    newest.order_id AS order_id,
    newest.fulfillment_name AS fulfillment_name,
    newest.created_at AS created_at,
    newest.updated_at AS updated_at,
    newest.status AS status,
    newest.shipment_status AS shipment_status,
    newest.delivered_at AS delivered_at,
    newest.location_id AS location_id,
    newest.service AS service,
    newest.tracking_company AS tracking_company,
    newest.tracking_number AS tracking_number,
    newest.tracking_numbers AS tracking_numbers,
    newest.tracking_url AS tracking_url,
    newest.extracted_at AS extracted_at,
    newest.generation_id AS generation_id,
    newest.version AS version,
    dateDiff('second', placed_at, newest.created_at) / 3600 AS hours_to_fulfil
FROM data_shopify.fulfillments AS newest FINAL
LEFT JOIN (
    SELECT shop_url, order_id, coalesce(processed_at, created_at) AS placed_at
    FROM data_shopify.orders_latest
) AS placed ON newest.shop_url = placed.shop_url AND newest.order_id = placed.order_id
)
COMMENT 'One row per fulfillment. Deduplicated: the newest row per key.';
