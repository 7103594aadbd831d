"""Customers across sources: one row per person, by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tilla as tl
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.commerce import parts as x
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated

MOMENT = t.Nullable(t.DateTime64(3, "UTC"))
WORD = t.LowCardinality(t.Nullable(t.String))
FLAG = t.Nullable(t.Bool)
COUNT, AMOUNT = t.Nullable(p.COUNT), t.Nullable(p.AMOUNT)


def customer_360(
    shop: Curated,
    *,
    account: Curated | None = None,
    lives: Any = None,
    scores: Any = None,
    database: str = "analytics_commerce",
    timezone: str = "",
    account_shop: x.AccountShop = "",
    guests: bool = False,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    merged: Any = None,
    refresh: tl.Schedule = p.DAILY,
) -> tl.RefreshableView[Any]:
    """One row per shop and person. A person is an e-mail, lower case and trimmed: an empty one never joins anybody.

    Without an e-mail a Klaviyo profile is ``profile:<id>`` and a Shopify customer ``customer:<id>``. Several customers, or
    several profiles, of one e-mail are one person. Orders are those of the person's Shopify customers; of a customer whose
    own record has not landed, the e-mail is the newest order's. Orders of guests belong to nobody, unless ``guests``: then to
    their e-mail. Profiles stand with ``account_shop`` (by account where there are several), or the shop with the most orders.
    One e-mail in two accounts of a shop is one person; without an e-mail it is ``profile:<account>:<id>`` there, because ids
    are an account's own.

    ``lives`` is Klaviyo's ``profile_lifecycle`` and ``scores`` the shop's ``customer_rfm``; both refresh first, and without
    them what they tell is NULL. Without ``account``, or its stream ``profiles`` and ``lives``, nothing is known of Klaviyo;
    without the streams ``customers`` and ``orders`` nothing of Shopify: NULL. A refresh reads profiles, customers, orders with
    their refunds, ``lives`` and ``scores``; it reads no event.
    """

    class Customer(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        identity = tl.column(t.String, comment="lower(trim(email)), else profile:<id> or customer:<id>")
        in_klaviyo = tl.column(FLAG, comment="true where a Klaviyo profile is this person; NULL without Klaviyo")
        in_shopify = tl.column(FLAG, comment="true where a Shopify customer is this person; NULL without Shopify")
        shopify_accounts = tl.column(COUNT, comment="Shopify customers with this e-mail; sum over rows")
        orders = tl.column(COUNT, comment="orders that count; sum over rows")
        net_sales = tl.column(AMOUNT, comment="sales less discounts and returns, in currency; sum over rows of one")
        currency = tl.column(p.WORD, comment="the currency in which the shop sells most, of net_sales")
        other_currency_orders = tl.column(COUNT, comment="of the orders, those in another currency: not in net_sales")
        customer_ids = tl.column(t.Array(t.Int64), comment="customers.customer_id of its Shopify customers")
        profile_ids = tl.column(t.Array(t.String), comment="profiles.profile_id of its Klaviyo profiles")
        email_consent = tl.column(WORD, comment="Klaviyo, newest profile: SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED")
        shopify_email_consent = tl.column(WORD, comment="Shopify, newest customer: subscribed, not_subscribed, ...")
        is_suppressed = tl.column(FLAG, comment="true where Klaviyo sends no e-mail to one of its profiles")
        lifecycle = tl.column(
            WORD, comment="never_purchased, churned, at_risk, new, active: of the profile with most orders"
        )
        engagement = tl.column(
            WORD, comment="30_days, 90_days, 180_days or inactive: of the profile that was engaged last"
        )
        rfm_segment = tl.column(WORD, comment="champions, loyal, ...: of the customer with most orders in currency")
        first_order_at = tl.column(MOMENT, comment="first order that counts (UTC)")
        last_order_at = tl.column(MOMENT, comment="last order that counts (UTC)")
        last_email_click_at = tl.column(MOMENT, comment="last click in an e-mail, those of bots left out (UTC)")
        preferred_hour = tl.column(
            t.Nullable(t.UInt8),
            comment="local hour with most clicks and own opens of e-mails, the earliest of equals; NULL without any",
        )

    orders, customers = shop.get("orders_latest"), shop.get("customers_latest")
    profiles = None if account is None else account.get("profiles_latest")
    relations: dict[str, Any] = {}
    parts: list[Callable[[k.Own], str]] = []
    if orders is not None:
        relations["orders"] = orders
        relations["counted"] = s.counted_orders(shop, timezone=timezone, exclude_voided=exclude_voided)
        relations["moves"] = s.sales_moves(
            shop,
            timezone=timezone,
            exclude_voided=exclude_voided,
            refund_subtotal_includes_tax=refund_subtotal_includes_tax,
        )
        parts.append(_orders(guests, scores is not None))
        relations |= {"scores": scores} if scores is not None else {}
    if customers is not None:
        relations["customers"] = customers
        parts.append(_row(_CUSTOMER, "FROM accounts AS c"))
    apart = k.Own(False) if account is None else k.own(account)
    if profiles is not None:
        relations["profiles"] = profiles
        relations |= {"merged": merged} if merged is not None else {}
        parts.append(_row(_of_profile(_PROFILE, "q", account, account_shop), "FROM people AS q"))
    if lives is not None:
        relations["lives"] = lives
        joined = "FROM {lives} AS l\n    LEFT JOIN people AS q ON l.profile_id = q.profile_id"
        parts.append(_row(_of_profile(_LIFE, "l", account, account_shop), joined + apart.same("l", "q")))
    in_klaviyo, in_shopify = profiles is not None or lives is not None, orders is not None or customers is not None

    def told(known: bool, aggregate: str, type: str = "UInt64") -> str:
        return f"CAST({aggregate if known else 'NULL'}, 'Nullable({type})')"

    sold = orders is not None
    tie = ", ifNull(r.account, '')" if apart.several else ""
    query = tl.sql(
        f"""WITH
