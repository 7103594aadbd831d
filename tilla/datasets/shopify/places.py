"""Locations, countries and the shop itself: streams that are only ever read whole.

The loader fills another table and swaps it in, so that no view on the raw table ever fires: they are rebuilt from raw on a
schedule, as all tables over such streams (:mod:`tilla.datasets.feeds`).
"""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context


def locations(context: Context) -> tl.MaterializedView[Any]:
    """One row per location, from stream ``locations``."""
    raw = context.raw("locations")

    class Location(tl.Columns):
        shop_url = c.shop_url(raw)
        location_id = c.key(raw.integer("id"), "Shopify's id of the location")
        name = tl.derive(raw.text("name"), comment="name of the location")
        active = tl.derive(
            raw.boolean("active"), comment="false for a location that is closed: its stock does not count"
        )
        legacy = tl.derive(raw.boolean("legacy"), comment="true for the place of a fulfillment service")
        address1 = tl.derive(raw.text("address1"), comment="street and number")
        address2 = tl.derive(raw.text("address2"), comment="second line")
        city = tl.derive(raw.text("city"), comment="city")
        province = tl.derive(raw.text("province"), comment="province or state")
        province_code = tl.derive(raw.text("province_code"), comment="code of the province")
        country = tl.derive(c.word(f.coalesce(raw.text("country_name"), raw.text("country"))), comment="country")
        country_code = tl.derive(c.word(raw.text("country_code")), comment="ISO country code")
        zip = tl.derive(raw.text("zip"), comment="postal code")
        phone = tl.derive(raw.text("phone"), comment="phone")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    key = (Location.shop_url, Location.location_id)
    return c.entity(
        context,
        "locations",
        Location,
        raw,
        order_by=key,
        version=Location.version,
        where=raw.keyed("id"),
        comment="One row per location.",
    )


def countries(context: Context) -> tl.MaterializedView[Any]:
    """One row per country that the shop sells to, from stream ``countries``."""
    raw = context.raw("countries")

    class Country(tl.Columns):
        shop_url = c.shop_url(raw)
        country_id = c.key(raw.integer("id"), "Shopify's id of the country in this shop")
        code = tl.derive(c.word(raw.text("code")), comment="ISO country code; * or NULL for the rest of the world")
        name = tl.derive(raw.text("name"), comment="name of the country")
        translated_name = tl.derive(raw.text("translated_name"), comment="name in the shop's language")
        rest_of_world = tl.derive(raw.boolean("rest_of_world"), comment="true for the row that stands for all others")
        provinces = tl.derive(raw.whole("provinces"), comment="its provinces, JSON text as sent")
        province_count = tl.derive(
            f.cast(f.length(raw.array("provinces")), c.LENGTH), comment="how many provinces it has"
        )
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.extraction_version(raw)

    key = (Country.shop_url, Country.country_id)
    return c.entity(
        context,
        "countries",
        Country,
        raw,
        order_by=key,
        version=Country.version,
        where=raw.keyed("id"),
        comment="One row per country that the shop sells to.",
    )


def shop(context: Context) -> tl.MaterializedView[Any]:
    """One row per shop, from stream ``shop``."""
    raw = context.raw("shop")

    class Shop(tl.Columns):
        shop_url = c.shop_url(raw)
        shop_id = c.key(raw.integer("id"), "Shopify's id of the shop")
        name = tl.derive(raw.text("name"), comment="name of the shop")
        domain = tl.derive(raw.text("domain"), comment="main domain")
        myshopify_domain = tl.derive(raw.text("myshopify_domain"), comment="domain at myshopify.com")
        email = tl.derive(raw.text("email"), comment="the owner's e-mail")
        currency = tl.derive(c.word(raw.text("currency")), comment="the shop's currency")
        presentment_currencies = tl.derive(
            raw.strings("enabled_presentment_currencies"), comment="currencies that customers may see"
        )
        iana_timezone = tl.derive(c.word(raw.text("iana_timezone")), comment="zone that the shop's reports are in")
        country_code = tl.derive(c.word(raw.text("country_code")), comment="ISO country code")
        taxes_included = tl.derive(raw.boolean("taxes_included"), comment="true where prices include tax")
        tax_shipping = tl.derive(raw.boolean("tax_shipping"), comment="true where shipping is taxed")
        weight_unit = tl.derive(c.word(raw.text("weight_unit")), comment="unit of weights")
        plan_name = tl.derive(c.word(raw.text("plan_name")), comment="Shopify plan")
        primary_locale = tl.derive(c.word(raw.text("primary_locale")), comment="main language")
        primary_location_id = tl.derive(raw.integer("primary_location_id"), comment="locations.location_id")
        created_at = tl.derive(raw.time("created_at"), comment="when the shop was opened (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "shop",
        Shop,
        raw,
        order_by=(Shop.shop_url, Shop.shop_id),
        version=Shop.version,
        where=raw.keyed("id"),
        comment="One row per shop.",
    )
