"""Klaviyo and GA4 on the test engine: databases of a test's own, and records in the shapes that the connectors emit."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import attrs

import tests.support.shop as s
import tilla as tl
from tilla.analytics import ga4 as visits
from tilla.analytics import klaviyo as mail
from tilla.datasets import ga4, klaviyo, shopify
from tilla.sources import Layout

_numbers = itertools.count(1)


@attrs.define
class Site:
    """Raw, curated and analytics databases that nobody else uses, dropped at the end."""

    server: Any
    layout: Layout
    tag: str
    warehouse: s.Warehouse

    def land(self, connector: str, name: str, records: Iterable[Mapping[str, Any]], **how: Any) -> None:
        """Land records of a stream in one insert."""
        attrs.evolve(self.warehouse, connector=connector).land(name, records, **how)

    def refresh(self) -> None:
        """Refresh every refreshable view, parents first."""
        views = [item for item in self.warehouse.project.ordered(lambda part: 0) if item.kind == "RefreshableView"]
        self.warehouse.refresh(*(view.qualified_name for view in views))

    def rows(self, layer: str, name: str, order_by: str = "ALL", columns: str = "*") -> list[dict[str, Any]]:
        """All rows of a table of a layer, ``data`` or ``analytics``."""
        return self.server.rows(f"SELECT {columns} FROM {layer}_{self.tag}.{name} ORDER BY {order_by}")

    def measured(self, name: str, order_by: str = "ALL") -> list[dict[str, Any]]:
        """Refresh everything and read an analytics table."""
        self.refresh()
        return self.rows("analytics", name, order_by)


@contextmanager
def site(
    server: Any,
    layout: Layout,
    tables: Callable[[dict[str, Any], dict[str, Any]], Iterable[Any]],
    *,
    timezone: str = "UTC",
    connectors: Iterable[str] = ("klaviyo",),
    sources: Iterable[Any] = (),
    provision: bool = True,
    streams: Mapping[str, Mapping[str, Any]] = MappingProxyType({"shopify": {"streams": ("orders", "order_refunds")}}),
) -> Iterator[Site]:
    """Provision a project: curated objects of the connectors, and what ``tables`` makes of them.

    ``tables`` takes the curated objects by connector, and the keywords that every analytics function takes.
    """
    tag = f"m{next(_numbers)}"
    own = attrs.evolve(layout, database=f"raw_{tag}")
    how = {"layout": own, "database": f"data_{tag}", "timezone": timezone}
    makers = {"klaviyo": klaviyo, "ga4": ga4, "shopify": shopify}
    have = {name: makers[name].curated(**how, **streams.get(name, {})) for name in connectors}
    made = tables(have, {"database": f"analytics_{tag}"})
    # They share a database here, which has room for one object of a name.
    curated = [item for c in have.values() for item in c if len(have) == 1 or item.table != "rejects"]
    project = tl.project(tag, *curated, *sources, *made)
    found = Site(server, own, tag, s.Warehouse(server, own, project))
    try:
        if provision:
            found.warehouse.provision()
        yield found
    finally:
        s.remove(server, project)


_shared: dict[str, Site] = {}


def shared(server: Any, layout: Layout) -> Site:
    """Klaviyo and GA4 over a layout, provisioned once and kept: a test tells its rows apart by ids and properties of its own."""
    if layout.name not in _shared:
        own = attrs.evolve(layout, database=f"raw_shared_{len(_shared)}")
        tag = f"shared_{len(_shared)}"
        how = {"layout": own, "database": f"data_{tag}"}
        account, traffic = klaviyo.curated(**how), ga4.curated(**how)
        database = {"database": f"analytics_{tag}"}
        tables = (
            mail.campaign_performance(account, **database),
            *mail.daily_event_summary(account, **database),
            mail.attribution_summary(account, **database),
            visits.daily_devices(traffic, **database),
            visits.daily_traffic_sources(traffic, **database),
            visits.active_users(traffic, **database),
        )
        curated = [item for item in (*account, *traffic) if item.table != "rejects"]
        project = tl.project(tag, *curated, *tables)
        found = Site(server, own, tag, s.Warehouse(server, own, project))
        found.warehouse.provision()
        _shared[layout.name] = found
    return _shared[layout.name]


# --- Klaviyo records ---

METRIC_IDS: dict[tuple[str, str], str] = {}


def metric_id(name: str, integration: str = "Klaviyo") -> str:
    """The id of a metric, made up when it is first asked for."""
    return METRIC_IDS.setdefault((name, integration), f"Me{len(METRIC_IDS):04d}")


def metrics(*names: str | tuple[str, str]) -> list[dict[str, Any]]:
    """Records of metrics; a pair names the integration too."""
    found = []
    for item in names:
        name, integration = (item, "Klaviyo") if isinstance(item, str) else item
        when = "2022-01-01T00:00:00+00:00"
        about = {"object": "integration", "id": integration[:6], "name": integration, "category": "Internal"}
        attributes = {"name": name, "created": when, "updated": when, "integration": about}
        record = {"type": "metric", "id": metric_id(name, integration), "attributes": attributes, "updated": when}
        found.append(record | {"relationships": {}})
    return found


def event(
    id: str,
    metric: str,
    at: str,
    profile: str | None,
    *,
    integration: str = "Klaviyo",
    **properties: Any,
) -> dict[str, Any]:
    """An event; properties by name, those that Klaviyo writes with a dollar sign as ``S_value``."""
    body = {key.replace("S_", "$"): value for key, value in properties.items() if value is not None}
    linked = None if profile is None else {"type": "profile", "id": profile}
    return {
        "type": "event",
        "id": id,
        "datetime": at,
        "attributes": {"timestamp": 0, "event_properties": body, "datetime": at, "uuid": "0"},
        "relationships": {
            "profile": {"data": linked},
            "metric": {"data": {"type": "metric", "id": metric_id(metric, integration)}},
        },
    }


def campaign(
    id: str,
    name: str,
    *,
    messages: Iterable[str] = (),
    updated_at: str = "2026-02-01T00:00:00+00:00",
    **attributes: Any,
) -> dict[str, Any]:
    """A campaign."""
    return {
        "type": "campaign",
        "id": id,
        "updated_at": updated_at,
        "attributes": {"name": name, "status": "Sent", "channel": "email", "updated_at": updated_at} | attributes,
        "relationships": {"campaign-messages": {"data": [{"type": "campaign-message", "id": m} for m in messages]}},
    }


def profile(id: str, **attributes: Any) -> dict[str, Any]:
    """A profile."""
    when = "2026-01-01T00:00:00+00:00"
    return {
        "type": "profile",
        "id": id,
        "updated": attributes.pop("updated", when),
        "attributes": {"email": f"{id}@example.com", "created": when, "updated": when} | attributes,
        "relationships": {},
    }


# --- GA4 records ---


def report(date: str, property_id: str = "1", **fields: Any) -> dict[str, Any]:
    """A row of a report."""
    return {"property_id": property_id, "date": date} | fields


def moment(text: str) -> dt.datetime:
    """A moment of extraction."""
    return dt.datetime.fromisoformat(text)
