"""Abandoned checkouts and their lines. Shopify keeps them for about three months: raw must be appended, never replaced."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.orders import codes_of, utm


def abandoned_checkouts(context: Context) -> tl.MaterializedView[Any]:
    """One row per checkout, from stream ``abandoned_checkouts``; completed ones are in it too.

    A checkout has no money sets: its amounts are in the currency that the customer saw.
    """
    raw = context.raw("abandoned_checkouts")
    landing = raw.text("landing_site")

    class Checkout(tl.Columns):
        shop_url = c.shop_url(raw)
        checkout_id = c.key(raw.integer("id"), "Shopify's id of the checkout")
        token = tl.derive(raw.text("token"), comment="orders.checkout_token of the order it became")
        cart_token = tl.derive(raw.text("cart_token"), comment="token of the cart")
        created_at = tl.derive(raw.time("created_at"), comment="when the checkout was begun (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        completed_at = tl.derive(
            raw.time("completed_at"), comment="when it became an order (UTC); NULL while abandoned"
        )
        closed_at = tl.derive(raw.time("closed_at"), comment="when it was closed (UTC)")
        checkout_date = tl.derive(
            context.day(raw.time("created_at")), comment=f"day of created_at in {context.timezone}"
        )
        email = tl.derive(raw.text("email"), comment="e-mail as entered")
        email_norm = tl.derive(
            c.email_norm(raw.text("email")), comment="e-mail as an identity: lower case and trimmed, NULL when empty"
        )
        phone = tl.derive(raw.text("phone"), comment="phone as entered")
        customer_id = tl.derive(raw.integer("customer", "id"), comment="customers.customer_id; NULL for a guest")
        shop_currency = tl.derive(c.word(raw.text("currency")), comment="the shop's currency")
        currency = tl.derive(
            c.word(f.coalesce(raw.text("presentment_currency"), raw.text("currency"))),
            comment="currency of every amount in the row: the customer's",
        )
        total_price = tl.derive(raw.decimal("total_price"), comment="what it would have cost, in currency")
        subtotal_price = tl.derive(raw.decimal("subtotal_price"), comment="lines after discounts, in currency")
        total_discounts = tl.derive(raw.decimal("total_discounts"), comment="discounts, in currency")
        total_tax = tl.derive(raw.decimal("total_tax"), comment="tax, in currency")
        total_line_items_price = tl.derive(
            raw.decimal("total_line_items_price"), comment="lines before discounts, in currency"
        )
        discount_codes = tl.derive(codes_of(raw), comment="codes entered, upper case and trimmed, each once")
        line_count = tl.derive(f.cast(f.length(raw.array("line_items")), c.LENGTH), comment="lines in the checkout")
        gateway = tl.derive(c.word(raw.text("gateway")), comment="payment gateway")
        source_name = tl.derive(c.word(raw.text("source_name")), comment="where it was begun: web, ...")
        landing_site = tl.derive(landing, comment="first page of the visit, as sent")
        referring_site = tl.derive(raw.text("referring_site"), comment="page that led to the shop, as sent")
        utm_source = tl.derive(utm(landing, "utm_source"), comment="utm_source of landing_site, decoded")
        utm_medium = tl.derive(utm(landing, "utm_medium"), comment="utm_medium of landing_site, decoded")
        utm_campaign = tl.derive(utm(landing, "utm_campaign"), comment="utm_campaign of landing_site, decoded")
        shipping_country = tl.derive(
            c.word(raw.text("shipping_address", "country_code")), comment="ISO country code of the shipping address"
        )
        accepts_marketing = tl.derive(
            raw.boolean("buyer_accepts_marketing"), comment="true where the buyer agreed to marketing"
        )
        recovery_url = tl.derive(raw.text("abandoned_checkout_url"), comment="page that leads back to the checkout")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "abandoned_checkouts",
        Checkout,
        raw,
        order_by=(Checkout.shop_url, Checkout.checkout_id),
        version=Checkout.version,
        month=c.month(Checkout.created_at),
        where=raw.keyed("id"),
        comment="One row per checkout, abandoned or completed.",
    )


def abandoned_checkouts_line_items(context: Context) -> tl.MaterializedView[Any]:
    """One row per checkout and line, guarded by the checkout."""
    raw = context.raw("abandoned_checkouts")
    line, number = c.numbered(raw, "line_items", name="line")

    class CheckoutLine(tl.Columns):
        shop_url = c.shop_url(raw)
        checkout_id = c.key(raw.integer("id"), "abandoned_checkouts.checkout_id")
        position = tl.derive(number, comment="position of the line in the checkout, from 1")
        line_key = tl.derive(line.text("key"), comment="Shopify's key of the line")
        created_at = tl.derive(raw.time("created_at"), comment="when the checkout was begun (UTC)")
        product_id = tl.derive(line.integer("product_id"), comment="products.product_id; NULL when it was deleted")
        variant_id = tl.derive(
            line.integer("variant_id"), comment="product_variants.variant_id; NULL when it was deleted"
        )
        sku = tl.derive(line.text("sku"), comment="stock keeping unit")
        title = tl.derive(line.text("title"), comment="product's title")
        variant_title = tl.derive(line.text("variant_title"), comment="variant's title")
        vendor = tl.derive(c.word(line.text("vendor")), comment="vendor of the product")
        quantity = tl.derive(line.integer("quantity"), comment="pieces in the cart")
        currency = tl.derive(
            c.word(f.coalesce(raw.text("presentment_currency"), raw.text("currency"))),
            comment="the customer's currency",
        )
        price = tl.derive(line.decimal("price"), comment="price of one piece, in currency")
        line_price = tl.derive(line.decimal("line_price"), comment="price x quantity, in currency")
        grams = tl.derive(line.integer("grams"), comment="weight of one piece in grams")
        requires_shipping = tl.derive(line.boolean("requires_shipping"), comment="true for goods that are shipped")
        extracted_at = c.extracted_at(raw)
        checkout_version = c.version(raw)

    return c.entity(
        context,
        "abandoned_checkouts_line_items",
        CheckoutLine,
        raw,
        order_by=(CheckoutLine.shop_url, CheckoutLine.checkout_id, CheckoutLine.position),
        version=CheckoutLine.checkout_version,
        month=c.month(CheckoutLine.created_at),
        where=raw.keyed("id"),
        comment="One row per checkout and line.",
    )
