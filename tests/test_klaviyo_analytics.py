"""analytics_klaviyo: the worked cases at the real stream paths, cases by hand, and what must not change a number."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla import types as t
from tilla.analytics import klaviyo as mail
from tilla.engines import MergeTree
from tilla.sources import airbyte

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]
MAILED = ("Received Email", "Bounced Email", "Opened Email", "Clicked Email", "Unsubscribed", "Marked Email as Spam")


def case_event(row: dict[str, Any], at: str = "2026-03-10T12:00:00Z") -> dict[str, Any]:
    """An event of a worked case at its real paths; a campaign stands in $message, of an order in $attribution."""
    converts = row["metric"] == "Placed Order"
    linked = row.get("campaign_id")
    return m.event(
        row["event_id"],
        row["metric"],
        row.get("datetime", at).replace("Z", ":00Z") if "datetime" in row else at,
        row["profile_id"],
        integration="Shopify" if converts else "Klaviyo",
        S_message=None if converts else linked,
        S_attribution={"$attributed_event_id": "x", "$message": linked} if converts and linked else None,
        S_value=None if row.get("value") is None else float(row["value"]),
        **{"Apple Privacy Open": row.get("apple_privacy_open"), "Bot Click": row.get("bot_click")},
    )


def case_metrics() -> list[dict[str, Any]]:
    return m.metrics(*MAILED, ("Placed Order", "Shopify"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_campaign_performance_worked_case(engine: Any, layout: Any) -> None:
    """A repeated event, a bot click, a privacy open, a campaign that only bounced, a draft without events."""
    case = s.case("klaviyo_campaign_performance")

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        states = mail.message_engagement(have["klaviyo"], **how)
        return [states, mail.campaign_performance(have["klaviyo"], engagement=states, **how)]

    with m.site(engine, layout, tables) as site:
        site.land("klaviyo", "events", [case_event(row) for row in case["inputs"]["events"]])
        site.land("klaviyo", "metrics", case_metrics())
        campaigns = [
            m.campaign(row["campaign_id"], row["name"], send_time=row["send_time"])
            for row in case["inputs"]["campaigns"]
        ]
        site.land("klaviyo", "campaigns", campaigns)
        rows = site.measured("campaign_performance", "campaign_id")
        assert list(rows[0])[: len(case["expected"][0])] == list(case["expected"][0])
        s.check(rows, case["expected"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_daily_event_summary_worked_case(engine: Any, layout: Any) -> None:
    """A day of 23 hours in Madrid, a repeated order, an anonymous one."""
    case = s.case("klaviyo_daily_event_summary")
    tables = lambda have, how: mail.daily_event_summary(have["klaviyo"], **how)  # noqa: E731
    with m.site(engine, layout, tables, timezone=case["params"]["tz"]) as site:
        for row in case["inputs"]["events"]:  # each in an insert of its own, as states must merge
            site.land("klaviyo", "events", [case_event(row)])
        site.land("klaviyo", "metrics", case_metrics())
        rows = site.measured("daily_event_summary", "date, metric")
        assert list(rows[0])[:6] == list(case["expected"][0])
        s.check(rows, case["expected"])
        openers = engine.scalar(
            f"SELECT uniqExactMerge(unique_profiles) FROM analytics_{site.tag}.daily_event_counts_state WHERE metric_id = "
            f"'{m.metric_id('Opened Email')}'"
        )
        assert openers == 2


class Membership(tl.Columns):
    segment = tl.column(t.String)
    profile_id = tl.column(t.String)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_segment_performance_worked_case(engine: Any, layout: Any) -> None:
    """A profile in two segments counts once in (all); members come from a table of one's own."""
    case = s.case("klaviyo_segment_performance")
    own = f"raw_members_{layout.name.replace('.', '_').replace('-', '_')}"
    members = tl.Source(f"{own}.memberships", Membership, engine=MergeTree(order_by=(Membership.segment,)))
    period = {"start": dt.date(2026, 3, 1), "end": dt.date(2026, 3, 31)}
    tables = lambda have, how: [  # noqa: E731
        mail.segment_performance(have["klaviyo"], memberships=members, **period, **how)
    ]
    with m.site(engine, layout, tables, sources=[members]) as site:
        engine.insert(own, "memberships", case["inputs"]["segment_members"])
        site.land("klaviyo", "events", [case_event(row) for row in case["inputs"]["events"]])
        outside = [m.event("z", "Placed Order", "2026-04-01T00:00:00Z", "p1", integration="Shopify", S_value=999)]
        site.land("klaviyo", "events", outside)
        site.land("klaviyo", "metrics", case_metrics())
        rows = site.measured("segment_performance", "segment")
        assert list(rows[0]) == list(case["expected"][0])
        s.check(rows, case["expected"])


