"""The eight worked cases over what dlt lands, beside Airbyte's five layouts: the very tests of each table, over another layout.

(``daily_sales`` and ``campaign_performance`` stand in test_dlt.)
"""

from __future__ import annotations

from typing import Any

import pytest

import tests.support.shop as s
from tests import test_ga4_and_commerce as traffic
from tests import test_klaviyo_analytics as mail
from tests import test_shopify_analytics as selling
from tilla.sources import dlt

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in dlt.LAYOUTS.values()]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", ["discount_effect", "checkout_recovery"])
def test_shopify_worked_cases(engine: Any, layout: Any, case: str) -> None:
    """Codes and checkouts of a shop."""
    getattr(selling, f"test_{case}_worked_case_in_every_layout")(s.warehouse(engine, layout))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", ["daily_event_summary", "segment_performance"])
def test_klaviyo_worked_cases(engine: Any, layout: Any, case: str) -> None:
    """Events by day; segments."""
    getattr(mail, f"test_{case}_worked_case")(engine, layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ga4_worked_case(engine: Any, layout: Any) -> None:
    """A day that was read twice."""
    traffic.test_devices_rollup_worked_case(engine, layout, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_funnel_worked_case(engine: Any, layout: Any) -> None:
    """All three sources at once."""
    traffic.test_daily_funnel_worked_case(engine, layout)
