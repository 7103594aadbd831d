"""Orders and what is exploded out of them: lines, discounts, taxes, attributes, gateways.

Every exploded row carries the version of the order it came from. An edit that removes a line sends the order again
without it, and nothing ever deletes the old row; the ``_latest`` views keep only rows of the order's newest version.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.sources.raw import Document, Landed

# --- amounts of a line (definitions: Shopify's sales reports) ---


@attrs.frozen(eq=False)
class LineAmounts:
    """What a line's sale is computed from, each Nullable(Decimal(76, 4)) in shop currency."""

    listed: tl.Expr[Any]  # price x quantity
    allocated: tl.Expr[Any]  # discounts allocated to the line
    tax: tl.Expr[Any]


def same_currency(order: Document) -> tl.Expr[Any]:
    """True where an order was presented in the shop's currency, or says nothing of another one."""
    same = f.if_null(order.text("presentment_currency") == order.text("currency"), True)
    return tl.let(same, "_in_shop_currency")


def taxes_included(order: Document) -> tl.Expr[bool]:
    """True where the order's prices include tax; false where the record does not say."""
    return tl.let(f.if_null(order.boolean("taxes_included"), False), "_taxes_included")


def named_amounts(line: Document, same: tl.Expr[Any]) -> LineAmounts:
    """The amounts of a line that is a row of its own, each computed once."""
    parts = line_amounts(line, same)
    return LineAmounts(
        tl.let(parts.listed, "_listed"), tl.let(parts.allocated, "_allocated"), tl.let(parts.tax, "_line_tax")
    )


def line_amounts(line: Document, same: tl.Expr[Any]) -> LineAmounts:
    """Read a line's amounts: allocations rather than ``total_discount``, tax from its tax lines."""
    return LineAmounts(
        listed=c.wide(c.money(line, "price", same)) * quantity(line),
        allocated=allocated(line, same),
        tax=c.total(line, "tax_lines", lambda tax: c.money(tax, "price", same)),
    )


def quantity(line: Document) -> tl.Expr[int | None]:
    """A quantity as Int32: a greater one is no quantity, and could overflow a product."""
    return f.accurate_cast_or_null(line.integer("quantity"), t.Int32)


def allocated(line: Document, same: tl.Expr[Any]) -> tl.Expr[Decimal]:
    """Discounts allocated to a line."""
    return c.total(line, "discount_allocations", lambda part: c.money(part, "amount", same))


def without_tax(
    amount: tl.Expr[Any], listed: tl.Expr[Any], discounted: tl.Expr[Any], tax: tl.Expr[Any], included: tl.Expr[Any]
) -> tl.Expr[Any]:
    """``amount x f``: f takes the tax out of what belongs to a line whose price includes it. Decimal(76, 8).

    f = (N - T) / N with N = price x quantity - allocated discounts, and 1 where N = 0 or prices are without tax.
    """
    net = listed - discounted
    whole = f.to_decimal256(amount, 8)
    reduced = f.if_null(amount * (net - tax) / f.null_if(net, Decimal("0.0000")), whole)
    return f.if_(included, f.round(reduced, 4), whole)


def net_of(listed: tl.Expr[Any], discounted: tl.Expr[Any], tax: tl.Expr[Any], included: tl.Expr[Any]) -> tl.Expr[Any]:
    """What a line sold for, without tax: N - T where prices include tax, else N."""
    net = listed - discounted
    return f.if_(f.and_(included, net != Decimal("0.0000")), net - tax, net)


# --- orders ---


