"""The README's declaration, with the types that a checker finds in it."""

from __future__ import annotations

import datetime as dt
from typing import Any, assert_type

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import ReplacingMergeTree
from tilla.testing import given


class RawEvent(tl.Columns):
    id = tl.column(t.String)
    datetime = tl.column(t.DateTime64(3))
    relationships = tl.column(t.Nullable(t.String))
    extracted_at = tl.column(t.DateTime64(3), name="_airbyte_extracted_at")


raw_events = tl.Source("raw_klaviyo.events", RawEvent)


class Event(tl.Columns):
    event_id = tl.derive(RawEvent.id)
    occurred_at = tl.derive(RawEvent.datetime)
    metric_id = tl.derive(f.json_text(RawEvent.relationships, "metric", "data", "id"))
    profile_id = tl.derive(f.json_nullable(RawEvent.relationships, "profile", "data", "id"))
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

project = tl.project("shop", raw_events, events, daily)
text = tl.render(project)


def test_a_resent_event_counts_once() -> None:
    event = {"id": "e1", "datetime": "2026-03-01 10:00:00", "relationships": '{"metric": {"data": {"id": "m"}}}'}
    read = given({raw_events: [event, event]}).read(daily)
    assert_type(read, list[dict[str, Any]])
    assert read == [{"day": dt.date(2026, 3, 1), "metric_id": "m", "events": 1, "profiles": 0}]


assert_type(RawEvent.id, tl.Column[str])
assert_type(RawEvent.relationships, tl.Column[str | None])
assert_type(RawEvent.extracted_at, tl.Column[dt.datetime])
assert_type(Event.metric_id, tl.Column[str])
assert_type(Event.profile_id, tl.Column[str | None])
assert_type(DailyEvents.day, tl.Column[dt.date])
assert_type(DailyEvents.events, tl.Measure[int])
assert_type(raw_events.c.id, tl.Column[str])
assert_type(daily.c.events, tl.Measure[int])
assert_type(text, str)