def test_segments_without_memberships_are_the_lists_of_profiles(engine: Any) -> None:
    """Lists by name; a profile in none is (no segment), and so is everybody where the connector sends no lists."""
    with m.site(engine, airbyte.DEFAULT, lambda have, how: [mail.segment_performance(have["klaviyo"], **how)]) as site:
        site.land("klaviyo", "metrics", case_metrics())
        inside = m.profile("p1") | {"relationships": {"lists": {"data": [{"type": "list", "id": "L1"}]}}}
        site.land("klaviyo", "profiles", [inside, m.profile("p2")])
        named = {"name": "Newsletter", "created": None, "updated": None, "opt_in_process": "single_opt_in"}
        site.land("klaviyo", "lists", [{"type": "list", "id": "L1", "updated": None, "attributes": named}])
        rows = site.measured("segment_performance", "segment")
        assert [(r["segment"], r["members"]) for r in rows] == [("(all)", 2), ("(no segment)", 1), ("Newsletter", 1)]


PLACED = {"integration": "Shopify"}


def test_customer_lifecycle_and_churn(engine: Any) -> None:
    """As of 2026-07-01, stages at 30, 90 and 180 days.

    a: 300 and 250, on May 2 and June 21: revenue 550, 10 days since, 50 between, active, high.
    b: 80 on June 1: 30 days since and one order, new, low; c: 120 on May 31: 31 days since, so active, mid.
    d: 500 on April 2: 90 days since, active, high; e: the same on April 1: 91 days, at risk; its refund of 450 leaves 50, low.
    f: 10 on January 2: 180 days since, at risk, low; g: on January 1: 181 days, churned. h never bought. Events of July 2
    are later than the day. 30 days earlier (June 1) all but h had bought by then, and none had gone 180 days without an
    order: base is a, b, c, d, e, f, g. Of them only g has churned since: 1 / 7.
    """
    rows = [
        ("a", "2026-05-02", 300), ("a", "2026-06-21", 250), ("b", "2026-06-01", 80), ("c", "2026-05-31", 120),
        ("d", "2026-04-02", 500), ("e", "2026-04-01", 500), ("f", "2026-01-02", 10), ("g", "2026-01-01", 10),
        ("h", "2026-07-02", 10),
    ]  # fmt: skip
    events = [
        m.event(f"{who}{day}", "Placed Order", f"{day}T12:00:00Z", who, S_value=value, **PLACED)
        for who, day, value in rows
    ]
    events.append(m.event("back", "Refunded Order", "2026-04-20T12:00:00Z", "e", S_value=450, **PLACED))
    events.append(m.event("guest", "Placed Order", "2026-06-20T12:00:00Z", None, S_value=77, **PLACED))
    day = dt.date(2026, 7, 1)

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        customers = mail.customer_lifecycle(account, as_of=day, **how)
        return [
            customers,
            mail.customer_lifecycle_summary(account, customers, **how),
            mail.churn_summary(account, as_of=day, **how),
            mail.profile_lifecycle(account, as_of=day, **how),
        ]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify"), ("Refunded Order", "Shopify")))
        site.land("klaviyo", "events", events + events)
        forecast = {"historic_clv": 10, "predicted_clv": 4, "churn_probability": 0.5}
        place = {"country": "Spain"}
        consent = {"email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": "2026-01-05T10:00:00+00:00"}}}
        profiles = [
            m.profile("h", location=place, predictive_analytics=forecast, last_event_date="2026-06-15T00:00:00+00:00"),
            m.profile("a", location=place, subscriptions=consent, predictive_analytics=forecast),
        ]
        site.land("klaviyo", "profiles", profiles)
        site.refresh()
        found = site.rows("analytics", "customer_lifecycle", "profile_id")
        shown = [
            (r["profile_id"], r["orders"], r["clv"], r["days_since_last_order"], r["lifecycle"], r["clv_segment"])
            for r in found
        ]
        assert shown == [
            ("a", 2, Decimal(550), 10, "active", "high"),
            ("b", 1, Decimal(80), 30, "new", "low"),
            ("c", 1, Decimal(120), 31, "active", "mid"),
            ("d", 1, Decimal(500), 90, "active", "high"),
            ("e", 1, Decimal(50), 91, "at_risk", "low"),
            ("f", 1, Decimal(10), 180, "at_risk", "low"),
            ("g", 1, Decimal(10), 181, "churned", "low"),
            ("h", 0, Decimal(0), None, "never_purchased", "none"),
        ]
        assert (found[0]["avg_days_between_orders"], found[0]["aov"]) == (50.0, 275.0)
        assert (found[4]["revenue"], found[4]["refunds"]) == (Decimal(500), Decimal(450))
        assert found[1]["avg_days_between_orders"] is None
        assert found[7]["aov"] is None
        assert site.rows("analytics", "churn_summary") == [
            {"as_of": day, "base_customers": 7, "churned_customers": 1, "churn_rate": 1 / 7}
        ]
        summary = site.rows("analytics", "customer_lifecycle_summary")
        spain = {r["clv_segment"]: r for r in summary if r["country"] == "Spain"}
        assert {name: (r["customers"], r["marketing_opt_ins"], r["active_recently"]) for name, r in spain.items()} == {
            "high": (1, 1, 0),
            "none": (1, 0, 1),
        }
        assert (spain["high"]["avg_historic_clv"], spain["high"]["avg_churn_probability"]) == (10.0, 0.5)
        lives = {r["profile_id"]: r for r in site.rows("analytics", "profile_lifecycle")}
        assert {who: r["lifecycle"] for who, r in lives.items()} == {r["profile_id"]: r["lifecycle"] for r in found}
        assert lives["a"]["is_subscribed"] is True
        assert lives["a"]["subscribed_at"].isoformat() == "2026-01-05T10:00:00+00:00"
        assert lives["h"]["first_event_at"] is None
        assert lives["b"]["is_subscribed"] is None


