"""One curated table from everything that feeds it: several streams, connections, layouts, and streams that are swapped.

A stream that is read whole (sync mode ``overwrite``) enters by a table of its own that is swapped in: no view on the raw
table fires, and what views made of the old rows stays (measured on 26.9). A table fed by such a stream is therefore a
refreshable view over raw, rebuilt every hour; all others are filled by each insert.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.common import Context, stored_columns
from tilla.sources import Landing, Layout, SyncMode, stream

HOURLY = tl.every(hours=1)

Made = Any  # a materialized view, or a tuple of them, the first of which owns the table


def contexts(
    connector: str,
    *,
    layout: Layout,
    database: str,
    raw_database: str,
    prefix: str,
    modes: Mapping[str, SyncMode] | None,
    timezone: str,
    streams: Iterable[str],
    also: Iterable[Landing],
    accounts: Mapping[str, Landing | Layout | str] | None = None,
) -> tuple[Context, ...]:
    """The choices for each connection, the main one first.

    ``raw_database``, ``prefix`` and ``modes`` are those of ``layout``, where they are not the layout's own. Each of
    ``accounts`` is a Landing, a Layout, or the raw database of one that is like ``layout``.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    own = _layout(layout, raw_database, prefix, modes)
    chosen = _streams(connector, streams)
    landings = [Landing(own, tuple(sorted(chosen)))]
    names = [""]
    if accounts:
        landings = [_account(value, own) for value in accounts.values()]
        names = list(accounts)
    landings += also
    names += [""] * (len(landings) - len(names))
    several = accounts is not None and len(accounts) > 1
    owners = tuple(dict.fromkeys(filter(None, map(_owner, landings, names))))
    made: list[Context] = []
    tags: list[str] = []
    for landing, name in zip(landings, names, strict=True):
        tags.append(_tag(name or landing.layout.name, tags))
        made.append(
            Context(
                layout=landing.layout,
                database=database,
                timezone=timezone,
                streams=chosen if landing.streams is None else _streams(connector, landing.streams),
                connector=connector,
                tag=tags[-1] if made else "",
                account=_owner(landing, name) if several else None,
                accounts=owners if accounts else (),
            )
        )
    return tuple(made)


def _layout(layout: Layout, database: str, prefix: str, modes: Mapping[str, SyncMode] | None) -> Layout:
    changes: dict[str, Any] = {"database": database} if database else {}
    changes |= {"prefix": prefix} if prefix else {}
    changes |= {"modes": {**layout.modes, **modes}} if modes else {}
    return attrs.evolve(layout, **changes) if changes else layout


def _account(value: Landing | Layout | str, own: Layout) -> Landing:
    if isinstance(value, Landing):
        return value
    return Landing(value if isinstance(value, Layout) else attrs.evolve(own, database=value))


def _owner(landing: Landing, name: str) -> str:
    return landing.account or name


def _streams(connector: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset(stream(connector, name).name for name in names)


def _tag(name: str, taken: Sequence[str]) -> str:
    """A word for the names of views: letters, digits and underscores, different from those taken."""
    tag = found = re.sub(r"\W+", "_", name).strip("_").lower() or "also"
    number = 2
    while found in taken:
        found, number = f"{tag}_{number}", number + 1
    return found


def fed(all_contexts: Sequence[Context], make: Callable[[Context], Made]) -> tuple[Any, ...]:
    """The objects of one table: the table with the view that fills it, and further views into it; () where nothing feeds it.

    ``make`` declares them for one connection.
    """
    feeders: list[tuple[Context, Any]] = []
    for context in all_contexts:
        found = make(context)
        feeders += [(context, view) for view in (found if isinstance(found, tuple) else (found,)) if view is not None]
    if not feeders:
        return ()
    owner_context, owner = feeders[0]
    body = _with_account(owner_context, owner)
    engine = owner.engine
    if owner_context.account is not None:
        engine = attrs.evolve(engine, order_by=(tl.column(t.String, name="account"), *engine.order_by))
    if any(context.swaps(view.source) for context, view in feeders):
        return (_rebuilt(feeders, owner, body, engine),)
    if len(feeders) == 1 and owner_context.account is None:
        return (owner,)
    table = attrs.evolve(owner, body=body, engine=engine)
    made = [table]
    for context, view in feeders[1:]:
        name = view.table if view.to is not None else f"{view.table}_mv"
        if context.tag:
            name = f"{name.removesuffix('_mv')}_from_{context.tag}_mv"
        further = tl.MaterializedView(
            context.name(name), _with_account(context, view), source=view.source, to=table, where=view.where
        )
        made.append(further)
    return tuple(made)


def _rebuilt(feeders: Sequence[tuple[Context, Any]], owner: Any, body: Any, engine: Any) -> tl.RefreshableView[Any]:
    """The table as a refreshable view over everything that feeds it."""
    how = {"engine": engine, "refresh": HOURLY, "comment": owner.comment}
    if len(feeders) == 1:
        source = feeders[0][0].behind(owner.source)
        return tl.RefreshableView(owner.name, body, source=source, where=owner.where, **how)
    queries = {}
    for n, (context, view) in enumerate(feeders):
        query = attrs.evolve(view, body=_with_account(context, view)).trigger_query
        queries[f"part_{n}"] = attrs.evolve(query, source=context.behind(view.source))
    text = "\nUNION ALL\n".join(f"(\n{{{name}}}\n)" for name in queries)
    columns = stored_columns(attrs.evolve(owner, body=body, engine=engine).columns)
    return tl.RefreshableView(owner.name, columns, query=tl.sql(text, **queries), **how)


def _with_account(context: Context, view: Any) -> Any:
    """The body of a view; with the account in front where there are several."""
    if context.account is None:
        return view.body
    account = tl.derive(f.cast(context.account, t.String), name="account", comment="the account")
    return tl.columns_of(account, *view.all_columns, name=getattr(view.body, "__name__", "Row"))


__all__ = ["HOURLY", "contexts", "fed"]
