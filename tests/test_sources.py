"""Streams and layouts: the schemas that ship, and every sample record landed in every layout that can hold it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.support.shop as s
from tilla import errors, sources, text
from tilla.sources import Field, Layout, Storage, Stream, airbyte, stream, streams, values

SAMPLES = Path(__file__).parent / "data" / "raw_samples"
SAMPLE_FILES = sorted(path for connector in sources.CONNECTORS for path in (SAMPLES / connector).glob("*.jsonl"))
EXTRACTED = datetime(2024, 3, 10, 7, 5, 0, 123456, tzinfo=UTC)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def land(layout: Layout, stream: Stream, record: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
    return layout.land(
        stream, record, raw_id=f"r{number}", extracted_at=EXTRACTED + timedelta(hours=number), sync_id=42
    )


def create(engine, layout: Layout, stream: Stream, database: str) -> Layout:
    """Create a stream's table in databases of this test's own."""
    layout = attrs.evolve(layout, database=f"{database}_raw")
    if isinstance(layout, airbyte.PayloadLayout) and layout.internal_database:
        layout = attrs.evolve(layout, internal_database=f"{database}_internal")
    where, table = layout.table(stream)
    engine.execute(f"CREATE DATABASE IF NOT EXISTS {text.quote_identifier(where)}")
    columns = ", ".join(f"{text.quote_identifier(name)} {kind}" for name, kind in layout.columns(stream))
    engine.execute(f"CREATE TABLE {text.quote_qualified(where, table)} ({columns}) {s.storage_clauses(layout, stream)}")
    return layout


# --- the schemas ---


def test_every_sample_file_is_a_known_stream():
    """A stream somebody has records of must have a schema, under the same name."""
    assert SAMPLE_FILES
    for path in SAMPLE_FILES:
        assert stream(path.parent.name, path.stem).name == path.stem


def test_streams_have_keys_and_cursors_among_their_fields():
    """A key or cursor that is no field would make a table without it."""
    for connector in sources.CONNECTORS:
        for one in streams(connector):
            assert one.primary_key, one.id
            assert {*one.primary_key, *filter(None, [one.cursor])} <= set(one.fields), one.id


def test_streams_that_the_predecessor_read_are_all_there():
    """47 curated tables stand on these; countries and order_agreements came from elsewhere than the rest."""
    names = {one.name for one in streams("shopify")}
    assert {"countries", "order_agreements", "shop", "locations", "price_rules", "customer_journey_summary"} <= names
    assert [one.name for one in streams("ga4")] == [
        "daily_active_users",
        "weekly_active_users",
        "four_weekly_active_users",
        "devices",
        "locations",
        "traffic_sources",
        "pages",
        "website_overview",
    ]


def test_a_field_is_reached_at_any_depth():
    """Shapes that several streams share keep the name, type and nullability of the place they are used at."""
    orders = stream("shopify", "orders")
    amount = orders["line_items"]["price_set"]["shop_money"]["amount"]
    assert amount == Field("amount", "number")
    assert orders["line_items"]["discount_allocations"]["amount"].type == "string"
    assert orders["created_at"].format == "date-time"
    assert stream("klaviyo", "events")["datetime"].nullable is False
    assert [one.format for one in stream("shopify", "customers")["accepts_marketing_updated_at"].one_of] == [
        "date-time",
        None,
    ]


def test_wrong_names_are_told_with_the_nearest():
    """A typo in a stream, connector or field must name what was meant."""
    with pytest.raises(errors.DeclarationError, match=r"T702.*'order'(?s:.*)nearest: orders"):
        stream("shopify", "order")
    with pytest.raises(errors.DeclarationError, match=r"T701.*'shopfy'(?s:.*)nearest: shopify"):
        streams("shopfy")
    with pytest.raises(errors.DeclarationError, match=r"T704.*'total_prize'(?s:.*)nearest: total_price"):
        stream("shopify", "orders")["total_prize"]


def test_a_second_ga4_property_has_tables_of_its_own():
    """The connector names the streams of every further property after it."""
    devices = stream("ga4", "devices").of_property("400000002")
    assert airbyte.V2_1.table(devices) == ("raw_ga4", "devicesProperty400000002")
    assert devices.fields == stream("ga4", "devices").fields


# --- the layouts ---


def test_table_names_of_the_five_layouts():
    """Database, prefix and table differ by release; v1's run of underscores outgrows those in the names."""
    orders = stream("shopify", "orders")
    expected = {
        "v0": ("raw_shopify", "_airbyte_raw_orders"),
        "v1": ("airbyte_internal", "raw_shopify_raw__stream_orders"),
        "v2.0": ("raw_shopify", "orders"),
        "v2.1": ("raw_shopify", "orders"),
        "v2.1-json": ("raw_shopify", "orders"),
    }
    assert {name: layout.table(orders) for name, layout in airbyte.LAYOUTS.items()} == expected
    custom = {
        name: attrs.evolve(layout, database="my__db", prefix="shopify_").table(orders)
        for name, layout in airbyte.LAYOUTS.items()
    }
    assert custom["v0"] == ("my__db", "_airbyte_raw_shopify_orders")
    assert custom["v1"] == ("airbyte_internal", "my__db_raw___stream_shopify_orders")
    assert custom["v2.1"] == ("my__db", "shopify_orders")


