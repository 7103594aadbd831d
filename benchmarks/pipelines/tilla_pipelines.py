"""PIPELINES pipelines as a Tilla project: a source table, an aggregation over it (states, view, read view) each."""

from __future__ import annotations

import os
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.engines import MergeTree


def pipeline(number: int) -> tuple[Any, ...]:
    class Raw(tl.Columns):
        id = tl.column(t.UInt64)
        ts = tl.column(t.DateTime64(3))
        customer = tl.column(t.String)
        amount = tl.column(t.Decimal(18, 2), name=f"amount_{number}")
        note = tl.column(t.Nullable(t.String))

    class Daily(tl.Columns):
        day = tl.derive(f.to_date(Raw.ts))
        customer = tl.derive(Raw.customer)
        total = tl.measure(f.sum(Raw.amount))
        customers = tl.measure(f.uniq(Raw.id))

    raw = tl.Source(f"raw.events_{number:05}", Raw, engine=MergeTree(order_by=(Raw.id,)))
    daily = tl.Aggregation(f"mart.daily_{number:05}", Daily, source=raw, append_only_unique=True)
    return raw, daily


project = tl.project(
    "pipelines", *(item for n in range(int(os.environ.get("PIPELINES", "10"))) for item in pipeline(n))
)
