"""The shipped project: a shop's warehouse from raw tables to analytics. ``python -m tilla.emit`` prints it.

It holds the Shopify chain so far; GA4 and Klaviyo have their raw streams and demo data, not yet their tables.
"""

from __future__ import annotations

import tilla as tl
from tilla.analytics import shopify as analytics
from tilla.datasets import shopify

# The streams of the default Airbyte sync that the tables below read, and that the demo lands.
STREAMS = ("orders", "order_refunds", "customers", "abandoned_checkouts")

curated = shopify.curated(timezone="America/New_York", streams=STREAMS)
measures = analytics.measured(curated, timezone="America/New_York")
analyst = tl.Role("tilla_agent_role", select=("data_shopify.*", "analytics_shopify.*"), readonly=2)

project = tl.project("shop", *curated, *measures, analyst)
