CREATE VIEW IF NOT EXISTS data_shopify.transactions_latest
AS (
SELECT
    shop_url,
    transaction_id,
    order_id,
    parent_id,
    created_at,
    processed_at,
    kind,
    status,
    gateway,
    formatted_gateway,
    currency,
    amount,
    shop_amount,
    shop_currency,
    unsettled,
    test,
    error_code,
    message,
    authorization,
    payment_id,
    source_name,
    location_id,
    user_id,
    receipt,
    extracted_at,
    generation_id,
    version
FROM data_shopify.transactions FINAL
)
COMMENT 'One row per transaction. Deduplicated: the newest row per key.';
