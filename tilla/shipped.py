"""The shipped project: a shop's warehouse from raw tables to analytics. ``python -m tilla.emit`` prints it.

Shopify, Klaviyo and GA4, in the default Airbyte layout, with a role for people and agents who read and see no raw row.
"""

from __future__ import annotations

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

curated = shopify.curated(timezone=ZONE, streams=STREAMS)
account = klaviyo.curated(timezone=ZONE)
site = ga4.curated(timezone=ZONE)

sold = analytics.measured(curated, timezone=ZONE)
sales = next(item for item in sold if item.table == "daily_sales")
funnel = commerce.daily_funnel(curated, sales=sales, site=site, account=account, timezone=ZONE)
measures = (*sold, *mail.measured(account), *traffic.measured(site), funnel)

analyst = tl.Role(
    "tilla_agent_role",
    select=(
        *(f"{layer}_{source}.*" for source in ("shopify", "klaviyo", "ga4") for layer in ("data", "analytics")),
        "analytics_commerce.*",
    ),
    readonly=2,
)

project = tl.project("shop", *curated, *account, *site, *measures, analyst)
