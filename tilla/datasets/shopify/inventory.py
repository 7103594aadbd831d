"""Inventory: items, and what lies where."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.engines import ReplacingMergeTree
from tilla.sources.raw import Landed


def inventory_items(context: Context) -> tl.MaterializedView[Any]:
    """One row per inventory item, from stream ``inventory_items``."""
    raw = context.raw("inventory_items")

    class Item(tl.Columns):
        shop_url = c.shop_url(raw)
        inventory_item_id = c.key(raw.integer("id"), "Shopify's id of the item")
        sku = tl.derive(raw.text("sku"), comment="stock keeping unit")
        unit_cost = tl.derive(
            raw.decimal("cost"),
            comment="cost of one piece, in cost_currency; NULL where unknown, or without the permission",
        )
        cost_currency = tl.derive(c.word(raw.text("currency_code")), comment="currency of unit_cost")
        tracked = tl.derive(raw.boolean("tracked"), comment="true where Shopify counts the stock")
        requires_shipping = tl.derive(raw.boolean("requires_shipping"), comment="true for goods that are shipped")
        country_of_origin = tl.derive(c.word(raw.text("country_code_of_origin")), comment="ISO country code of origin")
        province_of_origin = tl.derive(c.word(raw.text("province_code_of_origin")), comment="province of origin")
        harmonized_system_code = tl.derive(raw.text("harmonized_system_code"), comment="customs tariff number")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "inventory_items",
        Item,
        raw,
        order_by=(Item.shop_url, Item.inventory_item_id),
        version=Item.version,
        where=raw.keyed("id"),
        comment="One row per inventory item.",
    )


def _place(raw: Landed) -> tuple[tl.Expr[int | None], tl.Expr[int | None]]:
    """Item and location of a level; its id is both as text, ``location|item``."""
    parts = f.split_by_char("|", f.if_null(raw.text("id"), ""))
    location_id, item_id = f.array_element_or_null(parts, 1), f.array_element_or_null(parts, 2)
    location, item = f.to_int64_or_null(location_id), f.to_int64_or_null(item_id)
    return f.coalesce(raw.integer("inventory_item_id"), item), f.coalesce(raw.integer("location_id"), location)


def _quantity(raw: Landed, name: str) -> tl.Expr[int | None]:
    """One of the quantities by its name; NULL where it is not listed."""
    found = f.array_first(lambda entry: f.json_text(entry, "name") == name, raw.array("quantities"))
    return raw.element(found, "quantities").integer("quantity")


def inventory_levels(context: Context) -> tl.MaterializedView[Any]:
    """One row per item and location, from stream ``inventory_levels``: its newest state, for the source keeps no history."""
    raw = context.raw("inventory_levels")
    item, location = _place(raw)

    class Level(tl.Columns):
        shop_url = c.shop_url(raw)
        inventory_item_id = c.key(item, "inventory_items.inventory_item_id")
        location_id = c.key(location, "locations.location_id")
        available = tl.derive(
            f.coalesce(_quantity(raw, "available"), raw.integer("available")),
            comment="pieces that can be sold, negative when oversold; from quantities, else from the older plain field",
        )
        on_hand = tl.derive(_quantity(raw, "on_hand"), comment="pieces that lie there")
        committed = tl.derive(_quantity(raw, "committed"), comment="pieces in open orders")
        incoming = tl.derive(_quantity(raw, "incoming"), comment="pieces on their way")
        reserved = tl.derive(_quantity(raw, "reserved"), comment="pieces set aside")
        damaged = tl.derive(_quantity(raw, "damaged"), comment="pieces that are damaged")
        safety_stock = tl.derive(_quantity(raw, "safety_stock"), comment="pieces kept back")
        quality_control = tl.derive(_quantity(raw, "quality_control"), comment="pieces under inspection")
        can_deactivate = tl.derive(
            raw.boolean("can_deactivate"), comment="true where the item can be taken off the location"
        )
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "inventory_levels",
        Level,
        raw,
        order_by=(Level.shop_url, Level.inventory_item_id, Level.location_id),
        version=Level.version,
        where=raw.required(f.and_(item.is_not_null(), location.is_not_null()), ("id",)),
        comment="One row per inventory item and location.",
    )


def inventory_quantities(context: Context) -> tl.MaterializedView[Any]:
    """One row per item, location and name of a quantity, guarded by the level."""
    raw = context.raw("inventory_levels")
    item, location = _place(raw)
    entry = raw.each("quantities", name="entry")

    class Quantity(tl.Columns):
        shop_url = c.shop_url(raw)
        inventory_item_id = c.key(item, "inventory_items.inventory_item_id")
        location_id = c.key(location, "locations.location_id")
        name = tl.derive(
            f.cast(f.if_null(entry.text("name"), ""), t.LowCardinality(t.String)),
            comment="available, on_hand, committed, incoming, reserved, damaged, safety_stock, quality_control",
        )
        quantity = tl.derive(entry.integer("quantity"), comment="pieces, negative when oversold")
        updated_at = tl.derive(
            f.coalesce(entry.time("updatedAt"), entry.time("updated_at")),
            comment="when this quantity last changed (UTC)",
        )
        extracted_at = c.extracted_at(raw)
        level_version = c.version(raw)

    return c.entity(
        context,
        "inventory_quantities",
        Quantity,
        raw,
        order_by=(Quantity.shop_url, Quantity.inventory_item_id, Quantity.location_id, Quantity.name),
        version=Quantity.level_version,
        where=f.and_(
            item.is_not_null(), location.is_not_null(), entry.required(f.not_empty(entry.text("name")), ("name",))
        ),
        comment="One row per inventory item, location and name of a quantity.",
    )


def inventory_levels_daily(context: Context, newest: Any) -> tl.RefreshableView[Any]:
    """One row per item, location and day: the level as it was when the day's snapshot was taken, for history begins with it.

    Appended once a day from the newest states; a second snapshot of the same day replaces the first.
    """

    class Snapshot(tl.Columns):
        shop_url = tl.column(t.String, comment="shop name without its domain")
        inventory_item_id = tl.column(t.Int64, comment="inventory_items.inventory_item_id")
        location_id = tl.column(t.Int64, comment="locations.location_id")
        date = tl.column(t.Date, comment=f"day of the snapshot, {context.timezone}")
        available = tl.column(t.Nullable(t.Int64), comment="pieces that can be sold; not to be summed over days")
        on_hand = tl.column(t.Nullable(t.Int64), comment="pieces that lie there; not to be summed over days")
        committed = tl.column(t.Nullable(t.Int64), comment="pieces in open orders; not to be summed over days")
        incoming = tl.column(t.Nullable(t.Int64), comment="pieces on their way; not to be summed over days")
        taken_at = tl.column(t.DateTime("UTC"), comment="when the snapshot was taken (UTC)")

    now = f.now("UTC")
    query = tl.sql(
        """SELECT
    shop_url,
    inventory_item_id,
    location_id,
    {today} AS date,
    available,
    on_hand,
    committed,
    incoming,
    {now} AS taken_at
FROM {levels}""",
        levels=newest,
        now=now,
        today=f.to_date(now, context.timezone),
    )
    return tl.RefreshableView(
        context.name("inventory_levels_daily"),
        Snapshot,
        query=query,
        append=True,
        refresh=tl.every(days=1).offset(hours=5),
        engine=ReplacingMergeTree(
            order_by=(Snapshot.shop_url, Snapshot.inventory_item_id, Snapshot.location_id, Snapshot.date),
            version=Snapshot.taken_at,
            partition_by=f.to_yyyymm(Snapshot.date),
        ),
        comment="One row per inventory item, location and day: what lay there.",
    )
