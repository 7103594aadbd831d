"""Read-only access for two clients of an agency: each sees his own tables, within caps, and no raw row.

python examples/clients.py                                     # the statements
python -m tilla.emit examples/clients.py:project --phase access
"""

from __future__ import annotations

import tilla as tl
from tilla import functions as f
from tilla import types as t


class Order(tl.Columns):
    id = tl.column(t.UInt64)
    placed_at = tl.column(t.DateTime("UTC"))


class Day(tl.Columns):
    day = tl.derive(f.to_date(Order.placed_at, "Europe/Madrid"))
    orders = tl.measure(f.uniq_exact(Order.id))


def client(name: str, sha256: str) -> tuple[tl.Source[type[Order]], tl.Aggregation[type[Day]], tl.ReadOnlyClient]:
    """The objects of one client: his orders as they land, his days, and his access to the days alone."""
    orders = tl.Source(f"raw_{name}.orders", Order)
    daily = tl.Aggregation(f"mart_{name}.daily", Day, source=orders)
    reader = tl.ReadOnlyClient(
        name,
        select=(f"mart_{name}.*",),
        auth=tl.Auth.sha256_hash(sha256),  # a hash, never a password
        hosts=("10.0.0.0/8",),
        max_memory_usage=2 * 1024**3,
        max_execution_time=60,
        max_rows_to_read=1_000_000_000,
        quota={"1 hour": {"queries": 500, "execution_time": 900}},
    )
    return orders, daily, reader


# SHA-256 of two long random passwords: `printf %s "$PASSWORD" | sha256sum`.
project = tl.project(
    "agency",
    *client("acme", "f94558cc886702c2b799268693d4d7b4aac76a89b4b61c4ad7af6a789b44b4ef"),
    *client("bolt", "108dc2c871a26d6a85a191bd8459d9ce7f3b3eb427d458badcd4c1e9c3dd98b1"),
)


if __name__ == "__main__":
    print(tl.render(project, phases=("access",)))
