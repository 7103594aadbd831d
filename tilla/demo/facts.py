"""What happens in the invented shop: plain values, before anybody writes them down as records.

Amounts are whole numbers of the shop currency's smallest unit (cents; yen), times are seconds since 1970 in
UTC. The truth is computed from these values, and so are the records; neither is computed from the other.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

Seconds: TypeAlias = int
Minor: TypeAlias = int


@attrs.frozen
class Product:
    """One product with one variant."""

    number: int
    title: str
    variant: str | None
    sku: str | None
    price: Minor
    tax_included_price: Minor
    """The list price in markets whose prices include 21 % tax: a multiple of 1210, so that net amounts are whole."""
    cost: Minor | None
    gift_card: bool = False
    gone: bool = False
    """Deleted from the catalogue: orders keep its title, and no product id."""


@attrs.frozen
class Customer:
    """A person the shop knows. Also a Klaviyo profile of the same number, when there is an e-mail."""

    number: int
    created_at: Seconds
    first_name: str | None
    last_name: str | None
    email: str | None
    market: int
    """Position in ``catalogue.MARKETS``."""
    subscribed: bool


@attrs.frozen
class Profile:
    """A Klaviyo profile: a customer's, a subscriber's who never bought, or an anonymous visitor's."""

    number: int
    created_at: Seconds
    email: str | None
    customer: Customer | None
    subscribed: bool
    apple_mail: bool


@attrs.frozen
class Discount:
    """One discount on an order."""

    kind: Literal["percentage", "fixed_amount", "shipping", "automatic"]
    title: str
    """The code as the buyer typed it; of an automatic discount its title."""
    value: int
    """Per cent, or an amount."""


@attrs.frozen
class Line:
    """One line of an order. ``discounts`` and ``tax`` are for the whole quantity."""

    id: int
    product: Product
    quantity: int
    price: Minor
    discounts: tuple[tuple[int, Minor], ...]
    """Position of the discount in the order's list, and what it takes off this line."""
    tax: Minor

    @property
    def list_amount(self) -> Minor:
        """Price times quantity."""
        return self.price * self.quantity

    @property
    def discount(self) -> Minor:
        """What all discounts take off this line."""
        return sum(amount for _, amount in self.discounts)

    @property
    def paid(self) -> Minor:
        """What the buyer pays for the line, tax only where prices include it."""
        return self.list_amount - self.discount


@attrs.frozen
class RefundLine:
    """Some units of a line taken back. ``goods`` is their value without tax."""

    id: int
    line: Line
    quantity: int
    goods: Minor
    tax: Minor
    restock: Literal["return", "cancel", "no_restock"]


@attrs.frozen
class Adjustment:
    """Money given back, or kept, besides the value of goods. Negative goes to the buyer."""

    kind: Literal["shipping_refund", "refund_discrepancy"]
    amount: Minor
    tax: Minor


@attrs.frozen
class Refund:
    """One refund of an order."""

    id: int
    at: Seconds
    lines: tuple[RefundLine, ...]
    adjustments: tuple[Adjustment, ...]
    pays: bool
    """False: only a restock, no money moves."""
    note: str | None = None

    def money(self, *, taxes_included: bool) -> Minor:
        """Return what goes back to the buyer."""
        goods = sum(line.goods + line.tax for line in self.lines)
        adjusted = sum(one.amount + (0 if taxes_included else one.tax) for one in self.adjustments)
        return goods - adjusted


@attrs.frozen
class Fulfillment:
    """A parcel."""

    number: int
    at: Seconds
    delivered_at: Seconds | None
    lines: tuple[Line, ...]


@attrs.frozen
class Touch:
    """A profile opened or clicked an e-mail."""

    event: str
    at: Seconds
    campaign: Campaign | None
    flow: bool
    human: bool
    """Neither a privacy open nor a bot."""
    click: bool