sold AS (
{_SOLD if sold else _NOTHING_SOLD}
),
accounts AS (
{_ACCOUNTS if customers is not None else _NO_ACCOUNTS}
),
people AS (
{_people(account if profiles is not None else None, merged, apart)}
),
{x.MAIN.replace("{placed}", _PLACED.replace("@placed@", x.orders_placed() if sold else _NOTHING_PLACED))},
persons AS (
{(chr(10) + "    UNION ALL" + chr(10)).join(row(apart) for row in parts) or _row({}, "WHERE false")(apart)}
)
SELECT
    toString(r.shop_url) AS shop_url,
    r.identity AS identity,
    {told(in_klaviyo, "max(r.profile_id IS NOT NULL)", "Bool")} AS in_klaviyo,
    {told(in_shopify, "max(r.customer_id IS NOT NULL)", "Bool")} AS in_shopify,
    {told(in_shopify, "uniqExact(r.customer_id)")} AS shopify_accounts,
    {told(sold, "sum(r.orders)")} AS orders,
    {told(sold, "sumIf(r.net, r.currency = m.currency)", "Decimal(38, 4)")} AS net_sales,
    toString(any(m.currency)) AS currency,
    {told(sold, "sumIf(r.orders, r.currency != m.currency)")} AS other_currency_orders,
    arraySort(groupUniqArray(r.customer_id)) AS customer_ids,
    {_OWNED if apart.several else _IDS} AS profile_ids,
    argMaxIf(r.consent, (r.changed_at, ifNull(r.profile_id, ''){tie}), r.consent IS NOT NULL) AS email_consent,
    argMaxIf(r.shop_consent, (r.changed_at, ifNull(r.customer_id, 0)), r.shop_consent IS NOT NULL)
        AS shopify_email_consent,
    max(r.suppressed) AS is_suppressed,
    argMaxIf(r.lifecycle, (r.bought, ifNull(r.profile_id, ''){tie}), r.lifecycle IS NOT NULL) AS lifecycle,
    argMinIf(r.engagement, (indexOf(['30_days', '90_days', '180_days'], r.engagement) + 3) % 4, r.engagement IS NOT NULL)
        AS engagement,
    argMaxIf(r.rfm, (r.orders, ifNull(r.customer_id, 0)), r.rfm IS NOT NULL AND r.currency = m.currency) AS rfm_segment,
    min(r.first_order_at) AS first_order_at,
    max(r.last_order_at) AS last_order_at,
    max(r.clicked_at) AS last_email_click_at,
    argMaxIf(r.hour, (r.clicked_at, ifNull(r.profile_id, ''){tie}), r.hour IS NOT NULL) AS preferred_hour{_OWNERS if apart.several else ""}