def test_segments_of_value_by_quantiles(engine: Any) -> None:
    """Buyers worth 10, 20, 30, 40: mid begins at their median 25, high at the quantile 0.8, 34; those who never bought are none."""
    how_much = {"a": 10, "b": 20, "c": 30, "d": 40}
    thresholds = mail.Thresholds(clv_quantiles=(0.5, 0.8))

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        return [mail.customer_lifecycle(have["klaviyo"], thresholds=thresholds, **how)]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        at = "2026-03-10T12:00:00Z"
        events = [m.event(who, "Placed Order", at, who, S_value=value, **PLACED) for who, value in how_much.items()]
        site.land("klaviyo", "events", [*events, m.event("e", "Opened Email", at, "e")])
        site.land("klaviyo", "metrics", case_metrics())
        rows = site.measured("customer_lifecycle", "profile_id")
        assert [(r["profile_id"], r["clv_segment"]) for r in rows] == [
            ("a", "low"), ("b", "low"), ("c", "mid"), ("d", "high"), ("e", "none"),
        ]  # fmt: skip


def test_profile_lifecycle_engagement(engine: Any) -> None:
    """Only a click by the profile or an open of its own engages: as of July 1, the rest is the mail program's or a bot's."""
    events = [
        m.event("1", "Opened Email", "2026-06-01T12:00:00Z", "opener"),
        m.event("2", "Opened Email", "2026-06-30T12:00:00Z", "program", machine_open="True"),
        m.event("3", "Clicked Email", "2026-05-31T12:00:00Z", "clicker"),
        m.event("4", "Clicked Email", "2026-06-30T12:00:00Z", "bot", **{"Bot Click": 1}),
        m.event("5", "Clicked Email", "2026-01-02T12:00:00Z", "sleeper"),
        m.event("6", "Unsubscribed from List", "2026-01-03T12:00:00Z", "sleeper"),
    ]
    tables = lambda have, how: [mail.profile_lifecycle(have["klaviyo"], as_of=dt.date(2026, 7, 1), **how)]  # noqa: E731
    with m.site(engine, airbyte.DEFAULT, tables) as site:
        site.land("klaviyo", "metrics", m.metrics(*MAILED, "Unsubscribed from List"))
        site.land("klaviyo", "events", events)
        gone = {"email": {"marketing": {"consent": "UNSUBSCRIBED", "suppressions": [{"reason": "HARD_BOUNCE"}]}}}
        site.land("klaviyo", "profiles", [m.profile("sleeper", subscriptions=gone)])
        rows = {r["profile_id"]: r for r in site.measured("profile_lifecycle")}
        assert {who: r["engagement"] for who, r in rows.items()} == {
            "opener": "30_days",
            "program": "inactive",
            "clicker": "90_days",
            "bot": "inactive",
            "sleeper": "180_days",
        }
        sleeper = rows["sleeper"]
        assert (sleeper["is_subscribed"], sleeper["is_suppressed"]) == (False, True)
        assert sleeper["unsubscribed_at"].isoformat() == "2026-01-03T12:00:00+00:00"
        assert rows["bot"]["last_click_at"] is None
        assert rows["program"]["last_open_at"] is not None


