"""What an order's record holds more of than one: discounts, taxes, attributes, gateways. One row each, guarded by the order.

Discounts and taxes stand on lines and on shipping lines alike; ``target`` says on which, and each table is fed by two views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.orders import named_amounts, same_currency, taxes_included, without_tax
from tilla.engines import ReplacingMergeTree
from tilla.sources.raw import Document

# The arrays of an order whose elements carry discounts and taxes, and the word for such an element.
TARGETS = {"line_items": "line_item", "shipping_lines": "shipping_line"}

Body = Callable[[str, Document], tuple[type[tl.Columns], tl.Expr[Any]]]


def _on_lines(context: Context, name: str, comment: str, body: Body) -> tuple[tl.MaterializedView[Any], ...]:
    """A table with one row per part of a line or shipping line: one view for each."""
    raw = context.raw("orders")
    made: list[tl.MaterializedView[Any]] = []
    for array, target in TARGETS.items():
        line = raw.each(array, name="line")
        columns, where = body(target, line)
        if made:
            view = tl.MaterializedView(
                context.name(f"{name}_of_{array}_mv"), columns, source=raw.source, to=made[0], where=where
            )
        else:
            key = ("shop_url", "order_id", "target", "line_id", "position")
            view = tl.MaterializedView(
                context.name(name),
                columns,
                source=raw.source,
                engine=_engine(columns, key),
                where=where,
                comment=comment,
            )
        made.append(view)
    return tuple(made)


def _engine(columns: type[tl.Columns], key: tuple[str, ...]) -> ReplacingMergeTree:
    named = {column.name: column for column in tl.Source("raw.any", columns).columns}
    return ReplacingMergeTree(
        order_by=tuple(named[k] for k in key),
        version=named["order_version"],
        partition_by=c.month(named["order_created_at"]),
    )


def order_discount(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per order, line and discount allocation."""
    raw = context.raw("orders")
    same = same_currency(raw)
    included = taxes_included(raw)

    def reduced(word: str, line: Document, amount: tl.Expr[Any]) -> tl.Expr[Any]:
        if word == "shipping_line":
            return c.stored(amount)
        parts = named_amounts(line, same)
        return c.stored(without_tax(amount, parts.listed, parts.allocated, parts.tax, included))

    def body(word: str, line: Document) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        part, number = c.numbered(line, "discount_allocations", name="allocation")
        index = part.integer("discount_application_index")
        # Positions in JSON paths count from 1, and there is none at 0.
        place = f.if_null(f.to_int32(index), f.cast(-1, t.Int32)) + 1
        application = f.if_(
            index >= 0,
            f.raw(
                "JSONExtractRaw",
                f.if_null(raw.json("discount_applications"), ""),
                f.to_int32(f.greatest(place, 1)),
                type=t.String,
            ),
            "",
        )
        discount = raw.element(tl.let(application, "_application"), "discount_applications")
        entered = f.coalesce(discount.text("code"), _only_code(raw, discount))

        class Discount(tl.Columns):
            shop_url = c.shop_url(raw)
            order_id = c.key(raw.integer("id"), "orders.order_id")
            target = tl.derive(f.cast(word, t.LowCardinality(t.String)), comment="line_item or shipping_line")
            line_id = c.key(line.integer("id"), "order_line_items.line_id, or Shopify's id of the shipping line")
            position = tl.derive(number, comment="position of the allocation on the line, from 1")
            order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
            application_index = tl.derive(
                index, comment="which of the order's discount applications it is part of, from 0"
            )
            amount = tl.derive(c.money(part, "amount", same), comment="what this line saves by it; shop currency")
            sale_discount = tl.derive(
                reduced(word, line, c.wide(c.money(part, "amount", same))),
                comment="amount x f, as in order_line_items.line_discount: without tax where prices include it; shop currency",
            )
            gift_card = tl.derive(line.boolean("gift_card"), comment="true on a gift card; NULL on shipping")
            type = tl.derive(
                c.word(discount.text("type")), comment="discount_code, automatic, manual, script; NULL where unknown"
            )
            code = tl.derive(
                f.null_if(f.upper_utf8(f.trim(entered)), ""),
                comment="the code, upper case and trimmed; NULL for a discount without one",
            )
            title = tl.derive(discount.text("title"), comment="title of an automatic, manual or script discount")
            value = tl.derive(discount.decimal("value"), comment="percent, or an amount, as value_type says")
            value_type = tl.derive(c.word(discount.text("value_type")), comment="percentage or fixed_amount")
            allocation_method = tl.derive(c.word(discount.text("allocation_method")), comment="across, each or one")
            target_selection = tl.derive(c.word(discount.text("target_selection")), comment="all, entitled or explicit")
            extracted_at = c.extracted_at(raw)
            order_version = c.version(raw)

        return Discount, f.and_(raw.keyed("id"), line.keyed("id"))

    return _on_lines(context, "order_discount", "One row per order, line and discount allocation.", body)


def _only_code(order: Document, discount: Document) -> tl.Expr[str | None]:
    """The code of a code discount that does not name it, where the order has a single code: older records."""
    single = f.and_(discount.text("type") == "discount_code", f.length(order.array("discount_codes")) == 1)
    return f.raw(
        "if", f.if_null(single, False), order.text("discount_codes", 1, "code"), None, type=t.Nullable(t.String)
    )


