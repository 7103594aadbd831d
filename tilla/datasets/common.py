"""What the curated layers of Klaviyo and GA4 share with that of Shopify: the choices, and small expressions."""

from __future__ import annotations

from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets import shopify
from tilla.sources import stream
from tilla.sources.raw import Landed, landed

Curated = shopify.Curated


@attrs.frozen(eq=False, slots=False)
class Context(shopify.Context):
    """The choices of one account or property: layout, database, reporting zone, synced streams."""

    connector: str = attrs.field(kw_only=True)

    def raw(self, stream_name: str, property_id: str = "") -> Landed:
        """The landed stream; the same Source for every table that reads it. ``property_id`` is for GA4's further ones."""
        key = f"{stream_name} {property_id}"
        if key not in self._landed:
            found = stream(self.connector, stream_name)
            found = found.of_property(property_id) if property_id else found
            self._landed[key] = landed(found, self.layout)
        return self._landed[key]

    def chosen(self, *names: str) -> Landed | None:
        """The first of these streams that is synced, or None."""
        return next((self.raw(name) for name in names if name in self.streams), None)


def filled(value: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """Text, NULL where it is empty. Nullable(String)."""
    return f.null_if(value, "")


def first_filled(*values: tl.Expr[str | None]) -> tl.Expr[str | None]:
    """The first of several texts that is there and not empty."""
    return f.coalesce(*(filled(value) for value in values))


def key_text(value: tl.Expr[str | None]) -> tl.Expr[str]:
    """Text in a sorting key: '' where it is absent, which a key cannot hold otherwise."""
    return f.if_null(value, "")


def flag(value: tl.Expr[bool | None]) -> tl.Expr[bool]:
    """True, 'true', 'True', 1 and '1' are true; all else and absent is false. Bool."""
    return f.cast(f.if_null(value, False), t.Bool)


def ids(raw: Landed, *path: str | int) -> tl.Expr[list[str]]:
    """The ids of the objects in an array, as relationships list them. Array(String)."""
    return f.array_map(lambda item: f.json_text(item, "id"), raw.array(*path))


def with_sources(made: list[Any]) -> tuple[Any, ...]:
    """The objects with the loader's tables that they read before them."""
    sources = {item.source.name: item.source for item in made if getattr(item, "source", None) is not None}
    return (*sources.values(), *made)
