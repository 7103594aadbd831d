"""analytics_commerce beyond the funnel: cases computed by hand, fed as raw records at the real stream paths."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import tests.support.marketing as m
import tests.support.shop as s
from tilla.analytics import commerce
from tilla.analytics import klaviyo as mail
from tilla.analytics import shopify as selling
from tilla.sources import airbyte

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]
STREAMS = {
    "shopify": {"streams": ("orders", "order_refunds", "customers")},
    "klaviyo": {"streams": ("events", "metrics", "campaigns", "profiles")},
    "ga4": {"streams": ("traffic_sources",)},
}
MARCH_1, MARCH_2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
SHOPIFY = {"integration": "Shopify"}


def placed(order_id: int, price: Any, day: str = "2026-03-01", **more: Any) -> dict[str, Any]:
    """An order of one line."""
    return s.order(order_id, f"{day}T09:00:00Z", [s.order_line(order_id * 10, price)], **more)


_sites: dict[str, m.Site] = {}


@pytest.fixture
def whole(engine: Any, layout: Any, request: Any) -> m.Site:
    """A site of all sources and tables over a layout, provisioned once: tests tell their rows apart by shop."""
    if layout.name not in _sites:
        opened = m.site(engine, layout, tables, connectors=["shopify", "ga4", "klaviyo"], streams=STREAMS)
        _sites[layout.name] = opened.__enter__()
        request.session.addfinalizer(lambda: opened.__exit__(None, None, None))
    return _sites[layout.name]


def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
    """The three tables; the property belongs to shop visited, the account to shop mailed, its people to shop people."""
    shop, account, day = have["shopify"], have["klaviyo"], dt.date(2026, 4, 1)
    lives = mail.profile_lifecycle(account, as_of=day, **how)
    scores = selling.customer_rfm(shop, as_of=day, **how)
    owners = {"visited": "visited"}
    return [
        lives,
        scores,
        commerce.channel_performance(
            shop, site=have["ga4"], property_shops=owners, own_domains=["shop.example"], **how
        ),
        commerce.email_revenue_reconciliation(shop, account=account, account_shop="mailed", **how),
        commerce.customer_360(shop, account=account, lives=lives, scores=scores, account_shop="people", **how),
    ]


def rows_of(site: m.Site, name: str, shop: str, order_by: str) -> list[dict[str, Any]]:
    """Refresh a table, and what it reads, and give a shop's rows."""
    before = ("profile_lifecycle", "customer_rfm") if name == "customer_360" else ()
    site.warehouse.refresh(*(f"analytics_{site.tag}.{one}" for one in (*before, name)))
    return [row for row in site.rows("analytics", name, order_by) if row["shop_url"] == shop]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_channel_performance_by_hand(whole: m.Site) -> None:
    """One rule for sessions and orders; the first that fits.

    Orders of March 1: 1 (100; sent before as 999) by utm cpc and 2 (50) by a gclid, though its medium says e-mail: Paid
    Search, 150. 3 (40) klaviyo: Email. 4 (30) came from www.google.es: Organic Search. 5 (20) has a landing page alone, 7
    (5) nothing at all, 9 (7) came from the shop's own page, 11 (3) from its own domain: Direct, 35, of which 3 of 4 say so.
    6 (10) over the counter: Offline. 8 (8) has a fbclid: Referral. 10 is a test and counts nowhere.
    Sessions: google / cpc 20 (10 before GA4 corrected them), klaviyo / email 8, google / organic 30, direct 25; on March 2
    a newsletter with 4 and no order. 2 / 20 = 0.1; 1 / 8; 1 / 30; 4 / 25 = 0.16; 0 / 4 = 0. Without sessions there is no rate.
    """
    site = whole
    own = "https://visited.myshopify.com/cart"
    orders = [
        placed(1, 999, landing_site="/", updated_at="2026-03-01T09:00:00Z"),
        placed(1, 100, landing_site="/?utm_source=google&utm_medium=CPC", updated_at="2026-03-01T10:00:00Z"),
        placed(2, 50, landing_site="/p?gclid=x1&utm_source=news&utm_medium=email"),
        placed(3, 40, landing_site="/?utm_source=Klaviyo&utm_medium=flow", referring_site="https://www.google.es/"),
        placed(4, 30, landing_site="/", referring_site="https://www.google.es/"),
        placed(5, 20, landing_site="/products/mug"),
        placed(6, 10, source_name="pos"),
        placed(7, 5, source_name="580111"),
        placed(8, 8, landing_site="/?fbclid=y"),
        placed(9, 7, landing_site="/", referring_site=own),
        placed(10, 1000, landing_site="/?gclid=x1", test=True),
        placed(11, 3, landing_site="/", referring_site="https://www.shop.example/blog"),
    ]
    site.land("shopify", "orders", orders, shop="visited")
    visits = [("20260301", "google", "cpc", 10), ("20260301", "google", "cpc", 20), ("20260301", "klaviyo", "email", 8),
              ("20260301", "google", "organic", 30), ("20260301", "(direct)", "(none)", 25),
              ("20260302", "newsletter", "e-mail", 4)]  # fmt: skip
    reports = [
        m.report(day, "visited", sessionSource=source, sessionMedium=medium, sessions=count, bounceRate=0.5)
        for day, source, medium, count in visits
    ]
    at = [s.EXTRACTED + dt.timedelta(minutes=number) for number in range(len(reports))]
    site.land("ga4", "traffic_sources", reports, extracted_at=at)
    rows = rows_of(site, "channel_performance", "visited", "date, channel")
    assert list(rows[0])[:8] == [
        "shop_url", "currency", "date", "channel", "sessions", "orders", "demand_sales", "conversion_rate",
    ]  # fmt: skip
    assert {(r["shop_url"], r["currency"]) for r in rows} == {("visited", "USD")}
    names = ("date", "channel", "sessions", "orders", "demand_sales", "conversion_rate", "coverage")
    expected: list[tuple[Any, ...]] = [
        (MARCH_1, "Direct", 25, 4, Decimal(35), 0.16, 0.75),
        (MARCH_1, "Email", 8, 1, Decimal(40), 0.125, 1.0),
        (MARCH_1, "Offline", 0, 1, Decimal(10), None, 1.0),
        (MARCH_1, "Organic Search", 30, 1, Decimal(30), 0.033333, 1.0),
        (MARCH_1, "Paid Search", 20, 2, Decimal(150), 0.1, 1.0),
        (MARCH_1, "Referral", 0, 1, Decimal(8), None, 1.0),
        (MARCH_2, "Email", 4, 0, Decimal(0), 0.0, None),
    ]
    s.check(rows, [dict(zip(names, row, strict=True)) for row in expected])


