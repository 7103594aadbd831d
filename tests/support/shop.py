"""A shop's warehouse on the test engine, one per loader layout, and records in the shapes that the connector emits.

Provisioning costs about a second, so a warehouse lives for the whole session; tests tell their rows apart by shop_url.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

import tilla as tl
from tilla import text
from tilla.analytics import shopify as analytics
from tilla.datasets import shopify
from tilla.ddl.script import Script
from tilla.sources import Layout, stream
from tilla.sources.layouts import Delivery

DATA = Path(__file__).parents[1] / "data"
EXTRACTED = dt.datetime(2026, 4, 5, tzinfo=dt.UTC)

_deliveries = itertools.count(1)


def case(name: str) -> dict[str, Any]:
    """A worked case: input, parameters and expected rows."""
    return json.loads((DATA / "cases" / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def samples(source: str, name: str) -> list[dict[str, Any]]:
    """Sample records of one stream, in the order of arrival."""
    lines = (DATA / "raw_samples" / source / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def storage_clauses(layout: Layout, landing: Any) -> str:
    """Engine and sorting key of a raw table, as the loader's CREATE TABLE has them."""
    storage = layout.storage(landing)
    version = f"({text.quote_identifier(storage.version)})" if storage.version else ""
    order = f"({', '.join(map(text.quote_identifier, storage.order_by))})" if storage.order_by else "tuple()"
    return f"ENGINE = {storage.engine}{version} ORDER BY {order}"


@attrs.define
class Warehouse:
    """Curated and analytics objects of one project, provisioned on an engine over one layout."""

    server: Any
    layout: Layout
    project: tl.Project
    connector: str = "shopify"

    def provision(self) -> None:
        """Run the whole script, raw tables included, statement by statement."""
        for statement in Script(self.project, with_sources=True).statements():
            self.server.execute(statement.sql)

    def land(
        self,
        name: str,
        records: Iterable[Mapping[str, Any]],
        *,
        shop: str | None = None,
        extracted_at: dt.datetime | Iterable[dt.datetime] = EXTRACTED,
        generation_id: int = 1,
    ) -> None:
        """Land records of a stream in one insert; ``shop`` sets their shop_url."""
        landing = stream(self.connector, name)
        deliveries = []
        moments = itertools.repeat(extracted_at) if isinstance(extracted_at, dt.datetime) else iter(extracted_at)
        for record, moment in zip(records, moments, strict=False):
            whole = {**record, "shop_url": shop} if shop is not None else record
            raw_id = f"00000000-0000-4000-8000-{next(_deliveries):012d}"
            deliveries.append(Delivery(whole, raw_id, moment, generation_id))
        self.layout.deliver(self.server, landing, deliveries)

    def measured(self, name: str, *, shop: str, order_by: str = "") -> list[dict[str, Any]]:
        """Refresh an analytics table and read one shop's rows of it."""
        table = f"analytics_{self.project.name}.{name}"
        self.refresh(*self.rebuilt, table)
        return self.rows(table, shop=shop, order_by=order_by)

    def curated(self, name: str, *, shop: str, order_by: str = "") -> list[dict[str, Any]]:
        """Read one shop's rows of a curated table or view."""
        self.refresh(*self.rebuilt)
        return self.rows(f"data_{self.project.name}.{name}", shop=shop, order_by=order_by)

    @property
    def rebuilt(self) -> tuple[str, ...]:
        """The curated tables that no insert fills, where the layout has one record in several tables."""
        if self.layout.reader() is None:
            return ()
        views = [item for item in self.project.objects if item.kind == "RefreshableView"]
        return tuple(view.qualified_name for view in views if view.database.startswith("data_") and not view.append)

    def refresh(self, *names: str) -> None:
        """Refresh views in the order given, each to its end."""
        for name in names:
            self.server.execute(f"SYSTEM REFRESH VIEW {name}")
            self.server.execute(f"SYSTEM WAIT VIEW {name}")

    def rows(self, name: str, *, shop: str, order_by: str = "", columns: str = "*") -> list[dict[str, Any]]:
        """Rows of one shop."""
        order = f" ORDER BY {order_by}" if order_by else ""
        return self.server.rows(
            f"SELECT {columns} FROM {name} WHERE shop_url = {{shop:String}}{order}", parameters={"shop": shop}
        )


