"""Shopify's REST bodies of orders, with their refunds and parcels.

Money is text here, as the API sends it; :mod:`tilla.demo.connector` makes records of it.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import attrs

from tilla.demo.facts import Fulfillment, Line, Minor, Order, Refund, RefundLine, Seconds
from tilla.demo.money import Money
from tilla.demo.people import People, local, market_of, product_id, variant_id

Body = dict[str, Any]

_AGENT = {
    "accept_language": "en-US",
    "browser_height": None,
    "browser_ip": "203.0.113.7",
    "browser_width": None,
    "session_hash": None,
    "user_agent": "Mozilla/5.0 (test)",
}
_CARD = {
    "credit_card_bin": "424242",
    "avs_result_code": None,
    "cvv_result_code": None,
    "credit_card_number": "•••• •••• •••• 4242",
    "credit_card_company": "Visa",
    "credit_card_name": None,
    "credit_card_wallet": None,
    "credit_card_expiration_month": 12,
    "credit_card_expiration_year": 2030,
    "buyer_action_info": None,
}
LOCATION, COUNTER = 65_000_000_001, 65_000_000_002


@attrs.frozen
class Orders:
    """Writes the orders of one shop."""

    people: People
    refunds_include_tax: bool
    """Refund lines of tax-included orders carry their tax in ``subtotal``."""

    @property
    def money(self) -> Money:
        """The shop's money."""
        return self.people.money

    def order(self, order: Order, at: Seconds) -> Body:
        """Return an order as the API shows it at a moment."""
        zone = ZoneInfo(order.zone)
        created = local(order.at, zone)
        lines, refunds = state(order, at)
        goods = sum(line.paid for line in lines)
        tax = sum(line.tax for line in lines) + order.shipping_tax
        taken_off = sum(line.discount for line in lines)
        shipping_off = order.shipping_discount[1] if order.shipping_discount else 0
        added_tax = 0 if order.taxes_included else tax
        total = goods + order.shipping_paid + added_tax + order.duties + order.tip
        back = sum(taken.goods + (taken.tax if order.taxes_included else 0) for r in refunds for taken in r.lines)
        back_tax = sum(taken.tax for r in refunds for taken in r.lines)
        cancelled = order.cancelled_at is not None and order.cancelled_at <= at
        left = 0 if cancelled else total - sum(r.money(taxes_included=order.taxes_included) for r in refunds if r.pays)
        pair = self._pairs(order)
        totals: Body = {}
        for name, amount in (
            ("subtotal_price", goods),
            ("total_discounts", taken_off + shipping_off),
            ("total_tax", tax),
            ("total_shipping_price", order.shipping),
            ("total_price", total),
            ("total_line_items_price", sum(line.list_amount for line in lines)),
            ("current_subtotal_price", 0 if cancelled else goods - back),
            ("current_total_tax", 0 if cancelled else tax - back_tax),
            ("current_total_price", left),
            ("current_total_discounts", 0 if cancelled else taken_off + shipping_off),
        ):
            if name != "total_shipping_price":
                totals[name] = self.money.text(amount)
            totals[f"{name}_set"] = pair(amount)
        duties = pair(order.duties) if order.duties else None
        web = order.source == "web"
        email = order.customer.email if order.customer is not None else None
        number = order.number + 1001
        address = self.people.address(order.customer) if web and order.customer is not None else None
        return {
            "id": order.id,
            "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
            "app_id": 580111,
            "browser_ip": "203.0.113.7" if web else None,
            "buyer_accepts_marketing": bool(order.customer and order.customer.subscribed),
            "cancel_reason": "customer" if cancelled else None,
            "cancelled_at": _past(order.cancelled_at, at, zone),
            "cart_token": f"c1-{number}demo" if web else None,
            "checkout_id": 30_000_000_000_000 + number if web else None,
            "checkout_token": order.checkout_token,
            "client_details": _AGENT if web else None,
            "closed_at": _past(order.closed_at, at, zone),
            "company": None,
            "confirmation_number": f"TILLA{number}",
            "confirmed": True,
            "contact_email": email,
            "created_at": created,
            "currency": self.money.shop,
            "current_shipping_price_set": None,
            "current_total_additional_fees_set": None,
            "current_total_duties_set": duties,
            "customer_locale": market_of(order.customer).locale if web else None,
            "device_id": None,
            "discount_applications": [self._application(order, n) for n in range(len(order.discounts))],
            "discount_codes": self._codes(order, lines),
            "duties_included": False,
            "email": email,
            "estimated_taxes": False,
            "financial_status": financial_status(order, at),
            "fulfillment_status": _fulfillment_status(order, lines, at),
            "landing_site": order.landing,
            "landing_site_ref": None,
            "location_id": None if web else COUNTER,
            "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
            "merchant_of_record_app_id": None,
            "name": f"#{number}",
            "note": 'Bitte "leise" klingeln\nDanke' if order.number % 14 == 5 else None,
            "note_attributes": [{"name": "gift", "value": "yes 🎁"}] if order.number % 8 == 2 else [],
            "number": order.number + 1,
            "order_number": number,
            "order_status_url": f"https://{self.people.shop_url}.example.com/1/orders/{number}/authenticate?key=demo",
            "original_total_additional_fees_set": None,
            "original_total_duties_set": duties,
            "payment_gateway_names": ["shopify_payments"] if web else [],
            "phone": None,
            "po_number": None,
            "presentment_currency": self.money.code(order.presentment),
            "processed_at": created,
            "reference": None,
            "referring_site": order.referrer,
            "source_identifier": None,
            "source_name": order.source,
            "source_url": None,
            "tags": "vip, repeat" if order.nth_of_customer > 2 else "",
            "tax_exempt": False,
            "tax_lines": self._tax_lines(order, tax),
            "taxes_included": order.taxes_included,
            "test": order.test,
            "token": f"tok{number:06d}",
            "total_cash_rounding_payment_adjustment_set": pair(0),
            "total_outstanding": "0.00",
            "total_tip_received": self.money.text(order.tip),
            "total_weight": sum(250 * line.quantity for line in lines if not line.product.gift_card),
            "updated_at": local(changed_at(order, at), zone),
            "user_id": None if web else 90_000_000_002,
            "billing_address": address,
            "customer": self.people.nested_customer(order.customer, order.at) if order.customer is not None else None,
            "fulfillments": [self.fulfillment(order, one, at) for one in order.fulfillments if one.at <= at],
            "line_items": [self.line(order, line, at) for line in lines],
            "payment_terms": None,
            "refunds": [self.refund(order, one, at) for one in refunds],
            "shipping_address": address,
            "shipping_lines": [self._shipping_line(order)] if order.shipping else [],
            **totals,
        }

    def line(self, order: Order, line: Line, at: Seconds) -> Body:
        """Return a line of an order."""
        product, pair = line.product, self._pairs(order)
        returned = sum(
            taken.quantity for r in order.refunds if r.at <= at for taken in r.lines if taken.line.id == line.id
        )
        sent = any(parcel.at <= at and any(p.id == line.id for p in parcel.lines) for parcel in order.fulfillments)
        return {
            "id": line.id,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
            "attributed_staffs": [],
            "current_quantity": line.quantity - returned,
            "fulfillable_quantity": 0 if sent else line.quantity - returned,
            "fulfillment_service": "manual",
            "fulfillment_status": "fulfilled" if sent else None,
            "gift_card": product.gift_card,
            "grams": 0 if product.gift_card else 250,
            "name": product.title if product.variant is None else f"{product.title} - {product.variant}",
            "price": self.money.text(line.price),
            "price_set": pair(line.price),
            "product_exists": not product.gone,
            "product_id": product_id(product),
            "properties": [{"name": "Gift note", "value": "Happy birthday! 🎉"}] if line.id % 14 == 2 else [],
            "quantity": line.quantity,
            "requires_shipping": not product.gift_card,
            "sku": product.sku,
            "taxable": not product.gift_card,
            "title": product.title,
            "total_discount": "0.00",
            "total_discount_set": pair(0),
            "variant_id": variant_id(product),
            "variant_inventory_management": None if product.gone else "shopify",
            "variant_title": product.variant,
            "vendor": "Tilla Goods",
            "tax_lines": self._tax_lines(order, line.tax),
            "duties": [],
            "discount_allocations": [
                {
                    "amount": self.money.seen(amount, order.presentment),
                    "amount_set": pair(amount),
                    "discount_application_index": position,
                }
                for position, amount in line.discounts
            ],
        }

    def refund(self, order: Order, refund: Refund, at: Seconds) -> Body:
        """Return a refund of an order."""
        zone = ZoneInfo(order.zone)
        when = local(refund.at, zone)
        body: Body = {
            "id": refund.id,
            "admin_graphql_api_id": f"gid://shopify/Refund/{refund.id}",
            "created_at": when,
            "note": refund.note,
            "order_id": order.id,
            "processed_at": when,
            "restock": any(taken.restock != "no_restock" for taken in refund.lines),
            "total_duties_set": self.money.pair(0, "shop"),
            "user_id": None if order.cancelled_at is not None else 90_000_000_001,
            "order_adjustments": [
                {
                    "id": 2_800_000_000_000 + 10 * order.number + position,
                    "order_id": order.id,
                    "refund_id": refund.id,
                    "amount": self.money.text(one.amount),
                    "tax_amount": self.money.text(one.tax),
                    "kind": one.kind,
                    "reason": one.kind.replace("_", " ").capitalize(),
                    "amount_set": self.money.pair(one.amount, order.presentment),
                    "tax_amount_set": self.money.pair(one.tax, order.presentment),
                }
                for position, one in enumerate(refund.adjustments)
            ],
            "transactions": [self._refund_transaction(order, refund, when)] if refund.pays else [],
            "refund_line_items": [self._refund_line(order, taken, at) for taken in refund.lines],
            "duties": [],
        }
        if not refund.lines:
            body["return"] = {"id": refund.id + 5, "admin_graphql_api_id": f"gid://shopify/Return/{refund.id + 5}"}
        return body

    def _refund_line(self, order: Order, taken: RefundLine, at: Seconds) -> Body:
        goods = taken.goods + (taken.tax if order.taxes_included and self.refunds_include_tax else 0)
        pair = self._pairs(order)
        return {
            "id": taken.id,
            "line_item_id": taken.line.id,
            "location_id": None if taken.restock == "no_restock" else LOCATION,
            "quantity": taken.quantity,
            "restock_type": taken.restock,
            "subtotal": self.money.text(goods),
            "subtotal_set": pair(goods),
            "total_tax": self.money.text(taken.tax),
            "total_tax_set": pair(taken.tax),
            "line_item": self.line(order, taken.line, at),
        }

    def _refund_transaction(self, order: Order, refund: Refund, when: str) -> Body:
        amount = self.money.seen(refund.money(taxes_included=order.taxes_included), order.presentment)
        id = transaction_id(order, 5 + refund.id % 10)
        return {
            "id": id,
            "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{id}",
            "amount": amount,
            "authorization": "53433",
            "created_at": when,
            "currency": self.money.code(order.presentment),
            "device_id": None,
            "error_code": None,
            "gateway": "shopify_payments",
            "kind": "refund",
            "location_id": None,
            "message": None,
            "order_id": order.id,
            "parent_id": transaction_id(order, 1),
            "payment_id": f"#{order.number + 1001}.1",
            "processed_at": when,
            "receipt": {"paid_amount": amount},
            "source_name": order.source,
            "status": "success",
            "test": order.test,
            "user_id": None,
            "payment_details": _CARD,
        }

    def fulfillment(self, order: Order, parcel: Fulfillment, at: Seconds) -> Body:
        """Return a parcel of an order."""
        zone = ZoneInfo(order.zone)
        delivered = parcel.delivered_at is not None and parcel.delivered_at <= at
        id = 5_000_000_000_000 + 10 * order.number + parcel.number
        tracking = f"TRK{order.number:06d}{parcel.number}" if order.number % 4 else None
        return {
            "id": id,
            "admin_graphql_api_id": f"gid://shopify/Fulfillment/{id}",
            "created_at": local(parcel.at, zone),
            "location_id": LOCATION,
            "name": f"#{order.number + 1001}.{parcel.number}",
            "order_id": order.id,
            "origin_address": {},
            "receipt": {},
            "service": "manual",
            "shipment_status": "delivered" if delivered else None,
            "status": "success",
            "tracking_company": "Test Carrier" if tracking else None,
            "tracking_number": tracking,
            "tracking_numbers": [tracking] if tracking else [],
            "tracking_url": f"https://track.example.com/{tracking}" if tracking else None,
            "tracking_urls": [f"https://track.example.com/{tracking}"] if tracking else [],
            "updated_at": local((parcel.delivered_at or parcel.at) if delivered else parcel.at, zone),
            "line_items": [self.line(order, line, at) for line in parcel.lines],
        }

    def _shipping_line(self, order: Order) -> Body:
        pair, paid = self._pairs(order), order.shipping_paid
        off = order.shipping_discount
        return {
            "id": 4_500_000_000_000 + order.number,
            "carrier_identifier": None,
            "code": "Standard",
            "current_discounted_price_set": pair(paid),
            "discounted_price": self.money.text(paid),
            "discounted_price_set": pair(paid),
            "is_removed": False,
            "phone": None,
            "price": self.money.text(order.shipping),
            "price_set": pair(order.shipping),
            "requested_fulfillment_service_id": None,
            "source": "shopify",
            "title": "Standard",
            "tax_lines": self._tax_lines(order, order.shipping_tax),
            "discount_allocations": [
                {
                    "amount": self.money.seen(off[1], order.presentment),
                    "amount_set": pair(off[1]),
                    "discount_application_index": off[0],
                }
            ]
            if off
            else [],
        }

    def _tax_lines(self, order: Order, tax: Minor) -> list[Body]:
        if not tax:
            return []
        title = "ES IVA" if order.taxes_included else market_of(order.customer).tax_title or "Sales Tax"
        return [
            {
                "title": title,
                "rate": order.tax_rate,
                "price": self.money.seen(tax, order.presentment),
                "price_set": self.money.pair(tax, order.presentment),
                "channel_liable": False,
            }
        ]

    def _application(self, order: Order, position: int) -> Body:
        discount = order.discounts[position]
        shipping = discount.kind == "shipping"
        percent = discount.kind in {"percentage", "shipping"}
        body: Body = {
            "target_type": "shipping_line" if shipping else "line_item",
            "type": "automatic" if discount.kind == "automatic" else "discount_code",
            "value": f"{discount.value}.0" if percent else self.money.text(discount.value),
            "value_type": "percentage" if percent else "fixed_amount",
            "allocation_method": "each" if shipping else "across",
            "target_selection": "all" if discount.kind in {"automatic", "shipping"} else "entitled",
        }
        return body | ({"title": discount.title} if discount.kind == "automatic" else {"code": discount.title})

    def _codes(self, order: Order, lines: tuple[Line, ...]) -> list[Body]:
        found = []
        for position, discount in enumerate(order.discounts):
            if discount.kind == "automatic":
                continue
            amount = sum(share for line in lines for index, share in line.discounts if index == position)
            if order.shipping_discount and order.shipping_discount[0] == position:
                amount += order.shipping_discount[1]
            found.append(
                {"code": discount.title, "amount": self.money.seen(amount, order.presentment), "type": discount.kind}
            )
        return found

    def _pairs(self, order: Order) -> Any:
        return lambda amount: self.money.pair(amount, order.presentment)


