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

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from tilla.datasets.common import Context, Curated, latest, with_sources
from tilla.datasets.feeds import contexts, fed
from tilla.datasets.klaviyo import entities, events
from tilla.datasets.klaviyo.older import with_older
from tilla.sources import Landing, Layout, SyncMode, airbyte
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
    prefix: str = "",
    modes: Mapping[str, SyncMode] | None = None,
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
    accounts: Mapping[str, Landing | Layout | str] | None = None,
    also: Iterable[Landing] = (),
) -> Curated:
    """Declare the curated tables of an account over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own, ``prefix`` what it puts before the names of
    its tables. ``modes`` is the sync mode of single streams: a table over one that is ``overwrite`` is rebuilt every hour,
    for a swapped raw table fires no view. ``also`` are further connections into the same tables, such as what an older
    Airbyte left behind.

    ``accounts`` are several accounts by name, each a layout, a raw database, or a Landing: they go into the same tables,
    where the column ``account`` comes first and in every key. One account alone, or none named, has no such column.

    ``timezone`` is the reporting zone (an IANA
    name) of the analytics. ``streams`` are those that are synced: a table whose streams are not is missing, and its names
    are NULL in ``events_latest``. The ``_detailed`` streams are read instead of the plain ones where both are synced; of
    ``events_detailed``, only the metrics then, which stand whole in its records.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    connections = contexts(
        "klaviyo", layout=layout, database=database, raw_database=raw_database, prefix=prefix, modes=modes,
        timezone=timezone, streams=streams, also=also, accounts=accounts,
    )  # fmt: skip
    context, made = connections[0], list[Any]()
    newest: dict[str, Any] = {}
    for make, names in TABLES:
        found = fed(connections, partial(_views, make, names))
        if not found:
            continue
        table = found[0]
        newest[table.table] = events.latest(context, table, newest) if make is events.events else latest(context, table)
        made += [*found, newest[table.table]]
    if made:
        named = {
            raw.source.qualified_name: at.account for at in connections for raw in at.read if at.account is not None
        }
        read = [raw for at in connections for raw in at.read]
        made.append(rejects(context.name("rejects"), read, account=named or None))
    return Curated(with_sources(made, connections), context)


def _views(make: Any, names: tuple[str, ...], context: Context) -> tuple[Any, ...]:
    """What fills a table from one account: the first of its streams that is synced; metrics from events, too."""
    landed = context.chosen(*names)
    plain = None if landed is None else make(context, with_older(landed))
    if make is not entities.metrics or not context.has("events_detailed"):
        return () if plain is None else (plain,)
    further = entities.metrics_of_events(context, context.raw("events_detailed"), plain)
    return (further,) if plain is None else (plain, further)


__all__ = ["STREAMS", "Context", "Curated", "curated"]
