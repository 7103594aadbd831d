"""Which tables there are, which streams each needs, and how its ``_latest`` view reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs

import tilla as tl
from tilla import types as t
from tilla.datasets.common import with_sources
from tilla.datasets.feeds import fed
from tilla.datasets.shopify import (
    catalog,
    checkouts,
    customers,
    deletions,
    exploded,
    fulfillment,
    inventory,
    journeys,
    orders,
    payments,
    places,
    refunds,
)
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.sources.rejects import rejects

Made = Any  # one object, or a tuple of views into one table, the first of which owns it


@attrs.frozen
class Entry:
    """One curated table: how it is made, the streams of which one must be synced, and what guards its rows."""

    make: Callable[[Context], Made]
    streams: tuple[str, ...]
    entity: str = ""
    """The word in ``deleted_objects`` for objects that may be deleted."""
    key: str = ""
    """The table's id, for ``entity`` and for what it owns."""
    owner: str = ""
    """The table whose newest version the rows must belong to."""
    owner_version: str = ""
    """The column with that version."""


# In order: an owner stands before what it owns.
ENTRIES = (
    Entry(deletions.deleted_objects, tuple(deletions.ENTITIES)),
    Entry(orders.orders, ("orders",), entity="order", key="order_id"),
    Entry(orders.order_line_items, ("orders",), owner="orders", owner_version="order_version"),
    Entry(exploded.order_discount, ("orders",), owner="orders", owner_version="order_version"),
    Entry(exploded.order_tax_lines, ("orders",), owner="orders", owner_version="order_version"),
    Entry(exploded.order_note_attributes, ("orders",), owner="orders", owner_version="order_version"),
    Entry(exploded.order_payment_gateway, ("orders",), owner="orders", owner_version="order_version"),
    Entry(exploded.order_agreements, ("order_agreements",)),
    Entry(refunds.order_refunds, ("order_refunds", "orders"), key="refund_id"),
    Entry(refunds.order_refund_line_items, ("order_refunds", "orders")),
    Entry(refunds.order_refund_adjustments, ("order_refunds", "orders")),
    Entry(refunds.order_refund_transactions, ("order_refunds", "orders")),
    Entry(payments.transactions, ("transactions",)),
    Entry(payments.transaction_fees, ("transactions",)),
    Entry(payments.transaction_payment_details, ("transactions",)),
    Entry(fulfillment.fulfillments, ("fulfillments",), key="fulfillment_id"),
    Entry(
        fulfillment.fulfillment_line_items, ("fulfillments",), owner="fulfillments", owner_version="fulfillment_version"
    ),
    Entry(customers.customers, ("customers",)),
    Entry(journeys.customer_address, ("customer_address",)),
    Entry(journeys.customer_journey_summary, ("customer_journey_summary",), key="order_id"),
    Entry(
        journeys.customer_journey_detail,
        ("customer_journey_summary",),
        owner="customer_journey_summary",
        owner_version="journey_version",
    ),
    Entry(checkouts.abandoned_checkouts, ("abandoned_checkouts",), key="checkout_id"),
    Entry(
        checkouts.abandoned_checkouts_line_items,
        ("abandoned_checkouts",),
        owner="abandoned_checkouts",
        owner_version="checkout_version",
    ),
    Entry(catalog.products, ("products",), entity="product", key="product_id"),
    Entry(catalog.product_variants, ("product_variants",)),
    Entry(catalog.price_rules, ("price_rules",), entity="price_rule", key="price_rule_id"),
    Entry(catalog.discount_codes, ("discount_codes", "discount_codes_sync")),
    Entry(inventory.inventory_items, ("inventory_items",)),
    Entry(inventory.inventory_levels, ("inventory_levels",), key="inventory_item_id, location_id"),
    Entry(
        inventory.inventory_quantities, ("inventory_levels",), owner="inventory_levels", owner_version="level_version"
    ),
    Entry(places.locations, ("locations",)),
    Entry(places.countries, ("countries",)),
    Entry(places.shop, ("shop",)),
)


def assembled(connections: Sequence[Context]) -> tuple[Any, ...]:
    """Every object whose streams are synced: sources first, then each table, its views and its ``_latest`` view."""
    context = connections[0]
    made: list[Any] = []
    tables: dict[str, Any] = {}
    newest: dict[str, tl.View[Any]] = {}
    keys: dict[str, str] = {}
    for entry in ENTRIES:
        views = fed(connections, partial(_views, entry))
        if not views:
            continue
        table = views[0]
        tables[table.table], keys[table.table] = table, entry.key
        newest[table.table] = _latest(context, entry, table, tables, newest, keys)
        made += [*views, newest[table.table]]
    if "inventory_levels" in newest:
        made.append(inventory.inventory_levels_daily(context, newest["inventory_levels"]))
    if made:
        read = [raw for at in connections for raw in at.read]
        made.append(rejects(context.name("rejects"), read, by={"shop_url": "shop_url"}))
    return with_sources(made, connections)


