"""What Klaviyo claims to have sold by e-mail, against what the shop kept of it."""

from __future__ import annotations

from typing import Any

import tilla as tl
from tilla import functions as f
from tilla import types as t
from tilla.analytics import common as p
from tilla.analytics.commerce import parts as x
from tilla.analytics.klaviyo import parts as k
from tilla.analytics.klaviyo.attribution import credited
from tilla.analytics.shopify import parts as s
from tilla.datasets.common import Curated

ID = t.Nullable(t.String)
COUNT, AMOUNT = t.Nullable(p.COUNT), t.Nullable(p.AMOUNT)


def email_revenue_reconciliation(
    shop: Curated,
    *,
    account: Curated,
    conversions: Any = None,
    database: str = "analytics_commerce",
    timezone: str = "",
    account_shop: x.AccountShop = "",
    conversion_metric: str = k.PLACED,
    window_hours: int = k.WINDOW_HOURS,
    exclude_voided: bool = False,
    refund_subtotal_includes_tax: bool = False,
    merged: Any = None,
    refresh: tl.Schedule = p.HOURLY,
) -> tl.RefreshableView[Any]:
    """One row per shop, currency and campaign or flow that is credited with an order.

    The claims are the conversions of :func:`~tilla.analytics.klaviyo.attributed` that an e-mail has the credit for: a campaign
    that is no SMS and no push, a flow, or a message that is not known (yet), whose row has neither id. A claim is matched by
    its order id with an order that counts; a second claim for one order is ``repeated``. ``account_shop`` says which shop
    the account belongs to; without it any shop's order matches, and what matches none stands with the shop that has the most
    orders. Of several accounts each has rows of its own, and ``account_shop`` is a shop by account. Returns are all that came back of the matched orders, whenever it did. Without the shop's stream ``orders`` its
    side is NULL.

    With ``conversions`` (Klaviyo's ``attributed_conversions``, whose metric, window and merged profiles then hold) a refresh
    reads a row per conversion, and the orders with their refunds. Without it also the clicks and opens, whose credit it works
    out itself. Credit is recomputed by Klaviyo and refunds come late, so that nothing of it can be added up. Memory is bounded:
    groups spill to disk.
    """

    class Reconciliation(tl.Columns):
        shop_url = tl.column(p.WORD, comment="shop name without its domain")
        currency = tl.column(p.WORD, comment="the shop's currency, of every amount in the row")
        campaign_id = tl.column(ID, comment="campaigns.campaign_id; NULL for a flow, or a message that is not known")
        klaviyo_orders = tl.column(p.COUNT, comment=f"{conversion_metric} credited to it; sum over rows")
        klaviyo_revenue = tl.column(p.AMOUNT, comment="their value as Klaviyo has it; sum over rows")
        matched_orders = tl.column(COUNT, comment="of them, orders of the shop that count; sum over rows")
        unmatched_orders = tl.column(
            COUNT,
            comment="of them, those without such an order: test, deleted, another shop's, not synced; sum over rows",
        )
        shopify_demand_sales = tl.column(AMOUNT, comment="gross sales - discounts of the matched orders; sum over rows")
        shopify_returns = tl.column(AMOUNT, comment="what came back of them so far; sum over rows")
        shopify_net_sales = tl.column(AMOUNT, comment="what the shop kept: demand - returns; sum over rows")
        overstatement = tl.column(AMOUNT, comment="klaviyo_revenue - shopify_net_sales; sum over rows")
        realised_ratio = tl.column(p.RATE, comment="shopify_net_sales / klaviyo_revenue; do not average")
        flow_id = tl.column(ID, comment="flows.flow_id; NULL for a campaign")
        repeated_orders = tl.column(
            COUNT, comment="claims for an order that another claim matched already; sum over rows"
        )
        excluded_orders = tl.column(
            COUNT, comment="of the unmatched, orders that are there and do not count: test, deleted; sum over rows"
        )
        unsynced_orders = tl.column(
            COUNT, comment="of the unmatched, those younger than the last sync of orders: they may still come"
        )
        native_orders = tl.column(p.COUNT, comment="claims whose credit is Klaviyo's own, not computed; sum over rows")
        other_currency_orders = tl.column(
            p.COUNT, comment="claims in another currency than the row's, left out of klaviyo_revenue; sum over rows"
        )

    orders = shop.get("orders_latest")
    campaigns = account.get("campaigns_latest")
    claimed, relations = credited(
        account, conversions, conversion_metric=conversion_metric, window_hours=window_hours, merged=merged
    )
    mailed = ""
    if campaigns is not None:
        mailed = "\n" + x.by_mail(account, " " * 8)
        relations["campaigns"] = campaigns
    if orders is not None:
        relations["orders"] = shop.orders
        relations["counted"] = s.counted_orders(shop, timezone=timezone, exclude_voided=exclude_voided)
        relations["moves"] = s.sales_moves(
            shop,
            timezone=timezone,
            exclude_voided=exclude_voided,
            refund_subtotal_includes_tax=refund_subtotal_includes_tax,
        )
    apart = k.own(account)
    mapped, only = x.by_account(account, account_shop), x.one_shop(account, account_shop)
    own = f"\n    WHERE {only}" if only else ""
    by_shop = "toString(shop_url) AS shop, " if mapped else ""
    home = "shop" if mapped else "toString(ifNull((SELECT shop FROM home), ''))"
    known = "(e.shop, e.ref) IN (SELECT shop, ref FROM present)" if mapped else "e.ref IN (SELECT ref FROM present)"
    last = "y.synced" if mapped else "(SELECT max(synced) FROM present)"
    placed = x.orders_placed() if orders is not None else _NOTHING_PLACED

    def told(aggregate: str, type: str = "UInt64") -> str:
        return f"CAST({aggregate if orders is not None else 'NULL'}, 'Nullable({type})')"

    amount = "Decimal(38, 4)"
    query = tl.sql(
        f"""WITH
{(_SOLD + own + _PRESENT).replace("@shop@", by_shop).replace("@by@", "shop, " if mapped else "") if orders is not None else _NOTHING_SOLD.replace("@shop@", "'' AS shop, " if mapped else "")},
{x.MAIN.replace("{placed}", placed)},
{"" if mapped else _HOME.replace("{shop}", x.shop_of_account(account, account_shop))}claims AS (
    SELECT
        *,
        {f"{x.shop_of_account(account, account_shop)} AS shop, " if mapped else ""}ifNull(order_ref, '') AS ref,
        {home} AS home,
        ref != '' AND row_number() OVER (PARTITION BY {"shop, " if mapped else ""}order_ref ORDER BY datetime, event_id) > 1 AS is_repeat
    FROM {claimed}
    WHERE attribution_method != 'none'{mailed}
)
SELECT
    c.shop_url AS shop_url,
    c.currency AS currency,
    {apart.of("c")}c.campaign_id AS campaign_id,
    count() AS klaviyo_orders,
    sumIf(c.value, c.comparable) AS klaviyo_revenue,
    {told("countIf(c.is_matched AND NOT c.is_repeat)")} AS matched_orders,
    {told("countIf(NOT c.is_matched)")} AS unmatched_orders,
    {told("sumIf(c.demand, c.is_matched AND NOT c.is_repeat)", amount)} AS shopify_demand_sales,
    {told("sumIf(c.returned, c.is_matched AND NOT c.is_repeat)", amount)} AS shopify_returns,
    CAST(shopify_demand_sales - shopify_returns, 'Nullable({amount})') AS shopify_net_sales,
    CAST(klaviyo_revenue - shopify_net_sales, 'Nullable({amount})') AS overstatement,
    toFloat64(shopify_net_sales) / nullIf(toFloat64(klaviyo_revenue), 0) AS realised_ratio,
    c.flow_id AS flow_id,
    {told("countIf(c.is_matched AND c.is_repeat)")} AS repeated_orders,
    {told("countIf(NOT c.is_matched AND c.is_known)")} AS excluded_orders,
    {told("countIf(NOT c.is_matched AND NOT c.is_known AND c.is_young)")} AS unsynced_orders,
    countIf(c.attribution_method = 'native') AS native_orders,
    countIf(NOT c.comparable) AS other_currency_orders
FROM (
    SELECT
        {apart.of("e")}e.campaign_id AS campaign_id, e.flow_id AS flow_id, e.value AS value, e.is_repeat AS is_repeat,
        e.attribution_method AS attribution_method,
        ifNull(o.matched, false) AS is_matched, o.demand AS demand, o.returned AS returned,
        if(is_matched, toString(o.shop_url), e.home) AS shop_url,
        if(is_matched, toString(o.currency), ifNull(toString(m.currency), '')) AS currency,
        (e.currency = '' OR currency = '' OR e.currency = currency) AS comparable,
        {known} AS is_known,
        ifNull(e.datetime > {last}, true) AS is_young
    FROM claims AS e
    LEFT ANY JOIN (
        SELECT toString(order_id) AS ref, shop_url, currency, demand, returned, true AS matched
        FROM sold{own.replace(chr(10), chr(10) + "    ")}
    ) AS o ON e.ref = o.ref{" AND e.shop = toString(o.shop_url)" if mapped else ""}
    LEFT JOIN main AS m ON toString(m.shop_url) = e.home{_SYNCED if mapped else ""}
) AS c
GROUP BY shop_url, currency, {apart.key}campaign_id, flow_id""",
        **relations,
    )
    return p.measures(
        database,
        "email_revenue_reconciliation",
        _with_account(Reconciliation) if apart.several else Reconciliation,
        query,
        order_by=(
            Reconciliation.shop_url,
            Reconciliation.currency,
            *apart.columns,
            f.if_null(Reconciliation.campaign_id, ""),
            f.if_null(Reconciliation.flow_id, ""),
        ),
        refresh=refresh,
        comment="One row per shop, currency and campaign or flow: what Klaviyo claims, and what the shop kept.",
    )


