"""Shopify's records about goods, stock, discounts and the shop itself; most come from GraphQL, in UTC."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.bulk import utc_text
from tilla.demo.facts import Minor, Product, Seconds
from tilla.demo.money import Money
from tilla.demo.people import product_id, variant_id
from tilla.demo.rest import COUNTER, LOCATION

Record = dict[str, Any]
_QUANTITIES = (
    "available",
    "incoming",
    "committed",
    "damaged",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)


def item_id(product: Product) -> int:
    """Return a product's inventory item; one of them is an id that a Float64 cannot hold."""
    return 2**53 + 7 if product.number == 4 else 46_000_000_000_000 + product.number


@attrs.frozen
class Goods:
    """Writes the records of what one shop sells."""

    money: Money
    shop_url: str

    def _number(self, amount: Minor) -> float:
        return float(self.money.text(amount))

    def product(self, product: Product, at: Seconds, *, renamed: bool) -> Record:
        """Return a product."""
        id, title = 8_000_000_000_000 + product.number, f"{product.title}{' (new)' if renamed else ''}"
        money = {"amount": self._number(product.price), "currency_code": self.money.shop}
        return {
            "id": id,
            "admin_graphql_api_id": f"gid://shopify/Product/{id}",
            "title": title,
            "handle": title.lower().replace(" ", "-"),
            "status": "DRAFT" if product.number == 5 else "ACTIVE",
            "vendor": "Tilla Goods",
            "product_type": "Home",
            "tags": "linen, kitchen" if product.number < 3 else "",
            "created_at": "2023-01-01T00:00:00+00:00",
            "updated_at": utc_text(at),
            "published_at": None if product.number == 5 else "2023-01-02T00:00:00+00:00",
            "body_html": "<p>Demo</p>",
            "description": "Demo",
            "description_html": "<p>Demo</p>",
            "template_suffix": None,
            "is_gift_card": product.gift_card,
            "legacy_resource_id": str(id),
            "media_count": 1,
            "total_inventory": 38,
            "total_variants": 1,
            "tracks_inventory": not product.gift_card,
            "has_only_default_variant": product.variant is None,
            "has_out_of_stock_variants": False,
            "options": [
                {"id": 10_000_000_000_000 + product.number, "name": "Color", "values": [product.variant], "position": 1,
                 "product_id": id}
            ] if product.variant else [],
            "images": [],
            "variants": [],
            "price_range_v2": {"max_variant_price": money, "min_variant_price": money},
            "featured_image": None,
            "seo": {"title": None, "description": None},
            "shop_url": self.shop_url,
        }  # fmt: skip

    def deleted_product(self, product: Product, at: str) -> Record:
        """Return the five keys of a product that was deleted, as connectors before 4.x send them."""
        return {
            "id": 8_000_000_000_000 + product.number,
            "deleted_at": at,
            "deleted_message": f"Product was deleted: {product.title}.",
            "deleted_description": None,
            "shop_url": self.shop_url,
        }

    def variant(self, product: Product, at: Seconds, stock: int) -> Record:
        """Return the one variant of a product."""
        option = product.variant or "Default Title"
        return {
            "id": variant_id(product),
            "product_id": product_id(product),
            "title": option,
            "price": self._number(product.price),
            "sku": product.sku,
            "position": 1,
            "inventory_policy": "DENY",
            "compare_at_price": self.money.text(product.price + 500) if product.number == 1 else None,
            "created_at": "2023-01-01T00:00:00+00:00",
            "updated_at": utc_text(at),
            "taxable": not product.gift_card,
            "barcode": None,
            "image_id": None,
            "inventory_item_id": item_id(product),
            "inventory_quantity": stock,
            "old_inventory_quantity": stock,
            "presentment_prices": [
                {
                    "price": {"amount": self._number(product.price), "currency_code": self.money.shop},
                    "compare_at_price": {"amount": None, "currency_code": None},
                }
            ],
            "requires_shipping": not product.gift_card,
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant_id(product)}",
            "grams": 0 if product.gift_card else 250,
            "weight": 0.0 if product.gift_card else 0.25,
            "weight_unit": "KILOGRAMS",
            "option1": option,
            "option2": None,
            "option3": None,
            "options": [{"name": "Color", "value": option}],
            "available_for_sale": True,
            "display_name": f"{product.title} - {option}",
            "shop_url": self.shop_url,
        }

    def item(self, product: Product, at: Seconds, more: Minor) -> Record:
        """Return an inventory item; ``more`` is by how much its cost has risen."""
        id = item_id(product)
        return {
            "id": id,
            "admin_graphql_api_id": f"gid://shopify/InventoryItem/{id}",
            "harmonized_system_code": "630291" if product.number < 3 else None,
            "province_code_of_origin": None,
            "updated_at": utc_text(at),
            "created_at": "2023-01-01T00:00:00+00:00",
            "sku": product.sku,
            "tracked": not product.gift_card,
            "requires_shipping": not product.gift_card,
            "duplicate_sku_count": 0,
            "country_code_of_origin": "PT" if product.number < 3 else None,
            "country_harmonized_system_codes": [],
            "cost": self._number(product.cost + more) if product.cost is not None else None,
            "currency_code": self.money.shop if product.cost is not None else None,
            "shop_url": self.shop_url,
        }

    def level(self, product: Product, location: int, at: Seconds, available: int) -> Record:
        """Return how much of a product lies at a location; the gift card has no quantities at all."""
        id, moment = item_id(product), utc_text(at)
        amounts = {"available": available, "committed": 2, "on_hand": available + 2}
        return {
            "id": f"{location}|{id}",
            "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{location}?inventory_item_id={id}",
            "can_deactivate": True,
            "created_at": "2023-01-01T00:00:00+00:00" if location == LOCATION else None,
            "deactivation_alert": None,
            "updated_at": moment,
            "quantities": [
                {
                    "id": int(f"{id}0"[-15:]),
                    "name": name,
                    "quantity": amounts.get(name, 0),
                    "updatedAt": moment if name in {"available", "on_hand"} else None,
                    "admin_graphql_api_id": f"gid://shopify/InventoryQuantity/{id}?inventory_item_id={id}&name={name}",
                }
                for name in _QUANTITIES
            ]
            if not product.gift_card
            else [],
            "inventory_item_id": id,
            "inventory_history_url": f"https://{self.shop_url}.example.com/admin/products/1/inventory_history",
            "locations_count": {"count": 2},
            "location_id": location,
            "shop_url": self.shop_url,
        }

    # --- discounts ---

    def code(self, number: int, at: Seconds, uses: int) -> Record:
        """Return a discount code after so many uses."""
        code = cat.CODES[number]
        kind = ("DiscountCodeBasic", "DiscountCodeBasic", "DiscountCodeFreeShipping", "DiscountCodeApp")[number]
        id = 14_000_000_000_000 + number
        record: Record = {
            "usage_count": uses,
            "code": code,
            "id": id,
            "created_by": {"id": "gid://shopify/App/1830279", "title": "Test App"} if number % 2 == 0 else None,
            "admin_graphql_api_id": f"gid://shopify/DiscountRedeemCode/{id}",
            "price_rule_id": 1_100_000_000_000 + number,
            "updated_at": utc_text(at),
            "created_at": "2023-02-25T12:00:00+00:00",
            "discount_type": "SHIPPING" if number == 2 else "ORDER",
            "starts_at": "2023-03-01T05:00:00Z",
            "ends_at": None,
            "status": "ACTIVE",
            "title": code,
            "usage_limit": 100 if number == 2 else None,
            "applies_once_per_customer": number == 1,
            "async_usage_count": uses,
            "codes_count": {"count": 1},
            "total_sales": {"amount": self.money.text(4000 * uses), "currency_code": self.money.shop},
        }
        if number != 3:
            record["summary"] = ("10% off entire order", "5 off entire order", "Free shipping on all products")[number]
        return record | {"typename": kind, "shop_url": self.shop_url}


