"""GA4's report rows: a day is sent while it runs, and again, corrected, on the two days after."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tilla.demo.catalogue import REPORT_DIMENSIONS
from tilla.demo.facts import Traffic, TrafficRow

Record = dict[str, Any]
SHARES = (60, 97, 100)
"""How much of the final counts each sending of a day has, in per cent."""
_ACTIVE = (
    ("daily_active_users", "active1DayUsers", 0),
    ("weekly_active_users", "active7DayUsers", 1),
    ("four_weekly_active_users", "active28DayUsers", 2),
)


def report_rows(traffic: Traffic, day: date, sending: int, property_id: str) -> list[tuple[str, Record]]:
    """Return the rows of all eight reports for one day, as one of its sendings has them, with the stream's name."""
    share = SHARES[sending]
    tail = {
        "date": f"{day:%Y%m%d}",
        "property_id": property_id,
        "startDate": f"{day - timedelta(days=2 - sending)}",
        "endDate": f"{day + timedelta(days=sending)}",
    }
    if day.day == 1:  # connectors before the one that adds the slice
        del tail["startDate"], tail["endDate"]
    found: list[tuple[str, Record]] = [
        (name, {metric: _part(traffic.active[place], share)} | tail) for name, metric, place in _ACTIVE
    ]
    for row in traffic.rows:
        dimensions = dict(zip(REPORT_DIMENSIONS[row.report], row.dimensions, strict=True))
        if row.report == "pages":
            measures = {
                "screenPageViews": _part(row.views, share),
                "bounceRate": _ratio(row.bounces, row.sessions),
            }
        else:
            measures = _measures(
                row.users, row.new_users, row.sessions, row.bounces, row.seconds, row.views, share
            )  # fmt: skip
        found.append((row.report, dimensions | measures | tail))
    found.append(("website_overview", _overview(traffic, share) | tail))
    return found


def _overview(traffic: Traffic, share: int) -> Record:
    rows = [row for row in traffic.rows if row.report == "devices"]
    return _measures(
        traffic.users,
        traffic.new_users,
        _sum(rows, "sessions"),
        _sum(rows, "bounces"),
        _sum(rows, "seconds"),
        _sum(rows, "views"),
        share,
    )


def _sum(rows: list[TrafficRow], name: str) -> int:
    return sum(int(getattr(row, name)) for row in rows)


def _measures(users: int, new_users: int, sessions: int, bounces: int, seconds: int, views: int, share: int) -> Record:
    users, new_users, sessions = (_part(count, share) for count in (users, new_users, sessions))
    bounces, seconds, views = (_part(count, share) for count in (bounces, seconds, views))
    return {
        "totalUsers": users,
        "newUsers": new_users,
        "sessions": sessions,
        "sessionsPerUser": _ratio(sessions, users),
        "averageSessionDuration": _ratio(seconds, sessions),
        "screenPageViews": views,
        "screenPageViewsPerSession": _ratio(views, sessions),
        "bounceRate": _ratio(bounces, sessions),
    }


def _part(count: int, share: int) -> int:
    return count * share // 100


def _ratio(part: int, whole: int) -> float | int:
    """Divide; whole results and nothing divided by nothing are integers, as the API sends them."""
    if not whole:
        return 0
    value = part / whole
    return int(value) if value == int(value) else value
