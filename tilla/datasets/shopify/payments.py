"""Transactions: the money that moved, its fees, and how it was paid. Not the value of what was sold or returned."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context


def transactions(context: Context) -> tl.MaterializedView[Any]:
    """One row per transaction, from stream ``transactions``.

    An order may have an authorization, a capture and a sale: count money by kind and status, never all of them.
    """
    raw = context.raw("transactions")

    class Transaction(tl.Columns):
        shop_url = c.shop_url(raw)
        transaction_id = c.key(raw.integer("id"), "Shopify's id of the transaction")
        order_id = tl.derive(raw.integer("order_id"), comment="orders.order_id")
        parent_id = tl.derive(raw.integer("parent_id"), comment="the transaction that it captures, voids or refunds")
        created_at = tl.derive(raw.time("created_at"), comment="when the transaction was created (UTC)")
        processed_at = tl.derive(raw.time("processed_at"), comment="when it was processed (UTC)")
        kind = tl.derive(
            c.word(f.lower(raw.text("kind"))), comment="authorization, capture, sale, void, refund, change; lower case"
        )
        status = tl.derive(c.word(f.lower(raw.text("status"))), comment="success, failure, pending, error; lower case")
        gateway = tl.derive(c.word(raw.text("gateway")), comment="payment gateway")
        formatted_gateway = tl.derive(
            c.word(f.coalesce(raw.text("formatted_gateway"), raw.text("formattedGateway"))),
            comment="name of the gateway for people",
        )
        currency = tl.derive(c.word(raw.text("currency")), comment="currency of amount")
        amount = tl.derive(
            raw.decimal("amount"), comment="money, in currency: it may be the customer's; never sum over currencies"
        )
        shop_amount = tl.derive(
            raw.decimal("amount_set", "shop_money", "amount"),
            comment="money in shop currency; NULL where the set is missing",
        )
        shop_currency = tl.derive(
            c.word(
                f.coalesce(
                    raw.text("amount_set", "shop_money", "currency_code"),
                    raw.text("amount_set", "shop_money", "currency"),
                )
            ),
            comment="the shop's currency",
        )
        unsettled = tl.derive(
            raw.decimal("total_unsettled_set", "shop_money", "amount"),
            comment="authorized but not captured; shop currency",
        )
        test = tl.derive(raw.boolean("test"), comment="true for a test transaction")
        error_code = tl.derive(c.word(raw.text("error_code")), comment="why it failed")
        message = tl.derive(raw.text("message"), comment="what the gateway says")
        authorization = tl.derive(raw.text("authorization"), comment="authorization code")
        payment_id = tl.derive(raw.text("payment_id"), comment="id of the payment, such as #1001.1")
        source_name = tl.derive(c.word(raw.text("source_name")), comment="where it comes from: web, pos, ...")
        location_id = tl.derive(raw.integer("location_id"), comment="locations.location_id of a POS transaction")
        user_id = tl.derive(raw.integer("user_id"), comment="staff member who made it")
        receipt = tl.derive(raw.whole("receipt"), comment="what the gateway returned, JSON text as sent")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.extraction_version(raw)

    return c.entity(
        context,
        "transactions",
        Transaction,
        raw,
        order_by=(Transaction.shop_url, Transaction.transaction_id),
        version=Transaction.version,
        month=c.month(Transaction.created_at),
        where=raw.keyed("id"),
        comment="One row per transaction.",
    )


def transaction_fees(context: Context) -> tl.MaterializedView[Any]:
    """One row per transaction and fee. A fee that was charged is never taken back, so there is no guard."""
    raw = context.raw("transactions")
    fee = raw.each("fees", name="fee")

    class Fee(tl.Columns):
        shop_url = c.shop_url(raw)
        transaction_id = c.key(raw.integer("id"), "transactions.transaction_id")
        fee_id = tl.derive(f.if_null(fee.text("id"), ""), comment="Shopify's id of the fee: a number or text")
        order_id = tl.derive(raw.integer("order_id"), comment="orders.order_id")
        created_at = tl.derive(raw.time("created_at"), comment="when the transaction was created (UTC)")
        type = tl.derive(c.word(fee.text("type")), comment="processing_fee, ...")
        rate = tl.derive(fee.decimal("rate", scale=6), comment="rate as a fraction: 0.029 is 2.9 %")
        rate_name = tl.derive(c.word(fee.text("rate_name")), comment="name of the rate")
        amount = tl.derive(fee.decimal("amount", "amount"), comment="fee charged, in currency")
        currency = tl.derive(
            c.word(f.coalesce(fee.text("amount", "currency_code"), fee.text("amount", "currency"))),
            comment="currency of the fee",
        )
        flat_fee = tl.derive(fee.decimal("flat_fee", "amount"), comment="the part that does not depend on the amount")
        flat_fee_name = tl.derive(c.word(fee.text("flat_fee_name")), comment="name of the flat fee")
        tax_amount = tl.derive(fee.decimal("tax_amount", "amount"), comment="tax on the fee")
        extracted_at = c.extracted_at(raw)
        version = c.extraction_version(raw)

    return c.entity(
        context,
        "transaction_fees",
        Fee,
        raw,
        order_by=(Fee.shop_url, Fee.transaction_id, Fee.fee_id),
        version=Fee.version,
        month=c.month(Fee.created_at),
        where=f.and_(raw.keyed("id"), fee.required(fee.text("id").is_not_null(), ("id",))),
        comment="One row per transaction and fee.",
    )


def transaction_payment_details(context: Context) -> tl.MaterializedView[Any]:
    """One row per transaction that says how it was paid."""
    raw = context.raw("transactions")
    details = raw.at("payment_details")

    class PaymentDetails(tl.Columns):
        shop_url = c.shop_url(raw)
        transaction_id = c.key(raw.integer("id"), "transactions.transaction_id")
        order_id = tl.derive(raw.integer("order_id"), comment="orders.order_id")
        created_at = tl.derive(raw.time("created_at"), comment="when the transaction was created (UTC)")
        card_company = tl.derive(c.word(details.text("credit_card_company")), comment="Visa, Mastercard, ...")
        card_number = tl.derive(
            details.text("credit_card_number"), comment="last digits; the rest is masked by Shopify"
        )
        card_bin = tl.derive(details.text("credit_card_bin"), comment="first digits, which tell the issuing bank")
        card_wallet = tl.derive(c.word(details.text("credit_card_wallet")), comment="apple_pay, google_pay, ...")
        expiration_month = tl.derive(details.integer("credit_card_expiration_month"), comment="1 to 12")
        expiration_year = tl.derive(details.integer("credit_card_expiration_year"), comment="four digits")
        avs_result_code = tl.derive(c.word(details.text("avs_result_code")), comment="answer of the address check")
        cvv_result_code = tl.derive(
            c.word(details.text("cvv_result_code")), comment="answer of the security code check"
        )
        extracted_at = c.extracted_at(raw)
        version = c.extraction_version(raw)

    return c.entity(
        context,
        "transaction_payment_details",
        PaymentDetails,
        raw,
        order_by=(PaymentDetails.shop_url, PaymentDetails.transaction_id),
        version=PaymentDetails.version,
        month=c.month(PaymentDetails.created_at),
        where=f.and_(raw.keyed("id"), raw.json("payment_details").is_not_null()),
        comment="One row per transaction that says how it was paid.",
    )
