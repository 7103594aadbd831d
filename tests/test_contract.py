"""The contract of the shipped tables: their names, and for analytics the first columns in their order. More columns may follow."""

from __future__ import annotations

import json
from pathlib import Path

from tilla.shipped import everything

CONTRACT = json.loads((Path(__file__).parent / "data" / "contract.json").read_text(encoding="utf-8"))
PARTS = {part.qualified_name: part for part in everything.parts}

CURATED = {
    "data_ga4": (
        "daily_active_users", "weekly_active_users", "four_weekly_active_users", "devices", "locations",
        "traffic_sources", "pages", "website_overview",
    ),
    "data_klaviyo": ("campaigns", "events", "profiles", "metrics", "flows", "lists"),
    "data_shopify": (
        "orders", "order_line_items", "order_discount", "order_tax_lines", "order_note_attributes",
        "order_payment_gateway", "order_agreements", "order_refund_line_items", "order_refund_adjustments",
        "order_refund_transactions", "transactions", "transaction_fees", "transaction_payment_details", "fulfillments",
        "fulfillment_line_items", "customers", "customer_address", "customer_journey_summary",
        "customer_journey_detail", "abandoned_checkouts", "abandoned_checkouts_line_items", "discount_codes",
        "price_rules", "inventory_items", "inventory_levels", "inventory_quantities", "locations", "countries", "shop",
        "order_refunds", "products", "product_variants", "deleted_objects",
    ),
}  # fmt: skip


def test_every_curated_table_is_there_with_its_deduplicated_view() -> None:
    """47 tables; the ``_latest`` view of each gives at least the table's own columns."""
    assert sum(len(names) for names in CURATED.values()) == 47
    for database, names in CURATED.items():
        for name in names:
            table, latest = PARTS[f"{database}.{name}"], PARTS[f"{database}.{name}_latest"]
            own = [column.name for column in table.columns]
            assert [column.name for column in latest.columns][: len(own)] == own, name


def test_every_analytics_table_begins_with_its_contract() -> None:
    """Grain columns first, then the columns of the contract, each read with a plain SELECT."""
    for name, columns in CONTRACT.items():
        assert [column.name for column in PARTS[name].columns][: len(columns)] == columns, name
    for name in ("customer_lifecycle_summary", "profile_lifecycle", "flow_performance"):
        assert f"analytics_klaviyo.{name}" in PARTS
