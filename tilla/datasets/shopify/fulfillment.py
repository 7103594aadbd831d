"""Fulfillments and their lines. An order may have several: never join lines to fulfillments on the order alone."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context


def fulfillments(context: Context) -> tl.MaterializedView[Any]:
    """One row per fulfillment, from stream ``fulfillments``."""
    raw = context.raw("fulfillments")

    class Fulfillment(tl.Columns):
        shop_url = c.shop_url(raw)
        fulfillment_id = c.key(raw.integer("id"), "Shopify's id of the fulfillment")
        order_id = tl.derive(raw.integer("order_id"), comment="orders.order_id")
        fulfillment_name = tl.derive(raw.text("name"), comment="order name and running number, such as #1001.1")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created: goods leave (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        status = tl.derive(c.word(raw.text("status")), comment="success, cancelled, error, failure, pending, open")
        shipment_status = tl.derive(
            c.word(raw.text("shipment_status")),
            comment="in_transit, out_for_delivery, delivered, failure, ...; NULL unknown",
        )
        delivered_at = tl.derive(
            f.raw(
                "if",
                f.if_null(raw.text("shipment_status") == "delivered", False),
                raw.time("updated_at"),
                None,
                type=c.MOMENT,
            ),
            comment="updated_at of a fulfillment that is delivered: Shopify gives no moment of delivery (UTC)",
        )
        location_id = tl.derive(raw.integer("location_id"), comment="locations.location_id that goods leave from")
        service = tl.derive(c.word(raw.text("service")), comment="fulfillment service")
        tracking_company = tl.derive(c.word(raw.text("tracking_company")), comment="carrier")
        tracking_number = tl.derive(raw.text("tracking_number"), comment="first tracking number")
        tracking_numbers = tl.derive(raw.strings("tracking_numbers"), comment="all tracking numbers")
        tracking_url = tl.derive(raw.text("tracking_url"), comment="first tracking page")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "fulfillments",
        Fulfillment,
        raw,
        order_by=(Fulfillment.shop_url, Fulfillment.fulfillment_id),
        version=Fulfillment.version,
        month=c.month(Fulfillment.created_at),
        where=raw.keyed("id"),
        comment="One row per fulfillment.",
    )


def fulfillment_line_items(context: Context) -> tl.MaterializedView[Any]:
    """One row per fulfillment and line, guarded by the fulfillment."""
    raw = context.raw("fulfillments")
    line = raw.each("line_items", name="line")

    class FulfillmentLine(tl.Columns):
        shop_url = c.shop_url(raw)
        fulfillment_id = c.key(raw.integer("id"), "fulfillments.fulfillment_id")
        line_id = c.key(line.integer("id"), "order_line_items.line_id")
        order_id = tl.derive(raw.integer("order_id"), comment="orders.order_id")
        created_at = tl.derive(raw.time("created_at"), comment="when the fulfillment was created (UTC)")
        quantity = tl.derive(line.integer("quantity"), comment="pieces in this fulfillment")
        product_id = tl.derive(line.integer("product_id"), comment="products.product_id")
        variant_id = tl.derive(line.integer("variant_id"), comment="product_variants.variant_id")
        sku = tl.derive(line.text("sku"), comment="stock keeping unit")
        title = tl.derive(line.text("title"), comment="product's title at the time of the order")
        price = tl.derive(
            line.decimal("price_set", "shop_money", "amount"),
            comment="price of one piece, before discounts; shop currency",
        )
        grams = tl.derive(line.integer("grams"), comment="weight of one piece in grams")
        extracted_at = c.extracted_at(raw)
        fulfillment_version = c.version(raw)

    return c.entity(
        context,
        "fulfillment_line_items",
        FulfillmentLine,
        raw,
        order_by=(FulfillmentLine.shop_url, FulfillmentLine.fulfillment_id, FulfillmentLine.line_id),
        version=FulfillmentLine.fulfillment_version,
        month=c.month(FulfillmentLine.created_at),
        where=f.and_(raw.keyed("id"), line.keyed("id")),
        comment="One row per fulfillment and line.",
    )