def locations(shop_url: str) -> list[Record]:
    """Return a warehouse, a counter and a closed depot."""
    found = []
    for id, name, active in ((LOCATION, "Main Warehouse", True), (COUNTER, "POS – Test Store", True),
                             (65_000_000_003, "Closed depot", False)):  # fmt: skip
        found.append(
            {
                "id": id,
                "name": name,
                "active": active,
                "address1": "1 Test Way" if active else "9 Old Rd",
                "address2": None,
                "city": "Springfield",
                "country": "US",
                "country_code": "US",
                "country_name": "United States",
                "created_at": "2023-01-01T00:00:00-05:00",
                "updated_at": "2024-01-01T00:00:00-05:00",
                "legacy": not active,
                "phone": None,
                "province": "Illinois",
                "province_code": "IL",
                "zip": "62701",
                "localized_country_name": "United States",
                "localized_province_name": "Illinois",
                "admin_graphql_api_id": f"gid://shopify/Location/{id}",
                "shop_url": shop_url,
            }
        )
    return found


def countries(shop_url: str) -> list[Record]:
    """Return the countries that the shop ships to."""
    found: list[Record] = []
    for position, code in enumerate(sorted({market.code for market in cat.MARKETS})):
        here = [market for market in cat.MARKETS if market.code == code]
        found.append(
            {
                "id": 780_000_000 + position,
                "code": code,
                "name": here[0].country,
                "translated_name": here[0].country,
                "rest_of_world": False,
                "provinces": [
                    {
                        "id": 790_000_000 + 10 * position + n,
                        "code": market.province_code,
                        "name": market.province,
                        "translated_name": market.province,
                    }
                    for n, market in enumerate(here)
                    if market.province
                ],
                "shop_url": shop_url,
            }
        )
    return found


