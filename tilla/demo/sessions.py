"""What GA4 counts on one day, after its last correction."""

from __future__ import annotations

from random import Random

from tilla.demo.catalogue import TRAFFIC_SHARES
from tilla.demo.facts import Traffic, TrafficRow


def traffic_of(day: int, orders: int, days: int, active: list[int], rng: Random) -> Traffic:
    """Draw the sessions of a day and split them by each report's dimensions.

    ``active`` holds the daily active users of the days before and gets this day's.
    """
    sessions = 60 + int(28 * orders / days * (0.7 + 0.6 * rng.random()))
    rows: list[TrafficRow] = []
    for report, shares in TRAFFIC_SHARES.items():
        left = sessions
        for place, (dimensions, share) in enumerate(shares):
            part = sessions * share // 100
            if report != "pages" and place == 0:
                part = sessions - sum(sessions * other // 100 for _, other in shares[1:])
            rows.append(_row(report, dimensions, min(part, left), rng))
            left -= part
    users = sessions - sessions // 6
    active.append(users - rng.randrange(1 + users // 20))
    week, month = sum(active[-7:]), sum(active[-28:])
    # Who was active on the day was active in the 7 days that end with it, and they in the 28 days.
    weekly = max(active[-1], week * 3 // 5)
    return Traffic(day, tuple(rows), users, users * 2 // 5, (active[-1], weekly, max(weekly, month // 2)))


def _row(report: str, dimensions: tuple[str, ...], sessions: int, rng: Random) -> TrafficRow:
    if not sessions:  # seen, but no session began: integers 0 in fields of numbers
        return TrafficRow(report, dimensions, 1, 1, 0, 0, 0, 1)  # type: ignore[arg-type]
    users = max(1, sessions - sessions // 7)
    return TrafficRow(
        report,  # type: ignore[arg-type]
        dimensions,
        users,
        rng.randrange(users + 1),
        sessions,
        rng.randrange(sessions // 5, sessions * 2 // 3 + 1),
        sum(rng.randrange(20, 240) for _ in range(min(sessions, 20))) * sessions // min(sessions, 20),
        sessions * rng.randrange(15, 45) // 10 or 1,
    )
