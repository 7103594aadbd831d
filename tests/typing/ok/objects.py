"""Every kind of object, with the arguments that people give it."""

from __future__ import annotations

from typing import Any, assert_type

import tilla as tl
from tilla import dictionaries
from tilla import functions as f
from tilla import types as t
from tilla.engines import (
    AggregatingMergeTree,
    Buffer,
    CollapsingMergeTree,
    Distributed,
    Join,
    Kafka,
    Memory,
    MergeTree,
    Null,
    ReplacingMergeTree,
    SummingMergeTree,
)


class Order(tl.Columns):
    id = tl.column(t.UInt64)
    shop = tl.column(t.LowCardinality(t.String), comment="host name")
    currency = tl.column(t.FixedString(3), default="EUR")
    total = tl.column(t.Decimal(18, 2), codec="ZSTD(1)")
    placed_at = tl.column(t.DateTime("UTC"), codec="Delta, ZSTD(1)")
    loaded_at = tl.column(t.DateTime, materialized=tl.sql("now()"))
    status = tl.column(t.Enum8("new", "paid", "refunded"))
    tags = tl.column(t.Array(t.String), statistics="uniq")
    sign = tl.column(t.Int8)
    version = tl.column(t.UInt64, name="_version")


orders = tl.Source("raw.orders", Order, engine=ReplacingMergeTree(order_by=Order.id, version=Order.version))

kept = tl.Table(
    "shop.orders",
    Order,
    engine=ReplacingMergeTree(
        version=Order.version,
        order_by=(Order.shop, Order.id),
        primary_key=Order.shop,
        partition_by=f.to_yyyymm(Order.placed_at),
        ttl=(tl.Ttl(Order.placed_at + 86400, where=Order.status == "new"), tl.Ttl(Order.placed_at, to_volume="cold")),
        settings={"index_granularity": 1024},
    ),
    indexes=tl.Index("by_tag", Order.tags, "bloom_filter(0.01)", granularity=4),
    projections=[tl.Projection("by_day", "SELECT placed_at ORDER BY placed_at")],
    constraints=(tl.Constraint("not_negative", Order.total >= 0),),
    comment="one row per order",
)
lonely = tl.Table("shop.everything", Order, engine=MergeTree(order_by=()))
backwards = tl.Table("shop.latest_first", Order, engine=MergeTree(order_by=(Order.shop, Order.placed_at.desc())))
pairs = tl.Table("shop.pairs", Order, engine=CollapsingMergeTree(order_by=Order.id, sign=Order.sign))
passing = tl.Table("shop.passing", Order, engine=Null())
held = tl.Table("shop.held", Order, engine=Memory())
joined = tl.Table("shop.joined", Order, engine=Join("ANY", "LEFT", Order.id))
buffered = tl.Table("shop.buffered", Order, engine=Buffer(table=kept))
spread = tl.Table("shop.spread", Order, engine=Distributed("main", kept, sharding_key=f.city_hash64(Order.id)))


class Item(tl.Columns):
    order_id = tl.derive(Order.id)
    shop = tl.derive(Order.shop)
    currency = tl.derive(Order.currency)
    total = tl.derive(Order.total, comment="shop currency")
    half = tl.derive(total / 2)
    placed_at = tl.derive(Order.placed_at)
    version = tl.derive(Order.version)


items = tl.MaterializedView(
    "shop.items",
    Item,
    source=orders,
    where=Order.total > 0,
    engine=ReplacingMergeTree(version=Item.version, order_by=Item.order_id),
)


class Same(tl.Columns):
    order_id = tl.derive(Order.id)
    shop = tl.derive(Order.shop)


class Stored(tl.Columns):
    order_id = tl.column(t.UInt64)
    shop = tl.column(t.LowCardinality(t.String))


stored = tl.Table("shop.stored", Stored, engine=ReplacingMergeTree(order_by=Stored.order_id))
queue = tl.Table(
    "shop.queue",
    Stored,
    engine=Kafka(brokers="kafka:9092", topics="orders", group="shop", format="JSONEachRow"),
)
feeding = tl.MaterializedView("shop.feeding", Same, source=orders, to=stored)
by_hand = tl.MaterializedView(
    "shop.by_hand",
    Stored,
    query=tl.sql("SELECT id AS order_id, shop FROM {orders}", orders=orders),
    engine=MergeTree(order_by=()),
)


