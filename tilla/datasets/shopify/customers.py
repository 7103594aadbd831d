"""Customers."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.orders import tags_of


def customers(context: Context) -> tl.MaterializedView[Any]:
    """One row per customer, from stream ``customers``."""
    raw = context.raw("customers")

    class Customer(tl.Columns):
        shop_url = c.shop_url(raw)
        customer_id = c.key(raw.integer("id"), "Shopify's id of the customer")
        email = tl.derive(raw.text("email"), comment="e-mail as entered; NULL for a customer without one")
        email_norm = tl.derive(
            c.email_norm(raw.text("email")), comment="e-mail as an identity: lower case and trimmed, NULL when empty"
        )
        phone = tl.derive(raw.text("phone"), comment="phone in international form")
        first_name = tl.derive(raw.text("first_name"), comment="first name")
        last_name = tl.derive(raw.text("last_name"), comment="last name")
        created_at = tl.derive(raw.time("created_at"), comment="when the customer was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when the customer last changed (UTC)")
        state = tl.derive(c.word(raw.text("state")), comment="of the account: disabled, invited, enabled, declined")
        currency = tl.derive(c.word(raw.text("currency")), comment="currency of the customer's last order")
        verified_email = tl.derive(raw.boolean("verified_email"), comment="true where the e-mail was verified")
        tax_exempt = tl.derive(raw.boolean("tax_exempt"), comment="true where no tax is charged")
        tax_exemptions = tl.derive(
            raw.python("tax_exemptions").strings(), comment="exemptions from tax, CA_BC_RESELLER_EXEMPTION, ..."
        )
        email_consent = tl.derive(
            c.word(raw.text("email_marketing_consent", "state")),
            comment="email_marketing_consent.state: subscribed, not_subscribed, pending, unsubscribed, ...",
        )
        email_consent_level = tl.derive(
            c.word(raw.text("email_marketing_consent", "opt_in_level")),
            comment="single_opt_in, confirmed_opt_in, unknown",
        )
        email_consent_at = tl.derive(
            raw.time("email_marketing_consent", "consent_updated_at"),
            comment="when the e-mail consent last changed (UTC)",
        )
        sms_consent = tl.derive(
            c.word(raw.text("sms_marketing_consent", "state")), comment="sms_marketing_consent.state"
        )
        sms_consent_level = tl.derive(
            c.word(raw.text("sms_marketing_consent", "opt_in_level")), comment="opt-in level of the SMS consent"
        )
        sms_consent_at = tl.derive(
            raw.time("sms_marketing_consent", "consent_updated_at"), comment="when the SMS consent last changed (UTC)"
        )
        accepts_marketing = tl.derive(
            f.coalesce(
                raw.boolean("accepts_marketing"),
                f.cast(raw.text("email_marketing_consent", "state") == "subscribed", t.Nullable(t.Bool)),
            ),
            comment="accepts_marketing of older connectors, else e-mail consent = subscribed; NULL where nothing is known",
        )
        tags = tl.derive(tags_of(raw), comment="tags, each trimmed; none when the customer has no tags")
        note = tl.derive(raw.text("note"), comment="note on the customer")
        default_address_id = tl.derive(raw.integer("default_address", "id"), comment="customer_address.address_id")
        company = tl.derive(raw.text("default_address", "company"), comment="company of the default address")
        city = tl.derive(raw.text("default_address", "city"), comment="city of the default address")
        province_code = tl.derive(
            raw.text("default_address", "province_code"), comment="province of the default address"
        )
        country_code = tl.derive(
            c.word(raw.text("default_address", "country_code")), comment="ISO country code of the default address"
        )
        zip = tl.derive(raw.text("default_address", "zip"), comment="postal code of the default address")
        orders_count = tl.derive(
            raw.integer("orders_count"), comment="orders as Shopify counts them; no measure here uses it"
        )
        total_spent = tl.derive(
            raw.decimal("total_spent"),
            comment="money spent as Shopify counts it, shop currency; no measure here uses it",
        )
        last_order_id = tl.derive(raw.integer("last_order_id"), comment="orders.order_id of the last order")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "customers",
        Customer,
        raw,
        order_by=(Customer.shop_url, Customer.customer_id),
        version=Customer.version,
        month=c.month(Customer.created_at),
        where=raw.keyed("id"),
        comment="One row per customer.",
    )