@pytest.mark.parametrize(
    ("written", "landed"),
    [("a-b c", "a_b_c"), ("1st", "_1st"), ("Crème", "Creme"), ("active1DayUsers", "active1DayUsers"), ("ﬁne", "fine")],
)
def test_names_are_written_as_the_destination_writes_them(written, landed):
    """A column named otherwise than the loader names it is a column that is always missing."""
    assert airbyte.clean_name(written) == landed


def test_no_two_fields_share_a_column():
    """Cleaning must not fold two fields of a stream into one column."""
    for connector in sources.CONNECTORS:
        for one in streams(connector):
            names = [name for name, _ in airbyte.V2_1.columns(one)]
            assert len(names) == len(set(names)), one.id


def test_columns_follow_the_type_map():
    """Types decide what every extraction has to do."""
    columns = dict(airbyte.V2_1.columns(stream("shopify", "orders")))
    assert list(columns)[:5] == [
        "_airbyte_raw_id",
        "_airbyte_extracted_at",
        "_airbyte_meta",
        "_airbyte_generation_id",
        "id",
    ]
    assert columns["id"] == "Int64"
    assert columns["total_price"] == "Nullable(Decimal(38, 9))"
    assert columns["created_at"] == "Nullable(DateTime64(3))"
    assert columns["test"] == "Nullable(Bool)"
    assert columns["customer"] == columns["line_items"] == "Nullable(String)"
    with_json = dict(airbyte.V2_1_JSON.columns(stream("shopify", "orders")))
    assert with_json["customer"] == "Nullable(JSON)"
    assert with_json["line_items"] == "Nullable(String)", "arrays stay text"
    assert dict(airbyte.V0.columns(stream("shopify", "orders"))) == {
        "_airbyte_ab_id": "String",
        "_airbyte_data": "String",
        "_airbyte_emitted_at": "DateTime64(3, 'GMT')",
    }