def order_totals(order: Document) -> dict[str, tl.Expr[Any]]:
    """The amounts of an order that are sums over its lines; NULL where the record has no lines, or one of them that the sum
    is over cannot be read: a gift card is not one of the goods.
    """
    same = same_currency(order)
    included = taxes_included(order)
    nothing = f.to_decimal256(Decimal("0.0000"), 4)

    def amounts(item: tl.Expr[Any]) -> tl.Expr[Any]:
        line = order.element(item, "line_items")
        parts = line_amounts(line, same)
        gift = f.if_null(line.boolean("gift_card"), False)
        units, uncounted = f.if_null(quantity(line), f.cast(0, t.Int32)), f.cast(quantity(line).is_null(), t.Bool)
        listed, unread = f.if_null(parts.listed, nothing), f.cast(parts.listed.is_null(), t.Bool)
        return f.raw("tuple", listed, parts.allocated, parts.tax, gift, units, unread, uncounted, type=_AMOUNTS)

    lines = tl.let(f.array_map(amounts, order.array("line_items")), "_lines")
    goods = tl.let(f.array_filter(lambda line: f.not_(line[4]), lines), "_goods")
    gifts = tl.let(f.array_filter(lambda line: line[4], lines), "_gifts")
    present = order.json("line_items")
    # One line without a readable price or quantity: the sum is not known, which is not 0.
    unknown = tl.let(f.or_(present.is_null(), f.array_exists(lambda line: line[6], goods)), "_unreadable")
    unknown_gifts = f.or_(present.is_null(), f.array_exists(lambda line: line[6], gifts))
    uncounted = f.or_(present.is_null(), f.array_exists(lambda line: line[7], goods))

    def known(value: tl.Expr[Any], missing: tl.Expr[Any] = unknown) -> tl.Expr[Any]:
        return f.if_(missing, f.cast(None, t.Nullable(c.MONEY)), c.stored(value))

    gross = tl.let(f.array_sum(goods, lambda line: without_tax(line[1], line[1], line[2], line[3], included)), "_gross")
    net = f.array_sum(goods, lambda line: net_of(line[1], line[2], line[3], included))
    taxes = f.array_sum(lines, lambda line: line[3])
    units = f.array_sum(goods, lambda line: f.to_int64(line[5]))
    return {
        "gross_sales": known(gross),
        "discounts": known(gross - net),
        "line_taxes": c.known(present, c.stored(taxes)),
        "gift_cards": known(f.array_sum(gifts, lambda line: line[1] - line[2]), unknown_gifts),
        "units": f.if_(uncounted, f.cast(None, t.Nullable(t.Int64)), units),
    }


_AMOUNTS = t.Tuple(t.Decimal(76, 4), t.Decimal(76, 4), t.Decimal(76, 4), t.Bool, t.Int32, t.Bool, t.Bool)


def shipping_of(order: Document) -> tl.Expr[Decimal | None]:
    """Shipping after its discounts: ``discounted_price_set``, else the price less its allocations; removed lines left out.

    Without shipping lines in the record, ``total_shipping_price_set``.
    """
    same = same_currency(order)

    def price(line: Document) -> tl.Expr[Any]:
        reduced = c.money(line, "discounted_price", same)
        full = c.stored(c.wide(c.money(line, "price", same)) - allocated(line, same))
        removed = f.if_null(line.boolean("is_removed"), False)
        return f.if_(removed, f.cast(None, t.Nullable(c.MONEY)), f.coalesce(reduced, full))

    lines = order.json("shipping_lines")
    return f.if_(
        lines.is_null(), c.money(order, "total_shipping_price"), c.stored(c.total(order, "shipping_lines", price))
    )


def shipping_discounts_of(order: Document) -> tl.Expr[Decimal | None]:
    """Discounts allocated to shipping; NULL where the record has no shipping lines."""
    same = same_currency(order)
    total = c.total(order, "shipping_lines", lambda line: c.stored(allocated(line, same)))
    return c.known(order.json("shipping_lines"), c.stored(total))


def shipping_taxes_of(order: Document) -> tl.Expr[Decimal | None]:
    """Tax on shipping lines; NULL where the record has no shipping lines."""
    same = same_currency(order)

    def tax(line: Document) -> tl.Expr[Any]:
        return c.stored(c.total(line, "tax_lines", lambda part: c.money(part, "price", same)))

    return c.known(order.json("shipping_lines"), c.stored(c.total(order, "shipping_lines", tax)))


def codes_of(order: Document) -> tl.Expr[list[str]]:
    """Discount codes as ``upper(trim(code))``, each once: codes are case-insensitive."""
    code = f.array_map(lambda x: f.upper_utf8(f.trim(f.json_text(x, "code"))), order.array("discount_codes"))
    return f.array_distinct(f.array_filter(lambda code: code != "", code))


def tags_of(doc: Document) -> tl.Expr[list[str]]:
    """Tags, which Shopify sends as one text with commas."""
    parts = f.array_map(lambda tag: f.trim(tag), f.split_by_char(",", f.if_null(doc.text("tags"), "")))
    return f.array_filter(lambda tag: tag != "", parts)