def transaction_id(order: Order, turn: int) -> int:
    """Return the id of one of an order's transactions."""
    return 6_300_000_000_000 + 100 * order.number + turn


def state(order: Order, at: Seconds) -> tuple[tuple[Line, ...], tuple[Refund, ...]]:
    """Return an order's lines and refunds at a moment."""
    edited = order.edited_at is None or order.edited_at <= at
    lines = order.lines if edited or order.first_lines is None else order.first_lines
    return lines, tuple(refund for refund in order.refunds if refund.at <= at)


def moments(order: Order) -> list[Seconds]:
    """Return when an order changes, in order; its deletion is told apart."""
    found = [order.at, order.paid_at, order.edited_at, order.cancelled_at, order.closed_at]
    found += [one for parcel in order.fulfillments for one in (parcel.at, parcel.delivered_at)]
    found += [refund.at for refund in order.refunds]
    return sorted({one for one in found if one is not None})


def changed_at(order: Order, at: Seconds) -> Seconds:
    """Return ``updated_at`` at a moment: a second after the last change."""
    return max(one for one in moments(order) if one <= max(at, order.at)) + 1


def financial_status(order: Order, at: Seconds) -> str:
    """Return the payment status at a moment."""
    if order.paid_at is None or order.paid_at > at:
        return "voided" if order.cancelled_at is not None and order.cancelled_at <= at else "authorized"
    paying = [refund for refund in order.refunds if refund.at <= at and refund.pays]
    if not paying:
        return "paid"
    back = sum(refund.money(taxes_included=order.taxes_included) for refund in paying)
    return "refunded" if back >= order.total - order.duties - order.tip else "partially_refunded"


def _fulfillment_status(order: Order, lines: tuple[Line, ...], at: Seconds) -> str | None:
    sent = {line.id for parcel in order.fulfillments if parcel.at <= at for line in parcel.lines}
    if not sent:
        return None
    return "fulfilled" if sent >= {line.id for line in lines} else "partial"


def _past(moment: Seconds | None, at: Seconds, zone: ZoneInfo) -> str | None:
    return local(moment, zone) if moment is not None and moment <= at else None
