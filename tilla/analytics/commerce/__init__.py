"""``analytics_commerce``: the shop, its visits and its e-mails side by side.

Each function declares one table; :func:`measured` declares all four. What a source would tell that is not there, or whose
stream is not synced, is NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tilla as tl
from tilla.analytics.commerce.channels import channel_performance
from tilla.analytics.commerce.customers import customer_360
from tilla.analytics.commerce.emails import email_revenue_reconciliation
from tilla.analytics.commerce.funnel import daily_funnel
from tilla.datasets.common import Curated


def measured(
    shop: Curated,
    *,
    site: Curated | None = None,
    account: Curated | None = None,
    tables: Iterable[Any] = (),
    database: str = "analytics_commerce",
    timezone: str = "",
    property_shops: Mapping[str, str] | None = None,
    account_shop: str | Mapping[str, str] = "",
    merged: Any = None,
) -> tuple[tl.RefreshableView[Any], ...]:
    """Every table that the synced streams allow, with the default parameters.

    ``property_shops`` says which GA4 property belongs to which shop_url, ``account_shop`` to which one the Klaviyo account
    belongs, or by account each of several. One of each needs neither; several without it all stand with the shop that has the
    most orders, and their e-mail orders are looked up in every shop.

    ``tables`` are the measures of the sources: of them ``daily_sales`` goes into the funnel, ``customer_rfm`` and
    ``profile_lifecycle`` into ``customer_360``, ``attributed_conversions`` into the funnel and the reconciliation. ``merged`` is a table of yours with (profile_id, merged_into), as for
    :func:`tilla.analytics.klaviyo.measured`.
    """
    made = {table.table: table for table in tables}
    how: dict[str, Any] = {"database": database, "timezone": timezone}
    conversions = made.get("attributed_conversions")
    found: list[tl.RefreshableView[Any]] = []
    if "daily_sales" in made:
        found.append(
            daily_funnel(
                shop,
                sales=made["daily_sales"],
                site=site,
                account=account,
                conversions=conversions,
                property_shops=property_shops,
                account_shop=account_shop,
                merged=merged,
                **how,
            )
        )
    sold = shop.get("orders") is not None
    if sold or (site is not None and site.get("traffic_sources") is not None):
        found.append(channel_performance(shop, site=site, property_shops=property_shops, **how))
    if account is not None and account.get("events") is not None and account.get("metrics") is not None:
        found.append(
            email_revenue_reconciliation(
                shop, account=account, conversions=conversions, account_shop=account_shop, merged=merged, **how
            )
        )
    lives = made.get("profile_lifecycle")
    known = account is not None and account.get("profiles") is not None
    if sold or shop.get("customers") is not None or known or lives is not None:
        scores = made.get("customer_rfm")
        found.append(
            customer_360(
                shop, account=account, lives=lives, scores=scores, account_shop=account_shop, merged=merged, **how
            )
        )
    return tuple(found)


__all__ = [
    "channel_performance",
    "customer_360",
    "daily_funnel",
    "email_revenue_reconciliation",
    "measured",
]