def utm(site: tl.Expr[str | None], parameter: str) -> tl.Expr[str | None]:
    """One UTM parameter of a URL, decoded; NULL where it is absent or empty."""
    found = f.extract_url_parameter(f.if_null(site, ""), parameter)
    return f.null_if(f.raw("decodeURLFormComponent", found, type=t.String), "")


def is_deletion(record: Document) -> tl.Expr[bool]:
    """True for the five keys that say that an object was deleted; a live record has ``created_at``."""
    return f.and_(record.time("deleted_at").is_not_null(), record.time("created_at").is_null())


def orders(context: Context) -> tl.MaterializedView[Any]:
    """One row per order, from stream ``orders``; deletions go to ``deleted_objects`` and blank nothing here."""
    raw = context.raw("orders")
    order: Landed = raw
    same = same_currency(order)
    sums = order_totals(order)
    landing = order.text("landing_site")
    address = c.first_filled(order.text("email"), order.text("contact_email"))
    occurred = tl.let(f.coalesce(order.time("processed_at"), order.time("created_at")), "_occurred")

    class Order(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(order.integer("id"), "Shopify's id of the order")
        order_name = tl.derive(order.text("name"), comment="the name that the customer sees, such as #1001")
        order_number = tl.derive(order.integer("order_number"), comment="running number of the order in the shop")
        created_at = tl.derive(order.time("created_at"), comment="when the order was created (UTC)")
        processed_at = tl.derive(
            order.time("processed_at"), comment="when the order was placed, by which Shopify reports (UTC)"
        )
        order_date = tl.derive(
            context.day(occurred), comment=f"day of processed_at, else created_at, in {context.timezone}"
        )
        updated_at = tl.derive(order.time("updated_at"), comment="when the order last changed (UTC)")
        cancelled_at = tl.derive(
            order.time("cancelled_at"), comment="when the order was cancelled (UTC); NULL when it was not"
        )
        closed_at = tl.derive(order.time("closed_at"), comment="when the order was archived (UTC)")
        cancel_reason = tl.derive(
            c.word(order.text("cancel_reason")), comment="customer, fraud, inventory, declined, other"
        )
        is_cancelled = tl.derive(
            f.cast(order.time("cancelled_at").is_not_null(), t.Bool), comment="true when cancelled_at is set"
        )
        financial_status = tl.derive(
            c.word(order.text("financial_status")),
            comment="pending, authorized, partially_paid, paid, partially_refunded, refunded, voided",
        )
        fulfillment_status = tl.derive(
            c.word(order.text("fulfillment_status")),
            comment="fulfilled, partial, restocked; NULL while nothing is shipped",
        )
        test = tl.derive(order.boolean("test"), comment="true for a test order, which no measure counts")
        deleted_at = tl.derive(
            order.time("deleted_at"), comment="when the order was deleted, if a whole record says so (UTC)"
        )
        currency = tl.derive(
            c.word(f.coalesce(order.text("currency"), order.text("total_price_set", "shop_money", "currency_code"))),
            comment="the shop's currency at that time: of every amount below that does not say otherwise",
        )
        presentment_currency = tl.derive(
            c.word(order.text("presentment_currency")), comment="the currency that the customer saw; never summed"
        )
        taxes_included = tl.derive(order.boolean("taxes_included"), comment="true where prices include tax")
        gross_sales = tl.derive(
            sums["gross_sales"],
            comment="sum of line_gross over lines that are no gift cards: price x quantity, tax taken out; shop currency",
        )
        discounts = tl.derive(
            sums["discounts"],
            comment="sum of line_discount over lines that are no gift cards; shipping discounts are not in it; shop currency",
        )
        shipping = tl.derive(shipping_of(order), comment="shipping lines after their discounts; shop currency")
        shipping_discounts = tl.derive(
            shipping_discounts_of(order), comment="discounts allocated to shipping; shop currency"
        )
        taxes = tl.derive(
            f.coalesce(
                c.money(order, "total_tax", same),
                c.stored(sums["line_taxes"] + f.if_null(shipping_taxes_of(order), _ZERO)),
            ),
            comment="total_tax_set, else the sum of line and shipping tax lines; shop currency",
        )
        duties = tl.derive(
            order.python("original_total_duties_set").decimal("shop_money", "amount"),
            comment="original_total_duties_set, which the connector writes as Python prints it; shop currency",
        )
        fees = tl.derive(
            c.money(order, "original_total_additional_fees"),
            comment="original_total_additional_fees_set; shop currency",
        )
        tip = tl.derive(order.decimal("total_tip_received"), comment="tips, which Shopify gives in shop currency")
        gift_cards = tl.derive(
            sums["gift_cards"], comment="value of gift cards bought, which is no sale; shop currency"
        )
        subtotal_price = tl.derive(
            c.money(order, "subtotal_price", same), comment="lines after discounts, as Shopify sends it; shop currency"
        )
        total_discounts = tl.derive(
            c.money(order, "total_discounts", same), comment="all discounts as Shopify sends them; shop currency"
        )
        total_price = tl.derive(
            c.money(order, "total_price", same),
            comment="what the order cost at first, as Shopify sends it; shop currency",
        )
        current_total_price = tl.derive(
            c.money(order, "current_total_price", same),
            comment="what is left of it after refunds and edits; shop currency",
        )
        presentment_total = tl.derive(
            order.decimal("total_price_set", "presentment_money", "amount"),
            comment="total price in presentment_currency",
        )
        units = tl.derive(sums["units"], comment="pieces ordered over lines that are no gift cards")
        discount_codes = tl.derive(codes_of(order), comment="codes entered, upper case and trimmed, each once")
        has_discount = tl.derive(
            f.cast(
                f.or_(f.not_empty(order.array("discount_codes")), f.not_empty(order.array("discount_applications"))),
                t.Bool,
            ),
            comment="true where any discount applies, with or without a code",
        )
        customer_id = tl.derive(
            f.coalesce(order.integer("customer", "id"), order.integer("customer_id")),
            comment="customers.customer_id; NULL for a guest",
        )
        email = tl.derive(address, comment="e-mail as entered; NULL when empty")
        email_norm = tl.derive(
            f.coalesce(c.email_norm(order.text("email")), c.email_norm(order.text("contact_email"))),
            comment="e-mail as an identity: lower case and trimmed, NULL when empty",
        )
        phone = tl.derive(order.text("phone"), comment="phone as entered")
        source_name = tl.derive(
            c.word(order.text("source_name")), comment="where the order was placed: web, pos, an app's id"
        )
        location_id = tl.derive(order.integer("location_id"), comment="locations.location_id of a POS order")
        user_id = tl.derive(order.integer("user_id"), comment="staff member of a POS or draft order")
        landing_site = tl.derive(landing, comment="first page of the visit, as sent")
        referring_site = tl.derive(order.text("referring_site"), comment="page that led to the shop, as sent")
        utm_source = tl.derive(utm(landing, "utm_source"), comment="utm_source of landing_site, decoded")
        utm_medium = tl.derive(utm(landing, "utm_medium"), comment="utm_medium of landing_site, decoded")
        utm_campaign = tl.derive(utm(landing, "utm_campaign"), comment="utm_campaign of landing_site, decoded")
        utm_content = tl.derive(utm(landing, "utm_content"), comment="utm_content of landing_site, decoded")
        utm_term = tl.derive(utm(landing, "utm_term"), comment="utm_term of landing_site, decoded")
        checkout_id = tl.derive(order.integer("checkout_id"), comment="Shopify's id of the checkout")
        checkout_token = tl.derive(
            order.text("checkout_token"), comment="abandoned_checkouts.token of the same checkout"
        )
        cart_token = tl.derive(order.text("cart_token"), comment="token of the cart")
        billing_country = tl.derive(
            c.word(order.text("billing_address", "country_code")), comment="ISO country code of the billing address"
        )
        shipping_country = tl.derive(
            c.word(order.text("shipping_address", "country_code")), comment="ISO country code of the shipping address"
        )
        shipping_city = tl.derive(order.text("shipping_address", "city"), comment="city of the shipping address")
        tags = tl.derive(tags_of(order), comment="tags, each trimmed; none when the order has no tags")
        note = tl.derive(order.text("note"), comment="note on the order")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "orders",
        Order,
        raw,
        order_by=(Order.shop_url, Order.order_id),
        version=Order.version,
        month=c.month(Order.created_at),
        where=f.and_(order.keyed("id"), f.not_(is_deletion(order))),
        comment="One row per order.",
    )


