"""``data_ga4``: the curated tables of a GA4 property, from the Data API reports that the connector reads by default.

::

    from tilla.datasets import ga4

    site = ga4.curated(properties=("400000002",))     # the first property's tables, and those of a second one
    site.devices_latest                               # each object by its name

Every report is sent again for some days (the look-back): of the rows for one property, day and dimensions, the one
extracted last wins. Days are the property's own: they are read as written, never converted. Users are distinct counts of
exactly the row they stand in: never sum them, over days or over anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets import common as c
from tilla.datasets.channels import channel_group
from tilla.datasets.common import Context, Curated, key_text, with_sources
from tilla.datasets.feeds import contexts, fed
from tilla.engines import ReplacingMergeTree
from tilla.sources import Landing, Layout, SyncMode, airbyte, stream
from tilla.sources.raw import Landed
from tilla.sources.rejects import rejects

STREAMS = (
    "daily_active_users",
    "weekly_active_users",
    "four_weekly_active_users",
    "devices",
    "locations",
    "traffic_sources",
    "pages",
    "website_overview",
)

_RATIO = {"scale": 9, "precision": 18}


def curated(
    *,
    layout: Layout = airbyte.DEFAULT,
    database: str = "data_ga4",
    raw_database: str = "",
    prefix: str = "",
    modes: Mapping[str, SyncMode] | None = None,
    timezone: str = "UTC",
    streams: Iterable[str] = STREAMS,
    properties: Iterable[str] | Mapping[str, Iterable[str]] = (),
    also: Iterable[Landing] = (),
) -> Curated:
    """Declare the curated tables of a property over what its loader lands.

    ``raw_database`` is the loader's namespace when it is not the layout's own, ``prefix`` what it puts before the names of
    its tables. ``modes`` is the sync mode of single streams: a table over one that is ``overwrite`` is rebuilt every hour,
    for a swapped raw table fires no view. ``also`` are further connections into the same tables, such as what an older
    Airbyte left behind. ``timezone`` is the property's zone: it labels the days and converts none. ``streams`` are those
    that are synced. ``properties`` are the ids of further ones of the same connection, with their streams where they have
    not all; they land in tables of their own (``devicesProperty400000002``) and go into the same tables here.

    Raises:
        DeclarationError: a stream that the connector does not have.
    """
    connections = contexts(
        "ga4", layout=layout, database=database, raw_database=raw_database, prefix=prefix, modes=modes, timezone=timezone,
        streams=streams, also=also,
    )  # fmt: skip
    context, made, ids = connections[0], list[Any](), _by_property(properties)
    for name in _TABLES:
        further = tuple(number for number, names in ids.items() if names is None or name in names)
        found = fed(connections, partial(_views, name, {context.tag: further}))
        made += [*found, c.latest(context, found[0])] if found else []
    if made:
        read = [raw for at in connections for raw in at.read]
        made.append(rejects(context.name("rejects"), read, by={"property_id": "property_id"}))
    return Curated(with_sources(made, connections), context)


def _by_property(properties: Iterable[str] | Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...] | None]:
    """The streams of each further property; None for all."""
    if not isinstance(properties, Mapping):
        return dict.fromkeys(properties)
    return {number: tuple(stream("ga4", name).name for name in names) for number, names in properties.items()}


def _views(name: str, properties: Mapping[str, tuple[str, ...]], context: Context) -> tuple[Any, ...]:
    """What fills a table from one connection: its first property, and further ones."""
    if name not in context.streams:
        return ()
    body, dimensions, comment = _TABLES[name]
    table = _table(context, name, body, dimensions, comment)
    return (
        table,
        *(_further(context, table, name, body, property_id) for property_id in properties.get(context.tag, ())),
    )


def _table(
    context: Context, name: str, body: Callable[[Landed], Any], dimensions: tuple[str, ...], comment: str
) -> tl.MaterializedView[Any]:
    raw = context.raw(name)
    columns = body(raw)
    key = tuple(getattr(columns, part) for part in ("property_id", "date", *dimensions))
    engine = ReplacingMergeTree(order_by=key, version=columns.version)
    return tl.MaterializedView(
        context.name(name), columns, source=raw.source, engine=engine, where=_dated(raw), comment=comment
    )


def _further(
    context: Context, table: Any, name: str, body: Callable[[Landed], Any], property_id: str
) -> tl.MaterializedView[Any]:
    """The view that reads the table of a further property."""
    raw = context.raw(name, property_id)
    view = context.name(f"{name}_from_{property_id}_mv")
    return tl.MaterializedView(view, body(raw), source=raw.source, to=table, where=_dated(raw))


def _dated(raw: Landed) -> tl.Expr[bool]:
    """A row without a day stays in raw only."""
    return raw.required(c.local_day(f.cast(raw.date("date"), c.MOMENT), "UTC").is_not_null(), ("date",))


# --- pieces of the bodies ---


def _property(raw: Landed) -> tl.Column[str]:
    return tl.derive(key_text(raw.text("property_id")), comment="GA4's id of the property")


def _date(raw: Landed) -> tl.Column[Any]:
    day = f.if_null(c.local_day(f.cast(raw.date("date"), c.MOMENT), "UTC"), f.cast("1970-01-01", t.Date))
    return tl.derive(day, comment="the property's day")


def _dimension(raw: Landed, field: str, comment: str) -> tl.Column[str]:
    return tl.derive(key_text(raw.text(field)), comment=f"{comment}; (not set) and (other) are rows too")


def _other(raw: Landed, *fields: str) -> tl.Column[Any]:
    """Whether GA4 summed rows up, or withheld what they are of: they count, and cannot be told apart."""
    told = [f.lower(f.if_null(raw.text(field), "")).is_in(("(other)", "(data not available)")) for field in fields]
    return tl.derive(
        f.cast(f.or_(*told) if len(told) > 1 else told[0], t.Bool),
        comment="true where a dimension is (other) or (data not available): rows that GA4 summed up, or says nothing of",
    )


def _count(raw: Landed, field: str, comment: str) -> tl.Column[Any]:
    return tl.derive(raw.integer(field), comment=comment)


def _ratio(raw: Landed, field: str, comment: str) -> tl.Column[Any]:
    return tl.derive(f.to_float64(raw.decimal(field, **_RATIO)), comment=comment)


def _engaged(raw: Landed) -> tl.Column[Any]:
    rate = f.to_decimal256(raw.decimal("bounceRate", **_RATIO), 9)
    return tl.derive(
        _times_sessions(raw, f.to_decimal256(1, 9) - rate),
        comment="engaged sessions, sessions x (1 - bounceRate): the API gives the rate alone; sum over anything",
    )


def _seconds(raw: Landed) -> tl.Column[Any]:
    return tl.derive(
        _times_sessions(raw, f.to_decimal256(raw.decimal("averageSessionDuration", **_RATIO), 9)),
        comment="seconds of all sessions, sessions x averageSessionDuration; sum over anything",
    )


def _times_sessions(raw: Landed, ratio: tl.Expr[Any]) -> tl.Expr[Any]:
    """What a ratio was made from. Typed layouts keep nine digits of it: a whole number within that error is meant."""
    sessions = raw.integer("sessions")
    exact = f.cast(sessions * ratio, t.Nullable(t.Decimal(76, 9)))
    whole = f.cast(f.round(exact), t.Nullable(t.Decimal(76, 9)))
    error = sessions * f.to_decimal256(Decimal("0.000000001"), 9)
    return f.accurate_cast_or_null(f.if_(f.abs(exact - whole) <= error, whole, exact), t.Decimal(38, 9))


_USERS = "users with any event; distinct, so never sum it"


# --- the bodies ---


def _active(field: str, window: str) -> Callable[[Landed], Any]:
    def body(raw: Landed) -> Any:
        class ActiveUsers(tl.Columns):
            property_id = _property(raw)
            date = _date(raw)
            active_users = _count(raw, field, f"active users, {window}; distinct, so never sum it over days")
            extracted_at = c.extracted_at(raw)
            generation_id = c.generation_id(raw)
            version = c.extraction_version(raw)

        return ActiveUsers

    return body


def _four_weeks(raw: Landed) -> Any:
    class FourWeeks(tl.Columns):
        property_id = _property(raw)
        date = _date(raw)
        active_users = _count(
            raw,
            "active28DayUsers",
            "active users of the 28 days that end on the date, no month; never sum it over days",
        )
        window_days = tl.derive(f.cast(28, t.UInt8), comment="days that active_users looks back on, the date included")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.extraction_version(raw)

    return FourWeeks


def _traffic(dimensions: tuple[tuple[str, str, str], ...]) -> Callable[[Landed], Any]:
    """The body of a report of sessions: key, dimensions, measures. ``dimensions`` are (column, field, comment)."""

    def body(raw: Landed) -> Any:
        columns: dict[str, Any] = {"property_id": _property(raw), "date": _date(raw)}
        columns |= {name: _dimension(raw, field, comment) for name, field, comment in dimensions}
        if "session_source" in columns:
            channel = channel_group(raw.text("sessionSource"), raw.text("sessionMedium"))
            columns["channel"] = tl.derive(c.word(channel), comment="channel, by the first rule that fits")
        if dimensions:
            columns["is_other"] = _other(raw, *(field for _, field, _ in dimensions))
        columns |= {
            "total_users": _count(raw, "totalUsers", _USERS),
            "new_users": _count(raw, "newUsers", "users on their first visit; sum over days"),
            "sessions": _count(raw, "sessions", "sessions; sum over anything"),
            "engaged_sessions": _engaged(raw),
            "session_seconds": _seconds(raw),
            "screen_page_views": _count(raw, "screenPageViews", "pages and screens seen; sum over anything"),
            "bounce_rate": _ratio(raw, "bounceRate", "sessions that were not engaged / sessions, from 0 to 1"),
            "avg_session_duration": _ratio(raw, "averageSessionDuration", "seconds; weight by sessions"),
            "sessions_per_user": _ratio(raw, "sessionsPerUser", "sessions / users; do not average"),
            "pages_per_session": _ratio(raw, "screenPageViewsPerSession", "views / sessions; weight by sessions"),
            "extracted_at": c.extracted_at(raw),
            "generation_id": c.generation_id(raw),
            "version": c.extraction_version(raw),
        }
        return tl.columns_of(*(column.renamed(name) for name, column in columns.items()), name="Traffic")

    return body


def _pages(raw: Landed) -> Any:
    address = f.if_null(raw.text("pagePathPlusQueryString"), "")

    class Page(tl.Columns):
        property_id = _property(raw)
        date = _date(raw)
        host_name = _dimension(raw, "hostName", "host")
        page_path_query = _dimension(raw, "pagePathPlusQueryString", "path and query string")
        page_path = tl.derive(
            f.cut_query_string_and_fragment(address), comment="path alone: without utm parameters, gclid and the like"
        )
        is_other = _other(raw, "hostName", "pagePathPlusQueryString")
        views = _count(raw, "screenPageViews", "times seen; sum over anything")
        bounce_rate = _ratio(raw, "bounceRate", "has no sessions beside it to weight it by: do not average")
        avg_engagement_seconds = tl.derive(
            f.to_float64(raw.decimal("userEngagementDuration", **_RATIO)) / f.null_if(views, 0),
            comment="userEngagementDuration / views; NULL where the report lacks it, as the default one does",
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.extraction_version(raw)

    return Page


_DEVICES = (
    ("device_category", "deviceCategory", "desktop, mobile, tablet, smart tv"),
    ("operating_system", "operatingSystem", "operating system"),
    ("browser", "browser", "browser"),
)
_LOCATIONS = (("country", "country", "country"), ("region", "region", "region"), ("city", "city", "city"))
_SOURCES = (
    ("session_source", "sessionSource", "source of the session, as sent"),
    ("session_medium", "sessionMedium", "medium of the session, as sent: its case differs"),
)


def _names(dimensions: tuple[tuple[str, str, str], ...]) -> tuple[str, ...]:
    return tuple(name for name, _, _ in dimensions)


# Each table: its body, its dimensions (the key is property, date and these), its comment.
_TABLES: dict[str, tuple[Callable[[Landed], Any], tuple[str, ...], str]] = {
    "daily_active_users": (_active("active1DayUsers", "of that day"), (), "One row per property and day."),
    "weekly_active_users": (
        _active("active7DayUsers", "of the 7 days that end on the date"),
        (),
        "One row per property and day: the 7 days that end on it, no calendar week.",
    ),
    "four_weekly_active_users": (
        _four_weeks,
        (),
        "One row per property and day: the 28 days that end on it, no month.",
    ),
    "devices": (
        _traffic(_DEVICES),
        _names(_DEVICES),
        "One row per property, day, device category, operating system and browser.",
    ),
    "locations": (_traffic(_LOCATIONS), _names(_LOCATIONS), "One row per property, day, country, region and city."),
    "traffic_sources": (_traffic(_SOURCES), _names(_SOURCES), "One row per property, day, session source and medium."),
    "pages": (_pages, ("host_name", "page_path_query"), "One row per property, day, host and path with query string."),
    "website_overview": (_traffic(()), (), "One row per property and day: the only right daily total of users."),
}


__all__ = ["STREAMS", "Context", "Curated", "channel_group", "curated"]
