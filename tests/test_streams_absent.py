"""Streams that are not synced: what needs them is left out, what can live without them stands, with NULL where they would tell.

Tables of all streams are there once, empty. Whatever a project of fewer streams would run is run against them: a query that
names a column or a table of an absent stream is refused, and one that gives another type is too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla.analytics import commerce
from tilla.analytics import ga4 as traffic
from tilla.analytics import klaviyo as mail
from tilla.analytics import shopify as selling
from tilla.datasets import ga4, klaviyo, shopify
from tilla.ddl.script import Script
from tilla.sources import airbyte
from tilla.text import quote_string

SOLD = (
    "orders", "order_refunds", "customers", "abandoned_checkouts", "product_variants", "inventory_items",
    "inventory_levels", "locations",
)  # fmt: skip
DETAILED = ("campaigns_detailed", "events_detailed", "lists_detailed", "metrics")
WHOLE = {"shopify": SOLD, "klaviyo": klaviyo.STREAMS, "ga4": ga4.STREAMS}


MAKERS: dict[str, Any] = {"shopify": (shopify, selling), "klaviyo": (klaviyo, mail), "ga4": (ga4, traffic)}


@cache
def of_source(connector: str, streams: tuple[str, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The curated objects of a source with these streams, and its analytics tables."""
    dataset, analytics = MAKERS[connector]
    curated = dataset.curated(database=f"data_less_{connector}", raw_database=f"raw_less_{connector}", streams=streams)
    return curated, analytics.measured(curated, database="analytics_less")


def declared(streams: Mapping[str, Iterable[str]]) -> tl.Project:
    """The project of a shop with these streams."""
    parts = {connector: of_source(connector, tuple(names)) for connector, names in streams.items()}
    curated = {connector: objects for connector, (objects, _) in parts.items()}
    made = [item for _, tables in parts.values() for item in tables]
    across = commerce.measured(
        curated["shopify"], site=curated["ga4"], account=curated["klaviyo"], tables=made, database="analytics_less"
    )
    return tl.project("less", *(item for objects in curated.values() for item in objects), *made, *across)


@pytest.fixture(scope="module")
def tables(engine: Any) -> Iterator[dict[str, set[tuple[str, str]]]]:
    """Every table of all streams, empty; the texts that were tried already, with what they read."""
    project = declared(dict(WHOLE))
    detailed = declared(dict(WHOLE) | {"klaviyo": DETAILED})
    for statement in Script(project, with_sources=True, phases=frozenset(("schema",))).statements():
        engine.execute(statement.sql)
    landing = {source.path for source in detailed.sources}
    for statement in Script(detailed, with_sources=True, phases=frozenset(("schema",))).statements():
        if statement.creates in landing:
            engine.execute(statement.sql)
    yield {}
    s.remove(engine, project)
    s.remove(engine, detailed)


def selects_of(part: Any) -> Iterator[tuple[str, str]]:
    """What is run for an object: (its name, SELECT)."""
    if part.kind == "RefreshableView":
        yield part.qualified_name, part.refresh_query.sql()
    elif part.kind == "View":
        yield part.qualified_name, part.query.sql()


def names() -> Iterator[Any]:
    for connector, streams in WHOLE.items():
        for name in streams:
            yield pytest.param(connector, tuple(x for x in streams if x != name), id=f"{connector} without {name}")
            yield pytest.param(connector, (name,), id=f"{connector} with {name} alone")
        yield pytest.param(connector, (), id=f"without {connector}")
    yield pytest.param("klaviyo", ("events", "metrics"), id="klaviyo with events and metrics")
    yield pytest.param("klaviyo", DETAILED, id="klaviyo with the detailed streams")


@pytest.mark.parametrize(("connector", "streams"), list(names()))
def test_every_object_stands_without_what_is_not_synced(
    engine: Any, tables: dict[str, set[tuple[str, str]]], connector: str, streams: tuple[str, ...]
) -> None:
    """Each object reads only what the project has, and what it gives goes into the columns that it declares."""
    project = declared(dict(WHOLE) | {connector: streams})
    there = {part.path for part in project.parts}
    for part in project.parts:
        for name, select in selects_of(part):
            if select not in tables:
                tables[select] = {(edge.database, edge.name) for edge in part.edges()}
                columns = ", ".join(f"{column.name} {column.type}" for column in part.columns)
                engine.execute(f"INSERT INTO FUNCTION null({quote_string(columns)}) {select}")
            assert tables[select] <= there, name


def test_what_cannot_be_known_is_null(engine: Any) -> None:
    """Without stream orders stock is known and sales are not: NULL, neither 0 nor false. Without profiles no country is."""
    own = {"connectors": ["shopify", "klaviyo"], "streams": {
        "shopify": {"streams": ("inventory_items", "inventory_levels")}, "klaviyo": {"streams": ("events", "metrics")},
    }}  # fmt: skip

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        return [*selling.measured(have["shopify"], **how), *mail.measured(have["klaviyo"], **how)]

    with m.site(engine, airbyte.DEFAULT, tables, **own) as site:
        at = "2026-03-01T09:00:00Z"
        item = {"id": 1, "sku": "mug", "cost": 2.5, "tracked": True, "created_at": at, "updated_at": at}
        level = {"id": "7|1", "inventory_item_id": 1, "location_id": 7, "updated_at": at}
        site.land("shopify", "inventory_items", [item], shop="stock")
        quantities = [{"id": "q", "name": "available", "quantity": 4}]
        site.land("shopify", "inventory_levels", [level | {"quantities": quantities}], shop="stock")
        site.land("klaviyo", "metrics", m.metrics("Opened Email"))
        site.land("klaviyo", "events", [m.event("e", "Opened Email", at, "p")])
        (row,) = site.measured("inventory_cover")
        assert (row["sku"], row["available"], row["inventory_value"]) == ("mug", 4, Decimal(10))
        assert [row[name] for name in ("units_net", "daily_velocity", "days_of_cover", "reorder")] == [None] * 4
        (row,) = site.rows("analytics", "customer_lifecycle_summary")
        assert (row["customers"], row["avg_historic_clv"], row["marketing_opt_ins"]) == (1, None, None)
        (row,) = site.rows("analytics", "profile_lifecycle")
        assert (row["is_subscribed"], row["is_suppressed"], row["lifecycle"]) == (None, None, "never_purchased")
