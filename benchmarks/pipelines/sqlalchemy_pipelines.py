"""PIPELINES pipelines in clickhouse-connect's SQLAlchemy dialect: tables compiled to DDL, the view's text by hand.

The dialect has no materialized view; its Alembic operation takes the SELECT as text, and so does this.
"""

from __future__ import annotations

import os
import sys

import sqlalchemy as sa
from clickhouse_connect.cc_sqlalchemy import types as ct
from clickhouse_connect.cc_sqlalchemy.ddl.tableengine import AggregatingMergeTree, MergeTree
from clickhouse_connect.cc_sqlalchemy.dialect import ClickHouseDialect
from sqlalchemy.schema import CreateTable

dialect = ClickHouseDialect()
metadata = sa.MetaData()
views = []
for number in range(int(os.environ.get("PIPELINES", "10"))):
    amount = f"amount_{number}"
    sa.Table(
        f"events_{number:05}",
        metadata,
        sa.Column("id", ct.UInt64),
        sa.Column("ts", ct.DateTime64(3)),
        sa.Column("customer", ct.String),
        sa.Column(amount, ct.Decimal(18, 2)),
        sa.Column("note", ct.Nullable(ct.String)),
        MergeTree(order_by="id"),
        schema="raw",
    )
    sa.Table(
        f"daily_{number:05}",
        metadata,
        sa.Column("day", ct.Date),
        sa.Column("customer", ct.String),
        sa.Column("total", ct.AggregateFunction("sum", "Decimal(18, 2)")),
        sa.Column("customers", ct.AggregateFunction("uniq", "UInt64")),
        AggregatingMergeTree(order_by=("day", "customer")),
        schema="mart",
    )
    views.append(
        f"CREATE MATERIALIZED VIEW mart.daily_{number:05}_mv TO mart.daily_{number:05} AS "
        f"SELECT toDate(ts) AS day, customer, sumState({amount}) AS total, uniqState(id) AS customers "
        f"FROM raw.events_{number:05} GROUP BY day, customer"
    )
statements = [str(CreateTable(table).compile(dialect=dialect)).strip() for table in metadata.sorted_tables]
sys.stdout.write(";\n\n".join([*statements, *views]) + ";\n")
