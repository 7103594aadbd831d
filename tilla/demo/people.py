"""REST bodies of people: customers, and the checkouts they left at the till."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.facts import Checkout, Customer, Minor, Order, Product, Seconds
from tilla.demo.money import Money

Body = dict[str, Any]
_BIG = 2**53 + 3


def customer_id(customer: Customer) -> int:
    """Return a customer's id; every eleventh is one that a Float64 cannot hold."""
    return _BIG + 2 * customer.number if customer.number % 11 == 3 else 7_100_000_000_000 + customer.number


def product_id(product: Product) -> int | None:
    """Return a product's id; None once it is gone from the catalogue."""
    return None if product.gone else 8_000_000_000_000 + product.number


def variant_id(product: Product) -> int | None:
    """Return the id of the one variant of a product; None once it is gone."""
    return None if product.gone else 44_000_000_000_000 + product.number


def local(at: Seconds, zone: ZoneInfo) -> str:
    """Write a moment with the zone's offset, ``Z`` for UTC."""
    text = datetime.fromtimestamp(at, UTC).astimezone(zone).isoformat()
    return f"{text[:-6]}Z" if zone.key == "UTC" else text


def shop_email(customer: Customer) -> str | None:
    """Return the e-mail as the shop keeps it: sometimes in capitals."""
    email = customer.email
    return email.capitalize() if email is not None and customer.number % 6 == 4 else email


def market_of(customer: Customer | None) -> cat.Market:
    """Return where a customer lives; the first market for nobody in particular."""
    return cat.MARKETS[customer.market if customer is not None else 0]


