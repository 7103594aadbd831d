"""Products and variants, price rules and the codes that belong to them."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla.datasets.shopify import context as c
from tilla.datasets.shopify.context import Context
from tilla.datasets.shopify.orders import is_deletion, tags_of
from tilla.engines import ReplacingMergeTree


def products(context: Context) -> tl.MaterializedView[Any]:
    """One row per product, from stream ``products``."""
    raw = context.raw("products")

    class Product(tl.Columns):
        shop_url = c.shop_url(raw)
        product_id = c.key(raw.integer("id"), "Shopify's id of the product")
        title = tl.derive(raw.text("title"), comment="title")
        handle = tl.derive(raw.text("handle"), comment="part of the product's page address")
        status = tl.derive(c.word(f.lower(raw.text("status"))), comment="active, draft or archived; lower case")
        vendor = tl.derive(c.word(raw.text("vendor")), comment="vendor")
        product_type = tl.derive(c.word(raw.text("product_type")), comment="type, as the shop names it")
        tags = tl.derive(tags_of(raw), comment="tags, each trimmed; none when the product has no tags")
        is_gift_card = tl.derive(raw.boolean("is_gift_card"), comment="true for a gift card")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        published_at = tl.derive(raw.time("published_at"), comment="when it was published (UTC); NULL when it is not")
        total_variants = tl.derive(raw.integer("total_variants"), comment="variants, as Shopify counts them")
        total_inventory = tl.derive(raw.integer("total_inventory"), comment="pieces on stock, as Shopify counts them")
        tracks_inventory = tl.derive(raw.boolean("tracks_inventory"), comment="true where stock is tracked")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "products",
        Product,
        raw,
        order_by=(Product.shop_url, Product.product_id),
        version=Product.version,
        where=f.and_(raw.keyed("id"), f.not_(is_deletion(raw))),
        comment="One row per product.",
    )


def product_variants(context: Context) -> tl.MaterializedView[Any]:
    """One row per variant, from stream ``product_variants``: the link from order lines to inventory."""
    raw = context.raw("product_variants")

    class Variant(tl.Columns):
        shop_url = c.shop_url(raw)
        variant_id = c.key(raw.integer("id"), "Shopify's id of the variant")
        product_id = tl.derive(raw.integer("product_id"), comment="products.product_id")
        inventory_item_id = tl.derive(raw.integer("inventory_item_id"), comment="inventory_items.inventory_item_id")
        title = tl.derive(raw.text("title"), comment="title of the variant")
        display_name = tl.derive(raw.text("display_name"), comment="product and variant in one text")
        sku = tl.derive(raw.text("sku"), comment="stock keeping unit")
        barcode = tl.derive(raw.text("barcode"), comment="barcode")
        position = tl.derive(raw.integer("position"), comment="position among the product's variants, from 1")
        price = tl.derive(raw.decimal("price"), comment="price of one piece; shop currency")
        compare_at_price = tl.derive(raw.decimal("compare_at_price"), comment="price before a reduction; shop currency")
        option1 = tl.derive(raw.text("option1"), comment="value of the first option")
        option2 = tl.derive(raw.text("option2"), comment="value of the second option")
        option3 = tl.derive(raw.text("option3"), comment="value of the third option")
        inventory_quantity = tl.derive(
            raw.integer("inventory_quantity"), comment="pieces on stock over all locations, as Shopify counts them"
        )
        inventory_policy = tl.derive(
            c.word(f.lower(raw.text("inventory_policy"))), comment="deny or continue selling without stock; lower case"
        )
        available_for_sale = tl.derive(raw.boolean("available_for_sale"), comment="true where it can be bought")
        taxable = tl.derive(raw.boolean("taxable"), comment="true where tax is charged")
        requires_shipping = tl.derive(raw.boolean("requires_shipping"), comment="true for goods that are shipped")
        grams = tl.derive(raw.integer("grams"), comment="weight of one piece in grams")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "product_variants",
        Variant,
        raw,
        order_by=(Variant.shop_url, Variant.variant_id),
        version=Variant.version,
        where=raw.keyed("id"),
        comment="One row per variant of a product.",
    )


def price_rules(context: Context) -> tl.MaterializedView[Any]:
    """One row per price rule, from stream ``price_rules``."""
    raw = context.raw("price_rules")

    class PriceRule(tl.Columns):
        shop_url = c.shop_url(raw)
        price_rule_id = c.key(raw.integer("id"), "Shopify's id of the rule")
        title = tl.derive(raw.text("title"), comment="title of the rule")
        value = tl.derive(
            raw.decimal("value"), comment="percent or an amount, as value_type says; negative, as Shopify sends it"
        )
        value_type = tl.derive(c.word(raw.text("value_type")), comment="percentage or fixed_amount")
        target_type = tl.derive(c.word(raw.text("target_type")), comment="line_item or shipping_line")
        target_selection = tl.derive(c.word(raw.text("target_selection")), comment="all or entitled")
        allocation_method = tl.derive(c.word(raw.text("allocation_method")), comment="across or each")
        customer_selection = tl.derive(c.word(raw.text("customer_selection")), comment="all or prerequisite")
        once_per_customer = tl.derive(raw.boolean("once_per_customer"), comment="true where a customer may use it once")
        usage_limit = tl.derive(
            raw.integer("usage_limit"), comment="how often it may be used in all; NULL without a limit"
        )
        allocation_limit = tl.derive(raw.integer("allocation_limit"), comment="how often it may apply within one order")
        minimum_subtotal = tl.derive(
            raw.decimal("prerequisite_subtotal_range", "greater_than_or_equal_to"),
            comment="smallest cart; shop currency",
        )
        minimum_quantity = tl.derive(
            raw.integer("prerequisite_quantity_range", "greater_than_or_equal_to"), comment="fewest pieces in the cart"
        )
        starts_at = tl.derive(raw.time("starts_at"), comment="when it begins (UTC)")
        ends_at = tl.derive(raw.time("ends_at"), comment="when it ends (UTC); NULL without an end")
        created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
        updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
        extracted_at = c.extracted_at(raw)
        generation_id = c.generation_id(raw)
        version = c.version(raw)

    return c.entity(
        context,
        "price_rules",
        PriceRule,
        raw,
        order_by=(PriceRule.shop_url, PriceRule.price_rule_id),
        version=PriceRule.version,
        where=f.and_(raw.keyed("id"), f.not_(is_deletion(raw))),
        comment="One row per price rule.",
    )


def discount_codes(context: Context) -> tuple[tl.MaterializedView[Any], ...]:
    """One row per code, from ``discount_codes`` and from ``discount_codes_sync``, which pages past its limit of codes."""
    made: list[tl.MaterializedView[Any]] = []
    for stream in ("discount_codes", "discount_codes_sync"):
        if not context.has(stream):
            continue
        raw = context.raw(stream)

        class DiscountCode(tl.Columns):
            shop_url = c.shop_url(raw)
            discount_code_id = c.key(raw.integer("id"), "Shopify's id of the code")
            code = tl.derive(
                f.upper_utf8(f.trim(raw.text("code"))),
                comment="the code, upper case and trimmed: codes are case-insensitive",
            )
            price_rule_id = tl.derive(
                raw.integer("price_rule_id"), comment="the discount that it belongs to, price_rules.price_rule_id"
            )
            title = tl.derive(raw.text("title"), comment="title of the discount")
            summary = tl.derive(raw.text("summary"), comment="what it gives, in words")
            discount_type = tl.derive(
                c.word(f.lower(raw.text("discount_type"))), comment="order, product or shipping; lower case"
            )
            type_name = tl.derive(
                c.word(raw.text("typename")),
                comment="DiscountCodeBasic, DiscountCodeBxgy, DiscountCodeFreeShipping, ...",
            )
            status = tl.derive(c.word(f.lower(raw.text("status"))), comment="active, expired or scheduled; lower case")
            usage_count = tl.derive(raw.integer("usage_count"), comment="uses of this code, as Shopify counts them")
            discount_usage_count = tl.derive(
                raw.integer("async_usage_count"), comment="uses of all codes of the discount: never sum it over codes"
            )
            codes_count = tl.derive(raw.integer("codes_count", "count"), comment="codes of the discount")
            usage_limit = tl.derive(
                raw.integer("usage_limit"), comment="how often it may be used; NULL without a limit"
            )
            once_per_customer = tl.derive(
                raw.boolean("applies_once_per_customer"), comment="true where a customer may use it once"
            )
            total_sales = tl.derive(
                raw.decimal("total_sales", "amount"),
                comment="sales of the whole discount, repeated on each of its codes: never sum it over codes",
            )
            total_sales_currency = tl.derive(c.word(raw.text("total_sales", "currency_code")), comment="its currency")
            starts_at = tl.derive(raw.time("starts_at"), comment="when it begins (UTC)")
            ends_at = tl.derive(raw.time("ends_at"), comment="when it ends (UTC); NULL without an end")
            created_at = tl.derive(raw.time("created_at"), comment="when it was created (UTC)")
            updated_at = tl.derive(raw.time("updated_at"), comment="when it last changed (UTC)")
            extracted_at = c.extracted_at(raw)
            generation_id = c.generation_id(raw)
            version = c.version(raw)

        where = raw.keyed("id")
        if made:
            name = context.name(f"discount_codes_from_{stream}_mv")
            made.append(tl.MaterializedView(name, DiscountCode, source=raw.source, to=made[0], where=where))
        else:
            engine = ReplacingMergeTree(
                order_by=(DiscountCode.shop_url, DiscountCode.discount_code_id), version=DiscountCode.version
            )
            made.append(
                tl.MaterializedView(
                    context.name("discount_codes"),
                    DiscountCode,
                    source=raw.source,
                    engine=engine,
                    where=where,
                    comment="One row per discount code.",
                )
            )
    return tuple(made)