def test_engines_by_sync_mode_and_release():
    """The version column is none, the cursor or the extraction time, by release: all three exist in the wild."""
    orders, events, devices = stream("shopify", "orders"), stream("klaviyo", "events"), stream("ga4", "devices")

    def dedup(layout: Layout, one: Stream) -> Storage:
        return attrs.evolve(layout, mode="append_dedup").storage(one)

    assert airbyte.V2_1.storage(orders) == Storage("MergeTree", ("id",))
    assert airbyte.V2_0.storage(orders) == Storage("MergeTree", ("_airbyte_raw_id",))
    assert dedup(airbyte.V2_0, orders) == Storage("ReplacingMergeTree", ("id",))
    assert dedup(airbyte.V2_1, orders) == Storage("ReplacingMergeTree", ("id",), "_airbyte_extracted_at")
    assert dedup(airbyte.V2_1, events) == Storage("ReplacingMergeTree", ("id",), "datetime")
    older = attrs.evolve(airbyte.V2_1, version_rule="cursor")
    assert dedup(older, orders) == Storage("ReplacingMergeTree", ("id",), "updated_at")
    assert dict(attrs.evolve(older, mode="append_dedup").columns(orders))["updated_at"] == "DateTime64(3)"
    keys = ("property_id", "date", "deviceCategory", "operatingSystem", "browser")
    assert dedup(older, devices) == Storage("ReplacingMergeTree", keys, "_airbyte_extracted_at"), "GA4's cursor is text"


def test_sync_mode_per_stream():
    """Streams without a cursor are swapped in whole, whatever the connection asks for."""
    layout = attrs.evolve(airbyte.V2_1, mode="append_dedup", modes={"orders": "append"})
    modes = {
        name: layout.sync_mode(stream("shopify", name))
        for name in ("orders", "customers", "locations", "countries", "shop")
    }
    assert modes == {
        "orders": "append",
        "customers": "append_dedup",
        "locations": "overwrite",
        "countries": "overwrite",
        "shop": "overwrite",
    }


# --- rows ---


