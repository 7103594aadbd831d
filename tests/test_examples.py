"""The programs in examples/ run as they are, and print what they promise."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tilla import text

EXAMPLES = Path(__file__).parent.parent / "examples"

PRINTED = {
    # 23:00 in UTC is midnight in Madrid; e2, sent twice, counts once
    "shop.py": "2026-03-01 opened 2 1\n2026-03-02 opened 1 1\n",
    "sql_by_hand.py": "1 ada 1 45.00\n2 bob 1 30.00\n",
}


@pytest.fixture
def clean(engine: Any) -> Iterator[None]:
    """The engine of this process, without what an example leaves in it."""
    names = "SELECT name FROM system.databases"
    before = {row["name"] for row in engine.rows(names)}
    yield
    for row in engine.rows(names):
        if row["name"] not in before:
            engine.execute(f"DROP DATABASE IF EXISTS {text.quote_identifier(row['name'])}")


def printed(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_its_numbers(name: str, clean: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(name, capsys) == PRINTED[name]


def test_every_statement_of_the_clients_is_read_by_the_engine(engine: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from tilla.expressions.scan import split_statements

    statements = split_statements(printed("clients.py", capsys))
    assert len(statements) > 15
    assert [why for statement in statements if (why := engine.check_syntax(statement))] == []
    assert not any("raw_" in statement for statement in statements)


def test_the_shipped_shop_counts_its_own_orders(clean: None, capsys: pytest.CaptureFixture[str]) -> None:
    """The sums of the example's own table are those of the generator, which never saw any SQL."""
    from tilla.demo import Shop

    out = printed("shipped_shop.py", capsys).splitlines()
    truth = Shop(orders=60, currency="EUR", timezone="Europe/Madrid", shop_url="acme").truth()["daily_sales"]
    currency, orders, net_sales = out[0].split()
    assert currency == "EUR"
    assert int(orders) == sum(row["orders"] for row in truth)
    assert float(net_sales) == pytest.approx(float(sum(row["net_sales"] for row in truth)))
    assert len(out) == 4


def test_every_example_is_run() -> None:
    assert {file.name for file in EXAMPLES.glob("*.py")} == {*PRINTED, "clients.py", "shipped_shop.py"}
