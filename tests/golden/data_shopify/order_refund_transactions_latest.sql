CREATE VIEW IF NOT EXISTS data_shopify.order_refund_transactions_latest
AS (
SELECT
    shop_url,
    refund_id,
    transaction_id,
    order_id,
    parent_id,
    created_at,
    processed_at,
    kind,
    status,
    gateway,
    currency,
    amount,
    test,
    extracted_at,
    version
FROM data_shopify.order_refund_transactions FINAL
)
COMMENT 'One row per refund and transaction. Deduplicated: the newest row per key.';
