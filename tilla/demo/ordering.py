"""One order, from the cart to the last refund: everything that will ever happen to it, drawn at once."""

from __future__ import annotations

from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.facts import (
    Adjustment,
    Checkout,
    Customer,
    Discount,
    Fulfillment,
    Line,
    Minor,
    Order,
    Product,
    Refund,
    RefundLine,
    Seconds,
    Touch,
)

HOUR, DAY = 3600, 86400
BIG = 2**53 + 1
"""Where ids begin that a Float64 cannot tell apart."""

# The first orders are these, one each, in this order; later ones are drawn from WEIGHTS.
SCRIPT = (
    "percent", "foreign", "voided", "pos_test", "refund_month", "eu", "deleted", "gift", "pos", "two_codes",
    "cancelled", "edit_removed", "eu_percent", "automatic", "free_shipping", "discrepancy", "edit_added", "fixed",
    "shipping_refund", "gone", "refund_full", "eu_refund", "kept", "restock", "split", "odd_code", "test",
    "percent_refund",
)  # fmt: skip
WEIGHTS = {
    "plain": 40, "percent": 12, "fixed": 6, "free_shipping": 4, "two_codes": 3, "odd_code": 3, "automatic": 5, "eu": 8,
    "eu_percent": 4, "eu_refund": 2, "foreign": 6, "gift": 3, "gone": 2, "pos": 6, "pos_test": 1, "test": 2,
    "voided": 2, "cancelled": 3, "refund_full": 3, "refund_month": 5, "kept": 1, "restock": 1, "discrepancy": 1,
    "shipping_refund": 2, "edit_removed": 2, "edit_added": 2, "split": 4, "deleted": 1, "percent_refund": 2,
}  # fmt: skip


