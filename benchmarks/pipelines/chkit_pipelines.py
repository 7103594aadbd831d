"""PIPELINES pipelines in chkit-py: declared, planned from an empty database, printed.

This is what ``chkit generate`` does without its command line, which would cost it a further second of imports.
"""

from __future__ import annotations

import os
import sys

from chkit import materialized_view, plan_diff, table


def pipeline(number: int):
    amount = f"amount_{number}"
    yield table(
        database="raw",
        name=f"events_{number:05}",
        engine="MergeTree",
        columns=[
            {"name": "id", "type": "UInt64"},
            {"name": "ts", "type": "DateTime64(3)"},
            {"name": "customer", "type": "String"},
            {"name": amount, "type": "Decimal(18, 2)"},
            {"name": "note", "type": "String", "nullable": True},
        ],
        primary_key=["id"],
        order_by=["id"],
    )
    yield table(
        database="mart",
        name=f"daily_{number:05}",
        engine="AggregatingMergeTree",
        columns=[
            {"name": "day", "type": "Date"},
            {"name": "customer", "type": "String"},
            {"name": "total", "type": "AggregateFunction(sum, Decimal(18, 2))"},
            {"name": "customers", "type": "AggregateFunction(uniq, UInt64)"},
        ],
        primary_key=["day", "customer"],
        order_by=["day", "customer"],
    )
    yield materialized_view(
        database="mart",
        name=f"daily_{number:05}_mv",
        to={"database": "mart", "name": f"daily_{number:05}"},
        as_=(
            f"SELECT toDate(ts) AS day, customer, sumState({amount}) AS total, uniqState(id) AS customers "
            f"FROM raw.events_{number:05} GROUP BY day, customer"
        ),
    )


definitions = [item for n in range(int(os.environ.get("PIPELINES", "10"))) for item in pipeline(n)]
plan = plan_diff([], definitions)
sys.stdout.write("\n\n".join(operation.sql for operation in plan.operations) + "\n")