# Each order that counts with what was ordered and what came back; the ids of all orders that ever landed.
_SOLD = """sold AS (
    SELECT shop_url, currency, order_id, sum(gross_sales - discounts) AS demand, sum(returns) AS returned
    FROM (
{moves}
    )
    GROUP BY shop_url, currency, order_id
),
present AS (
    SELECT @shop@toString(order_id) AS ref, max(extracted_at) AS synced
    FROM {orders}"""
_PRESENT = """
    GROUP BY @by@ref
)"""
_HOME = """home AS (
    SELECT {shop} AS shop
),
"""
_SYNCED = """
    LEFT JOIN (SELECT shop, max(synced) AS synced FROM present GROUP BY shop) AS y ON e.shop = y.shop"""

_NOTHING_PLACED = "(SELECT '' AS shop_url, '' AS currency, 0 AS placed WHERE false)"
_NOTHING_SOLD = """sold AS (
    SELECT
        '' AS shop_url, '' AS currency, toInt64(0) AS order_id, toDecimal128(0, 4) AS demand,
        toDecimal128(0, 4) AS returned
    WHERE false
),
present AS (
    SELECT @shop@'' AS ref, toDateTime64(0, 3, 'UTC') AS synced WHERE false
)"""


def _with_account(body: Any) -> Any:
    """The body with the account behind the shop and its currency: whose campaigns and flows these are."""
    first, second, *rest = (item for item in vars(body).values() if isinstance(item, tl.Column))
    return tl.columns_of(first, second, k.ACCOUNT, *rest, name=body.__name__)
