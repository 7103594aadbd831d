"""What tables across sources share: which shop a property or an account belongs to, and in which currency it sells."""

from __future__ import annotations

from collections.abc import Mapping

from tilla import functions as f
from tilla import types as t

# The currency in which a shop sells most, and how many orders it has: over a CTE with (shop_url, currency, placed).
MAIN = """main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM {placed} AS n
    GROUP BY shop_url
)"""

MAIN_SHOP = "(SELECT argMax(shop_url, (placed, shop_url)) FROM main)"


def shop_of_property(property_shops: Mapping[str, str] | None) -> str:
    """SQL for the shop of a GA4 property: as the mapping says, or the shop with the most orders."""
    if not property_shops:
        return MAIN_SHOP
    known, shops = (f.cast(list(part), t.Array(t.String)).sql() for part in zip(*property_shops.items(), strict=True))
    return f"transform(property_id, {known}, {shops}, '')"


def shop_of_account(account_shop: str) -> str:
    """SQL for the shop of a Klaviyo account: the one that is given, or the shop with the most orders."""
    return f.cast(account_shop, t.String).sql() if account_shop else MAIN_SHOP
