"""Refunds, their lines, adjustments and transactions.

A refund arrives twice: in the stream ``order_refunds``, and inside its order. The stream goes by ``created_at`` and never
sends a later change of a refund; the order does. So each table here is fed by two views, one per way, and of the
deliveries of one refund the newest extraction wins. Refunds do not lose lines, so there is no guard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.orders import same_currency
from tilla.engines import ReplacingMergeTree
from tilla.sources.raw import Document, Landed


@attrs.frozen(eq=False)
class Way:
    """One way by which refunds arrive: the stream that is read, one refund in it, and what its record knows."""

    raw: Landed
    refund: Document
    order_id: tl.Expr[int | None]
    same: tl.Expr[Any]
    suffix: str
    """Behind the name of a second view into a table."""


def ways(context: Context) -> list[Way]:
    """The ways that are synced, the stream of its own first."""
    found = []
    if context.has("order_refunds"):
        raw = context.raw("order_refunds")
        found.append(Way(raw, raw, raw.integer("order_id"), _same_currency(raw), ""))
    if context.has("orders"):
        raw = context.raw("orders")
        refund = raw.each("refunds", name="refund")
        found.append(Way(raw, refund, raw.integer("id"), same_currency(raw), "_from_orders"))
    return found


def _same_currency(refund: Document) -> tl.Expr[Any]:
    """True unless a set inside the refund shows two currencies: the record does not name its order's."""

    def differs(*path: str | int) -> tl.Expr[Any]:
        shop = refund.text(*path, "shop_money", "currency_code")
        return f.if_null(shop != refund.text(*path, "presentment_money", "currency_code"), False)

    seen = (
        differs("refund_line_items", 1, "subtotal_set"),
        differs("order_adjustments", 1, "amount_set"),
        differs("total_duties_set"),
    )
    return tl.let(f.not_(f.or_(*seen)), "_in_shop_currency")


Body = Callable[[Way], tuple[type[tl.Columns], tl.Expr[Any]]]


def _union(
    context: Context, name: str, body: Body, key: tuple[str, ...], comment: str
) -> tuple[tl.MaterializedView[Any], ...]:
    """One table fed by every way that is synced; the first view owns the table."""
    made: list[tl.MaterializedView[Any]] = []
    for way in ways(context):
        columns, where = body(way)
        named = {column.name: column for column in tl.Source(f"{context.database}._", columns).columns}
        if made:
            view = tl.MaterializedView(
                context.name(f"{name}{way.suffix}_mv"), columns, source=way.raw.source, to=made[0], where=where
            )
        else:
            engine = ReplacingMergeTree(
                order_by=tuple(named[k] for k in key),
                version=named["version"],
                partition_by=c.month(named["created_at"]),
            )
            view = tl.MaterializedView(
                context.name(name), columns, source=way.raw.source, engine=engine, where=where, comment=comment
            )
        made.append(view)
    return tuple(made)


