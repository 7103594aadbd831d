"""Options of the Klaviyo tables: other grains, other measures, approximate counts; each case computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import tests.support.marketing as m
from tilla.analytics import klaviyo as mail
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
