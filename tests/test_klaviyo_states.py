"""Tables from states are those from events: same rows for any day and period, however events were delivered; and what they read."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import tests.support.marketing as m
from tilla.analytics import klaviyo as mail
from tilla.sources import airbyte

NAMES = (
    ("Received Email", "Klaviyo"), ("Opened Email", "Klaviyo"), ("Clicked Email", "Klaviyo"), ("Placed Order", "Shopify"),
    ("Refunded Order", "Shopify"), ("Unsubscribed", "Klaviyo"), ("Clicked SMS", "Klaviyo"), ("Active on Site", "API"),
)  # fmt: skip
NEVER_LANDED = ("Odd Metric", "API")
BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ZONE = "America/New_York"


def events() -> list[dict[str, Any]]:
    """Events of ten profiles and of nobody within 30 days, some by programs, some of a metric that never landed, some in 2099."""
    dice = random.Random(7)
    found = []
    for number in range(400):
        at = BEGIN + dt.timedelta(minutes=30 * dice.randrange(1440))
        if number % 40 == 0:
            at = at.replace(year=2099)
        id, integration = dice.choice((*NAMES, NEVER_LANDED))
        who = dice.choice([*(f"p{n}" for n in range(10)), None])
        more: dict[str, Any] = {"S_value": dice.choice([None, 10, 25.5]), "S_event_id": str(dice.randrange(1, 9))}
        more |= dice.choice([{}, {"S_message": "m1"}, {"S_message": "c2"}, {"S_message": "m1", "S_flow": "f1"}])
        more["S_attribution"] = dice.choice(
            [
                None,
                None,
                {"$attributed_event_id": f"e{dice.randrange(400)}"},
                {"$attributed_event_id": "x", "$message": "m1"},
            ]
        )
        more |= {"Bot Click": dice.choice([None, None, True]), "Apple Privacy Open": dice.choice([None, None, True])}
        found.append(m.event(f"e{number}", id, at.isoformat(), who, integration=integration, **more))
    return [*found, m.event("late", "Received Email", "2099-01-01T00:00:00Z", "p99")]


@pytest.fixture(scope="module")
def kept(engine: Any) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """An account whose events came in four inserts, a third of them twice, and the states over it."""
    states: dict[str, Any] = {}

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        states["account"] = account
        states["activity"] = mail.profile_activity(account, **how)
        states["touches"] = mail.message_touches(account, **how)
        states["engagement"] = mail.message_engagement(account, **how)
        states["conversions"] = mail.attributed_conversions(account, touches=states["touches"], **how)
        rough = mail.hourly_engagement(account, approximate=True, database=how["database"] + "_rough")
        hours = mail.hourly_engagement(account, **how)
        return [*(made for name, made in states.items() if name != "account"), *hours, *rough]

    with m.site(engine, airbyte.DEFAULT, tables, timezone=ZONE) as site:
        dice = random.Random(3)
        rows = events()
        rows += dice.sample(rows, 130)
        dice.shuffle(rows)
        for place in range(4):
            site.land("klaviyo", "events", rows[place::4])
        site.land("klaviyo", "metrics", m.metrics(*NAMES))
        site.land("klaviyo", "campaigns", [m.campaign("c1", "one", messages=["m1"]), m.campaign("c2", "two")])
        inside = m.profile("p1") | {"relationships": {"lists": {"data": [{"type": "list", "id": "L1"}]}}}
        site.land("klaviyo", "profiles", [inside, m.profile("p2"), m.profile("p77")])
        site.refresh()
        yield site, states["account"], states


def rows_of(engine: Any, view: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = engine.rows(f"SELECT * FROM ({view.refresh_query.sql()}) ORDER BY ALL")
    return rows


DAYS = (None, dt.date(2026, 2, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 14), dt.date(2026, 4, 1))


@pytest.mark.parametrize("day", DAYS)
def test_lifecycles_from_states_are_those_from_events(engine: Any, kept: Any, day: dt.date | None) -> None:
    """As of today events of 2099 are left out, as of a day in the middle those after it; on the first day nobody did anything."""
    _, account, states = kept
    for make, names in (
        (mail.customer_lifecycle, ("activity",)),
        (mail.profile_lifecycle, ("activity", "touches")),
        (mail.profile_lifecycle, ("activity",)),
    ):
        stored = rows_of(engine, make(account, as_of=day, **{name: states[name] for name in names}))
        assert stored == rows_of(engine, make(account, as_of=day)), make
        known = {row["profile_id"] for row in stored}
        assert ("p99" in known) is False
        assert len(known) == 3 if day == DAYS[1] else len(known) > 10


@pytest.mark.parametrize("start", [None, dt.date(2026, 3, 3), dt.date(2026, 3, 29)])
@pytest.mark.parametrize("end", [None, dt.date(2026, 3, 3), dt.date(2026, 3, 20)])
def test_segments_from_states_are_those_from_events(
    engine: Any, kept: Any, start: dt.date | None, end: dt.date | None
) -> None:
    """Whatever the period: where the first and last time lie outside of it on both sides, its events tell."""
    _, account, states = kept
    how = {"start": start, "end": end}
    rows = rows_of(engine, mail.segment_performance(account, **how))
    for touches in (None, states["touches"]):
        stored = rows_of(engine, mail.segment_performance(account, activity=states["activity"], touches=touches, **how))
        assert stored == rows
    assert {row["segment"] for row in stored} == {"L1", "(all)", "(no segment)"}


def test_credit_from_touches_is_that_from_events(engine: Any, kept: Any) -> None:
    """Of every conversion; campaigns and flows read the same from the table of conversions as they work out themselves."""
    site, account, states = kept
    own = rows_of(engine, mail.attributed_conversions(account))
    assert site.rows("analytics", "attributed_conversions") == own
    assert {row["attribution_method"] for row in own} == {"native", "last_touch", "none"}
    for make in (mail.campaign_performance, mail.flow_performance):
        stored = make(account, engagement=states["engagement"], conversions=states["conversions"])
        rows = rows_of(engine, make(account))
        assert rows_of(engine, stored) == rows
        assert sum(row["conversions"] for row in rows) > 0


def test_hours_of_the_week_from_states(engine: Any, kept: Any) -> None:
    """As counted in plain Python, over the change to summer time on March 8; each hour of the calendar occurs once."""
    site, _, _ = kept
    kinds = {m.metric_id(name): name for name in ("Received Email", "Opened Email", "Clicked Email")}
    found: dict[tuple[int, int], dict[str, set[Any]]] = {}
    for one in {record["id"]: record for record in events()}.values():
        kind = kinds.get(one["relationships"]["metric"]["data"]["id"])
        if kind is None:
            continue
        at = dt.datetime.fromisoformat(one["datetime"].replace("Z", "+00:00")).astimezone(ZoneInfo(ZONE))
        slot = found.setdefault((at.isoweekday(), at.hour), defaultdict(set))
        slot["hours"].add((at.date(), at.utcoffset()))
        if kind == "Clicked Email" and one["attributes"]["event_properties"].get("Bot Click"):
            continue
        slot[kind].add(one["id"])
        if (profile := one["relationships"]["profile"]["data"]) is not None:
            slot[f"{kind} by"].add(profile["id"])
    names = ("Received Email", "Opened Email", "Clicked Email", "Opened Email by", "Clicked Email by")
    wanted = [(*slot, *(len(sets[name]) for name in (*names, "hours"))) for slot, sets in sorted(found.items())]
    columns = "iso_weekday, local_hour, received, opened, clicked, unique_openers, unique_clickers, occurrences"
    rows = site.rows("analytics", "hourly_engagement", "iso_weekday, local_hour", columns=columns)
    assert [tuple(row.values()) for row in rows] == wanted
    rough = engine.rows(f"SELECT {columns} FROM analytics_{site.tag}_rough.hourly_engagement ORDER BY ALL")
    assert rough == rows  # of so few uniqCombined64 is exact


def test_hours_in_the_zone_of_each_profile(engine: Any) -> None:
    """18:30 UTC on a Sunday is Monday, 0:00 in Kolkata, where p1 lives; of p2 no zone is known, p3's is none, and nobody has one:
    for them it is 13:30 in New York. p1's zone lands after its events."""
    tables = lambda have, how: mail.hourly_engagement(have["klaviyo"], in_zone_of_profile=True, **how)  # noqa: E731
    with m.site(engine, airbyte.DEFAULT, tables, timezone=ZONE) as site:
        site.land("klaviyo", "metrics", m.metrics("Opened Email"))
        at = "2026-03-01T18:30:00Z"
        rows = [m.event(f"o{who}", "Opened Email", at, who) for who in ("p1", "p2", "p3", None)]
        site.land("klaviyo", "events", [*rows, rows[0]])
        zones = {"p1": "Asia/Kolkata", "p3": "Mars/Olympus"}
        site.land("klaviyo", "profiles", [m.profile(who, location={"timezone": zone}) for who, zone in zones.items()])
        columns = "iso_weekday, local_hour, opened, unique_openers, occurrences"
        site.refresh()
        found = site.rows("analytics", "hourly_engagement_of_profiles", "iso_weekday", columns=columns)
        assert [tuple(row.values()) for row in found] == [(1, 0, 1, 1, 1), (7, 13, 3, 2, 1)]