@attrs.frozen(eq=False)
class Order:
    """An order with all that will ever happen to it."""

    number: int
    id: int
    at: Seconds
    customer: Customer | None
    lines: tuple[Line, ...]
    """After the edit, when there is one."""
    discounts: tuple[Discount, ...]
    shipping: Minor
    shipping_discount: tuple[int, Minor] | None
    shipping_tax: Minor
    tax_rate: float
    taxes_included: bool
    presentment: str
    duties: Minor
    tip: Minor
    test: bool
    source: Literal["web", "pos"]
    landing: str | None
    referrer: str | None
    zone: str
    """The IANA zone whose offset its timestamps carry: the shop's, but for a few."""
    paid_at: Seconds | None
    checkout_token: str | None
    first_lines: tuple[Line, ...] | None = None
    """Before the edit."""
    edited_at: Seconds | None = None
    refunds: tuple[Refund, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    cancelled_at: Seconds | None = None
    closed_at: Seconds | None = None
    deleted_at: Seconds | None = None
    nth_of_customer: int = 0
    customer_spent: Minor = 0
    """What the customer has paid in all, this order included."""
    touch: Touch | None = None
    """The e-mail that gets the credit."""
    native: bool = True
    """Klaviyo names that e-mail in the event; False: it is for the reader to find."""

    @property
    def goods(self) -> Minor:
        """What the buyer pays for all lines."""
        return sum(line.paid for line in self.lines)

    @property
    def tax(self) -> Minor:
        """All tax, that on shipping included."""
        return sum(line.tax for line in self.lines) + self.shipping_tax

    @property
    def shipping_paid(self) -> Minor:
        """Shipping after its discount."""
        return self.shipping - (self.shipping_discount[1] if self.shipping_discount else 0)

    @property
    def fully_refunded(self) -> bool:
        """True when every unit was taken back."""
        back: dict[int, int] = {}
        for refund in self.refunds:
            for taken in refund.lines:
                back[taken.line.id] = back.get(taken.line.id, 0) + taken.quantity
        return bool(back) and all(back.get(line.id, 0) >= line.quantity for line in self.lines)

    @property
    def counts(self) -> bool:
        """False for a test, and for what was deleted: no measure knows it."""
        return not self.test and self.deleted_at is None

    @property
    def total(self) -> Minor:
        """What the buyer pays in all."""
        added_tax = 0 if self.taxes_included else self.tax
        return self.goods + self.shipping_paid + added_tax + self.duties + self.tip


@attrs.frozen
class Checkout:
    """A cart with an address that was left at the till."""

    number: int
    at: Seconds
    customer: Customer | None
    """None: nobody can be written to."""
    product: Product
    quantity: int
    foreign: bool
    """Its amounts are in another currency than the shop's."""
    completed_at: Seconds | None

    @property
    def token(self) -> str:
        """Shared with the order that it becomes."""
        return f"ac{self.number}token"

    @property
    def total(self) -> Minor:
        """What is in the cart."""
        return self.product.price * self.quantity


@attrs.frozen(eq=False)
class Campaign:
    """An e-mail campaign, or one that was never sent."""

    number: int
    name: str
    channel: Literal["email", "sms"]
    status: Literal["Sent", "Draft", "Cancelled"]
    created_at: Seconds
    send_at: Seconds | None
    by_message: bool
    """Its events carry the id of the message; else that of the campaign."""

    @property
    def id(self) -> str:
        """The campaign's id in Klaviyo."""
        return f"01HDEMOCAMPAIGN{self.number:011d}"


@attrs.frozen(eq=False)
class Event:
    """Something a profile, or nobody in particular, did; one Klaviyo event."""

    id: str
    at: Seconds
    metric: int
    """Position in ``catalogue.METRICS``."""
    profile: Profile | None
    value: Minor | None = None
    campaign: Campaign | None = None
    flow: bool = False
    privacy: bool | None = None
    """Of an open: the mail program did it."""
    bot: bool | None = None
    """Of a click: a scanner did it."""
    order: Order | None = None
    product: Product | None = None
    late_days: int = 0
    """How many days after it happened the API first shows it."""


@attrs.frozen(eq=False)
class Traffic:
    """What GA4 knows of one day after the last correction: counts per dimension row."""

    day: int
    """Days since the first."""
    rows: tuple[TrafficRow, ...]
    users: int
    new_users: int
    active: tuple[int, int, int]
    """Active users of 1, 7 and 28 days."""


@attrs.frozen
class TrafficRow:
    """One row of one report."""

    report: Literal["devices", "locations", "traffic_sources", "pages"]
    dimensions: tuple[str, ...]
    users: int
    new_users: int
    sessions: int
    bounces: int
    seconds: int
    """Length of all sessions together."""
    views: int


Fact: TypeAlias = Customer | Profile | Campaign | Event | Order | Checkout | Traffic