def _views(entry: Entry, context: Context) -> Made:
    """What fills a table from one connection."""
    return entry.make(context) if context.streams.intersection(entry.streams) else ()


def _latest(
    context: Context,
    entry: Entry,
    table: Any,
    tables: dict[str, Any],
    newest: dict[str, tl.View[Any]],
    keys: dict[str, str],
) -> tl.View[Any]:
    if entry.owner:
        comment = f"{table.comment} Of the newest state of each owner: what an edit removed is left out."
        condition = c.owned(keys[entry.owner], entry.owner_version)
        return c.latest(context, table, condition, owner=newest[entry.owner], comment=comment)
    if entry.entity:
        condition = (
            f"(shop_url, {entry.key}) NOT IN (SELECT shop_url, id FROM {{deleted}} WHERE entity = '{entry.entity}')"
        )
        condition = f"deleted_at IS NULL\n  AND {condition}" if "deleted_at" in table.column_names else condition
        comment = f"{table.comment} The newest state; deleted ones are left out."
        return c.latest(context, table, condition, deleted=tables["deleted_objects"], comment=comment)
    beside = _BESIDE.get(table.table)
    if beside is None:
        return c.latest(context, table)
    other = newest.get(beside.other)
    if other is None:
        unknown = tuple((column, f"CAST(NULL, '{column.type}')") for column, _ in beside.columns)
        return c.latest(context, table, more=unknown)
    relations: dict[str, Any] = {beside.other: other}
    return c.latest(context, table, more=beside.columns, joined=beside.join, **relations)


@attrs.frozen
class Beside:
    """What a ``_latest`` view tells besides, from another table: NULL where that is not synced, or has no row for it."""

    other: str
    join: str
    columns: tuple[tuple[tl.Column[Any], str], ...]


_PLACED = """LEFT JOIN (
    SELECT shop_url, order_id, coalesce(processed_at, created_at) AS placed_at
    FROM {orders}
) AS placed ON newest.shop_url = placed.shop_url AND newest.order_id = placed.order_id"""

_VARIANT = """LEFT JOIN (
    SELECT
        shop_url, assumeNotNull(inventory_item_id) AS item, toNullable(max(variant_id)) AS variant,
        argMax(tuple(product_id), variant_id).1 AS product
    FROM {product_variants}
    WHERE inventory_item_id IS NOT NULL
    GROUP BY shop_url, item
) AS sold_as ON newest.shop_url = sold_as.shop_url AND newest.inventory_item_id = sold_as.item"""

_RULE = """LEFT JOIN (
    SELECT shop_url, toNullable(price_rule_id) AS rule, value_type, value, target_type
    FROM {price_rules}
) AS rules ON newest.shop_url = rules.shop_url AND newest.price_rule_id = rules.rule"""


def _hours(name: str, comment: str, seconds: int) -> tuple[tl.Column[Any], str]:
    column = tl.column(t.Nullable(t.Float64), name=name, comment=comment)
    return column, f"dateDiff('second', placed_at, newest.created_at) / {seconds}"


_BESIDE = {
    "fulfillments": Beside(
        "orders", _PLACED, (_hours("hours_to_fulfil", "hours from the order's processed_at to created_at", 3600),)
    ),
    "order_refunds": Beside(
        "orders", _PLACED, (_hours("days_to_refund", "days from the order's processed_at to created_at", 86400),)
    ),
    "inventory_items": Beside(
        "product_variants",
        _VARIANT,
        (
            (
                tl.column(t.Nullable(t.Int64), name="variant_id", comment="product_variants.variant_id of the item"),
                "sold_as.variant",
            ),
            (tl.column(t.Nullable(t.Int64), name="product_id", comment="its products.product_id"), "sold_as.product"),
        ),
    ),
    "discount_codes": Beside(
        "price_rules",
        _RULE,
        (
            (
                tl.column(c.WORD, name="value_type", comment="of its rule: percentage or fixed_amount"),
                "rules.value_type",
            ),
            (
                tl.column(
                    t.Nullable(c.MONEY), name="value", comment="of its rule: per cent or shop currency, negative"
                ),
                "rules.value",
            ),
            (
                tl.column(c.WORD, name="target_type", comment="of its rule: line_item, shipping_line"),
                "rules.target_type",
            ),
        ),
    ),
}
