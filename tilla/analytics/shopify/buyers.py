"""Customers: cohorts by the month of their first order, and recency, frequency and monetary scores. Guests are in neither."""

from __future__ import annotations

import datetime as dt
from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics import parts
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated


def _of(name: str, type: t.DataType[Any]) -> tl.Expr[Any]:
    return tl.column(type, name=name)


# How the parts read a shop's sales moves.
_MOVES: dict[str, Any] = {
    "customer": _of("customer_id", t.Nullable(t.Int64)),
    "day": _of("date", t.Date),
    "amount": _of("gross_sales", p.AMOUNT) - _of("discounts", p.AMOUNT) - _of("returns", p.AMOUNT),
    "is_order": _of("is_sale", t.Bool),
    "by": {"shop_url": _of("shop_url", t.String), "currency": _of("currency", t.String)},
}


def customer_cohorts(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    as_of: dt.date | None = None,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency, cohort month and month since, without gaps up to ``as_of`` (default: today).

    A cohort is the customers whose first counted order falls into the month. A refund counts in its own month. A refresh
    reads every order that counts three times, refunds twice: a resent first order may move a customer to another cohort.
    """

    class Cohort(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        cohort_month = tl.column(t.Date, comment=f"first day of the month of the first order, {p.zone(shop, timezone)}")
        month_offset = tl.column(t.UInt32, comment="months since the cohort month, from 0")
        cohort_size = tl.column(p.COUNT, comment="customers in the cohort; the same on each of its rows")
        active_customers = tl.column(p.COUNT, comment="of them, those who ordered in the month; not to be summed")
        retention_rate = tl.column(p.RATE, comment="active_customers / cohort_size")
        orders = tl.column(p.COUNT, comment="their orders in the month; sum over months")
        net_sales = tl.column(p.AMOUNT, comment="their sales less discounts and returns in the month; sum over months")
        cumulative_ltv = tl.column(
            p.RATE, comment="net_sales of the cohort from month 0 to this one / cohort_size: value of a customer so far"
        )

    query = parts.cohorts(
        s.sales_moves(
            shop,
            timezone=timezone,
            exclude_voided=exclude_voided,
            refund_subtotal_includes_tax=refund_subtotal_includes_tax,
        ),
        **_MOVES,
        as_of=p.day_or_today(shop, as_of, timezone),
    )
    return p.measures(
        database,
        "customer_cohorts",
        Cohort,
        query,
        order_by=(Cohort.shop_url, Cohort.currency, Cohort.cohort_month, Cohort.month_offset),
        refresh=refresh,
        comment="One row per shop, currency, cohort month and month since: retention and value of customers.",
    )


def customer_rfm(
    shop: Curated,
    *,
    database: str = "analytics_shopify",
    timezone: str = "",
    as_of: dt.date | None = None,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and customer with a counted order, as of a day (default: today).

    Scores go from 1 to 5: 1 plus the number of exact inclusive quantiles (20, 40, 60, 80 %) strictly below the value, of all
    customers of the shop and currency; for recency the other way round. Segments are rules over the scores, the first that
    fits. It depends on the day, so it is rebuilt daily; a refresh reads every order that counts three times, refunds twice.
    """

    class Rfm(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of monetary")
        customer_id = tl.column(t.Int64, comment="customers.customer_id")
        recency_days = tl.column(t.Int32, comment="days from the last order to as_of")
        frequency = tl.column(p.COUNT, comment="orders up to as_of")
        monetary = tl.column(p.AMOUNT, comment="sales less discounts and returns up to as_of")
        r = tl.column(t.UInt8, comment="recency score, 5 is most recent")
        f = tl.column(t.UInt8, comment="frequency score, 5 is most often")
        m = tl.column(t.UInt8, comment="monetary score, 5 is most")
        segment = tl.column(
            p.WORD,
            comment="champions r>=4 and f>=4; loyal f>=4 and r=3; at_risk r<=2 and f>=3; new r>=4 and f=1; hibernating r<=2; "
            "else potential",
        )
        as_of = tl.column(t.Date, comment=f"the day, in {p.zone(shop, timezone)}")

    query = tl.sql(
        """SELECT
    shop_url, currency, customer AS customer_id, recency_days, frequency, monetary, r, f, m, segment, {as_of} AS as_of
FROM (
{scores}
)""",
        scores=parts.rfm(
            s.sales_moves(
                shop,
                timezone=timezone,
                exclude_voided=exclude_voided,
                refund_subtotal_includes_tax=refund_subtotal_includes_tax,
            ),
            **_MOVES,
            as_of=p.day_or_today(shop, as_of, timezone),
        ),
        as_of=p.day_or_today(shop, as_of, timezone),
    )
    return p.measures(
        database,
        "customer_rfm",
        Rfm,
        query,
        order_by=(Rfm.shop_url, Rfm.currency, Rfm.customer_id),
        refresh=refresh,
        comment="One row per shop, currency and customer: recency, frequency, monetary value, and the segment they make.",
    )
