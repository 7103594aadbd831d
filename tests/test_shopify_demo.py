"""The demo's shop, whose generator knows the right answers, through curated tables to analytics."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import tests.support.shop as s
import tilla as tl
from tilla.analytics import shopify as analytics
from tilla.datasets import shopify
from tilla.demo import Shop, land
from tilla.sources import airbyte

STREAMS = ("orders", "order_refunds", "customers", "abandoned_checkouts")
ZONES = ("America/New_York", "Europe/Madrid", "Asia/Kolkata")


@pytest.fixture(scope="session")
def demo(engine: Any) -> tuple[Shop, s.Warehouse]:
    """A shop of 400 orders, landed in order of arrival, each table once per zone."""
    shop = Shop(seed=11, orders=400, customers=120)
    layout = attrs.evolve(airbyte.DEFAULT, database="raw_demo_shop")
    curated = shopify.curated(layout=layout, database="data_demo_shop", timezone=shop.timezone, streams=STREAMS)
    tables = [
        table
        for number, zone in enumerate(ZONES)
        for how in ({"database": f"analytics_demo_shop_{number}", "timezone": zone},)
        for table in (
            analytics.daily_sales(curated, **how),
            analytics.customer_cohorts(curated, as_of=shop.end, **how),
            analytics.discount_effect(curated, **how),
            analytics.checkout_recovery(curated, **how),
        )
    ]
    warehouse = s.Warehouse(engine, layout, tl.project("demo_shop", *curated, *tables))
    warehouse.provision()
    land(engine, shop, layout, streams={f"shopify.{name}" for name in STREAMS}, chunk=500)
    warehouse.refresh(*(table.name for table in tables))
    return shop, warehouse


@pytest.mark.parametrize("number", range(len(ZONES)), ids=ZONES)
@pytest.mark.parametrize("table", ["daily_sales", "customer_cohorts", "discount_effect", "checkout_recovery"])
def test_analytics_agree_with_what_happened(demo: tuple[Shop, s.Warehouse], table: str, number: int) -> None:
    """Edits, refunds, cancels, tests, deletions, duplicates, late rows, several currencies: the same numbers, row by row."""
    shop, warehouse = demo
    truth = shop.truth(timezone=ZONES[number], as_of=shop.end)[table]
    key = {"daily_sales": "date", "customer_cohorts": "cohort_month, month_offset", "discount_effect": "code"}
    rows = warehouse.rows(f"analytics_demo_shop_{number}.{table}", shop=shop.shop_url, order_by=key.get(table, "date"))
    s.check(rows, truth)
