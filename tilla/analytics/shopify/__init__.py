"""``analytics_shopify``: measures of a shop over its curated tables."""

from tilla.analytics.shopify.parts import counted_orders, given_back, sales_moves
from tilla.analytics.shopify.sales import daily_sales

__all__ = ["counted_orders", "daily_sales", "given_back", "sales_moves"]
