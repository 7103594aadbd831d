CREATE VIEW IF NOT EXISTS data_shopify.transaction_fees_latest
AS (
SELECT
    shop_url,
    transaction_id,
    fee_id,
    order_id,
    created_at,
    type,
    rate,
    rate_name,
    amount,
    currency,
    flat_fee,
    flat_fee_name,
    tax_amount,
    extracted_at,
    version
FROM data_shopify.transaction_fees FINAL
)
COMMENT 'One row per transaction and fee. Deduplicated: the newest row per key.';
