"""A warehouse of one raw table: curated events, and measures per day, filled on the embedded engine.

python examples/shop.py                              # land four events, provision, fill, read
python -m tilla.emit examples/shop.py:project        # the script that does it on a server
"""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import ReplacingMergeTree


class RawEvent(tl.Columns):
    id = tl.column(t.String)
    datetime = tl.column(t.DateTime64(3))
    relationships = tl.column(t.Nullable(t.String))  # JSON text, as Airbyte lands it
    extracted_at = tl.column(t.DateTime64(3), name="_airbyte_extracted_at")


raw_events = tl.Source("raw_klaviyo.events", RawEvent)  # the loader owns it


class Event(tl.Columns):
    event_id = tl.derive(RawEvent.id)
    occurred_at = tl.derive(RawEvent.datetime)
    metric_id = tl.derive(f.json_text(RawEvent.relationships, "metric", "data", "id"))
    profile_id = tl.derive(f.json_nullable(RawEvent.relationships, "profile", "data", "id"))
    extracted_at = tl.derive(RawEvent.extracted_at)


events = tl.MaterializedView(  # a table and the view that fills it
    "data_klaviyo.events",
    Event,
    source=raw_events,
    engine=ReplacingMergeTree(
        version=Event.extracted_at, order_by=(Event.metric_id, Event.occurred_at, Event.event_id)
    ),
)


class DailyEvents(tl.Columns):
    day = tl.derive(f.to_date(Event.occurred_at, "Europe/Madrid"))  # derived: group key
    metric_id = tl.derive(Event.metric_id)
    events = tl.measure(f.uniq_exact(Event.event_id))  # measure: stored as a -State
    profiles = tl.measure(f.uniq_exact(Event.profile_id))


daily = tl.Aggregation(
    "analytics_klaviyo.daily_events", DailyEvents, source=events, stable=(Event.occurred_at, Event.metric_id)
)

project = tl.project("shop", raw_events, events, daily)


def opened(id: str, at: str, profile: str) -> dict[str, object]:
    """A raw row, as the loader would land it."""
    related = f'{{"metric": {{"data": {{"id": "opened"}}}}, "profile": {{"data": {{"id": "{profile}"}}}}}}'
    return {"id": id, "datetime": at, "relationships": related, "_airbyte_extracted_at": "2026-03-03 00:00:00"}


def main() -> None:
    """Rows that are there before anything else, and rows that come later, one of them twice."""
    with tl.connect("chdb://memory") as server:
        sources = project.select(raw_events.name)
        tl.apply(tl.plan(sources, server, with_sources=True), server)  # on a real server the loader has done this
        server.insert("raw_klaviyo", "events", [opened("e1", "2026-03-01 10:00:00", "p1")])

        tl.apply(tl.plan(project, server), server)  # schema
        tl.apply(tl.backfill(project, server), server)  # history
        late = [opened("e2", "2026-03-01 22:59:59", "p1"), opened("e3", "2026-03-01 23:00:00", "p2")]
        server.insert("raw_klaviyo", "events", [*late, late[0]])  # e2 is sent twice

        for row in server.rows(f"SELECT * FROM {daily.name} ORDER BY day"):
            print(row["day"], row["metric_id"], row["events"], row["profiles"])


if __name__ == "__main__":
    main()