@pytest.mark.parametrize("stored", [False, True], ids=["from events", "from touches"])
def test_attribution_summary(engine: Any, stored: bool) -> None:
    """Own parameters first, then the last touch within 120 hours, both ends included, then (direct).

    c1 has its own, in mixed case. c2 comes 120 hours after p2's click from google, whose medium and campaign are missing.
    c3 comes a second later than that after p3's. c4: the newer of two touches wins, an open never is one. c5 is anonymous.
    The touch of c2 lands after the order.
    """
    click = {"URL": "https://shop.example/?utm_source=Google"}
    orders = [
        m.event("c1", "Placed Order", "2026-03-10T12:00:00Z", "p1", utm_source=" Klaviyo", utm_medium="Email",
                utm_campaign="Spring", S_value=10, **PLACED),
        m.event("c2", "Placed Order", "2026-03-10T12:00:00Z", "p2", S_value=20, **PLACED),
        m.event("c3", "Placed Order", "2026-03-10T12:00:01Z", "p3", S_value="30.5", **PLACED),
        m.event("c4", "Placed Order", "2026-03-10T12:00:00Z", "p4", S_value=40, **PLACED),
        m.event("c5", "Placed Order", "2026-03-10T12:00:00Z", None, S_value=50, **PLACED),
    ]  # fmt: skip
    landing = {"landing_site": "/?utm_source=news&utm_medium=e-mail&utm_campaign=spring%20sale"}
    touches = [
        m.event("t2", "Active on Site", "2026-03-05T12:00:00Z", "p2", **click),
        m.event("t3", "Active on Site", "2026-03-05T12:00:00Z", "p3", **click),
        m.event("t4", "Active on Site", "2026-03-09T12:00:00Z", "p4", **click),
        m.event("t5", "Viewed Product", "2026-03-09T13:00:00Z", "p4", S_extra=landing),
        m.event("t6", "Opened Email", "2026-03-10T11:00:00Z", "p4", utm_source="open"),
    ]

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        kept = mail.utm_touches(have["klaviyo"], **how) if stored else None
        summary = mail.attribution_summary(have["klaviyo"], touches=kept, **how)
        return [summary] if kept is None else [kept, summary]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        names = ("Active on Site", "Viewed Product", "Opened Email")
        site.land("klaviyo", "metrics", m.metrics(*names, ("Placed Order", "Shopify")))
        site.land("klaviyo", "events", orders)
        site.land("klaviyo", "events", touches)
        rows = site.measured("attribution_summary", "revenue")
        assert [tuple(r.values())[1:] for r in rows] == [
            ("klaviyo", "email", "spring", 1, 1, Decimal(10)),
            ("google", "(none)", "(not set)", 1, 1, Decimal(20)),
            ("news", "e-mail", "spring sale", 1, 1, Decimal(40)),
            ("(direct)", "(none)", "(not set)", 2, 1, Decimal("80.5")),
        ]


