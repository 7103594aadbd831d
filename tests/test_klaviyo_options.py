"""Options of the Klaviyo tables: other grains, other measures, approximate counts; each case computed by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import tests.support.marketing as m
import tilla as tl
from tilla import types as t
from tilla.analytics import klaviyo as mail
from tilla.engines import MergeTree
from tilla.sources import airbyte

AT = "2026-03-10T12:00:00Z"


def rows_of(engine: Any, view: Any, columns: str, order_by: str = "ALL") -> list[tuple[Any, ...]]:
    """What a refresh writes: of a column that is not nullable NULL becomes the default."""
    plain = {
        column.name for column in view.columns if not str(column.type).startswith(("Nullable", "LowCardinality(N"))
    }
    names = view.column_names if columns == "*" else columns.split(", ")
    items = ", ".join(f"assumeNotNull({name}) AS {name}" if name in plain else name for name in names)
    rows = engine.rows(f"SELECT {items} FROM ({view.refresh_query.sql()}) AS r ORDER BY {order_by}")
    return [tuple(row.values()) for row in rows]


def test_campaigns_by_variation_and_by_channel(engine: Any) -> None:
    """C1 was sent by message M1 in variations A (p1, who opened) and B (p2, who clicked), C2 to p1 again, C3 is an SMS.

    p1 bought for 10 by Klaviyo's word, which names M1 and A; p2 for 20, after the click in B; p3 for 7 by the word for C3.
    In channel email p1 counts once, though it received two campaigns: 2 delivered, 2 conversions, 30. States, of exact and
    approximate counts, say what the events say.
    """
    made: dict[str, Any] = {}

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        account = have["klaviyo"]
        rough = {"database": how["database"] + "_rough"}
        made["account"] = account
        made["states"] = [
            None, mail.message_engagement(account, **how), mail.message_engagement(account, approximate=True, **rough)
        ]  # fmt: skip
        made["touches"] = mail.message_touches(account, **how)
        return [*made["states"][1:], made["touches"]]

    in_a, in_b = ({"S_message": "M1", "S_variation": name} for name in "AB")
    native = {"$attributed_event_id": "x", "$message": "M1", "$variation": "A"}
    placed: dict[str, Any] = {"integration": "Shopify"}
    events = [
        m.event("r1", "Received Email", AT, "p1", **in_a),
        m.event("r2", "Received Email", AT, "p2", **in_b),
        m.event("r3", "Received Email", AT, "p1", S_message="C2"),
        m.event("o1", "Opened Email", AT, "p1", **in_a),
        m.event("c1", "Clicked Email", AT, "p2", **in_b),
        m.event("b1", "Placed Order", "2026-03-10T13:00:00Z", "p1", S_value=10, S_attribution=native, **placed),
        m.event("b2", "Placed Order", "2026-03-10T13:00:00Z", "p2", S_value=20, **placed),
        m.event("b3", "Placed Order", AT, "p3", S_value=7, S_attribution={"$message": "C3"}, **placed),
    ]
    with m.site(engine, airbyte.DEFAULT, tables) as site:
        site.land(
            "klaviyo",
            "metrics",
            m.metrics("Received Email", "Opened Email", "Clicked Email", ("Placed Order", "Shopify")),
        )
        site.land("klaviyo", "events", events)
        campaigns = [
            m.campaign("C1", "one", messages=["M1"]),
            m.campaign("C2", "two"),
            m.campaign("C3", "text", channel="sms"),
        ]
        site.land("klaviyo", "campaigns", campaigns)
        for states in made["states"]:
            how: dict[str, Any] = {"engagement": states}
            table = mail.campaign_performance(made["account"], by="variation", **how)
            assert table.table == "campaign_performance_by_variation"
            columns = "campaign_id, message_id, variation_id, name, delivered, opens, clicks, conversions, revenue"
            assert rows_of(engine, table, columns) == [
                ("C1", "M1", "A", "one", 1, 1, 0, 1, Decimal(10)),
                ("C1", "M1", "B", "one", 1, 0, 1, 1, Decimal(20)),
                ("C2", "C2", "", "two", 1, 0, 0, 0, Decimal(0)),
                ("C3", "C3", "", "text", 0, 0, 0, 1, Decimal(7)),
            ]
            table = mail.campaign_performance(made["account"], by="channel", **how)
            assert rows_of(engine, table, "channel, delivered, opens_unique, open_rate, conversions, revenue") == [
                ("email", 2, 1, 0.5, 2, Decimal(30)),
                ("sms", 0, 0, None, 1, Decimal(7)),
            ]
        stored, own = (
            mail.attributed_conversions(made["account"], touches=touches) for touches in (made["touches"], None)
        )
        assert rows_of(engine, stored, "*") == rows_of(engine, own, "*")
        assert rows_of(engine, stored, "event_id, variation_id") == [("b1", "A"), ("b2", "B"), ("b3", None)]


def test_days_by_campaign_and_by_flow(engine: Any) -> None:
    """C1 has two messages: p1 received both, p2 one, nobody one: 4 events, 2 profiles, 1 anonymous. F1's message is no campaign's.

    M9 is of no campaign that has landed. p1's order names M1 itself and is worth 10 on C1's row of its metric; nobody's names M9 and
    is worth 3 on the row of none; p2's names no message and is in no row. The first is delivered twice. Exact and approximate states and merged profiles say the same.
    """

    class Merge(tl.Columns):
        profile_id = tl.column(t.String)
        merged_into = tl.column(t.String)

    merges = tl.Source("raw_no_merges.merges", Merge, engine=MergeTree(order_by=(Merge.profile_id,)))

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        made = []
        for name, more in (("", {}), ("_rough", {"approximate": True}), ("_merged", {"merged": merges})):
            for by in ("campaign", "flow"):
                own = {"database": how["database"] + name}
                made += mail.daily_event_summary(have["klaviyo"], by=by, **own, **more)
        return made

    placed: dict[str, Any] = {"integration": "Shopify"}
    events = [
        m.event("r1", "Received Email", AT, "p1", S_message="M1"),
        m.event("r2", "Received Email", AT, "p1", S_message="M2"),
        m.event("r3", "Received Email", AT, "p2", S_message="M2"),
        m.event("r4", "Received Email", AT, None, S_message="C1"),
        m.event("r5", "Received Email", AT, "p2", S_message="M1", S_flow="F1"),
        m.event("r6", "Received Email", AT, "p3", S_message="M9"),
        m.event("b1", "Placed Order", AT, "p1", S_message="M1", S_value=10, **placed),
        m.event("b2", "Placed Order", AT, "p2", S_value=20, **placed),
        m.event("b3", "Placed Order", AT, None, S_message="M9", S_value=3, **placed),
    ]
    with m.site(engine, airbyte.DEFAULT, tables, sources=[merges]) as site:
        for one in (*events, events[0]):
            site.land("klaviyo", "events", [one])
        site.land("klaviyo", "metrics", m.metrics("Received Email", ("Placed Order", "Shopify")))
        site.land("klaviyo", "campaigns", [m.campaign("C1", "one", messages=["M1", "M2"])])
        site.refresh()
        day = dt.date(2026, 3, 10)
        for name in ("", "_rough", "_merged"):
            rows = site.server.rows(
                f"SELECT * FROM analytics_{site.tag}{name}.daily_event_summary_by_campaign ORDER BY metric, campaign_id"
            )
            assert [tuple(row.values())[:7] for row in rows] == [
                (day, "Placed Order", "C1", 1, 1, 0, Decimal(10)),
                (day, "Placed Order", None, 1, 0, 1, Decimal(3)),
                (day, "Received Email", "C1", 4, 2, 1, Decimal(0)),
                (day, "Received Email", None, 1, 1, 0, Decimal(0)),
            ]
            rows = site.server.rows(f"SELECT * FROM analytics_{site.tag}{name}.daily_event_summary_by_flow")
            assert [tuple(row.values())[:7] for row in rows] == [(day, "Received Email", "F1", 1, 1, 0, Decimal(0))]


def test_clicks_and_sessions_of_utm_parameters(engine: Any) -> None:
    """Of google: p1 visits at 9:00, 9:30 and 10:01, two sessions, as the last pause is 31 minutes. Of news: a click by p1 at 9:10 is a
    click and a session of its own, one by a bot is neither, an open is no touch; nobody's visit is in no session. p1 orders at 10:05:
    google. p2 orders the next day: (direct), which nobody visits by. From events and from touches.
    """
    google, news = ({"utm_source": name, "utm_medium": "x", "utm_campaign": "y"} for name in ("Google", "news"))
    day = "2026-03-10T"
    events = [
        m.event("v1", "Active on Site", f"{day}09:00:00Z", "p1", **google),
        m.event("v2", "Active on Site", f"{day}09:30:00Z", "p1", **google),
        m.event("v3", "Active on Site", f"{day}10:01:00Z", "p1", **google),
        m.event("v4", "Active on Site", f"{day}10:01:00Z", None, **google),
        m.event("c1", "Clicked Email", f"{day}09:10:00Z", "p1", **news),
        m.event("c2", "Clicked Email", f"{day}09:10:00Z", "p3", **news, **{"Bot Click": True}),
        m.event("o1", "Opened Email", f"{day}09:10:00Z", "p1", **news),
        m.event("b1", "Placed Order", f"{day}10:05:00Z", "p1", integration="Shopify", S_value=10),
        m.event("b2", "Placed Order", "2026-03-11T10:05:00Z", "p2", integration="Shopify", S_value=5),
    ]
    made: dict[str, Any] = {}

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        made["account"], made["touches"] = have["klaviyo"], mail.utm_touches(have["klaviyo"], **how)
        return [made["touches"]]

    with m.site(engine, airbyte.DEFAULT, tables) as site:
        site.land("klaviyo", "events", [*events, *events[:2]])
        names = ("Active on Site", "Clicked Email", "Opened Email", ("Placed Order", "Shopify"))
        site.land("klaviyo", "metrics", m.metrics(*names))
        for touches in (None, made["touches"]):
            table = mail.attribution_summary(made["account"], touches=touches, with_visits=True)
            assert table.column_names[-2:] == ("clicks", "sessions")
            assert rows_of(engine, table, "*") == [
                (dt.date(2026, 3, 10), "google", "x", "y", 1, 1, Decimal(10), 0, 2),
                (dt.date(2026, 3, 10), "news", "x", "y", 0, 0, Decimal(0), 1, 1),
                (dt.date(2026, 3, 11), "(direct)", "(none)", "(not set)", 1, 1, Decimal(5), 0, 0),
            ]