def test_preferred_hour_counts_events_of_one_moment_and_message_once(engine: Any) -> None:
    """Two clicks at 9:00:00 in one message are one, so 10 with two clicks wins, from events and from touches; a bot's never count."""
    states: dict[str, Any] = {}

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        states["account"], states["touches"] = have["klaviyo"], mail.message_touches(have["klaviyo"], **how)
        return [states["touches"]]

    at = ("T09:00:00Z", "T09:00:00Z", "T10:00:00Z", "T10:30:00Z")
    rows = [m.event(f"c{n}", "Clicked Email", f"2026-03-01{time}", "p", S_message="m") for n, time in enumerate(at)]
    rows += [m.event(f"b{n}", "Clicked Email", f"2026-03-01T0{n}:00:00Z", "p", **{"Bot Click": True}) for n in range(3)]
    with m.site(engine, airbyte.DEFAULT, tables) as site:
        site.land("klaviyo", "events", rows)
        site.land("klaviyo", "metrics", m.metrics("Clicked Email"))
        for touches in (None, states["touches"]):
            (row,) = rows_of(engine, mail.profile_lifecycle(states["account"], touches=touches))
            assert row["preferred_hour"] == 10


def test_no_refresh_reads_the_big_metrics(engine: Any) -> None:
    """Of 205,000 events 5,000 are orders: every table reads few granules of events, and of touches those that no program made.

    p7 has an open in 2099: what it did up to today is found by its id.
    """
    with m.site(engine, airbyte.DEFAULT, lambda have, how: mail.measured(have["klaviyo"], **how)) as site:
        site.land("klaviyo", "metrics", m.metrics("Opened Email", "Clicked Email", ("Placed Order", "Shopify")))
        opened, clicked, placed = (
            m.metric_id(*pair) for pair in (("Opened Email",), ("Clicked Email",), ("Placed Order", "Shopify"))
        )
        for id, count, more in (
            (opened, 200_000, "true, false"),
            (clicked, 10_000, "false, false"),
            (placed, 5_000, "false, false"),
        ):
            engine.execute(
                f"INSERT INTO data_{site.tag}.events (event_id, datetime, metric_id, profile_id, apple_privacy_open, bot_click, "
                f"message_id, version) SELECT concat('{id}', toString(number)), toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + "
                f"number % 86400, '{id}', toString(number % 1000), {more}, 'm1', 1 FROM numbers({count})"
            )
        engine.execute(
            f"INSERT INTO data_{site.tag}.events (event_id, datetime, metric_id, profile_id, apple_privacy_open, version) "
            f"VALUES ('late', '2099-01-01 00:00:00', '{opened}', '7', true, 1)"
        )
        views = {item.table: item for item in site.warehouse.project.parts if item.kind == "RefreshableView"}
        assert len(views) >= 10
        for name, view in views.items():
            read, whole = granules(engine, view.refresh_query.sql(), f"data_{site.tag}.events")
            assert sum(read) <= 2, (name, read, whole)
        for name, times in (("attributed_conversions", 1), ("profile_lifecycle", 2)):
            read, whole = granules(engine, views[name].refresh_query.sql(), f"analytics_{site.tag}.message_touches")
            assert len(read) == times
            assert sum(read) <= whole / 4, (name, read, whole)
        assert engine.scalar(f"SELECT count() FROM analytics_{site.tag}.profile_activity") == 3000
        site.refresh()
        (row,) = site.rows("analytics", "segment_performance", columns="segment, members, engaged, buyers")[:1]
        assert tuple(row.values()) == ("(all)", 1000, 1000, 1000)


def granules(engine: Any, select: str, table: str) -> tuple[list[int], int]:
    """How many granules each read of a table takes, of how many."""
    reads: list[tuple[int, int]] = []
    on = False
    for row in engine.rows(f"EXPLAIN indexes = 1 {select}"):
        (line,) = row.values()
        if "ReadFrom" in line:
            on = f"({table})" in line
            if on:
                reads.append((0, 0))
        elif on and "Granules: " in line and "/" in line:
            part = line.split("Granules: ")[1].split("/")
            reads[-1] = (int(part[0]), max(reads[-1][1], int(part[1])))
    return [one for one, _ in reads], max([other for _, other in reads], default=0)
