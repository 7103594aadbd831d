"""Several Klaviyo accounts, shops and properties in one warehouse: what one of them measures is what it measures alone.

The accounts share every id (of profiles, metrics, campaigns, messages, flows, lists, events, orders) and e-mails, and mean
different things by them. Each account also feeds a warehouse of its own, from the same raw tables: that is what to expect.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

import tests.support.marketing as m
import tests.support.shop as s
import tilla as tl
from tilla import errors
from tilla import types as t
from tilla.analytics import commerce
from tilla.analytics import klaviyo as mail
from tilla.analytics import shopify as selling
from tilla.datasets import klaviyo, shopify
from tilla.ddl.script import Script
from tilla.ddl.statements import SCHEMA
from tilla.engines import MergeTree
from tilla.sources import airbyte

ACCOUNTS = ("eu", "us")
SHOPS = {"eu": "shop-eu", "us": "shop-us"}
NAMES = (
    ("Received Email", "Klaviyo"), ("Opened Email", "Klaviyo"), ("Clicked Email", "Klaviyo"), ("Placed Order", "Shopify"),
    ("Unsubscribed", "Klaviyo"), ("Refunded Order", "Shopify"), ("Active on Site", "API"),
)  # fmt: skip
DAY = dt.date(2026, 4, 1)


class Merged(tl.Columns):
    account = tl.column(t.String)
    profile_id = tl.column(t.String)
    merged_into = tl.column(t.String)


class Member(tl.Columns):
    account = tl.column(t.String)
    segment = tl.column(t.String)
    profile_id = tl.column(t.String)


def measures(account: Any, shop: Any, tag: str, account_shop: Any, merged: Any) -> list[Any]:
    """Every table over Klaviyo; those of the account with merged profiles too, without states."""
    plain, with_merged = {"database": f"analytics_{tag}"}, {"database": f"analytics_{tag}_merged", "merged": merged}
    clicks = mail.email_clicks(account, account_shop=account_shop)
    tables = [*mail.measured(account, **plain), selling.checkout_recovery(shop, clicks=clicks, **plain)]
    sales = selling.daily_sales(shop, **plain)
    across = commerce.measured(shop, account=account, tables=[*tables, sales], account_shop=account_shop, **plain)
    mine: dict[str, Any] = {"database": f"days_{tag}"}
    made = {table.table: table for table in tables}
    period = mine | {"start": dt.date(2026, 3, 5), "end": dt.date(2026, 3, 8)}
    stages = mail.Thresholds(clv_quantiles=(0.5, 0.8))
    return [
        *tables,
        sales,
        *across,
        mail.customer_lifecycle(account, as_of=DAY, thresholds=stages, **mine),
        mail.churn_summary(account, as_of=dt.date(2026, 3, 10), churn_days=4, churn_lookback_days=1, **mine),
        mail.campaign_performance(account, by="variation", **mine),
        mail.campaign_performance(account, by="channel", engagement=made["message_engagement"], **mine),
        *mail.daily_event_summary(account, by="campaign", **mine),
        *mail.daily_event_summary(account, by="flow", **mine),
        *mail.hourly_engagement(account, in_zone_of_profile=True, **mine),
        mail.attribution_summary(account, touches=made["utm_touches"], with_visits=True, **mine),
        mail.segment_performance(account, activity=made["profile_activity"], touches=made["message_touches"], **period),
        mail.profile_lifecycle(account, activity=made["profile_activity"], as_of=dt.date(2026, 3, 8), **mine),
        *mail.measured(account, **with_merged),
        commerce.customer_360(shop, account=account, account_shop=account_shop, **with_merged),
    ]


def events(account: str) -> list[dict[str, Any]]:
    """Eighty events; a metric's name is another one in the other account."""
    dice = random.Random(account)
    found = []
    for number in range(80):
        at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=dice.randrange(20_000))
        id, integration = dice.choice(NAMES)
        who = dice.choice(["p1", "p2", "p3", "p4", None])
        properties: dict[str, Any] = {"S_value": dice.choice([None, 10, 25.5]), "S_event_id": str(dice.randrange(1, 9))}
        properties |= dice.choice([{}, {"S_message": "m1"}, {"S_message": "c2"}, {"S_message": "m1", "S_flow": "f1"}])
        properties |= dice.choice([{}, {"utm_source": "News", "utm_campaign": account}])
        properties["S_attribution"] = dice.choice(
            [
                None,
                None,
                {"$attributed_event_id": f"e{dice.randrange(80)}"},
                {"$attributed_event_id": "x", "$message": "m1"},
            ]
        )
        properties["Bot Click"] = dice.choice([None, None, True])
        found.append(m.event(f"e{number}", id, at.isoformat(), who, integration=integration, **properties))
    if account == "eu":  # six customers more
        at = "2026-03-08T00:00:00Z"
        found += [m.event(f"o{n}", "Placed Order", at, f"q{n}", integration="Shopify", S_value=n) for n in range(6)]
    return found