class Script:
    """Which kind the next order is."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._kinds, self._weights = list(WEIGHTS), list(WEIGHTS.values())

    def kind(self, number: int) -> str:
        """Return the kind of an order by its number."""
        return SCRIPT[number] if number < len(SCRIPT) else self._rng.choices(self._kinds, self._weights)[0]


@attrs.frozen
class OrderPlan:
    """What is settled before an order is filled."""

    number: int
    at: Seconds
    end: Seconds
    """The end of the story: nothing happens to an order from then on."""
    kind: str
    customer: Customer | None
    checkout: Checkout | None
    touch: Touch | None
    native: bool
    past: tuple[int, Minor]
    """How many orders the customer had before, and what they cost."""


def place(plan: OrderPlan, zone: ZoneInfo, rng: Random) -> Order:
    """Fill an order and decide its fate."""
    kind, number = plan.kind, plan.number
    market = cat.MARKETS[plan.customer.market] if plan.customer is not None else cat.MARKETS[0]
    eu = kind.startswith("eu")
    untaxed = kind in {"voided", "foreign"}
    rate = 0.21 if eu else 0.0 if untaxed or market.taxes_included else market.tax_rate
    discounts = _discounts(kind, rng)
    big = number % 9 == 4
    base = BIG + 100 * number + 8 if big else 13_000_000_000_000 + 100 * number
    products = _products(plan, rng)
    quantities = (
        [plan.checkout.quantity] if plan.checkout is not None else [rng.choice((1, 1, 1, 2, 3)) for _ in products]
    )
    lines = tuple(_lines(base, products, quantities, discounts, rate, eu))
    first_lines: tuple[Line, ...] | None = None
    if kind == "edit_removed" and len(lines) > 1:
        first_lines, lines = lines, lines[:-1]
    elif kind == "edit_added" and len(lines) > 1:
        first_lines = lines[:-1]
    pos = kind in {"pos", "pos_test"}
    shipping = 0 if pos or kind in {"voided", "gift", "deleted"} else rng.choice((0, 500, 500, 795))
    if kind in {"free_shipping", "two_codes", "shipping_refund"}:
        shipping = 800
    ship_code = next((n for n, one in enumerate(discounts) if one.kind == "shipping"), None)
    ship_off = (ship_code, shipping) if ship_code is not None else None
    ship_tax = _rounded((shipping if ship_off is None else 0) * rate) if not eu and number % 2 else 0
    landing, referrer = _landing(plan, rng)
    order = Order(
        number=number,
        id=BIG + 2 * number if big else 5_678_000_000_000 + number,
        at=plan.at,
        customer=plan.customer,
        lines=lines,
        first_lines=first_lines,
        discounts=discounts,
        shipping=shipping,
        shipping_discount=ship_off,
        shipping_tax=ship_tax,
        tax_rate=rate,
        taxes_included=eu,
        presentment="foreign" if kind == "foreign" or (eu and number % 2) else "shop",
        duties=150 if kind == "foreign" else 0,
        tip=250 if kind in {"foreign", "pos"} else 0,
        test=kind in {"test", "pos_test"},
        source="pos" if pos else "web",
        landing=None if pos else landing,
        referrer=None if pos else referrer,
        zone=("Asia/Tokyo", "Europe/Madrid", "UTC")[number % 3] if number % 10 == 7 else zone.key,
        paid_at=None if kind == "voided" else plan.at + (1 if number % 3 else 2 * HOUR),
        checkout_token=None if pos else plan.checkout.token if plan.checkout is not None else f"chk{number:06d}",
        touch=plan.touch,
        native=plan.native,
    )
    spent = order.total if kind not in {"voided", "cancelled"} else 0
    order = attrs.evolve(order, nth_of_customer=plan.past[0] + 1, customer_spent=plan.past[1] + spent)
    return _fate(order, plan, rng)


def _fate(order: Order, plan: OrderPlan, rng: Random) -> Order:
    """Decide edits, parcels, refunds, cancels and deletion, as far as they fall into the story."""
    kind, at = plan.kind, order.at
    changes: dict[str, object] = {}
    if order.first_lines is not None:
        changes["edited_at"] = at + 5 * HOUR + 60
    if kind in {"voided", "cancelled"}:
        cancelled = at + rng.choice((20 * 60, 30 * HOUR))
        changes |= {"cancelled_at": cancelled, "closed_at": cancelled}
        if kind == "cancelled":
            shipping = _shipping_back(order)
            changes["refunds"] = (_refund(order, cancelled, 1, "cancel", order.lines, shipping, pays=True),)
    elif order.source == "web":
        changes["fulfillments"] = _parcels(order, kind, rng)
    changes |= {"refunds": _refunds(order, kind, rng)} if "refunds" not in changes else {}
    if kind == "deleted":
        changes["deleted_at"] = at + 12 * DAY
    return _until(attrs.evolve(order, **changes), plan.end)  # type: ignore[arg-type]


def _until(order: Order, end: Seconds) -> Order:
    """Take back what would happen after the end of the story."""

    def happens(at: Seconds | None) -> Seconds | None:
        return at if at is not None and at < end else None

    if order.first_lines is not None and order.edited_at is not None and order.edited_at >= end:
        order = attrs.evolve(order, edited_at=None, lines=order.first_lines, first_lines=None)
    parcels = tuple(
        attrs.evolve(parcel, delivered_at=happens(parcel.delivered_at))
        for parcel in order.fulfillments
        if parcel.at < end
    )
    return attrs.evolve(
        order,
        fulfillments=parcels,
        refunds=tuple(refund for refund in order.refunds if refund.at < end),
        cancelled_at=happens(order.cancelled_at),
        closed_at=happens(order.closed_at),
        deleted_at=happens(order.deleted_at),
        paid_at=happens(order.paid_at),
    )


def _products(plan: OrderPlan, rng: Random) -> list[Product]:
    if plan.checkout is not None:
        return [plan.checkout.product]
    count = rng.choice((1, 1, 2, 2, 3))
    if plan.kind in {"edit_removed", "edit_added", "split", "two_codes"}:
        count = max(2, count)
    found = rng.sample(cat.ON_SALE, count)
    extra = {"gift": cat.GIFT_CARD, "gone": cat.GONE, "pos_test": cat.SAMPLE}.get(plan.kind)
    return [*found, extra] if extra is not None else found


def _discounts(kind: str, rng: Random) -> tuple[Discount, ...]:
    percent = Discount("percentage", "SPRING10", 10)
    return {
        "percent": (percent,),
        "percent_refund": (percent,),
        "eu_percent": (rng.choice((percent, Discount("percentage", "TÄGLICH-20", 20))),),
        "fixed": (Discount("fixed_amount", "WELCOME5", 500),),
        "free_shipping": (Discount("shipping", "FREESHIP", 100),),
        "two_codes": (percent, Discount("shipping", "FREESHIP", 100)),
        "odd_code": (Discount("percentage", rng.choice(("spring10", "Spring10 ")), 10),),
        "automatic": (Discount("automatic", "Frühling −5", 500),),
    }.get(kind, ())


def _lines(
    base: int, products: list[Product], quantities: list[int], discounts: tuple[Discount, ...], rate: float, eu: bool
) -> list[Line]:
    """Fill the lines; discounts never touch gift cards, and a fixed amount is spread over the lines to the cent."""
    prices = [product.tax_included_price if eu else product.price for product in products]
    gross = [
        0 if product.gift_card else price * quantity
        for product, price, quantity in zip(products, prices, quantities, strict=True)
    ]
    taken: list[list[tuple[int, Minor]]] = [[] for _ in products]
    for position, discount in enumerate(discounts):
        if discount.kind == "shipping":
            continue
        if discount.kind == "percentage":
            shares = [_rounded(amount * discount.value / 100) for amount in gross]
        else:
            shares = _spread(min(discount.value, sum(gross)), gross)
        for line, share in enumerate(shares):
            if share:
                taken[line].append((position, share))
    lines = []
    for line, product in enumerate(products):
        paid = prices[line] * quantities[line] - sum(share for _, share in taken[line])
        tax = 0 if product.gift_card else paid * 21 // 121 if eu else _rounded(paid * rate)
        lines.append(Line(base + 2 * line, product, quantities[line], prices[line], tuple(taken[line]), tax))
    return lines


def _spread(amount: Minor, weights: list[Minor]) -> list[Minor]:
    """Share an amount in proportion; what rounding leaves goes to the first lines that have something."""
    total = sum(weights)
    if not total:
        return [0 for _ in weights]
    shares = [amount * weight // total for weight in weights]
    left = amount - sum(shares)
    for place_in_line, weight in enumerate(weights):
        if weight and left:
            shares[place_in_line] += 1
            left -= 1
    return shares


def _landing(plan: OrderPlan, rng: Random) -> tuple[str | None, str | None]:
    """Return landing site and referrer: from the mail that was clicked, else from anywhere."""
    if plan.touch is not None and plan.touch.click:
        campaign = "Abandoned%20Cart" if plan.touch.flow else "spring%20sale"
        return (
            f"/collections/all?utm_source=klaviyo&utm_medium=email&utm_campaign={campaign}&_kx=abc.XyZ",
            "https://l.example.com/",
        )
    return rng.choice(
        (
            (None, None),
            ("/", ""),
            ("/", "https://www.google.com/"),
            ("/?utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=Cj0Test", "https://www.google.com/"),
            (
                "/products/mug?utm_source=Instagram&utm_medium=paid_social&utm_campaign=launch",
                "https://l.instagram.com/",
            ),
            ("/?utm_source=newsletter&utm_medium=e-mail&utm_campaign=M%C3%A4rz", None),
        )
    )


def _parcels(order: Order, kind: str, rng: Random) -> tuple[Fulfillment, ...]:
    """Send the goods, in two parcels when split; every twelfth order waits for ever."""
    if order.number % 12 == 11:
        return ()
    at = order.at + rng.randrange(8 * HOUR, 3 * DAY)
    if kind == "split" and len(order.lines) > 1:
        return (
            Fulfillment(1, at, at + 2 * DAY, order.lines[:1]),
            Fulfillment(2, at + DAY, None, order.lines[1:]),
        )
    return (Fulfillment(1, at, at + rng.randrange(DAY, 4 * DAY), order.lines),)


def _refunds(order: Order, kind: str, rng: Random) -> tuple[Refund, ...]:
    """Take goods back, or give money back without them."""
    at, lines = order.at, order.lines
    if kind in {"refund_full", "eu_refund"}:
        return (_refund(order, at + 6 * DAY, 1, "return", lines, _shipping_back(order), pays=True),)
    if kind == "percent_refund":  # a unit that was sold at a discount
        return (_refund(order, at + 8 * DAY, 1, "return", lines[:1], (), pays=True, quantity=1),)
    if kind == "refund_month":  # a part a month later, the rest of the line some days after that
        first = _refund(order, at + 31 * DAY, 1, "return", lines[:1], (), pays=True, quantity=1)
        if lines[0].quantity == 1:
            return (first,)
        return first, _refund(order, at + 36 * DAY, 2, "no_restock", lines[:1], (), pays=True, skip=1)
    if kind == "restock":
        return (_refund(order, at + 2 * DAY, 1, "return", lines[:1], (), pays=False, quantity=1),)
    if kind == "discrepancy":  # more goes back than the goods are worth
        more = (Adjustment("refund_discrepancy", -100, 0),)
        return (_refund(order, at + 4 * DAY, 1, "no_restock", lines[:1], more, pays=True),)
    if kind == "kept":  # a fee is kept
        fee = (Adjustment("refund_discrepancy", 150, 0),)
        return (_refund(order, at + 4 * DAY, 1, "return", lines[:1], fee, pays=True),)
    if kind == "shipping_refund":
        return (_refund(order, at + 5 * DAY, 1, "no_restock", (), _shipping_back(order), pays=True),)
    if kind == "foreign" and rng.random() < 0.5:
        return (_refund(order, at + 3 * DAY, 1, "return", lines[:1], (), pays=True, quantity=1),)
    return ()


def _shipping_back(order: Order) -> tuple[Adjustment, ...]:
    paid = order.shipping_paid
    return (Adjustment("shipping_refund", -paid, -order.shipping_tax),) if paid else ()


def _refund(
    order: Order,
    at: Seconds,
    turn: int,
    restock: Literal["return", "cancel", "no_restock"],
    lines: tuple[Line, ...],
    adjustments: tuple[Adjustment, ...],
    *,
    pays: bool,
    quantity: int | None = None,
    skip: int = 0,
) -> Refund:
    """Take back lines: whole, or ``quantity`` units, or what is left after the first ``skip`` units."""
    base = 9_400_000_000_000 + 10 * order.number + turn
    taken = []
    for position, line in enumerate(lines):
        units = min(quantity or line.quantity, line.quantity)
        goods = line.paid - (line.tax if order.taxes_included else 0)
        if skip:
            units = line.quantity - skip
            goods, tax = goods - goods * skip // line.quantity, line.tax - line.tax * skip // line.quantity
        else:
            goods, tax = goods * units // line.quantity, line.tax * units // line.quantity
        id = 5_400_000_000_000 + 100 * order.number + 10 * turn + position
        taken.append(RefundLine(id, line, units, goods, tax, restock))
    note = (None, "", "ein Stück beschädigt")[order.number % 3]
    return Refund(base, at, tuple(taken), adjustments, pays, note)


def _rounded(amount: float) -> Minor:
    """Round half up, as Shopify does; amounts are never negative here."""
    return int(amount + 0.5)
