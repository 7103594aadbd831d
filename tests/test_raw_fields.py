"""tilla.sources.raw: the same typed value from every layout, NULL where there is none."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tilla.ddl import write
from tilla.sources import airbyte, stream
from tilla.sources.raw import element, landed, version_of

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in airbyte.LAYOUTS.values()]
AT = dt.datetime(2024, 3, 10, 7, 5, 0, 123000, tzinfo=dt.UTC)
PAYLOADS = ("v0", "v1")

RECORD: dict[str, Any] = {
    "id": 9007199254740993,
    "total_price": 19.9,
    "total_price_set": {"shop_money": {"amount": "0.7999999999999999", "currency_code": "USD"}},
    "created_at": "2024-03-10T01:59:30.123456-05:00",
    "customer": {"id": 7, "email": "", "created_at": "2024-03-01 10:00:00", "verified_email": "True", "note": None},
    "line_items": [{"id": 1, "price": 19.90}, {"id": 2, "price": "x"}],
    "payment_gateway_names": ["a", "b"],
    "original_total_duties_set": "{'shop_money': {'amount': '1.50', 'currency_code': 'USD'}}",
    "user_id": 90000000002,
    "test": False,
    "undeclared": {"a": 1},
    "shop_url": "s",
}


@pytest.fixture(params=LAYOUTS)
def orders(request: pytest.FixtureRequest, engine: Any, database: str) -> Any:
    """The stream landed with one record, and a way to read an expression over it."""
    layout = attrs.evolve(request.param, database=f"{database}_raw")
    if isinstance(layout, airbyte.PayloadLayout) and layout.internal_database:
        layout = attrs.evolve(layout, internal_database=f"{database}_internal")
    return _Read(engine, landed(stream("shopify", "orders"), layout), RECORD)


class _Read:
    def __init__(self, engine: Any, raw: Any, record: dict[str, Any]) -> None:
        self.raw, self._engine = raw, engine
        engine.execute(f"CREATE DATABASE IF NOT EXISTS {raw.source.database}")
        engine.execute(write.create_table(raw.source))
        row = raw.layout.land(raw.stream, record, raw_id="r-1", extracted_at=AT, generation_id=3)
        engine.insert(raw.source.database, raw.source.table, [row])

    def __call__(self, expression: Any, **settings: Any) -> Any:
        """The value of an expression, whose type on the server must be the stated one."""
        query = self.raw.source.select(expression.as_("x")).sql()
        assert self._engine.rows(f"DESCRIBE ({query})")[0]["type"] == str(expression.type)
        return self._engine.scalar(query, settings=settings)


def test_fields_read_alike_in_every_layout(orders: _Read) -> None:
    """Ids over 2^53, money as number and as text, offsets, nested objects, arrays, Python-repr text."""
    raw = orders.raw
    assert orders(raw.integer("id")) == 9007199254740993
    assert orders(raw.text("id")) == "9007199254740993"
    assert orders(raw.decimal("total_price")) == Decimal("19.9000")
    assert orders(raw.decimal("total_price_set", "shop_money", "amount")) == Decimal("0.8000")
    assert orders(raw.time("created_at")).isoformat() == "2024-03-10T06:59:30.123000+00:00"
    assert orders(raw.time("customer", "created_at")).isoformat() == "2024-03-01T10:00:00+00:00"
    assert orders(raw.text("customer", "email")) == ""
    assert orders(raw.boolean("customer", "verified_email")) is True
    assert orders(raw.boolean("test")) is False
    assert orders(raw.integer("user_id")) == 90000000002
    assert orders(raw.at("customer").integer("id")) == 7
    assert orders(raw.strings("payment_gateway_names")) == ["a", "b"]
    assert orders(raw.python("original_total_duties_set").decimal("shop_money", "amount")) == Decimal("1.5")
    assert [orders(element(raw.array("line_items")[n]).decimal("price")) for n in (1, 2)] == [Decimal("19.9"), None]


def test_what_is_absent_is_null_of_its_type(orders: _Read) -> None:
    """Null, missing, and what a typed layout has no column for: never 0, '' or 1970."""
    raw = orders.raw
    for path in (
        ("cancelled_at",),
        ("id", "deep"),
        ("customer", "note"),
        ("customer", "nothing"),
        ("nowhere",),
        ("nowhere", "deep"),
    ):
        kinds = (raw.text, raw.decimal, raw.integer, raw.boolean, raw.time, raw.date, raw.json)
        assert [orders(kind(*path)) for kind in kinds] == [None] * len(kinds), path
        assert orders(raw.array(*path)) == []
    payload = raw.layout.name in PAYLOADS
    assert orders(raw.integer("undeclared", "a")) == (1 if payload else None)
    assert raw.declares("undeclared") is payload


def test_what_the_loader_adds(orders: _Read) -> None:
    """Time of extraction, generation and id have the same types everywhere."""
    raw = orders.raw
    assert orders(raw.extracted_at) == AT
    assert orders(raw.generation_id) == (None if raw.layout.name in PAYLOADS else 3)
    assert orders(raw.raw_id) == "r-1"


def test_a_version_is_the_state_then_the_extraction(orders: _Read) -> None:
    """updated_at in ms x 2^64 + extracted_at in ms, a missing updated_at counting as 0."""
    raw = orders.raw
    extracted = 1710054300123
    created = 1710053970123
    assert orders(version_of(raw.time("created_at"), raw.extracted_at)) == created * 2**64 + extracted
    assert orders(version_of(raw.time("updated_at"), raw.extracted_at)) == extracted
    assert orders(version_of(None, raw.extracted_at)) == extracted


def test_a_server_in_another_zone_reads_the_same_moments(orders: _Read) -> None:
    """The JSON type turns moments into its own and prints them in the server's zone, offset lost."""
    raw = orders.raw
    at = orders(raw.time("created_at"), session_timezone="Asia/Tokyo")
    assert at.isoformat() == "2024-03-10T06:59:30.123000+00:00"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_union_is_read_without_its_json_quotes(engine: Any, database: str, layout: Any) -> None:
    """A typed layout holds the JSON text of a field of several types."""
    own = attrs.evolve(layout, database=f"{database}_raw")
    if isinstance(own, airbyte.PayloadLayout) and own.internal_database:
        own = attrs.evolve(own, internal_database=f"{database}_internal")
    record = {"id": 1, "receipt": '{"paid_amount":"68.06"}', "shop_url": "s"}
    read = _Read(engine, landed(stream("shopify", "transactions"), own), record)
    assert read(read.raw.text("receipt")) == '{"paid_amount":"68.06"}'