def test_computed_last_touch_where_klaviyo_gives_no_credit(engine: Any) -> None:
    """p1 clicked C1, then opened C2, then ordered: C2. p2's open was its mail program's: none. p3's touch is 5 days and a
    second old: none. p4's order is credited natively to a flow, though it clicked C1. p5's native credit names the event alone,
    and so does p6's, a click in an SMS.
    """
    happened = [
        m.event("1", "Clicked Email", "2026-03-01T10:00:00Z", "p1", S_message="M1"),
        m.event("2", "Opened Email", "2026-03-01T11:00:00Z", "p1", S_message="C2"),
        m.event("3", "Opened Email", "2026-03-01T11:00:00Z", "p2", S_message="C2", machine_open=True),
        m.event("4", "Clicked Email", "2026-03-01T12:00:00Z", "p3", S_message="M1"),
        m.event("5", "Clicked Email", "2026-03-01T12:00:00Z", "p4", S_message="M1"),
        m.event("6", "Clicked Email", "2026-02-01T12:00:00Z", "p5", S_message="M1"),
        m.event("7", "Clicked SMS", "2026-03-01T12:00:00Z", "p6", S_message="C3"),
    ]
    flow = {"$attributed_event_id": "x", "$message": "FM", "$flow": "F1"}
    orders = [
        m.event("o1", "Placed Order", "2026-03-01T12:00:00Z", "p1", S_value=1, **PLACED),
        m.event("o2", "Placed Order", "2026-03-01T12:00:00Z", "p2", S_value=2, **PLACED),
        m.event("o3", "Placed Order", "2026-03-06T12:00:01Z", "p3", S_value=4, **PLACED),
        m.event("o4", "Placed Order", "2026-03-01T13:00:00Z", "p4", S_value=8, S_attribution=flow, **PLACED),
        m.event("o5", "Placed Order", "2026-03-01T13:00:00Z", "p5", S_value=16, S_attribution={"$attributed_event_id": "6"},
                **PLACED),
        m.event("o6", "Placed Order", "2026-03-01T13:00:00Z", "p6", S_value=32, S_attribution={"$attributed_event_id": "7"},
                **PLACED),
    ]  # fmt: skip
    with m.site(engine, airbyte.DEFAULT, lambda have, how: [mail.campaign_performance(have["klaviyo"], **how)]) as site:
        site.land("klaviyo", "events", orders + happened)
        site.land("klaviyo", "metrics", case_metrics() + m.metrics("Clicked SMS"))
        campaigns = [
            m.campaign("C1", "one", messages=["M1"]),
            m.campaign("C2", "two"),
            m.campaign("C3", "sms", channel="sms"),
        ]
        site.land("klaviyo", "campaigns", campaigns)
        rows = {
            r["campaign_id"]: (r["revenue"], r["native_conversions"]) for r in site.measured("campaign_performance")
        }
        assert rows == {"C1": (Decimal(16), 1), "C2": (Decimal(1), 0), "C3": (Decimal(32), 1)}


def test_merged_profiles_count_once_with_a_map_of_them(engine: Any) -> None:
    """Without the map two recipients, with it one; Klaviyo's connector never tells."""

    class Merge(tl.Columns):
        profile_id = tl.column(t.String)
        merged_into = tl.column(t.String)

    merges = tl.Source("raw_map_of_merges.merges", Merge, engine=MergeTree(order_by=(Merge.profile_id,)))
    tables = lambda have, how: mail.measured(have["klaviyo"], merged=merges, **how)  # noqa: E731
    with m.site(engine, airbyte.DEFAULT, tables, sources=[merges]) as site:
        engine.insert("raw_map_of_merges", "merges", [{"profile_id": "old", "merged_into": "new"}])
        at = "2026-03-01T10:00:00Z"
        events = [m.event(f"r{who}", "Received Email", at, who, S_message="C1") for who in ("old", "new", "x")]
        events += [m.event(f"o{who}", "Opened Email", at, who, S_message="C1") for who in ("old", "new")]
        events.append(m.event("nobody", "Opened Email", at, None))
        site.land("klaviyo", "events", [*events, events[0]])
        site.land("klaviyo", "metrics", case_metrics())
        site.land("klaviyo", "campaigns", [m.campaign("C1", "one")])
        site.land("klaviyo", "profiles", [m.profile("old"), m.profile("new")])
        (row,) = site.measured("campaign_performance")
        assert (row["delivered"], row["opens"], row["opens_unique"]) == (2, 2, 1)
        for table in ("customer_lifecycle", "profile_lifecycle"):
            assert [r["profile_id"] for r in site.rows("analytics", table, "profile_id")] == ["new", "x"]
        days = site.rows("analytics", "daily_event_summary", "metric")
        assert [(r["metric"], r["events"], r["unique_profiles"], r["anonymous_events"]) for r in days] == [
            ("Opened Email", 3, 1, 1),
            ("Received Email", 3, 2, 0),
        ]
        (hour,) = site.rows("analytics", "hourly_engagement")
        assert (hour["received"], hour["opened"], hour["unique_openers"], hour["occurrences"]) == (3, 3, 1, 1)
        (everybody,) = (r for r in site.rows("analytics", "segment_performance") if r["segment"] == "(all)")
        assert (everybody["members"], everybody["engaged"]) == (2, 1)