@pytest.mark.parametrize("name", airbyte.LAYOUTS)
def test_every_sample_record_lands_and_reads_back(engine, database, name):
    """What `land` returns must be what the columns take, and come back unchanged from the engine."""
    for path in SAMPLE_FILES:
        one = stream(path.parent.name, path.stem)
        layout = create(engine, airbyte.LAYOUTS[name], one, database)
        rows = [land(layout, one, record, number) for number, record in enumerate(read(path))]
        where, table = layout.table(one)
        columns = [column for column, _ in layout.columns(one)]
        assert [list(row) for row in rows] == [columns] * len(rows)
        engine.insert(where, table, rows, columns)
        json_columns = {column for column, kind in layout.columns(one) if kind == "Nullable(JSON)"}
        shown = ", ".join(
            f"toString({text.quote_identifier(c)}) AS {text.quote_identifier(c)}"
            if c in json_columns
            else text.quote_identifier(c)
            for c in columns
        )
        order = text.quote_identifier(layout.extracted_at)
        back = engine.rows(f"SELECT {shown} FROM {text.quote_qualified(where, table)} ORDER BY {order}")
        for row, found in zip(rows, back, strict=True):
            assert plain({c: v for c, v in found.items() if c not in json_columns}) == plain(
                {c: v for c, v in row.items() if c not in json_columns}
            ), path
            for column in json_columns:  # the JSON type rewrites dates and drops nulls: only presence is certain
                assert (found[column] is None) == (row[column] is None), (path, column)
        engine.execute(f"DROP TABLE {text.quote_qualified(where, table)} SYNC")


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Drop time zones: a naive datetime of the engine is UTC."""
    return {
        name: value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
        for name, value in row.items()
    }


def test_rows_equal_those_of_the_destination():
    """One customer, as three generations of the destination wrote it."""
    record = read(SAMPLES / "shopify" / "customers.jsonl")[0]
    customers = stream("shopify", "customers")
    identifier = "0f3c1b52-0000-4000-8000-000000000001"
    samples = {"v0": "v0_raw", "v1": "v1_raw", "v2.1": "v2_typed_customers"}
    for name, file in samples.items():
        expected = read(SAMPLES / "destination" / f"{file}.jsonl")[0]
        row = airbyte.LAYOUTS[name].land(customers, record, raw_id=identifier, extracted_at=EXTRACTED, sync_id=42)
        for column, value in expected.items():
            if column == "_airbyte_loaded_at":  # some seconds later than the extraction
                continue
            ours = row[column]
            if isinstance(ours, datetime):
                ours = ours.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            elif isinstance(ours, Decimal):
                ours = float(ours)
            elif isinstance(ours, str) and ours[:1] in "{[" and isinstance(value, str):
                ours, value = json.loads(ours), json.loads(value)
            assert ours == value, (name, column)


def test_a_soft_deleted_order_lands_with_all_else_null():
    """Five keys and no updated_at: the deletion must survive the way into raw, and never blank the key."""
    record = read(SAMPLES / "shopify" / "orders.jsonl")[-1]
    orders = stream("shopify", "orders")
    row = land(airbyte.V2_1, orders, record)
    assert row["deleted_at"] == datetime(2024, 4, 1, 12, tzinfo=UTC)
    assert {n for n, v in row.items() if v is not None} == {
        *("_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"),
        *("id", "deleted_at", "deleted_message", "shop_url"),
    }
    refuses = attrs.evolve(airbyte.V2_1, mode="append_dedup", version_rule="cursor")
    with pytest.raises(errors.RefusedError, match=r"T703 shopify\.orders\.updated_at"):
        land(refuses, orders, record)


def test_undeclared_keys_stay_in_text_only():
    """A typed layout has no column for a key that the schema lacks; the payload keeps everything."""
    record = {"id": 1, "current_shipping_price_set": {"a": 1}, "line_items": [{"tax_code": "x"}]}
    orders = stream("shopify", "orders")
    assert json.loads(land(airbyte.V1, orders, record)["_airbyte_data"]) == record
    row = land(airbyte.V2_1, orders, record)
    assert "current_shipping_price_set" not in row
    assert row["line_items"] == '[{"tax_code":"x"}]'


def written(type: str, format: str | None, value: Any) -> tuple[Any, str | None]:
    """Land one value of a field; return what its column holds and the reason noted for it, if any."""
    field = Field("x", type, format)  # type: ignore[arg-type]
    one = Stream("shopify", f"test_{type}_{format}", ("id",), None, {"id": Field("id", "integer"), "x": field})
    row = land(airbyte.V2_1, one, {"id": 1, "x": value})
    changes = json.loads(row["_airbyte_meta"])["changes"]
    return row["x"], changes[0]["reason"] if changes else None


RANGE, UNREADABLE = "DESTINATION_FIELD_SIZE_LIMITATION", "DESTINATION_SERIALIZATION_ERROR"


@pytest.mark.parametrize(
    ("type", "format", "value", "expected", "reason"),
    [
        ("number", None, 19.9, Decimal("19.900000000"), None),
        ("number", None, 0.498500299940012, Decimal("0.498500299"), None),  # cut, not rounded
        ("number", None, -0.4985002999, Decimal("-0.498500299"), None),
        ("number", None, "19.90", Decimal("19.900000000"), None),
        ("number", None, 10**29, None, RANGE),
        ("number", None, 10**29 - 1, Decimal(10**29 - 1), None),
        ("number", None, "19,90", None, UNREADABLE),
        ("number", None, True, None, UNREADABLE),
        ("number", None, "NaN", None, UNREADABLE),
        ("integer", None, 9007199254740993, 9007199254740993, None),
        ("integer", None, 2**63, None, RANGE),
        ("integer", None, -(2**63), -(2**63), None),
        ("integer", None, "12", 12, None),
        ("integer", None, 12.0, 12, None),
        ("integer", None, 12.5, None, UNREADABLE),
        ("boolean", None, "true", None, UNREADABLE),
        ("boolean", None, False, False, None),
        ("string", None, 12.5, "12.5", None),
        ("string", None, {"ü": [1]}, '{"ü":[1]}', None),
        ("string", "date", "2024-02-29", date(2024, 2, 29), None),
        ("string", "date", "2024-02-30", None, UNREADABLE),
        ("string", "date", "1899-12-31", None, RANGE),
        ("string", "date-time", "2024-03-10T01:59:30-05:00", datetime(2024, 3, 10, 6, 59, 30, tzinfo=UTC), None),
        ("string", "date-time", "2024-03-10T07:29:59.999999Z", datetime(2024, 3, 10, 7, 29, 59, 999000, UTC), None),
        ("string", "date-time", "2024-03-10 07:30:00", datetime(2024, 3, 10, 7, 30, tzinfo=UTC), None),
        ("string", "date-time", "2024-03-10", None, UNREADABLE),
        ("string", "date-time", "soon", None, UNREADABLE),
        ("string", "date-time", "2300-01-01T00:00:00Z", None, RANGE),
        ("string", "time", "10:30", "10:30", None),
        ("object", None, {"a": None}, '{"a":null}', None),
        ("object", None, "text", None, UNREADABLE),
        ("array", None, ["b"], '["b"]', None),
        ("array", None, {}, None, UNREADABLE),
        ("union", None, "2024-03-01T10:00:00+01:00", '"2024-03-01T10:00:00+01:00"', None),  # quotes stay
        ("union", None, 5, "5", None),
    ],
)
def test_values_become_what_the_destination_stores(type, format, value, expected, reason):
    """A value that does not fit is NULL and noted; none is bent into another value."""
    assert written(type, format, value) == (expected, reason)


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.integers()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_no_value_stops_a_row(value):
    """Whatever a record holds, the row lands: with a value of the column's type or with NULL and a note."""
    kinds = {
        "string": str,
        "integer": int,
        "number": Decimal,
        "boolean": bool,
        "object": str,
        "array": str,
        "union": str,
    }
    for type, python in kinds.items():
        found, reason = written(type, None, value)
        assert found is None or isinstance(found, python)
        assert (found is None) == (reason is not None or value is None)
    for format, python in {"date": date, "date-time": datetime, "time": str}.items():
        found, _ = written("string", format, value)
        assert found is None or isinstance(found, python)


