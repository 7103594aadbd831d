"""Slips in relations, engines and schedules."""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree, ReplacingMergeTree
from tilla.testing import given


class Order(tl.Columns):
    id = tl.column(t.UInt64)
    shop_id = tl.column(t.String)
    total = tl.column(t.Decimal(18, 2))
    version = tl.column(t.UInt64)


class Daily(tl.Columns):
    shop_id = tl.derive(Order.shop_id)
    revenue = tl.measure(f.max(Order.total))


orders = tl.Table("shop.orders", Order, engine=MergeTree(order_by=Order.id))
daily = tl.Aggregation("shop.daily", Daily, source=orders)

# mutation of a frozen value
orders.engine = MergeTree(order_by=())  # E: mypy, pyright
orders.name = "shop.other"  # E: mypy, pyright
Order.total.name = "sum"  # E: mypy, pyright
t.Decimal(18, 2).scale = 3  # E: mypy, pyright
tl.every(hours=1).text = "EVERY 2 HOUR"  # E: mypy, pyright

# engines
tl.Table("shop.a", Order)  # E: mypy, pyright
tl.Table("shop.a", Order, engine="MergeTree")  # E: mypy, pyright
tl.Table("shop.a", Order, engine=MergeTree)  # E: mypy, pyright
MergeTree(order_by="id")  # E: mypy, pyright
MergeTree(order_by=("id", "total"))  # E: mypy, pyright
MergeTree(Order.id)  # E: mypy, pyright
MergeTree(order_by=Daily.revenue)  # E: mypy, pyright
MergeTree(order_by=Order.id, partiton_by=Order.shop_id)  # E: mypy, pyright
ReplacingMergeTree(order_by=Order.id, version="version")  # E: mypy, pyright
MergeTree(order_by=Order.id, ttl="1 DAY")  # E: mypy, pyright
MergeTree(order_by=Order.id, settings=("index_granularity", 1))  # E: mypy, pyright
MergeTree(order_by=Order.id, partition_by="toYYYYMM(day)")  # E: mypy, pyright

# relations
tl.Table(Order, engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.Table("shop.a", "id UInt64", engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.Table("shop.a", [t.String], engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.Table("shop.a", Order, engine=MergeTree(order_by=()), indexes="minmax")  # E: mypy, pyright
tl.MaterializedView("shop.a", Order, source="shop.orders", engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.MaterializedView("shop.a", Order, source=orders, to="shop.b")  # E: mypy, pyright
tl.MaterializedView("shop.a", Order, source=orders, where="paid", engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.MaterializedView("shop.a", Order, query="SELECT 1", engine=MergeTree(order_by=()))  # E: mypy, pyright
tl.Aggregation("shop.a", Daily)  # E: mypy, pyright
tl.Aggregation("shop.a", Daily, source="shop.orders")  # E: mypy, pyright
tl.Aggregation("shop.a", Daily, source=orders, stable="shop_id")  # E: mypy, pyright
tl.Aggregation("shop.a", Daily, source=orders, stable=Daily.revenue)  # E: mypy, pyright
tl.View("shop.a", None, query="SELECT 1")  # E: mypy, pyright

# schedules
engine = MergeTree(order_by=())
tl.RefreshableView("shop.a", Daily, refresh="EVERY 1 HOUR", engine=engine, source=orders)  # E: mypy, pyright
tl.RefreshableView("shop.a", Daily, refresh=3600, engine=engine, source=orders)  # E: mypy, pyright
tl.RefreshableView("shop.a", Daily, engine=engine, source=orders)  # E: mypy, pyright
tl.RefreshableView("shop.a", Daily, refresh=tl.every, engine=engine, source=orders)  # E: mypy, pyright
tl.RefreshableView("shop.a", Daily, refresh=tl.every(hours=1), engine=engine, depends_on="x")  # E: mypy, pyright
tl.every(hour=1)  # E: mypy, pyright
tl.every(hours="1")  # E: mypy, pyright
tl.every(1)  # E: mypy, pyright
tl.every(days=1).offset(hour=1)  # E: mypy, pyright

# reading
orders.select(Daily.revenue)  # E: mypy, pyright
orders.select("id")  # E: mypy, pyright
tl.derive(orders["id"])  # E: mypy, pyright
tl.derive(orders.c.totl)  # E: mypy, pyright
tl.derive(daily[Daily.revenue])  # E: mypy, pyright
orders.select(Order.id).where("id = 1")  # E: mypy, pyright
orders.select(Order.id).order_by("id")  # E: mypy, pyright
orders.select(Order.id).limit("1")  # E: mypy, pyright
orders.select(Order.id).join("shop.b", Order.id == 1)  # E: mypy, pyright

# projects, plans and tests
tl.project(orders)  # E: mypy, pyright
tl.project("shop", Order)  # E: mypy, pyright
tl.project("shop", "orders")  # E: mypy, pyright
tl.render(orders)  # E: mypy, pyright
given({"shop.orders": []})  # E: mypy, pyright
given({orders: [1]})  # E: mypy, pyright
given({orders: []}).read("shop.daily")  # E: mypy, pyright
tl.plan("shop", tl.connect())  # E: mypy, pyright
tl.apply(orders, tl.connect())  # E: mypy, pyright
tl.connect(8443)  # E: mypy, pyright
tl.sql(1)  # E: mypy, pyright
