"""What the invented shop sells, where, and under which names Klaviyo and GA4 know things."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tilla.demo.facts import Product

PRODUCTS = (
    Product(1, "Linen Tea Towel", "Natural", "TOWEL-NAT", 1990, 2420, 725),
    Product(2, "Linen Tea Towel", "Indigo", "TOWEL-IND", 1990, 2420, 725),
    Product(3, "Stoneware Mug", "Blue / 300 ml", "MUG-BLU", 2450, 2420, 910),
    Product(4, "Olive Oil Soap «Café»", None, "SOAP-CAFÉ", 1250, 1210, 310),
    Product(5, "陶器カップ", None, "CUP-JP", 3200, 3630, 1400),
    Product(6, "Beeswax Candle", "Large", "CANDLE-L", 2995, 3630, None),
    Product(7, "Oak Cutting Board", 'Walnut "dark"', "BOARD-W", 6400, 7260, 2810),
    Product(8, "Wool Throw", "Grey", "THROW-G", 11900, 12100, 5350),
    Product(9, "E-Gift Card", None, None, 2500, 2420, None, gift_card=True),
    Product(10, "Discontinued Mug", "Blau / 300 ml", "MUG-OLD", 4000, 4840, 1500, gone=True),
    Product(11, "Sample Sachet", None, "", 0, 0, None, gone=True),
    Product(12, "Recipe Book", "Hardcover", "BOOK-1", 3450, 3630, 1220),
)
GIFT_CARD, GONE, SAMPLE = PRODUCTS[8], PRODUCTS[9], PRODUCTS[10]
ON_SALE = tuple(product for product in PRODUCTS if not (product.gift_card or product.gone))


class Market(NamedTuple):
    """Where customers live."""

    country: str
    code: str
    province: str | None
    province_code: str | None
    city: str
    zip: str
    street: str
    tax_title: str
    tax_rate: float
    taxes_included: bool
    locale: str
    time_zone: str
    latitude: float | None
    longitude: float | None


MARKETS = (
    Market("United States", "US", "Illinois", "IL", "Springfield", "62701", "1 Test Way", "Illinois State Tax", 0.0625,
           False, "en-US", "America/Chicago", 39.7990175, -89.6439575),
    Market("United States", "US", "New York", "NY", "Ithaca", "14850", "22 Sample St", "New York State Tax", 0.08,
           False, "en-US", "America/New_York", 42.4440, -76.5019),
    Market("United States", "US", "Oregon", "OR", "Bend", "97701", "7 Null Ave", "", 0.0,
           False, "en-US", "America/Los_Angeles", None, None),
    Market("Spain", "ES", "Madrid", "M", "Madrid", "28001", "Calle Prueba 3", "ES IVA", 0.21,
           True, "es-ES", "Europe/Madrid", 40.4168, -3.7038),
    Market("Germany", "DE", None, None, "Köln", "50667", "Prüfstraße 5", "", 0.0,
           False, "de-DE", "Europe/Berlin", 50.938, 6.957),
    Market("Japan", "JP", "Tōkyō", "JP-13", "渋谷区", "150-0001", "試験町 1-2-3", "", 0.0,
           False, "ja", "Asia/Tokyo", None, None),
)  # fmt: skip
SPAIN, GERMANY = 3, 4
MARKET_WEIGHTS = (30, 30, 12, 14, 10, 4)

NAMES = (
    ("Ada", "Example"), ("Ben", "Sample"), ("Zoë", "Tëst-Käufer"), ("テスト", "購入者"), ("Noor", "O'Test"),
    ("José", "Muestra"), ("Ivy", "Placeholder"), ("Łukasz", "Próba"), ("Mia", ""), ("Olu", "Specimen"),
)  # fmt: skip


class Metric(NamedTuple):
    """A Klaviyo metric. Two may share a name: integrations name theirs as they like."""

    name: str
    integration: Literal["Klaviyo", "Shopify"] | None


METRICS = (
    Metric("Received Email", "Klaviyo"),
    Metric("Bounced Email", "Klaviyo"),
    Metric("Dropped Email", "Klaviyo"),
    Metric("Opened Email", "Klaviyo"),
    Metric("Clicked Email", "Klaviyo"),
    Metric("Unsubscribed from Email Marketing", "Klaviyo"),
    Metric("Unsubscribed from List", "Klaviyo"),
    Metric("Marked Email as Spam", "Klaviyo"),
    Metric("Placed Order", "Shopify"),
    Metric("Ordered Product", "Shopify"),
    Metric("Refunded Order", "Shopify"),
    Metric("Cancelled Order", "Shopify"),
    Metric("Checkout Started", "Shopify"),
    Metric("Viewed Product", "Shopify"),
    Metric("Viewed Product", None),
)
(RECEIVED, BOUNCED, DROPPED, OPENED, CLICKED, UNSUBSCRIBED, LEFT_LIST, SPAM, PLACED, ORDERED, REFUNDED, CANCELLED,
 STARTED, VIEWED, VIEWED_CUSTOM) = range(len(METRICS))  # fmt: skip

# Which discounts an order may carry: code as typed, per cent or amount.
CODES = ("SPRING10", "WELCOME5", "FREESHIP", "TÄGLICH-20")

TRAFFIC_SHARES: dict[str, tuple[tuple[tuple[str, ...], int], ...]] = {
    "devices": (
        (("mobile", "iOS", "Safari"), 40),
        (("mobile", "Android", "Chrome"), 22),
        (("desktop", "Windows", "Chrome"), 20),
        (("desktop", "Macintosh", "Safari"), 12),
        (("tablet", "iOS", "Safari"), 4),
        (("(other)", "(other)", "(other)"), 2),
        (("smart tv", "(not set)", "(not set)"), 0),
    ),
    "locations": (
        (("New York", "United States", "New York"), 30),
        (("Illinois", "United States", "Chicago"), 22),
        (("Community of Madrid", "Spain", "Madrid"), 16),
        (("North Rhine-Westphalia", "Germany", "(not set)"), 12),
        (("São Paulo", "Brazil", "São Paulo"), 8),
        (("", "Türkiye", ""), 5),
        (("(not set)", "(not set)", "(not set)"), 7),
    ),
    "traffic_sources": (
        (("(direct)", "(none)"), 30),
        (("google", "organic"), 24),
        (("google", "cpc"), 14),
        (("klaviyo", "email"), 14),
        (("Klaviyo", "Email"), 2),
        (("instagram", "paid_social"), 8),
        (("duckduckgo", "organic"), 3),
        (("(other)", "(other)"), 3),
        (("(not set)", "(not set)"), 2),
    ),
    "pages": (
        (("shop.example.com", "/"), 45),
        (("shop.example.com", "/products/tea-towel?utm_source=klaviyo&utm_campaign=spring%20sale"), 15),
        (("shop.example.com", "/products/stoneware-mug"), 22),
        (("shop.example.com", "/produkte/prüf-straße?q=%C3%BC"), 8),
        (("(other)", "(other)"), 8),
        (("(not set)", "(not set)"), 2),
    ),
}
REPORT_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "devices": ("deviceCategory", "operatingSystem", "browser"),
    "locations": ("region", "country", "city"),
    "traffic_sources": ("sessionSource", "sessionMedium"),
    "pages": ("hostName", "pagePathPlusQueryString"),
}
