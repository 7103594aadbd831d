"""Amounts: as text in the shop's currency and in the one the buyer saw, as Decimal, as rates."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs

from tilla.demo.facts import Minor

DIGITS = {"JPY": 0, "KRW": 0}
_SIX = Decimal("0.000001")


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return a rate to six places; None when there is nothing to divide by."""
    return (Decimal(part) / Decimal(whole)).quantize(_SIX, ROUND_HALF_UP) if whole else None


@attrs.frozen
class Money:
    """Writes amounts of the shop currency's smallest unit."""

    shop: str
    foreign: str
    rate: float
    """How many units of the foreign currency one unit of the shop's is."""

    @classmethod
    def of(cls, currency: str) -> Money:
        """Return the money of a shop; buyers from elsewhere see euros, or dollars where the shop has euros."""
        if currency == "EUR":
            return cls("EUR", "USD", 1.08)
        return cls(currency, "EUR", 0.92 if DIGITS.get(currency, 2) else 0.0061)

    def code(self, presentment: str) -> str:
        """Return the currency code of ``"shop"`` or ``"foreign"``."""
        return self.foreign if presentment == "foreign" else self.shop

    def text(self, amount: Minor) -> str:
        """Write a shop amount, ``"19.90"``; ``"1990"`` where the currency has no smaller unit."""
        return _written(amount, DIGITS.get(self.shop, 2))

    def decimal(self, amount: Minor) -> Decimal:
        """Return a shop amount in whole units of its currency."""
        return Decimal(amount).scaleb(-DIGITS.get(self.shop, 2))

    def seen(self, amount: Minor, presentment: str) -> str:
        """Write a shop amount in the currency the buyer saw."""
        if presentment != "foreign":
            return self.text(amount)
        digits = DIGITS.get(self.foreign, 2)
        exact = amount * self.rate * 10 ** (digits - DIGITS.get(self.shop, 2))
        return _written(int(abs(exact) + 0.5) * (1 if exact >= 0 else -1), digits)

    def pair(self, amount: Minor, presentment: str) -> dict[str, Any]:
        """Return a price set of a REST body."""
        return {
            "shop_money": {"amount": self.text(amount), "currency_code": self.shop},
            "presentment_money": {
                "amount": self.seen(amount, presentment),
                "currency_code": self.code(presentment),
            },
        }


def _written(amount: int, digits: int) -> str:
    if not digits:
        return str(amount)
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}d}"
