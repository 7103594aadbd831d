"""The shipped project: a shop's warehouse from raw tables to analytics. ``python -m tilla.emit`` prints it.

Shopify, Klaviyo and GA4, in the default Airbyte layout, with a role for people and agents who read and see no raw row.
``everything`` is the same warehouse of a shop that syncs every stream.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import tilla as tl
from tilla.analytics import commerce
from tilla.analytics import ga4 as traffic
from tilla.analytics import klaviyo as mail
from tilla.analytics import shopify as analytics
from tilla.datasets import ga4, klaviyo, shopify

ZONE = "America/New_York"

# The streams of the default Airbyte sync that the tables below read, and that the demo lands.
STREAMS = ("orders", "order_refunds", "customers", "abandoned_checkouts")
LANDED = frozenset(
    f"{connector}.{name}"
    for connector, names in (("shopify", STREAMS), ("klaviyo", klaviyo.STREAMS), ("ga4", ga4.STREAMS))
    for name in names
)


def warehouse(streams: Iterable[str] = STREAMS, *, name: str = "shop", timezone: str = ZONE) -> tl.Project:
    """The warehouse of a shop that syncs these Shopify streams, and all of Klaviyo and GA4."""
    curated = shopify.curated(timezone=timezone, streams=streams)
    account = klaviyo.curated(timezone=timezone)
    site = ga4.curated(timezone=timezone)
    clicks = mail.email_clicks(account)
    measures = (
        *analytics.measured(curated, timezone=timezone, clicks=clicks),
        *mail.measured(account),
        *traffic.measured(site),
    )
    across = commerce.measured(curated, site=site, account=account, tables=measures, timezone=timezone)
    return tl.project(name, *curated, *account, *site, *measures, *across, analyst)


analyst: tl.Role = tl.Role(
    "tilla_agent_role",
    select=(
        *(f"{layer}_{source}.*" for source in ("shopify", "klaviyo", "ga4") for layer in ("data", "analytics")),
        "analytics_commerce.*",
    ),
    readonly=2,
)

project: tl.Project = warehouse()


@cache
def _everything() -> tl.Project:
    return warehouse(shopify.STREAMS, name="everything")


def __getattr__(name: str) -> Any:
    # Every built-in table, for its pages and golden DDL: made when it is asked for, so that emit starts at once.
    if name != "everything":
        raise AttributeError(f"module 'tilla.shipped' has no attribute {name!r}")
    return _everything()
