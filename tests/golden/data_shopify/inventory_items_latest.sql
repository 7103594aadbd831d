CREATE VIEW IF NOT EXISTS data_shopify.inventory_items_latest
AS (
SELECT
    newest.shop_url AS shop_url,
    newest.inventory_item_id AS inventory_item_id,
    newest.sku AS sku,
    newest.unit_cost AS unit_cost,
    newest.cost_currency AS cost_currency,
    newest.tracked AS tracked,
    newest.requires_shipping AS requires_shipping,
    newest.country_of_origin AS country_of_origin,
    newest.province_of_origin AS province_of_origin,
    newest.harmonized_system_code AS harmonized_system_code,
    newest.created_at AS created_at,
    newest.updated_at AS updated_at,
    newest.extracted_at AS extracted_at,
    newest.generation_id AS generation_id,
    newest.version AS version,
    sold_as.variant AS variant_id,
    sold_as.product AS product_id
FROM data_shopify.inventory_items AS newest FINAL
LEFT JOIN (
    SELECT
        shop_url, assumeNotNull(inventory_item_id) AS item, toNullable(max(variant_id)) AS variant,
        argMax(tuple(product_id), variant_id).1 AS product
    FROM data_shopify.product_variants_latest
    WHERE inventory_item_id IS NOT NULL
    GROUP BY shop_url, item
) AS sold_as ON newest.shop_url = sold_as.shop_url AND newest.inventory_item_id = sold_as.item
)
COMMENT 'One row per inventory item. Deduplicated: the newest row per key.';
