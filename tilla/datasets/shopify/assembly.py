"""Which tables there are, which streams each needs, and how its ``_latest`` view reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

import tilla as tl
from tilla import types as t
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


def assembled(context: Context) -> Iterator[Any]:
    """Every object whose streams are synced: sources first, then each table, its views and its ``_latest`` view."""
    made: list[Any] = []
    tables: dict[str, Any] = {}
    newest: dict[str, tl.View[Any]] = {}
    keys: dict[str, str] = {}
    for entry in ENTRIES:
        if not context.streams.intersection(entry.streams):
            continue
        found = entry.make(context)
        views = found if isinstance(found, tuple) else (found,)
        table = views[0]
        tables[table.table], keys[table.table] = table, entry.key
        newest[table.table] = _latest(context, entry, table, tables, newest, keys)
        made += [*views, newest[table.table]]
    if "inventory_levels" in newest:
        made.append(inventory.inventory_levels_daily(context, newest["inventory_levels"]))
    made.append(rejects(context.name("rejects"), context.read, by={"shop_url": "shop_url"}))
    sources = {item.source.name: item.source for item in made if getattr(item, "source", None) is not None}
    yield from sources.values()
    yield from made


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
    if table.table in _FROM_ORDER and "orders" in newest:
        column, sql = _FROM_ORDER[table.table]
        joined = (
            "LEFT JOIN (\n    SELECT shop_url, order_id, coalesce(processed_at, created_at) AS placed_at\n"
            "    FROM {orders}\n) AS placed ON newest.shop_url = placed.shop_url AND newest.order_id = placed.order_id"
        )
        return c.latest(context, table, more=((column, sql),), joined=joined, orders=newest["orders"])
    return c.latest(context, table)


# What a ``_latest`` view tells besides, from the order: NULL where the order is not there.
_FROM_ORDER = {
    "fulfillments": (
        tl.column(
            t.Nullable(t.Float64), name="hours_to_fulfil", comment="hours from the order's processed_at to created_at"
        ),
        "dateDiff('second', placed_at, newest.created_at) / 3600",
    ),
    "order_refunds": (
        tl.column(
            t.Nullable(t.Float64), name="days_to_refund", comment="days from the order's processed_at to created_at"
        ),
        "dateDiff('second', placed_at, newest.created_at) / 86400",
    ),
}
