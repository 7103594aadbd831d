"""``analytics_shopify``: measures of a shop over its curated tables.

Each function declares one table; :func:`measured` declares all that the synced streams allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tilla as tl
from tilla.analytics.shopify.buyers import customer_cohorts, customer_rfm
from tilla.analytics.shopify.parts import counted_orders, given_back, sales_moves
from tilla.analytics.shopify.promotions import discount_effect
from tilla.analytics.shopify.recovery import checkout_recovery
from tilla.analytics.shopify.sales import daily_sales
from tilla.analytics.shopify.stock import inventory_cover
from tilla.datasets.common import Curated

# Each table with the curated objects that it cannot do without.
NEEDS: dict[Callable[..., tl.RefreshableView[Any]], tuple[str, ...]] = {
    daily_sales: ("orders",),
    customer_cohorts: ("orders",),
    customer_rfm: ("orders",),
    discount_effect: ("orders",),
    inventory_cover: ("inventory_items", "inventory_levels"),
    checkout_recovery: ("abandoned_checkouts",),
}


def measured(
    shop: Curated, *, database: str = "analytics_shopify", timezone: str = "", clicks: Any = None
) -> tuple[Any, ...]:
    """Every table that the shop's synced streams allow, with the default parameters.

    ``clicks`` is what ``checkout_recovery`` takes: :func:`tilla.analytics.klaviyo.email_clicks` of the shop's account.
    """
    return tuple(
        make(shop, database=database, timezone=timezone, **({"clicks": clicks} if make is checkout_recovery else {}))
        for make, needs in NEEDS.items()
        if all(shop.get(name) is not None for name in needs)
    )


__all__ = [
    "checkout_recovery",
    "counted_orders",
    "customer_cohorts",
    "customer_rfm",
    "daily_sales",
    "discount_effect",
    "given_back",
    "inventory_cover",
    "measured",
    "sales_moves",
]
