"""Values out of JSON text, and out of the JSON type.

A path is keys and positions (from 1; -1 is the last): ``f.json_text(x, "metric", "data", "id")``. The column may
be ``Nullable(String)``, as loaders land it: the ``json_*`` functions have a settled type either way. The
``json_extract_*`` functions are ClickHouse's own, where a Nullable column makes the result Nullable, and array
results are refused over one.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tilla import errors
from tilla.expressions.expr import Expr, call, to_expr
from tilla.expressions.expr import function as built
from tilla.expressions.forms import Ready
from tilla.expressions.nodes import leaf
from tilla.expressions.rules import BOOL, INT64, STRING, nullable, strip
from tilla.functions.base import Text, exact, scalar, typed, zone
from tilla.text import quote_identifier
from tilla.types.containers import ArrayType, LowCardinalityType, MapType, NullableType, TupleType
from tilla.types.scalars import DecimalType
from tilla.types.semistructured import DynamicType, JSONType
from tilla.types.temporal import DateTime64Type

if TYPE_CHECKING:
    from tilla.functions.base import T
    from tilla.types import DataType

Step = str | int | Expr[str] | Expr[int]
Json = Expr[str | None] | Expr[dict[str, Any] | None] | str

# What counts as a number in text. ClickHouse itself reads "1.2.3" as 1.23 and "-" as 0 (26.9).
_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"

# Digits kept behind the scale before rounding: a float such as 0.7999999999999999 has 16.
_SPARE = 12


def json_text(x: Json, *path: Step) -> Expr[str]:
    """Text at a path, '' where it is absent or null; of a number or object its JSON text. String.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> value = json_text(Reference("relationships", t.Nullable(t.String)), "metric", "data", "id")
    >>> print(value.sql(), value.type)
    JSONExtractString(ifNull(relationships, ''), 'metric', 'data', 'id') String
    """
    return exact("JSONExtractString", STRING, _present(x), *_steps(path))


def json_nullable(x: Json, *path: Step) -> Expr[str | None]:
    """Text at a path, NULL where it is absent or null; '' stays ''. Nullable(String).

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> value = json_nullable(Reference("relationships", t.Nullable(t.String)), "profile", "data", "id")
    >>> print(value.sql(), value.type)
    JSONExtract(relationships, 'profile', 'data', 'id', 'Nullable(String)') Nullable(String)
    """
    return exact("JSONExtract", NullableType(STRING), _plain(x), *_steps(path), "Nullable(String)")


def json_decimal(x: Json, *path: Step, scale: int = 4, precision: int = 38) -> Expr[Decimal | None]:
    """An amount at a path, a JSON number or a number in text ("19.90"), rounded half away from zero.

    NULL where it is absent, null, or anything else ("1,234.50", "5 EUR", "", true), and where it does not fit.
    A number in text is read digit by digit. A JSON number passes through ClickHouse's JSON parser, which holds
    a fraction as a double: up to 15 digits it comes out exactly as written, and 0.7999999999999999 is 0.8 again
    (a plain ``toDecimal`` cuts it to 0.7999). ``precision`` chooses the width of 9, 18, 38 or 76 digits.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> value = json_decimal(Reference("p", t.Nullable(t.String)), "$value", scale=2)
    >>> print(value.type)
    Nullable(Decimal(38, 2))
    >>> print(value.sql())  # doctest: +NORMALIZE_WHITESPACE
    accurateCastOrNull(round(toDecimal256OrNull(extract(JSONExtractString(p, '$value'),
        '^[+-]?(?:[0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'), 14), 2), 'Decimal(38, 2)')
    """
    type_ = DecimalType(precision, scale)
    spare = min(scale + _SPARE, 76)
    number = exact("extract", None, json_extract_string(_plain(x), *path), _NUMBER)
    read = exact("toDecimal256OrNull", NullableType(DecimalType(76, spare)), number, spare)
    return exact("accurateCastOrNull", NullableType(type_), scalar("round", read, scale), str(type_))


def json_int(x: Json, *path: Step) -> Expr[int | None]:
    """A whole number at a path, as a JSON number or in text, exact beyond 2^53. Nullable(Int64).

    NULL where it is absent, null, has a fraction, or does not fit into 64 bits.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_int(Reference("j", t.String), "id").sql())
    toInt64OrNull(JSONExtractString(j, 'id'))
    """
    return exact("toInt64OrNull", NullableType(INT64), json_extract_string(_plain(x), *path))


def json_bool(x: Json, *path: Step, absent: bool | None = None) -> Expr[bool]:
    """A truth value at a path: true, 1, "true", "True", "1" and their opposites; ``absent`` for anything else.

    Nullable(Bool) with ``absent=None``, else Bool.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> value = json_bool(Reference("j", t.String), "test", absent=False)
    >>> print(value.sql(), value.type)  # doctest: +NORMALIZE_WHITESPACE
    transform(lower(JSONExtractString(j, 'test')), ['true', '1', 'false', '0'],
        [true, true, false, false], false) Bool
    """
    type_: DataType[Any] = BOOL if absent is not None else NullableType(BOOL)
    text = exact("lower", None, json_extract_string(_plain(x), *path))
    return call(
        "transform", text, _list("'true', '1', 'false', '0'"), _list("true, true, false, false"), absent, type=type_
    )


def json_time(x: Json, *path: Step, scale: int = 3, tz: str = "UTC") -> Expr[dt.datetime | None]:
    """A moment at a path: ISO 8601 with or without offset, Unix time, and more; NULL where there is none.

    ``tz`` is the zone of moments without an offset, and of the result: Nullable(DateTime64(scale, tz)).

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_time(Reference("j", t.String), "created_at").sql())
    parseDateTime64BestEffortOrNull(JSONExtractString(j, 'created_at'), 3, 'UTC')
    """
    type_ = NullableType(DateTime64Type(scale, tz))
    return exact("parseDateTime64BestEffortOrNull", type_, json_extract_string(_plain(x), *path), scale, *zone(tz))


def json_array(x: Json, *path: Step) -> Expr[list[str]]:
    """The elements of an array at a path, each as JSON text (text in its quotes); empty where there is none.

    Array(String). Take each with ``tl.each`` and read it with ``f.json_text``.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_array(Reference("j", t.Nullable(t.String)), "line_items").sql())
    JSONExtractArrayRaw(ifNull(j, ''), 'line_items')
    """
    return exact("JSONExtractArrayRaw", ArrayType(STRING), _present(x), *_steps(path))


def json_strings(x: Json, *path: Step) -> Expr[list[str]]:
    """The elements of an array at a path as plain text, '' for null; empty where there is none. Array(String).

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_strings(Reference("j", t.String), "tags").sql())
    JSONExtract(j, 'tags', 'Array(String)')
    """
    return exact("JSONExtract", ArrayType(STRING), _present(x), *_steps(path), "Array(String)")


def json_keys(x: Json, *path: Step) -> Expr[list[str]]:
    """The keys of an object at a path; empty where there is none. Array(String).

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_keys(Reference("j", t.String)).sql())
    JSONExtractKeys(j)
    """
    return exact("JSONExtractKeys", ArrayType(STRING), _present(x), *_steps(path))


def json_pairs(x: Json, *path: Step) -> Expr[dict[str, str]]:
    """The keys and values of an object at a path, as plain text. Map(String, String).

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_pairs(Reference("j", t.String), "properties").sql())
    JSONExtract(j, 'properties', 'Map(String, String)')
    """
    return exact("JSONExtract", MapType(STRING, STRING), _present(x), *_steps(path), "Map(String, String)")


def json_raw(x: Json, *path: Step) -> Expr[str]:
    """The JSON text at a path, '' where it is absent. String.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> print(json_raw(Reference("j", t.String), "address").sql())
    JSONExtractRaw(j, 'address')
    """
    return exact("JSONExtractRaw", STRING, _present(x), *_steps(path))


# --- ClickHouse's own ---


def json_extract(x: Json, *path: Step, type: DataType[T]) -> Expr[T]:
    """``JSONExtract(x, path, 'type')``: a value of any type; its default where it cannot be read."""
    return typed("JSONExtract", type, _text(x), *_steps(path), str(type), dictionary=False)


def json_extract_string(x: Json, *path: Step) -> Expr[str]:
    """``JSONExtractString(x, path)``: text, '' where it is absent."""
    return scalar("JSONExtractString", _text(x), *_steps(path))


def json_extract_int(x: Json, *path: Step) -> Expr[int]:
    """``JSONExtractInt(x, path)``: an Int64, 0 where it is absent."""
    return scalar("JSONExtractInt", _text(x), *_steps(path))


def json_extract_uint(x: Json, *path: Step) -> Expr[int]:
    """``JSONExtractUInt(x, path)``: a UInt64, 0 where it is absent."""
    return scalar("JSONExtractUInt", _text(x), *_steps(path))


def json_extract_float(x: Json, *path: Step) -> Expr[float]:
    """``JSONExtractFloat(x, path)``: a Float64, 0 where it is absent."""
    return scalar("JSONExtractFloat", _text(x), *_steps(path))


def json_extract_bool(x: Json, *path: Step) -> Expr[bool]:
    """``JSONExtractBool(x, path)``: 1 for true alone (a number or text is 0)."""
    return scalar("JSONExtractBool", _text(x), *_steps(path))


def json_extract_raw(x: Json, *path: Step) -> Expr[str]:
    """``JSONExtractRaw(x, path)``: the JSON text, '' where it is absent."""
    return scalar("JSONExtractRaw", _text(x), *_steps(path))


def json_extract_array_raw(x: Json, *path: Step) -> Expr[list[str]]:
    """``JSONExtractArrayRaw(x, path)``: the elements as JSON text; the column must not be Nullable."""
    return typed("JSONExtractArrayRaw", ArrayType(STRING), _text(x), *_steps(path))


def json_extract_keys(x: Json, *path: Step) -> Expr[list[str]]:
    """``JSONExtractKeys(x, path)``: the keys of an object; the column must not be Nullable."""
    return typed("JSONExtractKeys", ArrayType(STRING), _text(x), *_steps(path))


def json_extract_keys_and_values(x: Json, *path: Step, type: DataType[T]) -> Expr[list[tuple[str, T]]]:
    """``JSONExtractKeysAndValues(x, path, 'type')``: pairs, of the values that have that type."""
    found: DataType[Any] = ArrayType(TupleType((STRING, type)))
    return typed("JSONExtractKeysAndValues", found, _text(x), *_steps(path), str(type))


def json_extract_keys_and_values_raw(x: Json, *path: Step) -> Expr[list[tuple[str, str]]]:
    """``JSONExtractKeysAndValuesRaw(x, path)``: pairs of key and JSON text."""
    found: DataType[Any] = ArrayType(TupleType((STRING, STRING)))
    return typed("JSONExtractKeysAndValuesRaw", found, _text(x), *_steps(path))


def json_has(x: Json, *path: Step) -> Expr[bool]:
    """``JSONHas(x, path)``: 1 where the path is there, null included."""
    return scalar("JSONHas", _text(x), *_steps(path))


def json_length(x: Json, *path: Step) -> Expr[int]:
    """``JSONLength(x, path)``: elements of an array or keys of an object; 0 for anything else."""
    return scalar("JSONLength", _text(x), *_steps(path))


def json_type(x: Json, *path: Step) -> Expr[str]:
    """``JSONType(x, path)``: Null, String, Array, Bool, Double, Int64, UInt64 or Object."""
    return scalar("JSONType", _text(x), *_steps(path))


def json_value(x: Json, path: str) -> Expr[str]:
    """``JSON_VALUE(x, path)``: the scalar at a JSONPath such as ``$.items[0].id``, '' where there is none."""
    return scalar("JSON_VALUE", _text(x), path)


def is_valid_json(x: Text) -> Expr[bool]:
    """``isValidJSON(x)``: 1 where the text is JSON."""
    return scalar("isValidJSON", x)


def to_json_string(x: object) -> Expr[str]:
    """``toJSONString(x)``: any value as JSON text."""
    return scalar("toJSONString", x)


def simple_json_extract_string(x: Text, key: str) -> Expr[str]:
    """``simpleJSONExtractString(x, key)``: much faster than a parser, for flat JSON without spaces around colons."""
    return scalar("simpleJSONExtractString", x, key)


def simple_json_extract_int(x: Text, key: str) -> Expr[int]:
    """``simpleJSONExtractInt(x, key)``: see ``simple_json_extract_string``."""
    return scalar("simpleJSONExtractInt", x, key)


def simple_json_extract_raw(x: Text, key: str) -> Expr[str]:
    """``simpleJSONExtractRaw(x, key)``: see ``simple_json_extract_string``; numbers stay exactly as written."""
    return scalar("simpleJSONExtractRaw", x, key)


def subcolumn(x: Expr[dict[str, Any] | None], *path: str, type: DataType[T]) -> Expr[T | None]:
    """``x.path.:Type``: a path of a JSON column where it holds that type, else NULL.

    >>> from tilla import types as t
    >>> from tilla.expressions.expr import Reference
    >>> value = subcolumn(Reference("payload", t.JSON), "user", "id", type=t.Int64)
    >>> print(value.sql(), value.type)
    payload.user.id.:Int64 Nullable(Int64)
    """
    if not path:
        raise errors.no_branches("subcolumn")
    parts = ".".join(quote_identifier(step) for step in path)
    kind = str(type) if str(type).isalnum() else quote_identifier(str(type))
    return _behind(x, f".{parts}.:{kind}", nullable(type) or type)


def subcolumn_dynamic(x: Expr[dict[str, Any] | None], *path: str) -> Expr[Any]:
    """``x.path``: a path of a JSON column; its declared type, or Dynamic."""
    if not path:
        raise errors.no_branches("subcolumn_dynamic")
    declared: DataType[Any] | None = None
    kind = strip(x.type) if x.type is not None else None
    if isinstance(kind, JSONType):
        declared = kind.paths.get(".".join(path)) or DynamicType(kind.max_dynamic_types)
    return _behind(x, "." + ".".join(quote_identifier(step) for step in path), declared)


def _behind(x: Expr[Any], suffix: str, type: DataType[Any] | None) -> Expr[Any]:
    """Write text directly behind a column; nothing but a node of two leaves keeps an unnamed column closable."""
    from sqlglot import exp

    node = exp.Dot(this=x._node, expression=leaf(suffix.removeprefix(".")))
    return Expr(node, type, parts=(x,))


# --- arguments ---


def _text(x: Json) -> Expr[Any]:
    """The column as JSON text: a JSON column is written out."""
    value = to_expr(x)
    if value.type is not None and isinstance(strip(value.type), JSONType):
        return built("toJSONString", value)
    return value


def _plain(x: Json) -> Expr[Any]:
    """The column as JSON text; 26.9 reads no JSON from LowCardinality(Nullable(String))."""
    value = _text(x)
    absent = isinstance(value.type, LowCardinalityType) and value.type.nullable
    return built("ifNull", value, "") if absent else value


def _present(x: Json) -> Expr[Any]:
    """The column as JSON text that is never NULL: functions that give arrays refuse a Nullable one (26.9)."""
    value = _text(x)
    if value.type is not None and not value.type.nullable:
        return value
    return built("ifNull", value, "")


def _steps(path: tuple[Step, ...]) -> tuple[Step, ...]:
    for step in path:
        known = isinstance(step, str | int | Expr) and not isinstance(step, bool)
        if not known or (isinstance(step, int) and step == 0):
            raise errors.bad_json_path(repr(step))
    return path


def _list(items: str) -> Expr[Any]:
    return Expr(Ready(f"[{items}]"))


__all__ = [
    "is_valid_json",
    "json_array",
    "json_bool",
    "json_decimal",
    "json_extract",
    "json_extract_array_raw",
    "json_extract_bool",
    "json_extract_float",
    "json_extract_int",
    "json_extract_keys",
    "json_extract_keys_and_values",
    "json_extract_keys_and_values_raw",
    "json_extract_raw",
    "json_extract_string",
    "json_extract_uint",
    "json_has",
    "json_int",
    "json_keys",
    "json_length",
    "json_nullable",
    "json_pairs",
    "json_raw",
    "json_strings",
    "json_text",
    "json_time",
    "json_type",
    "json_value",
    "simple_json_extract_int",
    "simple_json_extract_raw",
    "simple_json_extract_string",
    "subcolumn",
    "subcolumn_dynamic",
    "to_json_string",
]
