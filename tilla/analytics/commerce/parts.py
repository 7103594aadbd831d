"""What tables across sources share: which shop a property or an account belongs to, and in which currency it sells."""

from __future__ import annotations

from collections.abc import Mapping

from tilla import functions as f
from tilla import types as t
from tilla.analytics.klaviyo import parts as k
from tilla.datasets.common import Curated

AccountShop = str | Mapping[str, str]
"""The shop_url of the Klaviyo account, or by account that of each."""

# The currency in which a shop sells most, and how many orders it has: over a CTE with (shop_url, currency, placed).
MAIN = """main AS (
    SELECT
        n.shop_url AS shop_url, argMax(n.currency, (n.placed, n.currency)) AS currency, sum(n.placed) AS placed
    FROM {placed} AS n
    GROUP BY shop_url
)"""


def orders_placed() -> str:
    """What :data:`MAIN` is over: the number of orders of each shop and currency, over a reference ``counted``.

    It reads every order once; a CTE that adds up what was sold would be worked out anew for it.
    """
    return """(
        SELECT toString(shop_url) AS shop_url, toString(currency) AS currency, count() AS placed
        FROM ({counted})
        GROUP BY shop_url, currency
    )"""


MAIN_SHOP = "(SELECT argMax(shop_url, (placed, shop_url)) FROM main)"


def shop_of_property(property_shops: Mapping[str, str] | None) -> str:
    """SQL for the shop of a GA4 property: as the mapping says, or the shop with the most orders."""
    if not property_shops:
        return MAIN_SHOP
    known, shops = (f.cast(list(part), t.Array(t.String)).sql() for part in zip(*property_shops.items(), strict=True))
    return f"transform(property_id, {known}, {shops}, '')"


def shop_of_account(account: Curated | None, account_shop: AccountShop, column: str = "account") -> str:
    """SQL for the shop of a Klaviyo account: the one that is given, or the shop with the most orders.

    Raises:
        DeclarationError: a shop is given for an account that is not declared.
    """
    return ("" if account is None else k.shop_of_account(account, account_shop, column)) or MAIN_SHOP


def by_account(account: Curated | None, account_shop: AccountShop) -> bool:
    """True where each of several accounts has a shop of its own."""
    return account is not None and k.own(account).several and not isinstance(account_shop, str) and bool(account_shop)


def one_shop(account: Curated, account_shop: AccountShop) -> str:
    """The condition that a row is of the shop to which all accounts belong; '' without one."""
    if by_account(account, account_shop) or not account_shop:
        return ""
    return f"shop_url = {k.shop_of_account(account, account_shop)}"


def by_mail(account: Curated, indent: str) -> str:
    """The condition that a claim is of no campaign by SMS or push, over a reference ``campaigns``; after other conditions."""
    apart = k.own(account)
    claimed = apart.pair("ifNull(campaign_id, '')")
    return (
        f"{indent}AND {claimed} NOT IN (\n"
        f"{indent}    SELECT {apart.key}campaign_id FROM {{campaigns}} WHERE ifNull(channel, 'email') != 'email'\n{indent})"
    )
