"""Shopify's GraphQL records about orders: emitted as they are, in UTC, with enums in capitals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from tilla.demo.facts import Customer, Line, Minor, Order, Seconds
from tilla.demo.money import Money
from tilla.demo.people import customer_id, market_of
from tilla.demo.rest import changed_at, state, transaction_id

Record = dict[str, Any]
_CARD = {
    "avs_result_code": None,
    "credit_card_bin": "424242",
    "credit_card_company": "Visa",
    "credit_card_number": "•••• 4242",
    "cvv_result_code": None,
}


def utc_text(at: Seconds) -> str:
    """Write a moment in UTC with its offset, ``+00:00``."""
    return datetime.fromtimestamp(at, UTC).isoformat()


@attrs.frozen
class Bulk:
    """Writes the GraphQL records about orders and people of one shop."""

    money: Money
    shop_url: str

    def _number(self, amount: Minor) -> float:
        return float(self.money.text(amount))

    # --- orders ---

    def transactions(self, order: Order, at: Seconds) -> list[Record]:
        """Return the payments of an order up to a moment."""
        found: list[tuple[int, str, Seconds, Minor, str | None]] = []
        if order.source == "pos":
            found.append((1, "SALE", order.at, order.total, None))
        elif order.number % 3 == 0 or order.paid_at is None:
            found.append((1, "AUTHORIZATION", order.at + 1, order.total, None))
            if order.paid_at is not None:
                found.append((2, "CAPTURE", order.paid_at, order.total, None))
            elif order.cancelled_at is not None:
                found.append((3, "VOID", order.cancelled_at, 0, None))
        else:
            if order.number % 10 == 1:
                found.append((4, "SALE", order.at - 30, order.total, "CARD_DECLINED"))
            found.append((1, "SALE", order.paid_at, order.total, None))
        for refund in order.refunds:
            if refund.pays:
                amount = refund.money(taxes_included=order.taxes_included)
                found.append((5 + refund.id % 10, "REFUND", refund.at, amount, None))
        return [self._transaction(order, *one) for one in found if one[2] <= at]

    def _transaction(
        self, order: Order, turn: int, kind: str, when: Seconds, amount: Minor, error: str | None
    ) -> Record:
        id, shop, shown = transaction_id(order, turn), self.money.shop, self.money.text(amount)
        moment = utc_text(when)
        fee = int(amount * 0.029) + 30
        return {
            "id": id,
            "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{id}",
            "error_code": error,
            "parent_id": transaction_id(order, 1) if kind in {"CAPTURE", "VOID", "REFUND"} else None,
            "test": order.test,
            "kind": kind,
            "amount": self._number(amount),
            "receipt": None if error else f'{{"paid_amount":"{shown}"}}',
            "gateway": "shopify_payments",
            "authorization": "53433",
            "created_at": moment,
            "status": "FAILURE" if error else "SUCCESS",
            "processed_at": moment,
            "total_unsettled_set": {
                "presentment_money": {"amount": 0.0, "currency": self.money.code(order.presentment)},
                "shop_money": {"amount": 0.0, "currency": shop},
            },
            "payment_id": f"#{order.number + 1001}.1",
            "payment_details": None if error else _CARD,
            "amount_set": {"shop_money": {"amount": self._number(amount), "currency_code": shop}},
            "fees": [
                {
                    "id": 2_200_000_000_000 + order.number,
                    "admin_graphql_api_id": f"gid://shopify/TransactionFee/{2_200_000_000_000 + order.number}",
                    "rate": 0.029,
                    "type": "processing_fee",
                    "flat_fee_name": "fee",
                    "rate_name": "rate",
                    "amount": {"amount": self._number(fee), "currency_code": shop},
                    "flat_fee": {"amount": self._number(30), "currency_code": shop},
                    "tax_amount": {"amount": 0.0, "currency_code": shop},
                }
            ]
            if kind in {"CAPTURE", "SALE"} and not error
            else [],
            "order_id": order.id,
            "currency": shop,
            "shop_url": self.shop_url,
            "account_number": None,
            "formatted_gateway": "Shopify Payments",
            "manually_capturable": False,
        }

    def risk(self, order: Order) -> Record:
        """Return what a fraud app thinks of an order."""
        wary = order.number % 8 == 4
        facts = [{"description": "Billing country differs from IP country", "sentiment": "NEGATIVE"}] if wary else []
        return {
            "id": order.id,
            "order_id": order.id,
            "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
            "updated_at": utc_text(order.at + 5),
            "recommendation": "INVESTIGATE" if wary else "ACCEPT",
            "assessments": [{"risk_level": "MEDIUM" if wary else "LOW", "facts": facts, "provider": None}],
            "shop_url": self.shop_url,
        }

    def agreements(self, order: Order, at: Seconds) -> Record:
        """Return what was agreed on an order: its sales, and one agreement per refund, with negative amounts."""
        lines, refunds = state(order, at)
        base = 9_600_000_000_000 + 1000 * order.number
        sales = [
            self._sale(base + n, "ORDER", line, line.quantity, line.paid, line.discount, line.tax, order)
            for n, line in enumerate(lines)
        ]
        if order.shipping:
            sales.append(
                self._sale(base + 50, "ORDER", None, 1, order.shipping_paid, order.shipping - order.shipping_paid,
                           order.shipping_tax, order)
            )  # fmt: skip
        found = [self._agreement(base, order.at, "ORDER", sales)]
        for turn, refund in enumerate(refunds, 1):
            back = [
                self._sale(
                    base + 100 * turn + n, "RETURN", taken.line, -taken.quantity, -taken.goods, 0, -taken.tax, order
                )
                for n, taken in enumerate(refund.lines)
            ]
            found.append(self._agreement(base + 100 * turn, refund.at, "REFUND", back))
        return {
            "id": order.id,
            "created_at": utc_text(order.at),
            "updated_at": utc_text(changed_at(order, at)),
            "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
            "shop_url": self.shop_url,
            "agreements": found,
        }

    def _agreement(self, id: int, at: Seconds, reason: str, sales: list[Record]) -> Record:
        return {
            "id": id,
            "happened_at": utc_text(at),
            "reason": reason,
            "sales": sales,
            "admin_graphql_api_id": f"gid://shopify/SalesAgreement/{id}",
        }

    def _sale(
        self, id: int, action: str, line: Line | None, quantity: int, paid: Minor, off: Minor, tax: Minor, order: Order
    ) -> Record:
        kind = "SHIPPING" if line is None else "GIFT_CARD" if line.product.gift_card else "PRODUCT"
        item = None
        if line is not None:
            item = {"id": line.id, "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}"}
        gross = paid if order.taxes_included and action == "ORDER" else paid + tax
        return {
            "id": id,
            "quantity": quantity,
            "action_type": action,
            "line_type": kind,
            "total_amount": self._shop_set(gross),
            "total_discount_amount_after_taxes": self._shop_set(off),
            "total_discount_amount_before_taxes": self._shop_set(off),
            "total_tax_amount": self._shop_set(tax),
            "line_item": item,
            "admin_graphql_api_id": f"gid://shopify/{kind.title().replace('_', '')}Sale/{id}",
        }

    def _shop_set(self, amount: Minor) -> Record:
        return {"shop_money": {"amount": self._number(amount), "currency_code": self.money.shop}}

    def journey(self, order: Order, at: Seconds) -> Record:
        """Return the visits that led to an order."""
        last = self._visit(order, 2, order.at - 600, order.landing, order.referrer)
        first = self._visit(order, 1, order.at - 86400, "/", None) if order.number % 3 == 0 else last
        visits = [first] if first is last else [first, last]
        return {
            "order_id": order.id,
            "created_at": utc_text(order.at),
            "updated_at": utc_text(changed_at(order, at)),
            "customer_journey_summary": {
                "ready": True,
                "moments_count": {"count": len(visits), "precision": "EXACT"},
                "customer_order_index": order.nth_of_customer - 1,
                "days_to_conversion": 1 if first is not last else 0,
                "first_visit": first,
                "last_visit": last,
                "moments": visits,
            },
            "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
            "shop_url": self.shop_url,
        }

    def _visit(self, order: Order, turn: int, at: Seconds, landing: str | None, referrer: str | None) -> Record:
        id = 7_700_000_000_000 + 10 * order.number + turn
        tags = {key: values[0] for key, values in parse_qs(urlsplit(landing or "").query).items()}
        utm = {name: tags.get(f"utm_{name}") for name in ("campaign", "content", "medium", "source", "term")}
        source = tags.get("utm_source") or ("Google" if referrer and "google" in referrer else "direct")
        return {
            "id": id,
            "landing_page": f"https://{self.shop_url}.example.com{landing}" if landing is not None else None,
            "landing_page_html": None,
            "occurred_at": utc_text(at),
            "referral_code": "",
            "referrer_url": referrer or None,
            "source": source,
            "source_type": "SEO" if source == "Google" else None,
            "source_description": f"Visit from {source}",
            "utm_parameters": utm if any(utm.values()) else None,
            "admin_graphql_api_id": f"gid://shopify/CustomerVisit/{id}",
        }

    # --- people ---

    def address(self, customer: Customer) -> Record:
        """Return a customer's address."""
        market = market_of(customer)
        return {
            "address1": market.street,
            "address2": None,
            "city": market.city,
            "country": market.country,
            "country_code": market.code,
            "country_name": market.country,
            "company": None,
            "customer_id": customer_id(customer),
            "first_name": customer.first_name,
            "id": 8_100_000_000_000 + customer.number,
            "last_name": customer.last_name,
            "name": f"{customer.first_name} {customer.last_name}".strip(),
            "phone": None,
            "province": market.province,
            "province_code": market.province_code,
            "zip": market.zip,
            "default": True,
            "shop_url": self.shop_url,
            "updated_at": utc_text(customer.created_at),
        }
