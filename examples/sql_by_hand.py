"""SQL of your own inside a project: it stays byte for byte, and its references become dependencies.

python examples/sql_by_hand.py
"""

from __future__ import annotations

import tilla as tl
from tilla import types as t
from tilla.engines import MergeTree


class RawOrder(tl.Columns):
    id = tl.column(t.UInt64)
    customer = tl.column(t.String)
    total = tl.column(t.Decimal(18, 2))
    placed_at = tl.column(t.DateTime("UTC"))
    updated_at = tl.column(t.DateTime("UTC"))


orders = tl.Source("raw_shop.orders", RawOrder, versioned=True)


class Customer(tl.Columns):
    customer = tl.column(t.String)
    orders = tl.column(t.UInt64)
    spent = tl.column(t.Decimal(38, 2))
    best_rank = tl.column(t.UInt64, comment="1 for the customer who spent most")


customers = tl.RefreshableView(
    "mart.customers",
    Customer,
    refresh=tl.every(hours=1),
    engine=MergeTree(order_by=Customer.customer),
    query=tl.sql(
        """
        WITH newest AS (  -- an order may have been sent several times, and edited in between
            SELECT id, argMax(customer, updated_at) AS customer, argMax(total, updated_at) AS total
            FROM {orders}
            GROUP BY id
        )
        SELECT customer, count() AS orders, sum(total) AS spent, row_number() OVER (ORDER BY spent DESC) AS best_rank
        FROM newest
        GROUP BY customer
        """,
        orders=orders,
    ),
)

project = tl.project("by hand", orders, customers)


def order(id: int, customer: str, total: str, updated_at: str) -> dict[str, object]:
    """A raw row."""
    return {
        "id": id, "customer": customer, "total": total,
        "placed_at": "2026-03-01 10:00:00", "updated_at": updated_at,
    }  # fmt: skip


def main() -> None:
    """An order that is edited later counts once, with its last total."""
    with tl.connect("chdb://memory") as server:
        tl.apply(tl.plan(project, server, with_sources=True), server)
        rows = [order(1, "ada", "10.00", "2026-03-01 10:00:00"), order(2, "bob", "30.00", "2026-03-01 11:00:00")]
        server.insert("raw_shop", "orders", [*rows, order(1, "ada", "45.00", "2026-03-02 09:00:00")])
        tl.apply(tl.backfill(project, server), server)
        for row in server.rows(f"SELECT * FROM {customers.name} ORDER BY best_rank"):
            print(row["best_rank"], row["customer"], row["orders"], row["spent"])


if __name__ == "__main__":
    main()
