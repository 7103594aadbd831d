"""data_shopify over the sample records: every curated column has the value that a person reading the record would say.

The golden rows in ``data/curated/shopify.json`` were read against the records one by one; a change of them is to be read the
same way. Write them anew with ``python -m tests.test_shopify_curated``.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

import tests.support.shop as s
from tilla.datasets.shopify.assembly import ENTRIES
from tilla.sources import airbyte

SHOP = "tilla-test-shop"
GOLDEN = s.DATA / "curated" / "shopify.json"
START = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)

# The loader's own columns differ by layout; versions are checked by what they decide.
LEFT_OUT = {"extracted_at", "generation_id", "version"}
# Emitted in snake case, declared in camel case: only a payload has it.
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
    for name in ("locations", "countries", "shop"):
        warehouse.refresh(f"data_{warehouse.project.name}.{name}")
    return warehouse


def rows(warehouse: s.Warehouse, table: str) -> list[dict[str, Any]]:
    """The rows of a ``_latest`` view as JSON values, in the order of their text."""
    found = []
    for row in warehouse.curated(f"{table}_latest", shop=SHOP):
        found.append({k: _json(v) for k, v in row.items() if k not in LEFT_OUT and not k.endswith("_version")})
    return sorted(found, key=lambda row: json.dumps(row, ensure_ascii=False))


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def write_golden() -> None:
    """Write the rows of the default layout; read the difference before committing it."""
    from tilla.servers import connect

    with connect("chdb://memory") as engine:
        warehouse = landed(s.warehouse(engine, airbyte.DEFAULT))
        written = {table: rows(warehouse, table) for table in TABLES}
    GOLDEN.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize("layout", [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()])
def test_golden_rows_in_every_layout(engine: Any, layout: Any) -> None:
    """Money in every form, ids over 2^53, offsets, Python-repr text, missing against null: the same rows from each layout."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    warehouse = landed(s.warehouse(engine, layout))
    if isinstance(layout, airbyte.PayloadLayout):
        for (table, column), value in ONLY_IN_PAYLOAD.items():
            golden[table] = [row | {column: value} for row in golden[table]]
    for table in TABLES:
        expected = sorted(golden[table], key=lambda row: json.dumps(row, ensure_ascii=False))
        assert rows(warehouse, table) == expected, table


def test_every_table_has_a_sample() -> None:
    """A table without golden rows is a table that nobody has read."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert [table for table in TABLES if not golden[table]] == []


if __name__ == "__main__":
    write_golden()