def shop(shop_url: str, money: Money, zone: str, start: date) -> Record:
    """Return the shop itself."""
    return {
        "id": 61_000_000_001,
        "name": "Tilla Demo Shop",
        "email": "shop@example.com",
        "domain": "shop.example.com",
        "province": "Illinois",
        "country": "US",
        "address1": "1 Test Way",
        "zip": "62701",
        "city": "Springfield",
        "source": None,
        "phone": None,
        "latitude": 39.799,
        "longitude": -89.644,
        "primary_locale": "en",
        "address2": None,
        "created_at": "2022-12-31T10:00:00-05:00",
        "updated_at": f"{start}T00:00:00+00:00",
        "country_code": "US",
        "country_name": "United States",
        "currency": money.shop,
        "customer_email": "shop@example.com",
        "timezone": f"(GMT) {zone}",
        "iana_timezone": zone,
        "shop_owner": "Test Owner",
        "money_format": "${{amount}}",
        "money_with_currency_format": f"${{{{amount}}}} {money.shop}",
        "weight_unit": "kg",
        "province_code": "IL",
        "taxes_included": False,
        "county_taxes": True,
        "plan_display_name": "Basic",
        "plan_name": "basic",
        "has_discounts": True,
        "has_gift_cards": True,
        "myshopify_domain": f"{shop_url}.myshopify.com",
        "has_storefront": True,
        "enabled_presentment_currencies": sorted({money.shop, money.foreign}),
        "primary_location_id": LOCATION,
        "shop_url": shop_url,
    }


def price_rule(number: int, money: Money, at: str) -> Record:
    """Return the rule behind a discount code, as a REST body: its value is negative text."""
    return {
        "id": 1_100_000_000_000 + number,
        "value_type": "fixed_amount" if number == 1 else "percentage",
        "value": (f"-{10}.0", f"-{money.text(500)}", "-100.0", "-20.0")[number],
        "customer_selection": "all",
        "target_type": "shipping_line" if number == 2 else "line_item",
        "target_selection": "all",
        "allocation_method": "each" if number == 2 else "across",
        "allocation_limit": None,
        "once_per_customer": number == 1,
        "usage_limit": 100 if number == 2 else None,
        "starts_at": "2023-03-01T00:00:00-05:00",
        "ends_at": None,
        "created_at": "2023-02-25T07:00:00-05:00",
        "updated_at": at,
        "entitled_product_ids": [],
        "entitled_variant_ids": [],
        "entitled_collection_ids": [],
        "entitled_country_ids": [],
        "prerequisite_product_ids": [],
        "prerequisite_variant_ids": [],
        "prerequisite_collection_ids": [],
        "customer_segment_prerequisite_ids": [],
        "prerequisite_customer_ids": [],
        "prerequisite_subtotal_range": {"greater_than_or_equal_to": "20.0"} if number == 1 else None,
        "prerequisite_quantity_range": None,
        "prerequisite_shipping_price_range": None,
        "prerequisite_to_entitlement_quantity_ratio": {"prerequisite_quantity": None, "entitled_quantity": None},
        "prerequisite_to_entitlement_purchase": {"prerequisite_amount": None},
        "title": cat.CODES[number],
        "admin_graphql_api_id": f"gid://shopify/PriceRule/{1_100_000_000_000 + number}",
    }
