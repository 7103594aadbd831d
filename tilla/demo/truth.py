"""The right answers, computed in plain Python from what happened, never from a record.

Definitions are those of the analytics tables; column names and order too. Money is Decimal in whole units of
the shop currency, exact; rates are Decimal rounded half up to six places; a zero denominator gives None.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from tilla.demo import catalogue as cat
from tilla.demo.facts import Campaign, Checkout, Event, Fact, Minor, Order, Refund, Seconds, Traffic
from tilla.demo.mailing import Mailing
from tilla.demo.money import Money, ratio

Row = dict[str, Any]


@attrs.define
class Sales:
    """Sums of one day, in smallest units."""

    orders: int = 0
    gross: Minor = 0
    discounts: Minor = 0
    returns: Minor = 0
    shipping: Minor = 0
    taxes: Minor = 0
    duties: Minor = 0

    @property
    def demand(self) -> Minor:
        """Sales before anything came back."""
        return self.gross - self.discounts

    @property
    def net(self) -> Minor:
        """Sales after what came back."""
        return self.demand - self.returns


@attrs.define
class Tally:
    """Takes every fact once, then answers."""

    money: Money
    shop_url: str
    property_id: str
    zone: ZoneInfo
    start: date
    _sales: dict[date, Sales] = attrs.field(factory=lambda: defaultdict(Sales))
    _email: dict[date, list[int]] = attrs.field(factory=lambda: defaultdict(lambda: [0, 0]))
    _events: dict[tuple[date, int], list[Any]] = attrs.field(factory=lambda: defaultdict(lambda: [0, set(), 0, 0]))
    _campaigns: dict[int, Mailing] = attrs.field(factory=dict)
    _traffic: dict[date, Traffic] = attrs.field(factory=dict)
    _orders: list[_Brief] = attrs.field(factory=list)
    _checkouts: list[Checkout] = attrs.field(factory=list)
    _bought: dict[str, Seconds] = attrs.field(factory=dict)
    _known: set[int] = attrs.field(factory=set)

    def day(self, at: Seconds) -> date:
        """Return the local date of a moment."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).date()

    def take(self, fact: Fact) -> None:
        """Count one fact."""
        if isinstance(fact, Order):
            self._take_order(fact)
        elif isinstance(fact, Event):
            self._take_event(fact)
        elif isinstance(fact, Campaign):
            self._campaigns[fact.number] = Mailing(fact)
        elif isinstance(fact, Traffic):
            self._traffic[self.start + timedelta(days=fact.day)] = fact
        elif isinstance(fact, Checkout):
            self._checkouts.append(fact)

    # --- Shopify ---

    def _take_order(self, order: Order) -> None:
        if not order.counts:
            return
        if order.checkout_token is not None:
            self._bought[order.checkout_token] = order.at
        gross, discounts = goods_of(order)
        day = self.day(order.at)
        sold = self._sales[day]
        sold.orders += 1
        sold.gross += gross
        sold.discounts += discounts
        sold.shipping += order.shipping_paid
        sold.taxes += order.tax
        sold.duties += order.duties
        returned: list[tuple[date, Minor]] = []
        booked = 0
        for refund in order.refunds:
            back = self._sales[self.day(refund.at)]
            value, goods = returned_goods(refund)
            booked += goods
            back.returns += value
            back.taxes += sum(one.tax for one in refund.adjustments) - sum(taken.tax for taken in refund.lines)
            back.shipping += sum(one.amount for one in refund.adjustments if one.kind == "shipping_refund")
            returned.append((self.day(refund.at), value))
        if order.cancelled_at is not None:
            reversal = max(0, gross - discounts - booked)
            self._sales[self.day(order.cancelled_at)].returns += reversal
            returned.append((self.day(order.cancelled_at), reversal))
        customer = order.customer.number if order.customer is not None else None
        first = customer is not None and customer not in self._known  # orders come in the order of their times
        if customer is not None:
            self._known.add(customer)
        codes = codes_of(order) or {"(none)": (0, 0)}
        self._orders.append(_Brief(day, customer, first, gross, discounts, tuple(returned), codes))
        if order.touch is not None:
            email = self._email[day]
            email[0] += 1
            email[1] += gross - discounts

    def daily_sales(self) -> list[Row]:
        """One row per local day on which something was ordered, refunded or cancelled."""
        rows = []
        for day, sold in sorted(self._sales.items()):
            d = self.money.decimal
            total = sold.net + sold.shipping + sold.taxes + sold.duties
            rows.append(
                {
                    "shop_url": self.shop_url,
                    "currency": self.money.shop,
                    "date": day,
                    "orders": sold.orders,
                    "gross_sales": d(sold.gross),
                    "discounts": d(sold.discounts),
                    "returns": d(sold.returns),
                    "net_sales": d(sold.net),
                    "shipping": d(sold.shipping),
                    "taxes": d(sold.taxes),
                    "duties": d(sold.duties),
                    "total_sales": d(total),
                    "aov": ratio(d(sold.demand), sold.orders),
                }
            )
        return rows

    def discount_effect(self) -> list[Row]:
        """One row per discount code, ``(automatic)`` and ``(none)``, over all days."""
        groups: dict[str, list[_Brief]] = defaultdict(list)
        for brief in self._orders:
            for code in brief.codes:
                groups[code].append(brief)
        rows, d = [], self.money.decimal
        for code, briefs in sorted(groups.items()):
            gross = sum(brief.gross for brief in briefs)
            demand = sum(brief.gross - brief.discounts for brief in briefs)
            product = sum(brief.codes[code][0] for brief in briefs)
            rows.append(
                {
                    "shop_url": self.shop_url,
                    "currency": self.money.shop,
                    "code": code,
                    "orders": len(briefs),
                    "customers": len({brief.customer for brief in briefs} - {None}),
                    "first_orders": sum(brief.first for brief in briefs),
                    "product_discount": d(product),
                    "shipping_discount": d(sum(brief.codes[code][1] for brief in briefs)),
                    "gross_sales": d(gross),
                    "net_sales": d(demand - sum(value for brief in briefs for _, value in brief.returned)),
                    "aov": ratio(d(demand), len(briefs)),
                    "discount_rate": ratio(product, gross),
                }
            )
        return rows

    def customer_cohorts(self, as_of: date) -> list[Row]:
        """One row per month of first orders and month since then, up to that of ``as_of``."""
        first: dict[int, date] = {}
        for brief in self._orders:
            if brief.customer is not None:
                day = brief.day
                first[brief.customer] = min(first.get(brief.customer, day), day)
        size: dict[date, int] = defaultdict(int)
        for day in first.values():
            size[day.replace(day=1)] += 1
        cells: dict[tuple[date, int], list[Any]] = defaultdict(lambda: [set(), 0, 0])
        for brief in self._orders:
            if brief.customer is None:
                continue
            cohort = first[brief.customer].replace(day=1)
            cell = cells[cohort, _months(cohort, brief.day)]
            cell[0].add(brief.customer)
            cell[1] += 1
            cell[2] += brief.gross - brief.discounts
            for day, value in brief.returned:
                cells[cohort, _months(cohort, day)][2] -= value
        rows, d = [], self.money.decimal
        for cohort in sorted(size):
            running = 0
            for offset in range(_months(cohort, as_of) + 1):
                active, orders, net = cells.get((cohort, offset), (set(), 0, 0))
                running += net
                rows.append(
                    {
                        "shop_url": self.shop_url,
                        "currency": self.money.shop,
                        "cohort_month": cohort,
                        "month_offset": offset,
                        "cohort_size": size[cohort],
                        "active_customers": len(active),
                        "retention_rate": ratio(len(active), size[cohort]),
                        "orders": orders,
                        "net_sales": d(net),
                        "cumulative_ltv": ratio(d(running), size[cohort]),
                    }
                )
        return rows

    def checkout_recovery(self, window_days: int = 7) -> list[Row]:
        """One row per local day on which a checkout was left; foreign amounts are counted, not summed."""
        rows: dict[date, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
        for checkout in self._checkouts:
            row = rows[self.day(checkout.at)]
            value = 0 if checkout.foreign else checkout.total
            bought = self._bought.get(checkout.token)
            recovered = checkout.completed_at is not None or (
                bought is not None and bought - checkout.at <= window_days * 86400
            )
            row[0] += 1
            row[1] += checkout.customer is not None
            row[2] += value
            row[3] += recovered
            row[4] += value if recovered else 0
            row[5] += checkout.foreign
        d = self.money.decimal
        return [
            {
                "shop_url": self.shop_url,
                "currency": self.money.shop,
                "date": day,
                "abandoned": row[0],
                "contactable": row[1],
                "abandoned_value": d(row[2]),
                "recovered": row[3],
                "recovered_value": d(row[4]),
                "recovery_rate": ratio(row[3], row[0]),
                "abandoned_other_currency": row[5],
            }
            for day, row in sorted(rows.items())
        ]

    # --- Klaviyo ---

    def _take_event(self, event: Event) -> None:
        cell = self._events[self.day(event.at), event.metric]
        cell[0] += 1
        if event.profile is None:
            cell[2] += 1
        else:
            cell[1].add(event.profile.number)
        cell[3] += event.value or 0
        if event.campaign is not None and event.profile is not None:
            self._campaigns[event.campaign.number].take(event, event.profile.number)
        touch = event.order.touch if event.order is not None and event.metric == cat.PLACED else None
        if touch is not None and touch.campaign is not None and event.profile is not None:
            self._campaigns[touch.campaign.number].convert(event.profile.number, event.value or 0)

    def daily_event_summary(self) -> list[Row]:
        """One row per local day and metric; two integrations may share a metric's name."""
        rows = [
            {
                "date": day,
                "metric": cat.METRICS[metric].name,
                "events": events,
                "unique_profiles": len(profiles),
                "anonymous_events": anonymous,
                "value": self.money.decimal(value),
                "integration_name": cat.METRICS[metric].integration,
            }
            for (day, metric), (events, profiles, anonymous, value) in self._events.items()
        ]
        return sorted(rows, key=lambda row: (row["date"], row["metric"], row["integration_name"] or ""))

    def campaign_performance(self) -> list[Row]:
        """One row per campaign, sent or not."""
        return [self._campaigns[number].row(self.money) for number in sorted(self._campaigns)]

    # --- GA4 ---

    def website_overview(self) -> list[Row]:
        """One row per day: the day's totals, users included, as GA4 last gave them."""
        rows = []
        for day, traffic in sorted(self._traffic.items()):
            rows.append(
                {"property_id": self.property_id, "date": day}
                | _rollup(traffic, "devices")
                | {"total_users": traffic.users, "new_users": traffic.new_users}
            )
        return rows

    def daily_traffic(self, report: str) -> list[Row]:
        """One row per day over the rows of one report; rates are weighted by sessions."""
        return [
            {"property_id": self.property_id, "date": day} | _rollup(traffic, report)
            for day, traffic in sorted(self._traffic.items())
        ]

    def active_users(self) -> list[Row]:
        """One row per day: active users of 1, 7 and 28 days, and all users."""
        return [
            {
                "property_id": self.property_id,
                "date": day,
                "active_users_1d": traffic.active[0],
                "active_users_7d": traffic.active[1],
                "active_users_28d": traffic.active[2],
                "total_users_1d": traffic.users,
            }
            for day, traffic in sorted(self._traffic.items())
        ]

    # --- across ---

    def daily_funnel(self) -> list[Row]:
        """One row per day with sales or sessions; sessions are None where GA4 has no row."""
        rows, d = [], self.money.decimal
        for day in sorted({*self._sales, *self._traffic}):
            sold = self._sales.get(day, Sales())
            traffic = self._traffic.get(day)
            sessions = None if traffic is None else _rollup(traffic, "devices")["sessions"]
            email_orders, email_demand = self._email.get(day, (0, 0))
            rows.append(
                {
                    "shop_url": self.shop_url,
                    "currency": self.money.shop,
                    "date": day,
                    "sessions": sessions,
                    "orders": sold.orders,
                    "demand_sales": d(sold.demand),
                    "net_sales": d(sold.net),
                    "conversion_rate": ratio(sold.orders, sessions) if sessions else None,
                    "net_sales_per_session": ratio(d(sold.net), sessions) if sessions else None,
                    "email_orders": email_orders,
                    "email_demand_sales": d(email_demand),
                    "email_share": ratio(email_demand, sold.demand),
                }
            )
        return rows

    def all(self, as_of: date) -> dict[str, list[Row]]:
        """Return every table by name."""
        return {
            "daily_sales": self.daily_sales(),
            "customer_cohorts": self.customer_cohorts(as_of),
            "discount_effect": self.discount_effect(),
            "checkout_recovery": self.checkout_recovery(),
            "campaign_performance": self.campaign_performance(),
            "daily_event_summary": self.daily_event_summary(),
            "website_overview": self.website_overview(),
            "daily_devices": self.daily_traffic("devices"),
            "daily_locations": self.daily_traffic("locations"),
            "daily_traffic_sources": self.daily_traffic("traffic_sources"),
            "active_users": self.active_users(),
            "daily_funnel": self.daily_funnel(),
        }


def goods_of(order: Order) -> tuple[Minor, Minor]:
    """Return gross sales and discounts of an order: without tax, without gift cards."""
    gross = discounts = 0
    for line in order.lines:
        if line.product.gift_card:
            continue
        gross += _untaxed(line.list_amount, line.paid, line.tax, taxes_included=order.taxes_included)
        discounts += _untaxed(line.discount, line.paid, line.tax, taxes_included=order.taxes_included)
    return gross, discounts


def _untaxed(amount: Minor, paid: Minor, tax: Minor, *, taxes_included: bool) -> Minor:
    """Take the tax out of an amount of a line that was priced with it."""
    if not taxes_included or not paid:
        return amount
    exact, rest = divmod(amount * (paid - tax), paid)
    assert not rest, "tax-included prices are chosen so that net amounts are whole"
    return exact


def returned_goods(refund: Refund) -> tuple[Minor, Minor]:
    """Return what a refund takes off sales, and the part of it that is goods."""
    goods = sum(taken.goods for taken in refund.lines if not taken.line.product.gift_card)
    return goods - sum(one.amount for one in refund.adjustments if one.kind == "refund_discrepancy"), goods


@attrs.frozen
class _Brief:
    """What is kept of an order."""

    day: date
    customer: int | None
    first: bool
    gross: Minor
    discounts: Minor
    returned: tuple[tuple[date, Minor], ...]
    codes: dict[str, tuple[Minor, Minor]]
    """What each code took off goods and off shipping."""


def codes_of(order: Order) -> dict[str, tuple[Minor, Minor]]:
    """Return what each code of an order took off goods and off shipping; codes are compared in capitals."""
    codes: dict[str, tuple[Minor, Minor]] = {}
    for position, discount in enumerate(order.discounts):
        code = "(automatic)" if discount.kind == "automatic" else discount.title.strip().upper()
        goods = sum(
            _untaxed(amount, line.paid, line.tax, taxes_included=order.taxes_included)
            for line in order.lines
            for index, amount in line.discounts
            if index == position
        )
        shipping = order.shipping_discount
        ship = shipping[1] if shipping is not None and shipping[0] == position else 0
        before = codes.get(code, (0, 0))
        codes[code] = (before[0] + goods, before[1] + ship)
    return codes


def _rollup(traffic: Traffic, report: str) -> Row:
    rows = [row for row in traffic.rows if row.report == report]
    sessions, bounces = sum(row.sessions for row in rows), sum(row.bounces for row in rows)
    views = sum(row.views for row in rows)
    return {
        "sessions": sessions,
        "engaged_sessions": sessions - bounces,
        "engagement_rate": ratio(sessions - bounces, sessions),
        "bounce_rate": ratio(bounces, sessions),
        "avg_session_duration": ratio(sum(row.seconds for row in rows), sessions),
        "page_views": views,
        "pages_per_session": ratio(views, sessions),
    }


def _months(start: date, day: date) -> int:
    return (day.year - start.year) * 12 + day.month - start.month


def tallied(tally: Tally, facts: Iterable[tuple[int, Fact]]) -> Tally:
    """Take every fact."""
    for _, fact in facts:
        tally.take(fact)
    return tally