def test_channels_without_ga4_have_no_sessions(engine: Any) -> None:
    """Unknown is NULL: neither 0 sessions nor a rate."""

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        return [commerce.channel_performance(have["shopify"], **how)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify"], streams=STREAMS) as site:
        site.land("shopify", "orders", [placed(1, 10, landing_site="/?gclid=a")], shop="alone")
        (row,) = site.measured("channel_performance")
        assert (row["channel"], row["orders"], row["demand_sales"]) == ("Paid Search", 1, Decimal(10))
        assert (row["sessions"], row["conversion_rate"]) == (None, None)


def test_channels_of_several_shops(engine: Any) -> None:
    """A mapping says whose a property's sessions are; the currency is the one in which the shop sells most."""

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        owners = {"1": "east", "2": "west"}
        return [commerce.channel_performance(have["shopify"], site=have["ga4"], property_shops=owners, **how)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify", "ga4"], streams=STREAMS) as site:
        site.land("shopify", "orders", [placed(1, 10), placed(2, 20)], shop="east")
        site.land("shopify", "orders", [placed(3, 30, currency="EUR")], shop="west")
        direct = {"sessionSource": "(direct)", "sessionMedium": "(none)"}
        reports = [m.report("20260301", number, sessions=count, **direct) for number, count in (("1", 7), ("2", 9))]
        site.land("ga4", "traffic_sources", reports)
        rows = site.measured("channel_performance", "shop_url")
        assert [(r["shop_url"], r["currency"], r["sessions"], r["orders"]) for r in rows] == [
            ("east", "USD", 7, 2),
            ("west", "EUR", 9, 1),
        ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_email_revenue_reconciliation_by_hand(whole: m.Site) -> None:
    """What Klaviyo claims, what the shop kept.

    Campaign C1: order 1 (100, of which 30 came back; claimed at 108 with its tax, event sent twice), 2 (50), 3 is a test
    (20), 9 is newer than the last sync (10), 8 is not the shop's (15), and a second event claims order 1 again (108).
    6 claims, 311; matched 1 and 2; demand 150, returns 30, net 120; overstated by 191; 120 / 311 = 0.385852. Of the 3 unmatched
    one is excluded, one may still come.
    Flow F1: order 4 (40) was cancelled: all of it came back, net 0. C2 has the last click before order 7 (70), without
    Klaviyo's word. A text message has order 5, nobody order 6: no rows.
    """
    site = whole
    orders = [placed(1, 100), placed(2, 50), placed(3, 20, test=True), placed(5, 10), placed(6, 10), placed(7, 70),
              placed(4, 40, cancelled_at="2026-03-02T09:00:00Z", financial_status="voided")]  # fmt: skip
    site.land("shopify", "orders", orders, shop="mailed")
    back = s.refund(100, 1, "2026-03-09T09:00:00Z", [s.refund_line(1000, 10, 30)])
    site.land("shopify", "order_refunds", [back, back], shop="mailed")

    def claim(number: int, order: int, value: Any, at: str = "2026-03-01T09:00:00Z", **credit: Any) -> Any:
        named = {f"${key}": word for key, word in credit.items()} or None
        return m.event(f"e{number}", "Placed Order", at, f"p{number}", S_event_id=order, S_value=value,
                       S_attribution=named, **SHOPIFY)  # fmt: skip

    late = "2026-04-06T09:00:00Z"
    events = [
        claim(1, 1, 108, message="C1", attributed_event_id="x"),
        claim(1, 1, 108, message="C1", attributed_event_id="x"),
        claim(2, 2, "50", message="C1"),
        claim(3, 3, 20, message="C1"),
        claim(4, 9, 10, late, message="C1"),
        claim(5, 8, 15, message="C1"),
        claim(6, 1, 108, "2026-03-01T09:05:00Z", message="C1"),
        claim(7, 4, 40, flow="F1", message="M1"),
        claim(8, 5, 10, message="SMS"),
        claim(9, 6, 10),
        claim(10, 7, 70),
        m.event("click", "Clicked Email", "2026-03-01T08:00:00Z", "p10", S_message="C2"),
    ]
    site.land("klaviyo", "events", events)
    site.land("klaviyo", "metrics", m.metrics("Clicked Email", ("Placed Order", "Shopify")))
    mails = [m.campaign("C1", "one"), m.campaign("C2", "two"), m.campaign("SMS", "text", channel="sms")]
    site.land("klaviyo", "campaigns", mails)
    rows = rows_of(site, "email_revenue_reconciliation", "mailed", "ifNull(campaign_id, 'flow')")
    assert list(rows[0])[:12] == [
        "shop_url", "currency", "campaign_id", "klaviyo_orders", "klaviyo_revenue", "matched_orders",
        "unmatched_orders", "shopify_demand_sales", "shopify_returns", "shopify_net_sales", "overstatement",
        "realised_ratio",
    ]  # fmt: skip
    names = list(rows[0])[:14]
    expected: list[tuple[Any, ...]] = [
        ("mailed", "USD", "C1", 6, Decimal(311), 2, 3, Decimal(150), Decimal(30), Decimal(120), Decimal(191),
         0.385852, None, 1),
        ("mailed", "USD", "C2", 1, Decimal(70), 1, 0, Decimal(70), Decimal(0), Decimal(70), Decimal(0), 1.0, None, 0),
        ("mailed", "USD", None, 1, Decimal(40), 1, 0, Decimal(40), Decimal(40), Decimal(0), Decimal(40), 0.0, "F1", 0),
    ]  # fmt: skip
    s.check(rows, [dict(zip(names, row, strict=True)) for row in expected])
    more = [(r["excluded_orders"], r["unsynced_orders"], r["native_orders"]) for r in rows]
    assert more == [(1, 1, 6), (0, 0, 0), (0, 0, 1)]


def test_reconciliation_of_one_shop_among_several(engine: Any) -> None:
    """With ``account_shop`` another shop's order is unmatched; another currency is counted, never summed."""

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        make = commerce.email_revenue_reconciliation
        return [make(have["shopify"], account=have["klaviyo"], account_shop="west", **how)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify", "klaviyo"], streams=STREAMS) as site:
        site.land("shopify", "orders", [placed(1, 10), placed(2, 20)], shop="east")
        site.land("shopify", "orders", [placed(3, 30, currency="EUR")], shop="west")
        events = [
            m.event(f"e{n}", "Placed Order", "2026-03-01T09:00:00Z", "p", S_event_id=n, S_value=100,
                    S_currency_code=currency, S_attribution={"$message": "C1"}, **SHOPIFY)
            for n, currency in ((1, "EUR"), (3, "USD"))
        ]  # fmt: skip
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "metrics", m.metrics(("Placed Order", "Shopify")))
        site.land("klaviyo", "campaigns", [m.campaign("C1", "one")])
        (row,) = site.measured("email_revenue_reconciliation")
        assert (row["shop_url"], row["currency"], row["matched_orders"], row["unmatched_orders"]) == (
            "west",
            "EUR",
            1,
            1,
        )
        assert (row["klaviyo_revenue"], row["other_currency_orders"]) == (Decimal(100), 1)


def customer(number: int, email: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "email": email,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    } | more


def bought_by(number: int | None, email: str | None = None) -> dict[str, Any]:
    return {"customer": None if number is None else {"id": number}, "email": email}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_customer_360_by_hand(whole: m.Site) -> None:
    """Who is who by e-mail; empty ones never join.

    Ann has profiles a and a2 and customers 1 (100, of which 30 came back) and 2 (50): 2 orders, 120. Profile b has no e-mail,
    nor have customers 3 (20) and 4, whose e-mail is empty: three different people. d is a profile; an order of 10 with her
    e-mail is a guest's, so not hers. e never ordered. Customer 6 (7) has not landed: her order says f. Profile g is known
    from a click at 15:30 UTC alone.
    """
    site = whole
    consent = {"state": "subscribed"}
    buyers = [customer(1, "ANN@x.com", email_marketing_consent=consent), customer(2, " ann@x.com "),
              customer(3, None), customer(4, ""), customer(5, "e@x.com")]  # fmt: skip
    site.land("shopify", "customers", [*buyers, *buyers], shop="people")
    orders = [placed(1, 100, **bought_by(1)), placed(2, 50, **bought_by(2)), placed(3, 20, **bought_by(3)),
              placed(4, 10, **bought_by(None, "d@x.com")), placed(5, 7, **bought_by(6, "F@x.com"))]  # fmt: skip
    site.land("shopify", "orders", orders, shop="people")
    back = s.refund(100, 1, "2026-03-09T09:00:00Z", [s.refund_line(1000, 10, 30)])
    site.land("shopify", "order_refunds", [back], shop="people")
    asked = {"email": {"marketing": {"consent": "SUBSCRIBED", "consent_timestamp": "2026-01-05T10:00:00+00:00"}}}
    profiles = [m.profile("a", email="Ann@X.com", subscriptions=asked), m.profile("a2", email="ann@x.com "),
                m.profile("b", email=None), m.profile("d", email="d@x.com")]  # fmt: skip
    site.land("klaviyo", "profiles", profiles)
    events = [
        m.event("1", "Clicked Email", "2026-03-03T15:30:00Z", "g"),
        m.event("2", "Opened Email", "2026-03-04T09:30:00Z", "a"),
        m.event("3", "Clicked Email", "2026-03-05T09:45:00Z", "a"),
        m.event("4", "Clicked Email", "2026-03-06T20:00:00Z", "a"),
        m.event("5", "Clicked Email", "2026-03-07T20:00:00Z", "a", **{"Bot Click": True}),
    ]
    site.land("klaviyo", "events", events)
    site.land("klaviyo", "metrics", m.metrics("Clicked Email", "Opened Email", ("Placed Order", "Shopify")))
    rows = [r for r in rows_of(site, "customer_360", "people", "identity") if not r["identity"].startswith("profile:p")]
    names = ("shop_url", "identity", "in_klaviyo", "in_shopify", "shopify_accounts", "orders", "net_sales")
    assert tuple(rows[0])[:7] == names
    expected = [
        ("ann@x.com", True, True, 2, 2, 120),
        ("customer:3", False, True, 1, 1, 20),
        ("customer:4", False, True, 1, 0, 0),
        ("d@x.com", True, False, 0, 0, 0),
        ("e@x.com", False, True, 1, 0, 0),
        ("f@x.com", False, True, 1, 1, 7),
        ("profile:b", True, False, 0, 0, 0),
        ("profile:g", True, False, 0, 0, 0),
    ]
    assert [tuple(row[name] for name in names) for row in rows] == [("people", *row) for row in expected]
    ann, *_, g = rows
    assert (ann["customer_ids"], ann["profile_ids"]) == ([1, 2], ["a", "a2"])
    assert (ann["email_consent"], ann["shopify_email_consent"]) == ("SUBSCRIBED", "subscribed")
    assert (ann["engagement"], ann["preferred_hour"]) == ("30_days", 9)
    assert ann["last_email_click_at"].isoformat() == "2026-03-06T20:00:00+00:00"
    assert ann["last_order_at"].isoformat() == "2026-03-01T09:00:00+00:00"
    assert ann["rfm_segment"] is not None
    assert (g["preferred_hour"], g["lifecycle"], g["rfm_segment"]) == (15, "never_purchased", None)
    assert (rows[1]["preferred_hour"], rows[1]["lifecycle"], rows[1]["is_suppressed"]) == (None, None, None)


def test_customer_360_without_klaviyo_and_with_guests(engine: Any) -> None:
    """Nothing is known of Klaviyo: NULL, not false. Guests are their e-mail where that is asked for."""

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        return [commerce.customer_360(have["shopify"], guests=True, **how)]

    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify"], streams=STREAMS) as site:
        orders = [placed(1, 10, **bought_by(None, "Guest@x.com")), placed(2, 5, **bought_by(None, ""))]
        site.land(
            "shopify", "orders", [*orders, placed(3, 1, currency="EUR", **bought_by(1, "one@x.com"))], shop="alone"
        )
        rows = site.measured("customer_360", "identity")
        found = [(r["identity"], r["in_klaviyo"], r["in_shopify"], r["orders"], r["net_sales"]) for r in rows]
        assert found == [("guest@x.com", None, False, 1, Decimal(10)), ("one@x.com", None, True, 1, Decimal(0))]
        assert [(r["currency"], r["other_currency_orders"]) for r in rows] == [("USD", 0), ("USD", 1)]


def test_checkouts_that_an_email_brought_back(engine: Any) -> None:
    """A click after the checkout was begun and before the order assists; one by a bot, an earlier and a later one do not.

    Checkouts of March 1, 10:00: a clicked at 11:00 and ordered at 12:00; b ordered at 12:00 and clicked at 13:00; c clicked at
    9:00; for d a program clicked; e clicked and never ordered; f has no e-mail. a, b, c, d were recovered, a was assisted.
    """

    def tables(have: dict[str, Any], how: dict[str, Any]) -> list[Any]:
        shop = have["shopify"]
        own = selling.checkout_recovery(shop, clicks=mail.email_clicks(have["klaviyo"]), **how)
        return [own]

    streams = STREAMS | {"shopify": {"streams": ("abandoned_checkouts", "orders")}}
    with m.site(engine, airbyte.DEFAULT, tables, connectors=["shopify", "klaviyo"], streams=streams) as site:
        begun, done = "2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z"
        carts = [
            {"id": n, "token": who, "email": f"{who.upper()}@x.com" if who != "f" else None, "currency": "USD",
             "total_price": "10", "created_at": begun, "updated_at": begun, "completed_at": done if who == "b" else None}
            for n, who in enumerate("abcdef", 1)
        ]  # fmt: skip
        site.land("shopify", "abandoned_checkouts", carts, shop="carts")
        site.land(
            "shopify", "orders", [s.order(n, done, checkout_token=who) for n, who in enumerate("acd", 1)], shop="carts"
        )
        clicks = [("a", "11", {}), ("b", "13", {}), ("c", "09", {}), ("d", "11", {"Bot Click": True}), ("e", "11", {})]
        events = [m.event(who, "Clicked Email", f"2026-03-01T{at}:00:00Z", who, **more) for who, at, more in clicks]
        site.land("klaviyo", "events", events)
        site.land("klaviyo", "metrics", m.metrics("Clicked Email"))
        site.land("klaviyo", "profiles", [m.profile(who, email=f"{who}@X.com") for who in "abcde"])
        (row,) = site.measured("checkout_recovery")
        assert (row["abandoned"], row["recovered"], row["email_assisted"]) == (6, 4, 1)