def order_refunds(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per refund."""

    def body(way: Way) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        refund, raw = way.refund, way.raw
        adjustments = refund.array("order_adjustments")

        def adjusted(kind: str) -> tl.Expr[Any]:
            chosen = f.array_filter(lambda item: f.json_text(item, "kind") == kind, adjustments)
            return c.known(
                refund.json("order_adjustments"),
                c.stored(
                    c.total(refund, "order_adjustments", lambda part: c.money(part, "amount", way.same), among=chosen)
                ),
            )

        def over_lines(field: str) -> tl.Expr[Any]:
            return c.known(
                refund.json("refund_line_items"),
                c.stored(c.total(refund, "refund_line_items", lambda line: c.money(line, field, way.same))),
            )

        class Refund(tl.Columns):
            shop_url = c.shop_url(raw)
            refund_id = c.key(refund.integer("id"), "Shopify's id of the refund")
            order_id = tl.derive(f.coalesce(refund.integer("order_id"), way.order_id), comment="orders.order_id")
            created_at = tl.derive(
                refund.time("created_at"), comment="when the refund was made: its day in every measure (UTC)"
            )
            processed_at = tl.derive(refund.time("processed_at"), comment="when it was processed (UTC)")
            note = tl.derive(refund.text("note"), comment="note on the refund")
            user_id = tl.derive(refund.integer("user_id"), comment="staff member who made it")
            restock = tl.derive(refund.boolean("restock"), comment="true where goods went back on stock")
            subtotal = tl.derive(over_lines("subtotal"), comment="sum of the subtotals of its lines; shop currency")
            total_tax = tl.derive(over_lines("total_tax"), comment="sum of the taxes of its lines; shop currency")
            discrepancy = tl.derive(
                adjusted("refund_discrepancy"),
                comment="sum of adjustments of kind refund_discrepancy, negative where more went back; shop currency",
            )
            shipping_refund = tl.derive(
                adjusted("shipping_refund"),
                comment="sum of adjustments of kind shipping_refund, negative where money went back; shop currency",
            )
            duties = tl.derive(c.money(refund, "total_duties"), comment="duties given back; shop currency")
            extracted_at = c.extracted_at(raw)
            generation_id = c.generation_id(raw)
            version = c.extraction_version(raw)

        return Refund, refund.keyed("id")

    return _union(context, "order_refunds", body, ("shop_url", "refund_id"), "One row per refund.")


def order_refund_line_items(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per refund and line."""

    def body(way: Way) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        refund, raw = way.refund, way.raw
        line = refund.each("refund_line_items", name="refund_line")

        class RefundLine(tl.Columns):
            shop_url = c.shop_url(raw)
            refund_id = c.key(refund.integer("id"), "order_refunds.refund_id")
            refund_line_id = c.key(line.integer("id"), "Shopify's id of the refund line")
            order_id = tl.derive(f.coalesce(refund.integer("order_id"), way.order_id), comment="orders.order_id")
            line_id = tl.derive(
                f.coalesce(line.integer("line_item_id"), line.integer("line_item", "id")),
                comment="order_line_items.line_id",
            )
            created_at = tl.derive(refund.time("created_at"), comment="when the refund was made (UTC)")
            quantity = tl.derive(line.integer("quantity"), comment="pieces given back")
            restock_type = tl.derive(
                c.word(line.text("restock_type")),
                comment="return, cancel, legacy_restock: back on stock; no_restock: not",
            )
            location_id = tl.derive(
                line.integer("location_id"), comment="locations.location_id where it went back on stock"
            )
            subtotal = tl.derive(
                c.money(line, "subtotal", way.same),
                comment="value of the goods given back, after discounts; shop currency",
            )
            total_tax = tl.derive(c.money(line, "total_tax", way.same), comment="tax given back; shop currency")
            gift_card = tl.derive(
                line.boolean("line_item", "gift_card"),
                comment="true for a gift card; NULL where the record does not say",
            )
            product_id = tl.derive(line.integer("line_item", "product_id"), comment="products.product_id")
            variant_id = tl.derive(line.integer("line_item", "variant_id"), comment="product_variants.variant_id")
            sku = tl.derive(line.text("line_item", "sku"), comment="stock keeping unit")
            extracted_at = c.extracted_at(raw)
            version = c.extraction_version(raw)

        return RefundLine, f.and_(refund.keyed("id"), line.keyed("id"))

    key = ("shop_url", "refund_id", "refund_line_id")
    return _union(context, "order_refund_line_items", body, key, "One row per refund and line.")


def order_refund_adjustments(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per refund and adjustment: what a refund gives back besides its lines."""

    def body(way: Way) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        refund, raw = way.refund, way.raw
        adjustment = refund.each("order_adjustments", name="adjustment")

        class Adjustment(tl.Columns):
            shop_url = c.shop_url(raw)
            refund_id = c.key(refund.integer("id"), "order_refunds.refund_id")
            adjustment_id = c.key(adjustment.integer("id"), "Shopify's id of the adjustment")
            order_id = tl.derive(
                f.coalesce(adjustment.integer("order_id"), refund.integer("order_id"), way.order_id),
                comment="orders.order_id",
            )
            created_at = tl.derive(refund.time("created_at"), comment="when the refund was made (UTC)")
            kind = tl.derive(
                c.word(adjustment.text("kind")),
                comment="refund_discrepancy: goods worth more or less than their lines; shipping_refund: shipping",
            )
            reason = tl.derive(c.word(adjustment.text("reason")), comment="reason, as sent")
            amount = tl.derive(
                c.money(adjustment, "amount", way.same), comment="negative where money goes back; shop currency"
            )
            tax_amount = tl.derive(
                c.money(adjustment, "tax_amount", way.same),
                comment="tax in it, negative where it goes back; shop currency",
            )
            extracted_at = c.extracted_at(raw)
            version = c.extraction_version(raw)

        return Adjustment, f.and_(refund.keyed("id"), adjustment.keyed("id"))

    key = ("shop_url", "refund_id", "adjustment_id")
    return _union(context, "order_refund_adjustments", body, key, "One row per refund and adjustment.")


def order_refund_transactions(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per refund and transaction: the money that moved, which is not the value of what was returned."""

    def body(way: Way) -> tuple[type[tl.Columns], tl.Expr[Any]]:
        refund, raw = way.refund, way.raw
        payment = refund.each("transactions", name="payment")

        class RefundTransaction(tl.Columns):
            shop_url = c.shop_url(raw)
            refund_id = c.key(refund.integer("id"), "order_refunds.refund_id")
            transaction_id = c.key(payment.integer("id"), "transactions.transaction_id")
            order_id = tl.derive(f.coalesce(payment.integer("order_id"), way.order_id), comment="orders.order_id")
            parent_id = tl.derive(payment.integer("parent_id"), comment="the transaction that it gives back")
            created_at = tl.derive(refund.time("created_at"), comment="when the refund was made (UTC)")
            processed_at = tl.derive(payment.time("processed_at"), comment="when the transaction was processed (UTC)")
            kind = tl.derive(c.word(f.lower(payment.text("kind"))), comment="refund, void, ...; lower case")
            status = tl.derive(
                c.word(f.lower(payment.text("status"))), comment="success, failure, pending, error; lower case"
            )
            gateway = tl.derive(c.word(payment.text("gateway")), comment="payment gateway")
            currency = tl.derive(
                c.word(payment.text("currency")), comment="currency of amount: it may be the customer's"
            )
            amount = tl.derive(
                payment.decimal("amount"), comment="money given back, in currency: never sum over currencies"
            )
            test = tl.derive(payment.boolean("test"), comment="true for a test transaction")
            extracted_at = c.extracted_at(raw)
            version = c.extraction_version(raw)

        return RefundTransaction, f.and_(refund.keyed("id"), payment.keyed("id"))

    key = ("shop_url", "refund_id", "transaction_id")
    return _union(context, "order_refund_transactions", body, key, "One row per refund and transaction.")


__all__ = ["order_refund_adjustments", "order_refund_line_items", "order_refund_transactions", "order_refunds"]