def test_hourly_engagement_in_zones_off_by_half_an_hour(engine: Any) -> None:
    """Kolkata is 5:30 ahead: 18:15 UTC is 23:45 on Sunday, 18:30 UTC is 00:00 on Monday. Bot clicks never count."""
    events = [
        m.event("1", "Opened Email", "2026-03-01T18:15:00Z", "p1"),
        m.event("2", "Opened Email", "2026-03-01T18:30:00Z", "p1"),
        m.event("3", "Opened Email", "2026-03-08T18:44:59Z", "p2", **{"Apple Privacy Open": True}),
        m.event("4", "Clicked Email", "2026-03-01T18:31:00Z", "p1", **{"Bot Click": "true"}),
        m.event("5", "Clicked Email", "2026-03-01T18:32:00Z", "p3"),
        m.event("6", "Received Email", "2026-03-01T18:33:00Z", "p3"),
    ]
    tables = lambda have, how: mail.hourly_engagement(have["klaviyo"], **how)  # noqa: E731
    with m.site(engine, airbyte.DEFAULT, tables, timezone="Asia/Kolkata") as site:
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "events", events[:3])
        site.land("klaviyo", "metrics", case_metrics())
        rows = site.rows("analytics", "hourly_engagement", "iso_weekday")
        assert [tuple(row.values()) for row in rows] == [(1, 0, 1, 2, 1, 2, 1, 1, 2), (7, 23, 0, 1, 0, 1, 0, 1, 1)]
        assert list(rows[0])[:7] == [
            "iso_weekday", "local_hour", "received", "opened", "clicked", "unique_openers", "unique_clickers",
        ]  # fmt: skip


def test_every_event_counts_and_words_beyond_ascii_compare(engine: Any) -> None:
    """Judged against a recomputation from raw records in plain Python: each of these was another number before.

    An event whose metric has not landed is an event of its profile. An open counts by the flag of opens, a click by that of
    clicks. ÉTÉ and été are one campaign. On the day after Lord Howe's half hour, an hour is still one hour. A profile is
    active by its local day: 30 days before 2 March is 31 January, which began at 13:00 UTC on the 30th.
    """

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        states = mail.message_engagement(account, **how)
        lives = mail.customer_lifecycle(account, as_of=dt.date(2026, 4, 6), **how)
        return [
            states,
            mail.campaign_performance(account, engagement=states, **how),
            *mail.hourly_engagement(account, **how),
            mail.attribution_summary(account, **how),
            mail.profile_lifecycle(account, as_of=dt.date(2026, 4, 6), **how),
            lives,
            mail.customer_lifecycle_summary(account, lives, **how),
        ]

    def opened(id: str, at: str, profile: str, **flags: Any) -> dict[str, Any]:
        return m.event(id, "Opened Email", at, profile, S_message="C1", **flags)

    with m.site(engine, airbyte.DEFAULT, tables, timezone="Australia/Lord_Howe") as site:
        site.land("klaviyo", "metrics", m.metrics("Opened Email", "Clicked Email", ("Placed Order", "Shopify")))
        site.land("klaviyo", "campaigns", [m.campaign("C1", "Fall")])
        # Clocks went back by half an hour on 5 April 2026 at 15:00 UTC on the 4th: +10:30 from then on.
        events = [
            m.event("n0", "Never Landed", "2026-04-03T00:00:00Z", "p1"),
            opened("n1", "2026-04-04T23:31:00Z", "p1"),
            opened("n2", "2026-04-05T00:20:00Z", "p2", **{"Bot Click": True}),
            opened("n3", "2026-04-05T00:21:00Z", "p3", **{"Apple Privacy Open": True}),
            m.event(
                "n4", "Clicked Email", "2026-04-05T00:22:00Z", "p1", S_message="C1", **{"Apple Privacy Open": True}
            ),
            m.event("n5", "Clicked Email", "2026-04-05T00:23:00Z", "p2", S_message="C1", **{"Bot Click": True}),
        ]
        events += [
            m.event(f"b{n}", "Placed Order", "2026-04-05T01:00:00Z", "p4", integration="Shopify", S_value=1,
                    utm_source="brief", utm_campaign=word)
            for n, word in enumerate(("ÉTÉ", "été"))
        ]  # fmt: skip
        site.land("klaviyo", "events", events)
        last = {"p1": "2026-03-06T13:30:00Z", "p2": "2026-03-06T12:59:00Z"}
        site.land("klaviyo", "profiles", [m.profile(id, last_event_date=at) for id, at in last.items()])
        (row,) = site.measured("campaign_performance")
        assert (row["opens_unique"], row["opens_unique_excl_mpp"], row["clicks"], row["clicks_unique"]) == (3, 2, 1, 1)
        (row,) = site.rows("analytics", "hourly_engagement")
        got = ("iso_weekday", "local_hour", "opened", "opened_excl_mpp", "clicked", "unique_clickers", "occurrences")
        assert tuple(row[name] for name in got) == (7, 10, 3, 2, 1, 1, 1)
        (row,) = site.rows("analytics", "attribution_summary")
        assert (row["utm_campaign"], row["conversions"]) == ("été", 2)
        lives = {row["profile_id"]: row for row in site.rows("analytics", "profile_lifecycle")}
        assert lives["p1"]["first_event_at"] == m.moment("2026-04-03T00:00:00+00:00")
        assert sum(row["active_recently"] for row in site.rows("analytics", "customer_lifecycle_summary")) == 1