def land(warehouse: s.Warehouse, account: str) -> None:
    mine = attrs.evolve(
        warehouse, connector="klaviyo", layout=attrs.evolve(airbyte.DEFAULT, database=f"raw_apart_{account}")
    )
    shift = 0 if account == "eu" else 2  # Received in one account is Clicked in the other
    records = m.metrics(*NAMES)
    for number, record in enumerate(records):
        name, integration = NAMES[(number + shift) % len(NAMES)]
        about = record["attributes"]["integration"] | {"name": integration}
        record["attributes"] = record["attributes"] | {"name": name, "integration": about}
    mine.land("metrics", records)
    messages = (["m1"], []) if account == "eu" else ([], ["m1"])
    channel = "email" if account == "eu" else "sms"
    mine.land("campaigns", [
        m.campaign(f"c{n}", f"{account} {n}", messages=messages[n - 1], channel=channel if n == 2 else "email") for n in (1, 2)
    ])  # fmt: skip
    people = []
    for number in (1, 2, 3, 9):
        email = f"a{number if account == 'eu' else (number % 3) + 1}@example.com" if number != 9 else None
        consent = {"consent": "SUBSCRIBED" if (number == 1) == (account == "eu") else "UNSUBSCRIBED"}
        person = m.profile(
            f"p{number}", email=email, location={"country": account.upper()}, predictive_analytics={"historic_clv": number},
            subscriptions={"email": {"marketing": consent}},
        )  # fmt: skip
        people.append(person | {"relationships": {"lists": {"data": [{"type": "list", "id": f"L{number % 2}"}]}}})
    mine.land("profiles", people)
    named = {"name": f"List {account}", "created": None, "updated": None, "opt_in_process": "single_opt_in"}
    mine.land("lists", [{"type": "list", "id": "L1", "updated": None, "attributes": named}])
    flow = {"name": f"Flow {account}", "status": "live", "archived": False, "trigger_type": "Metric"}
    mine.land("flows", [{"type": "flow", "id": "f1", "updated": None, "attributes": flow}])
    mine.land("events", events(account))


def land_shops(warehouse: s.Warehouse) -> None:
    """Orders 1 to 6 of both shops, at different prices; customers with the accounts' e-mails; checkouts that came back."""
    raw = attrs.evolve(warehouse, layout=attrs.evolve(airbyte.DEFAULT, database="raw_apart"))
    for factor, shop in enumerate(SHOPS.values(), 1):
        when = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
        raw.land("customers", [{"id": n, "email": f"A{n}@example.com"} | when for n in (1, 2, 3)], shop=shop)
        orders = [
            s.order(n, f"2026-03-{n + factor:02d}T09:00:00Z", [s.order_line(n * 10, n * 10 * factor)], customer={"id": n % 3 + 1})
            for n in range(1, 7)
        ]  # fmt: skip
        raw.land("orders", orders, shop=shop)
        carts = [
            {"id": n, "token": f"t{n}", "email": f"a{n}@example.com", "currency": "USD", "total_price": "5",
             "created_at": f"2026-03-{n:02d}T00:00:00Z", "completed_at": f"2026-03-{n + 6:02d}T23:00:00Z",
             "updated_at": f"2026-03-{n + 6:02d}T23:00:00Z"}
            for n in (1, 2, 3)
        ]  # fmt: skip
        raw.land("abandoned_checkouts", carts, shop=shop)


@attrs.frozen
class Apart:
    """One warehouse of both accounts, and one of each."""

    engine: Any
    both: tuple[Any, ...]
    alone: dict[str, tuple[Any, ...]]


def schema(project: tl.Project) -> tuple[Any, ...]:
    return tuple(Script(project, with_sources=True, phases=frozenset((SCHEMA,))).statements())