_ZERO = f.cast(Decimal("0.0000"), c.MONEY)


def order_line_items(context: Context) -> tl.MaterializedView[Any]:
    """One row per order and line, exploded from ``orders.line_items[]``."""
    raw = context.raw("orders")
    line = raw.each("line_items", name="line")
    same = same_currency(raw)
    included = taxes_included(raw)
    amounts = named_amounts(line, same)
    gross = tl.let(without_tax(amounts.listed, amounts.listed, amounts.allocated, amounts.tax, included), "_gross")
    net = net_of(amounts.listed, amounts.allocated, amounts.tax, included)

    class OrderLine(tl.Columns):
        shop_url = c.shop_url(raw)
        order_id = c.key(raw.integer("id"), "orders.order_id")
        line_id = c.key(line.integer("id"), "Shopify's id of the line")
        order_created_at = tl.derive(raw.time("created_at"), comment="when the order was created (UTC)")
        product_id = tl.derive(
            line.integer("product_id"), comment="products.product_id; NULL when the product was deleted"
        )
        variant_id = tl.derive(
            line.integer("variant_id"), comment="product_variants.variant_id; NULL when the variant was deleted"
        )
        sku = tl.derive(line.text("sku"), comment="stock keeping unit as sent; '' and NULL both mean none")
        title = tl.derive(line.text("title"), comment="product's title at the time of the order")
        variant_title = tl.derive(line.text("variant_title"), comment="variant's title at the time of the order")
        line_name = tl.derive(line.text("name"), comment="product and variant in one text")
        vendor = tl.derive(c.word(line.text("vendor")), comment="vendor of the product")
        quantity = tl.derive(
            line.integer("quantity"), comment="pieces ordered; later refunds and edits do not change it"
        )
        current_quantity = tl.derive(line.integer("current_quantity"), comment="pieces left after refunds and edits")
        fulfillable_quantity = tl.derive(line.integer("fulfillable_quantity"), comment="pieces still to be shipped")
        fulfillment_status = tl.derive(
            c.word(line.text("fulfillment_status")), comment="fulfilled, partial, not_eligible; NULL while not shipped"
        )
        currency = tl.derive(
            c.word(f.coalesce(raw.text("currency"), line.text("price_set", "shop_money", "currency_code"))),
            comment="the shop's currency: of every amount below",
        )
        price = tl.derive(c.money(line, "price", same), comment="price of one piece, before discounts; shop currency")
        discount_allocated = tl.derive(
            c.stored(amounts.allocated),
            comment="sum of discount_allocations, with tax where prices include it; shop currency",
        )
        line_tax = tl.derive(c.stored(amounts.tax), comment="sum of the line's tax_lines; shop currency")
        line_gross = tl.derive(
            c.stored(gross),
            comment="price x quantity x f; f = (N - line_tax) / N where prices include tax (N = price x quantity - "
            "discount_allocated), else 1; shop currency",
        )
        line_discount = tl.derive(
            c.stored(gross - net),
            comment="discount_allocated x f: line_gross - line_discount is the line's sale; shop currency",
        )
        gift_card = tl.derive(line.boolean("gift_card"), comment="true for a gift card, which is no sale")
        taxable = tl.derive(line.boolean("taxable"), comment="true where tax is charged")
        requires_shipping = tl.derive(line.boolean("requires_shipping"), comment="true for goods that are shipped")
        grams = tl.derive(line.integer("grams"), comment="weight of one piece in grams")
        product_exists = tl.derive(line.boolean("product_exists"), comment="false when the product was deleted")
        properties = tl.derive(line.whole("properties"), comment="custom properties, JSON text as sent")
        extracted_at = c.extracted_at(raw)
        order_version = c.version(raw)

    return c.entity(
        context,
        "order_line_items",
        OrderLine,
        raw,
        order_by=(OrderLine.shop_url, OrderLine.order_id, OrderLine.line_id),
        version=OrderLine.order_version,
        month=c.month(OrderLine.order_created_at),
        where=f.and_(raw.keyed("id"), line.keyed("id")),
        comment="One row per order and line.",
    )
