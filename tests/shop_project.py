"""A small project with one object of each common kind: what most tests of rendering and order use."""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree


class RawEvent(tl.Columns):
    id = tl.column(t.String)
    datetime = tl.column(t.DateTime64(3))
    attributes = tl.column(t.Nullable(t.String))
    relationships = tl.column(t.Nullable(t.String))
    extracted_at = tl.column(t.DateTime64(3), name="_airbyte_extracted_at")


raw_events = tl.Source("raw_klaviyo.events", RawEvent)


class Event(tl.Columns):
    event_id = tl.derive(RawEvent.id)
    occurred_at = tl.derive(RawEvent.datetime)
    metric_id = tl.derive(f.json_text(RawEvent.relationships, "metric", "data", "id"))
    profile_id = tl.derive(f.json_nullable(RawEvent.relationships, "profile", "data", "id"))
    value = tl.derive(
        f.json_decimal(RawEvent.attributes, "event_properties", "$value", scale=4), comment="shop currency"
    )
    extracted_at = tl.derive(RawEvent.extracted_at)


events = tl.MaterializedView(
    "data_klaviyo.events",
    Event,
    source=raw_events,
    engine=ReplacingMergeTree(
        version=Event.extracted_at, order_by=(Event.metric_id, Event.occurred_at, Event.event_id)
    ),
)


class DailyEvents(tl.Columns):
    day = tl.derive(f.to_date(Event.occurred_at, "Europe/Madrid"))
    metric_id = tl.derive(Event.metric_id)
    events = tl.measure(f.uniq_exact(Event.event_id))
    profiles = tl.measure(f.uniq_exact(Event.profile_id))


daily = tl.Aggregation(
    "analytics_klaviyo.daily_events", DailyEvents, source=events, stable=(Event.occurred_at, Event.metric_id)
)


class Revenue(tl.Columns):
    metric_id = tl.column(t.String)
    revenue = tl.column(t.Decimal(38, 4), comment="sum of event values, shop currency")


revenue = tl.RefreshableView(
    "analytics_klaviyo.revenue",
    Revenue,
    refresh=tl.every(hours=1),
    engine=MergeTree(order_by=(Revenue.metric_id,)),
    query=tl.sql(
        "SELECT metric_id, ifNull(sum(value), 0) AS revenue -- by hand\nFROM {events} FINAL\nGROUP BY metric_id",
        events=events,
    ),
)

project = tl.project("shop", raw_events, events, daily, revenue)
