"""``analytics_ga4``: sessions by day, and users by window.

Each function declares one table; :func:`measured` declares all that the synced streams allow.
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.datasets.ga4 import Curated

WINDOWS = (1, 7, 28)
WHOLE = t.Nullable(t.Int64)


def daily_devices(site: Curated, **how: Any) -> tl.RefreshableView[Any]:
    """One row per property and day, over the rows of ``devices``; see :func:`sessions` for the parameters."""
    return sessions(site, "devices", **how)


def daily_locations(site: Curated, **how: Any) -> tl.RefreshableView[Any]:
    """One row per property and day, over the rows of ``locations``; see :func:`sessions` for the parameters."""
    return sessions(site, "locations", **how)


def daily_traffic_sources(site: Curated, **how: Any) -> tl.RefreshableView[Any]:
    """One row per property and day, over the rows of ``traffic_sources``; see :func:`sessions` for the parameters."""
    return sessions(site, "traffic_sources", **how)


def sessions(
    site: Curated,
    report: str,
    *,
    database: str = "analytics_ga4",
    by: tuple[str, ...] = (),
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per property and day over the rows of one report, of each the newest extraction.

    Rates are weighted by sessions, never averaged. Users are left out: they are distinct counts of single rows, and their
    only right daily total is in ``website_overview``. ``by`` keeps dimensions apart, ``("device_category",)``; they come
    before the measures. A refresh reads every row of the report.
    """
    source = getattr(site, f"{report}_latest")
    known = p.columns(source)

    columns = (
        tl.column(t.String, name="property_id", comment="GA4's id of the property"),
        tl.column(t.Date, name="date", comment="the property's day"),
        *(tl.column(t.String, name=name, comment=known[name].comment) for name in by),
        tl.column(WHOLE, name="sessions", comment="sessions; sum over days"),
        tl.column(
            t.Nullable(t.Decimal(38, 4)),
            name="engaged_sessions",
            comment="sessions that did not bounce, from the rates of the rows; sum over days",
        ),
        tl.column(p.RATE, name="engagement_rate", comment="engaged_sessions / sessions; do not average"),
        tl.column(p.RATE, name="bounce_rate", comment="1 - engagement_rate; do not average"),
        tl.column(p.RATE, name="avg_session_duration", comment="seconds per session; do not average"),
        tl.column(WHOLE, name="page_views", comment="pages and screens seen; sum over days"),
        tl.column(p.RATE, name="pages_per_session", comment="page_views / sessions; do not average"),
        tl.column(WHOLE, name="new_users", comment="users on their first visit; sum over days"),
    )
    kept = "".join(f"    toString(assumeNotNull(r.{name})) AS {name},\n" for name in by)
    query = tl.sql(
        f"""SELECT
    r.property_id AS property_id,
    r.date AS date,
{kept}    sum(r.sessions) AS sessions,
    CAST(round(sum(r.engaged_sessions), 4), 'Nullable(Decimal(38, 4))') AS engaged_sessions,
    toFloat64(sum(r.engaged_sessions)) / nullIf(sumIf(r.sessions, r.engaged_sessions IS NOT NULL), 0) AS engagement_rate,
    1 - engagement_rate AS bounce_rate,
    toFloat64(sum(r.session_seconds)) / nullIf(sumIf(r.sessions, r.session_seconds IS NOT NULL), 0) AS avg_session_duration,
    sum(r.screen_page_views) AS page_views,
    page_views / nullIf(sum(r.sessions), 0) AS pages_per_session,
    sum(r.new_users) AS new_users
FROM {{rows}} AS r
GROUP BY {", ".join(("property_id", "date", *by))}""",
        rows=source,
    )
    name = f"daily_{report}" + ("_by_" + "_".join(by) if by else "")
    return p.measures(
        database,
        name,
        tl.columns_of(*columns, name="Sessions"),
        query,
        order_by=columns[: 2 + len(by)],
        refresh=refresh,
        comment=f"One row per {', '.join(('property', 'day', *by))}: sessions, over the rows of {report}.",
    )