def test_one_name_of_two_integrations_is_two_rows(engine: Any) -> None:
    """Names are joined when the summary is read: a metric that lands late, or is renamed, changes them all."""
    tables = lambda have, how: mail.daily_event_summary(have["klaviyo"], **how)  # noqa: E731
    with m.site(engine, airbyte.DEFAULT, tables) as site:
        at = "2026-03-01T10:00:00Z"
        site.land("klaviyo", "events", [m.event("1", "Placed Order", at, "p", integration="Shopify", S_value=1)])
        site.land("klaviyo", "events", [m.event("2", "Placed Order", at, "p", integration="API", S_value=2)])
        early = site.rows("analytics", "daily_event_summary")
        assert [(r["metric"], r["events"], r["value"]) for r in early] == [(None, 1, None), (None, 1, None)]
        site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify"), ("Placed Order", "API")))
        rows = site.measured("daily_event_summary", "integration_name")
        assert [(r["metric"], r["integration_name"], r["value"]) for r in rows] == [
            ("Placed Order", "API", Decimal(2)),
            ("Placed Order", "Shopify", Decimal(1)),
        ]


@pytest.mark.parametrize("stored", [False, True], ids=["from events", "from states"])
def test_flow_performance(engine: Any, stored: bool) -> None:
    """One row per message of a flow; an event of a flow is no campaign's, whatever its message is called.

    F1 / M1: p1 and p2 received (p1's event twice), p3 bounced: 2 of 3 delivered. p1 opened, p2's mail program opened, p1
    clicked: open rate 1, without programs 1/2, click rate 1/2. p1 bought for 40 by Klaviyo's word. M2: p1 received it too.
    F2 has a conversion alone, of a message that nobody saw.
    """

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        states = mail.message_engagement(account, **how) if stored else None
        made = [mail.flow_performance(account, engagement=states, **how)]
        return [*([states] if states is not None else []), *made]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        in_flow = {"S_flow": "F1", "S_message": "M1"}
        at = "2026-03-10T12:00:00Z"
        events = [
            m.event("r1", "Received Email", at, "p1", **in_flow),
            m.event("r1", "Received Email", at, "p1", **in_flow),
            m.event("r2", "Received Email", at, "p2", **in_flow),
            m.event("b3", "Bounced Email", at, "p3", **in_flow),
            m.event("o1", "Opened Email", at, "p1", **in_flow),
            m.event("o2", "Opened Email", at, "p2", machine_open=True, **in_flow),
            m.event("c1", "Clicked Email", at, "p1", **in_flow),
            m.event("r4", "Received Email", at, "p1", S_flow="F1", S_message="M2"),
            m.event("k1", "Received Email", at, "p9", S_message="M1"),
            m.event(
                "x1", "Placed Order", at, "p1", S_value=40, S_attribution={"$flow": "F1", "$message": "M1"}, **PLACED
            ),
            m.event(
                "x2", "Placed Order", at, "p5", S_value=7, S_attribution={"$flow": "F2", "$message": "M9"}, **PLACED
            ),
        ]
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "metrics", case_metrics())
        site.land("klaviyo", "campaigns", [m.campaign("C1", "one", messages=["M1"])])
        flow = {"type": "flow", "id": "F1", "updated": at, "attributes": {"name": "Welcome", "status": "live"}}
        site.land("klaviyo", "flows", [flow])
        rows = site.measured("flow_performance", "flow_id, message_id")
        names = ("flow_id", "message_id", "name", "recipients", "delivered", "opens_unique", "opens_unique_excl_mpp",
                 "click_rate", "conversions", "revenue")  # fmt: skip
        assert [tuple(row[name] for name in names) for row in rows] == [
            ("F1", "M1", "Welcome", 3, 2, 2, 1, 0.5, 1, Decimal(40)),
            ("F1", "M2", "Welcome", 1, 1, 0, 0, 0.0, 0, Decimal(0)),
            ("F2", "M9", None, 0, 0, 0, 0, None, 1, Decimal(7)),
        ]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_number_of_deliveries_gives_the_same(engine: Any, seed: int) -> None:
    """A loader may send any record again, in any order, in any batching, and may replay an old state of a campaign."""
    case = s.case("klaviyo_campaign_performance")
    expected = s.case("klaviyo_daily_event_summary")
    deliveries: list[tuple[str, dict[str, Any]]] = [("events", case_event(row)) for row in case["inputs"]["events"]]
    deliveries += [("events", case_event(row)) for row in expected["inputs"]["events"]]
    deliveries += [("metrics", record) for record in case_metrics()]
    for row in case["inputs"]["campaigns"]:
        deliveries.append(("campaigns", m.campaign(row["campaign_id"], row["name"])))
        deliveries.append(("campaigns", m.campaign(row["campaign_id"], "old", updated_at="2020-01-01T00:00:00Z")))
    dice = random.Random(seed)
    deliveries += dice.choices(deliveries, k=20)
    dice.shuffle(deliveries)

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        return [
            states := mail.message_engagement(account, **how),
            mail.campaign_performance(account, engagement=states, **how),
            *mail.daily_event_summary(account, timezone="Europe/Madrid", **how),
        ]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        while deliveries:
            name = deliveries[0][0]
            size = dice.randint(1, 9)
            batch = [one for one in deliveries[:size] if one[0] == name]
            deliveries = [one for one in deliveries[:size] if one[0] != name] + deliveries[size:]
            at = [s.EXTRACTED + dt.timedelta(seconds=dice.randint(0, 99)) for _ in batch]
            site.land("klaviyo", name, [record for _, record in batch], extracted_at=at)
        s.check(site.measured("campaign_performance", "campaign_id"), case["expected"])
        assert {r["name"] for r in site.rows("analytics", "campaign_performance")} == {"Spring", "All bounced", "Draft"}
        days = [
            r
            for r in site.rows("analytics", "daily_event_summary", "date, metric")
            if r["date"] >= dt.date(2026, 3, 28)
        ]
        s.check(days, expected["expected"])


