"""data_shopify over the sample records: every curated column has the value that a person reading the record would say.

The golden rows in ``data/curated/shopify.json`` were read against the records one by one; a change of them is to be read the
same way. ``TILLA_GOLDEN=write`` writes them anew.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

import tests.support.golden_rows as golden_rows
import tests.support.shop as s
from tilla.datasets.shopify.assembly import ENTRIES
from tilla.sources import airbyte, dlt

SHOP = "tilla-test-shop"
GOLDEN = s.DATA / "curated" / "shopify.json"
START = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)

# Emitted in snake case, declared in camel case: only a payload has it, and dlt where it makes a column of whatever comes.
ONLY_IN_PAYLOAD = {("transactions", "formatted_gateway"): "Shopify Payments"}

TABLES = [entry.make.__name__ for entry in ENTRIES]


def landed(warehouse: s.Warehouse) -> s.Warehouse:
    """Land every sample record once, the n-th of its stream read n hours after the start."""
    done = f"SELECT count() FROM data_{warehouse.project.name}.orders WHERE shop_url = '{SHOP}'"
    if warehouse.server.scalar(done):
        return warehouse
    for folder in ("shopify", "shopify_more"):
        for path in sorted((s.DATA / "raw_samples" / folder).glob("*.jsonl")):
            records = s.samples(folder, path.stem)
            moments = [START + dt.timedelta(hours=n) for n in range(1, len(records) + 1)]
            if path.stem != "order_risks":
                warehouse.land(path.stem, records, extracted_at=moments)
    for name in ("locations", "countries", "shop") if not warehouse.rebuilt else ():
        warehouse.refresh(f"data_{warehouse.project.name}.{name}")
    return warehouse


LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]  # dlt's: test_dlt.py


def latest(warehouse: s.Warehouse, table: str, shop: str) -> list[dict[str, Any]]:
    return warehouse.rows(f"data_{warehouse.project.name}.{table}_latest", shop=shop)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_golden_rows_in_every_layout(engine: Any, layout: Any) -> None:
    """Money in every form, ids over 2^53, offsets, Python-repr text, missing against null: the same rows from each layout."""
    warehouse = landed(s.warehouse(engine, layout))
    warehouse.refresh(*warehouse.rebuilt)
    tables = {table: latest(warehouse, table, SHOP) for table in TABLES}
    if isinstance(layout, airbyte.PayloadLayout) or layout is dlt.NESTED:
        for (table, column), value in ONLY_IN_PAYLOAD.items():
            assert {row[column] for row in tables[table]} == {value}
            tables[table] = [row | {column: None} for row in tables[table]]
    golden_rows.check("shopify", tables, write=layout is airbyte.DEFAULT)


# Records that a later one of the same thing replaced or deleted, by their place in the stream; two of one order apart.
REPLACED = {
    "replaced": {
        "orders": (0, 2), "customers": (0,), "discount_codes": (0,), "fulfillments": (0,), "inventory_items": (0,),
        "inventory_levels": (0,), "products": (0, 1), "product_variants": (0,), "abandoned_checkouts": (0,),
    },
    "replaced-again": {"orders": (4,), "inventory_levels": (5,)},
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_golden_rows_of_what_was_replaced(engine: Any, layout: Any) -> None:
    """Every record is read right, also one of which the tables show nothing any more; it lands under a shop of its own."""
    warehouse = s.warehouse(engine, layout)
    tables: dict[str, list[dict[str, Any]]] = {}
    for shop, streams in REPLACED.items():
        for name, places in streams.items():
            records = s.samples("shopify", name)
            warehouse.land(name, [records[place] for place in places], shop=shop)
    warehouse.refresh(*warehouse.rebuilt)
    for shop in REPLACED:
        for table in TABLES:
            tables[table] = tables.get(table, []) + latest(warehouse, table, shop)
    found = {table: rows for table, rows in tables.items() if rows}
    golden_rows.check("shopify_replaced", found, write=layout is airbyte.DEFAULT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_records_as_the_rest_api_has_them_read_alike(engine: Any, layout: Any) -> None:
    """Money as text and Python's words as JSON, before the connector's coercion: the same rows as of what it emits."""
    warehouse = s.warehouse(engine, layout)
    for name, emitted in {"orders": (0, 1, 5), "abandoned_checkouts": (0, 1)}.items():
        records = s.samples("shopify", name)
        warehouse.land(name, s.samples("shopify_rest", name), shop="as-rest")
        warehouse.land(name, [records[place] for place in emitted], shop="as-emitted")
    warehouse.refresh(*warehouse.rebuilt)
    seen = 0
    for table in TABLES:
        rest, own = (
            golden_rows.plain(
                {k: v for k, v in row.items() if k != "shop_url"} for row in latest(warehouse, table, shop)
            )
            for shop in ("as-rest", "as-emitted")
        )
        assert rest == own, table
        seen += len(own)
    assert seen > 20


def test_every_table_has_a_sample() -> None:
    """A table without golden rows is a table that nobody has read."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert [table for table in TABLES if not golden[table]] == []