def daily_users(
    users: Any,
    *,
    date: tl.Expr[Any],
    user: tl.Expr[Any],
    is_active: tl.Expr[Any],
    property_id: tl.Expr[Any] | None = None,
    database: str = "analytics_ga4",
    approximate: bool = False,
) -> tl.Aggregation[Any]:
    """States of distinct users per property and day, over a table of yours with one row per user and day or per event.

    For :func:`active_users`: every insert updates the states, so that a refresh reads them and not the big table. A user that
    is sent again counts once. The day of a row must never change. A state takes some 16 bytes per user and day, twice.
    ``approximate`` counts by ``uniqCombined64`` instead, for sites with more than ten million users: at most 96 KB a state, and an
    error of some tenths of a percent; few users are still counted exactly.

    >>> class Visit(tl.Columns):
    ...     date = tl.column(t.Date)
    ...     user_pseudo_id = tl.column(t.String)
    ...     is_active = tl.column(t.Bool)
    >>> visits = tl.Source("raw_bigquery.users", Visit)
    >>> daily_users(visits, date=Visit.date, user=Visit.user_pseudo_id, is_active=Visit.is_active).state.columns[2].type
    t.AggregateFunction("uniqExactIf", t.String, t.Bool)
    """
    owner = f.cast("", t.String) if property_id is None else f.to_string(property_id)

    counted = f.uniq_combined64 if approximate else f.uniq_exact

    class Users(tl.Columns):
        property_id_ = tl.derive(owner, name="property_id", comment="GA4's id of the property; '' where there is one")
        date_ = tl.derive(date, name="date", comment="the property's day")
        active = tl.measure(counted(user).if_(is_active), comment="active users; merge over days, never sum")
        total = tl.measure(counted(user), comment="users with any event; merge over days, never sum")

    columns = [item for item in (date, property_id) if isinstance(item, tl.Column)]
    return tl.Aggregation(
        f"{database}.daily_users",
        Users,
        source=users,
        stable=tuple(columns),
        comment="One row per property and day: distinct users.",
    )