@pytest.mark.parametrize("file", ["ga4_offschema/daily_active_users", "ga4_offschema/website_overview"])
def test_metrics_as_text_land_as_numbers(file):
    """Other loaders, and the raw API, give GA4's numbers as text."""
    path = SAMPLES / f"{file}.jsonl"
    one = stream("ga4", path.stem)
    for record in read(path):
        row = land(airbyte.V2_1, one, record)
        changes = json.loads(row["_airbyte_meta"])["changes"]
        for field in one.fields.values():
            if field.type in {"integer", "number"} and record.get(field.name) is not None:
                assert row[field.name] == pytest.approx(Decimal(record[field.name]), abs=Decimal("1e-9")), changes


def test_utc_milliseconds_takes_naive_moments_as_utc():
    """Extraction times come from people too."""
    assert values.utc_milliseconds(datetime.fromisoformat("2024-01-01 01:02:03.999999")) == datetime(
        2024, 1, 1, 1, 2, 3, 999000, UTC
    )


def test_sources_stay_light():
    """Reading a schema must not import the engine, a client or the query builder's heavy parts."""
    import subprocess
    import sys

    code = (
        "import sys; before = set(sys.modules); from tilla.sources import stream; stream('shopify', 'orders'); "
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} & {'chdb', 'clickhouse_connect', 'pandas', 'pyarrow'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def _paths(fields: Mapping[str, Field], prefix: str = "") -> Iterator[str]:
    for field in fields.values():
        yield prefix + field.name
        yield from _paths(field.children, f"{prefix}{field.name}.")
        if field.items is not None:
            yield from _paths(field.items.children, f"{prefix}{field.name}[].")


def test_notes_point_at_fields():
    """A note or an undeclared key whose path leads nowhere documents nothing."""
    for connector in sources.CONNECTORS:
        for one in streams(connector):
            known = set(_paths(one.fields))
            assert set(one.notes) <= known, one.id
            for path in one.undeclared:
                assert path not in known, (one.id, path)
                assert path.rpartition(".")[0].removesuffix("[]") in known | {""}, (one.id, path)
