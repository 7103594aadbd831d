"""``data_klaviyo``: the curated tables of a Klaviyo account.

::

    from tilla.datasets import klaviyo

    account = klaviyo.curated(timezone="Europe/Madrid")
    account.events_latest         # each object by its name

Every table is a ReplacingMergeTree that keeps the newest state of an entity, whatever order or how often its records
arrive. Names that live in another stream (of a metric, a campaign, a flow) are joined in ``events_latest``, when it is read:
a view that fired on the event could not see a row that lands later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tilla.datasets.common import Context, Curated, latest, with_sources
from tilla.datasets.klaviyo import entities, events
from tilla.datasets.klaviyo.older import with_older
from tilla.sources import Layout, airbyte, stream
from tilla.sources.rejects import rejects

STREAMS = ("campaigns", "events", "profiles", "metrics", "flows", "lists")

# Each table with the streams of which one must be synced; the first that is, is read. Events come last: their view joins.
TABLES = (
    (entities.campaigns, ("campaigns_detailed", "campaigns")),
    (entities.profiles, ("profiles",)),
    (entities.metrics, ("metrics",)),
    (entities.flows, ("flows",)),
    (entities.lists, ("lists_detailed", "lists")),
    (events.events, ("events", "events_detailed")),
)


def curated(
    *,
    layout: Layout = airbyte.DEFAULT,
    database: str = "data_klaviyo",
    raw_database: str = "",
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
) -> Curated:
    """Declare the curated tables of an account over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own. ``timezone`` is the reporting zone (an IANA
    name) of the analytics. ``streams`` are those that are synced: a table whose streams are not is missing, and its names
    are NULL in ``events_latest``. The ``_detailed`` streams are read instead of the plain ones where both are synced; of
    ``events_detailed``, only the metrics then, which stand whole in its records.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    own = attrs.evolve(layout, database=raw_database) if raw_database else layout
    chosen = frozenset(stream("klaviyo", name).name for name in streams)
    context = Context(layout=own, database=database, timezone=timezone, streams=chosen, connector="klaviyo")
    made: list[Any] = []
    newest: dict[str, Any] = {}
    for make, names in TABLES:
        landed = context.chosen(*names)
        raw = None if landed is None else with_older(landed)
        table: Any
        further: list[Any] = []
        if make is entities.metrics and context.has("events_detailed"):
            plain = None if raw is None else make(context, raw)
            further = [entities.metrics_of_events(context, context.raw("events_detailed"), plain)]
            table = further.pop() if plain is None else plain
        elif raw is None:
            continue
        else:
            table = make(context, raw)
        newest[table.table] = events.latest(context, table, newest) if make is events.events else latest(context, table)
        made += [table, *further, newest[table.table]]
    if made:
        made.append(rejects(context.name("rejects"), context.read))
    return Curated(with_sources(made), context)


__all__ = ["STREAMS", "Context", "Curated", "curated"]
