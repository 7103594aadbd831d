"""``tilla demo``: the shipped project on an invented shop, in the embedded engine, from raw rows to numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tilla.console import say, write_out
from tilla.ddl.script import Script
from tilla.ddl.statements import BACKFILL, SCHEMA

if TYPE_CHECKING:
    from tilla.servers import Server

# What is printed: the table, its columns, and how its rows are ordered.
SHOWN = (
    (
        "analytics_shopify.daily_sales",
        (
            "date",
            "orders",
            "gross_sales",
            "discounts",
            "returns",
            "net_sales",
            "shipping",
            "taxes",
            "total_sales",
            "aov",
        ),
        "date",
    ),
    (
        "analytics_shopify.customer_cohorts",
        ("cohort_month", "month_offset", "cohort_size", "active_customers", "retention_rate", "net_sales"),
        "cohort_month, month_offset",
    ),
    (
        "analytics_shopify.discount_effect",
        ("code", "orders", "customers", "product_discount", "gross_sales", "net_sales", "aov", "discount_rate"),
        "code",
    ),
    (
        "analytics_shopify.checkout_recovery",
        ("date", "abandoned", "contactable", "abandoned_value", "recovered", "recovered_value", "recovery_rate"),
        "date",
    ),
    (
        "analytics_klaviyo.campaign_performance",
        (
            "campaign_id",
            "delivered",
            "opens_unique",
            "open_rate",
            "clicks_unique",
            "click_rate",
            "conversions",
            "revenue",
        ),
        "campaign_id",
    ),
    (
        "analytics_klaviyo.daily_event_summary",
        ("date", "metric", "integration_name", "events", "unique_profiles", "anonymous_events", "value"),
        "date, metric, integration_name",
    ),
    (
        "analytics_ga4.daily_devices",
        (
            "date",
            "sessions",
            "engaged_sessions",
            "bounce_rate",
            "avg_session_duration",
            "page_views",
            "pages_per_session",
        ),
        "date",
    ),
    (
        "analytics_ga4.active_users",
        ("date", "active_users_1d", "active_users_7d", "active_users_28d", "total_users_1d"),
        "date",
    ),
    (
        "analytics_commerce.daily_funnel",
        ("date", "sessions", "orders", "demand_sales", "net_sales", "conversion_rate", "email_orders", "email_share"),
        "date",
    ),
    (
        "analytics_commerce.channel_performance",
        ("date", "channel", "sessions", "orders", "demand_sales", "conversion_rate", "coverage"),
        "date, channel",
    ),
    (
        "analytics_commerce.email_revenue_reconciliation",
        (
            "campaign_id",
            "flow_id",
            "klaviyo_orders",
            "klaviyo_revenue",
            "matched_orders",
            "unmatched_orders",
            "shopify_net_sales",
            "overstatement",
            "realised_ratio",
        ),
        "campaign_id, flow_id",
    ),
    (
        "analytics_commerce.customer_360",
        ("identity", "in_klaviyo", "in_shopify", "orders", "net_sales", "lifecycle", "rfm_segment", "preferred_hour"),
        "net_sales DESC, identity",
    ),
)


def run(arguments: Sequence[str]) -> int:
    """Land, provision, fill, print; return the exit code."""
    from tilla.demo import Shop, land
    from tilla.emit import Parser
    from tilla.servers import connect
    from tilla.shipped import LANDED, project
    from tilla.sources import airbyte

    parser = Parser(prog="tilla demo", description="Run the shipped project on sample data, in the embedded engine.")
    parser.add_argument("--orders", type=int, default=120, help="how many orders the invented shop has (default 120)")
    parser.add_argument("--seed", type=int, default=7, help="another shop for another seed (default 7)")
    parser.add_argument("--rows", type=int, default=8, help="rows printed per table (default 8)")
    parser.add_argument("--json", action="store_true", help="print whole tables beside the generator's own truth")
    options = parser.parse_args(arguments)
    shop = Shop(seed=options.seed, orders=options.orders)
    with connect("chdb://memory") as server:
        statements = Script(project, with_sources=True, phases=frozenset((SCHEMA, BACKFILL))).statements()
        sources = {source.path for source in project.sources}
        early = [s for s in statements if s.section == "databases" or s.creates in sources]
        _send(server, early)
        counts = land(server, shop, airbyte.DEFAULT, streams=LANDED)
        say(f"landed {sum(counts.values())} raw rows, repeats and later versions included: {counts}")
        late = [s for s in statements if s not in early]
        _send(server, late)
        say(f"ran {len(late)} statements: tables, views, history, refresh")
        _print(server, shop, options)
    return 0


def _send(server: Server, statements: Sequence[Any]) -> None:
    for statement in statements:
        server.execute(statement.sql)


def _print(server: Server, shop: Any, options: argparse.Namespace) -> None:
    tables = {
        name: server.rows(f"SELECT {', '.join(columns)} FROM {name} ORDER BY {order}") for name, columns, order in SHOWN
    }
    if options.json:
        document = {"tables": tables, "truth": shop.truth(as_of=shop.end)}
        write_out(json.dumps(document, default=str, ensure_ascii=False, indent=1) + "\n")
        return
    lines = []
    for name, columns, _ in SHOWN:
        rows = tables[name]
        lines += ["", f"{name} ({len(rows)} rows)"]
        shown = [[_cell(row[c]) for c in columns] for row in rows[: options.rows]]
        widths = [max(len(c), *(len(r[i]) for r in shown)) if shown else len(c) for i, c in enumerate(columns)]
        for line in [list(columns), *shown]:
            lines.append("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
        if len(rows) > options.rows:
            lines.append(f"  ... {len(rows) - options.rows} more")
    write_out("\n".join(lines) + "\n")


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