class Daily(tl.Columns):
    day = tl.derive(f.to_date(Item.placed_at))
    shop = tl.derive(Item.shop)
    biggest = tl.measure(f.max(Item.total))
    orders = tl.measure(f.uniq_exact(Item.order_id))


class Sums(tl.Columns):
    shop = tl.derive(Item.shop)
    total = tl.measure(f.sum(Item.total), simple=True)


daily = tl.Aggregation(
    "analytics.daily", Daily, source=items, stable=(Item.placed_at, Item.shop), where=Item.currency == "EUR"
)
coarse = tl.Aggregation(
    "analytics.coarse", Daily, source=items, stable=[Item.placed_at, Item.shop], engine=AggregatingMergeTree()
)
sums = tl.Aggregation(
    "analytics.sums", Sums, source=items, stable=Item.shop, engine=SummingMergeTree(), append_only_unique=True
)
refreshed = tl.RefreshableView(
    "analytics.refreshed",
    Daily,
    source=items,
    final=True,
    refresh=tl.every(days=1).offset(hours=5).randomize(minutes=10),
    engine=MergeTree(order_by=Daily.day),
    settings={"max_threads": 2},
)
copied = tl.RefreshableView(
    "analytics.copied",
    Stored,
    query=tl.sql("SELECT order_id, shop FROM {stored}", stored=stored),
    refresh=tl.after(hours=1),
    engine=MergeTree(order_by=()),
    depends_on=(refreshed,),
)
shown = tl.View("analytics.shown", None, query=items.select(Item.order_id, Item.total.as_("amount")))
asked = tl.View(
    "analytics.asked",
    None,
    query=items.select(Item.order_id).where(Item.total > tl.parameter("lo", t.Decimal(18, 2))),
)


class Rate(tl.Columns):
    currency = tl.column(t.String)
    rate = tl.column(t.Decimal(18, 8))


rates_table = tl.Table("shop.rates_table", Rate, engine=MergeTree(order_by=Rate.currency))
rates = tl.Dictionary("shop.rates", Rate, source=rates_table, primary_key=Rate.currency, lifetime=(300, 600))
fetched = tl.Dictionary(
    "shop.fetched",
    Rate,
    source=dictionaries.Http("https://example.com/rates.csv", format="CSV"),
    primary_key="currency",
    layout="complex_key_hashed",
)

analyst = tl.Role("analyst", select=("analytics.*", items), readonly=2)
reader = tl.User("reader", auth="external", roles=analyst)
hashed = tl.User("hashed", auth=tl.Auth.sha256_hash("0" * 63 + "1"), roles=[analyst], hosts="10.0.0.0/8")
caps = tl.SettingsProfile("caps", constant={"max_threads": 4}, limits={"max_memory_usage": (1, 10**9)}, to=reader)
policy = tl.RowPolicy("own_shop", on=items, using=Item.shop == "a", to=(analyst,))
acme = tl.ReadOnlyClient("acme", select="analytics.*", auth="external", quota={"1 hour": {"queries": 1000}})
writer = tl.Role("writer", grants=tl.Grant("INSERT", on=kept, columns=(Order.id, "shop")))

# --- columns as a sequence, for generated and introspected tables ---

columns = [tl.column(t.UInt64, name=f"c{number}") for number in range(3)]
generated = tl.Table("shop.generated", columns, engine=MergeTree(order_by=columns[0]))
body = tl.columns_of(*columns, tl.column(t.String, name="from"))
from_body = tl.Table("shop.from_body", body, engine=MergeTree(order_by=()))

# --- a body by inheritance, shared by two tables ---


class Marked(Stored):
    mark = tl.column(t.Bool, default=False)


marked = tl.Table("shop.marked", Marked, engine=MergeTree(order_by=Marked.order_id))
archive = tl.Table("archive.marked", Marked, engine=MergeTree(order_by=()))

project = tl.project("objects", orders, items, daily, [analyst, reader])
assert_type(project["shop.items"].name, str)
assert_type(orders.c.shop, tl.Column[str])
assert_type(marked.c.mark, tl.Column[bool])
assert_type(marked.c.shop, tl.Column[str])
assert_type(items[Item.total].sql(), str)
assert_type(generated.columns, tuple[tl.Column[Any], ...])
