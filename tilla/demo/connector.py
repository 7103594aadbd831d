"""What source-shopify does to a REST body before it emits it: values follow the schema's word, field by field.

Money text becomes a JSON number where the schema says number and stays text elsewhere, so that one record has
both; an object where the schema says string becomes the text that Python prints for it. Streams copied out
of orders (refunds, fulfillments) go through it twice, with two schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tilla.sources import Field, Stream, stream

_Change = Callable[[Any], Any]


def emitted(name: str, body: Mapping[str, Any], shop_url: str) -> dict[str, Any]:
    """Return the record that a Shopify REST stream emits for a body."""
    record = coerce(stream("shopify", name), body)
    if name == "orders":
        record |= _flattened_customer()
    return record | {"shop_url": shop_url}


def coerce(stream: Stream, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with its values changed to what the stream's schema declares; unknown keys pass."""
    changes = _changes_of(stream)
    return {key: changes[key](value) if key in changes and value is not None else value for key, value in body.items()}


@cache
def _flattened_customer() -> dict[str, None]:
    """The customer_* columns of orders: null unless the connection asks for them."""
    fields = stream("shopify", "orders").fields
    return {name: None for name in fields if name.startswith("customer_") and name != "customer_locale"}


@cache
def _changes_of(stream: Stream) -> dict[str, _Change]:
    return _object_changes(stream.fields)


def _object_changes(fields: Mapping[str, Field]) -> dict[str, _Change]:
    found = {name: _change(field) for name, field in fields.items()}
    return {name: change for name, change in found.items() if change is not None}


def _change(field: Field) -> _Change | None:
    """Return the change of one field's non-null values; None where nothing ever changes."""
    if field.type == "number":
        return lambda value: float(value) if isinstance(value, str) else value
    if field.type == "string":
        return lambda value: value if isinstance(value, str) else str(value)
    if field.type == "object" and (changes := _object_changes(field.children)):
        return lambda value: (
            {k: changes[k](v) if k in changes and v is not None else v for k, v in value.items()}
            if isinstance(value, dict)
            else value
        )
    if field.type == "array" and field.items is not None and (change := _change(field.items)):
        return lambda value: [None if v is None else change(v) for v in value] if isinstance(value, list) else value
    return None