@attrs.frozen
class People:
    """Writes customers and checkouts of one shop."""

    money: Money
    zone: ZoneInfo
    shop_url: str

    def customer(self, customer: Customer, at: Seconds, orders: int, spent: Minor, last: Order | None) -> Body:
        """Return a customer after so many orders."""
        body = self.nested_customer(customer, at)
        body |= {
            "orders_count": orders,
            "total_spent": self.money.text(spent),
            "last_order_id": last.id if last is not None else None,
            "last_order_name": f"#{last.number + 1001}" if last is not None else None,
            "addresses": [body["default_address"]] if body["default_address"] is not None else [],
        }
        if customer.number % 5 == 1:
            body |= {
                "accepts_marketing": customer.subscribed,
                "accepts_marketing_updated_at": local(customer.created_at, self.zone),
            }
        return body

    def nested_customer(self, customer: Customer, at: Seconds) -> Body:
        """Return a customer as it stands inside an order."""
        id, market, zone = customer_id(customer), market_of(customer), self.zone
        created = local(customer.created_at, zone)
        known = customer.first_name is not None
        name = f"{customer.first_name} {customer.last_name}".strip()
        address = {
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "name": name,
            "company": None,
            "address1": market.street,
            "address2": "2. Stock" if customer.number % 3 == 1 else None,
            "city": market.city,
            "province": market.province,
            "province_code": market.province_code,
            "zip": market.zip,
            "country": market.country,
            "country_code": market.code,
            "phone": None,
            "id": 8_100_000_000_000 + customer.number,
            "customer_id": id,
            "country_name": market.country,
            "default": True,
        }
        state = "subscribed" if customer.subscribed else "not_subscribed"
        return {
            "id": id,
            "email": shop_email(customer),
            "created_at": created,
            "updated_at": local(max(at, customer.created_at) + 1, zone),
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "state": "disabled",
            "note": None,
            "verified_email": True,
            "multipass_identifier": None,
            "tax_exempt": False,
            "phone": None if known else f"+1555000{customer.number:04d}",
            "tags": (None, "", "vip, newsletter")[customer.number % 3],
            "currency": self.money.shop,
            "tax_exemptions": [],
            "admin_graphql_api_id": f"gid://shopify/Customer/{id}",
            "email_marketing_consent": {
                "state": state,
                "opt_in_level": "single_opt_in",
                "consent_updated_at": created if customer.subscribed else None,
            }
            if customer.email
            else None,
            "sms_marketing_consent": None
            if known
            else {
                "state": "subscribed",
                "opt_in_level": "confirmed_opt_in",
                "consent_updated_at": created,
                "consent_collected_from": "OTHER",
            },
            "default_address": address if known else None,
        }

    def address(self, customer: Customer) -> Body | None:
        """Return a billing or shipping address."""
        if customer.first_name is None:
            return None
        market = market_of(customer)
        return {
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "name": f"{customer.first_name} {customer.last_name}".strip(),
            "company": None,
            "address1": market.street,
            "address2": None,
            "city": market.city,
            "province": market.province,
            "province_code": market.province_code,
            "zip": market.zip,
            "country": market.country,
            "country_code": market.code,
            "phone": None,
            "latitude": market.latitude,
            "longitude": market.longitude,
        }

    # --- checkouts ---

    def checkout(self, checkout: Checkout, at: Seconds) -> Body:
        """Return a checkout; its plain amounts are in the currency the buyer saw."""
        zone, product, customer = self.zone, checkout.product, checkout.customer
        seen = "foreign" if checkout.foreign else "shop"
        done = checkout.completed_at is not None and checkout.completed_at <= at
        id = 37_000_000_000_000 + checkout.number
        price, total = self.money.seen(product.price, seen), self.money.seen(checkout.total, seen)
        body: Body = {
            "id": id,
            "token": checkout.token,
            "cart_token": f"cart{checkout.number}",
            "email": shop_email(customer) if customer is not None else None,
            "gateway": "shopify_payments" if done else None,
            "buyer_accepts_marketing": False,
            "buyer_accepts_sms_marketing": False,
            "sms_marketing_phone": None,
            "created_at": local(checkout.at, zone),
            "updated_at": local(checkout.completed_at if done and checkout.completed_at else checkout.at + 60, zone),
            "landing_site": "/?utm_source=google&utm_medium=cpc" if checkout.number % 3 else None,
            "note": "",
            "note_attributes": [],
            "referring_site": "",
            "shipping_lines": [],
            "shipping_address": self.address(customer) if customer is not None else None,
            "taxes_included": False,
            "total_weight": 250 * checkout.quantity,
            "currency": self.money.shop,
            "completed_at": local(checkout.completed_at, zone) if done and checkout.completed_at else None,
            "phone": None if customer is not None else "+15550001234",
            "customer_locale": market_of(customer).locale,
            "line_items": [
                {
                    "applied_discounts": [],
                    "discount_allocations": [],
                    "key": "k1",
                    "destination_location_id": None,
                    "fulfillment_service": "manual",
                    "gift_card": False,
                    "grams": 250,
                    "origin_location_id": None,
                    "presentment_title": product.title,
                    "presentment_variant_title": product.variant or "",
                    "product_id": product_id(product),
                    "properties": None,
                    "quantity": checkout.quantity,
                    "requires_shipping": True,
                    "sku": product.sku,
                    "tax_lines": [],
                    "taxable": True,
                    "title": product.title,
                    "variant_id": variant_id(product),
                    "variant_title": product.variant or "",
                    "variant_price": price,
                    "vendor": "Tilla Goods",
                    "unit_price_measurement": None,
                    "compare_at_price": None,
                    "line_price": total,
                    "price": price,
                }
            ],
            "name": f"#{id}",
            "abandoned_checkout_url": f"https://{self.shop_url}.example.com/1/checkouts/ac/{id}/recover?key=demo",
            "discount_codes": [],
            "tax_lines": [],
            "source_name": "web",
            "presentment_currency": self.money.code(seen),
            "total_discounts": self.money.seen(0, seen),
            "total_line_items_price": total,
            "total_price": total,
            "total_tax": self.money.seen(0, seen),
            "subtotal_price": total,
            "total_duties": None,
            "source": "checkout",
            "closed_at": None,
            "device_id": None,
            "user_id": None,
            "location_id": None,
            "source_identifier": None,
            "source_url": None,
            "billing_address": None,
        }
        if customer is not None:
            body["customer"] = self.nested_customer(customer, customer.created_at) | {
                "orders_count": 0,
                "total_spent": self.money.text(0),
                "last_order_id": None,
                "last_order_name": None,
            }
        return body
