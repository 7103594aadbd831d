"""Slips in a column body and in what is derived from it. Each marked line, and no other, is reported by both checkers."""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t


class Order(tl.Columns):
    shop_id = tl.column(t.String)
    total = tl.column(t.Decimal(18, 2))
    placed_at = tl.column(t.DateTime)
    paid = tl.column(t.Bool)
    tags = tl.column(t.Array(t.String))
    note = tl.column(t.Nullable(t.String))


class Daily(tl.Columns):
    day = tl.derive(f.to_date(Order.placed_at))
    revenue = tl.measure(f.sum(Order.total))


# an unknown column
tl.derive(Order.totl)  # E: mypy, pyright
tl.derive(Daily.dya)  # E: mypy, pyright

# an aggregate over the wrong type
f.sum(Order.shop_id)  # E: mypy, pyright
f.sum(Order.note)  # E: mypy, pyright
f.avg(Order.shop_id)  # E: mypy, pyright
f.sum_array(Order.tags)  # E: mypy, pyright
f.sum_if(Order.total, Order.shop_id)  # E: mypy, pyright
f.group_bitmap(Order.shop_id)  # E: mypy, pyright
f.quantile_tdigest(Order.shop_id)  # E: mypy, pyright
f.quantile(Order.shop_id)  # E: mypy, pyright
f.median(Order.tags)  # E: mypy, pyright

# a stored state used as a value
tl.derive(Daily.revenue)  # E: mypy, pyright
f.sum(Daily.revenue)  # E: mypy, pyright
f.max(Daily.revenue)  # E: mypy, pyright
tl.derive(Daily.revenue + 1)  # E: mypy, pyright
f.count_if(Daily.revenue > 1)  # E: mypy, pyright
tl.derive(Order.total + Daily.revenue)  # E: mypy, pyright
f.count_if(Order.total == Daily.revenue)  # E: mypy, pyright

# a value where a measure is wanted, and the reverse
tl.measure(Order.total)  # E: mypy, pyright
tl.measure(f.to_date(Order.placed_at))  # E: mypy, pyright

# a function over the wrong type
f.lower(Order.total)  # E: mypy, pyright
f.to_start_of_month(Order.shop_id)  # E: mypy, pyright
f.round(Order.shop_id)  # E: mypy, pyright
f.json_text(Order.total, "a")  # E: mypy, pyright
f.array_sum(Order.shop_id)  # E: mypy, pyright
f.sum(Order.total).if_(Order.shop_id)  # E: mypy, pyright
tl.each(Order.shop_id, "letter")  # E: mypy, pyright

# operators between types that ClickHouse does not mix
f.count_if(Order.shop_id == 5)  # E: mypy, pyright
f.count_if(Order.shop_id > Order.total)  # E: mypy, pyright
tl.derive(Order.shop_id + 1)  # E: mypy, pyright
tl.derive(Order.total + "1")  # E: mypy, pyright
f.count_if(Order.total & Order.paid)  # E: mypy, pyright
f.count_if(~Order.shop_id)  # E: mypy, pyright
f.count_if(Order.placed_at > 20260101)  # E: mypy, pyright

# a column's declaration
tl.column("String")  # E: mypy, pyright
tl.column(t.Strng)  # E: mypy, pyright
tl.column()  # E: mypy, pyright
tl.column(t.String, comment=1)  # E: mypy, pyright
tl.column(t.String, commnt="x")  # E: mypy, pyright
tl.column(t.Nullable("String"))  # E: mypy, pyright
tl.column(t.Decimal("18", 2))  # E: mypy, pyright
tl.measure(f.sum(Order.total), simple="yes")  # E: mypy, pyright

# operators and methods, once more
f.count_if(Order.shop_id.is_in([1, 2]))  # E: mypy, pyright
f.count_if(Order.total.is_in(["a"]))  # E: mypy, pyright
f.count_if(Order.total.between("a", "b"))  # E: mypy, pyright
f.count_if(Order.total.like("1%"))  # E: mypy, pyright
tl.derive(Order.shop_id[1])  # E: mypy, pyright
tl.derive(Order.shop_id.as_(1))  # E: mypy, pyright
tl.derive(Order.total.cast("String"))  # E: mypy, pyright
tl.derive(Order.total / Order.shop_id)  # E: mypy, pyright
tl.derive(Order.placed_at + Order.placed_at)  # E: mypy, pyright
tl.derive(Order.placed_at * 2)  # E: mypy, pyright
tl.derive(2 * Order.shop_id)  # E: mypy, pyright
tl.derive(Order.total.upper())  # E: mypy, pyright
f.sum(Order.total).over(Order.shop_id)  # E: mypy, pyright
f.uniq_exact("shop_id")  # E: mypy, pyright
f.max("total")  # E: mypy, pyright
f.quantile(Order.total, "0.5")  # E: mypy, pyright
f.sums(Order.total)  # E: mypy, pyright
f.count_if()  # E: mypy, pyright