def remove(server: Any, project: tl.Project) -> None:
    """Take a project off the engine, and nothing that another test put there.

    v1 keeps the tables of all namespaces in one database, and all projects note their history in one table, so neither may
    be dropped whole.
    """
    own = {part.path for part in project.parts}
    for database in sorted({part.database for part in project.parts}):
        name = text.quote_identifier(database)
        tables = f"SELECT name FROM system.tables WHERE database = {text.quote_string(database)} AND name NOT LIKE '.%'"
        if {(database, row["name"]) for row in server.rows(tables)} <= own:
            server.execute(f"DROP DATABASE IF EXISTS {name} SYNC")
            continue
        for path in sorted(path for path in own if path[0] == database):
            server.execute(f"DROP TABLE IF EXISTS {text.quote_qualified(*path)} SYNC")
    if server.scalar("EXISTS TABLE tilla.history"):
        databases = ", ".join(sorted({text.quote_string(part.database) for part in project.parts}))
        noted = f"splitByChar('.', target)[1] IN ({databases})"
        if server.scalar(f"SELECT count() FROM tilla.history WHERE {noted}"):  # a mutation waits for a free thread
            server.execute(f"ALTER TABLE tilla.history DELETE WHERE {noted} SETTINGS mutations_sync = 1")


NEW_YORK = "America/New_York"
_made: dict[str, Warehouse] = {}


def warehouse(server: Any, layout: Layout) -> Warehouse:
    """The warehouse over a layout: every stream, every table, the parameters of the worked cases."""
    if layout.name not in _made:
        tag = layout.name.replace(".", "_").replace("-", "_")
        own = attrs.evolve(layout, database=f"raw_{tag}")
        shop = shopify.curated(layout=own, database=f"data_{tag}", timezone=NEW_YORK)
        database = f"analytics_{tag}"
        tables = (
            analytics.daily_sales(shop, database=database),
            analytics.customer_cohorts(shop, database=database, timezone="Europe/Madrid", as_of=dt.date(2026, 3, 31)),
            analytics.customer_rfm(shop, database=database, timezone="UTC", as_of=dt.date(2026, 4, 1)),
            analytics.inventory_cover(shop, database=database, timezone="UTC", as_of=dt.date(2026, 3, 31)),
            analytics.discount_effect(shop, database=database, timezone="UTC", start=dt.date(2026, 3, 1)),
            analytics.checkout_recovery(shop, database=database, timezone="UTC"),
        )
        made = Warehouse(server, own, tl.project(tag, *shop, *tables))
        made.provision()
        _made[layout.name] = made
    return _made[layout.name]


def check(rows: Iterable[Mapping[str, Any]], expected: Iterable[Mapping[str, Any]]) -> None:
    """Compare rows with the expected columns: fractions to six places, all else exactly."""
    got = [{key: _plain(row[key]) for key in want} for row, want in zip(rows, expected, strict=True)]
    want = [{key: _plain(value) for key, value in row.items()} for row in expected]
    for one, other in zip(got, want, strict=True):
        for key, value in one.items():
            if isinstance(value, float) and other[key] is not None:
                one[key], other[key] = round(value, 6), round(float(other[key]), 6)
    assert got == want


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


# --- records ---


def money(amount: Any, currency: str = "USD", presentment: Any = None, presented: str | None = None) -> dict[str, Any]:
    """A money set: text amounts, as nested ones stay."""
    shown = amount if presentment is None else presentment
    return {
        "shop_money": {"amount": str(amount), "currency_code": currency},
        "presentment_money": {"amount": str(shown), "currency_code": presented or currency},
    }


