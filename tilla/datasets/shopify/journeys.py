"""Addresses of customers, and the journeys that led them to an order."""

from __future__ import annotations

from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.sources.readings import Mark


def customer_address(context: Context) -> tl.MaterializedView[Any]:
    """One row per address, from stream ``customer_address``; it goes by id and rarely says when an address changed."""
    raw = context.raw("customer_address")

    class Address(tl.Columns):
        shop_url = c.shop_url(raw)
        address_id = c.key(raw.integer("id"), "Shopify's id of the address")
        customer_id = tl.derive(raw.integer("customer_id"), comment="customers.customer_id")
        is_default = tl.derive(raw.boolean("default"), comment="true for the customer's default address")
        first_name = tl.derive(raw.text("first_name"), comment="first name")
        last_name = tl.derive(raw.text("last_name"), comment="last name")
        company = tl.derive(raw.text("company"), comment="company")
        address1 = tl.derive(raw.text("address1"), comment="street and number")
        address2 = tl.derive(raw.text("address2"), comment="second line")
        city = tl.derive(raw.text("city"), comment="city")
        province = tl.derive(raw.text("province"), comment="province or state")
        province_code = tl.derive(raw.text("province_code"), comment="code of the province")
        country = tl.derive(c.word(f.coalesce(raw.text("country_name"), raw.text("country"))), comment="country")
        country_code = tl.derive(c.word(raw.text("country_code")), comment="ISO country code")
        zip = tl.derive(raw.text("zip"), comment="postal code")
        phone = tl.derive(raw.text("phone"), comment="phone as entered")
        updated_at = tl.derive(
            raw.time("updated_at"), comment="when the address last changed (UTC); NULL in most records"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "customer_address",
        Address,
        raw,
        order_by=(Address.shop_url, Address.address_id),
        version=Address.version,
        where=raw.keyed("id"),
        comment="One row per address of a customer.",
    )


JOURNEY = "customer_journey_summary"


def customer_journey_summary(context: Context) -> tl.MaterializedView[Any]:
    """One row per order: what Shopify knows of the visits before it."""
    raw = context.raw(JOURNEY)

    def visit(which: str) -> dict[str, tl.Column[Any]]:
        parts = {
            "at": tl.derive(raw.time(JOURNEY, which, "occurred_at"), comment=f"moment of the {which} (UTC)"),
            "source": tl.derive(c.word(raw.text(JOURNEY, which, "source")), comment=f"source of the {which}"),
            "landing_page": tl.derive(raw.text(JOURNEY, which, "landing_page"), comment=f"first page of the {which}"),
            "referrer_url": tl.derive(raw.text(JOURNEY, which, "referrer_url"), comment=f"what led to the {which}"),
        }
        for name in ("source", "medium", "campaign"):
            value = raw.text(JOURNEY, which, "utm_parameters", name)
            parts[f"utm_{name}"] = tl.derive(value, comment=f"utm_{name} of the {which}")
        return parts

    first, last = visit("first_visit"), visit("last_visit")

    class Journey(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("order_id"), "orders.order_id")
        created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when the order last changed (UTC)")
        ready = tl.derive(raw.boolean(JOURNEY, "ready"), comment="true once Shopify has worked the journey out")
        moments_count = tl.derive(raw.integer(JOURNEY, "moments_count", "count"), comment="visits before the order")
        customer_order_index = tl.derive(
            raw.integer(JOURNEY, "customer_order_index"), comment="how-manieth order of the customer, from 1"
        )
        days_to_conversion = tl.derive(
            raw.integer(JOURNEY, "days_to_conversion"), comment="days from the first visit to the order"
        )
        first_visit_at = first["at"]
        first_source = first["source"]
        first_landing_page = first["landing_page"]
        first_referrer_url = first["referrer_url"]
        first_utm_source = first["utm_source"]
        first_utm_medium = first["utm_medium"]
        first_utm_campaign = first["utm_campaign"]
        last_visit_at = last["at"]
        last_source = last["source"]
        last_landing_page = last["landing_page"]
        last_referrer_url = last["referrer_url"]
        last_utm_source = last["utm_source"]
        last_utm_medium = last["utm_medium"]
        last_utm_campaign = last["utm_campaign"]
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        JOURNEY,
        Journey,
        raw,
        order_by=(Journey.shop_url, Journey.order_id),
        version=Journey.version,
        month=c.month(Journey.created_at),
        where=raw.keyed("order_id"),
        comment="One row per order: the journey that led to it.",
    )


def customer_journey_detail(context: Context) -> tl.MaterializedView[Any]:
    """One row per order and visit, guarded by the journey."""
    raw = context.raw(JOURNEY)
    moments = raw.array(JOURNEY, "moments")
    # A journey of one visit has no moments: then the first and the last visit are all there is.
    ends = f.array_filter(
        lambda end: end != "",
        f.array(*(f.if_null(raw.json(JOURNEY, which), "") for which in ("first_visit", "last_visit"))),
    )
    visit = attrs.evolve(
        raw.element(tl.each(f.array_distinct(f.if_(f.empty(moments), ends, moments)), "visit"), JOURNEY, "moments"),
        places=(
            *raw.inside(JOURNEY, "moments", Mark.EACH),
            *raw.inside(JOURNEY, "first_visit"),
            *raw.inside(JOURNEY, "last_visit"),
        ),
    )

    class Visit(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("order_id"), "orders.order_id")
        visit_id = c.key(visit.integer("id"), "Shopify's id of the visit")
        order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        occurred_at = tl.derive(visit.time("occurred_at"), comment="when the visit was (UTC)")
        source = tl.derive(c.word(visit.text("source")), comment="source, as Shopify names it")
        source_type = tl.derive(c.word(visit.text("source_type")), comment="kind of source: SEO, marketing, ...")
        source_description = tl.derive(visit.text("source_description"), comment="source in words")
        landing_page = tl.derive(visit.text("landing_page"), comment="first page of the visit")
        referrer_url = tl.derive(visit.text("referrer_url"), comment="what led to the visit")
        referral_code = tl.derive(visit.text("referral_code"), comment="ref= of the landing page")
        utm_source = tl.derive(visit.text("utm_parameters", "source"), comment="utm_source of the visit")
        utm_medium = tl.derive(visit.text("utm_parameters", "medium"), comment="utm_medium of the visit")
        utm_campaign = tl.derive(visit.text("utm_parameters", "campaign"), comment="utm_campaign of the visit")
        utm_content = tl.derive(visit.text("utm_parameters", "content"), comment="utm_content of the visit")
        utm_term = tl.derive(visit.text("utm_parameters", "term"), comment="utm_term of the visit")
        extracted_at = c.extracted_at(raw)
        journey_version = c.version(raw)

    return c.entity(
        context,
        "customer_journey_detail",
        Visit,
        raw,
        order_by=(Visit.shop_url, Visit.order_id, Visit.visit_id),
        version=Visit.journey_version,
        month=c.month(Visit.order_created_at),
        where=f.and_(raw.keyed("order_id"), visit.integer("id").is_not_null()),
        comment="One row per order and visit that led to it.",
    )


__all__ = ["customer_address", "customer_journey_detail", "customer_journey_summary"]