@pytest.fixture(scope="module")
def apart(engine: Any) -> Iterator[Apart]:
    raw = attrs.evolve(airbyte.DEFAULT, database="raw_apart")
    streams = ("orders", "order_refunds", "customers", "abandoned_checkouts")
    shop = shopify.curated(layout=raw, database="data_apart_shop", streams=streams)
    accounts = {name: f"raw_apart_{name}" for name in ACCOUNTS}
    both = klaviyo.curated(database="data_apart", accounts=accounts)
    merged = tl.Source("raw_apart_own.merged", Merged, engine=MergeTree(order_by=(Merged.profile_id,)))
    tables = measures(both, shop, "apart", SHOPS, merged)
    whole = tl.project("apart", *both, *shop, merged, *tables)
    made, projects = {}, [whole]
    try:
        warehouse = s.Warehouse(engine, raw, whole)
        for statement in schema(whole):
            engine.execute(statement.sql)
        for name in ACCOUNTS:
            alone = klaviyo.curated(database=f"data_apart_{name}", raw_database=accounts[name])
            mine = tl.View(
                f"raw_apart_own.merged_{name}",
                Merged,
                query=tl.sql(
                    f"SELECT account, profile_id, merged_into FROM {{merged}} WHERE account = '{name}'", merged=merged
                ),
            )
            made[name] = measures(alone, shop, f"apart_{name}", SHOPS[name], mine)
            projects.append(tl.project(f"apart_{name}", *alone, *shop, merged, mine, *made[name]))
            there = {part.path for part in whole.parts}
            queries = {table.path: table.query.sql() for table in made[name] if table.kind == "RefreshableView"}
            for statement in schema(projects[-1]):
                if statement.creates in queries:  # as good as refreshed, and cheaper
                    engine.execute(f"CREATE VIEW {'.'.join(statement.creates)} AS {queries[statement.creates]}")
                elif statement.creates not in there:
                    engine.execute(statement.sql)
        rows = [{"account": a, "profile_id": "p4" if a == "eu" else "p1", "merged_into": "p2"} for a in ACCOUNTS]
        engine.insert("raw_apart_own", "merged", rows)
        for name in ACCOUNTS:
            land(warehouse, name)
        land_shops(warehouse)
        views = [item for item in whole.ordered(lambda part: 0) if item.kind == "RefreshableView"]
        warehouse.refresh(*(view.qualified_name for view in views))
        yield Apart(engine, tuple(tables), {name: tuple(made[name]) for name in ACCOUNTS})
    finally:
        for project in projects:
            s.remove(engine, project)


def rows_of(engine: Any, relation: Any, where: str = "true") -> list[dict[str, Any]]:
    hidden = ", ".join(c.name for c in relation.columns if str(c.type).startswith("AggregateFunction"))
    return engine.rows(
        f"SELECT *{f' EXCEPT ({hidden})' if hidden else ''} FROM {relation.qualified_name} WHERE {where} ORDER BY ALL"
    )


def without(row: dict[str, Any], account: str) -> dict[str, Any]:
    """A row as the account alone has it."""
    row = {key: value for key, value in row.items() if key not in ("account", "profile_accounts")}
    if "identity" in row:
        row["identity"] = row["identity"].replace(f"profile:{account}:", "profile:")
    return row


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_among_others_measures_what_it_measures_alone(apart: Apart, account: str) -> None:
    """Every table over Klaviyo, from states and from rows, with merged profiles and without."""
    told = set()
    for both, alone in zip(apart.both, apart.alone[account], strict=True):
        assert both.table == alone.table
        if "account" in both.column_names:
            where, other = f"account = '{account}'", f"account != '{account}'"
        else:
            where, other = (f"shop_url {sign} '{SHOPS[account]}'" for sign in ("=", "!="))
        rows = [without(row, account) for row in rows_of(apart.engine, both, where)]
        expected = rows_of(
            apart.engine, alone, f"shop_url = '{SHOPS[account]}'" if "shop_url" in alone.column_names else "true"
        )
        rows, expected = sorted(rows, key=repr), sorted(expected, key=repr)
        assert rows == expected, both.qualified_name
        assert rows, f"{both.qualified_name} has no row"
        others = [without(row, "us" if account == "eu" else "eu") for row in rows_of(apart.engine, both, other)]
        if others != rows:
            told.add(both.table)
    assert told == {both.table for both in apart.both}, "a table in which both accounts say the same tells nothing"


class Untold(tl.Columns):
    profile_id = tl.column(t.String)
    merged_into = tl.column(t.String)
    segment = tl.column(t.String)


def test_what_does_not_tell_accounts_apart_is_refused() -> None:
    """A table of one's own without ``account``; a shop for an account that there is not; of one account neither is asked."""
    both = klaviyo.curated(accounts={"eu": "raw_eu", "us": "raw_us"})
    untold = tl.Source("raw_own.untold", Untold)
    for make in (mail.customer_lifecycle, mail.campaign_performance, mail.attribution_summary, mail.hourly_engagement):
        with pytest.raises(errors.DeclarationError, match=r"T706 raw_own.untold: .* merged"):
            make(both, merged=untold)
    with pytest.raises(errors.DeclarationError, match=r"T706 raw_own.untold: .* memberships"):
        mail.segment_performance(both, memberships=untold)
    with pytest.raises(errors.DeclarationError, match=r"T707 .*'uk'"):
        commerce.customer_360(shopify.curated(), account=both, account_shop={"eu": "a", "uk": "b"})
    one = klaviyo.curated(accounts={"eu": "raw_eu"})
    assert "account" not in mail.segment_performance(one, memberships=untold, merged=untold).column_names
    clicks, named = (mail.email_clicks(one, account_shop=shop) for shop in ({"eu": "west"}, "west"))
    assert clicks is not None
    assert named is not None
    assert clicks.sql() == named.sql()