def order_line(
    line_id: int,
    price: Any,
    *,
    quantity: int = 1,
    discount: Any = 0,
    tax: Any = 0,
    gift_card: bool = False,
    currency: str = "USD",
    presentment: Any = None,
    presented: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A line item of an order."""
    line: dict[str, Any] = {
        "id": line_id,
        "quantity": quantity,
        "price": str(presentment if presentment is not None else price),
        "price_set": money(price, currency, presentment, presented),
        "gift_card": gift_card,
        "tax_lines": [],
        "discount_allocations": [],
        "product_id": None,
        "variant_id": None,
        "sku": f"SKU-{line_id}",
    }
    if Decimal(str(discount)):
        part = {"amount": str(discount), "amount_set": money(discount, currency), "discount_application_index": 0}
        line["discount_allocations"] = [part]
    if Decimal(str(tax)):
        line["tax_lines"] = [{"title": "tax", "rate": 0.08, "price": str(tax), "price_set": money(tax, currency)}]
    return line | more


def order(
    order_id: int,
    processed_at: str,
    lines: Iterable[Mapping[str, Any]] = (),
    *,
    updated_at: str | None = None,
    currency: str = "USD",
    shipping: Any = 0,
    tax: Any = 0,
    **more: Any,
) -> dict[str, Any]:
    """An order as the connector emits it, reduced to what is used."""
    items = [dict(line) for line in lines]
    record: dict[str, Any] = {
        "id": order_id,
        "created_at": processed_at,
        "processed_at": processed_at,
        "updated_at": updated_at or processed_at,
        "cancelled_at": None,
        "currency": currency,
        "presentment_currency": currency,
        "taxes_included": False,
        "financial_status": "paid",
        "test": False,
        "line_items": items,
        "refunds": [],
        "discount_codes": [],
        "discount_applications": [],
        "shipping_lines": [],
        "total_tax_set": money(tax, currency),
        "customer": None,
    }
    if Decimal(str(shipping)):
        line = {"id": order_id * 10, "price": str(shipping), "discounted_price_set": money(shipping, currency)}
        record["shipping_lines"] = [line]
    return record | more


def refund(
    refund_id: int,
    order_id: int,
    created_at: str,
    lines: Iterable[Mapping[str, Any]] = (),
    adjustments: Iterable[Mapping[str, Any]] = (),
    **more: Any,
) -> dict[str, Any]:
    """A refund, as it stands in ``order_refunds`` and in ``orders.refunds[]``."""
    return {
        "id": refund_id,
        "order_id": order_id,
        "created_at": created_at,
        "processed_at": created_at,
        "refund_line_items": [dict(line) for line in lines],
        "order_adjustments": [dict(part) for part in adjustments],
        "transactions": [],
    } | more


def refund_line(
    refund_line_id: int,
    line_id: int,
    subtotal: Any,
    tax: Any = 0,
    *,
    quantity: int = 1,
    gift_card: bool = False,
    restock_type: str = "return",
    currency: str = "USD",
) -> dict[str, Any]:
    """A line of a refund."""
    return {
        "id": refund_line_id,
        "line_item_id": line_id,
        "quantity": quantity,
        "restock_type": restock_type,
        "subtotal": float(subtotal),
        "subtotal_set": money(subtotal, currency),
        "total_tax": float(tax),
        "total_tax_set": money(tax, currency),
        "line_item": {"id": line_id, "gift_card": gift_card},
    }


def adjustment(adjustment_id: int, kind: str, amount: Any, tax: Any = 0, *, currency: str = "USD") -> dict[str, Any]:
    """An order adjustment of a refund: negative where money goes back."""
    return {
        "id": adjustment_id,
        "kind": kind,
        "amount": str(amount),
        "tax_amount": str(tax),
        "amount_set": money(amount, currency),
        "tax_amount_set": money(tax, currency),
    }
