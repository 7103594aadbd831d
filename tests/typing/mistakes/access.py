"""Slips in access objects, dictionaries and the rarer engines."""

from __future__ import annotations

import tilla as tl
from tilla import dictionaries
from tilla import functions as f
from tilla import types as t
from tilla.engines import Buffer, Distributed, Join, Kafka, MergeTree


class Rate(tl.Columns):
    currency = tl.column(t.String)
    rate = tl.column(t.Decimal(18, 8))


rates = tl.Table("shop.rates", Rate, engine=MergeTree(order_by=Rate.currency))
analyst = tl.Role("analyst", select=rates)
reader = tl.User("reader", auth="external")

# access
tl.Role(rates)  # E: mypy, pyright
tl.Role("a", select=Rate)  # E: mypy, pyright
tl.Role("a", select=1)  # E: mypy, pyright
tl.Role("a", grants="SELECT")  # E: mypy, pyright
tl.Role("a", readonly="2")  # E: mypy, pyright
tl.Role("a", slect="shop.*")  # E: mypy, pyright
tl.User("a", auth=1)  # E: mypy, pyright
tl.User("a", auth="external", roles="analyst")  # E: mypy, pyright
tl.User("a", auth="external", roles=[analyst, "b"])  # E: mypy, pyright
tl.User("a", password="secret")  # E: mypy, pyright
tl.Grant("SELECT")  # E: mypy, pyright
tl.Grant("SELECT", on=Rate)  # E: mypy, pyright
tl.RowPolicy("a", on=rates, using="currency = 'EUR'", to=analyst)  # E: mypy, pyright
tl.RowPolicy("a", on=rates, using=Rate.currency == "EUR")  # E: mypy, pyright
tl.RowPolicy("a", on=rates, using=Rate.currency == "EUR", to="analyst")  # E: mypy, pyright
tl.Quota("a", limits=10, to=reader)  # E: mypy, pyright
tl.SettingsProfile("a", constant="readonly", to=reader)  # E: mypy, pyright
tl.ReadOnlyClient("a", auth="external")  # E: mypy, pyright
tl.ReadOnlyClient("a", select="shop.*", auth="external", max_memory_usage="1G")  # E: mypy, pyright
tl.Auth.sha256_hash()  # E: mypy, pyright

# dictionaries
tl.Dictionary("shop.d", Rate, primary_key=Rate.currency)  # E: mypy, pyright
tl.Dictionary("shop.d", Rate, source=rates)  # E: mypy, pyright
tl.Dictionary("shop.d", Rate, source="shop.rates", primary_key=Rate.currency)  # E: mypy, pyright
tl.Dictionary("shop.d", Rate, source=rates, primary_key=1)  # E: mypy, pyright
tl.Dictionary("shop.d", Rate, source=rates, primary_key=Rate.currency, layout=1)  # E: mypy, pyright
tl.Dictionary("shop.d", Rate, source=rates, primary_key=Rate.currency, lifetime="1h")  # E: mypy, pyright
dictionaries.Http(1, "CSV")  # E: mypy, pyright
f.dict_get(rates, 1, Rate.currency)  # E: mypy, pyright

# engines
Buffer()  # E: mypy, pyright
Buffer(table="shop.rates")  # E: mypy, pyright
Distributed("main", "shop.rates")  # E: mypy, pyright
Join("ANY", "LEFT", "currency")  # E: mypy, pyright
Kafka(brokers="kafka:9092", topic="t", group="g", format="CSV")  # E: mypy, pyright