def order_tax_lines(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per order, line and tax line."""
    raw = context.raw("orders")
    same = same_currency(raw)

    def body(word: str, line: Document) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        tax, number = c.numbered(line, "tax_lines", name="tax_line")

        class TaxLine(tl.Columns):
            shop_url = c.shop_url(raw)
            order_id = c.key(raw.integer("id"), "orders.order_id")
            target = tl.derive(f.cast(word, t.LowCardinality(t.String)), comment="line_item or shipping_line")
            line_id = c.key(line.integer("id"), "order_line_items.line_id, or Shopify's id of the shipping line")
            position = tl.derive(number, comment="position of the tax on the line, from 1")
            order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
            title = tl.derive(c.word(tax.text("title")), comment="name of the tax")
            rate = tl.derive(tax.decimal("rate", scale=6), comment="rate as a fraction: 0.19 is 19 %")
            amount = tl.derive(c.money(tax, "price", same), comment="tax on the line; shop currency")
            channel_liable = tl.derive(
                tax.boolean("channel_liable"), comment="true where the sales channel remits the tax, not the shop"
            )
            extracted_at = c.extracted_at(raw)
            order_version = c.version(raw)

        return TaxLine, f.and_(raw.keyed("id"), line.keyed("id"))

    return _on_lines(context, "order_tax_lines", "One row per order, line and tax line.", body)


def order_note_attributes(context: Context) -> tl.MaterializedView[Any]:
    """One row per order and note attribute."""
    raw = context.raw("orders")
    attribute, number = c.numbered(raw, "note_attributes", name="attribute")

    class NoteAttribute(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("id"), "orders.order_id")
        position = tl.derive(number, comment="position of the attribute on the order, from 1")
        order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        name = tl.derive(attribute.text("name"), comment="name that the theme or an app gave it")
        value = tl.derive(attribute.text("value"), comment="value as sent")
        extracted_at = c.extracted_at(raw)
        order_version = c.version(raw)

    return tl.MaterializedView(
        context.name("order_note_attributes"),
        NoteAttribute,
        source=raw.source,
        engine=_engine(NoteAttribute, ("shop_url", "order_id", "position")),
        where=raw.keyed("id"),
        comment="One row per order and note attribute.",
    )


def order_payment_gateway(context: Context) -> tl.MaterializedView[Any]:
    """One row per order and payment gateway."""
    raw = context.raw("orders")
    gateway = tl.each(f.array_distinct(raw.strings("payment_gateway_names")), "gateway_name")

    class PaymentGateway(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("id"), "orders.order_id")
        gateway_ = tl.derive(
            f.cast(gateway, t.LowCardinality(t.String)), name="gateway", comment="name of the payment gateway"
        )
        order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        extracted_at = c.extracted_at(raw)
        order_version = c.version(raw)

    return tl.MaterializedView(
        context.name("order_payment_gateway"),
        PaymentGateway,
        source=raw.source,
        engine=_engine(PaymentGateway, ("shop_url", "order_id", "gateway")),
        where=f.and_(raw.keyed("id"), gateway != ""),
        comment="One row per order and payment gateway.",
    )


def order_agreements(context: Context) -> tl.MaterializedView[Any]:
    """One row per order, agreement and sale, from stream ``order_agreements``: what was agreed, edits and returns included.

    An agreement that happened is never taken back, so there is no guard.
    """
    raw = context.raw("order_agreements")
    agreement = raw.each("agreements", name="agreement")
    sale = agreement.each("sales", name="sale")

    class Agreement(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("id"), "orders.order_id")
        agreement_id = c.key(agreement.integer("id"), "Shopify's id of the agreement")
        sale_id = c.key(sale.integer("id"), "Shopify's id of the sale")
        order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        happened_at = tl.derive(agreement.time("happened_at"), comment="when the agreement happened (UTC)")
        reason = tl.derive(
            c.word(f.lower(agreement.text("reason"))), comment="order, order_edit, refund, return; lower case"
        )
        action_type = tl.derive(c.word(f.lower(sale.text("action_type"))), comment="order, return, update; lower case")
        line_type = tl.derive(
            c.word(f.lower(sale.text("line_type"))), comment="product, shipping, tip, gift_card, ...; lower case"
        )
        line_id = tl.derive(sale.integer("line_item", "id"), comment="order_line_items.line_id; NULL for no goods")
        quantity = tl.derive(sale.integer("quantity"), comment="pieces, negative where they come back")
        total_amount = tl.derive(
            sale.decimal("total_amount", "shop_money", "amount"), comment="after discounts and with tax; shop currency"
        )
        discount_before_taxes = tl.derive(
            sale.decimal("total_discount_amount_before_taxes", "shop_money", "amount"),
            comment="discounts without tax; shop currency",
        )
        discount_after_taxes = tl.derive(
            sale.decimal("total_discount_amount_after_taxes", "shop_money", "amount"),
            comment="discounts with tax; shop currency",
        )
        tax_amount = tl.derive(sale.decimal("total_tax_amount", "shop_money", "amount"), comment="tax; shop currency")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "order_agreements",
        Agreement,
        raw,
        order_by=(Agreement.shop_url, Agreement.order_id, Agreement.agreement_id, Agreement.sale_id),
        version=Agreement.version,
        month=c.month(Agreement.order_created_at),
        where=f.and_(raw.keyed("id"), agreement.keyed("id"), sale.keyed("id")),
        comment="One row per order, agreement and sale.",
    )
