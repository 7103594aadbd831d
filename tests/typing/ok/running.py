"""Queries, servers, plans and unit tests."""

from __future__ import annotations

import datetime as dt
from typing import Any, assert_type

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree
from tilla.testing import given


class Order(tl.Columns):
    id = tl.column(t.UInt64)
    shop = tl.column(t.String)
    total = tl.column(t.Decimal(18, 2))
    placed_at = tl.column(t.DateTime)


class Shop(tl.Columns):
    name = tl.column(t.String)
    country = tl.column(t.String)


orders = tl.Source("raw.orders", Order)
shops = tl.Table("shop.shops", Shop, engine=MergeTree(order_by=Shop.name))

query = (
    orders.select(
        f.to_monday(Order.placed_at).as_("week"),
        shops[Shop.country].as_("country"),
        f.sum(Order.total).as_("total"),
    )
    .join(shops, orders[Order.shop] == shops[Shop.name], kind="LEFT")
    .where(Order.total > 0, Order.shop.is_in(["a", "b"]))
    .having(f.count() > 1)
    .order_by(Order.placed_at.desc())
    .limit(10)
    .final()
)
assert_type(query, tl.Query)
assert_type(query.sql(), str)

few = orders.select(Order.id).where(Order.shop.is_in(shops.select(Shop.name)))
by_hand = tl.sql("SELECT count() FROM {orders} WHERE id IN ({few})", orders=orders, few=few)
assert_type(by_hand, tl.Sql)

project = tl.project("shop", orders, shops)


def run() -> None:
    """Create and fill; called by nobody, since it meets a server."""
    with tl.connect("chdb://memory") as server:
        assert_type(server, tl.Server)
        planned = tl.plan(project, server, with_sources=True)
        assert_type(planned, tl.Plan)
        tl.apply(planned, server, allow="costly", progress=print)
        tl.apply(tl.backfill(project, server), server)
    tl.connect("clickhouse://user@host:8443/?secure=true", connect_timeout=10)
    try:
        tl.render(project, target="cluster:main", phases=("schema",))
    except tl.RefusedError as refusal:
        assert_type(refusal.code, str)
        raise


def test_a_query_is_read() -> None:
    row = {"id": 1, "shop": "a", "total": "9.50", "placed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    read = given({orders: [row], shops: [{"name": "a", "country": "ES"}]}).read(orders)
    assert_type(read, list[dict[str, Any]])
    assert len(given({orders: [row, row]}).read(orders, history=True, order_by=("id",))) == 2