def active_users(
    site: Curated,
    *,
    database: str = "analytics_ga4",
    users: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per property and day that has any row: active users of the 1, 7 and 28 days that end on it.

    The API gives each window as a report of its own, because users are distinct: nothing here is summed, and a window whose
    report is not synced is NULL. ``users`` is a relation of your own with one row per user and day (``date``,
    ``user_pseudo_id``, ``is_active``; ``property_id`` where there are several), or the states of one (:func:`daily_users`):
    then all four are counted from it. A refresh reads every row of the reports, which have one per day; or the states; or
    every row of ``users``, 28 times in memory that spills to disk, so that a big table wants the states.
    """

    class Active(tl.Columns):
        property_id = tl.column(t.String, comment="GA4's id of the property")
        date = tl.column(t.Date, comment="the property's day, on which the windows end")
        active_users_1d = tl.column(WHOLE, comment="active users of the day; distinct, so never sum it")
        active_users_7d = tl.column(WHOLE, comment="active users of 7 days; rolling, no calendar week")
        active_users_28d = tl.column(WHOLE, comment="active users of 28 days; rolling, no month")
        total_users_1d = tl.column(WHOLE, comment="users of the day with any event; distinct")
        stickiness = tl.column(p.RATE, comment="active_users_1d / active_users_28d; NULL where one is not known")

    if users is None:
        query = _from_reports(site)
    else:
        query = _from_states(users) if isinstance(users, tl.Aggregation) else _from_users(users)
    return p.measures(
        database,
        "active_users",
        Active,
        tl.sql(
            """SELECT
    property_id, date, active_users_1d, active_users_7d, active_users_28d, total_users_1d,
    active_users_1d / nullIf(active_users_28d, 0) AS stickiness
FROM (
{counted}
)""",
            counted=query,
        ),
        order_by=(Active.property_id, Active.date),
        refresh=refresh,
        comment="One row per property and day: users of 1, 7 and 28 days.",
    )


def _from_reports(site: Curated) -> tl.Sql:
    selects, relations = [], {}
    for place, name in enumerate(_USERS):
        relation = site.get(f"{name}_latest")
        if relation is None:
            continue
        count = "total_users" if name == "website_overview" else "active_users"
        cells = [count if at == place else "CAST(NULL, 'Nullable(Int64)')" for at in range(len(_USERS))]
        aliases = ", ".join(f"{cell} AS u{at}" for at, cell in enumerate(cells))
        selects.append(f"    SELECT property_id, date, {aliases} FROM {{{name}}}")
        relations[name] = relation
    return tl.sql(
        "SELECT property_id, date, max(u0) AS active_users_1d, max(u1) AS active_users_7d, max(u2) AS active_users_28d,\n"
        "    max(u3) AS total_users_1d\nFROM (\n"
        + "\n    UNION ALL\n".join(selects)
        + "\n)\nGROUP BY property_id, date",
        **relations,
    )


def _from_users(users: Any) -> tl.Sql:
    """Count distinct users: each row stands in the windows of its day and of the days after it."""
    owner = "toString(property_id)" if "property_id" in users.column_names else "''"
    one, seven, longest = WINDOWS
    return tl.sql(
        f"""SELECT
    property_id,
    date,
    toNullable(toInt64(uniqExactIf(user, active AND back < {one}))) AS active_users_1d,
    toNullable(toInt64(uniqExactIf(user, active AND back < {seven}))) AS active_users_7d,
    toNullable(toInt64(uniqExactIf(user, active))) AS active_users_28d,
    toNullable(toInt64(uniqExactIf(user, back = 0))) AS total_users_1d
FROM (
    SELECT
        {owner} AS property_id,
        toDate(date) + toIntervalDay(back) AS date,
        toString(user_pseudo_id) AS user,
        toBool(ifNull(is_active, false)) AS active,
        back
    FROM {{users}}
    ARRAY JOIN range({longest}) AS back
)
WHERE (property_id, date) IN (SELECT {owner}, toDate(date) FROM {{users}})
GROUP BY property_id, date""",
        users=users,
    )


def _from_states(users: tl.Aggregation[Any]) -> tl.Sql:
    """Merge the states of each window: a day's states stand in the windows of its day and of the days after it."""
    one, seven, longest = WINDOWS
    uniq = p.counted_by(users.state, "total")
    return tl.sql(
        f"""SELECT
    property_id,
    date,
    toNullable(toInt64({uniq}IfMergeIf(active, back < {one}))) AS active_users_1d,
    toNullable(toInt64({uniq}IfMergeIf(active, back < {seven}))) AS active_users_7d,
    toNullable(toInt64({uniq}IfMerge(active))) AS active_users_28d,
    toNullable(toInt64({uniq}MergeIf(total, back = 0))) AS total_users_1d
FROM (
    SELECT property_id, s.date + toIntervalDay(back) AS date, active, total, back
    FROM {{users}} AS s
    ARRAY JOIN range({longest}) AS back
)
WHERE (property_id, date) IN (SELECT property_id, date FROM {{users}})
GROUP BY property_id, date""",
        users=users.state,
    )


_USERS = ("daily_active_users", "weekly_active_users", "four_weekly_active_users", "website_overview")

# Each table with the curated objects of which it needs one.
NEEDS = {
    daily_devices: ("devices",),
    daily_locations: ("locations",),
    daily_traffic_sources: ("traffic_sources",),
    active_users: _USERS,
}


def measured(site: Curated, *, database: str = "analytics_ga4") -> tuple[Any, ...]:
    """Every table that the property's synced streams allow, with the default parameters."""
    return tuple(
        make(site, database=database)
        for make, needs in NEEDS.items()
        if any(site.get(name) is not None for name in needs)
    )


__all__ = [
    "WINDOWS",
    "active_users",
    "daily_devices",
    "daily_locations",
    "daily_traffic_sources",
    "daily_users",
    "measured",
    "sessions",
]