def test_a_refresh_reads_the_metrics_that_it_needs(engine: Any) -> None:
    """Conversions are 1 of 40 events: what asks for them alone reads few of the granules of events, through all views.

    The big metrics are read from states, or for two columns. Memory is bounded, groups and sorts spill to disk.
    """
    with m.site(engine, airbyte.DEFAULT, lambda have, how: mail.measured(have["klaviyo"], **how)) as site:
        site.land("klaviyo", "metrics", m.metrics("Opened Email", ("Placed Order", "Shopify")))
        ids = {name: m.metric_id(name, by) for name, by in (("Opened Email", "Klaviyo"), ("Placed Order", "Shopify"))}
        for name, count in (("Opened Email", 200_000), ("Placed Order", 5_000)):
            engine.execute(
                f"INSERT INTO data_{site.tag}.events (event_id, datetime, metric_id, profile_id, value, version) "
                f"SELECT concat('{name}', toString(number)), toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + number % 86400, "
                f"'{ids[name]}', toString(number % 1000), if('{name}' = 'Placed Order', 10, NULL), 1 FROM numbers({count})"
            )
        views = {item.table: item for item in site.warehouse.project.parts if item.kind == "RefreshableView"}
        assert all(view.settings["max_memory_usage"] for view in views.values())
        assert all(view.settings["max_bytes_before_external_group_by"] for view in views.values())
        for table in ("churn_summary", "daily_event_value"):
            read, whole = granules(engine, views[table].refresh_query.sql(), f"data_{site.tag}.events")
            assert whole >= 25, whole
            assert read <= 3, (table, read, whole)
        site.refresh()
        (day,) = site.rows("analytics", "churn_summary", columns="base_customers")
        assert day == {"base_customers": 0}
        days = site.rows("analytics", "daily_event_summary", "metric", columns="metric, events, value")
        assert [tuple(r.values()) for r in days] == [
            ("Opened Email", 200_000, Decimal(0)),
            ("Placed Order", 5_000, Decimal(50_000)),
        ]


def granules(engine: Any, select: str, table: str) -> tuple[int, int]:
    """How many granules of a table a query reads, and how many there are."""
    on, numbers = False, []
    for row in engine.rows(f"EXPLAIN indexes = 1 {select}"):
        (line,) = row.values()
        if "ReadFromMergeTree" in line:
            on = table in line
        elif on and "Granules: " in line:
            part = line.split("Granules: ")[1].split("/")
            numbers.append((int(part[0]), int(part[-1])))
    return min(one for one, _ in numbers), max(other for _, other in numbers)
