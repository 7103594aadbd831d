"""Deletions, as facts of their own.

A deleted order, product or price rule arrives as five keys without ``updated_at``: written over the live row it would
blank every column, and by ``updated_at`` it would lose against it. So it goes here, and the ``_latest`` views leave its object out.
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.engines import ReplacingMergeTree

# Streams whose records may say that an object was deleted, and the word for the object.
ENTITIES = {"orders": "order", "products": "product", "price_rules": "price_rule"}


def deleted_objects(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per deleted object; one view per stream that tells of deletions."""
    made: list[tl.MaterializedView[Any]] = []
    for stream, word in ENTITIES.items():
        if not context.has(stream):
            continue
        raw = context.raw(stream)

        class Deleted(tl.Columns):
            shop_url = c.shop_url(raw)
            entity = tl.derive(f.cast(word, t.LowCardinality(t.String)), comment="order, product or price_rule")
            id = c.key(raw.integer("id"), "the object's id")
            deleted_at = tl.derive(raw.time("deleted_at"), comment="when it was deleted (UTC)")
            message = tl.derive(raw.text("deleted_message"), comment="what Shopify says about it")
            description = tl.derive(raw.text("deleted_description"), comment="what Shopify says about it at length")
            extracted_at = c.extracted_at(raw)
            version = c.version(raw, "deleted_at")

        where = f.and_(raw.keyed("id"), raw.time("deleted_at").is_not_null())
        if made:
            name = context.name(f"deleted_objects_from_{stream}_mv")
            made.append(tl.MaterializedView(name, Deleted, source=raw.source, to=made[0], where=where))
        else:
            engine = ReplacingMergeTree(
                order_by=(Deleted.shop_url, Deleted.entity, Deleted.id), version=Deleted.version
            )
            name = context.name("deleted_objects")
            comment = "One row per deleted object."
            made.append(
                tl.MaterializedView(name, Deleted, source=raw.source, engine=engine, where=where, comment=comment)
            )
    return tuple(made)
