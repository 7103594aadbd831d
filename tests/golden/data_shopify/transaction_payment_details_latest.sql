CREATE VIEW IF NOT EXISTS data_shopify.transaction_payment_details_latest
AS (
SELECT
    shop_url,
    transaction_id,
    order_id,
    created_at,
    card_company,
    card_number,
    card_bin,
    card_wallet,
    expiration_month,
    expiration_year,
    avs_result_code,
    cvv_result_code,
    extracted_at,
    version
FROM data_shopify.transaction_payment_details FINAL
)
COMMENT 'One row per transaction that says how it was paid. Deduplicated: the newest row per key.';