FROM persons AS r
LEFT JOIN main AS m ON toString(r.shop_url) = toString(m.shop_url)
GROUP BY shop_url, identity""",
        **relations,
    )
    return p.measures(
        database,
        "customer_360",
        tl.columns_of(*_columns(Customer), _PROFILE_ACCOUNTS, name="Customer") if apart.several else Customer,
        query,
        order_by=(Customer.shop_url, Customer.identity),
        refresh=refresh,
        comment="One row per shop and person: ids and consent on both sides, orders, lifecycle.",
    )


# What a source tells of a person, with what it says when it says nothing.
_CELLS = {
    "shop_url": "''",
    "identity": "''",
    "currency": "''",
    "profile_id": "CAST(NULL, 'Nullable(String)')",
    "customer_id": "CAST(NULL, 'Nullable(Int64)')",
    "orders": "toUInt64(0)",
    "net": "toDecimal128(0, 4)",
    "changed_at": "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
    "consent": "CAST(NULL, 'Nullable(String)')",
    "shop_consent": "CAST(NULL, 'Nullable(String)')",
    "suppressed": "CAST(NULL, 'Nullable(Bool)')",
    "lifecycle": "CAST(NULL, 'Nullable(String)')",
    "bought": "toUInt64(0)",
    "engagement": "CAST(NULL, 'Nullable(String)')",
    "rfm": "CAST(NULL, 'Nullable(String)')",
    "first_order_at": "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
    "last_order_at": "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
    "clicked_at": "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
    "hour": "CAST(NULL, 'Nullable(UInt8)')",
}


_PROFILE_ACCOUNTS = tl.column(
    t.Array(t.String), name="profile_accounts", comment="the account of each of profile_ids, in their order"
)
_IDS = "arraySort(groupUniqArray(r.profile_id))"
_OWNED = (
    "arrayMap(owned -> owned.2, arraySort(groupUniqArrayIf("
    "(assumeNotNull(r.account), assumeNotNull(r.profile_id)), r.profile_id IS NOT NULL)) AS owned_ids)"
)
_OWNERS = ",\n    arrayMap(owned -> owned.1, owned_ids) AS profile_accounts"


def _columns(body: Any) -> tuple[tl.Column[Any], ...]:
    return tuple(item for item in vars(body).values() if isinstance(item, tl.Column))


def _row(told: Mapping[str, str], rest: str) -> Callable[[k.Own], str]:
    """The rows of one source, in the columns of all."""

    def text(apart: k.Own) -> str:
        cells = _CELLS | ({"account": "CAST(NULL, 'Nullable(String)')"} if apart.several else {})
        items = ",\n        ".join(f"{told.get(name, nothing)} AS {name}" for name, nothing in cells.items())
        return f"    SELECT\n        {items}\n    {rest}"

    return text


def _of_profile(
    told: dict[str, str], alias: str, account: Curated | None, account_shop: x.AccountShop
) -> dict[str, str]:
    """What Klaviyo tells of a profile, at the shop of its account."""
    told = told | {"shop_url": x.shop_of_account(account, account_shop, f"{alias}.account")}
    if account is None or not k.own(account).several:
        return told
    identity = f"coalesce(q.email, concat('profile:', {alias}.account, ':', {alias}.profile_id))"
    return told | {"identity": identity, "account": f"toNullable({alias}.account)"}


_CUSTOMER = {
    "shop_url": "toString(c.shop_url)",
    "identity": "coalesce(c.email, concat('customer:', toString(c.customer_id)))",
    "customer_id": "toNullable(c.customer_id)",
    "changed_at": "c.changed_at",
    "shop_consent": "c.consent",
}
_PROFILE = {
    "identity": "coalesce(q.email, concat('profile:', q.profile_id))",
    "profile_id": "toNullable(q.profile_id)",
    "changed_at": "q.changed_at",
    "consent": "q.consent",
    "suppressed": "toNullable(q.suppressed)",
}
_LIFE = {
    "identity": "coalesce(q.email, concat('profile:', l.profile_id))",
    "profile_id": "toNullable(l.profile_id)",
    "lifecycle": "toNullable(toString(l.lifecycle))",
    "bought": "l.orders",
    "engagement": "toNullable(toString(l.engagement))",
    "clicked_at": "l.last_click_at",
    "hour": "l.preferred_hour",
}
_BUYER = {
    "shop_url": "toString(o.shop_url)",
    "identity": "multiIf(o.customer_id IS NULL, ifNull(o.guest, ''), c.there, "
    "coalesce(c.email, concat('customer:', toString(o.customer_id))), "
    "coalesce(o.contact, concat('customer:', toString(o.customer_id))))",
    "currency": "toString(o.currency)",
    "customer_id": "o.customer_id",
    "orders": "o.orders",
    "net": "o.net",
    "first_order_at": "o.first_at",
    "last_order_at": "o.last_at",
}


def _orders(guests: bool, scored: bool) -> Callable[[k.Own], str]:
    """What a customer bought, by currency."""
    whose = "customer_id IS NOT NULL" + (" OR email IS NOT NULL" if guests else "")
    told, scores = _BUYER, ""
    if scored:
        told = told | {"rfm": "nullIf(toString(z.segment), '')"}
        scores = (
            "\n    LEFT JOIN {scores} AS z ON toString(o.shop_url) = toString(z.shop_url)"
            "\n        AND toString(o.currency) = toString(z.currency) AND o.customer_id = z.customer_id"
        )
    return _row(
        told,
        f"""FROM (
        SELECT
            shop_url, currency, customer_id, if(customer_id IS NULL, email, NULL) AS guest,
            argMaxIf(contact, (placed_at, order_id), contact IS NOT NULL) AS contact,
            count() AS orders, sum(net) AS net, min(placed_at) AS first_at, max(placed_at) AS last_at
        FROM (
            SELECT
                *,
                argMaxIf(email, (placed_at, order_id), email IS NOT NULL) OVER (PARTITION BY shop_url, customer_id) AS contact
            FROM sold
            WHERE {whose}
        )
        GROUP BY shop_url, currency, customer_id, guest
    ) AS o
    LEFT JOIN accounts AS c ON o.shop_url = c.shop_url AND o.customer_id = c.customer_id{scores}""",
    )


# One row per order that counts, with its e-mail.
_SOLD = """    SELECT
        v.shop_url AS shop_url, v.currency AS currency, v.order_id AS order_id, v.customer_id AS customer_id, v.net AS net,
        v.placed_at AS placed_at, e.email_norm AS email
    FROM (
        SELECT
            shop_url, currency, order_id, any(customer_id) AS customer_id, any(placed_at) AS placed_at,
            sum(gross_sales - discounts - returns) AS net
        FROM (
{moves}
        )
        GROUP BY shop_url, currency, order_id
    ) AS v
    INNER JOIN (SELECT shop_url, order_id, email_norm FROM {orders}) AS e
        ON v.shop_url = e.shop_url AND v.order_id = e.order_id"""
_NOTHING_SOLD = """    SELECT
        '' AS shop_url, '' AS currency, toInt64(0) AS order_id, CAST(NULL, 'Nullable(Int64)') AS customer_id,
        toDecimal128(0, 4) AS net, toDateTime64(0, 3, 'UTC') AS placed_at, CAST(NULL, 'Nullable(String)') AS email
    WHERE false"""

_ACCOUNTS = """    SELECT
        shop_url, customer_id, email_norm AS email, toNullable(toString(email_consent)) AS consent,
        updated_at AS changed_at, true AS there
    FROM {customers}"""
_NO_ACCOUNTS = """    SELECT
        '' AS shop_url, toInt64(0) AS customer_id, CAST(NULL, 'Nullable(String)') AS email,
        CAST(NULL, 'Nullable(String)') AS consent, CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))') AS changed_at, true AS there
    WHERE false"""

# Shops by orders; one with customers alone is a shop too.
_PLACED = """(
        SELECT shop_url, currency, placed FROM @placed@
        UNION ALL
        SELECT toString(shop_url) AS shop_url, '', 0 FROM accounts GROUP BY shop_url
    )"""
_NOTHING_PLACED = "(SELECT '' AS shop_url, '' AS currency, toUInt64(0) AS placed WHERE false)"


def _people(account: Curated | None, merged: Any, apart: k.Own) -> str:
    """One row per surviving profile: its own e-mail and consent, else those of a profile that was merged into it."""
    if account is None:
        nobody = "'' AS account, " if apart.several else ""
        return f"""    SELECT
        {nobody}'' AS profile_id, CAST(NULL, 'Nullable(String)') AS email, CAST(NULL, 'Nullable(String)') AS consent,
        false AS suppressed, CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))') AS changed_at
    WHERE false"""
    owner, join = "e.profile_id", ""
    if merged is not None:
        owner, join = "coalesce(g.survivor, e.profile_id)", "\n" + k.survivors(account, merged)
    return f"""    SELECT
        {apart.of("e")}assumeNotNull({owner}) AS profile_id,
        argMaxIf(e.email_norm, (e.profile_id = profile_id, e.version), e.email_norm IS NOT NULL) AS email,
        argMaxIf(toString(e.email_consent), (e.profile_id = profile_id, e.version), e.email_consent IS NOT NULL) AS consent,
        toBool(argMax(notEmpty(e.suppressions), (e.profile_id = profile_id, e.version))) AS suppressed,
        max(e.updated_at) AS changed_at
    FROM {{profiles}} AS e{join}
    GROUP BY {apart.key}profile_id"""
